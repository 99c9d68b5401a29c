"""Names that are meant to be the same: equal but for case, blanks, punctuation and the ASCII that
SDTM is written in, no further.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from trialect.mappings.sdtm.plain_ascii import PlainAscii

Item = TypeVar("Item")


def plain(name: str) -> str:
    """A name without case and punctuation, single blanks between its words, as SDTM spells it.

    Of a name of signs alone the signs stay.
    """
    spelled = name if name.isascii() else PlainAscii("", {})(name)
    folded = unicodedata.normalize("NFKC", spelled).casefold()
    letters = "".join(sign if sign.isalnum() or sign in "%+<>=" else " " for sign in folded)
    return " ".join(letters.split()) or folded.strip()


def by_name(items: Iterable[Item], name: Callable[[Item], str]) -> dict[str, Item]:
    """The items by their plain names, the first where two have one."""
    found: dict[str, Item] = {}
    for item in items:
        found.setdefault(plain(name(item)), item)
    return found


def all_names(*sides: Mapping[str, object]) -> list[str]:
    """The names of all sides, each once, in the order of the first side that has it."""
    return list(dict.fromkeys(name for side in sides for name in side))
