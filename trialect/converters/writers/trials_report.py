"""The report of a conversion of registry records: report.json, and report.html that loads nothing.

Findings and trials are streamed from the spool; the page lists as many as a browser bears, and
says of how many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from trialect import __version__
from trialect.converters.losses import Losses, told_by_fact
from trialect.converters.trials_account import TrialsAccount
from trialect.converters.writers.fair_share import fair_share
from trialect.converters.writers.page_templates import page_template
from trialect.problems import Severity

LISTED = 10_000
"""Findings that the page lists at most."""

TRIALS = 10_000
"""Trials that the page lists at most."""


def write_trials_json(path: Path, account: TrialsAccount, trials: Path, findings: Path) -> None:
    """Write report.json; `trials` and `findings` are spooled, JSON of one line each."""
    head = {
        "trialect": __version__,
        "study": None,
        "invented": None,
        "checked": {
            "files": [{"file": name, "kind": account.source} for name in account.files],
            "standards": account.standards,
            "stamp": None,
        },
        "records": {
            "in": account.read,
            "converted": account.trials,
            "rejected": account.rejected,
        },
        "summary": {
            "by_severity": {one.value: count for one, count in account.by_severity.items()},
            "by_rule": dict(sorted(account.by_rule.items(), key=lambda one: (-one[1], one[0]))),
            "trials_by_rule": dict(sorted(account.trials_by_rule.items())),
        },
        "rules": {
            name: {"severity": rule.severity.value, "title": rule.title, "source": rule.source}
            for name, rule in _rules(account)
        },
    }
    with path.open("wb") as file:
        file.write(orjson.dumps(head, option=orjson.OPT_INDENT_2).removesuffix(b"\n}"))
        for name, spooled in ((b"trials", trials), (b"problems", findings)):
            file.write(b',\n  "' + name + b'": [')
            with spooled.open("rb") as lines:
                for place, line in enumerate(lines):
                    file.write((b",\n    " if place else b"\n    ") + line.rstrip(b"\n"))
            file.write(b"\n  ]")
        file.write(b"\n}\n")


def _rules(account: TrialsAccount) -> list[tuple[str, Any]]:
    order = list(Severity)
    known = [(name, account.rules[name]) for name in account.by_rule]
    return sorted(known, key=lambda one: (order.index(one[1].severity), one[0]))


def write_trials_html(path: Path, account: TrialsAccount, trials: Path, findings: Path) -> None:
    """Write report.html: counts, trials, findings by rule and one by one, with a filter."""
    per_rule = fair_share(account.by_rule.values(), LISTED)
    rows = _listed(findings, per_rule)
    html = page_template("trials.html.j2").render(
        version=__version__,
        account=account,
        severities=[one.value for one in Severity],
        by_severity={one.value: count for one, count in account.by_severity.items()},
        rules=_rules(account),
        told=_of_values(account.losses),
        trials="".join(_first(trials)),
        findings="".join(rows),
        shown=len(rows),
        total=sum(account.by_rule.values()),
        per_rule=per_rule,
        listed=TRIALS,
    )
    path.write_text(html, encoding="utf-8", errors="backslashreplace")


def _of_values(losses: Losses) -> dict[str, list[dict[str, str | int]]]:
    """What was told of facts that some trial has; of others nothing was lost."""
    return {
        fact: said
        for fact, said in told_by_fact(losses).items()
        if any(one == fact or one.startswith(f"{fact}.") for one in losses.values)
    }


def _first(trials: Path) -> Iterator[str]:
    """The rows of the first trials; made here, as a template takes three times as long."""
    with trials.open("rb") as lines:
        for _, line in zip(range(TRIALS), lines, strict=False):
            one = orjson.loads(line)
            error = " error" if one["errors"] else ""
            yield (
                f'<tr><td><a href="{quote(one["folder"])}/losses.html">'
                f"{escape(one['trial'] or one['folder'])}</a></td>"
                f"<td>{escape(one['title'])}</td><td>{escape(one['file'])}:{one['row']}</td>"
                f'<td class="n{error}">{one["errors"]:,}</td><td class="n">{one["warnings"]:,}'
                f'</td><td class="n">{one["notes"]:,}</td></tr>\n'
            )


def _listed(findings: Path, per_rule: int | None) -> list[str]:
    """The rows of the findings that the page lists, the worst first, else in their order."""
    seen: Counter[str] = Counter()
    rows: dict[str, list[str]] = {one.value: [] for one in Severity}
    with findings.open("rb") as lines:
        for line in lines:
            # Only what is listed is read: a line begins with its rule.
            name = line[9 : line.index(b'"', 9)].decode()
            seen[name] += 1
            if per_rule is None or seen[name] <= per_rule:
                one = orjson.loads(line)
                rows[one["severity"]].append(_row(one))
    return [row for listed in rows.values() for row in listed]


def _row(one: dict[str, Any]) -> str:
    severity = one["severity"]
    place = one.get("field") or one.get("path") or one.get("variable") or ""
    mend = f'<div class="mend">{escape(one["mend"])}</div>' if one.get("mend") else ""
    row = f":{one['row']}" if "row" in one else ""
    return (
        f'<tr><td class="{severity}">{severity}</td><td>{one["rule"]}</td>'
        f"<td>{escape(one.get('trial', ''))}</td><td>{escape(place)}</td>"
        f"<td>{escape(one['message'])}{mend}</td>"
        f"<td>{escape(one.get('file', ''))}{row}</td></tr>\n"
    )
