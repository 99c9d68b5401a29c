"""The table that the text and the Excel distributions of NCI EVS hold: a header, then a row a
codelist and a row a term; a codelist's row has no `Codelist Code`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from trialect.converters.terminology.distribution import Said, said_by
from trialect.converters.terminology.gather import Gathered
from trialect.problems import Unusable, rule

CODE = "code"
CODELIST_CODE = "codelist code"
EXTENSIBLE = "codelist extensible"
NAME = "codelist name"
VALUE = "cdisc submission value"
SYNONYMS = "cdisc synonym"
PREFERRED = "nci preferred term"
STANDARD = "standard and date"
"""Only in files of the CDISC Library; says `SDTM CT 2024-09-27`."""

COLUMNS = {
    CODE: "Code",
    CODELIST_CODE: "Codelist Code",
    EXTENSIBLE: "Codelist Extensible (Yes/No)",
    NAME: "Codelist Name",
    VALUE: "CDISC Submission Value",
    SYNONYMS: "CDISC Synonym(s)",
    PREFERRED: "NCI Preferred Term",
}
"""The columns that are read, and how NCI EVS writes them; `CDISC Definition` is not."""

NOT_KNOWN = rule(
    "CT-NOT-KNOWN",
    "error",
    "A file is no distribution of terminology",
    "it is no terminology as NCI EVS publishes it: {reason}.",
    "Take `SDTM Terminology.txt`, `.xls` or `.odm.xml` from the CDISC pages of NCI EVS.",
)
NO_COLUMN = rule(
    "CT-COLUMNS",
    "error",
    "A column of a terminology is missing",
    "the header has no column {missing}.",
    "Download the file again; its header was changed.",
)
COLUMN_TWICE = rule(
    "CT-COLUMN-TWICE",
    "error",
    "A column of a terminology is there twice",
    "the header names {value!r} twice.",
    "Download the file again; its header was changed.",
)
FIELDS = rule(
    "CT-ROW",
    "error",
    "A row of a terminology has more or fewer fields than the header",
    "the row has {actual} fields where the header has {expected}.",
    "Download the file again; it was changed or cut.",
)
QUOTED = rule(
    "CT-QUOTED",
    "error",
    "A terminology was saved by a spreadsheet",
    "{value} stands in quotation marks, which NCI EVS does not write.",
    "Take the file as it was downloaded, or the Excel workbook itself.",
)

WIDTH = 50
"""Columns at most; a terminology has eight or nine."""
MOST_ROWS = 2_000_000
"""Rows at most; the release of 2025-03-28 has 45,000."""

Row = tuple[int, Sequence[str]]
"""A row's number, as a spreadsheet counts it, and its fields."""

_EXTRA = re.compile(r"\(.*?\)")


def gather(rows: Iterable[Row], file: str) -> tuple[Gathered, list[Said]]:
    """What the rows tell, and what they say of package and release.

    Raises `Unusable` when the first row is no header of a terminology, or errors are too many.
    """
    lines = iter(rows)
    first = islice(lines, MOST_ROWS)
    row, header = next(((number, fields) for number, fields in first if any(fields)), (1, ()))
    places = _columns(row, header, file)
    found = Gathered(file)
    standards: dict[str, None] = {}
    for number, fields in _whole(lines, len(header), found):
        at = {"row": number}
        value = {key: fields[place] for key, place in places.items()}
        for key in (NAME, VALUE):
            if value[key][:1] == value[key][-1:] == '"':
                found.tell(QUOTED, at, value=value[key])
        if STANDARD in places:
            standards.setdefault(value[STANDARD].strip())
        if value[CODELIST_CODE].strip():
            found.term(
                at,
                value[CODELIST_CODE],
                value[CODE],
                value[VALUE],
                value[PREFERRED],
                value[SYNONYMS].split(";"),
            )
        else:
            found.codelist(at, value[CODE], value[VALUE], value[NAME], value[EXTENSIBLE])
    named = f"the column {header[places[STANDARD]]!r}" if STANDARD in places else ""
    return found, [said_by(named, text) for text in standards if text]


def _columns(row: int, header: Sequence[str], file: str) -> dict[str, int]:
    """Where each column stands, by its key."""
    keys = [" ".join(_EXTRA.sub("", name).casefold().split()) for name in header]
    keys = [key.removesuffix("s") if key == f"{SYNONYMS}s" else key for key in keys]
    missing = [shown for key, shown in COLUMNS.items() if key not in keys]
    if len(missing) > len(COLUMNS) - 3:
        begins = " | ".join(header)[:80]
        reason = f"its first row is {begins!r}" if begins else "it is empty"
        raise Unusable(NOT_KNOWN.problem(file=file, row=row, reason=reason))
    problems = [NO_COLUMN.problem(file=file, row=row, missing=repr(one)) for one in missing]
    for key in (*COLUMNS, STANDARD):
        if keys.count(key) > 1:
            problems.append(COLUMN_TWICE.problem(file=file, row=row, value=COLUMNS.get(key, key)))
    if problems:
        raise Unusable(problems)
    return {key: keys.index(key) for key in (*COLUMNS, STANDARD) if key in keys}


def _whole(lines: Iterator[Row], width: int, found: Gathered) -> Iterator[Row]:
    """The rows that have as many fields as the header; empty rows are passed over."""
    for number, fields in lines:
        if number > MOST_ROWS:
            reason = f"it has more than {MOST_ROWS:,} rows"
            raise Unusable(NOT_KNOWN.problem(file=found.file, row=number, reason=reason))
        if not any(fields):
            continue
        if len(fields) == width:
            yield number, fields
        else:
            found.tell(FIELDS, {"row": number}, actual=len(fields), expected=width)
