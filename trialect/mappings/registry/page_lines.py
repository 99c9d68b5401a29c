"""A registry page cut into its parts: labels and the lines that stand behind them.

A value stands behind its label on the same line (after a colon; a value of a closed form also
without one) or on the lines that follow. A page that was scraped may have labels alone, with the
values of others behind them: so a label takes only what has its form, and a line that no label
takes is told.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from trialect.mappings.registry import page_values

CLOSED: dict[str, Callable[[str], object]] = {
    "number": page_values.enrolment,
    "ages": page_values.ages,
    "date": page_values.day,
    "masking": page_values.masking,
    "phases": page_values.phases,
}
"""Forms of which a value can be told from other lines; `word` is one more, by its fact."""

TEXTS = ("text", "criteria")

GROUPS_LINE = re.compile(
    r"(?P<count>\d{1,3}(?:,\d{3})+|\d{1,9}) (?:participants|patients|subjects) in "
    r"(?P<groups>\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) "
    r"(?:patient |treatment |participant |study )?groups?(?:, including a placebo group)?",
    re.I,
)
"""A line that says its meaning without a label: how many take part, in how many groups."""

_ARM_KIND = re.compile(r"([a-z ]{5,20}?) (?:group|arm)", re.I)
_ARM_INLINE = re.compile(r"([A-Za-z ]{5,20}): (\S.*)")
_WHEN = re.compile(r"(.+?) \((estimated|actual|anticipated)\)", re.I)
_LONGEST_VALUE = 80
"""Characters of a line behind a label at most, where it is no paragraph of a text."""
_SENTENCE_END = (".", "!", "?")


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a page: the form of what stands behind it and the fact that it states."""

    name: str
    form: str
    fact: str
    note: str = ""


ARM = Label("Arm", "arm", "arms")


_NOTHING = frozenset(("", "not provided", "not provided."))
"""What the registry's page shows where a record says nothing."""


@dataclass(slots=True)
class Part:
    """A label where it stands, and the lines behind it by their numbers; blank ones are empty.

    `when` is what stands in brackets behind the label, as in `Enrollment (Estimated)`.
    """

    label: Label
    line: int
    when: str | None = None
    lines: list[tuple[int, str]] = field(default_factory=list)

    @property
    def filled(self) -> list[tuple[int, str]]:
        """The lines that are not blank, and say more than that nothing is said."""
        return [(number, text) for number, text in self.lines if text.casefold() not in _NOTHING]


@dataclass(frozen=True, slots=True)
class Loose:
    """A line that no label takes; `after` is the label that it follows at once, if any."""

    line: int
    text: str
    after: Label | None = None


@dataclass(slots=True)
class Cut:
    """The parts of a page in their order, and the lines outside of them."""

    parts: list[Part] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)


@cache
def labels() -> Mapping[str, Label]:
    """Every label that is known, by its key."""
    with files(__package__).joinpath("page_labels.csv").open(encoding="utf-8") as lines:
        return {
            page_values.key(line["label"]): Label(
                line["label"], line["form"], line["fact"], line["note"] or ""
            )
            for line in csv.DictReader(lines)
        }


def label_of(line: str) -> tuple[Label, str | None] | None:
    """The label that a whole line is, and what stands in brackets behind it."""
    if len(line) > 60:
        return None
    name = line.removesuffix(":").rstrip()
    if found := labels().get(page_values.key(name)):
        return found, None
    bracketed = _WHEN.fullmatch(name)
    found = labels().get(page_values.key(bracketed[1])) if bracketed else None
    return (found, bracketed[2]) if found and bracketed and found.form in CLOSED else None


def fits(label: Label, value: str) -> bool:
    """Whether a value has the closed form of a label."""
    if label.form == "word":
        return page_values.word(label.fact, value) is not None
    return label.form in CLOSED and CLOSED[label.form](value) is not None


def is_closed(label: Label) -> bool:
    """Whether values of the label can be told from other lines."""
    return label.form == "word" or label.form in CLOSED


def looks_like_page(text: str) -> bool:
    """Whether at least four lines of a text are different labels of registry pages."""
    found: set[str] = set()
    for line in text.splitlines():
        if label := _begins(line.strip()):
            found.add(label[0].name)
            if len(found) == 4:
                return True
    return False


def _begins(line: str) -> tuple[Label, str | None, str] | None:
    """A label with what stands in brackets behind it and its value on the same line."""
    if whole := label_of(line):
        return *whole, ""
    head, colon, value = line.partition(":")
    if colon and value.strip() and (found := label_of(head.rstrip())):
        return *found, value.strip()
    if len(line) > 120:
        return None
    words = line.split()
    for count in range(min(5, len(words) - 1), 0, -1):
        found = label_of(" ".join(words[:count]))
        value = " ".join(words[count:])
        if found and is_closed(found[0]) and fits(found[0], value):
            return *found, value
    return None


def cut(lines: Sequence[str]) -> Cut:
    """The parts of a page, whose lines are numbered from 1."""
    return _Cutting([line.strip() for line in lines]).cut()


class _Cutting:
    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.made = Cut()
        self.open: Part | None = None
        self.after: Label | None = None
        following: list[int] = [len(lines)] * (len(lines) + 1)
        for place in range(len(lines) - 1, -1, -1):
            following[place] = place if lines[place] else following[place + 1]
        self.following = following

    def cut(self) -> Cut:
        for place, line in enumerate(self.lines):
            if not line:
                if self.open is not None:
                    self.open.lines.append((place + 1, ""))
            elif self.after is not None and fits(self.after, line):
                # A purpose is "Treatment", which is a label too.
                self.take(place + 1, line)
            elif (
                not self.is_arm(place) and (found := _begins(line)) and self.ends_text(place, found)
            ):
                self.begin(place + 1, *found)
            elif self.is_arm(place):
                self.open = Part(ARM, place + 1, lines=[(place + 1, line)])
                self.made.parts.append(self.open)
            else:
                self.take(place + 1, line)
        return self.made

    def next_line(self, place: int) -> str:
        """The next line that is not blank; empty at the end."""
        after = self.following[place + 1]
        return self.lines[after] if after < len(self.lines) else ""

    def ends_text(self, place: int, found: tuple[Label, str | None, str]) -> bool:
        """Whether a label is one, where it stands among the paragraphs of a text.

        There it may be a heading of the text, or a sentence may begin as a label does.
        """
        label, _, value = found
        if self.open is None:
            return True
        if self.open.label.form == "arm":
            return label.name not in ("Treatment", "Treatments")
        if self.open.label.form not in TEXTS or label.form in TEXTS:
            return True
        if value:
            return fits(label, value)
        ahead = self.next_line(place)
        if not ahead or label.form == "heading" or label_of(ahead) or GROUPS_LINE.fullmatch(ahead):
            return True
        if is_closed(label) and fits(label, ahead):
            return True
        is_prose = ahead.endswith(_SENTENCE_END) or len(ahead) > _LONGEST_VALUE
        return not is_prose

    def begin(self, line: int, label: Label, when: str | None, value: str) -> None:
        """Open the part of a label, unless a page's own words are all it is."""
        self.open = None
        self.after = None
        part = Part(label, line, when)
        if label.form == "heading":
            return
        self.made.parts.append(part)
        if value and (not is_closed(label) or fits(label, value)):
            part.lines.append((line, value))
        elif value:
            self.made.loose.append(Loose(line, value, label))
        if is_closed(label) and not value:
            self.after = label
        if not (is_closed(label) or (label.form == "line" and value)):
            self.open = part

    def is_arm(self, place: int) -> bool:
        """Whether the name of an arm stands here: the next line says of which kind it is."""
        if self.open is not None and self.open.label.form in TEXTS:
            return False
        if arm_inline(self.lines[place]):
            return True
        after = self.following[place + 1]
        if after == len(self.lines) or arm_kind(self.lines[after]) is None:
            return False
        # The line below is the name of an arm, if the one below that says its kind.
        return arm_kind(self.next_line(after)) is None

    def take(self, line: int, text: str) -> None:
        """Give a line to the part that is open, or to the label before it, or to nobody."""
        after, self.after = self.after, None
        in_text = self.open is not None and self.open.label.form in TEXTS
        if not in_text and GROUPS_LINE.fullmatch(page_values.plain(text)):
            self.made.loose.append(Loose(line, text))
        elif self.open is not None:
            self.open.lines.append((line, text))
            if self.open.label.form == "line":
                self.open = None
        elif after is not None and fits(after, text):
            self.made.parts[-1].lines.append((line, text))
        else:
            self.made.loose.append(Loose(line, text, after))


def arm_kind(line: str) -> str | None:
    """The type of an arm that a line says by itself, as `Experimental group`."""
    found = _ARM_KIND.fullmatch(line)
    return page_values.word("arms.type", found[1]) if found else None


def arm_inline(line: str) -> tuple[str, str] | None:
    """Type and name of an arm on one line, as `Active Comparator: Placebo`."""
    found = _ARM_INLINE.fullmatch(line)
    if found is None or found[1].casefold() == "other":
        return None
    kind = page_values.word("arms.type", found[1])
    return (kind, found[2]) if kind else None
