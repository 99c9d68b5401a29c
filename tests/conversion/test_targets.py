"""Targets: what cannot be written is told with its source row, and a new target is one line."""

import csv
import json
from pathlib import Path

import pytest
from example_package import EXAMPLE

import trialect
from trialect.converters.targets import TARGETS, Target


def put_into_first_comment(study: Path, text: str) -> None:
    """Put a text into the first row of the comments."""
    path = study / "records" / "comments.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[1][rows[0].index("comment")] = text
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def test_a_row_of_too_many_fields_is_rejected_and_stops_nothing(
    study: Path, tmp_path: Path
) -> None:
    path = study / "records" / "comments.csv"
    head, first, *rest = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(head + first.rstrip("\n") + ",more\n" + "".join(rest), encoding="utf-8")
    conversion = trialect.convert(study, tmp_path / "out", to=["dataset-json"])
    comments = conversion.account.forms["comments"]
    assert comments.rejected == 1
    assert comments.rows == comments.mapped + comments.rejected
    assert "more" in (tmp_path / "out/rejected/comments.csv").read_text(encoding="utf-8-sig")


def test_what_xpt_cannot_hold_names_its_source_row(study: Path, tmp_path: Path) -> None:
    put_into_first_comment(study, "a bell \x07 rings")
    conversion = trialect.convert(study, tmp_path / "out", to=["sdtm", "dataset-json"])
    found = [p for p in conversion.problems if p.rule == "XPT-CONTROL-CHARACTER"]
    assert [(p.file, p.row, p.domain, p.variable) for p in found] == [
        ("records/comments.csv", 2, "CO", "COVAL")
    ]
    assert conversion.account.by_rule["CROSS-FILES"] == 1
    assert conversion.errors
    sdtm = tmp_path / "out/m5/datasets/ctfpirhd2025/tabulations/sdtm"
    assert not (sdtm / "co.xpt").exists()
    assert (sdtm / "dm.xpt").is_file()


def test_both_forms_of_dataset_json_refer_to_define_xml(package: Path) -> None:
    with (package / "dataset-json/qs.ndjson").open(encoding="utf-8") as lines:
        head = json.loads(next(lines))
    assert (package / "dataset-json" / head["metaDataRef"]).resolve().is_file()


def test_a_target_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def whole(outputs: object) -> list[trialect.Problem]:
        seen.append("whole")
        return []

    target = Target(
        partition=lambda job, frames, part: seen.append("partition") or [],
        dataset=lambda plan, meta, written: seen.append(meta.name),
        whole=whole,
        close=lambda plan, account, problems: seen.append("close") or [],
    )
    monkeypatch.setitem(TARGETS, "list", target)
    conversion = trialect.convert(EXAMPLE, tmp_path / "out", to=["list"])
    assert seen[0] == "partition"
    assert set(seen[1:-2]) == set(conversion.account.datasets)
    assert seen[-2:] == ["whole", "close"]
