"""An SDTM package as the source of a conversion: what it states, what it leaves open."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from sdtm_packages import SUBJECTS, TRIAL_SUMMARY, write

import trialect
from trialect.converters.trial_sources import SOURCES, source_of, trial_source
from trialect.problems import Unusable

AE = [
    {"USUBJID": "D-1", "AESEQ": 1, "AETERM": "Thirst", "AESTDTC": "2026-01-02T09:30"},
    {"USUBJID": "D-2", "AESEQ": 1, "AETERM": "Thirst", "AESTDTC": "2026-01"},
]

STUDY = """\
fhir:
  base: https://trials.example.org/DRINKS
  birth_date: month
status: COMPLETED
sites:
  - {id: "01", name: The bar, timezone: Europe/Istanbul, country: TUR}
"""


def rules(trial: trialect.Trial) -> set[str]:
    return {one.rule for one in trial.problems}


def test_every_source_has_its_steps() -> None:
    assert next(iter(SOURCES)) == "study-folder"
    for name in SOURCES:
        assert trial_source(name).recognise is not None


def test_a_package_is_told_from_a_study_folder(tmp_path: Path) -> None:
    package = write(tmp_path / "package")
    assert source_of(package) == "sdtm-package"
    (package / "study.yaml").write_text(STUDY)
    assert source_of(package) == "sdtm-package"
    (package / "mappings").mkdir()
    assert source_of(package) == "study-folder"
    assert source_of(tmp_path / "nothing") == "study-folder"


def test_the_study_is_what_the_package_states(tmp_path: Path) -> None:
    study = trialect.read(write(tmp_path / "package")).study
    assert (study.studyid, study.title, study.sponsor.name) == (
        "DRINKS",
        "A trial of two drinks",
        "Somebody",
    )
    assert study.start is not None
    assert study.start.date == "2026-01-01"
    assert study.status == "COMPLETED"
    assert study.design.phases == ("PHASE2",)
    assert study.design.masking is None
    assert study.eligibility.minimum_age == "18 Years"
    assert study.eligibility.maximum_age is None
    assert [arm.name for arm in study.arms] == ["Green tea", "Black coffee"]
    assert [one.element for one in study.arms[1].elements] == ["SCR", "COFFEE"]
    assert [(visit.num, visit.day) for visit in study.visits] == [(1.0, 1)]
    assert [one.code for one in study.criteria] == ["IN01"]
    assert [(one.id, one.country, one.timezone) for one in study.sites] == [("01", "TUR", "")]
    assert {one.code for one in study.parameters} == {
        *("TPHASE", "AGEMIN", "AGEMAX", "STOPRULE", "DCUTDTC")
    }


@pytest.mark.parametrize("end", ["2026-02-02", "2026-02", "unknown"])
def test_a_trial_that_does_not_say_that_it_ended_has_no_state(tmp_path: Path, end: str) -> None:
    facts = [{**one, "TSVAL": end} if one["TSPARMCD"] == "SENDTC" else one for one in TRIAL_SUMMARY]
    package = write(tmp_path / "package", {"TS": facts})
    assert trialect.read(package).study.status is None
    made = trialect.convert(package, tmp_path / "out", to=["fhir"])
    assert {"FHIR-STUDY-STATUS", "FHIR-REQUIRED-BINDING"} <= {one.rule for one in made.problems}


def test_records_come_as_they_are_with_their_rows(tmp_path: Path) -> None:
    trial = trialect.read(write(tmp_path / "package", {"AE": AE}))
    ae = trial.frames["AE"]
    assert ae["AETERM"].to_list() == ["Thirst", "Thirst"]
    assert ae.select("@form", "@row").rows() == [("AE", 2), ("AE", 3)]
    assert ae["AESEQ"].to_list() == [1.0, 1.0]
    # Nothing is derived: no SE, no study days, no EPOCH.
    assert "SE" not in trial.frames
    assert "AESTDY" not in ae.columns


def test_what_is_missing_is_told_and_a_study_file_fills_it(tmp_path: Path) -> None:
    running = [one for one in TRIAL_SUMMARY if one["TSPARMCD"] != "SENDTC"]
    package = write(tmp_path / "package", {"TS": running})
    assert {"PACKAGE-NO-BASE", "PACKAGE-NO-FACT", "PACKAGE-NO-ZONE"} <= rules(
        trialect.read(package)
    )
    given = tmp_path / "given.yaml"
    given.write_text(STUDY)
    for trial in (trialect.read(package, study=given), _beside(package)):
        assert not {"PACKAGE-NO-BASE", "PACKAGE-NO-FACT", "PACKAGE-NO-ZONE"} & rules(trial)
        assert trial.study.sites[0].timezone == "Europe/Istanbul"
        assert trial.study.title == "A trial of two drinks"


def _beside(package: Path) -> trialect.Trial:
    (package / "study.yaml").write_text(STUDY)
    return trialect.read(package)


def test_a_study_file_of_another_study_is_refused(tmp_path: Path) -> None:
    given = tmp_path / "given.yaml"
    given.write_text("studyid: FOOD\n")
    with pytest.raises(Unusable) as caught:
        trialect.read(write(tmp_path / "package"), study=given)
    assert [one.rule for one in caught.value.problems] == ["PACKAGE-STUDYID"]


def test_a_study_file_is_for_other_sources_than_a_study_folder(tmp_path: Path) -> None:
    given = tmp_path / "given.yaml"
    given.write_text(STUDY)
    (tmp_path / "study" / "mappings").mkdir(parents=True)
    (tmp_path / "study" / "study.yaml").write_text(STUDY)
    with pytest.raises(Unusable) as caught:
        trialect.read(tmp_path / "study", study=given)
    assert [one.rule for one in caught.value.problems] == ["STUDY-TWICE-GIVEN"]


def test_a_key_that_is_not_known_is_told_with_its_line(tmp_path: Path) -> None:
    given = tmp_path / "given.yaml"
    given.write_text("fhir:\n  bas: x\n")
    with pytest.raises(Unusable) as caught:
        trialect.read(write(tmp_path / "package"), study=given)
    assert [one.row for one in caught.value.problems] == [2]


def test_a_time_zone_that_is_not_known_is_told(tmp_path: Path) -> None:
    given = tmp_path / "given.yaml"
    given.write_text(STUDY.replace("Istanbul", "Istambul"))
    with pytest.raises(Unusable) as caught:
        trialect.read(write(tmp_path / "package"), study=given)
    assert [one.rule for one in caught.value.problems] == ["STUDY-TIMEZONE"]


def test_without_dm_there_is_no_package(tmp_path: Path) -> None:
    package = write(tmp_path / "package")
    (package / "dm.json").unlink()
    with pytest.raises(Unusable) as caught:
        trialect.read(package)
    assert [one.rule for one in caught.value.problems] == ["PACKAGE-NO-DM"]


def test_two_files_of_one_form_are_refused_of_two_forms_one_is_read(tmp_path: Path) -> None:
    package = write(tmp_path / "package")
    text = orjson.loads((package / "ti.json").read_bytes())
    head = {key: value for key, value in text.items() if key != "rows"}
    lines = [orjson.dumps(head), *(orjson.dumps(row) for row in text["rows"])]
    (package / "ti.ndjson").write_bytes(b"\n".join(lines) + b"\n")
    trial = trialect.read(package)
    assert "PACKAGE-OTHER-FORM" in rules(trial)
    assert trial.frames["TI"].height == 1
    (package / "ti2.json").write_bytes((package / "ti.json").read_bytes())
    with pytest.raises(Unusable) as caught:
        trialect.read(package)
    assert [one.rule for one in caught.value.problems] == ["PACKAGE-DATASET-TWICE"]


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    package = write(tmp_path / "package")
    (package / "ae.json").write_text('{"datasetJSONVersion": "1.1.0", "rows": [')
    assert "PACKAGE-FILE" in rules(trialect.read(package))


def test_a_number_that_is_none_and_a_type_that_is_another_are_told(tmp_path: Path) -> None:
    vs = [
        {"USUBJID": "D-1", "VSSEQ": 1, "VSTESTCD": "PULSE", "VSTEST": "Pulse", "VSSTRESN": "60"},
        {"USUBJID": "D-2", "VSSEQ": 1, "VSTESTCD": "PULSE", "VSTEST": "Pulse", "VSSTRESN": "fast"},
    ]
    trial = trialect.read(write(tmp_path / "package", {"VS": vs}))
    assert trial.frames["VS"]["VSSTRESN"].to_list() == [60.0, None]
    told = [(p.rule, p.variable, p.value) for p in trial.problems if p.domain == "VS"]
    assert ("PACKAGE-TYPE", "VSSTRESN", "Char") in told
    assert ("PACKAGE-NUMBER", "VSSTRESN", "fast") in told


def test_a_record_without_subject_is_rejected_and_relations_stay(tmp_path: Path) -> None:
    relations = [
        {"RDOMAIN": "AE", "USUBJID": None, "IDVAR": "AELNKID", "RELTYPE": "ONE", "RELID": "A"},
        {"RDOMAIN": "AE", "USUBJID": "D-1", "IDVAR": "AESEQ", "IDVARVAL": "1", "RELID": "B"},
    ]
    nobody = {"USUBJID": None, "AESEQ": 2, "AETERM": "Noise"}
    package = write(tmp_path / "package", {"AE": [*AE, nobody], "RELREC": relations})
    trial = trialect.read(package)
    assert trial.frames["AE"].height == 2
    assert sorted(trial.frames["RELREC"]["RELID"].to_list()) == ["A", "B"]
    made = trialect.convert(package, tmp_path / "out", to=["dataset-json"])
    assert made.account.rejected == 1
    assert (tmp_path / "out" / "rejected" / "AE.csv").read_text().count("\n") == 2


def test_a_define_names_terminology_that_is_not_at_hand(tmp_path: Path) -> None:
    made = trialect.convert(write(tmp_path / "package"), tmp_path / "out", to=["sdtm"])
    folder = tmp_path / "out" / "m5" / "datasets" / "drinks" / "tabulations" / "sdtm"
    again = trialect.read(made.out)
    assert "PACKAGE-TERMINOLOGY" not in rules(again)
    define = folder / "define.xml"
    version = again.study.sdtm.ct
    define.write_text(define.read_text().replace(version, "2001-01-01"))
    assert "PACKAGE-TERMINOLOGY" in rules(trialect.read(made.out))


def test_the_bytes_do_not_depend_on_the_partitions(tmp_path: Path) -> None:
    many = [{**SUBJECTS[0], "USUBJID": f"D-{n:02}", "SUBJID": str(n)} for n in range(30)]
    ae = [{"USUBJID": f"D-{n:02}", "AESEQ": 1, "AETERM": "Thirst"} for n in reversed(range(30))]
    package = write(tmp_path / "package", {"DM": many, "AE": ae})
    outs = [
        trialect.convert(package, tmp_path / name, partition_subjects=size).out
        for name, size in (("one", 100), ("three", 10))
    ]
    files = [{p.relative_to(o): p.read_bytes() for p in o.rglob("*") if p.is_file()} for o in outs]
    assert files[0] == files[1]


def test_trace_leads_back_to_the_packages_file(tmp_path: Path) -> None:
    package = write(tmp_path / "package", {"AE": AE})
    made = trialect.convert(package, tmp_path / "out", to=["dataset-json"])
    (cell,) = trialect.trace(made.out, "AE", "USUBJID=D-2", "AETERM", study=package)
    (step,) = cell.steps
    assert (step.file, step.row, step.texts) == ("ae.json", 3, ("Thirst",))
