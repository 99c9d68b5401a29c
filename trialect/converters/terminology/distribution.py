"""A distribution of CDISC terminology as NCI EVS publishes it: one package, one release date.

Which package and which date a file is of is said by its name, its sheet or its root element; where
several of them say it, they must agree, and where none does, the caller must.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from trialect.problems import Problem, Problems, Unusable, rule
from trialect.schemas.ct import Codelist

MAIN = "SDTM"
COMPANIONS = ("Protocol", "QRS", "COA")
"""Packages whose codelists variables of SDTM use where the package of SDTM does not have them."""
OTHERS = (
    "ADaM",
    "CDASH",
    "DDF",
    "Define-XML",
    "Glossary",
    "ICH M11",
    "MRCT",
    "SEND",
    "TMF",
)
"""The other packages of CDISC terminology, whose codelists SDTM datasets do not use."""

NO_VERSION = rule(
    "CT-NO-VERSION",
    "error",
    "Nothing says which release of terminology a file is",
    "neither the name of the file nor its content says which release it is.",
    "Give the release date with --version, as in --version 2024-09-27.",
)
VERSIONS_DIFFER = rule(
    "CT-VERSIONS-DIFFER",
    "error",
    "A file of terminology contradicts itself about its release",
    "the release is {said}.",
    "Give the file the name and the date under which NCI EVS published it.",
)
NO_DATE = rule(
    "CT-VERSION",
    "error",
    "A version of terminology is no date",
    "{value!r} is no release date.",
    "Write it as 2024-09-27.",
    "ISO 8601",
)
NO_PACKAGE = rule(
    "CT-NO-PACKAGE",
    "error",
    "Nothing says which package of terminology a file is",
    "neither the name of the file nor its content says which package it is.",
    "Give it with --package, as in --package SDTM.",
)
PACKAGES_DIFFER = rule(
    "CT-PACKAGES-DIFFER",
    "error",
    "A file of terminology contradicts itself about its package",
    "the package is {said}.",
    "Give the file the name under which NCI EVS published it.",
)
NOT_USED = rule(
    "CT-PACKAGE",
    "error",
    "A package of terminology is not one that SDTM uses",
    "it is the terminology of {value}; SDTM datasets use that of {known}.",
    "Take `SDTM Terminology` of the same release.",
)


@dataclass(frozen=True, slots=True)
class Said:
    """What one place says of a file's package and release; None where it says nothing."""

    place: str
    package: str | None = None
    version: str | None = None


@dataclass(slots=True)
class Distribution:
    """What a file holds: its package, release date and codelists, and what was found in it."""

    file: str
    format: str
    package: str
    version: str
    codelists: tuple[Codelist, ...]
    problems: Problems = field(default_factory=Problems)


_DATE = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")
_WORDS = {
    **{name.casefold(): name for name in (MAIN, *COMPANIONS, *OTHERS)},
    "def-xml": "Define-XML",
}
_PACKAGE = re.compile(
    r"(?<![a-z])(" + "|".join(map(re.escape, _WORDS)) + r")(?![a-z])", re.IGNORECASE
)


def said_by(place: str, text: str) -> Said:
    """What a name says: the package that it names, and the date in it."""
    package, version = _PACKAGE.search(text), _DATE.search(text)
    return Said(
        place,
        _WORDS[package[1].casefold()] if package else None,
        version[1] if version else None,
    )


def release(path: Path, given: Iterable[Said]) -> tuple[str, str]:
    """The package and the release date that all places say.

    Raises `Unusable` when they contradict each other, say nothing, or name a package that SDTM
    does not use.
    """
    said = [*given, said_by(f"the file's name ({path.name})", path.name)]
    packages = {one.package: one.place for one in said if one.package}
    dates = {one.version: one.place for one in said if one.version}
    problems: list[Problem] = []
    if not packages:
        problems.append(NO_PACKAGE.problem(file=path.name))
    elif len(packages) > 1:
        problems.append(PACKAGES_DIFFER.problem(file=path.name, said=_listed(packages)))
    elif (package := next(iter(packages))) not in (MAIN, *COMPANIONS):
        known = " and ".join((MAIN, COMPANIONS[0]))
        problems.append(NOT_USED.problem(file=path.name, value=package, known=known))
    if not dates:
        problems.append(NO_VERSION.problem(file=path.name))
    elif len(dates) > 1:
        problems.append(VERSIONS_DIFFER.problem(file=path.name, said=_listed(dates)))
    elif not is_date(version := next(iter(dates))):
        problems.append(NO_DATE.problem(file=path.name, value=version))
    if problems:
        raise Unusable(problems)
    return next(iter(packages)), next(iter(dates))


def _listed(said: dict[str, str]) -> str:
    return " and ".join(f"{value} by {place}" for value, place in said.items())


def is_date(text: str) -> bool:
    """Whether a text is a calendar date as YYYY-MM-DD."""
    try:
        return bool(_DATE.fullmatch(text)) and date.fromisoformat(text) is not None
    except ValueError:
        return False
