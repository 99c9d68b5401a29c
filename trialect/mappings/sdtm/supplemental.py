"""SUPP--: non-standard variables, and what is left of text that is too long for its variable."""

from __future__ import annotations

import re

import polars as pl

from trialect.mappings.sdtm.draft import SUBJECT, Derivation, Draft
from trialect.mappings.sdtm.long_text import (
    continuation_name,
    is_long,
    may_be_long,
    spelling_in,
    split_text,
)
from trialect.mappings.sdtm.numbers import number_text
from trialect.problems import rule
from trialect.schemas.sdtm import Dataset, supp_name
from trialect.trial import LOOKUP_ROW, is_lineage

NO_LABEL = rule(
    "DERIVE-SUPP-LABEL",
    "error",
    "A supplemental qualifier has no label",
    "{value} is no variable of {domain} and becomes a supplemental qualifier without a label.",
    "Give it a label in the mapping table.",
    "CG0416; SDTMIG 3.4, 8.4",
)
NOT_SPLIT = rule(
    "DERIVE-LONG-TEXT",
    "error",
    "A long text cannot be cut so that it joins again",
    "{variable} holds {length} characters, and a blank at the limit of 200 leaves no place to cut.",
    "Take out repeated blanks, or part words of 200 characters, in the source.",
    "SDTMIG 3.4, 4.5.3",
)

_OWN_COLUMNS = {"CO": "COVAL"}
"""Datasets whose long text goes on in columns of their own (COVAL1, ...)."""

_PLACE, _ORDER, _NUMBER = "@place", "@order", "@number"
_REST = pl.DataFrame(schema={_PLACE: pl.UInt32, _NUMBER: pl.Int32, "QVAL": pl.String})


def _apply(draft: Draft) -> None:
    for name, model in draft.subject_datasets():
        if model.observation_class != "Relationship":
            _supplement(draft, name, model)


def _supplement(draft: Draft, name: str, model: Dataset) -> None:
    """Move a dataset's qualifiers and the rest of its long texts to its SUPP--."""
    frame = draft.frames[name]
    text = [c for c in frame.columns if not is_lineage(c) and frame[c].dtype == pl.String]
    own = [c for c in text if model.allowed(c) is not None]
    others = sorted(
        c
        for c in frame.columns
        if not is_lineage(c) and model.allowed(c) is None and not _is_continuation(name, c)
    )
    suspects = may_be_long(frame.select(text), draft.study)
    parts: list[pl.DataFrame] = []
    for place, column in enumerate([*own, *others]):
        rest = _cut(draft, name, column) if column in suspects else _REST.clear()
        if name in _OWN_COLUMNS and column == _OWN_COLUMNS[name]:
            _add_columns(draft, name, column, rest)
            continue
        if column in others:
            values = draft.frames[name][column]
            values = values if values.dtype == pl.String else number_text(values)
            first = pl.DataFrame({"QVAL": values}).with_row_index(_PLACE).drop_nulls()
            rest = pl.concat(
                [first.with_columns(pl.lit(0).alias(_NUMBER)), rest], how="diagonal_relaxed"
            )
        if rest.height:
            parts.append(_described(draft, name, model, column, rest, place))
    parents = _parents(draft.frames[name], model, others)
    draft.frames[name] = draft.frames[name].drop(
        *others, *(LOOKUP_ROW + c for c in others), strict=False
    )
    if parts:
        rows = pl.concat(parts).join(parents, on=_PLACE).sort(_PLACE, _ORDER, _NUMBER)
        _add(draft, name, rows)


def _is_continuation(name: str, column: str) -> bool:
    base = _OWN_COLUMNS.get(name)
    return base is not None and re.fullmatch(rf"{base}\d+", column) is not None


def _cut(draft: Draft, name: str, column: str) -> pl.DataFrame:
    """Leave the first pieces of long texts in a column; the others by place and number."""
    texts = draft.frames[name][column]
    places = is_long(texts, draft.study).arg_true()
    spell = spelling_in(draft.study)
    firsts: list[str] = []
    rest: list[tuple[int, int, str]] = []
    for place, text in zip(places, texts.gather(places), strict=True):
        try:
            first, *others = split_text(text, spell)
        except ValueError:
            first, others = text, []
            row = draft.frames[name][place].with_columns(pl.lit(len(text)).alias("@length"))
            draft.report(NOT_SPLIT, name, row, column, {"length": "@length"})
        firsts.append(first)
        rest += [(place, number, piece) for number, piece in enumerate(others, start=1)]
    draft.frames[name] = draft.frames[name].with_columns(texts.scatter(places, firsts))
    return pl.DataFrame(rest, schema=_REST.schema, orient="row")


def _add_columns(draft: Draft, name: str, column: str, rest: pl.DataFrame) -> None:
    """Pieces as columns beside their variable (COVAL1, COVAL2, ...)."""
    frame = draft.frames[name]
    for number in rest[_NUMBER].unique().sort():
        mine = rest.filter(pl.col(_NUMBER) == number)
        values = pl.Series(f"{column}{number}", [None] * frame.height, pl.String)
        frame = frame.with_columns(values.scatter(mine[_PLACE], mine["QVAL"]))
        draft.note_continuation(SUPPLEMENTAL.name, name, f"{column}{number}", column)
    draft.frames[name] = frame


def _described(
    draft: Draft, name: str, model: Dataset, column: str, rows: pl.DataFrame, order: int
) -> pl.DataFrame:
    """QNAM, QLABEL, QORIG and QEVAL of the values of one column and of their continuations."""
    label, origin, evaluator = _facts(draft, name, model, column)
    taken = [qnam for domain, qnam in draft.tables.supplemental if domain == name]
    names, labels = {0: column}, {0: label}
    for number in rows[_NUMBER].unique().sort():
        if number:
            names[number] = continuation_name(model, column, number, taken)
            labels[number] = f"{label[: 39 - len(str(number))]} {number}"
            draft.note_continuation(SUPPLEMENTAL.name, name, names[number], column)
    return rows.select(
        pl.col(_PLACE),
        pl.col(_NUMBER).cast(pl.Int32),
        pl.lit(order).alias(_ORDER),
        "QVAL",
        QNAM=pl.col(_NUMBER).replace_strict(names, return_dtype=pl.String),
        QLABEL=pl.col(_NUMBER).replace_strict(labels, return_dtype=pl.String),
        QORIG=pl.lit(origin.upper()),
        QEVAL=pl.lit(evaluator, pl.String),
    )


def _facts(draft: Draft, name: str, model: Dataset, column: str) -> tuple[str, str, str | None]:
    """Label, origin and evaluator of a column that becomes qualifiers."""
    known = draft.tables.supplemental.get((name, column))
    if known is not None:
        return known.label, known.origin, known.evaluator
    variable = model.allowed(column) or model.allowed(column.rstrip("0123456789"))
    origins = (
        one.origin.type
        for one in draft.tables.provenance
        if variable is not None
        and (one.domain, one.variable) == (name, variable.name)
        and one.origin is not None
    )
    origin = next(origins, "Collected")
    if variable is None:
        draft.problems.append(NO_LABEL.problem(domain=name, variable=column, value=column))
        return column, origin, None
    suffix = column[len(variable.name) :]
    label = f"{variable.label} {suffix}" if suffix else variable.label
    return label[:40], origin, None


def _parents(frame: pl.DataFrame, model: Dataset, others: list[str]) -> pl.DataFrame:
    """What the rows of a parent record take over from it, by its place."""
    seq = model.expand("--SEQ")
    by = seq if seq in frame.columns else "VISITNUM" if model.name == "SV" else None
    value = pl.lit(None, pl.String) if by is None else number_text(frame[by])
    looked_up = {LOOKUP_ROW + c for c in others}
    lineage = [
        c
        for c in frame.columns
        if is_lineage(c) and (not c.startswith(LOOKUP_ROW) or c in looked_up)
    ]
    return (
        frame.select(SUBJECT, *lineage)
        .with_columns(IDVAR=pl.lit(by, pl.String), IDVARVAL=value)
        .with_row_index(_PLACE)
    )


def _add(draft: Draft, name: str, rows: pl.DataFrame) -> None:
    """Make the SUPP-- of a dataset of its rows."""
    supp = supp_name(name)
    records = rows.with_columns(STUDYID=pl.lit(draft.study.studyid), RDOMAIN=pl.lit(name[:2])).drop(
        _PLACE, _ORDER, _NUMBER
    )
    before = draft.frames.get(supp)
    draft.frames[supp] = records if before is None else pl.concat([before, records], how="diagonal")


SUPPLEMENTAL = Derivation(name="supplemental_qualifier", outputs=(), apply=_apply)
