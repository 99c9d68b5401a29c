"""The tables hold what they say: terms of CDISC, units, rows of the joint mapping."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from trialect.mappings import fhir_sdtm
from trialect.mappings.fhir_sdtm.tables import read_fhir_tables
from trialect.problems import RULES
from trialect.schemas.ct import terminology
from trialect.schemas.sdtm import dataset

HOME = Path(fhir_sdtm.__file__).parent
JOINT = Path(__file__).parents[3] / "shared/standards/fhir-cdisc-mapping/cdiscMaps.csv"
CT = terminology("2025-03-28")
TABLES = sorted(
    path for path in (HOME / "tables").glob("*.csv") if path.stem not in {"blocks", "looked_into"}
)


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_test_is_a_term_of_cdisc() -> None:
    wrong = []
    for one in lines(HOME / "codes/tests.csv"):
        variable = dataset(one["domain"]).variable(f"{one['domain']}TESTCD")  # type: ignore[union-attr]  # a domain of SDTMIG
        known = [CT.codelist(code) for code in variable.codelists]  # type: ignore[union-attr]  # every findings domain has it
        known.append(CT.codelist(f"{one['testcd'][:-2]}TC"))
        if not any(c and one["testcd"] in c.by_value for c in known):
            wrong.append(one["testcd"])
        if one["--SPEC"] and one["--SPEC"] not in CT.codelist("C78734").by_value:  # type: ignore[union-attr]  # it is there
            wrong.append(one["--SPEC"])
    assert wrong == []


def test_no_code_stands_twice() -> None:
    codes = [(one["system"], one["code"]) for one in lines(HOME / "codes/tests.csv")]
    assert len(codes) == len(set(codes))


def test_every_unit_is_a_term_of_cdisc() -> None:
    known = CT.codelist("C71620").by_value  # type: ignore[union-attr]  # it is there
    also = CT.codelist("C66770").by_value  # type: ignore[union-attr]  # units of vital signs
    units = {one["unit"] for one in lines(HOME / "codes/units.csv") if one["ucum"] != "{score}"}
    assert sorted(units - known.keys() - also.keys()) == []


CODELISTS = {
    "sex": "C66731",
    "race": "C74457",
    "ethnicity": "C66790",
    "severity": "C66769",
    "serious": "C66742",
    "outcome": "C66768",
    "subject_status": "C66727",
    "milestone": "C114118",
    "contact": "C171445",
    "range": "C78736",
    "specimen": "C78734",
    "fasting": "C66742",
    "position": "C71148",
    "route": "C66729",
    "frequency": "C71113",
    "yes_no": "C66742",
}


@pytest.mark.parametrize("table", CODELISTS)
def test_every_term_is_one_of_its_codelist(table: str) -> None:
    known = CT.codelist(CODELISTS[table]).by_value  # type: ignore[union-attr]  # it is there
    terms = {one["term"] for one in lines(HOME / "codes/terms.csv") if one["table"] == table}
    assert terms
    assert sorted(terms - known.keys()) == []


QUALIFIERS = {"LBRANGE"}
"""Variables that become supplemental qualifiers."""


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_variable_is_one_of_its_dataset(path: Path) -> None:
    model = dataset(path.stem.upper())
    named = {one["variable"] for one in lines(path)} - QUALIFIERS
    assert [one for one in named if not model.allowed(one)] == []  # type: ignore[union-attr]  # a domain


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_block_of_a_line_exists(path: Path) -> None:
    blocks = {
        one["block"]
        for one in lines(HOME / "tables/blocks.csv")
        if one["dataset"] == path.stem.upper()
    }
    named = {b.strip() for one in lines(path) for b in one["block"].split(";") if b.strip()}
    assert named - blocks == set()


@pytest.mark.skipif(not JOINT.is_file(), reason="the joint mapping is not beside the checkout")
@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_rows_of_the_joint_mapping_are_of_the_domain_they_are_named_for(path: Path) -> None:
    with JOINT.open(encoding="utf-8-sig") as file:
        joint = list(csv.DictReader(file))
    domain = path.stem.upper()
    for one in lines(path):
        if one["row"]:
            there = joint[int(one["row"]) - 1]
            # Subjects' facts and visits are mapped once, for all domains.
            shared = one["variable"] in {"VISITNUM", "VISIT"} or domain in {"DM", "SV"}
            assert shared or there["Domain"] == domain, one


def test_our_tables_can_be_read_and_every_rule_told_once_exists() -> None:
    tables = read_fhir_tables()
    assert tables.types["Observation"]
    assert not tables.types["Medication"]
    import trialect.mappings.fhir_sdtm.mapper  # noqa: F401 (declares its rules)

    assert set(RULES) >= fhir_sdtm.TOLD_ONCE
