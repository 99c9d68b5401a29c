"""Where each value of a row stands: in the registry's record, in study.yaml, in the datasets.

A comparison names the fact (`Row.field`) and the variable; the item of a list is the one whose
texts the row shows. Of a record the place is that of its own format, by the tables of places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from trialect.converters.readers import yaml_tree
from trialect.converters.reconcile.comparison import Row
from trialect.converters.reconcile.names import plain
from trialect.mappings.registry.places import fact_of, places
from trialect.problems import Unusable
from trialect.trial import Study

_BEHIND = re.compile(r"(?<=\S) \([^()]*\)$")
_KIND = re.compile(r"^(?:primary|secondary|other): ")
_DATASET = re.compile(r"(?:^|; )([A-Z]{2,4}) ")
OF_VISITS = "Time frame and visits"
"""The fact of rows whose study file's side is the planned visits."""

_OUTCOMES = {
    "PRIMARY": "primaryOutcomes",
    "SECONDARY": "secondaryOutcomes",
    "OTHER": "otherOutcomes",
}


@dataclass(frozen=True, slots=True)
class Where:
    """What the places of a comparison are found in.

    `source` is the record's (`study_sources`), `tree` the study file with its lines, None where
    there is no such file.
    """

    study: Study
    record: Study | None = None
    source: str | None = None
    tree: yaml_tree.Node | None = None
    file: str = ""

    def places(self, row: Row) -> dict[str, str]:
        """The place of each value that the row has."""
        told = {
            "registry": _of_record(self, row) if row.registry else "",
            "study": _of_file(self, row) if row.study else "",
            "data": _of_data(row) if row.data else "",
        }
        return {side: place for side, place in told.items() if place}


def lines_of(file: Path) -> yaml_tree.Node | None:
    """A study file with its lines; None where there is none that can be read."""
    try:
        return yaml_tree.parse(yaml_tree.content(file), file.name)
    except (OSError, Unusable):
        return None


def _of_file(where: Where, row: Row) -> str:
    field = _facts_of(where.study, row)
    if row.fact == OF_VISITS:
        # What is shown is the plan, which TV has where the study file has none.
        if not where.study.visits:
            return "TV.VISIT"
        field = "visits"
    path = _path(where.study, field, row.study or "", row)
    node, line = where.tree, 0
    for step in path.split(".") if node is not None else ():
        if node is None:
            break
        if node.kind == "list" and step.isdigit() and int(step) < len(node.items):
            node = node.items[int(step)]
            line = node.line
        else:
            node = node.entries.get(step)
            line = (node.key_line or node.line) if node is not None else line
    return f"{where.file}:{line} {path}" if line else path


def _facts_of(study: Study, row: Row) -> str:
    """The fact that a row is of; of a trial summary parameter the one that it is made of."""
    if row.field != "parameters" or any(one.code == row.fact for one in study.parameters):
        return row.field or ""
    for fact, one in places("sdtm").items():
        top = fact.split(".")[0]
        if f"TS:{row.fact}" in one.place.split("; ") and getattr(study, top, None):
            return fact.partition(".*")[0]
    return ""


def _of_record(where: Where, row: Row) -> str:
    record = where.record
    if record is None:
        return ""
    field = _facts_of(record, row)
    if field == "criteria" and record.eligibility.criteria:
        field = "eligibility.criteria"
    elif field == "sites" and record.locations:
        field = "locations"
    path = _path(record, field, row.registry or "", row)
    if where.source == "registry-page":
        return _of_page(record, path)
    if where.source not in ("ctgov", "usdm"):
        return path
    place = _place(where.source, path)
    if path.startswith("outcomes.") and where.source == "ctgov":
        return _of_outcome(record, path, place)
    for step in (one for one in path.split(".") if one.isdigit()):
        place = place.replace("[]", f"[{step}]", 1)
    return place


def _of_page(record: Study, path: str) -> str:
    """The line of a page that states a fact."""
    for source in record.sources:
        for fact in source.facts:
            if fact == path or path.startswith(f"{fact}.") or fact.startswith(f"{path}."):
                return source.name.partition(": “")[0]
    return ""


def _of_outcome(record: Study, path: str, place: str) -> str:
    """The place in the list of the outcome's kind."""
    number = int(path.split(".")[1])
    kind = record.outcomes[number].type
    before = sum(one.type == kind for one in record.outcomes[:number])
    named = place.replace("primaryOutcomes", _OUTCOMES.get(kind or "", "primaryOutcomes"))
    return named.replace("[]", f"[{before}]", 1)


def _place(table: str, path: str) -> str:
    """The place of a fact in a format; above the leaves what the places below have in common."""
    fact = fact_of(path) or path
    known = places(table)
    if fact in known:
        return known[fact].place
    below = [one.place for name, one in known.items() if name.startswith(f"{fact}.") and one.place]
    if not below:
        return ""
    steps = [place.split(".") for place in below]
    shared = []
    for column in zip(*steps, strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return ".".join(shared)


def _of_data(row: Row) -> str:
    if row.fact == OF_VISITS:
        named = dict.fromkeys(_DATASET.findall(row.data or ""))
        return ", ".join(f"{name}.VISIT" for name in named)
    if row.domain is None:
        return ""
    if row.domain == "TS":
        code = row.fact if row.field == "parameters" else _parameter(row.field or "")
        return f"TS.TSVAL where TSPARMCD = {code}" if code else "TS.TSVAL"
    place = f"{row.domain}.{row.variable}" if row.variable else row.domain
    if row.usubjid:
        return f"{place} where USUBJID = {row.usubjid}"
    if row.domain == "TI" and row.item:
        return f"{place} where IETESTCD = {row.item}"
    return place


def _parameter(field: str) -> str:
    """The trial summary parameter of a fact; empty where it is none."""
    for fact, one in places("sdtm").items():
        if (fact == field or fact.startswith(f"{field}.")) and one.place.startswith("TS:"):
            return one.place.split("; ")[0][3:].split(" ")[0]
    return ""


def _path(study: Study, field: str, text: str, row: Row) -> str:
    """The path of what a side shows, below the row's field: the leaf that has its text."""
    if not field:
        return ""
    value: Any = study
    for step in field.split("."):
        value = getattr(value, step, None)
    shown = {plain(text), plain(_BEHIND.sub("", text))}
    about: set[str] = set()
    if isinstance(value, tuple):
        if not row.item and text[:1].isdigit():
            return field  # how many there are
        about = shown | {plain(row.fact), plain(row.item), plain(_KIND.sub("", row.item))}
        about |= {plain(_BEHIND.sub("", row.item)), plain(row.item.rpartition(": ")[0])} - {""}
        found = [
            (len(about & {plain(str(leaf)) for _, leaf in _leaves(one, "")}), -place)
            for place, one in enumerate(value)
        ]
        hits, place = max(found, default=(0, 0))
        if not hits:
            return field
        field, value = f"{field}.{-place}", value[-place]
    leaves = [(path, plain(str(one))) for path, one in _leaves(value, "")]
    found_in = (path for texts in (shown, about) for path, one in leaves if one in texts)
    return field + next(found_in, "")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if is_dataclass(value):
        for one in fields(value):
            yield from _leaves(getattr(value, one.name), f"{path}.{one.name}")
    elif isinstance(value, tuple):
        for place, one in enumerate(value):
            yield from _leaves(one, f"{path}.{place}")
    elif value is not None and value != "":
        yield path, value
