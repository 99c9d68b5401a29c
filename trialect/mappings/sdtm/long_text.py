"""Text over 200 characters: cut into pieces that SDTM can hold and that join to the same text.

A piece shorter than the limit ends where a space of the text stood; a piece of exactly the limit
was cut within a word. `join_pieces` undoes `split_text` by that rule. Lengths are those of the
text as SDTM files spell it (ASCII), where a sign may take more than one character.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import polars as pl

from trialect.schemas.sdtm import Dataset
from trialect.trial import Study

LIMIT = 200
"""Characters (bytes) of a character variable (SAS TS-140; SDTMIG 4.5.3)."""

Width = Callable[[str], Sequence[int]]
"""How many characters each character of a text takes in ASCII."""


def plain_width(text: str) -> Sequence[int]:
    """The widths of a text that is ASCII already."""
    return [1] * len(text)


def width_in(study: Study) -> Width:
    """The widths by the study's transliteration."""
    return partial(_ascii_width, tuple(sorted(study.sdtm.transliterate.items())))


def _ascii_width(extra: tuple[tuple[str, str], ...], text: str) -> Sequence[int]:
    if text.isascii():
        return plain_width(text)
    from trialect.converters.writers.ascii import to_ascii

    signs = sorted({sign for sign in text if not sign.isascii()})
    written, _ = to_ascii(pl.Series(signs), extra=dict(extra))
    known = {sign: len(one or "") for sign, one in zip(signs, written, strict=True)}
    return [known.get(sign, 1) for sign in text]


def split_text(text: str, width: Width = plain_width, limit: int = LIMIT) -> list[str]:
    """The pieces of a text, each at most `limit` wide; the text alone when it fits.

    A piece ends before the last space that stands alone between other characters and leaves it
    shorter than the limit; without one it is cut at the limit. Raises ValueError where neither
    can be undone: no such space, and a blank or a wide sign right at the limit.
    """
    widths = width(text)
    pieces: list[str] = []
    start = 0
    while sum(widths[start:]) > limit:
        cut, gap = _cut(text, widths, start, limit)
        pieces.append(text[start:cut])
        start = cut + gap
    return [*pieces, text[start:]]


def _cut(text: str, widths: Sequence[int], start: int, limit: int) -> tuple[int, int]:
    """Where the piece from `start` ends, and how many spaces follow it."""
    used, space, hard = 0, None, None
    for place in range(start, len(text)):
        alone = text[place - 1 : place + 2].count(" ") == 1
        if place > start and used < limit and text[place] == " " and alone:
            space = place
        if used == limit and " " not in text[place - 1 : place + 1]:
            hard = place
        used += widths[place]
        if used > limit + 1:
            break
    if space is not None:
        return space, 1
    if hard is not None:
        return hard, 0
    raise ValueError(text[start : start + limit])


def join_pieces(pieces: Sequence[str], width: Width = plain_width, limit: int = LIMIT) -> str:
    """The text that `split_text` cut."""
    text = pieces[0]
    for before, piece in pairwise(pieces):
        text += ("" if sum(width(before)) == limit else " ") + piece
    return text


def first_piece(text: str, study: Study) -> str:
    """What a variable can hold of a text; the text itself when it fits or cannot be cut."""
    try:
        return split_text(text, width_in(study))[0]
    except ValueError:
        return text


def is_long(texts: pl.Series, study: Study) -> pl.Series:
    """Which texts are wider than a variable can be (Boolean, false for null)."""
    long = texts.str.len_bytes() > LIMIT
    width = width_in(study)
    suspects = texts.filter(texts.str.len_bytes() != texts.str.len_chars()).unique()
    if suspects.len():
        wide = {text: sum(width(text)) > LIMIT for text in suspects}
        judged = texts.replace_strict(wide, default=None, return_dtype=pl.Boolean)
        long = judged.zip_with(judged.is_not_null(), long)
    return long.fill_null(value=False)


def continuation_names(
    dataset: Dataset, variable: str, taken: Sequence[str]
) -> Callable[[int], str]:
    """The names for the pieces after the first: variable + 1, 2, ..., in at most 8 characters.

    The variable's name gives way at its end. Where an earlier variable of the dataset has the
    same beginning, or a name is taken, the last letter is kept and the sixth gives way.
    """
    names = [one.name for one in dataset.variables if one.type == "Char"]
    earlier = names[: names.index(variable)] if variable in names else names
    shares = any(name[:7] == variable[:7] for name in earlier if name != variable)
    reserved = {*taken, *(one.name for one in dataset.variables)}

    def name(number: int) -> str:
        digits = str(number)
        room = 8 - len(digits)
        plain = variable[:room] + digits
        if not shares and plain not in reserved:
            return plain
        return variable[: room - 1][: len(variable) - 1] + variable[-1] + digits

    return name
