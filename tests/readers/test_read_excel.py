import zipfile
from datetime import date, datetime, time, timedelta

import openpyxl
import polars as pl
import pytest

from trialect.converters.readers import excel, iter_form, open_form
from trialect.problems import Unusable
from trialect.study_options import FormFile


@pytest.fixture
def book(tmp_path):
    def written(*rows, name="form.xlsx", **sheets):
        workbook = openpyxl.Workbook()
        workbook.active.title = "Form"
        for row in rows:
            workbook.active.append(row)
        for title, content in sheets.items():
            sheet = workbook.create_sheet(title)
            for row in content:
                sheet.append(row)
        path = tmp_path / name
        for change in changes:
            change(workbook.active)
        workbook.save(path)
        return path

    changes = []
    written.then = changes.append
    return written


def read(path, **how):
    opened = open_form(path, FormFile(path.name, **how))
    rows = [row for frame in opened.batches for row in frame.iter_rows()]
    return opened, rows


def refused(path, **how):
    with pytest.raises(Unusable) as refusal:
        read(path, **how)
    (problem,) = refusal.value.problems
    return problem


def altered(path, part, change):
    """The workbook with one part of its archive changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_cells_become_text(book):
    path = book(
        ["ID", "A"],
        ["007", 7],
        [1, 36.8],
        [2.0, 0.1],
        [3, True],
        [4, False],
        [5, "  as is "],
        [6, 1e-7],
        [7, 123456789012345],
        [8, None],
    )
    _, rows = read(path)
    assert rows == [
        ("007", "7", 2),
        ("1", "36.8", 3),
        ("2", "0.1", 4),
        ("3", "TRUE", 5),
        ("4", "FALSE", 6),
        ("5", "  as is ", 7),
        ("6", "0.0000001", 8),
        ("7", "123456789012345", 9),
        ("8", None, 10),
    ]


@pytest.mark.parametrize(
    ("value", "format", "text"),
    [
        (datetime(2026, 1, 31, 13, 45), None, "2026-01-31T13:45"),
        (datetime(2026, 1, 31, 13, 45, 30), "dd/mm/yyyy", "2026-01-31T13:45:30"),
        (datetime(2026, 1, 31), "dd/mm/yyyy", "2026-01-31"),
        (datetime(2026, 1, 31), "dd/mm/yyyy hh:mm", "2026-01-31T00:00"),
        (datetime(2026, 1, 31), 'dd "Uhr, hours" mm yyyy', "2026-01-31"),
        (date(1900, 3, 1), None, "1900-03-01"),
        (time(13, 45), None, "13:45"),
        (time(13, 45, 10), None, "13:45:10"),
        (timedelta(hours=26, minutes=5), "[h]:mm:ss", "26:05:00"),
        (7, "000", "007"),
        (1234, "000", "1234"),
        (0.254, "0%", "0.254"),
        (2.5, "0", "2.5"),
    ],
)
def test_a_number_with_a_format_reads_as_it_shows_if_nothing_is_lost(book, value, format, text):
    def change(sheet):
        if format:
            sheet["B2"].number_format = format

    book.then(change)
    assert read(book(["ID", "A"], ["x", value]))[1] == [("x", text, 2)]


def test_an_escaped_carriage_return_is_one(book):
    assert read(book(["ID", "A"], ["x", "a_x000D_\nb_x005F_x"]))[1] == [("x", "a\r\nb_x", 2)]


def test_the_only_sheet_or_the_declared_one(book):
    assert read(book(["ID"], ["x"]))[1] == [("x", 2)]
    path = book(["ID"], ["x"], Doses=[["ID", "D"], ["y", 5]])
    problem = refused(path)
    assert problem.rule == "READ-EXCEL-WHICH-SHEET"
    assert "'Form', 'Doses'" in problem.message
    assert read(path, sheet="Doses")[1] == [("y", "5", 2)]
    problem = refused(path, sheet="doses")
    assert problem.rule == "READ-EXCEL-NO-SHEET"
    assert "Did you mean 'Doses'?" in problem.message


def test_rows_keep_the_numbers_of_the_sheet(book):
    path = book([], ["ID", "A"], [], ["x", 1], [None, None], [], ["y", 2])
    assert read(path)[1] == [("x", "1", 4), ("y", "2", 7)]


def test_values_beyond_the_header_reject_the_row(book):
    opened, rows = read(book(["ID", "A", None], ["x", 1, None], ["y", 2, "z"]))
    assert rows == [("x", "1", 2)]
    (problem,) = opened.problems
    assert (problem.rule, problem.row) == ("READ-RAGGED-ROW", 3)
    assert "in the header" in problem.mend
    assert opened.misfits[0].fields == ("y", "2", "z")


def test_the_header_is_checked(book):
    assert refused(book(["ID", "A", "A"], ["x", 1, 2])).rule == "READ-DUPLICATE-COLUMN"
    assert refused(book(["ID", None, "A"], ["x", 1, 2])).rule == "READ-UNNAMED-COLUMN"
    assert refused(book()).rule == "READ-EMPTY-FILE"
    opened, rows = read(book(["ID", "A"]))
    assert rows == []
    assert [problem.rule for problem in opened.problems] == ["READ-NO-RECORDS"]


def test_error_cells_are_problems_and_their_text_is_kept(book):
    opened, rows = read(book(["ID", "A"], ["x", "#N/A"], ["y", "N/A"]))
    assert rows == [("x", "#N/A", 2), ("y", "N/A", 3)]
    (problem,) = opened.problems
    assert str(problem).startswith("form.xlsx:2: A: the cell shows #N/A.")


def formula(value):
    """Excel's way of writing a formula with its result, which openpyxl does not write."""

    def change(data):
        assert data.count(b"<v></v>") + data.count(b"<v/>") + data.count(b"<v />") == 1
        for empty in (b"<v></v>", b"<v/>", b"<v />"):
            data = data.replace(empty, value)
        return data

    return change


def test_a_formula_is_its_last_result(book):
    path = book(["ID", "A"], ["x", "=1+1"])
    altered(path, "xl/worksheets/sheet1.xml", formula(b"<v>2</v>"))
    opened, rows = read(path)
    assert rows == [("x", "2", 2)]
    assert not opened.problems


def test_a_formula_without_a_result_is_a_problem(book):
    path = book(["ID", "A"], ["x", "=1+1"], ["y", 3])
    altered(path, "xl/worksheets/sheet1.xml", formula(b""))
    opened, rows = read(path)
    assert rows == [("x", None, 2), ("y", "3", 3)]
    (problem,) = opened.problems
    assert problem.rule == "READ-EXCEL-NO-RESULT"
    assert "1 formulas have no stored result, the first of them in B2" in problem.message


def test_a_wrong_dimension_cuts_nothing(book):
    path = book(["ID", "A"], ["x", 1], ["y", 2])
    altered(
        path, "xl/worksheets/sheet1.xml", lambda data: data.replace(b'ref="A1:B3"', b'ref="A1"')
    )
    assert len(read(path)[1]) == 2


def test_macros_do_not_matter(book):
    assert read(book(["ID"], ["x"], name="form.xlsm"))[1] == [("x", 2)]


def test_damaged_workbooks_are_refused(book, tmp_path):
    path = book(["ID", "A"], *([f"x{n}", n] for n in range(500)))
    whole = path.read_bytes()
    assert refused(altered(path, "xl/workbook.xml", lambda _: b"<workbook")).rule == "READ-EXCEL"
    path.write_bytes(whole)
    broken = altered(path, "xl/worksheets/sheet1.xml", lambda data: data[: len(data) // 2])
    assert refused(broken).rule == "READ-EXCEL"
    path.write_bytes(whole[: len(whole) // 2])
    assert refused(path).rule == "READ-UNKNOWN-FORMAT"


def test_an_archive_that_grows_without_measure_is_refused(book, monkeypatch):
    path = book(["ID", "A"], ["x", 1])
    monkeypatch.setattr(excel, "UNPACKED_LIMIT", 1000)
    problem = refused(path)
    assert problem.rule == "READ-EXCEL-SIZE"
    assert "1000 at most" in problem.message


def test_a_document_type_is_refused_for_the_entities_it_may_hold(book):
    def change(data):
        head, _, rest = data.partition(b"<worksheet")
        return head + b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet' + rest

    problem = refused(altered(book(["ID"], ["x"]), "xl/worksheets/sheet1.xml", change))
    assert problem.rule == "READ-EXCEL"
    assert "declares a document type" in problem.message


def test_batches(book):
    path = book(["ID"], *([str(n)] for n in range(10)))
    frames = list(iter_form(path, FormFile("x"), batch_rows=4))
    assert [frame.height for frame in frames] == [4, 4, 2]
    assert pl.concat(frames)["@row"].to_list() == list(range(2, 12))
