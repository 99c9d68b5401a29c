r"""Regular expressions of rules, for an engine whose time is linear in the text.

Rules are written in Python's syntax. They run in Rust's `regex` (which Polars uses): it never
backtracks, so no expression and no value can make it hang. What it cannot do in bounded time,
look-around and back-references, is refused by name when the rule is loaded.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

LENGTH_LIMIT = 4000
"""Characters of an expression at most."""


class BadPattern(ValueError):  # noqa: N818 # a pattern is bad; the program is not
    """An expression that cannot be used, and why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """An expression in Rust's syntax: `found` anywhere, `at_start` where the text begins.

    `groups` is the number of capturing groups.
    """

    found: str
    groups: int

    @property
    def at_start(self) -> str:
        r"""The expression held to the beginning of the text, as Python's `match` does."""
        return rf"\A(?:{self.found})"


@lru_cache(maxsize=4096)
def pattern(text: str) -> Pattern:
    """The expression. Raises `BadPattern`."""
    shown = text if len(text) <= 60 else f"{text[:57]}..."
    if len(text) > LENGTH_LIMIT:
        raise BadPattern(f"regular expression {shown!r} has more than {LENGTH_LIMIT} characters")
    try:
        with warnings.catch_warnings():
            # What Python may mean by `[[a]` one day is no matter of a rule.
            warnings.simplefilter("ignore", FutureWarning)
            compiled = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadPattern(f"regular expression {shown!r} is none: {error}") from error
    found = Pattern(_in_rust(text, shown), compiled.groups)
    try:
        pl.Series([""]).str.contains(found.at_start)
    except pl.exceptions.PolarsError as error:
        # What follows the empty line is the call that was made to try the expression.
        said = str(error).partition("\n\n")[0].splitlines()[-1]
        reason = said.removeprefix("regex error: ").removeprefix("error: ").strip(" .")
        raise BadPattern(f"regular expression {shown!r} cannot be run: {reason}") from error
    return found


_LOOKS = ("(?=", "(?!", "(?<=", "(?<!")


def _in_rust(text: str, shown: str) -> str:
    """The expression in the words of Rust's engine; Python has compiled it already."""
    out: list[str] = []
    at, length = 0, len(text)
    while at < length:
        char = text[at]
        if char == "\\":
            escaped, at = _escape(text, at, shown)
            out.append(escaped)
            continue
        if char == "[":
            inside, at = _class(text, at)
            out.append(inside)
            continue
        if text.startswith(_LOOKS, at):
            raise BadPattern(f"regular expression {shown!r} looks ahead or behind")
        if text.startswith(("(?P=", "(?("), at):
            raise BadPattern(f"regular expression {shown!r} refers back to what it found")
        if text.startswith("(?#", at):
            at = text.index(")", at) + 1
            continue
        if text.startswith("(?>", at) or (char == "+" and out and out[-1] in ("*", "+", "?", "}")):
            raise BadPattern(f"regular expression {shown!r} gives nothing back (possessive)")
        out.append(char)
        at += 1
    return "".join(out)


def _escape(text: str, at: int, shown: str) -> tuple[str, int]:
    char = text[at + 1]
    if char in "123456789":
        raise BadPattern(f"regular expression {shown!r} refers back to what it found")
    if char == "Z":
        return r"\z", at + 2
    if char.isalnum():
        return text[at : at + 2], at + 2
    # Rust gives some escaped signs a meaning (`\<` begins a word); Python takes them as they are.
    return re.escape(char) if char.isascii() and char not in "<>" else char, at + 2


def _class(text: str, at: int) -> tuple[str, int]:
    """A character class, in which Rust knows sets of sets and Python does not."""
    out = ["["]
    at += 1
    if text[at] == "^":
        out.append("^")
        at += 1
    first = True
    while first or text[at] != "]":
        first = False
        char = text[at]
        if char == "\\":
            following = text[at + 1]
            keep = following.isalnum() or following in "\\]^-["
            out.append(text[at : at + 2] if keep else re.escape(following))
            at += 2
            continue
        if char in "[]" or (char in "&~-" and text[at + 1] == char):
            out.append("\\")
        out.append(char)
        at += 1
    return "".join([*out, "]"]), at + 1
