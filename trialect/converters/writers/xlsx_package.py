"""What makes written sheets a workbook: its parts, their relations, styles and properties.

ECMA-376 part 1, 18 (SpreadsheetML) and part 2 (the package).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from xml.sax.saxutils import escape, quoteattr

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


class Style(IntEnum):
    """How a column looks; the number is that of its format in styles.xml."""

    PLAIN = 0
    WRAPPED = 1
    NUMBER = 2
    HEAD = 3
    TITLE = 4
    ERROR = 5
    WARNING = 6
    NOTE = 7
    QUOTED = 8
    """Text that a spreadsheet would take for a formula once somebody edits the cell."""


@dataclass(slots=True)
class Part:
    """What the workbook says of a sheet that is written."""

    name: str
    columns: int
    rows: int
    filtered: bool


def letters_of(column: int) -> str:
    """The letters of a column, the first of which is 1."""
    letters = ""
    while column:
        column, place = divmod(column - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters


def frame(
    parts: Sequence[Part], title: str, application: str, stamp: datetime | None
) -> dict[str, str]:
    """The files that make sheets a workbook."""
    numbers = range(1, len(parts) + 1)
    overrides = [
        ("/xl/workbook.xml", f"{_WORKBOOK_TYPE}.sheet.main+xml"),
        ("/xl/styles.xml", f"{_WORKBOOK_TYPE}.styles+xml"),
        ("/xl/sharedStrings.xml", f"{_WORKBOOK_TYPE}.sharedStrings+xml"),
        ("/docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"),
        (
            "/docProps/app.xml",
            "application/vnd.openxmlformats-officedocument.extended-properties+xml",
        ),
        *((f"/xl/worksheets/sheet{n}.xml", f"{_WORKBOOK_TYPE}.worksheet+xml") for n in numbers),
    ]
    types = "".join(f'<Override PartName="{p}" ContentType="{t}"/>' for p, t in overrides)
    inner = [*((f"worksheets/sheet{n}.xml", f"{_OFFICE}/relationships/worksheet") for n in numbers)]
    inner.append(("styles.xml", f"{_OFFICE}/relationships/styles"))
    inner.append(("sharedStrings.xml", f"{_OFFICE}/relationships/sharedStrings"))
    outer = [
        ("xl/workbook.xml", f"{_OFFICE}/relationships/officeDocument"),
        ("docProps/core.xml", f"{_PACKAGE}/relationships/metadata/core-properties"),
        ("docProps/app.xml", f"{_OFFICE}/relationships/extended-properties"),
    ]
    return {
        "xl/workbook.xml": _workbook(parts),
        "xl/styles.xml": _styles(),
        "xl/_rels/workbook.xml.rels": _relations(inner),
        "docProps/core.xml": _core(title, application, stamp),
        "docProps/app.xml": f'{XML}<Properties xmlns="{_OFFICE}/extended-properties">'
        f"<Application>{escape(application)}</Application></Properties>",
        "_rels/.rels": _relations(outer),
        "[Content_Types].xml": f'{XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{types}</Types>',
    }


def _relations(targets: Iterable[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{place}" Type="{kind}" Target="{target}"/>'
        for place, (target, kind) in enumerate(targets, start=1)
    )
    return f'{XML}<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _workbook(parts: Sequence[Part]) -> str:
    sheets, names = [], []
    for place, part in enumerate(parts):
        name = quoteattr(part.name)
        sheets.append(f'<sheet name={name} sheetId="{place + 1}" r:id="rId{place + 1}"/>')
        quoted = escape("'" + part.name.replace("'", "''") + "'")
        if part.filtered:
            area = f"$A$1:${letters_of(part.columns)}${part.rows}"
            names.append(
                f'<definedName name="_xlnm._FilterDatabase" localSheetId="{place}" hidden="1">'
                f"{quoted}!{area}</definedName>"
            )
        names.append(
            f'<definedName name="_xlnm.Print_Titles" localSheetId="{place}">'
            f"{quoted}!$1:$1</definedName>"
        )
    return (
        f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}/relationships">'
        '<bookViews><workbookView xWindow="0" yWindow="0" windowWidth="28800" '
        f'windowHeight="15000" tabRatio="800"/></bookViews><sheets>{"".join(sheets)}</sheets>'
        f"<definedNames>{''.join(names)}</definedNames></workbook>"
    )


def _core(title: str, application: str, stamp: datetime | None) -> str:
    made = ""
    if stamp is not None:
        made = (
            '<dcterms:created xsi:type="dcterms:W3CDTF">'
            f"{stamp.replace(tzinfo=None).isoformat(timespec='seconds')}Z</dcterms:created>"
        )
    return (
        f'{XML}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(title)}</dc:title>"
        f"<dc:creator>{escape(application)}</dc:creator>{made}</cp:coreProperties>"
    )


_FONTS = {
    Style.HEAD: '<font><b/><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/></font>',
    Style.TITLE: '<font><b/><sz val="11"/><name val="Calibri"/></font>',
    Style.ERROR: '<font><sz val="11"/><color rgb="FFB3261E"/><name val="Calibri"/></font>',
    Style.WARNING: '<font><sz val="11"/><color rgb="FF8A5A00"/><name val="Calibri"/></font>',
    Style.NOTE: '<font><sz val="11"/><color rgb="FF2F6690"/><name val="Calibri"/></font>',
}
_ASIDE = ' horizontal="right" indent="1"'
_WRAPPED = {Style.WRAPPED, Style.QUOTED, Style.HEAD, Style.TITLE}


def _styles() -> str:
    plain = '<font><sz val="11"/><name val="Calibri"/></font>'
    fonts = "".join(_FONTS.values())
    places = {style: place for place, style in enumerate(_FONTS, start=1)}
    formats = "".join(
        f'<xf numFmtId="{3 if style is Style.NUMBER else 0}" fontId="{places.get(style, 0)}" '
        f'fillId="{2 if style is Style.HEAD else 0}" borderId="0" xfId="0" applyAlignment="1" '
        f'quotePrefix="{style is Style.QUOTED:d}"><alignment vertical="top" '
        f'wrapText="{style in _WRAPPED:d}"{_ASIDE if style is Style.NUMBER else ""}/></xf>'
        for style in Style
    )
    return (
        f'{XML}<styleSheet xmlns="{MAIN}"><fonts count="{1 + len(_FONTS)}">{plain}{fonts}</fonts>'
        '<fills count="3"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill>'
        '<fill><patternFill patternType="solid"><fgColor rgb="FF1F5A87"/></patternFill></fill>'
        '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border>'
        '</borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        f'</cellStyleXfs><cellXfs count="{len(Style)}">{formats}</cellXfs><cellStyles count="1">'
        '<cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )
