"""The trial summary of the package against what study file and record would give, by parameter."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.converters.reconcile.comparison import Row, Sides, Value, comparison, weigh
from trialect.converters.reconcile.names import plain
from trialect.mappings.sdtm.trial_summary import summary_values
from trialect.trial import Study

THEME = "Trial summary"

OF_THE_PACKAGE = frozenset({"SDTIGVER", "SDTMVER", "CDISCVER"})
"""Parameters that say how the package was made, of which no protocol tells."""

TOLD_BEFORE = frozenset(
    {
        *("TITLE", "SPONSOR", "SSTDTC", "SENDTC", "PLANSUB", "ACTSUB", "NARMS"),
        *("STYPE", "TINDTP", "INTMODEL", "RANDOM", "TPHASE", "TBLIND"),
        *("AGEMIN", "AGEMAX", "SEXPOP", "HLTSUBJI"),
    }
)
"""Parameters that a comparison of their own holds against all sides."""

IN_OTHER_WORDS = frozenset(
    {"INDIC", "TDIGRP", "TRT", "COMPTRT", "OUTMSPRI", "OUTMSSEC", "OUTMSEXP"}
)
"""Parameters whose values other comparisons hold against the record's one by one."""


def _values(study: Study) -> dict[str, tuple[str, ...]]:
    """The values of each parameter that a Study gives; null flavours stand in brackets."""
    found: dict[str, tuple[str, ...]] = {}
    for code, values in summary_values(study, lambda _: None).items():
        texts = [one.text if one.text else f"[{one.null_flavor}]" for one in values]
        found[code] = tuple(texts)
    return found


@comparison(
    "RECONCILE-TS",
    THEME,
    "warning",
    "A trial summary parameter is not what the protocol says",
    "Correct the fact where it is wrong, and convert again so that TS follows.",
    "SDTMIG 3.4, 7.4.2 (TS); FDA Study Data Technical Conformance Guide, TS",
)
def parameters(sides: Sides) -> Iterator[Row]:
    """Each other parameter of TS: the values that the protocols give, and those of the package."""
    data = sides.data.summary
    if not data:
        return
    record = _values(sides.record) if sides.record is not None else {}
    study = _values(sides.study)
    for code in sorted({*data, *study}):
        if code in OF_THE_PACKAGE or code in TOLD_BEFORE:
            continue
        sources = (("study", study), ("data", data))
        yield from weigh(
            code,
            registry=None if code in IN_OTHER_WORDS else _value(record.get(code)),
            study=_value(study.get(code)),
            data=_value(data.get(code)),
            expected=[side for side, said in sources if code not in said],
            domain="TS",
            variable="TSVAL",
            field="parameters",
        )


def _value(values: tuple[str, ...] | None) -> Value | None:
    if not values:
        return None
    return Value("; ".join(values), tuple(sorted({plain(one) for one in values})))
