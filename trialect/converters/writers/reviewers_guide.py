"""The clinical study data reviewer's guide (csdrg) as DOCX, to complete and print, and as HTML.

The chapters are those of the PHUSE template of the cSDRG. They are filled from the study, the
datasets' metadata, the conformance findings and the account of what was not submitted; what only
a person can say is marked so and left to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from trialect import __version__
from trialect.converters.account import Account
from trialect.converters.package import GUIDE
from trialect.converters.writers.guide_blocks import Block, Contents, Heading, Paragraph
from trialect.converters.writers.guide_conformance import conformance
from trialect.converters.writers.guide_datasets import subject_data
from trialect.converters.writers.guide_docx import write_docx
from trialect.converters.writers.guide_html import guide_html
from trialect.converters.writers.guide_protocol import criteria, introduction, protocol
from trialect.metadata import DatasetMeta
from trialect.problems import Problem


def write_guide(
    folder: Path, account: Account, metas: Sequence[DatasetMeta], problems: Sequence[Problem]
) -> None:
    """Write csdrg.docx and csdrg.html into the folder of the datasets."""
    folder.mkdir(parents=True, exist_ok=True)
    blocks = list(guide(account, metas, problems))
    write_docx(
        folder / GUIDE,
        blocks,
        title=f"{account.study.studyid} Clinical Study Data Reviewer's Guide",
        author=account.study.sponsor.name,
        stamp=datetime.fromisoformat(account.stamp),
    )
    (folder / GUIDE).with_suffix(".html").write_text(guide_html(blocks), encoding="utf-8")


def guide(
    account: Account, metas: Sequence[DatasetMeta], problems: Sequence[Problem]
) -> Iterator[Block]:
    """The guide's contents, in order."""
    study = account.study
    yield Heading(f"{study.studyid}: Clinical Study Data Reviewer's Guide", 0)
    if study.invented:
        yield Paragraph(f"Invented data. {study.invented}", "banner")
    yield Paragraph(
        f"{study.sponsor.name}. SDTMIG {study.sdtm.ig}; made {account.stamp.replace('T', ' ')} "
        f"UTC by trialect {__version__} together with define.xml."
    )
    yield Contents()
    yield from introduction(account, metas)
    yield from protocol(account, metas, problems)
    yield from subject_data(account, metas, problems)
    yield from conformance(account, metas, problems)
    yield from criteria(study)
