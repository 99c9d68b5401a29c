"""What a study file still needs, as comments at the places where it is to be written."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import fields

from trialect.mappings.registry.needs import WHEN, Need, needed
from trialect.problems import Problem, Severity
from trialect.trial import Study

_WIDTH = 92
MARK = "NEEDED"
"""Begins every comment on a fact that is still needed, so that they can be searched for."""

LOOK = "LOOK"
"""Begins every comment on something that was found in the source."""


def comments(study: Study, found: Iterable[Problem]) -> dict[str, list[str]]:
    """Lines of comment by the path that they are about: what is needed, what was found."""
    lines: dict[str, list[str]] = {}
    by_path: dict[str, list[Need]] = {}
    for need, path in needed(study):
        by_path.setdefault(path, []).append(need)
    explained: set[str] = set()
    for path, these in by_path.items():
        lines.setdefault(path, []).extend(_needed(study, path, these, explained))
    for problem in found:
        if problem.severity is not Severity.NOTE and problem.field:
            named = problem.row is None or problem.message.startswith("line ")
            place = "" if named else f"line {problem.row}: "
            path = _known(study, problem.field)
            lines[path] = _folded(f"{LOOK} {place}{problem.message}") + lines.get(path, [])
    return lines


def _needed(study: Study, path: str, needs: list[Need], explained: set[str]) -> list[str]:
    """A fact that is needed: by whom, what it is, its form and an example."""
    first = needs[0]
    by = [_by(need) for need in needs]
    key = path.rpartition(".")[2]
    if first.fact in explained:
        # Items of a list after the first.
        return [f"{MARK} {key}, as above."]
    explained.add(first.fact)
    whats = dict.fromkeys(f"{need.what[:1].lower()}{need.what[1:]}" for need in needs)
    return [
        *_folded(f"{MARK} by {'; '.join(by)}: {'; '.join(whats)}."),
        *_folded(f"  Form: {first.form}."),
        f"  {_example(study, first, path)}",
    ]


def _example(study: Study, need: Need, path: str) -> str:
    """The example as it is to be written at its place: within its key, if that is written."""
    top = path.partition(".")[0]
    if need.example.startswith(f"{top}:") or "*" in need.fact or top == "design":
        return need.example
    value = getattr(study, top)
    is_written = value is not None and any(
        getattr(value, one.name) != one.default for one in fields(value)
    )
    return need.example if is_written else f"{top}: {{{need.example}}}"


def _by(need: Need) -> str:
    named = ", ".join(f"{body} ({name})" for body, name in need.by.items())
    return f"{named} {WHEN[need.when][0]}".strip()


def _folded(text: str) -> list[str]:
    indent = "  " if text.startswith("  ") else ""
    return textwrap.wrap(
        text.strip(),
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent or "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _known(study: Study, path: str) -> str:
    """A path of a finding as far as it leads into the study file."""
    first = path.partition(".")[0]
    return path if hasattr(study, first) else "studyid"
