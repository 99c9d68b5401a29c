import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.converters.writers.ascii import ROWS, SUPERSCRIPTS, ascii_table, to_ascii
from trialect.problems import Unusable


def written(text: str, **extra: dict[str, str]) -> str | None:
    return to_ascii(pl.Series("A", [text]), **extra)[0][0]  # type: ignore[no-any-return] # a cell


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NRS ≥ 4", "NRS >= 4"),
        ("≤50 %", "<=50 %"),
        ("5 ± 2", "5 +/- 2"),
        ("2 × 10⁹/L", "2 x 10^9/L"),
        ("10⁻¹²", "10^-12"),
        ("m²", "m^2"),
        ("CO₂", "CO2"),
        ("15 µg", "15 ug"),
        ("15 μg", "15 ug"),
        ("37 °C", "37 degC"),
        ("37 ℃", "37 degC"),
        ("TNF-α", "TNF-alpha"),
        ("İğne şok çığ ÖÜ", "Igne sok cig OU"),
        ("Straße, Ærø, Łódź", "Strasse, AEro, Lodz"),
        ("naïve café señor", "naive cafe senor"),
        ("cafe\u0301", "cafe"),
        ("“so” – it’s…", '"so" - it\'s...'),
        ("a\u00a0b\u202fc", "a b c"),
        ("zero\u200bwidth", "zerowidth"),
        ("Phase Ⅳ", "Phase IV"),
        ("ﬁbrosis", "fibrosis"),
        ("ＡＬＴ", "ALT"),
        ("N·m", "N.m"),
        ("ALT ↑", "ALT (up)"),
        ("Nguyễn", "Nguyen"),
    ],
)
def test_what_is_written(text: str, expected: str) -> None:
    assert written(text) == expected


@pytest.mark.parametrize("text", ["痛み", "боль", "½", "¥", "5‰", "1º", "=\u0338", "😀", "≱"])
def test_what_has_no_row_stays(text: str) -> None:
    series, changes = to_ascii(pl.Series("A", [text]))
    assert series.to_list() == [text]
    assert changes.height == 0


def test_known_and_unknown_characters_in_one_text() -> None:
    assert written("≥ 3 痛み") == ">= 3 痛み"


def test_each_row_leads_to_printable_ascii() -> None:
    for code, replacement in ascii_table().items():
        assert code > 0x7F
        assert replacement.isascii()
        assert replacement == "" or replacement.isprintable(), chr(code)


def test_only_what_has_no_width_is_written_as_nothing() -> None:
    empty = [chr(code) for code, replacement in ascii_table().items() if not replacement]
    assert empty
    for char in empty:
        assert unicodedata.category(char) in ("Mn", "Me", "Cf"), repr(char)


def test_the_rows_of_the_table_are_in_force() -> None:
    for char, replacement in ROWS.items():
        assert written(char) == replacement
    assert written("".join(SUPERSCRIPTS)) == "^0123456789+-"


def test_letters_are_those_of_their_decomposition() -> None:
    for code in range(0xC0, 0x250):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii() and base.isalpha():
            assert written(chr(code)) == base


def test_changes_name_the_row_the_original_and_what_is_written() -> None:
    series = pl.Series("A", ["plain", None, "≥ 1", "", "痛", "≤ 2", "≥ 1"])
    new, changes = to_ascii(series)
    assert new.name == "A"
    assert new.to_list() == ["plain", None, ">= 1", "", "痛", "<= 2", ">= 1"]
    assert changes.columns == ["row", "original", "replacement"]
    assert changes.rows() == [(2, "≥ 1", ">= 1"), (5, "≤ 2", "<= 2"), (6, "≥ 1", ">= 1")]
    assert series.to_list() == ["plain", None, "≥ 1", "", "痛", "≤ 2", "≥ 1"]


@given(st.lists(st.none() | st.text(max_size=20), max_size=20))
@settings(deadline=None)
def test_every_change_can_be_undone(texts: list[str | None]) -> None:
    series = pl.Series("A", texts, dtype=pl.String)
    new, changes = to_ascii(series)
    back = new.to_list()
    for row, original, replacement in changes.iter_rows():
        assert back[row] == replacement != original
        back[row] = original
    assert back == texts
    for before, after in zip(texts, new, strict=True):
        if before is None or before.isascii():
            assert after == before


@given(st.lists(st.none() | st.text(max_size=20), max_size=20))
@settings(deadline=None)
def test_twice_is_once(texts: list[str | None]) -> None:
    once, _ = to_ascii(pl.Series("A", texts, dtype=pl.String))
    twice, changes = to_ascii(once)
    assert changes.height == 0
    assert twice.to_list() == once.to_list()


def test_the_study_adds_and_replaces_rows() -> None:
    extra = {"痛": "pain", "ö": "oe", "½": "0.5", "\r\n": " ", "\n": "; ", "²": "2"}
    assert written("痛 schön ½ m²", extra=extra) == "pain schoen 0.5 m2"
    assert written("one\r\ntwo\nthree", extra=extra) == "one two; three"
    assert written("one\ntwo") == "one\ntwo"


@pytest.mark.parametrize(
    ("text", "replacement"), [("a", "b"), ("", "x"), ("≥ ", ">="), ("ö", "ø"), ("ö", "\n")]
)
def test_a_row_of_the_study_that_cannot_be_used(text: str, replacement: str) -> None:
    with pytest.raises(Unusable) as error:
        to_ascii(pl.Series("A", ["x"]), extra={text: replacement})
    assert [problem.rule for problem in error.value.problems] == ["XPT-TRANSLITERATION-ROW"]
    to_ascii(pl.Series("A", ["x"]), extra={"ö": "oe"})


def test_an_empty_column() -> None:
    series, changes = to_ascii(pl.Series("A", [], dtype=pl.String))
    assert (len(series), changes.height) == (0, 0)
