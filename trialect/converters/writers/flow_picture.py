"""One picture of what went where: forms on the left, datasets in the middle, outputs right.

A band's height is its number of records (square-rooted, so that a form of fifty rows is seen
beside one of a thousand). Every band's tooltip tells its count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from math import sqrt

from trialect.converters.account import Account

DERIVED = "derived"
REJECTED = "rejected"

_WIDTH, _BAR, _GAP, _TOP, _LABEL = 960, 12, 7, 26, 210
_COLUMNS = (_LABEL, _WIDTH // 2 + 20, _WIDTH - _LABEL)


@dataclass(slots=True)
class _Node:
    name: str
    count: int
    column: int
    y: float = 0.0
    height: float = 0.0
    out_at: float = 0.0
    in_at: float = 0.0


def flow_picture(account: Account) -> str:
    """An SVG element: how many records of each form went to each dataset, and on to the outputs."""
    links = _links(account)
    if not links:
        return ""
    nodes = _nodes(links)
    unit = 420 / max(
        sum(sqrt(n.count) for n in nodes.values() if n.column == column) or 1 for column in range(3)
    )
    bottom = 0.0
    for column in range(3):
        y = float(_TOP)
        for node in (n for n in nodes.values() if n.column == column):
            node.y = node.out_at = node.in_at = y
            node.height = max(2.0, sqrt(node.count) * unit)
            y += max(node.height, 13) + _GAP
        bottom = max(bottom, y)
    parts = [_band(nodes[start], nodes[end], count) for (start, end), count in links.items()]
    parts += [_box(node) for node in nodes.values()]
    heads = ("read", "SDTM", "written")
    parts += [
        f'<text class="head" x="{_COLUMNS[i]}" y="14" text-anchor="{anchor}">{heads[i]}</text>'
        for i, anchor in enumerate(("end", "middle", "start"))
    ]
    return (
        f'<svg class="flow" viewBox="0 0 {_WIDTH} {bottom:.0f}" role="img" '
        f'aria-label="What went where">{"".join(parts)}</svg>'
    )


_Key = tuple[int, str]


def _links(account: Account) -> dict[tuple[_Key, _Key], int]:
    links: dict[tuple[_Key, _Key], int] = {}
    for (form, dataset), count in sorted(account.flows.items()):
        start = (0, form or DERIVED)
        links[start, (1, dataset)] = links.get((start, (1, dataset)), 0) + count
    for name, read in sorted(account.forms.items()):
        if read.rejected:
            links[(0, name), (1, REJECTED)] = read.rejected
    for dataset, count in account.datasets.items():
        if "sdtm" in account.targets:
            links[(1, dataset), (2, "XPT")] = count
        if "dataset-json" in account.targets:
            links[(1, dataset), (2, "Dataset-JSON")] = count
    return {key: count for key, count in links.items() if count}


def _nodes(links: Mapping[tuple[_Key, _Key], int]) -> dict[_Key, _Node]:
    totals: dict[_Key, list[int]] = {}
    for (start, end), count in links.items():
        totals.setdefault(start, [0, 0])[1] += count
        totals.setdefault(end, [0, 0])[0] += count
    keys = sorted(totals, key=lambda k: (k[0], k[1] in (DERIVED, REJECTED), -max(totals[k]), k[1]))
    return {key: _Node(key[1], max(totals[key]), key[0]) for key in keys}


def _band(start: _Node, end: _Node, count: int) -> str:
    x1, x2 = _COLUMNS[start.column] + _BAR, _COLUMNS[end.column]
    thick_start = start.height * count / start.count
    thick_end = end.height * count / end.count
    y1, y2 = start.out_at, end.in_at
    start.out_at += thick_start
    end.in_at += thick_end
    middle = (x1 + x2) / 2
    path = (
        f"M{x1} {y1:.1f}C{middle} {y1:.1f} {middle} {y2:.1f} {x2} {y2:.1f}"
        f"V{y2 + thick_end:.1f}"
        f"C{middle} {y2 + thick_end:.1f} {middle} {y1 + thick_start:.1f} "
        f"{x1} {y1 + thick_start:.1f}Z"
    )
    kind = "rejected" if end.name == REJECTED else "derived" if start.name == DERIVED else "mapped"
    title = f"{start.name} → {end.name}: {count:,} records"
    return f'<path class="{kind}" d="{path}"><title>{escape(title)}</title></path>'


def _box(node: _Node) -> str:
    x = _COLUMNS[node.column]
    label = f"{node.name} {node.count:,}"
    if node.column == 0:
        place = f'x="{x - 6}" text-anchor="end"'
    else:
        place = f'x="{x + _BAR + 6}" text-anchor="start"'
    kind = node.name if node.name in (DERIVED, REJECTED) else "mapped"
    return (
        f'<rect class="{kind}" x="{x}" y="{node.y:.1f}" width="{_BAR}" '
        f'height="{node.height:.1f}"/>'
        f'<text {place} y="{node.y + min(node.height, 26) / 2 + 4:.1f}">{escape(label)}</text>'
    )
