r"""Eligibility text of a registry as single criteria, with nothing of the text lost.

ClinicalTrials.gov holds one text in Markdown: headings in words of the sponsor, lists with `*`,
`-` or numbers, lists within them, paragraphs, and `\` before signs (`\>= 18`). A criterion is an
item of the outermost list of a section, with all that stands below it, or a paragraph of its own.
Markers of the outermost list and the two headings are left out; what stands in a heading within a
section is the criterion's `group`. A text that does not say what includes and what excludes is
not read into criteria: that is a finding.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from trialect.mappings.registry.criteria_blocks import Block, Section, inline_items, sections_of
from trialect.mappings.registry.criteria_headings import Heading
from trialect.mappings.registry.criteria_words import (
    CONNECTORS,
    LONGEST_GROUP,
    LONGEST_PLAIN_GROUP,
    is_about_the_list,
    is_note,
    names_a_group,
    plain,
    says_no_more,
    says_nothing,
    speaks_of_exclusion,
    without_colon,
)
from trialect.problems import Problem, rule
from trialect.protocol import Criterion

SOURCE = "ClinicalTrials.gov API v2, EligibilityModule; SDTMIG 3.4, 7.4.1"
FIELD = "eligibility.criteria"

NO_HEADING = rule(
    "CRITERIA-NO-HEADING",
    "warning",
    "A text of criteria does not say what includes and what excludes",
    "The eligibility text ({value}) has no heading for inclusion or exclusion; no criterion is "
    "read from it.",
    "Give `criteria` in study.yaml.",
    SOURCE,
)
UNPLACED = rule(
    "CRITERIA-UNPLACED",
    "warning",
    "A passage of the criteria stands under no heading of inclusion or exclusion",
    "{value} stands before a heading says whether it includes or excludes; it is no criterion.",
    "Give `criteria` in study.yaml, if it is one.",
    SOURCE,
)
REMARK = rule(
    "CRITERIA-REMARK",
    "note",
    "A passage of the criteria is about the list",
    "{value} says something of the list and is read as no criterion.",
    "Nothing to mend, unless it is one: then give `criteria` in study.yaml.",
    SOURCE,
)
ELIGIBILITY_IS_INCLUSION = rule(
    "CRITERIA-ELIGIBILITY-HEADING",
    "note",
    "Criteria under a heading of eligibility were read as inclusion",
    "{value} is the heading before that of exclusion; the criteria below it are inclusion.",
    "Give `criteria` in study.yaml, if that is wrong.",
    SOURCE,
)
READ_AS_GROUP = rule(
    "CRITERIA-GROUP",
    "note",
    "A line between criteria was read as their heading",
    "{value} was read as the heading of the criteria below it.",
    "Give `criteria` in study.yaml, if it is a criterion.",
    SOURCE,
)
MIXED = rule(
    "CRITERIA-MIXED",
    "warning",
    "A heading speaks of exclusion among criteria of inclusion",
    "{value} stands under a heading of inclusion; what it leads to is inclusion as that says.",
    "Look whether these criteria exclude; if so, give `criteria` in study.yaml.",
    SOURCE,
)

Tell = Callable[[Problem], None]

_HEADINGS_IN_A_ROW = 3
"""How many lines one below the other may be headings of the same list."""


@dataclass(slots=True)
class _Draft:
    """A criterion without its code."""

    category: Literal["INCLUSION", "EXCLUSION"]
    texts: list[str]
    group: str | None
    number: int | None


@dataclass(slots=True)
class Parts:
    """The parts of a text: criteria, passages under no heading, remarks about the list."""

    criteria: list[Criterion] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    """What says no more than a heading does, or that there is no criterion (`None`)."""


def read_criteria(text: str | None, tell: Tell) -> tuple[Criterion, ...]:
    """The criteria of an eligibility text, in its order; `tell` is given what is none."""
    if text is None or not text.strip():
        return ()
    parts = split_criteria(text, tell)
    if parts.unplaced:
        tell(UNPLACED.problem(field=FIELD, value=_start_of(" ".join(parts.unplaced))))
    for passage in parts.remarks:
        tell(REMARK.problem(field=FIELD, value=_start_of(passage)))
    return tuple(parts.criteria)


def split_criteria(text: str, tell: Tell) -> Parts:
    """Every part of an eligibility text."""
    sections = sections_of(text)
    if not any(section.heading.category for section in sections):
        tell(NO_HEADING.problem(field=FIELD, value=_start_of(text)))
        return Parts()
    _settle_eligibility(sections, tell)
    parts = Parts()
    drafts: list[_Draft] = []
    for section in sections:
        if section.heading.category is None:
            parts.unplaced += [block.whole for block in section.blocks]
        else:
            drafts += _criteria_of(section, section.heading.category, parts, tell)
    parts.criteria += _coded(drafts)
    return parts


def _settle_eligibility(sections: list[Section], tell: Tell) -> None:
    """A heading of eligibility before one of exclusion, and none of inclusion: that is it."""
    categories = {section.heading.category for section in sections}
    if "INCLUSION" in categories:
        return
    for section, following in itertools.pairwise(sections):
        name = section.heading
        if name.neutral and section.blocks and following.heading.category == "EXCLUSION":
            section.heading = Heading("INCLUSION", name.group, name.rest, name.neutral)
            tell(ELIGIBILITY_IS_INCLUSION.problem(field=FIELD, value=name.neutral))
            return


def _criteria_of(
    section: Section, category: Literal["INCLUSION", "EXCLUSION"], parts: Parts, tell: Tell
) -> Iterator[_Draft]:
    """The criteria of a section, in their order."""
    blocks = section.blocks
    if len(blocks) == 1:
        blocks = inline_items(blocks[0])
    texts = [block for block in blocks if block.text]
    if texts and all(says_nothing(plain(block.text)) for block in texts):
        parts.silent += [block.whole for block in texts]
        return
    indents = [block.indent for block in blocks if block.style]
    base = min(indents) if indents else 0
    outer = next((block.style for block in blocks if block.style and block.indent < base + 2), "")
    group = section.heading.group
    open_: _Draft | None = None
    within = _Within(base, outer)
    group_used = joined = False
    for place, block in enumerate(blocks):
        if open_ is not None and within.holds(block, open_):
            open_.texts.append(block.whole)
            continue
        text = plain(block.text)
        if not text:
            continue
        if open_ is not None and (joined or text.casefold() in CONNECTORS):
            open_.texts.append(text)
            joined = not joined
            continue
        joined = False
        if not block.style:
            if open_ is not None and is_note(text):
                open_.texts.append(text)
                continue
            if is_about_the_list(text):
                parts.remarks.append(text)
                continue
            if says_no_more(text):
                parts.silent.append(text)
                continue
            if _leads(blocks, place, bool(indents)):
                if open_ is not None:
                    yield open_
                    open_ = None
                group, lost = _group(text, section.heading.group if group_used else group)
                parts.remarks += lost
                group_used = False
                if text[-1] not in ":：":
                    tell(READ_AS_GROUP.problem(field=FIELD, value=text))
                elif category == "INCLUSION" and speaks_of_exclusion(text):
                    tell(MIXED.problem(field=FIELD, value=text))
                continue
            if group_used and section.heading.group != group:
                group = section.heading.group
        if open_ is not None:
            yield open_
        group_used = True
        open_ = _Draft(category, [text], group, block.number)
        within.start(block)
    if open_ is not None:
        yield open_


@dataclass(slots=True)
class _Within:
    """Which items belong to the criterion before them, and not to the outermost list."""

    base: int
    """The indent of the section's outermost list."""
    outer: str
    """The style of its markers."""
    style: str = ""
    number: int | None = None
    last: int | None = None
    """The last number of the list within."""
    inner: str = ""
    """The style of a list at the same indent that the criterion leads to."""

    def start(self, block: Block) -> None:
        """Begin with a criterion."""
        self.style, self.number, self.last, self.inner = block.style, block.number, None, ""

    def holds(self, block: Block, open_: _Draft) -> bool:
        """Whether an item is below the open criterion."""
        if not block.style:
            return False
        if block.indent >= self.base + 2:
            following = None if self.number is None else self.number + 1
            if block.number is not None and block.number == following and self.last is None:
                return False
            self.last = block.number or self.last
            return True
        if block.style == "letter" and self.outer != "letter":
            return True
        if block.style == self.inner:
            return True
        if self.style and block.style != self.style and open_.texts[-1].endswith((":", "：")):
            self.inner = block.style
            return True
        return False


def _group(text: str, before: str | None) -> tuple[str, list[str]]:
    """The heading that a line makes below another one, and what has no room in it."""
    name = without_colon(text)
    if before is None:
        return name, []
    both = f"{before}: {name}"
    return (both, []) if len(both) <= LONGEST_GROUP else (name, [before])


def _leads(blocks: list[Block], place: int, has_items: bool) -> bool:
    """Whether a paragraph is the heading of what follows it."""
    text = plain(blocks[place].text)
    if len(text) > LONGEST_GROUP or place + 1 == len(blocks):
        return False
    if text[-1] not in ":：":
        return bool(blocks[place + 1].style) and names_a_group(text)
    for at in range(place + 1, min(place + 1 + _HEADINGS_IN_A_ROW, len(blocks))):
        following = plain(blocks[at].text)
        if blocks[at].style:
            return True
        if following[-1] not in ":：" and not names_a_group(following):
            break
    return not has_items and len(text) <= LONGEST_PLAIN_GROUP


def _coded(drafts: list[_Draft]) -> Iterator[Criterion]:
    """The criteria with their codes, by the numbers of the text where it has them throughout."""
    codes = {
        category: _numbers([one for one in drafts if one.category == category])
        for category in ("INCLUSION", "EXCLUSION")
    }
    for one in drafts:
        code = f"{one.category[:4]}{next(codes[one.category]):02d}"
        yield Criterion(code, one.category, " ".join(one.texts), group=one.group)


def _numbers(drafts: list[_Draft]) -> Iterator[int]:
    own = [one.number for one in drafts if one.number is not None]
    if len(own) == len(drafts) and all(a < b for a, b in itertools.pairwise(own)):
        return iter(own)
    return iter(range(1, len(drafts) + 1))


def _start_of(text: str) -> str:
    text = plain(text)
    return repr(text if len(text) <= 80 else f"{text[:80].rstrip()} ...")
