"""What went where, as boxes and bands: forms to datasets, datasets to outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trialect.converters.account import Account
from trialect.schemas.sdtm.model import datasets

READ, SDTM, WRITTEN = range(3)
"""The columns of boxes, from left to right."""

STUDY = "study.yaml"
DERIVED = "derived"
REJECTED = "rejected"

FORMATS = {"sdtm": "XPT", "dataset-json": "Dataset-JSON"}
"""The targets that hold every dataset as it is."""

FHIR_SOURCES: dict[str, tuple[str, ...]] = {
    "Patient": ("DM",),
    "ResearchSubject": ("DM",),
    "Consent": ("DS",),
    "Encounter": ("SV",),
    "Procedure": ("PR", "EX"),
    "MedicationAdministration": ("EX",),
    "QuestionnaireResponse": ("QS",),
    "Observation": ("QS", "IE"),
    "AdverseEvent": ("AE",),
    "Condition": ("MH",),
    "MedicationStatement": ("CM",),
}
"""The datasets whose records become resources of a type; the other types are the study's own."""

Key = tuple[int, str]
"""A box: its column and name."""


@dataclass(frozen=True, slots=True)
class Box:
    """A form, a dataset, an output: how many rows, records or resources it holds.

    `kind` is form, study, derived, dataset, fhir or rejected.
    """

    column: int
    name: str
    kind: str
    count: int
    label: str
    title: str

    @property
    def key(self) -> Key:
        """What bands name it by."""
        return self.column, self.name


@dataclass(frozen=True, slots=True)
class Band:
    """What went from one box to another; `kind` is mapped, study, derived, fhir or rejected."""

    start: Key
    end: Key
    kind: str
    count: int
    title: str


def boxes(account: Account) -> Iterator[Box]:
    """Every box, column by column."""
    for name, form in sorted(account.forms.items()):
        title = f"{form.file}: {form.rows:,} rows read, {form.mapped:,} mapped"
        title += f", {form.rejected:,} rejected" if form.rejected else ""
        yield Box(READ, name, "form", form.rows, f"{name} {form.rows:,} rows", title)
    for name, kind in ((STUDY, "study"), (DERIVED, "derived")):
        made = sum(
            count
            for (form_name, dataset), count in account.flows.items()
            if not form_name and _source(dataset) == name
        )
        if made:
            label = f"{name} {made:,} records"
            yield Box(READ, name, kind, made, label, label)
    for name, count in account.datasets.items():
        yield Box(SDTM, name, "dataset", count, f"{name} {count:,}", f"{name}: {count:,} records")
    if account.rejected:
        label = f"{REJECTED} {account.rejected:,} rows"
        yield Box(SDTM, REJECTED, "rejected", account.rejected, label, label)
    if (tables := _tables(account)) and account.datasets:
        records = sum(account.datasets.values())
        title = f"{len(account.datasets)} datasets, {records:,} records"
        yield Box(WRITTEN, tables, "dataset", records, f"{tables} {records:,} records", title)
    for name, count in sorted(account.fhir.items()):
        title = f"FHIR {name}: {count:,} resources"
        kind = "fhir" if name in FHIR_SOURCES else "study"
        yield Box(WRITTEN, name, kind, count, f"{name} {count:,}", title)


def bands(account: Account) -> Iterator[Band]:
    """Every band between two boxes."""
    for (form_name, dataset), count in sorted(account.flows.items()):
        start = form_name or _source(dataset)
        kind = "mapped" if form_name else "study" if start == STUDY else "derived"
        title = f"{start} → {dataset}: {count:,} records"
        yield Band((READ, start), (SDTM, dataset), kind, count, title)
    for name, form in sorted(account.forms.items()):
        if form.rejected:
            title = f"{name} → {REJECTED}: {form.rejected:,} rows"
            yield Band((READ, name), (SDTM, REJECTED), "rejected", form.rejected, title)
    if tables := _tables(account):
        for dataset, count in account.datasets.items():
            title = f"{dataset} → {tables}: {count:,} records"
            yield Band((SDTM, dataset), (WRITTEN, tables), "mapped", count, title)
    for name, count in sorted(account.fhir.items()):
        sources = [one for one in FHIR_SOURCES.get(name, ()) if account.datasets.get(one)]
        for source in sources:
            title = f"{source} → FHIR {name}"
            title += f": {count:,} resources" if len(sources) == 1 else ""
            records = account.datasets[source]
            yield Band((SDTM, source), (WRITTEN, name), "fhir", records, title)


def told(account: Account) -> str:
    """The picture in two sentences, for those who cannot see it."""
    rows = sum(form.rows for form in account.forms.values())
    return (
        f"{rows:,} rows of {len(account.forms)} forms: {rows - account.rejected:,} mapped, "
        f"{account.rejected:,} rejected. {sum(account.datasets.values()):,} SDTM records in "
        f"{len(account.datasets)} datasets, {sum(account.fhir.values()):,} FHIR resources."
    )


def _source(dataset: str) -> str:
    """Where records without a form come from: the protocol, or other records."""
    known = datasets().get(dataset)
    return STUDY if known is not None and known.observation_class == "Trial Design" else DERIVED


def _tables(account: Account) -> str:
    return ", ".join(name for target, name in FORMATS.items() if target in account.targets)
