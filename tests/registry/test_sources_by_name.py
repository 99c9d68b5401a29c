"""What no source knows by its content is told by the reader that its name speaks of."""

import codecs
import gzip
import io
import json
import zipfile

import pytest
from ctgov_small import small_record

from trialect.converters.convert import convert
from trialect.problems import Unusable

RECORD = json.dumps(small_record()).encode()
STUDY = """\
studyid: TR-1
title: A trial of examplin
sponsor: {name: Example Institute}
design: {type: INTERVENTIONAL}
registrations: [{id: NCT00000001, registry: ClinicalTrials.gov}]
"""


def zipped(files):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


WHOLE_ZIP = zipped({"a.json": RECORD})


@pytest.mark.parametrize(
    ("name", "data", "rule", "said"),
    [
        ("a.json", b"", "CTGOV-NO-RECORDS", "empty"),
        ("a.json", b"null", "CTGOV-NO-RECORDS", "null"),
        ("a.json", b"[" * 30_000, "CTGOV-BROKEN", "nested too deeply"),
        ("a.json", RECORD.decode().encode("utf-16"), "CTGOV-NO-RECORDS", "UTF-16"),
        ("a.json", codecs.BOM_UTF8 + b"{}", "CTGOV-NO-RECORD", "protocolSection"),
        ("a.zip", WHOLE_ZIP[:-30], "CTGOV-NOT-UNPACKED", "its end is not there"),
        ("a.zip", zipped({"b.zip": WHOLE_ZIP}), "CTGOV-NOT-UNPACKED", "zip within a zip"),
        ("a.json.gz", gzip.compress(b" " * 2**27), "CTGOV-NOT-UNPACKED", "zip bomb"),
    ],
)
def test_the_message_is_of_records(tmp_path, name, data, rule, said):
    file = tmp_path / name
    file.write_bytes(data)
    (problem,) = convert(file, tmp_path / "out", to=["ctgov"]).problems
    assert problem.rule == rule
    assert said in problem.message
    assert problem.file in (name, "b.zip")


def test_a_list_of_nothing_holds_no_record(tmp_path):
    (tmp_path / "a.json").write_bytes(b"[]")
    with pytest.raises(Unusable, match="holds no record"):
        convert(tmp_path / "a.json", tmp_path / "out", to=["ctgov"])


def test_what_is_not_there_is_told_so(tmp_path):
    with pytest.raises(Unusable, match=r"gone\.json does not exist") as raised:
        convert(tmp_path / "gone.json", tmp_path / "out")
    assert [one.rule for one in raised.value.problems] == ["CONVERT-NOT-THERE"]


def test_a_broken_zip_of_a_folder_stops_no_other_file(tmp_path):
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "a.zip").write_bytes(WHOLE_ZIP[:-30])
    (folder / "b.json").write_bytes(RECORD)
    done = convert(folder, tmp_path / "out", to=["ctgov"])
    assert (done.account.trials, done.account.rejected) == (1, 1)


def test_a_study_file_by_itself_is_a_study(tmp_path):
    file = tmp_path / "protocol.yaml"
    file.write_text(STUDY, encoding="utf-8")
    done = convert(file, tmp_path / "out", to=["ctgov"])
    written = json.loads((done.out / "NCT00000001" / "registry" / "ctgov.json").read_bytes())
    found = written["protocolSection"]["identificationModule"]
    assert found["officialTitle"] == "A trial of examplin"
    assert found["orgStudyIdInfo"] == {"id": "TR-1"}


def test_a_study_file_with_a_mistake_is_told_by_its_line(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(STUDY.replace("INTERVENTIONAL", "INTERVENTION"), encoding="utf-8")
    done = convert(file, tmp_path / "out", to=["ctgov"])
    assert done.account.rejected == 1
    assert [(one.file, one.row, one.field) for one in done.problems] == [
        ("study.yaml", 4, "design.type")
    ]
