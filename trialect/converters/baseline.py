"""What has changed since an earlier run: findings that are new, that remain, that are gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import orjson

from trialect.problems import PLACE_FIELDS, Problem, Rule, Severity, Unusable, rule

NO_REPORT = rule(
    "BASELINE-NOT-READ",
    "error",
    "The earlier report cannot be read",
    "{file} is no report.json of trialect: {reason}.",
    "Name the report.json of an earlier run (trialect validate --report FILE.json).",
)


class State(StrEnum):
    """A finding against an earlier run."""

    NEW = "new"
    REMAINING = "remaining"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The findings of an earlier run, the file that they were read from, what its rules said."""

    file: str
    problems: tuple[Problem, ...]
    rules: Mapping[str, Rule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compared:
    """The state of each finding, in their order, and the earlier findings that are gone."""

    states: tuple[State, ...]
    gone: tuple[Problem, ...]


def read_baseline(path: Path) -> Baseline:
    """The findings of a report.json. Raises `Unusable` when it is none."""
    try:
        report = orjson.loads(path.read_bytes())
        problems = tuple(_problem(one) for one in report["problems"])
        rules = {name: _rule(name, one) for name, one in report.get("rules", {}).items()}
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except KeyError as error:
        reason = f"{error.args[0]} is missing"
    except (ValueError, TypeError, AttributeError) as error:
        reason = str(error)
    else:
        return Baseline(path.name, problems, rules)
    raise Unusable(NO_REPORT.problem(file=path.name, reason=reason))


_NUMBERS = {"row"}


def _problem(values: dict[str, object]) -> Problem:
    """A finding of a report, of any version that has these keys."""
    if not isinstance(values, dict):
        raise TypeError(f"{values!r} is no finding")
    place = {name: values[name] for name in PLACE_FIELDS & values.keys()}
    for name, value in {**place, "message": values["message"], "rule": values["rule"]}.items():
        if not isinstance(value, int if name in _NUMBERS else str):
            raise TypeError(f"{name} is {value!r}")
    return Problem(
        rule=str(values["rule"]),
        severity=Severity(str(values["severity"])),
        message=str(values["message"]),
        mend=str(values.get("mend", "")),
        **place,  # type: ignore[arg-type] # checked above
    )


def _rule(name: str, said: dict[str, object]) -> Rule:
    severity = Severity(str(said["severity"]))
    return Rule(name, severity, str(said.get("title", "")), "", source=str(said.get("source", "")))


def _record(one: Problem) -> tuple[object, ...]:
    """The finding as it stands, its row in the file and its sentence included."""
    return (_same_data(one), one.seq, one.path, one.file, one.row, one.message)


def _keys(one: Problem) -> tuple[object, ...]:
    """The finding on the record that has the same keys, wherever it stands now."""
    return (_same_data(one), one.seq, one.path)


def _same_data(one: Problem) -> tuple[object, ...]:
    """The finding on the same value, whatever number its record has now."""
    place = one.domain or one.file
    return (one.rule, place, one.usubjid, one.variable or one.field, one.value, _path(one))


def _path(one: Problem) -> str | None:
    """The path without the numbers of the entries on it."""
    if one.path is None:
        return None
    return "".join(sign for sign in one.path if not sign.isdigit())


IDENTITIES: tuple[Callable[[Problem], tuple[object, ...]], ...] = (_record, _keys, _same_data)
"""What makes two findings the same, the closest first: a record that has got another number, a
sentence that a newer version words otherwise, and a file of another name do not make a finding new.
"""


def compare(earlier: Sequence[Problem], now: Sequence[Problem]) -> Compared:
    """Pair the findings of two runs, each with one at most."""
    states = [State.NEW] * len(now)
    left_then = list(range(len(earlier)))
    left_now = list(range(len(now)))
    for identity in IDENTITIES:
        waiting: dict[tuple[object, ...], list[int]] = {}
        for place in reversed(left_then):
            waiting.setdefault(identity(earlier[place]), []).append(place)
        paired = set()
        unpaired = []
        for place in left_now:
            same = waiting.get(identity(now[place]))
            if same:
                paired.add(same.pop())
                states[place] = State.REMAINING
            else:
                unpaired.append(place)
        left_now = unpaired
        left_then = [place for place in left_then if place not in paired]
    return Compared(tuple(states), tuple(earlier[place] for place in left_then))
