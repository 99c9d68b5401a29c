"""FHIR files into partitions of subjects, on disk, so that no later step needs the whole input.

Every file is read once. Texts of resources go to one file of the spool as they stood, what is
needed to find them again into arrays of numbers: the file, the row, and the subject. A resource
may come before the Patient that it refers to, so subjects are known when all has been read.
Resources that are of no subject (organisations, medicines, the study) are kept by their names.
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from trialect.converters.digest import digest
from trialect.converters.fhir_patients import Patients, subject_of
from trialect.converters.fhir_spool import FhirSpool
from trialect.converters.readers.fhir import Entry, holds_fhir, is_fhir_name, read_fhir
from trialect.converters.spool import write_frame
from trialect.converters.stage import (
    REJECT_REASON,
    REJECT_ROW,
    REJECT_RULE,
    SUBJECT,
    Staged,
    StagedBatch,
    StagedForm,
)
from trialect.mappings.fhir_sdtm.references import (
    base_of,
    has_cycle,
    names_of,
)
from trialect.problems import Problem, Problems, Unusable, rule
from trialect.trial import FORM, ROW

RESOURCES_AT_ONCE = 20_000
"""Resources in a partition, about: what memory holds of them at once grows with it."""

COLUMNS = ("resourceType", "id")
"""What the rejected rows of a FHIR file tell of a resource, beside its row."""

NO_FILES = rule(
    "FHIR-READ-NO-FILES",
    "error",
    "There is no FHIR to read",
    "{file} holds no resource, Bundle or NDJSON of FHIR.",
    "Name a folder with *.json or *.ndjson (also with .gz), or one such file.",
)
NOT_FHIR = rule(
    "FHIR-READ-OTHER",
    "note",
    "A file beside the FHIR is not FHIR",
    "the file has no resourceType at its beginning; it is not read.",
)
NO_PATIENT = rule(
    "FHIR-READ-NO-PATIENT",
    "error",
    "A resource of a patient who is not there",
    "{value} is no Patient of the input; the {type} is rejected.",
    "Add the Patient to the export. References are never fetched.",
)
NO_SUBJECT = rule(
    "FHIR-READ-NO-SUBJECT",
    "error",
    "A resource says of no patient what it says",
    "the {type} names no patient; it is rejected.",
    "Mend the system that wrote the resource: its subject is missing.",
)
CYCLE = rule(
    "FHIR-READ-CYCLE",
    "error",
    "Contained resources refer to each other in a circle",
    "contained resources of the {type} refer to each other in a circle; it is rejected.",
    "Mend the system that wrote the resource.",
    "http://hl7.org/fhir/R4/references.html#contained",
)
NO_PLACE = rule(
    "FHIR-NO-PLACE",
    "warning",
    "A type of resource has no place in SDTM",
    "the tables from FHIR to SDTM have no line for {value}; such resources are rejected.",
    "Add lines to fhir-mappings in the study's folder if they belong to the trial.",
)


def stage_fhir(
    root: Path,
    spool: Path,
    *,
    known_types: Mapping[str, bool],
    partition_subjects: int | Callable[[int], int],
) -> tuple[Staged, FhirSpool]:
    """Read every FHIR file of a folder (or the one file) into the spool.

    `known_types` are the types of resources that the tables read; those that are True make records
    of their own, the others are looked into. Raises `Unusable` with everything that cannot be read
    at all.
    """
    spool.mkdir(parents=True, exist_ok=True)
    reading = _Reading(spool, known_types)
    broken: list[Problem] = []
    for name, path in _files(root, reading.problems):
        try:
            reading.read(name, path)
        except Unusable as unusable:
            broken += unusable.problems
    if broken:
        raise Unusable(broken)
    if not reading.files:
        raise Unusable(NO_FILES.problem(file=root.name))
    return reading.staged(partition_subjects)


def fhir_files(root: Path) -> list[Path]:
    """The files below a folder whose names may be FHIR's, without those of packages."""
    if root.is_file():
        return [root]
    packages = {found.parent for found in root.rglob("manifest.json")} - {root}
    return sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and is_fhir_name(path) and not packages.intersection(path.parents)
    )


def _files(root: Path, problems: Problems) -> Iterator[tuple[str, Path]]:
    for path in fhir_files(root):
        name = path.name if root.is_file() else path.relative_to(root).as_posix()
        if root.is_file() or holds_fhir(path):
            yield name, path
        else:
            problems.add(NOT_FHIR.problem(file=name))


class _Reading:
    """All that is known of what was read so far."""

    def __init__(self, spool: Path, known_types: Mapping[str, bool]) -> None:
        self.spool = spool
        self.known = known_types
        self.problems = Problems()
        self.files: dict[str, tuple[str, str, int, int]] = {}
        self.types: Counter[str] = Counter()
        self.elements: dict[str, Counter[str]] = {}
        self.offset = 0
        self.taken = _Taken()
        self.sought: dict[tuple[str, ...], int] = {}
        self.patients = Patients()
        self.shared: dict[str, tuple[int, int, bool, str, int]] = {}
        self.rejected: dict[str, list[tuple[int, str, str, str | None, str | None]]] = {}
        self.told: set[str] = set()

    def read(self, name: str, path: Path) -> None:
        """Read a file; raises `Unusable`."""
        form = name.replace("/", "__")
        while form in self.rejected:
            form += "_"
        rows = 0
        refused = self.rejected.setdefault(form, [])
        place = len(self.files)
        with (self.spool / "resources.bin").open("ab") as texts:
            for entry in read_fhir(path, name):
                rows += 1
                wrong = entry.fault or self._take(place, form, entry)
                if wrong is None:
                    texts.write(entry.text)
                    self.offset += len(entry.text)
                    continue
                known = entry.resource if entry.value else {}
                if wrong.rule != NO_PLACE.id or wrong.value not in self.told:
                    self.problems.add(wrong.at(file=name, row=entry.row))
                if wrong.rule == NO_PLACE.id:
                    self.told.add(str(wrong.value))
                type_ = known.get("resourceType")
                refused.append((entry.row, wrong.rule, wrong.message, type_, _id(known)))
        self.files[form] = (name, digest(path), path.stat().st_size, rows)

    def _take(self, place: int, form: str, entry: Entry) -> Problem | None:
        """Note a resource; gives the reason when there is no place for it."""
        resource = entry.resource
        type_ = resource["resourceType"]
        self.types[type_] += 1
        if type_ not in self.known:
            return NO_PLACE.problem(value=type_)
        if "contained" in resource and has_cycle(resource):
            return CYCLE.problem(type=type_)
        self.elements.setdefault(type_, Counter()).update(resource.keys())
        where = (self.offset, len(entry.text), entry.wrapped)
        key = _NOBODY
        if type_ == "Patient":
            key = -1 - self.patients.add(resource, entry.full_url)
        else:
            names, shown = subject_of(resource, base_of(entry.full_url))
            if names:
                key = self.sought.setdefault(names, len(self.sought))
            elif shown is not None:
                return NO_PATIENT.problem(value=shown, type=type_)
            elif self.known[type_]:
                return NO_SUBJECT.problem(type=type_)
            else:
                for one in names_of(resource, entry.full_url):
                    self.shared.setdefault(one, (*where, form, entry.row))
        self.taken.add(type_, _id(resource), (place, entry.row, *where, key))
        return None

    def staged(self, partition_subjects: int | Callable[[int], int]) -> tuple[Staged, FhirSpool]:
        """Bring the resources in the order of their subjects, and cut them into partitions."""
        index = self.taken.frame()
        numbers = self.patients.settled()
        shown = self.patients.keys
        subjects = sorted(shown.values())
        order = {key: rank for rank, key in enumerate(subjects)}
        rank_of = [order[shown[number]] for number in numbers]
        of_sought = [self._rank(names, rank_of) for names in self.sought]
        ranks = [
            None if key == _NOBODY else rank_of[-1 - key] if key < 0 else of_sought[key]
            for key in index["@key"]
        ]
        forms = list(self.files)
        index = index.with_columns(
            pl.Series("@ordinal", ranks, pl.Int64),
            pl.lit(pl.Series(forms, dtype=pl.String)).gather(pl.col("@file")).alias(FORM),
        )
        lost = index.filter((pl.col("@ordinal") == _LOST).fill_null(value=False))
        self._refuse_lost(lost)
        index = index.filter((pl.col("@ordinal") != _LOST).fill_null(value=True))
        index = index.sort("@ordinal", "@file", ROW, nulls_last=False)
        names = pl.Series(subjects, dtype=pl.String)
        index = index.with_columns(pl.lit(names).gather(pl.col("@ordinal")).alias(SUBJECT))
        size = partition_subjects
        if callable(size):
            size = size(len(subjects))
            most = len(subjects) * RESOURCES_AT_ONCE // max(1, index.height)
            size = max(1, min(size, most))
        firsts = pl.Series(list(range(0, len(subjects), size))[1:], dtype=pl.Int64)
        kept = FhirSpool(
            self.spool,
            dict(sorted(self.types.items())),
            {name: dict(sorted(c.items())) for name, c in sorted(self.elements.items())},
        )
        write_frame(
            index.select("@ordinal", SUBJECT, FORM, ROW, "@offset", "@bytes", "@wrapped"),
            kept.index_file,
        )
        kept.texts_file.touch()
        with kept.shared_file.open("wb") as file:
            pickle.dump(self.shared, file)
        by_form = index.partition_by(FORM, as_dict=True)
        staged = Staged(
            spool=self.spool,
            subjects=len(subjects),
            partitions=len(firsts) + 1,
            partition_subjects=size,
            forms={
                form: self._form(place, form, by_form.get((form,), index.clear()), firsts)
                for place, form in enumerate(forms)
            },
            missing=(),
            problems=self.problems,
        )
        return staged, kept

    def _rank(self, names: tuple[str, ...], rank_of: list[int]) -> int:
        for name in names:
            number = self.patients.names.get(name)
            if number is not None:
                return rank_of[number]
        return _LOST

    def _refuse_lost(self, lost: pl.DataFrame) -> None:
        """Reject the resources whose patient is not there."""
        sought = list(self.sought)
        columns = (FORM, ROW, "resourceType", "id", "@key")
        for form, row, type_, id_, key in lost.select(columns).iter_rows():
            wrong = NO_PATIENT.problem(row=row, value=sought[key][0], type=type_)
            self.problems.add(wrong.at(file=self.files[form][0]))
            self.rejected[form].append((row, wrong.rule, wrong.message, type_, id_))

    def _form(self, place: int, form: str, index: pl.DataFrame, firsts: pl.Series) -> StagedForm:
        """A file as a form: its rows in the spool, cut at the first subject of each partition."""
        name, sha256, size, rows = self.files[form]
        file = f"{place:05d}.arrow"
        write_frame(index.select(*COLUMNS, ROW, SUBJECT), self.spool / file)
        cuts = index["@ordinal"].fill_null(-1).search_sorted(firsts, side="left").to_list()
        refused = sorted(self.rejected[form])
        refused_files: tuple[str, ...] = ()
        if refused:
            schema = {
                REJECT_ROW: pl.Int64,
                REJECT_RULE: pl.String,
                REJECT_REASON: pl.String,
                **dict.fromkeys(COLUMNS, pl.String),
            }
            refused_files = (f"r{place:05d}.arrow",)
            frame = pl.DataFrame(refused, schema, orient="row")
            write_frame(frame, self.spool / refused_files[0])
        return StagedForm(
            file=name,
            sha256=sha256,
            bytes=size,
            columns=COLUMNS,
            delimiter=",",
            per_subject=True,
            rows=rows,
            rejected=len(refused),
            batches=(StagedBatch(file, (0, *cuts, index.height)),),
            rejected_files=refused_files,
        )


_NOBODY = -(1 << 62)
"""The key of a resource that is of no subject."""
_LOST = -1
"""The ordinal of a resource whose patient is not there."""


class _Taken:
    """The resources that were taken, as columns."""

    _AT_ONCE = 100_000

    def __init__(self) -> None:
        self._texts: tuple[list[str], list[str | None]] = ([], [])
        self._numbers: list[tuple[int, ...]] = []
        self._frames: list[pl.DataFrame] = []

    def add(self, type_: str, id_: str | None, numbers: tuple[int, ...]) -> None:
        """Note a resource: its file, row, offset, bytes, whether it is wrapped, its subject."""
        self._texts[0].append(type_)
        self._texts[1].append(id_)
        self._numbers.append(numbers)
        if len(self._numbers) == self._AT_ONCE:
            self._flush()

    def frame(self) -> pl.DataFrame:
        """All of them."""
        self._flush()
        return pl.concat(self._frames)

    def _flush(self) -> None:
        names = ("@file", ROW, "@offset", "@bytes", "@wrapped", "@key")
        schema = dict.fromkeys(names, pl.Int64)
        numbers = pl.DataFrame(self._numbers, schema, orient="row")
        self._frames.append(
            numbers.with_columns(
                pl.col("@wrapped") == 1,
                pl.Series(COLUMNS[0], self._texts[0], pl.String),
                pl.Series(COLUMNS[1], self._texts[1], pl.String),
            )
        )
        self._texts, self._numbers = ([], []), []


def _id(resource: dict[str, Any]) -> str | None:
    found = resource.get("id")
    return found if isinstance(found, str) else None
