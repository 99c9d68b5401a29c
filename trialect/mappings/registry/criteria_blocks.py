r"""The blocks of an eligibility text: headings, items of lists, paragraphs.

The Markdown of ClinicalTrials.gov's API, and text as people type it: other bullets, wrapped
lines, a list in one line. `\>` is the sign behind the backslash.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

from trialect.mappings.registry.criteria_headings import Heading, heading, inline_headings
from trialect.mappings.registry.criteria_words import (
    is_about_the_list,
    names_a_group,
    plain,
    without_colon,
)

_MARKER = re.compile(
    r"\\?([*+\-•‣·○●◦▪■□➢✓–—])(?:\s+|(?=[^\W\d_])|$)"
    r"|(\d{1,3}(?:\.\d{1,2}){0,3})\s?\\?[.):](?:\s+|(?=[^\W\d_])|$)"
    r"|\((\d{1,3})\)\s*"
    r"|\(?([a-z]|[ivx]{2,5})\\?[.)]\s+"
    r"|(o)\s+(?=[A-Z])"
)
_COMMENT = re.compile(r"<!--.*?-->")
_INLINE_NUMBER = re.compile(r"(?:^|(?<=\s))(\d{1,3})[.)]\s+")

_WRAPPED = 60
"""Characters from which on a line may have been cut by a line break."""


@dataclass(slots=True)
class Block:
    """A paragraph, or an item of a list with its marker."""

    lines: list[str]
    indent: int
    marker: str = ""
    style: str = ""
    """`bullet`, `number` or `letter`; empty for a paragraph."""
    number: int | None = None

    @property
    def text(self) -> str:
        """Its lines as one."""
        return self.lines[0] if len(self.lines) == 1 else " ".join(self.lines)

    @property
    def whole(self) -> str:
        """The text with its marker, in one line."""
        return plain(f"{self.marker} {self.text}" if self.marker else self.text)


@dataclass(slots=True)
class Section:
    """What stands under a heading."""

    heading: Heading
    blocks: list[Block] = field(default_factory=list)


def sections_of(text: str) -> list[Section]:
    """The text by its headings; what stands before the first has one without a category."""
    sections = [Section(Heading())]
    blocks = sections[0].blocks
    blank = True
    label: str | None = None
    lines = _COMMENT.sub("", text).splitlines() if "<!--" in text else text.splitlines()
    waiting = [(line, True) for line in reversed(lines)]
    while waiting:
        raw, may_be_heading = waiting.pop()
        line = raw.strip()
        if not line:
            blank = True
            continue
        match = _MARKER.match(line)
        body = line[match.end() :] if match else line
        if may_be_heading and ("riteri" in line or "clu" in line.lower() or "CRITERI" in line):
            pieces = _by_headings(body)
            if len(pieces) > 1:
                pieces[0] = raw[: raw.index(line) + len(line) - len(body)] + pieces[0]
                waiting += [(piece, True) for piece in reversed(pieces)]
                continue
            found = heading(body, marked=match is not None)
            if found is not None:
                label = _label(sections[-1]) or label
                sections.append(Section(_below(label, found)))
                blocks = sections[-1].blocks
                if found.rest:
                    waiting.append((found.rest, False))
                blank = True
                continue
        indent = len(raw) - len(raw.lstrip())
        if "\t" in raw:
            indent = len(raw.expandtabs(4)) - len(raw.expandtabs(4).lstrip())
        if match:
            blocks.append(_item(match, body, indent))
        elif blocks and _goes_on(blocks[-1], line, indent, blank):
            blocks[-1].lines.append(line)
        else:
            blocks.append(Block([line], indent))
        blank = False
    return sections


def _by_headings(line: str) -> list[str]:
    """A line cut before the headings within it; words before the first may belong to it."""
    cuts = inline_headings(line)
    first = [*cuts, len(line)][:2]
    if (
        cuts
        and heading(line[: first[0]], marked=False) is None
        and heading(line[: first[1]], marked=False) is not None
    ):
        # Words before the first heading that make one with it: `Donor Inclusion Criteria:`.
        del cuts[0]
    return [line[start:end] for start, end in itertools.pairwise([0, *cuts, len(line)])]


def _label(section: Section) -> str | None:
    """The line before a heading that says whom it is about (`Cohort 2`), taken from its section."""
    if not section.blocks or not (section.heading.category is None or len(section.blocks) > 1):
        return None
    last, before = section.blocks[-1], section.blocks[-2:-1]
    text = plain(last.text)
    listed = all(block.style for block in before)
    if last.style or not listed or not names_a_group(text) or is_about_the_list(text):
        return None
    section.blocks.pop()
    return without_colon(text)


def _below(label: str | None, found: Heading) -> Heading:
    """A heading as one of those that a label stands above."""
    if label is None:
        return Heading(found.category, found.group, neutral=found.neutral)
    group = label if found.group is None else f"{label}: {found.group}"
    return Heading(found.category, group, neutral=found.neutral)


def _item(match: re.Match[str], body: str, indent: int) -> Block:
    bullet, number, in_brackets, letter, _ = match.groups()
    digits = number or in_brackets
    if digits:
        whole = int(digits) if digits.isdigit() else None
        return Block([body], indent, match[0].strip(), "number", whole)
    style = "letter" if letter else "bullet"
    return Block([body], indent, match[0].strip() if letter else bullet or "o", style)


def _goes_on(block: Block, line: str, indent: int, blank: bool) -> bool:
    """Whether a line without a marker belongs to the block before it."""
    if block.style:
        return indent >= block.indent + 2 or not blank
    if blank:
        return False
    wrapped = len(block.lines[-1]) >= _WRAPPED and block.lines[-1][-1] not in ".;:"
    return wrapped or line[0].islower()


def inline_items(block: Block) -> list[Block]:
    """The items of a list that was written as one line: `1. Adults 2. Consent`."""
    text = f"{block.marker} {block.text}" if block.style == "number" else block.text
    bullets = text.split("•")
    if block.style != "number" and len(bullets) > 2:
        before = [Block([bullets[0].strip()], 0)] if bullets[0].strip() else []
        return before + [Block([one.strip()], 0, "•", "bullet") for one in bullets[1:]]
    cuts: list[re.Match[str]] = []
    for match in _INLINE_NUMBER.finditer(text):
        if int(match[1]) == len(cuts) + 1:
            cuts.append(match)
    if len(cuts) < 2:
        return [block]
    head = text[: cuts[0].start()].strip()
    items = [Block([head], 0)] if head else []
    for number, (cut, end) in enumerate(
        zip(cuts, [*(one.start() for one in cuts[1:]), len(text)], strict=True), start=1
    ):
        body = text[cut.end() : end].strip()
        items.append(Block([body], 0, cut[0].strip(), "number", number))
    return items
