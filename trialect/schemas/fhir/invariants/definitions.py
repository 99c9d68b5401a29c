# The sentence of each invariant stands in the table of its release, not in a docstring.
# ruff: noqa: D103
"""Invariants of the resources that define: what they are called."""

from __future__ import annotations

import re

from trialect.schemas.fhir.invariants import Json, Place, invariant

_NAME = re.compile(r"[A-Z][A-Za-z0-9_]{0,254}")


@invariant("adf-0", "pdf-0", "que-0", values=("name",), releases=("R4",))
def name_is_an_identifier(item: Json, _: Place) -> bool:
    return "name" not in item or _NAME.fullmatch(item["name"]) is not None
