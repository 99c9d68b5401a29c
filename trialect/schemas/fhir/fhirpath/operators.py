"""The operators of FHIRPath: collections on the left, a collection to be asked for on the right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trialect.schemas.fhir.dates import after
from trialect.schemas.fhir.fhirpath.items import Item, Items, made
from trialect.schemas.fhir.json_text import Leaf

DATES = frozenset({"date", "dateTime", "instant"})

Operator = Callable[[Items, Callable[[], Items]], Items]


def boolean(items: Items) -> bool | None:
    """A collection as true, false or unknown; one item that is no boolean is true."""
    if len(items) != 1:
        return True if items else None
    if items[0].type == "boolean":
        value = items[0].read
        return value if type(value) is bool else None
    return True


def same(one: Item, other: Item) -> bool:
    """Whether two items are equal."""
    if type(one.value) in (dict, list) or type(other.value) in (dict, list):
        return bool(plain(one.value) == plain(other.value))
    left, right = one.read, other.read
    if type(left) is bool or type(right) is bool:
        return left is right
    return bool(left == right)


def plain(value: Any) -> Any:
    """A value without leaves; these are fixed in their shape."""
    if type(value) is Leaf:
        return Item(value, "").read
    if type(value) is dict:
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if type(value) is list else value


def among(item: Item, items: Items) -> bool:
    """Whether a collection has an item equal to this one."""
    return any(same(item, one) for one in items)


def distinct(items: Items) -> Items:
    """The items without those that equal an earlier one."""
    kept: dict[Any, Item] = {}
    for item in items:
        kept.setdefault(_hashed(plain(item.value)), item)
    return list(kept.values())


def _hashed(value: Any) -> Any:
    """Something that is equal for equal values."""
    if type(value) is dict:
        return frozenset((key, _hashed(one)) for key, one in value.items())
    return tuple(map(_hashed, value)) if type(value) is list else (type(value) is bool, value)


def _told(value: bool | None) -> Items:
    return [] if value is None else made(value)


def _settled_by(decisive: bool) -> Operator:
    """The operator whose answer one side alone settles: `and` by false, `or` by true."""

    def settled(left: Items, right: Callable[[], Items]) -> Items:
        one = boolean(left)
        if one is decisive:
            return made(decisive)
        other = boolean(right())
        if other is decisive:
            return made(decisive)
        return [] if one is None or other is None else made(not decisive)

    return settled


def _xor(left: Items, right: Callable[[], Items]) -> Items:
    one, other = boolean(left), boolean(right())
    return _told(None if one is None or other is None else one != other)


def _implies(left: Items, right: Callable[[], Items]) -> Items:
    one = boolean(left)
    if one is False:
        return made(True)
    other = boolean(right())
    if one is True:
        return _told(other)
    return made(True) if other is True else []


def _equal(left: Items, right: Callable[[], Items]) -> Items:
    other = right()
    if not left or not other:
        return []
    alike = len(left) == len(other) and all(map(same, left, other))
    return made(alike)


def _unequal(left: Items, right: Callable[[], Items]) -> Items:
    found = _equal(left, right)
    return made(not found[0].value) if found else []


def _in(left: Items, right: Callable[[], Items]) -> Items:
    return made(among(left[0], right())) if left else []


def _contains(left: Items, right: Callable[[], Items]) -> Items:
    other = right()
    return made(among(other[0], left)) if other else []


def _union(left: Items, right: Callable[[], Items]) -> Items:
    return distinct([*left, *right()])


def _later(one: Item, other: Item) -> bool:
    """Whether one is greater. Dates are compared as far as both are known."""
    if one.type in DATES or other.type in DATES:
        return after(one.read, other.read)
    if type(one.value) is dict and type(other.value) is dict:
        return bool(plain(one.value).get("value", 0) > plain(other.value).get("value", 0))
    return bool(one.read > other.read)


def _compared(answer: Callable[[Item, Item], bool]) -> Operator:
    def compare(left: Items, right: Callable[[], Items]) -> Items:
        other = right()
        if not left or not other or left[0].value is None or other[0].value is None:
            return []
        return made(answer(left[0], other[0]))

    return compare


def _plus(left: Items, right: Callable[[], Items]) -> Items:
    other = right()
    if not left or not other:
        return []
    return made(left[0].read + other[0].read)


def _minus(left: Items, right: Callable[[], Items]) -> Items:
    other = right()
    return made(left[0].read - other[0].read) if left and other else []


def _joined(left: Items, right: Callable[[], Items]) -> Items:
    texts = [str(items[0].read) if items else "" for items in (left, right())]
    return made("".join(texts))


OPERATORS: dict[str, Operator] = {
    "and": _settled_by(False),
    "or": _settled_by(True),
    "xor": _xor,
    "implies": _implies,
    "=": _equal,
    "!=": _unequal,
    "in": _in,
    "contains": _contains,
    "|": _union,
    ">": _compared(_later),
    "<": _compared(lambda one, other: _later(other, one)),
    "<=": _compared(lambda one, other: not _later(one, other)),
    ">=": _compared(lambda one, other: not _later(other, one)),
    "+": _plus,
    "-": _minus,
    "&": _joined,
}
"""What each operator makes of the collections on its sides."""

__all__ = ["OPERATORS", "among", "boolean", "distinct", "plain", "same"]
