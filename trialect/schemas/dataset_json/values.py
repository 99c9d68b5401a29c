"""Checks of the values of a Dataset-JSON file against their columns, batch by batch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from trialect.problems import Problem, Rule, rule
from trialect.schemas.dataset_json.datatypes import DATA_TYPES

_SPEC = "Dataset-JSON 1.1"

RECORDS = rule(
    "DSJSON-RECORDS",
    "error",
    "A dataset has other records than it says",
    "records is {expected}, but there are {value} rows.",
    "The file may be cut; make it anew.",
    _SPEC,
)
ROW_WIDTH = rule(
    "DSJSON-ROW-WIDTH",
    "error",
    "A row has other values than there are columns",
    "Record {record} has {value} values where there are {expected} columns "
    "({count} records in all).",
    "Give every row a value, or null, for each column.",
    _SPEC,
)
VALUE_TYPE = rule(
    "DSJSON-VALUE-TYPE",
    "error",
    "A value is not of its column's data type",
    "{variable} is {expected}, but record {record} has {value} ({count} values in all).",
    "Correct the values, or the column's dataType.",
    _SPEC,
)
VALUE_FORMAT = rule(
    "DSJSON-VALUE-FORMAT",
    "error",
    "A date or time is not ISO 8601",
    "{variable} is {expected}, but record {record} has {value!r} ({count} values in all).",
    "Write it as ISO 8601, or give the column the dataType string.",
    "Dataset-JSON 1.1; ISO 8601",
)
VALUE_LENGTH = rule(
    "DSJSON-VALUE-LENGTH",
    "error",
    "A value is longer than its column says",
    "{variable} has length {expected}, but record {record} has {found} characters "
    "({count} values in all).",
    "Correct the column's length.",
    _SPEC,
)
_NUMBER: frozenset[type] = frozenset({int, float, type(None)})
STRING: frozenset[type] = frozenset({str, type(None)})
TYPES: dict[str, frozenset[type]] = {
    "integer": frozenset({int, type(None)}),
    "float": _NUMBER,
    "double": _NUMBER,
    "boolean": frozenset({bool, type(None)}),
}
"""What a value of a data type is in JSON; all others are strings, a decimal too."""

_DATE = r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"
_CLOCK = r"([01]\d|2[0-4])(:[0-5]\d(:[0-5]\d(\.\d+)?)?)?"
_ZONE = r"(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?"
FORMATS = {
    "date": re.compile(_DATE),
    "datetime": re.compile(rf"{_DATE}(T{_CLOCK}{_ZONE})?"),
    "time": re.compile(rf"T?{_CLOCK}{_ZONE}"),
}
"""ISO 8601, which may be cut from the right: the official examples write partial dates as date."""


@dataclass(slots=True)
class _Tally:
    """How often a column breaks a rule, and where first."""

    record: int
    first: Any
    count: int = 0


@dataclass(slots=True)
class Values:
    """What the rows say, column by column: `add` every batch, then ask for `problems`.

    A kind of problem is told once a column, with the first record and how many there are.
    """

    columns: list[dict[str, Any]]
    rows: int = 0
    narrow: _Tally | None = None
    tallies: dict[tuple[str, int], _Tally] = field(default_factory=dict)

    def add(self, batch: Sequence[Any]) -> None:
        """Look at the next rows."""
        width = len(self.columns)
        wrong = []
        if set(map(type, batch)) != {list} or set(map(len, batch)) != {width}:
            wrong = [
                (place, row)
                for place, row in enumerate(batch)
                if not isinstance(row, list) or len(row) != width
            ]
        for place, row in wrong:
            size = len(row) if isinstance(row, list) else 0
            self.narrow = self.narrow or _Tally(self.rows + place + 1, size)
            self.narrow.count += 1
        if not wrong:
            for number, values in enumerate(zip(*batch, strict=True)):
                self._column(number, values)
        self.rows += len(batch)

    def _column(self, number: int, values: Sequence[Any]) -> None:
        column = self.columns[number]
        data_type = column.get("dataType")
        kinds = set(map(type, values))
        # Of texts each one is looked at once, and by its place only when one of them is wrong.
        distinct = set(values) if kinds <= STRING else ()
        if isinstance(data_type, str) and data_type in DATA_TYPES:
            allowed = TYPES.get(data_type, STRING)
            if not kinds <= allowed:
                self._tally(VALUE_TYPE.id, number, values, lambda v: type(v) in allowed)
                return
            pattern = FORMATS.get(data_type)
            if pattern is not None and not all(map(pattern.fullmatch, filter(None, distinct))):
                self._tally(
                    VALUE_FORMAT.id,
                    number,
                    values,
                    lambda v: not v or pattern.fullmatch(v) is not None,
                )
        length = column.get("length")
        if type(length) is int and length > 0:
            longest = max(map(len, filter(None, distinct)), default=0)
            if longest > length:
                self._tally(VALUE_LENGTH.id, number, values, lambda v: len(v or "") <= length)

    def _tally(
        self, kind: str, number: int, values: Sequence[Any], holds: Callable[[Any], bool]
    ) -> None:
        for place, value in enumerate(values, start=self.rows + 1):
            if not holds(value):
                tally = self.tallies.setdefault((kind, number), _Tally(place, value))
                tally.count += 1

    def problems(self, head: dict[str, Any]) -> Iterator[Problem]:
        """What was found."""
        records = head.get("records")
        if type(records) is int and records != self.rows:
            yield RECORDS.problem(expected=records, value=self.rows)
        if self.narrow is not None:
            yield ROW_WIDTH.problem(
                row=self.narrow.record + 1,
                record=self.narrow.record,
                value=self.narrow.first,
                expected=len(self.columns),
                count=self.narrow.count,
            )
        for (kind, number), tally in sorted(self.tallies.items(), key=lambda one: one[0][1]):
            column = self.columns[number]
            yield _OF_VALUES[kind].problem(
                row=tally.record + 1,
                record=tally.record,
                variable=str(column.get("name", number)),
                expected=column.get("length" if kind == VALUE_LENGTH.id else "dataType"),
                value=_shown(tally.first),
                found=len(tally.first) if isinstance(tally.first, str) else 0,
                count=tally.count,
            )


_OF_VALUES: dict[str, Rule] = {one.id: one for one in (VALUE_TYPE, VALUE_FORMAT, VALUE_LENGTH)}


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
