"""One picture of what went where: what was read on the left, SDTM in the middle, outputs right.

A box's height grows with the square root of its number of rows, records or resources, so that a
form of fifty rows is seen beside one of a million; a box's bands share its sides in the same way.
Every box and band tells its numbers in a tooltip. No label touches another, however many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import sqrt

from trialect.converters.account import Account
from trialect.converters.writers.flow import (
    READ,
    REJECTED,
    Band,
    Box,
    Key,
    bands,
    boxes,
    told,
)

_HEADS = ("Read", "SDTM", "Written")
_COLUMNS = (230, 545, 890)
_WIDTH = 1160
_BAR = 12
_TOP = 34
_GAP = 6
_LEAST = 16
"""Pixels of a box and its label at least, so that labels never touch."""
_LABEL = 40
"""Characters of a label at most."""
_TALLEST = 460
"""Pixels of the boxes of the fullest column."""
_SWEEPS = 8
"""How often the boxes of a column are put in the order of what they are joined to."""

_LAST = {"study": 1, "derived": 2, "rejected": 3}
"""The kinds of boxes that stay at the end of their column."""


@dataclass(slots=True)
class _Place:
    y: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def flow_picture(account: Account) -> str:
    """An SVG element; empty when nothing was read."""
    columns: list[list[Box]] = [[], [], []]
    for box in boxes(account):
        columns[box.column].append(box)
    if not columns[READ]:
        return ""
    joined = list(bands(account))
    places = _placed(columns, joined)
    bottom = max(place.y + place.height for place in places.values()) + _LEAST
    parts = [_head(column) for column in range(3)]
    parts += _drawn(joined, places)
    parts += [_box(box, places[box.key]) for column in columns for box in column]
    return (
        f'<svg class="flow" viewBox="0 0 {_WIDTH} {bottom:.0f}" role="img" '
        'aria-labelledby="flow-title flow-told"><title id="flow-title">What went where</title>'
        f'<desc id="flow-told">{escape(told(account))}</desc>{"".join(parts)}</svg>'
    )


def _placed(columns: list[list[Box]], joined: Sequence[Band]) -> dict[Key, _Place]:
    """The place of every box; boxes stand where their bands cross little."""
    fullest = max(sum(sqrt(box.count) for box in column) for column in columns)
    unit = _TALLEST / (fullest or 1)
    for column in columns:
        column.sort(key=lambda box: (_LAST.get(box.kind, 0), -box.count, box.name))
    for sweep in range(_SWEEPS):
        places = _stacked(columns, unit)
        moved = columns[(1, 0, 1, 2)[sweep % 4]]
        around = {box.key: _around(box, joined, places) for box in moved}
        moved.sort(key=lambda box: (_LAST.get(box.kind, 0), around[box.key], box.name))
    return _stacked(columns, unit)


def _around(box: Box, joined: Sequence[Band], places: dict[Key, _Place]) -> float:
    """The middle of the boxes that a box is joined to; its own when there are none."""
    weight = total = 0.0
    for band in joined:
        if box.key in (band.start, band.end):
            other = places[band.end if band.start == box.key else band.start]
            weight += sqrt(band.count)
            total += sqrt(band.count) * other.middle
    return total / weight if weight else places[box.key].middle


def _stacked(columns: Sequence[Sequence[Box]], unit: float) -> dict[Key, _Place]:
    places = {}
    for column in columns:
        y = float(_TOP)
        for box in column:
            height = max(2.0, sqrt(box.count) * unit)
            room = max(height, _LEAST)
            places[box.key] = _Place(y + (room - height) / 2, height)
            y += room + _GAP
    return places


def _drawn(joined: Sequence[Band], places: dict[Key, _Place]) -> list[str]:
    """The bands as paths: at each end they share the side of the box, in the order of their other
    ends. The rejected ones come last, so that nothing hides them.
    """
    starts = _shares(joined, places, side=0)
    ends = _shares(joined, places, side=1)
    order = sorted(range(len(joined)), key=lambda i: (joined[i].kind == REJECTED, i))
    return [_path(joined[i], starts[i], ends[i]) for i in order]


def _shares(
    joined: Sequence[Band], places: dict[Key, _Place], side: int
) -> dict[int, tuple[float, float]]:
    """Top and thickness of every band (by its index) at its start (side 0) or its end (side 1)."""
    at: dict[Key, list[int]] = {}
    for index, band in enumerate(joined):
        at.setdefault((band.start, band.end)[side], []).append(index)
    found = {}
    for key, indexes in at.items():
        whole = sum(sqrt(joined[i].count) for i in indexes) or 1.0
        y = places[key].y
        for i in sorted(indexes, key=lambda i: places[(joined[i].end, joined[i].start)[side]].y):
            thick = places[key].height * sqrt(joined[i].count) / whole
            found[i] = (y, thick)
            y += thick
    return found


def _path(band: Band, start: tuple[float, float], end: tuple[float, float]) -> str:
    x1, x2 = _COLUMNS[band.start[0]] + _BAR, _COLUMNS[band.end[0]]
    (y1, thick1), (y2, thick2) = start, end
    middle = (x1 + x2) / 2
    path = (
        f"M{x1} {y1:.1f}C{middle} {y1:.1f} {middle} {y2:.1f} {x2} {y2:.1f}V{y2 + thick2:.1f}"
        f"C{middle} {y2 + thick2:.1f} {middle} {y1 + thick1:.1f} {x1} {y1 + thick1:.1f}Z"
    )
    return f'<path class="{band.kind}" d="{path}"><title>{escape(band.title)}</title></path>'


def _head(column: int) -> str:
    x = _COLUMNS[column] + (_BAR if column == READ else 0)
    anchor = "end" if column == READ else "start"
    return f'<text class="head" x="{x}" y="16" text-anchor="{anchor}">{_HEADS[column]}</text>'


def _box(box: Box, place: _Place) -> str:
    x = _COLUMNS[box.column]
    if box.column == READ:
        at = f'x="{x - 6}" text-anchor="end"'
    else:
        at = f'x="{x + _BAR + 6}" text-anchor="start"'
    return (
        f'<g class="{box.kind}"><title>{escape(box.title)}</title>'
        f'<rect x="{x}" y="{place.y:.1f}" width="{_BAR}" height="{place.height:.1f}"/>'
        f'<text {at} y="{place.middle + 4:.1f}">{escape(_short(box))}</text></g>'
    )


def _short(box: Box) -> str:
    """A label that fits its column; the tooltip has the whole name."""
    over = len(box.label) - _LABEL
    return box.label if over <= 0 else box.label.replace(box.name, box.name[: -over - 1] + "…", 1)
