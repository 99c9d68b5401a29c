"""The report of a conversion or validation for programs: report.json and CSV.

docs/report.md describes both, docs/report.schema.json and docs/report-csv.schema.json say it to
programs.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any

import orjson

from trialect import __version__
from trialect.converters.review import Review
from trialect.converters.rules_run import RuleRun
from trialect.converters.stamp import EPOCH
from trialect.problems import PLACE_FIELDS, Problem, Severity

_NAMES = tuple(one.name for one in fields(Problem))
_TEXTS = attrgetter(*_NAMES)

ADDED = (
    "record",
    "source_file",
    "source_row",
    "source_column",
    "state",
    "explanation",
)
"""Columns of the CSV behind those of a finding itself."""

CSV_COLUMNS = ("rule", "severity", *sorted(PLACE_FIELDS), "message", "mend", *ADDED)


def write_json(path: Path, review: Review) -> None:
    """Write all findings, what is known of them, and their counts as JSON."""
    account, checked = review.account, review.checked
    stamp = checked.stamp
    head = {
        "trialect": __version__,
        "study": account.study.studyid if account else None,
        "invented": account.study.invented if account else None,
        "checked": {
            "files": [{"file": one.name, "kind": one.kind} for one in checked.files],
            "standards": dict(checked.standards),
            "stamp": stamp.isoformat() if stamp is not None and stamp != EPOCH else None,
        },
        "summary": summary(review),
        "rules": rules(review),
        "rules_run": [_run(one) for one in review.all_runs],
        "explanations": [
            {
                "rule": one.rule,
                **one.scope,
                "justification": one.justification,
                "line": one.line,
                "findings": count,
            }
            for one, count in zip(review.explanations, review.hits, strict=True)
        ],
        "agreement": review.agreement.as_dict() if review.agreement is not None else None,
    }
    with path.open("wb") as file:
        file.write(dumps(head, indent=True).removesuffix(b"\n}"))
        if review.baseline is None:
            file.write(b',\n  "baseline": null')
        else:
            name = dumps(review.baseline)
            file.write(b',\n  "baseline": {\n    "file": ' + name + b',\n    "gone": [')
            _list(file.write, map(_as_dict, review.gone))
            file.write(b"\n  ]}")
        file.write(b',\n  "problems": [')
        _list(file.write, _findings(review))
        file.write(b"\n  ]\n}\n")


def _list(write: Any, values: Iterable[object]) -> None:
    for place, value in enumerate(values):
        write((b",\n    " if place else b"\n    ") + dumps(value))


def dumps(value: object, *, indent: bool = False) -> bytes:
    """JSON in UTF-8; what no text may hold (a name of a file may) is written out."""
    option = orjson.OPT_INDENT_2 if indent else 0
    try:
        return orjson.dumps(value, option=option)
    except TypeError:
        return orjson.dumps(_writable(value), option=option)


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_writable(name): _writable(one) for name, one in value.items()}
    return [_writable(one) for one in value] if isinstance(value, list) else value


def _findings(review: Review) -> Iterator[dict[str, Any]]:
    plain = not (review.explanations or review.states or review.traced)
    for place, problem in enumerate(review.problems):
        told = _as_dict(problem)
        record = review.record(problem)
        if record is not None:
            told["record"] = record
        if not plain:
            _add(told, review, place)
        yield told


def _add(told: dict[str, Any], review: Review, place: int) -> None:
    source, explanation = review.source(place), review.explanation(place)
    state = review.state(place)
    if source is not None:
        facts = {"file": source.file, "row": source.row, "column": source.column}
        told["source"] = {name: fact for name, fact in facts.items() if fact not in (None, "")}
    if state is not None:
        told["state"] = state.value
    if explanation is not None:
        told["explanation"] = explanation.justification


def _as_dict(problem: Problem) -> dict[str, Any]:
    """`Problem.as_dict`, which copies every value, ten times as fast."""
    return {
        name: text
        for name, text in zip(_NAMES, _TEXTS(problem), strict=True)
        if text is not None and text != ""
    }


def write_csv(path: Path, review: Review) -> None:
    """Write all findings as CSV that Excel opens (UTF-8 with a byte order mark).

    Findings of the earlier run that are gone come last, with that state.
    """
    with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
        writer = csv.DictWriter(file, CSV_COLUMNS)
        writer.writeheader()
        for told in _findings(review):
            source = told.pop("source", {})
            told.update({f"source_{name}": fact for name, fact in source.items()})
            writer.writerow({**told, "severity": told["severity"].value})
        for problem in review.gone:
            told = _as_dict(problem)
            writer.writerow({**told, "severity": problem.severity.value, "state": "gone"})


def summary(review: Review) -> dict[str, Any]:
    """The findings counted."""
    problems = review.problems
    return {
        "by_severity": {one.value: review.by_severity[one] for one in Severity},
        "by_rule": _most(problem.rule for problem in problems),
        "by_domain": _most(problem.domain for problem in problems),
        "by_subject": _most(problem.usubjid for problem in problems),
        "by_file": _most(problem.file for problem in problems),
        "explained": {one.value: review.explained_by_severity[one] for one in Severity},
        "states": review.by_state or None,
    }


def _most(names: Iterable[str | None]) -> dict[str, int]:
    counts = Counter(name for name in names if name)
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def rules(review: Review) -> dict[str, dict[str, Any]]:
    """What each rule that found something says and cites, the worst first."""
    severities = {one.rule: one.severity for one in (*review.gone, *review.problems)}
    order = list(Severity)
    used = sorted(severities, key=lambda name: (order.index(severities[name]), name))
    return {
        name: {
            "severity": severities[name].value,
            "title": review.rules[name].title,
            "source": review.rules[name].source,
        }
        for name in used
    }


def _run(one: RuleRun) -> dict[str, Any]:
    told: dict[str, Any] = {
        "rule": one.id,
        "severity": one.severity.value,
        "title": one.title,
        "source": one.source,
        "status": one.status.value,
        "reason": one.reason,
        "datasets": list(one.datasets),
        "findings": one.findings,
    }
    if one.seconds is not None:
        told["seconds"] = round(one.seconds, 6)
    return told
