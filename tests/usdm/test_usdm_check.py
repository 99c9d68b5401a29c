"""Each rule of a study definition fires where it is broken, and not in one that is in order."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from usdm_foreign import foreign
from usdm_oracle import published_errors
from usdm_studies import example, studies_of_records, written

from trialect.converters.validate import validate
from trialect.problems import RULES
from trialect.schemas.registry.usdm_check import check_document
from trialect.schemas.registry.usdm_facts import classes, codelists, extensible

Change = Callable[[Any, Any, Any], object]
"""Breaks a document: it is given the document, its version and its design."""


def version(document: Any) -> Any:
    return document["study"]["versions"][0]


def rules(document: Any) -> set[str]:
    return {one.rule for one in check_document(document)}


def broken(change: Change) -> Any:
    document = copy.deepcopy(foreign())
    here = version(document)
    change(document, here, here["studyDesigns"][0])
    return document


def timeline(design: Any) -> Any:
    return design["scheduleTimelines"][0]


def code(value: Any, to: str, decode: str = "x", system: str = "http://www.cdisc.org") -> None:
    value.update(code=to, decode=decode, codeSystem=system)


def deep(version: Any) -> None:
    for _ in range(100):
        group = {"id": "g", "url": "u", "instanceType": "ExtensionClass"}
        one = {"id": "e", "url": "u", "instanceType": "ExtensionAttribute"}
        version["extensionAttributes"] = [one | {"valueExtensionClass": group}]
        version = group


def masked(design: Any, to: str) -> None:
    code(design["blindingSchema"]["standardCode"], to)


def child_of_itself(document: Any, version: Any, design: Any) -> None:
    design["activities"][0]["childIds"] = ["Activity_1"]


def children_in_a_circle(document: Any, version: Any, design: Any) -> None:
    first = design["activities"][0]
    inner = [dict(first, id=f"Activity_{n}", name=f"A{n}") for n in (2, 3, 4)]
    first["childIds"] = ["Activity_2", "Activity_3"]
    inner[0]["childIds"] = ["Activity_4"]
    inner[2]["childIds"] = ["Activity_1"]
    design["activities"] += inner


BREAKS: list[tuple[str, Change]] = [
    ("USDM-MISSING", lambda d, v, s: s["arms"][0].pop("type")),
    ("USDM-MISSING", lambda d, v, s: s["arms"][0].update(type=None)),
    ("USDM-MISSING", lambda d, v, s: v.pop("titles")),
    ("USDM-EMPTY", lambda d, v, s: s["arms"][0].update(name="")),
    ("USDM-EMPTY-TEXT", lambda d, v, s: v.update(rationale="")),
    ("USDM-EMPTY-LIST", lambda d, v, s: s.update(arms=[])),
    ("USDM-TYPE", lambda d, v, s: s.update(arms={})),
    ("USDM-TYPE", lambda d, v, s: v.update(rationale=4)),
    ("USDM-TYPE", lambda d, v, s: s["population"].update(includesHealthySubjects="no")),
    ("USDM-TYPE", lambda d, v, s: s["population"]["plannedEnrollmentNumber"].update(value="3")),
    ("USDM-TYPE", lambda d, v, s: d.update(study=[])),
    ("USDM-TOO-MANY", lambda d, v, s: s["population"]["plannedSex"].extend([{}, {}])),
    ("USDM-INSTANCE-TYPE", lambda d, v, s: s["arms"][0].update(instanceType="Arm")),
    ("USDM-ATTRIBUTE", lambda d, v, s: s["arms"][0].update(colour="blue")),
    ("USDM-DATE", lambda d, v, s: v["dateValues"][0].update(dateValue="2006-06")),
    ("USDM-DATE", lambda d, v, s: v["dateValues"][0].update(dateValue="2006-02-30")),
    ("USDM-ID-TWICE", lambda d, v, s: s["arms"][0].update(id=s["arms"][1]["id"])),
    ("USDM-INSTANCE-TWICE", lambda d, v, s: s["arms"].append(s["arms"][1])),
    ("USDM-ID-SPACE", lambda d, v, s: s["activities"][0].update(id="Activity 1")),
    ("USDM-DANGLING", lambda d, v, s: s["studyCells"][0].update(armId="StudyArm_99")),
    ("USDM-WRONG-CLASS", lambda d, v, s: s["studyCells"][0].update(armId="StudyEpoch_1")),
    ("USDM-CODE", lambda d, v, s: code(s["studyType"], "C1")),
    ("USDM-OTHER-CODE", lambda d, v, s: code(s["studyType"], "C17998", "Unknown")),
    ("USDM-OTHER-CODE", lambda d, v, s: code(s["studyType"], "X", "X", "own")),
    ("USDM-DECODE", lambda d, v, s: code(s["model"], "C82639", "Crossover Study")),
    ("USDM-DECODE", lambda d, v, s: code(s["model"], "C1", "Crossover Study")),
    ("USDM-CT-VERSION", lambda d, v, s: s["model"].update(codeSystemVersion="latest")),
    ("USDM-DEPTH", lambda d, v, s: deep(v)),
    ("USDM-NAME-TWICE", lambda d, v, s: s["arms"][0].update(name=s["arms"][1]["name"])),
    ("USDM-ORDER", lambda d, v, s: s["epochs"][1].update(previousId=None)),
    ("USDM-ORDER", lambda d, v, s: s["epochs"][0].update(nextId=s["epochs"][0]["id"])),
    ("USDM-CYCLE", child_of_itself),
    ("USDM-CYCLE", children_in_a_circle),
    ("USDM-SPONSOR", lambda d, v, s: v["roles"].pop(0)),
    ("USDM-SPONSOR", lambda d, v, s: v["studyIdentifiers"].pop(0)),
    (
        "USDM-SPONSOR",
        lambda d, v, s: v["roles"][0].update(organizationIds=["Organization_1", "Organization_2"]),
    ),
    (
        "USDM-IDENTIFIER-TWICE",
        lambda d, v, s: v["studyIdentifiers"].append(
            dict(v["studyIdentifiers"][1], id="StudyIdentifier_9")
        ),
    ),
    ("USDM-TITLES", lambda d, v, s: v["titles"].pop(0)),
    ("USDM-TITLES", lambda d, v, s: v["titles"].append(dict(v["titles"][1], id="StudyTitle_9"))),
    ("USDM-PRIMARY", lambda d, v, s: s["objectives"].pop(0)),
    ("USDM-PRIMARY", lambda d, v, s: s["objectives"][0].update(endpoints=[])),
    ("USDM-PRIMARY", lambda d, v, s: code(s["objectives"][1]["endpoints"][0]["level"], "C94496")),
    ("USDM-TIMELINE", lambda d, v, s: s["scheduleTimelines"].clear()),
    ("USDM-TIMELINE", lambda d, v, s: timeline(s).update(timings=[])),
    ("USDM-TIMELINE", lambda d, v, s: timeline(s)["instances"].pop()),
    ("USDM-DURATION", lambda d, v, s: timeline(s)["timings"][0].update(value="-P2W")),
    ("USDM-DURATION", lambda d, v, s: timeline(s)["timings"][0].update(value="2 weeks")),
    ("USDM-DURATION", lambda d, v, s: timeline(s)["timings"][0].update(windowLower="PT")),
    ("USDM-WINDOW", lambda d, v, s: timeline(s)["timings"][0].update(windowLower="P1D")),
    ("USDM-CELLS", lambda d, v, s: s["studyCells"].pop()),
    (
        "USDM-CELLS",
        lambda d, v, s: s["studyCells"].append(dict(s["studyCells"][0], id="StudyCell_9")),
    ),
    ("USDM-ELEMENT-UNUSED", lambda d, v, s: s["studyCells"][4].update(elementIds=[])),
    ("USDM-RANGE", lambda d, v, s: s["population"]["plannedAge"]["minValue"].update(value=101)),
    ("USDM-RANGE", lambda d, v, s: s["population"]["plannedAge"]["minValue"].update(unit=None)),
    ("USDM-BLINDING", lambda d, v, s: v["roles"].pop(1)),
    ("USDM-BLINDING", lambda d, v, s: masked(s, "C49659")),
    ("USDM-DESIGN-CLASS", lambda d, v, s: code(s["studyType"], "C16084")),
    (
        "USDM-CONTRARY",
        lambda d, v, s: s.update(
            characteristics=[dict(s["model"], code=c) for c in ("C217006", "C217007")]
        ),
    ),
    (
        "USDM-POPULATION",
        lambda d, v, s: s["population"]["plannedEnrollmentNumber"].update(
            unit=s["population"]["plannedAge"]["minValue"]["unit"]
        ),
    ),
    ("USDM-POPULATION", lambda d, v, s: s["population"]["plannedAge"].update(isApproximate=True)),
    ("USDM-CRITERION-UNUSED", lambda d, v, s: s["population"].update(criterionIds=[])),
    (
        "USDM-CRITERION-UNUSED",
        lambda d, v, s: s["eligibilityCriteria"][1].update(
            criterionItemId="EligibilityCriterionItem_1"
        ),
    ),
    (
        "USDM-ROLE",
        lambda d, v, s: v["roles"][3].update(organizationIds=["Organization_1"]),
    ),
    (
        "USDM-ROLE",
        lambda d, v, s: v["roles"][0].update(appliesToIds=["StudyVersion_1", s["id"]]),
    ),
    (
        "USDM-SCOPE",
        lambda d, v, s: v["dateValues"][0]["geographicScopes"][0].update(code=s["studyPhase"]),
    ),
    (
        "USDM-SCOPE",
        lambda d, v, s: code(v["dateValues"][0]["geographicScopes"][0]["type"], "C25464"),
    ),
    ("USDM-CT-RELEASES", lambda d, v, s: s["model"].update(codeSystemVersion="2023-03-31")),
    ("USDM-TAG", lambda d, v, s: v["dictionaries"][0].update(parameterMaps=[])),
    (
        "USDM-REFERENCE",
        lambda d, v, s: v["dictionaries"][0]["parameterMaps"][0].update(
            reference='<usdm:ref klass="Range" id="Range_9" attribute="minValue"/>'
        ),
    ),
]


@pytest.mark.parametrize(
    ("rule", "change"), BREAKS, ids=[f"{n}-{rule}" for n, (rule, _) in enumerate(BREAKS)]
)
def test_a_broken_definition_is_found(rule: str, change: Change) -> None:
    assert rule in rules(broken(change))


def test_a_definition_in_order_breaks_no_rule_but_what_it_leaves_empty() -> None:
    assert rules(foreign()) == {"USDM-EMPTY-TEXT"}


def test_every_rule_of_the_check_is_broken_here() -> None:
    mine = {
        name
        for name, one in RULES.items()
        if name.startswith("USDM-") and name not in WHILE_WRITTEN | WHILE_READ
    }
    assert mine - {rule for rule, _ in BREAKS} == set()


WHILE_WRITTEN = {
    *("USDM-NOT-STATED", "USDM-NO-TERM", "USDM-CLOSED-LIST", "USDM-WIDER-TERM", "USDM-PHASES"),
    *("USDM-ALLOCATION", "USDM-UNKNOWN-INTERVENTION", "USDM-AGE-RANGE", "USDM-PARTIAL-DATE"),
    *("USDM-NO-ELEMENTS", "USDM-COUNTRY"),
}
"""Rules that test_usdm_written.py breaks."""

WHILE_READ = {
    *("USDM-TOO-LARGE", "USDM-JSON", "USDM-NO-STUDY", "USDM-VERSION", "USDM-NO-VERSION"),
    *("USDM-SPONSOR-TAKEN", "USDM-NO-SPONSOR"),
    *("USDM-FIRST", "USDM-CHANGED", "USDM-CARRIED", "USDM-DAY-ONE", "USDM-CHARACTER"),
}
"""Rules that test_usdm_read.py breaks."""

STRUCTURE = {"USDM-MISSING", "USDM-EMPTY", "USDM-TYPE", "USDM-TOO-MANY", "USDM-INSTANCE-TYPE"}
"""Rules of which the published schema knows each breach."""


@pytest.mark.parametrize(
    ("rule", "change"), BREAKS, ids=[f"{n}-{rule}" for n, (rule, _) in enumerate(BREAKS)]
)
def test_what_the_published_schema_finds_is_found(rule: str, change: Change) -> None:
    document = broken(change)
    if rule != "USDM-DEPTH" and published_errors(document):
        assert [one for one in check_document(document) if one.severity.value == "error"]
    if rule in STRUCTURE:
        assert published_errors(document)


def test_the_table_has_the_classes_and_attributes_of_the_published_schema() -> None:
    from usdm_oracle import published_schema

    schemas = published_schema()["components"]["schemas"]
    published = {
        name.removesuffix("-Input"): schema
        for name, schema in schemas.items()
        if name.endswith("-Input")
    }
    assert set(published) == set(classes())
    for name, schema in published.items():
        own = classes()[name]
        assert set(schema["properties"]) == set(own), name
        required = {one.name for one in own.values() if one.is_required}
        assert required == set(schema.get("required", ())), name


def test_codelists_have_terms_and_are_open_or_closed() -> None:
    assert {one.code for one in codelists()["C66735"]} >= {"C15228", "C49659"}
    assert "C99077" not in extensible()
    assert "C66735" in extensible()


def test_what_is_written_of_the_example_breaks_no_rule_of_an_error() -> None:
    found = list(check_document(written(example())[0]))
    assert [one for one in found if one.severity.value == "error"] == []


def test_what_is_written_of_every_record_breaks_no_rule_of_an_error() -> None:
    for study in studies_of_records():
        found = list(check_document(written(study)[0]))
        assert [str(one) for one in found if one.severity.value == "error"] == [], study.studyid


def test_validate_checks_a_file_by_its_content(tmp_path: Path) -> None:
    file = tmp_path / "definition.json"
    file.write_text(json.dumps(broken(lambda d, v, s: s["arms"][0].pop("type"))))
    (problem,) = [one for one in validate(file).problems if one.severity.value == "error"]
    assert problem.rule == "USDM-MISSING"
    assert problem.file == "definition.json"
    file.write_text(json.dumps(foreign()))
    assert not [one for one in validate(file).problems if one.severity.value == "error"]


def test_validate_says_of_another_version_which_it_reads(tmp_path: Path) -> None:
    file = tmp_path / "definition.json"
    file.write_text(json.dumps(foreign() | {"usdmVersion": "3.0.0"}))
    assert [one.rule for one in validate(file).problems] == ["USDM-VERSION"]


def test_children_of_two_are_no_circle() -> None:
    def change(document: Any, version: Any, design: Any) -> None:
        children_in_a_circle(document, version, design)
        design["activities"][3]["childIds"] = []
        design["activities"][2]["childIds"] = ["Activity_4"]

    assert "USDM-CYCLE" not in rules(broken(change))


def test_a_circle_is_told_once() -> None:
    found = check_document(broken(children_in_a_circle))
    assert [one.rule for one in found if one.rule == "USDM-CYCLE"] == ["USDM-CYCLE"]


def test_a_reference_to_an_attribute_without_a_value_leads_somewhere() -> None:
    def change(document: Any, version: Any, design: Any) -> None:
        arm = design["arms"][0]["id"]
        reference = f'<usdm:ref klass="StudyArm" id="{arm}" attribute="notes"/>'
        version["dictionaries"][0]["parameterMaps"][0]["reference"] = reference

    assert "USDM-REFERENCE" not in rules(broken(change))
