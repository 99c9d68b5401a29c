"""Explanations: a CSV in which the sponsor says why findings may stand as they are.

A line names a rule, what of the data it speaks of (its scope) and the justification. docs/report.md
describes the columns.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache
from itertools import product
from pathlib import Path

from trialect.converters.did_you_mean import meant
from trialect.converters.rule_names import names_of
from trialect.problems import Problem, Unusable, rule

EXPLANATIONS = "explanations.csv"
"""The file in a study folder."""

NOT_READ = rule(
    "EXPLAIN-NOT-READ",
    "error",
    "The explanations cannot be read",
    "{file} cannot be read: {reason}.",
    "Name a CSV file in UTF-8 (Excel: CSV UTF-8); docs/report.md describes it.",
)
COLUMN_MISSING = rule(
    "EXPLAIN-COLUMN-MISSING",
    "error",
    "The explanations lack a column",
    "the column {value!r} is missing.",
    "Add it to the header.",
)
COLUMN_UNKNOWN = rule(
    "EXPLAIN-COLUMN",
    "error",
    "The explanations have a column that is not known",
    "there is no column {value!r}.{meant}",
    "The columns are {known}.",
)
COLUMN_TWICE = rule(
    "EXPLAIN-COLUMN-TWICE",
    "error",
    "The explanations have a column twice",
    "the header names {value!r} twice.",
    "Keep one of the two.",
)
LONG_LINE = rule(
    "EXPLAIN-CELLS",
    "error",
    "A line of the explanations has more cells than the header",
    "the line has {found} cells, the header {expected}.",
    "Quote a cell that holds the delimiter.",
)
EMPTY_CELL = rule(
    "EXPLAIN-EMPTY",
    "error",
    "An explanation names no rule or no justification",
    "{field} is empty.",
    "Write it, or remove the line.",
)
TOO_WIDE = rule(
    "EXPLAIN-TOO-WIDE",
    "error",
    "An explanation names no rule, but all of them",
    "{value!r} stands for every rule.",
    "Name the rule, or the beginning of the rules' ids, such as SDTM-CT-*.",
)
TWICE = rule(
    "EXPLAIN-TWICE",
    "error",
    "The same findings are explained twice",
    "row {first} explains {value} already.",
    "Keep one of the two, or give them different scopes.",
)
UNUSED = rule(
    "EXPLAIN-UNUSED",
    "warning",
    "An explanation explains nothing",
    "{scope}: no such finding; {why}",
    "Remove the line, or correct its scope.",
)

_LIST = re.compile(r",\s*")


def variables_of(problem: Problem) -> tuple[str, ...]:
    """The variables of a finding, of which there may be several."""
    return tuple(_LIST.split(problem.variable)) if problem.variable else ("",)


SCOPE: dict[str, Callable[[Problem], tuple[str, ...]]] = {
    "dataset": lambda problem: (problem.domain or "",),
    "usubjid": lambda problem: (problem.usubjid or "",),
    "seq": lambda problem: (problem.seq or "",),
    "variable": lambda problem: (*variables_of(problem), *filter(None, [problem.field])),
    "value": lambda problem: (problem.value or "",),
    "file": lambda problem: (problem.file or "",),
}
"""The columns that say which findings of a rule are meant, and what of a finding they speak of."""

COLUMNS = ("rule", *SCOPE, "justification")
_NAMES = frozenset({"rule", "dataset", "variable"})
"""Columns that hold names, which CDISC and trialect write in capitals."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why findings of a rule may stand: `justification`, and the scope, of which "" is anything.

    In `rule` and the scope `*` stands for any characters, `?` for one; `~*`, `~?` and `~~` for
    the characters themselves, as in Excel. `line` is the row in the file (the header is row 1).
    """

    rule: str
    justification: str
    line: int
    name: str = EXPLANATIONS
    dataset: str = ""
    usubjid: str = ""
    seq: str = ""
    variable: str = ""
    value: str = ""
    file: str = ""

    @property
    def scope(self) -> dict[str, str]:
        """The columns of the scope that are filled."""
        return {column: text for column in SCOPE if (text := str(getattr(self, column)))}

    def __str__(self) -> str:
        told = (f"{column} {text}" for column, text in self.scope.items())
        return ", ".join([self.rule, *told])


def read_explanations(path: Path, name: str | None = None) -> tuple[Explanation, ...]:
    """The explanations of a file, which problems call `name`.

    Raises `Unusable` with everything that is wrong with it.
    """
    name = name or path.name
    problems: list[Problem] = []
    records = _records(path, name)
    header = [cell.strip().lower() for cell in records[0]] if records else []
    while header and not header[-1]:
        header.pop()
    problems += _header_problems(header, name)
    readable = not problems
    found: dict[tuple[str, ...], Explanation] = {}
    for line, record in enumerate(records[1:], start=2):
        cells = [cell.strip() for cell in record]
        if not any(cells):
            continue
        if any(cells[len(header) :]):
            expected = len(header)
            problems.append(
                LONG_LINE.problem(file=name, row=line, found=len(cells), expected=expected)
            )
        if not readable:
            continue
        one = _explanation(dict(zip(header, cells, strict=False)), line, name)
        faults = list(_line_problems(one))
        key = (one.rule, *(str(getattr(one, column)) for column in SCOPE))
        if not faults and key in found:
            first = found[key].line
            faults.append(TWICE.problem(file=name, row=line, value=str(one), first=first))
        problems += faults
        found.setdefault(key, one)
    if problems:
        raise Unusable(problems)
    return tuple(found.values())


def _explanation(cells: dict[str, str], line: int, name: str) -> Explanation:
    known = {one.name for one in fields(Explanation)} - {"line", "name"}
    texts = {
        column: text.upper() if column in _NAMES else text
        for column, text in cells.items()
        if column in known
    }
    return Explanation(**{"rule": "", "justification": "", **texts}, line=line, name=name)


def _line_problems(one: Explanation) -> Iterator[Problem]:
    for field in ("rule", "justification"):
        if not getattr(one, field):
            yield EMPTY_CELL.problem(file=one.name, row=one.line, field=field)
    if one.rule and not one.rule.strip("*?"):
        yield TOO_WIDE.problem(file=one.name, row=one.line, field="rule", value=one.rule)


def _header_problems(header: Sequence[str], name: str) -> Iterator[Problem]:
    for column in header:
        if column not in COLUMNS:
            given = {"value": column, "meant": meant(column, COLUMNS), "known": ", ".join(COLUMNS)}
            yield COLUMN_UNKNOWN.problem(file=name, row=1, **given)
    for column in dict.fromkeys(one for one in header if header.count(one) > 1):
        if column in COLUMNS:
            yield COLUMN_TWICE.problem(file=name, row=1, value=column)
    for column in ("rule", "justification"):
        if column not in header:
            yield COLUMN_MISSING.problem(file=name, row=1, value=column)


def _records(path: Path, name: str) -> list[list[str]]:
    """The cells of a CSV file as Excel and others save it. Raises `Unusable` when it is none."""
    records: list[list[str]] = []
    row = None
    try:
        text = path.read_bytes().decode("utf-8-sig")
        delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
        source = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for record in source:
            records.append(record)
            row = len(records) + 1
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except UnicodeDecodeError as error:
        reason = f"byte {error.start + 1} is no UTF-8"
    except csv.Error as error:
        reason = next((why for words, why in _REASONS.items() if words in str(error)), str(error))
        row = len(records) + 1
    else:
        return records
    raise Unusable(NOT_READ.problem(file=name, row=row, reason=reason))


_REASONS = {
    "unexpected end of data": "a quote is opened and never closed",
    "expected after": "text follows a closing quote",
    "field limit": "a cell is too long",
}
"""What Python's reader complains of, in words for those who write tables."""


class Explainer:
    """Finds the explanations of findings, as fast with thousands of explanations as with one."""

    def __init__(self, explanations: Sequence[Explanation]) -> None:
        self.explanations = explanations
        self._of_rule: dict[str, _Table] = {}

    def of(self, problem: Problem) -> list[int]:
        """The places of the explanations of a finding, in the order of the file."""
        if not self.explanations or problem.rule == UNUSED.id:
            return []
        table = self._of_rule.get(problem.rule)
        if table is None:
            names = names_of(problem.rule, (one.rule for one in self.explanations))
            mine = [
                place
                for place, one in enumerate(self.explanations)
                if any(_matches(one.rule, name.upper()) for name in names)
            ]
            table = self._of_rule[problem.rule] = _table(self.explanations, mine)
        return sorted(_looked_up(table, problem)) if table else []


_Table = dict[tuple[str, ...], dict[tuple[str, ...], list[tuple[int, tuple[tuple[str, str], ...]]]]]
"""By the columns whose texts have no wildcards: by these texts, the explanations and the rest."""


def _table(explanations: Sequence[Explanation], places: Sequence[int]) -> _Table:
    table: _Table = {}
    for place in places:
        scope = explanations[place].scope
        exact = tuple(column for column, text in scope.items() if _pattern(text) is None)
        rest = tuple((column, text) for column, text in scope.items() if column not in exact)
        texts = tuple(_literal(scope[column]) for column in exact)
        table.setdefault(exact, {}).setdefault(texts, []).append((place, rest))
    return table


def _looked_up(table: _Table, problem: Problem) -> set[int]:
    found = set()
    for exact, explanations in table.items():
        for texts in product(*(_told(problem, column) for column in exact)):
            for place, rest in explanations.get(texts, ()):
                if all(
                    any(_matches(text, told) for told in _told(problem, column))
                    for column, text in rest
                ):
                    found.add(place)
    return found


def _told(problem: Problem, column: str) -> tuple[str, ...]:
    texts = SCOPE[column](problem)
    return tuple(text.upper() for text in texts) if column in _NAMES else texts


_SIGN = re.compile(r"~([*?~])|([*?])")


@cache
def _pattern(text: str) -> re.Pattern[str] | None:
    """The pattern of a text with wildcards; None when it has none."""
    if not any(found[2] for found in _SIGN.finditer(text)):
        return None
    parts = []
    at = 0
    for found in _SIGN.finditer(text):
        parts.append(re.escape(text[at : found.start()]))
        parts.append(re.escape(found[1]) if found[1] else {"*": ".*", "?": "."}[found[2]])
        at = found.end()
    return re.compile("".join(parts) + re.escape(text[at:]), re.DOTALL)


def _literal(text: str) -> str:
    return _SIGN.sub(r"\1", text)


def _matches(wanted: str, told: str) -> bool:
    pattern = _pattern(wanted)
    return told == _literal(wanted) if pattern is None else pattern.fullmatch(told) is not None


def unused(
    explanations: Sequence[Explanation], hits: Sequence[int], problems: Sequence[Problem]
) -> list[Problem]:
    """A finding for each explanation that explains none; `hits` says how many each explains."""
    idle = [one for one, count in zip(explanations, hits, strict=True) if not count]
    if not idle:
        return []
    counts: dict[str, int] = {}
    for problem in problems:
        counts[problem.rule] = counts.get(problem.rule, 0) + 1
    found = []
    for one in idle:
        same = sum(n for name, n in counts.items() if _matches(one.rule, name.upper()))
        why = (
            f"{same:,} of the rule are outside the scope."
            if same
            else f"the rule has found nothing.{meant(one.rule, counts)}"
        )
        found.append(UNUSED.problem(file=one.name, row=one.line, scope=str(one), why=why))
    return found
