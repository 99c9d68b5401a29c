"""Compiles resource templates and fills them from frames, in the two forms FHIR is sent in.

A template is pruned once for each set of columns that is null together, and becomes a constant
text with gaps; rows that lack the same things share it, and a row costs one `%`. Both forms come
out of one pass: lines of NDJSON, where references are `Type/id`, and entries of transaction
bundles, where they are `urn:uuid:id`, or a search for what the study's bundle holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import orjson
import polars as pl

from trialect.mappings.fhir.identity import Identity, condition_value
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

Form = Literal["ndjson", "bundle"]

_SPECIAL = r'[\x00-\x1f"\\]'
_UNRESERVED = r"^[A-Za-z0-9._~-]*$"
_CONDITION = "@condition"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A frame's resources, one text a row: lines of NDJSON, and entries of bundles."""

    lines: list[str]
    entries: list[str]


def render(template: Template, frame: pl.DataFrame, identity: Identity) -> Rendered:
    """The resources of a frame's rows, in their order.

    The frame has `record` (the identifier's value), `id`, and the columns of the template's slots
    (String; List(String) for `Refs`).
    """
    template = {"resourceType": template["resourceType"], "id": Text(ID), **template}
    slots = list(_slots(template))
    names = dict.fromkeys(slot.column for slot in slots)
    frame = frame.with_columns(
        **{name: _escaped(frame[name]) for name in _texts(slots)},
        **{_CONDITION: _conditions(frame[RECORD])},
    )
    pattern = pl.lit(0, pl.UInt64)
    for place, name in enumerate(names):
        pattern = pattern + (_present(frame, name).cast(pl.UInt64) * (1 << place))
    found = frame.with_columns(pattern.alias("@pattern")).with_row_index("@row")
    lines = [""] * frame.height
    entries = [""] * frame.height
    for part in found.partition_by("@pattern", maintain_order=True):
        bits = int(part["@pattern"][0])
        present = {name for place, name in enumerate(names) if bits >> place & 1}
        rows = part["@row"].to_list()
        for form, out in (("ndjson", lines), ("bundle", entries)):
            text, gaps = _compile(template, present, form, identity)
            columns = [_column(part, gap, form, identity) for gap in gaps]
            for row, values in zip(rows, zip(*columns, strict=True), strict=True):
                out[row] = text % values
    return Rendered(lines, entries)


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


def _texts(slots: list[ColumnSlot]) -> list[str]:
    return list(dict.fromkeys(slot.column for slot in slots if isinstance(slot, Text)))


def _present(frame: pl.DataFrame, name: str) -> pl.Expr:
    if frame.schema[name] == pl.List(pl.String):
        return pl.col(name).list.len().fill_null(0) > 0
    return pl.col(name).is_not_null()


def _escaped(texts: pl.Series) -> pl.Series:
    """Texts as they stand between the quotes of a JSON string."""
    special = texts.str.contains(_SPECIAL).fill_null(False)
    if not special.any():
        return texts
    return pl.Series(
        texts.name,
        [
            orjson.dumps(text).decode()[1:-1] if escape else text
            for text, escape in zip(texts, special, strict=True)
        ],
        dtype=pl.String,
    )


def _conditions(records: pl.Series) -> pl.Series:
    """The identifiers' values as they stand in a condition, inside JSON."""
    if records.str.contains(_UNRESERVED).all():
        return records
    return pl.Series([condition_value(one) for one in records], dtype=pl.String)


def _column(part: pl.DataFrame, gap: ColumnSlot, form: Form, identity: Identity) -> list[str]:
    """The texts that fill a gap."""
    column = part[gap.column]
    if isinstance(gap, Refs):
        between = '"},{"reference":"' + _to(gap.type, form)
        return column.list.join(between).to_list()
    if isinstance(gap, SiteRef):
        named: dict[str, str] = {
            value: _study_reference(gap.type, value, form, identity)
            for value in column.unique().to_list()
        }
        return [named[value] for value in column.to_list()]
    return column.to_list()


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
    """The template as a `%` format, and the slots that fill its gaps in order."""
    gaps: list[ColumnSlot] = []

    def constant(value: Any) -> str:
        return orjson.dumps(value).decode().replace("%", "%%")

    def write(node: Any) -> str | None:
        """The node's text, or None when it is left out."""
        match node:
            case StudyRef(type, value):
                return constant({"reference": _study_reference(type, value, form, identity)})
            case Text() | Json() | Ref() | Refs() | SiteRef():
                if node.column not in present:
                    return None
                gaps.append(node)
                return _gap(node, form)
            case dict():
                before = len(gaps)
                members = [
                    f"{constant(key)}:{text}"
                    for key, value in node.items()
                    if (text := write(value)) is not None
                ]
                left_out = len(gaps) == before and next(_slots(node), None) is not None
                return None if left_out else "{" + ",".join(members) + "}"
            case list():
                items = [text for value in node if (text := write(value)) is not None]
                return "[" + ",".join(items) + "]" if items else None
            case _:
                return constant(node)

    if form == "ndjson":
        return write(template) or "", gaps
    # A server chooses the id of what it stores under a condition; it refuses another one.
    body = {key: value for key, value in template.items() if key != "id"}
    gaps.append(Json(ID))
    resource = write(body) or ""
    gaps.append(Json(_CONDITION))
    start = constant(identity.condition_start(body["resourceType"]))[:-1]
    return (
        f'{{"fullUrl":"urn:uuid:%s","resource":{resource},'
        f'"request":{{"method":"PUT","url":{start}%s"}}}}'
    ), gaps


def _gap(slot: ColumnSlot, form: Form) -> str:
    match slot:
        case Text():
            return '"%s"'
        case Json():
            return "%s"
        case Ref(type, _) | Refs(type, _):
            return f'{{"reference":"{_to(type, form)}%s"}}'
        case SiteRef():
            return '{"reference":"%s"}'
