"""Text in 7-bit ASCII, as XPT version 5 needs it: by a declared table, and never by guess.

A row of the table says what is written for a character wherever it stands. So a character that
reads differently from place to place has no row ("½" after a digit, "¥", "º", "‰"), nor has any
script but Latin and the Greek letters that clinical text uses as symbols. What has no row stays as
it is, and the XPT checks name it (XPT-NON-ASCII): it is neither dropped nor made a question mark.
A study may add rows, and replace rows, with a table of its own.

Latin letters with accents, ligatures, full-width forms and Roman numerals are written as their
Unicode decomposition (Unicode Standard, chapter 3.7) without its combining marks. All other rows
stand in `ROWS`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

import polars as pl

from trialect.problems import Problem, Unusable, rule

BAD_ROW = rule(
    "XPT-TRANSLITERATION-ROW",
    "error",
    "A row of the transliteration table that cannot be used",
    "The row {value!r} -> {written!r} cannot be used: {what}.",
    "A row goes from characters that are not ASCII (or control characters) to printable ASCII.",
)

ROWS: Mapping[str, str] = {
    # Comparison and arithmetic
    "≥": ">=", "≤": "<=", "⩾": ">=", "⩽": "<=", "≧": ">=", "≦": "<=", "≠": "!=",
    "≈": "~", "∼": "~", "≅": "~=", "≃": "~=", "≫": ">>", "≪": "<<", "±": "+/-", "∓": "-/+",
    "×": "x", "÷": "/", "∕": "/", "⁄": "/", "∗": "*", "∞": "infinity", "√": "sqrt",
    # The middle dot is a decimal point in older British text and a product in units (UCUM: N.m).
    "·": ".", "⋅": ".", "∙": ".",
    # Units: CDISC writes ug, uL, umol/L; a degree sign before C or F makes degC, degF.
    "µ": "u", "μ": "u", "°": "deg", "℃": "degC", "℉": "degF",
    "\u212a": "K", "\u212b": "A", "\u2126": "Ohm",  # Kelvin, Angstrom and Ohm signs
    # Arrows
    "→": "->", "←": "<-", "↔": "<->", "⇒": "->", "⇐": "<-", "⇔": "<->", "↑": "(up)", "↓": "(down)",
    # Dashes and hyphens, the minus sign
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "﹣": "-",
    # Quotation marks, apostrophes, primes
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "‹": "'", "›": "'", "ʼ": "'", "ʻ": "'", "´": "'",
    "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "′": "'", "″": '"',
    # Other punctuation and signs
    "…": "...", "•": "*", "‣": "*", "◦": "*", "¡": "!", "¿": "?", "¦": "|", "№": "No",
    "©": "(c)", "®": "(R)", "™": "(TM)", "℠": "(SM)", "€": "EUR", "£": "GBP", "₺": "TRY",
    "♀": "(female)", "♂": "(male)", "✓": "(yes)", "✔": "(yes)", "✗": "(no)", "✘": "(no)",
    # Spaces
    "\u00a0": " ", "\u1680": " ", "\u2000": " ", "\u2001": " ", "\u2002": " ", "\u2003": " ",
    "\u2004": " ", "\u2005": " ", "\u2006": " ", "\u2007": " ", "\u2008": " ", "\u2009": " ",
    "\u200a": " ", "\u202f": " ", "\u205f": " ", "\u3000": " ", "\u2028": " ", "\u2029": " ",
    # Characters without a width: soft hyphen, joiners, direction marks, byte order mark
    "\u00ad": "", "\u200b": "", "\u200c": "", "\u200d": "", "\u200e": "", "\u200f": "",
    "\u2060": "", "\ufeff": "", "\ufe0e": "", "\ufe0f": "",
    # Latin letters that have no decomposition (Turkish, German, Nordic, Slavic, Croatian, Maltese)
    "ı": "i", "ß": "ss", "ẞ": "SS", "Æ": "AE", "æ": "ae", "Ǽ": "AE", "ǽ": "ae", "Œ": "OE",
    "œ": "oe", "Ø": "O", "ø": "o", "Ǿ": "O", "ǿ": "o", "Ð": "D", "ð": "d", "Đ": "D", "đ": "d",
    "Þ": "Th", "þ": "th", "Ł": "L", "ł": "l", "Ħ": "H", "ħ": "h", "Ŧ": "T", "ŧ": "t", "Ŋ": "Ng",
    "ŋ": "ng", "ŀ": "l", "Ŀ": "L", "ƒ": "f",
    # Greek letters as symbols (TNF-alpha); accented Greek is text and has no row
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "ν": "nu", "ξ": "xi",
    "ο": "omicron", "π": "pi", "ρ": "rho", "σ": "sigma", "ς": "sigma", "τ": "tau",
    "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
    "Α": "Alpha", "Β": "Beta", "Γ": "Gamma", "Δ": "Delta", "∆": "Delta", "Ε": "Epsilon",
    "Ζ": "Zeta", "Η": "Eta", "Θ": "Theta", "Ι": "Iota", "Κ": "Kappa", "Λ": "Lambda", "Μ": "Mu",
    "Ν": "Nu", "Ξ": "Xi", "Ο": "Omicron", "Π": "Pi", "Ρ": "Rho", "Σ": "Sigma", "Τ": "Tau",
    "Υ": "Upsilon", "Φ": "Phi", "Χ": "Chi", "Ψ": "Psi", "\u03a9": "Omega",
}  # fmt: skip
"""What is written for a character that Unicode does not decompose into ASCII letters."""

SUPERSCRIPTS: Mapping[str, str] = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-", strict=True))
"""A run of these is written after one `^`: 10⁹/L becomes 10^9/L, never 109/L."""

_DECOMPOSED = (
    (0x00C0, 0x024F),  # Latin-1 letters, Latin Extended-A and -B
    (0x1E00, 0x1EFF),  # Latin Extended Additional (Vietnamese and others)
    (0x2080, 0x208E),  # subscript digits and signs
    (0x2160, 0x217F),  # Roman numerals
    (0xFB00, 0xFB06),  # ligatures
    (0xFF01, 0xFF5E),  # full-width forms
)
_COMBINING = ((0x0300, 0x0333), (0x0339, 0x036F))
"""Marks behind a letter, as in decomposed text: the letter stays, as for the composed one.

Not the strokes through a character (U+0334 to U+0338), which make "=" an unequal sign.
"""

_SUPERSCRIPT_RUN = re.compile(f"[{''.join(SUPERSCRIPTS)}]+")
_PRINTABLE = re.compile(r"[ -~]*")
_ORDINARY = re.compile(r"[ -~]")


@lru_cache(maxsize=1)
def ascii_table() -> Mapping[int, str]:
    """The whole table but for superscripts: a code point and what is written for it."""
    table = dict(_decompositions())
    table.update((ord(char), written) for char, written in ROWS.items())
    return table


def _decompositions() -> Iterator[tuple[int, str]]:
    for first, last in _DECOMPOSED:
        for code in range(first, last + 1):
            decomposed = unicodedata.normalize("NFKD", chr(code))
            letters = "".join(char for char in decomposed if not unicodedata.combining(char))
            letters = "".join(ROWS.get(char, char) for char in letters)
            if letters and _PRINTABLE.fullmatch(letters):
                yield code, letters
    for first, last in _COMBINING:
        for code in range(first, last + 1):
            yield code, ""


def to_ascii(
    series: pl.Series, *, extra: Mapping[str, str] | None = None
) -> tuple[pl.Series, pl.DataFrame]:
    """The text in ASCII, and what was changed: a frame of row (from 0), original, replacement.

    `extra` holds the study's own rows; they go before the table's. They may also name control
    characters (a line break to a blank), which the table leaves alone. A character without a row
    stays. Raises `Unusable` for a row of `extra` that does not lead to ASCII.
    """
    own = _OwnRows(extra or {})
    rows = _rows_to_look_at(series, own)
    originals = series.gather(rows).to_list()
    written = {text: _transliterated(text, own) for text in dict.fromkeys(originals)}
    changes = pl.DataFrame(
        {
            "row": rows,
            "original": pl.Series(originals, dtype=pl.String),
            "replacement": pl.Series([written[text] for text in originals], dtype=pl.String),
        }
    ).filter(pl.col("original") != pl.col("replacement"))
    if changes.height:
        # scatter writes into the series it is called on.
        series = series.clone().scatter(changes["row"], changes["replacement"])
    return series, changes


def _rows_to_look_at(series: pl.Series, own: _OwnRows) -> pl.Series:
    size, chars = series.str.len_bytes(), series.str.len_chars()
    wanted: pl.Series | None = None
    if size.sum() != chars.sum():
        wanted = size != chars
    if own.control:
        has_control = series.str.contains_any(own.control)
        wanted = has_control if wanted is None else wanted | has_control
    if wanted is None:
        return pl.Series([], dtype=pl.get_index_type())
    return wanted.fill_null(False).arg_true()


class _OwnRows:
    """The study's rows, longest first."""

    def __init__(self, rows: Mapping[str, str]) -> None:
        problems = [problem for item in rows.items() for problem in _row_problems(*item)]
        if problems:
            raise Unusable(problems)
        self._rows = rows
        keys = sorted(rows, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, keys))) if keys else None
        self.control = [key for key in keys if key.isascii()]

    def apply(self, text: str) -> str:
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._rows[match.group()], text)


def _row_problems(text: str, written: str) -> list[Problem]:
    if not text or _ORDINARY.search(text):
        what = "it would change text that is ASCII already"
    elif not _PRINTABLE.fullmatch(written):
        what = "what it writes is not printable ASCII"
    else:
        return []
    return [BAD_ROW.problem(value=text, written=written, what=what)]


def _transliterated(text: str, own: _OwnRows) -> str:
    text = own.apply(text)
    text = _SUPERSCRIPT_RUN.sub(
        lambda run: "^" + "".join(SUPERSCRIPTS[char] for char in run.group()), text
    )
    return text.translate(ascii_table())
