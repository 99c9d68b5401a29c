"""study.yaml as it is written: it reads back as the same Study, whatever the Study says."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from ctgov_small import small_record
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from page_small import FILLED, SCRAPED

from trialect.converters.init_study import stated
from trialect.converters.readers.registry_page import page_of
from trialect.converters.readers.study_yaml import read_study, study_of
from trialect.converters.readers.yaml_tree import parse
from trialect.converters.study_sources import study_source
from trialect.converters.writers.study_yaml import study_yaml
from trialect.converters.writers.yaml_text import WIDTH, block, scalar
from trialect.mappings.registry.ctgov_record import study_of as study_of_record
from trialect.mappings.registry.need_comments import comments
from trialect.problems import Unusable
from trialect.protocol import Contact, Outcome, Source, Sponsor, StudyDate
from trialect.registry_facts import Location, StudyIdentifier
from trialect.trial import Study

SHARED = Path(__file__).parents[3] / "shared" / "data"
EXAMPLE = Path(__file__).parents[2] / "examples" / "NCT07326982"
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    st.lists(
        st.sampled_from(
            ["a", "bb ", "\n", "\n\n", " ", "  ", "- x", "# y", ": z", "#", "word" * 9, "\t", "*",
             "1. ", "é", "null", "2026-01-01", "yes", "'", '"', "\\", "\u2028", "\x85", "\x07"]
        ),
        max_size=60,
    ).map("".join),
)  # fmt: skip


def with_comments(study):
    return study_yaml(study, comments(study, []), ["A study"])


def given_ids(study):
    """A study with what study.yaml must have and a page may not state."""
    return replace(
        study,
        studyid=study.studyid or "X-1",
        sponsor=replace(study.sponsor, name=study.sponsor.name or "Somebody"),
    )


@given(TEXTS, st.sampled_from([2, 4, 8]))
@example("A?", 2)
@example("Is it so? Yes", 4)
@settings(max_examples=400, deadline=None)
def test_any_text_reads_back_as_it_is(text, indent):
    key = " " * (indent - 2) + "k:"
    first, *rest = block(text, indent, len(key))
    written = "\n".join([f"{key} {first}", *rest, ""])
    node = parse(written.encode(), "study.yaml").entries["k"]
    assert (node.text, node.is_null) == (text, False)
    # Other readers of YAML take it for a text, too.
    assert yaml.safe_load(written) == {"k": text}
    flow = f"k: [{scalar(text)}, {{a: {scalar(text)}}}]\n"
    assert yaml.safe_load(flow) == {"k": [text, {"a": text}]}


def test_long_texts_are_folded_and_lists_stand_as_they_are():
    words = "word " * 60 + "end"
    first, *rest = block(words, 2, 3)
    assert first == ">-"
    assert max(map(len, rest)) <= WIDTH
    assert block("Inclusion:\n\n* one\n* two", 2, 3) == ["|-", "  Inclusion:", "", "  * one", "  * two"]  # fmt: skip # noqa: E501


def test_a_text_that_could_be_something_else_is_quoted():
    for text in ("no", "Null", "1.0", "2026-01-31", "0x1F", "12:30", "- a", "a: b", "", " a", "~"):
        assert scalar(text) == f'"{text}"'
    for text in ("18 Years", "Piriformis Syndrome", "≥".join("ab"), "Crohn's Disease"):
        assert scalar(text) == text


CONTACTS = st.builds(Contact, TEXTS, st.none() | TEXTS, phone=st.none() | TEXTS)
STUDIES = st.builds(
    Study,
    studyid=st.just("X-1"),
    title=st.none() | TEXTS,
    sponsor=st.builds(Sponsor, TEXTS.filter(bool)),
    acronym=st.none() | TEXTS,
    identifier=st.none() | st.builds(StudyIdentifier, st.none() | TEXTS),
    contacts=st.lists(CONTACTS, max_size=3).map(tuple),
    start=st.none() | st.builds(StudyDate, st.just("2026-02"), st.sampled_from([None, "ACTUAL"])),
    delayed_posting=st.none() | st.booleans(),
    conditions=st.lists(TEXTS, max_size=4).map(tuple),
    description=st.none() | TEXTS,
    locations=st.lists(
        st.builds(
            Location,
            city=st.none() | TEXTS,
            contacts=st.lists(st.builds(Contact, TEXTS), max_size=2).map(tuple),
            latitude=st.none() | st.floats(-180, 180, allow_nan=False),
        ),
        max_size=2,
    ).map(tuple),
    outcomes=st.lists(
        st.builds(Outcome, st.sampled_from([None, "PRIMARY"]), TEXTS, st.none() | TEXTS), max_size=2
    ).map(tuple),
)


@given(STUDIES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_study_reads_back_as_it_is(study):
    assert study_of(study_yaml(study).encode()) == study
    assert study_of(with_comments(study).encode()) == study


def test_a_whole_record_and_a_page_read_back_as_they_are():
    record = study_of_record(small_record(), lambda _: None)
    pages = [page_of(text.encode(), "p.txt", lambda _: None).study for text in (FILLED, SCRAPED)]
    for study in (record, *map(given_ids, pages)):
        sourced = replace(study, sources=study.sources or (Source("R", tuple(stated(study))),))
        assert study_of(with_comments(sourced).encode()) == sourced


def test_the_example_reads_back_as_it_is():
    study = read_study(EXAMPLE)
    assert study_of(with_comments(study).encode(), folder=EXAMPLE) == study


def test_the_same_study_is_written_the_same_and_no_line_has_blanks_behind_it():
    study = page_of(SCRAPED.encode(), "p.txt", lambda _: None).study
    text = with_comments(study)
    assert text == with_comments(study)
    assert "\n\n\n" not in text
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "!!" not in text


def test_what_a_study_must_have_and_is_not_known_is_asked_for_with_its_line():
    study = page_of(SCRAPED.encode(), "p.txt", lambda _: None).study
    text = with_comments(study)
    with pytest.raises(Unusable) as unusable:
        study_of(text.encode())
    lines = text.splitlines()
    asked = {lines[(one.row or 0) - 1].strip() for one in unusable.value.problems}
    assert asked == {"studyid:", "name:"}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the records are not at hand")
def test_every_record_at_hand_reads_back_as_it_is():
    source = study_source("ctgov")
    count = 0
    for file in sorted((SHARED / "ctgov").glob("*.json")):
        for held in source.records(file):
            with suppress(Unusable):  # two of them are in the retired form
                study = source.read(held, lambda _: None).study
                study = replace(study, sources=(Source("R", tuple(stated(study))),))
                assert study_of(with_comments(study).encode()) == study, held.file
                count += 1
    assert count == 157
