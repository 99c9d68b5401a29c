"""What each fact of a study says in TS: parameters and their values, not yet coded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from trialect.mappings.registry.countries import country
from trialect.mappings.registry.criteria_words import plain
from trialect.mappings.sdtm import trial_summary_terms as terms
from trialect.mappings.sdtm.trial_summary_findings import (
    ALLOCATION_COARSER,
    ARM_TYPE_UNUSED,
    ARM_UNTYPED,
    BAD_AGE,
    BAD_COUNTRY,
    BAD_DURATION,
    BRIEF_TITLE,
    COARSER,
    ENROLMENT_UNTYPED,
    KIND_UNKNOWN,
    NO_AGE_LIMIT,
    NO_COUNTRY_CODE,
    NO_TERM,
    OTHER_IDENTIFIER,
    ROLE_UNKNOWN,
)
from trialect.problems import Problem
from trialect.trial import Study


class Value(NamedTuple):
    """One value of a parameter, or why there is none (`null_flavor`, ISO 21090)."""

    text: str | None = None
    null_flavor: str | None = None
    code: str | None = None
    dictionary: str | None = None
    version: str | None = None


Found = Iterator[tuple[str, Value]]
Tell = Callable[[Problem], None]

INTERVENTIONAL = "INTERVENTIONAL"
OBSERVATIONAL = "OBSERVATIONAL"
EXPANDED_ACCESS = "EXPANDED_ACCESS"

_DURATION = re.compile(r"(\d+)\s*(year|month|week|day|hour|minute)s?", re.IGNORECASE | re.ASCII)
_UNITS = {"year": "P{}Y", "month": "P{}M", "week": "P{}W", "day": "P{}D"}
_UNITS |= {"hour": "PT{}H", "minute": "PT{}M"}
_NO_LIMIT = frozenset({"n/a", "na", "none", "no limit"})
_LINE_BREAK = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def facts(study: Study, tell: Tell) -> Found:
    """The parameters of a study and their values, in the order of the facts."""
    for part in (_identity, _design, _arms, _people, _aims, _oversight, _beside):
        yield from part(study, tell)


@lru_cache(maxsize=1000)
def duration(text: str) -> str | None:
    """A number and a unit (`18 Years`) in ISO 8601; None for other texts."""
    match = _DURATION.fullmatch(text.strip())
    return _UNITS[match[2].lower()].format(int(match[1])) if match is not None else None


def _texts(code: str, *texts: str | None) -> Found:
    """Texts as values, each in one line, without blanks around it."""
    for text in texts:
        if text is not None and (kept := one_line(text)):
            yield code, Value(kept)


def one_line(text: str) -> str:
    """The text without line breaks, which SDTM cannot hold, and without blanks around it."""
    return " ".join(text.split()) if _LINE_BREAK.search(text) else text.strip()


def _identity(study: Study, tell: Tell) -> Found:
    if study.title is not None:
        yield from _texts("TITLE", study.title)
    elif study.brief_title is not None:
        yield from _texts("TITLE", study.brief_title)
        tell(BRIEF_TITLE.problem(field="title"))
    yield from _texts("SPONSOR", study.sponsor.name)
    for one in study.registrations:
        yield "REGID", Value(one.id, code=one.id, dictionary=one.registry)
    yield from _other_identifiers(study, tell)
    if study.identifier is not None:
        yield from _texts("SPREFID", study.identifier.id)
    if study.start is not None:
        yield "SSTDTC", Value(study.start.date)
    if study.completion is not None:
        yield "SENDTC", Value(study.completion.date)
    yield "SDTIGVER", Value(study.sdtm.ig)
    if study.sdtm.ig in terms.SDTM_OF_IG:
        yield "SDTMVER", Value(terms.SDTM_OF_IG[study.sdtm.ig])
    yield from _countries(study, tell)


def _other_identifiers(study: Study, tell: Tell) -> Found:
    """Those of registries as REGID; that there are others is told."""
    others: list[str] = []
    first = 0
    for place, one in enumerate(study.secondary_ids):
        if one.type in ("REGISTRY", "EUDRACT_NUMBER"):
            registry = "EudraCT" if one.type == "EUDRACT_NUMBER" else one.domain
            yield "REGID", Value(one.id, code=one.id, dictionary=registry)
        else:
            first = first if others else place
            others.append(one.id)
    if others:
        field = f"secondary_ids.{first}.type"
        tell(OTHER_IDENTIFIER.problem(field=field, value=", ".join(others)))


def _countries(study: Study, tell: Tell) -> Found:
    """FCNTRY from the sites; of a study that has none from the registry's locations."""
    for site in study.sites:
        if re.fullmatch("[A-Z]{3}", site.country):
            yield "FCNTRY", Value(site.country, code=site.country, dictionary="ISO 3166")
        else:
            tell(BAD_COUNTRY.problem(field="sites", value=site.country, site=site.id))
    if study.sites:
        return
    for word in dict.fromkeys(one.country for one in study.locations if one.country):
        found = country(word)
        if found is not None and found.code is not None:
            yield "FCNTRY", Value(found.code, code=found.code, dictionary="ISO 3166")
        else:
            why = found.why if found is not None else "no country is known by this word"
            place = next(n for n, one in enumerate(study.locations) if one.country == word)
            tell(NO_COUNTRY_CODE.problem(field=f"locations.{place}.country", value=word, why=why))


def _design(study: Study, tell: Tell) -> Found:
    design = study.design
    kind = design.type
    if kind == OBSERVATIONAL and design.patient_registry:
        yield "STYPE", Value(terms.PATIENT_REGISTRY)
    elif kind:
        yield from _term("STYPE", "design.type", kind, terms.STUDY_TYPE, tell)
    model = ("OBSMODEL", terms.OBSERVATIONAL_MODEL)
    if kind != OBSERVATIONAL:
        model = ("INTMODEL", terms.MODEL)
    yield from _term(model[0], "design.model", design.model, model[1], tell)
    for code, name, word, known in (
        ("TINDTP", "purpose", design.purpose, terms.PURPOSE),
        ("RANDOM", "allocation", design.allocation, terms.ALLOCATION),
        ("TBLIND", "masking", design.masking, terms.MASKING),
        ("OBSTIMP", "time_perspective", design.time_perspective, terms.TIME_PERSPECTIVE),
    ):
        yield from _term(code, f"design.{name}", word, known, tell)
    if design.allocation == "NA":
        tell(ALLOCATION_COARSER.problem(field="design.allocation", value=design.allocation))
    if design.masking in ("TRIPLE", "QUADRUPLE"):
        tell(
            COARSER.problem(
                field="design.masking", value=design.masking, term=terms.MASKING[design.masking]
            )
        )
    if design.phases:
        term = terms.PHASES.get(tuple(sorted(design.phases)))
        if term is not None:
            yield "TPHASE", Value(term)
        else:
            words = ", ".join(design.phases)
            tell(NO_TERM.problem(field="design.phases", value=words, parameter="TPHASE"))
    if design.target_duration is not None:
        yield from _lasting("TRGFUDUR", "design.target_duration", design.target_duration, tell)


def _lasting(code: str, field: str, text: str, tell: Tell) -> Found:
    length = duration(text)
    if length is not None:
        yield code, Value(length)
    else:
        tell(BAD_DURATION.problem(field=field, value=text, parameter=code))


def _arms(study: Study, tell: Tell) -> Found:
    arms, kind = study.arms, study.design.type
    if arms:
        yield "NCOHORT" if kind == OBSERVATIONAL else "NARMS", Value(str(len(arms)))
    if kind == INTERVENTIONAL:
        yield from _control(study, tell)
    else:
        typed = next(((n, arm.type) for n, arm in enumerate(arms) if arm.type is not None), None)
        if typed is not None:
            tell(ARM_TYPE_UNUSED.problem(field=f"arms.{typed[0]}.type", value=typed[1]))
    yield from _treatments(study, tell)
    told: set[str] = set()
    for place, one in enumerate(study.interventions):
        if one.type is None or one.type in told:
            continue
        told.add(one.type)
        field = f"interventions.{place}.type"
        yield from _term("INTTYPE", field, one.type, terms.INTERVENTION_TYPE, tell)


def _control(study: Study, tell: Tell) -> Found:
    """TCNTRL by the types of the arms; arms without one, and types without a term, are told."""
    arms = study.arms
    types = tuple(dict.fromkeys(arm.type for arm in arms))
    for type_ in types:
        if type_ in terms.CONTROL:
            yield "TCNTRL", Value(terms.CONTROL[type_])
        elif type_ is not None and type_ != terms.TESTED:
            place = next(n for n, arm in enumerate(arms) if arm.type == type_)
            field = f"arms.{place}.type"
            tell(NO_TERM.problem(field=field, value=type_, parameter="TCNTRL"))
    if types == (terms.TESTED,) and (len(arms) == 1 or study.design.model == "SINGLE_GROUP"):
        yield "TCNTRL", Value("NONE")
    untyped = [arm.name for arm in arms if arm.type is None]
    if untyped:
        place = next(n for n, arm in enumerate(arms) if arm.type is None)
        names = ", ".join(untyped)
        tell(ARM_UNTYPED.problem(field=f"arms.{place}.type", value=names))


def _treatments(study: Study, tell: Tell) -> Found:
    """TRT and COMPTRT by the types of the arms that have the intervention."""
    if study.design.type == EXPANDED_ACCESS:
        yield from _texts("TRT", *(one.name for one in study.interventions))
        return
    types = {arm.name: arm.type for arm in study.arms}
    given: dict[str, set[str | None]] = {}
    for arm in study.arms:
        for name in arm.interventions:
            given.setdefault(name, set()).add(arm.type)
    unknown: list[str] = []
    first = 0
    for place, one in enumerate(study.interventions):
        of_arms = given.get(one.name, set()) | {types.get(name) for name in one.arms}
        if terms.TESTED in of_arms:
            yield from _texts("TRT", one.name)
        elif not of_arms.isdisjoint(terms.CONTROL):
            yield from _texts("COMPTRT", one.name)
        else:
            first = first if unknown else place
            unknown.append(one.name)
    if unknown:
        tell(ROLE_UNKNOWN.problem(field=f"interventions.{first}.name", value=", ".join(unknown)))


def _people(study: Study, tell: Tell) -> Found:
    number = study.enrolment
    if number.planned is not None:
        yield "PLANSUB", Value(str(number.planned))
    if number.actual is not None:
        yield "ACTSUB", Value(str(number.actual))
    if number.count is not None:
        tell(ENROLMENT_UNTYPED.problem(field="enrolment.count", value=number.count))
    yield from _ages(study, tell)
    limits = study.eligibility
    yield from _term("SEXPOP", "eligibility.sex", limits.sex, terms.SEX, tell)
    if limits.healthy_volunteers is not None:
        yield "HLTSUBJI", Value("Y" if limits.healthy_volunteers else "N")
    if limits.population is not None:
        yield from _texts("OBSTPOPD", plain(limits.population))
    yield from _term("OBSTSMM", "eligibility.sampling", limits.sampling, terms.SAMPLING, tell)


def _ages(study: Study, tell: Tell) -> Found:
    """The limits. Where a registry asks who may take part and no age is given, there is none."""
    limits = study.eligibility
    yield from _age("AGEMIN", "eligibility.minimum_age", limits.minimum_age, tell)
    yield from _age("AGEMAX", "eligibility.maximum_age", limits.maximum_age, tell)
    if limits.minimum_age is None and (limits.maximum_age is not None or limits.sex is not None):
        yield "AGEMIN", Value("P0Y")
        tell(NO_AGE_LIMIT.problem(field="eligibility.minimum_age", parameter="AGEMIN"))
    if limits.maximum_age is None and limits.minimum_age is not None:
        yield "AGEMAX", Value(null_flavor="PINF")
    elif limits.maximum_age is None and limits.sex is not None:
        yield "AGEMAX", Value(null_flavor="PINF")
        tell(NO_AGE_LIMIT.problem(field="eligibility.maximum_age", parameter="AGEMAX"))


def _age(code: str, field: str, text: str | None, tell: Tell) -> Found:
    """An age limit as a duration; without a limit the least age there is, or infinity."""
    if text is None:
        return
    length = duration(text)
    if length is not None:
        yield code, Value(length)
    elif text.strip().lower() in _NO_LIMIT:
        yield code, Value("P0Y") if code == "AGEMIN" else Value(null_flavor="PINF")
    else:
        tell(BAD_AGE.problem(field=field, value=text))


def _aims(study: Study, tell: Tell) -> Found:
    for condition in study.conditions:
        yield from _texts("INDIC", condition)
        if study.eligibility.healthy_volunteers is not True:
            yield from _texts("TDIGRP", condition)
    for place, aim in enumerate(study.objectives):
        if aim.type is not None:
            yield from _texts(terms.OBJECTIVE[aim.type], aim.text)
        else:
            tell(KIND_UNKNOWN.problem(field=f"objectives.{place}.type", value=aim.text))
    for place, outcome in enumerate(study.outcomes):
        if outcome.type is not None:
            yield from _texts(terms.OUTCOME[outcome.type], outcome.measure)
        else:
            tell(KIND_UNKNOWN.problem(field=f"outcomes.{place}.type", value=outcome.measure))


def _oversight(study: Study, tell: Tell) -> Found:
    for name, code in terms.OVERSIGHT.items():
        answer: bool | None = getattr(study.oversight, name)
        if answer is not None:
            yield code, Value("Y" if answer else "N")
    access = study.expanded_access
    yield from _texts("EXPARECN", access.nct_id)
    known = terms.EXPANDED_ACCESS_STATUS
    yield from _term("EXPASTAT", "expanded_access.status", access.status, known, tell)


def _beside(study: Study, tell: Tell) -> Found:
    """Words, samples and what was published."""
    yield from _texts("KEYWORD", *study.keywords)
    kept = study.biospecimen
    if kept is not None:
        if kept.retention in terms.RETENTION:
            for code, answer in terms.RETENTION[kept.retention].items():
                yield code, Value(answer)
        elif kept.retention is not None:
            field = "biospecimen.retention"
            tell(NO_TERM.problem(field=field, value=kept.retention, parameter="BRIND"))
        if kept.description is not None:
            yield from _texts("RTSPCDES", plain(kept.description))
    for reference in study.references:
        yield from _texts("PUBMEDID", reference.pmid)
        yield from _texts("CITNSTDY", reference.citation)
    for link in study.links:
        yield from _texts("URLSTDY", link.url)
        yield from _texts("URLSTDYD", link.label)


def _term(code: str, field: str, word: str | None, known: Mapping[str, str], tell: Tell) -> Found:
    """The term of a word, if the study says one; a problem where there is no term."""
    if word is None:
        return
    if word in known:
        yield code, Value(known[word])
    else:
        tell(NO_TERM.problem(field=field, value=word, parameter=code))
