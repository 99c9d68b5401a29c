"""What R5 has elements for in ResearchStudy and R4 has extensions for: titles and states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir.periods import of_study
from trialect.mappings.fhir.protocol import Protocol
from trialect.mappings.fhir.terms import coding, concept, values
from trialect.protocol import StudyDate
from trialect.trial import Study

HL7 = "http://hl7.org/fhir/"


def labels(study: Study) -> Iterator[dict[str, Any]]:
    """The study's other titles."""
    kinds = [
        ("short-title", "Short title", study.brief_title),
        ("acronym", "Acronym", study.acronym),
    ]
    for code, display, text in kinds:
        if text:
            kind = coding(f"{HL7}title-type", code, display)
            yield {"type": concept(None, [kind]), "value": text}


def states(protocol: Protocol, *, cut: bool) -> Iterator[dict[str, Any]]:
    """The trial's state, then when it starts and ends, each planned or reached; `cut` to what
    R4 can compare.
    """
    study = protocol.study
    if study.status:
        known = values("progress_status").get(study.status)
        state = concept(None if known else study.status, [known] if known else [])
        yield {"state": state, "actual": True}
    whole = coding(f"{HL7}research-study-status", "overall-study", "Overall study")
    ends: dict[bool, dict[str, str]] = {}
    for name, one in (("start", study.start), ("end", study.completion)):
        if one:
            ends.setdefault(_is_actual(one), {})[name] = one.date
    for actual, found in ends.items():
        period = of_study(protocol.identity, found.get("start"), found.get("end"), cut=cut)
        yield {"state": concept(None, [whole]), "actual": actual, "period": period}


def numbers(study: Study) -> dict[str, int]:
    """How many subjects are planned, and how many took part."""
    told = {"targetNumber": study.enrolment.planned, "actualNumber": study.enrolment.actual}
    return {name: one for name, one in told.items() if one is not None}


def _is_actual(day: StudyDate) -> bool:
    return day.type == "ACTUAL"
