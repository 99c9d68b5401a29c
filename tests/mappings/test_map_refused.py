"""What tables and forms may not say, and what a program or a few characters must not do."""

from dataclasses import replace

import polars as pl
import pytest

from trialect.mappings.decimals import exact
from trialect.problems import Unusable
from trialect.study_options import Records

SOURCES = "domain,block,from,records\nAE,ae,ae,row\n"
FORM = "SUBJID,T,U\n1,x,\n"


def refused(desk, tables, forms):
    with pytest.raises(Unusable) as stopped:
        desk.tables({"sources": SOURCES + "DM,dm,dm,row\n", **tables}, forms)
    return [(one.rule, one.file, one.row, one.field) for one in stopped.value.problems]


DM = {"dm": "target,verb,source,value\nUSUBJID,compute,,SUBJID\n"}


@pytest.mark.parametrize("target", ["STUDYID", "DOMAIN", "USUBJID"])
def test_what_is_the_same_everywhere_is_filled_by_no_line(desk, target):
    ae = f"target,verb,source\nAETERM,assign,T\n{target},assign,T\n"
    assert refused(desk, {"ae": ae, **DM}, {"ae": FORM}) == [
        ("MAP-IDENTIFIER", "mappings/ae.csv", 3, "target")
    ]


def test_a_header_names_a_column_once(desk):
    ae = "target,verb,source,source\nAETERM,assign,T,U\n"
    found = refused(desk, {"ae": ae, **DM}, {"ae": FORM})
    assert found == [("MAP-TABLE-COLUMN-TWICE", "mappings/ae.csv", 1, None)]


def test_what_systems_hide_beside_tables_is_no_table(desk):
    desk.write({"ae": "target,verb,source\nAETERM,assign,T\n", "._ae": "\0\1", "~$ae": "x", **DM})
    (desk.folder / "mappings" / "notes.csv").mkdir()
    tables = desk.tables({"sources": SOURCES + "DM,dm,dm,row\n"}, {"ae": FORM})
    assert [line.target for line in tables.lines] == ["AETERM", "USUBJID"]


def test_a_table_in_capitals_is_a_table_and_not_there_twice(desk):
    folder = desk.folder / "mappings"
    folder.mkdir()
    (folder / "AE.CSV").write_text("target,verb,source\nAETERM,assign,T\n", encoding="utf-8")
    tables = desk.tables({"sources": SOURCES + "DM,dm,dm,row\n", **DM}, {"ae": FORM})
    assert [line.target for line in tables.lines] == ["AETERM", "USUBJID"]
    (folder / "ae.csv").write_text("target,verb\n", encoding="utf-8")
    assert refused(desk, {}, {"ae": FORM})[0][:2] == ("MAP-TABLE-TWICE", "mappings/ae.csv")


VISITS = {"vs": "SUBJID,X,VISIT\n1,q,A\n", "ae": "SUBJID,T,VISIT\n1,x,A\n"}


@pytest.mark.parametrize("lacking", ["vs", "ae"])
def test_a_form_that_is_joined_by_visit_has_the_column(desk, lacking):
    desk.study = replace(desk.study, records=Records(visit="VISIT"))
    ae = "target,verb,source,by\nAETERM,assign,T,\nAESEV,assign,vs.X,subject; visit\n"
    tables = {"sources": SOURCES + "DM,dm,dm,row\n", "ae": ae, **DM}
    forms = {**VISITS, "dm": "SUBJID\n1\n"}
    assert [one for one in desk.check(tables, forms) if one.severity == "error"] == []
    forms[lacking] = forms[lacking].replace(",VISIT", "").replace(",A", "")
    (problem,) = [one for one in desk.check(tables, forms) if one.severity == "error"]
    assert (problem.rule, problem.row, problem.field) == ("MAP-UNKNOWN-COLUMN", 3, "by")
    assert f"form {lacking} has no column 'VISIT'" in problem.message


def test_a_reason_beside_a_value_is_not_lost_in_silence(desk):
    sources = "domain,block,from,records\nVS,vs,vs,item\n"
    items = "block,column,testcd,test,not_done,reason,when\nvs,P,PULSE,Pulse Rate,ND,WHY,P <> '1'\n"
    form = "SUBJID,P,ND,WHY\n1,60,,because\n1,61,,\n1,62,0,\n1,1,0,not asked\n1,NA,1,sick\n"
    mapped = desk.map({"sources": sources, "items": items}, {"vs": form})
    found = [one for one in mapped.problems if one.rule == "MAP-REASON-UNUSED"]
    assert [(one.row, one.field, one.value) for one in found] == [(2, "WHY", "because")]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e999999999", False),
        ("1e-999999999", False),
        ("1e400", False),
        ("0." + "0" * 500 + "1", False),
        ("9" * 900, False),
        ("NaN", False),
        ("Infinity", False),
        ("1_000", False),
        ("１２", False),
        ("1,5", False),
        ("0x10", False),
        ("", False),
        ("1e300", True),
        ("-.5", True),
        ("+5.", True),
        ("0.1", True),
    ],
)
def test_only_a_decimal_number_within_reach_is_one(text, number):
    assert (exact(text) is not None) is number


HUGE = "SUBJID,X\n" + "".join(
    f"1,{text}\n" for text in ("1e999999999", "1e-999999999", "1e400", "1e-400", "0.1")
)


@pytest.mark.parametrize(
    "line",
    [
        "AETPTNUM,assign,X,",
        "AETPTNUM,convert_unit,X,kg -> g",
        "AETPTNUM,convert_unit,X,kg -> g round 2",
    ],
)
def test_a_few_characters_neither_fill_the_memory_nor_a_number(desk, line):
    ae = f"target,verb,source,value\nAETERM,assign,X,\n{line}\n"
    mapped = desk.map({"sources": SOURCES, "ae": ae}, {"ae": HUGE})
    numbers = mapped.frames["AE"]["AETPTNUM"]
    assert numbers.null_count() == 4
    assert numbers.drop_nulls().is_between(0.05, 150).all()
    assert {one.row for one in mapped.problems} == {2, 3, 4, 5}


@pytest.mark.parametrize("verb", ["sum", "maximum", "minimum"])
def test_a_few_characters_do_not_fill_the_memory_of_a_lookup(desk, verb):
    ae = f"target,verb,source,label\nAETERM,assign,T,\nBIG,{verb},vs.X,Big\n"
    mapped = desk.map({"sources": SOURCES, "ae": ae}, {"ae": FORM, "vs": HUGE})
    assert mapped.frames["AE"]["BIG"].to_list() == [None]
    assert {one.rule for one in mapped.problems} == {"MAP-NOT-A-NUMBER"}


def test_answers_without_a_codelist_are_kept_as_they_are(desk):
    ae = "target,verb,source,value,label\nAETERM,assign,T,,\nANSW,assign_multiple,U,|,Answer\n"
    mapped = desk.map({"sources": SOURCES, "ae": ae}, {"ae": "SUBJID,T,U\n1,x,a|b\n1,y,c\n"})
    answers = mapped.frames["AE"].select("ANSW", "ANSW1", "ANSW2")
    assert answers.rows() == [("MULTIPLE", "a", "b"), ("c", None, None)]
    assert mapped.problems == []


def test_texts_of_a_form_are_seen_clean_everywhere(desk):
    ae = (
        "target,verb,source,value,when\nAETERM,assign,T,,\n"
        "AESEV,hardcode,,MILD,T = 'x'\nAELLT,compute,,T || '.',\nAEOUT,hardcode,,LOST,U IS NULL\n"
    )
    mapped = desk.map({"sources": SOURCES, "ae": ae}, {"ae": "SUBJID,T,U\n1, x ,  \n"})
    assert mapped.frames["AE"].select("AETERM", "AESEV", "AELLT", "AEOUT").rows() == [
        ("x", "MILD", "x.", "LOST")
    ]
    assert isinstance(mapped.frames["AE"], pl.DataFrame)
