"""Checks a document of USDM: its structure, then the rules of a study definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from trialect.problems import Problem
from trialect.schemas.registry import usdm_design_rules, usdm_rules
from trialect.schemas.registry.usdm_asking import CHECKS
from trialect.schemas.registry.usdm_structure import Walked, walk

MODULES = (usdm_rules, usdm_design_rules)
"""The modules whose rules are asked; each declares its own."""

MOST = 1000
"""Findings of a rule that are given one by one."""


def check_document(document: Any) -> Iterator[Problem]:
    """What is wrong in a document, as JSON's decoder gives it; `path` is a JSON path."""
    walked = walk(document)
    counts: Counter[str] = Counter()
    for problem in _all(walked):
        counts[problem.rule] += 1
        if counts[problem.rule] <= MOST:
            yield problem


def _all(walked: Walked) -> Iterator[Problem]:
    yield from walked.problems
    for check in CHECKS:
        yield from check(walked)
