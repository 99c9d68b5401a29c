"""Where versions of terminology lie: in the package, in the user's folder, beside a study.

A place other than the package is a folder with two files a version: the table, and a record of
where it came from, with the SHA-256 of what the table holds. A version that a study carries is
used before the user's, and that before the one of the package.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from trialect.problems import Unusable
from trialect.schemas.ct.codelists import Terminology
from trialect.schemas.ct.table import DAMAGED, UNPACKED_LIMIT, fingerprint

RECORD_LIMIT = 1_000_000
"""Bytes of a record at most."""

Place = Literal["shipped", "user", "study"]

HOME = "TRIALECT_HOME"
"""The environment variable that says where the user's folder is."""
DATA = "XDG_DATA_HOME"
"""The one that says where programs keep their data (XDG Base Directory Specification)."""
FOLDER = "terminology"
"""The folder of tables, in the user's folder and in a study's."""

IS_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}")
_PREFIX, _SUFFIX, _RECORD = "sdtm-ct-", ".jsonl.gz", ".source.json"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A distribution that a version was made from: file name, SHA-256, bytes and what it is."""

    file: str
    sha256: str
    bytes: int
    format: str
    package: str
    version: str


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept beside an installed table: what it holds and the files it was made from."""

    version: str
    content_sha256: str
    codelists: int
    terms: int
    sources: tuple[SourceFile, ...]

    def to_json(self) -> str:
        """The record as it is written."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"


@dataclass(frozen=True, slots=True)
class Held:
    """A version that is at hand, and its table."""

    version: str
    place: Place
    file: Path

    @property
    def record_file(self) -> Path:
        """The record beside the table."""
        return self.file.with_name(self.file.name.removesuffix(_SUFFIX) + _RECORD)

    def record(self) -> Record | None:
        """The record of an installed version; None for the one of the package.

        Raises `Unusable` when it is missing or none.
        """
        if self.place == "shipped":
            return None
        try:
            facts = json.loads(_bounded(self.record_file, RECORD_LIMIT))
            sources = tuple(SourceFile(**one) for one in facts.pop("sources"))
            record = Record(sources=sources, **facts)
            _check_types(record)
        except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            reason = f"its record {self.record_file.name} is missing or wrong ({error})"
            raise Unusable(DAMAGED.problem(file=str(self.file), reason=reason)) from error
        return record

    def read(self) -> Terminology:
        """The terminology, whole as it was installed. Raises `Unusable` when it is not."""
        record = self.record()
        try:
            packed = _bounded(self.file, UNPACKED_LIMIT)
        except (OSError, ValueError) as error:
            raise Unusable(DAMAGED.problem(file=str(self.file), reason=str(error))) from error
        if record is not None and fingerprint(packed, str(self.file)) != record.content_sha256:
            reason = "it does not hold what its record says"
            raise Unusable(DAMAGED.problem(file=str(self.file), reason=reason))
        return Terminology(self.version, packed, str(self.file))


def _bounded(file: Path, limit: int) -> bytes:
    """The bytes of a file. Raises ValueError when there are more than `limit`."""
    with file.open("rb") as opened:
        data = opened.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"{file.name} is larger than {limit:,} bytes")
    return data


def _check_types(record: Record) -> None:
    for one in (asdict(record), *map(asdict, record.sources)):
        for name, value in one.items():
            wanted = int if name in ("codelists", "terms", "bytes") else str
            if name != "sources" and type(value) is not wanted:
                raise TypeError(f"{name} is no {wanted.__name__}")


def home() -> Path | None:
    """The user's folder: TRIALECT_HOME, else `trialect` in the data folder of the XDG rules.

    None when the system knows no home folder.
    """
    return home_by(os.environ.get(HOME), os.environ.get(DATA))


def home_by(said: str | None, data: str | None) -> Path | None:
    """The user's folder where TRIALECT_HOME and XDG_DATA_HOME say these."""
    if said:
        return Path(said)
    # The rules have a relative path ignored.
    if data and Path(data).is_absolute():
        return Path(data) / "trialect"
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "trialect"
    try:
        return Path.home() / ".local" / "share" / "trialect"
    except RuntimeError:
        return None


def table_file(folder: Path, version: str) -> Path:
    """The table of a version in a folder of tables."""
    return folder / f"{_PREFIX}{version}{_SUFFIX}"


def in_folder(folder: Path, place: Place) -> Iterator[Held]:
    """The versions whose tables lie in a folder, oldest first; none when there is no folder."""
    try:
        found = sorted(folder.glob(f"{_PREFIX}*{_SUFFIX}"))
    except OSError:
        return
    for file in found:
        version = file.name[len(_PREFIX) : -len(_SUFFIX)]
        if IS_VERSION.fullmatch(version):
            yield Held(version, place, file)


def shipped() -> list[Held]:
    """The versions that the package carries, oldest first."""
    return list(in_folder(Path(str(files(__package__))), "shipped"))


def at_hand(study: Path | None = None, user: Path | None = None) -> list[Held]:
    """Every version that lies somewhere, oldest first, and in a version what is used first.

    `user` is the user's folder where it is not the one of `home`.
    """
    user = user or home()
    found = [] if study is None else list(in_folder(study / FOLDER, "study"))
    found += [] if user is None else list(in_folder(user / FOLDER, "user"))
    return sorted([*found, *shipped()], key=lambda one: one.version)
