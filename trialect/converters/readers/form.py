"""A form as its reader gives it, whatever the format: columns, batches of text, what went wrong.

Every cell is text exactly as the export holds it, null where it is empty. The column `@row`
(Int64) numbers the records as a spreadsheet does: the header is row 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from trialect.problems import Problem, Problems, Unusable, rule
from trialect.trial import ROW

OWN_COLUMNS = "trialect_"
"""Prefix of the columns that a file of rejected rows adds; readers leave them out."""

BATCH_ROWS = 200_000
"""Records in a batch at most, unless the caller says otherwise."""

DUPLICATE_COLUMN = rule(
    "READ-DUPLICATE-COLUMN",
    "error",
    "Two columns of a form have the same name",
    "the header names column {value!r} {times} times (columns {places}).",
    "Give each column its own name.",
)
UNNAMED_COLUMN = rule(
    "READ-UNNAMED-COLUMN",
    "error",
    "A column of a form has no name",
    "the header has no name for column {places}.",
    "Name the column, or take it out of the export.",
)
UNNAMED_FIRST_COLUMN = rule(
    "READ-ROW-NAMES",
    "warning",
    "The first column has no name",
    "the first column has no name, as where R or pandas number the rows; it is read as {value!r}.",
    "Name it, or take it out of the export.",
)
RESERVED_COLUMN = rule(
    "READ-RESERVED-COLUMN",
    "error",
    "A column's name begins with @",
    "the name of column {value!r} begins with @, which marks the columns that trialect adds.",
    "Give the column another name.",
)
EMPTY_FILE = rule(
    "READ-EMPTY-FILE",
    "error",
    "A form's file is empty",
    "the file is empty: it has no header.",
    "Export the form again, with its column names in the first row.",
)
NO_RECORDS = rule(
    "READ-NO-RECORDS",
    "warning",
    "A form has a header and no record",
    "there is a header and no record under it.",
    "Check that the export is complete.",
)
RAGGED_ROW = rule(
    "READ-RAGGED-ROW",
    "error",
    "A row has more or fewer fields than the header",
    "the row has {actual} fields where the header has {expected}; it is rejected.",
    "Mend the row: {hint}.",
)

ERROR_CELL = rule(
    "READ-ERROR-CELL",
    "error",
    "A cell of a spreadsheet shows an error",
    "the cell shows {value}.",
    "Correct the formula, or declare the text under records.missing if it means no value.",
)

UNNAMED = "unnamed_1"
"""What the first column is called when the header leaves it without a name."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A row that could not be read as a record: why, and its fields as they stand in the file."""

    row: int
    rule: str
    reason: str
    fields: tuple[str, ...]


@dataclass(slots=True)
class OpenForm:
    """A form being read.

    `problems` and `misfits` grow while `batches` is consumed; reading on raises `Unusable` where
    the rest of the file cannot be read. `header` holds the names in the file's own order, also
    those that `columns` leaves out; `delimiter` is that of a delimited text, else a comma.
    """

    header: tuple[str, ...]
    batches: Iterator[pl.DataFrame]
    problems: Problems = field(default_factory=Problems)
    misfits: list[Misfit] = field(default_factory=list)
    delimiter: str = ","

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the form's columns, in order."""
        return tuple(name for name in self.header if not name.startswith(OWN_COLUMNS))


def check_header(names: Iterable[str], file: str, problems: Problems) -> tuple[str, ...]:
    """The column names as they are used: without the blanks around them.

    Raises `Unusable` for names that are missing, reserved or there twice.
    """
    header = [name.strip() for name in names]
    if len(header) > 1 and not header[0] and UNNAMED not in header:
        header[0] = UNNAMED
        problems.add(UNNAMED_FIRST_COLUMN.problem(file=file, row=1, value=UNNAMED))
    found: list[Problem] = []
    places: dict[str, list[int]] = {}
    for place, name in enumerate(header, start=1):
        places.setdefault(name, []).append(place)
    for name, where in places.items():
        listed = ", ".join(map(str, where))
        if not name:
            found.append(UNNAMED_COLUMN.problem(file=file, row=1, places=listed))
        elif name.startswith("@"):
            found.append(RESERVED_COLUMN.problem(file=file, row=1, value=name))
        elif len(where) > 1:
            found.append(
                DUPLICATE_COLUMN.problem(
                    file=file, row=1, value=name, times=len(where), places=listed
                )
            )
    if found:
        raise Unusable(found)
    return tuple(header)


def misfit_of(
    file: str, row: int, fields: tuple[str, ...], expected: int, hint: str
) -> tuple[Problem, Misfit]:
    """The problem and the rejected row of a record with the wrong number of fields."""
    problem = RAGGED_ROW.problem(
        file=file, row=row, actual=len(fields), expected=expected, hint=hint
    )
    beyond = ", ".join(f'"{one}"' for one in fields[expected:])
    reason = f"{problem.message} Beyond the header: {beyond}." if beyond else problem.message
    return problem, Misfit(row, RAGGED_ROW.id, reason, fields)


def frame_of(
    header: tuple[str, ...], records: list[tuple[str | None, ...]], rows: list[int]
) -> pl.DataFrame:
    """Records as a frame of String columns (an empty text becomes null) with their rows."""
    columns = list(zip(*records, strict=True)) if records else [()] * len(header)
    return pl.DataFrame(
        [
            pl.Series(name, [cell or None for cell in cells], pl.String)
            for name, cells in zip(header, columns, strict=True)
            if not name.startswith(OWN_COLUMNS)
        ]
        + [pl.Series(ROW, rows, pl.Int64)]
    )
