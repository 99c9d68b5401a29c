"""What most comparisons ask of the sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from trialect.converters.reconcile.comparison import (
    NAMES,
    Agreement,
    Row,
    Sides,
    Value,
    sides_named,
)
from trialect.converters.reconcile.names import all_names, by_name, plain
from trialect.trial import Study


def both(sides: Sides) -> tuple[str, ...]:
    """The sides that are protocols: those of which it is told when they say nothing."""
    return ("registry", "study") if sides.record is not None else ("study",)


def of_record(sides: Sides, ask: Callable[[Study], Value | None]) -> Value | None:
    """What the record says; None without a record."""
    return ask(sides.record) if sides.record is not None else None


def text(told: str | None) -> Value | None:
    """A text that is compared but for case, blanks and punctuation."""
    return Value(told, plain(told)) if told else None


def word(told: str | None) -> Value | None:
    """A word of an enumeration, compared as it is."""
    return Value(told.replace("_", " ").lower(), told) if told else None


def parameter(sides: Sides, code: str) -> str | None:
    """The values of a trial summary parameter of the package, joined; None without one."""
    values = [one for one in sides.data.summary.get(code, ()) if not one.startswith("[")]
    return "; ".join(values) or None


def named(
    fact: str,
    sides: Sides,
    names: Callable[[Study], Iterable[str]],
    *,
    data: Iterable[str] = (),
    field: str | None = None,
    **place: Any,
) -> Iterator[Row]:
    """A row for each name of a list, matched by plain names.

    A name that the list of a protocol lacks differs; a side without any list is told once. What
    the data have is shown, and not asked of them: they may have other words for it.
    """
    record = by_name(names(sides.record), str) if sides.record is not None else {}
    study = by_name(names(sides.study), str)
    found = by_name(data, str)
    lists = {"registry": record, "study": study, "data": found}
    asked = [side for side in both(sides) if lists[side]]
    for name in filter(None, all_names(study, record)):
        without = [side for side in asked if name not in lists[side]]
        if len(without) + sum(name in known for known in lists.values()) < 2:
            continue
        yield Row(
            fact,
            study[name] if name in study else record[name],
            record.get(name),
            study.get(name),
            found.get(name),
            agreement=Agreement.DIFFER if without else Agreement.AGREE,
            why=f"{NAMES[without[0]]} does not name it" if without else "",
            field=field,
            odd=tuple(without),
            **place,
        )
    silent = [side for side in both(sides) if not lists[side]]
    if silent and (record or study):
        yield Row(
            fact,
            "",
            ", ".join(record.values()) or None,
            ", ".join(study.values()) or None,
            ", ".join(found.values()) or None,
            agreement=Agreement.MISSING,
            why=f"{sides_named(silent, 'names', 'name')} none",
            field=field,
            **place,
        )
