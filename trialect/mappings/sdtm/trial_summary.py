"""TS: the protocol as trial summary parameters, from the facts that the study gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from trialect.mappings.sdtm import trial_summary_terms as terms
from trialect.problems import Problem, rule
from trialect.schemas.ct import terminology
from trialect.schemas.sdtm.trial_summary import PARAMETER_CODELISTS
from trialect.trial import Study

REQUIRED_MISSING = rule(
    "TS-REQUIRED-PARAMETER",
    "warning",
    "A required trial summary parameter is missing",
    "TS has no {value} ({name}), which the FDA requires.",
    "Give the fact in study.yaml, or {value} under `parameters` with a value or a null_flavor.",
    "FDA validator rules 1.3; SDTMIG 3.4, 7.4.2",
)
NO_TERM = rule(
    "TS-NO-TERM",
    "warning",
    "A word of the study has no term for its trial summary parameter",
    "{field} is {value}, for which SDTM CT has no term in {parameter}; it is left out of TS.",
    "Give {parameter} under `parameters` with the term that fits best.",
    "SDTMIG 3.4, 7.4.2",
)
NOT_A_TERM = rule(
    "TS-NOT-A-TERM",
    "error",
    "A trial summary parameter's value is no term of its codelist",
    "{parameter} is {value!r}, which is no term of {codelist}; that codelist is not extensible.",
    "Use one of: {known}.",
    "SDTMIG 3.4, 7.4.2",
)
COARSER = rule(
    "TS-MASKING-COARSER",
    "note",
    "SDTM CT says less about masking than the study does",
    "design.masking is {value}; TBLIND has no more exact term than {term}.",
    "Nothing to mend; the roles that are masked stand in the study file.",
    "SDTM CT C66735",
)
BAD_AGE = rule(
    "TS-AGE",
    "error",
    "An age limit is not understood",
    "{field} is {value!r}.",
    "Write a number and a unit, such as 18 Years, or N/A for no limit.",
    "ClinicalTrials.gov API v2, EligibilityModule",
)
BAD_COUNTRY = rule(
    "TS-COUNTRY",
    "error",
    "A country is no ISO 3166 code of three letters",
    "The site {site} is in {value!r}.",
    "Write the code of three capital letters, such as TUR.",
    "ISO 3166-1 alpha-3",
)


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a parameter, or why there is none (`null_flavor`, ISO 21090)."""

    text: str | None = None
    null_flavor: str | None = None
    code: str | None = None
    dictionary: str | None = None
    version: str | None = None


Found = Iterator[tuple[str, Value]]
Tell = Callable[[Problem], None]

_AGE = re.compile(r"(\d+)\s*(year|month|week|day|hour|minute)s?", re.IGNORECASE)
_AGE_UNITS = {"year": "P{}Y", "month": "P{}M", "week": "P{}W", "day": "P{}D"}
_AGE_UNITS |= {"hour": "PT{}H", "minute": "PT{}M"}
_NO_LIMIT = frozenset({"n/a", "na", "none", "no limit"})


def summary_values(study: Study, tell: Tell) -> dict[str, list[Value]]:
    """The values of each parameter (TSPARMCD), sorted by parameter.

    What `parameters` of the study says takes the place of what other facts give for the same
    parameter. `tell` is given what cannot be said in SDTM's terms and what is missing.
    """
    found: dict[str, list[Value]] = {}
    for part in (_identity, _design, _arms, _people, _aims):
        for code, value in part(study, tell):
            if value not in found.setdefault(code, []):
                found[code].append(value)
    given: dict[str, list[Value]] = {}
    for one in study.parameters:
        value = Value(
            one.value, one.null_flavor, one.value_code, one.dictionary, one.dictionary_version
        )
        given.setdefault(one.code, []).append(value)
    found |= given
    coded = {code: [_coded(study, code, v, tell) for v in found[code]] for code in sorted(found)}
    _require(study, coded, tell)
    return coded


def parameter_name(code: str, version: str) -> str:
    """TSPARM of a TSPARMCD (C67152 with the same NCI code); the code itself when it has none."""
    codes, names = (terminology(version).codelist(key) for key in ("C66738", "C67152"))
    term = codes.by_value.get(code) if codes is not None else None
    if term is None or names is None:
        return code
    return next((name.value for name in names.terms if name.code == term.code), code)


def _identity(study: Study, tell: Tell) -> Found:
    yield "TITLE", Value(study.name)
    yield "SPONSOR", Value(study.sponsor.name)
    for one in study.registrations:
        yield "REGID", Value(one.id, code=one.id, dictionary=one.registry)
    if study.start is not None:
        yield "SSTDTC", Value(study.start.date)
    if study.completion is not None:
        yield "SENDTC", Value(study.completion.date)
    yield "SDTIGVER", Value(study.sdtm.ig)
    if study.sdtm.ig in terms.SDTM_OF_IG:
        yield "SDTMVER", Value(terms.SDTM_OF_IG[study.sdtm.ig])
    for site in study.sites:
        if re.fullmatch("[A-Z]{3}", site.country):
            yield "FCNTRY", Value(site.country, code=site.country, dictionary="ISO 3166")
        else:
            tell(BAD_COUNTRY.problem(field="sites", value=site.country, site=site.id))


def _design(study: Study, tell: Tell) -> Found:
    design = study.design
    interventional = design.type == "INTERVENTIONAL"
    for code, field, word, known in (
        ("STYPE", "type", design.type, terms.STUDY_TYPE),
        ("TINDTP", "purpose", design.purpose, terms.PURPOSE),
        ("RANDOM", "allocation", design.allocation, terms.ALLOCATION),
        ("INTMODEL", "model", design.model, terms.MODEL),
        ("TBLIND", "masking", design.masking, terms.MASKING),
    ):
        if code == "INTMODEL" and not interventional:
            continue
        yield from _term(code, f"design.{field}", word, known, tell)
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


def _arms(study: Study, tell: Tell) -> Found:
    if study.arms:
        yield "NARMS", Value(str(len(study.arms)))
    types = [arm.type for arm in study.arms]
    for type_ in dict.fromkeys(types):
        if type_ in terms.CONTROL:
            yield "TCNTRL", Value(terms.CONTROL[type_])
    if types == ["EXPERIMENTAL"]:
        yield "TCNTRL", Value("NONE")
    tested = _given_in(study, {"EXPERIMENTAL"})
    compared = _given_in(study, set(terms.CONTROL)) - tested
    for one in study.interventions:
        if one.name in tested:
            yield "TRT", Value(one.name)
        elif one.name in compared:
            yield "COMPTRT", Value(one.name)
        yield from _term(
            "INTTYPE", f"interventions.{one.name}.type", one.type, terms.INTERVENTION_TYPE, tell
        )


def _given_in(study: Study, types: set[str]) -> set[str]:
    """The interventions of the arms of some types."""
    return {name for arm in study.arms if arm.type in types for name in arm.interventions}


def _people(study: Study, tell: Tell) -> Found:
    for code, number in (
        ("PLANSUB", study.enrolment.planned),
        ("ACTSUB", study.enrolment.actual),
    ):
        if number is not None:
            yield code, Value(str(number))
    limits = study.eligibility
    yield from _age("AGEMIN", "eligibility.minimum_age", limits.minimum_age, tell)
    yield from _age("AGEMAX", "eligibility.maximum_age", limits.maximum_age, tell)
    if limits.maximum_age is None and limits.minimum_age is not None:
        # A registry record without a maximum has no upper limit.
        yield "AGEMAX", Value(null_flavor="PINF")
    yield from _term("SEXPOP", "eligibility.sex", limits.sex, terms.SEX, tell)
    if limits.healthy_volunteers is not None:
        yield "HLTSUBJI", Value("Y" if limits.healthy_volunteers else "N")


def _aims(study: Study, _: Tell) -> Found:
    for condition in study.conditions:
        yield "INDIC", Value(condition)
        if study.eligibility.healthy_volunteers is not True:
            yield "TDIGRP", Value(condition)
    for outcome in study.outcomes:
        if outcome.type is not None:
            yield terms.OUTCOME[outcome.type], Value(outcome.measure)


def _term(code: str, field: str, word: str | None, known: Mapping[str, str], tell: Tell) -> Found:
    """The term of a word, if the study says one; a problem where there is no term."""
    if word is None:
        return
    if word in known:
        yield code, Value(known[word])
    else:
        tell(NO_TERM.problem(field=field, value=word, parameter=code))


def _age(code: str, field: str, text: str | None, tell: Tell) -> Found:
    """An age limit as a duration; without a limit the least age there is, or infinity."""
    if text is None:
        return
    match = _AGE.fullmatch(text.strip())
    if match is not None:
        yield code, Value(_AGE_UNITS[match[2].lower()].format(int(match[1])))
    elif text.strip().lower() in _NO_LIMIT:
        yield code, Value("P0Y") if code == "AGEMIN" else Value(null_flavor="PINF")
    else:
        tell(BAD_AGE.problem(field=field, value=text))


def _coded(study: Study, code: str, value: Value, tell: Tell) -> Value:
    """The value with the code and the dictionary that it is from, where the study gives none."""
    if value.null_flavor is not None:
        return value if value.dictionary else Value(None, value.null_flavor, dictionary="ISO 21090")
    if value.dictionary is not None or value.text is None:
        return value
    if code in terms.ISO_8601:
        return Value(value.text, dictionary="ISO 8601")
    codelist = terminology(study.sdtm.ct).codelist(PARAMETER_CODELISTS.get(code, ""))
    if codelist is None:
        return value
    term = codelist.by_value.get(value.text)
    if term is not None:
        return Value(value.text, None, term.code, "CDISC CT", study.sdtm.ct)
    if not codelist.extensible:
        tell(
            NOT_A_TERM.problem(
                domain="TS",
                variable="TSVAL",
                value=value.text,
                parameter=code,
                codelist=f"{codelist.name} ({codelist.code})",
                known=", ".join(one.value for one in codelist.terms),
            )
        )
    return value


def _require(study: Study, found: Mapping[str, list[Value]], tell: Tell) -> None:
    """Tell which required parameters are missing."""
    required = list(terms.REQUIRED)
    if study.design.type == "INTERVENTIONAL":
        required += terms.REQUIRED_OF_INTERVENTIONAL
    for code, when, text in (("TDIGRP", "HLTSUBJI", "N"), ("CURTRT", "ADDON", "Y")):
        if any(value.text == text for value in found.get(when, ())):
            required.append(code)
    for code in required:
        if not found.get(code):
            name = parameter_name(code, study.sdtm.ct)
            tell(REQUIRED_MISSING.problem(domain="TS", variable="TSPARMCD", value=code, name=name))
