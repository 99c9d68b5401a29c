"""The datasets of an SDTM package: which file holds which, and the types of their variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trialect.converters.package import DATASET_JSON, MANIFEST
from trialect.converters.recognise import Kind, recognise
from trialect.problems import Problem, Problems, Unusable, rule

ORDER = (Kind.XPT5, Kind.DATASET_JSON, Kind.DATASET_NDJSON, Kind.DSJC)
"""The forms of a dataset; of one that is there in several, the first is read."""

SUFFIXES = {".xpt", ".json", ".ndjson", ".dsjc"}

OTHER_FORM = rule(
    "PACKAGE-OTHER-FORM",
    "note",
    "A dataset is there in several files",
    "{file} holds {domain}, which is read from {other}.",
    "Nothing to mend; trialect validate tells whether both hold the same.",
)
TWICE = rule(
    "PACKAGE-DATASET-TWICE",
    "error",
    "A dataset is in two files of the same form",
    "{file} and {other} both hold {domain}.",
    "Keep one; the parts of a split dataset have names of their own (QSPH, QSSL).",
    "FDA Study Data Technical Conformance Guide 3.3",
)
NO_DM = rule(
    "PACKAGE-NO-DM",
    "error",
    "The package has no DM",
    "{file} holds no DM, without which nobody knows the subjects.",
    "Add dm.xpt or dm.json.",
    "FDA Technical Rejection Criteria 1736",
)
NOT_A_DATASET = rule(
    "PACKAGE-FILE",
    "warning",
    "A file of the package is no dataset",
    "{file} is named like a dataset and cannot be read as one: {reason}",
    "Write it again, or take it out of the folder.",
)


@dataclass(frozen=True, slots=True)
class PackagedDataset:
    """A dataset's file; `path` inside the package, `numbers` its Num variables.

    `name` is the dataset's own (QSPH), `variables` its variables in the file's order.
    """

    name: str
    path: str
    label: str
    variables: tuple[str, ...]
    numbers: frozenset[str]

    @property
    def has_subjects(self) -> bool:
        """Whether every record is of a subject (RELREC may relate whole datasets)."""
        return "USUBJID" in self.variables and self.name != "RELREC"


def home_of(path: Path) -> Path:
    """The folder of a package's datasets: of one that trialect wrote, that of the tabulations."""
    if not (path / MANIFEST).is_file():
        return path
    found = sorted(path.glob("m5/datasets/*/tabulations/sdtm"))
    return found[0] if found else path / DATASET_JSON


def define_of(path: Path) -> Path | None:
    """The define.xml of a package, if there is one."""
    file = home_of(path) / "define.xml"
    return file if file.is_file() else None


def is_package(path: Path) -> bool:
    """Whether a folder holds datasets as XPT or Dataset-JSON. Its files are looked into."""
    if not path.is_dir():
        return False
    try:
        return any(_kind(file) is not None for file in _candidates(home_of(path)))
    except OSError:
        return False


def find_datasets(path: Path) -> tuple[dict[str, PackagedDataset], Problems]:
    """The datasets of a package by name, one file of each. Raises `Unusable` without DM."""
    home = home_of(path)
    problems = Problems()
    found: dict[str, tuple[int, PackagedDataset]] = {}
    for file in _candidates(home):
        shown = file.relative_to(home).as_posix()
        try:
            kind = _kind(file)
            if kind is None:
                continue
            one = _read(file, shown, kind)
        except Unusable as unusable:
            reason = "; ".join(problem.message for problem in unusable.problems[:3])
            problems.add(NOT_A_DATASET.problem(file=shown, reason=reason))
            continue
        rank = ORDER.index(kind)
        if one.name not in found:
            found[one.name] = rank, one
            continue
        problems.add(_of_two(found, one, rank))
    if "DM" not in found:
        raise Unusable([*problems.errors, NO_DM.problem(file=path.name)])
    problems.stop_on_errors()
    return {name: found[name][1] for name in sorted(found)}, problems


def _of_two(
    found: dict[str, tuple[int, PackagedDataset]], one: PackagedDataset, rank: int
) -> Problem:
    """Keep the better of two files of a dataset; the problem that there are two."""
    known, other = found[one.name]
    if rank == known:
        return TWICE.problem(file=one.path, other=other.path, domain=one.name)
    if rank < known:
        found[one.name] = rank, one
        one, other = other, one
    return OTHER_FORM.problem(file=one.path, other=other.path, domain=one.name)


def _candidates(home: Path) -> Iterator[Path]:
    for file in sorted(home.iterdir()):
        if file.suffix.lower() in SUFFIXES and file.is_file() and not file.name.startswith("."):
            yield file


def _kind(file: Path) -> Kind | None:
    kind = recognise(file)
    return kind if kind in ORDER else None


def _read(file: Path, shown: str, kind: Kind) -> PackagedDataset:
    if kind is Kind.XPT5:
        from trialect.converters.readers.xpt import XptReader

        reader = XptReader(file)
        numbers = (one.name for one in reader.variables if one.type == "Num")
        names = tuple(one.name for one in reader.variables)
        return PackagedDataset(reader.name.upper(), shown, reader.label, names, frozenset(numbers))
    from trialect.converters.readers.dataset_json import read_columns

    described = read_columns(file)
    return PackagedDataset(
        described.name.upper(),
        shown,
        described.label,
        tuple(one.name for one in described.columns),
        frozenset(one.name for one in described.columns if one.is_number),
    )
