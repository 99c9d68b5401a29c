"""Datasets of the files under validation: each by itself, then all of them together.

XPT files are read a batch at a time, so that the values of a file are checked as they pass by; the
records stay, since checks look from one dataset into another: in memory, or on disk where they
are many (`large_datasets`), of which one part of the subjects is then looked at after the other.
A record is named by its file and its number in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from trialect.converters.large_datasets import PIECE_ROWS, Parts, Spool, Spooled
from trialect.converters.readers.dataset_json import DatasetJson, read_dataset_json
from trialect.converters.readers.xpt import XptReader, open_members
from trialect.converters.readers.xpt_headers import SEVERAL_MEMBERS
from trialect.converters.validate_terminology import in_use
from trialect.converters.xpt_plan import check_xpt_plan
from trialect.converters.xpt_values import ValueChecks, suspects
from trialect.problems import Problem, Severity, rule
from trialect.schemas.core.package import Dataset, Datasets, VariableFacts
from trialect.schemas.core.partitions import cut_names
from trialect.schemas.dataset_json import check_dataset_json
from trialect.schemas.sdtm.model import datasets as models

if TYPE_CHECKING:
    from trialect.converters.readers.define_xml import DefineXml

FILE_NAME = rule(
    "SDTM-FILE-NAME",
    "error",
    "A file is not named after its dataset",
    "{file} holds dataset {domain}.",
    "Name it {expected}.",
    "FDA Study Data Technical Conformance Guide 3.3.2",
)
DATASET_TWICE = rule(
    "VALIDATE-DATASET-TWICE",
    "error",
    "A dataset is in two files",
    "{file} holds {domain}, which {other} holds already; it is not checked with the others.",
    "Keep one file of a dataset; parts of a split dataset have names of their own (QS1, QS2).",
    "FDA Study Data Technical Conformance Guide 3.3",
)
FORMS_DIFFER = rule(
    "VALIDATE-FORMS-DIFFER",
    "error",
    "Two forms of a dataset do not hold the same",
    "{file} and {other} of {domain} differ: {what}.",
    "Make both from the same data.",
    "Dataset-JSON 1.1; FDA Study Data Technical Conformance Guide 3.3",
)

LAST_BITS = 1e-12
"""By what part of itself a number may differ between a decimal text and an IBM number."""


HELD = 64 << 20
"""Bytes of files whose records are held in memory; those of further files are kept on disk."""
SMALL = 1 << 20
"""Bytes of a file that is held in memory all the same."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A dataset's records, and the file that they came from."""

    file: str
    dataset: Dataset

    @property
    def frame(self) -> pl.DataFrame:
        """All records."""
        stored = self.dataset.stored
        return stored.frame() if isinstance(stored, Spooled) else self.dataset.frame


NOT_NUMBERS = rule(
    "VALIDATE-NOT-NUMBERS",
    "error",
    "A variable is Num and holds text",
    "{domain} in {file}: {reason}; what is about its values is not checked.",
    "Correct the values, or the type in _variables.csv.",
)


@dataclass(slots=True)
class SeenDatasets:
    """The datasets of the files that were looked at so far."""

    xpt: dict[str, _Held] = field(default_factory=dict)
    json: dict[str, _Held] = field(default_factory=dict)
    held: dict[str, _Held] = field(default_factory=dict)
    """One form of each dataset, once they were settled."""
    terminology: str = ""
    """The version of SDTM CT that the values were checked against, once they were."""
    _spool: Spool | None = None
    _bytes: int = 0

    def add_xpt(self, path: Path) -> Iterator[Problem]:
        """Read an XPT file; the problems of what it declares and of its values."""
        readers = open_members(path)
        if len(readers) > 1:
            names = ", ".join(reader.name for reader in readers)
            yield SEVERAL_MEMBERS.problem(file=path.name, count=len(readers), value=names)
        for reader in readers:
            if (expected := f"{reader.name.lower()}.xpt") != path.name.lower():
                yield FILE_NAME.problem(file=path.name, domain=reader.name, expected=expected)
            plan = check_xpt_plan(reader.name, reader.label, reader.variables)
            yield from (problem.at(file=path.name) for problem in plan)
            values = ValueChecks(reader.name, reader.variables)
            keep = self._keeper(reader.rows * reader.member.record_size)
            first = 1
            for batch in reader.iter_batches():
                for variable in suspects(batch, reader.variables):
                    values.column(batch, variable, first)
                first += batch.height
                keep.add(batch)
            for problem in (*reader.problems, *values.problems()):
                yield problem.at(file=path.name)
            if reader.name in self.xpt:
                other = self.xpt[reader.name].file
                yield DATASET_TWICE.problem(file=path.name, domain=reader.name, other=other)
            else:
                dataset = kept(_of_xpt(reader), keep)
                self.xpt[reader.name] = _Held(dataset.file, dataset)

    def add_json(self, path: Path) -> Iterator[Problem]:
        """Read a Dataset-JSON file of any form; the problems of it."""
        problems = list(check_dataset_json(path))
        yield from problems
        if any(problem.severity is Severity.ERROR for problem in problems):
            return
        read = read_dataset_json(path)
        keep = self._keeper(path.stat().st_size)
        for batch in read.frame.iter_slices(PIECE_ROWS):
            keep.add(batch)
        if not read.frame.height:
            keep.add(read.frame)
        yield from self._add(kept(_of_json(path, read), keep))

    def _keeper(self, size: int) -> Spooled | Batches:
        """What takes the records of a file of so many bytes."""
        self._bytes += size
        if self._bytes <= HELD or size <= SMALL:
            return Batches()
        self._spool = self._spool or Spool()
        return Spooled(self._spool)

    def add_table(self, dataset: Dataset) -> Iterator[Problem]:
        """Take a dataset that was read from CSV with its metadata."""
        if dataset.broken:
            place = {"file": dataset.file, "domain": dataset.name}
            yield NOT_NUMBERS.problem(**place, reason=dataset.broken)
        yield from self._add(dataset)

    def _add(self, dataset: Dataset) -> Iterator[Problem]:
        """Keep a dataset; where its records lie here in another form, compare the two."""
        held = _Held(dataset.file, dataset)
        if (known := self._held(dataset.name)) is not None:
            yield from _compared(dataset.name, known, held)
        else:
            self.json[dataset.name] = held

    def _held(self, name: str) -> _Held | None:
        """A dataset as it was seen already; XPT parts (QS1, QS2) are one."""
        if name in self.xpt or name in self.json:
            return self.xpt.get(name) or self.json[name]
        parts = {one: held for one, held in self.xpt.items() if whole_name(one) == name}
        if not parts:
            return None
        frame = joined({one: held.frame for one, held in parts.items()})[name]
        one = next(iter(parts.values())).dataset
        return _Held(f"the parts of {name}", replace(one, frame=frame, stored=None))

    def settle(self, defines: Iterable[Path] = ()) -> Iterator[Problem]:
        """What shows when the files of a dataset are held against each other.

        `defines` are the define.xml beside them, which say the version of terminology.
        """
        self.held = dict(self.xpt)
        early, self.json = self.json, {}
        for name, held in early.items():
            if (known := self._held(name)) is not None:
                yield from _compared(name, known, held)
            else:
                self.held[name] = held
        ts = self.held.get("TS")
        terminology = in_use(defines, ts.frame if ts else None)
        self.terminology = terminology.version
        yield from terminology.problems

    def package(self, define: DefineXml | None = None) -> Datasets:
        """The datasets as rules look at them, once they are settled."""
        datasets = (held.dataset for held in self.held.values())
        return Datasets.of(datasets, define=define, terminology=self.terminology or None)

    def parts(self, package: Datasets) -> Parts | None:
        """The package by parts of the subjects; None where it is all held in memory."""
        is_large = any(one.stored for one in package)
        return Parts(package) if is_large and cut_names(package) else None


def whole_name(name: str) -> str:
    """The name under which a dataset is checked: that of the whole for a part (QSPH, QS1)."""
    known = models()
    is_part = name not in known and not name.startswith("SUPP") and name[:2] in known
    return name[:2] if is_part else name


def joined(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The datasets by the name under which they are checked; split parts are one."""
    parts: dict[str, list[pl.DataFrame]] = {}
    for name, frame in frames.items():
        parts.setdefault(whole_name(name), []).append(frame)
    return {
        name: found[0] if len(found) == 1 else pl.concat(found, how="diagonal_relaxed")
        for name, found in parts.items()
    }


class Batches(list[pl.DataFrame]):
    """Records in memory, as they come."""

    add = list.append


def kept(dataset: Dataset, keep: Spooled | Batches) -> Dataset:
    """A dataset with the records that were kept of it."""
    if isinstance(keep, Batches):
        return replace(dataset, frame=pl.concat(keep))
    keep.close()
    assert keep.first is not None
    return replace(dataset, frame=keep.first, stored=keep)


def _of_xpt(reader: XptReader) -> Dataset:
    facts = tuple(
        VariableFacts(one.name, one.label, one.type, one.length, one.format)
        for one in reader.variables
    )
    file = reader.path
    none = pl.DataFrame()
    return Dataset(reader.name, none, reader.label, file.name, file.stat().st_size, facts)


def _of_json(path: Path, read: DatasetJson) -> Dataset:
    facts = tuple(
        VariableFacts(
            one.name,
            one.label,
            "Num" if one.is_number else "Char",
            one.length,
            one.display_format or "",
        )
        for one in read.columns
    )
    return Dataset(read.name, read.frame, read.label, path.name, path.stat().st_size, facts)


def _compared(name: str, one: _Held, other: _Held) -> Iterator[Problem]:
    """The first difference between two forms of a dataset."""
    what, place = _difference(one.dataset, other.dataset)
    if what:
        yield FORMS_DIFFER.problem(file=other.file, domain=name, other=one.file, what=what, **place)


def _difference(one: Dataset, other: Dataset) -> tuple[str, dict[str, object]]:
    names, others = one.frame.columns, other.frame.columns
    for variable in dict.fromkeys([*names, *others]):
        if variable not in names or variable not in others:
            return f"one of them has no {variable}", {"variable": variable}
    if one.records != other.records:
        return f"they have {one.records} and {other.records} records", {}
    for variable in names:
        mine, theirs = one.series(variable), other.series(variable)
        if mine.equals(theirs):
            continue
        mine, theirs = _plain(mine), _plain(theirs)
        if mine.dtype != theirs.dtype:
            return f"{variable} is text in one and a number in the other", {"variable": variable}
        differs = mine.ne_missing(theirs)
        if mine.dtype == pl.Float64:
            differs &= ((mine - theirs).abs() > theirs.abs() * LAST_BITS).fill_null(True)
        if differs.any():
            row = differs.arg_max()
            assert row is not None
            what = f"{variable} is {mine[row]!r} in one and {theirs[row]!r} in the other"
            return what, {"variable": variable, "row": row + 1}
    return "", {}


def _plain(values: pl.Series) -> pl.Series:
    """Values as XPT holds them: no text is missing, and blanks behind a text are padding."""
    if values.dtype != pl.String:
        return values.cast(pl.Float64)
    texts = values.str.strip_chars_end(" ")
    return texts.set(texts == "", None)
