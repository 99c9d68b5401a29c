"""VISITNUM, VISIT and VISITDY: where one of them is mapped, the planned visits give the others."""

from __future__ import annotations

import polars as pl

from trialect.mappings.sdtm.draft import SUBJECT, Derivation, Draft, Output
from trialect.schemas.sdtm import Dataset
from trialect.trial import Study

_TRIO = ("VISITNUM", "VISIT", "VISITDY")
_ARM = "@arm"


def _apply(draft: Draft) -> None:
    visits = planned_visits(draft.study)
    if not visits.height:
        return
    for name, model in draft.subject_datasets():
        if name == "TV" or model.allowed("VISITNUM") is None:
            continue
        for key in ("VISITNUM", "VISIT"):
            if draft.has(name, key):
                _complete(draft, name, model, visits, key)


def planned_visits(study: Study) -> pl.DataFrame:
    """The planned visits: VISITNUM, VISIT, VISITDY, EPOCH and @arm (null: of every arm)."""
    return pl.DataFrame(
        [(v.num, v.name, v.day, v.epoch, v.arm) for v in study.visits],
        schema={
            "VISITNUM": pl.Float64,
            "VISIT": pl.String,
            "VISITDY": pl.Float64,
            "EPOCH": pl.String,
            _ARM: pl.String,
        },
        orient="row",
    )


def _complete(draft: Draft, name: str, model: Dataset, visits: pl.DataFrame, key: str) -> None:
    """Fill the others of the trio from the visits that `key` names: what all arms share, else
    what the subject's own arm says.
    """
    others = [one for one in _TRIO if one != key and model.allowed(one) is not None]
    for other in others:
        shared = _one_value(visits, [key], other)
        frame = draft.frames[name].select(key, SUBJECT)
        found = frame.join(shared, on=key, how="left", maintain_order="left")[other]
        if visits[_ARM].null_count() < visits.height:
            own = _one_value(visits, [key, _ARM], other)
            arm = draft.by_subject(name, draft.subjects("ARMCD"), "ARMCD").alias(_ARM)
            by_arm = frame.with_columns(arm).join(
                own, on=[key, _ARM], how="left", maintain_order="left"
            )
            found = found.zip_with(found.is_not_null(), by_arm[other])
        draft.fill(VISITS, name, other, found)


def _one_value(visits: pl.DataFrame, by: list[str], value: str) -> pl.DataFrame:
    """The value of each group that has only one."""
    return (
        visits.drop_nulls(by)
        .group_by(by, maintain_order=True)
        .agg(pl.col(value).first(), n=pl.col(value).n_unique())
        .filter(pl.col("n") == 1)
        .select(*by, value)
    )


VISITS = Derivation(
    name="planned_visit",
    outputs=(
        Output("VISITNUM", ("VISIT",), "The number of the planned visit of that name (TV)."),
        Output("VISIT", ("VISITNUM",), "The name of the planned visit of that number (TV)."),
        Output(
            "VISITDY",
            ("VISITNUM", "VISIT"),
            "The planned study day of the visit (TV); missing for an unscheduled visit.",
        ),
    ),
    apply=_apply,
)
