"""What every part of a PRS upload is made with: texts, yes and no, words, dates, names."""

from __future__ import annotations

from trialect.converters.writers.registry_writing import RegistryWriting
from trialect.mappings.registry.markup import plain_text
from trialect.mappings.registry.person_names import person_name
from trialect.problems import rule
from trialect.protocol import StudyDate
from trialect.schemas.registry.nodes import Node

DEFINITIONS = "PRS Protocol Registration Data Element Definitions"

NO_WORD = rule(
    "PRS-NO-WORD",
    "warning",
    "A value has no word in PRS",
    "{value} has no word in an upload to ClinicalTrials.gov: {note}. It is not written{times}.",
    "Choose a value that PRS has, in the study file or at the registry.",
    "PRS ProtocolRecordSchema, comments",
)
WORD_LOSES = rule(
    "PRS-WORD-LOSS",
    "note",
    "A value is written with a wider word",
    "{value} is written as {word}: {note}.",
    "Look whether the wider word says enough.",
    "PRS ProtocolRecordSchema, comments",
)
CHARACTER = rule(
    "PRS-CHARACTER",
    "warning",
    "A text has characters that XML cannot hold",
    "{value} has control characters, which XML cannot hold; it is written without them{times}.",
    "Correct the text where it comes from.",
    "XML 1.0, 2.2",
)
EMPTY = rule(
    "PRS-EMPTY",
    "note",
    "The schema wants an element that nobody said anything of",
    "{value} must be there by the schema, and the study does not say it: it is written empty"
    "{times}.",
    "Say it in the study file, or at the registry.",
    "PRS ProtocolRecordSchema",
)
NAME_WHOLE = rule(
    "PRS-NAME-WHOLE",
    "note",
    "A name is written whole as the last name",
    "{value} is not certainly a person's first, middle and last name; it is written whole as the "
    "last name{times}.",
    "Divide it at the registry, if a person is meant.",
    f"{DEFINITIONS}, 11",
)


class Writing(RegistryWriting):
    """The study that is written, the words of PRS, and what it cannot say."""

    __slots__ = ()

    registry = "prs"
    no_word = NO_WORD
    word_loses = WORD_LOSES
    character = CHARACTER

    def name(self, field: str, text: str) -> list[Node]:
        """A name's elements: divided where it is certain, otherwise whole, which is told."""
        found = person_name(text)
        if found.whole:
            self.losses.add(NAME_WHOLE, field, text)
        parts = []
        if found.first:
            parts.append(Node("first_name", found.first))
        if found.middle:
            parts.append(Node("middle_name", found.middle))
        parts.append(Node("last_name", found.last))
        if found.degrees:
            parts.append(Node("degrees", found.degrees))
        return parts

    def date(self, parts: list[Node], name: str, field: str, date: StudyDate | None) -> None:
        """A date's two elements: the date as far as it is known, planned or reached."""
        if date is None:
            return
        parts.append(Node(name, date.date, fact=f"{field}.date"))
        if date.type is not None:
            type_ = self.word("date.type", f"{field}.type", date.type)
            parts.append(Node(f"{name}_type", type_, fact=f"{field}.type"))


def put(parts: list[Node], name: str, text: str | None) -> None:
    """An element with a text, where there is any."""
    if text:
        parts.append(Node(name, text))


def block(parts: list[Node], name: str, text: str | None) -> None:
    """An element with a text of paragraphs, where there is any."""
    if text:
        parts.append(Node(name, parts=[Node("textblock", plain_text(text))]))


def yes_no(parts: list[Node], name: str, value: bool | None) -> None:
    """A question's answer, where there is one."""
    if value is not None:
        parts.append(Node(name, "yes" if value else "no"))
