"""What docs/report-records.schema.json promises is what the report of registry records holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from ctgov_small import small_record
from page_small import SCRAPED
from typer.testing import CliRunner

import trialect
from trialect.cli import app
from trialect.converters.trials import TrialsConversion

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA: dict[str, Any] = json.loads(
    (DOCS / "report-records.schema.json").read_text(encoding="utf-8")
)
OF_STUDIES: dict[str, Any] = json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8"))


def checked(done: trialect.Conversion | TrialsConversion) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((done.out / "report.json").read_bytes())
    jsonschema_rs.validator_for(SCHEMA).validate(report)
    return report


def test_records_of_which_one_cannot_be_read(tmp_path: Path) -> None:
    records = tmp_path / "records.json"
    twice = small_record()
    records.write_text(json.dumps([twice, {"FullStudy": 1}, twice, 7]), encoding="utf-8")
    report = checked(trialect.convert(records, tmp_path / "out"))
    assert report["records"] == {"in": 4, "converted": 1, "rejected": 3}
    assert {"file", "row", "trial", "path"} <= {key for one in report["problems"] for key in one}
    (trial,) = report["trials"]
    assert trial["row"] == 1
    assert trial["files"] > 1


def test_the_text_of_a_page_that_names_no_identifier(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text(SCRAPED, encoding="utf-8")
    report = checked(trialect.convert(page, tmp_path / "out", to=["ictrp"]))
    assert [one["trial"] for one in report["trials"]] == [""]


def test_what_is_written_as_nothing_is_said_so(tmp_path: Path) -> None:
    page, records = tmp_path / "page.txt", tmp_path / "record.json"
    page.write_text(SCRAPED, encoding="utf-8")
    records.write_text(json.dumps(small_record()), encoding="utf-8")
    out = ["-o", str(tmp_path / "out"), "--to", "prs", "--to", "sdtm"]
    done = CliRunner().invoke(app, ["convert", str(page), *out])
    assert "1 trial written as prs; nothing as sdtm; 0 rejected" in done.output
    assert "SDTM-STUDY-NO-ID" in done.output
    done = CliRunner().invoke(app, ["convert", str(records), *out])
    assert "1 trial written as prs, sdtm; 0 rejected" in done.output


@pytest.mark.parametrize("key", ["trials", "problems", "records", "rules"])
def test_a_report_that_lacks_a_key_is_none(tmp_path: Path, key: str) -> None:
    records = tmp_path / "record.json"
    records.write_text(json.dumps(small_record()), encoding="utf-8")
    report = checked(trialect.convert(records, tmp_path / "out", to=["ctgov"]))
    del report[key]
    assert not jsonschema_rs.validator_for(SCHEMA).is_valid(report)


def test_a_finding_has_the_same_form_in_each_report() -> None:
    for name, form in SCHEMA["$defs"].items():
        assert form == OF_STUDIES["$defs"][name], name


def test_the_page_shows_a_trial_without_identifier_and_loses_nothing_that_is_not_there(
    tmp_path: Path,
) -> None:
    page = tmp_path / "page.txt"
    page.write_text(SCRAPED, encoding="utf-8")
    done = trialect.convert(page, tmp_path / "out")
    report = checked(done)
    (trial,) = report["trials"]
    assert trial["trial"] == ""
    html = (done.out / "report.html").read_text(encoding="utf-8")
    assert f'<a href="{trial["folder"]}/losses.html">{trial["folder"]}</a>' in html
    lost = html[html.index("What was lost of values") : html.index("<h2>Trials</h2>")]
    required = [one["field"] for one in report["problems"] if one["rule"] == "REGISTRY-REQUIRED"]
    assert "brief_title" in required
    assert "<td>brief_title</td>" not in lost
    assert "TS-ENROLMENT" in lost or "ICTRP-SIZE-KIND" in lost
