"""Tables held against the forms' columns, once they are known."""

import pytest

from trialect.study_options import FormFile

TABLES = {
    "sources": "domain,block,from,where,records\nDM,dm,dm,,\nVS,vs,vs,,item\nAE,ae,ae,,\n",
    "dm": "target,verb,source,value,where,by,when,label\n"
    "USUBJID,compute,,STUDYID || '-' || SUBJID,,,,\n"
    "ARM,first,vs.arm,CAST(n AS DOUBLE),arm <> '',subject,,\n"
    "_N,count,vs.sys,,,,,\n"
    "ACTARM,hardcode,,X,,,CAST(_N AS DOUBLE) > 1,\n",
    "vs": "target,verb,source,value,when\n"
    "VSSTRESC,convert_unit,@value,@unit -> kg,VSTESTCD = 'A' AND VSTPTNUM = 1\n"
    "VSLOC,assign,place,,testcd = 'A' AND VSORRES IS NOT NULL\n",
    "items": "block,column,testcd,test,not_done,reason,when,VSTPTNUM\n"
    "vs,sys,A,Alpha,nd,why,n = '1',1\nvs,=CAST(sys AS DOUBLE) + 1,B,Beta,,,,\n",
    "ae": "target,verb,source,value,by\nAETERM,assign,term,,\nAEDECOD,assign,coding.pt,,no=ae_no\n"
    ",not_submitted,staff,Names a person,\n",
}
FORMS = {
    "dm": "SUBJID",
    "vs": "SUBJID,arm,n,sys,nd,why,unit,place",
    "ae": "SUBJID,term,no,staff",
    "coding": "SUBJID,ae_no,pt",
}


def told(desk, tables=TABLES, **forms):
    found = desk.check(tables, {name: f"{text}\n" for name, text in (FORMS | forms).items()})
    return [(one.rule, str(one)) for one in found]


def test_tables_that_fit_are_told_nothing_but_what_is_left_out(desk):
    assert told(desk) == [("MAP-NOT-SUBMITTED", "ae: staff: Names a person")]


@pytest.mark.parametrize(
    ("forms", "rule", "message"),
    [
        (
            {"ae": "SUBJID,trem,no,staff"},
            "MAP-UNKNOWN-COLUMN",
            "mappings/ae.csv:2: source: form ae has no column 'term'. Did you mean 'trem'?",
        ),
        (
            {"ae": "SUBJID,term,number,staff"},
            "MAP-UNKNOWN-COLUMN",
            "mappings/ae.csv:3: by: form ae has no column 'no'.",
        ),
        (
            {"coding": "SUBJID,ae_number,pt"},
            "MAP-UNKNOWN-COLUMN",
            "mappings/ae.csv:3: by: form coding has no column 'ae_no'.",
        ),
        (
            {"ae": "SUBJID,term,no,staf"},
            "MAP-UNKNOWN-COLUMN",
            "mappings/ae.csv:4: source: form ae has no column 'staff'. Did you mean 'staf'?",
        ),
        (
            {"vs": "SUBJID,arm,n,syst,nd,why,unit,place"},
            "MAP-UNKNOWN-COLUMN",
            "mappings/items.csv:2: column: form vs has no column 'sys'. Did you mean 'syst'?",
        ),
        (
            {"vs": "SUBJID,arm,n,sys,n_d,why,unit,place"},
            "MAP-UNKNOWN-COLUMN",
            "mappings/items.csv:2: not_done: form vs has no column 'nd'. Did you mean 'n_d'?",
        ),
        (
            {"vs": "SUBJID,arm,m,sys,nd,why,unit,place"},
            "MAP-EXPRESSION",
            "mappings/items.csv:2: when: \"n = '1'\": n is no column in reach",
        ),
        (
            {"vs": "SUBJID,amr,n,sys,nd,why,unit,place"},
            "MAP-EXPRESSION",
            "mappings/dm.csv:3: where: \"arm <> ''\": arm is no column in reach; did you mean amr.",
        ),
        (
            {"vs": "SUBJID,arm,n,sys,nd,why,units,place"},
            "MAP-UNKNOWN-COLUMN",
            "mappings/vs.csv:2: value: form vs has no column 'unit'. Did you mean 'units'?",
        ),
        (
            {"ae": "SUBJID,term,no,staff,colour"},
            "MAP-UNMENTIONED-COLUMN",
            "ae: colour: no line reads column 'colour' of form ae.",
        ),
    ],
)
def test_columns_that_are_not_there_or_not_read_are_told(desk, forms, rule, message):
    found = told(desk, **forms)
    assert any(one == rule and message in text for one, text in found), found


def test_a_form_that_is_not_there_is_told(desk):
    found = desk.check(TABLES, {name: f"{text}\n" for name, text in FORMS.items() if name != "ae"})
    told_ = [str(one) for one in found if one.rule == "MAP-UNKNOWN-FORM"]
    assert any("sources.csv:4: from: 'ae' is no form of the study." in one for one in told_)


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("term > 1", "columns are text, so write CAST(column AS DOUBLE)"),
        ("term", "it is no condition"),
        ("term = 'x' AND mood = 'y'", "mood is no column in reach"),
        ("NOT term", "not supported"),
    ],
)
def test_conditions_that_do_not_fit_are_told(desk, where, reason):
    tables = TABLES | {"sources": TABLES["sources"].replace("AE,ae,ae,", f'AE,ae,ae,"{where}"')}
    found = [text for rule, text in told(desk, tables) if rule == "MAP-EXPRESSION"]
    assert any(reason in text for text in found), found
    assert all("mappings/sources.csv:4: where" in text for text in found)


def test_columns_that_join_forms_need_no_line(desk):
    desk.set_records(
        subject="SUBJID", visit="event", forms={"dm": FormFile("dm.csv", subject="ID")}
    )
    found = told(desk, dm="SUBJID,event,ID")
    assert [rule for rule, _ in found] == ["MAP-NOT-SUBMITTED"]
