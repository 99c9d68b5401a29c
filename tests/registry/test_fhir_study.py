"""A Study alone as FHIR: what stands where, valid in both releases, and the same every time."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson
import pytest
from study_changer import whole_study
from whole_study import WHOLE

from trialect.converters.readers.study_words import WORDS
from trialect.converters.writers.fhir_entries import study_bundle
from trialect.converters.writers.fhir_study import FILE, write
from trialect.mappings.fhir.identity import Identity
from trialect.mappings.fhir.study_resources import study_resources
from trialect.mappings.fhir.to_study.resources import Read
from trialect.mappings.fhir.to_study.study import study_of as study_of_fhir
from trialect.mappings.fhir.to_study.values import number_of
from trialect.mappings.registry.ctgov_record import study_of
from trialect.mappings.registry.places import NO_FACTS
from trialect.problems import Problem, Severity, Unusable
from trialect.protocol import Contact, Objective, StudyDate
from trialect.registry_facts import Link, Location, Official, Reference
from trialect.schemas.fhir import check_bundle
from trialect.schemas.fhir.made import made
from trialect.study_options import FhirOptions
from trialect.trial import Study

RELEASES = ("R4", "R5")
RECORDS = Path(__file__).resolve().parents[3] / "shared" / "data" / "ctgov"
BASE = "https://trials.example.org/TR-01"
MODELS = {"R4": "fhir.resources.R4B", "R5": "fhir.resources"}


def in_release(study: Study, release: str) -> Study:
    return replace(study, fhir=FhirOptions(base=BASE, release=release))  # type: ignore[arg-type]


@cache
def records() -> tuple[Study, ...]:
    """The registry's records beside the checkout; none without them."""
    found = []
    for file in sorted(RECORDS.glob("*.json")):
        read = json.loads(file.read_bytes())
        held = read if isinstance(read, list) else [read]
        found += [study_of(one, lambda _: None) for one in held if "protocolSection" in one]
    return tuple(found)


def studies() -> tuple[Study, ...]:
    return (WHOLE, whole_study(), *records())


def made_of(release: str, study: Study = WHOLE, **changes: Any) -> dict[str, Any]:
    """The resources by their type, the last of each."""
    found = study_resources(in_release(replace(study, **changes), release), {})[0]
    return {one["resourceType"]: one for one in found}


def told(study: Study) -> list[Problem]:
    found: list[Problem] = []
    for _ in write(study, found.append):
        pass
    return found


def valid(study: Study, release: str) -> bool:
    (file,) = write(in_release(study, release), lambda _: None)
    return not check_bundle(orjson.loads(file.content), release)


@pytest.mark.parametrize("release", RELEASES)
def test_every_record_is_valid_by_the_exact_check(release: str) -> None:
    """All of those beside the checkout, and the studies of these tests."""
    for study in studies():
        (file,) = write(in_release(study, release), lambda _: None)
        assert file.path == FILE
        bundle = orjson.loads(file.content)
        assert [str(one) for one in check_bundle(bundle, release)] == []
        assert bundle["entry"][-1]["resource"]["resourceType"] == "ResearchStudy"


@pytest.mark.parametrize("release", RELEASES)
def test_what_is_made_needs_no_exact_check(release: str) -> None:
    """Else thousands of records would take ten times as long."""
    every = [in_release(study, release) for study in studies()]
    known = made(release)
    left = []
    for study in every:
        resources = study_resources(study, {})[0]
        text = study_bundle(study, Identity(study), resources)
        if not known.vouches(resources, text):
            left.append(study.name)
    assert len(left) <= len(every) // 50


@pytest.mark.parametrize("release", RELEASES)
def test_what_is_vouched_for_is_valid(release: str) -> None:
    """Resources with something changed at random: the exact check decides."""
    chance = random.Random(release)
    study = in_release(whole_study(), release)
    sound = study_resources(study, {})[0]
    vouched = refused = 0
    for _ in range(600):
        resources = copy.deepcopy(sound)
        spoil(chance, chance.choice(resources))
        try:
            text = study_bundle(study, Identity(study), resources)
        except (KeyError, TypeError, IndexError, AttributeError):
            continue
        problems = check_bundle(orjson.loads(text), release)
        if made(release).vouches(resources, text):
            assert [str(one) for one in problems] == []
            vouched += 1
        else:
            refused += 1
    assert vouched > 50
    assert refused > 50


JUNK: tuple[Any, ...] = (
    *(None, "", " ", "x", "a\u0007b", 0, -1, 1.5, True, [], {}, [None], {"id": "x"}),
    *("2020-13-45", "http://hl7.org/fhir/StructureDefinition/nothing", "Patient/1", {"text": "x"}),
)


def spoil(chance: random.Random, resource: dict[str, Any]) -> None:
    """Put something else, nothing or a further element somewhere below the resource."""
    places = list(below(resource))
    if not places:
        return
    node, key = chance.choice(places)
    way = chance.randrange(4)
    if way == 0:
        del node[key]
    elif way == 1:
        node[key] = chance.choice(JUNK)
    elif way == 2:
        other, found = chance.choice(places)
        node[key] = copy.deepcopy(other[found])
    elif isinstance(node, dict):
        node[chance.choice(("extension", "id", "text", "code", "contained", "_name"))] = (
            chance.choice(JUNK)
        )


def below(node: Any) -> Iterator[tuple[Any, Any]]:
    keys = node if isinstance(node, dict) else range(len(node))
    for key in keys:
        # What the bundle's entry is made of is not at stake.
        if key in ("resourceType", "id", "identifier") and "resourceType" in node:
            continue
        yield node, key
        if isinstance(node[key], dict | list):
            yield from below(node[key])


@pytest.mark.parametrize("release", RELEASES)
def test_another_reader_of_fhir_parses_it(release: str) -> None:
    bundle = import_module(f"{MODELS[release]}.bundle").Bundle
    for study in (*studies()[:2], *records()[::12]):
        (file,) = write(in_release(study, release), lambda _: None)
        bundle.model_validate_json(file.content)


@pytest.mark.parametrize("release", RELEASES)
def test_it_is_the_same_every_time(release: str) -> None:
    (one,) = write(in_release(WHOLE, release), lambda _: None)
    (other,) = write(in_release(WHOLE, release), lambda _: None)
    assert one == other
    entries = orjson.loads(one.content)["entry"]
    conditions = [entry["request"]["url"] for entry in entries]
    assert len(set(conditions)) == len(entries)
    assert all("?identifier=" in condition for condition in conditions)


def test_without_a_base_there_is_no_fhir() -> None:
    with pytest.raises(Unusable):
        list(write(replace(WHOLE, fhir=FhirOptions()), lambda _: None))


class TestStatus:
    @pytest.mark.parametrize("status", WORDS["status"])
    def test_every_status_has_a_code_of_r4_or_a_finding(self, status: str) -> None:
        found = made_of("R4", status=status, last_known_status=None)["ResearchStudy"]
        rules = {one.rule for one in told(in_release(replace(WHOLE, status=status), "R4"))}
        if status in ("UNKNOWN", "WITHHELD"):
            assert "status" not in found
            assert "FHIR-STUDY-STATUS" in rules
        else:
            assert found["status"]
            assert "FHIR-STUDY-STATUS" not in rules

    def test_unknown_is_what_was_known_last_with_a_finding(self) -> None:
        changes: dict[str, Any] = {"status": "UNKNOWN", "last_known_status": "RECRUITING"}
        found = made_of("R4", **changes)["ResearchStudy"]
        assert found["status"] == "active"
        (problem,) = told(in_release(replace(WHOLE, **changes), "R4"))
        assert (problem.rule, problem.field) == ("FHIR-STUDY-STATUS-NEAR", "status")
        state = extension(found, "extension-ResearchStudy.progressStatus")["extension"][0]
        assert state["valueCodeableConcept"] == {"text": "UNKNOWN"}
        progress = made_of("R5", **changes)["ResearchStudy"]["progressStatus"]
        assert progress[0]["state"] == {"text": "UNKNOWN"}
        assert not told(in_release(replace(WHOLE, **changes), "R5"))


def extension(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["extension"] if one["url"].endswith(f"/{name}"))


def test_the_title_is_the_brief_one_as_in_hl7s_mapping() -> None:
    found = made_of("R5")["ResearchStudy"]
    assert found["title"] == WHOLE.brief_title
    assert found["label"][0]["value"] == WHOLE.title
    assert found["label"][0]["type"]["coding"][0]["code"] == "official"
    alone = made_of("R5", brief_title=None)["ResearchStudy"]
    assert alone["title"] == WHOLE.title
    assert "official" not in str(alone["label"])
    brief = made_of("R5", title=None)["ResearchStudy"]
    assert brief["label"][0]["type"]["coding"][0]["code"] == "short-title"


@pytest.mark.parametrize("release", RELEASES)
def test_two_phases_are_one_code(release: str) -> None:
    design = replace(WHOLE.design, phases=("PHASE1", "PHASE2"))
    phase = made_of(release, design=design)["ResearchStudy"]["phase"]
    assert phase["coding"][0]["code"] == "phase-1-phase-2"


@pytest.mark.parametrize("release", RELEASES)
def test_who_takes_part(release: str) -> None:
    officials = (
        Official("A. Chair", "Example Institute", "STUDY_CHAIR"),
        Official("P. I.", "Other House", "PRINCIPAL_INVESTIGATOR"),
    )
    given = replace(WHOLE, officials=officials, ethics_review=None)
    resources = study_resources(in_release(given, release), {})[0]
    roles = [one for one in resources if one["resourceType"] == "PractitionerRole"]
    assert [one["code"] for one in roles] == [
        [{"text": "STUDY_CHAIR"}],
        [{"text": "PRINCIPAL_INVESTIGATOR"}],
    ]
    names = [one["name"] for one in resources if one["resourceType"] == "Organization"]
    # The sponsor holds the record and employs the chair: it is one organization.
    assert names == ["Example Institute", "Sample Fund", "Other House"]
    study = resources[-1]
    if release == "R4":
        assert study["principalInvestigator"] == {"reference": f"PractitionerRole/{roles[1]['id']}"}
    else:
        codes = [one["role"].get("coding", [{}])[0].get("code") for one in study["associatedParty"]]
        assert {"sponsor", "collaborator", "study-chair", "primary-investigator"} <= set(codes)


def test_places_of_the_registry() -> None:
    place = Location(
        "Clinic", "RECRUITING", "Ankara", None, "06100", "Türkiye",
        (Contact("", "CONTACT", "1", "a@b.c", "22"), Contact("B", "PRINCIPAL_INVESTIGATOR")),
        39.9, None,
    )  # fmt: skip
    for release in RELEASES:
        assert not told(in_release(replace(WHOLE, locations=(place,)), release))
        resources = made_of(release, locations=(place,))
        found, study = resources["Location"], resources["ResearchStudy"]
        assert found["address"] == {"city": "Ankara", "postalCode": "06100", "country": "Türkiye"}
        assert "position" not in found
        assert extension(found, "latitude")["valueDecimal"] == 39.9
        assert extension(found, "recruitment-status")["valueString"] == "RECRUITING"
        assert study["site"] == [{"reference": f"Location/{found['id']}"}]
        (country,) = study["location" if release == "R4" else "region"]
        assert country["coding"][0]["code"] == "TUR"
        assert country["text"] == "Türkiye"
    assert [one.get("name") for one in found["contact"]] == [None, [{"text": "B"}]]
    assert found["contact"][0]["telecom"][0]["extension"][0]["valueString"] == "22"


@pytest.mark.parametrize("release", RELEASES)
def test_what_is_no_date_and_no_address_stays_text(release: str) -> None:
    changes: dict[str, Any] = {
        "start": StudyDate("soon"),
        "completion": StudyDate("2024-02-30", None),
        "links": (Link("see page 3"), Link("https://example.org/a")),
        "references": (Reference(None, "12 34"),),
    }
    assert not told(in_release(replace(WHOLE, **changes), release))
    found = made_of(release, **changes)["ResearchStudy"]
    assert found["period"]["_start"]["extension"][0]["valueString"] == "soon"
    assert "start" not in found["period"]
    texts = str(found["relatedArtifact"])
    assert "see page 3" in texts
    assert "/12 34/" in texts


def test_ages_of_two_units_are_two_ranges() -> None:
    eligibility = replace(WHOLE.eligibility, minimum_age="6 Months", maximum_age="17 Years")
    ranges = [
        one["valueRange"]
        for one in made_of("R4", eligibility=eligibility)["Group"]["characteristic"]
        if "valueRange" in one
    ]
    assert [list(one) for one in ranges] == [["low"], ["high"]]
    assert [one["code"] for ends in ranges for one in ends.values()] == ["mo", "a"]


@pytest.mark.parametrize("release", RELEASES)
def test_limits_that_contradict_each_other_are_two_ranges(release: str) -> None:
    for minimum, maximum, ends in (
        ("65 Years", "18 Years", [["low"], ["high"]]),
        ("18 Years", "18 Years", [["low", "high"]]),
    ):
        eligibility = replace(WHOLE.eligibility, minimum_age=minimum, maximum_age=maximum)
        told = made_of(release, eligibility=eligibility)["Group"]["characteristic"]
        assert [list(one["valueRange"]) for one in told if "valueRange" in one] == ends
        assert valid(replace(WHOLE, eligibility=eligibility), release)


@pytest.mark.parametrize("release", RELEASES)
def test_an_arm_without_a_name_says_so(release: str) -> None:
    study = replace(WHOLE, arms=tuple(replace(one, name="") for one in WHOLE.arms))
    found = made_of(release, arms=study.arms)["ResearchStudy"]
    arm = found["arm" if release == "R4" else "comparisonGroup"][0]
    assert "name" not in arm
    assert arm["_name"]["extension"][0]["valueCode"] == "unknown"
    assert valid(study, release)


@pytest.mark.parametrize("release", RELEASES)
def test_aims_are_told_from_outcomes(release: str) -> None:
    aims = (Objective("PRIMARY", "To find out"), Objective(None, "To see"))
    found = made_of(release, objectives=aims)["ResearchStudy"]
    assert [one["name"] for one in found["objective"][:2]] == ["To find out", "To see"]
    outcomes = len(WHOLE.outcomes)
    assert len(found["objective"]) == (2 + outcomes if release == "R4" else 2)
    if release == "R5":
        assert [one["name"] for one in found["outcomeMeasure"]] == [
            one.measure for one in WHOLE.outcomes
        ]


def test_a_control_character_is_told_and_not_sent_unseen() -> None:
    problems = told(in_release(replace(WHOLE, summary="a\u0007b"), "R4"))
    assert any(one.severity is Severity.ERROR for one in problems)


def test_the_account_and_the_board_s_telephone_are_kept_to_oneself() -> None:
    study = whole_study()
    assert study.responsible is not None
    assert study.ethics_review is not None
    secret = [study.responsible.account, study.ethics_review.phone, study.ethics_review.email]
    for release in RELEASES:
        (file,) = write(in_release(study, release), lambda _: None)
        assert not [one for one in secret if str(one).encode() in file.content]


LOST = {"criteria", "sites", "visits", "elements", "arms", "interventions", "parameters"}
"""Of a study that says everything: rules are sentences, a site's time zone is not told."""


@pytest.mark.parametrize("release", RELEASES)
def test_what_is_written_of_a_record_is_read_back(release: str) -> None:
    """Every fact of every record but its results, and what the API does not define."""
    for study in (WHOLE, *records()):
        given = replace(in_release(study, release), results=None, undefined=())
        back = read_back(given)
        for field in fields(Study):
            if field.name in NO_FACTS or (study is WHOLE and field.name in UNSAID):
                continue
            assert getattr(back, field.name) == getattr(given, field.name), field.name


UNSAID = {"ethics_review", "responsible"}
"""Facts of which a part is not written (places/fhir-r4.csv: none)."""


@pytest.mark.parametrize("release", RELEASES)
def test_of_a_study_that_says_everything_the_rest_is_read_back(release: str) -> None:
    given = in_release(whole_study(), release)
    back = read_back(given)
    lost = {
        field.name
        for field in fields(Study)
        if field.name not in NO_FACTS and getattr(back, field.name) != getattr(given, field.name)
    }
    assert lost <= LOST | UNSAID | {"results", "undefined"}
    assert [one.name for one in back.arms] == [one.name for one in given.arms]


def read_back(given: Study) -> Study:
    (file,) = write(given, lambda _: None)
    entries = orjson.loads(file.content)["entry"]
    read = Read((one["fullUrl"], one["resource"]) for one in entries)
    (study,) = read.studies
    found = study_of_fhir(read, study)
    assert found is not None
    return found


@pytest.mark.parametrize(("given", "read"), [(48.5, 48.5), (48, 48.0), (False, None), ("48", None)])
def test_only_a_number_is_a_number(given: object, read: float | None) -> None:
    assert number_of(given) == read


@pytest.mark.parametrize("release", RELEASES)
def test_reading_takes_whatever_stands_there(release: str) -> None:
    """Other types anywhere give another Study, never an error."""
    chance = random.Random(release)
    sound = study_resources(in_release(whole_study(), release), {})[0]
    for _ in range(400):
        resources = copy.deepcopy(sound)
        for _ in range(3):
            spoil(chance, chance.choice(resources))
        read = Read((None, one) for one in resources)
        for study in read.studies:
            study_of_fhir(read, study)
