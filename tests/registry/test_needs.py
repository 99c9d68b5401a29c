"""The table of what registries, the FDA, FHIR and a conversion need."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from ctgov_small import small_record
from page_small import SCRAPED

from trialect.converters.readers.registry_page import page_of
from trialect.converters.readers.study_yaml import read_study, study_of
from trialect.converters.study_sources import study_source
from trialect.converters.study_targets import writer_of
from trialect.mappings.registry.ctgov_record import study_of as study_of_record
from trialect.mappings.registry.needs import BODIES, FDA, WHEN, needed, needs
from trialect.mappings.registry.places import facts
from trialect.mappings.sdtm import trial_summary_terms as terms
from trialect.mappings.sdtm.trial_summary import REQUIRED_MISSING, summary_values
from trialect.problems import Unusable
from trialect.protocol import Arm, Design, Intervention, Outcome, Parameter, Sponsor
from trialect.registry_facts import Oversight
from trialect.trial import Study

SHARED = Path(__file__).parents[3] / "shared" / "data"
EXAMPLE = Path(__file__).parents[2] / "examples" / "NCT07326982"
LEAST = Study("X1", "A trial", Sponsor("Somebody"))


def lacking(study, body):
    return {path for need, path in needed(study) if body in need.by}


def fda_lacks(study):
    found = []
    summary_values(study, found.append)
    return {one.value for one in found if one.rule == REQUIRED_MISSING.id}


def test_every_line_names_facts_of_a_study_and_who_needs_them():
    known = set(facts())
    for need in needs():
        assert need.by
        assert set(need.by) <= set(BODIES)
        assert need.when in WHEN
        for path in need.facts:
            top = path.split(".")[0]
            assert hasattr(LEAST, top)
            listed = path in known or f"{path}.*" in known
            within = any(one.startswith((f"{path}.", f"{path}.*.")) for one in known)
            named = top in ("parameters", "objectives", "outcomes", "criteria", "fhir", "registry")
            assert listed or within or named, path
    assert len({(need.facts, need.when) for need in needs()}) == len(needs())


def test_what_the_fda_requires_is_in_the_table():
    named = {need.by[FDA] for need in needs() if FDA in need.by}
    assert named == {*terms.REQUIRED, *terms.REQUIRED_OF_INTERVENTIONAL, "TDIGRP", "CURTRT"}


@pytest.mark.parametrize("need", needs(), ids=lambda need: f"{need.fact} {need.when}")
def test_every_example_is_what_a_study_file_takes(need):
    example = need.example
    top = need.fact.partition(".")[0]
    if "*" in need.fact:
        # A key of an item: the others that the item must have stand beside it.
        beside = {
            "contacts": "name: A",
            "interventions": "name: A",
            "arms": "code: A, name: A",
            "outcomes": "type: PRIMARY, measure: A",
            "locations": "city: A",
        }[top]
        kept = ", ".join(
            one for one in beside.split(", ") if one.split(":")[0] != example.split(":")[0]
        )
        example = f"{top}: [{{{', '.join(filter(None, (kept, example)))}}}]"
    elif not example.startswith(f"{top}:"):
        dated = 'date: "2026", ' if need.fact.endswith("n.type") or top == "start" else ""
        example = f"{top}: {{{dated if top != 'design' else ''}{example}}}"
    needed_too = {
        "interventions: [Drug A]": "interventions: [{name: Drug A}]",
        "{element: SCRN": "elements: [{code: SCRN, name: S, start_rule: R}, "
        "{code: A, name: A, start_rule: R}]",
    }
    more = "\n".join(text for sign, text in needed_too.items() if sign in example)
    least = {"studyid": "X1", "title": "T", "sponsor": "{name: S}"}
    head = "\n".join(f"{key}: {text}" for key, text in least.items() if key != top)
    study = study_of(f"{head}\n{example}\n{more}\n".encode())
    assert need.fact not in {path for one, path in needed(study) if one == need}


def test_the_least_study_lacks_what_everybody_needs():
    lacks = lacking(LEAST, "PRS")
    assert {"status", "design.purpose", "arms", "outcomes", "eligibility.sex"} <= lacks
    assert not {"studyid", "title", "sponsor.name", "why_stopped", "design.masked"} & lacks
    assert {"sites", "elements", "visits"} <= lacking(LEAST, "trialect")


def test_needs_depend_on_what_the_study_is():
    observed = replace(LEAST, design=Design("OBSERVATIONAL"))
    lacks = lacking(observed, "PRS")
    assert {"design.time_perspective", "eligibility.sampling", "design.model"} <= lacks
    assert not {"design.purpose", "interventions", "design.phases"} & lacks
    stopped = replace(LEAST, status="WITHDRAWN")
    assert "why_stopped" in lacking(stopped, "PRS")
    device = replace(LEAST, oversight=Oversight(fda_regulated_device=True))
    assert "oversight.unapproved_device" in lacking(device, "PRS")
    new = replace(device, oversight=replace(device.oversight, unapproved_device=True))
    assert "oversight.post_before_approval" in lacking(new, "PRS")
    oversight = {"oversight.unapproved_device", "oversight.post_before_approval"}
    assert not oversight & lacking(LEAST, "PRS")
    added = replace(LEAST, parameters=(Parameter("ADDON", "Y"),))
    assert "parameters.CURTRT" in lacking(added, FDA)
    given = replace(LEAST, design=Design("EXPANDED_ACCESS"))
    assert not {"enrolment.planned", "outcomes", "start.date"} & lacking(given, "PRS")


def test_items_of_a_list_are_asked_for_one_by_one():
    arms = (Arm("A", "A", "EXPERIMENTAL", "d"), Arm("B", "B"))
    study = replace(LEAST, arms=arms, outcomes=(Outcome(None, "pain"),))
    lacks = lacking(study, "PRS")
    assert {"arms.1.type", "arms.1.description"} <= lacks
    assert not {"arms.0.type", "arms"} & lacks
    assert {"outcomes", "outcomes.0.type", "outcomes.0.time_frame"} <= lacks


def test_what_has_no_term_in_ts_is_asked_for_as_a_parameter():
    study = replace(
        LEAST,
        design=Design(purpose="OTHER"),
        interventions=(Intervention("Diet", "OTHER"),),
        arms=(Arm("A", "A", "EXPERIMENTAL", interventions=("Diet",)),),
    )
    assert {"parameters.TINDTP", "parameters.INTTYPE"} <= lacking(study, FDA)
    told = replace(study, parameters=(Parameter("TINDTP", null_flavor="NA"),))
    assert "parameters.TINDTP" not in lacking(told, FDA)


def studies():
    yield LEAST
    yield study_of_record(small_record(), lambda _: None)
    yield page_of(SCRAPED.encode(), "p.txt", lambda _: None).study
    yield read_study(EXAMPLE)


@pytest.mark.parametrize("place", range(4))
def test_what_the_fda_still_needs_is_what_ts_lacks(place):
    study = list(studies())[place]
    assert {need.by[FDA] for need, _ in needed(study) if FDA in need.by} == fda_lacks(study)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the records are not at hand")
def test_what_the_fda_still_needs_is_what_ts_lacks_of_every_record():
    source = study_source("ctgov")
    for file in sorted((SHARED / "ctgov").glob("*.json")):
        for held in source.records(file):
            with suppress(Unusable):  # two of them are in the retired form
                study = source.read(held, lambda _: None).study
                wanted = {need.by[FDA] for need, _ in needed(study) if FDA in need.by}
                assert wanted == fda_lacks(study), study.studyid


@pytest.mark.parametrize("place", range(4))
def test_what_the_rules_of_prs_miss_is_needed(place):
    study = list(studies())[place]
    found = []
    list(writer_of("prs")(study, found.append))
    wanted = {path.split(".")[0] for path in lacking(study, "PRS")}
    missed = {one.field for one in found if one.rule == "REGISTRY-REQUIRED" and one.field}
    # Where a fact is best written: a registry asks more of a place than a site has.
    written = {"sites": "locations", "organization": "registry"}
    tops = {path.split(".")[0] for path in missed}
    assert {written.get(top, top) for top in tops} <= wanted
