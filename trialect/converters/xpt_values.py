"""What a dataset's values must be so that XPT version 5 holds them without damage.

Each rule names something that other writers do silently wrong: cut, clip, fold or drop.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import polars as pl

from trialect.converters.ibm_float import LARGEST, SMALLEST
from trialect.converters.xpt_format import MAX_CHAR_LENGTH, TS_140, XptVariable
from trialect.converters.xpt_records import BLOCK_ROWS, BatchEncoder
from trialect.problems import Problem, Rule, rule

COLUMN_MISSING = rule(
    "XPT-COLUMN-MISSING",
    "error",
    "A variable has no column",
    "The records have no column {variable}.",
    "Give the records this column; a column without values may hold nulls.",
)
COLUMN_TYPE = rule(
    "XPT-COLUMN-TYPE",
    "error",
    "A column of the wrong type",
    "{variable} is {type}, but its column is {value}.",
    "Char takes text, Num takes floating point or whole numbers.",
)
NON_ASCII = rule(
    "XPT-NON-ASCII",
    "error",
    "Text that is not ASCII",
    "{variable} of record {row} has {characters}: {value!r}.",
    "Add a row for it to sdtm.transliterate in study.yaml, or mend the text at its source.",
    f"{TS_140}; FDA Study Data Technical Conformance Guide 3.3",
)
CONTROL_CHARACTER = rule(
    "XPT-CONTROL-CHARACTER",
    "error",
    "A control character in text",
    "{variable} of record {row} has {characters}: {value!r}.",
    "Add a row for it to sdtm.transliterate in study.yaml (a line break to a blank, say), or mend "
    "the text at its source.",
    "FDA Study Data Technical Conformance Guide 3.3",
)
VALUE_LONG = rule(
    "XPT-VALUE-LONG",
    "error",
    "A value longer than its variable",
    "{variable} of record {row} has {count} bytes, its length is {length}: {value!r}.",
    "Set the variable's length to that of its longest value.",
    TS_140,
)
OVER_200 = rule(
    "XPT-OVER-200",
    "error",
    "A value over 200 bytes",
    "{variable} of record {row} has {count} bytes, 200 fit: {value!r}.",
    "Move what is over 200 to SUPP-- (TSVAL1 to TSVALn in TS).",
    f"{TS_140}; SDTMIG 3.4, 4.5.3",
)
LEADING_BLANK = rule(
    "XPT-LEADING-BLANK",
    "warning",
    "A value starts with a blank",
    "{variable} of record {row} starts with a blank: {value!r}.",
    "Remove the blank at its source.",
    "FB1501",
)
TRAILING_BLANK = rule(
    "XPT-TRAILING-BLANK",
    "error",
    "A value ends with a blank, which XPT cannot keep",
    "{variable} of record {row} ends with a blank: {value!r}.",
    "Remove the blank at its source; XPT pads values with blanks and cannot tell them apart.",
    TS_140,
)
NOT_FINITE = rule(
    "XPT-NOT-FINITE",
    "error",
    "Not a number",
    "{variable} of record {row} is {value}; XPT has numbers and missing, nothing else.",
    "Make it missing if nothing was measured.",
    TS_140,
)
NUMBER_LARGE = rule(
    "XPT-NUMBER-LARGE",
    "error",
    "A number too large for XPT",
    "{variable} of record {row} is {value}; XPT holds numbers below 7.237e75 in size.",
    "Mend the value or write it in another unit.",
    TS_140,
)
NUMBER_SMALL = rule(
    "XPT-NUMBER-SMALL",
    "error",
    "A number too close to zero for XPT",
    "{variable} of record {row} is {value}; XPT holds numbers from 5.398e-79 in size, and zero.",
    "Mend the value or write it in another unit.",
    TS_140,
)
NUMBER_INEXACT = rule(
    "XPT-NUMBER-INEXACT",
    "error",
    "A whole number with more digits than a reader can hold",
    "{variable} of record {row} is {value}, which no double-precision number equals.",
    "Store long identifiers as text.",
    TS_140,
)

KEPT_OF_A_KIND = 100
"""Problems of one rule and variable that are named one by one; the rest is counted."""

EXCERPT = 60
"""Characters of a value that a message shows."""

_NUMERIC = (pl.Float64, pl.Float32)


def check_columns(
    name: str, variables: Sequence[XptVariable], frame: pl.DataFrame
) -> list[Problem]:
    """Variables that the frame has no column for, or one of the wrong type."""
    found = []
    for variable in variables:
        place = {"domain": name, "variable": variable.name}
        if variable.name not in frame.columns:
            found.append(COLUMN_MISSING.problem(**place))
            continue
        dtype = frame.schema[variable.name]
        if dtype == pl.Null:
            continue
        if variable.type == "Num":
            fits = dtype.is_integer() or dtype in _NUMERIC
        else:
            fits = dtype in (pl.String, pl.Categorical, pl.Enum)
        if not fits:
            found.append(COLUMN_TYPE.problem(**place, type=variable.type, value=dtype))
    return found


def check_batch(
    name: str,
    variables: Sequence[XptVariable],
    frame: pl.DataFrame,
    *,
    first_record: int = 1,
) -> list[Problem]:
    """Everything in these records that XPT cannot hold; `first_record` numbers the first of them.

    Of each rule and variable the first `KEPT_OF_A_KIND` are named, the rest is counted.
    """
    found = check_columns(name, variables, frame)
    if found:
        return found
    checks = ValueChecks(name, variables)
    # The encoder proves what is clean in a few passes; a file of others may hold longer variables.
    held = [replace(v, length=min(v.length, MAX_CHAR_LENGTH)) for v in variables]
    encoder = BatchEncoder(held, frame)
    for start in range(0, frame.height, BLOCK_ROWS):
        block = encoder.encode(start, min(start + BLOCK_ROWS, frame.height))
        rows = frame[start : start + len(block.records)]
        for number in block.unproved:
            checks.column(rows, variables[number], first_record + start)
    return checks.problems()


def suspects(frame: pl.DataFrame, variables: Sequence[XptVariable]) -> list[XptVariable]:
    """The variables of a frame that was read from XPT in which a value may break a rule.

    One pass over all of them; which rule is broken where is for `ValueChecks` to say.
    """
    if not frame.height or not variables:
        return []
    held = frame.select(
        _may_break_text(one) if one.type == "Char" else _may_break_number(one) for one in variables
    ).row(0)
    return [one for one, is_suspect in zip(variables, held, strict=True) if is_suspect]


def _may_break_text(variable: XptVariable) -> pl.Expr:
    values = pl.col(variable.name)
    longest = min(variable.length, MAX_CHAR_LENGTH)
    signs = values.str.contains(r"[^\x20-\x7E]|\A | \z")
    return (signs | (values.str.len_bytes() > longest)).any()


def _may_break_number(variable: XptVariable) -> pl.Expr:
    values = pl.col(variable.name)
    size = values.abs()
    small = (size > 0) & (size < SMALLEST)
    return (~values.is_finite() | (size > LARGEST) | small).any()


class ValueChecks:
    """Collects the problems of a dataset's values, batch by batch, in bounded memory."""

    def __init__(self, name: str, variables: Sequence[XptVariable]) -> None:
        self._name = name
        self._order = {variable.name: number for number, variable in enumerate(variables)}
        self._kept: dict[tuple[str, str], list[Problem]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self.has_errors = False

    def column(self, frame: pl.DataFrame, variable: XptVariable, first_record: int) -> None:
        """Check one variable's values in `frame`, whose first row is record `first_record`."""
        series = frame[variable.name]
        if variable.type == "Char":
            found = _text_findings(series.cast(pl.String), variable)
        else:
            found = _number_findings(series)
        for broken, rows, facts in found:
            self._collect(broken, variable, frame, series, rows, facts, first_record)

    def _collect(
        self,
        broken: Rule,
        variable: XptVariable,
        frame: pl.DataFrame,
        series: pl.Series,
        rows: Sequence[int],
        facts: dict[str, object],
        first_record: int,
    ) -> None:
        key = (broken.id, variable.name)
        kept = self._kept.setdefault(key, [])
        self._counts[key] += len(rows)
        self.has_errors = self.has_errors or broken.severity == "error"
        for row in rows[: KEPT_OF_A_KIND - len(kept)]:
            value = series[row]
            given = dict(facts)
            if isinstance(value, str):
                given["count"] = len(value.encode("utf-8", "surrogatepass"))
                given["characters"] = _characters(value, broken)
                value = value if len(value) <= EXCERPT else value[:EXCERPT] + "..."
            kept.append(
                broken.problem(
                    domain=self._name,
                    row=first_record + row,
                    usubjid=_key(frame, "USUBJID", row),
                    seq=_key(frame, _seq_variable(frame, self._name), row),
                    variable=variable.name,
                    value=value,
                    **given,
                )
            )

    def problems(self) -> list[Problem]:
        """What was found, by variable in the dataset's order, then by rule, then by record."""
        found: list[Problem] = []
        for key in sorted(self._kept, key=lambda k: (self._order.get(k[1], 0), k[0])):
            kept = self._kept[key]
            found += kept
            more = self._counts[key] - len(kept)
            if more:
                message = f"{key[1]} has the same problem in {more} more records."
                last = replace(kept[-1], message=message, row=None, usubjid=None, seq=None)
                found.append(replace(last, value=None))
        return found


_Finding = tuple[Rule, Sequence[int], dict[str, object]]


def _text_findings(series: pl.Series, variable: XptVariable) -> list[_Finding]:
    size = series.str.len_bytes()
    blank_start = series.str.starts_with(" ") & (series.str.strip_chars(" ") != "")
    masks: Iterable[tuple[Rule, pl.Series]] = (
        (NON_ASCII, series.str.contains(r"[^\x00-\x7F]")),
        (CONTROL_CHARACTER, series.str.contains(r"[\x00-\x1F\x7F]")),
        (OVER_200, size > MAX_CHAR_LENGTH),
        (VALUE_LONG, (size > variable.length) & (size <= MAX_CHAR_LENGTH)),
        (LEADING_BLANK, blank_start),
        (TRAILING_BLANK, series.str.ends_with(" ")),
    )
    return _findings(masks, {"length": variable.length})


def _number_findings(series: pl.Series) -> list[_Finding]:
    masks: Iterable[tuple[Rule, pl.Series]]
    if series.dtype.is_integer():
        wide = series.cast(pl.Int128)
        masks = ((NUMBER_INEXACT, wide.cast(pl.Float64).cast(pl.Int128) != wide),)
        return _findings(masks, {})
    numbers = series.cast(pl.Float64)
    size = numbers.abs()
    finite = numbers.is_finite()
    masks = (
        (NOT_FINITE, ~finite),
        (NUMBER_LARGE, finite & (size > LARGEST)),
        (NUMBER_SMALL, (size > 0) & (size < SMALLEST)),
    )
    return _findings(masks, {})


def _findings(masks: Iterable[tuple[Rule, pl.Series]], facts: dict[str, object]) -> list[_Finding]:
    found: list[_Finding] = []
    for broken, mask in masks:
        rows = mask.fill_null(False).arg_true().to_list()
        if rows:
            found.append((broken, rows, facts))
    return found


def _characters(value: str, broken: Rule) -> str:
    """The characters that break the rule, each once, with their code points."""
    pattern = r"[^\x00-\x7F]" if broken is NON_ASCII else r"[\x00-\x1F\x7F]"
    shown = [
        f"{char} (U+{ord(char):04X})" if char.isprintable() else f"U+{ord(char):04X}"
        for char in dict.fromkeys(re.findall(pattern, value))
    ]
    return ", ".join(shown[:5]) + (" and others" if len(shown) > 5 else "")


def _seq_variable(frame: pl.DataFrame, name: str) -> str | None:
    """What numbers a record within its subject: its --SEQ, in SUPP-- that of its parent."""
    own = f"{name[:2]}SEQ"
    if own in frame.columns:
        return own
    found = [column for column in frame.columns if re.fullmatch("[A-Z]{2}SEQ", column)]
    if len(found) == 1:
        return found[0]
    return "IDVARVAL" if "IDVARVAL" in frame.columns else None


def _key(frame: pl.DataFrame, column: str | None, row: int) -> str | None:
    if column is None or column not in frame.columns:
        return None
    value = frame[column][row]
    if value is None:
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
