"""Checking files of resources: NDJSON line by line, bundles entry by entry.

A text that a shape vouches for (fast.py) is valid; every other one takes the exact path, which
reports its problems. The problems are the same as those of `check_resource` and `check_bundle`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from trialect.problems import Problem
from trialect.schemas.fhir import rules
from trialect.schemas.fhir.bundle import BundleCheck, check_bundle
from trialect.schemas.fhir.fast import Shapes, kept_shapes
from trialect.schemas.fhir.json_text import decode
from trialect.schemas.fhir.references import ReferenceIndex, looked_up
from trialect.schemas.fhir.structure import Walk
from trialect.schemas.fhir.table import Table, table

Json = dict[str, Any]

_ENTRY = re.compile(rb'\{\s*"fullUrl"\s*:')


def check_ndjson(
    lines: Iterable[bytes],
    file: str | None = None,
    index: ReferenceIndex | None = None,
    release: str = "R4",
) -> Iterator[Problem]:
    """The problems of NDJSON text, one resource a line, with `file` and line number as `row`.

    Empty lines are passed over. With `index`, resources and references are noted there, so that
    `index.unresolved()` can tell afterwards which references lead nowhere; `file` must then be the
    name that the index can open again.
    """
    definitions = table(release)
    shapes = kept_shapes(release, "")
    start = index.start(file or "") if index is not None else 0
    for row, line in enumerate(lines, 1):
        try:
            text = line.decode().strip(" \t\r\n")
        except UnicodeDecodeError as error:
            detail = f"byte {error.start + 1} of the line is not UTF-8"
            yield rules.JSON.problem(detail=detail, file=file, row=row)
            continue
        known = shapes.vouch(text)
        if known is not None:
            if index is not None:
                shape, groups = known
                if shape.identity is not None:
                    name = f"{shape.type}/{groups[shape.identity][1:-1]}"
                    index.resources.add(name, start + row)
                add = index.references.add
                for n in shape.sought:
                    add(groups[n][1:-1], start + row)
        elif text:
            problems, walk, value = _exact(text, definitions)
            if problems:
                for problem in problems:
                    yield problem.at(file=file, row=row)
            else:
                shapes.learn(text)
            if index is not None and walk is not None:
                _note_walk(index, walk, value, start + row)


def _exact(text: str, definitions: Table) -> tuple[list[Problem], Walk | None, Any]:
    value, problems = decode(text)
    if value is None and problems:
        return problems, None, None
    walk = Walk(definitions)
    if type(value) is dict and value.get("resourceType") == "Bundle":
        return problems + check_bundle(value, definitions.release), None, None
    walk.resource(value, "", None)
    return problems + walk.problems, walk, value


def _note_walk(index: ReferenceIndex, walk: Walk, value: Any, place: int) -> None:
    given = value if type(value) is dict else {}
    name = f"{given.get('resourceType')}/{given.get('id')}"
    if "id" in given and looked_up(name) == name:
        index.resources.add(name, place)
    for _, text, _ in walk.references:
        sought = looked_up(text)
        if sought is not None:
            index.references.add(sought, place)


def check_bundle_text(data: bytes, file: str | None = None, release: str = "R4") -> list[Problem]:
    """All problems of a Bundle's JSON text: those that `check_bundle` finds in the decoded one."""
    found = _by_entries(data, table(release), kept_shapes(release, "Bundle.entry"))
    if found is None:
        found = _whole(data, release)
    return [problem.at(file=file) for problem in found] if file else found


def _whole(data: bytes, release: str) -> list[Problem]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return [rules.JSON.problem(detail=f"byte {error.start + 1} is not UTF-8")]
    value, found = decode(text)
    if value is None and found:
        return found
    return found + check_bundle(value, release)


def _by_entries(data: bytes, definitions: Table, shapes: Shapes) -> list[Problem] | None:
    """The problems, found entry by entry; None when the text cannot be split into entries."""
    starts = [found.start() for found in _ENTRY.finditer(data)]
    end = _end(data)
    if not starts or end <= starts[-1] or not data[: starts[0]].rstrip().endswith(b"["):
        return None
    try:
        head, problems = decode((data[: starts[0]] + b"]}").decode())
        pieces = list(_pieces(data, starts, end))
    except ValueError:
        return None
    if problems or type(head) is not dict or head.get("entry") != []:
        return None
    if head.get("resourceType") != "Bundle" or next(reversed(head)) != "entry":
        return None
    check = BundleCheck(definitions, head)
    for number, piece in enumerate(pieces):
        known = shapes.vouch(piece)
        if known is not None:
            check.vouched(number, known[0], known[1])
            continue
        value, problems = decode(piece)
        if type(value) is not dict:
            return None
        before = len(check.problems)
        check.problems.extend(p.at(path=f"Bundle.entry[{number}]") for p in problems)
        check.exact(number, value)
        if len(check.problems) == before:
            shapes.learn(piece)
    return check.finish()


def _end(data: bytes) -> int:
    """Where the last entry ends if the list of entries is the last thing in the text, or -1."""
    for closing in (b"}", b"]"):
        data = data.rstrip(b" \t\r\n")
        if not data.endswith(closing):
            return -1
        data = data[:-1]
    return len(data)


def _pieces(data: bytes, starts: list[int], end: int) -> Iterator[str]:
    """The texts of the entries. Raises ValueError where no comma stands between two of them."""
    for start, stop in zip(starts, [*starts[1:], end], strict=True):
        piece = data[start:stop].rstrip(b" \t\r\n")
        if stop != end:
            if piece[-1:] != b",":
                raise ValueError("no comma")
            piece = piece[:-1].rstrip(b" \t\r\n")
        yield piece.decode()
