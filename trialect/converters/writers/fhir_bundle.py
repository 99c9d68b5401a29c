"""FHIR as transaction bundles and NDJSON: the study once, then the subjects by partition.

A bundle holds whole subjects: those of one group of `fhir.bundle_subjects` in the trial's order,
in several bundles where they exceed `fhir.bundle_bytes`. So the bundles do not depend on the
partitions, as long as no group stands in two of them. Each entry is stored under the condition
that its identifier makes (`PUT Type?identifier=system|value`): sending a bundle twice changes
nothing. The study's bundle goes first; the others refer to what it holds by search.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from types import MappingProxyType

import numpy as np
import orjson
import polars as pl

from trialect.converters.writers.fhir_entries import BETWEEN, TAIL, head, study_bundle
from trialect.converters.writers.fhir_json import Rendered
from trialect.converters.writers.fhir_ndjson import joined, write_lines
from trialect.mappings.fhir import observation
from trialect.mappings.fhir.identity import Identity
from trialect.mappings.fhir.partition import SUBJECT, Codes, Partition
from trialect.mappings.fhir.protocol import Item, items_of
from trialect.mappings.fhir.relations import with_references
from trialect.mappings.fhir.study_resources import study_resources
from trialect.mappings.fhir.subject_resources import subject_resources
from trialect.problems import Problem, Problems, rule
from trialect.schemas.fhir.woven import Woven, numbered
from trialect.trial import Study

STUDY_BUNDLE = "study.json"
"""The name of the study's bundle; it sorts before those of the subjects."""

TOO_LARGE = rule(
    "FHIR-BUNDLE-SIZE",
    "warning",
    "A subject does not fit a bundle",
    "The resources of {usubjid} take {size} bytes, more than fhir.bundle_bytes ({limit});"
    " they stand in a bundle of their own.",
    "Raise fhir.bundle_bytes to what the receiving server takes.",
)


@dataclass(slots=True)
class FhirPart:
    """What was rendered, as facts that merge.

    `counts`: resources by type. `bundles`: names of the bundles' files with their SHA-256, in
    order. `items`: questions seen in QS, which `write_study` makes Questionnaires of.
    """

    counts: Counter[str] = field(default_factory=Counter)
    bundles: dict[str, str] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class Subjects(FhirPart):
    """Subjects that were rendered, and what their texts are woven of, for checking.

    `lines`: by type, those that were appended to its NDJSON file, numbered from 1. `entries`: those
    of the bundles, numbered by the places of these in `bundles`; `head`: how every bundle begins.
    """

    lines: dict[str, list[Woven]] = field(default_factory=dict)
    entries: list[Woven] = field(default_factory=list)
    head: bytes = b""


def write_partition(
    folder: Path,
    study: Study,
    codes: Codes,
    frames: Mapping[str, pl.DataFrame],
    *,
    first_subject: int = 0,
    positions: Sequence[int] | None = None,
    unblinded: bool = False,
    trial: Mapping[str, pl.DataFrame] = MappingProxyType({}),
) -> Subjects:
    """Write a partition's subjects into `folder`: ndjson/TYPE.ndjson and bundles/NAME.json.

    `frames` are the partition's domains with whole subjects, DM in the trial's order. A subject's
    place in the trial is `positions`, one number a row of DM; else they follow `first_subject`
    without a gap. `trial` are the datasets without subjects, of which RELREC relates records.
    Raises `Unusable` when the study has no base URL (fhir.base).
    """
    part = Partition(study, codes, frames, unblinded=unblinded, trial=trial)
    found = Subjects(head=head(study, part.identity))
    every: list[_Rendered] = []
    for resource in subject_resources(study.fhir.release):
        if resource.unblinded_only and not unblinded:
            continue
        rows = part.rows(resource)
        if rows.height:
            found.counts[resource.type] += rows.height
            rows, template = with_references(part, resource.type, rows, resource.template(part))
            whose = rows[SUBJECT].cast(pl.Int64)
            rendered = Rendered(template, rows, part.identity)
            every.append(_Rendered(resource.type, whose, rendered))
    for type_ in found.counts:
        alike = [one for one in every if one.type == type_]
        file = folder / "ndjson" / f"{type_}.ndjson"
        found.lines[type_] = _write_lines(file, alike)
    found.items = items_of(part.rows(observation.RESOURCE))
    count = part.subjects.height
    places = positions or range(first_subject, first_subject + count)
    names = part.subjects["USUBJID"].to_list()
    texts, subjects = _entries(every, names, places)
    bundle_of = np.zeros(count, np.int64)
    packing = enumerate(_packed(study, subjects, part.problems))
    for number, (name, packed) in packing:
        bundle_of[[one.number for one in packed]] = number
        text = joined(texts[packed[0].first : packed[-1].end], BETWEEN)
        found.bundles[name] = _write(folder / "bundles" / name, found.head, text, TAIL)
    for one in every:
        bundles = bundle_of[one.subjects.to_numpy()]
        found.entries += [numbered(some, bundles) for some in one.rendered.woven("bundle")]
    found.problems = list(part.problems)
    return found


@dataclass(frozen=True, slots=True)
class _Rendered:
    """The resources of one kind; `subjects` (Int64) has the subject of each."""

    type: str
    subjects: pl.Series
    rendered: Rendered


def _write_lines(file: Path, alike: Sequence[_Rendered]) -> list[Woven]:
    """Append resources of one type to their file, by subject; what the lines are woven of."""
    texts = pl.concat([one.rendered.lines() for one in alike], rechunk=True)
    numbers = np.arange(1, len(texts) + 1)
    if len(alike) > 1:
        subjects = pl.concat([one.subjects for one in alike]).to_numpy()
        order = np.argsort(subjects, kind="stable")
        texts = texts.gather(pl.Series(order))
        numbers[order] = np.arange(1, len(texts) + 1)
    write_lines(file, texts)
    ends = np.cumsum([len(one.subjects) for one in alike])
    found: list[Woven] = []
    for one, some in zip(alike, np.split(numbers, ends[:-1]), strict=True):
        found += [numbered(woven, some) for woven in one.rendered.woven("ndjson")]
    return found


def _entries(
    every: Sequence[_Rendered], names: Sequence[str], places: Sequence[int]
) -> tuple[pl.Series, list[Entries]]:
    """The texts of all entries by subject, and where in them each subject's stand."""
    none = pl.DataFrame(schema={SUBJECT: pl.Int64, "text": pl.String})
    ordered = pl.concat(
        [none]
        + [pl.DataFrame({SUBJECT: one.subjects, "text": one.rendered.entries()}) for one in every]
    ).sort(SUBJECT, maintain_order=True)
    sizes = ordered.group_by(SUBJECT).agg(pl.len(), pl.col("text").str.len_bytes().sum().alias("b"))
    known = {subject: (rows, size) for subject, rows, size in sizes.iter_rows()}
    subjects = []
    first = 0
    for subject, (name, place) in enumerate(zip(names, places, strict=True)):
        rows, size = known.get(subject, (0, 0))
        between = max(0, rows - 1) * len(BETWEEN)
        subjects.append(Entries(subject, name, place, size + between, first, first + rows))
        first += rows
    return ordered["text"], subjects


def write_study(
    folder: Path,
    study: Study,
    codes: Codes,
    items: Iterable[Item] = (),
    frames: Mapping[str, pl.DataFrame] = MappingProxyType({}),
    *,
    unblinded: bool = False,
) -> FhirPart:
    """Write the study's own resources into `folder`, as one bundle and as NDJSON.

    `items` are those of all partitions. Raises `Unusable` when the study has no base URL.
    """
    resources, problems = study_resources(study, codes, items, frames, unblinded=unblinded)
    found = FhirPart(items=list(items), problems=problems)
    identity = Identity(study)
    for resource in resources:
        kind = resource["resourceType"]
        found.counts[kind] += 1
        line = pl.Series([orjson.dumps(resource).decode()])
        write_lines(folder / "ndjson" / f"{kind}.ndjson", line)
    bundle = study_bundle(study, identity, resources)
    found.bundles[STUDY_BUNDLE] = _write(folder / "bundles" / STUDY_BUNDLE, bundle)
    return found


@dataclass(frozen=True, slots=True)
class Entries:
    """A subject's place in the trial, and the bundle entries: bytes, first row and the one after.

    `number` is the subject's in the partition. Subjects follow one another in the rows.
    """

    number: int
    usubjid: str
    place: int
    size: int
    first: int
    end: int


def _packed(
    study: Study, subjects: Iterable[Entries], problems: Problems
) -> Iterator[tuple[str, list[Entries]]]:
    """The subjects by bundle, with the bundles' names, from 1 in the trial's order."""
    limit = study.fhir.bundle_bytes
    for group, members in groupby(subjects, lambda one: one.place // study.fhir.bundle_subjects):
        for number, packed in enumerate(_within(limit, members, problems), start=1):
            yield f"subjects-{group + 1:06d}-{number:02d}.json", packed


def _within(limit: int, subjects: Iterable[Entries], problems: Problems) -> Iterator[list[Entries]]:
    packed: list[Entries] = []
    size = 0
    for subject in subjects:
        if not subject.size:
            continue
        if subject.size > limit:
            problems.add(
                TOO_LARGE.problem(
                    domain="DM", usubjid=subject.usubjid, size=subject.size, limit=limit
                )
            )
        if packed and size + subject.size > limit:
            yield packed
            packed, size = [], 0
        packed.append(subject)
        size += subject.size
    if packed:
        yield packed


def _write(file: Path, *parts: bytes) -> str:
    """Write a file; its SHA-256, taken while the bytes are at hand."""
    file.parent.mkdir(parents=True, exist_ok=True)
    found = hashlib.sha256()
    with file.open("wb") as out:
        for part in parts:
            found.update(part)
            out.write(part)
    return found.hexdigest()
