"""The plain writer of small datasets gives the bytes of the writer of frames, or refuses alike."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialect.converters.writers.xpt import write_xpt
from trialect.converters.writers.xpt_small import xpt_bytes
from trialect.converters.xpt_format import XptVariable
from trialect.problems import Unusable

STAMP = datetime(2026, 6, 30, 12, 0, 1)
VARIABLES = (
    XptVariable("STUDYID", "Study Identifier", "Char", 5),
    XptVariable("TSSEQ", "Sequence Number", "Num", 8),
    XptVariable("TSVAL", "Parameter Value", "Char", 40),
)


def both(folder: Path, rows, variables=VARIABLES, name="TS", stamp=STAMP):
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(variables)
    frame = pl.DataFrame(
        {
            one.name: pl.Series(list(column), dtype=pl.Float64 if one.type == "Num" else pl.String)
            for one, column in zip(variables, columns, strict=True)
        }
    )
    path = folder / f"{name.lower()}.xpt"
    path.unlink(missing_ok=True)
    outcomes = []
    try:
        write_xpt(path, name, "Trial Summary", variables, [frame], stamp=stamp)
        outcomes.append(path.read_bytes())
    except Unusable as refused:
        outcomes.append({problem.rule for problem in refused.problems})
    try:
        outcomes.append(xpt_bytes(name, "Trial Summary", variables, columns, stamp=stamp))
    except Unusable as refused:
        outcomes.append({problem.rule for problem in refused.problems})
    return outcomes


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [("S1", 1.0, "a value")],
        [("S1", 1.0, "a value"), ("S1", None, None), ("S1", -12.5, "x" * 40)],
        [("S1", 1e70, ""), ("S1", 0.0, "-"), ("S1", 1e-70, " leading")],
    ],
)
def test_the_bytes_are_the_same(tmp_path, rows):
    normal, small = both(tmp_path, rows)
    assert isinstance(normal, bytes)
    assert small == normal


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([("S1", 1.0, "trailing ")], "XPT-TRAILING-BLANK"),
        ([("S1", 1.0, "x" * 41)], "XPT-VALUE-LONG"),
        ([("S1", 1.0, "x" * 201)], "XPT-OVER-200"),
        ([("S1", 1.0, "ß")], "XPT-NON-ASCII"),
        ([("S1", 1.0, "a\nb")], "XPT-CONTROL-CHARACTER"),
        ([("S1", float("inf"), "a")], "XPT-NOT-FINITE"),
        ([("S1", 1e76, "a")], "XPT-NUMBER-LARGE"),
    ],
)
def test_what_xpt_cannot_hold_is_refused_alike(tmp_path, rows, rule):
    normal, small = both(tmp_path, rows)
    assert rule in normal
    assert rule in small


def test_a_blank_last_record_is_refused(tmp_path):
    variables = (XptVariable("TSVAL", "Parameter Value", "Char", 4),)
    assert both(tmp_path, [("a",), (None,)], variables) == [{"XPT-BLANK-LAST-RECORD"}] * 2


@pytest.mark.parametrize(
    "variables",
    [
        (XptVariable("tsval", "", "Char", 4),),
        (XptVariable("TSVAL", "l" * 41, "Char", 4),),
        (XptVariable("TSVAL", "", "Char", 201),),
        (XptVariable("TSVAL", "", "Char", 4),) * 2,
        (),
    ],
)
def test_a_plan_that_xpt_does_not_allow_is_refused_alike(tmp_path, variables):
    row = ("a",) * len(variables)
    normal, small = both(tmp_path, [row], variables) if len(variables) < 2 else (None, None)
    if len(variables) >= 2:
        with pytest.raises(Unusable) as refused:
            xpt_bytes("TS", "", variables, [("a",)] * len(variables), stamp=STAMP)
        assert {problem.rule for problem in refused.value.problems} == {"XPT-DUPLICATE-VARIABLE"}
    else:
        assert isinstance(normal, set)
        assert small == normal


def test_a_stamp_outside_the_century_is_refused(tmp_path):
    normal, small = both(tmp_path, [("S1", 1.0, "a")], stamp=datetime(2060, 1, 1))
    assert normal == small == {"XPT-STAMP"}


_TEXT = st.none() | st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=44)
_NUMBER = st.none() | st.floats(allow_nan=False)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=50,
    deadline=None,
)
@given(st.lists(st.tuples(st.sampled_from(["S1", "S22"]), _NUMBER, _TEXT), max_size=8))
def test_any_records_are_written_or_refused_alike(tmp_path, rows):
    normal, small = both(tmp_path, rows)
    if isinstance(normal, bytes) or isinstance(small, bytes):
        assert small == normal
    else:
        # The plain writer stops at the first number it cannot hold.
        assert small <= normal
