"""The time frame of an outcome measure, as the points in time that it names.

A time frame is free text. It is read by a small closed grammar: numbers, units, and the words that
join them. A text is understood as a whole or not at all; the first word that the grammar does not
have is told. Nothing is concluded from a word like "approximately".

    1 hour, 1 week, 1 month, 3 months after the intervention     four points
    Day 1, Day 15; weeks 4, 8 and 12; Baseline, Week 12          points
    Baseline to Week 16; from day 1 to day 28                    the points where it begins and ends
    up to 24 months; within 30 days                              a limit
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache

from trialect.converters.reconcile.points import Moment, in_days

_UNITS = {
    **dict.fromkeys(("minute", "minutes", "min", "mins"), "minute"),
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), "hour"),
    **dict.fromkeys(("day", "days", "d"), "day"),
    **dict.fromkeys(("week", "weeks", "wk", "wks"), "week"),
    **dict.fromkeys(("month", "months", "mo", "mos"), "month"),
    **dict.fromkeys(("year", "years", "yr", "yrs"), "year"),
}
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {word: Fraction(number) for number, word in enumerate((*_WORDS, "eleven", "twelve"))}
_BASELINE = (
    ("baseline",),
    ("base-line",),
    ("predose",),
    ("pre-dose",),
    ("pre-treatment",),
    ("pretreatment",),
    ("pre-intervention",),
    ("preintervention",),
    ("before", "treatment"),
    ("before", "intervention"),
    ("before", "injection"),
    ("before", "dose"),
    ("before", "start", "of", "therapy"),
    ("before", "start", "of", "treatment"),
)
_JOINS = frozenset({",", ";", "and", "&", ".", "(", ")"})
_FILLERS = frozenset({"at", "on", "in", "for", "each", "assessed", "measured", "both", "from"})
_LIMITS = (
    ("up", "to"),
    ("upto",),
    ("within",),
    ("until",),
    ("through",),
    ("throughout",),
    ("during",),
    ("over",),
    ("for", "up", "to"),
)
_TO = frozenset({"to", "through", "until", "-", "–", "thru"})
_ORIGINS = frozenset(
    {
        *("treatment", "intervention", "interventions", "randomization", "randomisation", "dose"),
        *("dosing", "injection", "infusion", "vaccination", "surgery", "operation", "procedure"),
        *("administration", "transplant", "transplantation", "baseline", "therapy", "implantation"),
    }
)
"""What study day 1 is: the first treatment, or what stands for it (SDTMIG 4.4.4)."""
_BEGINNINGS = frozenset({"enrollment", "enrolment", "consent", "screening", "inclusion"})
"""Where a time frame may begin; not study day 1, so that nothing is counted from it."""
_OF_ORIGIN = frozenset({"the", "first", "initial", "start", "of", "study", "initiation", "a"})
_ENDS = ("end", "completion", "last", "final", "conclusion", "discontinuation", "discharge")
_OPEN = frozenset({"approximately", "approx", "about", "around", "~", "average", "estimated"})
_NO_DAY = frozenset({"cycle", "cycles", "visit", "screening", "admission", "follow-up"})
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+(?:-[^\W\d_]+)*|±|\+/-|[^\s]")


class NotUnderstood(ValueError):  # noqa: N818 # an answer, not a fault
    """A time frame that the grammar does not have; the text says why."""


@dataclass(frozen=True, slots=True)
class TimeFrame:
    """What a time frame says: its points in order, each once; or why it is not understood."""

    text: str
    moments: tuple[Moment, ...] = ()
    reason: str = ""

    @property
    def understood(self) -> bool:
        """Whether its points are known."""
        return not self.reason


@lru_cache(maxsize=10_000)
def read_time_frame(text: str) -> TimeFrame:
    """The time frame that a text tells; one that is not understood has a reason and no points."""
    try:
        moments = _Reader(_tokens(text)).moments()
    except NotUnderstood as reason:
        return TimeFrame(text, reason=str(reason))
    return TimeFrame(text, tuple(dict.fromkeys(moments)))


def _tokens(text: str) -> list[str]:
    if len(text) > 1000:
        raise NotUnderstood("it is longer than 1,000 characters")
    lower = text.lower().replace("+/-", "±")
    return _TOKEN.findall(lower)


@dataclass(slots=True)
class _Reader:
    tokens: list[str]
    place: int = 0
    found: list[Moment] = field(default_factory=list)

    def moments(self) -> list[Moment]:
        """All points of the text. Raises NotUnderstood."""
        while self.place < len(self.tokens):
            self._phrase()
        if not self.found:
            raise NotUnderstood("no point in time is named")
        return self.found

    def _phrase(self) -> None:
        joins = self._peek() in _JOINS or self._peek() in _FILLERS
        if joins and (self._window() or self._limit_words() is None):
            self.place += 1
            return
        words = self._limit_words()
        if words is not None:
            self.place += words
            self._skip("a", "maximum", "of")
            self._times(limit=True)
            return
        if self._peek() in _TO and self.found:
            self.place += 1
            self._skip("up", "to")
            if self._end():
                return
            self._times(limit=False)
            return
        if self._beginning():
            return
        self._times(limit=False)

    def _limit_words(self) -> int | None:
        """How many words say that a limit follows; `to` alone joins two points."""
        here = tuple(self.tokens[self.place : self.place + 3])
        if here[:1] == ("through",) and self.found:
            return None
        if here[:1] == ("until",) and self.found:
            return None
        return next((len(one) for one in _LIMITS if here[: len(one)] == one), None)

    def _times(self, *, limit: bool) -> None:
        """Points in time: baseline, numbers and a unit, or a unit and numbers."""
        self._skip("the", "end", "of") if self._end_of_unit() else self._skip("the")
        if self._baseline():
            return
        token = self._peek()
        if token in _UNITS:
            self.place += 1
            numbers = self._numbers(signed=True)
            if not numbers:
                raise NotUnderstood(f"{token!r} has no number")
            self._keep(numbers, _UNITS[token], numbered=True, limit=limit)
            return
        numbers = self._numbers()
        if not numbers:
            raise self._unknown()
        window = Fraction(0)
        if self._peek() == "±":
            self.place += 1
            window = self._number()
        if self._peek() == "-":
            self.place += 1
        unit = _UNITS.get(self._peek())
        if unit is None:
            raise NotUnderstood(f"{numbers[-1][1]!r} has no unit")
        self.place += 1
        if len(numbers) == 1:
            numbers, unit = self._compound(numbers, unit)
        self._keep(numbers, unit, numbered=False, limit=limit, window=window)

    def _compound(
        self, numbers: list[tuple[Fraction, str]], unit: str
    ) -> tuple[list[tuple[Fraction, str]], str]:
        """`2 years and 10 months` is one time, and 34 months."""
        start = self.place
        self._skip("and")
        more = self._numbers()
        smaller = _UNITS.get(self._peek())
        units = list(_UNITS.values())
        if not more or smaller is None or units.index(smaller) >= units.index(unit):
            self.place = start
            return numbers, unit
        if (unit, smaller) != ("year", "month") or len(more) > 1:
            raise NotUnderstood(f"{unit}s and {smaller}s may be one time or two")
        self.place += 1
        return [(numbers[0][0] * 12 + more[0][0], numbers[0][1])], "month"

    def _window(self) -> bool:
        """`(± 3 days)` behind a point: how much earlier or later it may be."""
        if not self.found or self._peek() != "(" or self._ahead(1) != "±":
            return False
        self.place += 1
        self.found[-1] = replace(self.found[-1], window=self._spread(self.found[-1].unit))
        if self._peek() != ")":
            raise self._unknown()
        return True

    def _spread(self, unit: str) -> Fraction:
        """Days of what follows ±, in its own unit or in the one given."""
        self.place += 1
        number = self._number()
        named = _UNITS.get(self._peek())
        self.place += named is not None
        return in_days(number, named or unit)

    def _keep(
        self,
        numbers: list[tuple[Fraction, str]],
        unit: str,
        *,
        numbered: bool,
        limit: bool,
        window: Fraction = Fraction(0),
    ) -> None:
        if self._peek() == "±":
            window = self._spread(unit)
        elif window:
            window = in_days(window, unit)
        anchored = self._origin()
        for number, _ in numbers:
            if number == 0:
                self.found.append(Moment(number, "baseline"))
            else:
                stated = numbered or anchored or limit or len(numbers) > 1
                self.found.append(Moment(number, unit, numbered, limit, window, stated))

    def _origin(self) -> bool:
        """Read what a time is counted from; whether anything says it."""
        start = self.place
        if self._peek() in ("after", "post", "following", "from", "later", "post-"):
            later = self._peek() == "later"
            word = self._peek()
            self.place += 1
            if later:
                return True
            if self._peek() == "-":
                self.place += 1
            while self._peek() in _OF_ORIGIN:
                self.place += 1
            named = self._peek()
            if named in _ORIGINS:
                self.place += 1
                if self._peek() in ("start", "initiation"):
                    self.place += 1
                return True
            if named in _ENDS or any(one in _ENDS for one in self.tokens[start : start + 4]):
                raise NotUnderstood(f"it counts from the end of something ({word} {named})")
            if named in _BEGINNINGS:
                raise NotUnderstood(
                    f"it counts from {named}, and planned days count from the first treatment"
                )
            raise NotUnderstood(f"what it counts from ({word} {named}) has no study day")
        joined = self._peek()
        if joined.startswith(("post-", "after-")):
            if joined.split("-", 1)[1] in _ORIGINS:
                self.place += 1
                return True
            raise NotUnderstood(f"what it counts from ({joined}) has no study day")
        if joined in ("postdose", "postinjection", "posttreatment", "postoperatively"):
            self.place += 1
            return True
        return False

    def _beginning(self) -> bool:
        """`from enrollment to ...`: where it begins is no study day, where it ends may be."""
        words = self.tokens[self.place :]
        skip = 0
        while skip < len(words) and words[skip] in {"the", "time", "of", "signing", "informed"}:
            skip += 1
        if skip < len(words) and words[skip] in _BEGINNINGS:
            after = self.place + skip + 1
            if after < len(self.tokens) and self.tokens[after] in _TO:
                self.place = after + 1
                self._skip("up", "to")
                if not self._end():
                    self._times(limit=False)
                return True
        return False

    def _end(self) -> bool:
        """`the end of treatment at 8 weeks`: the point is the one that is given for it."""
        words = self.tokens[self.place : self.place + 6]
        if not any(one in _ENDS for one in words[:2]):
            return False
        named = [one for one in words if one.isalpha()][:4]
        while self._peek() and self._peek() not in ("at", "(", ",") and self._peek().isalpha():
            self.place += 1
        if self._peek() in ("at", "(", ","):
            self.place += 1
            self._skip("up", "to")
            if self._peek() in _UNITS or self._is_number(self._peek()):
                self._times(limit=False)
                return True
        raise NotUnderstood(f"no day is given for {' '.join(named)!r}")

    def _end_of_unit(self) -> bool:
        """Whether `the end of week 4` stands here."""
        here = self.tokens[self.place : self.place + 4]
        return here[:3] == ["the", "end", "of"] and here[3:] != [] and here[3] in _UNITS

    def _baseline(self) -> bool:
        here = [one for one in self.tokens[self.place : self.place + 6] if one != "the"]
        for words in _BASELINE:
            if tuple(here[: len(words)]) == words:
                wanted = len(words)
                while wanted:
                    wanted -= self._peek() != "the"
                    self.place += 1
                self.found.append(Moment(Fraction(0), "baseline"))
                return True
        return False

    def _numbers(self, *, signed: bool = False) -> list[tuple[Fraction, str]]:
        """`4, 8 and 12`; a number that a unit follows belongs to the list before it."""
        found: list[tuple[Fraction, str]] = []
        sign = 1
        if signed and self._peek() in ("-", "+") and self._is_number(self._ahead(1)):
            sign = -1 if self._peek() == "-" else 1
            self.place += 1
        while self._is_number(self._peek()):
            word = self._peek()
            found.append((sign * self._number(), word))
            skip = 0
            while self._ahead(skip) in (",", "and", "&"):
                skip += 1
            if not skip or not self._is_number(self._ahead(skip)):
                break
            self.place += skip
        return found

    def _number(self) -> Fraction:
        word = self._peek()
        if not self._is_number(word):
            raise self._unknown()
        self.place += 1
        return _NUMBERS[word] if word in _NUMBERS else Fraction(word)

    @staticmethod
    def _is_number(word: str) -> bool:
        return word in _NUMBERS or word[:1].isdecimal()

    def _unknown(self) -> NotUnderstood:
        word = self._peek()
        if leaves_open := next((one for one in self.tokens[self.place :] if one in _OPEN), None):
            return NotUnderstood(f"{leaves_open!r} leaves the time open")
        if word in _NO_DAY:
            return NotUnderstood(f"{word!r} is no study day")
        return NotUnderstood(f"{word!r} is not understood" if word else "it ends too early")

    def _peek(self) -> str:
        return self._ahead(0)

    def _ahead(self, count: int) -> str:
        place = self.place + count
        return self.tokens[place] if place < len(self.tokens) else ""

    def _skip(self, *words: str) -> None:
        """Pass words that stand here in this order; the first that is missing ends it."""
        for word in words:
            if self._peek() == word:
                self.place += 1
