"""Damaged, wrong and hostile files are refused with the place and the reason, in bounded time."""

import random
import re
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import nci_files
import openpyxl
import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st
from nci_files import DATE, HEADER, codelists, rows, write, write_text

from trialect.converters import terminology as package
from trialect.converters.terminology import excel, odm, read_distribution
from trialect.converters.terminology import rows as rows_module
from trialect.problems import Problem, Unusable

TERM = ("C9000099", "C9000001", "", "Colour", "GREY", "Gray", "A colour.", "Grey")


def refused(path: Path, **said: str) -> list[Problem]:
    with pytest.raises(Unusable) as caught:
        read_distribution(path, **said)
    assert all(problem.file == path.name for problem in caught.value.problems)
    return caught.value.problems


def only(path: Path, rule: str, **said: str) -> Problem:
    problems = refused(path, **said)
    assert [problem.rule for problem in problems] == [rule]
    return problems[0]


def text_of(tmp_path: Path, *more: tuple[str, ...]) -> Path:
    return write_text(tmp_path / f"SDTM Terminology {DATE}.txt", [*rows(codelists()), *more])


def changed(row: tuple[str, ...], **by: str) -> tuple[str, ...]:
    places = {"code": 0, "codelist": 1, "extensible": 2, "value": 4, "preferred": 7}
    fields = list(row)
    for name, text in by.items():
        fields[places[name]] = text
    return tuple(fields)


ROW = len(rows(codelists())) + 2
"""The row that is added behind the others, as a spreadsheet numbers it."""


@pytest.mark.parametrize(
    ("row", "rule", "said"),
    [
        (changed(TERM, code="9000099"), "CT-CODE", "has the code '9000099'"),
        (changed(TERM, codelist="COLR"), "CT-CODE", "codelist of term C9000099"),
        (changed(TERM, codelist="C9009999"), "CT-ORPHAN", "codelist C9009999"),
        (changed(TERM, value=""), "CT-EMPTY", "no submission value"),
        (changed(TERM, preferred=" "), "CT-EMPTY", "no preferred term"),
        (changed(TERM, value="GR\x00EY"), "CT-CHARACTER", "U+0000"),
        (changed(TERM, value='"GREY"'), "CT-QUOTED", '"GREY"'),
        (changed(TERM, code="C9000011", value="RED"), "CT-TWICE", "term C9000011"),
        (TERM[:7], "CT-ROW", "7 fields where the header has 8"),
        ((*TERM, ""), "CT-ROW", "9 fields where the header has 8"),
        (("C9000005", "", "Maybe", "A", "B", "", "", "C"), "CT-EXTENSIBLE", "'Maybe'"),
        (("C9000001", "", "Yes", "Colour", "COLR", "", "", "C"), "CT-TWICE", "codelist C9000001"),
    ],
)
def test_a_wrong_row_is_told(row: tuple[str, ...], rule: str, said: str, tmp_path: Path) -> None:
    problem = only(text_of(tmp_path, row), rule)
    assert problem.row == ROW
    assert said in problem.message


def test_the_good_row_is_none_of_them(tmp_path: Path) -> None:
    read = read_distribution(text_of(tmp_path, TERM))
    assert not read.problems
    assert sum(len(one.terms) for one in read.codelists) == 7


@pytest.mark.parametrize(
    ("row", "rule", "said"),
    [
        (changed(TERM, code="C9000011", value="CRIMSON"), "", ""),
        (changed(TERM, value="RED"), "CT-AMBIGUOUS", "C9000011 and C9000099"),
        (changed(TERM, value=" GREY "), "CT-BLANKS", "' GREY '"),
        (("C9000005", "", "Yes", "A", "B", "", "", "C"), "CT-NO-TERMS", "C9000005"),
        (rows(codelists())[0], "CT-REPEATED", "codelist C9000001"),
    ],
)
def test_an_oddity_is_told_and_kept(
    row: tuple[str, ...], rule: str, said: str, tmp_path: Path
) -> None:
    read = read_distribution(text_of(tmp_path, row))
    assert [one.rule for one in read.problems] == ([rule] if rule else [])
    assert not read.problems.errors
    assert all(said in one.message for one in read.problems)


def test_rows_are_numbered_as_in_the_file(tmp_path: Path) -> None:
    path = text_of(tmp_path)
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[5:5] = ["", "", changed(TERM, code="x")[0] + "\tx"]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert only(path, "CT-ROW").row == 8


def test_many_errors_end_the_reading(tmp_path: Path) -> None:
    bad = [changed(TERM, code=f"x{n}") for n in range(10_000)]
    assert len(refused(text_of(tmp_path, *bad))) == 50


def test_a_byte_of_another_encoding_is_told(tmp_path: Path) -> None:
    path = text_of(tmp_path)
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1252"))
    problem = only(path, "CT-ENCODING")
    table = rows(codelists())
    assert problem.row == 2 + next(n for n, row in enumerate(table) if "µ" in row[4])
    assert "0xB5 is not utf-8" in problem.message
    assert "'µ-SHAPED' as cp1252" in problem.message
    assert only(path, "CT-ENCODING-UNKNOWN", encoding="latin-99").value == "latin-99"


@pytest.mark.parametrize("cut", range(1, 400, 7))
def test_a_cut_text_is_never_taken_for_whole(cut: int, tmp_path: Path) -> None:
    path = text_of(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut])
    try:
        read = read_distribution(path)
    except Unusable:
        return
    assert "CT-NO-END" in read.problems.by_rule() or path.read_bytes().endswith(b"\n")


def test_a_whole_text_has_an_end(tmp_path: Path) -> None:
    assert "CT-NO-END" not in read_distribution(text_of(tmp_path)).problems.by_rule()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b" \n\n", "it is empty"),
        (b"USUBJID,SEX\n01,M\n", "its first row is 'USUBJID,SEX'"),
        (b"%PDF-1.7\n", "its first row is '%PDF-1.7'"),
        (b"<html><body/></html>", "its root element is html"),
        (b'<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"/>', "its ODM holds no Study"),
        (
            b'<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"><Study OID="S.1"/></ODM>',
            "its study is 'S.1'",
        ),
    ],
)
def test_another_file_is_told(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / f"SDTM Terminology {DATE}.txt"
    path.write_bytes(content)
    assert said in only(path, "CT-NOT-KNOWN").message


def test_a_missing_column_is_told(tmp_path: Path) -> None:
    path = tmp_path / f"SDTM Terminology {DATE}.txt"
    path.write_text("\t".join(HEADER).replace("CDISC Submission Value", "Value") + "\n")
    assert "'CDISC Submission Value'" in only(path, "CT-COLUMNS").message
    path.write_text("\t".join((*HEADER, "Code")) + "\n")
    assert only(path, "CT-COLUMN-TWICE").row == 1


@pytest.mark.parametrize(
    ("name", "said", "rule", "told"),
    [
        ("SDTM Terminology.txt", {}, "CT-NO-VERSION", "--version"),
        ("SDTM Terminology 2031-02-30.txt", {}, "CT-VERSION", "2031-02-30"),
        (f"Terms {DATE}.txt", {}, "CT-NO-PACKAGE", "--package"),
        (f"ADaM Terminology {DATE}.txt", {}, "CT-PACKAGE", "ADaM"),
        (f"SDTM Terminology {DATE}.txt", {"version": "2031-03-28"}, "CT-VERSIONS-DIFFER", DATE),
        (f"SDTM Terminology {DATE}.txt", {"package": "SEND"}, "CT-PACKAGES-DIFFER", "SEND"),
    ],
)
def test_package_and_release_are_said_and_agree(
    name: str, said: dict[str, str], rule: str, told: str, tmp_path: Path
) -> None:
    path = write_text(tmp_path / name, rows(codelists()))
    assert told in str(only(path, rule, **said))


def test_a_version_that_is_no_date(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as caught:
        read_distribution(text_of(tmp_path), version="2031-13-01")
    assert [one.rule for one in caught.value.problems] == ["CT-VERSION"]


def test_the_sheet_must_agree_with_the_name(tmp_path: Path) -> None:
    path = tmp_path / f"SDTM Terminology {DATE}.xlsx"
    nci_files.write_xlsx(path, rows(codelists()), "SDTM Terminology 2031-03-28")
    problem = only(path, "CT-VERSIONS-DIFFER")
    assert "2031-03-28 by the sheet's name" in problem.message


def test_a_workbook_without_the_sheet(tmp_path: Path) -> None:
    path = tmp_path / f"SDTM Terminology {DATE}.xlsx"
    nci_files.write_xlsx(path, rows(codelists()), "Terms")
    assert "'ReadMe', 'Terms'" in only(path, "CT-SHEET").message


def book_of(path: Path, value: object) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = f"SDTM Terminology {DATE}"
    for row in (HEADER, *rows(codelists()), TERM):
        page.append([text or None for text in row])
    page.cell(ROW, 5).value = value  # type: ignore[assignment]
    book.save(path)
    return path


def test_a_number_is_read_as_it_shows_and_told(tmp_path: Path) -> None:
    path = tmp_path / "SDTM Terminology.xlsx"
    for value, text in ((2.0, "2"), (3.4, "3.4"), (7, "7")):
        read = read_distribution(book_of(path, value))
        assert [one.rule for one in read.problems] == ["CT-NUMBER"]
        assert f"E{ROW}, read as {text!r}" in next(iter(read.problems)).message
        assert text in {term.value for one in read.codelists for term in one.terms}


@pytest.mark.parametrize("value", [True, "#N/A", "2031-06-27"], ids=["bool", "error", "date"])
def test_a_cell_that_is_no_text_is_told(value: object, tmp_path: Path) -> None:
    from datetime import date

    path = tmp_path / "SDTM Terminology.xlsx"
    if value == "2031-06-27":
        value = date(2031, 6, 27)
    problem = only(book_of(path, value), "CT-CELL")
    assert (problem.row, f"cell E{ROW} is" in problem.message) == (ROW, True)


def test_cells_of_the_older_format_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "SDTM Terminology.xls"
    for value, rule in ((True, "CT-CELL"), (xlwt.Formula("1/0"), "CT-CELL")):
        book = xlwt.Workbook()
        page = book.add_sheet(f"SDTM Terminology {DATE}")
        for number, row in enumerate((HEADER, *rows(codelists()), TERM)):
            for column, text in enumerate(row):
                wrong = number == ROW - 1 and column == 4
                page.write(number, column, value if wrong else text)
        book.save(str(path))
        if isinstance(value, bool):
            assert only(path, rule).row == ROW


XML = '<?xml version="1.0"?>\n'
BOMB = XML + (
    '<!DOCTYPE ODM [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 20}">' for n in range(12))
    + "]>\n"
)
FETCH = XML + '<!DOCTYPE ODM [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n'


@pytest.mark.parametrize("start", [BOMB, FETCH, XML + "<!DOCTYPE ODM SYSTEM 'a.dtd'>\n"])
def test_a_document_type_is_refused(start: str, tmp_path: Path) -> None:
    path = tmp_path / "SDTM Terminology.odm.xml"
    whole = nci_files.odm(codelists()).split("?>", 1)[1].replace("Colour", "&x;&m;")
    for encoding in ("utf-8", "utf-16"):
        path.write_bytes((start + whole.lstrip()).encode(encoding, "xmlcharrefreplace"))
        began = time.monotonic()
        assert "document type" in only(path, "CT-XML").message
        assert time.monotonic() - began < 2


def test_a_cut_odm_is_told_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, ".odm.xml")
    data = path.read_bytes()
    for cut in range(len(data) - 10, 0, -97):
        path.write_bytes(data[:cut])
        problems = refused(path)
        assert {one.rule for one in problems} <= {"CT-XML", "CT-NOT-KNOWN"}


def test_a_deep_or_endless_odm_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "SDTM Terminology.odm.xml"
    root = '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3">'
    path.write_text(root + "<a>" * 100_000)
    assert only(path, "CT-XML")
    monkeypatch.setattr(odm, "MOST_ELEMENTS", 1000)
    path.write_text(root + "<a/>" * 10_000)
    assert "more than 1,000 elements" in only(path, "CT-NOT-KNOWN").message


def test_an_odm_names_the_codelist_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "SDTM Terminology.odm.xml"
    text = nci_files.odm(codelists()).replace('ExtCodeID="C9000022"', 'ExtCodeID="22"')
    path.write_text(text, encoding="utf-8")
    problem = only(path, "CT-CODE")
    assert problem.path == "CodeList[CL.C9000002.SHAPE]/EnumeratedItem[µ-SHAPED]"
    assert problem.row == 1 + text[: text.index('ExtCodeID="22"')].count("\n")


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "SDTM Terminology.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"xl/{number}.xml", b"\0" * 100_000_000, compresslevel=1)
    began = time.monotonic()
    assert re.search(r"unpacked it has 500,000,000 bytes", only(path, "CT-EXCEL").message)
    assert time.monotonic() - began < 2


def test_a_workbook_with_entities_is_refused(tmp_path: Path) -> None:
    whole, path = write(tmp_path / "whole", ".xlsx"), tmp_path / "SDTM Terminology.xlsx"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename.startswith("xl/worksheets"):
                data = BOMB.encode() + data.split(b"?>", 1)[-1]
            new.writestr(part.filename, data)
    assert "document type" in only(path, "CT-EXCEL").message


def test_lines_without_number_or_end_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_module, "MOST_ROWS", 1000)
    path = text_of(tmp_path)
    path.write_bytes(path.read_bytes() + b"\n" * 2000)
    assert "more than 1,000 rows" in only(path, "CT-NOT-KNOWN").message
    path.write_bytes(b"\n" * 2000)
    assert "it is empty" in only(path, "CT-NOT-KNOWN").message
    path = text_of(tmp_path)
    path.write_bytes(path.read_bytes() + b"\t" * 1_000_000 + b"x\n")
    assert "51 fields" in only(path, "CT-ROW").message


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "SIZE_LIMIT", 100)
    assert "100 at most" in only(text_of(tmp_path), "CT-SIZE").message


def quick(path: Path) -> None:
    """A damaged file is read or refused, and neither takes long."""
    began = time.monotonic()
    with suppress(Unusable):
        read_distribution(path, version=DATE, package="SDTM")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("ending", [".xls", ".xlsx"])
def test_a_workbook_cut_anywhere_is_refused(ending: str, tmp_path: Path) -> None:
    path = write(tmp_path, ending)
    data = path.read_bytes()
    for cut in sorted({*range(4, len(data), len(data) // 60), len(data) - 1}):
        path.write_bytes(data[:cut])
        quick(path)


def overwritten(data: bytes, at: int, by: bytes) -> bytes:
    at %= len(data)
    return data[:at] + by + data[at + len(by) :]


@pytest.mark.parametrize("ending", [".xls", ".xlsx", ".odm.xml", ".txt"])
def test_a_file_with_bytes_changed_is_read_or_refused(ending: str, tmp_path: Path) -> None:
    path = write(tmp_path, ending)
    data = path.read_bytes()
    chance = random.Random(ending)
    for _ in range(150):
        by = bytes(chance.choice((0, 1, 0x7F, 0x80, 0xFF)) for _ in range(chance.randint(1, 4)))
        path.write_bytes(overwritten(data, chance.randrange(len(data)), by))
        quick(path)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "SDTM Terminology.txt"
    starts: list[Callable[[bytes], bytes]] = [
        lambda more: more,
        lambda more: b"PK\x03\x04" + more,
        lambda more: bytes.fromhex("d0cf11e0a1b11ae1") + more,
        lambda more: b"<?xml version='1.0'?>" + more,
        lambda more: "\t".join(HEADER).encode() + b"\n" + more,
    ]
    for start in starts:
        path.write_bytes(start(data))
        quick(path)


def test_limits_are_above_what_is_published() -> None:
    # The distributions of 2025-03-28: 10 MB of text, 30 MB of ODM, 40 MB of an unpacked workbook.
    assert package.SIZE_LIMIT >= 5 * 30_000_000
    assert excel.UNPACKED_LIMIT >= 5 * 40_000_000
    assert odm.MOST_ELEMENTS >= 5 * 300_000
