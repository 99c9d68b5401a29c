"""Small SDTM packages, written as Dataset-JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]

TRIAL_SUMMARY: list[Row] = [
    {"TSSEQ": 1, "TSPARMCD": "TITLE", "TSVAL": "A trial of two drinks"},
    {"TSSEQ": 1, "TSPARMCD": "SPONSOR", "TSVAL": "Somebody"},
    {"TSSEQ": 1, "TSPARMCD": "SSTDTC", "TSVAL": "2026-01-01"},
    {"TSSEQ": 1, "TSPARMCD": "SENDTC", "TSVAL": "2026-02-01"},
    {"TSSEQ": 1, "TSPARMCD": "DCUTDTC", "TSVAL": "2026-02-01"},
    {"TSSEQ": 1, "TSPARMCD": "TPHASE", "TSVAL": "PHASE II TRIAL"},
    {"TSSEQ": 1, "TSPARMCD": "AGEMIN", "TSVAL": "P18Y"},
    {"TSSEQ": 1, "TSPARMCD": "AGEMAX", "TSVALNF": "PINF"},
    {"TSSEQ": 1, "TSPARMCD": "STOPRULE", "TSVAL": "NONE"},
]
ARMS: list[Row] = [
    {"ARMCD": arm, "ARM": name, "TAETORD": order, "ETCD": code, "EPOCH": epoch}
    for arm, name in (("TEA", "Green tea"), ("COFFEE", "Black coffee"))
    for order, code, epoch in ((1, "SCR", "SCREENING"), (2, arm, "TREATMENT"))
]
ELEMENTS: list[Row] = [
    {"ETCD": "SCR", "ELEMENT": "Screening", "TESTRL": "Consent"},
    {"ETCD": "TEA", "ELEMENT": "Tea", "TESTRL": "First cup"},
    {"ETCD": "COFFEE", "ELEMENT": "Coffee", "TESTRL": "First cup"},
]
VISITS: list[Row] = [{"VISITNUM": 1, "VISIT": "BASELINE", "VISITDY": 1, "TVSTRL": "Arrival"}]
CRITERIA: list[Row] = [
    {"IETESTCD": "IN01", "IETEST": "Is thirsty", "IECAT": "INCLUSION", "TIVERS": "1"}
]
SUBJECTS: list[Row] = [
    {
        "USUBJID": f"D-{number}",
        "SUBJID": str(number),
        "SITEID": "01",
        "COUNTRY": "TUR",
        "BRTHDTC": "1980-05",
        "SEX": "F",
        "ARMCD": arm,
        "ARM": name,
    }
    for number, arm, name in ((1, "TEA", "Green tea"), (2, "COFFEE", "Black coffee"))
]

BASE: dict[str, list[Row]] = {
    "TS": TRIAL_SUMMARY,
    "TA": ARMS,
    "TE": ELEMENTS,
    "TV": VISITS,
    "TI": CRITERIA,
    "DM": SUBJECTS,
}


def write(folder: Path, datasets: Mapping[str, Sequence[Row]] | None = None) -> Path:
    """A package of `BASE` with these datasets in place of its own; the domain is the name's."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in {**BASE, **(datasets or {})}.items():
        relation = name == "RELREC" or name.startswith("SUPP")
        home = {"STUDYID": "DRINKS"} if relation else {"STUDYID": "DRINKS", "DOMAIN": name[:2]}
        full = [{**home, **row} for row in rows]
        names = list(dict.fromkeys(key for row in full for key in row))
        numeric = {key for row in full for key, value in row.items() if not isinstance(value, str)}
        columns = [
            {
                "itemOID": f"IT.{name}.{key}",
                "name": key,
                "label": key,
                "dataType": "double" if key in numeric else "string",
            }
            for key in names
        ]
        text = {
            "datasetJSONCreationDateTime": "2026-01-01T00:00:00",
            "datasetJSONVersion": "1.1.0",
            "itemGroupOID": f"IG.{name}",
            "records": len(full),
            "name": name,
            "label": name,
            "columns": columns,
            "rows": [[row.get(key) for key in names] for row in full],
        }
        (folder / f"{name.lower()}.json").write_text(json.dumps(text), encoding="utf-8")
    return folder
