"""What the Observations of a partition say, held against the QS records that they were made of.

The resources are read back from the file, so that the numbers that leave are compared, not those
that were meant to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
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

_COLUMNS = {
    "USUBJID": pl.String,
    "QSSEQ": pl.Float64,
    "QSORRES": pl.String,
    "QSSTRESC": pl.String,
    "QSSTAT": pl.String,
    FORM: pl.String,
    ROW: pl.Int64,
}


def check_values(ndjson: Path, qs: pl.DataFrame, *, blinded: bool) -> Iterator[Problem]:
    """The differences between records of QS and a file of their Observations.

    A record's result is QSORRES, or QSSTRESC where nothing was collected; NOT DONE has none. In a
    blinded package a text may be withheld, which is told where it is done.
    """
    records = qs.select(
        pl.col(name) if name in qs.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in _COLUMNS.items()
    ).drop_nulls(["USUBJID", "QSSEQ"])
    number = pl.col("QSSEQ").cast(pl.String).str.replace(r"\.0$", "")
    wanted = pl.coalesce("QSORRES", "QSSTRESC")
    both = records.with_columns(
        number.alias("seq"),
        pl.concat_str("USUBJID", pl.lit(".QS."), number).alias("name"),
        pl.when(pl.col("QSSTAT").ne_missing("NOT DONE")).then(wanted).alias("wanted"),
    ).join(_observed(ndjson), on="name", how="left", maintain_order="left")
    spelled = pl.col("wanted").cast(pl.Float64, strict=False)
    as_number = (spelled == pl.col("number").cast(pl.Float64, strict=False)).fill_null(False)
    as_words = pl.col("number").is_null() & pl.col("words").eq_missing(pl.col("wanted"))
    withheld = pl.lit(blinded) & spelled.is_null() & pl.col("words").is_null()
    agrees = as_number | as_words | (withheld & pl.col("number").is_null())
    for one in both.filter(pl.col("here") & ~agrees).iter_rows(named=True):
        found = one["number"] or (None if one["words"] is None else repr(one["words"]))
        yield VALUES.problem(
            **_place(one),
            variable="QSORRES",
            value=one["wanted"],
            found="has no value" if found is None else f"says {found}",
        )
    lost = both.filter(pl.col("here").is_null())
    if lost.height:
        yield RECORDS.problem(**_place(lost.row(0, named=True)), records=lost.height)


def _place(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "file": record[FORM],
        "row": record[ROW],
        "domain": "QS",
        "usubjid": record["USUBJID"],
        "seq": record["seq"],
    }


_IDENTIFIER = re.compile(rb'"identifier":\[\{"system":"[^"]*","value":("[^"\\]*")')
_QUANTITY = re.compile(rb'"valueQuantity":\{"value":([0-9eE.+-]+)[,}]')


def _observed(ndjson: Path) -> pl.DataFrame:
    """The Observations of a file: name (of the record), here, and number or words."""
    names: list[str] = []
    numbers: list[str | None] = []
    words: list[str | None] = []
    with ExitStack() as stack:
        for line in stack.enter_context(ndjson.open("rb")) if ndjson.is_file() else ():
            named = _IDENTIFIER.search(line)
            # The value stands behind the subject, where less than a third of the line is left.
            start = line.rfind(b'"subject":{')
            if named is None or start < named.end():
                resource = orjson.loads(line)
                names.append(resource["identifier"][0]["value"])
            else:
                names.append(orjson.loads(named[1]))
                if (quantity := _QUANTITY.search(line, start)) is not None:
                    numbers.append(quantity[1].decode())
                    words.append(None)
                    continue
                resource = orjson.loads(b"{" + line[start:])
            amount = resource.get("valueQuantity", {}).get("value")
            numbers.append(None if amount is None else str(amount))
            concept = resource.get("valueCodeableConcept", {})
            words.append(resource.get("valueString", concept.get("text")))
    columns = {"name": names, "number": numbers, "words": words}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    return frame.with_columns(here=True).unique("name", keep="first", maintain_order=True)
