"""Writes codelists as NCI EVS distributes them: text, .xls, .xlsx and ODM.

The layouts are those of NCI EVS's own report programs: the header's wording, a codelist's row
without a `Codelist Code`, terms in the order of codelist name and submission value, a sheet named
after package and date behind a ReadMe, an ODM whose study is `CDISC_CT.<package>.<date>`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import openpyxl
import xlwt
from openpyxl.cell import WriteOnlyCell

from trialect.schemas.ct import Codelist, Term

HEADER = (
    "Code",
    "Codelist Code",
    "Codelist Extensible (Yes/No)",
    "Codelist Name",
    "CDISC Submission Value",
    "CDISC Synonym(s)",
    "CDISC Definition",
    "NCI Preferred Term",
)

DATE = "2031-06-27"
"""A release that there is not."""


def codelists() -> list[Codelist]:
    """A small terminology of invented codes; two codelists have the same name."""
    return [
        Codelist(
            "C9000001",
            "COLR",
            "Colour",
            False,
            (
                Term("RED", "C9000011", "Red", ("R", "Rouge")),
                Term("BLUE & GREEN", "C9000012", "Blue and <Green>", ()),
                Term("2.0", "C9000013", "Two", ("2;0",)),
            ),
        ),
        Codelist(
            "C9000002",
            "SHAPE",
            "Shape",
            True,
            (
                Term("ROUND", "C9000021", "Round Shape", ("Circular",)),
                Term("µ-SHAPED", "C9000022", "Mu Shape", ('it\'s "mu"',)),
            ),
        ),
        Codelist("C9000003", "SHAPECD", "Shape", True, (Term("R", "C9000021", "Round Shape", ()),)),
    ]


Row = tuple[str, ...]


def rows(lists: Iterable[Codelist]) -> list[Row]:
    """The rows under the header, in the order in which NCI EVS writes them."""
    by_name: dict[str, list[Codelist]] = {}
    for one in lists:
        by_name.setdefault(one.name, []).append(one)
    found: list[Row] = []
    for name in sorted(by_name):
        for one in by_name[name]:
            extensible = "Yes" if one.extensible else "No"
            told = f"Terminology of {name}."
            kind = f"CDISC SDTM {name} Terminology"
            found.append((one.code, "", extensible, name, one.short, name, told, kind))
        terms = [(one, term) for one in by_name[name] for term in one.terms]
        for one, term in sorted(terms, key=lambda pair: (pair[1].value, pair[0].code)):
            words = "; ".join(term.synonyms)
            told = f"What {term.preferred} is."
            found.append((term.code, one.code, "", name, term.value, words, told, term.preferred))
    return found


def write_text(path: Path, table: Sequence[Row], encoding: str = "utf-8") -> Path:
    """Tab-separated text."""
    lines = ["\t".join(row) + "\n" for row in (HEADER, *table)]
    path.write_bytes("".join(lines).encode(encoding))
    return path


def write_xlsx(path: Path, table: Sequence[Row], sheet: str = f"SDTM Terminology {DATE}") -> Path:
    """A workbook with a ReadMe before the terminology."""
    book = openpyxl.Workbook(write_only=True)
    book.create_sheet("ReadMe").append(["CDISC terminology, published by NCI EVS."])
    page = book.create_sheet(sheet)
    for row in (HEADER, *table):
        page.append([_text_cell(page, text) if text else None for text in row])
    book.save(path)
    return path


def _text_cell(page: Any, text: str) -> WriteOnlyCell:
    """A cell that is text even where it begins as a formula does."""
    cell = WriteOnlyCell(page, text)
    cell.data_type = "s"
    return cell


def write_xls(path: Path, table: Sequence[Row], sheet: str = f"SDTM Terminology {DATE}") -> Path:
    """The same in the older format, which NCI EVS publishes."""
    book = xlwt.Workbook(encoding="utf-8")
    book.add_sheet("ReadMe").write(0, 0, "CDISC terminology, published by NCI EVS.")
    page = book.add_sheet(sheet)
    for number, row in enumerate((HEADER, *table)):
        for column, text in enumerate(row):
            if text:
                page.write(number, column, text)
    book.save(str(path))
    return path


def odm(lists: Iterable[Codelist], package: str = "SDTM", date: str = DATE) -> str:
    """ODM 1.3.2 with NCI EVS's extension; characters beyond ASCII are references."""
    name = f"CDISC {package} Controlled Terminology"
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n\n'
        '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" '
        'xmlns:nciodm="http://ncicb.nci.nih.gov/xml/odm/EVS/CDISC" FileType="Snapshot" '
        f'FileOID="CDISC_CT.{package}.{date}" Granularity="Metadata" '
        f'CreationDateTime="{date}T10:00:00" AsOfDateTime="{date}T00:00:00" ODMVersion="1.3.2" '
        f'SourceSystem="NCI Thesaurus" SourceSystemVersion="{date}" nciodm:Context="Submission" '
        'nciodm:ControlledTerminologyVersion="1.2.0">\n'
        f'<Study OID="CDISC_CT.{package}.{date}"><GlobalVariables><StudyName>{name}</StudyName>'
        f"<StudyDescription>{name}, {date}</StudyDescription><ProtocolName>{name}</ProtocolName>"
        f'</GlobalVariables>\n<MetaDataVersion OID="CDISC_CT_MetaDataVersion.{package}.{date}" '
        f'Name="{name}">\n'
    ]
    for one in lists:
        parts.append(
            f"<CodeList OID={quoteattr(f'CL.{one.code}.{one.short}')} Name={quoteattr(one.name)} "
            f'DataType="text" nciodm:ExtCodeID="{one.code}" '
            f'nciodm:CodeListExtensible="{"Yes" if one.extensible else "No"}">\n'
            f'<Description><TranslatedText xml:lang="en">Terms.</TranslatedText></Description>\n'
        )
        for term in one.terms:
            words = (word.strip() for text in term.synonyms for word in text.split(";"))
            parts.append(
                f"<EnumeratedItem CodedValue={quoteattr(term.value)} "
                f'nciodm:ExtCodeID="{term.code}">'
                + "".join(_element("CDISCSynonym", word) for word in words)
                + _element("CDISCDefinition", f"What {term.preferred} is.")
                + _element("PreferredTerm", term.preferred)
                + "</EnumeratedItem>\n"
            )
        parts.append(_element("CDISCSubmissionValue", one.short))
        parts.append(_element("PreferredTerm", f"CDISC SDTM {one.name} Terminology"))
        parts.append("</CodeList>\n")
    parts.append("</MetaDataVersion></Study></ODM>\n")
    return "".join(parts)


def _element(name: str, text: str) -> str:
    return f"<nciodm:{name}>{escape(text)}</nciodm:{name}>"


def write_odm(path: Path, lists: Iterable[Codelist]) -> Path:
    """ODM as bytes in ASCII."""
    path.write_bytes(odm(lists).encode("ascii", "xmlcharrefreplace"))
    return path


Writer = Callable[[Path, list[Codelist]], Path]

WRITERS: dict[str, Writer] = {
    ".txt": lambda path, lists: write_text(path, rows(lists)),
    ".xls": lambda path, lists: write_xls(path, rows(lists)),
    ".xlsx": lambda path, lists: write_xlsx(path, rows(lists)),
    ".odm.xml": write_odm,
}
"""The formats by the endings of their files."""


def write(folder: Path, ending: str, lists: list[Codelist] | None = None) -> Path:
    """A distribution in one of the formats, under the name that NCI EVS gives it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"SDTM Terminology {DATE}{ending}"
    return WRITERS[ending](path, codelists() if lists is None else lists)
