import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialect.mappings.registry.criteria import read_criteria, split_criteria

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


def read(text):
    told = []
    found = read_criteria(text, told.append)
    return [(one.code, one.group, one.text) for one in found], [one.rule for one in told]


def rows(text):
    return read(text)[0]


def test_a_list_of_each_kind_becomes_criteria():
    text = (
        "Inclusion Criteria:\n\n* Age \\>= 18 years\n* Consent \\[written\\]\n\n"
        "Exclusion Criteria:\n\n1. Pregnancy\n2. HbA1c \\< 7\\.0\\%"
    )
    assert read(text) == (
        [
            ("INCL01", None, "Age >= 18 years"),
            ("INCL02", None, "Consent [written]"),
            ("EXCL01", None, "Pregnancy"),
            ("EXCL02", None, "HbA1c < 7.0%"),
        ],
        [],
    )


@pytest.mark.parametrize(
    ("inclusion", "exclusion"),
    [
        ("Inclusion Criteria:", "Exclusion Criteria:"),
        ("INCLUSION CRITERIA", "EXCLUSION CRITERIA"),
        ("INCLUSION:", "EXCLUSION:"),
        ("Inclusion", "Exclusion"),
        ("Key Inclusion Criteria :", "Key Exclusion Criteria :"),
        ("Main inclusion criteria", "Main exclusion criteria"),
        ("List of inclusion criteria:", "List of exclusion criteria:"),
        ("• Inclusion Criteria:", "• Exclusion Criteria:"),
        ("1. Inclusion Criteria:", "2. Exclusion Criteria:"),
        ("**Inclusion Criteria**", "**Exclusion Criteria**"),
        ("## Inclusion Criteria", "## Exclusion Criteria"),
        ("Inclusion criteria：", "Exclusion criteria："),
        ("Criteria for inclusion:", "Criteria for exclusion:"),
        ("Inclusion criterion:", "Non-inclusion criteria:"),
        ("   Inclusion Criteria", "   Exclusion Criteria"),
    ],
)
def test_headings_in_other_words(inclusion, exclusion):
    text = f"{inclusion}\n\n* Adult\n\n{exclusion}\n\n* Child"
    assert read(text) == ([("INCL01", None, "Adult"), ("EXCL01", None, "Child")], [])


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("Inclusion criteria for cohort A:", "Inclusion criteria for cohort A"),
        ("Donor Inclusion Criteria", "Donor Inclusion Criteria"),
        ("Inclusion Criteria (Part 2):", "Inclusion Criteria (Part 2)"),
        ("Specific inclusion criteria for lung patients:",) * 2,
    ],
)
def test_a_heading_that_says_more_is_the_group(name, group):
    assert rows(f"{name}\n\n* Adult") == [("INCL01", group.rstrip(":"), "Adult")]


def test_a_heading_within_a_section_is_the_group_of_what_follows():
    text = "Inclusion Criteria:\n\n* Adult\n\nFor women only:\n\n* No pregnancy\n* No lactation"
    assert rows(text) == [
        ("INCL01", None, "Adult"),
        ("INCL02", "For women only", "No pregnancy"),
        ("INCL03", "For women only", "No lactation"),
    ]


def test_a_short_line_between_lists_is_a_group_and_told():
    text = "Inclusion Criteria:\n\n* Adult\n\nCohort B\n\n* HbA1c above 7"
    assert read(text) == (
        [("INCL01", None, "Adult"), ("INCL02", "Cohort B", "HbA1c above 7")],
        ["CRITERIA-GROUP"],
    )


def test_a_sentence_between_lists_is_a_criterion():
    text = "Inclusion Criteria:\n\nParticipant must be an adult\n\n* HbA1c above 7"
    assert [one[2] for one in rows(text)] == ["Participant must be an adult", "HbA1c above 7"]


def test_a_label_before_headings_is_the_group_of_both():
    text = (
        "Cohort 1\n\nInclusion Criteria:\n\n* A\n\nExclusion Criteria:\n\n* B\n\n"
        "Cohort 2\n\nInclusion Criteria:\n\n* C"
    )
    assert rows(text) == [
        ("INCL01", "Cohort 1", "A"),
        ("EXCL01", "Cohort 1", "B"),
        ("INCL02", "Cohort 2", "C"),
    ]


def test_lists_within_a_criterion_belong_to_it():
    text = (
        "Inclusion Criteria:\n\n1. Organ function:\n\n   * Liver\n   * Kidney\n\n     1. eGFR\n"
        "2. Consent"
    )
    assert rows(text) == [
        ("INCL01", None, "Organ function: * Liver * Kidney 1. eGFR"),
        ("INCL02", None, "Consent"),
    ]


def test_a_list_of_another_kind_that_a_criterion_leads_to_belongs_to_it():
    text = "Inclusion Criteria:\n\n8. One of the following:\n\n* ECOG 3\n* ECOG 4\n\n  9. Consent"
    assert rows(text) == [
        ("INCL08", None, "One of the following: * ECOG 3 * ECOG 4"),
        ("INCL09", None, "Consent"),
    ]


def test_paragraphs_within_an_item_and_notes_belong_to_it():
    text = "Inclusion Criteria:\n\n* Adult\n\n  as of the day of consent\n\nNote: in Japan from 20."
    assert rows(text) == [
        ("INCL01", None, "Adult as of the day of consent Note: in Japan from 20.")
    ]


def test_paragraphs_without_markers_are_criteria():
    text = "Inclusion:\n\nAdults.\n\nWritten consent.\n\nExclusion:\n\nPregnancy."
    assert rows(text) == [
        ("INCL01", None, "Adults."),
        ("INCL02", None, "Written consent."),
        ("EXCL01", None, "Pregnancy."),
    ]


def test_wrapped_lines_are_one_criterion_and_short_lines_several():
    wrapped = "Patients who have been treated with at least two lines of therapy\nbefore entry"
    assert [one[2] for one in rows(f"Inclusion Criteria:\n{wrapped}")] == [
        wrapped.replace("\n", " ")
    ]
    assert [one[2] for one in rows("Inclusion Criteria:\nAdults\nConsent")] == ["Adults", "Consent"]


def test_or_between_items_joins_them():
    text = "Inclusion Criteria:\n\n* ALL\n\nOR\n\n* AML\n* Consent"
    assert [one[2] for one in rows(text)] == ["ALL OR AML", "Consent"]


def test_the_text_in_the_line_of_a_heading():
    text = "Inclusion Criteria: adults with consent\nExclusion Criteria: none"
    assert rows(text) == [("INCL01", None, "adults with consent")]


def test_a_text_in_one_line():
    text = (
        "Inclusion Criteria: 1. Adults of 18 years 2. Written consent. "
        "Exclusion Criteria: 1. Pregnancy 2. HIV"
    )
    assert rows(text) == [
        ("INCL01", None, "Adults of 18 years"),
        ("INCL02", None, "Written consent."),
        ("EXCL01", None, "Pregnancy"),
        ("EXCL02", None, "HIV"),
    ]


def test_numbers_of_the_text_are_those_of_the_codes():
    text = "Inclusion Criteria\n\n1. A\n2. B\n\nExclusion Criteria\n3. C\n4. D"
    assert [one[0] for one in rows(text)] == ["INCL01", "INCL02", "EXCL03", "EXCL04"]


def test_numbers_that_start_again_give_way():
    text = "Inclusion Criteria\n\nMen:\n\n1. A\n2. B\n\nWomen:\n\n1. C"
    assert [one[0] for one in rows(text)] == ["INCL01", "INCL02", "INCL03"]


def test_codes_beyond_99_are_unique_and_fit():
    items = "\n".join(f"* Criterion {number}" for number in range(1, 121))
    codes = [one[0] for one in rows(f"Inclusion Criteria:\n\n{items}")]
    assert codes[98:101] == ["INCL99", "INCL100", "INCL101"]
    assert len(set(codes)) == 120
    assert max(map(len, codes)) <= 8


@pytest.mark.parametrize("nothing", ["None", "* N/A", "-", "Not applicable."])
def test_a_section_that_says_none_has_no_criteria(nothing):
    found, told = read(f"Inclusion Criteria:\n\n* Adults\n\nExclusion Criteria:\n\n{nothing}")
    assert found == [("INCL01", None, "Adults")]
    assert told == []


@pytest.mark.parametrize(
    "text",
    [
        "Adults with consent",
        "Eligibility Criteria:\n\n* Adults",
        "DISEASE CHARACTERISTICS:\n\n* Leukemia\n\nPATIENT CHARACTERISTICS:\n\n* Adults",
        "Inclusion/Exclusion Criteria:\n\n* Adults",
        "* Patients who meet the inclusion criteria of the parent study",
    ],
)
def test_a_text_without_headings_is_a_finding_and_not_a_guess(text):
    assert read(text) == ([], ["CRITERIA-NO-HEADING"])


def test_eligibility_before_exclusion_is_inclusion_and_told():
    text = "Eligibility Criteria:\n\n* Adults\n\nExclusion Criteria:\n\n* Pregnancy"
    assert read(text) == (
        [("INCL01", None, "Adults"), ("EXCL01", None, "Pregnancy")],
        ["CRITERIA-ELIGIBILITY-HEADING"],
    )


def test_what_stands_before_the_first_heading_is_told():
    text = "* Adults\n* Consent\n\nExclusion Criteria:\n\n* Pregnancy"
    assert read(text) == ([("EXCL01", None, "Pregnancy")], ["CRITERIA-UNPLACED"])


def test_remarks_about_the_list_are_told_and_are_no_criteria():
    text = "Inclusion Criteria:\n\n* Adults\n\nOther protocol-defined criteria may apply."
    assert read(text) == ([("INCL01", None, "Adults")], ["CRITERIA-REMARK"])


def test_a_lead_in_that_says_no_more_than_the_heading_is_none():
    lead = "Participants are eligible only if all of the following criteria apply:"
    assert rows(f"Inclusion Criteria:\n\n{lead}\n\n* Adults") == [("INCL01", None, "Adults")]


def test_a_lead_in_that_speaks_of_exclusion_under_inclusion_is_told():
    text = "Inclusion Criteria:\n\n* Adults\n\nExcluded are those with:\n\n* HIV"
    found, told = read(text)
    assert found[1] == ("INCL02", "Excluded are those with", "HIV")
    assert told == ["CRITERIA-MIXED"]


@pytest.mark.parametrize("text", [None, "", " \n "])
def test_no_text_has_no_criteria_and_is_no_finding(text):
    assert read(text) == ([], [])


def _ink(text):
    return "".join(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text).split())


def _parts_of(text):
    parts = split_criteria(text, lambda problem: None)
    texts = [one.text for one in parts.criteria] + [one.group or "" for one in parts.criteria]
    return parts, "\n".join(map(_ink, [*texts, *parts.unplaced, *parts.remarks, *parts.silent]))


_A_HEADING = re.compile(
    r"[^\w]*(?:\w+ ){0,3}(?:(?:in|ex)clusion|eligibility)(?: criteria)?\s*:?[^\w]*(?:none)?",
    re.IGNORECASE,
)


_HEADING_BEFORE = re.compile(r"^(?:in|ex)clusion criteria:", re.IGNORECASE)


def lost_lines(text):
    """Lines whose text, but for a marker of up to four characters, stands in no part."""
    _, kept = _parts_of(text)
    lost = []
    for line in text.splitlines():
        ink = _ink(_HEADING_BEFORE.sub("", line)).rstrip(":")
        if not ink.strip("-*•") or _A_HEADING.fullmatch(line.strip()) or ink == "<!---->":
            continue
        starts = range(min(5, len(ink)))
        if not any(
            ink[start:] in kept for start in starts if not ink[:start].isalpha() or start < 2
        ):
            lost.append(line)
    return lost


_WORD = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=8)
_LINE = st.lists(_WORD, min_size=1, max_size=6).map(" ".join)
_ITEM = st.tuples(
    st.sampled_from(["", "  ", "   ", "     "]),
    st.sampled_from(["", "* ", "- ", "1. ", "2) ", "a. ", "• "]),
    _LINE,
).map("".join)
_TEXT = st.lists(
    st.one_of(_ITEM, st.just(""), st.sampled_from(["Inclusion Criteria:", "Exclusion Criteria:"]))
).map(lambda lines: "Inclusion Criteria:\n" + "\n".join(lines))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_TEXT)
def test_nothing_of_a_text_is_lost(text):
    parts, _ = _parts_of(text)
    assert lost_lines(text) == []
    codes = [one.code for one in parts.criteria]
    assert len(set(codes)) == len(codes)
    assert all(one.text and len(one.code) <= 8 for one in parts.criteria)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=400))
def test_any_text_is_read(text):
    found = read_criteria(text, lambda problem: None)
    assert all(one.text.strip() == one.text != "" for one in found)


def _records():
    for path in sorted((SHARED / "data/ctgov").glob("*.json")):
        data = json.loads(path.read_bytes())
        for record in data if isinstance(data, list) else [data]:
            if "protocolSection" in record:
                yield record["protocolSection"]


@pytest.mark.skipif(not (SHARED / "data/ctgov").exists(), reason="no registry records at hand")
def test_every_record_is_read_and_no_line_is_lost():
    without, count = [], 0
    for section in _records():
        name = section["identificationModule"]["nctId"]
        text = section.get("eligibilityModule", {}).get("eligibilityCriteria")
        if text is None:
            continue
        count += 1
        parts, _ = _parts_of(text)
        categories = {one.category for one in parts.criteria}
        if "INCLUSION" not in categories:
            without.append(name)
        assert lost_lines(text) == [], name
    assert count > 150
    # This record has the heading of exclusion alone.
    assert without == ["NCT05397184"]


def test_headings_in_one_line_and_words_before_them():
    text = "Donor Inclusion Criteria: Adults. Exclusion Criteria: HIV • Inclusion Criteria: Tea"
    assert rows(text) == [
        ("INCL01", "Donor Inclusion Criteria", "Adults."),
        ("EXCL01", None, "HIV •"),
        ("INCL02", None, "Tea"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Inclusion Criteria:\n" + "word one\n" * 50_000,
        "Inclusion Criteria:\n* a\n" + "  * b\n" * 50_000,
        "Inclusion Criteria:\n" + "a:\n\n" * 50_000,
        "x " + "Inclusion Criteria: a " * 10_000,
        "x " + "inclusion criteria: a " * 10_000,
        "Inclusion Criteria:\nx" + " " * 500_000 + "inclusion",
        "(a " * 100_000 + "clusion criteria",
    ],
    ids=["lines", "nested", "colons", "headings", "small headings", "blanks", "brackets"],
)
def test_a_large_text_takes_no_more_time_than_its_size(text):
    started = time.process_time()
    read_criteria(text, lambda problem: None)
    # Each takes a fraction of a second; what is quadratic takes minutes.
    assert time.process_time() - started < 20
