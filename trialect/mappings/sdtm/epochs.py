"""EPOCH and TAETORD of a record: the subject's element in which it begins.

Elements are half-open: the start of one is the end of the one before. A record has an epoch when
it certainly lies in one. Where its date leaves several elements open, it has theirs if they share
it, or that of its planned visit (TV) if it is among them. A record that is itself the event that
starts an element lies in it. No element comes before the first, so a record of the day on which
the first one starts lies in it.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.sdtm import iso8601
from trialect.mappings.sdtm.draft import SUBJECT, Derivation, Draft, Output
from trialect.mappings.sdtm.visits import planned_visits
from trialect.schemas.sdtm import Dataset

_KEYS = (SUBJECT, "date", "visit_epoch")


def _apply(draft: Draft) -> None:
    if not draft.has("SE", SUBJECT, "ETCD", "SESTDTC", "SEENDTC", "EPOCH"):
        return
    elements = _elements(draft.frames["SE"])
    visits = planned_visits(draft.study).drop_nulls("EPOCH").unique("VISITNUM", keep="none")
    for name, model in draft.subject_datasets():
        date = _begin(draft, name, model)
        if name in ("SE", "DM") or model.allowed("EPOCH") is None or date is None:
            continue
        keys = _keys(draft.frames[name], date, visits)
        own = [
            one.code
            for one in draft.study.elements
            if one.start is not None and (one.start.domain, one.start.date) == (name, date)
        ]
        located = _locate(keys.drop_nulls("date").unique(), elements, own)
        found = keys.join(located, on=_KEYS, how="left", nulls_equal=True, maintain_order="left")
        draft.fill(EPOCHS, name, "EPOCH", found["EPOCH"])
        if model.variable("TAETORD") is not None:
            draft.fill(EPOCHS, name, "TAETORD", found["TAETORD"])


def _begin(draft: Draft, name: str, model: Dataset) -> str | None:
    """The variable that says when a record begins: --STDTC where the dataset has it, else --DTC."""
    for variable in (model.expand("--STDTC"), model.expand("--DTC")):
        if draft.has(name, variable) and model.variable(variable) is not None:
            return variable
    return None


def _keys(frame: pl.DataFrame, date: str, visits: pl.DataFrame) -> pl.DataFrame:
    """What the epoch of each record depends on, a row a record."""
    keys = frame.select(SUBJECT, pl.col(date).alias("date"))
    if "VISITNUM" not in frame.columns:
        return keys.with_columns(visit_epoch=pl.lit(None, pl.String))
    planned = visits.select("VISITNUM", visit_epoch="EPOCH")
    epochs = frame.select("VISITNUM").join(planned, "VISITNUM", "left", maintain_order="left")
    return keys.with_columns(epochs["visit_epoch"])


def _elements(frame: pl.DataFrame) -> pl.DataFrame:
    """The subjects' elements in their order, with the spans of their start and end."""
    place = pl.col("TAETORD") if "TAETORD" in frame.columns else pl.lit(None, pl.Float64)
    frame = frame.select(SUBJECT, "ETCD", "EPOCH", place.alias("TAETORD"), "SESTDTC", "SEENDTC")
    frame = iso8601.with_bounds(frame, "SESTDTC", "start_")
    frame = iso8601.with_bounds(frame, "SEENDTC", "end_")
    return frame.with_columns(
        following=pl.col("ETCD").shift(-1).over(SUBJECT),
        is_first=pl.int_range(pl.len()).over(SUBJECT) == 0,
    )


def _locate(wanted: pl.DataFrame, elements: pl.DataFrame, own: list[str]) -> pl.DataFrame:
    """EPOCH and TAETORD of each distinct combination of keys; `own` are the elements that records
    of this dataset start.
    """
    pairs = iso8601.with_bounds(wanted, "date").join(elements, on=SUBJECT, how="inner")
    record = (pl.col("lower"), pl.col("upper"))
    to_start = iso8601.order(record, (pl.col("start_lower"), pl.col("start_upper")))
    to_end = iso8601.order(record, (pl.col("end_lower"), pl.col("end_upper")))
    exact = iso8601.has_time(*record)
    first_day = pl.col("is_first") & (
        pl.col("date").str.slice(0, 10) == pl.col("SESTDTC").str.slice(0, 10)
    )
    begun = (to_start == 1) | ((to_start == 0) & exact) | first_day
    not_begun = (to_start == -1) & ~first_day
    over = pl.col("following").is_not_null() & (
        (to_end == 1) | ((to_end == 0) & (exact | pl.col("following").is_in(own)))
    )
    ended = pl.col("following").is_null() & (to_end == 1)
    pairs = pairs.with_columns(
        possible=~(not_begun | over | ended).fill_null(value=False),
        in_trial=(begun.fill_null(value=False) & pl.col("is_first")).any().over(_KEYS),
        is_start=pl.col("ETCD").is_in(own) & (to_start == 0),
    )
    starting = _shared(pairs.filter("is_start"))
    open_ = pairs.filter(pl.col("possible") & pl.col("in_trial"))
    visit = open_.filter(pl.col("EPOCH") == pl.col("visit_epoch"))
    return pl.concat([starting, _shared(open_), _shared(visit)]).unique(
        _KEYS, keep="first", maintain_order=True
    )


def _shared(pairs: pl.DataFrame) -> pl.DataFrame:
    """EPOCH and TAETORD of the records whose elements share the epoch (and the place)."""
    return (
        pairs.group_by(_KEYS)
        .agg(
            pl.col("EPOCH").first(),
            TAETORD=pl.when(pl.col("TAETORD").n_unique() == 1).then(pl.col("TAETORD").first()),
            epochs=pl.col("EPOCH").n_unique(),
        )
        .filter(pl.col("epochs") == 1)
        .select(*_KEYS, "EPOCH", "TAETORD")
    )


EPOCHS = Derivation(
    name="epoch",
    outputs=(
        Output(
            "EPOCH",
            ("--STDTC", "--DTC", "VISITNUM", "SE.SESTDTC", "SE.SEENDTC", "SE.EPOCH"),
            "The epoch of the subject's element in which the record begins: SESTDTC on or before "
            "its start (--STDTC, else --DTC), SEENDTC after it. Where dates leave several "
            "elements open, the epoch that they share or that of the planned visit among them; "
            "else missing.",
        ),
        Output(
            "TAETORD",
            ("--STDTC", "--DTC", "SE.SESTDTC", "SE.SEENDTC", "SE.TAETORD"),
            "The place in the arm of the subject's element in which the record begins, where it "
            "is certain.",
        ),
    ),
    apply=_apply,
)
