"""What USDM cannot say of a Study as it stands, as problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from trialect.mappings.registry.usdm.study_design import age
from trialect.mappings.registry.usdm.terms import coding, has_term, is_open, worded_facts
from trialect.mappings.registry.usdm.terms import word as word_of
from trialect.problems import Problem, rule
from trialect.trial import Study

NOT_STATED = rule(
    "USDM-NOT-STATED",
    "note",
    "USDM requires what the study does not say",
    "USDM requires {attributes}, which the study does not say: a text is written as Not stated, a "
    "code as C17998 (Unknown), a truth as false.",
    "Look at these before the definition is used as that of the protocol.",
    "USDM 4.0 UML, cardinality 1",
)
NO_TERM = rule(
    "USDM-NO-TERM",
    "note",
    "CDISC's terminology has no term for a word",
    "CDISC's codelist has no term for {value}; it is written as the code {value} of "
    "ClinicalTrials.gov's API.",
    "The codelist is extensible; nothing has to be done.",
    "USDM CT",
)
CLOSED = rule(
    "USDM-CLOSED-LIST",
    "warning",
    "A closed codelist has no term for a word",
    "CDISC's codelist is closed and has no term for {value}; it is written as the code {value} of "
    "ClinicalTrials.gov's API.",
    "Say in the study which of the codelist's terms it is, if it is one.",
    "USDM CT; DDF00128",
)
WIDER = rule(
    "USDM-WIDER-TERM",
    "note",
    "USDM's term says less than the study",
    "{value} is {decode} in USDM, which other words are too; the word is carried beside it.",
    "Nothing has to be done where trialect reads it; other tools see the wider term.",
    "USDM CT",
)
NO_CHARACTERISTIC = rule(
    "USDM-ALLOCATION",
    "note",
    "USDM knows an allocation only where it is random",
    "{value} is no characteristic of a design in USDM; it is carried beside it.",
    "Nothing has to be done where trialect reads it.",
    "C207416",
)
NO_ARM_TREATMENT = rule(
    "USDM-UNKNOWN-INTERVENTION",
    "warning",
    "An arm names an intervention that the study does not have",
    "{value!r} is none of the study's interventions, so no element of the arm refers to it.",
    "Name it as an intervention is named.",
)
OPEN_RANGE = rule(
    "USDM-AGE-RANGE",
    "note",
    "USDM has no range of ages with one end",
    "{value} is one end of the ages and the other is not said, or has no unit in USDM: the planned "
    "age is left out and carried beside it.",
    "Nothing has to be done where trialect reads it.",
    "USDM 4.0 Range: minValue 1, maxValue 1; C66781",
)
PARTIAL_DATE = rule(
    "USDM-PARTIAL-DATE",
    "note",
    "USDM has no dates of months",
    "{value} is no whole date, which a GovernanceDate needs: it is carried beside it.",
    "Nothing has to be done until the day is known.",
    "USDM 4.0 GovernanceDate.dateValue: date",
)
NO_PHASE = rule(
    "USDM-PHASES",
    "note",
    "CDISC's terminology has no term for phases together",
    "{value} has no term: the phase is left out and carried beside it.",
    "Nothing has to be done where trialect reads it.",
    "C66737",
)
NO_ELEMENTS = rule(
    "USDM-NO-ELEMENTS",
    "note",
    "The study has no elements and epochs",
    "The study says which arms there are and not what follows what: one epoch with an element for "
    "each arm says what an arm is given.",
    "Add the arms' elements to the study file, if the definition is to show the course.",
    "USDM 4.0 StudyCell",
)
NO_COUNTRY = rule(
    "USDM-COUNTRY",
    "warning",
    "A country has no code",
    "{value!r} has no code of ISO 3166-1: it is written as C17998 (Unknown) and carried beside it.",
    "Write the country as ISO 3166 names it.",
    "ISO 3166-1",
)


def told(study: Study, not_stated: list[str]) -> Iterator[Problem]:
    """What is told of a Study that is written; `not_stated` are attributes as Class.attribute."""
    if not_stated:
        counted = Counter(not_stated)
        names = ", ".join(f"{name} ({n})" if n > 1 else name for name, n in sorted(counted.items()))
        yield NOT_STATED.problem(attributes=names)
    for fact in worded_facts():
        for path, value in values_at(study, fact):
            yield from _of_word(fact, path, value)
    allocation = study.design.allocation
    if allocation and not has_term("design.allocation", allocation):
        yield NO_CHARACTERISTIC.problem(field="design.allocation", value=allocation)
    yield from _phases(study)
    yield from _ages(study)
    yield from _dates(study)
    yield from _arms(study)
    yield from _countries(study)


def _of_word(fact: str, path: str, value: str) -> Iterator[Problem]:
    if not has_term(fact, value):
        rule_ = NO_TERM if is_open(fact) else CLOSED
        yield rule_.problem(field=path, value=value)
    elif word_of(fact, coding(fact, value).code) != value:
        yield WIDER.problem(field=path, value=value, decode=coding(fact, value).decode)


def values_at(study: Study, fact: str) -> Iterator[tuple[str, str]]:
    """The texts of a fact (`arms.*.type`) with the path of each."""
    yield from _values(study, fact.split("."), "")


def _values(here: Any, names: list[str], path: str) -> Iterator[tuple[str, str]]:
    if not names:
        if isinstance(here, str) and here:
            yield path, here
        return
    name, *rest = names
    before = f"{path}." if path else ""
    if name == "*":
        for place, one in enumerate(here):
            yield from _values(one, rest, f"{before}{place}")
    elif here is not None:
        yield from _values(getattr(here, name), rest, f"{before}{name}")


def _phases(study: Study) -> Iterator[Problem]:
    phases = study.design.phases
    if phases and not has_term("design.phases", " ".join(phases)):
        yield NO_PHASE.problem(field="design.phases", value=", ".join(phases))


def _ages(study: Study) -> Iterator[Problem]:
    who = study.eligibility
    ends = {"minimum_age": who.minimum_age, "maximum_age": who.maximum_age}
    if all(age(text) is not None for text in ends.values()):
        return
    for name, text in ends.items():
        if text is not None:
            yield OPEN_RANGE.problem(field=f"eligibility.{name}", value=text)


def _dates(study: Study) -> Iterator[Problem]:
    for name in ("start", "completion"):
        date = getattr(study, name)
        if date is not None and len(date.date) != len("YYYY-MM-DD"):
            yield PARTIAL_DATE.problem(field=f"{name}.date", value=date.date)


def _arms(study: Study) -> Iterator[Problem]:
    if study.arms and not study.elements and not study.epochs:
        yield NO_ELEMENTS.problem(field="arms")
    names = {one.name for one in study.interventions}
    for place, arm in enumerate(study.arms):
        for number, name in enumerate(arm.interventions):
            if name not in names:
                path = f"arms.{place}.interventions.{number}"
                yield NO_ARM_TREATMENT.problem(field=path, value=name)


def _countries(study: Study) -> Iterator[Problem]:
    from trialect.mappings.registry.usdm.study_version import country_coding

    for name in ("sites.*.country", "locations.*.country"):
        for path, value in values_at(study, name):
            if country_coding(value) is None:
                yield NO_COUNTRY.problem(field=path, value=value)
