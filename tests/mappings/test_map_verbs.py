"""Every verb that reads the block's own form: what it makes, and what it does not make up."""

import pytest

from trialect.study_options import FormFile

SOURCES = "domain,block,from\nDM,dm,dm\n"
AE_SOURCES = "domain,block,from\nAE,ae,ae\n"
HEADER = "target,verb,source,value,codelist,format,when,label\n"
DM_LINES = HEADER + "USUBJID,compute,,STUDYID || '-' || SUBJID,,,,\nSUBJID,assign,SUBJID,,,,,\n"


def dm(desk, line, form, **tables):
    """DM with one more line, of a form with one subject a line of `form`."""
    forms = {"dm": form}
    return desk.map({"sources": SOURCES, "dm": DM_LINES + line, **tables}, forms)


def column(mapped, name, domain="DM"):
    return mapped.frames[domain][name].to_list()


def rules(mapped):
    return [(one.rule, one.row, one.value) for one in mapped.problems]


def test_assign_trims_and_keeps_the_text(desk):
    mapped = dm(desk, "COUNTRY,assign,land,,,,,\n", 'SUBJID,land\n1,"  TUR "\n2,\n3,   \n4,1.50\n')
    assert column(mapped, "COUNTRY") == ["TUR", None, None, "1.50"]
    assert mapped.problems == []


def test_assign_makes_numbers_exactly_or_not_at_all(desk):
    form = (
        "SUBJID,age\n1,40\n2,4e1\n3,40 years\n4,0.1000000000000000055\n5,NaN\n6,1e999\n7,+.5\n8,\n"
    )
    mapped = dm(desk, "AGE,assign,age,,,,,\n", form)
    assert column(mapped, "AGE") == [40.0, 40.0, None, None, None, None, 0.5, None]
    assert rules(mapped) == [
        ("MAP-NOT-A-NUMBER", 4, "40 years"),
        ("MAP-NUMBER-NOT-EXACT", 5, "0.1000000000000000055"),
        ("MAP-NOT-A-NUMBER", 6, "NaN"),
        ("MAP-NUMBER-NOT-EXACT", 7, "1e999"),
    ]
    assert all(one.file == "dm" and one.field == "age" for one in mapped.problems)
    assert all(one.variable == "AGE" and one.domain == "DM" for one in mapped.problems)


def test_assign_reads_a_declared_decimal_comma_as_a_number_and_leaves_texts_alone(desk):
    lines = "AGE,assign,age,,,,,\nARM,assign,age,,,,,\nACTARM,compute,,CAST(age AS DOUBLE)*2,,,,\n"
    tables = {"sources": SOURCES, "dm": DM_LINES + lines}
    forms = {"dm": 'SUBJID,age\n1,"40,5"\n2,40.5\n'}
    mapped = desk.map(tables, forms, dm=FormFile("dm.csv", decimal=","))
    assert column(mapped, "AGE") == [40.5, 40.5]
    assert column(mapped, "ARM") == ["40,5", "40.5"]
    assert column(mapped, "ACTARM") == ["81", "81"]


def test_assign_ct_finds_the_term_by_the_study_then_by_cdisc(desk):
    codelist = "source,term\nmann,M\nFrau,F\n1,M\n"
    form = "SUBJID,sex\n1,mann\n2,FRAU\n3,f\n4,Female\n5,M\n6,\n7,1\n8,divers\n"
    mapped = dm(desk, "SEX,assign_ct,sex,,sexes,,,\n", form, **{"codelists/sexes": codelist})
    assert column(mapped, "SEX") == ["M", "F", "F", "F", "M", None, "M", "divers"]
    assert [one[:2] for one in rules(mapped)] == [("MAP-TERM-UNKNOWN", 9)]


def test_assign_ct_keeps_a_new_term_of_an_extensible_codelist(desk):
    tables = {"sources": AE_SOURCES, "ae": HEADER + "AELOC,assign_ct,where,,,,,\n"}
    mapped = desk.map(tables, {"ae": "SUBJID,where\n1,hip\n2,piriformis\n"})
    assert column(mapped, "AELOC", "AE") == ["HIP", "piriformis"]
    assert rules(mapped) == [("MAP-TERM-NEW", 3, "piriformis")]
    assert mapped.problems[0].severity == "warning"


def test_assign_ct_holds_a_text_against_the_studys_codelist_where_cdisc_has_none(desk):
    lines = "ARM,assign_ct,arm,,arms,,,\n"
    codelist = {"codelists/arms": "source,term\nA,Drug A\n"}
    mapped = dm(desk, lines, "SUBJID,arm\n1,a\n2,B\n", **codelist)
    assert column(mapped, "ARM") == ["Drug A", "B"]
    assert rules(mapped) == [("MAP-TERM-UNLISTED", 3, "B")]


def test_assign_ct_looks_into_several_codelists(desk):
    tables = {
        "sources": AE_SOURCES,
        "ae": HEADER + "AETERM,assign,term,,,,,\nAEOUT,assign_ct,out,,OUT; NY,,,\n",
    }
    mapped = desk.map(tables, {"ae": "SUBJID,term,out\n1,Pain,fatal\n1,Ache,Yes\n"})
    assert column(mapped, "AEOUT", "AE") == ["FATAL", "Y"]


BOXES = "RACE,assign_multiple,r1; r2; r3,r1=WHITE; r2=ASIAN; r3=OTHER,,,,\n"


def test_assign_multiple_of_boxes(desk):
    form = "SUBJID,r1,r2,r3\n1,1,0,\n2,Y,yes,\n3,,,\n4,0,0,0\n5,Checked,TRUE,x\n6,Unchecked,,1\n"
    mapped = dm(desk, BOXES, form)
    assert column(mapped, "RACE") == ["WHITE", "MULTIPLE", None, None, "MULTIPLE", "OTHER"]
    assert column(mapped, "RACE1") == [None, "WHITE", None, None, "WHITE", None]
    assert column(mapped, "RACE2") == [None, "ASIAN", None, None, "ASIAN", None]
    assert column(mapped, "RACE3") == [None, None, None, None, "OTHER", None]
    assert mapped.problems == []


def test_a_box_that_nobody_can_read_is_told(desk):
    mapped = dm(desk, BOXES, "SUBJID,r1,r2,r3\n1,2,1,\n")
    assert column(mapped, "RACE") == ["ASIAN"]
    assert rules(mapped) == [("MAP-TICK", 2, "2")]
    assert mapped.problems[0].field == "r1"


def test_assign_multiple_of_several_answers_in_a_cell(desk):
    line = "RACE,assign_multiple,race,|,races,,,\n"
    codelist = {"codelists/races": "source,term\nw,WHITE\na,ASIAN\n"}
    form = "SUBJID,race\n1,w\n2,w | A\n3,\n4,w||w\n5,a|Martian\n6,|\n"
    mapped = dm(desk, line, form, **codelist)
    assert column(mapped, "RACE") == ["WHITE", "MULTIPLE", None, "WHITE", "MULTIPLE", None]
    assert column(mapped, "RACE2") == [None, "ASIAN", None, None, "Martian", None]
    assert rules(mapped) == [("MAP-TERM-UNKNOWN", 6, "Martian")]


def test_more_answers_than_are_kept_apart_are_told(desk):
    many = "|".join(str(number) for number in range(21))
    codelist = "source,term\n" + "".join(f"{number},R{number}\n" for number in range(21))
    line = "RACE,assign_multiple,race,|,races,,,\n"
    form = f"SUBJID,race\n1,{many}\n2,{many[:50].rstrip('|')}\n"
    mapped = dm(desk, line, form, **{"codelists/races": codelist})
    assert column(mapped, "RACE") == [None, "MULTIPLE"]
    assert [one[:2] for one in rules(mapped)] == [("MAP-ANSWERS", 2)]


def test_assign_date_in_every_state(desk):
    form = "SUBJID,birth\n1,05/03/1980\n2,UN/03/1980\n3,30/02/1980\n4,1980-03-05\n5,\n6,UNK\n"
    mapped = dm(desk, "BRTHDTC,assign_date,birth,,,dd/mm/yyyy,,\n", form)
    assert column(mapped, "BRTHDTC") == ["1980-03-05", "1980-03", None, None, None, None]
    assert rules(mapped) == [
        ("MAP-DATE-IMPOSSIBLE", 4, "30/02/1980"),
        ("MAP-DATE-FORMAT", 5, "1980-03-05"),
    ]


def test_many_dates_are_read_as_few_are(desk):
    days = [f"{day:02d}/{month:02d}/1980" for month in range(1, 14) for day in range(1, 32)]
    form = "SUBJID,birth\n" + "".join(f"{n:04d},{day}\n" for n, day in enumerate(days))
    mapped = dm(desk, "BRTHDTC,assign_date,birth,,,dd/mm/yyyy,,\n", form)
    assert sum(one is not None for one in column(mapped, "BRTHDTC")) == 366
    assert len(mapped.problems) == len(days) - 366
    assert {one.rule for one in mapped.problems} == {"MAP-DATE-IMPOSSIBLE"}


def test_dates_in_parts_and_with_their_time(desk):
    lines = (
        "BRTHDTC,assign_date,y; m; d,,,yyyy; mm; dd,,\n"
        "DMDTC,assign_datetime,day; time,,,dd.mm.yyyy; hh:mi,,\n"
        "RFICDTC,assign_datetime,iso; time,,,,,\n"
    )
    form = (
        "SUBJID,y,m,d,day,time,iso\n"
        "1,1980,3,5,05.03.2026,09:05,2026-03-05\n"
        "2,1980,,5,05.03.2026,,2026-03-05\n"
        "3,1980,UN,UN,,,\n"
        "4,,,,UN.03.2026,10:UN,2026-03\n"
    )
    mapped = dm(desk, lines, form)
    assert column(mapped, "BRTHDTC") == ["1980-03-05", "1980---05", "1980", None]
    assert column(mapped, "DMDTC") == ["2026-03-05T09:05", "2026-03-05", None, "2026-03--T10"]
    assert column(mapped, "RFICDTC")[:3] == ["2026-03-05T09:05", "2026-03-05", None]


def test_hardcode(desk):
    lines = (
        "COUNTRY,hardcode,,TUR,,,,\nAGE,hardcode,,40,,,SUBJID = '2',\nAGEU,hardcode_ct,,YEARS,,,,\n"
    )
    mapped = dm(desk, lines, "SUBJID\n1\n2\n")
    assert column(mapped, "COUNTRY") == ["TUR", "TUR"]
    assert column(mapped, "AGE") == [None, 40.0]
    assert column(mapped, "AGEU") == ["YEARS", "YEARS"]


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("CAST(a AS DOUBLE) / 4", ["0.25", "2.5", None]),
        ("CAST(a AS DOUBLE) * 1e20", ["100000000000000000000", "1000000000000000000000", None]),
        ("CAST(a AS DOUBLE) / 1e7", ["0.0000001", "0.000001", None]),
        ("CAST(a AS INTEGER) + 1", ["2", "11", None]),
        ("CAST(a AS INTEGER) * 0.50", ["0.5", "5", None]),
        ("-CAST(a AS DOUBLE) * 0", ["0", "0", None]),
        ("a = '1'", ["Y", "N", None]),
        ("'  '", [None, None, None]),
        ("a || ' '", ["1", "10", None]),
        ("NULL", [None, None, None]),
    ],
)
def test_compute_gives_text_as_short_as_can_be(desk, expression, values):
    mapped = dm(desk, f'ACTARM,compute,,"{expression}",,,,\n', "SUBJID,a\n1,1\n2,10\n3,\n")
    assert column(mapped, "ACTARM") == values
    assert mapped.problems == []


def test_compute_gives_numbers_and_tells_of_rows_without_one(desk):
    form = "SUBJID,a,b\n1,10,4\n2,10,0\n3,x,4\n4,,4\n"
    mapped = dm(desk, "AGE,compute,,CAST(a AS DOUBLE) / CAST(b AS DOUBLE),,,,\n", form)
    assert column(mapped, "AGE") == [2.5, None, None, None]
    assert [one[:2] for one in rules(mapped)] == [
        ("MAP-EXPRESSION-VALUE", 4),
        ("MAP-NOT-FINITE", 3),
    ]


def test_compute_of_text_for_a_number(desk):
    mapped = dm(desk, "AGE,compute,,a || '0',,,,\n", "SUBJID,a\n1,4\n2,x\n")
    assert column(mapped, "AGE") == [40.0, None]
    assert rules(mapped) == [("MAP-NOT-A-NUMBER", 3, "x0")]


def test_lines_see_what_lines_above_made(desk):
    lines = (
        "_HALF,compute,,CAST(a AS DOUBLE) / 2,,,,\n"
        "AGE,compute,,CAST(_HALF AS DOUBLE) + 1,,,,\n"
        "ACTARM,hardcode,,OLD,,,AGE >= 3,\n"
        "ACTARM,hardcode,,YOUNG,,,AGE < 3,\n"
    )
    mapped = dm(desk, lines, "SUBJID,a\n1,2\n2,4\n3,\n")
    assert column(mapped, "AGE") == [2.0, 3.0, None]
    assert column(mapped, "ACTARM") == ["YOUNG", "OLD", None]
    assert "_HALF" not in mapped.frames["DM"].columns


def test_lines_read_what_lines_above_made(desk):
    lines = "AGE,assign,a,,,,,\nACTARM,concat,AGE; SUBJID,/,,,,\nARM,assign,AGE,,,,,\n"
    mapped = dm(desk, lines, "SUBJID,a\n1,40\n2,0.5\n3,\n")
    assert column(mapped, "ACTARM") == ["40/1", "0.5/2", "3"]
    assert column(mapped, "ARM") == ["40", "0.5", None]


def test_a_condition_that_fails_on_a_row_is_told(desk):
    mapped = dm(desk, "ACTARM,hardcode,,OLD,,,CAST(a AS DOUBLE) > 3,\n", "SUBJID,a\n1,x\n2,4\n")
    assert column(mapped, "ACTARM") == [None, "OLD"]
    assert rules(mapped) == [("MAP-EXPRESSION-VALUE", 2, None)]


@pytest.mark.parametrize(
    ("separator", "made"), [("", "ab"), ('" "', "a b"), ('""", """', "a, b"), (" - ", "a - b")]
)
def test_concat_joins_what_is_there(desk, separator, made):
    mapped = dm(desk, f"ACTARM,concat,a; b,{separator},,,,\n", "SUBJID,a,b\n1,a,b\n2,,b\n3,,\n")
    assert column(mapped, "ACTARM") == [made, "b", None]


VS = {
    "sources": "domain,block,from\nVS,vs,vs\n",
    "vs": HEADER
    + "VSORRES,assign,wt,,,,,\n"
    + "VSSTRESC,convert_unit,wt,@unit -> kg,,,,\n"
    + "VSSTRESN,convert_unit,wt,@unit -> kg round 1,,,,\n",
}


def test_convert_unit_exactly_or_as_declared(desk):
    form = "SUBJID,wt,unit\n1,70.50,kg\n1,150,LB\n1,150,lb\n1,100,F\n1,70,\n1,heavy,kg\n1,,kg\n"
    mapped = desk.map(VS, {"vs": form})
    assert column(mapped, "VSSTRESC", "VS") == [
        "70.50",
        "68.0388555",
        "68.0388555",
        None,
        None,
        None,
        None,
    ]
    assert column(mapped, "VSSTRESN", "VS")[:2] == [70.5, 68.0]
    assert [one[:2] for one in rules(mapped)][:3] == [
        ("MAP-UNITS", 5),
        ("MAP-UNIT-MISSING", 6),
        ("MAP-NOT-A-NUMBER", 7),
    ]


def test_convert_unit_that_has_no_last_digit(desk):
    tables = VS | {"vs": HEADER + "VSSTRESC,convert_unit,t,F -> C,,,,\n"}
    mapped = desk.map(tables, {"vs": "SUBJID,t\n1,98.6\n1,100\n"})
    assert column(mapped, "VSSTRESC", "VS") == ["37", None]
    assert rules(mapped) == [("MAP-UNIT-NOT-EXACT", 3, "100")]


def test_convert_unit_by_the_studys_own_pairs(desk):
    tables = VS | {
        "vs": HEADER + "VSSTRESC,convert_unit,g,mg/dL -> mmol/L,,,,\n",
        "units": "from,to,factor\nmg/dL,mmol/L,0.0555\n",
    }
    mapped = desk.map(tables, {"vs": "SUBJID,g\n1,100\n"})
    assert column(mapped, "VSSTRESC", "VS") == ["5.55"]


VISITS = (
    "form,code,VISITNUM,VISIT,VISITDY,EPOCH\n,BL,1,BASELINE,1,\n,W1,2,WEEK 1,8,\nvs,W1,2.5,HOME,,\n"
)


def test_visit_by_the_forms_own_codes_first(desk):
    tables = VS | {"vs": HEADER + "VISIT,visit,v,,,,,\nVSORRES,assign,r,,,,,\n", "visits": VISITS}
    mapped = desk.map(tables, {"vs": "SUBJID,v,r\n1,BL,a\n1,W1,b\n1,,c\n1,W9,d\n"})
    assert column(mapped, "VISITNUM", "VS") == [1.0, 2.5, None]
    assert column(mapped, "VISIT", "VS") == ["BASELINE", "HOME", None]
    assert column(mapped, "VISITDY", "VS") == [1.0, None, None]
    assert rules(mapped) == [("MAP-VISIT-EMPTY", 4, None), ("MAP-VISIT-UNKNOWN", 5, "W9")]
    assert [(one.form, one.row, one.rule) for one in mapped.rejected] == [
        ("vs", 5, "MAP-VISIT-UNKNOWN")
    ]


def test_visit_fills_what_the_domain_has(desk):
    tables = {
        "sources": "domain,block,from\nSE,se,se\n",
        "se": HEADER + "ETCD,assign,e,,,,,\nVISIT,visit,v,,,,,\n",
        "visits": "code,VISITNUM,VISIT,EPOCH\nBL,1,BASELINE,TREATMENT\n",
    }
    mapped = desk.map(tables, {"se": "SUBJID,e,v\n1,A,BL\n"})
    assert column(mapped, "EPOCH", "SE") == ["TREATMENT"]
    assert "VISIT" not in mapped.frames["SE"].columns


def test_not_submitted_makes_nothing(desk):
    mapped = dm(desk, ",not_submitted,a,Not asked for,,,,\n", "SUBJID,a\n1,x\n")
    assert mapped.frames["DM"].columns[:3] == ["STUDYID", "DOMAIN", "USUBJID"]
    assert "a" not in mapped.frames["DM"].columns


def test_derive_calls_what_a_package_offers(desk, monkeypatch):
    import polars as pl

    from trialect.mappings import line_reader
    from trialect.mappings.verbs import derive

    offered = {"twice": lambda rows: rows["a"].cast(pl.Int64) * 2, "shout": lambda rows: rows["b"]}
    monkeypatch.setattr(derive, "named", lambda: offered)
    monkeypatch.setattr(line_reader, "named", lambda: offered)
    lines = "AGE,derive,,twice,,,,\nACTARM,derive,,shout,,,,\n"
    mapped = dm(desk, lines, "SUBJID,a,b\n1,20,x\n")
    assert column(mapped, "AGE") == [40.0]
    assert column(mapped, "ACTARM") == ["x"]


def test_a_supplemental_qualifier_is_a_column_of_its_domain(desk):
    mapped = dm(desk, "HAIRCOL,assign,hair,,,,,Hair Colour\n", "SUBJID,hair\n1,grey\n")
    assert column(mapped, "HAIRCOL") == ["grey"]
    assert mapped.frames["DM"].columns == [
        "STUDYID",
        "DOMAIN",
        "USUBJID",
        "SUBJID",
        "HAIRCOL",
        "@form",
        "@row",
        "@block",
    ]
