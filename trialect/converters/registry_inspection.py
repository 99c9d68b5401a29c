"""What inspect tells of a registry's page: each fact with its line, and what the page lacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from trialect.converters.readers.registry_page import NOT_USED, read_page
from trialect.problems import Problem
from trialect.trial import Study

SHOWN = 70
"""Characters of a value that are shown at most."""


def told_page(path: Path) -> Iterator[str]:
    """What a page states, by its sources, and what was found in reading it."""
    found: list[Problem] = []
    study = read_page(path, found.append).study
    for source in study.sources:
        yield f"  {_short(source.name)}"
        for fact in source.facts:
            yield f"    {fact} = {_short(told(study, fact))}"
    unused = [one for one in found if one.rule == NOT_USED.id]
    for problem in found:
        if problem.rule != NOT_USED.id:
            yield f"  {problem.severity.value}: {problem}"
    yield f"  without a fact of their own: {len(unused):,} lines and sentences"


def told(study: Study, path: str) -> str:
    """The value at a dotted path of a Study, in a line."""
    value: Any = study
    for step in path.split("."):
        if isinstance(value, tuple):
            named = [one for one in value if getattr(one, "code", None) == step]
            value = named[0] if named else value[int(step)]
        else:
            value = getattr(value, step)
    return _line(value)


def _line(value: Any) -> str:
    if isinstance(value, tuple):
        return "; ".join(map(_line, value))
    if is_dataclass(value):
        parts = (getattr(value, one.name) for one in fields(value))
        return ", ".join(_line(one) for one in parts if one not in (None, ()))
    return str(value)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
