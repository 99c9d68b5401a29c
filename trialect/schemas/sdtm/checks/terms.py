"""Controlled terminology: values stand in the codelists that SDTMIG names for their variables."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from trialect.schemas.ct import Codelist
from trialect.schemas.ct.nearest import hint
from trialect.schemas.ct.paired import instrument_of_code, is_instrument_name
from trialect.schemas.sdtm.checks.check import Failure, Scope, check

MULTIPLE = frozenset({"MULTIPLE", "OTHER"})
"""Words that SDTMIG puts where the answers stand in supplemental qualifiers (4.2.8.3)."""


@check(
    "SDTM-CT-NOT-EXTENSIBLE",
    "error",
    "A term is not in its codelist",
    "{variable} is {value!r}, which is no term of {codelist} and that codelist takes no others.",
    "Map it to a term of the codelist{nearest}.",
    "SDTMIG 3.4, 4.3; CDISC CT",
)
def not_extensible(scope: Scope) -> Iterator[Failure]:
    """A codelist that is not extensible takes its own terms only."""
    yield from _outside(scope, extensible=False)


@check(
    "SDTM-CT-EXTENDED",
    "warning",
    "A sponsor's term extends a codelist",
    "{variable} is {value!r}, a term of the sponsor in the extensible codelist {codelist}.",
    "Use CDISC's term if one means the same{nearest}; else nothing: Define-XML marks it.",
    "SDTMIG 3.4, 4.3; Define-XML 2.1, def:ExtendedValue",
    once=True,
)
def extended(scope: Scope) -> Iterator[Failure]:
    """An extensible codelist takes a sponsor's term, and says so."""
    yield from _outside(scope, extensible=True)


def _outside(scope: Scope, *, extensible: bool) -> Iterator[Failure]:
    for variable in filter(None, map(scope.model.allowed, scope.columns)):
        codelists = [
            codelist
            for codelist in map(scope.terminology.codelist, variable.codelists)
            if codelist is not None
        ]
        if not codelists or any(c.extensible for c in codelists) is not extensible:
            continue
        values = scope.frame[variable.name].drop_nulls().unique(maintain_order=True).to_list()
        if variable.role == "Result Qualifier":
            # The codelist is for results in words; a measured number is none of its terms.
            values = [value for value in values if not _is_number(value)]
        unknown = [v for v in values if v not in MULTIPLE and not _known(v, codelists)]
        # A question of a clinical classification has the codelist of its instrument.
        if variable.name == scope.expand("--TESTCD"):
            unknown = [v for v in unknown if instrument_of_code(scope.terminology, v) is None]
        elif variable.name == scope.expand("--TEST"):
            unknown = [v for v in unknown if not is_instrument_name(scope.terminology, v)]
        names = " or ".join(f"{c.name} ({c.code})" for c in codelists)
        for value in unknown:
            if (scope.name, variable.name, value) in scope.told:
                continue
            yield Failure(
                pl.col(variable.name) == value,
                variable.name,
                {"codelist": names, "nearest": hint(value, codelists)},
            )


def _is_number(value: str) -> bool:
    try:
        float(value.lstrip("<>= "))
    except ValueError:
        return False
    return True


def _known(value: str, codelists: list[Codelist]) -> bool:
    return any(value in codelist.by_value for codelist in codelists)
