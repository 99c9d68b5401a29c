"""Variables that need another one: what a value says is open without the value beside it."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from trialect.schemas.sdtm.checks.check import Failure, Scope, check

COMPANIONS = (
    ("--SCAT", "--CAT"),
    ("IESCAT", "IECAT"),
    ("--ELTM", "--TPTREF"),
    ("--RFTDTC", "--TPTREF"),
    ("--TPT", "--TPTNUM"),
    ("--TPTNUM", "--TPT"),
    ("--STINT", "--TPTREF"),
    ("--ENINT", "--TPTREF"),
    ("--STRTPT", "--STTPT"),
    ("--STTPT", "--STRTPT"),
    ("--ENRTPT", "--ENTPT"),
    ("--ENTPT", "--ENRTPT"),
    ("--STRESU", "--STRESC"),
)
"""A variable, and the one that must be filled where it is."""


@check(
    "SDTM-COMPANION-EMPTY",
    "error",
    "A value stands without the one it needs",
    "{variable} is empty though {other} is {given_value!r}.",
    "Fill {variable} as well, or leave both empty.",
    "CG0008; CG0026; CG0045; CG0046; CG0059; CG0061; CG0426; CG0429; FB3702; FB4401; FB4402; "
    "FB4403; FB4404; FB4405; SDTMIG 3.4, 4.4.7, 4.4.10",
)
def companion_empty(scope: Scope) -> Iterator[Failure]:
    """Time points, relative times, categories and units do not stand alone."""
    for name, needed in dict.fromkeys((scope.expand(a), scope.expand(b)) for a, b in COMPANIONS):
        if scope.has(name):
            other = scope.col(needed) if scope.has(needed) else pl.lit(None, pl.String)
            yield Failure(
                scope.col(name).is_not_null() & other.is_null(),
                needed,
                {"other": name, "given_value": scope.col(name)},
            )
