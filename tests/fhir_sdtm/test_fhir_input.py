"""What an input is: a folder or a file, its study, its rejects, its parts."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from foreign_fhir import STUDY, category, loinc, observation, patient, quantity, records, rules

from trialect.converters.pipeline import convert, read
from trialect.converters.trace import trace
from trialect.converters.writers.fhir_study import write as write_study
from trialect.problems import Unusable
from trialect.protocol import Eligibility, Sponsor
from trialect.study_options import FhirOptions
from trialect.trial import Study

P1 = {"reference": "Patient/p1"}


def test_what_finds_no_place_is_rejected_with_its_reason_and_the_account_holds(
    folder: Path, tmp_path: Path
) -> None:
    lines = [
        patient(),
        {"resourceType": "Claim", "id": "c", "patient": P1},
        observation("lost", subject={"reference": "Patient/nobody"}, code=loinc("8867-4")),
        observation("none", subject=None, code=loinc("8867-4")),
        observation("error", status="entered-in-error", code=loinc("8867-4"), valueInteger=1),
        observation(
            "social", category=category("social-history"), code=loinc("72166-2"), valueInteger=1
        ),
        observation("pulse", code=loinc("8867-4"), valueQuantity=quantity(70, "/min")),
        {"resourceType": "Organization", "id": "h", "name": "H"},
    ]
    text = "\n".join(json.dumps(one) for one in lines)
    once = '{"resourceType":"Observation","status":"a","status":"b",'
    twice = once + '"subject":{"reference":"Patient/p1"}}'
    (folder / "all.ndjson").write_text(f"{text}\n{twice}\nnonsense\n")
    done = convert(folder, tmp_path / "out", to=["sdtm"])
    (form,) = done.account.forms.values()
    assert (form.rows, form.mapped, form.rejected) == (10, 3, 7)
    with (done.out / "rejected" / "all.ndjson.csv").open(encoding="utf-8-sig") as file:
        found = {int(row["trialect_row"]): row["trialect_rule"] for row in csv.DictReader(file)}
    assert found == {
        2: "FHIR-NO-PLACE",
        3: "FHIR-READ-NO-PATIENT",
        4: "FHIR-READ-NO-SUBJECT",
        5: "FHIR-IN-ERROR",
        6: "FHIR-NO-BLOCK",
        9: "FHIR-KEY-TWICE",
        10: "FHIR-READ-JSON",
    }
    (cell,) = trace(done.out, "VS", "VSTESTCD=HR", "VSORRES")
    step = cell.steps[0]
    assert (step.file, step.row) == ("all.ndjson", 7)
    assert step.columns == ("Observation: valueQuantity",)


def test_without_study_yaml_the_research_study_names_it(folder: Path) -> None:
    (folder / "study.yaml").unlink()
    (folder / "p.json").write_text(json.dumps(patient()))
    with pytest.raises(Unusable) as caught:
        read(folder)
    assert [p.rule for p in caught.value.problems] == ["FHIR-NO-STUDY"]
    study = {
        "resourceType": "ResearchStudy",
        "id": "s",
        "identifier": [{"value": "X9"}],
        "title": "T",
    }
    (folder / "s.json").write_text(json.dumps(study))
    trial = read(folder)
    assert (trial.study.studyid, trial.study.title) == ("X9", "T")
    (told,) = (one for one in trial.problems if one.rule == "FHIR-STUDY-OF-RESOURCE")
    assert told.value == "X9"
    assert records(trial, "DM")[0]["USUBJID"] == "X9-p1"


def test_a_research_study_of_ours_tells_the_protocol(folder: Path) -> None:
    (folder / "study.yaml").unlink()
    (folder / "p.json").write_text(json.dumps(patient()))
    given = Study(
        "S1",
        "An Official Title",
        Sponsor("A Sponsor", "OTHER"),
        brief_title="A Title",
        status="COMPLETED",
        eligibility=Eligibility("18 Years", None, "ALL"),
        fhir=FhirOptions(base="https://trials.example.org/S1"),
    )
    (file,) = write_study(given, lambda _: None)
    (folder / "a.json").write_bytes(file.content)
    study = read(folder).study
    assert (study.title, study.brief_title) == ("An Official Title", "A Title")
    assert study.sponsor == given.sponsor
    assert study.eligibility == given.eligibility
    assert study.status == "COMPLETED"
    assert study.fhir == FhirOptions()


def test_no_fhir_at_all_and_files_beside(folder: Path) -> None:
    (folder / "p.json").write_text(json.dumps(patient()))
    (folder / "notes.json").write_text('{"a": 1}')
    assert "FHIR-READ-OTHER" in rules(read(folder))


def test_one_file_is_converted_with_a_study_beside_it_or_given(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(json.dumps(patient()))
    study = tmp_path / "other.yaml"
    study.write_text(STUDY)
    trial = read(file, study=study)
    assert records(trial, "DM")[0]["USUBJID"] == "S1-p1"
    assert "FHIR-STUDY-OF-RESOURCE" not in rules(trial)


@pytest.mark.parametrize("jobs", [1, 2])
def test_partitions_do_not_change_the_bytes(folder: Path, tmp_path: Path, jobs: int) -> None:
    lines = []
    for n in range(25):
        lines.append(patient(f"p{n}"))
        lines.append(
            observation(
                f"o{n}",
                subject={"reference": f"Patient/p{n}"},
                category=category("laboratory"),
                code=loinc("99999-9"),
                valueQuantity=quantity(n, "furlong"),
            )
        )
    (folder / "all.ndjson").write_text("\n".join(json.dumps(one) for one in lines))
    whole = convert(folder, tmp_path / "whole", to=["sdtm"])
    parts = convert(folder, tmp_path / "parts", to=["sdtm"], jobs=jobs, partition_subjects=10)
    for name in ("manifest.json", "report.json"):
        assert (whole.out / name).read_bytes() == (parts.out / name).read_bytes()
