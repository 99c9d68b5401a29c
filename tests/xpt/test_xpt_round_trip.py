import hashlib
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from xpt_cases import QS, STAMP, char, num, qs, rules_of, there_and_back, write

from trialect.converters.ibm_float import LARGEST, SMALLEST
from trialect.converters.readers.xpt import XptReader, read_xpt
from trialect.converters.writers.xpt import XptOrigin, XptVariable

in_a_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None
)

printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=200)
texts = st.none() | printable.map(lambda text: text.strip(" ") or "x")
numbers = (
    st.none()
    | st.just(0.0)
    | st.floats(min_value=SMALLEST, max_value=LARGEST)
    | st.floats(min_value=-LARGEST, max_value=-SMALLEST)
)


@st.composite
def datasets(draw: st.DrawFn) -> tuple[list[XptVariable], pl.DataFrame]:
    count = draw(st.integers(0, 25))
    kinds = draw(st.lists(st.sampled_from(["Char", "Num"]), min_size=1, max_size=5))
    variables, columns = [], []
    for number, kind in enumerate(kinds):
        name = f"V{number}"
        values = draw(
            st.lists(texts if kind == "Char" else numbers, min_size=count, max_size=count)
        )
        dtype = pl.String if kind == "Char" else pl.Float64
        series = pl.Series(name, values, dtype=dtype)
        columns.append(series)
        if kind == "Num":
            variables.append(num(name))
        else:
            longest = max((len(value) for value in values if value), default=1)
            variables.append(char(name, draw(st.integers(longest, 200))))
    return variables, pl.DataFrame(columns)


def ends_blank(variables: list[XptVariable], frame: pl.DataFrame) -> bool:
    """Whether the last record has no value at all and could be taken for padding."""
    return (
        frame.height > 0
        and all(variable.type == "Char" for variable in variables)
        and all(value is None for value in frame.row(-1))
    )


@given(datasets())
@in_a_folder
def test_everything_that_the_format_holds_comes_back(
    tmp_path: Path, dataset: tuple[list[XptVariable], pl.DataFrame]
) -> None:
    variables, frame = dataset
    if ends_blank(variables, frame):
        frame = frame[:0]
    found = there_and_back(tmp_path, frame, variables)
    assert_frame_equal(found.frame, frame)
    assert found.variables == tuple(variables)
    assert (found.name, found.label) == ("QS", "Questionnaires")
    assert (found.created, found.modified) == (STAMP, STAMP)
    # Records of blanks could be there only if they are all text and shorter than the padding.
    short_text = all(v.type == "Char" for v in variables) and sum(v.length for v in variables) < 80
    assert not found.problems or (rules_of(found.problems) == ["XPT-AMBIGUOUS-END"] and short_text)


@given(datasets(), st.lists(st.integers(0, 25), max_size=4))
@in_a_folder
def test_the_bytes_do_not_depend_on_how_records_come(
    tmp_path: Path, dataset: tuple[list[XptVariable], pl.DataFrame], cuts: list[int]
) -> None:
    variables, frame = dataset
    if ends_blank(variables, frame):
        frame = frame[:0]
    whole = write(tmp_path, frame, variables).files[0]
    places = [0, *sorted(min(cut, frame.height) for cut in cuts), frame.height]
    batches = [frame[a:b] for a, b in pairwise(places)]
    assert write(tmp_path, frame, variables, batches=batches).files[0] == whole
    copied = pl.concat(batches, rechunk=False)
    assert write(tmp_path, copied, variables).files[0] == whole


def many(rows: int) -> tuple[list[XptVariable], pl.DataFrame]:
    """Short, long and mixed texts, numbers, missing ones of both, for several blocks of rows."""
    number = pl.int_range(rows, eager=True)
    frame = pl.DataFrame(
        {
            "SHORT": "S" + (number % 1000).cast(pl.String),
            "LONG": "a text over twelve bytes " + number.cast(pl.String),
            "MIXED": pl.select(
                pl.when(number % 3 == 0)
                .then(pl.lit("short"))
                .when(number % 3 == 1)
                .then("longer than twelve " + number.cast(pl.String))
            ).to_series(),
            "NUMBER": number / 7,
            "HOLES": pl.select(pl.when(number % 2 == 0).then(number / 4)).to_series(),
        }
    )
    return [
        char("SHORT", 4),
        char("LONG", 40),
        char("MIXED", 30),
        num("NUMBER"),
        num("HOLES"),
    ], frame


def test_threads_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variables, frame = many(100_000)
    threaded = write(tmp_path, frame, variables).files[0]
    monkeypatch.setattr("trialect.converters.writers.xpt._WORKERS", 1)
    monkeypatch.setattr("trialect.converters.writers.xpt.BLOCK_ROWS", 999)
    assert write(tmp_path, frame, variables).files[0] == threaded
    assert_frame_equal(read_xpt(threaded.path).frame, frame)


@pytest.mark.parametrize("rows", [1, 7, 333, 600, 10_000])
def test_batches_are_the_whole(tmp_path: Path, rows: int) -> None:
    variables, frame = many(600)
    path = write(tmp_path, frame, variables).files[0].path
    batches = list(XptReader(path).iter_batches(rows))
    assert all(batch.height <= rows for batch in batches)
    assert_frame_equal(pl.concat(batches), frame)
    assert_frame_equal(pl.concat(list(read_xpt(path).iter_batches(rows))), frame)


def test_the_description_is_read_without_the_records(tmp_path: Path) -> None:
    path = write(tmp_path, qs(), QS).files[0].path
    reader = XptReader(path)
    assert (reader.name, reader.label, reader.rows) == ("QS", "Questionnaires", 3)
    assert reader.variables == QS
    assert (reader.created, reader.modified) == (STAMP, STAMP)
    assert reader.problems == []


def test_an_empty_dataset_gives_one_empty_frame(tmp_path: Path) -> None:
    path = write(tmp_path, qs(()), QS).files[0].path
    assert [batch.height for batch in XptReader(path).iter_batches()] == [0]
    assert_frame_equal(read_xpt(path).frame, qs(()))


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    written = write(tmp_path, qs(), QS)
    data = written.files[0].path.read_bytes()
    assert written.files[0].sha256 == hashlib.sha256(data).hexdigest()
    assert written.bytes == written.files[0].bytes == len(data)
    assert len(data) % 80 == 0
    assert written.rows == 3


def test_the_stamp_is_the_only_time_in_the_file(tmp_path: Path) -> None:
    one = write(tmp_path, qs(), QS).files[0].path.read_bytes()
    other = write(tmp_path, qs(), QS, stamp=datetime(1999, 12, 31, 23, 59, 58)).files[0]
    changed = other.path.read_bytes().replace(b"31DEC99:23:59:58", b"30JUN26:12:00:00")
    assert changed == one
    assert read_xpt(other.path).created == datetime(1999, 12, 31, 23, 59, 58)


def test_formats_and_origin_are_kept(tmp_path: Path) -> None:
    variables = [
        XptVariable("A", "A date", "Num", 8, "DATE9.", "DATE9."),
        XptVariable("B", "A number", "Num", 8, "8.2"),
        XptVariable("C", "A text", "Char", 10, "$CHAR10."),
        XptVariable("D", "Another", "Num", 8, "E8601DA."),
    ]
    frame = pl.DataFrame({"A": [1.0], "B": [2.0], "C": ["x"], "D": [3.0]})
    found = there_and_back(tmp_path, frame, variables, origin=XptOrigin("9.4", "X64_10PR"))
    assert found.variables == tuple(variables)
    assert found.origin == XptOrigin("9.4", "X64_10PR")


def test_an_empty_text_is_missing(tmp_path: Path) -> None:
    assert there_and_back(tmp_path, qs(["", "a"]), QS).frame["QSORRES"].to_list() == [None, "a"]


def test_whole_numbers_categories_and_typeless_columns_are_taken(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "A": pl.Series([1, None, -(2**53)], dtype=pl.Int64),
            "B": pl.Series(["x", None, "yy"], dtype=pl.Categorical),
            "C": pl.Series([None, None, None], dtype=pl.Null),
            "D": pl.Series([None, None, None], dtype=pl.Null),
            "E": pl.Series([1.5, None, 0.25], dtype=pl.Float32),
        }
    )
    variables = [num("A"), char("B", 2), char("C", 1), num("D"), num("E")]
    found = there_and_back(tmp_path, frame, variables).frame
    assert found["A"].to_list() == [1.0, None, -(2.0**53)]
    assert found["B"].to_list() == ["x", None, "yy"]
    assert found["C"].to_list() == found["D"].to_list() == [None] * 3
    assert found["E"].to_list() == [1.5, None, 0.25]


def test_columns_that_are_no_variables_are_not_written(tmp_path: Path) -> None:
    frame = qs().with_columns(pl.lit("sources/qs.csv").alias("@form"))
    assert_frame_equal(there_and_back(tmp_path, frame, QS).frame, qs())


def test_text_in_many_buffers_and_in_slices_is_found(tmp_path: Path) -> None:
    variables = [char("LONG", 60)]
    pieces = [
        pl.DataFrame(
            {"LONG": [f"piece {piece}, row {row}, in a buffer of its own" for row in rows]}
        )
        for piece, rows in enumerate([range(3), range(50), range(1), range(700)])
    ]
    whole = pl.concat(pieces, rechunk=True)
    assert_frame_equal(there_and_back(tmp_path, whole, variables).frame, whole)
    part = whole[40:400].filter(pl.int_range(pl.len()) % 3 != 1)
    assert_frame_equal(there_and_back(tmp_path, part, variables).frame, part)
