"""The text of a registry's page as the source of a Study: one page, one trial."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from trialect.converters.readers.registry_page import SIZE_LIMIT, page_of, read_page
from trialect.converters.recognise import Kind, is_text, recognise
from trialect.converters.study_sources import NAMED, HeldRecord, ReadRecord, StudySource, Tell


def is_page(path: Path) -> bool:
    """Whether a path is the text of a registry page, or a text of which its reader says why not."""
    if not path.is_file() or path.suffix.lower() in NAMED:
        return False
    kind = recognise(path)
    return kind is Kind.REGISTRY_PAGE or (kind is Kind.UNKNOWN and _is_prose(path))


def _is_prose(path: Path) -> bool:
    """Whether a file is text, but neither JSON nor XML: HTML is."""
    with path.open("rb") as file:
        head = file.read(200).lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return True
    return is_text(path) and not head.startswith((b"{", b"[", b"<"))


def records(path: Path) -> Iterator[HeldRecord]:
    """The one page of a file. Raises `Unusable` when it is too large to be one."""
    with path.open("rb") as file:
        data = file.read(SIZE_LIMIT + 1)
    if len(data) > SIZE_LIMIT:
        read_page(path, lambda _: None)
    yield HeldRecord(path.name, 1, data)


def read(record: HeldRecord, tell: Tell) -> ReadRecord:
    """The Study of a page; lines that state nothing are left, by where they stand."""
    page = page_of(record.text, record.file, tell)
    left = Counter(one.of or "line" for one in page.facts.unused)
    left.update(one.after.name for one in page.facts.not_understood if one.after is not None)
    kept = ("summary", "description")
    return ReadRecord(page.study, {name: n for name, n in left.items() if name not in kept})


SOURCE = StudySource("registry page (text)", is_page, records, read)
