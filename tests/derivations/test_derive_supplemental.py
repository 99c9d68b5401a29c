"""SUPP--, long text, RELREC, CO and SV."""

import string
from typing import Any

import polars as pl
import pytest
from derivation_cases import Line, Qualifier, Tables, a_study, of, rules, run, subject, values
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trialect.converters.writers.ascii import to_ascii
from trialect.mappings.sdtm.long_text import (
    continuation_name,
    join_pieces,
    spelling_in,
    split_text,
    written_length,
)
from trialect.schemas.sdtm import dataset
from trialect.study_options import SdtmOptions

SUPP = ("RDOMAIN", "IDVAR", "IDVARVAL", "QNAM", "QLABEL", "QVAL", "QORIG", "QEVAL")

WORDS = st.lists(
    st.text(string.ascii_letters + string.digits, min_size=1, max_size=60), min_size=1, max_size=40
)


@settings(deadline=None)
@given(
    WORDS,
    st.lists(st.sampled_from([" ", "  ", "-"]), min_size=40, max_size=40),
    st.integers(10, 60),
)
def test_pieces_join_to_the_same_text(words: list[str], gaps: list[str], limit: int) -> None:
    text = "".join(word + gap for word, gap in zip(words, gaps, strict=False)).strip()
    try:
        pieces = split_text(text, limit=limit)
    except ValueError:
        # Only blanks in a row, or one behind a word as long as a piece, leave no place to cut.
        assert "  " in text or max(map(len, text.split(" "))) >= limit
        return
    assert join_pieces(pieces, limit=limit) == text
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert all(piece == piece.strip() for piece in pieces)


@settings(deadline=None)
@given(st.text("ab≥ ", min_size=1, max_size=120))
def test_pieces_are_measured_as_they_are_written(text: str) -> None:
    def spell(part: str) -> list[str]:
        return [">=" if sign == "≥" else sign for sign in part]

    text = " ".join(text.split())
    try:
        pieces = split_text(text, spell, limit=20)
    except ValueError:
        assume(False)
    assert join_pieces(pieces, spell, limit=20) == text
    assert all(written_length(piece, spell) <= 20 for piece in pieces)


@pytest.mark.parametrize("length", [200, 201, 400, 401])
def test_a_word_without_end_is_cut_at_the_limit(length: int) -> None:
    pieces = split_text("x" * length)
    assert [len(piece) for piece in pieces] == [200] * (length // 200) + [length % 200] * (
        length % 200 > 0
    )


def test_non_standard_variables_move_to_supp() -> None:
    tables = Tables(
        supplemental={
            ("DM", "AFFSIDE"): Qualifier("Affected Side"),
            ("QS", "ASSUNBL"): Qualifier("Assessor Not Blinded", "Assigned", "INVESTIGATOR"),
        }
    )
    derived = run(
        {
            "DM": [subject(AFFSIDE="LEFT"), subject(2, AFFSIDE=None)],
            "QS": [
                of(QSTESTCD="T", QSDTC="2025-03-01", ASSUNBL=None),
                of(QSTESTCD="T", QSDTC="2025-03-02", ASSUNBL="Y"),
            ],
        },
        tables=tables,
    )
    assert values(derived, "SUPPDM", *SUPP) == [
        ("DM", None, None, "AFFSIDE", "Affected Side", "LEFT", "COLLECTED", None)
    ]
    assert values(derived, "SUPPQS", *SUPP) == [
        ("QS", "QSSEQ", "2", "ASSUNBL", "Assessor Not Blinded", "Y", "ASSIGNED", "INVESTIGATOR")
    ]
    assert "AFFSIDE" not in derived.frames["DM"].columns
    assert derived.frames["SUPPQS"].select("@form", "@row", "@block").rows() == [
        ("qs", 3, "qs_block")
    ]
    assert rules(derived) == []


def test_several_races_have_the_label_of_race() -> None:
    derived = run({"DM": [subject(RACE="MULTIPLE", RACE1="WHITE", RACE2="ASIAN")]})
    assert values(derived, "SUPPDM", "QNAM", "QLABEL", "QVAL") == [
        ("RACE1", "Race 1", "WHITE"),
        ("RACE2", "Race 2", "ASIAN"),
    ]


def test_a_qualifier_without_a_label_is_told() -> None:
    """CG0416."""
    derived = run({"DM": [subject(ODD="x")]})
    assert values(derived, "SUPPDM", "QNAM", "QLABEL") == [("ODD", "ODD")]
    assert rules(derived) == ["DERIVE-SUPP-LABEL"]


def test_the_place_of_a_looked_up_value_goes_with_it() -> None:
    tables = Tables(supplemental={("AE", "EXTRA"): Qualifier("Extra")})
    derived = run(
        {"AE": [of(AETERM="x", EXTRA="y", **{"@row:EXTRA": 7, "@row:AETERM": 9})]}, tables=tables
    )
    assert values(derived, "SUPPAE", "@row", "@row:EXTRA") == [(2, 7)]
    assert "@row:AETERM" not in derived.frames["SUPPAE"].columns
    assert "@row:EXTRA" not in derived.frames["AE"].columns


def test_sv_is_named_by_its_visit() -> None:
    tables = Tables(supplemental={("SV", "MODE"): Qualifier("Mode")})
    derived = run({"SV": [of(VISITNUM=4.1, SVSTDTC="2025-03-01", MODE="PHONE")]}, tables=tables)
    assert values(derived, "SUPPSV", "IDVAR", "IDVARVAL") == [("VISITNUM", "4.1")]


def test_long_text_goes_on_in_supp_and_joins_again() -> None:
    text = "A word and another one. " * 20 + "End"
    derived = run({"AE": [of(AETERM=text, AESTDTC="2025-03-01"), of(AETERM="x")]})
    first = values(derived, "AE", "AETERM")[0]
    rest = values(derived, "SUPPAE", "QNAM", "QLABEL", "QVAL", "IDVARVAL")
    assert [row[0] for row in rest] == ["AETERM1", "AETERM2"]
    assert rest[0][1] == "Reported Term for the Adverse Event 1"
    assert {row[3] for row in rest} == {"1"}
    assert join_pieces([first, *(row[2] for row in rest)]) == text
    provenance = {one.variable: one for one in derived.provenance if one.domain == "AE"}
    assert provenance["AETERM1"].inputs == ("AETERM",)


def test_a_text_that_transliteration_makes_longer_is_cut_by_what_is_written() -> None:
    text = "≥ " * 90 + "x" * 30  # 211 characters as they stand, 301 as they are written
    derived = run({"AE": [of(AETERM=text)]})
    assert values(derived, "AE", "AETERM")[0] == ("≥ " * 66).strip()
    assert values(derived, "SUPPAE", "QNAM") == ["AETERM1"]


def test_pieces_are_spelled_as_the_whole_text_is() -> None:
    """No cut within what is spelled as one, nor beside what is written as a blank or nothing."""
    study = a_study(sdtm=SdtmOptions(transliterate={"中文": "Chinese", "\n": " "}))
    spell = spelling_in(study)
    text = "10⁹⁹ ≥\u00a0x \u200b中文\ny e\u0301t " * 20 + "z"
    whole = "".join(spell(text))
    written, _ = to_ascii(pl.Series([text]), extra=study.sdtm.transliterate)
    assert whole == written[0]
    for limit in range(30, 60):
        pieces = split_text(text, spell, limit)
        assert join_pieces(pieces, spell, limit) == text
        spelled = ["".join(spell(piece)) for piece in pieces]
        assert join_pieces(spelled, limit=limit) == whole
        assert all(piece == piece.strip(" ") for piece in spelled)


def test_blanks_at_the_limit_are_told_and_the_text_stays() -> None:
    text = "x" * 199 + "   " + "y" * 50
    derived = run({"AE": [of(AETERM=text)]})
    assert values(derived, "AE", "AETERM") == [text]
    assert rules(derived) == ["DERIVE-LONG-TEXT"]


def test_a_long_qualifier_goes_on_in_qualifiers() -> None:
    tables = Tables(supplemental={("AE", "NARRATIV"): Qualifier("Narrative")})
    text = "word " * 50 + "end"
    derived = run({"AE": [of(AETERM="x", NARRATIV=text)]}, tables=tables)
    rows = values(derived, "SUPPAE", "QNAM", "QLABEL", "QVAL")
    assert [row[:2] for row in rows] == [("NARRATIV", "Narrative"), ("NARRATI1", "Narrative 1")]
    assert join_pieces([row[2] for row in rows]) == text


def test_comments_go_on_in_columns() -> None:
    text = "word " * 90 + "end"
    derived = run({"CO": [of(COVAL=text), of(COVAL="short")]})
    columns = derived.frames["CO"].columns
    assert columns[columns.index("COVAL") : columns.index("COVAL") + 3] == [
        "COVAL",
        "COVAL1",
        "COVAL2",
    ]
    long, short = sorted(
        values(derived, "CO", "COVAL", "COVAL1", "COVAL2"), key=lambda r: r[1] is None
    )
    assert join_pieces(list(long)) == text
    assert short == ("short", None, None)
    assert "SUPPCO" not in derived.frames


@pytest.mark.parametrize("name", ["AE", "LB", "EX", "DM", "QS", "TU", "MB"])
def test_names_of_continuations_are_valid_and_their_own(name: str) -> None:
    """CG0417, CG0314: QNAM <= 8 and no SDTM variable."""
    model = dataset(name)
    assert model is not None
    variables = [one.name for one in model.variables if one.type == "Char"]
    names = [continuation_name(model, one, n, ()) for one in variables for n in (1, 2, 10)]
    assert all(len(one) <= 8 and one[0].isalpha() for one in names)
    assert len(set(names)) == len(names)
    assert not {*names} & {one.name for one in model.variables}


SCORES: list[dict[str, Any]] = [
    of(QSTESTCD="PI", QSDTC="2025-03-01", VISITNUM=1.0),
    of(QSTESTCD="PR", QSDTC="2025-03-01", VISITNUM=1.0),
    of(QSTESTCD="PI", QSDTC="2025-03-02", VISITNUM=2.0),
    of(QSTESTCD="PR", QSDTC="2025-03-02", VISITNUM=2.0),
    of(QSTESTCD="PR", QSDTC="2025-03-03", VISITNUM=3.0),
]
RELATED = Tables(
    relations=[
        Line("RED", "anchor", "QS", "QSTESTCD = 'PR'"),
        Line("RED", "related", "QS", "QSTESTCD = 'PI'", ("VISITNUM",)),
    ]
)


def test_related_records_are_named_with_their_anchor() -> None:
    """CG0200, CG0419: two records or more a RELID, and no RELTYPE beside --SEQ."""
    derived = run({"QS": SCORES}, tables=RELATED)
    wanted = ("USUBJID", "RDOMAIN", "IDVAR", "IDVARVAL", "RELTYPE", "RELID")
    assert values(derived, "RELREC", *wanted) == [
        ("S1-001", "QS", "QSSEQ", "2", None, "RED-1"),
        ("S1-001", "QS", "QSSEQ", "1", None, "RED-1"),
        ("S1-001", "QS", "QSSEQ", "4", None, "RED-2"),
        ("S1-001", "QS", "QSSEQ", "3", None, "RED-2"),
    ]
    assert derived.frames["RELREC"].select("@form", "@row", "@block").row(0) == (
        "qs",
        3,
        "related_records",
    )


def test_no_record_is_related_to_itself() -> None:
    lines = [Line("ALL", "anchor", "QS"), Line("ALL", "related", "QS", None, ("VISITNUM",))]
    derived = run({"QS": SCORES}, tables=Tables(relations=lines))
    sizes = derived.frames["RELREC"].group_by("RELID").len()["len"]
    assert set(sizes) == {2}
    assert "RELREC" not in run({"QS": SCORES[4:]}, tables=Tables(relations=lines)).frames


def test_records_of_other_subjects_are_not_related() -> None:
    other = [{**row, "USUBJID": "S1-002"} for row in SCORES[:1]]
    assert "RELREC" not in run({"QS": [SCORES[1], *other]}, tables=RELATED).frames


def test_a_comment_names_the_record_of_its_row() -> None:
    """CG0163, CG0371."""
    row = {"@form": "visits", "@row": 5}
    derived = run(
        {
            "AE": [
                of(AETERM="x", AESTDTC="2025-01-01"),
                of(AETERM="y", AESTDTC="2025-02-01", **row),
            ],
            "QS": [of(QSTESTCD="A", **row), of(QSTESTCD="B", **row)],
            "CO": [
                of(COVAL="on the event", RDOMAIN="AE", **row),
                of(COVAL="on both scores", RDOMAIN="QS", **row),
                of(COVAL="on nothing", RDOMAIN=None, **row),
            ],
        }
    )
    assert sorted(values(derived, "CO", "COVAL", "IDVAR", "IDVARVAL")) == [
        ("on both scores", None, None),
        ("on nothing", None, None),
        ("on the event", "AESEQ", "2"),
    ]


def test_visits_that_records_name_are_in_sv() -> None:
    """CG0034, CG0654 to CG0657."""
    rows = [
        of(QSTESTCD="T", QSDTC="2025-03-02T10:00", VISITNUM=3.0),
        of(QSTESTCD="T", QSDTC="2025-03-02T09:00", VISITNUM=3.0),
        of(QSTESTCD="T", QSDTC="2025-03-05", VISITNUM=3.1, VISIT="UNSCHEDULED"),
        of(QSTESTCD="T", QSSTAT="NOT DONE", VISITNUM=4.0),
    ]
    derived = run({"DM": [subject()], "QS": rows})
    wanted = ("VISITNUM", "VISIT", "VISITDY", "SVPRESP", "SVOCCUR", "SVSTDTC", "SVENDTC")
    assert values(derived, "SV", *wanted) == [
        (3.0, "WEEK 1", 8, "Y", "Y", "2025-03-02T09:00", "2025-03-02T10:00"),
        (3.1, "UNSCHEDULED", None, None, None, "2025-03-05", "2025-03-05"),
        (4.0, "MONTH 1", 31, "Y", None, None, None),
    ]


def test_mapped_visits_stay_and_are_told_whether_they_were_planned() -> None:
    row = of(QSTESTCD="T", QSDTC="2025-03-02", VISITNUM=3.0)
    visits = [
        of(VISITNUM=3.0, SVSTDTC="2025-03-01", SVENDTC="2025-03-03"),
        of(VISITNUM=3.5, SVSTDTC="2025-03-04"),
        of(VISITNUM=4.0, SVOCCUR="N"),
    ]
    derived = run({"QS": [row], "SV": visits})
    found = values(derived, "SV", "VISITNUM", "SVPRESP", "SVOCCUR", "SVSTDTC", "SVENDTC")
    assert sorted(found) == [
        (3.0, "Y", "Y", "2025-03-01", "2025-03-03"),
        (3.5, None, None, "2025-03-04", None),
        (4.0, "Y", "N", None, None),
    ]


def test_criteria_are_told_by_their_code() -> None:
    from trialect.protocol import Criterion

    study = a_study(criteria=(Criterion("IN01", "INCLUSION", "Adult"),))
    derived = run(
        {"IE": [of(IETESTCD="IN01", IEORRES="N"), of(IETESTCD="IN02", IEORRES="N")]}, study
    )
    assert sorted(values(derived, "IE", "IETESTCD", "IETEST", "IECAT", "IESTRESC")) == [
        ("IN01", "Adult", "INCLUSION", "N"),
        ("IN02", None, None, "N"),
    ]
