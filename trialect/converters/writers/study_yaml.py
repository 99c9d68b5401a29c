"""A Study as the text of study.yaml, with comments; `readers/study_yaml.py` reads it back.

Keys stand in the order of the dataclasses, those that say nothing are left out. A comment belongs
to a path: above its key, or where the key would stand.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from trialect.converters.writers.yaml_text import WIDTH, block, scalar
from trialect.protocol import Design, StudyDate
from trialect.trial import Study

Comments = Mapping[str, list[str]]
"""Lines of comment by the dotted path that they are about; items of a list by their place."""

STEP = 2


def study_yaml(study: Study, comments: Comments | None = None, head: Sequence[str] = ()) -> str:
    """The text of a study file.

    `head` are lines of comment at its top. A `studyid` or name of a sponsor that is not known (an
    empty text) is a key without a value, which the reader asks for.
    """
    lines = [f"# {line}".rstrip() for line in head]
    written = "\n".join(_Writing(comments or {}).mapping(study, "", 0)).lstrip("\n")
    return "\n".join([*lines, *([""] if lines else []), written]) + "\n"


class _Writing:
    def __init__(self, comments: Comments) -> None:
        self.comments = comments

    def mapping(self, value: Any, path: str, indent: int) -> Iterator[str]:
        """The keys of a dataclass that say something, each with its comment."""
        spaced = False
        for field in dataclasses.fields(value):
            at = f"{path}.{field.name}" if path else field.name
            given = getattr(value, field.name)
            said = _says(value, field, given)
            written = list(self.key(field.name, given, at, indent)) if said else []
            comment = self.comment(at, indent) + ([] if said else self.unsaid(at, indent))
            large = bool(comment) or len(written) > 1
            # At the top, what takes several lines stands by itself.
            if indent == 0 and (comment or written) and (large or spaced):
                yield ""
            spaced = large if comment or written else spaced
            yield from comment
            yield from written

    def comment(self, path: str, indent: int) -> list[str]:
        """The lines of comment on a path."""
        return [f"{' ' * indent}# {line}".rstrip() for line in self.comments.get(path, ())]

    def unsaid(self, path: str, indent: int) -> list[str]:
        """Comments on the keys of a mapping that is not written."""
        inside = (key for key in self.comments if key.startswith(f"{path}."))
        return [line for key in inside for line in self.comment(key, indent)]

    def key(self, name: str, value: Any, path: str, indent: int) -> Iterator[str]:
        """A key with its value, on one line or several."""
        before = f"{' ' * indent}{scalar(name)}:"
        if isinstance(value, str):
            if value == "" and path in ("studyid", "sponsor.name"):
                yield before
                return
            first, *rest = block(value, indent + STEP, len(before))
            yield f"{before} {first}"
            yield from rest
        elif value is None or isinstance(value, bool | int | float):
            yield f"{before} {_plain(value)}"
        elif isinstance(value, tuple):
            yield from self.items(before, value, path, indent)
        elif dataclasses.is_dataclass(value):
            flow = self.flow(value, path)
            if flow is not None and len(before) + len(flow) < WIDTH:
                yield f"{before} {flow}"
            else:
                lines = list(self.mapping(value, path, indent + STEP))
                yield before if _has_keys(lines) else f"{before} {{}}"
                yield from lines
        else:
            yield from self.named(before, value, path, indent)

    def items(self, before: str, value: tuple[Any, ...], path: str, indent: int) -> Iterator[str]:
        """A list: of short words on one line, else an item a line or more."""
        inline = f"[{', '.join(_plain(one) for one in value)}]" if _are_plain(value) else None
        if inline is not None and len(before) + len(inline) < WIDTH:
            yield f"{before} {inline}"
            return
        yield before
        for place, one in enumerate(value):
            at = f"{path}.{place}"
            yield from self.item(one, at, indent + STEP)

    def item(self, value: Any, path: str, indent: int) -> Iterator[str]:
        blanks = " " * indent
        for line in self.comments.get(path, ()):
            yield f"{blanks}# {line}".rstrip()
        if not dataclasses.is_dataclass(value):
            first, *rest = (
                block(value, indent + STEP, indent + 1)
                if isinstance(value, str)
                else [_plain(value)]
            )
            yield f"{blanks}- {first}"
            yield from rest
            return
        flow = self.flow(value, path)
        if flow is not None and indent + 2 + len(flow) < WIDTH:
            yield f"{blanks}- {flow}"
            return
        lines = list(self.mapping(value, path, indent + STEP))
        if not _has_keys(lines):
            yield from (*lines, f"{blanks}- {{}}")
            return
        # The first key stands behind the dash; comments on it stand above.
        place = next(
            n for n, line in enumerate(lines) if line and not line.lstrip().startswith("#")
        )
        yield from (line[STEP:] for line in lines[:place])
        yield f"{blanks}- {lines[place].lstrip()}"
        yield from lines[place + 1 :]

    def flow(self, value: Any, path: str) -> str | None:
        """A dataclass on one line, where it holds short plain values alone and no comment."""
        if any(key.startswith(f"{path}.") for key in self.comments):
            return None
        parts = []
        for field in dataclasses.fields(value):
            given = getattr(value, field.name)
            if _says(value, field, given):
                if not _are_plain((given,)) or (given == "" and path == "sponsor"):
                    return None
                parts.append(f"{field.name}: {_plain(given)}")
        return f"{{{', '.join(parts)}}}"

    def named(self, before: str, value: Mapping[str, Any], path: str, indent: int) -> Iterator[str]:
        yield before
        for key, one in value.items():
            yield from self.key(key, one, f"{path}.{key}", indent + STEP)


def _has_keys(lines: list[str]) -> bool:
    return any(line and not line.lstrip().startswith("#") for line in lines)


_EXPLICIT = {(Study, "design"), (Design, "type"), (StudyDate, "type")}
"""Keys that are written although what they say would stand for them."""


def _says(of: Any, field: dataclasses.Field[Any], given: Any) -> bool:
    """Whether a value is another than the one that stands for a key left out."""
    if (type(of), field.name) in _EXPLICIT and given is not None:
        return True
    if field.default is not dataclasses.MISSING:
        return bool(given != field.default)
    if field.default_factory is not dataclasses.MISSING:
        return bool(given != field.default_factory())
    return True


def _are_plain(values: tuple[Any, ...]) -> bool:
    return all(
        one is None
        or isinstance(one, bool | int | float)
        or (isinstance(one, str) and "\n" not in one and len(one) < WIDTH)
        for one in values
    )


def _plain(value: Any) -> str:
    """A value on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return (
            f"{value:.0f}"
            if value.is_integer() and abs(value) < 1e15
            else f"{Decimal(repr(value)):f}"
        )
    return scalar(value)
