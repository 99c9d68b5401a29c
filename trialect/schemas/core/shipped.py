"""The rules that come with trialect."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from trialect.schemas.core.load import load_rules
from trialect.schemas.core.rule import BrokenRule, CoreRule

PACK = Path(__file__).parent / "pack"
"""The folder of the rules that come with trialect."""


def shipped_rules() -> list[CoreRule | BrokenRule]:
    """Every rule that comes with trialect, in the order of their ids."""
    return list(_loaded(PACK)) if PACK.is_dir() else []


@cache
def _loaded(pack: Path) -> tuple[CoreRule | BrokenRule, ...]:
    return tuple(load_rules(pack))
