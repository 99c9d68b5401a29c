"""Validation of files and packages that exist: each recognised by its content, then checked.

Files named together, or lying in one package, are checked against each other: datasets across
domains, define.xml against the XPT files, references between NDJSON files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import polars as pl

from trialect.converters.closing import digest, place_of
from trialect.converters.package import MANIFEST
from trialect.converters.recognise import Kind, recognise
from trialect.problems import Problem, Severity, Unusable, rule

NO_FILE = rule(
    "VALIDATE-NO-FILE",
    "error",
    "There is no such file",
    "{file} does not exist.",
    "Check the path.",
)
NOT_KNOWN = rule(
    "VALIDATE-NOT-KNOWN",
    "error",
    "The file is of no kind that can be validated",
    "{file} is no package, XPT, Dataset-JSON, define.xml or FHIR.",
    "Name such a file or a folder of them; a study folder is checked by trialect convert.",
)
NOT_VERSION_5 = rule(
    "VALIDATE-XPT-VERSION",
    "error",
    "The XPT is not of version 5",
    "{file} is a SAS transport file of version 8 or 9.",
    "Write it as version 5 (SAS: proc copy with the XPORT engine).",
    "FDA Study Data Technical Conformance Guide 3.3.1",
)
CHANGED = rule(
    "PACKAGE-CHANGED",
    "error",
    "A file is not the one that was written",
    "{file} has another SHA-256 than manifest.json says.",
    "Convert again, or find out who changed it.",
)
MISSING = rule(
    "PACKAGE-MISSING",
    "error",
    "A file of the package is missing",
    "{file} is in manifest.json and not in the package.",
    "Convert again, or put the file back.",
)

READABLE = frozenset({Kind.XPT5, Kind.DATASET_JSON, Kind.DATASET_NDJSON, Kind.DSJC})


@dataclass(slots=True)
class Validation:
    """What a validation found: the problems, worst first, and how many files were looked at."""

    problems: list[Problem] = field(default_factory=list)
    files: int = 0

    @property
    def errors(self) -> list[Problem]:
        """The problems of severity error."""
        return [problem for problem in self.problems if problem.severity is Severity.ERROR]

    @property
    def summary(self) -> str:
        """`2 errors, 0 warnings, 1 note`."""
        parts = []
        for severity in Severity:
            count = sum(problem.severity is severity for problem in self.problems)
            parts.append(f"{count} {severity.value}{'' if count == 1 else 's'}")
        return ", ".join(parts)


@dataclass(slots=True)
class _Seen:
    """What the files named so far hold, for the checks between them."""

    problems: list[Problem] = field(default_factory=list)
    files: int = 0
    datasets: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    xpt: dict[Path, list[Path]] = field(default_factory=dict)
    defines: list[Path] = field(default_factory=list)
    ndjson: list[Path] = field(default_factory=list)


def validate(*paths: str | Path) -> Validation:
    """Check packages, XPT, Dataset-JSON, define.xml and FHIR files, together.

    Raises `Unusable` when a path is not there or is nothing that can be validated.
    """
    seen = _Seen()
    for path in map(Path, paths):
        if not path.exists():
            raise Unusable(NO_FILE.problem(file=str(path)))
        if path.is_dir():
            _folder(path, seen)
        elif not _file(path, seen):
            raise Unusable(NOT_KNOWN.problem(file=str(path)))
    if not seen.files:
        raise Unusable(NOT_KNOWN.problem(file=", ".join(map(str, paths))))
    seen.problems += _between(seen)
    return Validation(sorted(seen.problems, key=place_of), seen.files)


def write_report(path: Path, validation: Validation) -> None:
    """Write all findings as .json, .html or .csv, by the path's ending."""
    from trialect.converters.writers.report import write_csv, write_html, write_json

    writers: dict[str, Callable[[], None]] = {
        ".json": lambda: write_json(path, None, validation.problems),
        ".html": lambda: write_html(path, None, validation.problems),
        ".csv": lambda: write_csv(path, validation.problems),
    }
    if path.suffix not in writers:
        raise Unusable(NO_REPORT_FORMAT.problem(file=str(path), known=", ".join(writers)))
    path.parent.mkdir(parents=True, exist_ok=True)
    writers[path.suffix]()


NO_REPORT_FORMAT = rule(
    "VALIDATE-REPORT-FORMAT",
    "error",
    "The report has no known ending",
    "{file} is to be a report of a kind that is not known.",
    "End its name with one of {known}.",
)


def _folder(folder: Path, seen: _Seen) -> None:
    manifest = folder / MANIFEST
    if manifest.is_file():
        seen.problems += _against_manifest(folder, orjson.loads(manifest.read_bytes()))
        wanted = [folder / "m5", folder / "dataset-json", folder / "fhir"]
    else:
        wanted = [folder]
    for part in wanted:
        for path in sorted(part.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                _file(path, seen)


def _against_manifest(folder: Path, manifest: dict[str, object]) -> Iterator[Problem]:
    outputs = manifest.get("outputs")
    for one in outputs if isinstance(outputs, list) else []:
        path = folder / one["file"]
        if not path.is_file():
            yield MISSING.problem(file=one["file"])
        elif digest(path) != one["sha256"]:
            yield CHANGED.problem(file=one["file"])


def _file(path: Path, seen: _Seen) -> bool:
    """Check one file; False when it is nothing that can be validated."""
    kind = recognise(path)
    check = CHECKS_OF_A_FILE.get(kind)
    if check is None:
        return False
    seen.files += 1
    try:
        check(path, seen)
    except Unusable as unusable:
        seen.problems += [
            problem if problem.file else problem.at(file=path.name) for problem in unusable.problems
        ]
    return True


def _xpt(path: Path, seen: _Seen) -> None:
    from trialect.converters.readers.xpt import read_members
    from trialect.schemas.sdtm.metadata_checks import check_metadata

    for member in read_members(path):
        found = [*member.problems, *check_metadata(path, member)]
        seen.problems += [one if one.file else one.at(file=path.name) for one in found]
        seen.datasets.setdefault(member.name, []).append(member.frame)
    seen.xpt.setdefault(path.parent, []).append(path)


def _xpt8(path: Path, seen: _Seen) -> None:
    seen.problems.append(NOT_VERSION_5.problem(file=path.name))


def _dataset_json(path: Path, seen: _Seen) -> None:
    from trialect.converters.readers.dataset_json import read_dataset_json
    from trialect.schemas.dataset_json import check_dataset_json

    problems = list(check_dataset_json(path))
    seen.problems += problems
    if any(problem.severity is Severity.ERROR for problem in problems):
        return
    dataset = read_dataset_json(path)
    # The same dataset lies in a package as XPT; its records are checked once.
    seen.datasets.setdefault(dataset.name, [dataset.frame])


def _define(path: Path, seen: _Seen) -> None:
    from trialect.schemas.define import check_define

    seen.problems += check_define(path)
    seen.defines.append(path)


def _bundle(path: Path, seen: _Seen) -> None:
    from trialect.schemas.fhir import check_bundle_text

    seen.problems += check_bundle_text(path.read_bytes(), file=path.name)


def _resource(path: Path, seen: _Seen) -> None:
    from trialect.schemas.fhir import check_resource

    if path.suffix == ".ndjson":
        # A file of one line: others may refer to its resource.
        seen.ndjson.append(path)
        return
    seen.problems += [p.at(file=path.name) for p in check_resource(_json(path))]


def _ndjson(path: Path, seen: _Seen) -> None:
    seen.ndjson.append(path)


NOT_JSON = rule(
    "VALIDATE-NOT-JSON",
    "error",
    "The file is no JSON",
    "{file} is no JSON: {reason}.",
    "Write it again; it may have been cut.",
)


def _json(path: Path) -> object:
    from decimal import Decimal
    from json import JSONDecodeError, loads

    try:
        return loads(path.read_bytes(), parse_float=Decimal)
    except (JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unusable(NOT_JSON.problem(file=path.name, reason=error)) from error


CHECKS_OF_A_FILE: dict[Kind, Callable[[Path, _Seen], None]] = {
    Kind.XPT5: _xpt,
    Kind.XPT8: _xpt8,
    Kind.DATASET_JSON: _dataset_json,
    Kind.DATASET_NDJSON: _dataset_json,
    Kind.DSJC: _dataset_json,
    Kind.DEFINE_XML: _define,
    Kind.FHIR_BUNDLE: _bundle,
    Kind.FHIR_RESOURCE: _resource,
    Kind.FHIR_NDJSON: _ndjson,
}
"""How a file of each kind is checked."""


def _between(seen: _Seen) -> Iterator[Problem]:
    """What only shows when files are held against each other."""
    from trialect.converters.submitted import define_against_files
    from trialect.profile import profile
    from trialect.schemas.sdtm.checks import run_checks, run_trial_checks

    if seen.datasets:
        joined = _joined(seen.datasets)
        yield from run_checks(joined)
        yield from run_trial_checks(profile(joined))
    for define in seen.defines:
        if files := seen.xpt.get(define.parent):
            yield from define_against_files(define, files)
    if seen.ndjson:
        from trialect.converters.fhir_files import check_ndjson_files

        yield from check_ndjson_files(seen.ndjson)


def _joined(datasets: dict[str, list[pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    """The datasets by the name under which they are checked; split parts (QSPH, QS1) are one."""
    from trialect.schemas.sdtm.model import datasets as models

    known = models()
    joined: dict[str, list[pl.DataFrame]] = {}
    for name, frames in datasets.items():
        domain = name
        if name not in known and not name.startswith("SUPP") and name[:2] in known:
            domain = name[:2]
        joined.setdefault(domain, []).extend(frames)
    return {
        name: frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")
        for name, frames in joined.items()
    }
