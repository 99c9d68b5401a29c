"""What the parts of a conversion leave behind, joined: counts, problems, rejected rows, digests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import orjson
import polars as pl

from trialect.converters.account import Account, FormAccount, Output
from trialect.converters.digest import digest
from trialect.converters.package import REJECTED
from trialect.converters.partition import Job, Part
from trialect.converters.review import place_of
from trialect.converters.stage import rejected_frames
from trialect.converters.trial_sources import trial_source
from trialect.converters.writers.rejected import write_rejected
from trialect.mappings.fhir_sdtm import TOLD_ONCE
from trialect.metadata import DatasetMeta, Provenance
from trialect.problems import Problem
from trialect.schemas.ct import terminology
from trialect.schemas.sdtm.checks import CHECKS
from trialect.schemas.sdtm.model import datasets


def account(
    job: Job, folder: Path, targets: tuple[str, ...], stamp: datetime, parts: Sequence[Part]
) -> Account:
    """The account of what was read and mapped; outputs and problems are added later."""
    whole = Account(job.study, targets, job.unblinded, stamp.isoformat())
    for name, form in sorted(job.staged.forms.items()):
        rejected = form.rejected + sum(part.rejected[name] for part in parts)
        whole.forms[name] = FormAccount(
            file=form.file,
            sha256=form.sha256,
            bytes=form.bytes,
            rows=form.rows,
            mapped=sum(part.mapped[name] for part in parts),
            rejected=rejected,
        )
        if not form.per_subject:
            whole.forms[name].mapped = form.rows - form.rejected
    home = folder if folder.is_dir() else folder.parent
    whole.other_inputs = [
        _output(home, path)
        for path in sorted(trial_source(job.source).inputs(folder))
        if path.is_file()
    ]
    whole.terminology = terminology(job.study.sdtm.ct).content_sha256
    counts: dict[str, int] = {}
    for part in parts:
        whole.subjects += part.subjects
        whole.flows.update(part.flows)
        for name, one in part.profiles.items():
            counts[name] = counts.get(name, 0) + one.rows
    places = {name: place for place, name in enumerate(datasets())}
    whole.datasets = dict(
        sorted(counts.items(), key=lambda one: (places.get(one[0], len(places)), one[0]))
    )
    return whole


def other_input(path: Path, name: str) -> Output:
    """A file beside the source that was read, by the name that the manifest gives it."""
    return Output(name, digest(path), path.stat().st_size)


def provenance(job: Job, parts: Sequence[Part]) -> list[Provenance]:
    """Every instruction that filled a variable, each once: the tables', then those that partitions
    tell, of derivations and of what resources carry.
    """
    found = {one for part in parts for one in part.provenance}
    by_place = sorted(
        found, key=lambda one: (one.domain, one.variable, one.block, one.verb, one.columns)
    )
    return [*dict.fromkeys(job.tables.provenance), *by_place]


def frames(parts: Sequence[Part], dataset: str) -> Iterator[pl.LazyFrame]:
    """A dataset's records with their lineage, part by part, to be read column by column."""
    for part in parts:
        file = part.frame_file(dataset)
        if file.exists():
            yield pl.scan_ipc(file)


def transliterated(parts: Sequence[Part]) -> Iterator[pl.DataFrame]:
    """The cells that were spelled in ASCII, in one order whatever the parts."""
    files = [part.folder / "transliterated.arrow" for part in parts]
    changed = [pl.read_ipc(file) for file in files if file.exists()]
    if changed:
        yield pl.concat(changed).sort(pl.all(), nulls_last=True)


def write_rejected_rows(package: Path, job: Job, parts: Sequence[Part]) -> None:
    """Write rejected/<form>.csv for each form that has quarantined rows."""
    for name, form in sorted(job.staged.forms.items()):
        files = [part.rejected_file(name) for part in parts]
        mapped = [pl.read_ipc(file) for file in files if file.exists()]
        kept = [*rejected_frames(job.staged, name), *mapped]
        write_rejected(package / REJECTED, name, kept, delimiter=form.delimiter)


def problems(parts: Sequence[Part]) -> list[Problem]:
    """All problems, the worst first, then by rule and place; what a rule says once of a value in
    a dataset is not said again by another partition.
    """
    found: list[Problem] = []
    said: set[tuple[str | None, ...]] = set()
    once = {check.rule.id for check in CHECKS.values() if check.once}
    for part in parts:
        if not part.problems_file.exists():
            continue
        with part.problems_file.open("rb") as lines:
            for one in map(Problem.from_dict, map(orjson.loads, lines)):
                if one.rule in once or one.rule in TOLD_ONCE:
                    told = one.message if one.rule in TOLD_ONCE else one.value
                    key = (one.rule, one.domain, one.variable, told)
                    if key in said:
                        continue
                    said.add(key)
                found.append(one)
    return sorted(found, key=place_of)


def count(account: Account, problems: Sequence[Problem]) -> None:
    """Count the problems in the account."""
    account.by_rule = Counter(problem.rule for problem in problems)
    account.by_severity = Counter(problem.severity for problem in problems)
    account.by_domain = Counter(problem.domain for problem in problems if problem.domain)


def fingerprint(package: Path, account: Account, metas: Sequence[DatasetMeta]) -> None:
    """Add every file of the package to the account, with its SHA-256 and number of records."""
    rows = {meta.name.lower(): meta.rows for meta in metas}
    paths = sorted(path for path in package.rglob("*") if path.is_file())
    with ThreadPoolExecutor(2) as pool:
        outputs = list(pool.map(lambda path: _output(package, path, account.digests), paths))
    account.outputs = [
        Output(one.file, one.sha256, one.bytes, _records(Path(one.file), rows)) for one in outputs
    ]


def _records(file: Path, rows: dict[str, int]) -> int | None:
    return rows.get(file.stem) if file.suffix in {".xpt", ".json", ".ndjson"} else None


def _output(folder: Path, path: Path, known: Mapping[str, str] = MappingProxyType({})) -> Output:
    name = path.relative_to(folder).as_posix()
    return Output(name, known.get(name) or digest(path), path.stat().st_size)
