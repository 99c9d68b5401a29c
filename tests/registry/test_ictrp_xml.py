"""Trials for WHO's ICTRP: what is written of a Study, what is told, and the rules."""

from dataclasses import replace

import pytest
from registry_nodes import (
    add,
    ictrp_record,
    remove,
    set_text,
    several,
    twice,
)
from registry_written import WrittenTo
from whole_study import WHOLE

from trialect.converters.writers.ictrp_xml import FILE
from trialect.problems import RULES
from trialect.protocol import Criterion, Design, Enrolment, Outcome, Registration, StudyDate
from trialect.schemas.registry.ictrp import check_record
from trialect.schemas.registry.nodes import Node

ictrp = WrittenTo("ictrp", FILE)


def test_all_parts_stand_in_the_order_of_who():
    tree, _ = ictrp.written(WHOLE)
    assert [one.tag for one in tree] == [
        "main",
        "contacts",
        "countries",
        "criteria",
        "health_condition_code",
        "health_condition_keyword",
        "intervention_code",
        "intervention_keyword",
        "primary_outcome",
        "secondary_outcome",
        "secondary_sponsor",
        "secondary_ids",
        "source_support",
        "ethics_reviews",
    ]


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("main/trial_id", ["NCT00000001"]),
        ("main/reg_name", ["ClinicalTrials.gov"]),
        ("main/date_registration", ["01/12/2022"]),
        ("main/public_title", ["Examplin in Sample Disease"]),
        ("main/date_enrolment", ["10/01/2023"]),
        ("main/type_enrolment", ["actual"]),
        ("main/target_size", ["120"]),
        ("main/recruitment_status", ["Recruiting"]),
        ("main/url", ["https://clinicaltrials.gov/study/NCT00000001"]),
        ("main/phase", ["Phase 2/Phase 3"]),
        ("main/i_freetext", ["Examplin; Placebo"]),
        ("main/results_IPD_plan", ["Yes"]),
        ("contacts/contact/type", ["public", "public", "scientific"]),
        ("contacts/contact/lastname", ["Lovelace, MD", "Trial Office", "Hopper, PhD"]),
        ("contacts/contact/firstname", ["Ada", None, "Grace"]),
        ("countries/country2", ["United States", "France"]),
        ("criteria/inclusion_criteria", ["- Age >= 18 years"]),
        ("criteria/exclusion_criteria", ["- Pregnancy"]),
        ("criteria/agemin", ["18Y"]),
        ("criteria/gender", ["Both"]),
        ("intervention_code/i_code", ["Drug"]),
        (
            "primary_outcome/prim_outcome",
            ["Change in score [Time frame: Week 12] The score has 20 points."],
        ),
        ("secondary_outcome/sec_outcome", ["Survival [Time frame: 1 year]"]),
        ("secondary_ids/secondary_id/sec_id", ["TR-01", "2020-000001-11", "R01XX000001"]),
        (
            "secondary_ids/secondary_id/issuing_authority",
            ["Example Institute", "EudraCT", "National Institutes of Health"],
        ),
        ("ethics_reviews/ethics_review/status", ["Approved"]),
    ],
)
def test_each_fact_has_its_place(path, texts):
    assert ictrp.said(WHOLE, path) == texts


def test_the_design_is_one_text():
    (text,) = ictrp.said(WHOLE, "main/study_design")
    assert text == (
        "Allocation: Randomized. Intervention model: Parallel Assignment. "
        "Model description: Two groups. Primary purpose: Treatment. "
        "Masking: Double (participant, investigator). Masking description: Capsules look alike."
    )


def test_no_day_is_added_to_a_month():
    study = replace(WHOLE, start=StudyDate("2023-01", "ESTIMATED"))
    assert ictrp.said(study, "main/date_enrolment") == ["01/2023"]
    assert ictrp.fields(study, "ICTRP-DATE-PARTIAL") == ["start.date"]
    assert "ICTRP-DATE-PARTIAL" not in ictrp.rules(WHOLE)


def test_a_universal_trial_number_has_its_place():
    number = Registration("U1111-1234-5678", "UTN")
    study = replace(WHOLE, registrations=(number, *WHOLE.registrations))
    assert ictrp.said(study, "main/utrn") == ["U1111-1234-5678"]
    assert ictrp.said(study, "main/trial_id") == ["NCT00000001"]
    assert "U1111-1234-5678" not in ictrp.said(study, "secondary_ids/secondary_id/sec_id")


def eligible(text):
    return replace(WHOLE, eligibility=replace(WHOLE.eligibility, criteria=text))


def test_criteria_that_no_heading_divides_are_told():
    study = eligible("See the protocol.")
    assert ictrp.fields(study, "ICTRP-CRITERIA-WHOLE") == ["eligibility.criteria"]
    assert ictrp.said(study, "criteria/inclusion_criteria") == ["See the protocol."]
    assert "ICTRP-CRITERIA-WHOLE" not in ictrp.rules(WHOLE)


def test_a_passage_under_no_heading_is_not_lost():
    study = eligible(f"Demography:\n\n* Adults\n\n{WHOLE.eligibility.criteria}")
    assert ictrp.fields(study, "ICTRP-CRITERIA-OTHER") == ["eligibility.criteria"]
    (told,) = ictrp.said(study, "criteria/inclusion_criteria")
    assert "Adults" in told
    assert told.endswith("- Age >= 18 years")
    assert "ICTRP-CRITERIA-OTHER" not in ictrp.rules(WHOLE)


def test_groups_of_criteria_keep_their_heading():
    study = replace(
        WHOLE,
        criteria=(
            Criterion("INCL01", "INCLUSION", "Adults"),
            Criterion("INCL02", "INCLUSION", "Fit", group="Cohort A"),
            Criterion("INCL03", "INCLUSION", "Frail", group="Cohort B"),
            Criterion("EXCL01", "EXCLUSION", "Pregnancy"),
        ),
    )
    assert ictrp.said(study, "criteria/inclusion_criteria") == [
        "- Adults\n\nCohort A:\n\n- Fit\n\nCohort B:\n\n- Frail"
    ]


TOLD = [
    ("ICTRP-NO-WORD", replace(WHOLE, status="UNKNOWN"), "status"),
    ("ICTRP-WORD-LOSS", replace(WHOLE, status="TERMINATED"), "status"),
    ("ICTRP-OUTCOME-OTHER", WHOLE, "outcomes.2.type"),
    ("ICTRP-COMPLETION-PLANNED", WHOLE, "completion.type"),
    ("ICTRP-REGISTERED", WHOLE, "posting.first_submitted"),
    ("ICTRP-NAME-WHOLE", WHOLE, "contacts.1.name"),
    ("ICTRP-SIZE-KIND", replace(WHOLE, enrolment=Enrolment(count=7)), "enrolment.count"),
    (
        "ICTRP-AGE-NO-LIMIT",
        replace(WHOLE, eligibility=replace(WHOLE.eligibility, maximum_age=None)),
        "eligibility.maximum_age",
    ),
    (
        "ICTRP-IDENTIFIER-KIND",
        replace(WHOLE, secondary_ids=(replace(WHOLE.secondary_ids[0], type="OTHER"),)),
        "secondary_ids.0.type",
    ),
    ("ICTRP-CHARACTER", replace(WHOLE, brief_title="a\x0bb"), "public_title"),
]
LESS = replace(
    WHOLE,
    outcomes=WHOLE.outcomes[:2],
    completion=StudyDate("2025-12-20", "ACTUAL"),
    posting=replace(WHOLE.posting, first_submitted=None),
    contacts=WHOLE.contacts[:1],
)


@pytest.mark.parametrize(("rule", "study", "field"), TOLD, ids=[one[0] for one in TOLD])
def test_what_ictrp_cannot_say_is_told(rule, study, field):
    assert field in ictrp.fields(study, rule)
    assert rule not in ictrp.rules(LESS)


def test_a_study_that_says_little_has_all_elements():
    study = replace(
        LESS,
        registrations=(),
        contacts=(),
        officials=(),
        locations=(),
        arms=(),
        interventions=(),
        outcomes=(Outcome(None, "Something"),),
        design=Design(),
    )
    assert not [one for one in ictrp.rules(study) if one in ("REGISTRY-MISSING", "REGISTRY-ORDER")]


def broken(change):
    node = ictrp_record()
    change(node)
    return [one.rule for one in check_record(node)]


SUPPORTED = set_text("source_support/source_name", "Sample Fund")

BROKEN = [
    ("REGISTRY-ELEMENT", add("main", lambda: Node("banana"))),
    ("REGISTRY-ORDER", add("main", lambda: Node("utrn", "U1111-1111-1111"))),
    ("REGISTRY-REPEATED", twice("main/phase")),
    ("REGISTRY-MISSING", remove("criteria/gender")),
    ("REGISTRY-REQUIRED", set_text("main/trial_id", "")),
    ("REGISTRY-REQUIRED", remove("countries/country2", every=True)),
    ("REGISTRY-WORD", set_text("main/study_type", "Banana")),
    ("REGISTRY-FORM", set_text("main/date_enrolment", "2023-01-10")),
    ("REGISTRY-FORM", set_text("main/date_enrolment", "31/02/2023")),
    ("REGISTRY-FORM", set_text("criteria/agemin", "adult")),
    ("ICTRP-STATUS", set_text("main/recruitment_status", "Recruitment completed")),
    ("ICTRP-CONTACT", several(*[remove("contacts/contact")] * 2)),
    ("ICTRP-RETROSPECTIVE", set_text("main/date_registration", "11/01/2023")),
    ("ICTRP-AGE-ORDER", set_text("criteria/agemin", "80Y")),
    ("ICTRP-PENDING", set_text("main/recruitment_status", "Pending")),
    ("ICTRP-COUNTRY", set_text("countries/country2", "Ruritania")),
    ("ICTRP-REPEATED", twice("countries/country2")),
    ("ICTRP-SUPPORT", set_text("source_support/source_name", "")),
    ("ICTRP-DATE-PARTIAL", set_text("main/date_enrolment", "2023")),
]


@pytest.mark.parametrize(
    ("rule", "change"), BROKEN, ids=[f"{number}-{one[0]}" for number, one in enumerate(BROKEN)]
)
def test_a_rule_fires(rule, change):
    assert rule in broken(change)


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        set_text("main/recruitment_status", "recruiting"),
        set_text("criteria/agemax", "N/A"),
        set_text("criteria/gender", "M"),
        add("main", lambda: Node("results_summary", "None yet.")),
    ],
)
def test_what_ictrp_takes_is_no_finding(change):
    assert broken(several(SUPPORTED, change)) == []


def test_each_rule_of_ictrp_is_tested():
    ours = {one for one in RULES if one.startswith("ICTRP-")}
    assert ours == {one[0] for one in TOLD + BROKEN if one[0] in ours} | {
        *("ICTRP-CRITERIA-WHOLE", "ICTRP-CRITERIA-OTHER")
    }
