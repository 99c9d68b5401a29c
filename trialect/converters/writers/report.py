"""The report of a conversion or validation: report.json for programs, report.html for people.

report.json: `trialect` (version), `study`, `invented`, `summary` (by_severity, by_rule,
by_domain, by_subject), `rules` (what each rule in use says and cites) and `problems` (all).
report.html is one file without outside parts; it lists the first problems of each rule and says
where the rest are.
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
from trialect.problems import PLACE_FIELDS, RULES, Problem, Severity

LISTED_PER_RULE = 500
"""Problems of one rule that report.html lists; report.json has all."""


def write_json(path: Path, account: Account | None, problems: Sequence[Problem]) -> None:
    """Write report.json."""
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
    """Write all problems as CSV that Excel opens (UTF-8 with a byte order mark)."""
    columns = ["rule", "severity", *sorted(PLACE_FIELDS), "message", "mend"]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        for problem in problems:
            writer.writerow({**problem.as_dict(), "severity": problem.severity.value})


def write_html(path: Path, account: Account | None, problems: Sequence[Problem]) -> None:
    """Write report.html: self-contained, sortable, filterable, printable."""
    from jinja2 import Environment, PackageLoader

    from trialect.converters.writers.flow_picture import flow_picture

    environment = Environment(
        loader=PackageLoader("trialect.converters.writers"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    listed = _listed(problems)
    html = environment.get_template("report.html.j2").render(
        version=__version__,
        account=account,
        picture=flow_picture(account) if account else "",
        summary=_summary(problems),
        rules=_rules(problems),
        total=len(problems),
        listed=len(listed),
        per_rule=LISTED_PER_RULE,
        severities=[severity.value for severity in Severity],
        data=_script_json(listed),
    )
    path.write_text(html, encoding="utf-8")


def _listed(problems: Sequence[Problem]) -> list[list[Any]]:
    """The problems that the page lists, as rows of its table."""
    seen: Counter[str] = Counter()
    rows = []
    for one in problems:
        seen[one.rule] += 1
        if seen[one.rule] <= LISTED_PER_RULE:
            source = f"{one.file}:{one.row}" if one.file and one.row else one.file or ""
            rows.append(
                [
                    one.severity.value,
                    one.rule,
                    one.domain or "",
                    one.usubjid or "",
                    one.seq or "",
                    one.variable or one.field or one.path or "",
                    one.value or "",
                    one.message,
                    one.mend,
                    source,
                ]
            )
    return rows


def _script_json(value: object) -> str:
    """JSON that may stand inside a script element: no value can end the element."""
    text = orjson.dumps(value).decode()
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _summary(problems: Sequence[Problem]) -> dict[str, dict[str, int]]:
    severity = Counter(problem.severity.value for problem in problems)
    return {
        "by_severity": {one.value: severity.get(one.value, 0) for one in Severity},
        "by_rule": _most(Counter(problem.rule for problem in problems)),
        "by_domain": _most(Counter(p.domain for p in problems if p.domain)),
        "by_subject": _most(Counter(p.usubjid for p in problems if p.usubjid)),
    }


def _most(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _rules(problems: Sequence[Problem]) -> dict[str, dict[str, str]]:
    used = sorted({problem.rule for problem in problems})
    return {
        id: {
            "severity": RULES[id].severity.value,
            "title": RULES[id].title,
            "source": RULES[id].source,
        }
        for id in used
        if id in RULES
    }
