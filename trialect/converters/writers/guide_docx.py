"""The reviewer's guide as DOCX, to complete and print; the same guide gives the same bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from trialect.converters.writers.guide_blocks import (
    Block,
    Contents,
    Grid,
    Heading,
    Paragraph,
    clean,
)

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_ZIP_STAMP = (1980, 1, 1, 0, 0, 0)
_TWIPS_OF_TEXT = 9638
"""The width of A4 between margins of 2 cm, in twentieths of a point."""
_INK, _HEAD, _LINE, _BANNER = "1F3A5F", "E8EEF4", "B8C4D0", "FFF4D6"


def write_docx(
    path: Path, blocks: Sequence[Block], *, title: str, author: str, stamp: datetime
) -> None:
    """Write the guide; `stamp` is its time of creation."""
    from docx import Document

    document: Any = Document()
    _style(document, title)
    properties = document.core_properties
    properties.title = title
    properties.author = author
    properties.comments = ""
    properties.created = properties.modified = stamp
    properties.last_modified_by = ""
    properties.revision = 1
    body = document.element.body
    end = body.sectPr
    bookmarks = 0
    for block in blocks:
        for xml in _xml(block, blocks, bookmarks):
            end.addprevious(_parsed(xml))
        bookmarks += isinstance(block, Heading)
    document.save(str(path))
    _without_clock(path)


def _style(document: Any, title: str) -> None:
    """Page, fonts, and a footer with the title and the page's number."""
    from docx.shared import Mm, Pt, RGBColor

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(20)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(10.5)
    normal.paragraph_format.space_after = Pt(6)
    sizes = {"Title": 24, "Heading 1": 16, "Heading 2": 13, "Heading 3": 11}
    for name, size in sizes.items():
        style = document.styles[name]
        style.font.name, style.font.size = "Calibri", Pt(size)
        style.font.color.rgb = RGBColor.from_string(_INK)
    footer = section.footer.paragraphs[0]
    field = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'.format
    parts = [
        f'<w:r><w:t xml:space="preserve">{escape(clean(title))}, page </w:t></w:r>',
        field("begin"),
        '<w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>',
        field("separate"),
        "<w:r><w:t>1</w:t></w:r>",
        field("end"),
    ]
    for part in parts:
        footer._p.append(_parsed(part))


def _xml(block: Block, blocks: Sequence[Block], bookmark: int) -> list[str]:
    if isinstance(block, Heading):
        style = "Title" if block.level == 0 else f"Heading{block.level}"
        name = _bookmark(block)
        return [
            f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>'
            f'<w:bookmarkStart w:id="{bookmark}" w:name="{name}"/>{_run(block.text)}'
            f'<w:bookmarkEnd w:id="{bookmark}"/></w:p>'
        ]
    if isinstance(block, Paragraph):
        return [_paragraph(block)]
    if isinstance(block, Contents):
        return [
            '<w:p><w:pPr><w:spacing w:after="20"/>'
            f'<w:ind w:left="{(one.level - 1) * 360}"/></w:pPr>'
            f'<w:hyperlink w:anchor="{_bookmark(one)}">{_run(one.text, color="1F5A87")}'
            "</w:hyperlink></w:p>"
            for one in blocks
            if isinstance(one, Heading) and 0 < one.level <= block.level
        ]
    # A paragraph behind the table keeps two tables apart.
    return [
        _table(block),
        '<w:p><w:pPr><w:spacing w:after="0" w:line="160" w:lineRule="exact"/></w:pPr></w:p>',
    ]


def _bookmark(heading: Heading) -> str:
    """Names of bookmarks have at most 40 letters, digits and underscores."""
    return ("c_" + heading.anchor.replace("-", "_"))[:40]


def _paragraph(block: Paragraph) -> str:
    if block.style == "banner":
        look = (
            f'<w:pBdr><w:left w:val="single" w:sz="36" w:space="6" w:color="8A5A00"/></w:pBdr>'
            f'<w:shd w:val="clear" w:color="auto" w:fill="{_BANNER}"/>'
        )
        return f"<w:p><w:pPr>{look}</w:pPr>{_run(block.text, bold=True)}</w:p>"
    if block.style == "caption":
        look = '<w:keepNext/><w:spacing w:before="120" w:after="40"/>'
        return f"<w:p><w:pPr>{look}</w:pPr>{_run(block.text, bold=True)}</w:p>"
    return f"<w:p>{_run(block.text)}</w:p>"


def _run(text: str, *, bold: bool = False, size: int | None = None, color: str = "") -> str:
    look = "<w:b/>" if bold else ""
    look += f'<w:color w:val="{color}"/>' if color else ""
    look += f'<w:sz w:val="{size}"/>' if size else ""
    lines = clean(text).split("\n")
    body = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in lines)
    return f"<w:r><w:rPr>{look}</w:rPr>{body}</w:r>"


def _table(grid: Grid) -> str:
    """The table as XML in one piece; python-docx is slow cell by cell."""
    widths = [round(width * _TWIPS_OF_TEXT) for width in grid.widths]
    edges = "".join(
        f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="{_LINE}"/>'
        for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    look = (
        f'<w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{edges}</w:tblBorders>'
        '<w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="70" w:type="dxa"/>'
        '<w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr>'
    )
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    head = _row(grid.head, widths, head=True)
    rows = "".join(_row(row, widths) for row in grid.rows)
    return f"<w:tbl>{look}<w:tblGrid>{columns}</w:tblGrid>{head}{rows}</w:tbl>"


def _row(cells: Sequence[str], widths: Sequence[int], *, head: bool = False) -> str:
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{_HEAD}"/>' if head else ""
    body = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr>'
        '<w:p><w:pPr><w:spacing w:before="20" w:after="20"/></w:pPr>'
        f"{_run(text, bold=head, size=17)}</w:p></w:tc>"
        for text, width in zip(cells, widths, strict=True)
    )
    repeated = "<w:tblHeader/>" if head else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{body}</w:tr>"


def _parsed(xml: str) -> Any:
    from docx.oxml import parse_xml

    name_end = next(place for place, char in enumerate(xml) if char in " />")
    return parse_xml(f'{xml[:name_end]} xmlns:w="{_W}"{xml[name_end:]}')


def _without_clock(path: Path) -> None:
    """Pack the file again with one fixed time for its members, so that the bytes repeat."""
    with zipfile.ZipFile(path) as packed:
        members = [(name, packed.read(name)) for name in sorted(packed.namelist())]
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in members:
            info = zipfile.ZipInfo(name, _ZIP_STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(info, content)
