import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialect.converters.readers import iter_form
from trialect.converters.rejected import Rejected
from trialect.converters.writers.rejected import rejected_rows, write_rejected
from trialect.study_options import FormFile

REUSE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

FORMS = {
    "ae": pl.DataFrame(
        {
            "ID": ["a", "a", "b"],
            "TERM": ["x", None, 'say "ah"; ≥ 3,\nloud'],
            "@row": [2, 3, 9],
            "@subject": ["a", "a", "b"],
        }
    ),
    "dm": pl.DataFrame({"ID": ["a"], "@row": [2], "@subject": ["a"]}),
}


def test_a_rejected_row_keeps_its_columns_behind_its_reasons():
    rejected = [
        Rejected("ae", 9, "R2", "second"),
        Rejected("ae", 2, "R1", "first"),
        Rejected("ae", 9, "R1", "first"),
        Rejected("ae", 9, "R2", "second"),
    ]
    (frame,) = rejected_rows(FORMS, rejected).values()
    assert frame.columns == ["trialect_row", "trialect_rule", "trialect_reason", "ID", "TERM"]
    assert frame.rows() == [
        (2, "R1", "first", "a", "x"),
        (9, "R2 | R1", "second | first", "b", 'say "ah"; ≥ 3,\nloud'),
    ]


def test_nothing_rejected_is_no_frame_and_no_file(tmp_path):
    assert rejected_rows(FORMS, []) == {}
    assert write_rejected(tmp_path / "rejected", "ae", []) == 0
    assert not (tmp_path / "rejected").exists()


def test_a_row_that_the_form_does_not_hold_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="ae"):
        rejected_rows(FORMS, [Rejected("ae", 4, "R", "r")])
    with pytest.raises(KeyError):
        rejected_rows(FORMS, [Rejected("vs", 4, "R", "r")])


def test_the_file_is_made_for_excel_and_can_be_fed_again(tmp_path):
    frames = rejected_rows(FORMS, [Rejected("ae", 9, "R", "r"), Rejected("ae", 3, "R", "r")])
    parts = [frames["ae"][1:], frames["ae"][:1]]
    assert write_rejected(tmp_path, "ae", parts, delimiter=";") == 2
    data = (tmp_path / "ae.csv").read_bytes()
    assert data.startswith("\ufefftrialect_row;trialect_rule;trialect_reason;ID;TERM\n".encode())
    assert data.count(b"\n") == 4
    (back,) = iter_form(tmp_path / "ae.csv", FormFile("ae.csv", delimiter=";", encoding="cp1254"))
    assert back.rows() == [("a", None, 2), ("b", 'say "ah"; ≥ 3,\nloud', 3)]


@pytest.mark.parametrize("form", ["../ae", "a/b"])
def test_no_file_is_written_elsewhere(tmp_path, form):
    frame = rejected_rows(FORMS, [Rejected("ae", 9, "R", "r")])["ae"]
    with pytest.raises(ValueError, match="no file name"):
        write_rejected(tmp_path / "rejected", form, [frame])


CELL = st.none() | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8
)


@REUSE
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8), st.sampled_from(",;\t|"))
def test_any_cell_comes_back_as_it_was(tmp_path, cells, delimiter):
    rows = range(2, len(cells) + 2)
    form = pl.DataFrame(cells, schema={"A": pl.String, "B": pl.String}, orient="row").with_columns(
        pl.Series("@row", rows)
    )
    frames = rejected_rows({"f": form}, [Rejected("f", row, "R", 'why, "x"') for row in rows])
    write_rejected(tmp_path, "f", [frames["f"]], delimiter=delimiter)
    back = pl.concat(iter_form(tmp_path / "f.csv", FormFile("f.csv", delimiter=delimiter)))
    assert back.select("A", "B").rows() == cells
