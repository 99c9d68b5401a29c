"""DI to Device: a study's devices, with what DI says of each as its properties.

Study resources of an unblinded export alone: serial numbers lead to the kits, and these to arms.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir.protocol import Protocol, Resource
from trialect.mappings.fhir.terms import Concept, coding, concept

TYPE = "Device"

SERIAL = "SERIAL"
"""DIPARMCD of the serial number (SDTM CT C106480)."""


def _value(protocol: Protocol, value: Concept | None) -> dict[str, Any]:
    """A property's value: R4 has a list of codes, R5 one of several types."""
    if protocol.study.fhir.release == "R5":
        return {"valueCodeableConcept": value}
    return {"valueCode": [value]}


def resources(protocol: Protocol) -> Iterator[Resource]:
    """One Device for each SPDEVID of DI."""
    di = protocol.frames.get("DI")
    if di is None or not protocol.unblinded or "SPDEVID" not in di.columns:
        return
    system = protocol.identity.code_system("DIPARMCD")
    records: dict[str, list[dict[str, str | None]]] = {}
    for row in di.select(
        c for c in ("SPDEVID", "DIPARMCD", "DIPARM", "DIVAL") if c in di.columns
    ).iter_rows(named=True):
        if row["SPDEVID"]:
            records.setdefault(row["SPDEVID"], []).append(row)
    for name, rows in records.items():
        device = protocol.open(TYPE, f"device-{name}")
        serial = next((r.get("DIVAL") for r in rows if r.get("DIPARMCD") == SERIAL), None)
        if serial:
            device["serialNumber"] = serial
        device["property"] = [
            {
                "type": concept(
                    row.get("DIPARM"),
                    [coding(system, code)] if (code := row.get("DIPARMCD")) else [],
                ),
                **_value(protocol, concept(row["DIVAL"])),
            }
            for row in rows
            if row.get("DIVAL") and (row.get("DIPARMCD") or row.get("DIPARM"))
        ]
        if not device["property"]:
            del device["property"]
        yield device
