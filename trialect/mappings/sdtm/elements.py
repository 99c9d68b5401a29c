"""SE: the elements that each subject went through, from the events that start them."""

from __future__ import annotations

import polars as pl

from trialect.mappings.sdtm import iso8601
from trialect.mappings.sdtm.draft import SUBJECT, Derivation, Draft, Output
from trialect.problems import rule
from trialect.trial import Study

UNPLANNED = rule(
    "DERIVE-SE-UNPLANNED",
    "warning",
    "A subject went through an element that its arm does not plan",
    "Element {value} starts on {date}, but arm {arm} does not plan it; TAETORD is left empty.",
    "Check the treatment and the arm of the subject, or the element's start in study.yaml.",
    "SDTMIG 3.4, 5.3; CG0206",
)
OUT_OF_ORDER = rule(
    "DERIVE-SE-ORDER",
    "warning",
    "The elements of a subject do not start in their planned order",
    "Element {value} starts on {date}, before an element that the arm plans earlier.",
    "Check the dates that start the elements.",
    "SDTMIG 3.4, 5.3; CG0620",
)

_PLAN = {
    "ARMCD": pl.String,
    "ETCD": pl.String,
    "ELEMENT": pl.String,
    "TAETORD": pl.Float64,
    "EPOCH": pl.String,
}


def planned_elements(study: Study) -> pl.DataFrame:
    """Each element's first place in each arm; under a null ARMCD what all arms begin with."""
    names = {element.code: element.name for element in study.elements}
    rows: list[tuple[str | None, str, str, float, str]] = []
    for arm in study.arms:
        seen: set[str] = set()
        for number, one in enumerate(arm.elements, start=1):
            if one.element in names and one.element not in seen:
                rows.append((arm.code, one.element, names[one.element], float(number), one.epoch))
            seen.add(one.element)
    for number, places in enumerate(zip(*(arm.elements for arm in study.arms), strict=False), 1):
        if len({(one.element, one.epoch) for one in places}) > 1 or places[0].element not in names:
            break
        one = places[0]
        rows.append((None, one.element, names[one.element], float(number), one.epoch))
    return pl.DataFrame(rows, schema=_PLAN, orient="row")


def _apply(draft: Draft) -> None:
    if not draft.has("DM", SUBJECT):
        return
    _complete_mapped(draft)
    starts = _starts(draft)
    if "SE" in draft.frames:
        mapped = draft.frames["SE"].select(SUBJECT).unique()
        starts = starts.join(mapped, on=SUBJECT, how="anti", maintain_order="left")
    if not starts.height:
        return
    placed = _placed(draft, starts)
    ordered = _in_order(draft, placed)
    following = pl.col("SESTDTC").shift(-1).over(SUBJECT)
    last = pl.col(SUBJECT) != pl.col(SUBJECT).shift(-1)
    records = ordered.with_columns(
        SEENDTC=pl.when(last.fill_null(value=True)).then("RFPENDTC").otherwise(following),
        STUDYID=pl.lit(draft.study.studyid),
        DOMAIN=pl.lit("SE"),
        SESEQ=pl.int_range(1, pl.len() + 1).over(SUBJECT).cast(pl.Float64),
    )
    draft.add(
        ELEMENTS,
        "SE",
        records.select(
            *("STUDYID", "DOMAIN", SUBJECT, "SESEQ", "ETCD", "ELEMENT", "TAETORD", "EPOCH"),
            *("SESTDTC", "SEENDTC"),
        ),
    )


def _complete_mapped(draft: Draft) -> None:
    """Give elements that the tables map what the plan and the next element say of them."""
    if not draft.has("SE", SUBJECT, "ETCD", "SESTDTC"):
        return
    frame = iso8601.with_bounds(draft.frames["SE"], "SESTDTC", "@").sort(
        SUBJECT, "@lower", maintain_order=True, nulls_last=True
    )
    draft.frames["SE"] = frame.drop("@lower", "@upper")
    placed = _with_places(draft, frame.select(SUBJECT, "ETCD"))
    for variable in ("ELEMENT", "TAETORD", "EPOCH"):
        draft.fill(ELEMENTS, "SE", variable, placed[variable])
    is_last = (pl.col(SUBJECT) != pl.col(SUBJECT).shift(-1)).fill_null(value=True)
    end = draft.by_subject("SE", draft.subjects("RFPENDTC"), "RFPENDTC")
    following = pl.when(is_last).then(pl.lit(end)).otherwise(pl.col("SESTDTC").shift(-1))
    draft.fill(ELEMENTS, "SE", "SEENDTC", following)


def _starts(draft: Draft) -> pl.DataFrame:
    """USUBJID, ETCD, SESTDTC of every element whose start event is in the data."""
    found = [pl.DataFrame(schema={SUBJECT: pl.String, "ETCD": pl.String, "SESTDTC": pl.String})]
    for element in draft.study.elements:
        if element.start is not None:
            dates = draft.event(element.start).rename({"date": "SESTDTC"})
            dates = dates.with_columns(ETCD=pl.lit(element.code))
            found.append(dates.select(found[0].columns))
    in_trial = draft.subjects().select(SUBJECT)
    return pl.concat(found).join(in_trial, on=SUBJECT, how="semi", maintain_order="left")


def _placed(draft: Draft, starts: pl.DataFrame) -> pl.DataFrame:
    """The starts with the element's place in the subject's arm; unplanned ones are told."""
    placed = _with_places(draft, starts)
    unplanned = placed.filter(pl.col("TAETORD").is_null()).with_columns(
        pl.col("ARMCD").fill_null("(none)")
    )
    draft.report(
        UNPLANNED, "SE", unplanned, "ETCD", {"value": "ETCD", "date": "SESTDTC", "arm": "ARMCD"}
    )
    return placed


def _with_places(draft: Draft, elements: pl.DataFrame) -> pl.DataFrame:
    """Rows of USUBJID, ETCD with ELEMENT, and TAETORD and EPOCH by the actual, else planned arm."""
    plan = planned_elements(draft.study)
    subjects = draft.subjects("ACTARMCD", "ARMCD", "RFPENDTC").select(
        SUBJECT, "RFPENDTC", ARMCD=pl.coalesce("ACTARMCD", "ARMCD")
    )
    names = {element.code: element.name for element in draft.study.elements}
    # An element that its arm does not plan still has an epoch where all arms that plan it agree.
    agreed = (
        plan.group_by("ETCD")
        .agg(pl.col("EPOCH").first(), n=pl.col("EPOCH").n_unique())
        .filter(pl.col("n") == 1)
        .select("ETCD", anywhere="EPOCH")
    )
    return (
        elements.join(subjects, on=SUBJECT, how="left", maintain_order="left")
        .join(
            plan.drop("ELEMENT"),
            on=["ARMCD", "ETCD"],
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        .join(agreed, on="ETCD", how="left", maintain_order="left")
        .with_columns(
            ELEMENT=pl.col("ETCD").replace_strict(names, default=None, return_dtype=pl.String),
            EPOCH=pl.coalesce("EPOCH", "anywhere"),
        )
    )


def _in_order(draft: Draft, placed: pl.DataFrame) -> pl.DataFrame:
    """Elements in their planned order where the dates allow it, else in the order of their dates:
    partial dates that overlap cannot contradict the plan.
    """
    timed = iso8601.with_bounds(placed, "SESTDTC").sort(
        SUBJECT, "TAETORD", "lower", "ETCD", nulls_last=True
    )
    before = iso8601.order(
        (pl.col("lower").shift(1).over(SUBJECT), pl.col("upper").shift(1).over(SUBJECT)),
        (pl.col("lower"), pl.col("upper")),
    )
    timed = timed.with_columns(late=(before == 1).fill_null(value=False))
    wrong = timed.filter(pl.col("late") & pl.col("TAETORD").is_not_null())
    draft.report(OUT_OF_ORDER, "SE", wrong, "SESTDTC", {"value": "ETCD", "date": "SESTDTC"})
    by_date = pl.col("late").any().over(SUBJECT)
    rank = pl.when(by_date).then("lower").otherwise(None)
    return timed.with_columns(rank=rank).sort(
        SUBJECT, "rank", "TAETORD", "lower", "ETCD", nulls_last=True
    )


ELEMENTS = Derivation(
    name="subject_elements",
    outputs=(
        Output("SE.STUDYID", (), "The study's identifier."),
        Output("SE.DOMAIN", (), "SE."),
        Output("SE.USUBJID", ("DM.USUBJID",), "The subject that went through the element."),
        Output(
            "SE.ETCD",
            ("TE.ETCD",),
            "Each element whose start event is found in the subject's records.",
        ),
        Output("SE.SESEQ", ("SE.SESTDTC", "SE.TAETORD"), "The elements of the subject in order."),
        Output("SE.ELEMENT", ("TE.ELEMENT",), "The name of the element (TE)."),
        Output(
            "SE.TAETORD",
            ("TA.TAETORD", "DM.ACTARMCD", "DM.ARMCD"),
            "The element's place in the subject's actual arm, or in the planned arm where there "
            "is no actual one; without an arm, in the elements that all arms begin with.",
        ),
        Output("SE.EPOCH", ("TA.EPOCH",), "The element's epoch (TA)."),
        Output(
            "SE.SESTDTC",
            ("TE.TESTRL",),
            "The date of the event that starts the element, as the study declares it.",
        ),
        Output(
            "SE.SEENDTC",
            ("SE.SESTDTC", "DM.RFPENDTC"),
            "The start of the subject's next element; for the last element the end of "
            "participation (RFPENDTC).",
        ),
    ),
    apply=_apply,
)
