"""What belongs to a study: the study, its subjects, what is about them, what that leads to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from trialect.converters.server.compartment import patients_of, references
from trialect.converters.server.page import Line
from trialect.converters.server.sorted_lines import SortedLines
from trialect.problems import Problems, Unusable, rule

NO_STUDY = rule(
    "PULL-NO-STUDY",
    "error",
    "There is no such study",
    "No ResearchStudy has the identifier or the id {value}.",
    "Give its identifier as value or system|value, or its id on the server.",
)
STUDIES = rule(
    "PULL-STUDIES",
    "error",
    "More than one study has that name",
    "{value} is an identifier of {count} ResearchStudies: {found}.",
    "Give system|value, or the id of one of them.",
)
NO_PATIENT = rule(
    "PULL-NO-PATIENT",
    "warning",
    "A subject has no patient",
    "ResearchSubject/{value} names no Patient of this server.",
    "Nothing but the ResearchSubject itself is known of the subject.",
)
NOT_ASKED = rule(
    "PULL-NOT-ASKED",
    "error",
    "The server gave what is not of the study",
    "{count} {type} that the server gave are about none of the study's subjects; they were left "
    "out.",
    "The server does not heed the search that it was asked for; try --export.",
)
MISSING = rule(
    "PULL-MISSING",
    "warning",
    "A reference leads nowhere",
    "{value} is referred to, and the server does not give it.",
)
NO_ID = rule(
    "PULL-NO-ID",
    "error",
    "A resource has no id",
    "A resource of type {type} has no id that FHIR allows; it was left out.",
    source="http://hl7.org/fhir/R4/resource.html#id",
)

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TYPE = re.compile(r"[A-Za-z]{1,64}")


class Source(Protocol):
    """Where a study's resources are: a server's searches, or the files of an export."""

    base: str
    problems: Problems

    @property
    def types(self) -> list[str]:
        """Types of a patient's resources to ask for."""

    def studies(self, name: str) -> Iterator[Line]:
        """ResearchStudies by identifier or id."""

    def subjects(self, study: str) -> Iterator[Line]:
        """The ResearchSubjects of a study."""

    def of_patients(self, type_: str, patients: Sequence[str]) -> Iterator[Line]:
        """Resources of a type about patients."""

    def with_ids(self, type_: str, ids: Iterable[str]) -> Iterator[Line]:
        """Resources of a type by id."""

    def with_urls(self, type_: str, urls: Iterable[str]) -> Iterator[Line]:
        """Definitions by canonical URL."""


@dataclass(slots=True)
class Gathered:
    """The study that was found, and how many subjects it has."""

    study: Line
    patients: list[str] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)


Progress = Callable[[str, int, int], None]


def gather(source: Source, name: str, into: SortedLines, tell: Progress) -> Gathered:
    """Put all that belongs to a study into `into`. Raises `Unusable` when it is not there."""
    return _Gathering(source, into).run(name, tell)


def add(into: SortedLines, line: Line, problems: Problems) -> bool:
    """Keep a resource, unless it has no id, which is a problem."""
    if not _ID.fullmatch(line.id) or not _TYPE.fullmatch(line.type):
        problems.add(NO_ID.problem(type=line.type[:64]))
        return False
    into.add(line)
    return True


class _Gathering:
    def __init__(self, source: Source, into: SortedLines) -> None:
        self._source = source
        self._into = into
        self._wanted: dict[str, set[str]] = {}
        self._had: dict[str, set[str]] = {}
        self._problems = Problems()

    def run(self, name: str, tell: Progress) -> Gathered:
        source = self._source
        studies = {one.id: one for one in source.studies(name) if one.type == "ResearchStudy"}
        if len(studies) != 1:
            problem = NO_STUDY.problem(value=name)
            if studies:
                named = ", ".join(sorted(studies))
                problem = STUDIES.problem(value=name, count=len(studies), found=named)
            # A search that was refused found none either.
            raise Unusable([problem, *source.problems])
        found = Gathered(next(iter(studies.values())))
        self._keep(found.study)
        found.patients = self._subjects(f"ResearchStudy/{found.study.id}")
        steps = ["Patient", *source.types]
        for done, type_ in enumerate(steps):
            tell("pull", done, len(steps) + 1)
            if type_ == "Patient":
                self._patients(found.patients)
            else:
                self._about_patients(type_, found.patients)
        tell("pull", len(steps), len(steps) + 1)
        self._follow()
        tell("pull", len(steps) + 1, len(steps) + 1)
        found.problems.extend([*self._problems, *source.problems])
        return found

    def _keep(self, line: Line) -> bool:
        """Keep a resource, and what it refers to in mind."""
        if not add(self._into, line, self._problems):
            return False
        self._had.setdefault(line.type, set())
        for type_, name in references(line.resource, self._source.base):
            self._wanted.setdefault(type_, set()).add(name)
        return True

    def _subjects(self, study: str) -> list[str]:
        """Keep the subjects of the study; their patients."""
        patients: dict[str, None] = {}
        for line in self._source.subjects(study):
            if line.type != "ResearchSubject" or not self._keep(line):
                continue
            named = patients_of(line.resource, self._source.base)
            if not named:
                self._problems.add(NO_PATIENT.problem(value=line.id))
            patients.update(dict.fromkeys(sorted(named)))
        return sorted(patients)

    def _patients(self, patients: Sequence[str]) -> None:
        wanted = {one.removeprefix("Patient/") for one in patients}
        had = set()
        for line in self._source.with_ids("Patient", wanted):
            if line.type == "Patient" and line.id in wanted and self._keep(line):
                had.add(line.id)
        for name in sorted(wanted - had):
            self._problems.add(MISSING.problem(value=f"Patient/{name}"))

    def _about_patients(self, type_: str, patients: Sequence[str]) -> None:
        wanted = set(patients)
        others = 0
        for line in self._source.of_patients(type_, patients):
            if line.type == type_ and patients_of(line.resource, self._source.base) & wanted:
                self._keep(line)
            else:
                others += 1
        if others:
            self._problems.add(NOT_ASKED.problem(type=type_, count=others))

    def _follow(self) -> None:
        """Ask for what is referred to, then for what that refers to, until nothing is new."""
        while True:
            todo = {
                type_: names - self._had.setdefault(type_, set())
                for type_, names in sorted(self._wanted.items())
            }
            todo = {type_: names for type_, names in todo.items() if names}
            if not todo:
                return
            for type_, names in todo.items():
                self._had[type_] |= names
                self._ask(type_, names)

    def _ask(self, type_: str, names: set[str]) -> None:
        urls = {one for one in names if not _ID.fullmatch(one)}
        got = set()
        for line in self._source.with_ids(type_, names - urls) if names - urls else ():
            if line.type == type_ and line.id in names and self._keep(line):
                got.add(line.id)
        for line in self._source.with_urls(type_, urls) if urls else ():
            url = line.resource.get("url")
            if line.type == type_ and url in urls and self._keep(line):
                got.add(url)
        for name in sorted(names - got):
            told = name if name in urls else f"{type_}/{name}"
            self._problems.add(MISSING.problem(value=told))
