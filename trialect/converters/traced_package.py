"""What trace reads of a package: records with their lineage, rules, and the exports behind them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from trialect.converters.lineage import TRANSLITERATED, read_lineage, read_rules
from trialect.converters.package import DATASET_JSON, MANIFEST, sdtm_folder
from trialect.metadata import Provenance
from trialect.problems import Unusable, rule
from trialect.study_options import FormFile
from trialect.trial import ROW, is_lineage

NO_PACKAGE = rule(
    "TRACE-NO-PACKAGE",
    "error",
    "Not a package of trialect",
    "it holds no manifest.json and lineage that can be read.",
    "Name the folder that trialect convert wrote.",
)
NO_DATASET = rule(
    "TRACE-NO-DATASET",
    "error",
    "The package has no such dataset",
    "{value} is not in {file}.",
    "It holds {known}.",
)
SOURCE_CHANGED = rule(
    "TRACE-SOURCE-CHANGED",
    "error",
    "An export is not the one that was converted",
    "the file has another SHA-256 than manifest.json says, so its rows may be others.",
    "Name the study folder as it was converted, or convert it again.",
)

Record = dict[str, Any]
"""A record: its values by variable, and the lineage columns."""


class TracedPackage:
    """A package that trialect wrote, or one that is being written and has its manifest yet to come.

    Raises `Unusable` when it is none.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any] | None = None) -> None:
        file = folder / MANIFEST
        if manifest is None and not file.is_file():
            raise Unusable(NO_PACKAGE.problem(file=str(folder)))
        self.folder = folder
        try:
            self.manifest: dict[str, Any] = manifest or orjson.loads(file.read_bytes())
            self.studyid: str = self.manifest["study"]
            self.datasets: dict[str, int] = self.manifest["datasets"]
            self.forms: dict[str, dict[str, Any]] = self.manifest["inputs"]["forms"]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise Unusable(NO_PACKAGE.problem(file=str(folder))) from error
        self._frames: dict[str, pl.DataFrame] = {}
        self._held: set[str] = set()
        self._subjects: dict[tuple[str, str], list[Record]] = {}

    @cached_property
    def rules(self) -> dict[tuple[str, str], list[Provenance]]:
        """How each variable of each domain is filled."""
        found: dict[tuple[str, str], list[Provenance]] = {}
        for one in read_rules(self.folder):
            found.setdefault((one.domain, one.variable), []).append(one)
        return found

    @cached_property
    def spelled(self) -> dict[tuple[str, str, str | None, str | None], str]:
        """The texts that were spelled in ASCII, by dataset, variable, subject and record."""
        frame = read_lineage(self.folder, TRANSLITERATED)
        if frame is None:
            return {}
        rows = frame.select("dataset", "variable", "usubjid", "seq", "original").iter_rows()
        return {(dataset, name, subject, seq): text for dataset, name, subject, seq, text in rows}

    def records(self, dataset: str) -> pl.DataFrame:
        """The records of a dataset with their lineage columns; without a written dataset their
        keys alone. Raises `Unusable` when the package has no such dataset.
        """
        if dataset not in self._frames:
            lineage = read_lineage(self.folder, dataset)
            if lineage is None:
                known = ", ".join(self.datasets)
                problem = NO_DATASET.problem(file=str(self.folder), value=dataset, known=known)
                raise Unusable(problem)
            values = self._values(dataset)
            if values is not None:
                self._held.add(dataset)
                told = lineage.select(c for c in lineage.columns if is_lineage(c))
                lineage = pl.concat([values, told], how="horizontal")
            self._frames[dataset] = lineage
        return self._frames[dataset]

    def holds(self, dataset: str) -> bool:
        """Whether the package holds the values of a dataset, as XPT or Dataset-JSON."""
        self.records(dataset)
        return dataset in self._held

    def of_subject(self, dataset: str, usubjid: str) -> list[Record]:
        """The records of a subject in a dataset; none where the package has no such dataset."""
        key = dataset, usubjid
        if key not in self._subjects:
            self._subjects[key] = []
            if dataset in self.datasets and "USUBJID" in self.records(dataset).columns:
                chosen = self.records(dataset).filter(pl.col("USUBJID") == usubjid)
                self._subjects[key] = chosen.to_dicts()
        return self._subjects[key]

    def file_of(self, form: str) -> str:
        """The export of a form, by its path inside the study folder."""
        return str(self.forms[form]["file"]) if form in self.forms else form

    def _values(self, dataset: str) -> pl.DataFrame | None:
        from trialect.converters.readers.dataset_json import read_dataset_json
        from trialect.converters.readers.xpt import XptReader

        folder = self.folder / sdtm_folder(self.studyid)
        name = re.compile(rf"{dataset.lower()}(\d*)\.xpt")
        parts = {
            int(found[1] or 0): file
            for file in folder.glob(f"{dataset.lower()}*.xpt")
            if (found := name.fullmatch(file.name))
        }
        if parts:
            frames = (
                frame for place in sorted(parts) for frame in XptReader(parts[place]).iter_batches()
            )
            return pl.concat(frames)
        other = self.folder / DATASET_JSON / f"{dataset.lower()}.json"
        return read_dataset_json(other).frame if other.is_file() else None


class Exports:
    """The cells of a study's exports. Raises `Unusable` when one is missing or has changed."""

    def __init__(self, study_folder: Path, package: TracedPackage) -> None:
        from trialect.converters.trial_sources import source_of, trial_source

        source = trial_source(source_of(study_folder))
        self._folder = source.home(study_folder)
        self._package = package
        self._declared = source.read_study(study_folder, None).study.records.forms

    def texts(self, rows: Mapping[str, Iterable[int]]) -> dict[tuple[str, int], Record]:
        """The cells of some rows of some forms, by form and row."""
        found = {}
        for form, numbers in rows.items():
            for batch in self._batches(form):
                kept = batch.filter(pl.col(ROW).is_in(list(numbers)))
                found.update({(form, row[ROW]): row for row in kept.iter_rows(named=True)})
        return found

    def _batches(self, form: str) -> Iterable[pl.DataFrame]:
        from trialect.converters.digest import digest
        from trialect.converters.readers import UNREADABLE_FILE, open_form
        from trialect.converters.readers.fhir import holds_fhir

        shown = self._package.file_of(form)
        path = self._folder / shown
        try:
            changed = digest(path) != self._package.forms[form]["sha256"]
        except OSError as error:
            reason = error.strerror or str(error)
            raise Unusable(UNREADABLE_FILE.problem(file=shown, reason=reason)) from error
        if changed:
            raise Unusable(SOURCE_CHANGED.problem(file=shown))
        if holds_fhir(path):
            return []  # an element is no column: its path and the resource's place are told
        declared = self._declared.get(form) or FormFile(path.name)
        return open_form(path, declared, name=shown).batches
