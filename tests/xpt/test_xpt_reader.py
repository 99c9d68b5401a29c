"""Files that others wrote, damaged, cut or made up: read or refused with a reason, no crash."""

import re
import struct
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from xpt_cases import QS, STAMP, char, num, qs, rules_of, write

from trialect.converters.readers.xpt import (
    SpecialMissing,
    XptReader,
    open_members,
    read_members,
    read_xpt,
)
from trialect.converters.xpt_check import check_xpt
from trialect.problems import Problem, Unusable

in_a_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None
)

NAMESTRS = 640  # where the first NAMESTR starts


@pytest.fixture
def data(tmp_path: Path) -> bytes:
    """A good file: three records of QS."""
    return write(tmp_path, qs(), QS).files[0].path.read_bytes()


def put(folder: Path, data: bytes) -> Path:
    path = folder / "found.xpt"
    path.write_bytes(data)
    return path


def refused(folder: Path, data: bytes) -> Problem:
    with pytest.raises(Unusable) as error:
        read_xpt(put(folder, data))
    assert len(error.value.problems) == 1
    problem = error.value.problems[0]
    assert problem.file == "found.xpt"
    assert problem.mend
    assert not re.search(
        r"\{(byte|count|expected|number|reason|rows|value|what)\}", problem.message
    )
    return problem


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "is empty"),
        (b"STUDYID,USUBJID\nX,Y\n", "starts with"),
        (b"**COMPRESSED** **COMPRESSED** " * 10, "CPORT"),
        (bytes(12) + b"\xc2\xea\x81\x60" + bytes(1000), "SAS7BDAT"),
        (b"PK\x03\x04" + bytes(100), "ZIP"),
        (b"\x1f\x8b" + bytes(100), "gzip"),
        ("HEADER RECORD*******LIBRARY HEADER".encode("cp037"), "EBCDIC"),
    ],
)
def test_not_xpt(tmp_path: Path, data: bytes, word: str) -> None:
    problem = refused(tmp_path, data)
    assert problem.rule == "XPT-NOT-XPT"
    assert word in problem.message


def test_a_file_that_was_transferred_as_text(tmp_path: Path, data: bytes) -> None:
    lines = [data[at : at + 80] for at in range(0, len(data), 80)]
    assert "as text" in refused(tmp_path, b"\r\n".join(lines)).message


def test_no_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.xpt", tmp_path):
        with pytest.raises(Unusable) as error:
            read_xpt(path)
        assert rules_of(error.value.problems) == ["XPT-UNREADABLE"]


def test_version_8(tmp_path: Path, data: bytes) -> None:
    assert refused(tmp_path, data.replace(b"LIBRARY ", b"LIBV8   ")).rule == "XPT-VERSION-8"


def test_every_cut_in_the_headers_is_told(tmp_path: Path, data: bytes) -> None:
    start = len(data) - 160  # three records of 44 bytes, padded, behind the observation header
    assert data[start - 80 :].startswith(b"HEADER RECORD*******OBS     ")
    borders = [at + off for at in range(0, start, 20) for off in (-1, 0, 1)]
    for end in (end for end in borders if 0 <= end < start):
        problem = refused(tmp_path, data[:end])
        assert problem.rule == ("XPT-TRUNCATED" if end >= 48 else "XPT-NOT-XPT"), end
        if end >= 48:
            assert f"byte {end}," in problem.message


def test_every_cut_in_the_records_is_told(tmp_path: Path, data: bytes) -> None:
    start, record = len(data) - 160, 44
    assert XptReader(put(tmp_path, data)).member.record_size == record
    for end in range(start, len(data)):
        size = end - start
        if size % record and data[start + size // record * record : end].strip(b" "):
            assert refused(tmp_path, data[:end]).rule == "XPT-TRUNCATED"
            continue
        found = read_xpt(put(tmp_path, data[:end]))
        # A cut between records, or in padding, leaves whole records. Only the size of the file can
        # tell, and only when it is no multiple of 80.
        assert_frame_equal(found.frame, qs()[: found.frame.height])
        assert found.frame.height == min(3, size // record)
        assert ("XPT-NOT-RECORDS" in rules_of(found.problems)) is bool(end % 80)


@pytest.mark.parametrize(
    ("at", "expected"),
    [(240, "member header"), (320, "descriptor header"), (560, "NAMESTR header")],
)
def test_a_header_that_is_not_there(tmp_path: Path, data: bytes, at: int, expected: str) -> None:
    problem = refused(tmp_path, patched(data, at, b"NOTHING"))
    assert problem.rule == "XPT-HEADER"
    assert f"byte {at} " in problem.message
    assert expected in problem.message


def test_headers_that_say_nothing_sensible(tmp_path: Path, data: bytes) -> None:
    assert refused(tmp_path, patched(data, 240 + 74, b"0999")).rule == "XPT-HEADER"
    assert refused(tmp_path, patched(data, 240 + 74, b"xxxx")).rule == "XPT-HEADER"
    assert refused(tmp_path, patched(data, 560 + 54, b"00 4")).rule == "XPT-HEADER"
    assert refused(tmp_path, patched(data, 560 + 54, b"0005")).rule == "XPT-HEADER"
    assert refused(tmp_path, patched(data, 560 + 54, b"9999")).rule == "XPT-TRUNCATED"


@pytest.mark.parametrize(
    ("at", "new", "word"),
    [
        (0, struct.pack(">H", 3), "type is 3"),
        (0, struct.pack(">H", 0), "type is 0"),
        (4, struct.pack(">H", 0), "length is 0"),
        (4, struct.pack(">H", 21), "position 20 of the record, not at 21"),
        (140 + 4, struct.pack(">H", 9), "number of 9 bytes"),
        (140 + 4, struct.pack(">H", 1), "number of 1 bytes"),
        (8, b"        ", "no name"),
        (140 + 8, b"USUBJID ", "same name"),
        (84, struct.pack(">I", 4), "position"),
        (84, struct.pack(">I", 0xFFFF_FFFF), "position"),
    ],
)
def test_namestr(tmp_path: Path, data: bytes, at: int, new: bytes, word: str) -> None:
    problem = refused(tmp_path, patched(data, NAMESTRS + at, new))
    assert problem.rule == "XPT-NAMESTR"
    assert word in problem.message


@given(st.binary(max_size=2_000))
@in_a_folder
def test_random_bytes(tmp_path: Path, data: bytes) -> None:
    assert refused(tmp_path, data).rule == "XPT-NOT-XPT"


@given(st.data())
@in_a_folder
def test_random_damage(tmp_path: Path, data: st.DataObject) -> None:
    good = write(tmp_path, qs(), QS).files[0].path.read_bytes()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(80, len(good) - 1))
        good = patched(good, at, data.draw(st.binary(min_size=1, max_size=12)))[: len(good)]
    with suppress(Unusable):
        found = read_xpt(put(tmp_path, good))
        assert found.frame.columns == [variable.name for variable in found.variables]


@given(st.binary(min_size=1, max_size=600))
@in_a_folder
def test_random_records(tmp_path: Path, records: bytes) -> None:
    good = write(tmp_path, qs(), QS).files[0].path.read_bytes()
    records = records[: len(records) // 44 * 44]
    found = read_xpt(put(tmp_path, good[:-160] + records + b" " * (-len(records) % 80)))
    assert found.frame.height <= len(records) // 44
    assert found.frame.schema == qs().schema


def two_members(folder: Path) -> bytes:
    first = write(folder, qs(), QS).files[0].path.read_bytes()
    ae = pl.DataFrame({"AETERM": ["headache", None, "nausea"]})
    second = write(folder, ae, [char("AETERM", 10)], name="AE", label="Adverse Events").files[0]
    return first + second.path.read_bytes()[240:]


def test_several_members(tmp_path: Path) -> None:
    path = put(tmp_path, two_members(tmp_path))
    problem = refused(tmp_path, path.read_bytes())
    assert problem.rule == "XPT-SEVERAL-MEMBERS"
    assert "QS, AE" in problem.message
    with pytest.raises(Unusable):
        XptReader(path)
    first, second = read_members(path)
    assert (first.name, second.name) == ("QS", "AE")
    assert_frame_equal(first.frame, qs())
    assert second.frame["AETERM"].to_list() == ["headache", None, "nausea"]
    assert [(reader.name, reader.rows) for reader in open_members(path)] == [("QS", 3), ("AE", 3)]


def test_text_that_looks_like_a_member_is_text(tmp_path: Path) -> None:
    header = "HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!000000000000000001600000000140"
    frame = pl.DataFrame({"A": ["x", header, "y", header]})
    path = write(tmp_path, frame, [char("A", 80)]).files[0].path
    assert header.encode() in [path.read_bytes()[at:][:78] for at in range(0, 2000, 80)]
    assert_frame_equal(read_xpt(path).frame, frame)


def test_the_vax_size_of_namestrs(tmp_path: Path, data: bytes) -> None:
    namestrs = b"".join(data[NAMESTRS + at : NAMESTRS + at + 136] for at in range(0, 560, 140))
    vax = patched(data[:NAMESTRS], 240 + 74, b"0136") + namestrs
    vax += b" " * (-len(vax) % 80) + data[NAMESTRS + 560 :]
    found = read_xpt(put(tmp_path, vax))
    assert found.variables == QS
    assert_frame_equal(found.frame, qs())


def test_variables_may_stand_in_another_order(tmp_path: Path) -> None:
    frame = pl.DataFrame({"B": ["xy", "z"], "A": [1.0, 2.0]})
    good = write(tmp_path, frame, [char("B", 2), num("A")]).files[0].path.read_bytes()
    one, two = (good[NAMESTRS + at : NAMESTRS + at + 140] for at in (0, 140))
    found = read_xpt(put(tmp_path, patched(good, NAMESTRS, two + one)))
    assert_frame_equal(found.frame, frame.select("A", "B"))


def numbers(folder: Path, length: int, *words: bytes) -> Path:
    """A file of one Num variable of that length."""
    frame = pl.DataFrame({"A": [1.0]})
    good = write(folder, frame, [num("A")]).files[0].path.read_bytes()[:-80]
    records = b"".join(word[:length].ljust(length, b"\0") for word in words)
    good = patched(good, NAMESTRS + 4, struct.pack(">H", length))
    return put(folder, good + records + b" " * (-len(records) % 80))


@pytest.mark.parametrize("length", range(2, 9))
def test_short_numbers(tmp_path: Path, length: int) -> None:
    words = [bytes.fromhex(word) for word in ("4110", "c276", "0000", "2e00", "4111111111111111")]
    found = read_xpt(numbers(tmp_path, length, *words))
    assert found.variables[0].length == length
    assert found.problems == ()
    fraction = int("1111111111111111"[: 2 * length - 2], 16) / 16 ** (2 * length - 2)
    assert found.frame["A"].to_list() == [1.0, -118.0, 0.0, None, fraction * 16]


def test_special_missing(tmp_path: Path) -> None:
    words = [b".", b"A", b"\x41\x10", b"Z", b"A", b"_"]
    found = read_xpt(numbers(tmp_path, 8, *words))
    assert found.frame["A"].to_list() == [None, None, 1.0, None, None, None]
    assert found.special_missing == (
        SpecialMissing(2, "A", ".A"),
        SpecialMissing(4, "A", ".Z"),
        SpecialMissing(5, "A", ".A"),
        SpecialMissing(6, "A", "._"),
    )
    assert [(p.rule, p.value, p.row, p.variable) for p in found.problems] == [
        ("XPT-SPECIAL-MISSING", ".A", 2, "A"),
        ("XPT-SPECIAL-MISSING", ".Z", 4, "A"),
        ("XPT-SPECIAL-MISSING", "._", 6, "A"),
    ]
    assert "in 2 records" in found.problems[0].message
    plain = read_xpt(numbers(tmp_path, 8, b".", b"\x41\x10"))
    assert (plain.problems, plain.special_missing) == ((), ())


def test_rounded_numbers(tmp_path: Path) -> None:
    found = read_xpt(numbers(tmp_path, 8, b"\x41\x10", bytes.fromhex("41ffffffffffffff")))
    assert found.frame["A"].to_list() == [1.0, 16.0]
    assert [(p.rule, p.row) for p in found.problems] == [("XPT-READ-ROUNDED", 2)]
    assert read_xpt(numbers(tmp_path, 8, bytes.fromhex("41fffffffffffff8"))).problems == ()


def texts(folder: Path, *values: bytes) -> Path:
    """A file of one Char variable of ten bytes beside a Num variable."""
    frame = pl.DataFrame({"N": [1.0], "A": ["x"]})
    good = write(folder, frame, [num("N"), char("A", 10)]).files[0].path.read_bytes()[:-80]
    records = b"".join(b"\x41\x10".ljust(8, b"\0") + value.ljust(10) for value in values)
    return put(folder, good + records + b" " * (-len(records) % 80))


def test_text_in_utf_8(tmp_path: Path) -> None:
    found = read_xpt(texts(tmp_path, b"plain", "é".encode(), b"", "≥ 3".encode(), b"end"))
    assert found.frame["A"].to_list() == ["plain", "é", None, "≥ 3", "end"]
    assert [(p.rule, p.row, p.value, p.variable) for p in found.problems] == [
        ("XPT-READ-UTF8", 2, "é", "A")
    ]
    assert "in 2 records" in found.problems[0].message
    assert read_xpt(texts(tmp_path, b"plain", b"end")).problems == ()


def test_text_in_an_unknown_encoding_keeps_its_bytes(tmp_path: Path) -> None:
    found = read_xpt(texts(tmp_path, b"plain", b"caf\xe9 ", b"\xff"))
    assert found.frame["A"].to_list() == ["plain", r"caf\xe9", r"\xff"]
    assert [(p.rule, p.row, p.value) for p in found.problems] == [("XPT-READ-BYTES", 2, r"caf\xe9")]


def test_text_in_a_declared_encoding(tmp_path: Path) -> None:
    path = texts(tmp_path, b"plain", b"caf\xe9", "é".encode(), b"\x81")
    found = read_xpt(path, encoding="cp1252")
    assert found.frame["A"].to_list() == ["plain", "café", "Ã©", r"\x81"]
    assert [(p.rule, p.row) for p in found.problems] == [
        ("XPT-READ-BYTES", 4),
        ("XPT-READ-ENCODED", 2),
    ]
    with pytest.raises(Unusable) as error:
        read_xpt(path, encoding="klingon")
    assert rules_of(error.value.problems) == ["XPT-ENCODING"]


def test_a_file_of_others_is_checked_as_ours_are(tmp_path: Path, data: bytes) -> None:
    assert check_xpt(read_xpt(put(tmp_path, data))) == []
    assert check_xpt(read_xpt(numbers(tmp_path, 3, b"\x41\x10"))) == []
    odd = patched(patched(data, NAMESTRS + 8, b"usubjid "), data.index(b"95      "), b"\xc3\xa9")
    assert rules_of(check_xpt(read_xpt(put(tmp_path, odd)))) == [
        "XPT-VARIABLE-NAME",
        "XPT-NON-ASCII",
    ]


def test_text_padded_with_nul(tmp_path: Path) -> None:
    found = read_xpt(texts(tmp_path, b"plain", b"abc\0\0\0\0\0\0\0", bytes(10), b"a\0b", b"d\0 \0"))
    assert found.frame["A"].to_list() == ["plain", "abc", None, "a\0b", "d"]
    assert [(p.rule, p.row) for p in found.problems] == [("XPT-READ-NUL", 2)]
    assert "in 4 records" in found.problems[0].message


def test_leading_blanks_stay(tmp_path: Path) -> None:
    assert read_xpt(texts(tmp_path, b"  a", b" b c ")).frame["A"].to_list() == ["  a", " b c"]


def test_labels_that_are_not_ascii(tmp_path: Path, data: bytes) -> None:
    label = "Größe".encode() + b"\xe9 "
    found = read_xpt(put(tmp_path, patched(data, NAMESTRS + 16, label.ljust(40))))
    assert found.variables[0].label == r"Größe\xe9"
    assert rules_of(found.problems) == ["XPT-HEADER-TEXT"]


def test_stamps_that_are_no_dates(tmp_path: Path, data: bytes) -> None:
    at = data.index(b"30JUN26:12:00:00", 400)
    for stamp in (b" " * 16, b"31FEB26:12:00:00", b"30XYZ26:12:00:00", b"30JUN26:25:00:00"):
        found = read_xpt(put(tmp_path, patched(data, at, stamp)))
        assert (found.created, found.modified) == (None, STAMP)


def blank_tail(folder: Path, length: int, records: bytes, *, number: bool = False) -> bytes:
    """A file of one Char variable (and a Num) with these bytes for records."""
    frame = pl.DataFrame({"A": ["x"], "N": [1.0]})
    variables = [char("A", length), num("N")][: 1 + number]
    good = write(folder, frame, variables).files[0].path.read_bytes()
    return good[: good.index(b"HEADER RECORD*******OBS") + 80] + records


@pytest.mark.parametrize(
    ("length", "records", "rows", "most"),
    [
        (10, b"x".ljust(80), 1, 8),
        (10, b"x".ljust(160), 9, 16),  # 81 to 159 blanks: eight records at least are no padding
        (10, b" " * 80, 1, 8),
        (10, b"x" * 80, 8, None),
        (80, b" " * 240, 3, None),
        (79, b" " * 80, 1, None),
        (120, b"x".ljust(240), 2, None),
        (10, b"", 0, None),
    ],
)
def test_the_number_of_records_of_blank_text(
    tmp_path: Path, length: int, records: bytes, rows: int, most: int | None
) -> None:
    found = read_xpt(put(tmp_path, blank_tail(tmp_path, length, records)))
    assert found.frame.height == rows
    assert rules_of(found.problems) == ([] if most is None else ["XPT-AMBIGUOUS-END"])
    if most is not None:
        assert f"{rows} records were read, it may be up to {most}" in found.problems[0].message


def test_blanks_are_no_number(tmp_path: Path) -> None:
    one = b"x".ljust(10) + b"\x41\x10".ljust(8, b"\0")
    short = read_xpt(put(tmp_path, blank_tail(tmp_path, 10, one.ljust(80), number=True)))
    assert (short.frame.height, short.problems) == (1, ())
    long = read_xpt(put(tmp_path, blank_tail(tmp_path, 10, one.ljust(800), number=True)))
    assert long.frame.height == 1
    assert rules_of(long.problems) == ["XPT-EXTRA-PADDING"]


def test_a_file_that_is_cut_while_it_is_read(tmp_path: Path, data: bytes) -> None:
    path = put(tmp_path, data)
    reader = XptReader(path)
    path.write_bytes(data[:-200])
    with pytest.raises(Unusable) as error:
        reader.read()
    assert rules_of(error.value.problems) == ["XPT-TRUNCATED"]
    path.unlink()
    with pytest.raises(Unusable) as error:
        list(reader.iter_batches())
    assert rules_of(error.value.problems) == ["XPT-UNREADABLE"]


def test_a_dataset_without_variables(tmp_path: Path, data: bytes) -> None:
    obs = data[data.index(b"HEADER RECORD*******OBS") :][:80]
    empty = patched(data[:NAMESTRS], 560 + 54, b"0000") + obs
    found = read_xpt(put(tmp_path, empty))
    assert found.frame.shape == (0, 0)
    assert refused(tmp_path, empty + b"x".ljust(80)).rule == "XPT-HEADER"
