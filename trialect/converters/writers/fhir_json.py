"""Compiles resource templates and fills them from frames, in the two forms FHIR is sent in.

A template is pruned once for each set of columns that is null together, and becomes a constant
text with gaps; rows that lack the same things share it, and are joined from its pieces and the
gaps' columns at once. There are two forms: lines of NDJSON, where references are `Type/id`, and
entries of transaction bundles, where they are `urn:uuid:id`, or a search for what the study's
bundle holds.
"""

from __future__ import annotations

from collections.abc import Iterator
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
_GAP = "\0"
"""Marks a gap in a compiled template; no JSON text has it."""
_CONDITION = "@condition"
_PATTERN = "@pattern"


class Rendered:
    """A frame's resources, one text (String) a row in the order of the rows.

    The frame has `record` (the identifier's value), `id`, and the columns of the template's slots
    (String; List(String) for `Refs`).
    """

    def __init__(self, template: Template, frame: pl.DataFrame, identity: Identity) -> None:
        self._template = {"resourceType": template["resourceType"], "id": Text(ID), **template}
        self._identity = identity
        slots = list(_slots(self._template))
        self._names = list(dict.fromkeys(slot.column for slot in slots))
        texts = dict.fromkeys(slot.column for slot in slots if isinstance(slot, Text))
        present = [_present(frame, name) for name in self._names]
        self._frame = frame.with_columns(
            **{name: _escaped(frame[name]) for name in texts},
            **{_CONDITION: _conditions(frame[RECORD])},
        ).with_columns(
            pl.sum_horizontal(
                pl.lit(0, pl.UInt64),
                *(bit.cast(pl.UInt64) * (1 << place) for place, bit in enumerate(present)),
            ).alias(_PATTERN)
        )

    def lines(self) -> pl.Series:
        """Lines of NDJSON, without their ends."""
        return self._filled("ndjson")

    def entries(self) -> pl.Series:
        """Entries of transaction bundles."""
        return self._filled("bundle")

    def _filled(self, form: Form) -> pl.Series:
        patterns = self._frame[_PATTERN]
        distinct = patterns.unique(maintain_order=True).to_list()
        formats: list[str] = []
        gaps: list[ColumnSlot] = []
        for pattern in distinct:
            present = {name for place, name in enumerate(self._names) if pattern >> place & 1}
            text, gaps = _compile(self._template, present, form, self._identity)
            formats.append(text)
        columns = {
            str(number): _column(self._frame, gap, form, self._identity)
            for number, gap in enumerate(gaps)
        }
        filled = pl.DataFrame({_PATTERN: patterns, **columns})
        texts, rows = [pl.Series([], dtype=pl.String)], [pl.Series([], dtype=pl.UInt32)]
        for pattern, text in zip(distinct, formats, strict=True):
            alike = (patterns == pattern).arg_true()
            some = filled if len(distinct) == 1 else filled[alike]
            texts.append(some.select(_concatenated(text)).to_series())
            rows.append(alike)
        if len(distinct) == 1:
            return texts[1]
        return pl.concat(texts).gather(pl.concat(rows).arg_sort())


def _concatenated(text: str) -> pl.Expr:
    """A compiled template with its gaps filled from columns by their numbers."""
    first, *others = text.split(_GAP)
    pieces = [pl.lit(first)]
    for number, piece in enumerate(others):
        pieces += [pl.col(str(number)), pl.lit(piece)]
    return pl.concat_str(pieces)


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


def _column(frame: pl.DataFrame, gap: ColumnSlot, form: Form, identity: Identity) -> pl.Series:
    """What fills a gap; nothing where the slot is left out."""
    column = frame[gap.column]
    if isinstance(gap, Refs):
        between = f'"}}{gap.after},{gap.before}{{"reference":"{_to(gap.type, form)}'
        column = column.list.join(between)
    elif isinstance(gap, SiteRef):
        values = column.drop_nulls().unique().to_list()
        named = {value: _study_reference(gap.type, value, form, identity) for value in values}
        column = column.replace_strict(named, default=None, return_dtype=pl.String)
    return column.fill_null("")


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
    """The template as a text with a mark for the gap of each slot, in order, and these slots.

    The gap of a slot that is left out stands between the members; it is filled with nothing, so
    that the rows of all patterns have the same columns.
    """
    gaps: list[ColumnSlot] = []

    def constant(value: Any) -> str:
        return orjson.dumps(value).decode()

    def write(node: Any) -> tuple[str, bool]:
        """The node's text, and whether it is kept; the gaps of its slots if it is not."""
        match node:
            case StudyRef(type, value):
                return constant({"reference": _study_reference(type, value, form, identity)}), True
            case Text() | Json() | Ref() | Refs() | SiteRef():
                gaps.append(node)
                kept = node.column in present
                return (_gap(node, form), True) if kept else (_GAP, False)
            case dict():
                before = len(gaps)
                members = [(constant(key) + ":", *write(value)) for key, value in node.items()]
                inside = gaps[before:]
                kept = not inside or any(slot.column in present for slot in inside)
                return ("{" + _joined(members) + "}", True) if kept else (_GAP * len(inside), False)
            case list():
                before = len(gaps)
                items = [("", *write(value)) for value in node]
                kept = any(kept for _, _, kept in items)
                return (
                    ("[" + _joined(items) + "]", True)
                    if kept
                    else (_GAP * len(gaps[before:]), False)
                )
            case _:
                return constant(node), True

    if form == "ndjson":
        return write(template)[0], gaps
    # A server chooses the id of what it stores under a condition; it refuses another one.
    body = {key: value for key, value in template.items() if key != "id"}
    gaps.append(Json(ID))
    resource, _ = write(body)
    gaps.append(Json(_CONDITION))
    start = constant(identity.condition_start(body["resourceType"]))[:-1]
    return (
        f'{{"fullUrl":"urn:uuid:{_GAP}","resource":{resource},'
        f'"request":{{"method":"PUT","url":{start}{_GAP}"}}}}'
    ), gaps


def _joined(members: list[tuple[str, str, bool]]) -> str:
    """Members (key, text, kept) with commas between those that are kept."""
    found, comma = "", ""
    for key, text, kept in members:
        found += comma + key + text if kept else text
        comma = "," if kept else comma
    return found


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
