"""Exports of other makers, whole: every resource is a record or rejected with its reason."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from compared_cells import packaged
from makers_fhir import bulk_export, search_pages, transaction

from trialect.converters.pipeline import Conversion, convert

Texts = dict[str, str]


def converted(folder: Path, files: Texts) -> Conversion:
    for name, text in files.items():
        (folder / name).write_text(text)
    return convert(folder, folder.parent / "out", to=["sdtm"])


def rejected(done: Conversion) -> dict[tuple[str, int], str]:
    """The reason of each rejected resource, by file and row; each is counted."""
    found = {}
    for file in (done.out / "rejected").glob("*.csv"):
        with file.open(encoding="utf-8-sig") as text:
            for row in csv.DictReader(text):
                found[file.name, int(row["trialect_row"])] = row["trialect_rule"]
    assert done.account.rejected == len(found)
    for form in done.account.forms.values():
        assert form.rows == form.mapped + form.rejected
    return found


def cells(done: Conversion, dataset: str, *variables: str) -> list[tuple[Any, ...]]:
    return packaged(done.out)[dataset].select(variables).rows()


def test_a_transaction_with_uuids(folder: Path) -> None:
    done = converted(folder, {"all.json": json.dumps(transaction())})
    assert rejected(done) == {
        ("all.json.csv", 3): "FHIR-NO-VISIT",
        ("all.json.csv", 7): "FHIR-NO-BLOCK",
        ("all.json.csv", 14): "FHIR-NO-PLACE",
    }
    assert cells(done, "DM", "SEX", "RACE", "ETHNIC", "BRTHDTC") == [
        ("F", "WHITE", "NOT HISPANIC OR LATINO", "1980-02-03")
    ]
    assert cells(done, "VS", "VSTESTCD", "VSORRES", "VSORRESU", "VISIT") == [
        ("DIABP", "80", "mmHg", "BASELINE"),
        ("SYSBP", "120", "mmHg", "BASELINE"),
    ]
    assert cells(done, "LB", "LBTESTCD", "LBORRES", "LBSPEC") == [("GLUC", "91.76", "BLOOD")]
    assert cells(done, "QS", "QSTESTCD", "QSCAT", "QSORRES") == [("PI0101", "PI", "3")]
    assert "{score}" not in str(packaged(done.out)["QS"].rows())
    assert cells(done, "CM", "CMTRT", "CMDOSE", "CMDOSFRQ", "CMSTDTC") == [
        ("Influenza, seasonal", None, None, "2025-10-01"),
        ("lisinopril 10 MG Oral Tablet", 1.0, "QD", "2026-01-05T09:45:00+01:00"),
    ]
    assert cells(done, "MH", "MHTERM", "MHSTDTC", "MHENDTC") == [
        ("Essential hypertension (disorder)", "2001-05-06T10:00:00+01:00", "2002")
    ]
    assert cells(done, "PR", "PRTRT", "PRSTDTC", "PRENDTC") == [
        ("Appendectomy", "2010-01-02T10:00:00Z", "2010-01-02T11:30:00Z")
    ]
    assert cells(done, "SV", "VISIT", "SVCNTMOD") == [("BASELINE", "IN PERSON")]
    unread = {p.value for p in done.problems if p.rule == "FHIR-ELEMENT-NOT-MAPPED"}
    assert unread == {
        *("Encounter.serviceProvider", "Patient.multipleBirthBoolean", "Patient.name"),
        "Observation.issued",
    }


def test_two_pages_of_searches(folder: Path) -> None:
    first, second = search_pages()
    done = converted(folder, {"1.json": json.dumps(first), "2.json": json.dumps(second)})
    assert rejected(done) == {
        ("1.json.csv", 4): "FHIR-NO-PLACE",
        ("2.json.csv", 4): "FHIR-IN-ERROR",
    }
    assert cells(done, "LB", "LBTESTCD", "LBTEST", "LBORRES", "LBORRESU", "LBSTNRC") == [
        ("LDL", "LDL Cholesterol", "2.9", "mmol/L", None),
        (None, "SARS-CoV-2 PCR", "Negative", None, "Negative"),
    ]
    assert cells(done, "SUPPLB", "QNAM", "QVAL") == [("LBRANGE", "<3.0 mmol/L")]
    variables = ("CMTRT", "CMDOSE", "CMDOSU", "CMDOSFRQ", "CMROUTE", "CMSTDTC", "CMENDTC")
    assert cells(done, "CM", *variables) == [
        ("ibuprofen 200 mg tablet", 400.0, "mg", "BID", "ORAL", "2025-12-01", "2025-12-10")
    ]
    assert cells(done, "MH", "MHTERM", "MHCAT", "MHOCCUR") == [
        ("PENICILLINS", "ALLERGIES AND INTOLERANCES", None),
        ("Gout", None, "N"),
    ]


def test_a_bulk_export(folder: Path) -> None:
    lines = {name: "\n".join(map(json.dumps, all_)) for name, all_ in bulk_export().items()}
    done = converted(folder, lines)
    assert rejected(done) == {}
    assert cells(done, "AE", "AETERM", "AEOUT", "AESTDTC") == [
        ("Nausea", "RECOVERED/RESOLVED", "2026-01-09")
    ]
    assert cells(done, "EX", "EXTRT", "EXDOSE", "EXROUTE", "EXSTDTC", "EXENDTC", "VISIT") == [
        ("studydrug", 10.0, "ORAL", "2026-01-06", "2026-01-07", "WEEK 4")
    ]
    assert cells(done, "VS", "VSTESTCD", "VSORRES", "VSSTAT", "VSREASND") == [
        ("DIABP", None, "NOT DONE", "Cuff came off"),
        ("SYSBP", "131", None, None),
    ]
    assert cells(done, "LB", "LBTEST", "LBORRES") == [("Antibody titre", "1:128")]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"valueRange": {"low": {"value": 1.50}, "high": {"value": 3}}}, "1.5-3"),
        ({"valueRange": {"low": {"value": 2}}}, ">=2"),
        ({"valueRange": {"high": {"value": 2}}}, "<=2"),
        ({"valueSampledData": {"origin": {"value": 0}, "period": 1, "dimensions": 1}}, None),
    ],
)
def test_values_of_rare_types_are_read_or_told(
    folder: Path, value: dict[str, Any], shown: str | None
) -> None:
    one, two = bulk_export()["Observation.000.ndjson"]
    del two["valueRatio"]
    (patient,) = bulk_export()["Patient.000.ndjson"]
    text = "\n".join(map(json.dumps, (patient, one, {**two, **value})))
    done = converted(folder, {"all.ndjson": text})
    told = {p.value for p in done.problems if p.rule == "FHIR-VALUE-UNREAD"}
    if shown is None:
        assert told == {"valueSampledData"}
    else:
        assert told == set()
        assert cells(done, "LB", "LBORRES") == [(shown,)]
