"""Validation of files and packages that exist: each recognised by its content, then checked.

Files named together, or lying in one package, are checked against each other: datasets across
domains, define.xml against the XPT files, references between NDJSON files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from trialect.converters.baseline import read_baseline
from trialect.converters.closing import digest
from trialect.converters.explanations import read_explanations
from trialect.converters.package import LINEAGE, MANIFEST
from trialect.converters.recognise import Kind, recognise
from trialect.converters.review import Checked, CheckedFile, Review, review
from trialect.converters.rules_run import RuleRun
from trialect.converters.stamp import environment_stamp
from trialect.problems import Problem, Severity, Unusable, rule

if TYPE_CHECKING:
    from trialect.converters.validate_datasets import SeenDatasets

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
NOT_RECOGNISED = rule(
    "VALIDATE-NOT-RECOGNISED",
    "error",
    "A file is not what its name says",
    "{file} is no {kind}.",
    "Write it again; it may be empty, cut or of another format.",
)
NOT_READ = rule(
    "VALIDATE-NOT-READ",
    "error",
    "A file cannot be read",
    "{file} cannot be read: {reason}.",
    "Check the permissions and the disk.",
)
BAD_MANIFEST = rule(
    "PACKAGE-MANIFEST",
    "error",
    "The manifest cannot be read",
    "{file} is no manifest of a package: {reason}.",
    "Convert again; what lies in the package is checked all the same.",
)
OTHER_STANDARD = rule(
    "VALIDATE-STANDARD",
    "note",
    "The datasets follow another version of the standard",
    "define.xml names {value}; the datasets are checked against SDTMIG {checked}.",
    "Nothing to mend; labels, variables and terms may differ between versions.",
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


@dataclass(slots=True)
class Validation:
    """What a validation found: the problems, worst first, how many files were looked at, and what
    the reports tell of each problem.
    """

    problems: list[Problem] = field(default_factory=list)
    files: int = 0
    review: Review = field(default_factory=lambda: Review([]))

    @property
    def open_errors(self) -> int:
        """The number of problems of severity error that nothing explains."""
        return len(self.errors) - self.review.explained_by_severity[Severity.ERROR]

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

    datasets: SeenDatasets
    problems: list[Problem] = field(default_factory=list)
    files: int = 0
    xpt: dict[Path, list[Path]] = field(default_factory=dict)
    defines: list[Path] = field(default_factory=list)
    ndjson: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    checked: list[CheckedFile] = field(default_factory=list)
    packages: list[Path] = field(default_factory=list)
    runs: list[RuleRun] = field(default_factory=list)


def validate(
    *paths: str | Path,
    explanations: str | Path | None = None,
    baseline: str | Path | None = None,
) -> Validation:
    """Check packages, XPT, Dataset-JSON, define.xml and FHIR files, together.

    A problem's `row` is the number of the record in its file. `explanations` is a CSV that says
    why findings may stand, `baseline` the report.json of an earlier run. Raises `Unusable` when a
    path is not there or is nothing that can be validated, or when one of these is not in order.
    """
    from trialect.converters.validate_datasets import SeenDatasets

    explained = read_explanations(Path(explanations)) if explanations is not None else ()
    earlier = read_baseline(Path(baseline)) if baseline is not None else None
    seen = _Seen(SeenDatasets())
    for path in map(Path, paths):
        if not path.exists():
            raise Unusable(NO_FILE.problem(file=str(path)))
        if path.is_dir():
            _folder(path, seen)
        elif not _file(path, seen):
            raise Unusable(NOT_KNOWN.problem(file=str(path)))
    if not seen.files and not seen.problems:
        raise Unusable(NOT_KNOWN.problem(file=", ".join(map(str, paths))))
    seen.problems += _between(seen)
    checked = Checked(tuple(seen.checked), _standards(seen), environment_stamp())
    found = review(
        seen.problems,
        explanations=explained,
        baseline=earlier,
        runs=seen.runs,
        checked=checked,
    )
    found = _traced(found, seen.packages)
    return Validation(list(found.problems), seen.files, found)


def _traced(found: Review, packages: list[Path]) -> Review:
    """The findings on the datasets of a package, by the lineage that lies in it."""
    import polars as pl

    from trialect.converters.sources import traced_review
    from trialect.converters.traced_package import TracedPackage

    changed = [Path(one.file or "") for one in found.problems if one.rule == CHANGED.id]
    # Of two packages nobody knows which of them a dataset is in.
    if len(packages) != 1 or any(LINEAGE in path.parts for path in changed):
        return found
    try:
        return traced_review(found, TracedPackage(packages[0]), [path.name for path in changed])
    except (Unusable, OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        # The manifest is broken, which PACKAGE-MANIFEST tells, or fits a broken lineage: findings
        # stand without it.
        return found


def _standards(seen: _Seen) -> dict[str, str]:
    """The versions that the datasets were checked against."""
    from trialect.schemas.sdtm.model import VERSION

    if not DATASETS & {one.kind for one in seen.checked}:
        return {}
    return {"SDTMIG": VERSION, "SDTM CT": seen.datasets.terminology}


def write_report(path: Path, validation: Validation) -> None:
    """Write all findings as .json, .html, .xlsx or .csv, by the path's ending."""
    from trialect.converters.writers.report import write_csv, write_json
    from trialect.converters.writers.report_html import write_html
    from trialect.converters.writers.report_xlsx import write_xlsx

    writers: dict[str, Callable[[Path, Review], object]] = {
        ".json": write_json,
        ".html": write_html,
        ".xlsx": write_xlsx,
        ".csv": write_csv,
    }
    if path.suffix not in writers:
        raise Unusable(NO_REPORT_FORMAT.problem(file=str(path), known=", ".join(writers)))
    path.parent.mkdir(parents=True, exist_ok=True)
    writers[path.suffix](path, validation.review)


NO_REPORT_FORMAT = rule(
    "VALIDATE-REPORT-FORMAT",
    "error",
    "The report has no known ending",
    "{file} is to be a report of a kind that is not known.",
    "End its name with one of {known}.",
)


NAMED = {
    ".xpt": "XPT",
    ".json": "Dataset-JSON or FHIR",
    ".ndjson": "Dataset-JSON or FHIR",
    ".dsjc": "Dataset-JSON",
}
"""What files in a folder are, by the endings of their names."""


def _folder(folder: Path, seen: _Seen) -> None:
    manifest = folder / MANIFEST
    wanted = [folder]
    if manifest.is_file():
        seen.packages.append(folder)
        seen.problems += _against_manifest(folder, manifest)
        wanted = [folder / "m5", folder / "dataset-json", folder / "fhir"]
    for part in wanted:
        for path in sorted(part.rglob("*")):
            if not path.is_file() or path.name.startswith(".") or path == manifest:
                continue
            if not _file(path, seen) and path.suffix.lower() in NAMED:
                seen.files += 1
                kind = NAMED[path.suffix.lower()]
                seen.problems.append(NOT_RECOGNISED.problem(file=path.name, kind=kind))
            seen.folders.append(path.parent)


def _against_manifest(folder: Path, manifest: Path) -> Iterator[Problem]:
    try:
        written = orjson.loads(manifest.read_bytes())
        outputs = [(str(one["file"]), one["sha256"]) for one in written["outputs"]]
    except (ValueError, KeyError, TypeError) as error:
        reason = str(error) or type(error).__name__
        yield BAD_MANIFEST.problem(file=manifest.name, reason=reason)
        return
    home = folder.resolve()
    for name, sha256 in outputs:
        path = folder / name
        if not path.resolve().is_relative_to(home):
            yield BAD_MANIFEST.problem(file=manifest.name, reason=f"{name} lies outside")
        elif not path.is_file():
            yield MISSING.problem(file=name)
        elif digest(path) != sha256:
            yield CHANGED.problem(file=name)


def _file(path: Path, seen: _Seen) -> bool:
    """Check one file; False when it is nothing that can be validated."""
    try:
        kind = recognise(path)
        check = CHECKS_OF_A_FILE.get(kind)
        if check is None:
            return False
        seen.files += 1
        seen.checked.append(CheckedFile(path.name, kind.value))
        check(path, seen)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        seen.problems.append(NOT_READ.problem(file=path.name, reason=reason))
    except Unusable as unusable:
        seen.problems += [
            problem if problem.file else problem.at(file=path.name) for problem in unusable.problems
        ]
    return True


def _xpt(path: Path, seen: _Seen) -> None:
    seen.problems += seen.datasets.add_xpt(path)
    seen.xpt.setdefault(path.parent, []).append(path)


def _dataset_json(path: Path, seen: _Seen) -> None:
    seen.problems += seen.datasets.add_json(path)


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
    Kind.XPT8: _xpt,
    Kind.DATASET_JSON: _dataset_json,
    Kind.DATASET_NDJSON: _dataset_json,
    Kind.DSJC: _dataset_json,
    Kind.DEFINE_XML: _define,
    Kind.FHIR_BUNDLE: _bundle,
    Kind.FHIR_RESOURCE: _resource,
    Kind.FHIR_NDJSON: _ndjson,
}
"""How a file of each kind is checked."""


DATASETS = {one.value for one in CHECKS_OF_A_FILE if CHECKS_OF_A_FILE[one] in (_xpt, _dataset_json)}
"""The kinds of files that hold datasets."""


def _between(seen: _Seen) -> Iterator[Problem]:
    """What only shows when files are held against each other."""
    yield from seen.datasets.between(seen.defines)
    for define in seen.defines:
        yield from _beside_define(define, seen)
    if seen.ndjson:
        from trialect.converters.validate_fhir import check_ndjson_files

        yield from check_ndjson_files(seen.ndjson, complete=bool(seen.folders))


def _beside_define(define: Path, seen: _Seen) -> Iterator[Problem]:
    """A define.xml and the XPT files in its folder."""
    from trialect.converters.readers.define_xml import read_define
    from trialect.schemas.define.against import DATASET_ABSENT, check_define_against
    from trialect.schemas.sdtm.metadata_checks import REQUIRED_DATASETS
    from trialect.schemas.sdtm.model import VERSION

    files = seen.xpt.get(define.parent)
    if not files:
        return
    try:
        described = read_define(define)
    except Unusable:
        return  # check_define told why
    for standard in described.standards:
        if standard.type == "IG" and "MD" not in standard.name and standard.version != VERSION:
            value = f"{standard.name} {standard.version}"
            yield OTHER_STANDARD.problem(file=define.name, value=value, checked=VERSION)
    for problem in check_define_against(define, files):
        if problem.rule == DATASET_ABSENT.id:
            # It may lie there without having been named; check_define tells when it does not.
            names = described.files.get(problem.domain or "", ())
            if any((define.parent / name).is_file() for name in names):
                continue
        yield problem
    if define.parent in seen.folders:
        present = {file.stem.lower() for file in files}
        for domain in ("DM", "TS"):
            if domain.lower() not in present:
                yield REQUIRED_DATASETS.problem(file=define.name, domain=domain)
