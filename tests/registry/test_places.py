"""The tables of places: each fact has a line in each, and the lines are true.

A fact is changed in studies that say everything (of each type of study) and in one that says
little else; what a target writes must change where its table says that the fact has a place, and
must not where it says that it has none.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest
from study_changer import alone, changed, whole_study

from trialect.converters.study_targets import STUDY_TARGETS, writer_of
from trialect.mappings.registry.places import HOWS, TABLES, fact_of, facts, places, set_facts
from trialect.protocol import Enrolment
from trialect.trial import Study

OWED: set[str] = set()
"""Tables that are not there yet."""

NEEDED = ("prs", "ictrp", "ctgov", "usdm", "sdtm", "fhir-r4", "fhir-r5")
RELEASES = {"fhir-r4": "R4", "fhir-r5": "R5"}
THERE = [name for name in NEEDED if name not in OWED]


def test_every_table_is_there_but_those_owed() -> None:
    assert {name for name in NEEDED if not (TABLES / f"{name}.csv").is_file()} <= OWED
    assert {path.stem for path in TABLES.glob("*.csv")} <= set(NEEDED)


@pytest.mark.parametrize("table", THERE)
def test_each_fact_has_a_line(table: str) -> None:
    lines = places(table)
    assert not [fact for fact in facts() if fact not in lines], "facts without a line"
    assert not [fact for fact in lines if fact not in facts()], "lines of no fact"
    for fact, line in lines.items():
        assert line.how in HOWS
        assert bool(line.place) == (line.how != "none"), fact
        assert line.note or line.how in ("kept", "words"), f"{fact}: {line.how} says why"


def test_a_study_made_by_its_types_has_a_value_at_each_leaf() -> None:
    assert not [fact for fact in facts() if fact not in set_facts(whole_study())]


@cache
def studies(release: str) -> tuple[Study, ...]:
    """Studies of each type that say everything, by what an enrolment can say; and one without
    what a target may take in place of another fact that says the same.
    """
    whole = whole_study()
    whole = replace(whole, fhir=replace(whole.fhir, release=release))
    lean = replace(
        whole,
        identifier=None,
        organization=None,
        responsible=None,
        locations=(),
        design=replace(whole.design, masked=()),
        interventions=tuple(replace(one, arms=()) for one in whole.interventions),
    )
    bare = replace(
        whole,
        title=None,
        secondary_ids=tuple(replace(one, type="REGISTRY") for one in whole.secondary_ids),
        design=replace(whole.design, phases=("PHASE1",)),
        arms=tuple(replace(one, interventions=()) for one in whole.arms),
    )
    unverified = replace(whole, status="UNKNOWN")
    return (
        lean,
        bare,
        unverified,
        *(
            replace(whole, design=replace(whole.design, type=kind), enrolment=enrolment)
            for kind, enrolment in (
                ("INTERVENTIONAL", whole.enrolment),
                ("OBSERVATIONAL", Enrolment(planned=40)),
                ("EXPANDED_ACCESS", Enrolment(count=40)),
            )
        ),
    )


def written(target: str, study: Study) -> tuple[tuple[str, bytes], ...]:
    return tuple((one.path, one.content) for one in writer_of(target)(study, lambda _: None))


_WRITTEN: dict[tuple[str, int], tuple[Study, tuple[tuple[str, bytes], ...]]] = {}


def differs(target: str, study: Study, fact: str) -> bool:
    known = _WRITTEN.get((target, id(study)))
    if known is None or known[0] is not study:
        known = _WRITTEN[target, id(study)] = study, written(target, study)
    _, before = known
    return any(written(target, other) != before for other in changed(study, fact))


def untrue(table: str, fact: str) -> str | None:
    """What is not true of the line of a fact."""
    target = "fhir" if table in RELEASES else table
    bases = studies(RELEASES.get(table, "R4"))
    line = places(table).get(fact)
    if line is None:
        return f"{fact} has no line"
    # The types of study differ in what they say, not in how little of it they can say.
    few = (alone(one, fact) for one in bases[:2])
    found = any(differs(target, base, fact) for base in (*bases, *few))
    if found == (line.how != "none"):
        return None
    told = f"goes to {line.place} ({line.how})" if line.place else "goes nowhere"
    return f"{fact} {told}, and changing it {'changes' if found else 'does not change'} the files"


@pytest.mark.parametrize(
    "table", [name for name in THERE if ("fhir" if name in RELEASES else name) in STUDY_TARGETS]
)
def test_each_line_is_true(table: str) -> None:
    assert [one for fact in facts() if (one := untrue(table, fact))] == []


def test_paths_of_problems_lead_to_facts() -> None:
    assert fact_of("arms.0.type") == "arms.*.type"
    assert fact_of("design.masking") == "design.masking"
    assert fact_of("keywords") == "keywords.*"
    assert fact_of("locations.12.contacts.0.email") == "locations.*.contacts.*.email"
    assert fact_of("design") == "design"
    assert fact_of("records.folder") is None
    assert fact_of(None) is None


def test_values_are_counted_by_fact() -> None:
    counts = set_facts(whole_study())
    assert counts["arms.*.name"] == 2
    assert counts["arms.*.elements.*.epoch"] == 4
    assert counts["title"] == 1
    assert not Counter(set_facts(replace(whole_study(), arms=())))["arms.*.name"]
