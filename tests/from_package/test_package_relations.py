"""RELREC becomes references, valid in both releases, and comes back row by row."""

from __future__ import annotations

import csv
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sdtm_packages import write
from test_package_fhir import Resources, converted, resources, said

import trialect
from trialect.mappings.fhir.relations import HL7, Kind, place_of, table
from trialect.schemas.fhir.table import table as fhir_table

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "sdtm-msg"
RELEASES = ("R4", "R5")


def one(domain: str, **values: Any) -> dict[str, Any]:
    return {"USUBJID": "D-1", f"{domain}SEQ": 1, **values}


def finding(domain: str, seq: int, **values: Any) -> dict[str, Any]:
    told = {"SEQ": seq, "TESTCD": "T", "TEST": "Test", "ORRES": "1", "STRESC": "1", **values}
    return {"USUBJID": "D-1", **{f"{domain}{name}": value for name, value in told.items()}}


def member(relid: str, domain: str, value: str = "1", key: str | None = None) -> dict[str, Any]:
    return {
        "RDOMAIN": domain,
        "USUBJID": "D-1",
        "IDVAR": key or f"{domain}SEQ",
        "IDVARVAL": value,
        "RELTYPE": None,
        "RELID": relid,
    }


RECORDS: dict[str, list[dict[str, Any]]] = {
    "AE": [one("AE", AETERM="Headache", AEDECOD="Headache", AELNKID="A1", AESTDTC="2026-01-03")],
    "MH": [one("MH", MHTERM="Migraine", MHLNKID="M1")],
    "CE": [one("CE", CETERM="Fall")],
    "CM": [one("CM", CMTRT="Aspirin", CMLNKID="M1")],
    "PR": [one("PR", PRTRT="X-ray")],
    "EX": [one("EX", EXTRT="Green tea", EXDOSE=1, EXDOSU="mL", EXSTDTC="2026-01-02")],
    "EC": [one("EC", ECTRT="Green tea", ECDOSE=1, ECDOSU="mL", ECSTDTC="2026-01-02")],
    "DS": [one("DS", DSTERM="Went home", DSDECOD="COMPLETED", DSLNKID="A1")],
    "LB": [finding("LB", 1), finding("LB", 2, DRVFL="Y")],
    "FA": [{**finding("FA", seq), "FAOBJ": "Headache", "FAGRPID": "G"} for seq in (1, 2)],
    "PC": [finding("PC", 1), finding("PC", 2)],
    "PP": [finding("PP", 1)],
}
RELREC = [
    *(member("AE-LB", name) for name in ("AE", "LB")),
    *(member("AE-CM", name) for name in ("AE", "CM")),
    *(member("AE-PR", name) for name in ("AE", "PR")),
    *(member("AE-EX", name) for name in ("AE", "EX")),
    *(member("MH-PR", name) for name in ("MH", "PR")),
    *(member("MH-CE", name) for name in ("MH", "CE")),
    *(member("MH-LB", name) for name in ("MH", "LB")),
    *(member("CM-PR", name) for name in ("CM", "PR")),
    *(member("LB-PR", name) for name in ("LB", "PR")),
    *(member("EC-EX", name) for name in ("EC", "EX")),
    *(member("LB", "LB", seq) for seq in "12"),
    *(member("CM-EX", name) for name in ("CM", "EX")),
    member("AE-FA", "AE"),
    member("AE-FA", "FA", "G", "FAGRPID"),
    *(member("PK", "PC", seq) for seq in "12"),
    member("PK", "PP"),
    {"RDOMAIN": "AE", "IDVAR": "AELNKID", "RELTYPE": "ONE", "RELID": "AEDS"},
    {"RDOMAIN": "DS", "IDVAR": "DSLNKID", "RELTYPE": "ONE", "RELID": "AEDS"},
    {"RDOMAIN": "MH", "IDVAR": "MHLNKID", "RELTYPE": "ONE", "RELID": "MHCM"},
    {"RDOMAIN": "CM", "IDVAR": "CMLNKID", "RELTYPE": "MANY", "RELID": "MHCM"},
]


@pytest.fixture(scope="module", params=RELEASES)
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    source = write(folder / "package", {**RECORDS, "RELREC": RELREC})
    out = folder / request.param
    trialect.convert(source, out, to=["fhir"], unblinded=True, fhir_release=request.param)
    return out


def by_record(out: Path) -> dict[str, dict[str, Any]]:
    """Resources of records by type and what their identifier says: `Observation LB.1`."""
    found = {}
    for file in (out / "fhir" / "ndjson").glob("*.ndjson"):
        for line in file.read_text(encoding="utf-8").splitlines():
            resource = json.loads(line)
            identifier = resource["identifier"]
            named = identifier if isinstance(identifier, dict) else identifier[0]
            found[f"{file.stem} {named['value'].removeprefix('D-1.')}"] = resource
    return found


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
        return own.union(*(references(inner) for inner in value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


EXPECTED = {
    # (from, element, to) of both releases, of R4 alone, of R5 alone
    "both": {
        ("Observation LB.2", "derivedFrom", "Observation LB.1"),
        ("Observation FA.1", "focus", "AdverseEvent AE.1"),
        ("Observation FA.2", "focus", "AdverseEvent AE.1"),
        ("Observation PP.1", "derivedFrom", "Observation PC.1"),
        ("Observation PP.1", "derivedFrom", "Observation PC.2"),
        ("Observation LB.1", "partOf", "Procedure PR.1"),
        ("Condition MH.1", "evidence", "Observation LB.1"),
        ("MedicationStatement CM.1", "partOf", "Procedure PR.1"),
        ("MedicationStatement CM.1", "partOf", "Procedure EX.1"),
        ("MedicationAdministration EC.1", "supportingInformation", "Procedure EX.1"),
        ("Condition CE.1", "condition-related", "Condition MH.1"),
        ("AdverseEvent AE.1", "related", "ResearchSubject D-1"),
        # The two halves of one record, whatever RELREC says.
        ("MedicationAdministration EX.1", "partOf", "Procedure EX.1"),
    },
    "R4": {
        ("Observation LB.1", "workflow-supportingInfo", "AdverseEvent AE.1"),
        ("MedicationStatement CM.1", "derivedFrom", "AdverseEvent AE.1"),
        ("AdverseEvent AE.1", "extension-AdverseEvent.supportingInfo", "Procedure PR.1"),
        ("AdverseEvent AE.1", "extension-AdverseEvent.supportingInfo", "Procedure EX.1"),
        ("Procedure PR.1", "reasonReference", "Condition MH.1"),
        ("MedicationStatement CM.1", "reasonReference", "Condition MH.1"),
    },
    "R5": {
        ("AdverseEvent AE.1", "supportingInfo", "Observation LB.1"),
        ("AdverseEvent AE.1", "supportingInfo", "MedicationStatement CM.1"),
        ("AdverseEvent AE.1", "supportingInfo", "Procedure PR.1"),
        ("AdverseEvent AE.1", "supportingInfo", "Procedure EX.1"),
        ("Procedure PR.1", "reason", "Condition MH.1"),
        ("MedicationStatement CM.1", "reason", "Condition MH.1"),
    },
}
ELEMENTS = {element for lines in EXPECTED.values() for _, element, _ in lines}


def test_what_belongs_together_refers_to_each_other(package: Path) -> None:
    found = by_record(package)
    names = {f"{name.split()[0]}/{one['id']}": name for name, one in found.items()}
    told = set()
    for name, resource in found.items():
        places = dict(resource)
        for one in places.pop("extension", []):
            places.setdefault(one["url"].rsplit("/", 1)[-1], []).append(one)
        for element in ELEMENTS & places.keys():
            told |= {(name, element, names[to]) for to in references(places[element])}
    assert told == EXPECTED["both"] | EXPECTED[package.name]


def test_the_resources_are_valid(package: Path) -> None:
    found = trialect.validate(package / "fhir", fhir_release=package.name)
    assert [one for one in found.problems if one.severity != "note"] == []


def test_every_record_says_the_relation_letter_by_letter(package: Path) -> None:
    found = by_record(package)
    event = said(found["AdverseEvent AE.1"])["RELREC"]
    assert {"IDVAR": "AESEQ", "RELID": "AE-LB"} in event
    grouped = said(found["Observation FA.1"])["RELREC"]
    assert grouped == [{"IDVAR": "FAGRPID", "RELID": "AE-FA"}]
    study = next(one for name, one in found.items() if name.startswith("ResearchStudy"))
    assert {"RDOMAIN": "DS", "IDVAR": "DSLNKID", "RELTYPE": "ONE", "RELID": "AEDS"} in said(study)[
        "RELREC"
    ]


COLUMNS = ("RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELTYPE", "RELID")


def rows(frame: pl.DataFrame) -> list[tuple[str | None, ...]]:
    whole = frame.with_columns(
        pl.lit(None, pl.String).alias(name) for name in COLUMNS if name not in frame.columns
    )
    return sorted(
        whole.select(COLUMNS).unique().rows(), key=lambda row: [text or "" for text in row]
    )


def back(out: Path, folder: Path) -> trialect.Trial:
    made = trialect.convert(out / "fhir" / "ndjson", folder / "back", to=["dataset-json"])
    return trialect.read(made.out)


def test_relations_come_back(package: Path, tmp_path: Path) -> None:
    there = trialect.read(package.parent / "package").frames["RELREC"]
    again = back(package, tmp_path).frames["RELREC"]
    assert rows(again) == rows(there)
    assert len(rows(there)) == len(RELREC)


def test_blinded_nothing_is_told_of_what_belongs_to_a_treatment(tmp_path: Path) -> None:
    source = write(tmp_path / "package", {**RECORDS, "RELREC": RELREC})
    converted(source, tmp_path / "out", unblinded=False)
    found: dict[str, Resources] = resources(tmp_path / "out")
    assert "MedicationAdministration" not in found
    event = found["AdverseEvent"]["D-1.AE.1"]
    relations = [one["RELID"] for one in said(event)["RELREC"]]
    assert "AE-LB" in relations
    assert "AE-EX" not in relations
    treatment = found["Procedure"]["D-1.EX.1"]["id"]
    others = [one for type_ in found.values() for one in type_.values() if one["id"] != treatment]
    assert f"Procedure/{treatment}" not in set().union(*map(references, others))


@pytest.mark.parametrize("release", RELEASES)
def test_every_line_is_the_first_for_some_two_records(release: str) -> None:
    """A line that another hides would be a fact that nobody reads."""
    kinds = [
        Kind(type_, domain, derived)
        for type_, domains in {
            "Observation": ("LB", "FA", "SR", "PC", "PP"),
            "Condition": ("MH",),
            "AdverseEvent": ("AE",),
            "Procedure": ("PR",),
            "MedicationStatement": ("CM",),
            "MedicationAdministration": ("EC",),
            "ResearchSubject": ("DS",),
        }.items()
        for domain in domains
        for derived in (False, True)
    ]
    used = {place_of(a, b, release)[0] for a in kinds for b in kinds}
    assert used == {line.place for line in table() if line.release in ("", release)}


@pytest.mark.parametrize("release", RELEASES)
def test_the_table_names_elements_and_targets_of_the_release(release: str) -> None:
    facts = fhir_table(release)
    for line in table():
        if line.release not in ("", release) or line.source == "*":
            continue
        scheme, _, name = line.place.rpartition(":")
        if scheme == "hl7":
            assert line.source in facts.extensions[HL7 + name]["on"]
        if scheme:
            continue
        element = name.split(".")[0]
        assert element in facts.node(line.source).properties, (release, line)


def test_the_sample_submission_comes_back(tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip("the sample submission is not beside the checkout")
    converted(SHARED, tmp_path / "out")
    there = trialect.read(SHARED).frames["RELREC"]
    assert rows(back(tmp_path / "out", tmp_path).frames["RELREC"]) == rows(there)


def test_the_table_is_whole() -> None:
    path = files("trialect.mappings.fhir").joinpath("codes", "relations.csv")
    with path.open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert (lines[-1]["from"], lines[-1]["to"]) == ("*", "*")
    assert {line["release"] for line in lines} == {"", *RELEASES}
