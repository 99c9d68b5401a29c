"""The report of a conversion or validation: report.json and CSV for programs, HTML for people.

docs/report.md describes report.json and the CSV. report.html is one file that loads nothing: it
can be sent, kept and opened without a network.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from trialect import __version__
from trialect.converters.account import Account
from trialect.converters.package import sdtm_folder
from trialect.converters.writers.findings import Findings, findings
from trialect.problems import PLACE_FIELDS, Problem, Severity
from trialect.rulebook import rules_of

COUNTED = 500
"""Subjects and files that the page counts by name; the filter finds the others."""


def write_json(path: Path, account: Account | None, problems: Sequence[Problem]) -> None:
    """Write all findings and their counts as JSON."""
    head = {
        "trialect": __version__,
        "study": account.study.studyid if account else None,
        "invented": account.study.invented if account else None,
        "summary": _summary(problems),
        "rules": _rules(problems),
    }
    with path.open("wb") as file:
        file.write(orjson.dumps(head, option=orjson.OPT_INDENT_2).removesuffix(b"\n}"))
        file.write(b',\n  "problems": [')
        for place, problem in enumerate(problems):
            file.write((b",\n    " if place else b"\n    ") + orjson.dumps(problem.as_dict()))
        file.write(b"\n  ]\n}\n")


def write_csv(path: Path, problems: Iterable[Problem]) -> None:
    """Write all findings as CSV that Excel opens (UTF-8 with a byte order mark)."""
    columns = ["rule", "severity", *sorted(PLACE_FIELDS), "message", "mend"]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        for problem in problems:
            writer.writerow({**problem.as_dict(), "severity": problem.severity.value})


def write_html(path: Path, account: Account | None, problems: Sequence[Problem]) -> None:
    """Write the page: sortable, filterable, printable, also with a hundred thousand findings."""
    from jinja2 import Environment, PackageLoader

    from trialect.converters.writers.flow_picture import flow_picture

    environment = Environment(
        loader=PackageLoader("trialect.converters.writers"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = "{:,}".format
    shown: Findings = findings(problems)
    html = environment.get_template("report.html.j2").render(
        version=__version__,
        account=account,
        picture=flow_picture(account) if account else "",
        sdtm=sdtm_folder(account.study.studyid) if account else "",
        summary=_summary(problems),
        rules=_rules(problems),
        limit=COUNTED,
        total=len(problems),
        shown=shown,
        severities=[severity.value for severity in Severity],
        data=_script_json(shown.as_dict()),
    )
    path.write_text(html, encoding="utf-8")


def _script_json(value: object) -> str:
    """JSON that may stand inside a script element: no value can end the element."""
    text = orjson.dumps(value).decode()
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _summary(problems: Sequence[Problem]) -> dict[str, dict[str, int]]:
    severity = Counter(problem.severity.value for problem in problems)
    return {
        "by_severity": {one.value: severity.get(one.value, 0) for one in Severity},
        "by_rule": _most(problem.rule for problem in problems),
        "by_domain": _most(problem.domain for problem in problems),
        "by_subject": _most(problem.usubjid for problem in problems),
        "by_file": _most(problem.file for problem in problems),
    }


def _most(names: Iterable[str | None]) -> dict[str, int]:
    counts = Counter(name for name in names if name)
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _rules(problems: Sequence[Problem]) -> dict[str, dict[str, Any]]:
    """What each rule in use says and cites, the worst first."""
    severities = {problem.rule: problem.severity for problem in problems}
    known = rules_of(severities)
    order = list(Severity)
    used = sorted(severities, key=lambda name: (order.index(severities[name]), name))
    return {
        name: {
            "severity": severities[name].value,
            "title": known[name].title if name in known else "",
            "source": known[name].source if name in known else "",
        }
        for name in used
    }
