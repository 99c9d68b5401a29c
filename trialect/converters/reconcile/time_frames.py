"""The time frame of an outcome measure, as the points in time that it names.

A time frame is free text. It is read by a small closed grammar: numbers, units, and the words that
join them. A text is understood as a whole or not at all; the first word that the grammar does not
have is told. Nothing is concluded from a word like "approximately", and what counts from an event
without a study day, or is such an event, is told as that.

    1 hour, 1 week, 1 month, 3 months after the intervention     four points
    Day 1, Day 15; weeks 4, 8 and 12; Baseline, Week 12          points
    Baseline to Week 16; from day 1 to day 28                    the points where it begins and ends
    every 3 months up to 1 year                                  four points
    6-9 months                                                   a point between the two
    up to 24 months; within 30 days                              a limit
    through study completion, an average of 1 year               a limit that is left open
    30 days after the last dose; end of treatment                what has no study day
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache

from trialect.converters.reconcile.points import Moment, in_days
from trialect.converters.reconcile.time_events import cycles_as_days, limit_of_events
from trialect.converters.reconcile.time_tokens import (
    NotUnderstood,
    Number,
    Tokens,
    is_number,
    tokens_of,
)
from trialect.converters.reconcile.time_words import (
    BASELINE,
    COUNTED_FROM,
    EVENTS,
    FILLERS,
    JOINS,
    LIMITS,
    OF_ORIGIN,
    OPEN,
    ORIGINS,
    SEPARATORS,
    TO,
    UNITS,
)

MOST_POINTS = 100
"""Points that `every 2 weeks up to 2 years` may stand for."""


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
    if len(text) > 1000:
        return TimeFrame(text, reason="it is longer than 1,000 characters")
    lower = " ".join(text.lower().split())
    tokens = tokens_of(cycles_as_days(lower))
    try:
        moments = _Reader(tokens).moments()
    except NotUnderstood as reason:
        limit = limit_of_events(lower)
        try:
            moments = _Reader(tokens_of(limit[0])).moments() if limit is not None else []
        except NotUnderstood:
            moments = []
        if limit is None or not moments or not all(one.limit for one in moments):
            timed = any(is_number(one) or one in UNITS for one in tokens)
            return TimeFrame(text, reason=str(reason) if timed else "no point in time is named")
        moments = [replace(one, origin=one.origin or limit[1]) for one in moments]
    return TimeFrame(text, tuple(dict.fromkeys(moments)))


@dataclass(slots=True)
class _Reader(Tokens):
    found: list[Moment] = field(default_factory=list)
    loose: list[int] = field(default_factory=list)
    """The places of times of which nothing has said yet what they are counted from."""

    def moments(self) -> list[Moment]:
        """All points of the text. Raises NotUnderstood."""
        while self.place < len(self.tokens):
            self._phrase()
        if not self.found:
            raise NotUnderstood("no point in time is named")
        first, *others = self.found
        if first.unit != "event" or self.tokens[0] != "from" or not others:
            return self.found
        if first.name in ("enrollment", "enrolment"):
            # `From enrollment to the end of treatment at 8 weeks`, as the registry words it.
            return others
        counted = [replace(one, origin=first.name) if _is_open(one) else one for one in others]
        return [first, *counted]

    def _phrase(self) -> None:
        words = self._limit_words()
        joins = self.peek() in JOINS or self.peek() in FILLERS
        if joins and (self._window() or words is None):
            if self.peek() in (";", ".", "(", "["):
                self.loose.clear()
            self.place += 1
            return
        if self.peek() == "every":
            self._every()
            return
        if words is not None:
            self.place += words
            self._limit()
            return
        if self.peek() in TO and self.found:
            self.place += 1
            is_limit = self.peek() == "up"
            self.skip("up", "to")
            if not self._event():
                self._times(limit=is_limit)
            return
        if self.peek() == "after" and is_number(self.ahead(1)):
            self.place += 1
        if not self._event():
            self._times(limit=False)

    def _limit(self) -> None:
        """What follows `up to`: a time, or an event and perhaps its time."""
        self.skip("a", "maximum", "of")
        if not self._event():
            self._times(limit=True)

    def _limit_words(self) -> int | None:
        """How many words say that a limit follows; `to` alone joins two points."""
        if self.peek() in ("through", "until") and self.found:
            return None
        return next((len(one) for one in LIMITS if self.stands(one)), None)

    def _every(self) -> None:
        """`every 3 months up to 1 year`: the points one by one."""
        self.place += 1
        step = self.number() if is_number(self.peek()) else Fraction(1)
        self.skip("-")
        unit, origin = self.unit(), ""
        if unit is None:
            raise NotUnderstood("what comes 'every' so often has no unit")
        if self.peek() not in ("for", "until", "up", "through", "to"):
            counted = self._origin()
            origin = counted if counted is not None else ""
        words = self._limit_words()
        if words is None and self.peek() not in ("for", "to"):
            raise NotUnderstood(f"'every' {unit} has no end")
        self.place += words or 1
        end = self.number()
        last = self.unit()
        if last != unit:
            if (unit, last) != ("month", "year"):
                raise NotUnderstood(f"{unit}s and {last}s cannot be counted together")
            end *= 12
        if not step or end % step or end / step > MOST_POINTS:
            raise NotUnderstood(f"every {step} {unit}s does not lead to {end} {unit}s")
        if origin == "":
            counted = self._origin()
            origin = counted if counted is not None else ""
        self.found += [
            Moment(step * count, unit, origin=origin) for count in range(1, int(end / step) + 1)
        ]

    def _times(self, *, limit: bool) -> None:
        """Points in time: baseline, numbers and a unit, or a unit and numbers."""
        about = self.left_open()
        words = self._limit_words() if about else None
        if words is not None:
            self.place += words
            limit = True
        self.skip("the", "end", "of") if self._end_of_unit() else self.skip("the")
        about = self.left_open() or about
        if self._baseline():
            return
        token = self.peek()
        if token in UNITS:
            self.place += 1
            numbers = self.numbers(signed=True)
            if not numbers:
                raise NotUnderstood(f"{token!r} has no number")
            self._keep(self._later(numbers, UNITS[token]), UNITS[token], True, limit, about)
            return
        numbers = self.numbers()
        if not numbers:
            raise self._unknown()
        window = self._spread_before_unit()
        if self.peek() == "-":
            self.place += 1
        unit = self.unit()
        if unit is None:
            raise NotUnderstood(f"{numbers[-1].word!r} has no unit")
        if len(numbers) == 1 and numbers[0].last is None:
            numbers, unit = self._compound(numbers, unit)
        self._keep(numbers, unit, False, limit, about, window)

    def _later(self, numbers: list[Number], unit: str) -> list[Number]:
        """`Day 1+48 hours` is day 3."""
        if unit != "day" or len(numbers) != 1 or self.peek() != "+":
            return numbers
        self.place += 1
        more, hours = self.number(), self.unit()
        if hours != "hour" or more % 24 or numbers[0].value < 1:
            raise NotUnderstood("'+' is not understood")
        return [replace(numbers[0], value=numbers[0].value + more / 24)]

    def _compound(self, numbers: list[Number], unit: str) -> tuple[list[Number], str]:
        """`2 years and 10 months` is one time, and 34 months."""
        start = self.place
        self.skip("and")
        more = self.numbers()
        smaller = UNITS.get(self.peek())
        units = list(UNITS.values())
        if not more or smaller is None or units.index(smaller) >= units.index(unit):
            self.place = start
            return numbers, unit
        if (unit, smaller) != ("year", "month") or len(more) > 1 or more[0].last is not None:
            raise NotUnderstood(f"{unit}s and {smaller}s may be one time or two")
        self.place += 1
        return [Number(numbers[0].value * 12 + more[0].value, numbers[0].word)], "month"

    def _window(self) -> bool:
        """`(± 3 days)` behind a point: how much earlier or later it may be."""
        if not self.found or self.peek() not in ("(", "[") or self.ahead(1) != "±":
            return False
        self.place += 1
        self.found[-1] = replace(self.found[-1], window=self._spread(self.found[-1].unit))
        if self.peek() not in (")", "]"):
            raise self._unknown()
        return True

    def _spread_before_unit(self) -> Fraction | None:
        """`15 ± 3 days`, `7 (± 1) days`: the number behind ±, of the unit that follows."""
        in_brackets = self.peek() in ("(", "[") and self.ahead(1) == "±"
        if self.peek() != "±" and not in_brackets:
            return None
        self.place += 1 + in_brackets
        number = self.number()
        if in_brackets:
            if self.peek() not in (")", "]"):
                raise self._unknown()
            self.place += 1
        return number

    def _spread(self, unit: str) -> Fraction:
        """Days of what follows ±, in its own unit or in the one given."""
        self.place += 1
        number = self.number()
        return in_days(number, self.unit() or unit)

    def _keep(
        self,
        numbers: list[Number],
        unit: str,
        numbered: bool,  # of a private function
        limit: bool,
        about: bool,
        spread: Fraction | None = None,
    ) -> None:
        window = in_days(spread, unit) if spread is not None else Fraction(0)
        if self.peek() == "±":
            window = self._spread(unit)
        origin = self._origin()
        if origin:
            # `28 days and 3 months after discharge`: both are counted from it.
            for place in self.loose:
                self.found[place] = replace(self.found[place], origin=origin)
        if origin is not None:
            self.loose.clear()
        for number in numbers:
            if number.value == 0 and number.last is None and not origin:
                self.found.append(Moment(number.value, "baseline"))
                continue
            if origin is None and not numbered:
                self.loose.append(len(self.found))
            stated = numbered or origin is not None or limit or len(numbers) > 1
            self.found.append(
                Moment(
                    *(number.value, unit, numbered, limit, window, stated),
                    last=number.last,
                    about=about,
                    origin=origin or "",
                )
            )

    def _origin(self) -> str | None:
        """What a time is counted from: empty for study day 1, None where nothing says it.

        Another event is told in its own words, up to the next sign; it has no study day.
        """
        if self.peek() == "later":
            self.place += 1
            return ""
        if self.peek() in ("postdose", "postinjection", "posttreatment", "postoperatively"):
            self.place += 1
            return ""
        joined = self.peek()
        if joined.startswith(("post-", "after-")):
            rest = joined.split("-", 1)[1]
            self.place += 1
            return "" if rest in ORIGINS and self._at_end() else self._event_words([rest])
        if joined not in COUNTED_FROM:
            return None
        self.place += 1
        self.skip("-")
        start = self.place
        while self.peek() in OF_ORIGIN:
            self.place += 1
        if self.peek() in ORIGINS:
            self.place += 1
            if self.peek() in ("start", "initiation"):
                self.place += 1
            if self._at_end():
                return ""
        self.place = start
        return self._event_words([])

    def _at_end(self) -> bool:
        """Whether what is said of one thing ends here."""
        word = self.peek()
        return (
            word in SEPARATORS
            or word in TO
            or word == ""
            or word in ("at", "up", "for", "until", "post", "after")
            or is_number(word)
            or word in UNITS
        )

    def _event_words(self, words: list[str]) -> str:
        """The words of an event, up to the next sign. Raises NotUnderstood for a time in them."""
        while (word := self.peek()) and word not in SEPARATORS and word not in ("up", "assessed"):
            if (is_number(word) and word[0].isdecimal()) or word in UNITS or word in OPEN:
                raise NotUnderstood(f"what it counts from ({' '.join(words)} {word}) has a time")
            words.append(word)
            self.place += 1
        if not words or len(words) > 12:
            raise NotUnderstood("what it counts from is not said")
        return " ".join(words)

    def _event(self) -> bool:
        """An event without a study day, or the time that is given for it.

        `the end of treatment at 8 weeks`, `study completion, an average of 1 year`: the time.
        """
        start = self.place
        while self.peek() in ("the", "date", "time", "of", "signing", "informed", "at", "on"):
            self.place += 1
        words = next((one for one in EVENTS if self.stands(one)), None)
        if words is None or (len(words) == 1 and self.ahead(1) in UNITS):
            self.place = start
            return False
        self.place += len(words)
        if not (self._at_end() or self.peek() in OPEN or self.peek() in ("an", "or", "and")):
            self.place = start
            return False
        if not self._time_of_event():
            self.found.append(Moment(Fraction(0), "event", name=" ".join(words)))
        return True

    def _time_of_event(self) -> bool:
        """`at 8 weeks`, `(week 75)`, `, up to 2 years`, `, an average of 1 year`."""
        start, brackets = self.place, self.peek() in ("(", "[")
        by_sign = self.peek() in ("(", "[", ",", ";", ":")
        self.place += by_sign
        at = self.peek() == "at"
        self.place += at
        begins = self.place
        about = self.left_open()
        is_limit = self._limit_words() is not None
        self.place = begins
        if about or is_limit:
            words = self._limit_words() or 0
            self.place += words
            self._times(limit=True)
        elif (at or brackets) and (self.peek() in UNITS or is_number(self.peek())):
            self._times(limit=False)
        else:
            self.place = start
            return False
        return True

    def _end_of_unit(self) -> bool:
        """Whether `the end of week 4` stands here."""
        return self.stands(("the", "end", "of")) and self.ahead(3) in UNITS

    def _baseline(self) -> bool:
        here = [one for one in self.tokens[self.place : self.place + 6] if one != "the"]
        for words in BASELINE:
            if tuple(here[: len(words)]) == words:
                wanted = len(words)
                while wanted:
                    wanted -= self.peek() != "the"
                    self.place += 1
                self.found.append(Moment(Fraction(0), "baseline"))
                return True
        return False

    def _unknown(self) -> NotUnderstood:
        word = self.peek()
        return NotUnderstood(f"{word!r} is not understood" if word else "it ends too early")


def _is_open(moment: Moment) -> bool:
    """Whether a limit says nothing itself of what it is counted from."""
    return moment.limit and not moment.origin
