from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_small import FILLED, SCRAPED

from trialect.converters.readers.registry_page import SIZE_LIMIT, page_of, read_page
from trialect.converters.registry_inspection import told
from trialect.problems import Unusable
from trialect.protocol import Arm, Contact, Intervention, Outcome, StudyDate
from trialect.trial import Study

SEED = Path(__file__).parents[3] / "shared" / "data" / "seed-registry-page.txt"


def read(text):
    found = []
    page = page_of(text.encode() if isinstance(text, str) else text, "page.txt", found.append)
    return page.study, found


def of(found, rule):
    return [one for one in found if one.rule == rule]


def source_of(study, fact):
    return [one.name for one in study.sources if fact in one.facts]


def test_a_scraped_page_gives_what_its_lines_and_sentences_state():
    study, _ = read(SCRAPED)
    assert study.enrolment.count == 30
    assert study.enrolment.planned is None
    assert (study.design.allocation, study.design.masking) == ("RANDOMIZED", "DOUBLE")
    assert study.design.masked == ("OUTCOMES_ASSESSOR",)
    assert study.arms == (
        Arm("A1", "warm tea", interventions=("warm tea",)),
        Arm("A2", "cold water from the tap", interventions=("cold water from the tap",)),
    )
    assert [one.name for one in study.interventions] == ["warm tea", "cold water from the tap"]
    frame = "one hour and one week post-treatment"
    assert study.outcomes == (
        Outcome(None, "hiccup counts", frame),
        Outcome(None, "comfort", frame),
    )
    assert study.time_points == ("1 hour", "1 week")
    assert [one.text for one in study.criteria] == ["Patients with hiccups for ≥2 hours"]
    assert [(one.type, one.text) for one in study.objectives] == [
        (None, "to compare warm tea with cold water")
    ]
    assert study.contacts == (Contact("Ada Probe, MD", "CONTACT"),)
    assert study.summary.startswith("This randomized")
    assert study.description.count("\n") == 3


def test_nothing_is_guessed():
    study, _ = read(SCRAPED)
    assert (study.studyid, study.title, study.sponsor.name) == ("", None, "")
    assert study.design.model is None
    assert study.design.purpose is None
    assert study.design.phases == ()
    assert study.eligibility == Study("", None, study.sponsor).eligibility
    assert study.conditions == ()
    assert all(arm.type is None for arm in study.arms)
    assert all(one.type is None for one in study.interventions)
    assert (study.sites, study.visits, study.registrations) == ((), (), ())


def test_every_fact_has_its_sentence_as_source():
    study, _ = read(SCRAPED)
    [line] = source_of(study, "enrolment.count")
    assert line == "page.txt, line 21: “30 participants in 2 patient groups”"
    assert len(source_of(study, "arms")) == 3
    masked = "page.txt, line 9: “The first assessor will be blinded to treatment allocation.”"
    assert source_of(study, "design.masked") == [masked]
    for source in study.sources:
        for fact in source.facts:
            assert told(study, fact) not in ("", "None"), fact


def test_labels_without_a_value_are_listed_as_missing():
    _, found = read(SCRAPED)
    alone = ["Status", "Conditions", "Sex", "Ages", "Volunteers", "Inclusion criteria"]
    missing = [one.message.split(" stands")[0] for one in of(found, "PAGE-MISSING")]
    assert missing == [*alone[:2], *alone[2:], "Exclusion criteria", "Primary purpose",
                       "Interventional model"]  # fmt: skip
    elsewhere = [one.message.split(" stands")[0] for one in of(found, "PAGE-ELSEWHERE")]
    assert elsewhere == ["Treatments", "Enrollment", "Allocation", "Masking"]
    assert not of(read(FILLED)[1], "PAGE-MISSING")


def test_double_blind_with_one_blinded_assessor_is_a_contradiction():
    study, found = read(SCRAPED)
    [problem] = of(found, "PAGE-CONTRADICTION")
    assert problem.field == "design.masking"
    assert "The first assessor will be blinded" in problem.message
    assert "double-blind" in problem.message
    assert (study.design.masking, study.design.masked) == ("DOUBLE", ("OUTCOMES_ASSESSOR",))
    both = SCRAPED.replace("The first assessor will", "Patients and assessors will")
    assert not of(read(both)[1], "PAGE-CONTRADICTION")


@pytest.mark.parametrize(
    ("old", "new", "field", "taken"),
    [
        ("Masking\n", "Masking\nNone (Open Label)\n", "design.masking", "NONE is taken"),
        ("into two treatment arms", "into three treatment arms", "groups", "2 is taken"),
        ("tap.\n", "tap. A total of 60 patients will be enrolled.\n", "enrolment", "30 is taken"),
        ("followed at 1 hour and 1 week", "followed at 2 weeks", "time_points", "the first"),
        ("This randomized, double-blind trial aims", "This non-randomized trial aims",
         "design.allocation", "neither is taken"),
        ("Interventional model\n", "Interventional model\nSingle Group Assignment\n",
         "design.model", "both stand"),
        ("(1) warm tea and (2)", "(1) warm tea, (2) ice and (3)", "groups", "2 is taken"),
    ],
)  # fmt: skip
def test_numbers_and_words_that_differ_are_findings(old, new, field, taken):
    problems = of(read(SCRAPED.replace(old, new))[1], "PAGE-CONTRADICTION")
    if field == "groups" and "three" not in new:
        # A list that does not have the number of its groups names no arms.
        assert not read(SCRAPED.replace(old, new))[0].arms
        return
    assert any(taken in one.message for one in problems if one.field == field)


def test_what_is_not_understood_stays_text_and_is_listed():
    study, found = read(SCRAPED)
    unused = [one.value for one in of(found, "PAGE-NOT-USED")]
    assert "Hiccups are common." in unused
    assert "If successful, this trial will be followed by a triple-blind study." in unused
    assert all(text in study.description or text in study.summary for text in unused)


def test_a_page_with_its_values_gives_them_all():
    study, found = read(FILLED)
    assert study.studyid == "NCT09999999"
    assert study.registration("ClinicalTrials.gov") == "NCT09999999"
    assert [one.id for one in study.secondary_ids] == ["TEA-01"]
    assert [one.value for one in of(found, "PAGE-IDENTIFIERS")] == ["TEA-01"]
    assert not of(read(SCRAPED)[1], "PAGE-IDENTIFIERS")
    assert study.sponsor.name == "Institute of Tea"
    assert study.status == "NOT_YET_RECRUITING"
    assert study.conditions == ("Hiccups", "Singultus")
    assert study.interventions == (Intervention("Warm tea", "DRUG"), Intervention("Cold water", "OTHER"))  # fmt: skip # noqa: E501
    assert study.enrolment.planned == 30
    limits = study.eligibility
    assert (limits.minimum_age, limits.maximum_age, limits.sex) == ("18 Years", "65 Years", "ALL")
    assert limits.healthy_volunteers is False
    design = study.design
    assert (design.type, design.purpose, design.allocation) == (
        "INTERVENTIONAL",
        "TREATMENT",
        "RANDOMIZED",
    )
    assert (design.model, design.masking) == ("PARALLEL", "SINGLE")
    assert design.masked == ("OUTCOMES_ASSESSOR",)
    assert design.phases == ("PHASE2", "PHASE3")
    assert study.start == StudyDate("2026-02", None)
    assert study.completion == StudyDate("2027-03-05", "ESTIMATED")
    assert study.arms == (
        Arm("A1", "Tea", "EXPERIMENTAL", "A cup of warm tea.", ("Warm tea",)),
        Arm("A2", "Water", "ACTIVE_COMPARATOR", "A glass of water.", ("Cold water",)),
    )
    assert study.contacts == (
        Contact("Ada Probe, MD", "CONTACT", "+1 555 0100", "ada@tea.example"),
    )
    assert [one.category[0] for one in study.criteria] == ["I", "I", "E"]
    assert study.description == "Methods\nThe tea is warm.\n\nThe water is cold."
    assert not of(found, "PAGE-CONTRADICTION")
    assert not of(found, "PAGE-NOT-UNDERSTOOD")


def test_arms_may_be_called_as_their_kind_or_as_a_label_is():
    text = FILLED.replace("\nTea\nExperimental group", "\nExperimental group\nExperimental group")
    text = text.replace("\nWater\nActive", "\nTreatment\nActive")
    text = text.replace("A glass of water.", "Treatment as usual with water.")
    arms = read(text)[0].arms
    assert [(arm.name, arm.type, arm.description) for arm in arms] == [
        ("Experimental group", "EXPERIMENTAL", "A cup of warm tea."),
        ("Treatment", "ACTIVE_COMPARATOR", "Treatment as usual with water."),
    ]
    assert arms[1].interventions == ("Cold water",)


def test_values_may_stand_behind_their_labels_on_the_same_line():
    text = """Status: Completed
Sex All
Ages: 18+ years old
Masking Double Blind
Conditions: Hiccups; Singultus
Full description: Sex matters in this trial. Status: unclear to most.
Masking: of tea is hard
Enrollment 12
"""
    study, found = read(text)
    assert (study.status, study.eligibility.sex) == ("COMPLETED", "ALL")
    assert (study.eligibility.minimum_age, study.eligibility.maximum_age) == ("18 Years", None)
    assert study.conditions == ("Hiccups", "Singultus")
    assert study.description.endswith("Masking: of tea is hard")
    assert (study.design.masking, study.enrolment.count) == ("DOUBLE", 12)
    assert not of(found, "PAGE-NOT-UNDERSTOOD")


def test_a_page_as_the_registry_shows_it_today():
    text = """Study Overview
Brief Summary
Tea against hiccups.
Detailed Description
Not provided
Conditions
Hiccups
Enrollment (Estimated)
316
Ages Eligible for Study
18 Years and older (Adult, Older Adult )
Sexes Eligible for Study
All
"""
    study, found = read(text)
    assert (study.description, study.enrolment.planned) == (None, 316)
    assert (study.eligibility.minimum_age, study.eligibility.maximum_age) == ("18 Years", None)
    assert [one.field for one in of(found, "PAGE-MISSING")] == ["description"]


def test_a_page_that_states_no_type_is_of_none():
    study, found = read(
        "Status\nConditions\nHiccups\nSex\nAll\nEnrollment\n12 estimated patients\n"
    )
    assert study.design.type == ""
    assert study.enrolment.planned == 12
    assert "design.type" in [one.field for one in of(found, "PAGE-NO-FACT")]


def test_a_heading_of_the_description_is_no_label():
    text = "Sex\nAll\nAges\nVolunteers\nFull description\nMasking\nThe assessor is kept unaware.\n"
    study, found = read(text)
    assert study.description == "Masking\nThe assessor is kept unaware."
    assert not [one for one in of(found, "PAGE-MISSING") if one.field == "design.masking"]


def test_a_label_behind_a_text_whose_value_is_not_understood_is_told():
    text = "Sex\nAll\nAges\nVolunteers\nFull description\nTea helps.\nEnrollment\nabout forty\n"
    study, found = read(text)
    assert study.description == "Tea helps."
    assert [one.value for one in of(found, "PAGE-NOT-UNDERSTOOD")] == ["about forty"]


def test_a_value_of_another_form_is_told_and_not_taken():
    study, found = read(SCRAPED.replace("Ages\n", "Ages\nAdults of any age\n"))
    [problem] = of(found, "PAGE-NOT-UNDERSTOOD")
    assert (problem.row, problem.field, problem.value) == (14, "eligibility", "Adults of any age")
    assert study.eligibility.minimum_age is None
    assert not [one for one in of(found, "PAGE-MISSING") if one.row == 13]


def test_the_number_of_groups_without_names_is_a_parameter():
    study, _ = read(SCRAPED.replace("(1) warm tea and (2) cold", "warm tea and cold"))
    assert study.arms == ()
    assert [(one.code, one.value) for one in study.parameters] == [("NARMS", "2")]
    assert source_of(study, "parameters.NARMS")


def test_facts_that_every_study_has_are_asked_for():
    facts = {one.field for one in of(read(SCRAPED)[1], "PAGE-NO-FACT")}
    assert facts == {"studyid", "title", "sponsor"}
    assert {one.field for one in of(read(FILLED)[1], "PAGE-NO-FACT")} == {"title"}


@pytest.mark.parametrize(
    ("data", "rule", "row"),
    [
        (SCRAPED.replace("tea", "te\x07a", 1).encode(), "PAGE-CHARACTER", 5),
        (SCRAPED.replace("Sex", "\x00Sex").encode(), "PAGE-CHARACTER", 12),
        (SCRAPED.replace("Sex", "S\u009cex").encode(), "PAGE-CHARACTER", 12),
        (SCRAPED.encode("utf-16")[2:], "PAGE-CHARACTER", 1),
        (SCRAPED.encode("cp1252", errors="replace").replace(b"warm", b"w\xe4rm"),
         "PAGE-ENCODING", 5),
        (SCRAPED.encode("utf-16")[:-1], "PAGE-ENCODING", None),
        (f"<html><body><p>{SCRAPED}</p></body></html>".encode(), "PAGE-HTML", 1),
        (SCRAPED.replace("Sex", "<span class='x'>Sex</span>").encode(), "PAGE-HTML", 12),
        (b"", "PAGE-NO-LABELS", None),
        (b"Some text.\n" * 50, "PAGE-NO-LABELS", None),
        (b"Sex\n" * 50, "PAGE-NO-LABELS", None),
        (SCRAPED.encode() + b"x" * SIZE_LIMIT, "PAGE-SIZE", None),
    ],
)  # fmt: skip
def test_what_is_no_page_is_refused_with_its_place(data, rule, row, tmp_path):
    file = tmp_path / "page.txt"
    file.write_bytes(data)
    with pytest.raises(Unusable) as unusable:
        read_page(file, lambda _: None)
    [problem] = unusable.value.problems
    assert problem.rule == rule
    if row is not None:
        assert problem.row == row


def test_a_gigabyte_is_refused_without_reading_it(tmp_path):
    file = tmp_path / "page.txt"
    with file.open("wb") as opened:
        opened.write(SCRAPED.encode())
        opened.truncate(2**30)
    with pytest.raises(Unusable, match=r"1,073,741,824 bytes"):
        read_page(file, lambda _: None)


def test_a_page_in_utf_16_or_with_other_line_ends_is_the_same():
    study, _ = read(FILLED)
    for data in (
        FILLED.encode("utf-16"),
        FILLED.encode("utf-8-sig"),
        FILLED.replace("\n", "\r\n").encode(),
        FILLED.replace("\n", "\r").encode(),
    ):
        assert read(data)[0] == study


def test_signs_below_and_above_are_no_tags_and_entities_are_told():
    study, found = read(SCRAPED.replace("Hiccups are common.", "Here p < 0.05 &amp; a<b>c hold."))
    assert "p < 0.05 &amp; a" in study.description
    assert [one.value for one in of(found, "PAGE-ENTITY")] == ["&amp;"]
    assert not of(read(SCRAPED)[1], "PAGE-ENTITY")


def test_a_page_without_line_breaks_in_its_text_is_read_in_bounded_time():
    text = SCRAPED.replace("Hiccups are common.", "This randomized trial, " + "and so, " * 90_000)
    study, _ = read(text)
    assert len(study.description) > 700_000


LINES = st.sampled_from([*SCRAPED.splitlines(), *FILLED.splitlines(), "", ":", "Sex:", "Ages: x"])


@settings(deadline=None)
@given(st.lists(st.one_of(LINES, st.text(max_size=30)), max_size=40))
def test_any_lines_give_a_study_or_a_reason(lines):
    with suppress(Unusable):
        study, found = read("\n".join([*lines, "Sex", "Ages", "Masking", "Allocation"]))
        hold_together(study, found)


def hold_together(study, found):
    for source in study.sources:
        for fact in source.facts:
            assert told(study, fact) is not None
    assert all(one.file == "page.txt" for one in found)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_study_or_a_reason(data):
    with suppress(Unusable):
        hold_together(*read(SCRAPED.encode() + data))


@pytest.mark.skipif(not SEED.is_file(), reason="the page of the reference trial is not at hand")
def test_the_page_of_the_reference_trial():
    found = []
    study = read_page(SEED, found.append).study
    assert study.enrolment.count == 42
    assert [arm.name for arm in study.arms] == [
        "ultrasound-guided interfascial hydrodissection",
        "dry needling of the gluteus maximus muscle",
    ]
    assert study.time_points == ("1 hour", "1 week", "1 month", "3 months")
    assert len(study.outcomes) == 3
    assert (study.design.masking, study.design.masked) == ("DOUBLE", ("OUTCOMES_ASSESSOR",))
    assert study.contacts[0].name == "Busra Nur Aslantas, MD"
    assert len(of(found, "PAGE-CONTRADICTION")) == 1
    assert len(of(found, "PAGE-MISSING")) == 9
