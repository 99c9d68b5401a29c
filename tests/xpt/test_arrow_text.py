"""What is read of Polars's memory is a copy: Polars shares it between columns."""

import numpy as np
import polars as pl
import pytest

from trialect.converters.arrow_text import TextViews


@pytest.mark.parametrize("texts", [["a"], [None], ["a", None], ["a text of more than twelve"]])
@pytest.mark.parametrize("width", [4, 12, 40])
def test_what_is_done_to_cells_does_not_reach_the_column(texts, width):
    column = pl.Series(texts, dtype=pl.String)
    before = column.to_list()
    cells, lengths = TextViews(column).cells(0, len(texts), width)
    cells[:] = ord(" ")
    lengths[:] = 7
    assert column.to_list() == before
    assert column.equals(pl.Series(before, dtype=pl.String), null_equal=True)


def test_columns_without_any_text_stay_empty_whoever_pads_one():
    empty = pl.select(pl.lit(None, pl.String).alias("one"))["one"]
    cells, _ = TextViews(empty).cells(0, 1, 8)
    cells[:] = ord(" ")
    other = pl.DataFrame({"key": ["W0", "SCR"]}).join(
        pl.DataFrame({"key": ["W0"], "value": ["x"]}), on="key", how="left"
    )
    assert other["value"].to_list() == ["x", None]
    assert pl.Series(["W0"]).is_in(["W0"]).to_list() == [True]


def test_the_memory_itself_cannot_be_written():
    views = TextViews(pl.Series(["a", "b"])).views
    with pytest.raises(ValueError, match="read-only"):
        views[:] = np.uint8(0)
