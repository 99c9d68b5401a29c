"""The text of a registry's page of a trial as a Study.

The text is what is copied or scraped from the page: labels, the values that stand behind them, a
summary and a description. What it states becomes the Study, each fact with its line as source; a
label alone, a line that is not understood, what contradicts itself and what stays text are told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trialect.mappings.registry.page_facts import PageFacts, facts_of
from trialect.mappings.registry.page_lines import Part, cut, looks_like_page
from trialect.mappings.registry.page_study import missing_facts, study_of_facts
from trialect.problems import Problem, Unusable, rule
from trialect.trial import Study

SIZE_LIMIT = 2**20
"""Bytes of a page's text at most; the longest description of a record has 32,000 characters."""

TOO_LARGE = rule(
    "PAGE-SIZE",
    "error",
    "The text is too large for a registry page",
    "the file has {size} bytes; the text of a registry page has {limit} at most.",
    "Check that this is the text of one page.",
)
NOT_UTF8 = rule(
    "PAGE-ENCODING",
    "error",
    "The text of the page is not UTF-8",
    "byte 0x{byte:02X} is not {encoding}.",
    "Save the text as UTF-8.",
)
CONTROL = rule(
    "PAGE-CHARACTER",
    "error",
    "A control character stands in the text of the page",
    "character U+{code:04X} ({name}) is no text.",
    "Take it out, or copy the text from the page again.",
)
HTML = rule(
    "PAGE-HTML",
    "error",
    "The text of the page is HTML",
    "{value} is a tag of HTML.",
    "Copy what a browser shows of the page, or save it there as text.",
)
ENTITY = rule(
    "PAGE-ENTITY",
    "warning",
    "A sign is written as HTML writes it",
    "{value} stands in the text; it is kept as it is.",
    "Copy what a browser shows of the page.",
)
NO_PAGE = rule(
    "PAGE-NO-LABELS",
    "error",
    "The text is no registry page",
    "fewer than four lines are labels of a registry's page (Conditions, Enrollment, Sex, ...).",
    "Give the text as the page shows it, each label at the beginning of a line.",
)
MISSING = rule(
    "PAGE-MISSING",
    "warning",
    "A label of a registry page has no value",
    "{label} stands there as a label alone: the page does not state it.",
    "Ask the sponsor, and give it in study.yaml.",
)
ELSEWHERE = rule(
    "PAGE-ELSEWHERE",
    "note",
    "A label of a registry page has no value, which the page states elsewhere",
    "{label} stands there as a label alone; {source} states it.",
    "Look whether that is what the label would say.",
)
NOT_UNDERSTOOD = rule(
    "PAGE-NOT-UNDERSTOOD",
    "warning",
    "What stands behind a label of a registry page is not understood",
    "{value!r} stands behind {label} and is nothing that can be read as {label}; it is not taken.",
    "Look at it, and give the fact in study.yaml.",
)
NO_FACT = rule(
    "PAGE-NO-FACT",
    "warning",
    "A registry page does not state a fact that every study has",
    "the page does not state {name}.",
    "Give it in study.yaml: trialect init DIR --from PAGE writes one.",
)
NOT_USED = rule(
    "PAGE-NOT-USED",
    "note",
    "A line of a registry page states no fact by itself",
    "“{value}” {kept}.",
    "Nothing to mend; look whether it says what study.yaml should.",
)
PLACEHOLDER = rule(
    "PAGE-IDENTIFIERS",
    "note",
    "A registry page does not say whose identifier one is",
    "{value} is an identifier, and the page does not say whose; it stands in secondary_ids.",
    "Give the sponsor's own as studyid in study.yaml.",
)

_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_TAG = re.compile(
    r"<(?:!doctype html|/?(?:html|head|body|div|span|p|br|table|tr|td|ul|ol|li|h[1-6]|script|"
    r"style|meta|section|strong|em)(?:\s[^<>]{0,300})?/?)>",
    re.I,
)
_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{1,6}|#x[0-9a-f]{1,5});", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ReadPage:
    """The Study of a page and what the page says, line by line."""

    study: Study
    facts: PageFacts


def read_page(path: str | Path, tell: Callable[[Problem], None]) -> ReadPage:
    """The page of a file. Raises `Unusable` when it is no text of a registry page."""
    file = Path(path)
    with file.open("rb") as opened:
        data = opened.read(SIZE_LIMIT + 1)
    if len(data) > SIZE_LIMIT:
        size = f"{file.stat().st_size:,}"
        raise Unusable(TOO_LARGE.problem(file=file.name, size=size, limit=f"{SIZE_LIMIT:,}"))
    return page_of(data, file.name, tell)


def page_of(data: bytes, file: str, tell: Callable[[Problem], None]) -> ReadPage:
    """The page of a text's bytes; `file` is what problems and sources call it.

    Raises `Unusable` when it is no text of a registry page.
    """

    def told(problem: Problem) -> None:
        tell(problem.at(file=file))

    text = page_text(data, file)
    if not looks_like_page(text):
        raise Unusable(NO_PAGE.problem(file=file))
    lines = text.split("\n")
    if entity := _ENTITY.search(text):
        told(ENTITY.problem(row=_line(text, entity.start()), value=entity[0]))
    facts = facts_of(cut(lines))
    study = study_of_facts(facts, file, told)
    for problem in _left_open(study, facts):
        told(problem)
    return ReadPage(study, facts)


def page_text(data: bytes, file: str) -> str:
    """The text of a page's bytes, its lines ended by line feeds. Raises `Unusable`."""
    encoding = next((name for mark, name in _BOMS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start] if error.start < len(data) else 0
        problem = NOT_UTF8.problem(file=file, row=row, byte=byte, encoding=encoding.upper())
        raise Unusable(problem) from None
    text = text.replace("\r\n", "\n")
    for sign in ("\r", "\x85", "\u2028", "\u2029"):
        text = text.replace(sign, "\n")
    if wrong := _CONTROL.search(text):
        name = unicodedata.name(wrong[0], "a control character")
        row = _line(text, wrong.start())
        raise Unusable(CONTROL.problem(file=file, row=row, code=ord(wrong[0]), name=name))
    if tag := _TAG.search(text):
        row = _line(text, tag.start())
        raise Unusable(HTML.problem(file=file, row=row, value=tag[0][:_SHOWN]))
    return text


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _left_open(study: Study, facts: PageFacts) -> list[Problem]:
    """What the page lacks, what of it is not understood, and what stays text."""
    found = [_label_alone(part, facts) for part in facts.missing]
    found += [
        NOT_UNDERSTOOD.problem(
            row=one.line,
            field=_field(one.after.fact),
            value=one.text[:_SHOWN],
            label=one.after.name,
        )
        for one in facts.not_understood
        if one.after is not None
    ]
    found += [
        PLACEHOLDER.problem(field=f"secondary_ids.{place}", value=one.id)
        for place, one in enumerate(study.secondary_ids)
    ]
    for path, name in missing_facts(study, facts):
        found.append(NO_FACT.problem(field=path, name=name))
    for one in facts.unused:
        kept = f"stays in {one.of}" if one.of in ("summary", "description") else "is not taken"
        found.append(NOT_USED.problem(row=one.line, value=one.text, kept=kept))
    return sorted(found, key=lambda one: one.row or 0)


def _label_alone(part: Part, facts: PageFacts) -> Problem:
    """A label without a value: missing, or stated by another line or a sentence."""
    label = part.label
    field = _field(label.fact)
    below = () if field == "eligibility" else (label.fact, f"{label.fact}.count")
    other = next((one for one in facts.statements if one.fact in below), None)
    if other is None:
        return MISSING.problem(row=part.line, field=field, label=label.name)
    return ELSEWHERE.problem(row=part.line, field=field, label=label.name, source=other.source)


def _field(fact: str) -> str:
    return "eligibility.criteria" if fact in ("INCLUSION", "EXCLUSION") else fact
