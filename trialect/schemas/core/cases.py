"""The official case format of CORE rules: a folder of data, and the findings expected of it.

    RULE_ID/positive|negative/NN/data/*.csv  _datasets.csv  _variables.csv  env.txt  define.xml
                                results/results.csv   (Dataset, Record, Variable, Value)

A positive case is one that the rule holds for, a negative one that it does not.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl

from trialect.schemas.core.engine import Finding, RuleResult, run
from trialect.schemas.core.package import Dataset, Datasets, VariableFacts
from trialect.schemas.core.rule import BrokenRule, CoreRule

if TYPE_CHECKING:
    from trialect.converters.readers.define_xml import DefineXml

Row = tuple[str, str, str, str]
"""Dataset, record, variable, value; a record or value that is not there is an empty text."""


class BadCase(ValueError):  # noqa: N818 # a case is bad; the program is not
    """A case whose files cannot be read, and why."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case of one rule: its folder, and what kind it is (`positive/01`)."""

    rule: str
    name: str
    folder: Path

    @property
    def data(self) -> Path:
        """The folder of its datasets."""
        return self.folder / "data"

    @property
    def results(self) -> Path:
        """The file of the findings expected."""
        return self.folder / "results" / "results.csv"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How a case went: `unexpected` (None: there is nothing expected) counts only in `untold`.

    `missing` rows are expected and were not found; `extra` were found and are not expected.
    `reason` says why the case could not be run.
    """

    case: Case
    status: Literal["passed", "failed", "untold"]
    missing: tuple[Row, ...] = ()
    extra: tuple[Row, ...] = ()
    reason: str = ""


def find_cases(folder: Path) -> list[Case]:
    """The cases below a folder, in the order of rule and name."""
    found = []
    for data in folder.rglob("data"):
        case = data.parent
        if data.is_dir() and case.parent.name in ("positive", "negative"):
            found.append(Case(case.parent.parent.name, f"{case.parent.name}/{case.name}", case))
    return sorted(found, key=lambda one: (one.rule, one.name))


def run_cases(
    cases: Iterable[Case], rules: Iterable[CoreRule | BrokenRule]
) -> Iterator[CaseResult]:
    """Each case put to its rule, and compared with what is expected."""
    by_id = {rule.id: rule for rule in rules}
    for case in cases:
        rule = by_id.get(case.rule)
        if rule is None:
            yield CaseResult(case, "failed", reason=f"there is no rule {case.rule}")
            continue
        yield run_case(case, rule)


def run_case(case: Case, rule: CoreRule | BrokenRule) -> CaseResult:
    """A case put to its rule, and compared with what is expected."""
    if isinstance(rule, BrokenRule):
        return CaseResult(case, "failed", reason=rule.reason)
    try:
        datasets = read_case(case.data)
        expected = read_results(case.results) if case.results.is_file() else None
    except (BadCase, OSError) as error:
        return CaseResult(case, "failed", reason=str(error))
    (result,) = run([rule], datasets)
    if expected is None:
        return CaseResult(case, "untold", extra=tuple(rows_of(result.findings)))
    return _compared(case, expected, result)


def _compared(case: Case, expected: list[Row], result: RuleResult) -> CaseResult:
    wanted: Counter[Row] = Counter()
    failed = {one.dataset for one in result.outcomes if one.status != "run"}
    for row in expected:
        # A line without a variable says that the rule could not be asked of the dataset.
        if row[2] in ("", "EXECUTION_ERROR") and row[0] in failed:
            continue
        wanted[row] += 1
    found = Counter(rows_of(result.findings))
    missing, extra = wanted - found, found - wanted
    return CaseResult(
        case,
        "failed" if missing or extra else "passed",
        tuple(sorted(missing.elements())),
        tuple(sorted(extra.elements())),
        result.reason if missing else "",
    )


def rows_of(findings: Iterable[Finding]) -> Iterator[Row]:
    """Findings as the lines of a results file: one for each variable."""
    for one in findings:
        record = "" if one.record is None else str(one.record)
        for variable, value in one.variables.items():
            yield one.dataset, record, variable, _plain(value or "")


def read_results(file: Path) -> list[Row]:
    """The lines of a results file. Raises `BadCase`."""
    header, rows = _read_csv(file)
    if [name.lower() for name in header[:4]] != ["dataset", "record", "variable", "value"]:
        raise BadCase(f"{file.name} has not the columns Dataset, Record, Variable, Value")
    return [(row[0], row[1], row[2], _plain(row[3])) for row in rows]


def _plain(value: str) -> str:
    """A value as it is compared: what is missing is an empty text, written `null` or `nan`."""
    return "" if value.strip().lower() in ("", "null", "nan", "none") else value


def read_case(folder: Path) -> Datasets:
    """The datasets of a case's data folder: those that _datasets.csv lists, where there is one.

    Raises `BadCase`.
    """
    datasets = _datasets_table(folder / "_datasets.csv")
    described = _variables_table(folder / "_variables.csv")
    files = sorted(one for one in folder.glob("*.csv") if not one.name.startswith("_"))
    if datasets:
        files = [one for one in files if one.stem in datasets]
    environment = _environment(folder)
    return Datasets.of(
        [_dataset(file, datasets, described) for file in files],
        define=_define(folder / "define.xml"),
        standard=environment.get("PRODUCT", "SDTMIG"),
        version=environment.get("VERSION", "3-4").replace("-", "."),
    )


def _define(file: Path) -> DefineXml | None:
    """The Define-XML of a case, where there is one. Raises `BadCase`."""
    if not file.is_file():
        return None
    from trialect.converters.readers.define_xml import read_define
    from trialect.problems import Unusable

    try:
        return read_define(file)
    except Unusable as error:
        raise BadCase(f"{file.name}: {error}") from error


def _dataset(
    file: Path, datasets: dict[str, tuple[str, str]], described: dict[str, list[VariableFacts]]
) -> Dataset:
    name, label = datasets.get(file.stem, (file.stem.upper(), ""))
    header, rows = _read_csv(file)
    facts = described.get(file.stem) or described.get(file.stem.lower()) or []
    types = {one.name: one.type for one in facts}
    columns = []
    broken = ""
    for at, column in enumerate(header):
        texts = pl.Series(column, [row[at] or None for row in rows], dtype=pl.String)
        typed = _typed(texts, types.get(column))
        if typed is None:
            broken = broken or f"{column} is Num and holds text"
        columns.append(texts if typed is None else typed)
    return Dataset(
        name,
        pl.DataFrame(columns),
        label=label,
        file=file.name,
        size=file.stat().st_size,
        variables=tuple(facts),
        broken=broken,
    )


def _typed(texts: pl.Series, type_: str | None) -> pl.Series | None:
    """A column of its declared type; one that is not declared is numeric when all of it is.

    None when it is declared numeric and holds text.
    """
    if type_ not in (None, "Num", "Number"):
        return texts
    numbers = texts.str.strip_chars().cast(pl.Float64, strict=False)
    if numbers.null_count() > texts.null_count():
        return texts if type_ is None else None
    if type_ is None:
        if texts.null_count() == len(texts):
            return texts
        if not texts.null_count() and texts.str.contains(r"\A\s*[+-]?[0-9]+\s*\z").all():
            return numbers.cast(pl.Int64)
    return numbers


def _datasets_table(file: Path) -> dict[str, tuple[str, str]]:
    """Name and label of each file, by its name without ending."""
    if not file.is_file():
        return {}
    header, rows = _read_csv(file)
    found = {}
    for row in rows:
        given = dict(zip(header, row, strict=True))
        stem = given.get("Filename", "")
        found[stem] = (given.get("Dataset Name") or stem.upper(), given.get("Label", ""))
    return found


def _variables_table(file: Path) -> dict[str, list[VariableFacts]]:
    """What is said of the variables of each file, by its name without ending."""
    if not file.is_file():
        return {}
    header, rows = _read_csv(file)
    found: dict[str, list[VariableFacts]] = {}
    for row in rows:
        given = dict(zip(header, row, strict=True))
        length = given.get("length", "")
        found.setdefault(given.get("dataset", ""), []).append(
            VariableFacts(
                given.get("variable", ""),
                given.get("label", ""),
                given.get("type", "Char"),
                int(float(length)) if length.replace(".", "", 1).isdigit() else None,
            )
        )
    return found


def _environment(folder: Path) -> dict[str, str]:
    """The settings of `env.txt` or `.env`: PRODUCT, VERSION."""
    for name in ("env.txt", ".env"):
        file = folder / name
        if file.is_file():
            lines = file.read_text("utf-8-sig").splitlines()
            pairs = (line.partition("=") for line in lines if "=" in line)
            return {key.strip().upper(): value.strip() for key, _, value in pairs}
    return {}


def _read_csv(file: Path) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of a file, each as wide as the header; empty lines are none."""
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadCase(f"{file.name}: byte {error.start + 1} is not UTF-8") from error
    try:
        lines = [row for row in csv.reader(text.splitlines(keepends=True)) if row]
    except csv.Error as error:
        raise BadCase(f"{file.name}: {error}") from error
    if not lines:
        raise BadCase(f"{file.name} is empty")
    header, *rows = lines
    width = len(header)
    return header, [(row + [""] * width)[:width] for row in rows]
