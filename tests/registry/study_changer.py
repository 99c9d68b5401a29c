"""Studies made by their types: with a value at every leaf, and with one leaf changed.

Values are ones that a source may have: words of the closed lists, dates, ages, addresses. What a
field's annotation does not tell stands in the tables here, by the field's path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from trialect.converters.readers.study_words import WORDS
from trialect.mappings.registry.places import NO_FACTS, item_of
from trialect.study_options import FhirOptions
from trialect.trial import Study

ITEMS = 2
"""Items of each list."""

TEXTS: dict[str, tuple[str, ...]] = {
    "registrations.*.registry": ("ClinicalTrials.gov", "EudraCT", "ISRCTN"),
    "registrations.*.id": ("NCT00000001", "2020-000001-11", "NCT00000002"),
    "nct_aliases.*": ("NCT00000011", "NCT00000012", "NCT00000013"),
    "expanded_access.nct_id": ("NCT00000021", "NCT00000022"),
    "verified": ("2024-05", "2024-06"),
    "eligibility.minimum_age": ("18 Years", "6 Months"),
    "eligibility.maximum_age": ("65 Years", "70 Years"),
    "eligibility.criteria": (
        "Inclusion Criteria:\n\n* Adults\n\nExclusion Criteria:\n\n* Pregnancy",
        "Inclusion Criteria:\n\n* Children\n\nExclusion Criteria:\n\n* Pregnancy",
    ),
    "design.target_duration": ("5 Years", "6 Months"),
    "sites.*.timezone": ("Europe/Istanbul", "Europe/Rome", "Europe/Berlin"),
    "sites.*.country": ("TUR", "ITA", "DEU"),
    "locations.*.country": ("Türkiye", "Italy", "Germany"),
    "locations.*.city": ("Ankara", "Rome", "Berlin"),
    "locations.*.contacts.*.role": ("CONTACT", "PRINCIPAL_INVESTIGATOR", "SUB_INVESTIGATOR"),
    "elements.*.duration": ("P1D", "P2D", "P3D"),
    "elements.*.code": ("E0", "E1", "E2"),
    "elements.*.start.domain": ("EX", "DS"),
    "elements.*.start.date": ("EXSTDTC", "DSSTDTC"),
    "interventions.*.name": ("Examplin", "Placebo", "Sham"),
    "arms.*.interventions.*": ("Examplin", "Placebo", "Sham"),
    "arms.*.name": ("Treatment", "Control", "Open label"),
    "interventions.*.arms.*": ("Treatment", "Control", "Open label"),
    "arms.*.code": ("A0", "A1", "A2"),
    "arms.*.elements.*.element": ("E0", "E1", "E2"),
    "arms.*.elements.*.epoch": ("SCREENING", "TREATMENT", "FOLLOW-UP"),
    "visits.*.arm": ("A0", "A1"),
    "visits.*.epoch": ("SCREENING", "TREATMENT"),
    "criteria.*.code": ("INCL01", "EXCL01", "INCL02"),
    "parameters.*.code": ("LENGTH", "ADDON", "TTYPE"),
    "parameters.*.value": ("P10W", "N", "EFFICACY"),
    "parameters.*.null_flavor": ("NA", "UNK"),
    "references.*.pmid": ("10000001", "10000002", "10000003"),
}
"""Texts of a kind, the first ones for the items of a list."""

DATE = re.compile(
    r"(start|primary_completion|completion)\.date|posting\..*(submitted|submitted_qc|posted\.date)"
)
ADDRESS = re.compile(r"(^|\.)(link|url)$")


def whole_study(**given: Any) -> Study:
    """A study with a value at every leaf; `given` stands in place of what is made."""
    made = _dataclass(Study, "", 0)
    return replace(made, fhir=FhirOptions(base="https://example.org/trial"), **given)


def _dataclass(cls: Any, before: str, place: int) -> Any:
    values = {}
    for name, hint in get_type_hints(cls).items():
        if before or name not in NO_FACTS:
            values[name] = _value(hint, f"{before}{name}", place)
    return cls(**values)


def _value(hint: Any, path: str, place: int) -> Any:
    hint = item_of(hint)
    if get_origin(hint) is tuple:
        item = item_of(get_args(hint)[0])
        return tuple(_value(item, f"{path}.*", number) for number in range(ITEMS))
    if is_dataclass(hint):
        return _dataclass(hint, f"{path}.", place)
    if get_origin(hint) is Literal:
        words = get_args(hint)
        return words[place % len(words)]
    return next(_options(hint, path, place))


def _options(hint: Any, path: str, place: int) -> Iterator[Any]:
    """Values that a leaf may have, the first for the item at this place."""
    if hint is bool:
        yield from (True, False)
    elif hint is int:
        yield from (41 + place, 7)
    elif hint is float:
        yield from (4.5 + place, 7.25)
    elif path in TEXTS:
        texts = TEXTS[path]
        yield from (*texts[place % len(texts) :], *texts[: place % len(texts)])
    elif path in WORDS:
        words = WORDS[path]
        yield from (*words[place % len(words) :], *words[: place % len(words)])
    elif DATE.fullmatch(path):
        yield from (f"2024-0{1 + place}-11", "2023-02-12", "2022-03")
    elif ADDRESS.search(path):
        yield from (f"https://example.org/{path}/{place}", "https://example.org/other")
    else:
        yield from (f"{path.replace('.*', '').replace('.', ' ')} {place}", f"another {place}")


def changed(study: Study, fact: str) -> Iterator[Study]:
    """The study with one value of the fact changed, in each way that its type knows."""
    steps = fact.split(".")
    yield from _changed(study, Study, steps, "")


def _changed(value: Any, cls: Any, steps: list[str], before: str) -> Iterator[Any]:
    name, *rest = steps
    hint = item_of(get_type_hints(cls)[name])
    path = f"{before}{name}"
    current = getattr(value, name)
    if get_origin(hint) is tuple:
        rest = rest[1:]
        item = item_of(get_args(hint)[0])
        for place, one in enumerate(current):
            for other in _others(one, item, rest, f"{path}.*", place):
                items = (*current[:place], other, *current[place + 1 :])
                yield replace(value, **{name: items})
        return
    if current is None and rest:
        return
    for other in _others(current, hint, rest, path, 0):
        yield replace(value, **{name: other})
    if not rest and _may_be_none(get_type_hints(cls)[name]):
        yield replace(value, **{name: None})


def _others(one: Any, hint: Any, rest: list[str], path: str, place: int) -> Iterator[Any]:
    if rest:
        if one is not None:
            yield from _changed(one, hint, rest, f"{path}.")
        return
    options = get_args(hint) if get_origin(hint) is Literal else _options(hint, path, place)
    yield from (other for other in options if other != one)


def with_value(study: Study, fact: str, value: Any) -> Study:
    """The study with a value of the fact in the first item of each list, which keep one item.

    None leaves it out.
    """
    made: Study = _with(study, Study, fact.split("."), value)
    return made


def _with(one: Any, cls: Any, steps: list[str], value: Any) -> Any:
    name, *rest = steps
    hint = item_of(get_type_hints(cls)[name])
    current = getattr(one, name)
    if get_origin(hint) is tuple:
        item = item_of(get_args(hint)[0])
        if rest[1:]:
            return replace(one, **{name: (_with(current[0], item, rest[1:], value),)})
        return replace(one, **{name: () if value is None else (value,)})
    if rest:
        return replace(one, **{name: _with(current, hint, rest, value)})
    return replace(one, **{name: value})


def words_of(fact: str) -> tuple[str, ...]:
    """The words that a fact may have, from its closed list or its annotation; none for others."""
    if fact in WORDS:
        return WORDS[fact]
    hint: Any = Study
    for step in fact.split("."):
        hint = item_of(get_args(hint)[0] if step == "*" else get_type_hints(hint)[step])
    return get_args(hint) if get_origin(hint) is Literal else ()


def may_be_none(fact: str) -> bool:
    """Whether a fact may be left out of a study."""
    steps = fact.split(".")
    hint: Any = Study
    for step in steps[:-1]:
        hint = item_of(get_args(hint)[0] if step == "*" else get_type_hints(hint)[step])
    return steps[-1] == "*" or _may_be_none(get_type_hints(hint)[steps[-1]])


def _may_be_none(hint: Any) -> bool:
    return get_origin(hint) is not None and type(None) in get_args(hint)


def alone(whole: Study, fact: str) -> Study:
    """A study that says of itself what it must, and the list or group that the fact stands in."""
    top = fact.split(".", 1)[0]
    needed = {"studyid", "title", "sponsor", "design", "brief_title", top}
    empty = {
        one.name: getattr(Study("x", None, whole.sponsor), one.name)
        for one in fields(Study)
        if one.name not in needed | NO_FACTS
    }
    return replace(whole, **empty)
