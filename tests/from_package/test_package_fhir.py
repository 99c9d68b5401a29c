"""Every domain of a package becomes FHIR: by its class, valid, and with every cell in it."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from sdtm_packages import write

import trialect
from trialect.converters.pipeline import Conversion
from trialect.mappings.fhir.identity import parse_record
from trialect.mappings.fhir.variables import class_of, place

VS = [
    {
        "USUBJID": "D-1",
        "VSSEQ": 1,
        "VSTESTCD": "SYSBP",
        "VSTEST": "Systolic Blood Pressure",
        "VSCAT": "AT REST",
        "VSPOS": "SITTING",
        "VSORRES": "120.0",
        "VSORRESU": "mmHg",
        "VSSTRESC": "120",
        "VSSTRESN": 120,
        "VSSTRESU": "mmHg",
        "VSLOC": "ARM",
        "VSLAT": "LEFT",
        "VSDTC": "2026-01-02T09:30",
    },
    {
        "USUBJID": "D-1",
        "VSSEQ": 2,
        "VSTESTCD": "PULSE",
        "VSTEST": "Pulse Rate",
        "VSSTAT": "NOT DONE",
        "VSREASND": 'Subject said "no"',
    },
]
LB = [
    {
        "USUBJID": "D-1",
        "LBSEQ": 1,
        "LBTESTCD": "ALB",
        "LBTEST": "Albumin",
        "LBORRES": "<3.9",
        "LBORRESU": "g/dL",
        "LBORNRLO": "3.5",
        "LBORNRHI": "<4.60",
        "LBNRIND": "LOW",
        "LBLOINC": "1751-7",
        "LBDTC": "2026-01",
    }
]
MH = [
    {"USUBJID": "D-1", "MHSEQ": 1, "MHTERM": "Gout", "MHOCCUR": "N"},
    {"USUBJID": "D-1", "MHSEQ": 2, "MHTERM": "Cough", "MHSTDTC": "2020", "MHENDTC": "2021-02-03"},
    {"USUBJID": "D-2", "MHSEQ": 1, "MHTERM": "Asthma", "MHENRTPT": "ONGOING", "MHENTPT": "2026"},
]
CM = [
    {
        "USUBJID": "D-1",
        "CMSEQ": 1,
        "CMTRT": "Aspirin",
        "CMDOSE": 0.5,
        "CMDOSU": "mg",
        "CMDOSFRQ": "QD",
        "CMROUTE": "ORAL",
        "CMSTDTC": "2026-02",
        "CMENDTC": "2025-12-24",
    },
    {"USUBJID": "D-2", "CMSEQ": 1, "CMTRT": "Insulin", "CMOCCUR": "N"},
]
EC = [
    {
        "USUBJID": "D-1",
        "ECSEQ": 1,
        "ECTRT": "Green tea",
        "ECDOSE": 200,
        "ECDOSU": "mL",
        "ECLOT": "KIT-77",
        "ECOCCUR": "Y",
        "ECSTDTC": "2026-01-03",
    }
]
SE = [{"USUBJID": "D-1", "SESEQ": 1, "ETCD": "TEA", "ELEMENT": "Tea", "SESTDTC": "2026-01-03"}]
DS = [{"USUBJID": "D-1", "DSSEQ": 1, "DSTERM": "Went home", "DSDECOD": "COMPLETED"}]
SUPP = [
    {
        "RDOMAIN": "VS",
        "USUBJID": "D-1",
        "IDVAR": "VSSEQ",
        "IDVARVAL": "1",
        "QNAM": "CUFF",
        "QLABEL": "Size of the cuff",
        "QVAL": "large",
        "QORIG": "CRF",
    }
]
CO = [
    {
        "RDOMAIN": "MH",
        "USUBJID": "D-1",
        "COSEQ": 1,
        "IDVAR": "MHSEQ",
        "IDVARVAL": "2",
        "COVAL": "See letter",
    }
]
CUSTOM: dict[str, list[dict[str, Any]]] = {
    "XF": [{"USUBJID": "D-1", "XFSEQ": 1, "XFTESTCD": "A", "XFTEST": "A test", "XFORRES": "odd"}],
    "XE": [{"USUBJID": "D-1", "XESEQ": 1, "XETERM": "Something", "XESTDTC": "2026-01-05"}],
    "XI": [{"USUBJID": "D-1", "XISEQ": 1, "XITRT": "A bath", "XIDOSTXT": "two"}],
}
DI = [
    {"SPDEVID": "CUP1", "DISEQ": 1, "DIPARMCD": "SERIAL", "DIPARM": "Serial", "DIVAL": "KIT-77"},
]
RELREC = [
    {"RDOMAIN": "MH", "IDVAR": "MHLNKID", "RELTYPE": "ONE", "RELID": "R"},
    {"RDOMAIN": "CM", "IDVAR": "CMLNKID", "RELTYPE": "MANY", "RELID": "R"},
]
ALL: dict[str, Any] = {
    **{"VS": VS, "LB": LB, "MH": MH, "CM": CM, "EC": EC, "SE": SE, "DS": DS, "CO": CO},
    **{"SUPPVS": SUPP, "DI": DI, "RELREC": RELREC},
    **CUSTOM,
}

Resources = dict[str, dict[str, Any]]


def converted(package: Path, out: Path, *, unblinded: bool = True) -> Conversion:
    made = trialect.convert(package, out, to=["fhir"], unblinded=unblinded)
    broken = [one for one in made.problems if one.severity == "error" and "FHIR" in one.rule]
    assert broken == []
    return made


def resources(out: Path) -> dict[str, Resources]:
    """Resources by type and identifier; numbers as they are written."""
    found: dict[str, Resources] = {}
    for file in sorted((out / "fhir" / "ndjson").glob("*.ndjson")):
        model = getattr(import_module(f"fhir.resources.R4B.{file.stem.lower()}"), file.stem)
        for number, line in enumerate(file.read_bytes().splitlines()):
            if number < 25:
                model.model_validate_json(line)
            one = _exact(line)
            identifier = one["identifier"]
            named = identifier if isinstance(identifier, dict) else identifier[0]
            found.setdefault(file.stem, {})[named["value"]] = one
    return found


def _exact(line: bytes) -> Any:
    import json

    return json.loads(line, parse_float=Decimal, parse_int=Decimal)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Resources]:
    folder = tmp_path_factory.mktemp("fhir")
    converted(write(folder / "package", ALL), folder / "out")
    return resources(folder / "out")


def said(resource: dict[str, Any]) -> dict[str, Any]:
    """The values of the extensions of our own, by the variable's name."""
    found: dict[str, Any] = {}
    for one in resource.get("extension", []):
        name = one["url"].rsplit("/", 1)[-1]
        if "extension" in one:
            found.setdefault(name, []).append(said(one))
        else:
            found[name] = next(value for key, value in one.items() if key != "url")
    return found


def test_a_finding_says_value_range_place_and_standard_result(made: dict[str, Resources]) -> None:
    first = made["Observation"]["D-1.VS.1"]
    assert first["category"][0]["coding"][0]["code"] == "vital-signs"
    assert first["category"][1]["text"] == "AT REST"
    assert first["code"]["coding"][0]["code"] == "8480-6"
    assert first["valueQuantity"]["code"] == "mm[Hg]"
    assert str(first["valueQuantity"]["value"]) == "120.0"
    assert first["bodySite"]["text"] == "ARM, LEFT"
    # No zone is known: the day is the element's, the text stands beside it.
    assert first["effectiveDateTime"] == "2026-01-02"
    assert said(first)["VSDTC"] == "2026-01-02T09:30"
    assert (said(first)["VSSTRESC"], said(first)["VSSTRESN"]) == ("120", Decimal(120))
    assert said(first)["VSPOS"] == "SITTING"
    albumin = made["Observation"]["D-1.LB.1"]
    assert albumin["valueString"] == "<3.9"
    assert albumin["code"]["coding"][0]["code"] == "1751-7"
    assert albumin["referenceRange"][0]["text"] == "high <4.60"
    assert str(albumin["referenceRange"][0]["low"]["value"]) == "3.5"
    assert albumin["interpretation"][0]["coding"][0]["code"] == "L"


def test_what_was_not_done_has_a_reason(made: dict[str, Resources]) -> None:
    missed = made["Observation"]["D-1.VS.2"]
    assert missed["dataAbsentReason"]["coding"][0]["code"] == "not-performed"
    assert missed["note"] == [{"text": 'Subject said "no"'}]
    assert "valueQuantity" not in missed


def test_history_is_conditions(made: dict[str, Resources]) -> None:
    found = made["Condition"]
    assert found["D-1.MH.1"]["verificationStatus"]["coding"][0]["code"] == "refuted"
    assert found["D-1.MH.2"]["clinicalStatus"]["coding"][0]["code"] == "resolved"
    assert found["D-1.MH.2"]["onsetDateTime"] == "2020"
    assert found["D-1.MH.2"]["abatementDateTime"] == "2021-02-03"
    assert found["D-2.MH.1"]["clinicalStatus"]["coding"][0]["code"] == "active"


def test_medication_is_statements_and_a_period_that_runs_backwards_is_none(
    made: dict[str, Resources],
) -> None:
    first = made["MedicationStatement"]["D-1.CM.1"]
    (dosage,) = first["dosage"]
    assert str(dosage["doseAndRate"][0]["doseQuantity"]["value"]) == "0.5"
    assert dosage["route"]["text"] == "ORAL"
    assert first["effectivePeriod"] == {"start": "2026-02"}
    assert said(first)["CMENDTC"] == "2025-12-24"
    assert made["MedicationStatement"]["D-2.CM.1"]["status"] == "not-taken"


def test_exposure_and_devices_are_told_unblinded(made: dict[str, Resources]) -> None:
    given = made["MedicationAdministration"]["D-1.EC.1"]
    assert (given["status"], said(given)["ECLOT"]) == ("completed", "KIT-77")
    device = made["Device"]["device-CUP1"]
    assert device["serialNumber"] == "KIT-77"


def test_qualifiers_comments_elements_and_relations_have_a_place(
    made: dict[str, Resources],
) -> None:
    (qualifier,) = said(made["Observation"]["D-1.VS.1"])["SUPP--"]
    assert qualifier == {
        "IDVAR": "VSSEQ",
        "QNAM": "CUFF",
        "QLABEL": "Size of the cuff",
        "QVAL": "large",
        "QORIG": "CRF",
    }
    assert "SUPP--" not in said(made["Observation"]["D-1.VS.2"])
    (comment,) = said(made["Condition"]["D-1.MH.2"])["CO"]
    assert comment["COVAL"] == "See letter"
    subject = said(made["ResearchSubject"]["D-1"])
    assert subject["DS"][0]["DSTERM"] == "Went home"
    assert subject["SE"][0]["ETCD"] == "TEA"
    (study,) = made["ResearchStudy"].values()
    assert [one["RDOMAIN"] for one in said(study)["RELREC"]] == ["MH", "CM"]
    assert {"TSPARMCD": "STOPRULE", "TSVAL": "NONE"} in said(study)["TS"]


def test_a_custom_domain_is_mapped_by_its_class(made: dict[str, Resources]) -> None:
    assert made["Observation"]["D-1.XF.1"]["valueString"] == "odd"
    assert made["Condition"]["D-1.XE.1"]["onsetDateTime"] == "2026-01-05"
    taken = made["MedicationStatement"]["D-1.XI.1"]
    assert taken["dosage"] == [{"text": "two"}]
    assert class_of("XF", frozenset({"XFTESTCD"})) == "Findings"
    assert class_of("XX", frozenset({"XXVAL"})) == ""


def test_every_variable_has_a_place() -> None:
    assert place("VS", "VSTESTCD", "Findings").kind == "element"
    assert place("QS", "QSDTC", "Findings").kind == "stamped"
    assert place("VS", "VSPOS", "Findings").kind == "extension"
    assert place("DM", "ARM", "").kind == "unblinded"


def test_the_blind_holds(tmp_path: Path) -> None:
    package = write(tmp_path / "package", ALL)
    converted(package, tmp_path / "out", unblinded=False)
    folder = tmp_path / "out" / "fhir"
    study_types = ("study.json", "ResearchStudy.ndjson", "PlanDefinition.ndjson")
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        text = file.read_text(encoding="utf-8")
        assert "KIT-77" not in text
        if file.name not in study_types:
            found = re.findall(r"green tea|black coffee|\bTEA\b|\bCOFFEE\b", text, re.IGNORECASE)
            assert (file.name, found) == (file.name, [])


def test_records_that_name_no_record_are_told(tmp_path: Path) -> None:
    lost = [{**SUPP[0], "IDVAR": "VSSPID", "IDVARVAL": "7"}]
    package = write(tmp_path / "package", {"VS": VS, "SUPPVS": lost})
    problems = converted(package, tmp_path / "out").problems
    assert [one.rule for one in problems if one.domain == "VS" and "FHIR" in one.rule] == [
        "FHIR-NO-PARENT"
    ]


SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "sdtm-msg"

ELEMENTS = {
    "TEST": lambda r: r["code"]["text"],
    "TESTCD": lambda r: r["code"]["coding"][-1]["code"],
    "CAT": lambda r: r["category"][-1].get("text") if "category" in r else None,
    "ORRES": lambda r: r.get("valueString") or str(r["valueQuantity"]["value"]),
    "REASND": lambda r: r["note"][0]["text"],
    "METHOD": lambda r: r["method"]["text"],
    "DTC": lambda r: r.get("effectiveDateTime") or r["effectivePeriod"]["start"],
    "ENDTC": lambda r: r["effectivePeriod"]["end"],
}
STATEMENTS = {
    "TRT": lambda r: r["medicationCodeableConcept"]["text"],
    "CAT": lambda r: r["category"]["text"],
    "INDC": lambda r: r["reasonCode"][0]["text"],
    "STDTC": lambda r: r.get("effectiveDateTime") or r["effectivePeriod"]["start"],
    "ENDTC": lambda r: r.get("effectiveDateTime") or r["effectivePeriod"]["end"],
}
EVENTS = {
    "TERM": lambda r: r["code"]["text"],
    "CAT": lambda r: r["category"][0]["text"],
    "STDTC": lambda r: r["onsetDateTime"],
    "ENDTC": lambda r: r["abatementDateTime"],
    "DTC": lambda r: r["recordedDate"],
}
ADVERSE = {
    "STDTC": lambda r: r["date"],
    "ENDTC": lambda r: said(r)["adverse-event-end"],
}
EXPOSURE = {
    "STDTC": lambda r: r.get("performedDateTime") or r["performedPeriod"]["start"],
    "ENDTC": lambda r: r.get("performedDateTime") or r["performedPeriod"]["end"],
}
QUESTIONS = {
    **ELEMENTS,
    "ORRES": lambda r: (
        r.get("valueString")
        or (r["valueCodeableConcept"]["text"] if "valueCodeableConcept" in r else None)
        or str(r["valueQuantity"]["value"])
    ),
}
READ_BACK: dict[str, tuple[str, dict[str, Any]]] = {
    "VS": ("Observation", ELEMENTS),
    "LB": ("Observation", ELEMENTS),
    "FT": ("Observation", ELEMENTS),
    "OE": ("Observation", ELEMENTS),
    "RS": ("Observation", ELEMENTS),
    "FA": ("Observation", ELEMENTS),
    "IE": ("Observation", ELEMENTS),
    "DD": ("Observation", ELEMENTS),
    "QSPH": ("Observation", QUESTIONS),
    "QSSL": ("Observation", QUESTIONS),
    "CM": ("MedicationStatement", STATEMENTS),
    "MH": ("Condition", EVENTS),
    "AE": ("AdverseEvent", ADVERSE),
    "EX": ("Procedure", EXPOSURE),
    "EC": ("MedicationAdministration", STATEMENTS),
}
IDENTIFIERS = {"STUDYID", "DOMAIN", "USUBJID"}


def test_every_cell_of_the_sample_submission_is_there(tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip("the sample submission is not beside the checkout")
    trial = trialect.read(SHARED)
    converted(SHARED, tmp_path / "out")
    found = resources(tmp_path / "out")
    compared: Counter[str] = Counter()
    equal: Counter[str] = Counter()
    for name, (kind, elements) in READ_BACK.items():
        domain = name[:2]
        for row in trial.frames[name].iter_rows(named=True):
            record = f"{row['USUBJID']}.{domain}.{row[f'{domain}SEQ']:.0f}"
            resource = found[kind][record]
            stated = said(resource)
            for variable, value in row.items():
                if value is None or variable.startswith("@") or variable in IDENTIFIERS:
                    continue
                if variable == f"{domain}SEQ":
                    back: object = Decimal(parse_record(record)[2])  # type: ignore[index]
                elif variable in stated:
                    back = stated[variable]
                else:
                    back = elements[variable[2:]](resource)
                compared[name] += 1
                same = back == value or (isinstance(value, float) and float(str(back)) == value)
                equal[name] += same
    assert equal == compared
    assert sum(compared.values()) > 150_000
    for name in ("DS", "SE"):
        kept = sum(len(said(one).get(name, [])) for one in found["ResearchSubject"].values())
        assert kept == trial.frames[name].height
    dm = trial.frames["DM"].drop("@form", "@row", "@block", "STUDYID", "DOMAIN")
    for row in dm.iter_rows(named=True):
        stated = said(found["ResearchSubject"][row["USUBJID"]])
        patient = found["Patient"][row["USUBJID"]]
        for variable, value in row.items():
            if value is None or variable == "USUBJID":
                continue
            back = patient["birthDate"] if variable == "BRTHDTC" else stated[variable]
            assert back == value or float(back) == value
    assert len(found["Device"]) == trial.frames["DI"]["SPDEVID"].n_unique()
    assert len(found["Encounter"]) == trial.frames["SV"].height
    supp = trial.frames["SUPPEC"].height
    assert (
        sum(len(said(one).get("SUPP--", [])) for one in found["MedicationAdministration"].values())
        == supp
    )
    assert isinstance(trial.frames["SUPPDM"], pl.DataFrame)
    (study,) = found["ResearchStudy"].values()
    assert len(said(study)["RELREC"]) == trial.frames["RELREC"].height


def test_the_bytes_of_fhir_do_not_depend_on_the_partitions(tmp_path: Path) -> None:
    from sdtm_packages import SUBJECTS

    many = [{**SUBJECTS[0], "USUBJID": f"D-{n:02}", "SUBJID": str(n)} for n in range(30)]
    vs = [{**VS[0], "USUBJID": f"D-{n:02}"} for n in range(30)]
    qs = [
        {
            "USUBJID": f"D-{n:02}",
            "QSSEQ": 1,
            "QSTESTCD": "Q1",
            "QSTEST": "Thirst",
            "QSCAT": "DRINKS",
            "QSORRES": "3",
            "QSSTRESC": "3",
        }
        for n in range(30)
    ]
    package = write(tmp_path / "package", {"DM": many, "VS": vs, "QS": qs})
    outs = [
        trialect.convert(package, tmp_path / name, to=["fhir"], partition_subjects=size).out
        for name, size in (("one", 100), ("three", 10))
    ]
    files = [{p.relative_to(o): p.read_bytes() for p in o.rglob("*") if p.is_file()} for o in outs]
    assert files[0] == files[1]
    assert orjson.loads((outs[0] / "manifest.json").read_bytes())
