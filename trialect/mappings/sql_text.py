"""The words of an SQL expression, each of which must be allowed, and the text Polars is given.

What would make a row's result depend on other rows (aggregates, windows) or reach beyond the row
(subqueries, table functions, the clock) has no word here. Nothing is left to the parser's mercy:
a word that is not listed below is the name of a column, or a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

FUNCTIONS = frozenset(
    "ABS CEIL CEILING FLOOR ROUND SIGN SQRT CBRT POW POWER EXP LN LOG2 LOG10 MOD DIV "  # noqa: SIM905 # a list of words reads better
    "COALESCE NULLIF IFNULL IF GREATEST LEAST CAST TRY_CAST "
    "CONCAT CONCAT_WS LEFT RIGHT SUBSTR SUBSTRING LENGTH CHAR_LENGTH CHARACTER_LENGTH LOWER "
    "UPPER INITCAP LTRIM RTRIM TRIM LPAD RPAD REPLACE REVERSE STARTS_WITH ENDS_WITH STRPOS "
    "REGEXP_LIKE REGEXP_REPLACE SPLIT_PART".split()
)
"""The functions that an expression may call; each looks at one row and gives one value."""

TYPES = {
    "DOUBLE": "DOUBLE",
    "FLOAT": "DOUBLE",
    "INTEGER": "BIGINT",
    "INT": "BIGINT",
    "BIGINT": "BIGINT",
    "VARCHAR": "VARCHAR",
    "TEXT": "VARCHAR",
}
"""The types of CAST, and what Polars is asked for: never fewer bits than a value may need."""

LONGEST = 10_000
"""Characters of an expression."""
MOST_WORDS = 2_000
"""Words and signs of an expression; a parser's stack has an end."""

_KEYWORDS = frozenset(
    "AND OR NOT IS NULL TRUE FALSE IN LIKE ILIKE BETWEEN CASE WHEN THEN ELSE END".split()  # noqa: SIM905 # as above
)
_SPECIAL = frozenset(["AS", "DISTINCT", "FROM"])
_UNSIGNED = frozenset("LENGTH CHAR_LENGTH CHARACTER_LENGTH STRPOS".split())  # noqa: SIM905 # as above

_TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<comment>--|/\*)
    |(?P<text>'(?:[^']|'')*')
    |(?P<name>"(?:[^"]|"")*")
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>@?[^\W\d]\w*)
    |(?P<sign><>|!=|<=|>=|\|\||!~|[=<>+\-*/%(),~])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


class ExpressionError(ValueError):
    """An expression that is not understood or reaches for what it may not; says why."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word, quoted name, number, quoted text or sign."""

    kind: str
    text: str

    @property
    def upper(self) -> str:
        """The word in upper case; empty for anything that is no bare word."""
        return self.text.upper() if self.kind == "word" else ""


@dataclass(frozen=True, slots=True)
class Cast:
    """A CAST: what it reads and what it makes, as expressions; `strict` unless TRY_CAST."""

    inner: str
    outer: str
    to: str
    strict: bool


@dataclass(slots=True)
class Words:
    """An expression that holds only what is allowed.

    `sql` is the text for Polars, in which no CAST fails; `casts` are those whose failures are to
    be told; `columns` the columns it names.
    """

    sql: str
    casts: tuple[Cast, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(slots=True)
class _Open:
    """A parenthesis that is not closed yet: what was called, and where CAST's AS stands."""

    call: str
    start: int
    as_at: int | None = None
    type: str = ""


@dataclass(slots=True)
class _Reader:
    tokens: list[Token]
    out: list[str] = field(default_factory=list)
    casts: list[Cast] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)
    open: list[_Open] = field(default_factory=list)

    def before(self, at: int) -> Token:
        return self.tokens[at - 1] if at else Token("", "")

    def after(self, at: int) -> Token:
        return self.tokens[at + 1] if at + 1 < len(self.tokens) else Token("", "")

    def read(self) -> Words:
        for at, token in enumerate(self.tokens):
            if token.kind == "word":
                self._word(at, token)
            elif token.kind == "name":
                if self.after(at).text == "(":
                    raise ExpressionError(f"{token.text} is quoted, so it is no function")
                name = token.text[1:-1].replace('""', '"')
                self._column(name)
            elif token.text == "(":
                called = self.before(at).upper
                self.open.append(_Open(called if called in FUNCTIONS else "", len(self.out)))
                self.out.append("(")
            elif token.text == ")":
                self._close()
            else:
                if token.text == "*" and self.before(at).text in ("", "(", ","):
                    raise ExpressionError("* stands for no column here; name the columns")
                self.out.append(token.text)
        if self.open:
            raise ExpressionError("a parenthesis is not closed")
        return Words(" ".join(self.out), tuple(self.casts), tuple(self.columns))

    def _column(self, name: str) -> None:
        if name.startswith("^") and name.endswith("$"):
            raise ExpressionError(f"{name} is no name that a column may have")
        self.columns[name] = None
        self.out.append('"' + name.replace('"', '""') + '"')

    def _word(self, at: int, token: Token) -> None:
        word = token.upper
        if self.after(at).text == "(" and word not in _KEYWORDS | _SPECIAL:
            if word not in FUNCTIONS:
                raise ExpressionError(f"{token.text} is no function that it may call{_near(word)}")
            self.out.append("TRY_CAST" if word == "CAST" else word)
        elif word in _KEYWORDS:
            self.out.append(word)
        elif word in _SPECIAL:
            self._special(at, word)
        elif self.open and self.open[-1].as_at is not None:
            self._type(word, token)
        else:
            # Written with quotes it can be nothing but a column, whatever SQL calls by this word.
            self._column(token.text)

    def _special(self, at: int, word: str) -> None:
        if word == "AS" and self.open and self.open[-1].call in ("CAST", "TRY_CAST"):
            self.open[-1].as_at = len(self.out)
        elif not (
            (word == "DISTINCT" and self.before(at).upper in ("IS", "NOT"))
            or (word == "FROM" and self.before(at).upper == "DISTINCT")
        ):
            raise ExpressionError(f"{word} has no place here")
        self.out.append(word)

    def _type(self, word: str, token: Token) -> None:
        here = self.open[-1]
        if here.type and (here.type, word) == ("DOUBLE", "PRECISION"):
            return
        if here.type or word not in TYPES:
            raise ExpressionError(
                f"{token.text} is no type of CAST{_near(word, TYPES)}; "
                "the types are DOUBLE, INTEGER and VARCHAR"
            )
        here.type = TYPES[word]
        self.out.append(here.type)

    def _close(self) -> None:
        if not self.open:
            raise ExpressionError("a parenthesis closes that was not opened")
        here = self.open.pop()
        self.out.append(")")
        call = " ".join(self.out[here.start - 1 :])
        if here.call in ("CAST", "TRY_CAST"):
            if here.as_at is None or not here.type:
                raise ExpressionError("CAST is written CAST(column AS DOUBLE)")
            inner = " ".join(self.out[here.start + 1 : here.as_at])
            self.casts.append(Cast(inner, call, here.type, strict=here.call == "CAST"))
        elif here.call in _UNSIGNED:
            # Polars counts in unsigned integers, in which 3 - 5 is 4294967294.
            self.out[here.start - 1 :] = [f"CAST ( {call} AS BIGINT )"]


def read_words(text: str) -> Words:
    """The expression, when every word of it is allowed. Raises `ExpressionError`."""
    if len(text) > LONGEST:
        raise ExpressionError(f"it is longer than {LONGEST} characters")
    tokens = list(_tokens(text))
    if not tokens:
        raise ExpressionError("it is empty")
    if len(tokens) > MOST_WORDS:
        raise ExpressionError(f"it has more than {MOST_WORDS} words")
    return _Reader(tokens).read()


def _tokens(text: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(text):
        kind, word = found.lastgroup or "", found.group()
        if kind == "blank":
            continue
        if kind == "comment":
            raise ExpressionError("it may hold no comments")
        if kind == "other":
            hint = " (a text stands between ' and ')" if word in "'\"`" else ""
            raise ExpressionError(f"{word!r} has no place in it{hint}")
        if kind in ("word", "number") and text[found.end() : found.end() + 1] in ("'", '"'):
            raise ExpressionError(f"a blank is missing after {word}")
        yield Token(kind, word)


def _near(word: str, words: Iterable[str] = FUNCTIONS) -> str:
    near = get_close_matches(word, sorted(words), n=1)
    return f"; did you mean {near[0]}" if near else ""
