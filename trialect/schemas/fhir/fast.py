"""Texts of resources in great number: the shapes seen so far, and which texts they vouch for.

A shape is compiled when the exact path has found `OFTEN` texts of it valid, because compiling one
(two milliseconds) costs as much as some twenty exact checks. Shapes are kept for the life of
the process: what they vouch for does not depend on what was checked before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from trialect.schemas.fhir.shapes import LONGEST, Shape, UnfitError, compile_shape
from trialect.schemas.fhir.table import Table, table

OFTEN = 16
"""How many valid texts of a shape take the exact path before the shape is compiled."""

MOST_SHAPES = 600
"""How many shapes are compiled at most; texts of further shapes take the exact path."""

MOST_RIVALS = 12
"""How many shapes with the same number of marks are tried on a text."""

MOST_COUNTED = 10_000
"""How many shapes are counted before the counting starts anew (memory)."""

_VALUES = re.compile(r':\s*(?:"(?:[^"\\]|\\.)*+"|[^"\[{\s][^,}\]]*)')


class Shapes:
    """The shapes of the texts of one root: a resource ("") or a node such as Bundle.entry."""

    def __init__(self, definitions: Table, root: str = "") -> None:
        self._definitions = definitions
        self._root = root
        # by what texts of one shape nearly always share: how many quotation marks and braces
        self._shapes: dict[tuple[int, int], list[Shape]] = {}
        self._compiled = 0
        self._counts: dict[str, int] = {}

    def vouch(self, text: str) -> tuple[Shape, tuple[str, ...]] | None:
        """The shape that a valid text has, with its captured values; None says nothing."""
        rivals = self._shapes.get((text.count('"'), text.count("{")))
        if rivals is None or len(text) > LONGEST:
            return None
        for place, shape in enumerate(rivals):
            groups = shape.groups(text)
            if groups is not None:
                if place:
                    rivals.insert(0, rivals.pop(place))
                return shape, groups
        return None

    def shape_of(self, text: str, valid: Callable[[str], bool]) -> Shape | None:
        """The shape of a text that stands for many: compiled at once if the text is valid."""
        known = self.vouch(text)
        if known is not None:
            return known[0]
        rivals = self._shapes.setdefault((text.count('"'), text.count("{")), [])
        if self._compiled >= MOST_SHAPES or len(rivals) >= MOST_RIVALS or not valid(text):
            return None
        try:
            shape = compile_shape(text, self._definitions, self._root)
        except UnfitError:
            return None
        self._compiled += 1
        rivals.insert(0, shape)
        return shape

    def learn(self, text: str) -> None:
        """Take note of a text that the exact path found valid."""
        if self._compiled >= MOST_SHAPES:
            return
        shape = _VALUES.sub(":", text)
        count = self._counts.get(shape, 0) + 1
        if len(self._counts) >= MOST_COUNTED:
            self._counts.clear()
        self._counts[shape] = count
        if count % OFTEN or count > OFTEN * MOST_RIVALS:
            return
        rivals = self._shapes.setdefault((text.count('"'), text.count("{")), [])
        if len(rivals) >= MOST_RIVALS:
            return
        try:
            rivals.insert(0, compile_shape(text, self._definitions, self._root))
            self._compiled += 1
        except UnfitError:
            self._counts[shape] = OFTEN * MOST_RIVALS


@cache
def kept_shapes(release: str, root: str) -> Shapes:
    """The shapes that this process keeps for a release and a root."""
    return Shapes(table(release), root)
