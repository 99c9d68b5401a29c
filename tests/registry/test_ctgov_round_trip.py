"""Record to Study to record: every value that a Study claims to hold comes back as it was."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from ctgov_small import small_record
from study_changer import whole_study

from trialect.converters.study_targets import writer_of
from trialect.converters.writers.ctgov_json import write
from trialect.mappings.registry.ctgov_fields import PROTOCOL
from trialect.mappings.registry.ctgov_from_study import record_of
from trialect.mappings.registry.ctgov_odds import number_of_leaves
from trialect.mappings.registry.ctgov_record import study_of
from trialect.mappings.registry.ctgov_results import RESULTS
from trialect.mappings.registry.ctgov_shapes import (
    Day,
    Flag,
    Items,
    Kind,
    Module,
    Number,
    Shape,
    Whole,
    Word,
)
from trialect.problems import Problem
from trialect.protocol import Criterion, Enrolment, Outcome, Registration, Site
from trialect.registry_facts import StudyIdentifier

SHARED = Path(__file__).parents[3] / "shared"
DATA = SHARED / "data" / "ctgov"
API = SHARED / "standards" / "ctgov-api-v2.yaml"
KINDS = {Flag: "boolean", Whole: "integer", Number: "number"}
BASE = "ProtocolSection"


def again(record: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The record that is written of what is read of a record."""
    told: list[Problem] = []
    return record_of(study_of(record, told.append), told.append), told


def differing(record: dict[str, Any]) -> Counter[str]:
    """The paths of protocolSection with values that differ, with how many there are."""
    written, _ = again(record)
    before, after = (dict(values(one["protocolSection"])) for one in (record, written))
    return Counter(
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    )


def values(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value by its path; its type counts as well, so that 5 is not 5.0 or true."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from values(item, f"{path}.{key}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from values(item, f"{path}[{place}]")
    elif value is not None:
        yield path, (type(value), value)


def test_the_small_record_comes_back() -> None:
    record = small_record()
    written, told = again(record)
    assert written["protocolSection"] == record["protocolSection"]
    assert written["hasResults"] is True
    held = record["resultsSection"]
    del held["baselineCharacteristicsModule"], held["adverseEventsModule"]["seriousEvents"]
    assert written["resultsSection"] == held
    assert [one.rule for one in told] == ["CTGOV-ARM-CODES"]


@pytest.mark.skipif(not DATA.is_dir(), reason="the real records are not beside the checkout")
def test_the_real_records_come_back() -> None:
    records: list[dict[str, Any]] = []
    for file in sorted(DATA.glob("*.json")):
        found = json.loads(file.read_bytes())
        records += found if isinstance(found, list) else [found]
    records = [one for one in records if "protocolSection" in one]
    assert len(records) == 157
    count = sum(number_of_leaves(one["protocolSection"]) for one in records)
    assert count == 54_600
    assert sum((differing(one) for one in records), Counter()) == {}


def test_what_the_api_does_not_define_comes_back_too() -> None:
    record = small_record()
    protocol = record["protocolSection"]
    protocol["newModule"] = {"a": [1, {"b": 2.5}]}
    protocol["armsInterventionsModule"]["interventions"][1]["mapped"] = ["x"]
    protocol["contactsLocationsModule"]["locations"][0]["geoPoint"]["height"] = 12
    record["newSection"] = "y"
    written, told = again(record)
    assert written["protocolSection"] == protocol
    assert written["newSection"] == "y"
    assert [one.rule for one in told].count("CTGOV-UNKNOWN") == 4


def test_what_is_undefined_in_a_list_of_which_an_item_is_not_taken_stays_with_its_own() -> None:
    record = small_record()
    interventions = record["protocolSection"]["armsInterventionsModule"]["interventions"]
    interventions[1]["mapped"] = ["x"]
    interventions.insert(0, "no object")
    interventions.append({"mapped": ["alone"]})
    written, _ = again(record)
    found = written["protocolSection"]["armsInterventionsModule"]["interventions"]
    assert found == interventions[1:3]


def leaves(module: Module, path: str) -> Iterator[tuple[str, Kind]]:
    """Each value of the tables by its path in a record."""
    for key, field in module.fields.items():
        if isinstance(field, Module):
            yield from leaves(field, f"{path}.{key}")
        elif field is not None:
            yield from _leaves(field[1], f"{path}.{key}")


def _leaves(kind: Kind, path: str) -> Iterator[tuple[str, Kind]]:
    if isinstance(kind, Items):
        yield from _leaves(kind.kind, f"{path}[]")
    elif isinstance(kind, Shape):
        for key, (_, within) in kind.fields.items():
            yield from _leaves(within, f"{path}.{key}")
    else:
        yield path, kind


TABLES = dict(leaves(PROTOCOL, "protocolSection"))
WORDS = [
    (path, word) for path, kind in TABLES.items() if isinstance(kind, Word) for word in kind.words
]


def with_value(path: str, value: Any) -> dict[str, Any]:
    """The small record with a value at a path; of dates and numbers what belongs to it too."""
    record = small_record()
    if path.endswith("observationalModel"):
        del record["protocolSection"]["designModule"]["designInfo"]["interventionModel"]
    within: Any = record
    *steps, last = path.replace("[]", ".[]").split(".")
    for step, following in zip(steps, [*steps[1:], last], strict=True):
        made: Any = [] if following == "[]" else {}
        if step == "[]":
            if not within:
                within.append(made)
            within = within[0]
        else:
            within = within.setdefault(step, made)
    if last == "[]":
        within[:] = [value]
    else:
        within[last] = value
        if path.endswith("Struct.type"):
            within.setdefault("date", "2024-01-01")
    return record


@pytest.mark.parametrize(("path", "word"), WORDS)
def test_every_word_of_every_enumeration_survives(path: str, word: str) -> None:
    record = with_value(path, word)
    written, told = again(record)
    assert written["protocolSection"] == record["protocolSection"]
    assert "CTGOV-WORD" not in {one.rule for one in told}


@cache
def api() -> dict[str, Any]:
    schemas: dict[str, Any] = yaml.safe_load(API.read_text(encoding="utf-8"))["components"][
        "schemas"
    ]
    return schemas


def defined(name: str, path: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each value of a schema of the API's definition: its path, its type, its words."""
    schema = api()[name]
    for key, given in (schema.get("properties") or {}).items():
        yield from _defined(given, f"{path}.{key}")
    if "properties" not in schema:
        yield path, schema.get("type", "string"), tuple(schema.get("enum", ()))


def _defined(given: dict[str, Any], path: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if given.get("type") == "array":
        yield from _defined(given["items"], f"{path}[]")
    elif "$ref" in given:
        yield from defined(given["$ref"].rpartition("/")[2], path)
    else:
        yield path, given["type"], ()


needs_api = pytest.mark.skipif(not API.is_file(), reason="the API's definition is not at hand")


@needs_api
def test_the_tables_have_every_member_of_the_definition_with_its_type_and_words() -> None:
    known = {path: (type_, words) for path, type_, words in defined(BASE, "protocolSection")}
    retention = "protocolSection.designModule.bioSpec.retention"
    known[retention] = ("string", tuple(api()["BioSpecRetention"]["enum"]))
    ours = {
        path: (KINDS.get(type(kind), "string"), kind.words if isinstance(kind, Word) else ())
        for path, kind in TABLES.items()
    }
    assert ours.keys() == known.keys()
    assert {path: (kind, sorted(words)) for path, (kind, words) in ours.items()} == {
        path: (kind, sorted(words)) for path, (kind, words) in known.items()
    }


@needs_api
def test_every_value_of_every_enumeration_of_the_definition_survives() -> None:
    walked = 0
    for path, _, words in defined(BASE, "protocolSection"):
        for word in words:
            record = with_value(path, word)
            assert not differing(record), (path, word)
            walked += 1
    assert walked > 100


@needs_api
def test_what_is_held_of_results_is_defined() -> None:
    known = {path: type_ for path, type_, _ in defined("ResultsSection", "resultsSection")}
    for path, kind in leaves(RESULTS, "resultsSection"):
        assert known[path] == KINDS.get(type(kind), "string"), path


def test_each_kind_of_value_survives_at_each_path() -> None:
    for path, kind in TABLES.items():
        value: Any = {Flag: True, Whole: 7, Number: 7.5, Day: "2024-02-29"}.get(type(kind), "Ü\n ")
        if isinstance(kind, Word) or path.endswith(("nctId", "interventionNames[]")):
            continue
        assert not differing(with_value(path, value)), path


def test_a_study_written_by_hand_says_all_that_it_knows() -> None:
    whole = whole_study()
    study = replace(
        whole,
        studyid="TEA-1",
        identifier=None,
        organization=None,
        locations=(),
        secondary_ids=(),
        registrations=(
            Registration("NCT00000001", "ClinicalTrials.gov"),
            Registration("I1", "ISRCTN"),
        ),
        sites=(Site("01", "Tea House", "Europe/Istanbul", "TUR", "Rize", "C. Kettle"),),
        eligibility=replace(whole.eligibility, criteria=None),
        criteria=(
            Criterion("INCL01", "INCLUSION", "Has a cold", group="All"),
            Criterion("EXCL01", "EXCLUSION", "No cup\nat home"),
        ),
        interventions=tuple(replace(one, arms=()) for one in whole.interventions),
        enrolment=Enrolment(planned=40, actual=41),
        outcomes=(Outcome(None, "Taste"), Outcome("PRIMARY", "Sleep")),
    )
    told: list[Problem] = []
    protocol = record_of(study, told.append)["protocolSection"]
    ids = protocol["identificationModule"]
    assert ids["orgStudyIdInfo"] == {"id": "TEA-1"}
    assert ids["nctId"] == "NCT00000001"
    assert ids["secondaryIdInfos"] == [{"id": "I1", "type": "REGISTRY", "domain": "ISRCTN"}]
    assert ids["organization"]["fullName"] == study.sponsor.name
    (place,) = protocol["contactsLocationsModule"]["locations"]
    assert place["facility"] == "Tea House"
    assert place["country"].startswith("Turkey") or place["country"] == "Türkiye"
    assert place["contacts"] == [{"name": "C. Kettle", "role": "PRINCIPAL_INVESTIGATOR"}]
    assert protocol["eligibilityModule"]["eligibilityCriteria"] == (
        "Inclusion Criteria:\n\nAll\n\n* Has a cold\n\nExclusion Criteria:\n\n* No cup\n  at home"
    )
    assert protocol["designModule"]["enrollmentInfo"] == {"count": 41, "type": "ACTUAL"}
    assert protocol["outcomesModule"] == {"primaryOutcomes": [{"measure": "Sleep"}]}
    labels = protocol["armsInterventionsModule"]["interventions"][0]["armGroupLabels"]
    assert labels == [
        arm.name for arm in study.arms if study.interventions[0].name in arm.interventions
    ]
    rules = {(one.rule, one.field) for one in told}
    assert ("CTGOV-WRITE-PLANNED", "enrolment.planned") in rules
    assert ("CTGOV-WRITE-OUTCOME", "outcomes.0.type") in rules


def test_a_word_that_the_api_does_not_have_is_told_with_its_fact() -> None:
    whole = whole_study()
    design = replace(whole.design, masking="FIVEFOLD", model="STAR", masked=("NOBODY",))
    told: list[Problem] = []
    record = record_of(replace(whole, design=design), told.append)
    assert record["protocolSection"]["designModule"]["designInfo"]["interventionModel"] == "STAR"
    facts = {one.field for one in told if one.rule == "CTGOV-WRITE-WORD"}
    assert {"design.masking", "design.model", "design.masked.0"} <= facts


def test_two_interventions_of_one_name() -> None:
    record = small_record()
    module = record["protocolSection"]["armsInterventionsModule"]
    module["interventions"] = [
        {"type": "DRUG", "name": "X", "armGroupLabels": ["Tea"]},
        {"type": "BIOLOGICAL", "name": "X", "armGroupLabels": ["Tea", "Water"]},
        {"name": "Y"},
    ]
    module["armGroups"][0]["interventionNames"] = ["Drug: X", "Biological: X"]
    module["armGroups"][1]["interventionNames"] = ["Biological: X", "Y"]
    assert not differing(record)


def test_the_file_is_json_whatever_the_texts_and_numbers() -> None:
    whole = whole_study()
    for study in (
        whole,
        replace(whole, summary="half a pair \ud800"),
        replace(whole, enrolment=Enrolment(planned=10**30)),
        replace(whole, identifier=StudyIdentifier()),
    ):
        (file,) = write(study, lambda _: None)
        assert file.path == "registry/ctgov.json"
        assert json.loads(file.content) == record_of(study, lambda _: None)


def test_a_site_that_data_know_by_its_number_has_no_name_for_a_registry() -> None:
    study = replace(
        whole_study(), identifier=None, locations=(), sites=(Site("01", "01", "", "TUR"),)
    )
    protocol = record_of(study, lambda _: None)["protocolSection"]
    (place,) = protocol["contactsLocationsModule"]["locations"]
    assert list(place) == ["country"]
    (file,) = writer_of("prs")(study, lambda _: None)
    assert b"<facility><name></name>" in b"".join(file.content.split(b"\n")).replace(b" ", b"")
