"""`trialect reconcile`: the registry's record against the study file against the data."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trialect import screen
from trialect.screen import Exit

if TYPE_CHECKING:
    from trialect.converters.reconcile import Reconciliation, Row

REPORTS = (".html", ".json")
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
    shown = rows if every else rows[: screen.SHOWN]
    for row in shown:
        screen.say(*_lines(row, with_record=found.with_record))
    if len(rows) > len(shown):
        screen.say(f"... and {len(rows) - len(shown):,} more rows.")
    counts = ", ".join(f"{count:,} {name}" for name, count in found.counts.items())
    sides = "registry, study file and data" if found.with_record else "study file and data"
    screen.say(f"{len(found.rows):,} values of {sides} compared: {counts}")


def _lines(row: Row, *, with_record: bool) -> list[str]:
    """A row: what it is about, the values side by side, what is wrong."""
    state = row.agreement.value
    colour = None
    if row.differs and row.rule is not None:
        state = row.rule.severity.value
        colour = screen.COLOURS[state]
    head = typer.style(f"{state:<18}", fg=colour) + " " + row.fact
    head += f" [{row.item}]" if row.item and row.item not in row.fact else ""
    sides = [("registry", row.registry)] if with_record else []
    sides += [("study", row.study), ("data", row.data)]
    values = "  ".join(f"{side}: {_short(text):<{VALUE}}" for side, text in sides)
    lines = [head, f"{'':<18} {values.rstrip()}"]
    if row.why:
        lines.append(f"{'':<18} {row.why}")
    return lines


def _short(text: str | None) -> str:
    told = " ".join((text or "-").split())
    return told if len(told) <= VALUE else told[: VALUE - 1] + "…"
