"""XPT and Dataset-JSON under validation: what they declare, what they hold, how they agree."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from test_validate import TOLERATED, rules, sdtm

import trialect
from trialect.converters.writers.xpt import XptVariable, write_xpt
from trialect.problems import Problem, Severity
from trialect.schemas.sdtm import dataset

STAMP = datetime(2026, 1, 1)


def write(
    folder: Path,
    name: str,
    records: dict[str, list[str | float | None]],
    *,
    label: str | None = None,
    labels: dict[str, str] | None = None,
    length: int | None = None,
    file: str | None = None,
) -> Path:
    """An XPT of a dataset, labelled as SDTMIG does, each variable as long as its longest value."""
    model = dataset(name)
    variables = []
    for variable, values in records.items():
        known = model.allowed(variable) if model else None
        longest = max((len(one) for one in values if isinstance(one, str)), default=1)
        is_num = any(isinstance(one, float) for one in values)
        variables.append(
            XptVariable(
                variable,
                (labels or {}).get(variable, known.label if known else variable),
                "Num" if is_num else "Char",
                8 if is_num else length or longest,
            )
        )
    path = folder / f"{name.lower()}.xpt"
    title = label if label is not None else model.label if model else name
    write_xpt(path, name, title, variables, [pl.DataFrame(records)], stamp=STAMP)
    return path.rename(folder / file) if file else path


AE = {"STUDYID": ["S", "S"], "DOMAIN": ["AE", "AE"], "AETERM": ["Pain in the leg", "Fever"]}


def about(problems: Iterable[Problem], rule: str) -> list[tuple[str | None, str | None]]:
    return [(one.file, one.variable) for one in problems if one.rule == rule]


LABEL, DATASET_LABEL, LENGTH = "TRL-VAR-006", "TRL-DSET-001", "TRL-VAR-014"
METADATA = {"SDTM-FILE-NAME", "TRL-DSET-008", LABEL, DATASET_LABEL, LENGTH}


def test_what_is_declared_as_sdtmig_does_is_not_told(tmp_path: Path) -> None:
    assert not METADATA & set(rules(write(tmp_path, "AE", AE), pack=True))


def test_a_file_is_named_after_its_dataset(tmp_path: Path) -> None:
    found = trialect.validate(write(tmp_path, "AE", AE, file="events.xpt"), pack=False).problems
    assert about(found, "SDTM-FILE-NAME") == [("events.xpt", None)]


def test_a_dataset_of_no_known_domain_is_told(tmp_path: Path) -> None:
    found = rules(write(tmp_path, "XX", {"STUDYID": ["S"]}), pack=True)
    assert found["TRL-DSET-008"] == 1
    assert LABEL not in found


def test_labels_are_those_of_sdtmig(tmp_path: Path) -> None:
    path = write(tmp_path, "AE", AE, label="Events", labels={"AETERM": "Event"})
    found = trialect.validate(path).problems
    assert about(found, LABEL) == [("ae.xpt", "AETERM")]
    assert about(found, DATASET_LABEL) == [("ae.xpt", None)]


def test_a_custom_domain_may_word_its_labels(tmp_path: Path) -> None:
    columns = {"DOMAIN": ["XG"], "XGTESTCD": ["GRIP"], "XGTEST": ["Grip"]}
    labels = {"XGTEST": "Grip Test Name"}
    assert LABEL not in rules(write(tmp_path, "XG", columns, labels=labels), pack=True)


def test_a_part_may_say_in_its_label_which_it_is(tmp_path: Path) -> None:
    qs = {"STUDYID": ["S"], "DOMAIN": ["QS"]}
    fine = write(tmp_path, "QSPH", qs, label="Questionnaires (PHQ-9)")
    assert "TRL-DSET-009" not in rules(fine, pack=True)
    other = write(tmp_path, "QSSL", qs, label="Scales")
    assert rules(other, pack=True)["TRL-DSET-009"] == 1


def test_a_variable_is_no_longer_than_its_longest_value(tmp_path: Path) -> None:
    found = trialect.validate(write(tmp_path, "AE", AE, length=200)).problems
    assert about(found, LENGTH) == [
        ("ae.xpt", "AETERM"),
        ("ae.xpt", "DOMAIN"),
        ("ae.xpt", "STUDYID"),
    ]


def test_the_longest_value_of_a_split_dataset_counts_for_all_parts(tmp_path: Path) -> None:
    whole = {"STUDYID": ["S"] * 3, "DOMAIN": ["AE"] * 3, "AETERM": ["Pain", "Fever", "Itch"]}
    for number, term in enumerate(whole["AETERM"], start=1):
        part = {name: values[:1] for name, values in whole.items()} | {"AETERM": [term]}
        write(tmp_path, f"AE{number}", part, length=5 if term != "Fever" else None)
    found = trialect.validate(tmp_path).problems
    assert not [one for one in found if one.rule == LENGTH and one.variable == "AETERM"]


def test_seq_is_unique_over_the_parts_of_a_dataset(tmp_path: Path) -> None:
    part = {"STUDYID": ["S"], "DOMAIN": ["AE"], "USUBJID": ["S-1"], "AESEQ": [1.0]}
    write(tmp_path, "AE1", part)
    write(tmp_path, "AE2", part)
    found = trialect.validate(tmp_path).problems
    twice = [(p.file, p.row, p.seq) for p in found if p.rule == "TRL-SUBJ-004"]
    assert twice == [("ae1.xpt", 1, "1"), ("ae2.xpt", 1, "1")]


def test_a_dataset_that_is_there_twice_is_told(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    write(tmp_path, "AE", AE)
    write(tmp_path / "old", "AE", AE)
    found = trialect.validate(tmp_path, pack=False).problems
    assert [one.file for one in found if one.rule == "VALIDATE-DATASET-TWICE"] == ["ae.xpt"]


def overwrite(path: Path, old: bytes, new: bytes) -> Path:
    data = path.read_bytes()
    assert data.count(old) == 1
    assert len(old) == len(new)
    path.write_bytes(data.replace(old, new))
    return path


@pytest.mark.parametrize(
    ("new", "rule"),
    [
        (b"Pain in\nthe leg", "TRL-TEXT-003"),
        ("Pain in à leg".encode() + b"s", "TRL-TEXT-003"),
        (b" ain in the leg", "TRL-TEXT-001"),
    ],
)
def test_values_that_regulators_reject_name_their_record(
    tmp_path: Path, new: bytes, rule: str
) -> None:
    path = write(tmp_path, "AE", AE)
    assert rule not in rules(path, pack=True)
    found = trialect.validate(overwrite(path, b"Pain in the leg", new)).problems
    told = [(p.file, p.row, p.variable) for p in found if p.rule == rule]
    assert told == [("ae.xpt", 1, "AETERM")]
    told_again = {"XPT-LEADING-BLANK", "XPT-NON-ASCII", "XPT-CONTROL-CHARACTER"}
    assert not told_again & {p.rule for p in found}


def test_what_a_file_may_not_hold_is_an_error_whoever_tells_it(tmp_path: Path) -> None:
    path = overwrite(write(tmp_path, "AE", AE), b"Pain in the leg", "Pain in à leg".encode() + b"s")
    (told,) = [p for p in trialect.validate(path).problems if p.rule == "TRL-TEXT-003"]
    assert told.severity is Severity.ERROR
    assert "XPT-NON-ASCII" in {p.rule for p in trialect.validate(path, pack=False).problems}


def test_a_lower_case_name_and_a_second_dataset_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, "AE", AE)
    found = rules(overwrite(path, b"AETERM  ", b"aeterm  "))
    assert found["XPT-VARIABLE-NAME"] == 1
    ae, dm = write(tmp_path, "AE", AE), write(tmp_path, "DM", {"STUDYID": ["S"]})
    library = 3 * 80
    ae.write_bytes(ae.read_bytes() + dm.read_bytes()[library:])
    assert rules(ae)["XPT-SEVERAL-MEMBERS"] == 1


def test_a_file_of_version_8_is_refused(tmp_path: Path) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    import pandas as pd

    path = tmp_path / "ae.xpt"
    pyreadstat.write_xport(pd.DataFrame({"AETERM": ["x"]}), str(path), file_format_version=8)
    assert list(rules(path)) == ["XPT-VERSION-8"]


# Forms of one dataset


def test_xpt_and_dataset_json_that_agree_are_not_told(package: Path) -> None:
    assert "VALIDATE-FORMS-DIFFER" not in rules(package)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("first", ["xpt", "json"])
def test_a_value_that_differs_between_forms_is_told(copy: Path, tmp_path: Path, first: str) -> None:
    path = copy / "dataset-json/dm.json"
    change(path, '"WHITE"', '"ASIAN"')
    paths = [sdtm(copy) / "dm.xpt", path]
    found = trialect.validate(*(paths if first == "xpt" else paths[::-1]), pack=False).problems
    (problem,) = [one for one in found if one.rule == "VALIDATE-FORMS-DIFFER"]
    assert (problem.file, problem.domain, problem.variable) == ("dm.json", "DM", "RACE")
    assert "RACE is 'WHITE' in one and 'ASIAN' in the other" in problem.message


def test_a_record_that_is_in_one_form_only_is_told(copy: Path) -> None:
    path = copy / "dataset-json/ts.ndjson"
    head, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    attributes = json.loads(head)
    attributes["records"] -= 1
    path.write_text(json.dumps(attributes) + "\n" + "".join(rows[:-1]), encoding="utf-8")
    found = trialect.validate(copy / "dataset-json", pack=False).problems
    (problem,) = [one for one in found if one.rule == "VALIDATE-FORMS-DIFFER"]
    assert problem.file == "ts.ndjson"
    assert f"they have {len(rows)} and {len(rows) - 1} records" in problem.message


def test_a_variable_that_one_form_lacks_is_told(tmp_path: Path, package: Path) -> None:
    path = write(tmp_path, "TE", {"STUDYID": ["S"], "DOMAIN": ["TE"]})
    found = trialect.validate(path, package / "dataset-json/te.json", pack=False).problems
    told = [one.message for one in found if one.rule == "VALIDATE-FORMS-DIFFER"]
    assert told == ["te.json and te.xpt of TE differ: one of them has no ETCD."]


# Beside a define.xml


def test_a_submission_without_dm_is_told(copy: Path) -> None:
    (sdtm(copy) / "dm.xpt").unlink()
    found = trialect.validate(sdtm(copy)).problems
    assert [p.severity for p in found if p.rule == "TRL-PKG-002"] == ["error"]
    assert [p.domain for p in found if p.rule == "DEFINE-DATASET-ABSENT"] == ["DM"]


def test_files_that_were_not_named_are_not_absent(package: Path) -> None:
    folder = sdtm(package)
    assert set(rules(folder / "define.xml", folder / "dm.xpt")) <= TOLERATED


def test_a_define_alone_is_checked_by_itself(package: Path, tmp_path: Path) -> None:
    path = tmp_path / "define.xml"
    path.write_bytes((sdtm(package) / "define.xml").read_bytes())
    assert set(rules(path)) - TOLERATED == {"DEFINE-FILE-MISSING"}


def test_another_version_of_the_standard_is_told(copy: Path) -> None:
    path = sdtm(copy) / "define.xml"
    change(path, 'Name="SDTMIG" Type="IG" Version="3.4"', 'Name="SDTMIG" Type="IG" Version="3.3"')
    found = trialect.validate(sdtm(copy), pack=False).problems
    (problem,) = [one for one in found if one.rule == "VALIDATE-STANDARD"]
    assert "define.xml names SDTMIG 3.3" in problem.message


# References between NDJSON files


def test_references_out_of_the_files_that_were_named_are_counted(
    package: Path, tmp_path: Path
) -> None:
    folder = package / "fhir/ndjson"
    found = rules(folder / "ResearchSubject.ndjson")
    assert set(found) == {"FHIR-REFERENCES-NOT-FOLLOWED"}
    assert not rules(folder)
    # With the patients at hand, one that is not among them is missing.
    lines = (folder / "Patient.ndjson").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "Patient.ndjson").write_text("".join(lines[1:]), encoding="utf-8")
    found = rules(folder / "ResearchSubject.ndjson", tmp_path / "Patient.ndjson")
    assert found["FHIR-DANGLING-REFERENCE"] == 1
