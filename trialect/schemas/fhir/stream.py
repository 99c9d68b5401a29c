"""Checking NDJSON files of resources, a batch of lines at a time.

A text that a shape vouches for, with many like it (aligned.py) or alone (fast.py), is valid; every
other one takes the exact path, which reports its problems: those of `check_resource`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from trialect.problems import Problem
from trialect.schemas.fhir import rules
from trialect.schemas.fhir.aligned import Vouched, left_over, stacks_of
from trialect.schemas.fhir.bundle import check_bundle
from trialect.schemas.fhir.fast import Shapes, kept_shapes
from trialect.schemas.fhir.json_text import decode
from trialect.schemas.fhir.packed import LARGEST
from trialect.schemas.fhir.references import ReferenceIndex, looked_up
from trialect.schemas.fhir.shapes import Shape
from trialect.schemas.fhir.structure import Walk
from trialect.schemas.fhir.table import Table, table
from trialect.schemas.fhir.texts import TOO_LONG, line_batches

Json = dict[str, Any]


def check_ndjson(
    lines: BinaryIO | Iterable[bytes],
    file: str | None = None,
    index: ReferenceIndex | None = None,
    release: str = "R4",
) -> Iterator[Problem]:
    """The problems of NDJSON text, one resource a line, with `file` and line number as `row`.

    Empty lines are passed over. With `index`, resources and references are noted there, so that
    `index.unresolved()` can tell afterwards which references lead nowhere; `file` must then be the
    name that the index can open again.
    """
    shapes = kept_shapes(release, "")
    before = index.start(file or "") if index is not None else 0
    first = 1
    for texts in line_batches(lines):
        filled = texts.lengths.any()
        stacks = stacks_of(texts, shapes) if filled and texts.is_plain() else []
        if index is not None:
            note_vouched(index, stacks, before + first)
        for row in left_over(texts, stacks) if filled else ():
            for problem in check_line(texts[row], shapes, release, index, before + first + row):
                yield problem.at(file=file, row=first + row)
        first += len(texts)


def check_line(
    line: bytes, shapes: Shapes, release: str, index: ReferenceIndex | None, place: int
) -> list[Problem]:
    """The problems of one line; what it refers to is noted at its place in the index."""
    if line == TOO_LONG:
        return [rules.SIZE.problem(what="The line", limit=LARGEST >> 20)]
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        return [rules.JSON.problem(detail=f"byte {error.start + 1} of the line is not UTF-8")]
    if not text:
        return []
    known = shapes.vouch(text)
    if known is not None:
        if index is not None:
            _note(index, *known, place)
        return []
    problems, walk, value = exactly(text, table(release))
    if not problems:
        shapes.learn(text)
    if index is not None and walk is not None:
        _note_walk(index, walk, value, place)
    return problems


def _note(index: ReferenceIndex, shape: Shape, groups: tuple[str, ...], place: int) -> None:
    if shape.identity is not None:
        index.resources.add(f"{shape.type}/{groups[shape.identity][1:-1]}", place)
    for n in shape.sought:
        index.references.add(groups[n][1:-1], place)


def note_vouched(index: ReferenceIndex, stacks: Sequence[Vouched], before: int) -> None:
    """Note the resources and references of texts whose numbers count from a place of the index."""
    resources, references = [], []
    for stack in stacks:
        places = stack.rows + before
        if stack.shape.identity is not None:
            named = stack.hashed(stack.shape.identity, f"{stack.shape.type}/")
            resources.append((named, places))
        for n in stack.shape.sought:
            references.append((stack.hashed(n), places))
    index.resources.add_many(resources)
    index.references.add_many(references)


def check_resource_text(data: bytes, release: str = "R4") -> list[Problem]:
    """The problems of the JSON text of one resource: those of the text, and of `check_resource`."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return [rules.JSON.problem(detail=f"byte {error.start + 1} is not UTF-8")]
    return exactly(text, table(release))[0]


def exactly(text: str, definitions: Table) -> tuple[list[Problem], Walk | None, Any]:
    """The problems of one resource by the exact path, the walk that found them, and its value."""
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
