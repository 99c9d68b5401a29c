"""The elements of a registry's XML, from a table: order, number, length, words, what is required.

`<registry>.csv` has a line for each element: its `path` below the record, `group` (sequence or all;
empty for a text), `occurs` (1, ? or *), `form` and `words` of its text (of the form any_case in
capitals or not, as words without capitals always are), `limit` in characters,
`need` (always where the format cannot do without, full in a whole upload, 2017 for studies that
began on or after 18 January 2017) and `when` it is so, `only` when it is asked at all, `instead`
for elements that the registry no longer recommends, `delete` where a partial upload may delete it,
the `clause`, and `beside` where it may stand before and after the line above alike.

`limit_seen` and `need_seen` name where the length and the requirement were read (the names are
those of docs/registry-prs.md); a fact that was read nowhere is told as a warning. A table without
these columns is of one document, which all of it was read in.

A condition is the name of a fact of the study (`interventional`) or `element=word|word`, about the
element beside the one that is asked for; several are joined by ` & `.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files

from trialect.schemas.registry.forms import FORMS, Form
from trialect.schemas.registry.nodes import Node

Condition = Callable[[frozenset[str], Node], bool]
"""Whether something is asked, by the facts of the study and the element around."""


class Element:
    """An element of the format, and the elements in it by their names.

    `room` is the length up to which nothing is to be checked of its text; None where its words or
    its form are.
    """

    __slots__ = (
        "asked",
        "clause",
        "deletable",
        "form",
        "instead",
        "is_sequence",
        "limit",
        "limit_seen",
        "lower_words",
        "many",
        "must",
        "name",
        "need",
        "need_seen",
        "only",
        "only_text",
        "parts",
        "path",
        "place",
        "required",
        "restricted",
        "room",
        "shown_words",
        "when",
        "when_text",
        "words",
    )

    def __init__(self, line: Mapping[str, str], place: int) -> None:
        self.path = line["path"]
        self.name = self.path.rpartition("/")[2]
        self.place = place
        self.is_sequence = line["group"] == "sequence"
        self.many = line["occurs"] == "*"
        self.must = line["occurs"] == "1"
        self.limit = int(line["limit"]) if line["limit"] else None
        self.limit_seen = bool(line.get("limit_seen", "whole"))
        words = tuple(line["words"].split("|")) if line["words"] else ()
        any_case = line["form"] == "any_case"
        self.form: Form | None = FORMS[line["form"]] if line["form"] and not any_case else None
        self.shown_words = words or (self.form.words if self.form is not None else ())
        self.words = frozenset(words)
        self.lower_words = frozenset(one.lower() for one in words if any_case or one.islower())
        self.need = line["need"]
        self.need_seen = bool(line.get("need_seen", "whole"))
        self.when, self.when_text = condition(line["when"]), line["when"]
        self.only, self.only_text = condition(line["only"]), line["only"]
        self.instead = line["instead"]
        is_free = not words and self.form is None and not self.instead
        self.room = (self.limit or sys.maxsize) if is_free else None
        self.deletable = line["delete"] == "yes"
        self.clause = line["clause"]
        self.parts: dict[str, Element] | None = {} if line["group"] else None
        self.required: tuple[str, ...] = ()
        self.asked: tuple[Element, ...] = ()
        self.restricted: tuple[Element, ...] = ()

    def close(self) -> None:
        """Gather what is asked of its parts, once all of them are known."""
        parts = tuple((self.parts or {}).values())
        self.required = tuple(one.name for one in parts if one.must)
        self.asked = tuple(one for one in parts if one.need and not one.must)
        self.restricted = tuple(one for one in parts if one.only is not None)
        for one in parts:
            one.close()


def condition(text: str) -> Condition | None:
    """The condition that a cell states; None for an empty one."""
    if not text:
        return None
    atoms = [_atom(one) for one in text.split(" & ")]
    if len(atoms) == 1:
        return atoms[0]
    return lambda facts, beside: all(atom(facts, beside) for atom in atoms)


def _atom(text: str) -> Condition:
    name, equals, values = text.partition("=")
    words = frozenset(one.lower() for one in values.split("|"))

    def holds(facts: frozenset[str], beside: Node) -> bool:
        return beside.said(name).lower() in words if equals else name in facts

    return holds


@cache
def layout(registry: str, record: str) -> Element:
    """The elements of a registry's record, whose element is named `record`."""
    empty = dict.fromkeys(
        ("occurs", "form", "limit", "words", "need", "when", "only", "instead", "delete", "clause"),
        "",
    )
    root = Element({**empty, "path": record, "group": "sequence"}, 0)
    by_path = {"": root}
    with files(__package__).joinpath(f"{registry}.csv").open(encoding="utf-8") as lines:
        place = 0
        for line in csv.DictReader(lines):
            place += line.get("beside") != "yes"
            element = Element(line, place)
            around = by_path[element.path.rpartition("/")[0]].parts
            if around is None or element.name in around:
                raise ValueError(f"{registry}.csv: {element.path} stands twice, or in a text")
            around[element.name] = by_path[element.path] = element
    root.close()
    return root
