"""How PRS takes an upload is said on the command line, in study.yaml, or not at all: then whole."""

import json
import shutil
from pathlib import Path

import pytest
from ctgov_small import small_record
from typer.testing import CliRunner

import trialect
from trialect.cli import app
from trialect.problems import Unusable

PARTIAL = '<clinical_study partial_upload="true">'
STUDY = "studyid: T1\ntitle: A trial\nsponsor: {name: Nobody}\noutputs: [prs]\n"
MERGED = "registry: {prs: {partial_upload: true}}\n"


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """A file of one record."""
    path = tmp_path / "records.json"
    path.write_text(json.dumps(small_record()), encoding="utf-8")
    return path


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study folder of a study file and two subjects."""
    folder = tmp_path / "study"
    (folder / "records").mkdir(parents=True)
    (folder / "mappings").mkdir()
    start = "start: {date: '2026-01-01', type: ACTUAL}\nrecords: {subject: id}\n"
    stamp = "sdtm: {stamp: '2026-01-01T00:00:00Z'}\n"
    (folder / "study.yaml").write_text(STUDY + start + stamp, encoding="utf-8")
    (folder / "records" / "people.csv").write_text("id,sex\n1,F\n2,M\n", encoding="utf-8")
    (folder / "mappings" / "sources.csv").write_text(
        "domain,block,from,records\nDM,people,people,row\n", encoding="utf-8"
    )
    (folder / "mappings" / "dm.csv").write_text(
        "target,verb,source,value\nUSUBJID,compute,,STUDYID || '-' || id\n"
        "SUBJID,assign,id,\nSITEID,hardcode,,1\nSEX,assign_ct,sex,\nCOUNTRY,hardcode,,TUR\n"
        "ARMNRS,hardcode_ct,,NOT ASSIGNED\n",
        encoding="utf-8",
    )
    return folder


def uploads(out: Path) -> tuple[str, set[str]]:
    """The upload that was written, and the rules of uploads that the report tells."""
    (file,) = out.rglob("prs.xml")
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    rules = {one["rule"] for one in report["problems"]}
    return file.read_text(encoding="utf-8"), rules & {"PRS-FULL-UPLOAD", "PRS-PARTIAL-UPLOAD"}


def converted(source: Path, *options: str) -> tuple[str, set[str]]:
    out = source.parent / "out"
    shutil.rmtree(out, ignore_errors=True)
    command = ["convert", str(source), "-o", str(out), "--to", "prs", *options]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    assert result.exit_code in (0, 1), result.output
    return uploads(out)


@pytest.mark.parametrize("source", ["records", "study"])
def test_an_upload_is_whole_and_warned_of_unless_it_is_asked_for(
    source: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(source)
    written, told = converted(path)
    assert "partial_upload" not in written
    assert told == {"PRS-FULL-UPLOAD"}
    written, told = converted(path, "--partial-upload")
    assert PARTIAL in written
    assert told == {"PRS-PARTIAL-UPLOAD"}


def test_the_command_line_wins_over_the_study_file(study: Path, records: Path) -> None:
    file = study / "study.yaml"
    file.write_text(file.read_text(encoding="utf-8") + MERGED, encoding="utf-8")
    assert converted(study)[1] == {"PRS-PARTIAL-UPLOAD"}
    written, told = converted(study, "--full-upload")
    assert "partial_upload" not in written
    assert told == {"PRS-FULL-UPLOAD"}
    beside = records.with_name("study.yaml")
    beside.write_text(MERGED, encoding="utf-8")
    assert converted(records, "--study", str(beside))[1] == {"PRS-PARTIAL-UPLOAD"}
    told = converted(records, "--study", str(beside), "--full-upload")[1]
    assert told == {"PRS-FULL-UPLOAD"}


@pytest.mark.parametrize("partial", [True, False])
@pytest.mark.parametrize("source", ["records", "study"])
def test_an_option_of_an_upload_that_is_not_written_is_refused(
    source: str, partial: bool, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = request.getfixturevalue(source)
    with pytest.raises(Unusable) as refused:
        trialect.convert(path, tmp_path / "out", to=["ictrp"], partial_upload=partial)
    (problem,) = refused.value.problems
    assert problem.rule == "PRS-UPLOAD-OPTION"
    assert ("--partial-upload" if partial else "--full-upload") in problem.message
    assert not (tmp_path / "out").exists()
