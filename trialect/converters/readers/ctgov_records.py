"""ClinicalTrials.gov records from a path, each cut from its file by itself: a list as the site
downloads it, an API page, lines (NDJSON), one record, gzip, a zip or a folder of any of these.

Memory is bounded by the largest record, whatever the file's size. What is no record is told with
its file and place, and does not stop the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from trialect.converters.readers.ctgov_cut import LARGEST, Cut, cut
from trialect.converters.readers.ctgov_files import Opened, PackedError, texts
from trialect.converters.readers.ctgov_json import (
    BROKEN,
    NoJsonError,
    decoded,
    trial_of,
    v1_problem,
)
from trialect.converters.study_sources import HeldRecord, ReadRecord, Tell
from trialect.mappings.registry.ctgov_record import study_of
from trialect.problems import Problem, Unusable, rule

NO_RECORDS = rule(
    "CTGOV-NO-RECORDS",
    "error",
    "A file holds no records of ClinicalTrials.gov",
    "The file is no JSON of records: {detail}.",
    "Give records of the API v2: a list as the site downloads it, an API page, NDJSON, one record,"
    " a zip or a folder of them.",
)
NOT_UNPACKED = rule(
    "CTGOV-NOT-UNPACKED",
    "error",
    "A packed file of records cannot be unpacked",
    "It is not read: {detail}.",
    "Download it again, or pack its records anew.",
)
NOT_READ = rule(
    "CTGOV-NOT-READ",
    "error",
    "A file of records cannot be read",
    "It cannot be read: {detail}.",
    "Look at the file's rights and where it lies.",
)
TOO_LARGE = rule(
    "CTGOV-LARGE",
    "error",
    "A record is too large",
    "The record is larger than {value:,} bytes; it is not read.",
    "Look whether the file is what it should be.",
)
NEXT_PAGE = rule(
    "CTGOV-NEXT-PAGE",
    "warning",
    "An API page is one of several",
    "The page names a next one (nextPageToken), whose records do not stand in this file.",
    "Download the other pages too, and give them together in a folder.",
)
NOTHING = rule(
    "CTGOV-NOTHING",
    "error",
    "There are no records",
    "Nothing in it ends in .json, .ndjson, .jsonl, .gz or .zip.",
    "Give the file or folder that holds the records.",
)

_LOOKED_AT = 5
"""Files of a folder or zip that are looked at to tell what it holds."""
_HEAD = 2**16
_V1_SIGNS = (b'"FullStudiesResponse"', b'"StudyFieldsResponse"')
_ODD_BYTES = (re.compile(rb"\\u"), re.compile(b"\xef\xbf[\xbe\xbf]"))
"""How a text may hold a character that none may have, in a record that is JSON."""
_SIGNS = re.compile(
    rb'"(?:protocolSection|FullStudiesResponse|StudyFieldsResponse|ProtocolSection)"\s*:'
)


def recognise(path: Path) -> bool:
    """Whether a path holds records, by the beginning of the first few of its texts."""
    if path.is_dir() and any((path / name).exists() for name in ("study.yaml", "manifest.json")):
        return False
    try:
        return any(_is_signed(opened) for opened in islice(texts(path), _LOOKED_AT))
    except OSError:
        return False


def _is_signed(opened: Opened) -> bool:
    try:
        stream = opened.open()
        try:
            return _SIGNS.search(stream.read(_HEAD)) is not None
        finally:
            stream.close()
    except PackedError:
        return False


def records(path: Path) -> Iterator[HeldRecord]:
    """The records of a path in the order of its files, as their text.

    Raises Unusable where the path is not there or holds no file of records at all.
    """
    any_text = False
    try:
        for opened in texts(path):
            any_text = True
            last = 0
            try:
                stream = opened.open()
                try:
                    for one in cut(stream):
                        last = one.number
                        yield _held(opened.name, one)
                finally:
                    stream.close()
            except (PackedError, OSError) as error:
                told = NOT_UNPACKED if isinstance(error, PackedError) else NOT_READ
                problem = told.problem(file=opened.name, detail=error, row=last + 1)
                yield HeldRecord(opened.name, last + 1, b"", (problem,))
    except OSError as error:
        detail = error.strerror or str(error)
        raise Unusable(NOT_READ.problem(file=str(path), detail=detail)) from error
    if not any_text:
        raise Unusable(NOTHING.problem(file=path.name))


def read(held: HeldRecord, tell: Tell) -> ReadRecord:
    """The Study of a record, and what it does not hold. Raises Unusable where it is none."""
    file, row = held.file, held.number
    try:
        record, warnings = decoded(held.text)
    except NoJsonError as error:
        trial = error.problem.trial or trial_of(held.text)
        raise Unusable(error.problem.at(trial=trial, file=file, row=row)) from error
    for warning in warnings:
        tell(warning.at(trial=trial_of(held.text), file=file, row=row))
    left: dict[str, int] = {}
    # An escape may stand for any character; without one only these bytes are none of a text.
    plain = not warnings and not any(sign.search(held.text) for sign in _ODD_BYTES)
    return ReadRecord(study_of(record, tell, file=file, row=row, left=left, plain=plain), left)


def _held(name: str, one: Cut) -> HeldRecord:
    if not one.kind:
        return HeldRecord(name, one.number, one.text)
    trial = trial_of(one.text)
    problem = _fault(one).at(file=name, row=one.number, trial=trial)
    return HeldRecord(name, one.number, one.text, (problem,))


def _fault(one: Cut) -> Problem:
    """What is wrong with a text that is no record."""
    if any(sign in one.text[:1000] for sign in _V1_SIGNS) or b"<clinical_study" in one.text:
        return v1_problem(one.text)
    if one.kind == "large":
        return TOO_LARGE.problem(value=LARGEST)
    if one.kind == "more":
        return NEXT_PAGE.problem()
    if one.kind == "text":
        return NO_RECORDS.problem(detail=one.fault)
    if one.text:
        try:
            decoded(one.text)
        except NoJsonError as error:
            return error.problem
    return BROKEN.problem(detail=one.fault[:1].upper() + one.fault[1:], near="", cause="")
