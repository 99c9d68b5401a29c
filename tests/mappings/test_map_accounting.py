"""Every row is mapped or rejected with its reason, whatever the tables and however split."""

import csv
import io

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialect.mappings.engine import Count, map_partition
from trialect.mappings.tables import read_tables
from trialect.study_options import FormFile

AE_TABLES = {
    "sources": "domain,block,from,where,records\nAE,ae,ae,,\n",
    "ae": "target,verb,source\nAETERM,assign,term\n",
}


def rejected(mapped):
    return [(one.form, one.row, one.rule) for one in mapped.rejected]


def test_usubjid_is_defined_in_dm_and_goes_to_every_domain(desk):
    mapped = desk.map(AE_TABLES, {"ae": "SUBJID,term\n2,Ache\n1,Pain\n1,Itch\n"})
    assert mapped.frames["DM"]["USUBJID"].to_list() == ["S1-1", "S1-2"]
    assert list(mapped.frames["AE"].select("USUBJID", "AETERM", "@row").iter_rows()) == [
        ("S1-1", "Pain", 3),
        ("S1-1", "Itch", 4),
        ("S1-2", "Ache", 2),
    ]
    assert mapped.frames["AE"].columns == [
        "STUDYID",
        "DOMAIN",
        "USUBJID",
        "AETERM",
        "@form",
        "@row",
        "@block",
    ]
    assert mapped.frames["AE"].row(0)[:2] == ("S1", "AE")
    assert mapped.counts == {"ae": Count(3, 3, 0), "dm": Count(2, 2, 0)}


def test_a_subject_without_dm_is_rejected_with_its_rows(desk):
    mapped = desk.map(AE_TABLES, {"ae": "SUBJID,term\n1,Pain\n9,Ache\n"})
    assert rejected(mapped) == [("ae", 3, "MAP-SUBJECT-NOT-IN-DM")]
    assert "subject 9" in mapped.rejected[0].reason
    assert mapped.problems[0].severity == "error"
    assert mapped.counts["ae"] == Count(2, 1, 1)


def test_a_second_dm_record_is_rejected_and_names_the_first(desk):
    forms = {"ae": "SUBJID,term\n1,Pain\n", "dm": "SUBJID,x\n1,a\n2,b\n1,c\n"}
    mapped = desk.map(AE_TABLES, forms)
    assert rejected(mapped) == [("dm", 4, "MAP-DUPLICATE-SUBJECT")]
    assert "row 2" in mapped.rejected[0].reason
    assert mapped.frames["DM"].height == 2


def test_an_empty_usubjid_is_an_error(desk):
    tables = AE_TABLES | {
        "sources": AE_TABLES["sources"] + "DM,dm,dm,,\n",
        "dm": "target,verb,source\nUSUBJID,assign,code\n",
    }
    mapped = desk.map(
        tables, {"ae": "SUBJID,term\n1,Pain\n2,Ache\n", "dm": "SUBJID,code\n1,A\n2,\n"}
    )
    assert rejected(mapped) == [("ae", 3, "MAP-SUBJECT-NOT-IN-DM"), ("dm", 3, "MAP-NO-USUBJID")]


def test_two_subjects_of_one_usubjid_are_an_error(desk):
    tables = AE_TABLES | {
        "sources": AE_TABLES["sources"] + "DM,dm,dm,,\n",
        "dm": "target,verb,source\nUSUBJID,assign,code\n",
    }
    mapped = desk.map(
        tables, {"ae": "SUBJID,term\n1,Pain\n2,Ache\n", "dm": "SUBJID,code\n1,A\n2,A\n"}
    )
    assert rejected(mapped)[-1] == ("dm", 3, "MAP-SAME-USUBJID")


def test_a_row_that_repeats_another_is_rejected_and_names_the_first(desk):
    mapped = desk.map(AE_TABLES, {"ae": "SUBJID,term\n1,Pain\n1,Ache\n1,Pain\n1,\n1,\n"})
    assert rejected(mapped) == [("ae", 4, "MAP-DUPLICATE-ROW"), ("ae", 6, "MAP-DUPLICATE-ROW")]
    assert "row 2" in mapped.rejected[0].reason
    assert {one.severity for one in mapped.problems} == {"warning"}


def test_rows_that_differ_in_anything_are_no_duplicates(desk):
    mapped = desk.map(AE_TABLES, {"ae": "SUBJID,term,n\n1,Pain,1\n1,Pain,2\n"})
    assert mapped.rejected == []


def test_a_row_that_no_block_takes_is_rejected(desk):
    tables = AE_TABLES | {"sources": "domain,block,from,where\nAE,ae,ae,yn = 'Y'\n"}
    mapped = desk.map(tables, {"ae": "SUBJID,term,yn\n1,Pain,Y\n1,,N\n1,Ache,\n"})
    assert rejected(mapped) == [("ae", 3, "MAP-NO-BLOCK"), ("ae", 4, "MAP-NO-BLOCK")]


def test_a_row_may_be_left_out_on_purpose(desk):
    tables = AE_TABLES | {
        "sources": "domain,block,from,where,records,note\nAE,ae,ae,yn = 'Y',,\n"
        ",no_ae,ae,yn = 'N',none,No event to report\n"
    }
    mapped = desk.map(tables, {"ae": "SUBJID,term,yn\n1,Pain,Y\n1,,N\n1,Ache,\n"})
    assert rejected(mapped) == [("ae", 3, "MAP-LEFT-OUT"), ("ae", 4, "MAP-NO-BLOCK")]
    assert "No event to report" in mapped.rejected[0].reason
    assert [one.severity for one in mapped.problems] == ["note", "warning"]


def test_a_row_whose_condition_fails_is_not_lost(desk):
    tables = AE_TABLES | {"sources": "domain,block,from,where\nAE,ae,ae,CAST(n AS DOUBLE) > 0\n"}
    mapped = desk.map(tables, {"ae": "SUBJID,term,n\n1,Pain,1\n1,Ache,x\n1,Itch,0\n"})
    assert rejected(mapped) == [("ae", 3, "MAP-EXPRESSION-VALUE"), ("ae", 4, "MAP-NO-BLOCK")]


def test_a_form_that_is_only_looked_into_is_mapped(desk):
    tables = AE_TABLES | {"ae": "target,verb,source\nAETERM,assign,term\nAEDECOD,first,coding.pt\n"}
    mapped = desk.map(tables, {"ae": "SUBJID,term\n1,Pain\n", "coding": "SUBJID,pt\n1,Pain\n2,x\n"})
    assert mapped.rejected == []
    assert mapped.counts["coding"] == Count(2, 2, 0)


def test_a_row_that_one_block_refuses_and_another_takes_is_mapped_with_a_problem(desk):
    tables = AE_TABLES | {
        "sources": AE_TABLES["sources"] + "SV,sv,ae,,\n",
        "sv": "target,verb,source\nVISIT,visit,v\n",
        "visits": "code,VISITNUM,VISIT\nBL,1,BASELINE\n",
    }
    mapped = desk.map(tables, {"ae": "SUBJID,term,v\n1,Pain,BL\n1,Ache,W9\n"})
    assert mapped.rejected == []
    assert [(one.rule, one.row) for one in mapped.problems] == [("MAP-VISIT-UNKNOWN", 3)]
    assert mapped.frames["AE"].height == 2
    assert mapped.frames["SV"].height == 1


def test_a_block_of_subjects_takes_the_first_row(desk):
    tables = AE_TABLES | {
        "sources": "domain,block,from,where,records\nAE,ae,ae,term IS NOT NULL,subject\n"
    }
    mapped = desk.map(tables, {"ae": "SUBJID,term,n\n1,,1\n1,Pain,2\n1,Ache,3\n2,Itch,1\n"})
    assert mapped.frames["AE"]["AETERM"].to_list() == ["Pain", "Itch"]
    assert rejected(mapped) == [("ae", 2, "MAP-NO-BLOCK"), ("ae", 4, "MAP-NOT-FIRST")]


def test_blocks_stack_in_the_order_of_sources(desk):
    tables = {
        "sources": "domain,block,from\nAE,b,late\nAE,a,early\n",
        "ae": "block,target,verb,source,value\n,AETERM,assign,term,\nb,AECAT,hardcode,,LATE\n",
    }
    mapped = desk.map(tables, {"late": "SUBJID,term\n1,x\n", "early": "SUBJID,term\n1,y\n1,z\n"})
    frame = mapped.frames["AE"]
    assert list(frame.select("AETERM", "AECAT", "@block").iter_rows()) == [
        ("x", "LATE", "b"),
        ("y", None, "a"),
        ("z", None, "a"),
    ]


def test_empty_forms_make_nothing_and_lose_nothing(desk):
    mapped = desk.map(AE_TABLES, {"ae": "SUBJID,term\n", "dm": "SUBJID\n"})
    assert mapped.rejected == []
    assert "AE" not in mapped.frames


def test_no_cell_is_ever_an_empty_text(desk):
    mapped = desk.map(AE_TABLES, {"ae": 'SUBJID,term,n\n1,"  ",1\n1,Pain,2\n'})
    assert mapped.frames["AE"]["AETERM"].to_list() == [None, "Pain"]


WORDS = st.sampled_from(["", "x", "1", "2", "-1.5", "NaN", "Y", "2026-03-05", "2026-02-30", "UN"])
TEXTS = st.one_of(
    WORDS, st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=5)
)
FORM_LINES = st.lists(st.tuples(st.sampled_from("123"), TEXTS, TEXTS, TEXTS), max_size=8)
CONDITIONS = st.sampled_from(
    [
        "",
        "a IS NOT NULL",
        "a = 'Y'",
        "CAST(a AS DOUBLE) > 0",
        "LENGTH(b) > 1 OR c = 'x'",
        "NULL",
        "FALSE",
    ]
)
LINES = st.lists(
    st.sampled_from(
        [
            ("QSORRES", "assign", "a", "", ""),
            ("QSSTRESN", "assign", "b", "", ""),
            ("QSDTC", "assign_date", "a", "", ""),
            ("QSDTC", "assign_datetime", "a; b", "", "yyyy-mm-dd; hh:mi"),
            ("QSSTRESC", "compute", "", "CAST(a AS DOUBLE) / CAST(b AS DOUBLE)", ""),
            ("QSSTAT", "assign_ct", "c", "", ""),
            ("QSCAT", "concat", "a; b; c", "-", ""),
            ("QSSTRESC", "convert_unit", "a", "@b -> kg", ""),
            ("VISIT", "visit", "c", "", ""),
            ("QSSTRESN", "maximum", "other.b", "", ""),
            ("QSSTRESN", "count", "other.a", "", ""),
            ("QSSTRESC", "first", "other.c", "CAST(a AS DOUBLE)", ""),
            ("QSRFTDTC", "earliest", "other.a", "", ""),
            ("QSEVLINT", "hardcode", "", "-P1D", ""),
        ]
    ),
    max_size=4,
    unique_by=lambda line: line[0],
)


def table(lines):
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


def study_tables(where, lines, records):
    made = [("target", "verb", "source", "value", "format"), *lines]
    return {
        "sources": table(
            [
                ("domain", "block", "from", "where", "records"),
                ("DM", "dm", "dm", "", ""),
                ("QS", "q", "form", where, records),
                ("QS", "r", "form", "c = 'x'", "row"),
                ("SV", "s", "other", "a IS NOT NULL", "subject"),
            ]
        ),
        "dm": "target,verb,source\nUSUBJID,assign,SUBJID\n",
        "qs": table(made),
        "sv": "target,verb,source\nSVUPDES,assign,b\n",
        "items": "block,column,testcd,test,not_done\n"
        + (
            "q,a,A,Alpha,c\nq,b,B,Beta,\nq,=CAST(a AS DOUBLE) / 0,C,Gamma,\n"
            if records == "item"
            else ""
        ),
        "visits": "code,VISITNUM,VISIT\nx,1,FIRST\n1,2,SECOND\n",
    }


def form(lines):
    return table([("SUBJID", "a", "b", "c"), *lines])


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    CONDITIONS,
    LINES,
    st.sampled_from(["row", "item", "subject"]),
    FORM_LINES,
    FORM_LINES,
    st.data(),
)
def test_mapping_of_arbitrary_tables_loses_no_row_and_no_partition_matters(
    desk, where, lines, records, first, second, data
):
    tables = study_tables(where, lines, records)
    forms = {"dm": "SUBJID\n1\n2\n", "form": form(first), "other": form(second)}
    whole = desk.map(tables, forms)
    for name, count in whole.counts.items():
        assert count.rows == count.mapped + count.rejected, name
    read = read_tables(desk.folder, desk.study)
    frames = {name: desk.frame(text) for name, text in forms.items()}
    alone = [
        map_partition(
            read,
            desk.study,
            {name: one.filter(pl.col("@subject") == key) for name, one in frames.items()},
        )
        for key in "123"
    ]
    for domain, frame in whole.frames.items():
        parts = [one.frames[domain] for one in alone if domain in one.frames]
        joined = pl.concat(parts, how="diagonal")
        assert set(joined.columns) == set(frame.columns)
        assert joined.select(frame.columns).rows() == frame.rows()
    together = sorted((one for part in alone for one in part.rejected), key=str)
    assert together == sorted(whole.rejected, key=str)
    assert sorted(map(str, whole.problems)) == sorted(
        str(one) for part in alone for one in part.problems
    )


def test_a_form_without_subjects_is_nobodys_account(desk):
    tables = AE_TABLES | {
        "ae": "target,verb,source,by\nAETERM,assign,term,\nAEBODSYS,assign,soc.name,code\n"
    }
    forms = {"ae": "SUBJID,term,code\n1,Pain,A\n", "soc": "code,name\nA,General\nB,Skin\n"}
    mapped = desk.map(tables, forms, soc=FormFile("soc.csv", per_subject=False))
    assert set(mapped.counts) == {"ae", "dm"}
    assert mapped.rejected == []


@pytest.mark.parametrize("line", ["AETERM,assign,term\n", "AETERM,assign,term\nAESPID,assign,n\n"])
def test_the_same_rows_make_the_same_records(desk, line):
    tables = AE_TABLES | {"ae": "target,verb,source\n" + line}
    forms = {"ae": "SUBJID,term,n\n2,Pain,1\n1,Ache,2\n"}
    one, two = desk.map(tables, forms), desk.map(tables, forms)
    assert one.frames["AE"].equals(two.frames["AE"])
