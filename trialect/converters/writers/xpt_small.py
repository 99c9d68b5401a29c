"""XPT version 5 of a few plain records, without columns: the bytes are those of `write_xpt`.

For datasets such as TS, of which thousands are written: a frame costs more there than its file.
A value that XPT cannot hold as it is is refused, as in `write_xpt`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import cast

import numpy as np
import polars as pl

from trialect.converters.ibm_float import MISSING, to_ibm
from trialect.converters.writers.xpt import BLANK_LAST_RECORD, STAMP_YEAR
from trialect.converters.xpt_format import (
    FIRST_STAMP_YEAR,
    NAMESTR_SIZE,
    POSITION_AT,
    RECORD_SIZE,
    XptOrigin,
    XptVariable,
    header_record,
    library_header,
    member_header,
    namestr_record,
    namestr_records,
    padding,
)
from trialect.converters.xpt_plan import check_xpt_plan
from trialect.converters.xpt_values import check_batch
from trialect.problems import Problem, Severity, Unusable

Cell = str | float | None

_ORIGIN = XptOrigin()
_MISSING = MISSING.to_bytes(8, "big").decode("latin-1")


def xpt_bytes(
    name: str,
    label: str,
    variables: Sequence[XptVariable],
    columns: Sequence[Sequence[Cell]],
    *,
    stamp: datetime,
    origin: XptOrigin | None = None,
    fits: bool = False,
) -> bytes:
    """A dataset's file. A column a variable, in their order, all of one length: text for Char,
    numbers for Num, None for missing (the empty text is missing too).

    `stamp` (to the second) is the creation and the modification stamp; `fits` says that texts are
    known to be printable ASCII, no longer than their variables, without blanks at an end. Raises
    `Unusable` with every problem of the plan or of the values.
    """
    head = _head(name, label, variables, stamp, origin or _ORIGIN)
    cells: list[list[str]] = []
    form = []
    clean = True
    for variable, column in zip(variables, columns, strict=True):
        if variable.type == "Num":
            cells.append([_number(value) for value in cast("Sequence[float | None]", column)])
            form.append("%s")
            continue
        texts = [value or "" for value in cast("Sequence[str | None]", column)]
        clean = clean and (fits or _fits(texts, variable.length))
        cells.append(texts)
        form.append(f"%-{variable.length}s")
    record = "".join(form)
    size = sum(variable.length for variable in variables)
    if not clean:
        _refuse(name, variables, columns)
    records = [record % row for row in zip(*cells, strict=True)]
    if records and size < RECORD_SIZE and not records[-1].strip(" "):
        raise Unusable(BLANK_LAST_RECORD.problem(row=len(records), domain=name))
    body = "".join(records).encode("latin-1")
    return b"".join((head, body, b" " * padding(len(head) + len(body))))


def _fits(texts: list[str], length: int) -> bool:
    """Whether all texts are printable ASCII without blanks at an end, and not too long."""
    # Between texts stands what seldom begins or ends a word; no is asked again, exactly.
    whole = "`".join(texts)
    return (
        whole.isascii()
        and whole.isprintable()
        and max(map(len, texts), default=0) <= length
        and "` " not in whole
        and " `" not in whole
        and whole.strip(" ") == whole
    )


@lru_cache(maxsize=10_000)
def _number(value: float | None) -> str:
    if value is None:
        return _MISSING
    words, exact = to_ibm(np.array([value], dtype=np.float64), 0)
    if not exact:
        raise Unusable(check_batch("", [XptVariable("VALUE", "", "Num", 8)], _frame([value])))
    return words.tobytes().decode("latin-1")


def _frame(values: Sequence[float]) -> pl.DataFrame:
    return pl.DataFrame({"VALUE": pl.Series(values, dtype=pl.Float64)})


def _head(
    name: str, label: str, variables: Sequence[XptVariable], stamp: datetime, origin: XptOrigin
) -> bytes:
    """What stands before the records. Raises `Unusable` for what XPT does not allow in it."""
    parts = [_opening(name, label, tuple([one.name for one in variables]), stamp, origin)]
    position = 0
    for number, variable in enumerate(variables, start=1):
        before, after = _namestr(name, variable, number)
        parts += (before, position.to_bytes(4, "big"), after)
        position += variable.length
    parts.append(b" " * padding(NAMESTR_SIZE * len(variables)))
    parts.append(header_record("OBS"))
    return b"".join(parts)


@lru_cache(maxsize=1000)
def _opening(
    name: str, label: str, variables: tuple[str, ...], stamp: datetime, origin: XptOrigin
) -> bytes:
    """The headers before the first NAMESTR, which do not depend on lengths."""
    _accept(check_xpt_plan(name, label, [XptVariable(one, "", "Num", 8) for one in variables]))
    if not FIRST_STAMP_YEAR <= stamp.year < FIRST_STAMP_YEAR + 100:
        raise Unusable(STAMP_YEAR.problem(value=stamp.isoformat(), domain=name))
    return (
        library_header(stamp, stamp, origin)
        + member_header(name, label, stamp, stamp, origin)
        + namestr_records([XptVariable(one, "", "Num", 8) for one in variables])[:RECORD_SIZE]
    )


@lru_cache(maxsize=10_000)
def _namestr(name: str, variable: XptVariable, number: int) -> tuple[bytes, bytes]:
    """A NAMESTR without the variable's position in the record: what is before it, and behind."""
    _accept(check_xpt_plan(name, "", [variable]))
    whole = namestr_record(variable, number, 0)
    return whole[:POSITION_AT], whole[POSITION_AT + 4 :]


def _accept(problems: Sequence[Problem]) -> None:
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        raise Unusable(errors)


def _refuse(name: str, variables: Sequence[XptVariable], columns: Sequence[Sequence[Cell]]) -> None:
    """Tell what XPT cannot hold, as the checks of columns say it."""
    types: dict[str, type[pl.DataType]] = {"Char": pl.String, "Num": pl.Float64}
    frame = pl.DataFrame(
        {
            variable.name: pl.Series(list(column), dtype=types[variable.type]())
            for variable, column in zip(variables, columns, strict=True)
        }
    )
    _accept(check_batch(name, variables, frame))
