"""Variables that the SDTM model allows where SDTMIG does not list them, and visits anywhere."""

import pytest

from trialect.problems import Unusable
from trialect.study_options import FormFile

SOURCES = "domain,block,from,records\nAE,ae,ae,row\n"
AE_FORM = "SUBJID,TERM,SEEN,NO,WEEK\n1,Pain,2026-02-03,7,W1\n2,Rash,2026-02-04,8,W9\n"


def test_a_variable_of_the_model_is_no_supplemental_qualifier(desk):
    lines = (
        "target,verb,source\nAETERM,assign,TERM\nAEDTC,assign_date,SEEN\n"
        "AETPTNUM,assign,NO\nAELNKID,assign,NO\n"
    )
    mapped = desk.map({"sources": SOURCES, "ae": lines}, {"ae": AE_FORM})
    ae = mapped.frames["AE"]
    assert [c for c in ae.columns if c[0] != "@"] == [
        *("STUDYID", "DOMAIN", "USUBJID", "AELNKID", "AETERM", "AEDTC", "AETPTNUM")
    ]
    assert ae["AETPTNUM"].to_list() == [7.0, 8.0]
    assert mapped.problems == []


def test_another_name_still_needs_a_label(desk):
    lines = "target,verb,source\nAETERM,assign,TERM\nAESEEN,assign_date,SEEN\n"
    with pytest.raises(Unusable) as stopped:
        desk.tables({"sources": SOURCES + "DM,dm,dm,row\n", "ae": lines, "dm": "target,verb\n"})
    (problem,) = [one for one in stopped.value.problems if one.rule == "MAP-NO-LABEL"]
    assert (problem.file, problem.row, problem.field) == ("mappings/ae.csv", 3, "target")


VISITS = "code,VISITNUM,VISIT,VISITDY\nW1,2,WEEK 1,8\n"


def test_a_domain_of_events_may_have_visits(desk):
    lines = "target,verb,source\nAETERM,assign,TERM\nVISIT,visit,WEEK\n"
    mapped = desk.map({"sources": SOURCES, "ae": lines, "visits": VISITS}, {"ae": AE_FORM})
    ae = mapped.frames["AE"]
    assert ae.select("VISITNUM", "VISIT", "VISITDY").rows() == [(2.0, "WEEK 1", 8.0)]
    assert [(one.rule, one.row) for one in mapped.rejected] == [("MAP-VISIT-UNKNOWN", 3)]


def test_a_domain_without_visits_takes_none(desk):
    dm = "target,verb,source,value\nUSUBJID,compute,,SUBJID\nVISIT,visit,WEEK,\n"
    sources = "domain,block,from,records\nDM,dm,dm,row\n"
    with pytest.raises(Unusable) as stopped:
        desk.tables({"sources": sources, "dm": dm, "visits": VISITS})
    (problem,) = stopped.value.problems
    assert (problem.rule, problem.file, problem.row) == (
        "MAP-WITHOUT-VISITS",
        "mappings/dm.csv",
        3,
    )


ITEMS = "block,column,testcd,test,VSDTC,VSTPTNUM,VSLNKID,LBSPEC\n"
TWO = "domain,block,from,records\nVS,vs,vs,item\nLB,lb,vs,item\nDM,dm,dm,row\n"
TESTS = {"dm": "target,verb,value\nUSUBJID,compute,SUBJID\n"}


def test_items_fix_variables_of_their_own_domain(desk):
    items = ITEMS + "vs,PULSE,PULSE,Pulse Rate,,1,a,\nlb,GLUC,GLUC,Glucose,,,,BLOOD\n"
    tables = desk.tables({"sources": TWO, "items": items, **TESTS})
    assert [dict(item.fixed) for item in tables.items] == [
        {"VSTPTNUM": "1", "VSLNKID": "a"},
        {"LBSPEC": "BLOOD"},
    ]


def test_items_do_not_fix_variables_of_another_domain(desk):
    items = ITEMS + "vs,PULSE,PULSE,Pulse Rate,,,,BLOOD\nlb,GLUC,GLUC,Glucose,,,,\n"
    with pytest.raises(Unusable) as stopped:
        desk.tables({"sources": TWO, "items": items, **TESTS})
    (problem,) = stopped.value.problems
    assert (problem.rule, problem.row, problem.field) == ("MAP-OTHER-DOMAIN", 2, "LBSPEC")


@pytest.mark.parametrize("value", ["1.5x", "nan", "1e", "one"])
def test_an_item_fixes_a_num_variable_by_a_number(desk, value):
    items = ITEMS + f"vs,PULSE,PULSE,Pulse Rate,,{value},,\nlb,GLUC,GLUC,Glucose,,,,\n"
    with pytest.raises(Unusable) as stopped:
        desk.tables({"sources": TWO, "items": items, **TESTS})
    (problem,) = stopped.value.problems
    assert (problem.rule, problem.row, problem.field) == ("MAP-TABLE-NUMBER", 2, "VSTPTNUM")


def test_conditions_see_numbers_that_items_fix(desk):
    items = ITEMS.replace(",LBSPEC", "")
    items += "vs,PULSE,PULSE,Pulse Rate,,1,\nvs,LATER,PULSE,Pulse Rate,,2,\n"
    lines = "target,verb,value,when\nVSTPT,hardcode,AFTER,VSTPTNUM > 1\n"
    sources = "domain,block,from,records\nVS,vs,vs,item\n"
    mapped = desk.map(
        {"sources": sources, "items": items, "vs": lines}, {"vs": "SUBJID,PULSE,LATER\n1,60,61\n"}
    )
    assert mapped.frames["VS"]["VSTPT"].to_list() == [None, "AFTER"]


TWINS = "SUBJID,TERM\n1,Pain\n1,Pain\n1,Pain\n2,Pain\n"
TERM = "target,verb,source\nAETERM,assign,TERM\n"


@pytest.mark.parametrize(
    ("duplicates", "records", "told"),
    [("reject", 2, ["MAP-DUPLICATE-ROW"] * 2), ("keep", 4, [])],
)
def test_an_export_without_a_key_may_keep_its_duplicates(desk, duplicates, records, told):
    mapped = desk.map(
        {"sources": SOURCES, "ae": TERM},
        {"ae": TWINS},
        ae=FormFile("ae.csv", duplicates=duplicates),
    )
    assert mapped.frames["AE"].height == records
    assert [one.rule for one in mapped.rejected] == told
    assert [one.rule for one in mapped.problems] == told


def test_a_target_that_no_record_fills_is_there_for_later_lines(desk):
    lines = (
        "target,verb,source,value,when\nAETERM,assign,TERM,,\n"
        "AESEV,hardcode,,MILD,TERM = 'None'\nAEACN,hardcode,,NONE,AESEV IS NOT NULL\n"
        "AEOUT,hardcode,,UNKNOWN,AESEV IS NULL\n"
    )
    mapped = desk.map({"sources": SOURCES, "ae": lines}, {"ae": AE_FORM})
    ae = mapped.frames["AE"]
    assert ae.select("AESEV", "AEACN", "AEOUT").rows() == [(None, None, "UNKNOWN")] * 2
