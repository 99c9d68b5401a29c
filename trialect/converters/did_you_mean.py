"""The word that was probably meant, for messages about one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(word: str, words: Iterable[str]) -> str | None:
    """The word most like this one, whatever its case; None when none is like it."""
    folded = {one.casefold(): one for one in words}
    close = difflib.get_close_matches(word.casefold(), list(folded), n=1)
    return folded[close[0]] if close else None


def meant(word: str, words: Iterable[str]) -> str:
    """A sentence that asks for the closest word, with a blank in front; "" when none is close."""
    found = closest(word, words)
    return "" if found is None else f" Did you mean {found!r}?"
