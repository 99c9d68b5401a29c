"""The language of the resource templates: a FHIR resource as a Python literal with slots in it.

A template is the JSON of one resource, its keys in the order in which they are written. Where a
value comes from a record stands a slot that names a column of the resource's frame. A slot whose
column is null is left out, and so is an object whose slots are all left out, whatever else is in
it, and a list of which nothing is left:

    "subject": Ref("Patient", "patient"),
    "valueQuantity": Json("quantity"),
    "note": [{"text": Text("reason")}],

converters/writers/fhir_json.py compiles templates; constants in them are plain JSON values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Template = dict[str, Any]
"""A resource as JSON values and slots; `resourceType` is its first key."""


@dataclass(frozen=True, slots=True)
class Text:
    """A JSON string: the text of a String column, escaped."""

    column: str


@dataclass(frozen=True, slots=True)
class Json:
    """A JSON value that the column holds ready-made (an object, or a number as its own text)."""

    column: str


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to a resource of the same subject: the column holds its id (a UUID)."""

    type: str
    column: str


@dataclass(frozen=True, slots=True)
class Refs:
    """References inside a list: the column is a list of ids; stands alone or among other items.

    `before` and `after` are the JSON around each reference: `{"itemReference":` and `}`.
    """

    type: str
    column: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class StudyRef:
    """A reference to a resource of the study, whose identifier's value is the same for all."""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class SiteRef:
    """A reference to a site's resource: the column holds the value of that one's identifier."""

    type: str
    column: str


ColumnSlot = Text | Json | Ref | Refs | SiteRef
"""Slots that are filled from a column, and left out where it is null."""

Slot = ColumnSlot | StudyRef
