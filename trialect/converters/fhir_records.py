"""The SDTM record that a finding on FHIR of our own is about, told by the resource's identifier."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from trialect.converters.writers.fhir_ndjson import record_of
from trialect.problems import Problem
from trialect.schemas.fhir.entries import Entries, NotSplitError
from trialect.schemas.fhir.packed import BROKEN_GZIP, opened
from trialect.schemas.fhir.texts import line_batches

_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")


def with_records(problems: Sequence[Problem], find: Callable[[str], Path | None]) -> list[Problem]:
    """The problems; those on FHIR with the domain, USUBJID and --SEQ (SV: VISITNUM) of the record
    that the resource was made of, where it has the identifier of one.

    `find` gives the file of the name that a problem has, None where there is none of our own.
    """
    wanted: dict[str, dict[int, list[int]]] = {}
    for place, problem in enumerate(problems):
        number = _number(problem)
        if problem.file is not None and number is not None:
            wanted.setdefault(problem.file, {}).setdefault(number, []).append(place)
    told = list(problems)
    for name, numbers in wanted.items():
        path = find(name)
        for number, resource in _resources(path, numbers) if path is not None else ():
            record = record_of(resource)
            if record is None:
                continue
            domain, usubjid, seq = record
            for place in numbers[number]:
                told[place] = told[place].at(domain=domain, usubjid=usubjid, seq=seq or None)
    return told


def _number(problem: Problem) -> int | None:
    """The number of the line or entry that a finding on FHIR is about."""
    if not problem.rule.startswith("FHIR-") or problem.domain is not None:
        return None
    entry = _ENTRY.match(problem.path or "")
    return int(entry[1]) if entry is not None and problem.row is None else problem.row


def _resources(path: Path, numbers: dict[int, list[int]]) -> Iterator[tuple[int, Any]]:
    """The resources with these numbers of an NDJSON file or a Bundle, as far as they are JSON."""
    is_lines = path.suffix == ".ndjson"
    last = max(numbers)
    try:
        with opened(path) as file:
            parts = line_batches(file) if is_lines else Entries(file)
            for number, text in enumerate(chain.from_iterable(parts), int(is_lines)):
                if number in numbers:
                    try:
                        found = orjson.loads(text)
                    except orjson.JSONDecodeError:
                        continue
                    found = found if is_lines or type(found) is not dict else found.get("resource")
                    if type(found) is dict:
                        yield number, found
                if number >= last:
                    return
    except (OSError, NotSplitError, *BROKEN_GZIP):
        return
