"""Examples of valid resources, and what makes them invalid (tests/fhir_schema/data)."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from trialect.schemas.fhir.json_text import Leaf

DATA = Path(__file__).parent / "data"


def load(name: str) -> Any:
    return json.loads((DATA / name).read_text("utf-8"), parse_float=Decimal)


GOOD: dict[str, dict[str, Any]] = load("good.json")
GOOD_R5: dict[str, dict[str, Any]] = {**GOOD, **load("good_r5.json")}
OF_RELEASE = {"R4": GOOD, "R5": GOOD_R5}


def changed(name: str, *changes: dict[str, Any], release: str = "R4") -> dict[str, Any]:
    """A copy of a good resource with `remove` and `set` of each change carried out."""
    resource = copy.deepcopy(OF_RELEASE[release][name])
    for change in changes:
        for path in change.get("remove", ()):
            holder, key = _reach(resource, path)
            del holder[key]
        for path, value in change.get("set", {}).items():
            holder, key = _reach(resource, path)
            if isinstance(holder, list) and key == len(holder):
                holder.append(value)
            else:
                holder[key] = copy.deepcopy(value)
    return resource


def _reach(resource: Any, path: str) -> tuple[Any, Any]:
    *outer, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in outer:
        resource = resource[step]
    return resource, last


WORDS = [
    *(
        "x",
        "",
        " ",
        "a b",
        " a",
        "a ",
        "a  b",
        "\\u0041",
        "\\ud800",
        "\\u0000",
        "a\\nb",
        "é≥",
        "\u00a0",
    ),
    *("2020", "2020-02-29", "2020-02-30", "2021-02-29", "1900-02-29", "2020-13", "0000", "2020-5"),
    *(
        "2020-05-05T10:00:00Z",
        "2020-05-05T10:00:00",
        "2020-05-05T24:00:00Z",
        "2020-05-05T10:00:00.5+14:00",
    ),
    *("2020-05-05T10:00:00+14:01", "12:00:00", "25:00:00", "12:00"),
    *(
        "http://x y",
        "http://hl7.org/fhir/x",
        "urn:uuid:1",
        "urn:oid:1.2.3",
        "URN:UUID:z",
        "urn:iso:x",
    ),
    *(
        "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
        "urn:uuid:C757873D-EC9A-4326-A141-556F43239520",
    ),
    *(
        "Patient/1",
        "Group/1",
        "Organization/1",
        "Patient/1/_history/2",
        "Patient/a b",
        "Foo/1",
        "Patient",
    ),
    *("Patient?identifier=a|b", "Patient?", "Encounter?x=\u00a0", "#a", "#", "http://x/Patient/1"),
    *("http://x/Group/1/_history/3", "https://x/foo", "mailto:a@b", "ftp://a", "/_history/"),
    *(
        "final",
        "fnal",
        "male",
        "active",
        "home",
        "mg",
        "display",
        "group",
        "exists",
        "text/plain",
        "en_US",
    ),
    *("QUJD", "QUJ", "QUI=", "1.0", "http://unitsofmeasure.org", "http://loinc.org", "a" * 65),
    *("<div>x</div>", '<div xmlns=\\"http://www.w3.org/1999/xhtml\\">x</div>', "urn:uu\u0131d:1"),
]
BARE = [
    "true",
    "false",
    "null",
    "0",
    "1",
    "-1",
    "-0",
    "1.5",
    "1.0",
    "1e5",
    "99999999999",
    "{}",
    "[]",
]
TOKENS = [f'"{word}"' for word in WORDS] + BARE
"""Texts of JSON values, most of them wrong at most places."""


def leaves(tree: Any) -> list[Leaf]:
    """The values in a tree of json_text.parse."""
    if isinstance(tree, Leaf):
        return [tree]
    inner = tree.values() if isinstance(tree, dict) else tree
    return [leaf for one in inner for leaf in leaves(one)]
