"""Each value of a row has its place: in the record, in the study file, in the datasets."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from ctgov_small import small_record
from page_small import SCRAPED
from reconcile_sides import STUDY, changed, data, subject

from trialect.converters.readers.registry_page import page_of
from trialect.converters.reconcile import Sides, compare
from trialect.converters.study_sources import HeldRecord, study_source
from trialect.protocol import Criterion, Outcome, Parameter
from trialect.trial import Study

FILE = """studyid: S1
title: A trial of A against B
sponsor: {name: Sponsor}
enrolment:
  planned: 40
eligibility:
  minimum_age: 18 Years
  maximum_age: 65 Years
arms:
  - {code: A, name: Group A}
  - code: B
    name: Group B
outcomes:
  - type: PRIMARY
    measure: Pain score
    time_frame: Baseline, Week 4, Week 12
visits:
  - {num: 1, name: BASELINE, day: 1}
  - {num: 2, name: WEEK 4, day: 29}
"""


def places(sides: Sides, fact: str, item: str = "", **more: object) -> dict[str, str]:
    found = compare(sides, **more)  # type: ignore[arg-type] # source and file
    (row,) = (
        one for one in found.as_dict()["rows"] if (one["fact"], one.get("item", "")) == (fact, item)
    )
    assert set(row.get("places", {})) <= {
        side for side in ("registry", "study", "data") if row[side] is not None
    }
    return row.get("places", {})  # type: ignore[no-any-return] # JSON


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_a_fact_has_the_line_of_the_study_file_and_the_path_of_the_record(file: Path) -> None:
    sides = Sides(STUDY, STUDY, data())
    assert places(sides, "Planned enrolment", source="ctgov", file=file) == {
        "registry": "protocolSection.designModule.enrollmentInfo.count",
        "study": "study.yaml:5 enrolment.planned",
    }
    summary = [{"TSPARMCD": "AGEMAX", "TSVAL": "P65Y", "TSVALNF": None}]
    told = places(Sides(None, STUDY, data(TS=summary)), "Maximum age", file=file)
    assert told == {
        "study": "study.yaml:8 eligibility.maximum_age",
        "data": "TS.TSVAL where TSPARMCD = AGEMAX",
    }


def test_an_item_of_a_list_has_its_number(file: Path) -> None:
    told = places(Sides(STUDY, STUDY, data()), "Arm", "Group B", source="ctgov", file=file)
    assert told == {
        "registry": "protocolSection.armsInterventionsModule.armGroups[1].label",
        "study": "study.yaml:12 arms.1.name",
        "data": "DM.ARM",
    }


def test_an_outcome_stands_in_the_list_of_its_kind() -> None:
    outcomes = (
        Outcome("PRIMARY", "Pain score", "Week 4"),
        Outcome("SECONDARY", "Sleep", "Week 4"),
        Outcome("SECONDARY", "Mood", "Week 12"),
    )
    study = changed(STUDY, outcomes=outcomes)
    told = places(Sides(study, study, data()), "Time frame", "secondary: Mood", source="ctgov")
    assert told == {
        "registry": "protocolSection.outcomesModule.secondaryOutcomes[1].timeFrame",
        "study": "outcomes.2.time_frame",
    }


def test_the_plan_of_a_time_frame_is_that_of_the_visits(file: Path) -> None:
    sv = [{"VISITNUM": 2.0, "VISIT": "WEEK 4", "VISITDY": 29.0}]
    sides = Sides(STUDY, STUDY, data(SV=sv))
    item = "Baseline, Week 4, Week 12: week 4"
    assert places(sides, "Time frame and visits", item, source="ctgov", file=file) == {
        "registry": "protocolSection.outcomesModule.primaryOutcomes[0].timeFrame",
        "study": "study.yaml:19 visits.1.name",
        "data": "SV.VISIT",
    }


def test_a_subject_and_a_criterion_are_named() -> None:
    sides = Sides(None, STUDY, data([subject(1), subject(2, AGE=70.0)]))
    told = places(sides, "Age of a subject", "S1-002")
    assert told == {"study": "eligibility", "data": "DM.AGE where USUBJID = S1-002"}
    study = changed(STUDY, criteria=(Criterion("INCL01", "INCLUSION", "Adults"),))
    ti = [{"IETESTCD": "INCL01", "IECAT": "INCLUSION", "IETEST": "Adults"}]
    told = places(Sides(None, study, data(TI=ti)), "Inclusion criterion", "INCL01")
    assert told == {"study": "criteria.0.text", "data": "TI.IETEST where IETESTCD = INCL01"}


def test_a_parameter_of_ts_has_the_fact_that_it_is_made_of() -> None:
    study = changed(STUDY, parameters=(Parameter("LENGTH", "P15W"),))
    ts = [{"TSPARMCD": "LENGTH", "TSVAL": "P15W"}, {"TSPARMCD": "FCNTRY", "TSVAL": "FRA"}]
    sides = Sides(None, study, data(TS=ts))
    assert places(sides, "LENGTH")["study"] == "parameters.0.value"
    assert places(sides, "FCNTRY")["study"] == "sites.0.country"


def test_a_value_of_a_page_has_its_line() -> None:
    page = page_of(SCRAPED.encode(), "page.txt", lambda _: None).study
    study = changed(page, studyid="S1", sponsor=STUDY.sponsor)
    line = 1 + next(n for n, text in enumerate(SCRAPED.splitlines()) if "hiccup counts" in text)
    sides = Sides(page, study, data())
    told = places(sides, "Outcome measure", "hiccup counts", source="registry-page")
    assert told == {"registry": f"page.txt, line {line}", "study": "outcomes.0.measure"}


def test_every_value_of_a_record_has_a_place_that_is_in_it() -> None:
    record = small_record()
    held = HeldRecord("record.json", 1, orjson.dumps(record))
    study: Study = study_source("ctgov").read(held, lambda _: None).study
    rows = compare(Sides(study, study, data()), source="ctgov").as_dict()["rows"]
    told = {
        row["places"]["registry"]
        for row in rows
        if row["registry"] not in (None, "no limit") and row.get("places")
    }
    assert len(told) > 10
    for place in told:
        value: object = record
        for step in place.replace("[]", "").replace("[", ".").replace("]", "").split("."):
            assert value is not None, place
            value = value[int(step)] if isinstance(value, list) else value[step]  # type: ignore[index]
        assert value is not None, place
