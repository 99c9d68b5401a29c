"""Chapter 4 of the reviewer's guide: what was checked, what was found, what is not submitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from trialect import __version__
from trialect.converters.account import Account
from trialect.converters.explanations import Explainer, Explanation
from trialect.converters.writers.guide_blocks import (
    TO_BE_FILLED,
    Block,
    Grid,
    Heading,
    Paragraph,
)
from trialect.metadata import CodelistMeta, DatasetMeta
from trialect.problems import Problem, Severity
from trialect.rulebook import rules_of
from trialect.schemas.ct import terminology

TOLD_ELSEWHERE = {
    "MAP-NOT-SUBMITTED": "4.5",
    "XPT-TRANSLITERATED": "4.3",
    "STUDY-ASSUMPTION": "4.6",
    "STUDY-CONTRADICTION": "2.2",
}
"""Rules whose findings another section lists one by one."""

EXPLAINED = {
    "SDTM-CT-EXTENDED": "The codelist is extensible; define.xml marks the term (see 4.4).",
    "MAP-TERM-NEW": "The codelist is extensible; define.xml marks the term (see 4.4).",
    "MAP-DUPLICATE-ROW": "The repeated row is not submitted (see 4.5).",
}
"""What can be said of a finding without the sponsor."""


def conformance(
    account: Account, metas: Sequence[DatasetMeta], problems: Sequence[Problem]
) -> Iterator[Block]:
    """4: inputs, issues, spellings, sponsor's terms, what was left out, assumptions."""
    # The guide goes with the tabulation datasets; what concerns FHIR stands in the report.
    shown = [problem for problem in problems if not problem.rule.startswith("FHIR-")]
    yield Heading("4. Data conformance summary")
    yield Heading("4.1 Conformance inputs", 2)
    yield Paragraph(
        f"The datasets and define.xml were checked by trialect {__version__} against SDTMIG "
        f"{account.study.sdtm.ig}, SDTM controlled terminology {account.study.sdtm.ct}, the "
        "format of SAS transport files, and the XML schema of Define-XML 2.1. Results of other "
        f"validators: {TO_BE_FILLED.lower()}"
    )
    yield from _issues(shown, account.explanations)
    yield from _spellings(shown)
    yield from _sponsor_terms(account, metas, shown)
    yield from _not_submitted(account, shown)
    yield from _assumptions(account)


def _issues(problems: Sequence[Problem], explanations: Sequence[Explanation]) -> Iterator[Block]:
    """A line for each rule, dataset and explanation; the others are left to the sponsor."""
    yield Heading("4.2 Issues summary", 2)
    groups: dict[tuple[int, str, str, int], list[Problem]] = {}
    order = list(Severity)
    explainer = Explainer(explanations)
    for one in problems:
        if one.rule not in TOLD_ELSEWHERE:
            mine = explainer.of(one)
            place = mine[0] if mine else len(explanations)
            key = (order.index(one.severity), one.rule, one.domain or "", place)
            groups.setdefault(key, []).append(one)
    if not groups:
        yield Paragraph("The checks found nothing.")
        return
    explained = sum(len(found) for key, found in groups.items() if key[3] < len(explanations))
    if explained:
        total = sum(map(len, groups.values()))
        yield Paragraph(f"The sponsor explains {explained:,} of {total:,} findings.")
    told = [one.justification for one in explanations]
    yield Grid(
        ("Rule", "Severity", "Dataset", "Message", "Count", "Explanation"),
        tuple(
            (
                rule,
                found[0].severity.value,
                domain,
                _message(found),
                f"{len(found):,}",
                (*told, EXPLAINED.get(rule, TO_BE_FILLED))[place],
            )
            for (_, rule, domain, place), found in sorted(groups.items())
        ),
    )


def _message(found: Sequence[Problem]) -> str:
    """What the findings say: the message of one, or of many the rule's title and an example."""
    first = found[0]
    if len({one.message for one in found}) == 1:
        return first.message
    rule = rules_of([first.rule]).get(first.rule)
    return f"{rule.title}. For example: {first.message}" if rule else first.message


def _spellings(problems: Sequence[Problem]) -> Iterator[Block]:
    yield Heading("4.3 Text spelled in ASCII", 2)
    changed = [one for one in problems if one.rule == "XPT-TRANSLITERATED"]
    if not changed:
        yield Paragraph("Every text was collected in ASCII.")
        return
    yield Paragraph(
        "SAS transport files take ASCII only. These texts are spelled by a fixed table; the "
        "sponsor keeps them as they were collected."
    )
    counts = Counter((one.domain or "", one.variable or "") for one in changed)
    first: dict[tuple[str, str], str] = {}
    for one in changed:
        first.setdefault((one.domain or "", one.variable or ""), one.message)
    yield Grid(
        ("Dataset", "Variable", "Values", "The first"),
        tuple((*key, f"{count:,}", first[key]) for key, count in sorted(counts.items())),
    )


def _sponsor_terms(
    account: Account, metas: Sequence[DatasetMeta], problems: Sequence[Problem]
) -> Iterator[Block]:
    yield Heading("4.4 Terms that are not in CDISC's codelists", 2)
    known = terminology(account.study.sdtm.ct)
    found = {(one.domain, one.variable, one.value) for one in problems}
    rows = []
    for meta in metas:
        for variable, codelist in _codelists(meta):
            cdisc = known.codelist(codelist.code) if codelist.code else None
            if cdisc is None:
                continue
            own = [
                term.value
                for term in codelist.terms
                # SDTMIG lets some words stand in a closed codelist (MULTIPLE for RACE).
                if term.code is None
                and (cdisc.extensible or (meta.name, variable, term.value) in found)
            ]
            if own:
                extensible = "yes" if cdisc.extensible else "no"
                rows.append(
                    (meta.name, variable, cdisc.code, cdisc.name, extensible, "; ".join(own))
                )
    if not rows:
        yield Paragraph("Every term in use is CDISC's.")
        return
    head = ("Dataset", "Variable", "Code", "Codelist", "Extensible", "Terms")
    yield Grid(head, tuple(dict.fromkeys(rows)))


def _codelists(meta: DatasetMeta) -> Iterator[tuple[str, CodelistMeta]]:
    """The codelists of a dataset's variables, and of their values where conditions hold."""
    for variable in meta.variables:
        if variable.codelist is not None:
            yield variable.name, variable.codelist
        for value in variable.value_level:
            if value.codelist is not None:
                yield variable.name, value.codelist


def _not_submitted(account: Account, problems: Sequence[Problem]) -> Iterator[Block]:
    yield Heading("4.5 Data not submitted", 2)
    rejected = [form for form in account.forms.values() if form.rejected]
    if rejected:
        yield Paragraph(
            "These source rows were kept out. The sponsor's files rejected/*.csv hold them with "
            "their reasons; they are no part of the submission."
        )
        yield Grid(
            ("Source file", "Rows read", "Rows not submitted"),
            tuple((form.file, f"{form.rows:,}", f"{form.rejected:,}") for form in rejected),
        )
    left_out: dict[tuple[str, str], list[str]] = {}
    for one in problems:
        if one.rule == "MAP-NOT-SUBMITTED":
            left_out.setdefault((one.file or "", one.message), []).append(one.field or "")
    if left_out:
        yield Paragraph("These collected columns were left out on purpose.")
        yield Grid(
            ("Source file", "Columns", "Reason"),
            tuple((file, ", ".join(names), why) for (file, why), names in left_out.items()),
        )
    if not rejected and not left_out:
        yield Paragraph("Every row and every column that was collected is submitted.")


def _assumptions(account: Account) -> Iterator[Block]:
    yield Heading("4.6 Assumptions", 2)
    if not account.study.assumptions:
        yield Paragraph("The study file assumes nothing that its sources do not state.")
        return
    yield Paragraph("The sources of the study do not state these facts. " + TO_BE_FILLED)
    yield Grid(
        ("About", "Assumed"),
        tuple((one.about, one.text) for one in account.study.assumptions),
    )
