"""Maps one partition: rows of forms become records of domains, by the tables.

Every row of every form ends up mapped (it fed a record, or is looked into by other blocks) or
rejected with its reason. Nothing depends on how subjects were split into partitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import polars as pl

from trialect.converters.rejected import Rejected
from trialect.mappings.blocks import Filling, fill_block
from trialect.mappings.tables import Block, MappingTables
from trialect.mappings.values import SUBJECT, Context, clean_rows
from trialect.metadata import Provenance
from trialect.problems import Problem, rule
from trialect.schemas.ct import terminology
from trialect.schemas.sdtm import dataset, datasets
from trialect.trial import BLOCK, FORM, LOOKUP_ROW, ROW, Study

DUPLICATE_ROW = rule(
    "MAP-DUPLICATE-ROW",
    "warning",
    "A row repeats an earlier one",
    "the row equals row {first} in every column.",
    "Remove one of the two; where the export lacks what tells rows apart, declare "
    "`duplicates: keep` for the form under records.forms in study.yaml.",
)
DUPLICATE_SUBJECT = rule(
    "MAP-DUPLICATE-SUBJECT",
    "error",
    "A subject has two records for DM",
    "subject {subject} has its record for DM from row {first} already.",
    "Keep one row a subject, or narrow the block's `where`.",
    "SDTMIG 3.4, 5.2",
)
NOT_IN_DM = rule(
    "MAP-SUBJECT-NOT-IN-DM",
    "error",
    "A subject has rows here and none for DM",
    "subject {subject} is in no row that feeds DM.",
    "Add the subject to the form that feeds DM, or correct the subject's number.",
    "SDTMIG 3.4, 5.2",
)
NO_BLOCK = rule(
    "MAP-NO-BLOCK",
    "warning",
    "No block takes a row",
    "no block of sources.csv takes the row.",
    "Widen a block's `where`, or leave the row out at its source.",
)
LEFT_OUT = rule(
    "MAP-LEFT-OUT",
    "note",
    "A row is left out on purpose",
    "block {block} leaves the row out: {reason}",
)
NO_USUBJID = rule(
    "MAP-NO-USUBJID",
    "error",
    "A subject has no USUBJID",
    "USUBJID comes out empty for subject {subject}.",
    "Correct the line for USUBJID in dm.csv, or the columns it reads.",
    "SDTMIG 3.4, 4.1.2",
)
SAME_USUBJID = rule(
    "MAP-SAME-USUBJID",
    "error",
    "Two subjects have one USUBJID",
    "USUBJID {value} of subject {subject} is subject {other}'s already.",
    "Put what tells them apart (the site, say) into USUBJID.",
    "SDTMIG 3.4, 4.1.2",
)


@dataclass(frozen=True, slots=True)
class Count:
    """What became of the rows of a form with subjects: `rows` = `mapped` + `rejected`."""

    rows: int
    mapped: int
    rejected: int


@dataclass(slots=True)
class Mapped:
    """The domains of a partition, the rows kept out with their reasons, and what was found.

    `counts` has every form with subjects; forms without any are whole in every partition.
    `subjects` gives the subject, as the exports name it, by USUBJID; `provenance` what filled
    variables besides the instructions that were known before.
    """

    frames: dict[str, pl.DataFrame] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, Count] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)
    provenance: list[Provenance] = field(default_factory=list)


@dataclass(slots=True)
class _Fate:
    """What became of the rows of one form."""

    rows: pl.DataFrame
    mapped: set[int] = field(default_factory=set)
    refused: dict[int, list[Problem]] = field(default_factory=dict)

    def refuse(self, row: int, problem: Problem) -> None:
        reasons = self.refused.setdefault(row, [])
        if problem not in reasons:
            reasons.append(problem)


def map_partition(
    tables: MappingTables,
    study: Study,
    forms: Mapping[str, pl.DataFrame],
    taken: Mapping[str, str] = MappingProxyType({}),
) -> Mapped:
    """Map whole subjects. `forms` have String columns, `@row` (Int64) and `@subject` (String).

    `taken` are USUBJIDs that subjects of other partitions have, with those subjects.
    Raises `Unusable` when an expression cannot be evaluated at all.
    """
    mapped = Mapped()
    fates = {name: _Fate(rows) for name, rows in forms.items()}
    usable = {
        name: clean_rows(
            rows if _keeps_duplicates(study, name) else _without_duplicates(name, fates[name])
        )
        for name, rows in forms.items()
    }
    context = Context(tables, study, usable, terminology(study.sdtm.ct))
    subjects = _map_dm(context, fates, mapped, taken)
    for name in usable:
        usable[name] = _known_subjects(name, usable[name], subjects, fates[name])
    records: dict[str, list[pl.DataFrame]] = {}
    for block in tables.blocks:
        if block.domain == "DM":
            continue
        filling = fill_block(context, block)
        _account(fates[block.form], filling, mapped)
        frame = filling.records.join(subjects, on=SUBJECT, how="left", maintain_order="left")
        if frame.height:
            records.setdefault(block.domain, []).append(frame)
    for block in tables.left_out:
        _leave_out(context, block, fates[block.form])
    for domain in dict.fromkeys(block.domain for block in tables.blocks):
        if domain in records:
            mapped.frames[domain] = _domain(domain, study, records[domain])
    _close(tables, fates, mapped)
    return mapped


def _leave_out(context: Context, block: Block, fate: _Fate) -> None:
    """Tell of the rows that the study leaves out why it does."""
    filling = fill_block(context, block)
    for row, problem in filling.refused:
        fate.refuse(row, problem)
    given = {"block": block.name, "reason": block.note}
    for row in filling.records[ROW]:
        fate.refuse(row, LEFT_OUT.problem(file=block.form, row=row, **given))


def _keeps_duplicates(study: Study, form: str) -> bool:
    declared = study.records.forms.get(form)
    return declared is not None and declared.duplicates == "keep"


def _without_duplicates(form: str, fate: _Fate) -> pl.DataFrame:
    """The form without rows that equal an earlier one in every column of the export."""
    rows = fate.rows
    columns = [column for column in rows.columns if not column.startswith("@")]
    if not columns or not rows.height:
        return rows
    firsts = rows.select(pl.col(ROW).first().over(columns).alias("first"))["first"]
    again = rows[ROW] != firsts
    for row, first in zip(rows[ROW].filter(again), firsts.filter(again), strict=True):
        fate.refuse(row, DUPLICATE_ROW.problem(file=form, row=row, first=first))
    return rows.filter(~again)


def _known_subjects(
    form: str, rows: pl.DataFrame, subjects: pl.DataFrame, fate: _Fate
) -> pl.DataFrame:
    """The rows of subjects that are in DM; the others are refused."""
    if SUBJECT not in rows.columns:
        return rows
    known = rows[SUBJECT].is_in(subjects[SUBJECT].implode())
    for row, subject in rows.filter(~known).select(ROW, SUBJECT).iter_rows():
        if row in fate.refused:
            continue  # what keeps the row itself out of DM is told already
        fate.refuse(row, NOT_IN_DM.problem(file=form, row=row, subject=subject, value=subject))
    return rows.filter(known)


def _map_dm(
    context: Context, fates: Mapping[str, _Fate], mapped: Mapped, taken: Mapping[str, str]
) -> pl.DataFrame:
    """DM, one record a subject. Gives USUBJID by `@subject`."""
    frames = []
    for block in context.tables.blocks:
        if block.domain == "DM":
            filling = fill_block(context, block)
            _account(fates[block.form], filling, mapped)
            frames.append(filling.records)
    empty = pl.DataFrame(schema={SUBJECT: pl.String, "USUBJID": pl.String})
    if not frames:
        return empty
    # Of two subjects with one USUBJID the first by its key has it, in whichever partition it is.
    dm = pl.concat(frames, how="diagonal").sort(SUBJECT, maintain_order=True)
    keep: list[bool] = []
    seen: dict[str, int] = {}
    owners = dict(taken)
    for subject, usubjid, form, row in dm.select(SUBJECT, "USUBJID", FORM, ROW).iter_rows():
        place = {"file": form, "row": row, "domain": "DM", "subject": subject}
        wrong: Problem | None = None
        if subject in seen:
            wrong = DUPLICATE_SUBJECT.problem(**place, first=seen[subject], value=subject)
        elif usubjid is None:
            wrong = NO_USUBJID.problem(**place, variable="USUBJID")
        elif usubjid in owners:
            wrong = SAME_USUBJID.problem(
                **place, variable="USUBJID", value=usubjid, other=owners[usubjid]
            )
        keep.append(wrong is None)
        if wrong is None:
            seen[subject] = row
            owners[usubjid] = subject
        else:
            fates[form].refuse(row, wrong)
            fates[form].mapped.discard(row)
    dm = dm.filter(pl.Series(keep, dtype=pl.Boolean))
    mapped.subjects = dict(dm.select("USUBJID", SUBJECT).iter_rows())
    if dm.height:
        mapped.frames["DM"] = _domain("DM", context.study, [dm])
    return dm.select(SUBJECT, "USUBJID")


def _account(fate: _Fate, filling: Filling, mapped: Mapped) -> None:
    fate.mapped.update(filling.records[ROW])
    for row, problem in filling.refused:
        fate.refuse(row, problem)
    mapped.problems += filling.problems


def _domain(domain: str, study: Study, parts: list[pl.DataFrame]) -> pl.DataFrame:
    """The records of a domain: variables in SDTMIG order, then others, then lineage."""
    frame = pl.concat(parts, how="diagonal").with_columns(
        pl.lit(study.studyid).alias("STUDYID"),
        pl.lit(domain if domain in datasets() else domain[:2]).alias("DOMAIN"),
    )
    model = dataset(domain)
    ordered = [c for c in frame.columns if model and model.allowed(c)]
    ordered = sorted(ordered, key=model.place) if model else []
    lineage = [c for c in (FORM, ROW, BLOCK, "@item") if c in frame.columns]
    lineage += sorted(c for c in frame.columns if c.startswith(LOOKUP_ROW))
    others = [
        c for c in frame.columns if c not in ordered and not c.startswith("@") and c != SUBJECT
    ]
    sort = ["USUBJID"] if "USUBJID" in frame.columns else []
    return frame.sort(sort, maintain_order=True).select(*ordered, *others, *lineage)


def _close(tables: MappingTables, fates: Mapping[str, _Fate], mapped: Mapped) -> None:
    """Reject every row that fed nothing, with each reason; tell what was refused in part."""
    feeding = {block.form for block in (*tables.blocks, *tables.left_out)}
    for form, fate in fates.items():
        if SUBJECT not in fate.rows.columns:
            continue
        lost: set[int] = set()
        if form in feeding:
            lost = set(fate.rows[ROW]) - fate.mapped - fate.refused.keys()
        for row in sorted(fate.refused.keys() | lost):
            reasons = fate.refused.get(row) or [NO_BLOCK.problem(file=form, row=row)]
            mapped.problems += reasons
            if row not in fate.mapped:
                mapped.rejected += [
                    Rejected(form, row, one.rule, _sentence(one)) for one in reasons
                ]
        rejected = len((fate.refused.keys() | lost) - fate.mapped)
        mapped.counts[form] = Count(fate.rows.height, fate.rows.height - rejected, rejected)


def _sentence(problem: Problem) -> str:
    field_name = problem.field or problem.variable
    return f"{field_name}: {problem.message}" if field_name else problem.message


__all__ = ["Count", "Mapped", "map_partition"]
