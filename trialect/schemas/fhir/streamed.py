"""Checking a Bundle that is too large to hold: its entries as they are read, some at a time.

Read once, each entry is checked by itself, and what the rules between entries need to know of it is
noted as hashes (noted.py). Entries that have a problem, or share a name with another or refer to
none, are doubtful. If there are any, the text is read again: the doubtful entries are checked with
all that is known of the others, which gives the problems that `check_bundle` finds in the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from trialect.problems import Problem
from trialect.schemas.fhir import rules
from trialect.schemas.fhir.bundle import BundleCheck, Json
from trialect.schemas.fhir.entries import Entries, NotSplitError
from trialect.schemas.fhir.fast import Shapes, kept_shapes
from trialect.schemas.fhir.json_text import decode
from trialect.schemas.fhir.noted import Noted, exactly
from trialect.schemas.fhir.packed import LARGEST
from trialect.schemas.fhir.table import Table, table


def check_bundle_stream(
    reopen: Callable[[], BinaryIO], file: str | None = None, release: str = "R4"
) -> Iterator[Problem]:
    """The problems of a Bundle's text, those that `check_bundle_text` finds, in bounded memory.

    `reopen` opens the text at its start; it is read once, or twice when something is doubtful, and
    once more when the Bundle's own elements stand behind its entries. What cannot be told apart
    into entries ends the check with a problem that says where. Raises what reading raises.
    """
    try:
        found = _problems(reopen, table(release), kept_shapes(release, "Bundle.entry"))
    except NotSplitError as error:
        found = [_not_split(error)]
    except _AroundError as error:
        found = error.problems
    for problem in found:
        yield problem.at(file=file) if file else problem


def _problems(reopen: Callable[[], BinaryIO], definitions: Table, shapes: Shapes) -> list[Problem]:
    noted, whole, problems = _noted(reopen, definitions, shapes, None)
    if whole != noted.head:
        # What stands behind the entries says what they have to be.
        noted, whole, problems = _noted(reopen, definitions, shapes, whole)
    check = BundleCheck(definitions, noted.head, noted.known())
    check.outline(noted.outlines())
    doubtful = noted.doubtful()
    if doubtful:
        with reopen() as file:
            _again(Entries(file), doubtful, check)
    return problems + check.finish()


def _noted(
    reopen: Callable[[], BinaryIO], definitions: Table, shapes: Shapes, head: Json | None
) -> tuple[Noted, Json, list[Problem]]:
    """What is known of the entries when `head` stands around them (None: what stands before them),
    what does stand around them, and what is wrong with its text.
    """
    with reopen() as file:
        entries = Entries(file)
        noted = Noted(definitions, _decoded(entries.head, b"]}")[0] if head is None else head)
        for texts in entries:
            noted.take(texts, shapes)
        whole, problems = _decoded(entries.head, entries.tail)
    del whole["entry"]
    return noted, whole, problems


def _decoded(head: bytes, tail: bytes) -> tuple[Json, list[Problem]]:
    """What stands around the entries. Raises _AroundError where it is no JSON object."""
    try:
        value, problems = decode((head + tail).decode())
    except UnicodeDecodeError as error:
        detail = f"byte {error.start + 1} of what stands around the entries is not UTF-8"
        raise _AroundError([rules.JSON.problem(detail=detail)]) from error
    if type(value) is not dict:
        raise _AroundError(problems)
    return value, problems


class _AroundError(Exception):
    """What stands around the entries is no JSON object, for these reasons."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__()
        self.problems = problems


def _again(entries: Entries, doubtful: list[int], check: BundleCheck) -> None:
    """Check the doubtful entries."""
    before, at = 0, 0
    for texts in entries:
        while at < len(doubtful) and doubtful[at] < before + len(texts):
            exactly(check, doubtful[at], texts[doubtful[at] - before])
            at += 1
        before += len(texts)


def _not_split(error: NotSplitError) -> Problem:
    path = "Bundle" if error.number is None else f"Bundle.entry[{error.number}]"
    if error.size:
        return rules.SIZE.problem(path=path, limit=LARGEST >> 20, what=error.detail)
    return rules.JSON.problem(path=path, detail=error.detail)
