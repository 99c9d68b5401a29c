"""`validate DIR --rules`: a package says the same as XPT, as Dataset-JSON and as CSV with metadata.

It has a split dataset (QSPH, QSSL), supplemental qualifiers and a domain of the sponsor (XX).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_validate_datasets import write
from typer.testing import CliRunner

from trialect.cli import app

Records = dict[str, list[str | float | None]]


def _domain(code: str, subjects: list[str], **columns: list[str | float | None]) -> Records:
    """Records of a domain, numbered within a subject from `start` on."""
    count = len(subjects)
    fixed: Records = {
        "STUDYID": ["S"] * count,
        "DOMAIN": [code] * count,
        "USUBJID": [*subjects],
    }
    return {**fixed, **columns}


def _supp(parent: str, subject: str, seq: str, name: str, value: str) -> Records:
    return {
        "STUDYID": ["S"],
        "RDOMAIN": [parent],
        "USUBJID": [subject],
        "IDVAR": [f"{parent}SEQ"],
        "IDVARVAL": [seq],
        "QNAM": [name],
        "QLABEL": ["A qualifier"],
        "QVAL": [value],
        "QORIG": ["CRF"],
    }


PACKAGE: dict[str, Records] = {
    "DM": _domain("DM", ["S-1", "S-2"], SUBJID=["1", "2"]),
    "AE": _domain(
        "AE", ["S-1", "S-1"], AESEQ=[1.0, 2.0], AETERM=["Pain", "Rash"], AESER=["N", "N"]
    ),
    "SUPPAE": _supp("AE", "S-1", "2", "AESOSP", "Stayed a night"),
    "QSPH": _domain(
        "QS", ["S-1", "S-2"], QSSEQ=[1.0, 1.0], QSTESTCD=["A", "A"], QSORRES=["1", "2"]
    ),
    "QSSL": _domain(
        "QS", ["S-2", "S-1"], QSSEQ=[2.0, 1.0], QSTESTCD=["B", "B"], QSORRES=[None, "4"]
    ),
    "XX": _domain("XX", ["S-1", "S-3"], XXSEQ=[1.0, 1.0], XXTESTCD=["T", "T"], XXORRES=["x", None]),
    "SUPPXX": _supp("XX", "S-1", "1", "XXEXTRA", "much"),
}
LABELS = {"XX": "Measured by the Sponsor", "QSPH": "Questionnaires"}


def _is_num(values: list[str | float | None]) -> bool:
    return any(isinstance(one, float) for one in values)


def as_xpt(folder: Path) -> None:
    for name, records in PACKAGE.items():
        write(folder, name, records, label=LABELS.get(name, name))


def as_dataset_json(folder: Path) -> None:
    for name, records in PACKAGE.items():
        columns = [
            {
                "itemOID": f"IT.{name}.{variable}",
                "name": variable,
                "label": variable,
                "dataType": "float" if _is_num(values) else "string",
                **({} if _is_num(values) else {"length": 20}),
            }
            for variable, values in records.items()
        ]
        rows = [list(row) for row in zip(*records.values(), strict=True)]
        whole = {
            "datasetJSONCreationDateTime": "2026-01-01T00:00:00",
            "datasetJSONVersion": "1.1.0",
            "itemGroupOID": f"IG.{name}",
            "records": len(rows),
            "name": name,
            "label": LABELS.get(name, name),
            "columns": columns,
            "rows": rows,
        }
        (folder / f"{name.lower()}.json").write_text(json.dumps(whole), encoding="utf-8")


def as_csv(folder: Path) -> None:
    datasets = [["Filename", "Dataset Name", "Label"]]
    variables = [["dataset", "variable", "label", "type", "length"]]
    for name, records in PACKAGE.items():
        datasets.append([name.lower(), name, LABELS.get(name, name)])
        for variable, values in records.items():
            kind = "Num" if _is_num(values) else "Char"
            variables.append([name.lower(), variable, variable, kind, "8"])
        rows = [
            ["" if one is None else one for one in row]
            for row in zip(*records.values(), strict=True)
        ]
        _write_csv(folder / f"{name.lower()}.csv", [list(records), *rows])
    _write_csv(folder / "_datasets.csv", datasets)
    _write_csv(folder / "_variables.csv", variables)


def _write_csv(path: Path, rows: list[list[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _leaf(name: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "operator": operator,
        **({} if value is None else {"value": value}),
        **more,
    }


RULES: dict[str, dict[str, Any]] = {
    "T-CLASS": {
        "Scope": {"Classes": {"Include": ["FINDINGS"]}},
        "Check": {"all": [_leaf("--ORRES", "empty")]},
    },
    "T-CUSTOM": {
        "Scope": {"Domains": {"Include": ["XX"]}},
        "Operations": [
            {"id": "$custom", "operator": "domain_is_custom"},
            {"id": "$subjects", "operator": "distinct", "domain": "DM", "name": "USUBJID"},
        ],
        "Check": {
            "all": [
                _leaf("$custom", "equal_to", True),
                _leaf("USUBJID", "is_not_contained_by", "$subjects"),
            ]
        },
        "Outcome": {"Message": "The subject is not in DM.", "Output Variables": ["XXTESTCD"]},
    },
    "T-SPLIT": {
        "Scope": {"Domains": {"Include": ["QS"]}},
        "Check": {"all": [_leaf("--SEQ", "is_not_unique_set", ["USUBJID"])]},
    },
    "T-PARTS": {
        "Scope": {"Domains": {"Include": ["QS"], "include_split_datasets": True}},
        "Rule Type": "Dataset Metadata Check",
        "Check": {"all": [_leaf("dataset_label", "equal_to", "Questionnaires")]},
        "Outcome": {"Message": "A part has the label.", "Output Variables": ["dataset_name"]},
    },
    "T-PARENT": {
        "Scope": {"Domains": {"Include": ["AE"]}},
        "Match Datasets": [{"Name": "SUPP--", "Keys": ["USUBJID"]}],
        "Check": {"all": [_leaf("AESOSP", "non_empty"), _leaf("AESER", "equal_to", "N")]},
        "Outcome": {"Message": "It is serious.", "Output Variables": ["AESOSP"]},
    },
    "T-SUPP": {
        "Scope": {"Domains": {"Include": ["SUPP--"]}},
        "Operations": [{"id": "$custom", "operator": "related_domain_is_custom"}],
        "Check": {"all": [_leaf("$custom", "equal_to", True)]},
        "Outcome": {"Message": "The parent is custom.", "Output Variables": ["QNAM"]},
    },
    "T-NAMES": {
        "Scope": {"Domains": {"Include": ["XX"]}},
        "Rule Type": "Variable Metadata Check",
        "Check": {"all": [_leaf("variable_data_type", "equal_to", "Num", value_is_literal=True)]},
        "Outcome": {"Message": "A number.", "Output Variables": ["variable_name"]},
    },
}
FOUND = [
    ("T-CLASS", "qs", "QSSL", 1, "S-2", "2"),
    ("T-CLASS", "xx", "XX", 2, "S-3", "1"),
    ("T-CUSTOM", "xx", "XX", 2, "S-3", "1"),
    ("T-NAMES", "xx", "XX", None, None, None),
    ("T-PARENT", "ae", "AE", 2, "S-1", "2"),
    ("T-PARTS", "qs", "QSPH", None, None, None),
    ("T-SPLIT", "qs", "QSPH", 1, "S-1", "1"),
    ("T-SPLIT", "qs", "QSSL", 2, "S-1", "1"),
    ("T-SUPP", "suppxx", "SUPPXX", 1, "S-1", None),
]
"""The rule, the domain, the dataset (its file's name), the record there, the subject and --SEQ."""


def _written(folder: Path) -> Path:
    folder.mkdir()
    for name, keys in RULES.items():
        given = {
            "Core": {"Id": name},
            "Description": name,
            "Rule Type": "Record Data",
            "Sensitivity": "Record",
            "Outcome": {"Message": name, "Output Variables": ["--SEQ"]},
            **keys,
        }
        (folder / f"{name}.yml").write_text(yaml.safe_dump(given), encoding="utf-8")
    return folder


@pytest.mark.parametrize("as_form", [as_xpt, as_dataset_json, as_csv])
def test_rules_find_the_same_in_every_form(as_form: Callable[[Path], None], tmp_path: Path) -> None:
    data, report = tmp_path / "data", tmp_path / "report.json"
    data.mkdir()
    as_form(data)
    words = ["validate", str(data), "--rules", str(_written(tmp_path / "rules"))]
    result = CliRunner().invoke(app, [*words, "--no-pack", "--report", str(report)])
    assert (result.exit_code, result.exception.__class__) == (1, SystemExit), result.output
    told = json.loads(report.read_text(encoding="utf-8"))
    ran = {one["rule"]: one["status"] for one in told["rules_run"] if one["rule"] in RULES}
    assert ran == dict.fromkeys(RULES, "run")
    found = [
        (
            one["rule"],
            one["domain"].lower(),
            Path(one["file"]).stem.upper(),
            one.get("row"),
            one.get("usubjid"),
            one.get("seq"),
        )
        for one in told["problems"]
        if one["rule"] in RULES
    ]
    assert sorted(found, key=str) == FOUND


@pytest.mark.parametrize("as_form", [as_xpt, as_dataset_json, as_csv])
def test_the_pack_asks_every_form(as_form: Callable[[Path], None], tmp_path: Path) -> None:
    data, report = tmp_path / "data", tmp_path / "report.json"
    data.mkdir()
    as_form(data)
    CliRunner().invoke(app, ["validate", str(data), "--report", str(report)])
    told = json.loads(report.read_text(encoding="utf-8"))
    about_subjects = {
        (Path(one["file"]).stem, one.get("row"))
        for one in told["problems"]
        if one.get("usubjid") == "S-3" and "not in DM" in one["message"]
    }
    assert about_subjects == {("xx", 2)}
