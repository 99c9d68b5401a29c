"""What the Observations of a partition say, held against the QS records that they were made of.

The resources are read back from the file, so that the numbers that leave are compared, not those
that were meant to.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from trialect.problems import Problem, rule
from trialect.trial import FORM, ROW

VALUES = rule(
    "CROSS-VALUES",
    "error",
    "An Observation does not say what its record says",
    "QS says {value!r}, the Observation of the record {found}.",
    "This is a defect of trialect; please report it.",
)
RECORDS = rule(
    "CROSS-OBSERVATIONS",
    "error",
    "Records and Observations differ",
    "{records} records of QS have no Observation, the first is QSSEQ {seq} of {usubjid}.",
    "Look for records of QS without a subject, or with the number of another record.",
)

_COLUMNS = ("USUBJID", "QSSEQ", "QSORRES", "QSSTRESC", "QSSTAT", FORM, ROW)


def check_values(ndjson: Path, qs: pl.DataFrame, *, blinded: bool) -> Iterator[Problem]:
    """The differences between records of QS and a file of their Observations.

    A record's result is QSORRES, or QSSTRESC where nothing was collected; NOT DONE has none. In a
    blinded package a text may be withheld, which is told where it is done.
    """
    records = qs.select(
        pl.col(name) if name in qs.columns else pl.lit(None).alias(name) for name in _COLUMNS
    )
    expected = {
        f"{usubjid}.QS.{_plain(seq)}": (usubjid, _plain(seq), orres or stresc, stat, form, row)
        for usubjid, seq, orres, stresc, stat, form, row in records.iter_rows()
        if usubjid is not None and seq is not None
    }
    for name, found in _observed(ndjson):
        record = expected.pop(name, None)
        if record is None:
            continue
        usubjid, seq, result, stat, form, row = record
        wanted = None if stat == "NOT DONE" else result
        if _same(wanted, found) or (blinded and found is None and not _is_number(wanted)):
            continue
        yield VALUES.problem(
            file=form,
            row=row,
            domain="QS",
            usubjid=usubjid,
            seq=seq,
            variable="QSORRES",
            value=wanted,
            found="has no value" if found is None else f"says {found!r}",
        )
    if expected:
        usubjid, seq, _, _, form, row = next(iter(expected.values()))
        yield RECORDS.problem(
            file=form,
            row=row,
            domain="QS",
            usubjid=usubjid,
            seq=seq,
            records=len(expected),
        )


def _plain(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else str(number)


def _observed(ndjson: Path) -> Iterator[tuple[str, str | float | None]]:
    """The record and the value of each Observation in a file."""
    if not ndjson.is_file():
        return
    with ndjson.open("rb") as lines:
        for line in lines:
            resource: dict[str, Any] = orjson.loads(line)
            yield resource["identifier"][0]["value"], _value(resource)


def _value(resource: dict[str, Any]) -> str | float | None:
    if "valueQuantity" in resource:
        number: float | None = resource["valueQuantity"].get("value")
        return number
    if "valueCodeableConcept" in resource:
        text: str | None = resource["valueCodeableConcept"].get("text")
        return text
    words: str | None = resource.get("valueString")
    return words


def _same(wanted: str | None, found: str | float | None) -> bool:
    if isinstance(found, str) or found is None or wanted is None:
        return wanted == found
    return _is_number(wanted) and float(wanted) == found


def _is_number(text: str | None) -> bool:
    try:
        float(text or "")
    except ValueError:
        return False
    return True
