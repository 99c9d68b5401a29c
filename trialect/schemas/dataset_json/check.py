"""Checks of a Dataset-JSON 1.1 file: its metadata, and every value against its column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trialect.metadata import DatasetMeta
from trialect.problems import Problem, rule
from trialect.schemas.dataset_json.datatypes import DATA_TYPES, TARGET_DATA_TYPES, json_type
from trialect.schemas.dataset_json.plain import PlainRows
from trialect.schemas.dataset_json.stream import open_stream
from trialect.schemas.dataset_json.values import Values
from trialect.schemas.define import oids

_SPEC = "Dataset-JSON 1.1"

MEMBER_MISSING = rule(
    "DSJSON-MEMBER-MISSING",
    "error",
    "A member that Dataset-JSON requires is missing",
    "{what} has no {value}.",
    "Add it.",
    _SPEC,
)
MEMBER_UNKNOWN = rule(
    "DSJSON-MEMBER-UNKNOWN",
    "error",
    "A member that Dataset-JSON does not know",
    "{what} has a member {value!r}, which Dataset-JSON does not know.",
    "Leave it out, or correct its spelling.",
    _SPEC,
)
MEMBER_TYPE = rule(
    "DSJSON-MEMBER-TYPE",
    "error",
    "A member has a value of the wrong kind",
    "{what}: {member} is {value}; expected {expected}.",
    "Correct the value.",
    _SPEC,
)
COLUMN_REPEATED = rule(
    "DSJSON-COLUMN-REPEATED",
    "error",
    "Two columns have the same name or OID",
    "{member} {value} names {count} columns.",
    "Name every column once.",
    _SPEC,
)
KEY_REPEATED = rule(
    "DSJSON-KEY-REPEATED",
    "error",
    "Two columns have the same place in the key",
    "keySequence {value} is given to {count} columns.",
    "Number the columns of the key from 1.",
    _SPEC,
)
DIFFERS = rule(
    "DSJSON-DIFFERS",
    "error",
    "A Dataset-JSON file and define.xml disagree",
    "{what} is {found}; define.xml says {value}.",
    "Make both from the same datasets.",
    "Dataset-JSON 1.1, itemOID",
)

_TIME = (
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?"
    r"(([+-]([01]\d|2[0-3]):[0-5]\d)|Z)?"
)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_name(value: Any) -> bool:
    if not isinstance(value, str) or not value.isprintable():
        return False
    # Columns that begin with @ are trialect's own.
    return bool(value.strip()) and not value.startswith("@")


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(_TIME, value) is not None


def _is_version(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"1\.1(\.(0|[1-9]\d*))?", value) is not None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_place(value: Any) -> bool:
    return _is_count(value) and value > 0


@dataclass(frozen=True, slots=True)
class _Member:
    """A member of an object: what it must be, in words and as a test."""

    expected: str
    holds: Callable[[Any], bool]
    required: bool = False


_TEXT = _Member("a text", _is_text)
_NEEDED_TEXT = _Member("a text", _is_text, required=True)
_NAME = _Member("a printable text that does not begin with @", _is_name, required=True)
_PLACE = _Member("a whole number from 1", _is_place)

HEAD: dict[str, _Member] = {
    "datasetJSONCreationDateTime": _Member("a date and time", _is_time, required=True),
    "datasetJSONVersion": _Member("1.1 or 1.1.n", _is_version, required=True),
    "fileOID": _TEXT,
    "dbLastModifiedDateTime": _Member("a date and time", _is_time),
    "originator": _TEXT,
    "sourceSystem": _Member("an object", lambda value: isinstance(value, dict)),
    "studyOID": _TEXT,
    "metaDataVersionOID": _TEXT,
    "metaDataRef": _TEXT,
    "itemGroupOID": _NEEDED_TEXT,
    "records": _Member("a whole number from 0", _is_count, required=True),
    "name": _NAME,
    "label": _NEEDED_TEXT,
    "columns": _Member("a list", lambda value: isinstance(value, list), required=True),
}
"""The members of a dataset besides its rows."""
SOURCE_SYSTEM = {"name": _NEEDED_TEXT, "version": _NEEDED_TEXT}
COLUMN: dict[str, _Member] = {
    "itemOID": _NEEDED_TEXT,
    "name": _NAME,
    "label": _NEEDED_TEXT,
    "dataType": _Member(
        f"one of {', '.join(sorted(DATA_TYPES))}",
        lambda value: isinstance(value, str) and value in DATA_TYPES,
        required=True,
    ),
    "targetDataType": _Member(
        f"one of {', '.join(sorted(TARGET_DATA_TYPES))}",
        lambda value: isinstance(value, str) and value in TARGET_DATA_TYPES,
    ),
    "length": _PLACE,
    "displayFormat": _TEXT,
    "keySequence": _PLACE,
}
"""The members of a column."""


def check_dataset_json(path: Path, meta: DatasetMeta | None = None) -> list[Problem]:
    """The problems of a Dataset-JSON file (JSON, NDJSON or compressed), and with `meta` (of the
    define.xml, say) where the two disagree.

    A kind of problem is told once a column, with the first record and how many there are.
    Memory holds one batch of rows. Raises `Unusable` for a file that cannot be read.
    """
    stream = open_stream(path)
    columns = _columns(_head_of(path) if "columns" not in stream.head else stream.head)
    values, plain = Values(columns), PlainRows(columns)
    for text in stream.texts:
        count = plain.fitting(text)
        if count is None:
            values.add(stream.rows(text))
        else:
            values.rows += count
    found = [*_head(stream.head), *values.problems(stream.head)]
    if meta is not None:
        found += _against(stream.head, columns, meta)
    domain = stream.head.get("name")
    return [one.at(file=path.name, domain=str(domain) if domain else None) for one in found]


def _head_of(path: Path) -> dict[str, Any]:
    """All metadata of a file, also what follows the rows."""
    stream = open_stream(path)
    for _ in stream.texts:
        pass
    return stream.head


def _columns(head: dict[str, Any]) -> list[dict[str, Any]]:
    columns = head.get("columns")
    return [one for one in columns if isinstance(one, dict)] if isinstance(columns, list) else []


def _head(head: dict[str, Any]) -> Iterator[Problem]:
    yield from _members("the dataset", head, HEAD)
    source = head.get("sourceSystem")
    if isinstance(source, dict):
        yield from _members("sourceSystem", source, SOURCE_SYSTEM)
    columns = head.get("columns") if isinstance(head.get("columns"), list) else []
    for number, column in enumerate(columns or [], start=1):
        if isinstance(column, dict):
            yield from _members(f"column {column.get('name', number)}", column, COLUMN)
        else:
            yield MEMBER_TYPE.problem(
                what="columns", member=f"item {number}", value=repr(column), expected="an object"
            )
    for member, kind in (
        ("name", COLUMN_REPEATED),
        ("itemOID", COLUMN_REPEATED),
        ("keySequence", KEY_REPEATED),
    ):
        counts = Counter(str(one[member]) for one in _columns(head) if member in one)
        for value, count in counts.items():
            if count > 1:
                yield kind.problem(member=member, value=value, count=count)


def _members(what: str, given: dict[str, Any], known: dict[str, _Member]) -> Iterator[Problem]:
    for name, member in known.items():
        if name not in given:
            if member.required:
                yield MEMBER_MISSING.problem(what=what, value=name)
        elif not member.holds(given[name]):
            yield MEMBER_TYPE.problem(
                what=what, member=name, value=repr(given[name]), expected=member.expected
            )
    for name in given:
        if name not in known:
            yield MEMBER_UNKNOWN.problem(what=what, value=name)


def _against(
    head: dict[str, Any], columns: list[dict[str, Any]], meta: DatasetMeta
) -> Iterator[Problem]:
    expected: dict[str, Any] = {
        "name": meta.name,
        "label": meta.label,
        "itemGroupOID": oids.dataset_oid(meta.name),
    }
    for member, value in expected.items():
        if head.get(member) != value:
            yield DIFFERS.problem(what=member, found=repr(head.get(member)), value=repr(value))
    names = [variable.name for variable in meta.variables]
    found = [str(column.get("name")) for column in columns]
    if names != found:
        yield DIFFERS.problem(
            what="the order of columns", found=", ".join(found), value=", ".join(names)
        )
    by_name = {column.get("name"): column for column in columns}
    for variable in meta.variables:
        column = by_name.get(variable.name, {})
        data_type = json_type(variable.data_type)
        wanted: dict[str, Any] = {
            "label": variable.label,
            "dataType": data_type,
            "itemOID": oids.item_oid(meta.name, variable.name),
        }
        if variable.data_type == "text":
            wanted["length"] = variable.length
        for member, value in wanted.items():
            if column and column.get(member) != value:
                yield DIFFERS.problem(
                    variable=variable.name,
                    what=f"{member} of {variable.name}",
                    found=repr(column.get(member)),
                    value=repr(value),
                )
