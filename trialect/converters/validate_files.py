"""Files under validation: each recognised by its content, checked by itself, and kept for the
checks between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from trialect.converters.digest import digest
from trialect.converters.fhir_encoding import encoding_problem
from trialect.converters.fhir_flood import Flood
from trialect.converters.package import LOSSES_JSON, MANIFEST, PULLED
from trialect.converters.recognise import Kind, recognise
from trialect.converters.review import CheckedFile
from trialect.problems import RULES, Problem, Rule, Unusable, rule

if TYPE_CHECKING:
    from trialect.converters.companion import Companion
    from trialect.converters.validate_datasets import SeenDatasets
    from trialect.schemas.core.package import Datasets

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
NO_TABLE = rule(
    "VALIDATE-CSV",
    "error",
    "Datasets in CSV cannot be read",
    "{file} cannot be read as datasets: {reason}.",
    "Write CSV in UTF-8 with a header; _datasets.csv and _variables.csv say what the files hold.",
)


Told = tuple[list[Problem], list[Rule]]


@dataclass(slots=True)
class Seen:
    """What the files named so far hold, for the checks between them."""

    problems: list[Problem] = field(default_factory=list)
    files: int = 0
    xpt: dict[Path, list[Path]] = field(default_factory=dict)
    defines: list[Path] = field(default_factory=list)
    ndjson: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    checked: list[CheckedFile] = field(default_factory=list)
    packages: list[Path] = field(default_factory=list)
    tables: dict[Path, Datasets] = field(default_factory=dict)
    bundles: list[Path] = field(default_factory=list)
    beside: Companion | None = None
    release: str | None = None
    """The release of FHIR that the files are said to be written in."""
    later: list[tuple[int, Path, Callable[[], Told]]] = field(default_factory=list)
    """What another process checks: the place of its problems among the others, and the file."""
    flood: Flood = field(default_factory=Flood)
    _datasets: SeenDatasets | None = None

    @property
    def datasets(self) -> SeenDatasets:
        """The datasets, which are read by what FHIR alone need not wait for."""
        if self._datasets is None:
            from trialect.converters.validate_datasets import SeenDatasets

            self._datasets = SeenDatasets()
        return self._datasets

    @property
    def has_datasets(self) -> bool:
        """Whether any file was of the kind that holds datasets."""
        return self._datasets is not None

    @property
    def fhir_release(self) -> str:
        """The release of the FHIR files: as said, as a package's manifest has it, as it shows."""
        if self.release is None:
            from trialect.converters.fhir_release import release_of_files, release_of_package

            said = {release_of_package(folder) for folder in self.packages} - {None}
            one = said.pop() if len(said) == 1 else None
            self.release = one or release_of_files(self.ndjson, self.bundles)
        return self.release

    def settle(self) -> None:
        """Put the problems of what was checked beside in their places, and check the bundles."""
        for place, path, check in reversed(self.later):
            try:
                found, rules = check()
                for one in rules:
                    RULES.setdefault(one.id, one)
            except Unusable as unusable:
                found = _placed(unusable, path)
            self.problems[place:place] = found
        self.later.clear()
        if self.bundles:
            from trialect.converters.validate_fhir import check_bundle_files

            found_here = check_bundle_files(self.bundles, self.fhir_release)
            self.problems += self.flood.through(found_here)
        self.bundles.clear()


NAMED = {
    ".xpt": "XPT",
    ".json": "Dataset-JSON, FHIR or registry records",
    ".ndjson": "Dataset-JSON or FHIR",
    ".dsjc": "Dataset-JSON",
}
"""What files in a folder are, by the endings of their names."""


DATA = ("m5", "dataset-json", "fhir", "registry")
"""Folders of a package that hold what was made of the data."""


PACKED = (".gz", ".gzip")
"""How the names of files end that gzip has made."""


def look_at_folder(folder: Path, seen: Seen) -> None:
    """Check every file of a folder; of a package those that are data."""
    manifest = folder / MANIFEST
    wanted = [folder]
    if manifest.is_file():
        seen.packages.append(folder)
        seen.problems += against_manifest(folder, manifest)
        wanted = [folder / name for name in DATA]
    _look_at_all(wanted, {manifest, folder / PULLED}, seen)


def look_at_trial(folder: Path, seen: Seen) -> None:
    """Check every file of a trial in a folder of trials that is data."""
    _look_at_all([folder / name for name in DATA], set(), seen)


def is_trials(path: Path) -> bool:
    """Whether a path is a folder of trials that a conversion of registry records made."""
    return path.is_dir() and recognise(path) is Kind.TRIALS


def is_trial(path: Path) -> bool:
    """Whether a path is the folder of one trial of such a conversion."""
    return (path / LOSSES_JSON).is_file() and not (path / MANIFEST).exists()


def of_trial_in_manifest(folder: Path) -> Iterator[Problem]:
    """What the manifest around a trial's folder says of its files, and is not so."""
    whole = folder.resolve().parent
    if is_trials(whole):
        start = f"{folder.resolve().name}/"
        for one in against_manifest(whole, whole / MANIFEST):
            if one.file is not None and one.file.startswith(start):
                yield one


def trials_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """The trials of such a folder and where each lies; nothing where its manifest is broken."""
    try:
        listed = orjson.loads((folder / MANIFEST).read_bytes())["trials"]
        named = [(str(one["trial"]), str(one["folder"])) for one in listed]
    except (OSError, ValueError, KeyError, TypeError):
        return
    home = folder.resolve()
    for trial, name in named:
        if (folder / name).is_dir() and (folder / name).resolve().parent == home:
            yield trial, folder / name


def _look_at_all(folders: list[Path], told: set[Path], seen: Seen) -> None:
    for part in folders:
        for path in sorted(part.rglob("*")):
            if not path.is_file() or path.name.startswith(".") or path in told:
                continue
            if not look_at(path, seen) and path.suffix.lower() in NAMED:
                seen.files += 1
                kind = NAMED[path.suffix.lower()]
                seen.problems.append(NOT_RECOGNISED.problem(file=path.name, kind=kind))
            seen.folders.append(path.parent)


def against_manifest(folder: Path, manifest: Path) -> Iterator[Problem]:
    """What a manifest says of the files of its package, and is not so."""
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


def look_at(path: Path, seen: Seen) -> bool:
    """Check one file; False when it is nothing that can be validated."""
    try:
        kind = recognise(path)
        if kind is Kind.UNKNOWN and path.suffix.lower() in PACKED:
            from trialect.converters.validate_fhir import packed_fhir

            kind = packed_fhir(path)
        check = CHECKS_OF_A_FILE.get(kind)
        is_other = check is None or (kind is Kind.CSV and not _is_described(path))
        if (is_other or kind in FHIR) and (wrong := encoding_problem(path)) is not None:
            seen.files += 1
            seen.problems.append(wrong)
            return True
        if check is None or is_other:
            return False
        seen.files += 1
        seen.checked.append(CheckedFile(path.name, kind.value))
        check(path, seen)
    except OSError as error:
        seen.problems.append(not_read(path, error))
    except Unusable as unusable:
        seen.problems += _placed(unusable, path)
    return True


def not_read(path: Path, error: OSError) -> Problem:
    """The problem of a file that cannot be read."""
    return NOT_READ.problem(file=path.name, reason=error.strerror or type(error).__name__)


def _placed(unusable: Unusable, path: Path) -> list[Problem]:
    return [one if one.file else one.at(file=path.name) for one in unusable.problems]


def _xpt(path: Path, seen: Seen) -> None:
    seen.problems += seen.datasets.add_xpt(path)
    seen.xpt.setdefault(path.parent, []).append(path)


def _dataset_json(path: Path, seen: Seen) -> None:
    seen.problems += seen.datasets.add_json(path)


TABLES = ("_datasets.csv", "_variables.csv")
"""The files beside datasets in CSV that say what these hold."""


def _is_described(path: Path) -> bool:
    """Whether a CSV file is a dataset, of which a file beside it tells."""
    is_table = any((path.parent / name).is_file() for name in TABLES)
    return is_table and path.suffix.lower() == ".csv" and not path.name.startswith("_")


def _csv(path: Path, seen: Seen) -> None:
    from trialect.schemas.core.cases import BadCase, read_case
    from trialect.schemas.core.package import Datasets

    try:
        if path.parent not in seen.tables:
            seen.tables[path.parent] = read_case(path.parent)
    except BadCase as error:
        seen.tables[path.parent] = Datasets(())
        raise Unusable(NO_TABLE.problem(file=path.parent.name, reason=error)) from error
    for dataset in seen.tables[path.parent]:
        if dataset.file == path.name:
            seen.problems += seen.datasets.add_table(dataset)


def _define(path: Path, seen: Seen) -> None:
    from trialect.converters.ahead import defined

    if seen.beside is not None:
        check = seen.beside.ask(defined, path)
        seen.later.append((len(seen.problems), path, check))
    else:
        seen.problems += defined(path)[0]
    seen.defines.append(path)


def _bundle(path: Path, seen: Seen) -> None:
    seen.bundles.append(path)


def _resource(path: Path, seen: Seen) -> None:
    if path.suffix == ".ndjson":
        # A file of one line: others may refer to its resource.
        seen.ndjson.append(path)
        return
    from trialect.converters.validate_fhir import check_resource_file

    seen.problems += seen.flood.through(check_resource_file(path, seen.release))


def _records(path: Path, seen: Seen) -> None:
    from trialect.converters.records_inspection import problems_of_records

    seen.problems += seen.flood.through(problems_of_records(path))


def _ndjson(path: Path, seen: Seen) -> None:
    seen.ndjson.append(path)


def _prs(path: Path, seen: Seen) -> None:
    from trialect.converters.validate_registry import check_prs_file

    seen.problems += seen.flood.through(check_prs_file(path))


def _ictrp(path: Path, seen: Seen) -> None:
    from trialect.converters.validate_registry import check_ictrp_file

    seen.problems += seen.flood.through(check_ictrp_file(path))


def _usdm(path: Path, seen: Seen) -> None:
    from trialect.converters.readers.usdm import check_file

    seen.problems += check_file(path)


CHECKS_OF_A_FILE: dict[Kind, Callable[[Path, Seen], None]] = {
    Kind.XPT5: _xpt,
    Kind.XPT8: _xpt,
    Kind.DATASET_JSON: _dataset_json,
    Kind.DATASET_NDJSON: _dataset_json,
    Kind.DSJC: _dataset_json,
    Kind.CSV: _csv,
    Kind.DEFINE_XML: _define,
    Kind.FHIR_BUNDLE: _bundle,
    Kind.FHIR_RESOURCE: _resource,
    Kind.FHIR_NDJSON: _ndjson,
    Kind.REGISTRY_RECORDS: _records,
    Kind.PRS_XML: _prs,
    Kind.ICTRP_XML: _ictrp,
    Kind.USDM: _usdm,
}
"""How a file of each kind is checked."""


FHIR = {Kind.FHIR_BUNDLE, Kind.FHIR_RESOURCE, Kind.FHIR_NDJSON}
"""The kinds of files that hold FHIR."""

DATASETS = {
    one.value for one in CHECKS_OF_A_FILE if CHECKS_OF_A_FILE[one] in (_xpt, _dataset_json, _csv)
}
"""The kinds of files that hold datasets."""
