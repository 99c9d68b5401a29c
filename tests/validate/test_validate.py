"""Every kind of file is recognised and checked; what is broken is told, never a traceback."""

from __future__ import annotations

import json
import shutil
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import trialect
from trialect.converters import validate as module
from trialect.converters import validate_files

TOLERATED = {
    "DEFINE-DICTIONARY-VERSION",  # the example does not say which MedDRA
    "XPT-AMBIGUOUS-END",  # a small file whose padding could be records
}
"""What the example's own package is told of, rightly."""


def sdtm(package: Path) -> Path:
    return package / "m5/datasets/ctfpirhd2025/tabulations/sdtm"


def rules(*paths: Path, pack: bool = False) -> Counter[str]:
    return Counter(problem.rule for problem in trialect.validate(*paths, pack=pack).problems)


Pick = Callable[[Path], Path]
KINDS: dict[str, Pick] = {
    "package": lambda package: package,
    "folder": sdtm,
    "xpt": lambda package: sdtm(package) / "qs.xpt",
    "dataset-json": lambda package: package / "dataset-json/qs.json",
    "dataset-ndjson": lambda package: package / "dataset-json/qs.ndjson",
    "fhir-bundle": lambda package: min((package / "fhir/bundles").glob("*.json")),
    "fhir-folder": lambda package: package / "fhir/ndjson",
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_checked_and_clean(package: Path, kind: str) -> None:
    validation = trialect.validate(KINDS[kind](package), pack=False)
    assert validation.files
    assert {problem.rule for problem in validation.problems} <= TOLERATED


def test_the_pack_finds_no_error_but_the_term_that_nobody_mapped(package: Path) -> None:
    errors = trialect.validate(package).errors
    assert {(one.domain, one.variable, one.value) for one in errors} <= {
        ("AE", "AESEV", "Mild to moderate")
    }


def test_a_compressed_dataset_is_recognised(package: Path, tmp_path: Path) -> None:
    packed = tmp_path / "qs.dsjc"
    packed.write_bytes(zlib.compress((package / "dataset-json/qs.ndjson").read_bytes()))
    validation = trialect.validate(packed, pack=False)
    assert (validation.files, validation.problems) == (1, [])


def test_a_resource_alone_is_recognised(package: Path, tmp_path: Path) -> None:
    with (package / "fhir/ndjson/Patient.ndjson").open(encoding="utf-8") as lines:
        resource = json.loads(next(lines))
    path = tmp_path / "patient.json"
    path.write_text(json.dumps(resource), encoding="utf-8")
    assert trialect.validate(path, pack=False).problems == []
    path.write_text(json.dumps({**resource, "gender": "none"}), encoding="utf-8")
    assert trialect.validate(path, pack=False).errors


def test_several_paths_are_checked_together(package: Path) -> None:
    folder = sdtm(package)
    assert set(rules(folder / "dm.xpt", folder / "se.xpt")) <= TOLERATED
    # EPOCH of SE is looked up in TA as soon as that is named too.
    ta = folder / "ta.xpt"
    assert set(rules(folder / "dm.xpt", folder / "se.xpt", ta)) <= TOLERATED


def test_a_subject_of_another_file_is_missed(package: Path, tmp_path: Path) -> None:
    folder = sdtm(package)
    data = (folder / "qs.xpt").read_bytes()
    (tmp_path / "qs.xpt").write_bytes(data.replace(b"CTFPIRHD2025-01-001", b"CTFPIRHD2025-09-999"))
    found = trialect.validate(
        folder / "dm.xpt",
        tmp_path / "qs.xpt",
    ).problems
    stray = [problem for problem in found if problem.rule == "TRL-SUBJ-001"]
    assert {problem.usubjid for problem in stray} == {"CTFPIRHD2025-09-999"}
    assert [problem.row for problem in stray] == list(range(1, len(stray) + 1))
    assert {problem.file for problem in stray} == {"qs.xpt"}


# Nothing, or nothing that can be validated


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nothing.xpt"
    with pytest.raises(trialect.Unusable) as refused:
        trialect.validate(path, pack=False)
    assert str(refused.value) == f"{path} does not exist. Check the path."


@pytest.mark.parametrize("content", [None, b"", b"\x00\x01\x02", b"a,b\n1,2\n"])
def test_what_cannot_be_validated_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "thing"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(trialect.Unusable, match="is no package, XPT"):
        trialect.validate(path, pack=False)


def test_a_file_that_is_not_what_its_name_says_is_told(copy: Path) -> None:
    (sdtm(copy) / "ae.xpt").write_bytes(b"")
    (copy / "fhir/ndjson/Patient.ndjson").write_bytes(b"\x00" * 100)
    found = trialect.validate(copy / "m5", copy / "fhir", pack=False).problems
    told = {p.file for p in found if p.rule == "VALIDATE-NOT-RECOGNISED"}
    assert told == {"ae.xpt", "Patient.ndjson"}


def test_a_file_that_cannot_be_read_is_told(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(validate_files, "recognise", refuse)
    (problem,) = trialect.validate(sdtm(package) / "dm.xpt", pack=False).problems
    assert problem.rule == "VALIDATE-NOT-READ"
    assert "dm.xpt cannot be read: Permission denied" in problem.message


# Damaged files


def cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("qs.xpt", "XPT-TRUNCATED"),
        ("qs.json", "DSJSON-NOT-JSON"),
        ("define.xml", "DEFINE-NOT-XML"),
        ("Patient.ndjson", "FHIR-JSON"),
        ("bundle.json", "FHIR-JSON"),
        ("patient.json", "FHIR-JSON"),
    ],
)
def test_a_file_that_was_cut_is_told(package: Path, tmp_path: Path, file: str, rule: str) -> None:
    sources = {
        "qs.xpt": sdtm(package) / "qs.xpt",
        "qs.json": package / "dataset-json/qs.json",
        "define.xml": sdtm(package) / "define.xml",
        "Patient.ndjson": package / "fhir/ndjson/Patient.ndjson",
        "bundle.json": KINDS["fhir-bundle"](package),
    }
    path = tmp_path / file
    if file in sources:
        shutil.copy(sources[file], path)
        cut(path)
    else:
        path.write_text('{"resourceType":"Patient","id":', encoding="utf-8")
    found = trialect.validate(path, pack=False).problems
    assert rule in {problem.rule for problem in found}
    assert {problem.file for problem in found} == {file}


def test_a_broken_define_beside_datasets_is_told_once(copy: Path) -> None:
    cut(sdtm(copy) / "define.xml")
    assert rules(sdtm(copy))["DEFINE-NOT-XML"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "unexpected end"),
        ("[]", "list indices"),
        ('{"outputs": [{"file": "../../secret", "sha256": ""}]}', "lies outside"),
    ],
)
def test_a_broken_manifest_is_told_and_the_rest_is_checked(
    copy: Path, text: str, said: str
) -> None:
    (copy / "manifest.json").write_text(text, encoding="utf-8")
    validation = trialect.validate(copy, pack=False)
    told = [p.message for p in validation.problems if p.rule == "PACKAGE-MANIFEST"]
    assert len(told) == 1
    assert said in told[0]
    assert validation.files > 60


# Packages


def test_what_was_changed_or_lost_is_told(copy: Path) -> None:
    (copy / "report.html").write_text("another", encoding="utf-8")
    (copy / "fhir/ndjson/Group.ndjson").unlink()
    found = {(p.rule, p.file) for p in trialect.validate(copy, pack=False).problems}
    assert ("PACKAGE-CHANGED", "report.html") in found
    assert ("PACKAGE-MISSING", "fhir/ndjson/Group.ndjson") in found


def test_bundles_of_a_package_are_checked(copy: Path) -> None:
    path = KINDS["fhir-bundle"](copy)
    bundle = json.loads(path.read_bytes())
    bundle["entry"][0]["resource"].pop("resourceType")
    path.write_text(json.dumps(bundle), encoding="utf-8")
    found = trialect.validate(copy, pack=False).problems
    assert any(p.rule.startswith("FHIR-") and p.file == path.name for p in found)


# Reports


@pytest.mark.parametrize("suffix", [".json", ".html", ".csv"])
def test_a_report_is_written(copy: Path, tmp_path: Path, suffix: str) -> None:
    (sdtm(copy) / "ts.xpt").unlink()
    validation = trialect.validate(copy, pack=False)
    path = tmp_path / "deep" / f"report{suffix}"
    module.write_report(path, validation)
    assert "PACKAGE-MISSING" in path.read_text(encoding="utf-8")


def test_a_report_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(trialect.Unusable, match=r"one of \.json, \.html, \.xlsx, \.csv") as refused:
        module.write_report(tmp_path / "report.pdf", module.Validation())
    assert refused.value.problems[0].rule == "VALIDATE-REPORT-FORMAT"
    assert not (tmp_path / "report.pdf").exists()


def test_the_summary_counts_by_severity(copy: Path) -> None:
    (sdtm(copy) / "ts.xpt").unlink()
    validation = trialect.validate(copy, pack=False)
    assert validation.summary.startswith(f"{len(validation.errors)} errors")
    worst = [problem.severity.value for problem in validation.problems]
    assert worst == sorted(worst, key=["error", "warning", "note"].index)
