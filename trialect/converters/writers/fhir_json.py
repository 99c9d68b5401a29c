"""Compiles resource templates and fills them from frames, in the two forms FHIR is sent in.

A template is pruned once for each set of columns that is null together, and becomes a constant
text with gaps; rows that lack the same things share it, and are joined from its pieces and the
gaps' columns at once. There are two forms: lines of NDJSON, where references are `Type/id`, and
entries of transaction bundles, where they are `urn:uuid:id`, or a search for what the study's
bundle holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import orjson
import polars as pl

from trialect.mappings.fhir.identity import Identity, condition_value
from trialect.mappings.fhir.json_strings import escaped
from trialect.mappings.fhir.partition import ID, RECORD
from trialect.mappings.fhir.slots import (
    ColumnSlot,
    Json,
    Ref,
    Refs,
    SiteRef,
    StudyRef,
    Template,
    Text,
)
from trialect.schemas.fhir.woven import Values, Woven

Form = Literal["ndjson", "bundle"]

_UNRESERVED = r"^[A-Za-z0-9._~-]*$"
_GAP = "\0"
"""Marks a gap in a compiled template; no JSON text has it."""
_CONDITION = "@condition"


class Rendered:
    """A frame's resources, one text (String) a row in the order of the rows.

    The frame has `record` (the identifier's value), `id`, and the columns of the template's slots
    (String; List(String) for `Refs`).
    """

    def __init__(self, template: Template, frame: pl.DataFrame, identity: Identity) -> None:
        self._template = {"resourceType": template["resourceType"], "id": Text(ID), **template}
        self._identity = identity
        slots = list(_slots(self._template))
        names = list(dict.fromkeys(slot.column for slot in slots))
        texts = dict.fromkeys(slot.column for slot in slots if isinstance(slot, Text))
        self._frame = frame.with_columns(
            **{name: escaped(frame[name]) for name in texts},
            **{_CONDITION: _conditions(frame[RECORD])},
        )
        self._patterns = list(_patterns(frame, names))
        self._columns: dict[tuple[str, int], Values] = {}
        self._woven: dict[Form, list[Woven]] = {}

    def lines(self) -> pl.Series:
        """Lines of NDJSON, without their ends."""
        return self._filled("ndjson")

    def entries(self) -> pl.Series:
        """Entries of transaction bundles."""
        return self._filled("bundle")

    def woven(self, form: Form) -> list[Woven]:
        """What the texts of a form are made of; their numbers are those of the frame's rows."""
        if form not in self._woven:
            self._woven[form] = [
                self._of_pattern(number, form) for number in range(len(self._patterns))
            ]
        return self._woven[form]

    def _of_pattern(self, number: int, form: Form) -> Woven:
        present, rows = self._patterns[number]
        text, gaps = _compile(self._template, present, form, self._identity)
        columns = tuple(self._values(gap, form, number) for gap in gaps)
        return Woven(rows.to_numpy(), tuple(text.split(_GAP)), columns)

    def _values(self, gap: ColumnSlot, form: Form, number: int) -> Values:
        """What fills a gap in the texts of a pattern; the forms share what they say alike."""
        what = f"{gap} {form}" if isinstance(gap, Refs | SiteRef) else gap.column
        key = (what, number)
        if key not in self._columns:
            _, rows = self._patterns[number]
            column = self._frame[gap.column]
            some = column if len(rows) == len(column) else column.gather(rows)
            self._columns[key] = Values(_filling(some, gap, form, self._identity))
        return self._columns[key]

    def _filled(self, form: Form) -> pl.Series:
        woven = self.woven(form)
        if len(woven) == 1:
            return woven[0].texts()
        rows = pl.concat([pl.Series([], dtype=pl.UInt32), *(rows for _, rows in self._patterns)])
        texts = [pl.Series([], dtype=pl.String), *(one.texts() for one in woven)]
        # Gathered from several chunks, Polars copies the texts; from one, where they lie.
        return pl.concat(texts, rechunk=True).gather(rows.arg_sort())


def _patterns(frame: pl.DataFrame, names: Sequence[str]) -> Iterator[tuple[set[str], pl.Series]]:
    """The rows (UInt32) that lack the same columns, with the names of those that they have."""
    if not frame.height:
        return
    present = frame.select(_present(frame, name).alias(name) for name in names)
    varying = [name for name in names if not present[name].all() and present[name].any()]
    always = {name for name in names if name not in varying and present[name][0]}
    if not varying:
        yield always, pl.int_range(frame.height, dtype=pl.UInt32, eager=True)
        return
    for _, some in present.with_row_index("@row").group_by(varying, maintain_order=True):
        there = some.select(varying).row(0, named=True)
        yield always | {name for name, here in there.items() if here}, some["@row"]


def _slots(node: Any) -> Iterator[ColumnSlot]:
    """The slots of a template that have a column, in order."""
    if isinstance(node, dict):
        for value in node.values():
            yield from _slots(value)
    elif isinstance(node, list):
        for value in node:
            yield from _slots(value)
    elif isinstance(node, Text | Json | Ref | Refs | SiteRef):
        yield node


def _present(frame: pl.DataFrame, name: str) -> pl.Expr:
    if frame.schema[name] == pl.List(pl.String):
        return pl.col(name).list.len().fill_null(0) > 0
    return pl.col(name).is_not_null()


def _conditions(records: pl.Series) -> pl.Series:
    """The identifiers' values as they stand in a condition, inside JSON."""
    if records.str.contains(_UNRESERVED).all():
        return records
    return pl.Series([condition_value(one) for one in records], dtype=pl.String)


def _filling(column: pl.Series, gap: ColumnSlot, form: Form, identity: Identity) -> pl.Series:
    """What fills a gap in the texts that have it."""
    if isinstance(gap, Refs):
        between = f'"}}{gap.after},{gap.before}{{"reference":"{_to(gap.type, form)}'
        return column.list.join(between)
    if isinstance(gap, SiteRef):
        values = column.unique().to_list()
        named = {value: _study_reference(gap.type, value, form, identity) for value in values}
        return column.replace_strict(named, return_dtype=pl.String)
    return column


def _to(type: str, form: Form) -> str:
    return f"{type}/" if form == "ndjson" else "urn:uuid:"


def _study_reference(type: str, value: str, form: Form, identity: Identity) -> str:
    """A reference to a resource that, in a bundle, is found by a search (R4 3.1.0.7.3)."""
    if form == "ndjson":
        return f"{type}/{identity.id(type, value)}"
    return identity.condition(type, value)


def _compile(
    template: Template, present: set[str], form: Form, identity: Identity
) -> tuple[str, list[ColumnSlot]]:
    """The template as a text with a mark for each gap, in order, and what fills the gaps."""
    gaps: list[ColumnSlot] = []

    def constant(value: Any) -> str:
        return orjson.dumps(value).decode()

    def write(node: Any) -> str | None:
        """The node's text; None if nothing is left of it."""
        match node:
            case StudyRef(type, value):
                return constant({"reference": _study_reference(type, value, form, identity)})
            case Text() | Json() | Ref() | Refs() | SiteRef():
                if node.column not in present:
                    return None
                gaps.append(node)
                return _gap(node, form)
            case dict() if _is_left(node, present):
                members = ((constant(key) + ":", write(value)) for key, value in node.items())
                return "{" + ",".join(key + text for key, text in members if text) + "}"
            case list() if _is_left(node, present):
                return "[" + ",".join(text for value in node if (text := write(value))) + "]"
            case dict() | list():
                return None
            case _:
                return constant(node)

    if form == "ndjson":
        return write(template) or "", gaps
    # A server chooses the id of what it stores under a condition; it refuses another one.
    body = {key: value for key, value in template.items() if key != "id"}
    gaps.append(Json(ID))
    resource = write(body)
    gaps.append(Json(_CONDITION))
    start = constant(identity.condition_start(body["resourceType"]))[:-1]
    return (
        f'{{"fullUrl":"urn:uuid:{_GAP}","resource":{resource},'
        f'"request":{{"method":"PUT","url":{start}{_GAP}"}}}}'
    ), gaps


def _is_left(node: Any, present: set[str]) -> bool:
    """Whether an object or a list has a slot that is filled; one without slots is a constant.

    A list keeps its constants beside slots that are left out.
    """
    if isinstance(node, list):
        return any(_is_left(item, present) for item in node)
    if isinstance(node, dict):
        slots = list(_slots(node))
        return not slots or any(slot.column in present for slot in slots)
    return not isinstance(node, ColumnSlot) or node.column in present


def _gap(slot: ColumnSlot, form: Form) -> str:
    match slot:
        case Text():
            return f'"{_GAP}"'
        case Json():
            return _GAP
        case Ref(type, _):
            return f'{{"reference":"{_to(type, form)}{_GAP}"}}'
        case Refs(type, _, before, after):
            return f'{before}{{"reference":"{_to(type, form)}{_GAP}"}}{after}'
        case SiteRef():
            return f'{{"reference":"{_GAP}"}}'
