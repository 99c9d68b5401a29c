"""A problem is a value: what is wrong, where, and how to mend it.

Every kind of problem is declared once as a `Rule` in the module that can find it. Code collects
problems and goes on; only the command line turns them into an exit code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad a problem is: an error breaks a standard or loses data, a warning asks for a look."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: the rule it breaks, the place, the value, and the sentence a person reads.

    `file`, `row`, `field` name the source (row as a spreadsheet numbers it: the header is row 1);
    `domain`, `usubjid`, `seq`, `variable` name the SDTM record; `path` a FHIRPath or XPath, in a
    registry's record the JSON path; `trial` the trial, of which a file of records holds many.
    """

    rule: str
    severity: Severity
    message: str
    mend: str = ""
    file: str | None = None
    row: int | None = None
    field: str | None = None
    value: str | None = None
    domain: str | None = None
    usubjid: str | None = None
    seq: str | None = None
    variable: str | None = None
    path: str | None = None
    trial: str | None = None

    @property
    def place(self) -> str:
        """Where it is, as `file:row: field`, or the SDTM record, or the path."""
        parts = []
        if self.file:
            parts.append(f"{self.file}:{self.row}" if self.row is not None else self.file)
        elif self.domain:
            parts.append(self.domain)
            if self.usubjid:
                parts.append(self.usubjid)
            if self.seq:
                parts.append(f"#{self.seq}")
        if self.trial:
            parts.append(self.trial)
        if self.field or self.variable:
            parts.append(str(self.field or self.variable))
        elif self.path:
            parts.append(self.path)
        return ": ".join(parts)

    def __str__(self) -> str:
        names_it = self.place and self.message.startswith(f"{self.place} ")
        text = f"{self.place}: {self.message}" if self.place and not names_it else self.message
        return f"{text} {self.mend}".rstrip()

    def as_dict(self) -> dict[str, Any]:
        """The problem as plain JSON values, without the empty ones."""
        values = ((name, getattr(self, name)) for name in self.__slots__)
        return {name: value for name, value in values if value not in (None, "")}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Problem:
        """The problem that `as_dict` gave, or a report, which says more of it."""
        own = {name: value for name, value in values.items() if name in cls.__slots__}
        return cls(**{**own, "severity": Severity(own["severity"])})

    def at(self, **place: Any) -> Problem:
        """The same problem with its place filled in further."""
        return replace(self, **place)


PLACE_FIELDS = frozenset(field.name for field in fields(Problem)) - {
    "rule",
    "severity",
    "message",
    "mend",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of problem: its id, severity, sentence and the clause of the standard behind it.

    `message` and `mend` are templates; `{value}` and the other names in braces are given to
    `problem`. `source` cites the clause (for example "CG0014" or "SAS TS-140").
    """

    id: str
    severity: Severity
    title: str
    message: str
    mend: str = ""
    source: str = ""

    def problem(self, **given: Any) -> Problem:
        """A problem of this kind; place fields of `Problem` are kept, all names fill the text."""
        place = {key: value for key, value in given.items() if key in PLACE_FIELDS}
        for name in ("value", "seq"):
            if place.get(name) is not None:
                place[name] = str(place[name])
        return Problem(
            rule=self.id,
            severity=self.severity,
            message=self.message.format_map(_Given(given)),
            mend=self.mend.format_map(_Given(given)),
            **place,
        )


class _Given(dict[str, Any]):
    """Template values; one that was not given shows its own name instead of raising."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


RULES: dict[str, Rule] = {}
"""Every declared rule by id, in the order of declaration (filled as modules are imported)."""


def rule(
    id: str,  # the field's own word
    severity: Severity | str,
    title: str,
    message: str,
    mend: str = "",
    source: str = "",
) -> Rule:
    """Declare a kind of problem. Raises ValueError when the id is taken by another rule."""
    declared = Rule(id, Severity(severity), title, message, mend, source)
    if RULES.setdefault(id, declared) != declared:
        raise ValueError(f"rule {id} is declared twice")
    return declared


class Unusable(Exception):  # noqa: N818 # the field's word for such input, told to users
    """Input that conversion or validation cannot start from; carries the problems that say why."""

    def __init__(self, problems: Iterable[Problem] | Problem) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Problems:
    """Collects problems in the order they are found and counts them by rule and severity."""

    def __init__(self, found: Iterable[Problem] = ()) -> None:
        self._found: list[Problem] = list(found)

    def add(self, problem: Problem) -> None:
        """Keep one problem."""
        self._found.append(problem)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Keep many problems."""
        self._found.extend(problems)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def errors(self) -> list[Problem]:
        """The problems of severity error."""
        return [problem for problem in self._found if problem.severity is Severity.ERROR]

    def by_rule(self) -> Counter[str]:
        """How often each rule was broken."""
        return Counter(problem.rule for problem in self._found)

    def by_severity(self) -> Counter[Severity]:
        """How many problems of each severity there are."""
        return Counter(problem.severity for problem in self._found)

    def stop_on_errors(self) -> None:
        """Raise `Unusable` with the errors, if there are any."""
        if self.errors:
            raise Unusable(self.errors)
