"""Findings on a package that trialect wrote lead to the row and column of the export."""

import json
import shutil
from pathlib import Path

import pytest

import trialect
from trialect.converters.review import Review, Source, review
from trialect.converters.sources import traced_review
from trialect.converters.traced_package import TracedPackage
from trialect.problems import Problem, Severity


def found(**place: object) -> Problem:
    return Problem("R-1", Severity.ERROR, "m", **place)  # type: ignore[arg-type]


def traced(package: Path, *problems: Problem, changed: tuple[str, ...] = ()) -> Review:
    return traced_review(review(problems), TracedPackage(package), changed)


def source(package: Path, **place: object) -> Source | None:
    return traced(package, found(**place)).source(0)


def test_a_record_is_found_by_its_number(converted: trialect.Conversion) -> None:
    told = source(converted.out, file="ae.xpt", row=4, domain="AE", variable="AESEV")
    assert told == Source("records/adverse_events.csv", 5, "severity")


def test_a_record_is_found_by_its_keys(converted: trialect.Conversion) -> None:
    usubjid = "CTFPIRHD2025-01-015"
    told = source(converted.out, domain="AE", usubjid=usubjid, seq="1", variable="AESEV")
    assert told == Source("records/adverse_events.csv", 5, "severity")
    subject = source(converted.out, domain="DM", usubjid=usubjid, variable="SEX")
    assert subject is not None
    assert subject.file.startswith("records/")
    assert subject.column


def test_keys_of_several_records_name_none(converted: trialect.Conversion) -> None:
    usubjid = "CTFPIRHD2025-01-001"
    assert source(converted.out, domain="QS", usubjid=usubjid, variable="QSORRES") is None


def test_several_variables_name_their_columns(converted: trialect.Conversion) -> None:
    told = source(converted.out, file="ae.xpt", row=4, domain="AE", variable="AESEV, AETERM")
    assert told == Source("records/adverse_events.csv", 5, "severity, ae_term")


def test_a_variable_of_no_column_names_the_row(converted: trialect.Conversion) -> None:
    for variable in ("DOMAIN", None):
        told = source(converted.out, file="ae.json", row=4, domain="AE", variable=variable)
        assert told == Source("records/adverse_events.csv", 5)


@pytest.mark.parametrize(
    "place",
    [
        {"file": "ae.xpt", "row": 10_000, "domain": "AE"},
        {"file": "zz.xpt", "row": 1, "domain": "ZZ"},
        {"file": "ta.xpt", "row": 1, "domain": "TA"},
        {"file": "define.xml", "row": 7},
        {"domain": "AE", "usubjid": "NOBODY", "seq": "1"},
    ],
)
def test_what_has_no_source_has_none(
    converted: trialect.Conversion, place: dict[str, object]
) -> None:
    assert source(converted.out, **place) is None


def test_a_file_that_has_changed_says_nothing(converted: trialect.Conversion) -> None:
    one = found(file="ae.xpt", row=4, domain="AE", variable="AESEV")
    other = found(file="ae.json", row=4, domain="AE", variable="AESEV")
    told = traced(converted.out, one, other, changed=("ae.xpt",))
    files = {problem.file: told.source(place) for place, problem in enumerate(told.problems)}
    assert files["ae.xpt"] is None
    assert files["ae.json"] is not None


def test_the_findings_of_a_conversion_and_of_its_package_lead_there(
    converted: trialect.Conversion,
) -> None:
    report = json.loads((converted.out / "report.json").read_text(encoding="utf-8"))
    (mapped,) = [one for one in report["problems"] if one["rule"] == "MAP-TERM-UNKNOWN"]
    (coded,) = [
        one
        for one in report["problems"]
        if one["rule"] == "FHIR-NO-CODE" and one.get("value") == mapped["value"]
    ]
    validation = trialect.validate(converted.out)
    (checked,) = [
        validation.review.source(place)
        for place, one in enumerate(validation.problems)
        if one.rule == "TRL-CT-001"
    ]
    assert mapped["source"] == coded["source"]
    assert checked == Source(**mapped["source"])


@pytest.mark.parametrize("known", [True, False])
def test_a_broken_lineage_leaves_the_findings(
    converted: trialect.Conversion, tmp_path: Path, known: bool
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(converted.out, copy)
    for file in (copy / "lineage").glob("AE-*.parquet"):
        file.write_bytes(file.read_bytes()[:100])
    if not known:
        manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
        kept = [one for one in manifest["outputs"] if not one["file"].startswith("lineage/AE")]
        (copy / "manifest.json").write_text(
            json.dumps({**manifest, "outputs": kept}), encoding="utf-8"
        )
    validation = trialect.validate(copy)
    rules = {one.rule for one in validation.problems}
    assert "TRL-CT-001" in rules
    assert ("PACKAGE-CHANGED" in rules) is known
    assert validation.review.sources == {}


def test_without_lineage_nothing_is_told(converted: trialect.Conversion, tmp_path: Path) -> None:
    (xpt,) = converted.out.rglob("ae.xpt")
    validation = trialect.validate(xpt, pack=False)
    assert validation.review.sources == {}
    assert not validation.review.traced
