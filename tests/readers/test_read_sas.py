import gzip
import math
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialect.converters.readers import iter_form, open_form
from trialect.converters.readers.sas_text import number_text, text_of
from trialect.problems import Unusable
from trialect.study_options import FormFile

EXPECTED = [
    ("001", "34", "1980-02-29", "2026-01-31T13:45:00", "01:00:00", "1", 2),
    ("002", None, "1959-12-31", "1959-12-31T23:59:59", "23:59:59", ".A", 3),
    ("é3", "0.30000000000000004", None, None, None, ".Z", 4),
    (None, "0.0000001", "2026-01-01", "2026-01-01T00:00:00.5", "00:01:00", None, 5),
]
"""forms_sas7bdat.R says what was written."""


@pytest.fixture
def dataset(tmp_path):
    packed = Path(__file__).parent / "forms.sas7bdat.gz"
    path = tmp_path / "forms.sas7bdat"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    return path


@pytest.mark.parametrize("batch", [1, 3, 4, 100])
def test_a_sas_dataset_is_read_in_batches(dataset, batch):
    frames = list(iter_form(dataset, FormFile("x"), batch_rows=batch))
    assert [frame.height for frame in frames][:-1] == [batch] * (len(frames) - 1)
    assert pl.concat(frames).rows() == EXPECTED
    assert frames[0].columns == ["SUBJID", "AGE", "BRTHDT", "DTM", "TM", "DOSE", "@row"]


def test_a_damaged_sas_dataset_is_refused(dataset):
    dataset.write_bytes(dataset.read_bytes()[:9000])
    with pytest.raises(Unusable, match="the SAS dataset cannot be read"):
        list(iter_form(dataset, FormFile("x")))


def test_the_name_of_the_file_does_not_matter(dataset):
    other = dataset.rename(dataset.with_name("data.csv"))
    assert pl.concat(iter_form(other, FormFile("x"))).rows() == EXPECTED


# --- XPT ---------------------------------------------------------------------------------------


@pytest.fixture
def xpt(tmp_path):
    from trialect.converters.writers.xpt import write_xpt
    from trialect.converters.xpt_format import XptVariable

    frame = pl.DataFrame(
        {"SUBJID": ["001", None, "3"], "AGE": [34.5, None, 2.0], "DT": [7364.0, -1.0, 1.5]}
    )
    variables = [
        XptVariable("SUBJID", "Subject", "Char", 3),
        XptVariable("AGE", "Age", "Num", 8),
        XptVariable("DT", "Date", "Num", 8, format="DATE9."),
    ]
    path = tmp_path / "dm.xpt"
    write_xpt(
        path, name="DM", label="x", variables=variables, batches=[frame], stamp=datetime(2026, 1, 1)
    )
    return path


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_an_xpt_file_is_a_form_too(xpt, batch):
    assert pl.concat(iter_form(xpt, FormFile("x"), batch_rows=batch)).rows() == [
        ("001", "34.5", "1980-02-29", 2),
        (None, None, "1959-12-31", 3),
        ("3", "2", "1.5", 4),
    ]


def test_special_missing_values_of_xpt_are_kept_as_text(xpt):
    data = xpt.read_bytes()
    blank = b".\0\0\0\0\0\0\0"
    place = data.index(blank)
    xpt.write_bytes(data[:place] + b"C" + blank[1:] + data[place + 8 :])
    opened = open_form(xpt, FormFile("x"))
    assert pl.concat(opened.batches)["AGE"].to_list() == ["34.5", ".C", "2"]
    assert not opened.problems


def test_a_damaged_xpt_file_is_refused_under_its_name(xpt):
    xpt.write_bytes(xpt.read_bytes()[:300])
    with pytest.raises(Unusable) as refusal:
        open_form(xpt, FormFile("x"), name="records/dm.xpt")
    assert refusal.value.problems[0].file == "records/dm.xpt"


def test_the_sample_submission_reads_alike_as_xpt_and_as_dataset_json(shared):
    names = sorted(path.stem for path in (shared / "sdtm-msg").glob("*.xpt"))
    assert len(names) == 27
    for name in names:
        path = shared / "sdtm-msg" / name
        one, other = (
            pl.concat(open_form(path.with_suffix(end), FormFile("x")).batches)
            for end in (".xpt", ".json")
        )
        # XPT cannot hold blanks at the end of a text, and SAS wrote the JSON's numbers with 15
        # digits only: LBSTRESN is 8.549999999999999 in the XPT, for every reader, 8.55 in JSON.
        assert one.columns == other.columns
        for column in one.columns:
            for here, there in zip(one[column], other[column], strict=True):
                if here != there:
                    assert same_number(here, there) or here == there.rstrip(), (name, column)


def same_number(one, other):
    try:
        return f"{float(one):.14g}" == f"{float(other):.14g}"
    except (TypeError, ValueError):
        return False


# --- values ------------------------------------------------------------------------------------


@given(st.floats(allow_infinity=False, width=64))
def test_a_number_is_the_shortest_text_that_gives_it_back(value):
    (text,) = number_text(np.array([value]))
    if math.isnan(value):
        assert text is None
    else:
        assert float(text) == value
        assert "e" not in text.lower()
        assert not text.endswith((".", ".0"))


@pytest.mark.parametrize(
    ("value", "format", "text"),
    [
        (0, "DATE9", "1960-01-01"),
        (24107, "YYMMDD10.", "2026-01-01"),
        (24107, "E8601DA10", "2026-01-01"),
        (24107, "DDMMYYD10.", "2026-01-01"),
        (24107.5, "DATE9.", "24107.5"),
        (1e9, "DATE9.", "1000000000"),
        (2085486300, "DATETIME20.", "2026-01-31T13:45:00"),
        (-0.5, "DATETIME22.3", "1959-12-31T23:59:59.5"),
        (60, "TIME5.", "00:01:00"),
        (90000, "TIME8.", "90000"),
        (-1, "HHMM5.", "-1"),
        (24107, "BEST12.", "24107"),
        (24107, "DATELIKE.", "24107"),
        (24107, None, "24107"),
    ],
)
def test_a_format_of_sas_says_what_is_a_date(value, format, text):
    assert text_of(np.array([float(value)]), format).to_list() == [text]
