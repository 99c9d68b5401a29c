"""Validation of files and packages that exist: each recognised by its content, then checked.

Files named together, or lying in one package, are checked against each other: datasets across
domains, define.xml against the XPT files, references between NDJSON files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from trialect.converters.baseline import read_baseline
from trialect.converters.explanations import read_explanations
from trialect.converters.fhir_release import release_named, release_of_package
from trialect.converters.package import FHIR_BUNDLES, FHIR_NDJSON, LINEAGE, MANIFEST
from trialect.converters.recognise import Kind
from trialect.converters.review import Checked, CheckedFile, Review, review
from trialect.converters.rules_run import RuleRun, RunStatus
from trialect.converters.stamp import environment_stamp
from trialect.converters.told_once import told_once
from trialect.converters.validate_files import (
    CHANGED,
    DATASETS,
    Seen,
    against_manifest,
    is_trial,
    is_trials,
    look_at,
    look_at_folder,
    look_at_trial,
    of_trial_in_manifest,
    trials_of,
)
from trialect.problems import Problem, Severity, Unusable, rule

if TYPE_CHECKING:
    from trialect.converters.ahead import Ahead
    from trialect.converters.validate_rules import Rules

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
    "{file} is no package, XPT, Dataset-JSON, define.xml, FHIR or file of a registry.",
    "Name such a file or a folder of them; a study folder is checked by trialect convert.",
)


OF_SUBJECTS = {"TRL-PKG-002"}
"""Rules of the pack that ask for data of subjects, which a registry's record has not."""


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


def validate(
    *paths: str | Path,
    rules: Sequence[str | Path] = (),
    pack: bool = True,
    profile: bool = False,
    explanations: str | Path | None = None,
    baseline: str | Path | None = None,
    fhir_release: str | None = None,
    ahead: Ahead | None = None,
) -> Validation:
    """Check packages, XPT, Dataset-JSON, CSV with metadata, define.xml, FHIR and registry files.

    `rules` are folders or files of rules in the CORE language, which are asked of the datasets
    beside those that come with trialect (not with `pack=False`); `profile` keeps the seconds that
    each took. A problem's `row` is the number of the record in its file. `explanations` is a CSV
    that says why findings may stand, `baseline` the report.json of an earlier run. `fhir_release`
    is that of the FHIR files, if it is not to be found out. `ahead` is what
    another process does of it. Raises `Unusable` when a path is not there or is nothing that
    can be validated, or when one of these is not in order.
    """
    wanted = release_named(fhir_release) if fhir_release is not None else None
    explained = read_explanations(Path(explanations)) if explanations is not None else ()
    earlier = read_baseline(Path(baseline)) if baseline is not None else None
    asking = _Asking(tuple(map(Path, rules)), pack=pack, timed=profile, ahead=ahead)
    seen = Seen(beside=ahead.beside if ahead else None, release=wanted)
    for path in map(Path, paths):
        if not path.exists():
            raise Unusable(NO_FILE.problem(file=str(path)))
        if is_trials(path):
            seen.folders.append(path)
            seen.files += 1
            seen.checked.append(CheckedFile(MANIFEST, Kind.TRIALS.value))
            seen.problems += against_manifest(path, path / MANIFEST)
            release = wanted or release_of_package(path)
            seen.problems += _each_trial(trials_of(path), seen, asking, release)
        elif is_trial(path):
            seen.folders.append(path)
            seen.problems += of_trial_in_manifest(path)
            release = wanted or release_of_package(path.resolve().parent)
            seen.problems += _each_trial([(path.name, path)], seen, asking, release)
        elif path.is_dir():
            look_at_folder(path, seen)
        elif not look_at(path, seen):
            raise Unusable(NOT_KNOWN.problem(file=str(path)))
    if not seen.files and not seen.problems:
        raise Unusable(NOT_KNOWN.problem(file=", ".join(map(str, paths))))
    seen.problems = _of_records(_settled(seen, asking), seen.packages)
    checked = Checked(tuple(seen.checked), _standards(seen), environment_stamp())
    found = review(
        seen.problems,
        explanations=explained,
        baseline=earlier,
        runs=asking.runs,
        checked=checked,
    )
    found = _traced(found, seen.packages)
    return Validation(list(found.problems), seen.files, found)


def _settled(seen: Seen, asking: _Asking) -> list[Problem]:
    """All problems of the files that were looked at, each told once."""
    between = list(_between(seen, asking))
    # Last, as another process may be at some of it until now.
    seen.settle()
    between += seen.flood.rest()
    checks, between = told_once(seen.problems, between, asking.replaced)
    return [*checks, *between]


def _each_trial(
    trials: Iterable[tuple[str, Path]], whole: Seen, asking: _Asking, release: str | None
) -> Iterator[Problem]:
    """The problems of trials and their folders; a trial's files are held against each other."""
    runs: dict[str, RuleRun] = {}
    for trial, home in trials:
        seen = Seen(release=release, flood=whole.flood)
        look_at_trial(home, seen)
        for one in _settled(seen, asking):
            if one.rule in OF_SUBJECTS:
                continue
            at = None if one.file is None else f"{home.name}/{one.file}"
            yield one.at(trial=one.trial or trial, file=at or home.name)
        whole.files += seen.files
        whole.checked += [replace(one, name=f"{home.name}/{one.name}") for one in seen.checked]
        for run in asking.runs:
            before = runs.get(run.id)
            if before is None or (
                before.status is not RunStatus.RUN and run.status is RunStatus.RUN
            ):
                runs[run.id] = run
    asking.runs = list(runs.values())


@dataclass(slots=True)
class _Asking:
    """Which rules are to be asked, and what became of them."""

    rules: tuple[Path, ...]
    pack: bool
    timed: bool
    ahead: Ahead | None = None
    runs: list[RuleRun] = field(default_factory=list)
    replaced: dict[str, tuple[str, ...]] = field(default_factory=dict)
    loaded: Rules | None = None


def _between(seen: Seen, asking: _Asking) -> Iterator[Problem]:
    """What only shows when files are held against each other."""
    if seen.has_datasets or seen.defines or asking.rules:
        yield from seen.datasets.settle(seen.defines)
    if asking.rules or (seen.has_datasets and seen.datasets.held):
        yield from _asked(seen, asking)
    for define in seen.defines:
        if files := seen.xpt.get(define.parent):
            from trialect.converters.validate_define import check_beside

            yield from check_beside(define, files)
    if seen.ndjson:
        from trialect.converters.validate_fhir import check_ndjson_files

        found = check_ndjson_files(
            seen.ndjson, complete=bool(seen.folders), release=seen.fhir_release
        )
        yield from seen.flood.through(found)


def _asked(seen: Seen, asking: _Asking) -> Iterator[Problem]:
    """What rules find in the datasets."""
    from trialect.converters.validate_define import described_by
    from trialect.converters.validate_rules import ask, rules_to_ask
    from trialect.schemas.core.rule import CoreRule

    ahead = asking.ahead
    if asking.loaded is None:
        asking.loaded = ahead.rules() if ahead else rules_to_ask(asking.rules, pack=asking.pack)
    rules = asking.loaded
    asking.replaced = {one.id: one.replaces for one in rules if isinstance(one, CoreRule)}
    package = seen.datasets.package(described_by(seen.defines))
    parts = seen.datasets.parts(package)
    beside = ahead.beside if ahead else None
    asked = ask(rules, package, parts=parts, timed=asking.timed, beside=beside)
    asking.runs = asked.runs
    yield from asked.problems


def _traced(found: Review, packages: list[Path]) -> Review:
    """The findings on the datasets of a package, by the lineage that lies in it."""
    changed = [Path(one.file or "") for one in found.problems if one.rule == CHANGED.id]
    # Of two packages nobody knows which of them a dataset is in.
    if len(packages) != 1 or any(LINEAGE in path.parts for path in changed):
        return found
    import polars as pl

    from trialect.converters.sources import traced_review
    from trialect.converters.traced_package import TracedPackage

    try:
        return traced_review(found, TracedPackage(packages[0]), [path.name for path in changed])
    except (Unusable, OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        # The manifest is broken, which PACKAGE-MANIFEST tells, or fits a broken lineage: findings
        # stand without it.
        return found


def _of_records(problems: list[Problem], packages: list[Path]) -> list[Problem]:
    """The findings on the FHIR of a package, with the records that the resources were made of."""
    if len(packages) != 1 or not any(one.rule.startswith("FHIR-") for one in problems):
        return problems
    from trialect.converters.fhir_records import with_records

    def find(name: str) -> Path | None:
        folders = (packages[0] / FHIR_NDJSON, packages[0] / FHIR_BUNDLES)
        return next((path for one in folders if (path := one / name).is_file()), None)

    return with_records(problems, find)


def _standards(seen: Seen) -> dict[str, str]:
    """The versions that the datasets were checked against."""
    if not DATASETS & {one.kind for one in seen.checked}:
        return {}
    from trialect.schemas.sdtm.model import VERSION

    return {"SDTMIG": VERSION, "SDTM CT": seen.datasets.terminology}


def write_report(path: Path, validation: Validation) -> None:
    """Write all findings as .json, .html, .xlsx or .csv, by the path's ending."""
    writer = WRITERS.get(path.suffix)
    if writer is None:
        raise Unusable(NO_REPORT_FORMAT.problem(file=str(path), known=", ".join(WRITERS)))
    module, name = writer
    path.parent.mkdir(parents=True, exist_ok=True)
    getattr(import_module(module), name)(path, validation.review)


WRITERS = {
    ".json": ("trialect.converters.writers.report", "write_json"),
    ".html": ("trialect.converters.writers.report_html", "write_html"),
    ".xlsx": ("trialect.converters.writers.report_xlsx", "write_xlsx"),
    ".csv": ("trialect.converters.writers.report", "write_csv"),
}
"""The writer of a report by the ending of its name: module and function, imported when asked."""

NO_REPORT_FORMAT = rule(
    "VALIDATE-REPORT-FORMAT",
    "error",
    "The report has no known ending",
    "{file} is to be a report of a kind that is not known.",
    "End its name with one of {known}.",
)
