"""--SEQ: the number of a record within its subject, the same whenever the same data come.

Records are numbered in the order of what identifies them, dates first, so that a record that is
added later in time comes after those that are there and leaves their numbers alone.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.sdtm.draft import SUBJECT, Derivation, Draft, Output
from trialect.schemas.sdtm import Dataset
from trialect.trial import BLOCK, FORM, ROW

NATURAL_KEYS = (
    "--STDTC",
    "--DTC",
    "--ENDTC",
    "VISITNUM",
    "VISIT",
    "--TPTREF",
    "--RFTDTC",
    "--TPTNUM",
    "--TPT",
    "--CAT",
    "--SCAT",
    "--TESTCD",
    "--TERM",
    "--TRT",
    "--DECOD",
    "TAETORD",
    "ETCD",
    "IDVAR",
    "IDVARVAL",
    "RDOMAIN",
    "--OBJ",
    "--SPEC",
    "--LOC",
    "--LAT",
    "--DIR",
    "--METHOD",
    "--POS",
    "--EVAL",
    "--EVALID",
    "--SPID",
    "--REFID",
    "--LNKID",
    "--GRPID",
)
"""What records are ordered by within a subject, before their place in the source."""

ITEM = "@item"
"""Lineage column: the item of a record that was made of one of several columns."""

_NAME, _PLACE, _DATE, _NUMBER = "@name", "@place", "@date", "@number"


def _apply(draft: Draft) -> None:
    families: dict[str, list[tuple[str, Dataset]]] = {}
    for name, model in draft.subject_datasets():
        families.setdefault(name[:2], []).append((name, model))
    for members in families.values():
        _number(draft, members)


def _number(draft: Draft, members: list[tuple[str, Dataset]]) -> None:
    """Number a domain and bring it in order; the parts of a split one (QSPH, QSSL) share the
    numbers (CG0028).
    """
    model = members[0][1]
    seq = model.expand("--SEQ")
    keys = _in_order([_keys(draft.frames[name], name, one) for name, one in members])
    if model.variable(seq) is not None:
        mapped = pl.col(seq) if seq in keys.columns else pl.lit(None, pl.Float64)
        keys = keys.with_columns(mapped.alias("@mapped"))
        highest = pl.col("@mapped").max().over(SUBJECT).fill_null(0)
        free = pl.col("@mapped").is_null().cast(pl.Int64).cum_sum().over(SUBJECT)
        keys = keys.with_columns(pl.coalesce("@mapped", highest + free).alias(_NUMBER))
        keys = keys.sort(SUBJECT, _NUMBER, maintain_order=True)
    for name, _ in members:
        mine = keys.filter(pl.col(_NAME) == name)
        frame = draft.frames[name][mine[_PLACE]]
        draft.frames[name] = frame
        if _NUMBER in mine.columns:
            draft.fill(SEQUENCE, name, seq, mine[_NUMBER])


def _keys(frame: pl.DataFrame, name: str, model: Dataset) -> pl.DataFrame:
    """The columns that order a dataset's records, with the records' places in it."""
    begin = [c for c in (model.expand("--STDTC"), model.expand("--DTC")) if c in frame.columns]
    date = pl.coalesce(begin) if begin else pl.lit(None, pl.String)
    if begin and "VISITNUM" in frame.columns:
        # What was not done has no date; it stands with the rest of its visit.
        date = pl.coalesce(date, date.min().over(SUBJECT, "VISITNUM"))
    return frame.with_columns(
        date.alias(_DATE), pl.lit(name).alias(_NAME), pl.int_range(pl.len()).alias(_PLACE)
    )


def _in_order(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """The records of all parts by subject and natural keys; then by their place in the source,
    and by whatever else tells them apart.
    """
    whole = pl.concat(parts, how="diagonal")
    prefix = whole[_NAME][0][:2] if whole.height else ""
    named = [prefix + key[2:] if key.startswith("--") else key for key in NATURAL_KEYS]
    lineage = [FORM, ROW, ITEM, BLOCK]
    first = [SUBJECT, _DATE, *named, *lineage]
    rest = [c for c in whole.columns if c not in {*first, _NAME, _PLACE}]
    by = [c for c in first if c in whole.columns and whole[c].null_count() < whole.height]
    ordered = whole.sort(by, nulls_last=True, maintain_order=True) if by else whole
    if by and ordered.select(pl.struct(by).is_duplicated().any()).item():
        told = [c for c in [*rest, _NAME] if whole[c].null_count() < whole.height]
        ordered = whole.sort([*by, *told], nulls_last=True, maintain_order=True)
    return ordered


SEQUENCE = Derivation(
    name="sequence_number",
    outputs=(
        Output(
            "--SEQ",
            (SUBJECT, *NATURAL_KEYS),
            "The records of the subject numbered from 1 in the order of their dates, visit, time "
            "point, category, test or topic and further identifying variables, then of their "
            "place in the source. Numbers that were mapped are kept; the others follow them.",
        ),
    ),
    apply=_apply,
)
