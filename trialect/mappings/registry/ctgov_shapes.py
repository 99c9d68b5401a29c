"""How the values of a ClinicalTrials.gov record become ours and back, by tables read both ways.

A `Kind` takes a JSON value and gives ours, or None with an `Odd` that says what is wrong; and it
takes ours and gives the JSON value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from math import isfinite
from typing import Any, Protocol

from trialect.mappings.registry.ctgov_odds import Odd, Odds, odd_at, prefix, prefix_item, unknown


class Kind(Protocol):
    """How one value is read and written; None is what is not said."""

    def read(self, value: Any, odds: Odds) -> Any:
        """Our value of a JSON value."""

    def write(self, value: Any, odds: Odds) -> Any:
        """The JSON value of ours."""


class Text:
    """A text."""

    def read(self, value: Any, odds: Odds) -> str | None:
        """A text that says something."""
        if value.__class__ is not str:
            odds.append(Odd("type", value, "a text"))
            return None
        if not value or value.isspace():
            odds.append(Odd("empty", value, "a text"))
            return None
        return value

    def write(self, value: Any, odds: Odds) -> Any:  # noqa: ARG002 # a text can always be written
        """The text."""
        return value or None


class Word(Text):
    """A word of an enumeration; another one is kept as it is, and told."""

    def __init__(self, enumeration: str, words: tuple[str, ...]) -> None:
        self.enumeration = enumeration
        self.words = words
        self._known = frozenset(words)

    def read(self, value: Any, odds: Odds) -> str | None:
        """The word, known or not."""
        if value.__class__ is str:
            if value in self._known:
                return value
            if value and not value.isspace():
                odds.append(Odd("word", value, self._expected(), kept=True))
                return value
        return super().read(value, odds)

    def write(self, value: Any, odds: Odds) -> Any:
        """The word, known or not."""
        if not value:
            return None
        if value not in self._known:
            odds.append(Odd("word", value, self._expected(), kept=True))
        return value

    def _expected(self) -> str:
        return f"a word of {self.enumeration} ({', '.join(self.words)})"


class Day(Text):
    """A date as `2026-01-31`; with `partial` also `2026-01` and `2026`."""

    def __init__(self, *, partial: bool) -> None:
        self.partial = partial

    def read(self, value: Any, odds: Odds) -> str | None:
        """The date as it stands."""
        if value.__class__ is str and is_date(value, self.partial):
            return value
        if value.__class__ is str and value and not value.isspace():
            forms = "YYYY-MM-DD, YYYY-MM or YYYY" if self.partial else "YYYY-MM-DD"
            odds.append(Odd("form", value, f"a date that exists, as {forms}"))
            return None
        return super().read(value, odds)


def is_date(text: str, partial: bool = True) -> bool:
    """Whether a text is a date that exists: `YYYY-MM-DD`, or less of it where `partial`."""
    if len(text) != 10:
        if not partial or len(text) not in (4, 7):
            return False
        text += "-01" if len(text) == 7 else "-01-01"
    if text[4] != "-" or text[7] != "-" or not text.isascii():
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


class Flag:
    """True or false."""

    def read(self, value: Any, odds: Odds) -> bool | None:
        """True or false, and nothing that is taken for it."""
        if value is True or value is False:
            return value
        odds.append(Odd("type", value, "true or false"))
        return None

    def write(self, value: Any, odds: Odds) -> Any:  # noqa: ARG002
        """The value."""
        return value


class Whole:
    """A whole number, 0 or more: what is counted."""

    def read(self, value: Any, odds: Odds) -> int | None:
        """The number."""
        if value.__class__ is int:
            if value >= 0:
                return value
            odds.append(Odd("range", value, "a whole number, 0 or more"))
        else:
            odds.append(Odd("type", value, "a whole number"))
        return None

    def write(self, value: Any, odds: Odds) -> Any:  # noqa: ARG002
        """The number."""
        return value


class Number:
    """A number from `low` to `high`, as it stands: 5 stays 5 and 5.0 stays 5.0."""

    def __init__(self, low: float, high: float) -> None:
        self.low = low
        self.high = high

    def read(self, value: Any, odds: Odds) -> float | None:
        """The number as it stands."""
        if value.__class__ is float or value.__class__ is int:
            if self.low <= value <= self.high and isfinite(value):
                return value
            odds.append(Odd("range", value, f"a number from {self.low:g} to {self.high:g}"))
        else:
            odds.append(Odd("type", value, "a number"))
        return None

    def write(self, value: Any, odds: Odds) -> Any:  # noqa: ARG002
        """The number."""
        return value


class Items:
    """A list of values of one kind; what is wrong in an item leaves the others as they are."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def read(self, value: Any, odds: Odds) -> tuple[Any, ...] | None:
        """The items that are of the kind; None where there are none."""
        if value.__class__ is not list:
            odds.append(Odd("type", value, "a list"))
            return None
        read, kept = self.kind.read, []
        for place, item in enumerate(value):
            before = len(odds)
            one = read(item, odds)
            if one is not None:
                kept.append(one)
            if len(odds) != before:
                held = None if one is None else len(kept) - 1
                prefix_item(odds, before, place, held)
        return tuple(kept) or None

    def write(self, value: Any, odds: Odds) -> Any:
        """The items."""
        written = []
        for place, item in enumerate(value or ()):
            before = len(odds)
            one = self.kind.write(item, odds)
            if one is not None:
                written.append(one)
            if len(odds) != before:
                prefix(odds, before, str(place))
        return written or None


OURS = "."
"""The name of an object within, whose members are those of ours around it (geoPoint)."""


class Shape:
    """An object that becomes one of ours: `fields` says of each key our name and the kind.

    `needs` are names that ours must have: where the record lacks one it is the empty text, or,
    where `whole`, nothing is made and what else the object says is told as left.
    """

    def __init__(
        self,
        make: Callable[..., Any],
        fields: Mapping[str, tuple[str, Kind]],
        needs: tuple[str, ...] = (),
        *,
        whole: bool = False,
    ) -> None:
        self.make = make
        self.fields = dict(fields)
        self.needs = needs
        self.whole = whole
        self._read = {
            key: (name, kind.read, kind.__class__ is Text)
            for key, (name, kind) in self.fields.items()
        }

    def read(self, value: Any, odds: Odds) -> Any:
        """Ours of an object; None where it says nothing."""
        if value.__class__ is not dict:
            odds.append(Odd("type", value, "an object"))
            return None
        known: Any = self._read
        given: dict[str, Any] = {}
        before = len(odds)
        for key, item in value.items():
            if key not in known:
                unknown(key, item, odds)
                before = len(odds)
                continue
            name, read, is_text = known[key]
            if is_text and item.__class__ is str and item and not item.isspace():
                given[name] = item  # what most are, without a call
            elif item is not None:
                kept = read(item, odds)
                if kept is not None:
                    if name is OURS:
                        given.update(kept)
                    else:
                        given[name] = kept
                if len(odds) != before:
                    prefix(odds, before, key)
                    before = len(odds)
        if not given:
            return None
        for name in self.needs:
            if name not in given:
                if self.whole:
                    self._alone(value, given, odds)
                    return None
                given[name] = ""
        return self.make(**given)

    def _alone(self, value: Mapping[str, Any], given: Mapping[str, Any], odds: Odds) -> None:
        """What an object says without what it is about: a type of date without the date."""
        lacks = next(key for key, (name, _) in self.fields.items() if name in self.needs)
        for key, (name, _) in self.fields.items():
            if name in given:
                odds.append(odd_at(f".{key}", Odd("alone", value[key], f"{lacks!r} beside it")))

    def write(self, value: Any, odds: Odds) -> Any:
        """The object of ours; None where it says nothing."""
        if value is None:
            return None
        written = {}
        for key, (name, kind) in self.fields.items():
            before = len(odds)
            one = kind.write(value if name is OURS else getattr(value, name), odds)
            if one is not None:
                written[key] = one
            if len(odds) != before and name is not OURS:
                prefix(odds, before, name)
        return written or None


class Module:
    """An object whose members are facts of the Study themselves, named by dotted paths.

    A member is a fact with its kind, a module within, or None: known, and no fact of a Study.
    """

    def __init__(self, fields: Mapping[str, tuple[str, Kind] | Module | None]) -> None:
        self.fields = dict(fields)

    def read(self, value: Any, facts: dict[str, Any], odds: Odds) -> None:
        """Put the facts of a module among `facts`."""
        if value.__class__ is not dict:
            odds.append(Odd("type", value, "an object"))
            return
        known = self.fields
        for key, item in value.items():
            field = known.get(key, MISSING)
            if item is None or field is None:
                continue
            before = len(odds)
            if field.__class__ is tuple:
                fact, kind = field
                kept = kind.read(item, odds)
                if kept is not None:
                    facts[fact] = kept
            elif field is MISSING:
                unknown(key, item, odds)
                continue
            else:
                field.read(item, facts, odds)
            if len(odds) != before:
                prefix(odds, before, key)

    def write(self, fact_of: Callable[[str], Any], odds: Odds) -> dict[str, Any]:
        """The module of what `fact_of` gives for each fact; without what is not said."""
        written: dict[str, Any] = {}
        for key, field in self.fields.items():
            if field is None:
                continue
            if isinstance(field, Module):
                if within := field.write(fact_of, odds):
                    written[key] = within
                continue
            fact, kind = field
            before = len(odds)
            value = kind.write(fact_of(fact), odds)
            if value is not None:
                written[key] = value
            if len(odds) != before:
                prefix(odds, before, fact)
        return written


MISSING: Any = object()
"""Stands for what a table does not have."""
