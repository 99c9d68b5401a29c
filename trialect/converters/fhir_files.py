"""The FHIR files of a package: rendered by partition, joined, and all of them checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from trialect.converters.account import Account
from trialect.converters.fhir_records import with_records
from trialect.converters.fhir_values import check_values
from trialect.converters.join_files import join_files
from trialect.converters.package import FHIR_BUNDLES, FHIR_NDJSON
from trialect.converters.partition import Job, Part
from trialect.converters.writers.fhir_bundle import (
    FhirPart,
    Subjects,
    write_partition,
    write_study,
)
from trialect.problems import Problem
from trialect.schemas.fhir import (
    ReferenceIndex,
    check_bundle_texts,
    check_ndjson,
)
from trialect.schemas.fhir.woven_files import check_woven, check_woven_bundles


def render(job: Job, frames: Mapping[str, pl.DataFrame], part: Part) -> list[Problem]:
    """Render one partition's subjects into its spool, and check what was rendered.

    A few subjects have a folder: when their files are joined, each is removed as soon as it is
    copied, and the next copy is made in the memory that it leaves. Memory that the system has not
    given out before costs ten times as much.
    """
    found: list[Problem] = []
    part.references = ReferenceIndex()
    slices = _slices(frames, part.places, job.study.fhir.bundle_subjects)
    for number, (few, places) in enumerate(slices):
        folder = part.folder / "fhir" / f"{number:04d}"
        part.fhir_folders.append(folder)
        written = write_partition(
            folder,
            job.study,
            job.tables.item_codes,
            few,
            positions=places,
            unblinded=job.unblinded,
            trial=job.trial_frames,
        )
        found += check_written(folder, written, part.references, job.study.fhir.release)
        part.fhir.update(written.counts)
        part.bundles.update(written.bundles)
        part.fhir_items += [item for item in written.items if item not in part.fhir_items]
        found += written.problems
        if "QS" in few:
            observations = folder / "ndjson" / "Observation.ndjson"
            found += check_values(observations, few["QS"], blinded=not job.unblinded)
    part.references.settle()
    return found


def check_written(
    folder: Path, written: Subjects, index: ReferenceIndex, release: str
) -> Iterator[Problem]:
    """The problems of subjects that were written into `folder`; references are noted in `index`."""
    for type_, lines in written.lines.items():
        file = str(folder / "ndjson" / f"{type_}.ndjson")
        told = list(check_woven(lines, file, index, release))
        yield from map(_shown, with_records(told, Path))
    bundles = {f"{FHIR_BUNDLES}/{name}": folder / "bundles" / name for name in written.bundles}
    texts = [(name, path.read_bytes) for name, path in bundles.items()]
    found = list(check_woven_bundles(written.entries, written.head, texts, release))
    yield from with_records(found, bundles.get)


BUNDLES_AT_ONCE = 240
"""Bundles' worth of subjects that are rendered at once: their texts are what memory holds."""


def _slices(
    frames: Mapping[str, pl.DataFrame], places: Sequence[int], bundle_subjects: int
) -> Iterator[tuple[dict[str, pl.DataFrame], list[int]]]:
    """The domains of a few whole bundles' subjects at a time, with the subjects' places.

    Records of subjects that DM does not have go with the first, to be told.
    """
    subjects = frames["DM"]["USUBJID"]
    keys = pl.Series("@slice", [p // (bundle_subjects * BUNDLES_AT_ONCE) for p in places], pl.Int64)
    if keys.n_unique() < 2:
        yield dict(frames), list(places)
        return
    owners = pl.DataFrame({"USUBJID": subjects, "@slice": keys})
    first = keys[0]
    marked = {
        name: frame.join(owners, on="USUBJID", how="left", maintain_order="left").with_columns(
            pl.col("@slice").fill_null(first)
        )
        for name, frame in frames.items()
        if "USUBJID" in frame.columns
    }
    for key in keys.unique(maintain_order=True):
        few = {
            name: frame.filter(pl.col("@slice") == key).drop("@slice")
            for name, frame in marked.items()
        }
        yield few, [p for p, k in zip(places, keys, strict=True) if k == key]


def check_rendered(folder: Path, index: ReferenceIndex, release: str) -> Iterator[Problem]:
    """The problems of the FHIR files in a folder; their references are noted in `index`."""
    for path in sorted((folder / "ndjson").glob("*.ndjson")):
        with path.open("rb") as lines:
            found = list(check_ndjson(lines, file=str(path), release=release, index=index))
        yield from map(_shown, with_records(found, Path))
    bundles = {
        f"{FHIR_BUNDLES}/{one.name}": one for one in sorted((folder / "bundles").glob("*.json"))
    }
    texts = ((name, one.read_bytes()) for name, one in bundles.items())
    yield from with_records(list(check_bundle_texts(texts, release)), bundles.get)


def join_fhir(
    job: Job, package: Path, parts: Sequence[Part], account: Account
) -> Iterator[Problem]:
    """Write the study's own resources, join the parts, count, and check what spans them."""
    items = [item for part in parts for item in part.fhir_items]
    home = job.spool / "study-fhir"
    study: FhirPart = write_study(
        home,
        job.study,
        job.tables.item_codes,
        items,
        job.trial_frames,
        unblinded=job.unblinded,
    )
    yield from study.problems
    index = ReferenceIndex()
    yield from check_rendered(home, index, job.study.fhir.release)
    bundles, ndjson = package / FHIR_BUNDLES, package / FHIR_NDJSON
    bundles.mkdir(parents=True)
    ndjson.mkdir(parents=True)
    account.fhir.update(study.counts)
    for part in parts:
        account.fhir.update(part.fhir)
        if part.references is not None:
            index.merge(part.references)
    between = [*index.unresolved(release=job.study.fhir.release), *index.duplicates()]
    yield from map(_shown, with_records(between, Path))
    pieces: dict[str, list[Path]] = {}
    digests = account.digests
    for known in (study.bundles, *(part.bundles for part in parts)):
        digests.update({f"{FHIR_BUNDLES}/{name}": digest for name, digest in known.items()})
    for folder in (home, *(folder for part in parts for folder in part.fhir_folders)):
        for path in (folder / "bundles").glob("*.json"):
            path.rename(bundles / path.name)
        for path in sorted((folder / "ndjson").glob("*.ndjson")):
            pieces.setdefault(path.name, []).append(path)
    for name, found in pieces.items():
        digests[f"{FHIR_NDJSON}/{name}"] = join_files(found, ndjson / name)


def _shown(problem: Problem) -> Problem:
    """A problem of a part's file, named by the file of the package that it becomes part of."""
    return problem.at(file=f"{FHIR_NDJSON}/{Path(problem.file or '').name}", row=None)
