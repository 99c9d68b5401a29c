"""A tree of texts as dataclasses, typed by their annotations alone.

A field that is added to a dataclass is read without a change here. Understood are str, int,
float, bool, Literal, `X | None`, tuple[X, ...], Mapping[str, X] and dataclasses.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from trialect.converters.did_you_mean import meant
from trialect.converters.readers.yaml_tree import Node
from trialect.problems import Problem, rule

UNKNOWN_KEY = rule(
    "STUDY-UNKNOWN-KEY",
    "error",
    "A key of the study file is not known",
    "{where} has no key {value!r}.{meant}",
    "Its keys are {known}.",
)
MISSING_KEY = rule(
    "STUDY-MISSING-KEY",
    "error",
    "A key of the study file is missing",
    "{where} needs {value!r}.",
    "Add it.",
)
WRONG_KIND = rule(
    "STUDY-TYPE",
    "error",
    "A value of the study file has the wrong form",
    "{wanted} is expected, {actual} stands there.",
    "Write {example}.",
)
UNKNOWN_WORD = rule(
    "STUDY-WORD",
    "error",
    "A word of the study file is not one of those allowed",
    "{value!r} is not known.{meant}",
    "Write one of {known}.",
)

Made = TypeVar("Made")

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}
_KINDS = {"text": "a text", "list": "a list", "mapping": "a mapping"}
_NONE = type(None)


class _WrongValueError(Exception):
    """A value could not be made; its problem is recorded already."""


def build(cls: type[Made], node: Node, file: str, problems: list[Problem]) -> Made | None:
    """The dataclass that a tree tells; None, with the reasons in `problems`, when it does not."""
    try:
        made: Made = _Typing(file, problems).value(cls, node, ())
    except _WrongValueError:
        return None
    return made


@cache
def field_types(cls: type) -> dict[str, Any]:
    """The fields of a dataclass and what their annotations mean."""
    hints = get_type_hints(cls)
    return {one.name: hints[one.name] for one in dataclasses.fields(cls)}


class _Typing:
    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems

    def value(self, hint: Any, node: Node, path: tuple[str, ...]) -> Any:
        """A value of the annotated type; records why not and raises `_WrongValueError`."""
        origin = get_origin(hint)
        if origin in (Union, types.UnionType):
            if node.is_null:
                return None
            return self.value(next(one for one in get_args(hint) if one is not _NONE), node, path)
        if dataclasses.is_dataclass(hint):
            return self._dataclass(hint, node, path)
        if origin is tuple:
            return self._tuple(get_args(hint)[0], node, path)
        if origin is Mapping:
            return self._mapping(get_args(hint)[1], node, path)
        text = self._text(hint, node, path)
        if origin is Literal:
            return self._word(get_args(hint), text, node, path)
        return self._scalar(hint, text, node, path)

    def _dataclass(self, cls: Any, node: Node, path: tuple[str, ...]) -> Any:
        if node.kind != "mapping":
            keys = ", ".join(f"{name}: ..." for name in list(field_types(cls))[:2])
            raise self._wrong(node, path, "a mapping", f"its keys ({keys})")
        hints = field_types(cls)
        given: dict[str, Any] = {}
        failed = False
        for key, child in node.entries.items():
            if key not in hints:
                self._problem(
                    UNKNOWN_KEY,
                    child,
                    path,
                    where=_where(path),
                    value=key,
                    meant=meant(key, hints),
                    known=", ".join(hints),
                )
            elif not child.is_null or _needed(cls, key) or _NONE in get_args(hints[key]):
                try:
                    given[key] = self.value(hints[key], child, (*path, key))
                except _WrongValueError:
                    failed = True
        for name in hints:
            if name not in node.entries and _needed(cls, name):
                failed = True
                self._problem(MISSING_KEY, node, path, where=_where(path), value=name)
        if failed:
            raise _WrongValueError
        return cls(**given)

    def _tuple(self, hint: Any, node: Node, path: tuple[str, ...]) -> tuple[Any, ...]:
        if node.kind != "list":
            example = f"[{node.text}]" if node.kind == "text" and node.text else "a list: [A, B]"
            raise self._wrong(node, path, "a list", example)
        return tuple(self._all((str(i), child) for i, child in enumerate(node.items))(hint, path))

    def _mapping(self, hint: Any, node: Node, path: tuple[str, ...]) -> dict[str, Any]:
        if node.kind != "mapping":
            raise self._wrong(node, path, "a mapping", "`name: value` lines")
        values = self._all(node.entries.items())(hint, path)
        return dict(zip(node.entries, values, strict=True))

    def _all(self, children: Iterable[tuple[str, Node]]) -> Any:
        """Values of the children, after all of them have been looked at."""

        def made(hint: Any, path: tuple[str, ...]) -> list[Any]:
            values, failed = [], False
            for key, child in children:
                try:
                    values.append(self.value(hint, child, (*path, key)))
                except _WrongValueError:
                    failed = True
            if failed:
                raise _WrongValueError
            return values

        return made

    def _text(self, hint: Any, node: Node, path: tuple[str, ...]) -> str:
        wanted = {int: "a whole number", float: "a number", bool: "true or false"}
        if node.kind != "text" or node.is_null:
            raise self._wrong(node, path, wanted.get(hint, "a text"), "one on the key's line")
        return node.text

    def _word(self, words: tuple[str, ...], text: str, node: Node, path: tuple[str, ...]) -> str:
        if text not in words:
            self._problem(
                UNKNOWN_WORD,
                node,
                path,
                value=text,
                meant=meant(text, words),
                known=", ".join(words),
            )
            raise _WrongValueError
        return text

    def _scalar(self, hint: Any, text: str, node: Node, path: tuple[str, ...]) -> Any:
        if hint is str:
            return text
        if hint is int and _INTEGER.fullmatch(text):
            return int(text)
        if hint is float and _NUMBER.fullmatch(text):
            return float(text)
        if hint is bool and text.lower() in _TRUTH:
            return _TRUTH[text.lower()]
        wanted, example = {
            int: ("a whole number", "digits, as in 42"),
            float: ("a number", "digits with a decimal point, as in 2.1"),
            bool: ("true or false", "true or false"),
        }[hint]
        raise self._wrong(node, path, wanted, example)

    def _wrong(
        self, node: Node, path: tuple[str, ...], wanted: str, example: str
    ) -> _WrongValueError:
        actual = _KINDS[node.kind]
        if node.is_null:
            actual = "nothing"
        elif node.kind == "text":
            actual = repr(node.text)
        self._problem(WRONG_KIND, node, path, wanted=wanted, actual=actual, example=example)
        return _WrongValueError()

    def _problem(self, broken: Any, node: Node, path: tuple[str, ...], **given: Any) -> None:
        self.problems.append(
            broken.problem(
                file=self.file,
                row=node.key_line or node.line,
                field=".".join(path) or None,
                **given,
            )
        )


def _needed(cls: Any, name: str) -> bool:
    declared = next(one for one in dataclasses.fields(cls) if one.name == name)
    return (
        declared.default is dataclasses.MISSING and declared.default_factory is dataclasses.MISSING
    )


def _where(path: tuple[str, ...]) -> str:
    return "this part" if path else "the study file"
