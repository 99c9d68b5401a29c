"""Texts of a study alone in 7-bit ASCII, all of them: what has no spelling is written by its code.

The table is that of XPT files (converters/writers/ascii.py). A character that it does not know
(Chinese, emoji, control characters) becomes `<U+4E2D>`: nothing is lost, and it is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from trialect.converters.writers.ascii import SUPERSCRIPTS, ascii_table
from trialect.problems import Problem, rule

WRITTEN_IN_ASCII = rule(
    "SDTM-STUDY-ASCII",
    "note",
    "Texts were written in ASCII",
    "Texts of {domain} were written in ASCII ({count}), such as {original!r} as {written!r}.",
    "Nothing to mend; `sdtm.transliterate` in study.yaml declares another spelling.",
    "FDA Study Data Technical Conformance Guide 3.3 (ASCII text); SAS TS-140",
)
WRITTEN_AS_CODES = rule(
    "SDTM-STUDY-CHARACTER-CODES",
    "warning",
    "Characters without an ASCII spelling were written as their codes",
    "Texts of {domain} have characters without a spelling ({count}: {characters}), which were "
    "written as codes, such as <U+4E2D>.",
    "Declare a spelling of them under `sdtm.transliterate` in study.yaml.",
    "FDA Study Data Technical Conformance Guide 3.3 (ASCII text); SAS TS-140",
)

_SHOWN = 60
_RUN = re.compile(f"[{''.join(SUPERSCRIPTS)}]+")


class _Table(dict[int, str]):
    """What is written for a character; one that is not listed, as its code."""

    def __missing__(self, code: int) -> str:
        written = chr(code) if 0x20 <= code < 0x7F else f"<U+{code:04X}>"
        self[code] = written
        return written


@cache
def _table() -> _Table:
    return _Table(ascii_table())


class PlainAscii:
    """Writes the texts of one dataset in ASCII and remembers what it changed.

    `own` are the rows of `sdtm.transliterate`, which go before the table's.
    """

    def __init__(self, domain: str, own: Mapping[str, str]) -> None:
        self._domain = domain
        keys = sorted(own, key=len, reverse=True)
        self._own = own
        self._pattern = re.compile("|".join(map(re.escape, keys))) if keys else None
        self._changed: dict[str, str] = {}
        self._coded: dict[str, None] = {}
        self._texts_with_codes = 0

    def __call__(self, text: str) -> str:
        """The text in printable ASCII."""
        if text.isascii() and text.isprintable():
            return text
        spelled = text
        if self._pattern is not None:
            spelled = self._pattern.sub(lambda match: self._own[match.group()], spelled)
        spelled = _RUN.sub(
            lambda run: "^" + "".join(SUPERSCRIPTS[char] for char in run.group()), spelled
        )
        table = _table()
        written = spelled.translate(table)
        if "<U+" in written and "<U+" not in text:
            self._texts_with_codes += 1
            self._coded.update(
                (char, None) for char in spelled if table[ord(char)].startswith("<U+")
            )
        # What is left out may have stood at an end, or have been all of the text.
        written = written.strip(" ")
        self._changed[text] = written
        return written

    def problems(self) -> list[Problem]:
        """A note on what was changed, and a warning on what has no spelling."""
        found = []
        if self._changed:
            original, written = next(iter(self._changed.items()))
            found.append(
                WRITTEN_IN_ASCII.problem(
                    domain=self._domain,
                    count=len(self._changed),
                    original=original[:_SHOWN],
                    written=written[:_SHOWN],
                )
            )
        if self._coded:
            codes = [f"U+{ord(char):04X}" for char in self._coded]
            more = f" and {len(codes) - 5} others" if len(codes) > 5 else ""
            found.append(
                WRITTEN_AS_CODES.problem(
                    domain=self._domain,
                    count=self._texts_with_codes,
                    characters=", ".join(codes[:5]) + more,
                )
            )
        return found
