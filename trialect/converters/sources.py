"""Where in the exports a finding on a dataset came from: file, row and columns, by the lineage.

A finding names its record by number, or by USUBJID and --SEQ; the lineage of the package has the
same records in the same order. The files of the lineage are read one at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from trialect.converters.explanations import variables_of
from trialect.converters.lineage import key_columns, lineage_files
from trialect.converters.review import Review, Source
from trialect.converters.trace import Step, traced
from trialect.converters.traced_package import TracedPackage
from trialect.problems import Problem
from trialect.trial import FORM, ROW, is_lineage

_PLACE, _NUMBER, _USUBJID, _SEQ = "@place", "@number", "USUBJID", "@seq"


def traced_review(review: Review, package: TracedPackage, changed: Iterable[str] = ()) -> Review:
    """The review with the sources of its findings on the datasets of a package.

    `changed` are files of the package that are not as they were written: nothing is told of them.
    """
    other = set(changed)
    records: dict[int, int] = {}
    asked: list[Problem] = []
    for place, problem in enumerate(review.problems):
        name = (problem.file or "").rsplit("/", 1)[-1]
        number = review.record(problem)
        # A part of a split dataset counts its own records; those are found by their keys.
        if number is not None and name.split(".")[0].upper() == problem.domain:
            records[place] = number
        # A resource says itself of which record it is, whoever has changed it.
        said = name not in other or problem.rule.startswith("FHIR-")
        asked.append(problem if said else problem.at(domain=None))
    return replace(review, sources=find_sources(package, asked, records))


def find_sources(
    package: TracedPackage, problems: Sequence[Problem], records: Mapping[int, int]
) -> dict[int, Source]:
    """The sources of findings, by their places in `problems`, as far as they are known.

    `records` has the number of the record (from 1) of findings that name it, by their places.
    """
    wanted: dict[str, list[int]] = {}
    for place, problem in enumerate(problems):
        if problem.field or problem.domain not in package.datasets:
            continue
        if place in records or problem.usubjid:
            wanted.setdefault(str(problem.domain), []).append(place)
    found: dict[int, Source] = {}
    for dataset, places in wanted.items():
        for place, record in _records(package.folder, dataset, problems, places, records):
            source = _source(package, dataset, record, problems[place])
            if source is not None:
                found[place] = source
    return found


def _records(
    folder: Path,
    dataset: str,
    problems: Sequence[Problem],
    places: Iterable[int],
    records: Mapping[int, int],
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The findings on a dataset, each with the keys and the lineage of its record.

    A finding that several records could have is left out.
    """
    by_number = [(place, records[place]) for place in places if place in records]
    by_keys = [
        (place, problems[place].usubjid, problems[place].seq)
        for place in places
        if place not in records
    ]
    numbers = pl.DataFrame(by_number, {_PLACE: pl.Int64, _NUMBER: pl.Int64}, orient="row")
    keys = pl.DataFrame(
        by_keys, {_PLACE: pl.Int64, _USUBJID: pl.String, _SEQ: pl.String}, orient="row"
    )
    before = 0
    named: dict[int, list[dict[str, Any]]] = {}
    for file in lineage_files(folder, dataset):
        frame = pl.read_parquet(file)
        lines = frame.with_columns(pl.int_range(1, pl.len() + 1).alias(_NUMBER) + before)
        before += frame.height
        if numbers.height:
            for row in lines.join(numbers, on=_NUMBER).iter_rows(named=True):
                yield row[_PLACE], row
        if keys.height and _USUBJID in frame.columns:
            for row in (
                pl.concat(_with_seq(lines, dataset))
                .join(keys, on=[_USUBJID, _SEQ], nulls_equal=True)
                .iter_rows(named=True)
            ):
                named.setdefault(row[_PLACE], []).append(row)
    for place, rows in named.items():
        if len(rows) == 1:
            yield place, rows[0]


def _with_seq(lines: pl.DataFrame, dataset: str) -> list[pl.DataFrame]:
    """The lines with --SEQ as findings write it; null where the dataset has none.

    Of SV findings on FHIR write VISITNUM in its place.
    """
    name = f"{dataset[:2]}SEQ"
    if name in lines.columns and not dataset.startswith("SUPP"):
        return [lines.with_columns(pl.col(name).cast(pl.Int64).cast(pl.String).alias(_SEQ))]
    found = [lines.with_columns(pl.lit(None, pl.String).alias(_SEQ))]
    if dataset == "SV" and "VISITNUM" in lines.columns:
        number = pl.col("VISITNUM").cast(pl.String).str.strip_suffix(".0")
        found.append(
            lines.filter(pl.col("VISITNUM").is_not_null()).with_columns(number.alias(_SEQ))
        )
    return found


def _source(
    package: TracedPackage, dataset: str, record: dict[str, Any], problem: Problem
) -> Source | None:
    """Where the record's variables came from; without one that says it, where the record did."""
    own = {name: record[name] for name in record if is_lineage(name)}
    own |= {name: record[name] for name in key_columns(dataset, record)}
    steps: list[Step] = []
    for variable in filter(None, variables_of(problem)):
        steps += (
            step
            for step in traced(package, dataset, own, variable, inputs=False).steps
            if step.file is not None and step.row is not None and step.columns
        )
    if steps:
        first = steps[0]
        same = (one for one in steps if (one.file, one.row) == (first.file, first.row))
        columns = dict.fromkeys(column for one in same for column in one.columns)
        return Source(str(first.file), first.row, ", ".join(columns))
    form, row = record.get(FORM), record.get(ROW)
    return Source(package.file_of(form), row) if form and row is not None else None
