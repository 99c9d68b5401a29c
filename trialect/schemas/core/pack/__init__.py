"""The rules that ship with trialect, in the language of CDISC's CORE.

A folder is a theme, the folders in it are families of rules; a file is a rule, or several in one
YAML document each. The ids begin with `TRL-`. What a rule finds and does not find is held by the
case of its id in tests/core/pack_cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from trialect.schemas.core.load import load_rule
from trialect.schemas.core.rule import BrokenRule, CoreRule

FOLDER = Path(__file__).parent
"""The folder of the rules."""

_BETWEEN = re.compile(r"^---[ \t]*$", re.MULTILINE)


@cache
def pack() -> tuple[CoreRule | BrokenRule, ...]:
    """Every rule of the pack, in the order of their ids; one that cannot run says why."""
    found = [load_rule(text, name) for name, text in _documents()]
    return tuple(sorted(found, key=lambda one: (one.id, one.file)))


def _documents() -> Iterator[tuple[str, str]]:
    """Each YAML document with the name of its file (`dates/study-days/TRL-DAY-001.yml`)."""
    for file in sorted(FOLDER.rglob("*.yml")):
        name = file.relative_to(FOLDER).as_posix()
        for text in _BETWEEN.split(file.read_text("utf-8")):
            if text.strip():
                yield name, text
