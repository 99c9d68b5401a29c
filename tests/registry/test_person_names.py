"""Names are divided where it is certain, and stay whole otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialect.mappings.registry.markup import plain_text
from trialect.mappings.registry.person_names import person_name


@pytest.mark.parametrize(
    ("text", "first", "middle", "last", "degrees"),
    [
        ("Busra Nur Aslantas, MD", "Busra", "Nur", "Aslantas", "MD"),
        ("Catriona M Steele, PhD", "Catriona", "M", "Steele", "PhD"),
        ("Ada Lovelace, M.D., Ph.D.", "Ada", None, "Lovelace", "M.D., Ph.D."),
        ("Jean-Luc O'Neill, MD PhD", "Jean-Luc", None, "O'Neill", "MD PhD"),
    ],
)
def test_a_person_shows_by_the_degrees(text, first, middle, last, degrees):
    found = person_name(text)
    assert (found.first, found.middle, found.last, found.degrees) == (first, middle, last, degrees)
    assert not found.whole


@pytest.mark.parametrize(
    "text",
    [
        "Study Director",
        "Ada Lovelace",
        "Example Clinical Trials Office",
        "Lovelace, Ada",
        "Example, Inc.",
        "MD",
        "",
        ", MD",
    ],
)
def test_without_degrees_a_name_stays_whole(text):
    assert person_name(text) == (text.strip(), None, None, None, True)


@pytest.mark.parametrize(
    "text",
    [
        "Medical Director, MD",
        "Ludwig van Beethoven, MD",
        "Maria de la Cruz Lopez, MD",
        "John Smith Jr., MD",
        "Dr. Ada Lovelace, PhD",
        "Lovelace, PhD",
        "Ada B, MD",
    ],
)
def test_degrees_are_taken_off_where_the_name_itself_is_not_certain(text):
    found = person_name(text)
    assert found.whole
    assert f"{found.last}, {found.degrees}" == text


@given(st.text(max_size=60))
def test_nothing_of_a_name_is_lost(text):
    found = person_name(text)
    words = " ".join(filter(None, [found.first, found.middle, found.last])).split()
    joined = " ".join(words) + (f", {found.degrees}" if found.degrees else "")
    name, comma, after = text.strip().partition(",")
    assert joined.split() == (f"{name.strip()}, {after.strip()}" if comma else text).split() or (
        found.last == text.strip()
    )


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\\>1 month", ">1 month"),
        ("a \\& b \\[c\\] \\\\ d", "a & b [c] \\ d"),
        ("* one\n* two", "- one\n- two"),
        ("1. one\n\n   * two", "1. one\n\n   - two"),
        ("\\* a note", "* a note"),
        ("2 * 3 = 6", "2 * 3 = 6"),
        ("C:\\data", "C:\\data"),
        ("one\r\n\r\ntwo\rthree", "one\n\ntwo\nthree"),
    ],
)
def test_marks_of_the_api_are_undone(text, plain):
    assert plain_text(text) == plain
