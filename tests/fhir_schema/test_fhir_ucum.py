"""Units of UCUM: which codes are some, and that all three paths say the same of them."""

import copy
import csv
import json
from importlib import resources

import pytest
from fhir_examples import GOOD
from hypothesis import given
from hypothesis import strategies as st

from trialect.schemas.fhir import check_ndjson, check_resource
from trialect.schemas.fhir.aligned import stacks_of
from trialect.schemas.fhir.fast import Shapes
from trialect.schemas.fhir.table import table
from trialect.schemas.fhir.texts import texts_of
from trialect.schemas.fhir.ucum import unit_fault

UNITS = [
    *("1", "%", "m", "mg", "dag", "mm[Hg]", "k[IU]/L", "10*9/L", "10^3/uL", "10*-3", "B[10.nV]"),
    *("{tablet}", "{a/b}", "mg{prot}/kg/d", "/min", "/100{WBC}", "(mg/kg)/d", "kg.m2.s-2", "m+2"),
    *("24.h", "mg/(24.h)", "[in_i'H2O]", "''", "'", "[m/s2/Hz^(1/2)]", "Cel", "[degF]", "g%"),
    *("m{a}{b}", "m//s", "{a b}", "KiBy", "meq", "[arb'U]/mL", "2.54.cm", "a_j", "cal_th"),
]
NONE = [
    *(
        "tbl",
        "ea",
        "drop",
        "mcg",
        "TAB",
        "ml/hr",
        "mEq",
        "month",
        "IU/L",
        "kmin",
        "k%",
        "5m",
        "m.",
        ".",
    ),
    *(
        "m s",
        "mg / dL",
        "(m",
        "m)",
        "()",
        "{a",
        "a}",
        "{a}m",
        "m..s",
        "µg",
        "[foo]",
        "m-",
        "[",
        "100*",
    ),
    *("/", "m/", "m(s)", "é", "°C", "10*9L", "+", "M[Hg]x"),
]


@pytest.mark.parametrize("code", UNITS)
def test_a_unit(code: str) -> None:
    assert unit_fault(code) is None


@pytest.mark.parametrize("code", NONE)
def test_no_unit(code: str) -> None:
    assert unit_fault(code)


def test_the_fault_says_what_is_wrong() -> None:
    assert unit_fault("mg/tbl") == "it has no 'tbl'"
    assert unit_fault("kmin") == "'min' takes no prefix"
    assert unit_fault("(mg/kg") == "'(' is not closed"


@given(st.text(max_size=12))
def test_any_text_has_an_answer(text: str) -> None:
    said = unit_fault(text)
    assert said is None or said


def test_what_we_write_and_read_are_units() -> None:
    """The tables of units of SDTM, in both directions."""
    for package, name in (("fhir", "ucum"), ("fhir_sdtm", "units")):
        file = resources.files(f"trialect.mappings.{package}").joinpath(f"codes/{name}.csv")
        rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
        assert len(rows) > 40
        wrong = {one["ucum"]: unit_fault(one["ucum"]) for one in rows if one["ucum"]}
        assert {code: why for code, why in wrong.items() if why} == {}


def observation(code: str) -> str:
    resource = copy.deepcopy(GOOD["Observation"])
    system = "http://unitsofmeasure.org"
    resource["valueQuantity"] = {"value": 2, "system": system, "code": code}
    return json.dumps(resource, default=float)


def test_every_path_knows_the_units() -> None:
    """A shape that was learned of one unit takes others, and none that is no unit."""
    codes = ["mg", "kg", "ea", "mL", "xx", "uL"] * 10
    lines = [observation(code).encode() for code in ["mg"] * 40 + codes]
    found = [(one.rule, one.row) for one in check_ndjson(lines)]
    wrong = [place for place, code in enumerate(codes, 41) if code in ("ea", "xx")]
    assert found == [("FHIR-UNIT", row) for row in wrong]
    shapes = Shapes(table())
    for _ in range(64):
        shapes.learn(observation("mg"))
    for code in set(codes):
        known = shapes.vouch(observation(code)) is not None
        assert known == (not check_resource(json.loads(observation(code))))
    (stack,) = stacks_of(texts_of(lines), shapes)
    assert set(stack.rows.tolist()) == set(range(100)) - {row - 1 for row in wrong}


def test_a_code_of_another_system_is_none_of_ours() -> None:
    text = observation("ea").replace("http://unitsofmeasure.org", "https://example.org/units")
    assert check_resource(json.loads(text)) == []
    lines = [text.encode()] * 40 + [observation("ea").encode()] * 8
    assert {one.row for one in check_ndjson(lines)} == set(range(41, 49))
