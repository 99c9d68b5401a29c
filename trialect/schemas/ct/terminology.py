"""The terminology of a version: what a study carries, the user installed, or the package ships.

The shipped table is built by scripts/build_sdtm_tables.py; others are written by `trialect
terminology install`.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from trialect.problems import Unusable
from trialect.schemas.ct.codelists import Codelist, Term, Terminology
from trialect.schemas.ct.places import (
    DATA,
    FOLDER,
    HOME,
    IS_VERSION,
    Held,
    at_hand,
    home_by,
    in_folder,
    shipped,
    table_file,
)
from trialect.schemas.ct.table import DAMAGED

__all__ = [
    "CarriedVersion",
    "Codelist",
    "Term",
    "Terminology",
    "carried",
    "forget",
    "terminology",
    "versions",
]


class CarriedVersion(str):
    """A version that a study carries in its own folder: the text, and the table that is meant.

    Whoever takes a version takes this as well; it goes to other processes as it is.
    """

    file: str
    """The path of the table."""
    changed: int
    """When the table was written (nanoseconds), so that a new one is not taken for it."""

    def __new__(cls, version: str, file: str, changed: int) -> CarriedVersion:
        """The version as text, and its table."""
        self = super().__new__(cls, version)
        self.file, self.changed = file, changed
        return self

    def __reduce__(self) -> tuple[type[CarriedVersion], tuple[str, str, int]]:
        """How another process gets it."""
        return type(self), (str(self), self.file, self.changed)


def versions() -> list[str]:
    """The versions of SDTM CT that are shipped or installed for the user, oldest first."""
    return list(dict.fromkeys(one.version for one in at_hand()))


def carried(version: str, study: Path) -> str:
    """The version as a study means it: the study's own where its folder has one, else as it is."""
    if not IS_VERSION.fullmatch(version):
        return version
    file = table_file(study / FOLDER, version).absolute()
    try:
        return CarriedVersion(version, str(file), file.stat().st_mtime_ns)
    except OSError:
        return version


def terminology(version: str) -> Terminology:
    """The terminology of one version (a date, or what `carried` gave).

    Raises KeyError when it is not at hand, and `Unusable` when its table is damaged.
    """
    if isinstance(version, CarriedVersion):
        return _carried(str(version), version.file, version.changed)
    return _found(version, os.environ.get(HOME), os.environ.get(DATA))


def forget() -> None:
    """Look for tables anew: the user's folder was written to."""
    _found.cache_clear()


@lru_cache(maxsize=16)
def _carried(version: str, file: str, changed: int) -> Terminology:
    held = Held(version, "study", Path(file))
    found = held.read()
    if held.file.stat().st_mtime_ns != changed:
        reason = "it was changed after the study had been read"
        raise Unusable(DAMAGED.problem(file=file, reason=reason))
    return found


@lru_cache(maxsize=16)
def _found(version: str, said: str | None, data: str | None) -> Terminology:
    """The user's version or that of the package; asked for with every code, so it is kept."""
    user = home_by(said, data)
    found = [] if user is None else list(in_folder(user / FOLDER, "user"))
    for one in [*found, *shipped()]:
        if one.version == version:
            return one.read()
    raise KeyError(version)
