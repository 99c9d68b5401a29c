"""The reviewer's guide as one HTML page without outside parts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from trialect.converters.writers.guide_blocks import Block, Contents, Grid, Heading, clean

_STYLE = """body { font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; max-width: 1040px;
  margin: 24px auto; padding: 0 24px; color: #1b2530; }
h1 { font-size: 26px; } h2 { font-size: 20px; margin-top: 36px; border-bottom: 1px solid #d9e0e7; }
h3 { font-size: 17px; margin-top: 26px; } h4 { font-size: 15px; margin: 22px 0 4px; }
table { border-collapse: collapse; width: 100%; margin: 8px 0 16px; font-size: 13px; }
th, td { text-align: left; vertical-align: top; border: 1px solid #d9e0e7; padding: 4px 8px;
  overflow-wrap: anywhere; }
th { background: #f4f7fa; overflow-wrap: normal; }
.banner { border: 1px solid #e0b94f; border-left: 6px solid #8a5a00; background: #fff8e6;
  padding: 10px 14px; }
.caption { font-weight: 600; margin-bottom: 4px; }
nav ul { list-style: none; padding-left: 18px; margin: 2px 0; } nav > ul { padding-left: 0; }
a { color: #1f5a87; }
@media print { body { max-width: none; font-size: 11px; } table { font-size: 10px; }
  tr, .banner { break-inside: avoid; } thead { display: table-header-group; }
  h2, h3, h4 { break-after: avoid; } }"""


def guide_html(blocks: Sequence[Block]) -> str:
    """The page; its title is that of the first heading."""
    title = next((block.text for block in blocks if isinstance(block, Heading)), "")
    parts = [_part(block, blocks) for block in blocks]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        + clean("\n".join(parts))
        + "\n</body></html>\n"
    )


def _part(block: Block, blocks: Sequence[Block]) -> str:
    if isinstance(block, Heading):
        level = block.level + 1
        return f'<h{level} id="{block.anchor}">{escape(block.text)}</h{level}>'
    if isinstance(block, Grid):
        return _table(block)
    if isinstance(block, Contents):
        return _contents(blocks, block.level)
    style = "" if block.style == "body" else f' class="{block.style}"'
    return f"<p{style}>{escape(block.text)}</p>"


def _contents(blocks: Sequence[Block], deepest: int) -> str:
    parts = []
    level = 0
    for block in blocks:
        if isinstance(block, Heading) and 0 < block.level <= deepest:
            if block.level > level:
                parts.append("<ul>" * (block.level - level))
            else:
                parts.append("</li>" + "</ul></li>" * (level - block.level))
            parts.append(f'<li><a href="#{block.anchor}">{escape(block.text)}</a>')
            level = block.level
    closing = "</li>" + "</ul></li>" * (level - 1) + "</ul>" if level else ""
    return f'<nav aria-label="Contents">{"".join(parts)}{closing}</nav>'


def _table(grid: Grid) -> str:
    columns = "".join(f'<col style="width:{width:.1%}">' for width in grid.widths)
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in grid.head)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>\n"
        for row in grid.rows
    )
    return (
        f"<table><colgroup>{columns}</colgroup><thead><tr>{head}</tr></thead><tbody>\n"
        f"{rows}</tbody></table>"
    )
