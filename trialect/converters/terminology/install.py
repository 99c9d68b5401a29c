"""Installs distributions of terminology as a version: whole or not at all, and the same twice.

The table that is written holds the facts alone, so that text, Excel and ODM of one release give
the same bytes; where they came from stands in a record beside it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from trialect.converters.terminology import read_distribution
from trialect.converters.terminology.differences import differences
from trialect.converters.terminology.distribution import MAIN, Distribution
from trialect.problems import Problem, Unusable, rule
from trialect.schemas.ct import Codelist, places
from trialect.schemas.ct.places import Held, Record, SourceFile
from trialect.schemas.ct.table import fingerprint, pack
from trialect.schemas.ct.terminology import forget
from trialect.schemas.sdtm.model import VERSION, datasets
from trialect.schemas.sdtm.trial_summary import PARAMETER_CODELISTS

WHICH_MAIN = rule(
    "CT-FILES",
    "error",
    "The files do not make one version",
    "{found}; a version is one file of SDTM terminology and, if wanted, others that complete it.",
    "Name `SDTM Terminology` of one release, and beside it Protocol of the same.",
)
OTHER_DATE = rule(
    "CT-DATES",
    "error",
    "A package is of another release than the version it is to complete",
    "{package} is of {value}, where the SDTM file is of {version}.",
    "Take files of one release: TS and Define-XML say one version.",
)
DIFFERS = rule(
    "CT-INSTALLED",
    "error",
    "A version is there already and differs",
    "version {version} is there already ({place}) and does not hold the same: {differences}.",
    "Nothing was changed. If the new file is right, say --replace.",
)
LACKS = rule(
    "CT-LACKS",
    "note",
    "A version does not have all codelists that SDTMIG names",
    "version {version} does not have {codes}, which SDTMIG {ig} names for variables or TS "
    "parameters; their values are not checked against a codelist.",
    "An earlier release has fewer codelists. Where that of Protocol has them, install both files "
    "together.",
    "SDTMIG 3.4",
)
NO_HOME = rule(
    "CT-NO-HOME",
    "error",
    "There is no folder to install terminology in",
    "the system knows no home folder.",
    "Set TRIALECT_HOME to a folder, or say --home FOLDER.",
)
NO_STUDY = rule(
    "CT-NO-STUDY",
    "error",
    "The folder is no study folder",
    "{file} holds no study.yaml.",
    "Name the folder that holds study.yaml.",
)

SHOWN = 10
"""Codelists that a note names."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What an installation did: the version, where it lies, what it holds, and what was found.

    `changed` is False where the same was there already.
    """

    version: str
    file: Path
    codelists: int
    terms: int
    changed: bool
    problems: tuple[Problem, ...]


def folder_for(home: Path | None, study: Path | None) -> Path:
    """The folder that versions are installed in: a study's, the one given, or the user's.

    Raises `Unusable` when a study is none, or no folder is known.
    """
    if study is not None:
        if not (study / "study.yaml").is_file():
            raise Unusable(NO_STUDY.problem(file=str(study)))
        return study / places.FOLDER
    home = home or places.home()
    if home is None:
        raise Unusable(NO_HOME.problem())
    return home / places.FOLDER


def install(
    files: Sequence[Path],
    folder: Path,
    *,
    version: str | None = None,
    package: str | None = None,
    encoding: str | None = None,
    replace_old: bool = False,
) -> Installation:
    """Read distributions and keep them in `folder` as one version, that of the SDTM file.

    Further files (Protocol) add the codelists that SDTM's does not have. `version`, `package` and
    `encoding` are said of a single file. Raises `Unusable` when a file is none or has errors, or
    another content has this version already and `replace_old` is not set; OSError when a file
    cannot be read or the folder not written.
    """
    read = [
        read_distribution(file, version=version, package=package, encoding=encoding)
        for file in files
    ]
    main, others = _parts(read)
    codelists = completed(main, others)
    packed = pack(main.version, codelists)
    record = Record(
        main.version,
        fingerprint(packed, main.file),
        len(codelists),
        sum(len(one.terms) for one in codelists),
        tuple(_source(path, one) for path, one in zip(files, read, strict=True)),
    )
    problems = [problem for one in read for problem in one.problems]
    problems += lacking(main.version, codelists)
    known = _known(main.version, folder)
    there = known is not None and _content(known) == record.content_sha256
    if known is not None and not there and not replace_old:
        _refuse(known, codelists)
    table = places.table_file(folder, main.version)
    if not there:
        folder.mkdir(parents=True, exist_ok=True)
        # The table makes the version; until it is there, its record is nothing.
        _write(Held(main.version, "user", table).record_file, record.to_json().encode())
        _write(table, packed)
        forget()
    lies = known.file if known is not None and there else table
    return Installation(
        main.version, lies, record.codelists, record.terms, not there, tuple(problems)
    )


def _parts(read: Iterable[Distribution]) -> tuple[Distribution, list[Distribution]]:
    """The SDTM file, and those that complete it, each package once."""
    by_package: dict[str, list[Distribution]] = {}
    for one in read:
        by_package.setdefault(one.package, []).append(one)
    wrong = [f"no file is of {MAIN}"] if MAIN not in by_package else []
    wrong += [
        f"{len(several)} files are of {package}"
        for package, several in by_package.items()
        if len(several) > 1
    ]
    if wrong:
        raise Unusable(WHICH_MAIN.problem(found=" and ".join(wrong)))
    main = by_package.pop(MAIN)[0]
    others = [one for several in by_package.values() for one in several]
    differ = [
        OTHER_DATE.problem(
            file=one.file, package=one.package, value=one.version, version=main.version
        )
        for one in others
        if one.version != main.version
    ]
    if differ:
        raise Unusable(differ)
    return main, sorted(others, key=lambda one: one.package)


def completed(main: Distribution, others: Iterable[Distribution]) -> list[Codelist]:
    """The codelists of SDTM, and those of the others that it does not have."""
    found = {one.code: one for one in main.codelists}
    for other in others:
        for one in other.codelists:
            found.setdefault(one.code, replace(one, package=other.package))
    return list(found.values())


def lacking(version: str, codelists: Iterable[Codelist]) -> list[Problem]:
    """A note when codelists are not there that SDTMIG names for variables or TS parameters."""
    codes = {one.code for one in codelists}
    named = {
        code
        for dataset in datasets().values()
        for variable in dataset.variables
        for code in variable.codelists
    }
    missing = sorted((named | set(PARAMETER_CODELISTS.values())) - codes)
    if not missing:
        return []
    listed = ", ".join(missing[:SHOWN])
    if len(missing) > SHOWN:
        listed += f" and {len(missing) - SHOWN} others"
    return [LACKS.problem(version=version, ig=VERSION, codes=listed)]


def _source(path: Path, one: Distribution) -> SourceFile:
    data = path.read_bytes()
    return SourceFile(
        file=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        format=one.format,
        package=one.package,
        version=one.version,
    )


def _known(version: str, folder: Path) -> Held | None:
    """What has this version already: in the folder, else in the package."""
    found = [one for one in places.in_folder(folder, "user") if one.version == version]
    found += [one for one in places.shipped() if one.version == version]
    return found[0] if found else None


def _content(held: Held) -> str | None:
    """SHA-256 of what a table holds; None for one that is damaged."""
    try:
        held.read()
        return fingerprint(held.file.read_bytes(), str(held.file))
    except Unusable:
        return None


def _refuse(known: Held, codelists: Sequence[Codelist]) -> None:
    old = known.read().codelists()
    raise Unusable(
        DIFFERS.problem(
            version=known.version,
            place=str(known.file) if known.place != "shipped" else "it comes with trialect",
            differences=differences(old, codelists),
        )
    )


def _write(path: Path, data: bytes) -> None:
    """Write a file whole: beside its place, then moved there."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # Others may read what is installed for all; mkstemp lets nobody.
        aside.chmod(0o644)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
