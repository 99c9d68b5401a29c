"""What a server answered, resource by resource: as JSON for programs, as a table for people."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trialect.converters.server.parcels import Entry
from trialect.converters.server.transaction import STATES, Result

if TYPE_CHECKING:
    from rich.table import Table

    from trialect.converters.server.journal import Journal
    from trialect.converters.server.push import Pushed


def record_of(entry: Entry) -> dict[str, str]:
    """The SDTM record that a resource was made of, as `Problem` names it; empty for the study's."""
    from trialect.mappings.fhir.identity import RECORD_TYPES, SUBJECT_TYPES, parse_record

    if entry.type in SUBJECT_TYPES and entry.system.endswith("/subjects"):
        return {"domain": "DM", "usubjid": entry.value}
    is_record = entry.type in RECORD_TYPES and entry.system.endswith("/records")
    found = parse_record(entry.value) if is_record else None
    if found is None:
        return {}
    domain, usubjid, number = found
    return {"domain": domain, "usubjid": usubjid, **({"seq": number} if number else {})}


def write(done: Pushed, journal: Journal) -> None:
    """Write the report, a line for each resource; its place never holds half a report."""
    done.report.parent.mkdir(parents=True, exist_ok=True)
    aside = done.report.with_name(f".{done.report.name}.writing")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w", encoding="utf-8") as out:  # noqa: PTH123 # a descriptor has no path
        head = json.dumps(_head(done, journal), ensure_ascii=False, indent=1)
        out.write(head.removesuffix("\n}") + ',\n "resources": [')
        between = "\n  "
        for row in _rows(done, journal):
            out.write(between + json.dumps(row, ensure_ascii=False))
            between = ",\n  "
        out.write("\n ]\n}\n")
    aside.replace(done.report)


def _head(done: Pushed, journal: Journal) -> dict[str, Any]:
    bundles = []
    problems: list[dict[str, Any]] = []
    for parcel in done.shipment.parcels:
        line = journal.answered.get(parcel.name, {})
        state = "stored" if line.get("stored") else "failed" if line else "not sent"
        told: dict[str, Any] = {key: line[key] for key in ("status", "attempts") if key in line}
        bundles.append({"file": parcel.name, "state": state, "resources": parcel.count, **told})
        problems += line.get("problems", ())
    own = [one.as_dict() for one in done.problems if one.as_dict() not in problems]
    return {
        "server": done.server.base.url,
        "software": done.server.software,
        "fhir": done.server.version,
        "package": done.shipment.digest,
        "summary": {name: _counts(done, name) for name in sorted(done.states)},
        "bundles": bundles,
        "problems": own + problems,
    }


def _rows(done: Pushed, journal: Journal) -> Iterator[dict[str, str]]:
    for parcel in done.shipment.parcels:
        for values in journal.resources(parcel.name):
            one = Result.from_list(values)
            told = {
                "bundle": parcel.name,
                "type": one.entry.type,
                "identifier": one.entry.value,
                "state": one.state,
                "location": one.location,
                **record_of(one.entry),
                "text": one.text,
            }
            yield {key: value for key, value in told.items() if value}


def _counts(done: Pushed, type_: str) -> dict[str, int]:
    return {state: done.states[type_][state] for state in STATES if done.states[type_][state]}


def rows(done: Pushed) -> list[tuple[str, ...]]:
    """The summary: how many resources of each type became what, and all together."""
    found = [
        (name, *(f"{done.states[name][state]:,}" for state in STATES))
        for name in sorted(done.states)
    ]
    total = [sum(one[state] for one in done.states.values()) for state in STATES]
    return [*found, ("all", *(f"{one:,}" for one in total))]


def lines(done: Pushed) -> list[str]:
    """The summary as lines of text."""
    table = [("type", *STATES), *rows(done)]
    wide = max(len(row[0]) for row in table)
    return [f"{row[0]:<{wide}}" + "".join(f"{cell:>11}" for cell in row[1:]) for row in table]


def table(done: Pushed) -> Table:
    """The summary for a terminal."""
    from rich import box
    from rich.table import Table

    found = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    found.add_column("type")
    for state in STATES:
        found.add_column(state, justify="right", style="red" if state == "failed" else None)
    for row in rows(done):
        found.add_row(*row)
    return found
