"""Each comparison of registry record, study file and data: when it differs, and when not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reconcile_sides import STUDY, changed, data, differing, failure, rows, states, subject

from trialect.converters.reconcile import COMPARISONS, Agreement, Sides, compare
from trialect.converters.reconcile.data_facts import COLUMNS, collect
from trialect.protocol import (
    Arm,
    Criterion,
    Eligibility,
    Enrolment,
    Intervention,
    Outcome,
    Registration,
    Site,
    Sponsor,
    StudyDate,
)
from trialect.registry_facts import Location, SecondaryId, StudyIdentifier
from trialect.trial import Study

ENDED = [
    {
        "USUBJID": f"S1-{n:03d}",
        "DSDECOD": "COMPLETED",
        "DSCAT": "DISPOSITION EVENT",
        "DSSCAT": "STUDY PARTICIPATION",
        "DSSTDTC": "2026-04-20",
    }
    for n in range(1, 5)
]

ELIGIBLE = STUDY.eligibility


def eligible(**more: Any) -> Study:
    return changed(STUDY, eligibility=replace(ELIGIBLE, **more))


def design(**more: Any) -> Study:
    return changed(STUDY, design=replace(STUDY.design, **more))


def summary(**values: str) -> list[dict[str, Any]]:
    return [{"TSPARMCD": code, "TSVAL": value, "TSVALNF": None} for code, value in values.items()]


RECORDS_THAT_DIFFER = [
    ("RECONCILE-IDENTIFIER", {"registrations": (Registration("NCT9", "ClinicalTrials.gov"),)}),
    ("RECONCILE-IDENTIFIER", {"identifier": StudyIdentifier("OTHER-7")}),
    ("RECONCILE-SECONDARY-ID", {"secondary_ids": (SecondaryId("U01-9"),)}),
    ("RECONCILE-TITLE", {"title": "A trial of A against C"}),
    ("RECONCILE-SPONSOR", {"sponsor": Sponsor("Another")}),
    ("RECONCILE-CONDITION", {"conditions": ("Pain", "Fever")}),
    ("RECONCILE-DESIGN", {"design": replace(STUDY.design, model="CROSSOVER")}),
    ("RECONCILE-ALLOCATION", {"design": replace(STUDY.design, allocation="NON_RANDOMIZED")}),
    ("RECONCILE-PHASE", {"design": replace(STUDY.design, phases=("PHASE2", "PHASE3"))}),
    ("RECONCILE-MASKING", {"design": replace(STUDY.design, masking="TRIPLE")}),
    ("RECONCILE-MASKING", {"design": replace(STUDY.design, masked=("PARTICIPANT",))}),
    ("RECONCILE-STATUS", {"status": "COMPLETED"}),
    ("RECONCILE-DATE", {"start": StudyDate("2026-02", "ACTUAL")}),
    ("RECONCILE-DATE", {"completion": StudyDate("2026-12-31", "ACTUAL")}),
    ("RECONCILE-ENROLMENT-PLANNED", {"enrolment": Enrolment(planned=50)}),
    ("RECONCILE-ARM-COUNT", {"arms": STUDY.arms[:1]}),
    ("RECONCILE-ARM", {"arms": (STUDY.arms[0], Arm("A2", "Group C"))}),
    ("RECONCILE-ARM-TYPE", {"arms": (STUDY.arms[0], Arm("A2", "Group B", "NO_INTERVENTION"))}),
    ("RECONCILE-INTERVENTION", {"interventions": (Intervention("Drug A", "DRUG"),)}),
    ("RECONCILE-COUNTRY", {"sites": (), "locations": (Location("H", country="Germany"),)}),
    ("RECONCILE-SITE-COUNT", {"locations": (Location("H"), Location("I"))}),
    ("RECONCILE-ELIGIBILITY", {"eligibility": replace(ELIGIBLE, maximum_age="70 Years")}),
    ("RECONCILE-ELIGIBILITY", {"eligibility": replace(ELIGIBLE, healthy_volunteers=True)}),
    ("RECONCILE-OUTCOME", {"outcomes": (Outcome("SECONDARY", "Pain score", "Week 4"),)}),
    ("RECONCILE-TIME-FRAME", {"outcomes": (Outcome("PRIMARY", "Pain score", "Week 4"),)}),
]


@pytest.mark.parametrize(("comparison", "facts"), RECORDS_THAT_DIFFER)
def test_a_record_that_says_something_else_differs(comparison: str, facts: dict[str, Any]) -> None:
    (row, *_) = differing(comparison, record=changed(STUDY, **facts))
    assert row.why
    assert row.problem().message


def test_the_side_that_is_odd_is_named() -> None:
    found = data(TS=summary(TPHASE="PHASE II TRIAL"))
    (row,) = differing("RECONCILE-PHASE", found=found, record=design(phases=("PHASE3",)))
    assert row.odd == ("registry",)
    (row,) = differing("RECONCILE-PHASE", found=found, record=None, study=design(phases=("NA",)))
    assert row.odd == ()
    (row, *_) = differing("RECONCILE-ARM", record=changed(STUDY, arms=STUDY.arms[:1]))
    assert row.odd == ("registry",)


def test_a_record_that_says_the_same_differs_in_nothing() -> None:
    record = changed(
        STUDY,
        title="A TRIAL OF A AGAINST B.",
        start=StudyDate("2026-01", "ACTUAL"),
        arms=(Arm("A1", "group a", "EXPERIMENTAL"), Arm("A2", "Group  B", "PLACEBO_COMPARATOR")),
        sites=(),
        locations=(Location("Hospital one", country="France"),),
        outcomes=(Outcome("PRIMARY", "Pain Score", "baseline, 4 weeks and 12 weeks"),),
    )
    found = data(SV=[{"VISITNUM": 1.0, "VISIT": "BASELINE", "VISITDY": 1.0}])
    for name in COMPARISONS:
        assert not differing(name, found=found, record=record), name


@pytest.mark.parametrize(
    ("parameter", "value", "comparison"),
    [
        ("TITLE", "Another title", "RECONCILE-TITLE"),
        ("SPONSOR", "Another", "RECONCILE-SPONSOR"),
        ("REGID", "NCT99999999", "RECONCILE-IDENTIFIER"),
        ("TPHASE", "PHASE III TRIAL", "RECONCILE-PHASE"),
        ("TBLIND", "OPEN LABEL", "RECONCILE-MASKING"),
        ("RANDOM", "N", "RECONCILE-ALLOCATION"),
        ("INTMODEL", "CROSS-OVER", "RECONCILE-DESIGN"),
        ("PLANSUB", "41", "RECONCILE-ENROLMENT-PLANNED"),
        ("AGEMIN", "P20Y", "RECONCILE-ELIGIBILITY"),
        ("SEXPOP", "F", "RECONCILE-ELIGIBILITY"),
        ("SSTDTC", "2026-01-11", "RECONCILE-DATE"),
        ("TCNTRL", "ACTIVE", "RECONCILE-TS"),
        ("INDIC", "Fever", "RECONCILE-TS"),
    ],
)
def test_a_package_whose_summary_says_something_else_differs(
    parameter: str, value: str, comparison: str
) -> None:
    assert differing(comparison, found=data(TS=summary(**{parameter: value})))


@pytest.mark.parametrize(
    ("parameter", "value", "comparison"),
    [
        ("TITLE", "A trial of A against B", "RECONCILE-TITLE"),
        ("REGID", "NCT00000001", "RECONCILE-IDENTIFIER"),
        ("TPHASE", "PHASE II TRIAL", "RECONCILE-PHASE"),
        ("TBLIND", "DOUBLE BLIND", "RECONCILE-MASKING"),
        ("RANDOM", "Y", "RECONCILE-ALLOCATION"),
        ("PLANSUB", "40", "RECONCILE-ENROLMENT-PLANNED"),
        ("AGEMIN", "P18Y", "RECONCILE-ELIGIBILITY"),
        ("SEXPOP", "BOTH", "RECONCILE-ELIGIBILITY"),
        ("SSTDTC", "2026-01", "RECONCILE-DATE"),
        ("TCNTRL", "PLACEBO", "RECONCILE-TS"),
    ],
)
def test_a_package_whose_summary_says_the_same_agrees(
    parameter: str, value: str, comparison: str
) -> None:
    found = data(TS=summary(**{parameter: value}))
    assert not differing(comparison, found=found)
    assert Agreement.AGREE in states(rows(comparison, found=found))


def test_the_ascii_that_sdtm_is_written_in_is_no_difference() -> None:
    study = changed(
        STUDY,
        title="\u00c9tude \u2265 2 mg/m\u00b2",
        sponsor=Sponsor("H\u00f4pitaux de N\u00eemes"),
    )
    found = data(TS=summary(TITLE="Etude >= 2 mg/m^2", SPONSOR="Hopitaux de Nimes"))
    for name in ("RECONCILE-TITLE", "RECONCILE-SPONSOR"):
        assert not differing(name, study, found, study)
    assert differing("RECONCILE-SPONSOR", study, data(TS=summary(SPONSOR="Hopital de Nimes")))


def test_an_age_of_0_is_no_minimum() -> None:
    study = eligible(minimum_age="0 Years")
    assert not differing("RECONCILE-ELIGIBILITY", study, data(TS=summary(AGEMIN="P0Y")), study)
    assert differing("RECONCILE-ELIGIBILITY", study, data(TS=summary(AGEMIN="P1Y")), study)


def test_triple_masking_is_double_blind_in_the_summary() -> None:
    found = data(TS=summary(TBLIND="DOUBLE BLIND"))
    assert not differing("RECONCILE-MASKING", design(masking="TRIPLE", masked=()), found)


def test_enrolled_are_those_who_took_part() -> None:
    found = data([*(subject(n) for n in range(1, 5)), failure(5)])
    (row,) = rows("RECONCILE-ENROLMENT-ACTUAL", found=found)
    assert row.data == "4 enrolled (5 in DM, 1 screen failure, 4 treated)"
    assert row.agreement is Agreement.MISSING
    agreed = changed(STUDY, enrolment=Enrolment(40, 4))
    assert not differing("RECONCILE-ENROLMENT-ACTUAL", agreed, found)
    (row,) = differing(
        "RECONCILE-ENROLMENT-ACTUAL", changed(STUDY, enrolment=Enrolment(40, 5)), found
    )
    assert "all subjects of DM, screen failures too" in row.why


def test_more_subjects_than_planned() -> None:
    assert not differing("RECONCILE-ENROLMENT-EXCEEDED")
    (row,) = differing("RECONCILE-ENROLMENT-EXCEEDED", changed(STUDY, enrolment=Enrolment(3)))
    assert "more than the study file planned" in row.why


@pytest.mark.parametrize(
    ("start", "comparison"),
    [
        (StudyDate("2026-01-10", "ACTUAL"), None),
        (StudyDate("2026-01", "ACTUAL"), None),
        (StudyDate("2026-01-11", "ACTUAL"), "RECONCILE-CONSENT-BEFORE-START"),
        (StudyDate("2026-02", "ACTUAL"), "RECONCILE-CONSENT-BEFORE-START"),
        (StudyDate("2026-01-09", "ACTUAL"), "RECONCILE-START"),
        (StudyDate("2026-02-01", "ESTIMATED"), "RECONCILE-START"),
        (StudyDate("2026-01-10", "ESTIMATED"), None),
    ],
)
def test_the_first_consent_is_the_start(start: StudyDate, comparison: str | None) -> None:
    study = changed(STUDY, start=start)
    for name in ("RECONCILE-CONSENT-BEFORE-START", "RECONCILE-START"):
        assert bool(differing(name, study)) == (name == comparison)


def test_the_consent_of_a_screen_failure_does_not_start_the_trial() -> None:
    early = failure(9, RFICDTC="2025-12-01")
    found = data([subject(1), early])
    assert not differing("RECONCILE-CONSENT-BEFORE-START", found=found)


def test_consents_are_those_of_ds_where_dm_has_none() -> None:
    dm = [subject(1, RFICDTC=None), failure(2, RFICDTC=None)]
    ds = [
        {"USUBJID": f"S1-{n:03d}", "DSDECOD": "INFORMED CONSENT OBTAINED", "DSSTDTC": day}
        for n, day in ((1, "2026-01-09"), (1, "2026-02-01"), (2, "2025-11-01"))
    ]
    found = data(dm, DS=ds)
    assert found.consented == 2
    assert str(found.first_consent) == "2026-01-09"
    assert differing("RECONCILE-CONSENT-BEFORE-START", found=found)


def test_a_consent_of_which_the_day_is_not_known_is_a_month() -> None:
    found = data([subject(1, RFICDTC="2026-01")])
    assert not differing("RECONCILE-CONSENT-BEFORE-START", found=found)
    found = data([subject(1, RFICDTC="2025-12")])
    assert differing("RECONCILE-CONSENT-BEFORE-START", found=found)


@pytest.mark.parametrize(
    ("completion", "differs"),
    [
        (StudyDate("2026-04-14", "ACTUAL"), False),
        (StudyDate("2026-04", "ACTUAL"), False),
        (StudyDate("2026-05", "ACTUAL"), True),
        (StudyDate("2026-05", "ESTIMATED"), False),
        (StudyDate("2026-03", "ESTIMATED"), True),
    ],
)
def test_the_last_contact_is_the_completion(completion: StudyDate, *, differs: bool) -> None:
    assert bool(differing("RECONCILE-COMPLETION", changed(STUDY, completion=completion))) == differs


def test_a_primary_completion_behind_the_last_contact() -> None:
    behind = changed(STUDY, primary_completion=StudyDate("2026-06-01", "ACTUAL"))
    before = changed(STUDY, primary_completion=StudyDate("2026-04-01", "ACTUAL"))
    assert differing("RECONCILE-PRIMARY-COMPLETION", behind)
    assert not differing("RECONCILE-PRIMARY-COMPLETION", before)


def test_arms_of_the_data_that_nobody_knows_are_listed() -> None:
    found = data([subject(1), subject(2, ARMCD="C", ARM="Group C")])
    told = {row.item: row.why for row in differing("RECONCILE-ARM", found=found)}
    assert told["Group C (C)"] == "the study file has no arm of this name"
    assert "the package has no arm of this name" in told["Group B"]
    assert not differing("RECONCILE-ARM")


def test_arms_are_known_by_their_code_where_the_data_have_no_name() -> None:
    found = data([subject(1, ARM=None), subject(2, ARM=None)])
    assert not differing("RECONCILE-ARM", found=found)


def test_treatments_are_known_by_treatment_name_and_other_names() -> None:
    found = data(EX=[{"EXTRT": "A 5 mg"}, {"EXTRT": "PLACEBO"}])
    assert not differing("RECONCILE-TREATMENT", found=found)
    assert not differing("RECONCILE-INTERVENTION-NOT-GIVEN", found=found)
    odd = data(EX=[{"EXTRT": "PLACEBO"}, {"EXTRT": "C 5 MG"}])
    (row,) = differing("RECONCILE-TREATMENT", found=odd)
    assert row.item == "C 5 MG"
    (row,) = differing("RECONCILE-INTERVENTION-NOT-GIVEN", found=odd)
    assert row.item == "Drug A"


def test_a_treatment_of_the_study_file_leads_to_the_record_by_the_interventions_name() -> None:
    record = changed(
        STUDY, interventions=(Intervention("drug a"), Intervention("P", other_names=("Placebo",)))
    )
    found = data(EX=[{"EXTRT": "A 5 MG"}, {"EXTRT": "PLACEBO"}])
    told = rows("RECONCILE-TREATMENT", found=found, record=record)
    assert [row.registry for row in told] == ["drug a", "P"]
    assert set(states(told)) == {Agreement.AGREE}


def test_countries_and_sites_of_the_data() -> None:
    assert not differing("RECONCILE-COUNTRY")
    assert not differing("RECONCILE-SITE")
    odd = data([subject(1), subject(2, SITEID="02", COUNTRY="DEU")])
    assert [row.item for row in differing("RECONCILE-COUNTRY", found=odd)] == ["DEU"]
    assert [row.item for row in differing("RECONCILE-SITE", found=odd)] == ["02"]
    assert differing("RECONCILE-SITE-COUNT", found=odd)
    assert not differing("RECONCILE-SITE-COUNT")


def test_a_country_that_has_no_code_is_not_compared() -> None:
    record = changed(STUDY, sites=(), locations=(Location("H", country="Atlantis"),))
    told = rows("RECONCILE-COUNTRY", record=record)
    assert Agreement.NOT_COMPARED in states([row for row in told if row.registry])


def test_a_site_where_nobody_is_yet_is_missing_in_the_data() -> None:
    study = changed(STUDY, sites=(*STUDY.sites, Site("02", "B", "Europe/Paris", "FRA")))
    (_, row) = rows("RECONCILE-SITE", study)
    assert row.agreement is Agreement.MISSING


def test_each_subject_out_of_the_ages_is_named() -> None:
    dm = [subject(1, AGE=17.0), subject(2, AGE=65.0), subject(3, AGE=66.0), failure(4, AGE=12.0)]
    told = differing("RECONCILE-AGE", found=data(dm))
    assert [(row.usubjid, row.data) for row in told] == [
        ("S1-001", "17 years"),
        ("S1-003", "66 years"),
    ]
    assert not differing("RECONCILE-AGE")


def test_the_limits_of_the_record_name_other_subjects() -> None:
    record = eligible(minimum_age="33 Years")
    both = (ELIGIBLE, record.eligibility)
    told = differing("RECONCILE-AGE", found=data(limits=both), record=record)
    assert [row.usubjid for row in told] == ["S1-001", "S1-002"]
    assert told[0].why == "younger than 33 Years, the minimum of the registry"


def test_an_age_that_is_not_known_is_told() -> None:
    (row,) = rows("RECONCILE-AGE", found=data([subject(1), subject(2, AGE=None)]))
    assert row.agreement is Agreement.NOT_COMPARED
    assert "no age that can be compared: 1 subject" in row.why


def test_each_subject_of_another_sex_is_named() -> None:
    study = eligible(sex="FEMALE")
    found = data(limits=(study.eligibility,))
    assert [r.usubjid for r in differing("RECONCILE-SEX", study, found)] == ["S1-002", "S1-004"]
    assert not differing("RECONCILE-SEX", found=found)


def test_a_status_before_the_start_with_consents() -> None:
    not_yet = changed(STUDY, status="NOT_YET_RECRUITING")
    assert differing("RECONCILE-STATUS-BEFORE-START", not_yet)
    assert not differing("RECONCILE-STATUS-BEFORE-START", not_yet, data([]))
    assert not differing("RECONCILE-STATUS-BEFORE-START")


def test_a_withdrawn_trial_with_subjects() -> None:
    withdrawn = changed(STUDY, status="WITHDRAWN", why_stopped="no money")
    assert differing("RECONCILE-STATUS-WITHDRAWN", withdrawn)
    assert not differing("RECONCILE-STATUS-WITHDRAWN", withdrawn, data([failure(1)]))


def test_a_completed_trial_with_subjects_in_it() -> None:
    done = changed(STUDY, status="COMPLETED")
    (row,) = differing("RECONCILE-STATUS-COMPLETED", done, data(DS=ENDED[:3]))
    assert row.data == "1 of 4 enrolled without an end of participation"
    assert not differing("RECONCILE-STATUS-COMPLETED", done, data(DS=ENDED))
    assert states(rows("RECONCILE-STATUS-COMPLETED", done)) == [Agreement.NOT_COMPARED]


def test_the_end_of_treatment_is_no_end_of_participation() -> None:
    done = changed(STUDY, status="COMPLETED")
    treated = [{**one, "DSSCAT": "STUDY TREATMENT"} for one in ENDED[3:]]
    assert differing("RECONCILE-STATUS-COMPLETED", done, data(DS=[*ENDED[:3], *treated]))


def test_a_trial_that_goes_on_with_nobody_in_it() -> None:
    active = changed(STUDY, status="ACTIVE_NOT_RECRUITING")
    assert differing("RECONCILE-STATUS-GOING-ON", active, data(DS=ENDED))
    assert not differing("RECONCILE-STATUS-GOING-ON", active, data(DS=ENDED[:2]))
    # Somebody may still be recruited.
    assert not differing("RECONCILE-STATUS-GOING-ON", STUDY, data(DS=ENDED))


def test_a_stopped_trial_says_why() -> None:
    stopped = changed(STUDY, status="TERMINATED")
    assert differing("RECONCILE-WHY-STOPPED", stopped)
    said = changed(stopped, why_stopped="Slow accrual")
    assert not differing("RECONCILE-WHY-STOPPED", said)
    assert not differing("RECONCILE-WHY-STOPPED")
    other = changed(stopped, why_stopped="No money")
    assert differing("RECONCILE-WHY-STOPPED", said, record=other)


def test_the_criteria_are_counted() -> None:
    study = changed(
        STUDY,
        criteria=(Criterion("INCL01", "INCLUSION", "a"), Criterion("EXCL01", "EXCLUSION", "b")),
    )
    ti = [
        {"IETESTCD": "INCL01", "IECAT": "INCLUSION"},
        {"IETESTCD": "EXCL01", "IECAT": "EXCLUSION"},
    ]
    assert not differing("RECONCILE-CRITERIA", study, data(TI=ti))
    assert len(differing("RECONCILE-CRITERIA", study, data(TI=ti[:1]))) == 1


def test_a_text_of_criteria_is_counted_in_its_parts() -> None:
    text = "Inclusion Criteria:\n\n* a\n* b\n\nExclusion Criteria:\n\n* c"
    record = eligible(criteria=text)
    ti = [{"IETESTCD": f"INCL0{n}", "IECAT": "INCLUSION"} for n in (1, 2)]
    ti.append({"IETESTCD": "EXCL01", "IECAT": "EXCLUSION"})
    # Of TI without IETEST there is nothing to compare but the number.
    assert not differing("RECONCILE-CRITERIA", found=data(TI=ti), record=record)
    assert differing("RECONCILE-CRITERIA", found=data(TI=ti[1:]), record=record)
    told = rows("RECONCILE-CRITERIA", found=data(TI=ti), record=eligible(criteria="healthy"))
    assert set(states(told)) == {Agreement.NOT_COMPARED}


def protocol(*texts: tuple[str, str], **more: Any) -> Study:
    """The study with criteria, each its code and text."""
    kinds = {"I": "INCLUSION", "E": "EXCLUSION"}
    criteria = tuple(Criterion(code, kinds[code[0]], text) for code, text in texts)  # type: ignore[arg-type]
    return changed(STUDY, criteria=criteria, **more)


def ti(*texts: tuple[str, str], version: str = "1") -> list[dict[str, Any]]:
    kinds = {"I": "INCLUSION", "E": "EXCLUSION"}
    return [
        {"IETESTCD": code, "IECAT": kinds[code[0]], "IETEST": text, "TIVERS": version}
        for code, text in texts
    ]


def criteria_of(*lines: str) -> Study:
    """A record with inclusion criteria."""
    return eligible(criteria="Inclusion Criteria:\n\n" + "\n".join(f"* {one}" for one in lines))


def test_criteria_are_the_same_but_for_numbering_blanks_and_the_spelling_of_sdtm() -> None:
    study = protocol(("INCL01", "Pain \u2265 50 % for 3\u20136 months."), ("INCL02", "Adults"))
    found = data(TI=ti(("INCL01", "Pain >=50% for 3-6 months"), ("INCL02", "adults ")))
    record = criteria_of("1. Adults", "Pain  \\>= 50% for 3-6 months")
    told = rows("RECONCILE-CRITERIA", study, found, record)
    assert states(told) == [Agreement.AGREE] * 3
    assert [(row.item, row.data) for row in told] == [
        ("", "2 (TI)"),
        ("INCL01", "Pain >=50% for 3-6 months"),
        ("INCL02", "adults"),
    ]


def test_a_criterion_that_is_worded_otherwise_stands_beside_its_counterpart() -> None:
    study = protocol(("INCL01", "Age 18 to 65 years"), ("INCL02", "Pain for 3 months"))
    found = data(TI=ti(("INCL01", "Age 18 to 65 years"), ("INCL02", "Something else altogether")))
    record = criteria_of("Age 18 to 60 years", "Pain for 3 months")
    one, other = differing("RECONCILE-CRITERIA", study, found, record)
    assert (one.registry, one.study, one.data) == (
        "Age 18 to 60 years",
        "Age 18 to 65 years",
        "Age 18 to 65 years",
    )
    assert one.odd == ("registry",)
    assert one.why == "the registry words it otherwise"
    assert (other.item, other.odd, other.data) == ("INCL02", ("data",), "Something else altogether")
    assert one.problem().variable == "IETEST"


def test_a_criterion_of_one_side_alone_is_told() -> None:
    study = protocol(("INCL01", "Adults"), ("EXCL01", "Pregnancy"), ("EXCL02", "Known allergy"))
    found = data(TI=ti(("INCL01", "Adults"), ("EXCL01", "Pregnancy")))
    record = criteria_of("Adults", "Written consent")
    told = {row.item: row for row in differing("RECONCILE-CRITERIA", study, found, record)}
    assert sorted(told) == ["EXCL01", "EXCL02", "INCL02"]
    assert told["INCL02"].registry == "Written consent"
    assert told["INCL02"].why == "the study file and the package have no such criterion"
    assert told["EXCL01"].why == "the registry has no such criterion"
    assert told["EXCL02"].why == "the registry and the package have no such criterion"
    (count, *_) = rows("RECONCILE-CRITERIA", study, found, record)
    assert (count.registry, count.study, count.data) == ("2", "1", "1 (TI)")
    assert count.agreement is Agreement.NOT_COMPARED


def test_a_side_without_any_criteria_is_told_once() -> None:
    study = protocol(("INCL01", "Adults"), ("EXCL01", "Pregnancy"))
    found = data(TI=ti(("INCL01", "Adults"), ("EXCL01", "Pregnancy")))
    told = rows("RECONCILE-CRITERIA", study, found, STUDY)
    assert not [row for row in told if row.differs]
    missing = [row for row in told if row.agreement is Agreement.MISSING]
    assert [row.why for row in missing] == ["the registry does not say them"] * 2
    assert not rows("RECONCILE-CRITERIA", STUDY, data(), STUDY)


def test_the_beginning_of_a_long_criterion_is_that_criterion() -> None:
    whole = "Adults with " + ", ".join(f"condition number {n}" for n in range(30))
    study = protocol(("INCL01", whole))
    assert not differing("RECONCILE-CRITERIA", study, data(TI=ti(("INCL01", whole[:196]))))
    other = whole[:180].replace("number 3", "number 99")
    assert differing("RECONCILE-CRITERIA", study, data(TI=ti(("INCL01", other))))


def test_a_criterion_that_two_cohorts_have_is_compared_twice() -> None:
    study = protocol(("INCL01", "Adults"), ("INCL02", "Adults"))
    assert not differing(
        "RECONCILE-CRITERIA", study, data(TI=ti(("INCL01", "Adults"), ("INCL02", "Adults")))
    )
    (row,) = differing("RECONCILE-CRITERIA", study, data(TI=ti(("INCL01", "Adults"))))
    assert row.item == "INCL02"
    long = "A history of " + "something that lasts, " * 9
    study = protocol(("INCL01", f"{long} and a"), ("INCL02", f"{long} and b"))
    both = data(TI=ti(("INCL01", long[:190]), ("INCL02", long[:190])))
    assert not differing("RECONCILE-CRITERIA", study, both)


def test_of_several_versions_the_newest_is_compared() -> None:
    study = protocol(("INCL01", "Adults up to 70"))
    old, new = ti(("INCL01", "Adults")), ti(("INCL01", "Adults up to 70"), version="10")
    older = ti(("INCL01", "Adults up to 60"), version="2")
    assert not differing("RECONCILE-CRITERIA", study, data(TI=[*old, *new, *older]))
    assert differing("RECONCILE-CRITERIA", study, data(TI=[*old, *older]))


def test_many_criteria_are_compared_in_no_time() -> None:
    study = protocol(*((f"INCL{n}", f"word {n} of a list") for n in range(2_000)))
    found = data(TI=ti(*((f"INCL{n}", f"word {n} of another list") for n in range(2_000))))
    assert len(differing("RECONCILE-CRITERIA", study, found)) == 4_000


SV = [
    {"VISITNUM": 1.0, "VISIT": "BASELINE", "VISITDY": 1.0},
    {"VISITNUM": 2.0, "VISIT": "WEEK 4", "VISITDY": 29.0},
    {"VISITNUM": 3.0, "VISIT": "WEEK 12", "VISITDY": 85.0},
]


def frame(text: str) -> Study:
    return changed(STUDY, outcomes=(Outcome("PRIMARY", "Pain score", text),))


@pytest.mark.parametrize(
    "text",
    [
        "Baseline, Week 4, Week 12",
        "4 and 12 weeks after the intervention",
        "Day 1, Day 29",
        "up to 12 weeks",
        "Baseline to Week 12",
        "12 weeks",
    ],
)
def test_a_time_frame_that_the_visits_fit(text: str) -> None:
    told = rows("RECONCILE-TIME-FRAME-VISITS", frame(text), data(SV=SV, DS=ENDED))
    assert set(states(told)) == {Agreement.AGREE}


@pytest.mark.parametrize("text", ["Week 8", "Day 15", "up to 24 months", "1 hour after dosing"])
def test_a_time_frame_that_no_visit_fits(text: str) -> None:
    assert differing("RECONCILE-TIME-FRAME-VISITS", frame(text), data(SV=SV, DS=ENDED))


def test_a_visit_that_nobody_has_reached_is_missing() -> None:
    told = rows("RECONCILE-TIME-FRAME-VISITS", frame("Week 12"), data(SV=SV[:2]))
    assert states(told) == [Agreement.MISSING]
    over = data(SV=SV[:2], DS=ENDED)
    assert differing("RECONCILE-TIME-FRAME-VISITS", frame("Week 12"), over)


@pytest.mark.parametrize("text", ["Approximately 3 months", "At the end of cycle 1", "7 weeks"])
def test_a_time_frame_that_is_open_is_not_compared(text: str) -> None:
    (row,) = rows("RECONCILE-TIME-FRAME-VISITS", frame(text), data(SV=SV, DS=ENDED))
    assert row.agreement is Agreement.NOT_COMPARED
    assert row.why


def test_visits_without_a_planned_day_are_known_by_their_names() -> None:
    tv = [{"VISITNUM": 2.0, "VISIT": "WEEK 4", "VISITDY": None}]
    study = changed(frame("4 weeks after randomization"), visits=())
    told = rows("RECONCILE-TIME-FRAME-VISITS", study, data(TV=tv, SV=tv, DS=ENDED))
    assert states(told) == [Agreement.AGREE]


def test_an_hour_is_a_time_point_of_a_visit() -> None:
    point = {"VISITNUM": 1.0, "VISIT": "BASELINE", "VISITDY": 1.0, "QSTPT": "1 HOUR AFTER DOSE"}
    study = frame("1 hour after the first dose")
    assert not differing("RECONCILE-TIME-FRAME-VISITS", study, data(QS=[point], DS=ENDED))
    timed = {**point, "QSTPT": "POST", "QSELTM": "PT1H"}
    assert not differing("RECONCILE-TIME-FRAME-VISITS", study, data(QS=[timed], DS=ENDED))
    elsewhere = {**point, "VISITDY": -7.0}
    assert differing("RECONCILE-TIME-FRAME-VISITS", study, data(QS=[elsewhere], DS=ENDED))


def test_parts_of_a_split_dataset_are_read_too() -> None:
    found = data(QSPH=SV, SUPPQS=[{"VISITNUM": 9.0, "VISIT": "X"}])
    assert {one.dataset for one in found.visits} == {"QS"}


def test_every_comparison_is_named_and_cites_its_source() -> None:
    tested = {name for name, _ in RECORDS_THAT_DIFFER}
    assert len(COMPARISONS) > 30
    for name, one in COMPARISONS.items():
        assert name.startswith("RECONCILE-")
        assert one.rule.title
        assert one.rule.mend
        assert one.rule.source
        assert one.theme
    assert tested <= set(COMPARISONS)


def test_an_outcome_whose_kind_is_not_said_is_known_by_its_measure() -> None:
    record = changed(STUDY, outcomes=(Outcome(None, "pain score", "week 12"),))
    assert not differing("RECONCILE-OUTCOME", record=record)
    assert differing("RECONCILE-TIME-FRAME", record=record)


ODD = st.one_of(st.none(), st.floats(), st.text(max_size=5), st.sampled_from(["1e999", "P", "X"]))


@given(
    st.sampled_from(sorted(COLUMNS)).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS[name], ODD)), max_size=4),
            st.sets(st.sampled_from(COLUMNS[name])),
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_any_datasets_are_compared_without_harm(
    drawn: tuple[str, list[dict[str, Any]], set[str]],
) -> None:
    name, records, left_out = drawn
    kept = [{c: v for c, v in record.items() if c not in left_out} for record in records]
    texts = [{c: None if v is None else str(v) for c, v in record.items()} for record in kept]
    schema = dict.fromkeys((c for c in COLUMNS[name] if c not in left_out), pl.String)
    frame = pl.DataFrame(texts, schema=schema) if schema else pl.DataFrame()
    found = collect([(name, frame)], (ELIGIBLE,))
    for row in compare(Sides(STUDY, STUDY, found)).rows:
        if row.differs:
            assert row.problem().message


def test_a_record_of_nothing_is_compared_without_harm() -> None:
    empty = Study("", None, Sponsor(""))
    for record in (None, empty):
        for found in (data([]), data()):
            for name in COMPARISONS:
                rows(name, empty, found, record)
    assert not differing("RECONCILE-AGE", empty, data(limits=(Eligibility(),)))
