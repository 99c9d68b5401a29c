"""TS: the protocol as trial summary parameters, from the facts that the study gives."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from trialect.mappings.sdtm import trial_summary_terms as terms
from trialect.mappings.sdtm.trial_summary_facts import (
    EXPANDED_ACCESS,
    INTERVENTIONAL,
    OBSERVATIONAL,
    Tell,
    Value,
    facts,
)
from trialect.problems import Problem, rule
from trialect.schemas.ct import Codelist, terminology
from trialect.schemas.sdtm.trial_summary import PARAMETER_CODELISTS
from trialect.trial import Study

__all__ = ["Tell", "Value", "parameter_name", "summary_values"]

REQUIRED_MISSING = rule(
    "TS-REQUIRED-PARAMETER",
    "warning",
    "A required trial summary parameter is missing",
    "TS has no {value} ({name}), which the FDA requires.",
    "Give the fact in study.yaml, or {value} under `parameters` with a value or a null_flavor.",
    "FDA validator rules 1.3; SDTMIG 3.4, 7.4.2",
)
NOT_A_TERM = rule(
    "TS-NOT-A-TERM",
    "error",
    "A trial summary parameter's value is no term of its codelist",
    "{parameter} is {value!r}, which is no term of {codelist}; that codelist is not extensible.",
    "Use one of: {known}.",
    "SDTMIG 3.4, 7.4.2",
)


def summary_values(study: Study, tell: Tell) -> dict[str, list[Value]]:
    """The values of each parameter (TSPARMCD), sorted by parameter.

    What `parameters` of the study says takes the place of what other facts give for the same
    parameter. `tell` is given what cannot be said in SDTM's terms and what is missing.
    """
    found: dict[str, list[Value]] = {}
    seen: set[tuple[str | None, ...]] = set()
    for code, value in facts(study, tell):
        key = (code, value.text, value.null_flavor, value.code, value.dictionary)
        if key not in seen:
            seen.add(key)
            found.setdefault(code, []).append(value)
    if study.design.type in (OBSERVATIONAL, EXPANDED_ACCESS):
        for code in terms.NOT_APPLICABLE:
            found.setdefault(code, [Value(null_flavor="NA")])
    given: dict[str, list[Value]] = {}
    for one in study.parameters:
        value = Value(
            one.value, one.null_flavor, one.value_code, one.dictionary, one.dictionary_version
        )
        given.setdefault(one.code, []).append(value)
    found |= given
    lists = _codelists(study.sdtm.ct)
    ct = study.sdtm.ct
    coded = {
        code: [_coded(code, value, lists.get(code), ct, tell) for value in found[code]]
        for code in sorted(found)
    }
    _require(study, coded, tell)
    return coded


@cache
def parameter_name(code: str, version: str) -> str:
    """TSPARM of a TSPARMCD (C67152 with the same NCI code); the code itself when it has none."""
    codes, names = (terminology(version).codelist(key) for key in ("C66738", "C67152"))
    term = codes.by_value.get(code) if codes is not None else None
    if term is None or names is None:
        return code
    return next((name.value for name in names.terms if name.code == term.code), code)


@cache
def _codelists(version: str) -> Mapping[str, Codelist]:
    """The codelist of each parameter that has one."""
    found = (
        (code, terminology(version).codelist(key)) for code, key in PARAMETER_CODELISTS.items()
    )
    return {code: codelist for code, codelist in found if codelist is not None}


def _coded(code: str, value: Value, codelist: Codelist | None, ct: str, tell: Tell) -> Value:
    """The value with the code and the dictionary that it is from, where the study gives none."""
    if value.null_flavor is not None:
        return value if value.dictionary else Value(None, value.null_flavor, dictionary="ISO 21090")
    if value.dictionary is not None or value.text is None:
        return value
    if code in terms.ISO_8601:
        return Value(value.text, dictionary="ISO 8601")
    if codelist is None:
        return value
    term = codelist.by_value.get(value.text)
    if term is not None:
        return Value(value.text, None, term.code, "CDISC CT", ct)
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
    """Tell which required parameters are missing; what does not apply is not asked for."""
    required = list(terms.REQUIRED)
    if study.design.type == INTERVENTIONAL:
        required += terms.REQUIRED_OF_INTERVENTIONAL
    elif study.design.type == EXPANDED_ACCESS:
        required = [code for code in required if code not in terms.NOT_OF_EXPANDED_ACCESS]
    for code, when, text in (("TDIGRP", "HLTSUBJI", "N"), ("CURTRT", "ADDON", "Y")):
        if any(value.text == text for value in found.get(when, ())):
            required.append(code)
    for code in required:
        if not found.get(code):
            tell(_missing(code, study.sdtm.ct))


@cache
def _missing(code: str, version: str) -> Problem:
    name = parameter_name(code, version)
    return REQUIRED_MISSING.problem(domain="TS", variable="TSPARMCD", value=code, name=name)
