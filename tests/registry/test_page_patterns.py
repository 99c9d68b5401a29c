"""The tables of patterns: each line's own cases, and what must never be taken for a fact."""

from contextlib import suppress
from pathlib import Path

import pytest

from trialect.converters.readers.study_words import WORDS
from trialect.converters.study_sources import study_source
from trialect.mappings.registry import page_sentences, page_values
from trialect.mappings.registry.page_lines import fits, labels
from trialect.mappings.registry.page_sentences import TAKES, patterns, sentences, stated
from trialect.problems import Unusable
from trialect.protocol import Objective, Outcome

PATTERNS = {one.name: one for one in patterns()}


def shown(facts):
    """Facts as the table writes them, values of one fact joined."""
    found = {}
    for fact, value in facts:
        match value:
            case Outcome():
                words = [value.measure]
            case Objective():
                words = [value.text]
            case tuple():
                words = [value[1]] if fact == "criteria" else list(value)
            case _:
                words = [str(value)]
        found.setdefault(fact, []).extend(words)
    return {f"{fact}={'; '.join(words)}" for fact, words in found.items()}


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_takes_its_example(name):
    assert set(PATTERNS[name].states) <= shown(stated(PATTERNS[name].example))


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_leaves_its_counterexamples(name):
    facts = {one.partition("=")[0] for one in PATTERNS[name].states}
    for text in PATTERNS[name].not_taken:
        for sentence in sentences(text):
            assert not facts & {fact for fact, _ in stated(sentence)}, sentence


def test_every_taker_has_a_pattern():
    assert {one.take for one in patterns()} == set(TAKES)


@pytest.mark.parametrize(
    "sentence",
    [
        "A previous trial was not randomized.",
        "Non-randomized trials suggest that tea helps.",
        "The randomized, double-blind trial of Smith had 60 participants.",
        "This trial, unlike the double-blind one before it, is small.",
        "Whether this randomized trial helps is open.",
        "“This randomized, double-blind trial is the first.”",
        "He said that this is a randomized trial.",
        "If approved, this randomized, double-blind trial will start.",
        "This trial would have been randomized, double-blind and large.",
        "No randomized trial exists.",
        "This study of randomized, double-blind trials is a review.",
        "This not yet randomized study begins.",
        "This open trial follows a randomized one.",
        "Patients will be neither randomized nor blinded.",
        "Patients who were randomized into two groups in the pilot will be called.",
        "In case of success, patients will be randomized into three groups.",
        "Patients will be followed at 1 week if they can.",
        "Should it fail, patients will be randomized into two groups.",
        "The outcome assessment will include nothing at baseline unless asked.",
        "Critics argue that patients will be randomized into two groups.",
        "This trial was originally designed as a randomized, double-blind trial.",
        "Will patients be randomized into two treatment groups?",
        "The patients will never be blinded.",
        "The patients and the surgeon will be blinded.",
        "A total of 60 patients might be enrolled.",
        "Up to a total of 60 patients will be enrolled.",
        "Patients will be randomized to one of two arms in part B.",
        "In stage 2, patients will be randomized into two treatment groups.",
        "Only the second of them will be a randomized trial.",
        "This is a randomized controlled trial protocol review.",
    ],
)
def test_what_is_negated_supposed_asked_quoted_or_of_another_trial_states_nothing(sentence):
    assert [one for text in sentences(sentence) for one in stated(text)] == []


@pytest.mark.parametrize(
    ("sentence", "facts"),
    [
        ("This non‑randomized, open–label study is small.", {"NON_RANDOMIZED", "NONE"}),
        ("This is a phase II/III, three-arm, parallel-group trial.", {"PARALLEL", 3}),
        ("Patients and assessors will be blinded.", {("PARTICIPANT", "OUTCOMES_ASSESSOR")}),
        ("The   study is\u00a0randomized.", {"RANDOMIZED"}),
    ],
)
def test_dashes_blanks_and_spellings_make_no_difference(sentence, facts):
    assert facts <= {value for _, value in stated(sentence)}


@pytest.mark.parametrize(
    ("said", "phases"),
    [
        ("phase II", ("PHASE2",)),
        ("Phase 1/2", ("PHASE1", "PHASE2")),
        ("Phase 1/Phase 2", ("PHASE1", "PHASE2")),
        ("phase I-II", None),
        ("phase I and phase II", None),
        ("phase 1b", None),
    ],
)
def test_phases_are_taken_whole_or_not_at_all(said, phases):
    found = dict(stated(f"This is an open-label, {said} study of heat."))
    assert found.get("design.phases") == phases
    assert found["design.masking"] == "NONE"


RECORDS = Path(__file__).parents[3] / "shared" / "data" / "ctgov"


@pytest.mark.skipif(not RECORDS.is_dir(), reason="the records are not at hand")
def test_sentences_of_real_records_say_what_their_fields_say():
    """Where they differ, the record contradicts itself: NA and NON_RANDOMIZED of one arm, a phase
    in the text alone, double-blind of four roles."""
    source = study_source("ctgov")
    same, differ = 0, []
    for file in sorted(RECORDS.glob("*.json")):
        for held in source.records(file):
            with suppress(Unusable):  # two of them are in the retired form
                study = source.read(held, lambda _: None).study
                text = f"{study.summary or ''}\n{study.description or ''}"
                for line in text.split("\n"):
                    for fact, value in (one for s in sentences(line) for one in stated(s)):
                        if fact in ("design.allocation", "design.masking", "design.model",
                                    "design.phases", "design.type"):  # fmt: skip
                            own = getattr(study.design, fact.partition(".")[2])
                            same += own == value
                            differ += [(fact, value, own)] if own != value else []
    assert same >= 40
    assert sorted(differ) == [
        ("design.allocation", "NON_RANDOMIZED", "NA"),
        ("design.masking", "DOUBLE", "QUADRUPLE"),
        ("design.phases", ("PHASE1",), ("NA",)),
    ]


def test_sentences_end_where_they_end():
    text = (
        "Pain (e.g. at night) is vs. 3. Scores differ by 1.5 points. “Is it?” No. See Fig. 2 now."
    )
    assert sentences(text) == [
        "Pain (e.g. at night) is vs. 3.",
        "Scores differ by 1.5 points.",
        "“Is it?”",
        "No. See Fig. 2 now.",
    ]


def test_a_very_long_sentence_is_looked_into_no_further():
    long = "This randomized trial " + "and so on " * 300
    assert stated(long) == []
    assert stated(long[: page_sentences.LONGEST - 1])


def test_words_of_the_table_are_words_of_the_registry():
    facts = ("status", "design.type", "design.allocation", "design.model", "design.masking")
    for fact in (*facts, "design.purpose", "design.time_perspective", "eligibility.sex"):
        assert set(page_values.words(fact).values()) <= set(WORDS[fact])
    for fact in ("design.masked", "design.phases"):
        assert set(page_values.words(fact).values()) == set(WORDS[f"{fact}.*"])
    for fact in ("arms", "interventions"):
        assert set(page_values.words(f"{fact}.type").values()) == set(WORDS[f"{fact}.*.type"])


@pytest.mark.parametrize(
    ("label", "value", "takes"),
    [
        ("sex", "All", True),
        ("sex", "All of them", False),
        ("masking", "Double (Participant, Investigator)", True),
        ("masking", "None (Open Label)", True),
        ("masking", "Not double-blind", False),
        ("masking", "42 participants in 2 patient groups", False),
        ("allocation", "Non-Randomized", True),
        ("allocation", "Not randomized", False),
        ("ages", "18+ years old", True),
        ("ages", "Under 18 years", False),
        ("ages", "18 Years to 65 Years (Adult, Older Adult)", True),
        ("start date", "03/04/2025", False),
        ("start date", "2025-02-30", False),
        ("start date", "December 2025", True),
        ("phase", "Phase 1/Phase 2", True),
        ("phase", "Phase 5", False),
        ("phase", "N/A", True),
        ("enrollment", "about 40", False),
        ("enrollment", "1,200 participants", True),
        ("volunteers", "No Healthy Volunteers", True),
        ("volunteers", "Perhaps", False),
    ],
)
def test_a_label_takes_only_what_has_its_form(label, value, takes):
    assert fits(labels()[label], value) is takes


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("18 to 65 years old", ("18 Years", "65 Years")),
        ("6 months to 1 year old", ("6 Months", "1 Year")),
        ("18+ years old", ("18 Years", None)),
        ("18 Years and older (Adult, Older Adult)", ("18 Years", None)),
        ("18 Years and older (Adult, Older Adult )", ("18 Years", None)),
        ("Up to 17 years old", (None, "17 Years")),
    ],
)
def test_ages(text, limits):
    assert page_values.ages(text) == limits


@pytest.mark.parametrize(
    ("text", "dated"),
    [
        ("Dec 25, 2025", ("2025-12-25", None)),
        ("25 December 2025 (Actual)", ("2025-12-25", "ACTUAL")),
        ("2025-12", ("2025-12", None)),
        ("March 2026 (Anticipated)", ("2026-03", "ESTIMATED")),
        ("Foo 2026", None),
    ],
)
def test_dates(text, dated):
    assert page_values.day(text) == dated
