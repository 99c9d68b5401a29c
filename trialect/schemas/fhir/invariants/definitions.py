# The sentence of each invariant stands in the table of its release, not in a docstring.
# ruff: noqa: D103
"""Invariants of the resources that define: what they are called."""

from __future__ import annotations

import re
from typing import Any

from trialect.schemas.fhir.invariants import Json, Place, invariant

_NAME = re.compile(r"[A-Z][A-Za-z0-9_]{0,254}")


@invariant("adf-0", "pdf-0", "que-0", values=("name",), releases=("R4",))
def name_is_an_identifier(item: Json, _: Place) -> bool:
    return "name" not in item or _NAME.fullmatch(item["name"]) is not None


_NAME_OF_TWO = re.compile(r"[A-Z][A-Za-z0-9_]{1,254}")


@invariant("cnl-0", values=("name",), releases=("R5",))
def name_of_two_characters_is_an_identifier(item: Json, _: Place) -> bool:
    return "name" not in item or _NAME_OF_TWO.fullmatch(item["name"]) is not None


@invariant("cnl-1", values=("$this",), releases=("R5",))
def url_has_no_version_or_fragment(url: Any, _: Place) -> bool:
    return not {"|", "#", " "} & set(url)
