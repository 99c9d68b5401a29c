"""The table of a reconciliation: a page that loads nothing, or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trialect import __version__
from trialect.converters.reconcile.outcome import Reconciliation
from trialect.converters.writers.page_templates import page_template
from trialect.converters.writers.report import dumps

LISTED = 5_000
"""Rows that a page lists at most; those that differ come first."""


def write_reconciliation(path: Path, found: Reconciliation) -> None:
    """Write the table as JSON where the name ends so, else as a page."""
    if path.suffix.lower() == ".json":
        told = {"trialect": __version__, **found.as_dict()}
        path.write_bytes(dumps(told, indent=True) + b"\n")
        return
    html = page_template("reconciliation.html.j2").render(
        version=__version__,
        study=found.study,
        record=found.record,
        package=found.out,
        agreement=shown(found),
    )
    path.write_text(html, encoding="utf-8", errors="backslashreplace")


def shown(found: Reconciliation) -> dict[str, Any]:
    """What a page shows of the table (templates/agreement.html.j2)."""
    rows = found.as_dict()["rows"]
    return {
        "counts": found.counts,
        "record": found.record,
        "with_record": found.with_record,
        "themes": list(found.themes()),
        "rows": rows[:LISTED],
        "more": max(0, len(rows) - LISTED),
    }
