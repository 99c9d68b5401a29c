"""What rules look at: the datasets of a package with what is known of them.

A `Dataset` is one file's records; parts of a split dataset (QSPH, QSSL) are datasets of their
own that share `whole`. Char variables are String columns, Num are Float64, and what is missing is
null, never an empty text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import polars as pl

from trialect.schemas.core import library

if TYPE_CHECKING:
    from trialect.converters.readers.define_xml import DefineXml


@dataclass(frozen=True, slots=True)
class VariableFacts:
    """What a file says of a variable. `type` is Char or Num; `length` is in bytes."""

    name: str
    label: str = ""
    type: str = "Char"
    length: int | None = None
    format: str = ""


class Stored(Protocol):
    """Records that lie elsewhere and are read a column at a time, in the file's order."""

    height: int

    def column(self, name: str) -> pl.Series:
        """All values of a variable."""
        ...

    def pieces(self, name: str) -> Iterator[pl.Series]:
        """The same in pieces, one after another."""
        ...

    def cell(self, name: str, row: int) -> object:
        """The value of one record (from 0)."""
        ...


@dataclass(frozen=True, eq=False)
class Dataset:
    """The records of one file. `file` is the file's name, `size` its bytes.

    `frame` holds the variables as columns in the file's order. A variable that is described and
    has no column is one of `variables` all the same. `broken` says why the records cannot be
    asked (a Num variable holds text); rules about them have that for an outcome.

    Where `stored` has the records, `frame` has the first of them alone. A part (`part`) has some of
    the records of the dataset `of`, and their `numbers` in the file.
    """

    name: str
    frame: pl.DataFrame
    label: str = ""
    file: str = ""
    size: int = 0
    variables: tuple[VariableFacts, ...] = ()
    broken: str = ""
    stored: Stored | None = field(default=None, repr=False)
    of: Dataset | None = field(default=None, repr=False)
    numbers: pl.Series | None = field(default=None, repr=False)
    _nulls: dict[str, int] = field(default_factory=dict, init=False, repr=False)
    _few: dict[tuple[str, int], bool] = field(default_factory=dict, init=False, repr=False)

    def part(self, frame: pl.DataFrame, numbers: pl.Series) -> Dataset:
        """Some of the records, with their numbers (from 1) in the file; all else is the same."""
        return replace(self, frame=frame, stored=None, of=self.of or self, numbers=numbers)

    @property
    def records(self) -> int:
        """The number of records in the file."""
        if self.of is not None:
            return self.of.records
        return self.frame.height if self.stored is None else self.stored.height

    def pieces(self, name: str) -> Iterator[pl.Series]:
        """The values of a variable in the file, in one piece or in several."""
        if self.of is not None:
            yield from self.of.pieces(name)
        elif self.stored is not None:
            yield from self.stored.pieces(name)
        else:
            yield self.frame[name]

    def series(self, name: str) -> pl.Series:
        """All values of a variable in the file."""
        return self.frame[name] if self.stored is None else self.stored.column(name)

    def cell(self, name: str, record: int) -> object:
        """What a record of the file (from 1) has in a variable; None where there is no record."""
        if not 0 < record <= self.records:
            return None
        if self.stored is not None:
            return self.stored.cell(name, record - 1)
        return self.frame.item(record - 1, name)

    def nulls(self, name: str) -> int:
        """In how many records of the file a variable has no value."""
        if self.of is not None:
            return self.of.nulls(name)
        if name not in self._nulls:
            self._nulls[name] = sum(piece.null_count() for piece in self.pieces(name))
        return self._nulls[name]

    def has_at_most(self, count: int, name: str) -> bool:
        """Whether a variable has no more different values in the file than so many."""
        if self.of is not None:
            return self.of.has_at_most(count, name)
        if (name, count) not in self._few:
            known: set[object] = set()
            for piece in self.pieces(name):
                known.update(piece.unique().to_list())
                if len(known) > count:
                    break
            self._few[name, count] = len(known) <= count
        return self._few[name, count]

    @cached_property
    def columns(self) -> frozenset[str]:
        """The names of the columns, of which there may be thousands."""
        return frozenset(self.frame.columns)

    def _first(self, column: str) -> str | None:
        if self.of is not None:
            return self.of._first(column)
        if column not in self.columns or not self.frame.height:
            return None
        value = self.frame.item(0, column)
        return None if value is None else str(value)

    @cached_property
    def domain(self) -> str | None:
        """DOMAIN of the first record; None where there is none, as in SUPP-- and RELREC."""
        return self._first("DOMAIN")

    @cached_property
    def is_supp(self) -> bool:
        """Whether it holds supplemental qualifiers."""
        return self.name.startswith(("SUPP", "SQ"))

    @cached_property
    def rdomain(self) -> str | None:
        """The domain that supplemental qualifiers belong to; None for other datasets."""
        return self._first("RDOMAIN") if self.is_supp else None

    @cached_property
    def whole(self) -> str:
        """The name of the dataset that this is, or is a part of (QS for QSPH)."""
        if self.domain:
            return self.domain
        for prefix in ("SUPP", "SQ"):
            if self.name.startswith(prefix):
                return f"{prefix}{self.rdomain}" if self.rdomain else self.name
        return self.name

    @property
    def is_split(self) -> bool:
        """Whether it goes by another name than the dataset it belongs to."""
        return self.name != self.whole

    @cached_property
    def is_ap(self) -> bool:
        """Whether it is about associated persons (SDTM 2.0, 4)."""
        if self.is_supp:
            return bool(self.rdomain and len(self.rdomain) == 4 and self.rdomain.startswith("AP"))
        has_records = self.records > 0
        return (has_records and "APID" in self.frame.columns) or self.name.startswith("AP")

    @cached_property
    def ap_suffix(self) -> str:
        """The domain behind AP (MH of APMH); empty for other datasets."""
        applies = self.is_ap and not self.is_supp and self.domain and len(self.domain) >= 4
        return self.domain[2:] if applies and self.domain else ""

    @cached_property
    def prefix(self) -> str:
        """What `--` stands for in the names of its variables; empty where nothing does."""
        return self.ap_suffix or self.domain or ""

    @cached_property
    def facts(self) -> tuple[VariableFacts, ...]:
        """What is known of the variables: as described, else as the columns are."""
        return self.variables or tuple(
            VariableFacts(name, "", "Num" if dtype.is_numeric() else "Char")
            for name, dtype in self.frame.schema.items()
        )


@dataclass(frozen=True, eq=False)
class Datasets:
    """The datasets of a package in the order of their names, with its Define-XML when it has one.

    `standard` and `version` say what they follow; `terminology` is the version (a date) of SDTM
    controlled terminology, None for the latest at hand.
    """

    datasets: tuple[Dataset, ...]
    define: DefineXml | None = None
    standard: str = "SDTMIG"
    version: str = "3.4"
    terminology: str | None = None
    _classes: dict[str, str | None] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, datasets: Iterable[Dataset], **facts: object) -> Datasets:
        """The datasets in order of their names."""
        return cls(tuple(sorted(datasets, key=lambda one: one.name)), **facts)  # type: ignore[arg-type] # the fields by name

    def __iter__(self) -> Iterator[Dataset]:
        return iter(self.datasets)

    @cached_property
    def by_name(self) -> dict[str, Dataset]:
        """Datasets by their own name."""
        return {one.name: one for one in self.datasets}

    @cached_property
    def wholes(self) -> dict[str, tuple[Dataset, ...]]:
        """The parts of each dataset by the name of the whole."""
        found: dict[str, list[Dataset]] = {}
        for one in self.datasets:
            found.setdefault(one.whole, []).append(one)
        return {name: tuple(parts) for name, parts in found.items()}

    def named(self, name: str) -> tuple[Dataset, ...]:
        """The dataset of this name or, for a domain, all its parts; `SUPP--` is the first SUPP."""
        if name in self.wholes:
            return self.wholes[name]
        if name in self.by_name:
            return (self.by_name[name],)
        if name.endswith("--"):
            found = (w for w in self.wholes if w.startswith(name[:-2]))
            return self.wholes.get(next(found, ""), ())
        return ()

    def class_of(self, dataset: Dataset) -> str | None:
        """The observation class: the standard's, else what the topic variable shows."""
        if dataset.name not in self._classes:
            known = library.class_of(dataset.whole)
            self._classes[dataset.name] = known or self._shown_class(dataset)
        return self._classes[dataset.name]

    def _shown_class(self, dataset: Dataset) -> str | None:
        """The class of a custom domain, by its topic variable (SDTMIG 3.4, 2.6)."""
        names = {one.name for one in dataset.facts}
        prefix = (dataset.domain or "").upper() if "DOMAIN" in names else ""
        if "DOMAIN" in names or "RDOMAIN" in names:
            for topic, shown in _TOPICS:
                if f"{prefix}{topic}" in names:
                    about = shown == library.FINDINGS and f"{prefix}OBJ" in names
                    return library.FINDINGS_ABOUT if about else shown
        if dataset.is_ap and dataset.ap_suffix:
            like = next((one for one in self if one.domain == dataset.ap_suffix), None)
            if like is not None and not like.is_ap:
                return self.class_of(like)
        return None


_TOPICS = (
    ("TERM", library.EVENTS),
    ("TRT", library.INTERVENTIONS),
    ("QNAM", library.RELATIONSHIP),
    ("TESTCD", library.FINDINGS),
)
