"""Which facts registries, the FDA, FHIR and a conversion need, and which of them a Study lacks.

`needs.csv` has a line for each fact: who requires it and what it is called there, when (`WHEN`),
what it is, its form and an example as study.yaml has it. PRS: Protocol Registration Data Element
Definitions of ClinicalTrials.gov, those marked as required. FDA TS: FDA validator rules 1.3. WHO:
Trial Registration Data Set 1.3.1. FHIR: elements of ResearchStudy with a minimum of one, and what
its data types ask for. trialect: what the conversion of a trial's records asks of study.yaml.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from trialect.problems import Problem
from trialect.trial import Study

BODIES = ("PRS", "FDA TS", "WHO", "FHIR", "trialect")
"""Who requires facts, in the order in which they are named."""

FDA = "FDA TS"

_RECRUITING = ("NOT_YET_RECRUITING", "RECRUITING", "ENROLLING_BY_INVITATION")
_STOPPED = ("SUSPENDED", "TERMINATED", "WITHDRAWN")


def _is_study(study: Study) -> bool:
    return study.design.type != "EXPANDED_ACCESS"


def _is_interventional(study: Study) -> bool:
    return study.design.type == "INTERVENTIONAL"


def _added_on(study: Study) -> bool:
    return any(one.code == "ADDON" and one.value == "Y" for one in study.parameters)


WHEN: Mapping[str, tuple[str, Callable[[Study], bool]]] = {
    "always": ("", lambda _: True),
    "data": ("for the subjects' records", lambda _: True),
    "study": ("", _is_study),
    "interventional": ("of an interventional study", _is_interventional),
    "observational": (
        "of an observational study",
        lambda study: study.design.type == "OBSERVATIONAL",
    ),
    "treated": (
        "of arms that get an intervention",
        lambda study: _is_interventional(study) and bool(study.interventions),
    ),
    "device": (
        "where a device that the FDA regulates is studied",
        lambda study: study.oversight.fda_regulated_device is True,
    ),
    "unapproved device": (
        "where a device is not approved",
        lambda study: study.oversight.unapproved_device is True,
    ),
    "masked": (
        "where somebody is masked",
        lambda study: _is_interventional(study) and study.design.masking not in (None, "NONE"),
    ),
    "investigator": (
        "where an investigator answers for the record",
        lambda study: (
            study.responsible is not None
            and study.responsible.type in ("PRINCIPAL_INVESTIGATOR", "SPONSOR_INVESTIGATOR")
        ),
    ),
    "recruiting": (
        "while the trial recruits or is about to",
        lambda study: study.status in _RECRUITING and bool(study.locations or study.sites),
    ),
    "stopped": ("of a trial that was stopped", lambda study: study.status in _STOPPED),
    "no healthy volunteers": (
        "where no healthy volunteers take part",
        lambda study: study.eligibility.healthy_volunteers is False,
    ),
    "added on": ("where the treatment is added to another", _added_on),
}
"""The conditions of needs.csv: in words, and of a Study."""


@dataclass(frozen=True, slots=True)
class Need:
    """A fact that somebody requires.

    `facts` are dotted paths of Study, of which one is enough; `by` is what it is called by each
    body that requires it.
    """

    facts: tuple[str, ...]
    when: str
    by: Mapping[str, str]
    what: str
    form: str
    example: str

    @property
    def fact(self) -> str:
        """Where it is best written."""
        return self.facts[0]


@cache
def needs() -> tuple[Need, ...]:
    """Every line of needs.csv."""
    with files(__package__).joinpath("needs.csv").open(encoding="utf-8") as lines:
        return tuple(
            Need(
                tuple(line["fact"].split(" | ")),
                line["when"],
                {body: line[body] for body in BODIES if line[body]},
                line["what"],
                line["form"],
                line["example"],
            )
            for line in csv.DictReader(lines)
        )


def needed(study: Study) -> Iterator[tuple[Need, str]]:
    """What applies to a Study and is not given: the need and the path that lacks it.

    A fact of each item of a list comes once for each item without it; it is not asked of a list
    that is not there, which is a need of its own. What the FDA needs is what TS lacks of it: a
    fact that has no term there is asked for as a parameter.
    """
    lacking_of_ts = _lacking_of_ts(study)
    for line in needs():
        code = line.by.get(FDA)
        has_term = code is None or code in lacking_of_ts
        need = line if has_term else _without_fda(line)
        if not need.by or not WHEN[need.when][1](study):
            continue
        lacking = [list(_lacking(study, path)) for path in need.facts]
        if all(lacking):
            for path in lacking[0]:
                yield need, path
            if code in lacking_of_ts:
                lacking_of_ts.remove(code)
    for line in needs():
        code = line.by.get(FDA)
        if code is not None and code in lacking_of_ts:
            lacking_of_ts.remove(code)
            yield _as_parameter(line, code), f"parameters.{code}"


def _lacking_of_ts(study: Study) -> list[str]:
    """The parameters that the FDA requires and TS would not have."""
    from trialect.mappings.sdtm.trial_summary import REQUIRED_MISSING, summary_values

    found: list[Problem] = []
    summary_values(study, found.append)
    return [one.value for one in found if one.rule == REQUIRED_MISSING.id and one.value]


def _without_fda(need: Need) -> Need:
    return replace(need, by={body: name for body, name in need.by.items() if body != FDA})


def _as_parameter(need: Need, code: str) -> Need:
    """What is stated in words that SDTM CT has no term for, or that say it of nothing."""
    return Need(
        (f"parameters.{code}",),
        need.when,
        {FDA: code},
        f"{need.what}: TS has no term for what is said of it",
        f"a term of CDISC's for {code}, or a null_flavor of ISO 21090",
        f"parameters: [{{code: {code}, null_flavor: NA}}]",
    )


def _lacking(study: Study, path: str) -> Iterator[str]:
    """The paths, items by their place, where nothing is said; none where all is."""
    first, _, rest = path.partition(".")
    value = getattr(study, first)
    if first == "parameters":
        if not any(one.code == rest for one in value):
            yield path
    elif first in ("outcomes", "objectives") and rest.isupper():
        if not any(one.type == rest for one in value):
            yield first
    elif first == "criteria" and rest.isupper():
        if not any(one.category == rest for one in value):
            yield first
    elif rest.startswith("*.") and first == "locations" and not value:
        # Sites of the data, which say less than a registry asks of a location.
        yield first
    elif rest.startswith("*."):
        for place, item in enumerate(value):
            if not _is_given(study, path, getattr(item, rest[2:])):
                yield f"{first}.{place}.{rest[2:]}"
    elif not _is_given(study, path, _value(study, path)):
        yield path


def _value(study: Study, path: str) -> Any:
    value: Any = study
    for step in path.split("."):
        value = None if value is None else getattr(value, step)
    return value


def _is_given(study: Study, path: str, value: Any) -> bool:
    if path == "fhir.base":
        return bool(value) and not value.endswith(".invalid")
    if path in ("eligibility.minimum_age", "eligibility.maximum_age"):
        return study.eligibility.says_ages
    if path == "design.masked":
        return len(set(value)) >= _ROLES.get(study.design.masking or "", 1)
    if path.endswith(".type") and path.partition(".")[0] in _DATES:
        # Asked of a date that is there.
        return value is not None or getattr(study, path.partition(".")[0]) is None
    return value is not None and value not in ("", ())


_ROLES = {"SINGLE": 1, "DOUBLE": 2, "TRIPLE": 3, "QUADRUPLE": 4}
"""How many roles are masked."""

_DATES = ("start", "primary_completion", "completion")
