"""The words of a time frame, one after the other, and the numbers among them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from trialect.converters.reconcile.time_words import BESIDE_OPEN, NUMBERS, OPEN, UNITS

_TOKEN = re.compile(
    r"\d+(?:\.\d+)?|(?:minutes?|hours?|days?|weeks?|months?|years?|d)(?=\d)"
    r"|[^\W\d_]+(?:\d+[^\W\d_]*)*(?:-[^\W\d_][^\W_]*)*|±|[^\s]"
)
_ORDINAL = re.compile(r"\b1st\b")


class NotUnderstood(ValueError):  # noqa: N818 # an answer, not a fault
    """A time frame that the grammar does not have; the text says why."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written; `last` is the end of a range (6-9)."""

    value: Fraction
    word: str
    last: Fraction | None = None


def tokens_of(text: str) -> list[str]:
    """The words, numbers and signs of a text in lower case."""
    return _TOKEN.findall(_ORDINAL.sub("first", text.replace("+/-", "±")))


@dataclass(slots=True)
class Tokens:
    """Words that are read from left to right."""

    tokens: list[str]
    place: int = 0

    def peek(self) -> str:
        """The word that stands here; empty at the end."""
        return self.ahead(0)

    def ahead(self, count: int) -> str:
        """The word so many places further; empty behind the end."""
        place = self.place + count
        return self.tokens[place] if place < len(self.tokens) else ""

    def skip(self, *words: str) -> None:
        """Pass words that stand here in this order; the first that is missing ends it."""
        for word in words:
            if self.peek() == word:
                self.place += 1

    def stands(self, words: tuple[str, ...]) -> bool:
        """Whether these words stand here."""
        return tuple(self.tokens[self.place : self.place + len(words)]) == words

    def number(self) -> Fraction:
        """The number that stands here. Raises NotUnderstood."""
        word = self.peek()
        if not is_number(word):
            raise NotUnderstood(f"{word!r} is not understood" if word else "it ends too early")
        self.place += 1
        return NUMBERS[word] if word in NUMBERS else Fraction(word)

    def numbers(self, *, signed: bool = False) -> list[Number]:
        """`4, 8 and 12`; a number that a unit follows belongs to the list before it."""
        found: list[Number] = []
        sign = 1
        if signed and self.peek() in ("-", "+") and is_number(self.ahead(1)):
            sign = -1 if self.peek() == "-" else 1
            self.place += 1
        while is_number(self.peek()):
            word = self.peek()
            value, last = sign * self.number(), None
            if self.peek() in ("-", "–") and is_number(self.ahead(1)):
                self.place += 1
                last = self.number()
                if last <= value:
                    raise NotUnderstood(f"{word}-{last} is no range")
            found.append(Number(value, word, last))
            skip = 0
            while self.ahead(skip) in (",", "and", "&"):
                skip += 1
            if not skip or not is_number(self.ahead(skip)):
                break
            self.place += skip
        return found

    def unit(self) -> str | None:
        """The unit that stands here, which is passed; None where none does."""
        unit = UNITS.get(self.peek())
        self.place += unit is not None
        return unit

    def left_open(self) -> bool:
        """Pass `an average of` and the like; whether it stands here."""
        start, is_open = self.place, False
        while self.peek() in OPEN or self.peek() in BESIDE_OPEN:
            is_open = is_open or self.peek() in OPEN
            self.place += 1
        if not is_open:
            self.place = start
        return is_open


def is_number(word: str) -> bool:
    """Whether a word is a number, in digits or letters."""
    return word in NUMBERS or word[:1].isdecimal()
