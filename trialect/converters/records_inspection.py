"""What inspect and validate tell of registry records, and inspect of a folder of trials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import orjson

from trialect.converters.package import MANIFEST
from trialect.converters.study_sources import HeldRecord, study_source
from trialect.converters.summary import plural
from trialect.problems import Problem, Unusable
from trialect.trial import Study

SHOWN = 20
"""Trials that are told by name."""


def problems_of_records(path: Path) -> Iterator[Problem]:
    """What is wrong with each record of a path, as a conversion would find it."""
    for held in study_source("ctgov").records(path):
        yield from _read(held)[1]


def told_records(path: Path) -> Iterator[str]:
    """How many records a path holds, of which types of study; the first by name."""
    types: Counter[str] = Counter()
    results = locations = 0
    first: list[str] = []
    broken: list[Problem] = []
    for held in study_source("ctgov").records(path):
        study, found = _read(held)
        if study is None:
            broken += found
            continue
        types[study.design.type or "of no type"] += 1
        results += study.results is not None
        locations += len(study.locations)
        if len(first) < SHOWN:
            first.append(
                f"{study.registration('ClinicalTrials.gov') or study.studyid}  {study.name}"
            )
    total = sum(types.values())
    listed = ", ".join(f"{count:,} {name}" for name, count in types.most_common())
    yield f"  {plural(total, 'record')}{f': {listed}' if listed else ''}"
    yield f"  {results:,} with results, {plural(locations, 'location')}"
    for line in first:
        yield f"    {line[:100]}"
    if total > len(first):
        yield f"    and {total - len(first):,} more"
    for problem in islice(broken, SHOWN):
        yield f"  {problem.severity.value}: {problem}"
    if len(broken) > SHOWN:
        yield f"  and {len(broken) - SHOWN:,} more records that cannot be read"


def told_trials(path: Path) -> Iterator[str]:
    """What a folder of trials holds, by its manifest."""
    facts = orjson.loads((path / MANIFEST).read_bytes())
    records, trials = facts["records"], facts["trials"]
    yield (
        f"  {plural(records['in'], 'record')}: {records['converted']:,} converted, "
        f"{records['rejected']:,} rejected"
    )
    yield f"  written as {', '.join(facts['targets'])}: {plural(len(facts['outputs']), 'file')}"
    found = facts["problems"]["by_severity"].items()
    yield "  findings: " + ", ".join(plural(count, name) for name, count in found)
    for one in trials[:SHOWN]:
        yield f"    {one['folder']}  {one['title']}"[:104]
    if len(trials) > SHOWN:
        yield f"    and {len(trials) - SHOWN:,} more"


def _read(held: HeldRecord) -> tuple[Study | None, list[Problem]]:
    """The Study of a record, if it is one, and what was found."""
    found: list[Problem] = list(held.problems)
    if found:
        return None, found
    try:
        return study_source("ctgov").read(held, found.append).study, found
    except Unusable as unusable:
        return None, [*found, *unusable.problems]
