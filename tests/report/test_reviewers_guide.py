"""The reviewer's guide: the chapters of the PHUSE template, filled with what is known."""

import re
from pathlib import Path
from typing import Any

import docx
import pytest

import trialect
from trialect.converters.account import Account
from trialect.converters.explanations import Explanation
from trialect.converters.package import sdtm_folder
from trialect.converters.writers.guide_blocks import (
    TO_BE_FILLED,
    Contents,
    Grid,
    Heading,
    Paragraph,
    clean,
)
from trialect.converters.writers.guide_conformance import TOLD_ELSEWHERE
from trialect.converters.writers.guide_html import guide_html
from trialect.converters.writers.reviewers_guide import guide, write_guide
from trialect.metadata import (
    CodelistMeta,
    Condition,
    DatasetMeta,
    Origin,
    TermMeta,
    ValueMeta,
    VariableMeta,
)
from trialect.problems import Problem, Severity
from trialect.protocol import Assumption, Criterion

CHAPTERS = [
    "1. Introduction",
    "1.1 Purpose",
    "1.2 Acronyms",
    "1.3 Study data standards and dictionary inventory",
    "2. Protocol description",
    "2.1 Protocol number and title",
    "2.2 Protocol design",
    "2.3 Trial design datasets",
    "3. Subject data description",
    "3.1 Overview",
    "3.2 Traceability",
    "3.3 Annotated CRF",
    "3.4 Datasets",
    "4. Data conformance summary",
    "4.1 Conformance inputs",
    "4.2 Issues summary",
    "4.3 Text spelled in ASCII",
    "4.4 Terms that are not in CDISC's codelists",
    "4.5 Data not submitted",
    "4.6 Assumptions",
    "Appendix 1. Inclusion and exclusion criteria",
]


def variable(name: str, **given: Any) -> VariableMeta:
    return VariableMeta(name, name.title(), "Char", 8, "text", "Qualifier", "Perm", **given)


def location(*own: str) -> CodelistMeta:
    terms = (TermMeta("ARM", code="C32141"), *(TermMeta(value) for value in own))
    return CodelistMeta("CL.LOC", "Anatomical Location", "C74456", terms)


def sex(*own: str) -> CodelistMeta:
    terms = (TermMeta("M", code="C20197"), *(TermMeta(value) for value in own))
    return CodelistMeta("CL.SEX", "Sex", "C66731", terms)


@pytest.fixture
def metas() -> list[DatasetMeta]:
    empty = variable("AEREFID", has_data=False)
    told = variable("AETERM", comment="As the site wrote it")
    derived = variable("AESTDY", origin=Origin("Derived", "Sponsor"))
    qualifier = ValueMeta(
        (Condition("SUPPAE", "QNAM", "EQ", ("AELIGHT",)),), "Light in the Room", "text", 1
    )
    return [
        DatasetMeta(
            "AE",
            "Adverse Events",
            "AE",
            "Events",
            "One record per event",
            12,
            (empty, told, derived, variable("AELOC", codelist=location("ELBOW PIT"))),
        ),
        DatasetMeta(
            "DM",
            "Demographics",
            "DM",
            "Special-Purpose",
            "One record per subject",
            40,
            (variable("SEX", codelist=sex("X")),),
        ),
        DatasetMeta(
            "SUPPAE",
            "Supplemental Qualifiers for AE",
            "AE",
            "Relationship",
            "One record per qualifier",
            3,
            (variable("QVAL", value_level=(qualifier,)),),
        ),
    ]


PROBLEMS = [
    Problem("SDTM-X", Severity.ERROR, "AESTDTC is no date.", domain="AE"),
    Problem("SDTM-X", Severity.ERROR, "AEENDTC is no date.", domain="AE"),
    Problem("FHIR-X", Severity.ERROR, "Only FHIR."),
    Problem("MAP-NOT-SUBMITTED", Severity.NOTE, "For the site only", file="a.csv", field="room"),
    Problem("MAP-NOT-SUBMITTED", Severity.NOTE, "For the site only", file="a.csv", field="nurse"),
    Problem(
        "XPT-TRANSLITERATED",
        Severity.NOTE,
        "AETERM holds 'ağrı'; the SDTM files say 'agri'.",
        domain="AE",
        variable="AETERM",
    ),
]


def rows_under(blocks: list[Any], heading: str) -> list[tuple[str, ...]]:
    """The rows of the tables of a section."""
    start = next(i for i, b in enumerate(blocks) if isinstance(b, Heading) and b.text == heading)
    rows = []
    for block in blocks[start + 1 :]:
        if isinstance(block, Heading):
            break
        if isinstance(block, Grid):
            rows += block.rows
    return rows


def said_under(blocks: list[Any], heading: str) -> str:
    start = next(i for i, b in enumerate(blocks) if isinstance(b, Heading) and b.text == heading)
    said = []
    for block in blocks[start + 1 :]:
        if isinstance(block, Heading):
            break
        if isinstance(block, Paragraph):
            said.append(block.text)
    return " ".join(said)


def test_the_chapters_are_those_of_the_template(account: Account, metas: list[DatasetMeta]) -> None:
    blocks = list(guide(account, metas, PROBLEMS))
    headings = [b.text for b in blocks if isinstance(b, Heading) and 0 < b.level < 3]
    assert headings == CHAPTERS
    assert any(isinstance(b, Contents) for b in blocks)


def test_invented_data_are_told_first(account: Account, metas: list[DatasetMeta]) -> None:
    blocks = list(guide(account, metas, []))
    assert blocks[1] == Paragraph("Invented data. Nobody in it exists.", "banner")


def test_each_dataset_has_its_section(account: Account, metas: list[DatasetMeta]) -> None:
    account.flows[("visits", "AE")] = 12
    blocks = list(guide(account, metas, PROBLEMS))
    sections = [b.text for b in blocks if isinstance(b, Heading) and b.level == 3]
    assert sections == ["3.4.1 AE: Adverse Events", "3.4.2 DM: Demographics"]
    said = said_under(blocks, sections[0])
    assert "12 records: 12 from visits." in said
    assert "Derived (methods in define.xml): AESTDY." in said
    assert "Without a value in any record: AEREFID." in said
    assert "2 findings are on this dataset" in said
    rows = rows_under(blocks, sections[0])
    assert ("AETERM", "As the site wrote it") in rows
    assert ("AELIGHT", "Light in the Room", "") in rows
    assert ("visits", "records/visits.csv", "1,000", "AE 12, QS 2,970") in rows_under(
        blocks, "3.2 Traceability"
    )


def test_findings_are_counted_and_left_to_the_sponsor(
    account: Account, metas: list[DatasetMeta]
) -> None:
    rows = rows_under(list(guide(account, metas, PROBLEMS)), "4.2 Issues summary")
    assert rows == [("SDTM-X", "error", "AE", "AESTDTC is no date.", "2", TO_BE_FILLED)]


def test_the_sponsors_explanations_are_printed(account: Account, metas: list[DatasetMeta]) -> None:
    account.explanations = (
        Explanation("SDTM-X", "Coded later.", 2, dataset="AE", variable="AESTDTC"),
        Explanation("SDTM-*", "Never read, the first is.", 3, variable="AESTDTC"),
        Explanation("MAP-NOT-SUBMITTED", "Told in 4.5.", 4),
    )
    problems = [
        Problem("SDTM-X", Severity.ERROR, "m", domain="AE", variable=name)
        for name in ("AESTDTC", "AESTDTC", "AEENDTC")
    ]
    blocks = list(guide(account, metas, [*problems, *PROBLEMS[3:5]]))
    assert rows_under(blocks, "4.2 Issues summary") == [
        ("SDTM-X", "error", "AE", "m", "2", "Coded later."),
        ("SDTM-X", "error", "AE", "m", "1", TO_BE_FILLED),
    ]
    assert "The sponsor explains 2 of 3 findings." in said_under(blocks, "4.2 Issues summary")
    account.explanations = ()
    assert "explains" not in said_under(list(guide(account, metas, problems)), "4.2 Issues summary")


def test_what_another_section_tells_is_no_issue(account: Account, metas: list[DatasetMeta]) -> None:
    only = [Problem(rule, Severity.WARNING, "m") for rule in TOLD_ELSEWHERE]
    blocks = list(guide(account, metas, only))
    assert said_under(blocks, "4.2 Issues summary") == "The checks found nothing."
    sections = {text.split()[0] for b in blocks if isinstance(b, Heading) for text in [b.text]}
    assert set(TOLD_ELSEWHERE.values()) <= sections


def test_spellings_are_counted(account: Account, metas: list[DatasetMeta]) -> None:
    rows = rows_under(list(guide(account, metas, PROBLEMS)), "4.3 Text spelled in ASCII")
    assert rows == [("AE", "AETERM", "1", PROBLEMS[-1].message)]
    assert "Every text was collected in ASCII." in said_under(
        list(guide(account, metas, [])), "4.3 Text spelled in ASCII"
    )


def test_the_sponsors_terms_are_listed(account: Account, metas: list[DatasetMeta]) -> None:
    heading = "4.4 Terms that are not in CDISC's codelists"
    # A word that SDTMIG allows in a closed codelist is no finding, and no sponsor's term.
    mine = ("AE", "AELOC", "C74456", "Anatomical Location", "yes", "ELBOW PIT")
    assert rows_under(list(guide(account, metas, [])), heading) == [mine]
    wrong = Problem(
        "SDTM-CT-NOT-EXTENSIBLE", Severity.ERROR, "m", domain="DM", variable="SEX", value="X"
    )
    rows = rows_under(list(guide(account, metas, [wrong])), heading)
    assert rows == [mine, ("DM", "SEX", "C66731", "Sex", "no", "X")]


def test_what_is_not_submitted_is_told(account: Account, metas: list[DatasetMeta]) -> None:
    rows = rows_under(list(guide(account, metas, PROBLEMS)), "4.5 Data not submitted")
    assert rows == [
        ("records/visits.csv", "1,000", "10"),
        ("a.csv", "room, nurse", "For the site only"),
    ]
    account.forms["visits"].rejected = 0
    said = said_under(list(guide(account, metas, [])), "4.5 Data not submitted")
    assert said == "Every row and every column that was collected is submitted."


def test_assumptions_and_criteria_are_listed(account: Account, metas: list[DatasetMeta]) -> None:
    from dataclasses import replace

    account.study = replace(
        account.study,
        assumptions=(Assumption("sites", "One site."),),
        criteria=(Criterion("INCL01", "INCLUSION", "Pain ≥ 5"),),
    )
    blocks = list(guide(account, metas, []))
    assert rows_under(blocks, "4.6 Assumptions") == [("sites", "One site.")]
    assert rows_under(blocks, "Appendix 1. Inclusion and exclusion criteria") == [
        ("INCL01", "INCLUSION", "Pain ≥ 5", "1")
    ]


def test_the_docx_opens_with_styled_headings_and_tables(
    tmp_path: Path, account: Account, metas: list[DatasetMeta]
) -> None:
    problems = [*PROBLEMS, Problem("SDTM-Y", Severity.ERROR, "a\x00b <c> & \ud800\n\x1f")]
    write_guide(tmp_path, account, metas, problems)
    document = docx.Document(str(tmp_path / "csdrg.docx"))
    headings = [p.text for p in document.paragraphs if p.style and p.style.name == "Heading 1"]
    assert headings == [text for text in CHAPTERS if re.match(r"\d\. |Appendix", text)]
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert "a\\x00b <c> & \\xd800\n\\x1f" in cells
    for table in document.tables:
        assert len(table.columns) == len(table.rows[0].cells)
    page = (tmp_path / "csdrg.html").read_text(encoding="utf-8")
    assert "a\\x00b &lt;c&gt; &amp; \\xd800" in page


def test_the_guide_is_the_same_again(
    tmp_path: Path, account: Account, metas: list[DatasetMeta]
) -> None:
    for name in ("one", "two"):
        write_guide(tmp_path / name, account, metas, PROBLEMS)
    for file in ("csdrg.docx", "csdrg.html"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_the_contents_lead_to_the_chapters(account: Account, metas: list[DatasetMeta]) -> None:
    page = guide_html(list(guide(account, metas, PROBLEMS)))
    links = re.findall(r'href="#([^"]+)"', page)
    places = re.findall(r'id="([^"]+)"', page)
    assert len(links) == len(CHAPTERS)
    assert set(links) <= set(places)
    assert len(places) == len(set(places))
    assert page.count("<ul>") == page.count("</ul>")
    assert page.count("<li>") == page.count("</li>")


def test_widths_share_the_page() -> None:
    grid = Grid(("Rule", "What it says"), (("MAP-ROW", "a sentence of many words " * 9),) * 3)
    narrow, wide = grid.widths
    assert narrow + wide == pytest.approx(1)
    assert narrow < wide / 3
    assert sum(Grid(("A", "B"), ()).widths) == pytest.approx(1)


def test_text_that_xml_cannot_hold_is_told_by_its_number() -> None:
    assert clean("ağrı ≥ 5\t\n") == "ağrı ≥ 5\t\n"
    assert clean("\x00\ufffe\udc00") == "\\x00\\xfffe\\xdc00"


def test_the_examples_guide_tells_what_is_in_the_package(
    converted: trialect.Conversion,
) -> None:
    folder = converted.out / sdtm_folder(converted.account.study.studyid)
    page = (folder / "csdrg.html").read_text(encoding="utf-8")
    for told in ("Invented data.", "INTERFASCIAL", "records/visits.csv", "form_status", "INCL01"):
        assert told in page
    for name, count in converted.account.datasets.items():
        assert f"<td>{name}</td>" in page
        assert f"<td>{count:,}</td>" in page
