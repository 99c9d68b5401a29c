"""The workbook writer: texts stay texts, bytes stay the same, nothing is lost at a sheet's end."""

from __future__ import annotations

import warnings
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from openpyxl.workbook import Workbook

from trialect.converters.writers.xlsx import (
    LONGEST,
    Cell,
    Column,
    Sheet,
    Styled,
    letters_of,
    write_workbook,
)
from trialect.converters.writers.xlsx_package import Style

COLUMNS = (Column("Text", 20, Style.WRAPPED), Column("Number", 10))


def written(path: Path, *rows: tuple[Cell | Styled, Cell], last_row: int = 1_048_576) -> Workbook:
    write_workbook(
        path,
        [Sheet("Table", COLUMNS, rows), Sheet("Empty", COLUMNS, ())],
        title="Title & <more>",
        application="test",
        last_row=last_row,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return openpyxl.load_workbook(path)


def texts(workbook: Workbook, name: str = "Table") -> list[tuple[object, ...]]:
    return [tuple(row) for row in workbook[name].iter_rows(min_row=2, values_only=True)]


def test_an_independent_reader_reads_what_was_written(tmp_path: Path) -> None:
    book = written(
        tmp_path / "a.xlsx", ("one", 1), ("ağrı & <b>", None), (Styled("x", Style.NOTE), 7)
    )
    assert texts(book) == [("one", 1), ("ağrı & <b>", None), ("x", 7)]
    assert book.sheetnames == ["Table", "Empty"]
    assert [cell.value for cell in book["Empty"][1]] == ["Text", "Number"]
    assert book.properties.title == "Title & <more>"


def test_the_head_stays_and_filters(tmp_path: Path) -> None:
    sheet = written(tmp_path / "a.xlsx", ("one", 1), ("two", 2))["Table"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B3"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.column_dimensions["A"].width == 20
    assert sheet["A2"].alignment.wrap_text
    assert not sheet["B2"].alignment.wrap_text


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_a_text_never_becomes_a_formula(tmp_path: Path, sign: str) -> None:
    evil = f'{sign}HYPERLINK("http://x","y")'
    cell = written(tmp_path / "a.xlsx", (evil, 1))["Table"]["A2"]
    assert (cell.value, cell.data_type) == (evil, "s")
    assert cell.quotePrefix


def test_a_number_as_text_stays_a_text(tmp_path: Path) -> None:
    assert texts(written(tmp_path / "a.xlsx", ("007", 7), ("1E5", 1))) == [("007", 7), ("1E5", 1)]


def test_rows_are_as_high_as_their_texts(tmp_path: Path) -> None:
    sheet = written(tmp_path / "a.xlsx", ("short", 1), ("long " * 20, 1), ("x" * 30_000, 1))[
        "Table"
    ]
    assert sheet.row_dimensions[2].height is None
    assert sheet.row_dimensions[3].height == 75
    assert sheet.row_dimensions[4].height == 405


def test_what_xml_cannot_hold_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    written(path, ("a\x00b\rc\ud800_x0041_", 1))
    with ZipFile(path) as archive:
        words = archive.read("xl/sharedStrings.xml").decode()
    # ECMA-376 part 1, 22.9.2.19: what looks like an escape is escaped itself.
    assert "a_x0000_b_x000D_c\\xd800_x005F_x0041_" in words


def test_a_text_that_no_cell_holds_says_so(tmp_path: Path) -> None:
    kept, cut, wide = "x" * LONGEST, "y" * (LONGEST + 1), "😀" * (LONGEST // 2 + 1)
    rows = texts(written(tmp_path / "a.xlsx", (kept, 1), (cut, 2), (wide, 3)))
    assert rows[0][0] == kept
    for row, whole in zip(rows[1:], (cut, wide), strict=True):
        text = str(row[0])
        assert len(text.encode("utf-16-le")) // 2 <= LONGEST
        assert f"the text has {len(whole):,}]" in text


def test_rows_over_the_last_go_on_in_further_sheets(tmp_path: Path) -> None:
    rows = [(f"row {n}", n) for n in range(7)]
    book = written(tmp_path / "a.xlsx", *rows, last_row=4)
    assert book.sheetnames == ["Table", "Table (2)", "Table (3)", "Empty"]
    found = [row for name in book.sheetnames[:3] for row in texts(book, name)]
    assert found == rows
    assert [cell.value for cell in book["Table (3)"][1]] == ["Text", "Number"]
    exact = written(tmp_path / "b.xlsx", *rows[:6], last_row=4)
    assert exact.sheetnames == ["Table", "Table (2)", "Empty"]


def test_the_same_sheets_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        written(tmp_path / name, ("one", 1), ("two", 2))
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    with ZipFile(tmp_path / "a.xlsx") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"created" not in archive.read("docProps/core.xml")


def test_the_stamp_stands_in_the_properties(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    stamp = datetime(2026, 6, 30, 12)
    write_workbook(path, [Sheet("T", COLUMNS, ())], title="t", application="a", stamp=stamp)
    assert openpyxl.load_workbook(path).properties.created == stamp


def test_every_part_is_xml_and_has_its_type(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    written(path, ("one", 1))
    with ZipFile(path) as archive:
        types = etree.fromstring(archive.read("[Content_Types].xml"))
        named = {one.get("PartName") for one in types if one.get("PartName")}
        for name in archive.namelist():
            etree.fromstring(archive.read(name))
            assert name.endswith((".rels", "[Content_Types].xml")) or f"/{name}" in named


def test_columns_have_the_letters_of_excel() -> None:
    assert [letters_of(n) for n in (1, 26, 27, 52, 53, 702, 703)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=20).map(lambda text: text.strip()), max_size=10))
def test_any_text_can_be_read(tmp_path_factory: pytest.TempPathFactory, given: list[str]) -> None:
    path = tmp_path_factory.mktemp("any") / "a.xlsx"
    book = written(path, *((text, 1) for text in given))
    found = [row[0] for row in texts(book)]
    for text, told in zip(given, found, strict=True):
        if text.isprintable() and "_x" not in text:
            assert (told or "") == text
