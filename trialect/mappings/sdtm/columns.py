"""The variables of a complete dataset in the order of the model, then the lineage.

Required and Expected variables are there even when no record has a value. A Permissible one that
no record fills is left out, except a study day beside its date (FB1601, FB3201).
"""

from __future__ import annotations

import re

import polars as pl

from trialect.mappings.sdtm.draft import Draft
from trialect.schemas.sdtm import Dataset, Variable, dataset
from trialect.trial import BLOCK, FORM, ROW, is_lineage

_DATE_OF_DAY = {"STDY": "STDTC", "ENDY": "ENDTC", "DY": "DTC"}
_LINEAGE = (FORM, ROW, BLOCK)


def arrange(draft: Draft) -> None:
    """Bring the columns of every dataset that SDTMIG knows into their final form."""
    for name, frame in draft.frames.items():
        model = dataset(name)
        if model is not None:
            draft.frames[name] = _arranged(frame, name, model, draft.study.studyid)


def _arranged(frame: pl.DataFrame, name: str, model: Dataset, studyid: str) -> pl.DataFrame:
    constants = {"STUDYID": studyid, "DOMAIN": name[:2]}
    columns: list[pl.Expr] = []
    for variable in _variables(frame, model):
        dtype = pl.Float64 if variable.type == "Num" else pl.String
        column = pl.col(variable.name).cast(dtype)
        if variable.name in constants:
            value = pl.lit(constants[variable.name])
            known = pl.coalesce(column, value) if variable.name in frame.columns else value
            columns.append(known.alias(variable.name))
        elif variable.name in frame.columns and (
            variable.core != "Perm"
            or frame[variable.name].null_count() < frame.height
            or _stands_by_date(frame, name, variable.name)
        ):
            columns.append(column)
        elif variable.core != "Perm":
            columns.append(pl.lit(None, dtype).alias(variable.name))
        columns += [pl.col(c) for c in _continuations(frame, variable.name)]
    lineage = [c for c in frame.columns if is_lineage(c) and c not in _LINEAGE]
    given = [c for c in _LINEAGE if c in frame.columns]
    return frame.select(*columns, *given, *sorted(lineage))


def _variables(frame: pl.DataFrame, model: Dataset) -> list[Variable]:
    """SDTMIG's variables and those of the frame that the model allows besides, in its order."""
    beside = [one for c in frame.columns if not model.variable(c) and (one := model.allowed(c))]
    return sorted([*model.variables, *beside], key=lambda one: model.place(one.name))


def _stands_by_date(frame: pl.DataFrame, name: str, variable: str) -> bool:
    """Whether a variable is the study day of a date that some record has."""
    date = name[:2] + _DATE_OF_DAY.get(variable[2:], "")
    return (
        variable[:2] == name[:2]
        and variable[2:] in _DATE_OF_DAY
        and date in frame.columns
        and frame[date].null_count() < frame.height
    )


def _continuations(frame: pl.DataFrame, variable: str) -> list[str]:
    """COVAL1, COVAL2, ... beside COVAL."""
    if variable not in ("COVAL", "TSVAL"):
        return []
    found = [c for c in frame.columns if re.fullmatch(rf"{variable}\d+", c)]
    return sorted(found, key=lambda c: int(c[len(variable) :]))
