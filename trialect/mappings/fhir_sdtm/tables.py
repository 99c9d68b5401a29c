"""The tables from FHIR to SDTM: which resource makes records of which dataset, and of what.

`tables/blocks.csv` says which resources make records; `tables/<dataset>.csv` which element is
which variable; `codes/*.csv` what codes mean. Files of the same names in `fhir-mappings` of a
study's folder are read before them, so that a study's line beats one of ours; docs/tosdtm.md is
the language.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from trialect.mappings.fhir_sdtm.paths import (
    PathError,
    Step,
    Test,
    begins_with,
    condition,
    elements_of,
    path,
)
from trialect.metadata import Origin, Provenance
from trialect.problems import Problem, Unusable, rule
from trialect.schemas.sdtm import dataset

FOLDER = "fhir-mappings"
"""Where a study's own tables lie, in its folder."""

BAD_TABLE = rule(
    "FHIR-TABLE",
    "error",
    "A table from FHIR to SDTM cannot be read",
    "line {line}: {detail}.",
    "Correct the line; docs/tosdtm.md tells what stands in each column.",
)

VERBS = frozenset(
    {
        *("text", "code", "display", "number", "datetime", "tail", "part"),
        *("term", "several", "unit", "test", "fixed", "visit", "site", "subjid", "armcd"),
        "country",
    }
)
"""How a value becomes a cell; docs/tosdtm.md says what each does."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a dataset's table: `variable` is what `how` makes of `path`, where `when`."""

    variable: str
    how: str
    given: str
    path: Step
    when: Test
    text: str
    table: str
    line: int
    joint: str
    note: str
    number: bool
    first: str = ""
    """The element without which the path finds nothing; empty where no one decides."""
    of_whole: bool = False
    """Whether `first` is an element of the resource, not of the node."""


@dataclass(frozen=True, slots=True)
class FhirBlock:
    """A kind of resource that makes records of a dataset.

    `each` gives the nodes that make a record each; None where the resource itself does.
    """

    dataset: str
    name: str
    resource: str
    where: Test
    each: Step | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class TestOf:
    """What a code is a test of: its dataset, --TESTCD, and what else is fixed by it."""

    domain: str
    testcd: str
    fixed: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FhirTables:
    """All tables.

    `blocks` by type of resource; `looked_into` the types that other resources refer to; `tests` by
    (system, code); `units` by UCUM code and --TESTCD, "" for any; `terms` by table and text or
    `system|code`; `visits` by text or `system|code`; `read` the first-level elements that are read,
    by type.
    """

    blocks: Mapping[str, tuple[FhirBlock, ...]]
    looked_into: frozenset[str]
    tests: Mapping[tuple[str, str], TestOf]
    units: Mapping[tuple[str, str], str]
    terms: Mapping[str, Mapping[str, str]]
    visits: Mapping[str, str]
    read: Mapping[str, frozenset[str]]
    provenance: tuple[Provenance, ...]

    @property
    def types(self) -> dict[str, bool]:
        """The types that are read; True for those that make records."""
        return {
            **dict.fromkeys(sorted(self.looked_into), False),
            **dict.fromkeys(self.blocks, True),
        }


Line = dict[str, str]
T = TypeVar("T")
K = TypeVar("K")


def read_fhir_tables(folder: Path | None = None) -> FhirTables:
    """Our tables, with those of the study in `folder` before them. Raises `Unusable`."""
    return _Reader(folder).read()


class _Reader:
    def __init__(self, folder: Path | None) -> None:
        self.folder = None if folder is None else folder / FOLDER
        self.broken: list[Problem] = []

    def read(self) -> FhirTables:
        lines = list(self.lines("blocks"))
        rows = {
            name: list(self.rows(name)) for name in dict.fromkeys(b["dataset"] for _, _, b in lines)
        }
        blocks: dict[str, list[FhirBlock]] = {}
        read: dict[str, set[str]] = {}
        provenance: list[Provenance] = []
        for table, number, one in lines:
            name = one["dataset"]
            mine = tuple(row for names, row in rows[name] if not names or one["block"] in names)
            where = self.compiled(condition, one["where"], table, number)
            each = self.compiled(path, one["each"], table, number) if one["each"] else None
            if where is None:
                continue
            block = FhirBlock(name, one["block"], one["resource"], where, each, mine)
            blocks.setdefault(one["resource"], []).append(block)
            used = read.setdefault(one["resource"], set())
            used |= elements_of(one["where"]) | elements_of(one["each"])
            if "%visit" in one["where"]:
                used.add("type")
            for row in mine:
                if each is None or "%resource" in row.text:
                    used |= elements_of(row.text)
                provenance.append(_provenance(block, row))
        looked_into = [one["resource"] for _, _, one in self.lines("looked_into")]
        found = FhirTables(
            blocks={name: tuple(several) for name, several in blocks.items()},
            looked_into=frozenset(looked_into),
            tests=self.tests(),
            units=self.units(),
            terms=self.terms(),
            visits=_first(
                ((_coded(one), one["VISIT"]) for _, _, one in self.lines("visits", "codes"))
            ),
            read={name: frozenset(used) for name, used in read.items()},
            provenance=tuple(dict.fromkeys(provenance)),
        )
        if self.broken:
            raise Unusable(self.broken)
        return found

    def rows(self, name: str) -> Iterator[tuple[frozenset[str], Row]]:
        model = dataset(name)
        for table, number, one in self.lines(name.lower()):
            how, _, given = one["as"].partition(":")
            step = self.compiled(path, one["path"] or "$this", table, number)
            when = self.compiled(condition, one["when"], table, number)
            variable = model.allowed(one["variable"]) if model else None
            if how not in VERBS:
                self.fail(table, number, f"{how!r} is no way to fill a variable")
            elif step is not None and when is not None:
                first, of_whole = ("", False) if how == "fixed" else begins_with(one["path"])
                yield (
                    frozenset(filter(None, map(str.strip, one["block"].split(";")))),
                    Row(
                        variable=one["variable"],
                        how=how,
                        given=given,
                        path=step,
                        when=when,
                        text=one["path"] + (f" where {one['when']}" if one["when"] else ""),
                        table=table,
                        line=number,
                        joint=one["row"],
                        note=one["note"],
                        number=variable is not None and variable.type == "Num",
                        first=first,
                        of_whole=of_whole,
                    ),
                )

    def tests(self) -> dict[tuple[str, str], TestOf]:
        found: dict[tuple[str, str], TestOf] = {}
        for _, _, one in self.lines("tests", "codes"):
            fixed = tuple(
                (one["domain"] + name[2:], value)
                for name, value in one.items()
                if name.startswith("--") and value
            )
            key = (one["system"], one["code"])
            found.setdefault(key, TestOf(one["domain"], one["testcd"], fixed))
        return found

    def units(self) -> dict[tuple[str, str], str]:
        return _first(
            ((one["ucum"], one["testcd"]), one["unit"])
            for _, _, one in self.lines("units", "codes")
        )

    def terms(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for _, _, one in self.lines("terms", "codes"):
            found.setdefault(one["table"], {}).setdefault(_coded(one), one["term"])
        return found

    def lines(self, name: str, inside: str = "tables") -> Iterator[tuple[str, int, Line]]:
        """The lines of a table, each with the table's name and its number: a study's, then ours."""
        own = self.folder / f"{name}.csv" if self.folder is not None else None
        if own is not None and own.is_file():
            text = own.read_text("utf-8-sig")
            yield from self.split(f"{FOLDER}/{name}.csv", text)
        ours = files(__package__).joinpath(inside, f"{name}.csv")
        if ours.is_file():
            yield from self.split(f"fhir_sdtm/{inside}/{name}.csv", ours.read_text("utf-8"))

    def split(self, table: str, text: str) -> Iterator[tuple[str, int, Line]]:
        reader = csv.DictReader(text.splitlines())
        for one in reader:
            if None in one or None in one.values():
                self.fail(table, reader.line_num, "the line has other columns than the header")
            else:
                yield table, reader.line_num, _Blank(one)

    def compiled(self, make: Callable[[str], T], text: str, table: str, line: int) -> T | None:
        try:
            return make(text)
        except PathError as error:
            self.fail(table, line, f"{text!r}: {error}")
            return None

    def fail(self, table: str, line: int, detail: str) -> None:
        self.broken.append(BAD_TABLE.problem(file=table, row=line, line=line, detail=detail))


class _Blank(dict[str, str]):
    """A line; a column that a study's table leaves out is empty."""

    def __missing__(self, key: str) -> str:
        return ""


def _first(pairs: Iterable[tuple[K, T]]) -> dict[K, T]:
    found: dict[K, T] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def _coded(one: Line) -> str:
    return f"{one['system']}|{one['code']}" if one["system"] else one["code"]


def _provenance(block: FhirBlock, row: Row) -> Provenance:
    joint = f"HL7/CDISC joint mapping, row {row.joint}" if row.joint else ""
    origin = Origin("Assigned", "Sponsor") if row.how == "fixed" else Origin("Collected")
    return Provenance(
        domain=block.dataset,
        variable=row.variable,
        block=block.name,
        verb=f"fhir:{row.how}",
        columns=(f"{block.resource}: {row.text}",) if row.text else (),
        table=row.table,
        line=row.line,
        origin=origin,
        note="; ".join(filter(None, (joint, row.note))) or None,
    )
