"""Text over 200 characters: cut into pieces that SDTM can hold and that join to the same text.

A piece shorter than the limit ends where a space of the text stood; a piece of exactly the limit
was cut within a word. `join_pieces` undoes `split_text` by that rule. Lengths are those of the
text as SDTM files spell it (ASCII), where a sign may take several characters, or a blank.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache, partial
from itertools import pairwise

import polars as pl

from trialect.converters.writers.ascii import SUPERSCRIPTS, to_ascii
from trialect.schemas.sdtm import Dataset
from trialect.trial import Study

LIMIT = 200
"""Characters (bytes) of a character variable (SAS TS-140; SDTMIG 4.5.3)."""

Spelling = Callable[[str], Sequence[str]]
"""What is written for each character of a text; nothing for one that belongs to those before."""

_Rows = tuple[tuple[str, str], ...]


def as_it_stands(text: str) -> Sequence[str]:
    """The spelling of a text that is ASCII already."""
    return text


def spelling_in(study: Study) -> Spelling:
    """The spelling by the transliteration of the study's SDTM files."""
    return partial(_spelled, tuple(sorted(study.sdtm.transliterate.items())))


def _spelled(rows: _Rows, text: str) -> Sequence[str]:
    if text.isascii() and not any(key.isascii() for key, _ in rows):
        return text
    spelled: list[str] = []
    for token in _tokens(rows).findall(text):
        spelled += [_written(rows, token), *[""] * (len(token) - 1)]
    return spelled


@cache
def _tokens(rows: _Rows) -> re.Pattern[str]:
    """What is spelled as one: the study's own rows, runs of superscripts, single characters."""
    own = [re.escape(key) for key in sorted((key for key, _ in rows), key=len, reverse=True)]
    return re.compile("|".join([*own, f"[{''.join(SUPERSCRIPTS)}]+", "."]), re.DOTALL)


@lru_cache(maxsize=10_000)
def _written(rows: _Rows, token: str) -> str:
    written, _ = to_ascii(pl.Series([token]), extra=dict(rows))
    return str(written[0])


def written_length(text: str, spell: Spelling = as_it_stands) -> int:
    """Characters that a text takes in an SDTM file."""
    return sum(map(len, spell(text)))


def split_text(text: str, spell: Spelling = as_it_stands, limit: int = LIMIT) -> list[str]:
    """The pieces of a text, each written in at most `limit` characters; the text when it fits.

    A piece ends before the last space that stands alone between other characters and leaves it
    shorter than the limit; without one it is cut at the limit. Raises ValueError where neither
    can be undone: no such space, and a blank or a sign of several characters at the limit.
    """
    spelled = spell(text)
    if spelled is text and len(text) <= limit:
        return [text]
    pieces: list[str] = []
    start = 0
    while (len(text) - start if spelled is text else sum(map(len, spelled[start:]))) > limit:
        cut = _cut_as_it_stands(text, start, limit) if spelled is text else None
        end, gap = cut or _cut(text, spelled, start, limit)
        pieces.append(text[start:end])
        start = end + gap
    return [*pieces, text[start:]]


def _cut(text: str, spelled: Sequence[str], start: int, limit: int) -> tuple[int, int]:
    """Where the piece from `start` ends, and how many spaces follow it."""
    used, space, within = 0, None, None
    for place in range(start, len(text)):
        if place > start and _ends(spelled[place - 1]):
            if used < limit and text[place] == " " and _begins(spelled[place + 1 : place + 2]):
                space = place
            if used == limit and _begins(spelled[place : place + 1]):
                within = place
        used += len(spelled[place])
        if used > limit:
            break
    if space is not None:
        return space, 1
    if within is not None:
        return within, 0
    raise ValueError(text[start : start + limit])


def _cut_as_it_stands(text: str, start: int, limit: int) -> tuple[int, int] | None:
    """What `_cut` gives where a text is written as it stands; None where no space is fit."""
    at = text.rfind(" ", start + 1, start + limit)
    while at != -1:
        if text[at - 1] != " " and text[at + 1 : at + 2] not in ("", " "):
            return at, 1
        at = text.rfind(" ", start + 1, at)
    return None


def _ends(written: str) -> bool:
    """Whether a piece may end with what is written: a blank at the end would be lost."""
    return bool(written) and written[-1] != " "


def _begins(written: Sequence[str]) -> bool:
    """Whether a piece may begin with what is written: SDTM text has no leading blanks (FB1501)."""
    return bool(written and written[0]) and written[0][0] != " "


def join_pieces(pieces: Sequence[str], spell: Spelling = as_it_stands, limit: int = LIMIT) -> str:
    """The text that `split_text` cut."""
    text = pieces[0]
    for before, piece in pairwise(pieces):
        text += ("" if written_length(before, spell) == limit else " ") + piece
    return text


def first_piece(text: str, study: Study) -> str:
    """What a variable can hold of a text; the text itself when it fits or cannot be cut."""
    try:
        return split_text(text, spelling_in(study))[0]
    except ValueError:
        return text


def is_long(texts: pl.Series, study: Study) -> pl.Series:
    """Which texts a variable cannot hold (Boolean, false for null)."""
    long = texts.str.len_bytes() > LIMIT
    own = [key for key in study.sdtm.transliterate if key.isascii()]
    odd = texts.str.len_bytes() != texts.str.len_chars()
    if own:
        odd = odd | texts.str.contains_any(own)
    suspects = texts.filter(odd).unique()
    if suspects.len():
        spell = spelling_in(study)
        judged = {text: written_length(text, spell) > LIMIT for text in suspects}
        answer = texts.replace_strict(judged, default=None, return_dtype=pl.Boolean)
        long = answer.zip_with(answer.is_not_null(), long)
    return long.fill_null(value=False)


def may_be_long(texts: pl.DataFrame, study: Study) -> list[str]:
    """The columns in which `is_long` can find something, told without looking at each text."""
    if any(key.isascii() for key in study.sdtm.transliterate):
        return texts.columns
    size, signs = pl.all().str.len_bytes(), pl.all().str.len_chars()
    suspicious = texts.select((size.max() > LIMIT) | (size.sum() != signs.sum()))
    return [column for column in texts.columns if suspicious[column].item()]


def continuation_name(model: Dataset, variable: str, number: int, taken: Sequence[str]) -> str:
    """The name of a variable's piece `number` (from 1) in at most 8 characters: AETERM1.

    A longer name gives way at its end (AEACNOT1 of AEACNOTH), and before its last letters where
    the name would be that of another variable, of one of `taken`, or of another's piece.
    """
    names = [*(one.name for one in model.variables), *sorted(taken)]
    if variable not in names:
        names.append(variable)
    stems = _stems(tuple(names), len(str(number)))
    return f"{stems[variable]}{number}"


@cache
def _stems(names: tuple[str, ...], digits: int) -> dict[str, str]:
    """What stands before the number of each variable's pieces."""
    room = 8 - digits
    numbers = range(10 ** (digits - 1), 10**digits)
    used = {*names}
    stems: dict[str, str] = {}
    for name in names:
        kept = min(room, len(name))
        tails = range(kept - 1)
        candidates = [name[: kept - tail] + name[len(name) - tail :] for tail in tails]
        for stem in [*candidates, *(f"{name[: kept - 1]}{letter}" for letter in "XYZ")]:
            pieces = {f"{stem}{number}" for number in numbers}
            if not pieces & used:
                stems[name] = stem
                used |= pieces
                break
    return stems
