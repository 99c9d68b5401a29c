"""The rules that ship with trialect, in the language of CDISC's CORE.

A folder is a theme, the folders in it are families of rules, a file is a rule. The ids begin with
`TRL-`. What a rule finds and does not find is held by the case of its id in tests/core/pack_cases.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from trialect.schemas.core.load import load_rules
from trialect.schemas.core.rule import BrokenRule, CoreRule

FOLDER = Path(__file__).parent
"""The folder of the rules."""


def pack() -> tuple[CoreRule | BrokenRule, ...]:
    """Every rule of the pack, in the order of their ids; one that cannot run says why."""
    return _loaded(FOLDER) if FOLDER.is_dir() else ()


@cache
def _loaded(folder: Path) -> tuple[CoreRule | BrokenRule, ...]:
    return tuple(load_rules(folder))
