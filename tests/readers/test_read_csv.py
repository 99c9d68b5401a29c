import csv
import io
import random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialect.converters.readers import csv as csv_reader
from trialect.converters.readers import iter_form, text
from trialect.converters.readers.csv import decimal_text, open_form
from trialect.converters.readers.csv_records import Dialect
from trialect.problems import Unusable
from trialect.study_options import FormFile

REUSE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def write(tmp_path):
    def written(data, name="form.csv"):
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return written


def read(path, **how):
    """All rows with their row numbers, the rejected rows, and the rules that were broken."""
    form = open_form(path, FormFile(path.name, **how))
    rows = [row for batch in form.batches for row in batch.iter_rows()]
    return form.columns, rows, form.misfits, [problem.rule for problem in form.problems]


def refused(path, **how):
    with pytest.raises(Unusable) as refusal:
        read(path, **how)
    (problem,) = refusal.value.problems
    return problem


def test_cells_are_text_as_they_stand_and_empty_ones_are_null(write):
    columns, rows, misfits, rules = read(write('ID,A,B\n001, 1.50 ,""\n002,,"x ""y"", z\nw"\n'))
    assert columns == ("ID", "A", "B")
    assert rows == [("001", " 1.50 ", None, 2), ("002", None, 'x "y", z\nw', 3)]
    assert misfits == []
    assert rules == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiter_and_line_ends_are_found(write, delimiter, end):
    path = write(end.join(delimiter.join(row) for row in ["ab", "12", "34"]) + end)
    assert read(path)[:2] == (("a", "b"), [("1", "2", 2), ("3", "4", 3)])
    assert open_form(path, FormFile("x")).delimiter == delimiter


def test_a_delimiter_in_the_texts_of_a_header_does_not_confuse(write):
    path = write('id;"pain, worst";note\n1;2,5;a, b\n2;3,5;c\n')
    assert read(path)[0] == ("id", "pain, worst", "note")


def test_a_header_that_two_delimiters_divide_is_refused(write):
    problem = refused(write("a,b;c,d\n1,2;3,4\n"))
    assert problem.rule == "READ-DELIMITER"
    assert "',' and ';'" in problem.message
    path = write("a,b;c,d\n1,2;3,4\n")
    assert read(path, delimiter="semicolon")[1] == [("1,2", "3,4", 2)]
    assert read(path, delimiter=",")[0] == ("a", "b;c", "d")


@pytest.mark.parametrize("sign", ["", ";;", '"', "\n", "é"])
def test_a_delimiter_that_is_none_is_refused(write, sign):
    assert refused(write("a;b\n1;2\n"), delimiter=sign).rule == "READ-DELIMITER-UNFIT"


def test_excel_names_the_delimiter_in_a_line_that_is_no_row(write):
    assert read(write("sep=|\na|b,c\n1|2\n"))[:2] == (("a", "b,c"), [("1", "2", 2)])


def test_a_file_of_one_column_needs_no_delimiter(write):
    columns, rows, _, _ = read(write('id\n1\n""\n\n2\n'))
    assert columns == ("id",)
    assert rows == [("1", 2), (None, 3), ("2", 5)]


def test_rows_are_numbered_as_a_spreadsheet_numbers_them(write):
    path = write('id,note\n1,"two\nlines"\n\n2,x\n1\n3,y\n')
    _, rows, misfits, _ = read(path)
    assert [(row[0], row[-1]) for row in rows] == [("1", 2), ("2", 4), ("3", 6)]
    assert [misfit.row for misfit in misfits] == [5]


def test_ragged_rows_are_rejected_with_their_counts(write):
    path = write("id,a,b\n1,2,3\n1,2\n1,2,3,4,\n5,6,7\n")
    form = open_form(path, FormFile("form.csv"), name="records/form.csv")
    rows = pl.concat(form.batches)
    assert rows["id"].to_list() == ["1", "5"]
    few, many = form.problems
    assert str(few).startswith(
        "records/form.csv:3: the row has 2 fields where the header has 3; it is rejected."
    )
    assert "each column needs its delimiter" in few.mend
    assert "4: the row has 5 fields" in str(many)
    assert "has to stand in quotes" in many.mend
    assert [misfit.fields for misfit in form.misfits] == [("1", "2"), ("1", "2", "3", "4", "")]
    assert form.misfits[1].reason.endswith('Beyond the header: "4", "".')


def test_iter_form_does_not_pass_over_a_ragged_row(write):
    with pytest.raises(Unusable, match=r"form\.csv:3"):
        list(iter_form(write("id,a\n1,2\n3\n"), FormFile("form.csv")))


def test_quotes_inside_an_unquoted_field_are_text(write):
    path = write('id,size\n1,5" nail\n2,a "b" c\n3,"d"\n')
    _, rows, misfits, _ = read(path)
    assert [row[1] for row in rows] == ['5" nail', 'a "b" c', "d"]
    assert misfits == []


def test_text_behind_a_closing_quote_rejects_the_row(write):
    path = write('id,a\n1,"x" y\n2,z\n3,"p"q"\n4,w\n')
    form = open_form(path, FormFile("form.csv"))
    rows = pl.concat(form.batches)
    assert rows["id"].to_list() == ["2", "4"]
    assert [problem.rule for problem in form.problems] == ["READ-QUOTE"] * 2
    assert "column 'a'" in form.problems.errors[0].message
    assert form.misfits[0].fields == ("1", '"x" y')


def test_a_quote_that_is_never_closed_is_named(write):
    problem = refused(write('id,a\n1,x\n2,"y\n3,z\n'))
    assert problem.rule == "READ-UNCLOSED-QUOTE"
    assert str(problem).startswith("form.csv:3: the quote that opens column 'a'")


def test_header_names_are_trimmed_and_must_be_there_once(write):
    assert read(write(" id , a\n1,2\n"))[0] == ("id", "a")
    problem = refused(write("id,a,b,a\n1,2,3,4\n"))
    assert problem.rule == "READ-DUPLICATE-COLUMN"
    assert "'a' 2 times (columns 2, 4)" in problem.message
    problem = refused(write("id,,b\n1,2,3\n"))
    assert problem.rule == "READ-UNNAMED-COLUMN"
    assert "column 2" in problem.message
    assert refused(write("id,@row\n1,2\n")).rule == "READ-RESERVED-COLUMN"


def test_row_names_of_r_are_read_under_a_name_of_their_own(write):
    columns, rows, _, rules = read(write('"","id"\n"1","a"\n'))
    assert columns == ("unnamed_1", "id")
    assert rows == [("1", "a", 2)]
    assert rules == ["READ-ROW-NAMES"]


@pytest.mark.parametrize("data", [b"", b"\n\r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(write, data):
    assert refused(write(data)).rule == "READ-EMPTY-FILE"


def test_a_header_without_records_is_a_warning(write):
    assert read(write("a,b\n")) == (("a", "b"), [], [], ["READ-NO-RECORDS"])
    assert read(write("a,b"))[0] == ("a", "b")


def test_a_nul_is_named_with_its_row(write):
    problem = refused(write("id,a\n1,x\n2,y\x00z\n"))
    assert problem.rule == "READ-NUL"
    assert str(problem).startswith("form.csv:3: there is a NUL byte (position 13)")


def test_utf16_without_its_mark_is_explained(write):
    problem = refused(write("id,a\n1,x\n".encode("utf-16-le")))
    assert problem.rule == "READ-NUL"
    assert "encoding: utf-16-le" in problem.mend
    path = write("id,a\n1,é\n".encode("utf-16-le"))
    assert read(path, encoding="utf-16-le")[1] == [("1", "é", 2)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_unicode_whose_order_nothing_tells_is_refused(write, encoding):
    path = write("id,a\n1,x\n".encode(f"{encoding}-le"))
    problem = refused(path, encoding=encoding)
    assert problem.rule == "READ-ENCODING-ORDER"
    assert f"{encoding}-le" in problem.mend
    assert read(path, encoding=f"{encoding}-le")[1] == [("1", "x", 2)]


def test_an_encoding_of_host_names_is_none_of_texts(write):
    assert refused(write("id,a\n1,x\n"), encoding="punycode").rule == "READ-ENCODING-UNKNOWN"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(write, encoding):
    path = write("id,ad\n1,Ğüşç ≥ 😀\n".encode(encoding))
    assert read(path)[:2] == (("id", "ad"), [("1", "Ğüşç ≥ 😀", 2)])


def test_the_utf8_mark_beats_a_declared_encoding(write):
    assert read(write("id,a\n1,ş\n".encode("utf-8-sig")), encoding="cp1254")[1] == [("1", "ş", 2)]


def test_bytes_that_are_not_utf8_are_shown_in_other_encodings_and_not_guessed(write):
    data = "id,ad\n1,Ayşe\n2,Gönül Çelik\n".encode("cp1254")
    problem = refused(write(data))
    assert problem.rule == "READ-ENCODING"
    assert str(problem).startswith("form.csv:2: byte 0xFE at position 11 is not utf-8")
    assert "'Ayşe' as cp1254" in problem.message
    assert "'Ayþe' as cp1252" in problem.message
    assert "records.forms" in problem.mend
    assert [row[1] for row in read(write(data), encoding="cp1254")[1]] == ["Ayşe", "Gönül Çelik"]


def test_an_encoding_that_cannot_hold_the_bytes_is_not_proposed(write):
    problem = refused(write(b"id,a\n1,\x81x\n"))
    assert "as cp1252" not in problem.message
    assert "as cp437" in problem.message


def test_a_declared_encoding_that_does_not_fit_or_exist_is_refused(write):
    problem = refused(write(b"id,a\n1,\x81\n"), encoding="cp1252")
    assert problem.rule == "READ-ENCODING"
    assert "is not cp1252" in problem.message
    assert refused(write("id,a\n1,2\n"), encoding="latin-99").rule == "READ-ENCODING-UNKNOWN"


def test_a_character_that_the_file_cuts_off_is_refused(write):
    assert refused(write("id,a\n1,é".encode()[:-1])).rule == "READ-ENCODING"


def test_a_record_without_end_is_refused_before_it_fills_the_memory(write, monkeypatch):
    monkeypatch.setattr(csv_reader, "RECORD_LIMIT", 2**20)
    monkeypatch.setattr(text, "BLOCK", 2**16)
    taken = []
    blocks = text.TextFile.blocks

    def counted(self):
        for block in blocks(self):
            taken.append(len(block))
            yield block

    monkeypatch.setattr(text.TextFile, "blocks", counted)
    path = write('id,a,b\n1,2,3\n2,3,"' + "x" * 2**23)
    problem = refused(path)
    assert problem.rule == "READ-LONG-RECORD"
    assert str(problem).startswith("form.csv:3: the record is longer than 1 MB, at column 'b'")
    assert sum(taken) < 2**21


def test_a_long_record_is_refused_wherever_it_lies(write, monkeypatch):
    monkeypatch.setattr(csv_reader, "RECORD_LIMIT", 100)
    assert refused(write(f"id,a\n1,2\n2,{'x' * 200}\n3,4\n")).row == 3
    assert refused(write(f'id,a\n1,"\n"" y"\n2,5" {"x" * 200}\n3,4\n')).row == 3
    assert refused(write(f"id,{'x' * 200}\n1,2\n")).rule == "READ-LONG-RECORD"
    assert len(read(write(f"id,a\n1,{'x' * 90}\n"))[1]) == 1


def test_columns_that_a_file_of_rejected_rows_adds_are_left_out(write):
    path = write("trialect_row,trialect_reason,id,a\n7,why,1,2\n8,why\n")
    columns, rows, misfits, _ = read(path)
    assert columns == ("id", "a")
    assert rows == [("1", "2", 2)]
    assert len(misfits) == 1


def test_a_decimal_comma_becomes_a_point_only_in_a_number():
    texts = ["1,54", " -0,5", "+12,0 ", "1.54", "1,2,3", "1.234,5", "a,b", "", None, ",5", "7"]
    made = pl.DataFrame({"x": texts}).select(decimal_text(pl.col("x"))).to_series().to_list()
    assert made == ["1.54", "-0.5", "+12.0", "1.54", "1,2,3", "1.234,5", "a,b", "", None, ".5", "7"]


# --- any table ---------------------------------------------------------------------------------

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
NASTY = st.text(st.sampled_from('a",;\r\n\té'), max_size=6)


@st.composite
def tables(draw):
    width = draw(st.integers(1, 4))
    row = st.lists(CELL | NASTY, min_size=width, max_size=width)
    return draw(st.lists(row, max_size=8)), width


@REUSE
@given(
    tables(),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.integers(1, 40),
    st.randoms(use_true_random=False),
)
def test_any_table_is_read_back_whole(write, table, delimiter, end, encoding, block, chance):
    cells, width = table
    header = [f"c{place}" for place in range(width)]

    def quoted(cell):
        if cell == "" and width > 1 and chance.random() < 0.5:
            return ""
        if cell and not set(cell) & set('"\r\n' + delimiter) and chance.random() < 0.5:
            return cell
        return '"' + cell.replace('"', '""') + '"'

    lines = [delimiter.join(map(quoted, row)) for row in [header, *cells]]
    path = write((end.join(lines) + chance.choice(["", end])).encode(encoding))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "BLOCK", block)
        columns, rows, misfits, _ = read(path, delimiter=delimiter)
    assert columns == tuple(header)
    assert misfits == []
    assert rows == [
        (*(cell or None for cell in row), number) for number, row in enumerate(cells, start=2)
    ]


@REUSE
@given(st.text(st.sampled_from('ab",\r\n'), max_size=60), st.integers(1, 30))
def test_the_fast_way_and_the_slow_way_read_any_text_alike(write, body, block):
    data = ("x,y\n" + body).encode()
    dialect, at, number = Dialect(","), 4, 2
    expected_rows, expected_misfits, broken = [], [], False
    while at < len(data):
        record = dialect.record(data, at, True)
        if record is None:
            broken = True
            break
        if record.misquoted or (len(record.fields) != 2 and not record.blank):
            expected_misfits.append((number, record.texts))
        elif not record.blank:
            expected_rows.append((*(one or None for one in record.texts), number))
        at, number = record.end, number + 1
    path = write(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "BLOCK", block)
        if broken:
            assert refused(path, delimiter=",").rule == "READ-UNCLOSED-QUOTE"
            return
        _, rows, misfits, _ = read(path, delimiter=",")
    assert rows == expected_rows
    assert [(misfit.row, misfit.fields) for misfit in misfits] == expected_misfits


def test_a_large_file_full_of_quotes_and_lines_is_read_as_python_reads_it(write):
    chance = random.Random(7)
    pieces = ["a", '"', ",", "\n", "\r\n", "é", '""', "x,y\n", " "]
    table = [
        [str(n), "".join(chance.choices(pieces, k=chance.randrange(6))), "b" * chance.randrange(9)]
        for n in range(60_000)
    ]
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["id", "a", "b"], *table])
    path = write(buffer.getvalue())
    rows = pl.concat(open_form(path, FormFile("x")).batches)
    assert rows.height == len(table)
    assert rows.drop("@row").fill_null("").rows() == [tuple(row) for row in table]
    assert rows["@row"].to_list() == list(range(2, len(table) + 2))


def test_batches_hold_no_more_rows_than_asked_for(write):
    path = write("id,a\n" + "".join(f"{n},x\n" for n in range(1000)))
    heights = [b.height for b in open_form(path, FormFile("x"), batch_rows=300).batches]
    assert heights == [300, 300, 300, 100]


# --- exports of REDCap -------------------------------------------------------------------------


def test_redcap_decimal_comma(shared):
    path = shared / "redcap-odm" / "decimal-comma" / "data.csv"
    rows = pl.concat(iter_form(path, FormFile("data.csv", decimal=",")))
    assert rows["height"].to_list() == ["1,54", "1,84", "1,95", "1,61"]
    plain = rows.select(decimal_text(pl.col("height", "weight", "bmi")).cast(pl.Float64))
    assert plain.row(2) == (1.95, 123.4, 32.5)


def test_redcap_russian(shared):
    path = shared / "redcap-odm" / "russian" / "data.csv"
    rows = pl.concat(iter_form(path, FormFile("data.csv")))
    with path.open(encoding="utf-8", newline="") as file:
        header, *expected = list(csv.reader(file))
    assert rows.columns == ["unnamed_1", *header[1:], "@row"]
    assert rows.drop("@row").fill_null("").rows() == [tuple(row) for row in expected]


@pytest.mark.parametrize(
    "project",
    [
        "arm-single-longitudinal",
        "checkboxes-1",
        "clinical-trial-1",
        "longitudinal",
        "repeating-instruments",
        "simple",
        "survey",
        "validation-types-1",
    ],
)
def test_redcap_exports_are_read_as_python_reads_them(shared, project):
    path = shared / "redcap-odm" / project / "data.csv"
    rows = pl.concat(iter_form(path, FormFile("data.csv")))
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *expected = [row for row in csv.reader(file) if row]
    assert rows.columns == [*header, "@row"]
    assert rows.drop("@row").fill_null("").rows() == [tuple(row) for row in expected]
