"""The parts of a registry page as statements, and what of it states nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from trialect.mappings.registry import page_sentences, page_values
from trialect.mappings.registry.page_lines import (
    CLOSED,
    GROUPS_LINE,
    Cut,
    Label,
    Loose,
    Part,
    arm_inline,
    arm_kind,
)
from trialect.mappings.registry.page_statements import Rank, Statement
from trialect.protocol import Contact

CONTACT = "CONTACT"
"""The role of whoever stands under a label of contacts (ClinicalTrials.gov API v2: ContactRole)."""

_EMAIL = re.compile(r"[^\s@;,]+@[^\s@;,]+\.[^\s@;,]+")
_PHONE = re.compile(r"\+?[\d(][\d ()./-]{5,}\d")
_DESCRIPTION = re.compile(r"description(?::\s*(.*))?", re.I)
_TREATMENT = re.compile(r"treatments?(?::\s*(.*))?", re.I)
_DATED = {"start", "primary_completion", "completion"}


@dataclass(frozen=True, slots=True)
class Unused:
    """A line or sentence that states no fact by itself; `of` is the text that it stays in."""

    line: int
    text: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class ArmSaid:
    """An arm with a part of its own on the page."""

    name: str
    type: str | None
    description: str | None
    treatments: tuple[tuple[str | None, str], ...]
    line: int


@dataclass(slots=True)
class PageFacts:
    """What a page says: statements, labels without a value, and what is left over.

    `not_understood` are lines behind a label that are not of its form.
    """

    statements: list[Statement] = field(default_factory=list)
    arms: list[ArmSaid] = field(default_factory=list)
    missing: list[Part] = field(default_factory=list)
    not_understood: list[Loose] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)

    def state(self, fact: str, value: object, line: int, said: str, rank: Rank) -> None:
        """Keep a statement."""
        self.statements.append(Statement(fact, value, line, said, rank))


def facts_of(cut: Cut) -> PageFacts:
    """The statements of a page's parts and loose lines."""
    found = PageFacts()
    refused = {one.after for one in cut.loose if one.after is not None}
    for part in cut.parts:
        if not part.filled:
            if part.label.form != "left" and part.label not in refused:
                found.missing.append(part)
        else:
            _part(found, part)
    for loose in cut.loose:
        plain = page_values.plain(loose.text)
        if groups := GROUPS_LINE.fullmatch(plain):
            _groups_line(found, groups, loose.line, loose.text)
            if loose.after is not None:
                found.missing.append(_empty(cut, loose.after))
        elif page_values.is_nct(plain):
            found.state("registrations", plain, loose.line, loose.text, Rank.LINE)
        elif loose.after is not None:
            found.not_understood.append(loose)
        else:
            found.unused.append(Unused(loose.line, loose.text))
    found.missing = list({id(one): one for one in found.missing}.values())
    found.missing.sort(key=lambda one: one.line)
    found.statements.sort(key=lambda one: one.line)
    return found


def _empty(cut: Cut, label: Label) -> Part:
    return next(one for one in cut.parts if one.label == label and not one.filled)


def _groups_line(found: PageFacts, groups: re.Match[str], line: int, said: str) -> None:
    count = int(groups["count"].replace(",", ""))
    found.state("enrolment.count", count, line, said, Rank.LINE)
    found.state("groups", page_values.number(groups["groups"]), line, said, Rank.LINE)


def _part(found: PageFacts, part: Part) -> None:
    label = part.label
    if label.form in CLOSED or label.form == "word":
        for path, value in _closed(part):
            line, text = part.filled[0]
            found.state(path, value, line, f"{label.name}: {text}", Rank.FIELD)
    elif label.form == "left":
        found.unused += [Unused(line, text, label.name) for line, text in part.filled]
    elif label.form == "text":
        _text(found, part)
    elif label.form == "criteria":
        text = "\n".join(text for _, text in part.lines).strip("\n")
        found.state(label.fact, text, part.filled[0][0], label.name, Rank.FIELD)
    elif label.form == "arm":
        found.arms.append(_arm(part))
    elif label.form == "contact":
        _contacts(found, part)
    else:
        for line, text in part.filled:
            for item in _items(label, text):
                value = page_values.treatment(item) if label.form == "treatments" else item
                found.state(label.fact, value, line, f"{label.name}: {text}", Rank.FIELD)


def _items(label: Label, text: str) -> list[str]:
    if label.form == "line":
        return [text]
    return [item for item in map(str.strip, text.split(";")) if item]


def _closed(part: Part) -> Iterator[tuple[str, object]]:
    """Paths and values of a label of a closed form."""
    label, text = part.label, part.filled[0][1]
    if label.form == "word":
        value = page_values.word(label.fact, text)
        yield label.fact, {"yes": True, "no": False}.get(value or "", value)
    elif label.form == "number" and (counted := page_values.enrolment(text)):
        kind = page_values.when_type(part.when) or counted[1]
        name = {"ESTIMATED": "planned", "ACTUAL": "actual"}.get(kind or "", "count")
        yield f"enrolment.{name}", counted[0]
    elif label.form == "ages" and (limits := page_values.ages(text)):
        for name, limit in zip(("minimum_age", "maximum_age"), limits, strict=True):
            if limit is not None:
                yield f"eligibility.{name}", limit
    elif label.form == "date" and (dated := page_values.day(text)):
        yield label.fact, (dated[0], page_values.when_type(part.when) or dated[1])
    elif label.form == "masking" and (masked := page_values.masking(text)):
        yield "design.masking", masked[0]
        if masked[1]:
            yield "design.masked", masked[1]
    elif label.form == "phases" and (phases := page_values.phases(text)):
        yield label.fact, phases


def _text(found: PageFacts, part: Part) -> None:
    label = part.label
    text = "\n".join(text for _, text in part.lines).strip("\n")
    found.state(label.fact, text, part.filled[0][0], label.name, Rank.FIELD)
    for line, paragraph in part.filled:
        if groups := GROUPS_LINE.fullmatch(page_values.plain(paragraph)):
            _groups_line(found, groups, line, paragraph)
            continue
        for sentence in page_sentences.sentences(paragraph):
            stated = page_sentences.stated(sentence)
            for fact, value in stated:
                found.state(fact, value, line, sentence, Rank.SENTENCE)
            if not stated:
                found.unused.append(Unused(line, sentence, label.fact))


def _arm(part: Part) -> ArmSaid:
    """An arm: its name and type, then its description and treatments."""
    (line, first), *rest = part.filled
    described: list[str] = []
    treated: list[str] = []
    if inline := arm_inline(first):
        kind: str | None = inline[0]
        name = inline[1]
    else:
        kind, name = arm_kind(rest[0][1]) if rest else None, first
        rest = rest[1:]
    into = described
    for _, text in rest:
        for pattern, target in ((_DESCRIPTION, described), (_TREATMENT, treated)):
            if begins := pattern.fullmatch(text):
                into, text = target, begins[1] or ""
                break
        if text:
            into.append(text)
    treatments = tuple(map(page_values.treatment, treated))
    return ArmSaid(name, kind, "\n".join(described) or None, treatments, line)


def _contacts(found: PageFacts, part: Part) -> None:
    """Contacts: a name, then what is a telephone number or an address of e-mail."""
    made: list[tuple[int, str, dict[str, str]]] = []
    for line, text in part.filled:
        for piece in filter(None, map(str.strip, text.split(";"))):
            way = "email" if _EMAIL.fullmatch(piece) else "phone" if _PHONE.fullmatch(piece) else ""
            if not way:
                made.append((line, piece, {}))
            elif made and way not in made[-1][2]:
                made[-1][2][way] = piece
            else:
                found.unused.append(Unused(line, piece, part.label.name))
    for line, name, ways in made:
        contact = Contact(name, CONTACT, ways.get("phone"), ways.get("email"))
        found.state("contacts", contact, line, f"{part.label.name}: {name}", Rank.FIELD)
