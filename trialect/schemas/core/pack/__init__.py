"""The rules that ship with trialect, in the language of CDISC's CORE.

A folder is a theme, a file of it a family of rules, one YAML document each. The ids begin with
`TRL-`. What a rule finds and does not find is held by the case of its id in tests/core/pack_cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from trialect.schemas.core.load import load_rule
from trialect.schemas.core.rule import BrokenRule, CoreRule

_BETWEEN = re.compile(r"^---[ \t]*$", re.MULTILINE)


@cache
def pack() -> tuple[CoreRule | BrokenRule, ...]:
    """Every rule of the pack, in the order of their ids; one that cannot run says why."""
    found = [
        load_rule(text, name)
        for name, whole in _families()
        for text in _BETWEEN.split(whole)
        if text.strip()
    ]
    return tuple(sorted(found, key=lambda one: (one.id, one.file)))


def _families() -> Iterator[tuple[str, str]]:
    """The text of each file by its name (`dates/study-days.yml`)."""
    for theme in sorted(files(__package__).iterdir(), key=_name):
        if theme.is_dir():
            for family in sorted(theme.iterdir(), key=_name):
                if family.name.endswith(".yml"):
                    yield f"{theme.name}/{family.name}", family.read_text("utf-8")


def _name(one: Traversable) -> str:
    return one.name
