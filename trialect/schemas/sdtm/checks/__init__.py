"""Conformance checks of SDTM datasets: two registries of small units, and how to run them.

`run_checks` looks at the records of whole subjects, a partition at a time; `run_trial_checks` at
the merged profiles of the trial. A new check is one decorated function in one of the modules
below; a new module is named here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

import polars as pl

from trialect.problems import Problem
from trialect.schemas.ct import terminology
from trialect.schemas.sdtm.checks.check import CHECKS, Check, Failure, Scope, Told, findings
from trialect.schemas.sdtm.checks.whole import WHOLE_CHECKS, WholeCheck, run_trial_checks
from trialect.schemas.sdtm.model import dataset
from trialect.study_options import SdtmOptions
from trialect.trial import Study

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

MODULES = (
    "structure",
    "terms",
    "timing",
    "visits",
    "companions",
    "demographics",
    "interventions",
    "results",
    "events",
    "trial_design",
    "relationships",
)
"""The modules that declare checks, in the order in which their findings are told."""

for _module in MODULES:
    import_module(f"{__name__}.{_module}")


def run_checks(
    frames: Mapping[str, pl.DataFrame],
    *,
    study: Study | None = None,
    trial_frames: Mapping[str, pl.DataFrame] | None = None,
    checks: Sequence[Check] | None = None,
    told: Collection[Told] = (),
    version: str | None = None,
) -> Iterator[Problem]:
    """Check datasets of whole subjects, or those of the trial design.

    `trial_frames` are datasets that are only looked into (TA, TI, TV). `told` are the values that
    were found to be outside their codelists already, where their source row was known. `version`
    is that of SDTM CT, by default the study's. Yields the findings by dataset, and within it by
    check.
    """
    version = version or (study.sdtm.ct if study else SdtmOptions().ct)
    around = {
        name: _typed(name, frame) for name, frame in {**(trial_frames or {}), **frames}.items()
    }
    for name, frame in frames.items():
        model = dataset(name)
        if model is None:
            continue
        scope = Scope(
            name,
            around[name],
            model,
            around,
            study,
            terminology(version),
            types=dict(frame.schema),
            told=told,
        )
        yield from _run(
            scope, [c for c in (CHECKS.values() if checks is None else checks) if c.looks_at(model)]
        )


def _typed(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the types of the model, so that a wrong type is one finding and no crash."""
    model = dataset(name)
    wrong = []
    for name, dtype in frame.schema.items():
        variable = model.allowed(name) if model else None
        if variable is None:
            continue
        if variable.type == "Num" and dtype != pl.Float64:
            wrong.append(pl.col(variable.name).cast(pl.Float64, strict=False))
        elif variable.type == "Char" and dtype != pl.String:
            wrong.append(pl.col(variable.name).cast(pl.String, strict=False))
    return frame.with_columns(wrong) if wrong else frame


def _run(scope: Scope, checks: Sequence[Check]) -> Iterator[Problem]:
    failures: list[tuple[Check, Failure]] = [
        (check, failure) for check in checks for failure in check.find(scope)
    ]
    conditions = {
        str(place): failure.where
        for place, (_, failure) in enumerate(failures)
        if failure.where is not None
    }
    broken = scope.frame.select(
        **{
            place: (where if isinstance(where, pl.Expr) else pl.lit(where)).any()
            for place, where in conditions.items()
        }
    )
    for place, (check, failure) in enumerate(failures):
        if failure.where is None or broken[str(place)][0]:
            yield from findings(check, scope, failure)


__all__ = [
    "CHECKS",
    "WHOLE_CHECKS",
    "Check",
    "Failure",
    "Scope",
    "Told",
    "WholeCheck",
    "run_checks",
    "run_trial_checks",
]
