"""Records made at random from the table of the API's members: any of them, of any of its words."""

from __future__ import annotations

import random
from typing import Any

from trialect.mappings.registry.ctgov_fields import INTERVENTION_LABELS
from trialect.mappings.registry.ctgov_shapes import Day, Flag, Kind, Number, Whole, Word

TEXTS = (
    *("Examplin", "Pain at rest", "12 weeks", "18 Years", "6 Months", "30 Minutes", "N/A"),
    *(
        "Größe ≥ 5 µg/mL",
        "اختبار سريري",
        "מחקר קליני",
        "臨床試験（二重盲検）",
        "e\u0301 🧬 👩\u200d⚕️",
    ),
    *(
        "a\tb\nc",
        "one\r\n\r\ntwo",
        "\u202eturned\u202c",
        "zero\u200bwidth",
        "\ufeffmark",
        "a\u2028b",
    ),
    *("&lt;b&gt; &amp; &nbsp;", "<p>x & <br/>", "]]>", "\\>= 18 \\* \\_x\\_", "* a\n    * b\n* c"),
    *("'\"`$;--", "%s {0} ${x}", "=1+1", "~", "null", "-", ".", " around ", "../x", "C:\\new"),
    *("https://example.org/ä b?c=%zz", "x@y", "not an address", "Atlantis", "Turkey", "US"),
    *("Inclusion Criteria:\n\n* Age \\> 5\n\nExclusion Criteria:\n\n1. None", "Drug: Examplin"),
    *("word " * 2000, "x" * 400),
)
DAYS = ("2024-02-29", "1999-12-31", "2024-03-01", "2099-01-01", "1950-06-30")
MANY = {"locations": 200, "armGroups": 40, "interventions": 40, "secondaryOutcomes": 60}


def made(seed: int, table: dict[str, Kind]) -> dict[str, Any]:
    """A record; `table` are the kinds of values by path, as `protocolSection.a.b[].c`."""
    chance = random.Random(seed)
    tree: dict[str, Any] = {}
    for path, kind in table.items():
        *steps, last = path.replace("[]", ".[]").split(".")
        within = tree
        for step in steps:
            within = within.setdefault(step, {})
        within[last] = kind
    share = chance.choice([0.1, 0.4, 0.7, 1.0])
    record: dict[str, Any] = _value(tree, "", chance, share) or {}
    protocol = record.setdefault("protocolSection", {})
    protocol.setdefault("identificationModule", {})["nctId"] = f"NCT{seed:08}"
    # STUDYID is this or the trial's number, and no longer than 200 characters.
    protocol["identificationModule"].get("orgStudyIdInfo", {}).pop("id", None)
    return _consistent(record, chance)


def _value(node: Any, name: str, chance: random.Random, share: float) -> Any:
    if not isinstance(node, dict):
        return _leaf(node, chance)
    if "[]" in node:
        most = MANY.get(name, 5) if chance.random() < 0.05 else 3
        some = (_value(node["[]"], name, chance, share) for _ in range(chance.randint(0, most)))
        return [one for one in some if one not in (None, {}, [])]
    members = {
        key: _value(inner, key, chance, share)
        for key, inner in node.items()
        if chance.random() < share
    }
    return {key: one for key, one in members.items() if one not in (None, {}, [])}


def _leaf(kind: Kind, chance: random.Random) -> Any:
    if isinstance(kind, Word):
        return chance.choice(kind.words)
    if isinstance(kind, Day):
        return chance.choice(DAYS)[: chance.choice([4, 7, 10]) if kind.partial else 10]
    if isinstance(kind, Flag):
        return chance.random() < 0.5
    if isinstance(kind, Whole):
        return chance.choice([0, 1, 30, 99_999_999])
    if isinstance(kind, Number):
        return chance.choice([0, 1, 42.1234567])
    return chance.choice(TEXTS)


def _consistent(record: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Without what contradicts itself, which is told and not taken."""
    protocol = record["protocolSection"]
    for struct in protocol.get("statusModule", {}).values():
        if isinstance(struct, dict) and "date" not in struct and set(struct) == {"type"}:
            struct["date"] = "2024-01-01"
    design = protocol.get("designModule", {})
    observational = design.get("studyType") == "OBSERVATIONAL"
    design.get("designInfo", {}).pop(
        "interventionModel" if observational else "observationalModel", None
    )
    if set(design.get("enrollmentInfo", {})) == {"type"}:
        design["enrollmentInfo"]["count"] = 5
    groups = protocol.get("armsInterventionsModule", {})
    _agree(groups.get("armGroups", []), groups.get("interventions", []), chance)
    return record


def _agree(arms: list[Any], interventions: list[Any], chance: random.Random) -> None:
    """Arms name interventions by type and name, and one that is not there; names stand once."""
    for place, one in enumerate(interventions):
        if "name" in one:
            one["name"] = f"{one['name'][:180]} {place}"
    called = [
        f"{INTERVENTION_LABELS[one['type']]}: {one['name']}"
        for one in interventions
        if {"type", "name"} <= set(one)
    ]
    labels = [one["label"] for one in arms if one.get("label")]
    for one in arms:
        known = chance.sample(called, min(len(called), chance.randint(0, 3)))
        one["interventionNames"] = [*known, "Drug: gone"]
    for one in interventions:
        if labels and chance.random() < 0.7:
            one["armGroupLabels"] = chance.sample(labels, min(2, len(labels)))
