"""Values of other forms: joined by subject, visit or other columns; one of many by word only."""

import pytest

from trialect.study_options import FormFile

HEADER = "target,verb,source,value,format,where,by,when,label\n"
SOURCES = "domain,block,from\nDM,dm,dm\n"
DM_LINES = HEADER + "USUBJID,compute,,STUDYID || '-' || SUBJID,,,,,\n"
VS = """SUBJID,v,day,wt,ok
1,BL,2026-03-05,70.5,Y
1,W1,2026-03-12,69,Y
1,W2,2026-03,71.25,N
2,BL,2026-04-01,80,Y
2,W1,,,
"""


def dm(desk, line, vs=VS, subjects="SUBJID\n1\n2\n3\n"):
    return desk.map({"sources": SOURCES, "dm": DM_LINES + line}, {"dm": subjects, "vs": vs})


def column(mapped, name, domain="DM"):
    return mapped.frames[domain][name].to_list()


def rules(mapped):
    return [(one.rule, one.file, one.row) for one in mapped.problems]


@pytest.mark.parametrize(
    ("line", "values", "rows"),
    [
        ("ARM,first,vs.wt,,,,,,", ["70.5", "80", None], [2, 5, None]),
        ("ARM,last,vs.wt,,,,,,", ["71.25", "80", None], [4, 5, None]),
        ("ARM,first,vs.wt,CAST(wt AS DOUBLE),,,,,", ["69", "80", None], [3, 5, None]),
        ("ARM,last,vs.wt,CAST(wt AS DOUBLE),,,,,", ["71.25", "80", None], [4, 5, None]),
        ("ARM,first,vs.wt,,,ok = 'N',,,", ["71.25", None, None], [4, None, None]),
        ("ARM,assign,vs.wt,,,v = 'W1',,,", ["69", None, None], [3, None, None]),
        ("AGE,first,vs.wt,,,,,,", [70.5, 80.0, None], [2, 5, None]),
        ("ARM,minimum,vs.wt,,,,,,", ["69", "80", None], [3, 5, None]),
        ("ARM,maximum,vs.wt,,,,,,", ["71.25", "80", None], [4, 5, None]),
        ("ARM,minimum,vs.wt,,,ok = 'Y',,,", ["69", "80", None], [3, 5, None]),
        ("RFSTDTC,earliest,vs.day,,,ok = 'Y',,,", ["2026-03-05", "2026-04-01", None], [2, 5, None]),
        ("RFSTDTC,latest,vs.day,,,ok = 'Y',,,", ["2026-03-12", "2026-04-01", None], [3, 5, None]),
    ],
)
def test_one_row_is_meant_and_remembered(desk, line, values, rows):
    mapped = dm(desk, line + "\n")
    target = line.split(",")[0]
    assert column(mapped, target) == values
    assert column(mapped, f"@row:{target}") == rows
    assert mapped.problems == []


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("ARM,sum,vs.wt,,,,,,", ["210.75", "80", None]),
        ("AGE,sum,vs.wt,,,,,,", [210.75, 80.0, None]),
        ("AGE,count,vs.wt,,,,,,", [3.0, 1.0, 0.0]),
        ("ARM,count,vs.wt,,,ok = 'Y',,,", ["2", "1", "0"]),
    ],
)
def test_what_is_reckoned_over_rows_is_of_no_one_row(desk, line, values):
    mapped = dm(desk, line + "\n")
    target = line.split(",")[0]
    assert column(mapped, target) == values
    assert f"@row:{target}" not in mapped.frames["DM"].columns


def test_sums_are_exact(desk):
    vs = "SUBJID,wt\n1,0.1\n1,0.2\n2,100000000000000000000\n2,0.01\n3,1.50\n3,1.5\n"
    mapped = dm(desk, "ARM,sum,vs.wt,,,,,,\n", vs)
    assert column(mapped, "ARM") == ["0.3", "100000000000000000000.01", "3"]


def test_equal_numbers_are_the_first_rows(desk):
    vs = "SUBJID,wt\n1,1.50\n1,1.5\n2,1.5\n2,1.50\n"
    mapped = dm(desk, "ARM,minimum,vs.wt,,,,,,\nACTARM,maximum,vs.wt,,,,,,\n", vs)
    assert column(mapped, "ARM")[:2] == ["1.50", "1.5"]
    assert column(mapped, "ACTARM")[:2] == ["1.50", "1.5"]


@pytest.mark.parametrize("verb", ["minimum", "maximum", "sum"])
@pytest.mark.parametrize("text", ["heavy", "NaN", "1e500"])
def test_what_is_no_number_is_told_of_its_own_row(desk, verb, text):
    mapped = dm(desk, f"AGE,{verb},vs.wt,,,,,,\n", f"SUBJID,wt\n1,70\n1,{text}\n2,5\n")
    assert column(mapped, "AGE") == [None, 5.0, None]
    assert rules(mapped) == [("MAP-NOT-A-NUMBER", "vs", 3)]
    assert mapped.problems[0].field == "wt"


def test_several_rows_that_say_different_things_need_a_word(desk):
    mapped = dm(desk, "ARM,assign,vs.wt,,,,,,\n")
    assert column(mapped, "ARM") == [None, "80", None]
    assert rules(mapped) == [("MAP-AMBIGUOUS", "dm", 2)]


def test_several_rows_that_say_the_same_do_not(desk):
    mapped = dm(desk, "ARM,assign,vs.wt,,,,,,\n", "SUBJID,n,wt\n1,1,70\n1,2,70\n1,3,\n")
    assert column(mapped, "ARM") == ["70", None, None]
    assert column(mapped, "@row:ARM") == [2, None, None]
    assert mapped.problems == []


@pytest.mark.parametrize(
    ("dates", "earliest", "latest"),
    [
        (["2026-03-05", "2026-03-04"], "2026-03-04", "2026-03-05"),
        (["2026-03", "2026-02-28"], "2026-02-28", "2026-03"),
        (["2026-03", "2026-03-05"], None, None),
        (["2026", "2025-12-31"], "2025-12-31", "2026"),
        (["2026-03", "2026-03"], "2026-03", "2026-03"),
        (["2026-03", "2026-03-05", "2026-01"], "2026-01", None),
        (["2026-03-05", "2026-03-05T10:30"], None, None),
        (["2026-03-05T10:30", "2026-03-05T10:31"], "2026-03-05T10:30", "2026-03-05T10:31"),
        (["2026-03-05T23:59", "2026-03-06"], "2026-03-05T23:59", "2026-03-06"),
        (["2026---15", "2025-01-01"], "2025-01-01", "2026---15"),
        (["2026---15", "2026-01-01"], None, None),
        (["--03-05", "2026-03-05"], None, None),
        (["--03-05", "--03-05"], "--03-05", "--03-05"),
        (["2026-03-05", "UNK"], "2026-03-05", "2026-03-05"),
    ],
)
def test_partial_dates_are_compared_as_far_as_is_certain(desk, dates, earliest, latest):
    lines = "RFSTDTC,earliest,vs.day,,,,,,\nRFENDTC,latest,vs.day,,,,,,\n"
    form = "SUBJID,n,day\n" + "".join(f"1,{n},{day}\n" for n, day in enumerate(dates))
    for backwards in (False, True):
        rows = form.splitlines(keepends=True)
        vs = rows[0] + "".join(rows[:0:-1] if backwards else rows[1:])
        mapped = dm(desk, lines, vs, "SUBJID\n1\n")
        assert column(mapped, "RFSTDTC") == [earliest]
        assert column(mapped, "RFENDTC") == [latest]
        undecided = [one for one in (earliest, latest) if one is None]
        assert [one[0] for one in rules(mapped)] == ["MAP-DATE-UNDECIDED"] * len(undecided)


def test_a_date_that_is_none_is_told_of_its_own_row(desk):
    vs = "SUBJID,day\n1,30.02.2026\n1,05.03.2026\n"
    mapped = dm(desk, "RFSTDTC,earliest,vs.day,,dd.mm.yyyy,,,,\n", vs)
    assert column(mapped, "RFSTDTC") == ["2026-03-05", None, None]
    assert rules(mapped) == [("MAP-DATE-IMPOSSIBLE", "vs", 2)]


def test_a_filter_that_fails_on_a_row_is_told_of_that_row(desk):
    mapped = dm(desk, "ARM,first,vs.wt,,,CAST(wt AS DOUBLE) > 1,,,\n", "SUBJID,wt\n1,x\n1,7\n")
    assert column(mapped, "ARM") == ["7", None, None]
    assert rules(mapped) == [("MAP-EXPRESSION-VALUE", "vs", 2)]


def test_an_order_that_fails_on_a_row_is_told_and_the_row_comes_last(desk):
    vs = "SUBJID,n,wt\n1,x,a\n1,2,b\n1,1,c\n"
    lines = "ARM,first,vs.wt,CAST(n AS DOUBLE),,,,,\nACTARM,last,vs.wt,CAST(n AS DOUBLE),,,,,\n"
    mapped = dm(desk, lines, vs)
    assert column(mapped, "ARM")[0] == "c"
    assert column(mapped, "ACTARM")[0] == "b"
    assert rules(mapped) == [("MAP-EXPRESSION-VALUE", "vs", 2)] * 2


def test_a_value_that_is_overwritten_forgets_its_row(desk):
    lines = "ARM,first,vs.wt,,,,,,\nARM,hardcode,,NONE,,,,SUBJID <> '1',\n"
    mapped = dm(desk, lines)
    assert column(mapped, "ARM") == ["70.5", "NONE", "NONE"]
    assert column(mapped, "@row:ARM") == [2, None, None]


QS = "domain,block,from\nQS,qs,qs\n"


def test_rows_are_joined_by_visit(desk):
    desk.set_records(visit="v")
    tables = {
        "sources": QS,
        "qs": HEADER + "QSORRES,assign,r,,,,,,\nQSDTC,assign_date,visits.day,,,,subject; visit,,\n",
    }
    forms = {
        "qs": "SUBJID,v,r\n1,BL,a\n1,W1,b\n2,BL,c\n2,,d\n",
        "visits": "SUBJID,v,day\n1,BL,2026-03-05\n1,W1,2026-03-12\n2,BL,2026-04-01\n2,,2026-05\n",
    }
    mapped = desk.map(tables, forms)
    assert column(mapped, "QSDTC", "QS") == ["2026-03-05", "2026-03-12", "2026-04-01", None]


def test_forms_that_code_visits_differently_meet_in_visitnum(desk):
    tables = {
        "sources": QS,
        "qs": HEADER + "QSORRES,assign,r,,,,,,\nQSDTC,assign_date,visits.day,,,,subject; visit,,\n",
        "visits": "form,code,VISITNUM,VISIT\nqs,BL,1,BASELINE\nvisits,Baseline,1,BASELINE\n",
    }
    forms = {"qs": "SUBJID,v,r\n1,BL,a\n", "visits": "SUBJID,event,day\n1,Baseline,2026-03-05\n"}
    mapped = desk.map(
        tables,
        forms,
        qs=FormFile("qs.csv", visit="v"),
        visits=FormFile("visits.csv", visit="event"),
    )
    assert column(mapped, "QSDTC", "QS") == ["2026-03-05"]


def test_rows_are_joined_by_other_columns(desk):
    tables = {
        "sources": "domain,block,from\nAE,ae,ae\n",
        "ae": HEADER
        + "AETERM,assign,term,,,,,,\n"
        + "AEDECOD,assign,coding.pt,,,,subject; no=ae_no,,\n"
        + "AEBODSYS,assign,soc.name,,,,code,,\n",
    }
    forms = {
        "ae": "SUBJID,no,term,code\n1,1,ache,A\n1,2,itch,B\n2,1,cough,A\n",
        "coding": "SUBJID,ae_no,pt\n1,1,Pain\n1,2,Pruritus\n2,1,Cough\n",
        "soc": "code,name\nA,General\nB,Skin\n",
    }
    mapped = desk.map(tables, forms, soc=FormFile("soc.csv", per_subject=False))
    assert column(mapped, "AEDECOD", "AE") == ["Pain", "Pruritus", "Cough"]
    assert column(mapped, "AEBODSYS", "AE") == ["General", "Skin", "General"]
    assert column(mapped, "@row:AEBODSYS", "AE") == [2, 3, 2]
    assert "soc" not in mapped.counts


def test_a_form_may_be_looked_into_under_a_name_with_dots(desk):
    mapped = desk.map(
        {
            "sources": SOURCES,
            "dm": DM_LINES + 'ARM,first,a.b.IT.WT,,,,,,\nACTARM,assign,"""IT.X""",,,,,,\n',
        },
        {"dm": "SUBJID,IT.X\n1,x\n", "a.b": "SUBJID,IT.WT\n1,70\n"},
        **{"a.b": FormFile("a.b.csv")},
    )
    assert column(mapped, "ARM") == ["70"]
    assert column(mapped, "ACTARM") == ["x"]


def test_a_decimal_comma_of_the_other_form_is_read(desk):
    tables = {"sources": SOURCES, "dm": DM_LINES + "AGE,maximum,vs.wt,,,,,,\n"}
    forms = {"dm": "SUBJID\n1\n", "vs": 'SUBJID,wt\n1,"70,5"\n1,"9,75"\n'}
    mapped = desk.map(tables, forms, vs=FormFile("vs.csv", decimal=","))
    assert column(mapped, "AGE") == [70.5]
