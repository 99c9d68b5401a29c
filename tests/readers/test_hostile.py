"""Whatever stands in a file, a reader gives records or says why not; it never falls over."""

import gzip
import json
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialect.converters.readers import open_form
from trialect.converters.readers.study_yaml import study_of
from trialect.problems import Unusable
from trialect.study_options import FormFile

REUSE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)


SHARE = st.floats(0, 1, exclude_max=True)


def sample(kind, folder):
    if kind == "csv":
        return 'id,a\n1,"x, ""y"""\n2,é\n'.encode()
    if kind == "sas7bdat":
        return gzip.decompress((Path(__file__).parent / "forms.sas7bdat.gz").read_bytes())
    if kind == "xlsx":
        book = openpyxl.Workbook()
        book.active.append(["id", "a"])
        book.active.append(["1", 2.5])
        book.save(folder / "sample.xlsx")
        return (folder / "sample.xlsx").read_bytes()
    data = {"datasetJSONVersion": "1.1.0", "records": 1, "name": "X"}
    data["columns"] = [{"name": "A", "dataType": "string"}]
    lines = json.dumps(data).encode() + b'\n["x"]\n'
    return gzip.compress(lines, mtime=0) if kind == "dsjc" else lines


def read(path):
    try:
        opened = open_form(path, FormFile(path.name))
        return sum(frame.height for frame in opened.batches)
    except Unusable as unusable:
        if not all(problem.file and problem.message for problem in unusable.problems):
            raise
        return None


@pytest.mark.parametrize("kind", ["csv", "sas7bdat", "xlsx", "ndjson", "dsjc"])
@REUSE
@given(
    st.lists(st.tuples(SHARE, st.integers(0, 255)), max_size=4),
    SHARE.map(lambda share: 1 - share) | st.just(1.0),
)
def test_a_damaged_file_is_read_or_refused(tmp_path, kind, changes, length):
    whole = bytearray(sample(kind, tmp_path))
    for place, byte in changes:
        whole[int(place * len(whole))] = byte
    path = tmp_path / f"form.{kind}"
    path.write_bytes(whole[: int(length * len(whole))])
    read(path)


@REUSE
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path, data):
    path = tmp_path / "form.csv"
    path.write_bytes(data)
    read(path)


def test_an_undamaged_file_is_read(tmp_path):
    for kind, rows in (("csv", 2), ("sas7bdat", 4), ("xlsx", 1), ("ndjson", 1), ("dsjc", 1)):
        path = tmp_path / f"form.{kind}"
        path.write_bytes(sample(kind, tmp_path))
        assert read(path) == rows


def test_a_file_that_cannot_be_opened(tmp_path):
    with pytest.raises(Unusable) as refusal:
        open_form(tmp_path / "none.csv", FormFile("none.csv"), name="records/none.csv")
    (problem,) = refusal.value.problems
    assert str(problem).startswith("records/none.csv: the file cannot be read: No such file")


YAML = st.text(st.sampled_from("studyid:sponsor{}[]&*!|>'\"#-?\n\t ,0\x00é"), max_size=80)


@REUSE
@given(st.binary(max_size=80) | YAML.map(str.encode))
def test_any_study_file_is_refused_with_reasons(data):
    with pytest.raises(Unusable) as refusal:
        study_of(data)
    assert refusal.value.problems
