"""Dates: formats, partial and impossible dates, and the same answer one by one and in columns."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.mappings.dates import (
    ISO,
    DateFormatError,
    ImpossibleError,
    MisfitError,
    check_format,
    date_format,
    parse,
    parse_parts,
)
from trialect.mappings.moments import _complete


@pytest.mark.parametrize(
    ("format", "text", "iso"),
    [
        ("dd/mm/yyyy", "05/03/2026", "2026-03-05"),
        ("dd/mm/yyyy", "5/3/2026", "2026-03-05"),
        ("DD/MM/YYYY", "05/03/2026", "2026-03-05"),
        ("mm/dd/yyyy", "03/05/2026", "2026-03-05"),
        ("dd-mon-yyyy", "05-MAR-2026", "2026-03-05"),
        ("dd-mon-yyyy", "5-march-2026", "2026-03-05"),
        ("dd mon yyyy", "05 Sept 2026", "2026-09-05"),
        ("ddmonyyyy", "05MAR2026", "2026-03-05"),
        ("yyyymmdd", "20260305", "2026-03-05"),
        ("dd.mm.yyyy hh:mi", "05.03.2026 09:05", "2026-03-05T09:05"),
        ("dd.mm.yyyy hh:mi", "05.03.2026 9:05", "2026-03-05T09:05"),
        ("yyyy-mm-dd hh:mi:ss", "2026-03-05 10:30:15", "2026-03-05T10:30:15"),
        ("yyyy-mm-dd hh:mi:ss", "2026-03-05 10:30:15.25", "2026-03-05T10:30:15.25"),
        ("yyyy-mm-dd hh:mi am", "2026-03-05 10:30 PM", "2026-03-05T22:30"),
        ("yyyy-mm-dd hh:mi am", "2026-03-05 12:00 a.m.", "2026-03-05T00:00"),
        ("yyyy-mm-dd hh:mi am", "2026-03-05 12:00 pm", "2026-03-05T12:00"),
        ("yyyy-mm-dd 00:00:00", "2026-03-05 00:00:00", "2026-03-05"),
        ('dd "de" mon "de" yyyy', "05 de MAR de 2026", "2026-03-05"),
        ("hh:mi", "10:30", "-----T10:30"),
        ("yyyy-mm-dd | dd/mm/yyyy", "05/03/2026", "2026-03-05"),
        (ISO, "2026-03-05", "2026-03-05"),
        (ISO, "2026-03-05T10:30", "2026-03-05T10:30"),
        (ISO, "2026-03", "2026-03"),
        (ISO, "2026", "2026"),
        (ISO, "2026---15", "2026---15"),
        (ISO, "--03-15", "--03-15"),
        (ISO, "-----T10:30", "-----T10:30"),
        ("dd/mm/yyyy", "29/02/2024", "2024-02-29"),
    ],
)
def test_a_date_is_read_as_it_is_written(format, text, iso):
    assert parse(text, format).iso == iso


@pytest.mark.parametrize(
    ("format", "text", "iso"),
    [
        ("dd-mon-yyyy", "UN-MAR-2026", "2026-03"),
        ("dd-mon-yyyy", "UN-UNK-2026", "2026"),
        ("dd-mon-yyyy", "UN-UNK-UNKN", None),
        ("dd-mon-yyyy", "MAR-2026", "2026-03"),
        ("dd-mon-yyyy", "2026", "2026"),
        ("ddmonyyyy", "UNUNK2026", "2026"),
        ("dd/mm/yyyy", "UN/03/2026", "2026-03"),
        ("dd/mm/yyyy", "??/03/2026", "2026-03"),
        ("dd/mm/yyyy", "--/03/2026", "2026-03"),
        ("dd/mm/yyyy", "NK/03/2026", "2026-03"),
        ("dd/mm/yyyy", "XX/XX/2026", "2026"),
        ("dd/mm/yyyy", "00/00/2026", "2026"),
        ("dd/mm/yyyy", "__/03/2026", "2026-03"),
        ("dd/mm/yyyy", "/03/2026", "2026-03"),
        ("dd/mm/yyyy", "03/2026", "2026-03"),
        ("dd/mm/yyyy", "05/UN/2026", "2026---05"),
        ("dd/mm/yyyy", "05/03/UNKN", "--03-05"),
        ("mm/dd/yyyy", "03/2026", "2026-03"),
        ("mm/dd/yyyy", "03//2026", "2026-03"),
        ("yyyymmdd", "2026", "2026"),
        ("yyyymmdd | yyyymm", "202603", "2026-03"),
        ("yyyymmdd hhmi", "20260305", "2026-03-05"),
        ("yyyymmdd hhmi", "2026", "2026"),
        ("yyyy-mm-dd hh:mi", "2026-03-05 10:UN", "2026-03-05T10"),
        ("yyyy-mm-dd hh:mi", "2026-03-05 UN:UN", "2026-03-05"),
        ("yyyy-mm-dd hh:mi", "2026-03-05", "2026-03-05"),
        ("yyyy-mm-dd hh:mi am", "2026-03-05", "2026-03-05"),
        ("yyyy-mm-dd hh:mi", "2026-03-05 UN:30", "2026-03-05T-:30"),
        ("dd/mm/yyyy", "UNK", None),
    ],
)
def test_what_is_unknown_stays_unknown_and_nothing_is_invented(format, text, iso):
    assert parse(text, format).iso == iso


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("dd/mm/yyyy", "30/02/2026"),
        ("dd/mm/yyyy", "29/02/2026"),
        ("dd/mm/yyyy", "01/13/2026"),
        ("dd/mm/yyyy", "32/01/2026"),
        ("dd/mm/yyyy", "01/01/0000"),
        ("dd-mon-yyyy", "05-OCA-2026"),
        ("hh:mi", "25:00"),
        ("hh:mi", "24:00"),
        ("hh:mi", "10:60"),
        ("hh:mi:ss", "10:30:60"),
        ("hh:mi am", "13:00 pm"),
        ("hh:mi am", "00:30 am"),
        (ISO, "2026-02-30"),
        (ISO, "--02-30"),
    ],
)
def test_what_does_not_exist_is_told(format, text):
    with pytest.raises(ImpossibleError):
        parse(text, format)


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("dd/mm/yyyy", "05-03-2026"),
        ("dd/mm/yyyy", "5/3/26"),
        ("dd/mm/yyyy", "05/03/2026 10:30"),
        ("dd/mm/yyyy", "tomorrow"),
        ("ddmonyyyy", "5MAR2026"),
        ("ddmmyyyy", "532026"),
        ("ddmmyyyy", "112026"),
        ("yyyymmdd", "202611"),
        ("yyyymmdd hhmi", "20260305 10"),
        ("yyyy-mm-dd hh:mi am", "2026-03-05 10:30"),
        (ISO, "2026-03-05 10:30"),
        (ISO, "05.03.2026"),
        ("dd/mm/yyyy", "٠٥/٠٣/٢٠٢٦"),
    ],
)
def test_what_is_written_otherwise_is_told(format, text):
    with pytest.raises(MisfitError):
        parse(text, format)


@pytest.mark.parametrize(
    ("format", "reason"),
    [
        ("dd/mm/yy", "century"),
        ("dd/mm/yyyy|yy", "century"),
        ("dd-MMM-yyyy", "the parts are"),
        ("d/m/yyyy", "the parts are"),
        ("hh:mm", "minutes are mi"),
        ("yyyy-mm-dd hh:mm", "minutes are mi"),
        ("yyyy yyyy", "twice"),
        ("mm/mon/yyyy", "twice"),
        ("", "none of"),
        ("T", "none of"),
        ("am", "none of"),
        ("yyyy am", "am goes with hh"),
    ],
)
def test_a_format_that_is_none_is_refused(format, reason):
    with pytest.raises(DateFormatError, match=reason):
        check_format(format)


def test_months_of_another_language_are_declared():
    turkish = date_format("dd-mon-yyyy", (("OCA", "01"), ("şub", "02")))
    assert turkish.parse("05-OCA-2026").iso == "2026-01-05"
    assert turkish.parse("05-Şub-2026").iso == "2026-02-05"
    assert turkish.parse("05-MAR-2026").iso == "2026-03-05"


def test_parts_in_several_columns():
    formats = [date_format(one) for one in ("yyyy", "mm", "dd")]
    assert parse_parts(["2026", "3", "5"], formats).iso == "2026-03-05"
    assert parse_parts(["2026", None, "5"], formats).iso == "2026---05"
    assert parse_parts(["2026", "UN", None], formats).iso == "2026"
    assert parse_parts([None, None, None], formats).iso is None
    with pytest.raises(ImpossibleError):
        parse_parts(["2026", "2", "30"], formats)


def test_columns_that_contradict_each_other_are_told():
    formats = [date_format("yyyy-mm-dd"), date_format("yyyy-mm-dd hh:mi")]
    with pytest.raises(ImpossibleError, match="one column says 05, another 06"):
        parse_parts(["2026-03-05", "2026-03-06 10:30"], formats)


FORMATS = [
    "dd/mm/yyyy",
    "mm/dd/yyyy",
    "yyyymmdd",
    "dd-mon-yyyy",
    "yyyy-mm-dd hh:mi",
    "yyyy-mm-dd hh:mi:ss",
    "yyyy-mm-dd hh:mi am",
    "yyyy-mm-dd | dd.mm.yyyy",
    ISO,
]


def written(moment, format):
    hour = moment[3]
    words = {
        "yyyy": f"{moment[0]:04d}",
        "mm": f"{moment[1]:02d}",
        "mon": date(2000, min(max(moment[1], 1), 12), 1).strftime("%b"),
        "dd": f"{moment[2]:02d}",
        "hh": f"{hour:02d}",
        "mi": f"{moment[4]:02d}",
        "ss": f"{moment[5]:02d}",
        "am": "PM",
    }
    text = format.split("|")[-1].strip()
    for word, shown in words.items():
        text = text.replace(word, shown)
    return text


moments = st.tuples(
    st.integers(0, 2100),
    st.integers(0, 13),
    st.integers(0, 32),
    st.integers(0, 25),
    st.integers(0, 61),
    st.integers(0, 61),
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(FORMATS), st.lists(moments | st.text(max_size=12), min_size=1, max_size=8))
def test_the_vectorised_pass_says_what_the_reader_says_or_nothing(format, given_):
    texts = [one if isinstance(one, str) else written(one, format) for one in given_]
    compiled = date_format(format)
    found = pl.DataFrame({"0": texts}).select(_complete(pl.DataFrame({"0": texts}), [compiled]))
    for text, iso in zip(texts, found["@iso"], strict=True):
        if iso is not None:
            assert compiled.parse(text).iso == iso


@settings(max_examples=200, deadline=None)
@given(st.dates(), st.sampled_from(FORMATS[:4]))
def test_every_real_day_is_read_back(day, format):
    text = written((day.year, day.month, day.day, 0, 0, 0), format)
    assert parse(text, format).iso == day.isoformat()
    found = pl.DataFrame({"0": [text]}).select(
        _complete(pl.DataFrame({"0": [text]}), [date_format(format)])
    )
    assert found["@iso"][0] == day.isoformat()
