"""report.html: one file that loads nothing; it can be sent, kept and opened without a network."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from trialect import __version__
from trialect.converters.baseline import State
from trialect.converters.package import sdtm_folder
from trialect.converters.review import Review
from trialect.converters.rules_run import STATUSES, RuleRun
from trialect.converters.stamp import EPOCH
from trialect.converters.writers.findings import Findings, findings
from trialect.converters.writers.heat_map import heat_map
from trialect.converters.writers.page_templates import page_template
from trialect.converters.writers.reconciliation import shown as shown_agreement
from trialect.converters.writers.report import dumps, rules, summary
from trialect.problems import Severity

COUNTED = 500
"""Subjects and files that the page counts by name; the filter finds the others."""


def write_html(path: Path, review: Review) -> None:
    """Write the page: sortable, filterable, printable, also with a hundred thousand findings."""
    from trialect.converters.writers.flow_picture import flow_picture

    account = review.account
    shown: Findings = findings(review)
    said = rules(review)
    stamp = review.checked.stamp
    html = page_template("report.html.j2").render(
        version=__version__,
        account=account,
        picture=flow_picture(account) if account else "",
        sdtm=sdtm_folder(account.study.studyid) if account else "",
        summary=summary(review),
        rules=said,
        heat=heat_map(review.problems, [(n, r["severity"], r["title"]) for n, r in said.items()]),
        checked=review.checked,
        stamp=stamp.isoformat() if stamp is not None and stamp != EPOCH else None,
        baseline=review.baseline,
        new=Counter(
            one.rule
            for place, one in enumerate(review.problems)
            if review.state(place) is State.NEW
        ),
        explained=Counter(
            one.rule for one, mine in zip(review.problems, review.explained, strict=False) if mine
        ),
        explanations=list(zip(review.explanations, review.hits, strict=True)),
        runs=_runs(review),
        limit=COUNTED,
        total=len(review.problems),
        gone=len(review.gone),
        agreement=shown_agreement(review.agreement) if review.agreement is not None else None,
        shown=shown,
        severities=[severity.value for severity in Severity],
        data=_script_json({**shown.as_dict(), "titles": {n: r["title"] for n, r in said.items()}}),
    )
    path.write_text(html, encoding="utf-8", errors="backslashreplace")


def _runs(review: Review) -> list[tuple[str, list[RuleRun]]]:
    """The rules by what became of them; nothing when only trialect's own checks were made."""
    if not review.runs:
        return []
    return [
        (name, [run for run in review.all_runs if run.status is status])
        for status, name in STATUSES.items()
    ]


def _script_json(value: object) -> str:
    """JSON that may stand inside a script element: no value can end the element."""
    text = dumps(value).decode()
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
