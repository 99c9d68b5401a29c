"""`trialect reconcile`: the registry's record against the study file against the data."""

from __future__ import annotations

import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trialect import screen
from trialect.screen import Exit

if TYPE_CHECKING:
    from rich.table import Table

    from trialect.converters.reconcile import Reconciliation, Row

REPORTS = (".html", ".json")
SUBJECTS = 3
"""Subjects that the screen names of each comparison."""
VALUE = 40
"""Signs of a value that the screen shows; the report has all of it."""


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("reconcile")(reconcile)


def _is_report(paths: list[Path] | None) -> list[Path] | None:
    for path in paths or ():
        if path.suffix not in REPORTS:
            raise typer.BadParameter(f"{path} is to end in {', '.join(REPORTS)}.")
    return paths


def reconcile(
    study: Annotated[Path, typer.Argument(help="The study folder, or its study.yaml.")],
    out: Annotated[
        Path,
        typer.Argument(
            help="The package that convert wrote of it, or any folder of SDTM datasets."
        ),
    ],
    record: Annotated[
        Path | None,
        typer.Argument(
            help="The registry's record: ClinicalTrials.gov JSON (of a list, the record that the "
            "study names), the text of a registry's page, or a USDM study. Without it the study "
            "file and the data are compared."
        ),
    ] = None,
    report: Annotated[
        list[Path] | None,
        typer.Option(
            "--report",
            callback=_is_report,
            help="Write the whole table to FILE.html or FILE.json; may be repeated.",
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Show what agrees, too, and all rows.")
    ] = False,
) -> None:
    """Compare a registry's record, the study file and the data, value by value."""
    with screen.busy("compare"):
        from trialect.converters.reconcile import reconcile as run

        found = screen.run(lambda: run(study, out, record))
    for path in report or ():
        screen.run(partial(found.write, path))
    _say(found, every=every)
    where = ", ".join(str(path) for path in report or ())
    screen.say(f"Table: {where}" if where else "The whole table: --report FILE.html")
    if found.errors:
        raise typer.Exit(Exit.FINDINGS)


def _say(found: Reconciliation, *, every: bool) -> None:
    """The rows that differ first; what agrees is counted alone, unless every row is wanted."""
    rows = [row for row in found.ranked if every or row.agreement.value != "agree"]
    shown = rows if every else _few(rows)
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(_table(shown, with_record=found.with_record))
    else:
        for row in shown:
            screen.say(*_lines(row, with_record=found.with_record))
    if len(rows) > len(shown):
        screen.say(f"... and {len(rows) - len(shown):,} more rows (--all).")
    counts = ", ".join(f"{count:,} {name}" for name, count in found.counts.items())
    sides = "registry, study file and data" if found.with_record else "study file and data"
    screen.say(f"{len(found.rows):,} values of {sides} compared: {counts}")


def _few(rows: list[Row]) -> list[Row]:
    """The first rows, of a comparison of subjects the first of these alone."""
    subjects: Counter[str] = Counter()
    kept = []
    for row in rows:
        if row.usubjid is not None and row.rule is not None:
            subjects[row.rule.id] += 1
            if subjects[row.rule.id] > SUBJECTS:
                continue
        kept.append(row)
    return kept[: screen.SHOWN]


def _state(row: Row) -> tuple[str, str | None]:
    """How the values stand, of those that differ how bad it is; and the colour of it."""
    if row.differs and row.rule is not None:
        severity = row.rule.severity.value
        return severity, screen.COLOURS[severity]
    return row.agreement.value, None


def _sides(row: Row, *, with_record: bool) -> list[tuple[str, str | None]]:
    sides = [("registry", row.registry)] if with_record else []
    return [*sides, ("study file", row.study), ("data", row.data)]


def _table(rows: list[Row], *, with_record: bool) -> Table:
    """The rows as a table of a terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    sides = (["Registry"] if with_record else []) + ["Study file", "Data"]
    for head in ("", "Fact", *sides, "What differs"):
        table.add_column(head, overflow="fold")
    for row in rows:
        state, colour = _state(row)
        told = [_short(text) for _, text in _sides(row, with_record=with_record)]
        # Values are texts: what stands in brackets is no markup.
        cells = (state, _fact(row), *told, row.why)
        table.add_row(Text(cells[0], style=colour or ""), *(Text(cell) for cell in cells[1:]))
    return table


def _fact(row: Row) -> str:
    return f"{row.fact} [{row.item}]" if row.item and row.item not in row.fact else row.fact


def _lines(row: Row, *, with_record: bool) -> list[str]:
    """A row: what it is about, the values side by side, what is wrong."""
    state, colour = _state(row)
    head = typer.style(f"{state:<18}", fg=colour) + " " + _fact(row)
    sides = _sides(row, with_record=with_record)
    values = "  ".join(f"{side}: {_short(text):<{VALUE}}" for side, text in sides)
    lines = [head, f"{'':<18} {values.rstrip()}"]
    if row.why:
        lines.append(f"{'':<18} {row.why}")
    return lines


def _short(text: str | None) -> str:
    told = " ".join((text or "-").split())
    return told if len(told) <= VALUE else told[: VALUE - 1] + "…"
