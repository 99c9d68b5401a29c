"""Boxes: what a ticked and what an empty box holds; anything else is a problem, not a guess."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from trialect.problems import rule

TICKED = ("1", "Y", "YES", "TRUE", "X", "CHECKED")
"""What a ticked box holds, in any case."""
EMPTY = ("0", "N", "NO", "FALSE", "UNCHECKED")
"""What a box that is not ticked holds, besides nothing."""
NOT_DONE = (*TICKED, "NOT DONE", "ND")
"""What marks an item as not done."""
DONE = (*EMPTY, "DONE")
"""What a mark holds when the item was done, besides nothing."""

UNREADABLE_TICK = rule(
    "MAP-TICK",
    "error",
    "A box is neither ticked nor empty",
    "{value!r} neither ticks the box nor leaves it empty; it counts as empty.",
    "A ticked box holds one of {ticked}, an empty one nothing or one of {empty}.",
)


def ticked(
    texts: pl.Series, yes: Collection[str] = TICKED, no: Collection[str] = EMPTY
) -> tuple[pl.Series, list[int]]:
    """Which of these (clean) texts tick a box, and the places of those that nobody can read."""
    words = texts.str.to_uppercase()
    yes_there = words.is_in(list(yes)).fill_null(value=False)
    strange = ~(words.is_in([*yes, *no]).fill_null(value=True))
    return yes_there, strange.arg_true().to_list()
