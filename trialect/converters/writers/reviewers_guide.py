"""The clinical study data reviewer's guide (csdrg) as DOCX, to edit and print, and as HTML.

The chapters follow the PHUSE template of the cSDRG. It is filled from the study, the datasets'
metadata, the conformance findings and the account of what was not submitted; what only a person
can say is marked so and left to them.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path

from trialect import __version__
from trialect.converters.account import Account
from trialect.converters.package import GUIDE
from trialect.metadata import DatasetMeta
from trialect.problems import RULES, Problem, Severity

TO_BE_FILLED = "To be completed by the sponsor."


@dataclass(frozen=True, slots=True)
class Heading:
    """A chapter's title; level 0 is the document's."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: a head and rows of text."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Grid


def write_guide(
    folder: Path, account: Account, metas: Sequence[DatasetMeta], problems: Sequence[Problem]
) -> None:
    """Write csdrg.docx and csdrg.html into the folder of the datasets."""
    folder.mkdir(parents=True, exist_ok=True)
    blocks = list(guide(account, metas, problems))
    _write_docx(folder / GUIDE, blocks, account)
    (folder / GUIDE).with_suffix(".html").write_text(_html(blocks), encoding="utf-8")


def guide(
    account: Account, metas: Sequence[DatasetMeta], problems: Sequence[Problem]
) -> Iterator[Block]:
    """The guide's contents, in order."""
    yield Heading("Clinical Study Data Reviewer's Guide", 0)
    if account.study.invented:
        yield Paragraph(account.study.invented)
    yield from _introduction(account)
    yield from _protocol(account)
    yield from _subject_data(account, metas)
    yield from _conformance(problems)
    yield from _not_submitted(account, problems)
    yield from _assumptions(account)


def _introduction(account: Account) -> Iterator[Block]:
    study = account.study
    yield Heading("1. Introduction")
    yield Heading("1.1 Purpose", 2)
    yield Paragraph(
        "This guide gives context for the tabulation datasets and terminology of study "
        f"{study.studyid}, beyond what define.xml says."
    )
    yield Heading("1.2 Study data standards and dictionaries", 2)
    dictionaries = [
        (p.dictionary, p.dictionary_version or "") for p in study.parameters if p.dictionary
    ]
    yield Grid(
        ("Standard or dictionary", "Version"),
        (
            ("SDTMIG", study.sdtm.ig),
            ("SDTM controlled terminology (CDISC/NCI)", study.sdtm.ct),
            ("Define-XML", "2.1"),
            ("SAS Transport", "5"),
            *dict.fromkeys(dictionaries),
            ("Conversion software", f"trialect {__version__}"),
        ),
    )


def _protocol(account: Account) -> Iterator[Block]:
    study = account.study
    yield Heading("2. Protocol description")
    registered = ", ".join(f"{one.registry}: {one.id}" for one in study.registrations)
    yield Grid(
        ("Fact", "Value"),
        tuple(
            (name, value)
            for name, value in (
                ("Study", study.studyid),
                ("Title", study.title),
                ("Sponsor", study.sponsor.name),
                ("Registrations", registered),
                ("Design", " ".join(filter(None, (study.design.allocation, study.design.model)))),
                ("Masking", study.design.masking or ""),
                ("Planned subjects", str(study.enrolment.planned or "")),
            )
            if value
        ),
    )
    if study.arms:
        yield Heading("2.1 Trial design", 2)
        yield Grid(
            ("Arm", "Name", "Elements"),
            tuple(
                (arm.code, arm.name, ", ".join(e.element for e in arm.elements))
                for arm in study.arms
            ),
        )


def _subject_data(account: Account, metas: Sequence[DatasetMeta]) -> Iterator[Block]:
    yield Heading("3. Subject data description")
    yield Paragraph(
        f"{account.subjects} subjects are in DM. Each dataset below is described, with every "
        "variable's origin and method, in define.xml."
    )
    yield Grid(
        ("Dataset", "Label", "Class", "Records", "Variables", "Structure"),
        tuple(
            (
                meta.name,
                meta.label,
                meta.observation_class,
                str(meta.rows),
                str(len(meta.variables)),
                meta.structure,
            )
            for meta in metas
        ),
    )
    for meta in metas:
        comments = [(v.name, v.comment) for v in meta.variables if v.comment]
        if meta.comment or comments:
            yield Heading(f"3.{meta.name} {meta.label}", 2)
            if meta.comment:
                yield Paragraph(meta.comment)
            if comments:
                yield Grid(("Variable", "Comment"), tuple((n, str(c)) for n, c in comments))


def _conformance(problems: Sequence[Problem]) -> Iterator[Block]:
    yield Heading("4. Data conformance summary")
    findings = [p for p in problems if p.severity is not Severity.NOTE]
    if not findings:
        yield Paragraph("The checks found no errors and no warnings.")
        return
    counts = Counter((p.severity.value, p.rule, p.domain or "") for p in findings)
    yield Paragraph(
        f"The checks that trialect {__version__} ran found {len(findings)} errors and warnings. "
        "Each needs an explanation, or its data mended."
    )
    yield Grid(
        ("Severity", "Rule", "Dataset", "Count", "What it says", "Explanation"),
        tuple(
            (
                severity,
                rule,
                domain,
                str(count),
                RULES[rule].title if rule in RULES else "",
                TO_BE_FILLED,
            )
            for (severity, rule, domain), count in sorted(counts.items())
        ),
    )


def _not_submitted(account: Account, problems: Sequence[Problem]) -> Iterator[Block]:
    yield Heading("5. Data not submitted")
    rejected = [(name, form) for name, form in account.forms.items() if form.rejected]
    if rejected:
        yield Paragraph(
            "These source rows were quarantined. The sponsor's files rejected/*.csv hold them "
            "with their reasons; they are not part of the submission."
        )
        yield Grid(
            ("Source", "Rows read", "Rows not submitted"),
            tuple((form.file, str(form.rows), str(form.rejected)) for _, form in rejected),
        )
    left_out = [p for p in problems if p.rule == "MAP-NOT-SUBMITTED"]
    if left_out:
        yield Paragraph("These columns were left out on purpose.")
        yield Grid(
            ("Source", "Column", "Reason"),
            tuple((p.file or "", p.field or "", p.message) for p in left_out),
        )
    if not rejected and not left_out:
        yield Paragraph("Every row and every column that was collected is submitted.")


def _assumptions(account: Account) -> Iterator[Block]:
    if account.study.assumptions:
        yield Heading("6. Assumptions")
        yield Paragraph("The sources of the study do not state these facts; confirm each.")
        yield Grid(
            ("About", "Assumed"),
            tuple((one.about, one.text) for one in account.study.assumptions),
        )


def _write_docx(path: Path, blocks: Sequence[Block], account: Account) -> None:
    from docx import Document

    document = Document()
    stamp = datetime.fromisoformat(account.stamp)
    properties = document.core_properties
    properties.title = f"{account.study.studyid} cSDRG"
    properties.author = account.study.sponsor.name
    properties.comments = ""
    properties.created = properties.modified = stamp
    properties.last_modified_by = ""
    properties.revision = 1
    for block in blocks:
        if isinstance(block, Heading):
            document.add_heading(block.text, block.level)
        elif isinstance(block, Paragraph):
            document.add_paragraph(block.text)
        else:
            _add_table(document, block)
    document.save(str(path))
    _without_clock(path)


def _add_table(document, grid: Grid) -> None:  # type: ignore[no-untyped-def] # docx has no types
    """A table built row by row as XML text would be; python-docx's cells are slow one by one."""
    table = document.add_table(rows=1, cols=len(grid.head))
    table.style = "Light Grid Accent 1"
    for cell, text in zip(table.rows[0].cells, grid.head, strict=True):
        cell.text = text
    for row in grid.rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text


_ZIP_STAMP = (1980, 1, 1, 0, 0, 0)


def _without_clock(path: Path) -> None:
    """Pack the file again with one fixed time for its members, so that the bytes repeat."""
    with zipfile.ZipFile(path) as packed:
        members = [(name, packed.read(name)) for name in sorted(packed.namelist())]
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in members:
            info = zipfile.ZipInfo(name, _ZIP_STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(info, content)


_STYLE = """body { font: 14px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 24px auto;
padding: 0 24px; color: #1b2530; } h1 { font-size: 24px } h2 { font-size: 19px; margin-top: 28px }
h3 { font-size: 16px } table { border-collapse: collapse; width: 100%; margin: 8px 0 }
th, td { text-align: left; vertical-align: top; border: 1px solid #d9e0e7; padding: 4px 8px }
th { background: #f4f7fa }"""


def _html(blocks: Sequence[Block]) -> str:
    parts = []
    title = ""
    for block in blocks:
        if isinstance(block, Heading):
            title = title or block.text
            level = block.level + 1
            parts.append(f"<h{level}>{escape(block.text)}</h{level}>")
        elif isinstance(block, Paragraph):
            parts.append(f"<p>{escape(block.text)}</p>")
        else:
            parts.append(_html_table(block))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f"</title><style>{_STYLE}</style></head><body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _html_table(grid: Grid) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in grid.head)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>\n"
        for row in grid.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table>"
