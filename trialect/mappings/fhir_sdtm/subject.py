"""The resources of one subject, and what a reference in them leads to."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from trialect.mappings.fhir_sdtm.nodes import Node, parse
from trialect.mappings.fhir_sdtm.references import base_of, contained, names_in, names_of

Json = dict[str, Any]


@dataclass(slots=True, eq=False)
class Read:
    """A resource in memory, and the place it stood at."""

    form: str
    row: int
    resource: Json
    full_url: str | None

    @property
    def type(self) -> str:
        """Its type."""
        return str(self.resource["resourceType"])

    @property
    def names(self) -> list[str]:
        """The names that are its own: not its identifiers, which others may share."""
        return [one for one in names_of(self.resource, self.full_url) if "|" not in one]


class Shared:
    """The resources of no subject, read from the spool when somebody refers to them."""

    _MOST = 2000

    def __init__(self, names_file: Path, texts_file: Path) -> None:
        with names_file.open("rb") as file:
            self._places: dict[str, tuple[int, int, bool, str, int]] = pickle.load(file)
        self._texts: BinaryIO = texts_file.open("rb")
        self._read: dict[tuple[int, int, bool, str, int], Read] = {}

    def get(self, name: str) -> Read | None:
        """The resource of this name."""
        place = self._places.get(name)
        if place is None:
            return None
        if place not in self._read:
            if len(self._read) >= self._MOST:
                self._read.clear()
            offset, size, wrapped, form, row = place
            self._texts.seek(offset)
            self._read[place] = read(form, row, self._texts.read(size), wrapped=wrapped)
        return self._read[place]

    def of_type(self, type_: str) -> Iterator[Read]:
        """All resources of a type, each once, in the order in which they were read."""
        seen = set()
        for name, place in self._places.items():
            if place not in seen and name.partition("|")[0].rpartition("/")[0].endswith(type_):
                seen.add(place)
                found = self.get(name)
                if found is not None:
                    yield found

    def __enter__(self) -> Shared:
        return self

    def __exit__(self, *raised: object) -> None:
        self._texts.close()


def read(form: str, row: int, text: bytes, *, wrapped: bool) -> Read:
    """The resource of a text of the spool.

    Raises `DuplicateKeyError`; what is no JSON was refused before.
    """
    value: Node = parse(text.decode())
    if not wrapped:
        return Read(form, row, value, None)
    url = value.get("fullUrl")
    return Read(form, row, value["resource"], url if isinstance(url, str) else None)


@dataclass(slots=True)
class Subject:
    """The resources of a subject: `resolve` finds what a reference among them means."""

    reads: Sequence[Read]
    shared: Shared
    patient: Read | None = None
    _names: dict[str, Read] = field(default_factory=dict)
    _of: dict[int, Read] = field(default_factory=dict)
    _referring: dict[tuple[str, str], dict[int, list[Json]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.reads:
            self._of[id(one.resource)] = one
            for name in names_of(one.resource, one.full_url):
                self._names.setdefault(name, one)
        self.patient = next((one for one in self.reads if one.type == "Patient"), None)

    def resolve(self, reference: Node, roots: list[Node]) -> Node | None:
        """The resource that a reference leads to, contained or of the input; never fetched."""
        for root in reversed(roots):
            inner = contained(reference, root)
            if inner is not None:
                return inner
        home = self._of.get(id(roots[0])) if roots else None
        base = base_of(home.full_url) if home else ""
        for name in names_in(reference, base):
            found = self._names.get(name) or self.shared.get(name)
            if found is not None:
                return found.resource
        return None

    def referring(self, resource: Json, type_: str, element: str) -> list[Json]:
        """The subject's resources of a type whose element refers to this one."""
        key = (type_, element)
        if key not in self._referring:
            found: dict[int, list[Json]] = {}
            for one in self.reads:
                if one.type != type_:
                    continue
                given = one.resource.get(element)
                for reference in given if isinstance(given, list) else [given]:
                    target = self.resolve(reference, [one.resource]) if reference else None
                    if target is not None:
                        found.setdefault(id(target), []).append(one.resource)
            self._referring[key] = found
        return self._referring[key].get(id(resource), [])

    def of_type(self, type_: str) -> Iterator[Read]:
        """The subject's resources of a type."""
        return (one for one in self.reads if one.type == type_)
