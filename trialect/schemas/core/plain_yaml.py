"""YAML of a rule as plain values: mappings, lists, texts, numbers, yes and no.

It is read event by event, so that what could grow or recur is refused before it does: aliases,
tags, deep nesting, several documents, a key that is there twice. Dates and times stay text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

SIZE_LIMIT = 1 << 20
"""Bytes of a rule's text at most."""
DEPTH_LIMIT = 50
"""Levels of lists and mappings at most; the deepest published rule has ten."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(\.[0-9]*)?(?:[eE][-+]?[0-9]+)?\Z")
# YAML 1.1, 10.2.1.2 (bool) and 10.2.1.1 (null), in the spellings that PyYAML takes.
_WORDS: dict[str, bool | None] = {
    spelling: meaning
    for words, meaning in ((("yes", "true", "on"), True), (("no", "false", "off"), False))
    for word in words
    for spelling in (word, word.capitalize(), word.upper())
} | {"": None, "~": None, "null": None, "Null": None, "NULL": None}


class NotPlain(ValueError):  # noqa: N818 # a text is not plain; the program is sound
    """Text that is no YAML, or YAML that a rule must not use; `line` counts from 1."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.reason = reason
        self.line = line
        super().__init__(reason)


def plain_yaml(text: str) -> Any:
    """The one document of a text. Raises `NotPlain`."""
    if len(text) > SIZE_LIMIT:
        raise NotPlain(f"the text has {len(text)} characters; {SIZE_LIMIT} are allowed")
    try:
        return _read(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        reason = error.problem or error.context or "it is no YAML"
        raise NotPlain(reason, mark.line + 1 if mark else None) from error
    except yaml.YAMLError as error:
        raise NotPlain(str(error).splitlines()[0]) from error


_UNSET = object()


def _read(text: str) -> Any:
    loader = _LOADER(text)
    try:
        return _document(loader.get_event)
    finally:
        loader.dispose()


def _document(following: Callable[[], Any]) -> Any:
    """The document that events tell, one after the other."""
    # Names of the function's own, as a folder of rules has some 100,000 events.
    scalar, end = yaml.ScalarEvent, yaml.StreamEndEvent
    mapping, mapping_end = yaml.MappingStartEvent, yaml.MappingEndEvent
    sequence, sequence_end = yaml.SequenceStartEvent, yaml.SequenceEndEvent
    root: Any = _UNSET
    # Open containers, and for each mapping the key that waits for its value.
    open_: list[Any] = []
    keys: list[Any] = []
    while True:
        event = following()
        kind = type(event)
        if kind is scalar:
            if event.anchor:
                raise NotPlain(f"&{event.anchor} is an anchor", event.start_mark.line + 1)
            value: Any = event.value
            if event.implicit[0]:
                value = _resolved(value)
            elif event.tag and event.tag != "!":
                raise NotPlain(f"{event.tag} is a tag", event.start_mark.line + 1)
        elif kind is mapping or kind is sequence:
            if event.anchor:
                raise NotPlain(f"&{event.anchor} is an anchor", event.start_mark.line + 1)
            if not event.implicit:
                raise NotPlain(f"{event.tag} is a tag", event.start_mark.line + 1)
            if len(open_) >= DEPTH_LIMIT:
                raise NotPlain(f"it is nested more than {DEPTH_LIMIT} deep")
            open_.append({} if kind is mapping else [])
            keys.append(_UNSET)
            continue
        elif kind is mapping_end or kind is sequence_end:
            value = open_.pop()
            keys.pop()
        elif kind is yaml.AliasEvent:
            raise NotPlain(f"*{event.anchor} is an alias", event.start_mark.line + 1)
        elif kind is end:
            break
        else:
            continue
        if not open_:
            if root is not _UNSET:
                raise NotPlain("there are several documents", event.start_mark.line + 1)
            root = value
        elif isinstance(open_[-1], list):
            open_[-1].append(value)
        elif keys[-1] is _UNSET:
            if isinstance(value, dict | list):
                raise NotPlain("a list or mapping stands as a key", event.start_mark.line + 1)
            if value in open_[-1]:
                raise NotPlain(f"key {value} is there twice", event.start_mark.line + 1)
            keys[-1] = value
        else:
            open_[-1][keys[-1]] = value
            keys[-1] = _UNSET
    if root is _UNSET:
        raise NotPlain("it is empty")
    return root


def _resolved(text: str) -> Any:
    """A plain scalar as YAML 1.1 means it, where it is a word or a decimal number."""
    if text in _WORDS:
        return _WORDS[text]
    if text[:1] in "-+0123456789" and (found := _NUMBER.match(text)):
        is_whole = found[1] is None and "e" not in text.lower()
        return int(text) if is_whole and len(text) < 20 else float(text)
    return text
