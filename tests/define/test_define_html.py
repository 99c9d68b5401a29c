from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from define_constants import DOCUMENTS, FILES, STAMP

from trialect.converters.writers.define_html import write_define_html
from trialect.metadata import DatasetMeta
from trialect.trial import Study

VOID = {"meta", "input", "br"}


class Page(HTMLParser):
    """The page's anchors, links and outside parts; unbalanced tags are collected."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.parts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "a":
            self.links.append(str(given.get("href")))
        elif given.get("src") or tag == "link":
            self.parts.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)


@pytest.fixture
def html(tmp_path: Path, study: Study, metas: list[DatasetMeta]) -> str:
    path = tmp_path / "define.html"
    write_define_html(path, study, metas, files=FILES, stamp=STAMP, documents=DOCUMENTS)
    return path.read_text(encoding="utf-8")


def test_the_page_is_whole_by_itself(html: str) -> None:
    page = Page(html)
    assert page.unbalanced == []
    assert page.open == []
    assert page.parts == []
    assert "@import" not in html
    assert "url(" not in html


def test_every_link_leads_somewhere(html: str) -> None:
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside <= set(page.ids)
    outside = {link for link in page.links if not link.startswith("#")}
    assert outside == {"define.xml", "csdrg.pdf", "ts.xpt", "dm.xpt", "ae.xpt"} | {
        "qs1.xpt",
        "qs2.xpt",
        "suppdm.xpt",
    }


def test_every_variable_and_term_is_shown(html: str, metas: list[DatasetMeta]) -> None:
    text = re.sub(r"<[^>]+>", " ", html)
    for meta in metas:
        assert meta.structure in text
        for variable in meta.variables:
            assert f'id="{meta.name}.{variable.name}"' in html
            assert variable.label in text
            for value in variable.value_level:
                assert value.label in text
                assert f"= {value.where[0].values[0]}" in text
    for shown in ("FELL ASLEEP", "sponsor's own", "(before - after) / before * 100"):
        assert shown in html
    assert "These records are invented." in text


def test_texts_are_escaped(html: str) -> None:
    assert "A trial of &lt;pain&gt; &amp; relief" in html
    assert "<pain>" not in html


def test_the_same_page_again(
    tmp_path: Path, study: Study, metas: list[DatasetMeta], html: str
) -> None:
    path = tmp_path / "again.html"
    write_define_html(path, study, metas, files=FILES, stamp=STAMP, documents=DOCUMENTS)
    assert path.read_text(encoding="utf-8") == html
