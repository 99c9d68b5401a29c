"""What CDISC's published examples have that trialect does not write: shapes, made up anew."""

from __future__ import annotations

import json
from typing import Any

from usdm_foreign import foreign

from trialect.converters.readers.usdm import read_definition
from trialect.trial import Study


def read(document: Any) -> tuple[Study, Any]:
    found = read_definition(json.dumps(document).encode(), "usdm.json", lambda _: None)
    return found.study, found.left


def parts(document: Any) -> tuple[Any, Any]:
    version = document["study"]["versions"][0]
    return version, version["studyDesigns"][0]


def code(of: str, decode: str, system: str = "http://www.cdisc.org") -> dict[str, Any]:
    values = {"code": of, "codeSystem": system, "codeSystemVersion": "2024-09-27"}
    return {"id": f"Code_{of}", **values, "decode": decode, "instanceType": "Code"}


def quantity(value: float, unit: bool = True) -> dict[str, Any]:
    years = {"id": "A", "standardCode": code("C29848", "Year"), "instanceType": "AliasCode"}
    return {"value": value, "unit": years if unit else None, "instanceType": "Quantity"}


def cohort(low: float, high: float, planned: float | None = None) -> dict[str, Any]:
    ages = {"minValue": quantity(low), "maxValue": quantity(high), "instanceType": "Range"}
    number = None if planned is None else quantity(planned, unit=False)
    return {"plannedAge": ages, "plannedEnrollmentNumber": number, "instanceType": "StudyCohort"}


def with_cohorts(*cohorts: dict[str, Any]) -> Study:
    document = foreign()
    population = parts(document)[1]["population"]
    population.update(plannedAge=None, plannedEnrollmentNumber=None, cohorts=list(cohorts))
    return read(document)[0]


def test_the_study_itself_need_not_have_an_id() -> None:
    document = foreign()
    document["study"]["id"] = None
    assert read(document)[0].studyid == "EX-MC-01"


def test_ages_and_numbers_of_every_cohort_are_those_of_the_population() -> None:
    study = with_cohorts(cohort(18, 30, 40), cohort(31, 70, 60))
    assert (study.eligibility.minimum_age, study.eligibility.maximum_age) == (
        "18 Years",
        "70 Years",
    )
    assert study.enrolment.planned == 100


def test_what_one_cohort_alone_says_is_not_said_of_all() -> None:
    second = cohort(31, 70)
    second["plannedAge"] = None
    study = with_cohorts(cohort(18, 30, 40), second)
    assert (study.eligibility.minimum_age, study.eligibility.maximum_age) == (None, None)
    assert study.enrolment.planned is None


def test_an_element_that_has_only_a_code_is_called_as_it_is_described() -> None:
    document = foreign()
    _, design = parts(document)
    design["elements"][0].update(label="", description="Screening Element")
    design["elements"][1].update(label="Patch", description="Treatment Element")
    study, left = read(document)
    assert [(one.code, one.name) for one in study.elements[:2]] == [
        ("EL1", "Screening Element"),
        ("EL2", "Patch"),
    ]
    assert left["StudyElement.description"] == 1


def test_what_describes_a_criterion_is_no_heading_and_a_name_in_words_no_code() -> None:
    document = foreign()
    _, design = parts(document)
    design["eligibilityCriteria"][0].update(name="Drug A", description="The age criterion")
    study, left = read(document)
    assert (study.criteria[0].code, study.criteria[0].group) == ("INCL01", None)
    assert left["EligibilityCriterion.description"] == 1


def test_kinds_of_titles_dates_and_characteristics_that_are_not_read_are_counted() -> None:
    document = foreign()
    version, design = parts(document)
    title = {"id": "T", "text": "For all", "type": code("C207617", "Public Study Title")}
    version["titles"].append({**title, "instanceType": "StudyTitle"})
    date = {"id": "D", "dateValue": "2006-06-01", "type": code("C132352", "Sponsor Approval Date")}
    version["dateValues"] = [{**date, "instanceType": "GovernanceDate"}]
    design["characteristics"].append(code("C98704", "Adaptive"))
    left = read(document)[1]
    assert left["StudyVersion.titles"] == 1
    assert left["StudyVersion.dateValues"] == 1
    assert left["InterventionalStudyDesign.characteristics"] == 1
