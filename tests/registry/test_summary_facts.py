"""TS from what a registry's record says, and what is told where it does not say it."""

from collections import Counter
from dataclasses import replace

import pytest

from trialect.converters.readers.study_words import WORDS
from trialect.mappings.sdtm import trial_summary_terms as terms
from trialect.mappings.sdtm.trial_summary import summary_values
from trialect.protocol import (
    Arm,
    Design,
    Eligibility,
    Enrolment,
    Intervention,
    Objective,
    Outcome,
    Parameter,
    Registration,
    Site,
    Sponsor,
    StudyDate,
)
from trialect.registry_facts import (
    Biospecimen,
    ExpandedAccess,
    Link,
    Location,
    Oversight,
    Reference,
    SecondaryId,
    StudyIdentifier,
)
from trialect.schemas.ct import terminology
from trialect.trial import Study

STUDY = Study(studyid="S-1", title="A trial", sponsor=Sponsor("Institute of Tea"))
CT = terminology("2025-03-28")


def summary(**given):
    told = []
    study = replace(STUDY, **given)
    found = summary_values(study, told.append)
    texts = {code: [one.text or f"NF {one.null_flavor}" for one in found[code]] for code in found}
    return texts, told


def parameter(code, **given):
    return summary(**given)[0].get(code, [])


def rules(**given):
    return Counter(problem.rule for problem in summary(**given)[1])


def missing(**given):
    return {one.value for one in summary(**given)[1] if one.rule == "TS-REQUIRED-PARAMETER"}


def test_the_brief_title_stands_in_and_is_told():
    assert parameter("TITLE", title=None, brief_title="Tea") == ["Tea"]
    assert rules(title=None, brief_title="Tea")["TS-BRIEF-TITLE"] == 1
    assert rules(brief_title="Tea")["TS-BRIEF-TITLE"] == 0
    assert parameter("TITLE", title=None) == []
    assert "TITLE" in missing(title=None)


def test_each_registry_has_a_row_with_its_name():
    found = summary_values(
        replace(
            STUDY,
            registrations=(Registration("NCT00000001", "ClinicalTrials.gov"),),
            secondary_ids=(
                SecondaryId("2020-000001-11", "EUDRACT_NUMBER"),
                SecondaryId("ISRCTN1", "REGISTRY", "ISRCTN"),
                SecondaryId("R01", "NIH"),
            ),
        ),
        lambda _: None,
    )["REGID"]
    assert [(one.text, one.code, one.dictionary) for one in found] == [
        ("NCT00000001", "NCT00000001", "ClinicalTrials.gov"),
        ("2020-000001-11", "2020-000001-11", "EudraCT"),
        ("ISRCTN1", "ISRCTN1", "ISRCTN"),
    ]
    assert rules(secondary_ids=(SecondaryId("R01", "NIH"),))["TS-IDENTIFIER"] == 1
    assert rules(secondary_ids=(SecondaryId("R", "REGISTRY"),))["TS-IDENTIFIER"] == 0


def test_countries_are_codes_and_one_without_is_told():
    places = tuple(Location(country=one) for one in ("Korea, Republic of", "Turkey", "Turkey"))
    assert parameter("FCNTRY", locations=places) == ["KOR", "TUR"]
    kosovo = (Location(country="Italy"), Location(country="Kosovo"))
    _, told = summary(locations=kosovo)
    (problem,) = [one for one in told if one.rule == "TS-COUNTRY-UNKNOWN"]
    assert problem.field == "locations.1.country"
    assert "ISO 3166-1 has no code" in problem.message
    assert rules(locations=places)["TS-COUNTRY-UNKNOWN"] == 0
    sites = (Site("1", "One", "Europe/Rome", "ITA"),)
    assert parameter("FCNTRY", locations=places, sites=sites) == ["ITA"]


def test_objectives_are_never_made_of_outcomes():
    outcomes = (
        Outcome("PRIMARY", "Days"),
        Outcome("SECONDARY", "Sleep"),
        Outcome("OTHER", "Taste"),
    )
    texts, _ = summary(outcomes=outcomes)
    assert not {"OBJPRIM", "OBJSEC", "OBJEXP"} & set(texts)
    assert (texts["OUTMSPRI"], texts["OUTMSSEC"], texts["OUTMSEXP"]) == (
        ["Days"],
        ["Sleep"],
        ["Taste"],
    )
    assert "OBJPRIM" in missing(outcomes=outcomes)
    aims = (Objective("PRIMARY", "P"), Objective("SECONDARY", "S"), Objective("EXPLORATORY", "E"))
    texts, _ = summary(objectives=aims)
    assert (texts["OBJPRIM"], texts["OBJSEC"], texts["OBJEXP"]) == (["P"], ["S"], ["E"])


def test_outcomes_and_aims_without_a_kind_are_told():
    given = {"outcomes": (Outcome(None, "Days"),), "objectives": (Objective(None, "Aim"),)}
    assert rules(**given)["TS-KIND-UNKNOWN"] == 2
    assert rules(outcomes=(Outcome("PRIMARY", "Days"),))["TS-KIND-UNKNOWN"] == 0


def test_dates_stay_partial():
    assert parameter("SSTDTC", start=StudyDate("2023-01")) == ["2023-01"]
    assert parameter("SENDTC", completion=StudyDate("2024")) == ["2024"]


@pytest.mark.parametrize(
    ("limits", "lowest", "highest", "told"),
    [
        (Eligibility("18 Years", "65 Years", "ALL"), ["P18Y"], ["P65Y"], 0),
        (Eligibility("6 Months", None, "ALL"), ["P6M"], ["NF PINF"], 0),
        (Eligibility(None, "12 Weeks", "ALL"), ["P0Y"], ["P12W"], 1),
        (Eligibility(None, None, "ALL"), ["P0Y"], ["NF PINF"], 2),
        (Eligibility("N/A", "N/A", "ALL"), ["P0Y"], ["NF PINF"], 0),
        (Eligibility(), [], [], 0),
        (Eligibility("2 Hours", "90 Minutes"), ["PT2H"], ["PT90M"], 0),
    ],
)
def test_ages(limits, lowest, highest, told):
    assert parameter("AGEMIN", eligibility=limits) == lowest
    assert parameter("AGEMAX", eligibility=limits) == highest
    assert rules(eligibility=limits)["TS-AGE-NO-LIMIT"] == told


def test_healthy_subjects_stay_unknown():
    assert parameter("HLTSUBJI", eligibility=Eligibility(healthy_volunteers=False)) == ["N"]
    assert parameter("HLTSUBJI", eligibility=Eligibility()) == []
    assert "HLTSUBJI" in missing(eligibility=Eligibility())


def test_a_number_without_a_kind_is_neither_planned_nor_reached():
    texts, told = summary(enrolment=Enrolment(count=60))
    assert not {"PLANSUB", "ACTSUB"} & set(texts)
    assert [one.field for one in told if one.rule == "TS-ENROLMENT"] == ["enrolment.count"]
    assert rules(enrolment=Enrolment(60, 50))["TS-ENROLMENT"] == 0
    texts, _ = summary(enrolment=Enrolment(60, 50))
    assert (texts["PLANSUB"], texts["ACTSUB"]) == (["60"], ["50"])


def test_control_and_treatments_by_the_types_of_the_arms():
    arms = (
        Arm("A1", "Tea", "EXPERIMENTAL", interventions=("Tea",)),
        Arm("A2", "Water", "ACTIVE_COMPARATOR", interventions=("Water",)),
        Arm("A3", "Sugar", "PLACEBO_COMPARATOR"),
        Arm("A4", "Other", "OTHER", interventions=("Rest",)),
        Arm("A5", "Untold"),
    )
    given = {
        "arms": arms,
        "interventions": (
            Intervention("Tea", "DIETARY_SUPPLEMENT"),
            Intervention("Water", "OTHER"),
            Intervention("Sugar", "DRUG", arms=("Sugar",)),
            Intervention("Rest", "BEHAVIORAL"),
        ),
    }
    texts, told = summary(**given)
    assert texts["TCNTRL"] == ["ACTIVE", "PLACEBO"]
    assert texts["TRT"] == ["Tea"]
    assert texts["COMPTRT"] == ["Water", "Sugar"]
    assert texts["INTTYPE"] == ["DIETARY SUPPLEMENT", "DRUG", "BEHAVIORAL THERAPY"]
    assert texts["NARMS"] == ["5"]
    fields = {one.rule: one.field for one in told}
    assert fields["TS-ARM-TYPE"] == "arms.4.type"
    assert fields["TS-TREATMENT-ROLE"] == "interventions.3.name"
    assert [one.field for one in told if one.rule == "TS-NO-TERM"] == [
        "arms.3.type",
        "interventions.1.type",
    ]


def test_a_single_experimental_group_has_no_control():
    one = (Arm("A1", "Tea", "EXPERIMENTAL"),)
    two = (*one, Arm("A2", "More tea", "EXPERIMENTAL"))
    assert parameter("TCNTRL", arms=one) == ["NONE"]
    assert parameter("TCNTRL", arms=two, design=Design(model="SINGLE_GROUP")) == ["NONE"]
    assert parameter("TCNTRL", arms=two, design=Design(model="PARALLEL")) == []
    assert rules(arms=one)["TS-ARM-TYPE"] == rules(arms=one)["TS-TREATMENT-ROLE"] == 0


def test_what_only_trials_have_is_not_applicable_to_an_observational_study():
    design = Design(
        type="OBSERVATIONAL",
        model="CASE_CONTROL",
        time_perspective="CROSS_SECTIONAL",
        patient_registry=True,
        target_duration="5 Years",
    )
    limits = Eligibility(population="All \\< 5\n\n* adults", sampling="NON_PROBABILITY_SAMPLE")
    given = {"design": design, "eligibility": limits, "arms": (Arm("A1", "Cases", "OTHER"),)}
    texts, told = summary(**given)
    for code in terms.NOT_APPLICABLE:
        assert texts[code] == ["NF NA"], code
    assert texts["STYPE"] == ["PATIENT REGISTRY"]
    assert texts["OBSMODEL"] == ["CASE CONTROL"]
    assert texts["OBSTIMP"] == ["CROSS SECTIONAL"]
    assert texts["OBSTSMM"] == ["NON-PROBABILITY SAMPLE"]
    assert texts["OBSTPOPD"] == ["All < 5 * adults"]
    assert texts["TRGFUDUR"] == ["P5Y"]
    assert texts["NCOHORT"] == ["1"]
    assert not {"INTMODEL", "TRT"} & set(texts)
    asked = {one.value for one in told if one.rule == "TS-REQUIRED-PARAMETER"}
    assert not asked & {*terms.NOT_APPLICABLE, *terms.REQUIRED_OF_INTERVENTIONAL}
    assert rules(**given)["TS-ARM-TYPE-UNUSED"] == 1
    assert rules(design=design)["TS-ARM-TYPE-UNUSED"] == 0


def test_expanded_access_is_asked_for_nothing_that_it_has_not():
    given = {
        "design": Design(type="EXPANDED_ACCESS"),
        "interventions": (Intervention("Tea", "DRUG"),),
        "expanded_access": ExpandedAccess(status="NO_LONGER_AVAILABLE", nct_id="NCT00000009"),
    }
    texts, _ = summary(**given)
    assert texts["TRT"] == ["Tea"]
    assert texts["EXPASTAT"] == ["NO LONGER AVAILABLE"]
    assert texts["EXPARECN"] == ["NCT00000009"]
    assert not missing(**given) & terms.NOT_OF_EXPANDED_ACCESS
    assert missing(**given) == {"AGEMAX", "AGEMIN", "SEXPOP"}


def test_a_study_of_no_known_type_is_asked_and_not_guessed():
    texts, _ = summary(design=Design(type=""))
    assert "STYPE" not in texts
    assert "NF NA" not in texts.get("RANDOM", [])
    assert {"STYPE", "RANDOM"} <= missing(design=Design(type=""))


def test_oversight_samples_and_publications():
    texts, _ = summary(
        oversight=Oversight(
            has_dmc=False,
            fda_regulated_drug=True,
            fda_regulated_device=False,
            pediatric_postmarket=True,
        ),
        biospecimen=Biospecimen("SAMPLES_WITH_DNA", "Blood"),
        keywords=("tea", "cold"),
        references=(Reference("Leaf T. Tea.", "1"),),
        links=(Link("https://example.org", "Tea"),),
        identifier=StudyIdentifier("TEA-1"),
    )
    wanted = {
        "DMCIND": ["N"], "FDADRIND": ["Y"], "FDADEIND": ["N"], "PDPSTIND": ["Y"],
        "BRIND": ["Y"], "BRDNAIND": ["Y"], "RTSPCDES": ["Blood"], "KEYWORD": ["tea", "cold"],
        "CITNSTDY": ["Leaf T. Tea."], "PUBMEDID": ["1"], "URLSTDY": ["https://example.org"],
        "URLSTDYD": ["Tea"], "SPREFID": ["TEA-1"],
    }  # fmt: skip
    assert {code: texts[code] for code in wanted} == wanted


def test_a_duration_that_is_not_understood_is_told():
    design = Design(type="OBSERVATIONAL", target_duration="long")
    assert rules(design=design)["TS-DURATION"] == 1
    assert rules(design=replace(design, target_duration="1 Day"))["TS-DURATION"] == 0


def test_what_is_coarser_in_sdtm_is_told():
    assert rules(design=Design(allocation="NA"))["TS-ALLOCATION-COARSER"] == 1
    assert rules(design=Design(allocation="NON_RANDOMIZED"))["TS-ALLOCATION-COARSER"] == 0
    assert rules(design=Design(masking="TRIPLE"))["TS-MASKING-COARSER"] == 1
    assert rules(design=Design(masking="DOUBLE"))["TS-MASKING-COARSER"] == 0


def test_the_study_file_answers_what_no_record_says():
    assert {"ADDON", "LENGTH", "TTYPE"} <= missing()
    given = (Parameter("ADDON", "N"), Parameter("LENGTH", "P10W"), Parameter("TTYPE", "EFFICACY"))
    assert not missing(parameters=given) & {"ADDON", "LENGTH", "TTYPE"}


@pytest.mark.parametrize(
    ("field", "type_", "code", "codelist"),
    [
        ("allocation", "INTERVENTIONAL", "RANDOM", "C66742"),
        ("model", "INTERVENTIONAL", "INTMODEL", "C99076"),
        ("masking", "INTERVENTIONAL", "TBLIND", "C66735"),
        ("purpose", "INTERVENTIONAL", "TINDTP", "C66736"),
        ("model", "OBSERVATIONAL", "OBSMODEL", "C127259"),
        ("time_perspective", "OBSERVATIONAL", "OBSTIMP", "C127261"),
    ],
)
def test_each_word_of_a_design_has_a_term_or_a_finding(field, type_, code, codelist):
    known = CT.codelist(codelist)
    for word in WORDS[f"design.{field}"]:
        texts, told = summary(design=replace(Design(type=type_), **{field: word}))
        if code in texts and texts[code] != ["NF NA"]:
            assert all(text in known.by_value for text in texts[code]), word
        else:
            assert [one.value for one in told if one.rule == "TS-NO-TERM"] == [word]
