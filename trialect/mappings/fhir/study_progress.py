"""What R5 has elements for in ResearchStudy and R4 has extensions for: titles and states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trialect.mappings.fhir.periods import of_study
from trialect.mappings.fhir.protocol import Protocol
from trialect.mappings.fhir.terms import coding, concept, values
from trialect.trial import Study

HL7 = "http://hl7.org/fhir/"


PRIMARY_COMPLETION = "Primary completion"
"""The state whose period ends when the last subject was examined for the primary outcome."""

_KINDS = {
    "official": "Official title",
    "short-title": "Short title",
    "acronym": "Acronym",
}


def labels(study: Study) -> Iterator[dict[str, Any]]:
    """The study's other titles; `title` is the brief one, as in HL7's mapping of the registry.

    The official title alone is `title` and has no label; the brief one alone says what it is.
    """
    titles = [("acronym", study.acronym)]
    if study.brief_title and study.title:
        titles.insert(0, ("official", study.title))
    elif study.brief_title:
        titles.insert(0, ("short-title", study.brief_title))
    for code, text in titles:
        if text:
            kind = coding(f"{HL7}title-type", code, _KINDS[code])
            yield {"type": concept(None, [kind]), "value": text}


def title(study: Study) -> str:
    """What the study is called in `title`."""
    return study.brief_title or study.name


def states(protocol: Protocol, *, cut: bool) -> Iterator[dict[str, Any]]:
    """The trial's state, then when it starts and ends, each planned or reached, then when the last
    subject was examined for the primary outcome; `cut` to what R4 can compare.
    """
    study = protocol.study
    if study.status:
        known = values("progress_status").get(study.status)
        state = concept(None if known else study.status, [known] if known else [])
        yield {"state": state, "actual": True}
    whole = coding(f"{HL7}research-study-status", "overall-study", "Overall study")
    ends: dict[str | None, dict[str, str]] = {}
    for name, one in (("start", study.start), ("end", study.completion)):
        if one:
            ends.setdefault(one.type, {})[name] = one.date
    for kind, found in ends.items():
        yield _dated(protocol, concept(None, [whole]), kind, found, cut=cut)
    if study.primary_completion:
        last = study.primary_completion
        yield _dated(protocol, concept(PRIMARY_COMPLETION), last.type, {"end": last.date}, cut=cut)


def _dated(
    protocol: Protocol, state: Any, kind: str | None, ends: dict[str, str], *, cut: bool
) -> dict[str, Any]:
    period = of_study(protocol.identity, ends.get("start"), ends.get("end"), cut=cut)
    actual = {} if kind is None else {"actual": kind == "ACTUAL"}
    return {"state": state, **actual, "period": period}


def numbers(study: Study) -> dict[str, int]:
    """How many subjects are planned, and how many took part."""
    told = {"targetNumber": study.enrolment.planned, "actualNumber": study.enrolment.actual}
    return {name: one for name, one in told.items() if one is not None}
