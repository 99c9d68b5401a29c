"""Whether ClinicalTrials.gov (PRS) accepts a record: its elements, and the rules beside them.

The table of elements is `prs.csv`; the rules that need more than one element are in `prs_arms.py`,
`prs_dates.py`, `prs_products.py` and `prs_answers.py`. Facts and clauses are those of the comments
in PRS's ProtocolRecordSchema.xsd (2018-05-08), of the Protocol Registration Data Element
Definitions and of 42 CFR 11.28, which the findings name.
"""

from __future__ import annotations

from collections.abc import Callable

from trialect.problems import Problem, rule
from trialect.schemas.registry.asked import Asked, Where
from trialect.schemas.registry.layout import layout
from trialect.schemas.registry.nodes import Node
from trialect.schemas.registry.prs_answers import (
    check_access,
    check_ages,
    check_contacts,
    check_ids,
    check_lists,
    check_masking,
)
from trialect.schemas.registry.prs_arms import check_arms
from trialect.schemas.registry.prs_dates import check_dates, check_sites
from trialect.schemas.registry.prs_facts import facts_of
from trialect.schemas.registry.prs_products import check_products, check_purpose
from trialect.schemas.registry.structure import ATTRIBUTE, check_element, is_true

NAMESPACE = "http://clinicaltrials.gov/prs"
RESULTS = "http://clinicaltrials.gov/rrs"
RECORD = "clinical_study"
ROOT = "study_collection"

RESULTS_HERE = rule(
    "PRS-RESULTS",
    "warning",
    "Results are not checked",
    "The record holds {name}, which is of PRS's schema of results and is not checked here.",
    "Look at the messages of the upload.",
    "PRS RRSUploadSchema",
)

CHECKS: tuple[Callable[[Node, Where, Asked], None], ...] = (
    check_arms,
    check_dates,
    check_sites,
    check_masking,
    check_ages,
    check_products,
    check_purpose,
    check_access,
    check_contacts,
    check_ids,
    check_lists,
)
"""The rules beside the table of elements."""

_PARTIAL = "partial_upload"


def check_record(
    study: Node,
    number: int = 1,
    field: Callable[[str, str | None], str | None] | None = None,
    merges: bool = False,
) -> list[Problem]:
    """What PRS does not accept of a clinical_study, the `number`th of its collection.

    `field` gives the Study's path for the names of a place and the fact that it was written from;
    with `merges`, what is so of many elements alike is one finding.
    """
    attributes = dict(study.attributes or {})
    partial = attributes.pop(_PARTIAL, "false")
    asked = Asked(facts_of(study), is_true(partial), f"/prs:{ROOT}", field, merges)
    where: Where = (None, RECORD, number if number > 1 else 0, None)
    if partial.strip() not in ("true", "false", "0", "1"):
        why = f": {partial[:40]} is neither true nor false"
        asked.tell(ATTRIBUTE, study, where, name=RECORD, value=_PARTIAL, why=why)
    parts = study.parts or ()
    protocol = [one for one in parts if one.name not in _RESULTS]
    if len(protocol) < len(parts):
        shown = next(one for one in parts if one.name in _RESULTS)
        asked.tell(RESULTS_HERE, shown, where, name=shown.name.partition(" ")[2])
    node = Node(study.name, study.text, protocol, attributes, line=study.line)
    check_element(node, layout("prs", RECORD), where, asked)
    for check in CHECKS:
        check(node, where, asked)
    return asked.close()


_RESULTS = (f"{RESULTS} result", f"{RESULTS} resultDisposition")
"""Elements of the schema of results, as a file's names are read."""
