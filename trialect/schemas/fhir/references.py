"""References between files: which of them lead nowhere, and which resources stand twice.

The index keeps 16 bytes for each resource and each distinct reference, not their texts: a hash and
the place. What is unresolved in the end is read again to be named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trialect.problems import Problem
from trialect.schemas.fhir import rules
from trialect.schemas.fhir.json_text import decode
from trialect.schemas.fhir.packed import opened
from trialect.schemas.fhir.primitives import ID
from trialect.schemas.fhir.structure import Walk
from trialect.schemas.fhir.table import table
from trialect.schemas.fhir.texts import line_batches

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]

ROW_BITS = 40
ROW_MASK = (1 << ROW_BITS) - 1
BATCH = 16_384
"""How many names are collected before they are hashed together."""

LONGEST_NAME = 1000
"""Characters of a name that is hashed as it is."""

_TYPE_ID = re.compile(rf"[A-Za-z]+/{ID}(?=[/#]|$)", re.ASCII)

Lines = Callable[[str], Iterable[bytes]]


def file_lines(name: str) -> Iterator[bytes]:
    """The lines of a file, which may be compressed; instead of one too long a few bytes."""
    with opened(Path(name)) as file:
        for texts in line_batches(file):
            yield from texts


class ReferenceIndex:
    """The resources and references of some NDJSON files.

    Give it to `check_ndjson` for each file, then ask `unresolved()` and `duplicates()`. Indexes of
    parts that other processes have read are joined with `merge`. Only references of the forms
    Type/id and urn:... are looked up: conditional and absolute ones are another server's.
    `resources` and `references` hold what was noted.
    """

    def __init__(self) -> None:
        self._files: list[str] = []
        self.resources = Column(distinct=False)
        self.references = Column(distinct=True)

    def __len__(self) -> int:
        """How many resources have been noted."""
        return len(self.resources)

    def start(self, file: str) -> int:
        """The place before the first row of a file; row n (from 1) is n places further."""
        return self._number(file) << ROW_BITS

    def _number(self, file: str) -> int:
        if file not in self._files:
            self._files.append(file)
        return self._files.index(file)

    def settle(self) -> None:
        """Forget the references that lead to resources noted here already."""
        sought, places = self.references.columns()
        lost = _not_among(sought, self.resources.columns()[0])
        self.references.replace(sought[lost], places[lost])

    def merge(self, other: ReferenceIndex) -> None:
        """Add what another index has noted."""
        numbers = [self._number(name) for name in other._files]
        self.resources.merge(other.resources, numbers)
        self.references.merge(other.references, numbers)

    def unresolved(self, lines: Lines = file_lines, release: str = "R4") -> Iterator[Problem]:
        """A problem for each place that refers to a resource that no file has, file by file.

        `lines` opens a file by the name it was noted under. A reference that stands at several
        places is reported where it stands first, and perhaps at some of the others.
        """
        sought, places = self.references.columns()
        lost = _not_among(sought, self.resources.columns()[0])
        missing = set(sought[lost].tolist())
        for file, row, value in self._again(places[lost].tolist(), lines):
            walk = Walk(table(release))
            walk.resource(value, "", None)
            named = [(path, looked_up(text), text) for path, text, _ in walk.references]
            found = hashes_of([name or "" for _, name, _ in named]).tolist() if named else []
            for (path, name, text), hashed in zip(named, found, strict=True):
                if name is not None and hashed in missing:
                    yield rules.DANGLING.problem(
                        path=path, value=text, kind="resource", file=file or None, row=row
                    )

    def duplicates(self, lines: Lines = file_lines) -> Iterator[Problem]:
        """A problem for each resource whose type and id another resource had before it."""
        import numpy as np

        ids, places = self.resources.columns()
        ordered = np.sort(ids)
        if not (ordered[1:] == ordered[:-1]).any():
            return
        _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
        again = first[inverse] != np.arange(len(ids))
        before = dict(
            zip(places[again].tolist(), places[first[inverse][again]].tolist(), strict=True)
        )
        for file, row, value in self._again(list(before), lines):
            place = before[self._files.index(file) << ROW_BITS | row]
            where = self._files[place >> ROW_BITS]
            yield rules.DUPLICATE_ID.problem(
                path=f"{value['resourceType']}.id",
                value=f"{value['resourceType']}/{value['id']}",
                first=f" at {where}:{place & ROW_MASK}" if where else f" in row {place & ROW_MASK}",
                file=file or None,
                row=row,
            )

    def _again(self, places: list[int], lines: Lines) -> Iterator[tuple[str, int, Any]]:
        """The resources at these places, read again."""
        rows: dict[int, set[int]] = {}
        for place in places:
            rows.setdefault(place >> ROW_BITS, set()).add(place & ROW_MASK)
        for number in sorted(rows, key=lambda n: self._files[n]):
            last = max(rows[number])
            for row, line in enumerate(lines(self._files[number]), 1):
                if row in rows[number]:
                    yield self._files[number], row, decode(line.decode("utf-8", "replace"))[0]
                if row == last:
                    break


class Column:
    """Hashes of names and their places; with `distinct` only the first place of each is kept.

    Resources are named Type/id, references as `looked_up` names them.
    """

    def __init__(self, distinct: bool) -> None:
        self._distinct = distinct
        self._names: list[str] = []
        self._places: list[int] = []
        self._done: list[tuple[Words, Words]] = []
        self._count = 0
        self._next_compaction = 1_000_000

    def __len__(self) -> int:
        return self._count + len(self._names)

    def add(self, name: str, place: int) -> None:
        """Take note of a name at a place."""
        self._names.append(name)
        self._places.append(place)
        if len(self._names) == BATCH:
            self._flush()

    def add_many(self, found: list[tuple[Words, NDArray[np.int64]]]) -> None:
        """Take note of many names: their hashes and their places."""
        import numpy as np

        if found:
            self._flush()
            places = np.concatenate([some for _, some in found])
            order = np.argsort(places, kind="stable")
            named = np.concatenate([some for some, _ in found])
            self._keep(named[order], places[order].astype(np.uint64))

    def merge(self, other: Column, numbers: list[int]) -> None:
        """Add another column, whose files have these numbers here."""
        import numpy as np

        found, places = other.columns()
        moved = np.array(numbers or [0], dtype=np.uint64)[places >> np.uint64(ROW_BITS)]
        self._keep(found, moved << np.uint64(ROW_BITS) | places & np.uint64(ROW_MASK))

    def replace(self, found: Words, places: Words) -> None:
        """Hold these names and their places instead."""
        self._names, self._places = [], []
        self._done, self._count = [(found, places)], len(found)

    def columns(self) -> tuple[Words, Words]:
        """All hashes and their places, in the order of these."""
        import numpy as np

        self._flush()
        none = np.empty(0, dtype=np.uint64)
        found = np.concatenate([none, *(pair[0] for pair in self._done)])
        places = np.concatenate([none, *(pair[1] for pair in self._done)])
        if (places[1:] < places[:-1]).any():
            order = np.argsort(places, kind="stable")
            found, places = found[order], places[order]
        self._done = [(found, places)]
        return found, places

    def _flush(self) -> None:
        import numpy as np

        if self._names:
            names, places = self._names, self._places
            self._names, self._places = [], []
            self._keep(hashes_of(names), np.array(places, dtype=np.uint64))

    def _keep(self, found: Words, places: Words) -> None:
        self._done.append(self._first(found, places))
        self._count += len(self._done[-1][0])
        if self._distinct and self._count >= self._next_compaction:
            self._done = [self._first(*self.columns())]
            self._count = len(self._done[0][0])
            self._next_compaction = 2 * self._count + 1_000_000

    def _first(self, found: Words, places: Words) -> tuple[Words, Words]:
        """The names with their first places, in the order of these."""
        import numpy as np

        if not self._distinct:
            return found, places
        first = np.sort(np.unique(found, return_index=True)[1])
        return found[first], places[first]


def looked_up(text: str) -> str | None:
    """What a reference must find in the index: Type/id or urn:...; None if it is not looked up."""
    found = _TYPE_ID.match(text)
    if found is not None:
        return found[0]
    return text.split("#")[0] if text.startswith("urn:") else None


def _not_among(sought: Words, known: Words) -> NDArray[np.bool_]:
    """Which are none of those known."""
    import numpy as np

    if not len(sought) or not len(known):
        return np.ones(len(sought), bool)
    ordered = np.sort(known)
    place = np.searchsorted(ordered, sought)
    lost: NDArray[np.bool_] = ordered[np.minimum(place, len(ordered) - 1)] != sought
    return lost


def hashes_of(names: list[str]) -> Words:
    """A hash of 64 bits of each name, as `hashes` gives it; of long and odd ones that of a digest.

    A column of bytes is as wide as its longest name, and a line feed or NUL would end a name.
    """
    import numpy as np

    text = "\n".join(names)
    if (
        max(map(len, names), default=0) > LONGEST_NAME
        or "\0" in text
        or text.count("\n") != len(names) - 1
    ):
        text = "\n".join(map(_short, names))
    return hashes(np.array(text.encode().split(b"\n")))


def _short(name: str) -> str:
    """The name, or a digest of one that is long or odd."""
    if len(name) <= LONGEST_NAME and "\0" not in name and "\n" not in name:
        return name
    return sha256(name.encode()).hexdigest()


def hashes(names: NDArray[np.bytes_]) -> Words:
    """A hash of 64 bits of each name, the same on every machine.

    Eight characters at a time are spread over all bits (the finisher of splitmix64) with a factor
    of their place, and summed; characters that are not there add nothing.
    """
    import numpy as np

    size = names.dtype.itemsize
    padded = np.zeros((len(names), -(-size // 8) * 8), np.uint8)
    padded[:, :size] = names.view(np.uint8).reshape(len(names), size)
    mixed = padded.view(np.dtype("<u8"))
    mixed *= _factors(mixed.shape[1])
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    total: Words = mixed.sum(axis=1)
    return total


@cache
def _factors(count: int) -> Words:
    """A factor for each place of eight characters."""
    import numpy as np

    found, factor = [], 0x9E3779B97F4A7C15
    for _ in range(count):
        found.append(factor)
        factor = (factor * 0x2545F4914F6CDD1D) & (2**64 - 1)
    return np.array(found, np.uint64)
