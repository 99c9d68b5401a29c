"""What the rules between the entries of a Bundle need to know of them, as hashes.

Of each entry 8 bytes a name are kept, not its text: of its fullUrl, its condition and what it
refers to.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from trialect.schemas.fhir import rules
from trialect.schemas.fhir.aligned import Stack, left_over, stacks_of, values_of
from trialect.schemas.fhir.bundle import BundleCheck, Json, Known
from trialect.schemas.fhir.bundles import is_usual
from trialect.schemas.fhir.fast import Shapes
from trialect.schemas.fhir.json_text import decode
from trialect.schemas.fhir.references import Column, hashes, hashes_of
from trialect.schemas.fhir.shapes import Shape
from trialect.schemas.fhir.table import Table
from trialect.schemas.fhir.texts import Texts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Words = NDArray[np.uint64]

MOST_UNSETTLED = 4_000_000
"""References that are kept before those that are found already are forgotten (memory)."""

_TARGET_BITS = 12


def exactly(check: BundleCheck, number: int, piece: bytes) -> Any:
    """Check one entry by its text; its value, None where it is no JSON."""
    path = f"Bundle.entry[{number}]"
    try:
        value, problems = decode(piece.decode())
    except UnicodeDecodeError as error:
        detail = f"byte {error.start + 1} of the entry is not UTF-8"
        value, problems = None, [rules.JSON.problem(detail=detail)]
    check.problems.extend(problem.at(path=path) for problem in problems)
    if value is not None or not problems:
        check.exact(number, value)
    return value


class Noted:
    """What is known of the entries read so far; `head` is the Bundle without them."""

    def __init__(self, definitions: Table, head: Json) -> None:
        self.head = {key: value for key, value in head.items() if key != "entry"}
        self._definitions = definitions
        self._entry = definitions.node("Bundle.entry").properties
        self._type_names: list[str | None] = [None, *sorted(definitions.resources)]
        self._type_numbers = {name: n for n, name in enumerate(self._type_names)}
        self._types = array("H")
        self._targets: dict[frozenset[str] | None, int] = {}
        self._urls, self._versions, self._conditions, self._references = (
            Column(distinct=False) for _ in range(4)
        )
        self._settle_at = MOST_UNSETTLED
        self._doubtful: list[int] = []
        self._outlines: dict[str, tuple[int, Json]] = {}
        self._noting = [_Noting(one) for one in (self._urls, self._versions, self._conditions)]
        self._check = BundleCheck(definitions, self.head, Known(*self._noting))
        self._check.hand_over()

    def take(self, texts: Texts, shapes: Shapes) -> None:
        """Check some entries by themselves, and note what they are called and refer to."""
        first = len(self._types)
        self._types.frombytes(bytes(self._types.itemsize * len(texts)))
        stacks = stacks_of(texts, shapes) if texts.is_plain() else []
        for stack in stacks:
            self._take_stack(stack, first)
        for row in left_over(texts, stacks):
            self._take_one(texts[row], first + row, shapes)
        if len(self._references) > self._settle_at:
            self._references.replace(*self._lost())
            self._settle_at = 2 * len(self._references) + MOST_UNSETTLED

    def doubtful(self) -> list[int]:
        """The numbers of the entries that may have a problem, in their order."""
        import numpy as np

        found = [np.array(self._doubtful, np.int64)]
        columns = [self._conditions]
        if self.head.get("type") != "history":
            columns.append(self._versions)
        found += [_again(*column.columns()) for column in columns]
        found.append((self._lost()[1] >> np.uint64(_TARGET_BITS)).astype(np.int64))
        numbers: list[int] = np.unique(np.concatenate(found)).tolist()
        return numbers

    def known(self) -> Known:
        """The fullUrls and conditions of all entries, each with what the first of them is."""
        urls, numbers = _first(*self._urls.columns())
        types = [self._type_names[self._types[n]] for n in numbers.tolist()]
        versions, firsts = _first(*self._versions.columns())
        conditions, before = _first(*self._conditions.columns())
        return Known(
            _Found(urls, types),
            _Found(versions, firsts.tolist()),
            _Found(conditions, before.tolist()),
        )

    def outlines(self) -> list[Json]:
        """Of entries alike one, as much as the invariants of the whole look at."""
        return [outline for _, outline in sorted(self._outlines.values(), key=lambda one: one[0])]

    def _take_stack(self, stack: Stack, first: int) -> None:
        import numpy as np

        shape, rows = stack.shape, stack.rows + first
        name, _, version, _, url, _ = shape.entry
        if not self._is_plain(stack):
            captures = range(len(shape.captures))
            columns = [values_of(stack.column(shape.gap_of[n])).tolist() for n in captures]
            for number, values in zip(rows.tolist(), zip(*columns, strict=True), strict=True):
                self._vouched(number, shape, tuple(value.decode() for value in values))
            return
        np.frombuffer(self._types, np.uint16)[rows] = self._type_numbers[shape.type or None]
        self._outline(int(rows.min()), shape.outline)
        if name is not None:
            named = stack.captured(name)
            self._urls.add_many([(hashes(values_of(named)), rows)])
            if version is not None:
                blank = np.full((len(rows), 1), ord(" "), np.uint8)
                named = np.concatenate([named, blank, stack.captured(version)], axis=1)
            self._versions.add_many([(hashes(values_of(named)), rows)])
        if self.head.get("type") == "transaction" and url is not None:
            self._conditions.add_many([(stack.hashed(url), rows)])
        for n in shape.urns:
            targets = self._target(shape.captures[n].targets)
            sought = stack.hashed(n)
            self._references.add_many([(sought, rows << _TARGET_BITS | targets)])

    def _is_plain(self, stack: Stack) -> bool:
        """Whether no entry of a stack has a fullUrl or a request that does not fit its resource."""
        kind = self.head.get("type")
        if kind in ("transaction", "batch"):
            return kind == "transaction" and is_usual(stack)
        name, identity, *_ = stack.shape.entry
        if name is None or stack.common(name).startswith(b"urn:"):
            return True
        if identity is None:
            return False
        end = f"/{stack.shape.type}/".encode()
        ids, urls = stack.captured(identity), stack.captured(name)
        at = urls.shape[1] - ids.shape[1]
        ends = at >= len(end) and bytes(urls[0, at - len(end) : at]) == end
        same = (urls[:, at - len(end) : at] == urls[0, at - len(end) : at]).all()
        return bool(ends and same and (urls[:, at:] == ids).all())

    def _take_one(self, piece: bytes, number: int, shapes: Shapes) -> None:
        try:
            text = piece.decode()
        except UnicodeDecodeError:
            self._doubtful.append(number)
            return
        known = shapes.vouch(text)
        if known is not None:
            self._vouched(number, *known)
            return
        self._start(number)
        value = exactly(self._check, number, piece)
        resource = value.get("resource") if type(value) is dict else None
        kind = resource.get("resourceType") if type(resource) is dict else None
        if not self._end(number, kind):
            shapes.learn(text)

    def _vouched(self, number: int, shape: Shape, groups: tuple[str, ...]) -> None:
        self._start(number)
        self._check.vouched(number, shape, groups)
        self._end(number, shape.type)

    def _start(self, number: int) -> None:
        for one in self._noting:
            one.number = number

    def _end(self, number: int, type_: Any) -> bool:
        """Note what the check took in of an entry; whether it found problems."""
        outlines, references, faulty = self._check.hand_over()
        known = type_ if type(type_) is str and type_ in self._type_numbers else None
        self._types[number] = self._type_numbers[known]
        for outline in outlines:
            self._outline(number, outline)
        for text, targets in references:
            if text.startswith("urn:"):
                place = number << _TARGET_BITS | self._target(targets)
                self._references.add(text.split("#")[0], place)
        if faulty:
            self._doubtful.append(number)
        return faulty

    def _outline(self, number: int, outline: Json) -> None:
        """Keep an outline, without what no entry should have."""
        kept = {key: value for key, value in outline.items() if key in self._entry}
        resource, request = kept.get("resource"), kept.get("request")
        if type(resource) is dict and resource.get("resourceType") not in self._type_numbers:
            kept["resource"] = {"resourceType": None}
        if type(request) is dict and request.get("method") not in _METHODS:
            kept["request"] = {"method": None}
        text = repr(kept)
        before = self._outlines.get(text)
        if before is None or number < before[0]:
            self._outlines[text] = number, kept

    def _target(self, targets: frozenset[str] | None) -> int:
        return self._targets.setdefault(targets, len(self._targets))

    def _lost(self) -> tuple[Words, Words]:
        """The references that lead to no entry, or to one of a type that is not allowed there."""
        import numpy as np

        sought, places = self._references.columns()
        urls, numbers = _first(*self._urls.columns())
        if not len(urls):
            return sought, places
        at = np.minimum(np.searchsorted(urls, sought), len(urls) - 1)
        types = np.frombuffer(self._types, np.uint16)[numbers[at]]
        targets = (places & np.uint64((1 << _TARGET_BITS) - 1)).astype(np.int64)
        lost = (urls[at] != sought) | ~self._allowed()[targets, types]
        return sought[lost], places[lost]

    def _allowed(self) -> NDArray[np.bool_]:
        """Which types (columns) references of which targets (rows) may lead to."""
        import numpy as np

        return np.array(
            [
                [
                    not name or not targets or self._definitions.is_subtype(name, targets)
                    for name in self._type_names
                ]
                for targets in self._targets
            ],
            bool,
        ).reshape(len(self._targets), len(self._type_names))


_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH")


class _Noting:
    """Takes the place of what a check knows of other entries: nothing, but it is all noted."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self.number = 0

    def __contains__(self, name: object) -> bool:
        return False

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)

    def __setitem__(self, name: str, value: Any) -> None:
        self._column.add(name, self.number)

    def get(self, name: str) -> Any:
        """Nothing is known yet."""

    def setdefault(self, name: str, value: Any) -> Any:
        """Note a name of the entry that is being checked."""
        self._column.add(name, self.number)
        return value


class _Found:
    """Takes the place of what a check knows of other entries, by the hashes of their names."""

    def __init__(self, names: Words, values: list[Any]) -> None:
        self._names = names
        self._values = values

    def __contains__(self, name: object) -> bool:
        return self._place(str(name)) is not None

    def __getitem__(self, name: str) -> Any:
        place = self._place(name)
        if place is None:
            raise KeyError(name)
        return self._values[place]

    def __setitem__(self, name: str, value: Any) -> None:
        """All names are known already."""

    def get(self, name: str) -> Any:
        """What is known of a name."""
        place = self._place(name)
        return None if place is None else self._values[place]

    def setdefault(self, name: str, value: Any) -> Any:
        """What is known of a name; `value` where it is not."""
        place = self._place(name)
        return value if place is None else self._values[place]

    def _place(self, name: str) -> int | None:
        import numpy as np

        (sought,) = hashes_of([name])
        at = int(np.searchsorted(self._names, sought))
        return at if at < len(self._names) and self._names[at] == sought else None


def _first(names: Words, places: Words) -> tuple[Words, Words]:
    """The names in the order of their hashes, each with its first place."""
    import numpy as np

    found, first = np.unique(names, return_index=True)
    return found, places[first]


def _again(names: Words, places: Words) -> Numbers:
    """The places of names that stood before."""
    import numpy as np

    order = np.argsort(names, kind="stable")
    ordered = names[order]
    again: Numbers = places[order][1:][ordered[1:] == ordered[:-1]].astype(np.int64)
    return again
