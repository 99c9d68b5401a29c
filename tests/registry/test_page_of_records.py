"""Records written as a page shows them, read back: the labels give what the record's fields say."""

from contextlib import suppress
from pathlib import Path

import pytest
from ctgov_small import small_record

from trialect.converters.readers.registry_page import page_of
from trialect.converters.study_sources import study_source
from trialect.mappings.registry.ctgov_record import study_of
from trialect.mappings.registry.page_values import words
from trialect.problems import Unusable

RECORDS = Path(__file__).parents[3] / "shared" / "data" / "ctgov"


def said(fact, word):
    """A word of the registry as a page says it."""
    return next((text for text, meant in words(fact).items() if meant == word), "")


def page(study):
    """The text of a page on a study, with the labels and the order of such pages."""
    design, who = study.design, study.eligibility
    labelled = [
        ("Sponsor", [study.sponsor.name]),
        ("Status", [said("status", study.status)]),
        ("Conditions", study.conditions),
        ("Study type", [said("design.type", design.type)]),
        ("Identifiers", [study.registrations[0].id]),
        ("About", [study.summary or ""]),
        ("Full description", [study.description or ""]),
        ("Sex", [said("eligibility.sex", who.sex)]),
        ("Volunteers", [{True: "yes", False: "no", None: ""}[who.healthy_volunteers]]),
        ("Primary purpose", [said("design.purpose", design.purpose)]),
        ("Allocation", [said("design.allocation", design.allocation)]),
        ("Interventional model", [said("design.model", design.model)]),
        ("Masking", [said("design.masking", design.masking)]),
    ]
    lines = [line for label, values in labelled for line in (label, *values)]
    for arm in study.arms:
        if arm.type:
            lines += [arm.name, f"{said('arms.type', arm.type)} group", "Treatment:"]
            lines += [f"Other: {name}" for name in arm.interventions]
    return "\n".join([*lines, "Data sourced from clinicaltrials.gov"])


def fields(study):
    """What of a study the page has in fields; of arms those whose kind is said."""
    design, who = study.design, study.eligibility
    return {
        "sponsor": study.sponsor.name,
        "status": study.status,
        "id": study.registration("ClinicalTrials.gov"),
        "design": (design.type, design.allocation, design.model, design.masking, design.purpose),
        "who": (who.sex, who.healthy_volunteers),
        "arms": [
            (" ".join(arm.name.split()), arm.type, tuple(map(str.strip, arm.interventions)))
            for arm in study.arms
            if arm.type
        ],
    }


def texts(study):
    return [" ".join((text or "").split()) for text in (study.summary, study.description)]


def test_a_record_is_read_back_from_its_page():
    record = study_of(small_record(), lambda _: None)
    read = page_of(page(record).encode(), "page.txt", lambda _: None).study
    assert fields(read) == fields(record)
    assert texts(read) == texts(record)


@pytest.mark.skipif(not RECORDS.is_dir(), reason="the records are not at hand")
def test_every_record_at_hand_is_read_back_from_its_page():
    source = study_source("ctgov")
    count, other = 0, []
    for file in sorted(RECORDS.glob("*.json")):
        for held in source.records(file):
            with suppress(Unusable):  # two of them are in the retired form
                record = source.read(held, lambda _: None).study
                read = page_of(page(record).encode(), "page.txt", lambda _: None).study
                assert fields(read) == fields(record)
                other += [record.studyid] if texts(read) != texts(record) else []
                count += 1
    assert count == 157
    # Its summary begins with the label "Brief Summary:" itself.
    assert other == ["OFICE"]
