"""Cells of mapping tables: read as what they should be, or told of with their table and line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from trialect.converters.did_you_mean import meant
from trialect.mappings.decimals import PLAIN
from trialect.mappings.expressions import ExpressionError, names_in
from trialect.mappings.lines import Table, TableLine, check_header
from trialect.mappings.table_rules import (
    BAD_NUMBER,
    EMPTY_CELL,
    NOT_A_TERM,
    UNKNOWN_CODELIST,
    UNKNOWN_WORD,
)
from trialect.mappings.tables import Words
from trialect.mappings.terms import NEW_TERM
from trialect.mappings.values import EXPRESSION
from trialect.metadata import Origin
from trialect.problems import Problems, Rule
from trialect.schemas.ct import Codelist, Terminology
from trialect.schemas.ct.nearest import hint

NEEDED = "NEEDED"
"""How the note of a line begins that `trialect init` left to be filled in."""

ORIGINS = ("Collected", "Derived", "Assigned", "Protocol", "Predecessor")
ORIGIN_SOURCES = ("Investigator", "Sponsor", "Subject", "Vendor")


class Cells:
    """Reads the cells of one study's tables; `problems` collects everything that is wrong."""

    def __init__(self, tables: dict[str, Table], terms: Terminology, problems: Problems) -> None:
        self.tables = tables
        self.terminology = terms
        self.problems = problems
        self.words: dict[str, Words] = {}

    def table(self, name: str, known: Collection[str], required: tuple[str, ...]) -> Table | None:
        """A table, its header checked; None when the study has none of this name."""
        table = self.tables.get(name)
        if table is not None:
            self.problems.extend(check_header(table, tuple(known), required))
        return table

    def tell(self, declared: Rule, line: TableLine, field: str, **given: Any) -> None:
        """Keep a problem of a cell; of a line that waits to be filled in what its note asks."""
        place = {"file": line.table, "row": line.number, "field": field}
        problem = declared.problem(**{**place, **given})
        note = line.get("note") or ""
        if note.startswith(NEEDED):
            asked = ": ".join(filter(None, (line.get("target") or line.get("domain"), note)))
            problem = replace(problem, mend=f"{asked}.")
        self.problems.add(problem)

    def text(self, line: TableLine, column: str) -> str:
        """A cell that is needed."""
        text = line.get(column)
        if text is None:
            self.tell(EMPTY_CELL, line, column)
        return text or ""

    def word(self, line: TableLine, column: str, known: Iterable[str], default: str) -> str:
        """A cell that holds one of some words."""
        text = line.get(column) or default
        known = tuple(known)
        if text not in known:
            self._unknown(line, column, text, known, column)
            return default
        return text

    def _unknown(
        self, line: TableLine, column: str, text: str, known: tuple[str, ...], what: str
    ) -> None:
        close = meant(text, known)
        listed = ", ".join(known)
        self.tell(UNKNOWN_WORD, line, column, value=text, what=what, meant=close, known=listed)

    def origin(self, line: TableLine, default: Origin) -> Origin:
        """`Collected`, or with the source too: `Collected; Subject`."""
        words = line.list("origin")
        if not words:
            return default
        kind, source = words[0], words[1] if len(words) > 1 else None
        if kind not in ORIGINS or len(words) > 2:
            self._unknown(line, "origin", "; ".join(words), ORIGINS, "origin")
            return default
        if source is not None and source not in ORIGIN_SOURCES:
            self._unknown(line, "origin", source, ORIGIN_SOURCES, "origin's source")
            return default
        if source is None:
            source = "Investigator" if kind == "Collected" else "Sponsor"
        return Origin(kind, source)  # type: ignore[arg-type] # both are checked above

    def expression(self, line: TableLine, column: str, text: str | None = None) -> str | None:
        """A cell that holds an expression, or a part of one that does."""
        text = line.get(column) if text is None else text
        if text is not None:
            try:
                names_in(text)
            except ExpressionError as error:
                self.tell(EXPRESSION, line, column, expression=text, reason=error, value=text)
        return text

    def number(self, line: TableLine, column: str) -> float | None:
        """A cell that holds a number, if any."""
        text = line.get(column)
        if text is None:
            return None
        if not re.match(PLAIN, text):
            self.tell(BAD_NUMBER, line, column, value=text)
            return None
        return float(text)

    def codelists(self, line: TableLine, column: str) -> tuple[str, ...]:
        """A cell that names codelists of the study or of SDTM CT."""
        names = line.list(column)
        for name in names:
            if name not in self.words and self.terminology.codelist(name) is None:
                self.tell(
                    UNKNOWN_CODELIST,
                    line,
                    column,
                    value=name,
                    version=self.terminology.version,
                    meant=meant(name, self.words),
                )
        return names

    def term(
        self,
        line: TableLine,
        column: str,
        value: str,
        codelists: Iterable[Codelist],
        *,
        warn: bool = False,
    ) -> None:
        """A fixed text must be a term where no codelist takes others; `warn` tells of a sponsor's
        term too, where nobody else does.
        """
        known = list(codelists)
        if not known or any(value in one.by_value for one in known):
            return
        is_open = any(one.extensible for one in known)
        if is_open and not warn:
            return
        names = " or ".join(f"{one.name} ({one.code})" for one in known)
        close = hint(value, known)
        declared = NEW_TERM if is_open else NOT_A_TERM
        self.tell(declared, line, column, value=value, codelist=names, nearest=close)
