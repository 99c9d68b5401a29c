"""CDISC's sample submission (MSG 2.0), read and checked as it was published."""

from __future__ import annotations

from pathlib import Path

import pytest

from trialect.converters.readers.define_xml import DefineXml, read_define
from trialect.schemas.define.check import check_define

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "sdtm-msg" / "define.xml"
pytestmark = pytest.mark.skipif(not SAMPLE.exists(), reason="the sample submission is not there")


@pytest.fixture(scope="module")
def sample() -> DefineXml:
    return read_define(SAMPLE)


def test_its_known_mistake_is_found() -> None:
    found = check_define(SAMPLE)
    (schema,) = [problem for problem in found if problem.rule == "DEFINE-XSD"]
    assert schema.row == 63
    assert "STDTMIG" in schema.message


def test_what_else_is_wrong_with_it() -> None:
    """Two where-clauses ask for parameters that its codelist lacks; three files were not added."""
    found = {(one.rule, one.value) for one in check_define(SAMPLE) if one.rule != "DEFINE-XSD"}
    assert found == {
        ("DEFINE-WHERE-TERM", "TS_DURATION"),
        ("DEFINE-WHERE-TERM", "TS_FLOAT"),
        ("DEFINE-FILE-MISSING", "ft.xpt"),
        ("DEFINE-FILE-MISSING", "acrf.pdf"),
        ("DEFINE-FILE-MISSING", "csdrg.pdf"),
    }


def test_it_is_read(sample: DefineXml) -> None:
    assert len(sample.datasets) == 31
    dm = sample.dataset("DM")
    assert dm is not None
    assert (dm.label, dm.keys, len(dm.variables)) == ("Demographics", ("STUDYID", "USUBJID"), 26)
    suppdm = sample.dataset("SUPPDM")
    assert suppdm is not None
    qval = suppdm.variable("QVAL")
    assert qval is not None
    assert [value.where[0].values for value in qval.value_level][:2] == [("RACE1",), ("RACE2",)]
    assert qval.value_level[0].codelist is not None
