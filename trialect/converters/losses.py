"""What became of each fact of a trial in each target: kept, put in other words, lost.

What stands where is in the tables of places; what a target told of a single value is kept with
the fact. Per trial and for all trials of a conversion together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import orjson

from trialect.mappings.registry.places import Place, fact_of, places, places_of_facts, set_facts
from trialect.problems import Problem
from trialect.trial import Study

NO_LINE = Place("", "none", "the table of places has no line for it")


def tables_of(targets: Iterable[str], study: Study) -> dict[str, str]:
    """The table of places of each target; FHIR has one a release."""
    named = {"fhir": f"fhir-{study.fhir.release.lower()}", "dataset-json": "sdtm"}
    return {target: named.get(target, target) for target in targets}


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of a value: by which target, at which path of the Study."""

    target: str
    path: str
    rule: str
    severity: str
    message: str


@dataclass(slots=True)
class Losses:
    """What became of the facts: `values` how many each fact has, `trials` in how many trials;
    `told` what was said of single values; `left` what of the records is in no Study.

    `tables` are the targets and their tables of places.
    """

    tables: dict[str, str] = field(default_factory=dict)
    values: Counter[str] = field(default_factory=Counter)
    trials: Counter[str] = field(default_factory=Counter)
    told: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """How often each target told a rule of a fact: `(fact, target, rule)`."""
    left: Counter[str] = field(default_factory=Counter)
    left_trials: Counter[str] = field(default_factory=Counter)

    def add(self, trial: TrialLosses) -> None:
        """Add those of a trial."""
        self.tables = self.tables or trial.tables
        self.values.update(trial.values)
        self.trials.update(trial.values.keys())
        self.left.update(trial.left)
        self.left_trials.update(trial.left.keys())
        for fact, told in trial.told.items():
            self.told.update((fact, one.target, one.rule) for one in told)

    def merge(self, other: Losses) -> None:
        """Add those of other trials."""
        self.tables = self.tables or other.tables
        self.values.update(other.values)
        self.trials.update(other.trials)
        self.told.update(other.told)
        self.left.update(other.left)
        self.left_trials.update(other.left_trials)


@dataclass(slots=True)
class TrialLosses:
    """What became of the facts of one trial; `told` is by fact, in the order in which it was."""

    trial: str
    tables: dict[str, str]
    values: dict[str, int]
    told: dict[str, list[Told]]
    left: Mapping[str, int]

    @property
    def in_order(self) -> list[tuple[str, int]]:
        """The facts that have values, or of which was told, and the number of their values."""
        values = self.values
        # A Study's facts are counted in their order.
        if self.told.keys() <= values.keys():
            return list(values.items())
        others = {fact: 0 for fact in self.told if fact not in values}
        return sorted({**values, **others}.items(), key=lambda one: _rank(one[0]))


def losses_of(
    study: Study,
    trial: str,
    tables: dict[str, str],
    told: Iterable[tuple[str, Problem]],
    left: Mapping[str, int],
) -> TrialLosses:
    """What became of a Study's facts; `told` are the targets' problems, each with its target."""
    by_fact: dict[str, list[Told]] = {}
    for target, one in told:
        fact = fact_of(one.field)
        if fact is not None:
            said = Told(target, one.field or "", one.rule, one.severity.value, one.message)
            by_fact.setdefault(fact, []).append(said)
    return TrialLosses(trial, tables, set_facts(study), by_fact, left)


def place_in(table: str, fact: str) -> Place:
    """The place of a fact in a target; one that stops above its leaves has those of its parts."""
    known = places(table)
    if fact in known:
        return known[fact]
    parts = [one for name, one in known.items() if name.startswith(f"{fact}.")]
    if not parts:
        return NO_LINE
    hows = {one.how for one in parts}
    if hows == {"none"}:
        return Place("", "none", "none of its parts has a place")
    return Place("", hows.pop() if len(hows) == 1 else "part", "each part has a place of its own")


def in_order(found: Iterable[str]) -> list[str]:
    """Facts in the order of Study's fields; those that stop above its leaves stand before them."""
    return sorted(found, key=_rank)


@cache
def _rank(fact: str) -> tuple[int, str]:
    order = places_of_facts()
    if fact in order:
        return order[fact], fact
    within = (place for one, place in order.items() if one.startswith(f"{fact}."))
    return min(within, default=len(order)), f" {fact}"


@cache
def _quoted(path: str) -> bytes:
    return orjson.dumps(path)


@cache
def _line(fact: str, tables: tuple[tuple[str, str], ...]) -> tuple[bytes, bytes]:
    """What stands of a fact before and after the number of its values."""
    before = b'    {"fact":' + orjson.dumps(fact) + b',"values":'
    to = {target: _as_dict(place_in(table, fact)) for target, table in tables}
    return before, b',"to":' + orjson.dumps(to)


def _as_dict(place: Place) -> dict[str, str]:
    told = {"place": place.place, "how": place.how, "note": place.note}
    return {name: text for name, text in told.items() if text}


def trial_json(losses: TrialLosses) -> bytes:
    """losses.json of a trial: a line for each fact that has values, or of which was told."""
    tables = tuple(losses.tables.items())
    lines = []
    for fact, count in losses.in_order:
        before, after = _line(fact, tables)
        if told := losses.told.get(fact):
            after += b',"told":' + orjson.dumps(told)
        lines.append(b"%b%d%b}" % (before, count, after))
    left = [
        b'    {"path":%b,"values":%d}' % (_quoted(path), losses.left[path])
        for path in sorted(losses.left)
    ]
    return b"".join(
        (
            b'{\n  "trial":' + orjson.dumps(losses.trial),
            b',\n  "facts":[\n' + b",\n".join(lines) + b"\n  ]",
            b',\n  "left":[' + (b"\n" + b",\n".join(left) + b"\n  " if left else b"") + b"]\n}\n",
        )
    )


def all_json(losses: Losses, trials: int) -> bytes:
    """losses.json of all trials: each fact with its values, its trials and what was told."""
    tables = tuple(losses.tables.items())
    told = told_by_fact(losses)
    lines = []
    for fact in in_order(losses.values | told):
        before, after = _line(fact, tables)
        counts = b'%d,"trials":%d' % (losses.values[fact], losses.trials[fact])
        line = before + counts + after
        if fact in told:
            line += b',"told":' + orjson.dumps(told[fact])
        lines.append(line + b"}")
    left = [
        b"    " + orjson.dumps({"path": path, "values": count, "trials": losses.left_trials[path]})
        for path, count in sorted(losses.left.items())
    ]
    return b"".join(
        (
            b'{\n  "trials":%d' % trials,
            b',\n  "facts":[\n' + b",\n".join(lines) + b"\n  ]",
            b',\n  "left":[' + (b"\n" + b",\n".join(left) + b"\n  " if left else b"") + b"]\n}\n",
        )
    )


def told_by_fact(losses: Losses) -> dict[str, list[dict[str, str | int]]]:
    """How often each target told what of each fact."""
    found: dict[str, list[dict[str, str | int]]] = {}
    for (fact, target, rule), count in sorted(losses.told.items()):
        found.setdefault(fact, []).append({"target": target, "rule": rule, "findings": count})
    return found
