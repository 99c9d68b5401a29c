"""Exports into partitions of subjects, on disk, so that no later step needs the whole trial.

Each form is read once, in batches. A batch is sorted by subject and written to the spool; the
subjects of all forms, in code-point order, are cut into partitions, and a partition of a form is
a stretch of each of its batches. So the contents of a partition do not depend on the batches.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from trialect.converters.did_you_mean import meant
from trialect.converters.digest import digest
from trialect.converters.form_files import FormFiles
from trialect.converters.readers import open_form
from trialect.converters.readers.form import ERROR_CELL, OWN_COLUMNS, Misfit, OpenForm, frame_of
from trialect.converters.rejected import Rejected
from trialect.converters.spool import write_frame
from trialect.problems import Problem, Problems, Unusable, rule
from trialect.study_options import FormFile
from trialect.trial import ROW, Study

SUBJECT = "@subject"
"""Column (String) that `load` adds: the subject's key in the exports, trimmed."""

REJECT_ROW, REJECT_RULE, REJECT_REASON = (OWN_COLUMNS + name for name in ("row", "rule", "reason"))
"""The columns that rejected rows carry before their own; readers skip them."""

NO_SUBJECT_COLUMN = rule(
    "STAGE-NO-SUBJECT-COLUMN",
    "error",
    "The column that names the subject is missing",
    "form {form!r} has no column {value!r}, which names the subject; it has {found}.{meant}",
    "Name it as `subject` under records (or records.forms) in study.yaml, or declare "
    "`per_subject: false` for a form without subjects.",
)
NO_VISIT_COLUMN = rule(
    "STAGE-NO-VISIT-COLUMN",
    "error",
    "The column that names the visit is missing",
    "form {form!r} has no column {value!r}, which study.yaml says names the visit.{meant}",
    "Correct the form's `visit` in study.yaml.",
)
NO_SUBJECT = rule(
    "STAGE-NO-SUBJECT",
    "error",
    "A row names no subject",
    "the row names no subject; it is rejected.",
    "Fill the column, or delete the row.",
)
BLANK_ROWS = rule(
    "STAGE-BLANK-ROWS",
    "note",
    "Rows without any value are skipped",
    "{count} rows hold no value at all and are skipped, the first of them row {row}.",
)


@dataclass(frozen=True, slots=True)
class StagedBatch:
    """One file of the spool; partition k of it is the rows `cuts[k]` to `cuts[k + 1]`.

    A form without subjects has no cuts.
    """

    file: str
    cuts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StagedForm:
    """A form as it was read.

    `file` is its path inside the study folder, `rows` the records read, `rejected` those of them
    that staging kept out; blank rows are in neither. `columns` are the form's own, in order.
    """

    file: str
    sha256: str
    bytes: int
    columns: tuple[str, ...]
    delimiter: str
    per_subject: bool
    rows: int
    rejected: int
    batches: tuple[StagedBatch, ...]
    rejected_files: tuple[str, ...]


@dataclass(slots=True)
class Staged:
    """The exports in the spool: what `load` needs, and the account of what was read.

    It goes to the processes that map; `problems` stay behind when it is pickled.
    """

    spool: Path
    subjects: int
    partitions: int
    partition_subjects: int
    forms: dict[str, StagedForm]
    missing: tuple[str, ...]
    problems: Problems = field(default_factory=Problems)

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The columns of each form, in the order of its file."""
        return {name: form.columns for name, form in self.forms.items()}

    @property
    def rejected(self) -> list[Rejected]:
        """The rows that staging kept out, by form and in the order of the file."""
        return [
            Rejected(name, row, broken, reason)
            for name in self.forms
            for frame in rejected_frames(self, name)
            for row, broken, reason in frame.select(
                REJECT_ROW, REJECT_RULE, REJECT_REASON
            ).iter_rows()
        ]

    def __getstate__(self) -> dict[str, Any]:
        return {
            "spool": self.spool,
            "subjects": self.subjects,
            "partitions": self.partitions,
            "partition_subjects": self.partition_subjects,
            "forms": self.forms,
            "missing": self.missing,
            "problems": Problems(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)


def stage(
    study: Study,
    folder: Path,
    spool: Path,
    *,
    forms: Collection[str],
    partition_subjects: int | Callable[[int], int],
    batch_rows: int | None = None,
) -> Staged:
    """Read the forms that are named and lay them down in `spool`, cut into partitions.

    `partition_subjects` are the subjects in a partition, or how many those are of a given number.
    Raises `Unusable` with everything that is wrong when any of them cannot be read: a file that
    is missing or ambiguous, a column that is not there, bytes that are no text.
    """
    problems = Problems()
    broken: list[Problem] = []
    files = FormFiles(folder, study.records.folder)
    found: dict[str, tuple[Path, FormFile]] = {}
    for form in sorted(forms):
        declared = study.records.forms.get(form)
        try:
            found[form] = files.find(form, declared)
        except Unusable as unusable:
            broken += unusable.problems
    problems.extend(files.unused({path for path, _ in found.values()}))
    spool.mkdir(parents=True, exist_ok=True)
    spooled: dict[str, _Spooled] = {}
    subjects: set[str] = set()
    for number, (form, (path, declared)) in enumerate(found.items()):
        writing = _Spooled(form, path, files.shown(path), declared, study, spool, f"{number:03d}")
        try:
            writing.read(subjects, problems, batch_rows)
        except Unusable as unusable:
            broken += unusable.problems
        else:
            spooled[form] = writing
    if broken:
        raise Unusable([*broken, *problems.errors])
    keys = pl.Series(SUBJECT, sorted(subjects), pl.String)
    size = partition_subjects
    if callable(size):
        size = size(len(keys))
    firsts = keys[size::size]
    prints: dict[Path, str] = {}
    return Staged(
        spool=spool,
        subjects=len(keys),
        partitions=len(firsts) + 1,
        partition_subjects=size,
        forms={form: writing.cut(firsts, prints) for form, writing in spooled.items()},
        missing=study.records.missing,
        problems=problems,
    )


def load(staged: Staged, partition: int, *, as_read: bool = False) -> dict[str, pl.DataFrame]:
    """The rows of one partition of every form, in the order of the file.

    The columns are the form's (String), `@row` (Int64), and `@subject` (String), which a form
    without subjects lacks; such a form is there whole. The texts that `records.missing` declares
    are null, unless the rows are wanted as they were read.
    """
    loaded = {}
    for name, form in staged.forms.items():
        frames = [_empty(form)]
        for batch in form.batches:
            file = pl.scan_ipc(staged.spool / batch.file)
            if not form.per_subject:
                frames.append(file.collect())
                continue
            start, end = batch.cuts[partition], batch.cuts[partition + 1]
            if end > start:
                frames.append(file.slice(start, end - start).collect())
        frame = pl.concat(frames).sort(ROW)
        if staged.missing and not as_read:
            columns = pl.col(form.columns)
            absent = columns.str.strip_chars().is_in(list(staged.missing))
            frame = frame.with_columns(pl.when(~absent).then(columns))
        loaded[name] = frame
    return loaded


def rejected_frames(staged: Staged, form: str) -> Iterator[pl.DataFrame]:
    """The rows of a form that staging kept out, as `writers.rejected` writes them.

    `trialect_row` (Int64), `trialect_rule`, `trialect_reason`, then the form's columns. Fields
    beyond the header stand in the reason.
    """
    for file in staged.forms[form].rejected_files:
        yield pl.read_ipc(staged.spool / file)


def _empty(form: StagedForm) -> pl.DataFrame:
    schema: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys(form.columns, pl.String)
    schema[ROW] = pl.Int64
    if form.per_subject:
        schema[SUBJECT] = pl.String
    return pl.DataFrame(schema=schema)


@dataclass(slots=True)
class _Spooled:
    """One form on its way into the spool."""

    form: str
    path: Path
    file: str
    declared: FormFile
    study: Study
    spool: Path
    number: str
    opened: OpenForm = field(init=False)
    rows: int = 0
    rejected: int = 0
    blank: list[int] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)
    rejected_files: list[str] = field(default_factory=list)

    def read(self, subjects: set[str], problems: Problems, batch_rows: int | None) -> None:
        """Read the file into the spool, adding its subjects; raises `Unusable`."""
        self.opened = open_form(self.path, self.declared, name=self.file, batch_rows=batch_rows)
        subject = self._check_columns()
        blank_rows, first_blank = 0, None
        for batch in self.opened.batches:
            frame, blank = _without_blank(batch)
            if blank.len():
                blank_rows += blank.len()
                first_blank = first_blank or blank[0]
            self.rows += frame.height
            if subject is not None:
                frame = self._by_subject(frame, subject, problems)
                subjects.update(frame[SUBJECT].unique().to_list())
            self._take_misfits()
            if frame.height:
                self.batches.append(self._write(frame, f"{len(self.batches):05d}"))
        self._take_misfits()
        if blank_rows:
            problems.add(BLANK_ROWS.problem(file=self.file, row=first_blank, count=blank_rows))
        problems.extend(
            problem
            for problem in self.opened.problems
            if problem.rule != ERROR_CELL.id or problem.value not in self.study.records.missing
        )

    def cut(self, firsts: pl.Series, prints: dict[Path, str]) -> StagedForm:
        """The form with its batches cut at the first subject of each further partition."""
        if self.path not in prints:
            prints[self.path] = digest(self.path)
        return StagedForm(
            file=self.file,
            sha256=prints[self.path],
            bytes=self.path.stat().st_size,
            columns=self.opened.columns,
            delimiter=self.opened.delimiter,
            per_subject=self.declared.per_subject,
            rows=self.rows,
            rejected=self.rejected,
            batches=tuple(StagedBatch(name, self._cuts(name, firsts)) for name in self.batches),
            rejected_files=tuple(self.rejected_files),
        )

    def _check_columns(self) -> str | None:
        """The subject's column, None for a form without; raises `Unusable`."""
        columns = self.opened.columns
        subject = self.declared.subject or self.study.records.subject
        found: list[Problem] = []
        if self.declared.per_subject and subject not in columns:
            listed = ", ".join(columns[:30]) + (", ..." if len(columns) > 30 else "")
            found.append(
                NO_SUBJECT_COLUMN.problem(
                    file=self.file,
                    form=self.form,
                    value=subject,
                    found=listed,
                    meant=meant(subject, columns),
                )
            )
        visit = self.declared.visit
        if visit is not None and visit not in columns:
            found.append(
                NO_VISIT_COLUMN.problem(
                    file=self.file, form=self.form, value=visit, meant=meant(visit, columns)
                )
            )
        if found:
            raise Unusable(found)
        return subject if self.declared.per_subject else None

    def _by_subject(self, frame: pl.DataFrame, subject: str, problems: Problems) -> pl.DataFrame:
        """The rows that name a subject, in the order of `@subject`; the others are rejected."""
        key = pl.col(subject).str.strip_chars()
        absent = key.is_null() | key.is_in(["", *self.study.records.missing])
        frame = frame.with_columns(pl.when(~absent).then(key).alias(SUBJECT))
        nameless = frame.filter(pl.col(SUBJECT).is_null()).drop(SUBJECT)
        if nameless.height:
            frame = frame.filter(pl.col(SUBJECT).is_not_null())
            found = [
                NO_SUBJECT.problem(file=self.file, row=row, field=subject)
                for row in nameless[ROW].to_list()
            ]
            problems.extend(found)
            self._reject(
                nameless.select(
                    pl.col(ROW).alias(REJECT_ROW),
                    pl.lit(NO_SUBJECT.id).alias(REJECT_RULE),
                    pl.lit(found[0].message).alias(REJECT_REASON),
                    pl.exclude(ROW),
                )
            )
        if frame[SUBJECT].is_sorted():
            return frame
        return frame.sort(SUBJECT, maintain_order=True)

    def _take_misfits(self) -> None:
        if self.opened.misfits:
            frame = _misfit_frame(self.opened.header, self.opened.misfits)
            self.rows += frame.height
            self._reject(frame)
            self.opened.misfits.clear()

    def _reject(self, frame: pl.DataFrame) -> None:
        self.rejected += frame.height
        name = f"r{len(self.rejected_files):05d}"
        self.rejected_files.append(self._write(frame, name))

    def _write(self, frame: pl.DataFrame, name: str) -> str:
        file = f"{self.number}-{name}.arrow"
        write_frame(frame, self.spool / file)
        return file

    def _cuts(self, name: str, firsts: pl.Series) -> tuple[int, ...]:
        if not self.declared.per_subject:
            return ()
        keys = pl.scan_ipc(self.spool / name).select(SUBJECT).collect().to_series()
        if not len(firsts):
            return (0, len(keys))
        return (0, *keys.search_sorted(firsts, side="left").to_list(), len(keys))


def _without_blank(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """The rows that hold a value, and the row numbers of the others."""
    blank = frame.select(pl.all_horizontal(pl.exclude(ROW).is_null())).to_series()
    if not blank.any():
        return frame, pl.Series(ROW, [], pl.Int64)
    return frame.filter(~blank), frame.filter(blank)[ROW]


def _misfit_frame(header: tuple[str, ...], misfits: list[Misfit]) -> pl.DataFrame:
    """Rows that do not fit the header, as rejected rows; what they lack is null."""
    width = len(header)
    cells = [[*one.fields[:width], *[""] * (width - len(one.fields))] for one in misfits]
    frame = frame_of(header, [tuple(row) for row in cells], [one.row for one in misfits])
    return frame.select(
        pl.col(ROW).alias(REJECT_ROW),
        pl.Series(REJECT_RULE, [one.rule for one in misfits], pl.String),
        pl.Series(REJECT_REASON, [one.reason for one in misfits], pl.String),
        pl.exclude(ROW),
    )


__all__ = [
    "SUBJECT",
    "Staged",
    "StagedBatch",
    "StagedForm",
    "load",
    "rejected_frames",
    "stage",
]
