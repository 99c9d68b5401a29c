"""From registry records to a folder a trial: the list of steps, and nothing else.

Records are cut from their files in one process, made into folders in batches by as many as
`jobs` says, and moved into the package in the order in which they came; what is told of them goes
through the spool, so memory does not grow with their number.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import orjson

from trialect.converters.digest import digest
from trialect.converters.fhir_release import release_named
from trialect.converters.losses import all_json
from trialect.converters.package import (
    LOSSES_HTML,
    LOSSES_JSON,
    MANIFEST,
    REJECTED,
    REPORT_HTML,
    REPORT_JSON,
    building,
)
from trialect.converters.prs_upload import look_for_upload
from trialect.converters.study_sources import HeldRecord, StudySource, study_source
from trialect.converters.study_targets import STUDY_TARGETS
from trialect.converters.trial_folder import (
    Batch,
    MadeTrial,
    Making,
    finding_json,
    make_batch,
    ready,
)
from trialect.converters.trials_account import (
    FileAccount,
    TrialsAccount,
    output_json,
    write_manifest,
)
from trialect.converters.workers import workers
from trialect.converters.writers.losses_html import all_page
from trialect.converters.writers.trials_report import write_trials_html, write_trials_json
from trialect.problems import Problem, Severity, Unusable, rule

BATCH = 50
"""Records that are made together at most."""

BATCH_BYTES = 4_000_000
"""Bytes of records at which a batch is full."""

WORTH_PROCESSES = 2_000_000
"""Bytes of records for which starting other processes pays."""

AHEAD = 3
"""Batches a process that are read before they are asked for."""

UNKNOWN_TARGET = rule(
    "TRIALS-TARGET",
    "error",
    "A registry record cannot be written so",
    "{value!r} is no target of a registry record.",
    "The targets are {known}.",
)
NO_RECORDS = rule(
    "TRIALS-NONE",
    "error",
    "There is no record",
    "{file} holds no record of a trial.",
    "Name a file of records as the registry gives them.",
)
TWICE = rule(
    "TRIALS-TWICE",
    "error",
    "A trial is there twice",
    "{trial} was converted already, from record {first_row} of {first_file}.",
    "Keep one of the records; the later one was set aside.",
)
SHARED = rule(
    "TRIALS-STUDY-SHARED",
    "warning",
    "A study file says of all records what belongs to one",
    "{value} of the study file now stands in {count} trials.",
    "Give a study file of one trial with its record alone.",
)
ONE_TRIAL = ("studyid", "title", "brief_title", "acronym", "registrations", "identifier")
"""Facts that no two trials share."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class TrialsConversion:
    """What `convert_trials` did: the package's folder and the account of it."""

    out: Path
    account: TrialsAccount

    @property
    def errors(self) -> int:
        """The number of findings of severity error."""
        return self.account.open_errors

    @property
    def problems(self) -> list[Problem]:
        """All findings, read back from the package's report.json."""
        report = orjson.loads((self.out / REPORT_JSON).read_bytes())
        return [Problem.from_dict(one) for one in report["problems"]]


def convert_trials(
    source: Path,
    kind: str,
    out: Path | None = None,
    *,
    to: Sequence[str] | None = None,
    fhir_release: str | None = None,
    partial_upload: bool | None = None,
    jobs: int = 1,
    study: Path | None = None,
    progress: Progress | None = None,
) -> TrialsConversion:
    """Convert registry records into a package with a folder a trial at `out`.

    `kind` is the path's source (`study_sources`), `to` the targets (default: all that a Study
    alone can be written as), `study` a study.yaml whose facts stand in place of the records'.
    Raises `Unusable` when nothing can be converted; a record that cannot is set aside in
    rejected/, and everything else is a finding in the package's report.
    """
    reading = study_source(kind)
    targets = _targets(to)
    look_for_upload(partial_upload, targets)
    destination = out if out is not None else source.with_name(f"{source.stem}-out")
    release = release_named(fhir_release) if fhir_release is not None else None
    file = (study, _study_file(study)) if study is not None else None
    account = TrialsAccount(kind, targets)
    for path in reading.files(source):
        account.inputs.append((_name(source, path), digest(path), path.stat().st_size))
    large = sum(size for _, _, size in account.inputs) >= WORTH_PROCESSES
    if file is not None and study is not None:
        account.inputs.append((study.name, digest(study), len(file[1])))
    with building(destination, source) as package:
        spool = package.parent / "spool"
        spool.mkdir()
        making = Making(kind, targets, spool, file, release, partial_upload)
        with _Ledger(package, spool, account) as ledger:
            _make_all(reading, source, making, jobs if large else 1, ledger, progress or _silent)
            if not account.read:
                raise Unusable(NO_RECORDS.problem(file=str(source)))
            ledger.whole(_of_all(account, file))
        shutil.rmtree(spool / "made", ignore_errors=True)
        _close(package, spool, account)
    return TrialsConversion(destination, account)


def _make_all(
    reading: StudySource,
    source: Path,
    making: Making,
    jobs: int,
    ledger: _Ledger,
    tell: Progress,
) -> None:
    waiting: deque[Batch] = deque()
    with workers(jobs, ready, making) as run:
        batches = _noted(_batches(reading.records(source)), waiting)
        for made in run(make_batch, making, batches, ahead=jobs * AHEAD):
            batch = waiting.popleft()
            ledger.account.rules.update(made.rules)
            for held, trial in zip(batch.records, made.trials, strict=True):
                ledger.add(held, trial)
            shutil.rmtree(making.spool / str(batch.number), ignore_errors=True)
            tell(f"{ledger.account.read:,} records", 0, 1)


def _noted(batches: Iterable[Batch], waiting: deque[Batch]) -> Iterator[Batch]:
    for batch in batches:
        waiting.append(batch)
        yield batch


def _batches(records: Iterable[HeldRecord]) -> Iterator[Batch]:
    number, size = 0, 0
    few: list[HeldRecord] = []
    for one in records:
        few.append(one)
        size += len(one.text)
        if len(few) == BATCH or size >= BATCH_BYTES:
            yield Batch(number, tuple(few))
            number, size, few = number + 1, 0, []
    if few:
        yield Batch(number, tuple(few))


class _Ledger:
    """Takes what became of each record, in their order, into the package and the spool."""

    def __init__(self, package: Path, spool: Path, account: TrialsAccount) -> None:
        self.package = package
        self.spool = spool
        self.account = account
        self.taken: dict[str, tuple[str, int]] = {}
        self._open = ExitStack()
        self.findings = self._file("findings")
        self.trials = self._file("trials")
        self.outputs = self._file("outputs")
        self.reasons: list[tuple[str, int, str, str, str, str]] = []

    def __enter__(self) -> _Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _file(self, name: str) -> BinaryIO:
        return self._open.enter_context((self.spool / name).open("wb"))

    def add(self, held: HeldRecord, made: MadeTrial) -> None:
        """Take a record's folder into the package, or the record into rejected/."""
        account = self.account
        account.read += 1
        file = account.files.setdefault(held.file, FileAccount())
        file.read += 1
        name = folder_name(made.trial, held)
        if made.built is not None and (first := self.taken.get(name.casefold())) is not None:
            made = self._twice(held, made, first)
        account.by_rule.update(made.by_rule)
        account.trials_by_rule.update(made.by_rule.keys())
        self.findings.writelines(line + b"\n" for line in made.findings)
        if made.built is None:
            file.rejected += 1
            account.rejected += 1
            self._reject(held, made)
            return
        file.converted += 1
        account.trials += 1
        account.unwritten.update(made.unwritten)
        self.taken[name.casefold()] = (held.file, held.number)
        made.built.rename(self.package / name)
        self.outputs.writelines(
            output_json(f"{name}/{path}", sha256, size) for path, sha256, size in made.files
        )
        account.standards = account.standards or made.standards
        if made.losses is not None:
            account.losses.add(made.losses)
        self.trials.write(_trial_json(held, made, name, account) + b"\n")

    def _twice(self, held: HeldRecord, made: MadeTrial, first: tuple[str, int]) -> MadeTrial:
        problem = TWICE.problem(
            file=held.file,
            row=held.number,
            trial=made.trial,
            first_file=first[0],
            first_row=first[1],
        )
        self.account.rules[TWICE.id] = TWICE
        reason = (problem.rule, f"{problem.message} {problem.mend}")
        told = finding_json(problem.as_dict())
        return MadeTrial(made.trial, None, "", [], [told], {TWICE.id: 1}, [reason])

    def _reject(self, held: HeldRecord, made: MadeTrial) -> None:
        """Keep the record as it stands in its file, to be mended and fed again."""
        folder = self.package / REJECTED
        folder.mkdir(exist_ok=True)
        name = f"{_plain(Path(held.file).stem)[:60] or 'record'}-{held.number:06}.json"
        content = held.text
        (folder / name).write_bytes(content)
        self.outputs.write(_digested(f"{REJECTED}/{name}", content))
        rules, texts = zip(*made.reasons, strict=True) if made.reasons else ((), ())
        row = (held.file, held.number, made.trial, name, "; ".join(rules), " ".join(texts))
        with (self.spool / "rejected").open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow(row)

    def whole(self, found: Iterable[Problem]) -> None:
        """Tell what is true of all records together."""
        for one in found:
            self.account.by_rule[one.rule] += 1
            self.findings.write(finding_json(one.as_dict()) + b"\n")


def _trial_json(held: HeldRecord, made: MadeTrial, name: str, account: TrialsAccount) -> bytes:
    counts = dict.fromkeys(Severity, 0)
    for broken, count in made.by_rule.items():
        counts[account.rules[broken].severity] += count
    told = {
        "trial": made.trial,
        "folder": name,
        "title": made.title,
        "file": held.file,
        "row": held.number,
        "files": len(made.files),
        **{f"{severity.value}s": count for severity, count in counts.items()},
    }
    return finding_json(told)


def folder_name(trial: str, held: HeldRecord) -> str:
    """The folder of a trial: its identifier where that names one, else its record's place."""
    name = _plain(trial)[:100]
    if name and name.casefold() not in _TAKEN:
        return name
    return f"{_plain(Path(held.file).stem)[:60] or 'record'}-{held.number:06}"


_TAKEN = {MANIFEST, REPORT_JSON, REPORT_HTML, REJECTED, LOSSES_JSON, LOSSES_HTML}


def _plain(text: str) -> str:
    name = "".join(
        one if one.isascii() and (one.isalnum() or one in "-_.") else "-" for one in text
    )
    return name.strip("-.")


def _close(package: Path, spool: Path, account: TrialsAccount) -> None:
    """Write what speaks of all trials, and the manifest, which knows every file."""
    written: list[bytes] = []

    def put(name: str, content: bytes) -> None:
        (package / name).write_bytes(content)
        written.append(_digested(name, content))

    rejected = spool / "rejected"
    if rejected.exists():
        head = io.StringIO(newline="")
        csv.writer(head).writerow(("file", "record", "trial", "kept_as", "rules", "reason"))
        put(
            f"{REJECTED}/rejected.csv",
            b"\xef\xbb\xbf" + head.getvalue().encode() + rejected.read_bytes(),
        )
    put(LOSSES_JSON, all_json(account.losses, account.trials))
    put(LOSSES_HTML, all_page(account.losses, account.trials))
    for name, write in ((REPORT_JSON, write_trials_json), (REPORT_HTML, write_trials_html)):
        write(package / name, account, spool / "trials", spool / "findings")
        path = package / name
        written.append(output_json(name, digest(path), path.stat().st_size))
    with (spool / "trials").open("rb") as trials, (spool / "outputs").open("rb") as outputs:
        lines = (line for part in (sorted(written), outputs) for line in part)
        write_manifest(package / MANIFEST, account, trials, lines)


def _digested(name: str, content: bytes) -> bytes:
    from hashlib import sha256

    return output_json(name, sha256(content).hexdigest(), len(content))


def _of_all(account: TrialsAccount, file: tuple[Path, bytes] | None) -> Iterator[Problem]:
    if file is None or account.trials < 2:
        return
    from trialect.converters.readers.yaml_tree import parse

    root = parse(file[1], file[0].name)
    for name in ONE_TRIAL:
        if name in root.entries:
            account.rules[SHARED.id] = SHARED
            yield SHARED.problem(
                file=file[0].name,
                row=root.entries[name].line,
                field=name,
                value=name,
                count=f"{account.trials:,}",
            )


def _targets(to: Sequence[str] | None) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(to or STUDY_TARGETS))
    known = ", ".join(STUDY_TARGETS)
    unknown = [one for one in wanted if one not in STUDY_TARGETS]
    if unknown:
        raise Unusable([UNKNOWN_TARGET.problem(value=one, known=known) for one in unknown])
    return wanted


def _study_file(path: Path) -> bytes:
    """The content of a study file, which is looked into before anything is begun."""
    from trialect.converters.readers import yaml_tree
    from trialect.converters.readers.study_yaml import NO_STUDY, said_over

    try:
        content = yaml_tree.content(path)
    except OSError as error:
        raise Unusable(NO_STUDY.problem(file=str(path), where=f" ({error.strerror})")) from None
    said_over(content, path)
    return content


def _name(source: Path, path: Path) -> str:
    """What problems call a file: its name, in a folder with the way to it."""
    return path.relative_to(source).as_posix() if source.is_dir() else path.name


def _silent(step: str, done: int, total: int) -> None:
    """No progress is told."""
