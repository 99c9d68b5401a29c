"""losses.html: what became of each fact of a trial, or of many, in each target; loads nothing.

Made of parts that are the same for all trials, since there may be thousands of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from html import escape

from trialect.converters.losses import Losses, TrialLosses, in_order, place_in, told_by_fact
from trialect.mappings.registry.places import HOWS

_MEANS = {
    "kept": "as it is",
    "words": "in the target's words, and back",
    "part": "something is lost",
    "none": "no place",
}

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>TITLE</title>
<style>
body { font: 14px/1.45 system-ui, sans-serif; color: #1b2530; margin: 0 auto; max-width: 1600px;
  min-width: WIDTHpx; padding: 24px 32px; box-sizing: border-box; }
h1 { font-size: 20px; margin: 0; } h2 { font-size: 16px; margin: 28px 0 6px; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: 3px 8px; border-bottom: 1px solid #d9e0e7;
  overflow-wrap: break-word; }
thead th { background: #f4f7fa; } tbody th { font-weight: normal; }
#facts { table-layout: fixed; width: 100%; }
#facts thead th { position: sticky; top: 0; z-index: 1; }
#facts th:first-child { width: 20%; } #facts .n { width: 66px; }
th.n, td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.soft, small { color: #52606d; } small { display: block; }
#facts td:first-child { position: sticky; left: 0; background: #fff; }
#facts td > b { display: block; width: fit-content; }
b { font-weight: 600; font-size: 12px; padding: 0 4px; border-radius: 3px; }
.kept b { background: #dff0ea; } .words b { background: #e3edf5; }
.part b { background: #fbf0d6; } .none b { background: #fbe5e3; }
.told { border-left: 3px solid #e0b04a; padding-left: 6px; margin-top: 2px; display: block; }
.filters { display: flex; gap: 8px; padding: 16px 0 8px; flex-wrap: wrap; align-items: center; }
.filters > * { font: inherit; padding: 3px 8px; }
@media print { .filters { display: none; } body { min-width: 0; font-size: 9px; padding: 0; } }
</style>
</head>
<body>
"""

_COUNTED = (
    '<p class="soft">Facts that have values, by what becomes of them in each target:</p>\n'
    '<table><thead><tr><th scope="col">Target</th>'
    + "".join(f'<th scope="col" class="n {how}"><b>{how}</b> {_MEANS[how]}</th>' for how in HOWS)
    + "</tr></thead>\n<tbody>\n"
)

_SCRIPT = """<script>
"use strict";
(() => {
  const by = id => document.getElementById(id), rows = [...by("facts").tBodies[0].rows];
  const show = () => {
    const how = by("how").value, target = Number(by("target").value), words =
      by("words").value.toLowerCase();
    let kept = 0;
    for (const row of rows) {
      const cells = target ? [row.cells[target + FIRST]] : [...row.cells].slice(FIRST + 1);
      const fits = (!how || cells.some(cell => how === "lost"
        ? cell.className === "part" || cell.className === "none" : cell.className === how)
        || (how === "lost" && !target && row.querySelector(".told")))
        && (!words || row.textContent.toLowerCase().includes(words));
      row.hidden = !fits;
      kept += fits;
    }
    by("count").textContent = `${kept} of ${rows.length} facts`;
  };
  for (const id of ["how", "target", "words"]) by(id).addEventListener("input", show);
  by("filters").hidden = false;
  show();
})();
</script>
"""


def trial_page(losses: TrialLosses) -> bytes:
    """losses.html of one trial."""
    targets = tuple(losses.tables.items())
    told = {
        fact: "".join(
            f'<span class="told">{escape(one.target)}: {escape(one.message)}'
            f"<small>{escape(one.path)}, {one.rule}</small></span>"
            for one in said
        )
        for fact, said in losses.told.items()
    }
    rows = []
    for fact, count in losses.in_order:
        row = f'{told.get(fact, "")}</td><td class="n">{count}</td>{_cells(fact, targets)}'
        rows.append(f"<tr><td>{_parted(fact)}{row}</tr>\n")
    left = ((path, (losses.left[path],)) for path in sorted(losses.left))
    title = f"{losses.trial}: what became of each fact"
    return _page(title, targets, losses.values, rows, left, ("Values",))


def all_page(losses: Losses, trials: int) -> bytes:
    """losses.html of all trials of a conversion."""
    targets = tuple(losses.tables.items())
    told = {
        fact: "".join(
            f'<span class="told">{escape(str(one["target"]))}: {one["rule"]}, '
            f"{_times(int(one['findings']))}</span>"
            for one in said
        )
        for fact, said in told_by_fact(losses).items()
    }
    rows = (
        _row(fact, targets, (losses.values[fact], losses.trials[fact]), told.get(fact, ""))
        for fact in in_order(losses.values | told)
    )
    left = (
        (path, (count, losses.left_trials[path])) for path, count in sorted(losses.left.items())
    )
    title = f"What became of each fact of {trials:,} trial{'' if trials == 1 else 's'}"
    return _page(title, targets, losses.values, rows, left, ("Values", "Trials"))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _page(
    title: str,
    targets: tuple[tuple[str, str], ...],
    values: Mapping[str, int],
    rows: Iterable[str],
    left: Iterable[tuple[str, tuple[int, ...]]],
    counted: tuple[str, ...],
) -> bytes:
    heads, choice, script = _frame(targets, counted)
    parts = [
        _HEAD.replace("WIDTH", str(340 + 140 * len(targets))).replace("TITLE", escape(title)),
        f"<h1>{escape(title)}</h1>\n",
        _COUNTED,
        *(
            f'<tr><th scope="row">{escape(name)}</th>{_told(values, table)}'
            for name, table in targets
        ),
        choice,
        *rows,
        "</tbody></table>\n",
        *_left(left, heads),
        script,
        "</body>\n</html>\n",
    ]
    return "".join(parts).encode("utf-8", "backslashreplace")


@cache
def _frame(targets: tuple[tuple[str, str], ...], counted: tuple[str, ...]) -> tuple[str, str, str]:
    """The heads of the numbers, the filter and the head of the table, the script."""
    heads = "".join(f'<th scope="col" class="n">{one}</th>' for one in counted)
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name, _ in targets)
    options = "".join(
        f'<option value="{place}">{escape(name)}</option>'
        for place, (name, _) in enumerate(targets, start=1)
    )
    hows = "".join(f'<option value="{how}">{how}: {_MEANS[how]}</option>' for how in HOWS)
    choice = (
        '</tbody></table>\n<div class="filters" id="filters" hidden>'
        '<select id="how" aria-label="What becomes of it"><option value="">all facts</option>'
        f'<option value="lost">lost in part or whole</option>{hows}</select>'
        '<select id="target" aria-label="Target"><option value="0">all targets</option>'
        f'{options}</select><input id="words" type="search" placeholder="Words" '
        'aria-label="Words"><span id="count" role="status"></span></div>\n'
        f'<table id="facts"><thead><tr><th scope="col">Fact</th>{heads}{names}</tr></thead>\n'
        "<tbody>\n"
    )
    return heads, choice, _SCRIPT.replace("FIRST", str(len(counted)))


def _told(values: Mapping[str, int], table: str) -> str:
    counts = Counter(map(_hows(table).__getitem__, values))
    return "".join([f'<td class="n">{counts[how]}</td>' for how in HOWS]) + "</tr>\n"


def _row(
    fact: str, targets: tuple[tuple[str, str], ...], counts: tuple[int, ...], told: str
) -> str:
    numbers = "".join(f'<td class="n">{count:,}</td>' for count in counts)
    return f"<tr><td>{_parted(fact)}{told}</td>{numbers}{_cells(fact, targets)}</tr>\n"


class _Hows(dict[str, str]):
    """What becomes of each fact in a target, looked up once."""

    def __init__(self, table: str) -> None:
        self.table = table

    def __missing__(self, fact: str) -> str:
        self[fact] = place_in(self.table, fact).how
        return self[fact]


_hows = cache(_Hows)


@cache
def _cells(fact: str, targets: tuple[tuple[str, str], ...]) -> str:
    cells = []
    for _, table in targets:
        one = place_in(table, fact)
        note = f"<small>{escape(one.note)}</small>" if one.note else ""
        cells.append(f'<td class="{one.how}"><b>{one.how}</b> {_parted(one.place)}{note}</td>')
    return "".join(cells)


def _left(left: Iterable[tuple[str, tuple[int, ...]]], heads: str) -> Iterable[str]:
    rows = [
        f"<tr><td>{_parted(path)}</td>"
        + "".join([f'<td class="n">{count}</td>' for count in counts])
        + "</tr>\n"
        for path, counts in left
    ]
    yield "<h2>In the record, and in no target</h2>\n"
    if not rows:
        yield "<p>Nothing: every value of the record was read.</p>\n"
        return
    yield f'<table><thead><tr><th scope="col">Path in the record</th>{heads}</tr></thead>\n<tbody>'
    yield from rows
    yield "</tbody></table>\n"


@lru_cache(10_000)
def _parted(path: str) -> str:
    """A path that a browser may break behind its steps, and between the words of a long name."""
    steps = _LONG.sub(lambda name: _WORD.sub(_BREAK, name[0]), escape(path))
    return _STEP.sub(_BREAK, steps)


_BREAK = r"\g<0><wbr>"
_STEP = re.compile(r"[./_](?=\w)")
_LONG = re.compile(r"[A-Za-z]{15,}")
_WORD = re.compile(r"[a-z](?=[A-Z])")
