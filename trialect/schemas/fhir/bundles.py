"""Checking the texts of Bundles, many at a time.

Where shapes vouch for all entries of a Bundle (aligned.py) and the entries are of the usual form,
each stored under a condition of its own, what must hold between them is asked of all Bundles of a
batch at once, by hashes. Every other Bundle is checked by itself, entry by entry, which reports
its problems: those of `check_bundle`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialect.problems import Problem
from trialect.schemas.fhir import rules
from trialect.schemas.fhir.aligned import (
    Loose,
    Vouched,
    left_over,
    loose,
    stacks_of,
)
from trialect.schemas.fhir.bundle import BundleCheck, check_bundle
from trialect.schemas.fhir.fast import Shapes, kept_shapes
from trialect.schemas.fhir.json_text import decode
from trialect.schemas.fhir.shapes import ENTRY_PATHS, Shape
from trialect.schemas.fhir.table import Table, table
from trialect.schemas.fhir.texts import Texts, batches, joined, lines_of, texts_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Words = NDArray[np.uint64]

_FULL_URL = ENTRY_PATHS.index("Bundle.entry.fullUrl")
_URL = ENTRY_PATHS.index("Bundle.entry.request.url")

_ENTRY = re.compile(rb'\{\s*"fullUrl"\s*:')
_START = b'{"fullUrl":'
_BLANKS = b" \t\r\n"


def check_bundle_text(data: bytes, file: str | None = None, release: str = "R4") -> list[Problem]:
    """All problems of a Bundle's JSON text: those that `check_bundle` finds in the decoded one."""
    pieces = _split(data, 0, len(data))
    found = None
    if pieces is not None:
        found = _by_entries(pieces, table(release), kept_shapes(release, "Bundle.entry"))
    if found is None:
        found = _whole(data, release)
    return [problem.at(file=file) for problem in found] if file else found


def check_bundle_texts(
    texts: Iterable[tuple[str, bytes]], release: str = "R4"
) -> Iterator[Problem]:
    """The problems of many Bundles' JSON texts, each given with the name of its file."""
    definitions, shapes = table(release), kept_shapes(release, "Bundle.entry")
    for batch in batches(texts, lambda one: len(one[1])):
        files = [file for file, _ in batch]
        bundles = texts_of([data for _, data in batch])
        # From here on the texts are held once.
        batch.clear()
        places = zip(bundles.starts.tolist(), bundles.ends.tolist(), strict=True)
        sound = _sound([_split(bundles.data, *place) for place in places], definitions, shapes)
        for row in (~sound).nonzero()[0].tolist():
            yield from check_bundle_text(bundles[row], files[row], release)


def _whole(data: bytes, release: str) -> list[Problem]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return [rules.JSON.problem(detail=f"byte {error.start + 1} is not UTF-8")]
    value, found = decode(text)
    if value is None and found:
        return found
    return found + check_bundle(value, release)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """A Bundle's text: what stands before the first entry, and the entries."""

    head: bytes
    entries: Texts


def _split(data: bytes, begin: int, stop: int) -> _Pieces | None:
    """The text of a part of `data` by entries; None when it cannot be split into them."""
    first = _ENTRY.search(data, begin, stop)
    end = _end(data, begin, stop)
    if first is None or end <= first.start():
        return None
    start = first.start()
    head = data[begin:start]
    if not head.rstrip().endswith(b"["):
        return None
    lines = _by_line(data, start, _trimmed(data, start, end))
    if lines is not None:
        return _Pieces(head, lines)
    starts = [found.start() for found in _ENTRY.finditer(data, start, end)]
    entries = []
    for start, stop in zip(starts, [*starts[1:], end], strict=True):
        piece = data[start:stop].rstrip(_BLANKS)
        if stop != end:
            if piece[-1:] != b",":
                return None
            piece = piece[:-1].rstrip(_BLANKS)
        entries.append(piece)
    return _Pieces(head, texts_of(entries))


def _by_line(data: bytes, start: int, end: int) -> Texts | None:
    """The entries when each is a line of the text; no line feed stands inside a JSON string."""
    import numpy as np

    lines = lines_of(data, start, end)
    if len(lines) < 2 or int(lines.lengths.min()) <= len(_START):
        return None
    starts, ends = lines.starts, lines.ends
    opened = lines.bytes_at(starts[:, None] + np.arange(len(_START)))
    if not (opened == np.frombuffer(_START, np.uint8)).all():
        return None
    if not (lines.bytes_at(ends[:-1] - 1) == ord(",")).all():
        return None
    return Texts(data, starts, np.concatenate([ends[:-1] - 1, ends[-1:]]))


def _end(data: bytes, begin: int, stop: int) -> int:
    """Where the last entry ends if the list of entries is the last thing in the text, or -1."""
    end = stop
    for closing in b"}]":
        end = _trimmed(data, begin, end)
        if end == begin or data[end - 1] != closing:
            return -1
        end -= 1
    return end


def _trimmed(data: bytes, begin: int, end: int) -> int:
    """Where a part of `data` ends without the blanks at its end."""
    while end > begin and data[end - 1] in _BLANKS:
        end -= 1
    return end


def opened(head: bytes, definitions: Table) -> BundleCheck | None:
    """The check of a Bundle that starts so; None when its start is out of the ordinary."""
    try:
        value, problems = decode((head + b"]}").decode())
    except UnicodeDecodeError:
        return None
    if problems or type(value) is not dict or value.get("entry") != []:
        return None
    if value.get("resourceType") != "Bundle" or next(reversed(value)) != "entry":
        return None
    return BundleCheck(definitions, value)


def _by_entries(pieces: _Pieces, definitions: Table, shapes: Shapes) -> list[Problem] | None:
    """The problems, found entry by entry; None when an entry is no object."""
    check = opened(pieces.head, definitions)
    if check is None:
        return None
    for number, piece in enumerate(pieces.entries):
        try:
            text = piece.decode()
        except UnicodeDecodeError:
            return None
        known = shapes.vouch(text)
        if known is not None:
            check.vouched(number, known[0], known[1])
            continue
        value, problems = decode(text)
        if type(value) is not dict:
            return None
        before = len(check.problems)
        check.problems.extend(p.at(path=f"Bundle.entry[{number}]") for p in problems)
        check.exact(number, value)
        if len(check.problems) == before:
            shapes.learn(text)
    return check.finish()


def _sound(bundles: list[_Pieces | None], definitions: Table, shapes: Shapes) -> NDArray[np.bool_]:
    """Which Bundles have no problem for sure; the others have to be looked at one by one."""
    import numpy as np

    counts = np.array([0 if one is None else len(one.entries) for one in bundles], np.int64)
    entries = joined(one.entries for one in bundles if one is not None)
    if not entries.is_plain():
        return np.zeros(len(bundles), bool)
    owner = np.repeat(np.arange(len(bundles)), counts)
    aligned = stacks_of(entries, shapes)
    places = np.arange(len(entries)) - np.repeat(np.cumsum(counts) - counts, counts)
    heads = [None if one is None else one.head for one in bundles]
    single = one_by_one(
        [
            Single(row, entries[row], heads[owner[row]] or b"", int(places[row]))
            for row in left_over(entries, aligned)
        ],
        definitions,
        shapes,
    )
    return agreeing([*aligned, *single], owner, counts, heads, definitions)


def agreeing(
    stacks: list[Vouched],
    owner: Numbers,
    counts: Numbers,
    heads: Sequence[bytes | None],
    definitions: Table,
) -> NDArray[np.bool_]:
    """In which Bundles, of so many entries, all are of the usual form and agree with each other.

    `owner` has the Bundle for each row of the stacks, `heads` how each Bundle begins.
    """
    import numpy as np

    usual = [stack for stack in stacks if len(stack) and is_usual(stack)]
    vouched = np.zeros(len(counts), np.int64)
    for stack in usual:
        vouched += np.bincount(owner[stack.rows], minlength=len(counts))
    good: NDArray[np.bool_] = (counts > 0) & (vouched == counts)
    urls = [_keys(stack, stack.shape.entry[_FULL_URL], owner) for stack in usual]
    conditions = [_keys(stack, stack.shape.entry[_URL], owner) for stack in usual]
    owners = [owner[stack.rows] for stack in usual]
    good[_twice(urls, owners)] = False
    good[_twice(conditions, owners)] = False
    good[_lost(usual, urls, owner, definitions)] = False
    outlines: dict[int, set[int]] = {}
    for n, stack in enumerate(usual):
        for bundle in np.unique(owner[stack.rows]).tolist():
            outlines.setdefault(bundle, set()).add(n)
    known: dict[tuple[bytes, frozenset[int]], bool] = {}
    for bundle in np.flatnonzero(good).tolist():
        head = heads[bundle] or b""
        kinds = frozenset(id(usual[n].shape) for n in outlines[bundle])
        if (head, kinds) not in known:
            check = opened(head, definitions)
            transaction = check is not None and check.kind == "transaction"
            if check is not None and transaction:
                check.outline(usual[n].shape.outline for n in outlines[bundle])
            known[head, kinds] = transaction and check is not None and not check.finish()
        good[bundle] = known[head, kinds]
    return good


@dataclass(frozen=True, slots=True)
class Single:
    """An entry that found no company: its row, its text, and where it stands in which Bundle."""

    row: int
    text: bytes
    head: bytes
    number: int


def one_by_one(entries: list[Single], definitions: Table, shapes: Shapes) -> list[Loose]:
    """Entries that shapes vouch for or that the exact path finds valid; shapes are learned."""
    found: dict[int, tuple[Shape, list[int], list[tuple[str, ...]]]] = {}
    heads: dict[bytes, BundleCheck | None] = {}
    for entry in entries:
        text = entry.text.decode()
        known = shapes.vouch(text)
        if known is None:
            if entry.head not in heads:
                heads[entry.head] = opened(entry.head, definitions)
            check = heads[entry.head]
            known = None if check is None else check.valid(text, entry.number)
            if known is not None:
                shapes.learn(text)
        if known is not None:
            shape, groups = known
            _, rows, values = found.setdefault(id(shape), (shape, [], []))
            rows.append(entry.row)
            values.append(groups)
    return [loose(*one) for one in found.values()]


def is_usual(stack: Vouched) -> bool:
    """Whether the entries are all of the form `PUT Type?condition` under a fullUrl urn:uuid:..."""
    name, _, version, method, url, condition = stack.shape.entry
    if name is None or method is None or url is None or not stack.shape.type:
        return False
    if version is not None or condition is not None:
        return False
    start = f"{stack.shape.type}?".encode()
    address = stack.common(url)
    return (
        stack.common(method) == b"PUT"
        and stack.common(name).startswith(b"urn:")
        and address.startswith(start)
        and b"=" in address[len(start) :]
    )


def _keys(stack: Vouched, capture: int | None, owner: Numbers) -> Words:
    """A hash of each value of a capture together with the Bundle that it stands in."""
    import numpy as np

    assert capture is not None
    salt = (owner[stack.rows].astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return stack.hashed(capture) ^ salt


def _twice(keys: list[Words], owners: list[Numbers]) -> Numbers:
    """The owners of keys that stand twice."""
    import numpy as np

    if not keys:
        return np.zeros(0, np.int64)
    together = np.concatenate(keys)
    order = np.argsort(together, kind="stable")
    same = together[order][1:] == together[order][:-1]
    return np.unique(np.concatenate(owners)[order][1:][same])


def _lost(stacks: list[Vouched], keys: list[Words], owner: Numbers, definitions: Table) -> Numbers:
    """Bundles with a reference to a fullUrl that is not there, or of a type not allowed there.

    `keys` are those of the stacks' fullUrls.
    """
    import numpy as np

    types = sorted({stack.shape.type for stack in stacks})
    urls = np.concatenate([np.zeros(0, np.uint64), *keys])
    number = np.concatenate(
        [np.zeros(0, np.int64)]
        + [np.full(len(stack), types.index(stack.shape.type)) for stack in stacks]
    )
    order = np.argsort(urls, kind="stable")
    urls, number = urls[order], number[order]
    found: list[Numbers] = [np.zeros(0, np.int64)]
    for stack in stacks:
        for n in stack.shape.urns:
            targets = stack.shape.captures[n].targets
            allowed = np.array(
                [targets is None or definitions.is_subtype(one, targets) for one in types]
            )
            sought = _keys(stack, n, owner)
            at = np.minimum(np.searchsorted(urls, sought), len(urls) - 1)
            lost = (urls[at] != sought) | ~allowed[number[at]]
            found.append(owner[stack.rows[lost]])
    return np.unique(np.concatenate(found))
