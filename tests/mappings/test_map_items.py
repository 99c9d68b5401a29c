"""Items: wide columns become records, with what was not done and why."""

import pytest

from trialect.study_options import FormFile

HEADER = "target,verb,source,value,codelist,when\n"
TABLES = {
    "sources": "domain,block,from,where,records\nVS,vs,vs,,item\n",
    "vs": HEADER,
    "items": "\n".join(
        [
            "block,column,testcd,test,unit,not_done,reason,when,VSPOS",
            "vs,sys,SYSBP,Systolic Blood Pressure,mmHg,nd,why,,SITTING",
            "vs,dia,DIABP,Diastolic Blood Pressure,mmHg,nd,why,,SITTING",
            "vs,pulse,PULSE,Pulse Rate,beats/min,,,v <> 'SCR',",
            'vs,"=CAST(sys AS DOUBLE) - CAST(dia AS DOUBLE)",MAP,Pulse Pressure,mmHg,,,,',
        ]
    ),
}
FORM = """SUBJID,v,sys,dia,pulse,nd,why
2,SCR,120,80,60,,
1,SCR,,,60,1,broken
1,W1,130,,70,,
1,W2,,,,,
1,W3,x,80,,NO,
"""


def records(mapped, *names):
    frame = mapped.frames["VS"]
    return list(frame.select("USUBJID", "VSTESTCD", *names).iter_rows())


def rules(mapped):
    return [(one.rule, one.row, one.field) for one in mapped.problems]


def test_each_item_with_a_value_or_a_mark_is_a_record(desk):
    mapped = desk.map(TABLES, {"vs": FORM})
    assert records(
        mapped, "VSORRES", "VSORRESU", "VSSTAT", "VSREASND", "VSPOS", "@row", "@item"
    ) == [
        ("S1-1", "SYSBP", None, None, "NOT DONE", "broken", "SITTING", 3, "sys"),
        ("S1-1", "DIABP", None, None, "NOT DONE", "broken", "SITTING", 3, "dia"),
        ("S1-1", "SYSBP", "130", "mmHg", None, None, "SITTING", 4, "sys"),
        ("S1-1", "PULSE", "70", "beats/min", None, None, None, 4, "pulse"),
        ("S1-1", "SYSBP", "x", "mmHg", None, None, "SITTING", 6, "sys"),
        ("S1-1", "DIABP", "80", "mmHg", None, None, "SITTING", 6, "dia"),
        ("S1-2", "SYSBP", "120", "mmHg", None, None, "SITTING", 2, "sys"),
        ("S1-2", "DIABP", "80", "mmHg", None, None, "SITTING", 2, "dia"),
        (
            "S1-2",
            "MAP",
            "40",
            "mmHg",
            None,
            None,
            None,
            2,
            "=CAST(sys AS DOUBLE) - CAST(dia AS DOUBLE)",
        ),
    ]
    assert rules(mapped) == [
        ("MAP-EXPRESSION-VALUE", 6, "=CAST(sys AS DOUBLE) - CAST(dia AS DOUBLE)"),
        ("MAP-NO-ITEM", 5, None),
    ]
    assert [(one.row, one.rule) for one in mapped.rejected] == [(5, "MAP-NO-ITEM")]


def test_lines_see_the_item(desk):
    tables = TABLES | {
        "vs": HEADER
        + "VSSTRESC,assign,@value,,,testcd = 'SYSBP'\n"
        + "VSLOC,assign_ct,place,,,VSTESTCD <> 'PULSE' AND VSORRES IS NOT NULL\n"
        + "NOTDONE,assign,@not_done,,,\nWHY,assign,@reason,,,\nCOL,assign,@column,,,\n"
    }
    tables["vs"] = (
        tables["vs"]
        .replace("when\n", "when,label\n", 1)
        .replace("@not_done,,,", "@not_done,,,,Mark")
    )
    tables["vs"] = (
        tables["vs"]
        .replace("@reason,,,", "@reason,,,,Why")
        .replace("@column,,,", "@column,,,,Column")
    )
    mapped = desk.map(tables, {"vs": "SUBJID,v,sys,dia,pulse,nd,why,place\n1,W1,120,80,60,,,arm\n"})
    assert records(mapped, "VSSTRESC", "VSLOC", "NOTDONE", "WHY", "COL")[:3] == [
        ("S1-1", "SYSBP", "120", "ARM", None, None, "sys"),
        ("S1-1", "DIABP", None, "ARM", None, None, "dia"),
        ("S1-1", "PULSE", None, None, None, None, "pulse"),
    ]


def test_a_mark_beside_a_value_is_told_and_the_value_kept(desk):
    mapped = desk.map(TABLES, {"vs": "SUBJID,v,sys,dia,pulse,nd,why\n1,W1,120,80,,ND,broken\n"})
    assert records(mapped, "VSORRES")[:2] == [("S1-1", "SYSBP", "120"), ("S1-1", "DIABP", "80")]
    assert mapped.frames["VS"]["VSSTAT"].null_count() == mapped.frames["VS"].height
    assert rules(mapped) == [("MAP-DONE-OR-NOT", 2, "sys"), ("MAP-DONE-OR-NOT", 2, "dia")]


def test_a_mark_that_nobody_can_read_is_told(desk):
    mapped = desk.map(TABLES, {"vs": "SUBJID,v,sys,dia,pulse,nd,why\n1,W1,120,,,perhaps,\n"})
    assert [one[:2] for one in records(mapped)] == [("S1-1", "SYSBP")]
    assert rules(mapped) == [("MAP-TICK", 2, "nd")] * 2


@pytest.mark.parametrize("mark", ["", "0", "No", "done"])
def test_what_was_done_is_not_marked(desk, mark):
    mapped = desk.map(TABLES, {"vs": f"SUBJID,v,sys,dia,pulse,nd,why\n1,W1,120,,,{mark},\n"})
    assert records(mapped, "VSORRES") == [("S1-1", "SYSBP", "120")]
    assert mapped.problems == []


def test_numbers_of_items(desk):
    tables = TABLES | {
        "items": "block,column,testcd,test,VSTPTNUM,VSTPT\nvs,a,SYSBP,Systolic,1,ONE\n"
        "vs,b,SYSBP,Systolic,2,\n"
    }
    mapped = desk.map(tables, {"vs": "SUBJID,a,b\n1,120,130\n"})
    assert records(mapped, "VSTPTNUM", "VSTPT") == [
        ("S1-1", "SYSBP", 1.0, "ONE"),
        ("S1-1", "SYSBP", 2.0, None),
    ]


def test_an_item_that_divides_by_zero_is_told(desk):
    tables = TABLES | {
        "items": "block,column,testcd,test\nvs,a,SYSBP,A\n"
        "vs,=CAST(a AS DOUBLE) / CAST(b AS DOUBLE),DIABP,Ratio\n"
    }
    mapped = desk.map(tables, {"vs": "SUBJID,a,b\n1,120,0\n1,1,2\n"})
    assert records(mapped, "VSORRES") == [
        ("S1-1", "SYSBP", "120"),
        ("S1-1", "SYSBP", "1"),
        ("S1-1", "DIABP", "0.5"),
    ]
    assert [one[:2] for one in rules(mapped)] == [("MAP-NOT-FINITE", 2)]


def test_a_condition_that_fails_makes_no_record_and_is_told(desk):
    tables = TABLES | {
        "items": "block,column,testcd,test,when\nvs,a,SYSBP,A,CAST(b AS DOUBLE) > 1\n"
    }
    mapped = desk.map(tables, {"vs": "SUBJID,a,b\n1,120,x\n1,1,2\n"})
    assert records(mapped, "VSORRES") == [("S1-1", "SYSBP", "1")]
    assert [one[:2] for one in rules(mapped)] == [("MAP-EXPRESSION-VALUE", 2), ("MAP-NO-ITEM", 2)]


def test_results_of_a_form_with_a_decimal_comma_have_a_point(desk):
    tables = TABLES | {"items": "block,column,testcd,test\nvs,a,WEIGHT,Weight\n"}
    mapped = desk.map(
        tables, {"vs": 'SUBJID,a\n1,"70,5"\n1,"1.234,5"\n'}, vs=FormFile("vs.csv", decimal=",")
    )
    assert records(mapped, "VSORRES") == [("S1-1", "WEIGHT", "70.5"), ("S1-1", "WEIGHT", "1.234,5")]


def test_codes_for_fhir_and_origins(desk):
    tables = desk.tables(
        TABLES
        | {
            "items": "block,column,testcd,test,loinc,snomed,origin\n"
            "vs,a,SYSBP,Systolic,8480-6,271649006,Collected; Subject\nvs,b,DIABP,Diastolic,,,\n",
            "sources": TABLES["sources"] + "DM,dm,dm,,row\n",
            "dm": "target,verb,source\nUSUBJID,assign,SUBJID\n",
        }
    )
    assert tables.item_codes == {"SYSBP": ("8480-6", "271649006")}
    origins = {
        one.columns: (one.origin.type, one.origin.source)
        for one in tables.provenance
        if one.variable == "VSORRES" and one.origin
    }
    assert origins == {("a",): ("Collected", "Subject"), ("b",): ("Collected", "Investigator")}
    tests = {one.columns: one.testcd for one in tables.provenance if one.variable == "VSORRES"}
    assert tests == {("a",): "SYSBP", ("b",): "DIABP"}
