"""The text of a FHIRPath expression as a tree.

Source: http://hl7.org/fhirpath/N1 (the grammar and the precedence of operators). What the
invariants of FHIR do not use (dates and quantities as literals, type arguments in backquotes)
is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|'(?P<text>(?:[^'\\]|\\.)*)'|\"(?P<quoted>(?:[^\"\\]|\\.)*)\""
    r"|`(?P<named>[^`]+)`|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<variable>[%$][A-Za-z][A-Za-z0-9-]*)|(?P<sign><=|>=|!=|!~|[.()\[\],=~<>|+*/&{}-]))"
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}

LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"implies"}),
    frozenset({"or", "xor"}),
    frozenset({"and"}),
    frozenset({"in", "contains"}),
    frozenset({"=", "~", "!=", "!~"}),
    frozenset({"<", ">", "<=", ">="}),
    frozenset({"|"}),
    frozenset({"is", "as"}),
    frozenset({"+", "-", "&"}),
    frozenset({"*", "/", "div", "mod"}),
)
"""The binary operators, those that bind least first."""


class NotUnderstoodError(ValueError):
    """An expression that this reader does not know how to read or to answer."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A node of the tree: its kind, its name or value, and its parts.

    The kinds are literal, empty, variable, member (of the first part, or of what is asked),
    call (its first part, None for what is asked, then its arguments), index and operator.
    """

    kind: str
    value: object = None
    parts: tuple[Expression | None, ...] = ()


def parse(text: str) -> Expression:
    """The tree of an expression. Raises NotUnderstoodError."""
    reader = _Reader(text)
    tree = reader.binary(0)
    if reader.token is not None:
        raise NotUnderstoodError(f"{reader.token[1]!r} is not understood in {text!r}")
    return tree


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.token: tuple[str, str] | None = None
        self._advance()

    def _advance(self) -> None:
        rest = self._text[self._at :]
        if not rest.strip():
            self.token = None
            return
        found = _TOKEN.match(self._text, self._at)
        if found is None or found.lastgroup is None:
            raise NotUnderstoodError(f"{rest.strip()[:10]!r} is not understood in {self._text!r}")
        self._at = found.end()
        self.token = found.lastgroup, found[found.lastgroup]

    def _take(self, sign: str) -> bool:
        if self.token == ("sign", sign):
            self._advance()
            return True
        return False

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise NotUnderstoodError(f"{sign!r} is missing in {self._text!r}")

    def binary(self, level: int) -> Expression:
        if level == len(LEVELS):
            return self._unary()
        left = self.binary(level + 1)
        while self.token is not None and self.token[0] in ("sign", "name"):
            sign = self.token[1]
            if sign not in LEVELS[level]:
                break
            self._advance()
            if sign in ("is", "as"):
                left = Expression("call", sign, (left, self._type()))
            else:
                left = Expression("operator", sign, (left, self.binary(level + 1)))
        return left

    def _type(self) -> Expression:
        name = self._word()
        while self._take("."):
            name = self._word()
        return Expression("member", name, (None,))

    def _word(self) -> str:
        if self.token is None or self.token[0] not in ("name", "named"):
            raise NotUnderstoodError(f"a name is missing in {self._text!r}")
        word = self.token[1]
        self._advance()
        return word

    def _unary(self) -> Expression:
        if self._take("-"):
            zero = Expression("literal", 0)
            return Expression("operator", "-", (zero, self._unary()))
        term = self._term()
        while True:
            if self._take("."):
                term = self._invocation(term)
            elif self._take("["):
                place = self.binary(0)
                self._need("]")
                term = Expression("index", None, (term, place))
            else:
                return term

    def _term(self) -> Expression:
        if self._take("("):
            inner = self.binary(0)
            self._need(")")
            return inner
        if self._take("{"):
            self._need("}")
            return Expression("empty")
        if self.token is None:
            raise NotUnderstoodError(f"{self._text!r} ends too early")
        kind, value = self.token
        if kind in ("text", "quoted"):
            self._advance()
            return Expression("literal", _unescaped(value))
        if kind == "number":
            from decimal import Decimal

            self._advance()
            return Expression("literal", Decimal(value) if "." in value else int(value))
        if kind == "variable":
            self._advance()
            return Expression("variable", value)
        if kind == "name" and value in ("true", "false"):
            self._advance()
            return Expression("literal", value == "true")
        return self._invocation(None)

    def _invocation(self, of: Expression | None) -> Expression:
        if self.token is not None and self.token[0] == "variable":
            raise NotUnderstoodError(f"{self.token[1]} stands out of place in {self._text!r}")
        name = self._word()
        if not self._take("("):
            return Expression("member", name, (of,))
        parts: list[Expression | None] = [of]
        if not self._take(")"):
            parts.append(self.binary(0))
            while self._take(","):
                parts.append(self.binary(0))
            self._need(")")
        return Expression("call", name, tuple(parts))


def _unescaped(text: str) -> str:
    """The text without its backslashes; before a sign of a regular expression they stay."""

    def one(found: re.Match[str]) -> str:
        sign = found[1]
        if sign[0] == "u" and len(sign) == 5:
            return chr(int(sign[1:], 16))
        return _ESCAPES.get(sign, sign)

    return re.sub(r"\\(u[0-9A-Fa-f]{4}|.)", one, text)
