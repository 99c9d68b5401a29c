"""What the reviewer's guide is made of: headings, paragraphs and tables of plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_BREAK = re.compile(r"[\s-]+")
"""Where a text goes on in the next line."""

_LINE = 110.0
"""Characters of a table's line."""

TO_BE_FILLED = "To be completed by the sponsor."
"""What only a person can say."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A chapter's title with its number; level 0 is the document's."""

    text: str
    level: int = 1

    @property
    def anchor(self) -> str:
        """What links to the chapter name it by."""
        return "".join(c if c.isascii() and c.isalnum() else "-" for c in self.text.lower())


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; a banner is a statement that every reader is to see."""

    text: str
    style: Literal["body", "banner", "caption"] = "body"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: a head and rows of text."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def widths(self) -> tuple[float, ...]:
        """The share of the page that each column takes: its longest word, then by its texts."""
        least, wanted = [], []
        for place, head in enumerate(self.head):
            texts = [head, *(row[place] for row in self.rows)]
            word = max(len(part) for text in texts for part in _BREAK.split(text))
            # A letter of a code in capitals is wider than one of a sentence.
            least.append(min(word, 24) * 1.35 + 2)
            wanted.append(min(sum(map(len, texts)) / len(texts), 60.0))
        rest = max(_LINE - sum(least), 0.0)
        more = [max(average - word, 0.5) for average, word in zip(wanted, least, strict=True)]
        widths = [word + rest * one / sum(more) for word, one in zip(least, more, strict=True)]
        return tuple(width / sum(widths) for width in widths)


@dataclass(frozen=True, slots=True)
class Contents:
    """The list of the chapters up to a level, each a link to it."""

    level: int = 2


Block = Heading | Paragraph | Grid | Contents


def clean(text: str) -> str:
    """Text as XML can hold it: control characters are shown by their number (XML 1.0, 2.2)."""
    return "".join(
        char
        if char in "\t\n\r"
        or (ord(char) >= 0x20 and char not in "\ufffe\uffff" and not _half(char))
        else f"\\x{ord(char):02x}"
        for char in text
    )


def _half(char: str) -> bool:
    """Whether it is one half of a surrogate pair, which is no character by itself."""
    return 0xD800 <= ord(char) <= 0xDFFF
