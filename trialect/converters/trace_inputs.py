"""The cells that a derivation read: of the record itself, of its subject, of the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trialect.converters.traced_package import Record, TracedPackage
from trialect.metadata import Provenance

Cell = tuple[str, Record, str]
"""A dataset, a record of it, and a variable."""

FOLLOWED = 8
"""Inputs of a derivation that are followed; of one that reads more, the names are told."""

LIKE = ("ETCD", "ARMCD", "VISITNUM", "IETESTCD", "TSPARMCD")
"""What a record of the protocol's datasets has in common with the record made of it."""

TOPICS = ("TESTCD", "DECOD", "TERM", "TRT")
"""What a record is about, by the last letters of the variable."""


def inputs_of(
    source: TracedPackage, dataset: str, record: Record, one: Provenance
) -> Iterator[Cell]:
    """The filled cells that an instruction read; none of one that reads too many."""
    if one.variable == "IDVARVAL" and record.get("IDVARVAL") is not None:
        yield from _named(source, record)
    elif one.variable == "RELID":
        yield from _together(source, dataset, record)
    elif len(one.inputs) <= FOLLOWED:
        for name in one.inputs:
            for home, other, variable in _read(source, dataset, record, name):
                if other.get(variable) is not None:
                    yield home, other, variable


def names_of(record: Record, one: Provenance) -> tuple[str, ...]:
    """The inputs of an instruction by name, without those that the record leaves empty."""
    return tuple(
        name
        for name in one.inputs
        if not name.startswith("--") and ("." in name or record.get(name) is not None)
    )


def _read(source: TracedPackage, dataset: str, record: Record, name: str) -> Iterable[Cell]:
    """The records that hold an input (`QSDTC`, `DM.RFSTDTC`), with its dataset and variable."""
    home, dot, variable = name.rpartition(".")
    if not dot:
        return [(dataset, record, variable)] if variable in record else []
    if home not in source.datasets:
        return []
    usubjid = record.get("USUBJID")
    if "USUBJID" in source.records(home).columns:
        found = source.of_subject(home, str(usubjid))
    else:
        found = source.records(home).to_dicts()
        for key in LIKE:
            if record.get(key) is not None and found and key in found[0]:
                found = [other for other in found if other[key] == record[key]]
    return [(home, other, variable) for other in found]


def _named(source: TracedPackage, record: Record) -> Iterator[Cell]:
    """What the record is about that a row of SUPP--, RELREC or CO names."""
    home, variable = str(record.get("RDOMAIN")), str(record.get("IDVAR"))
    for other in source.of_subject(home, str(record.get("USUBJID"))):
        value = other.get(variable)
        if value is not None and _same(value, str(record["IDVARVAL"])):
            topics = (home[:2] + end for end in TOPICS)
            about = next((topic for topic in topics if other.get(topic) is not None), None)
            yield home, other, about or variable


def _together(source: TracedPackage, dataset: str, record: Record) -> Iterator[Cell]:
    """The other rows of RELREC with the same RELID."""
    for other in source.of_subject(dataset, str(record.get("USUBJID"))):
        if other["RELID"] == record["RELID"] and other != record:
            yield from _named(source, other)


def _same(value: object, text: str) -> bool:
    try:
        return value == text or float(str(value)) == float(text)
    except ValueError:
        return False
