"""Reads a study definition of USDM 4.0 (JSON) as a Study; checks a file of one.

What stands in attributes that are read is taken where it is of its type; the rest is told. What a
Study has no place for is counted by class and attribute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from trialect.converters.study_sources import ReadRecord, Tell
from trialect.mappings.registry.usdm.characters import without_odd_characters
from trialect.mappings.registry.usdm.left import left_of
from trialect.mappings.registry.usdm.study_facts import meant, said, version_of
from trialect.mappings.registry.usdm.terms import NOT_STATED
from trialect.mappings.registry.usdm.usdm_version import sponsor_of
from trialect.problems import Problem, Unusable, rule
from trialect.schemas.registry.usdm_check import check_document
from trialect.schemas.registry.usdm_structure import walk
from trialect.study_options import FhirOptions
from trialect.trial import Study

LARGEST = 64 * 2**20
"""Bytes of a file at most; the largest definitions that CDISC publishes have 2 million."""

TOLD = 20
"""Findings of a rule that are told one by one while a definition is read; validate tells all."""

REGISTRY = "ClinicalTrials.gov"

TOO_LARGE = rule(
    "USDM-TOO-LARGE",
    "error",
    "A file is too large for a study definition",
    "{file} has more than {value} bytes.",
    "Give the file of one study definition.",
)
NOT_JSON = rule(
    "USDM-JSON",
    "error",
    "A file is no JSON",
    "The file is no JSON: {reason}.",
    "Write it again as JSON in UTF-8.",
    "RFC 8259",
)
NO_STUDY = rule(
    "USDM-NO-STUDY",
    "error",
    "A file has no study definition",
    "{value}.",
    "Give a file of USDM 4.0: an object with study, which has versions, and usdmVersion.",
    "USDM 4.0 API (Wrapper)",
)
OTHER_VERSION = rule(
    "USDM-VERSION",
    "error",
    "A study definition is of another version of USDM",
    "The file is USDM {value}; 4.0 is read.",
    "Export it as USDM 4.0: versions before it hold design, criteria and organizations elsewhere.",
    "USDM 4.0 API (usdmVersion)",
)
NO_VERSION = rule(
    "USDM-NO-VERSION",
    "warning",
    "A study definition does not say its version of USDM",
    "The file has no usdmVersion; it is read as 4.0.",
    "Add usdmVersion.",
    "USDM 4.0 API (usdmVersion)",
)
FIRST_ONE = rule(
    "USDM-FIRST",
    "warning",
    "There are several versions or designs",
    "There are {count} {value}; the first of them is read.",
    "Give a file with the one that is meant, or put it first.",
    "USDM 4.0 UML",
)
SPONSOR_TAKEN = rule(
    "USDM-SPONSOR-TAKEN",
    "warning",
    "No role says who the sponsor is",
    "No role says who the sponsor is; {value} is taken, the one organization that gave an "
    "identifier and is no registry.",
    "Add a role with code C70793.",
    "DDF00201",
)
NO_SPONSOR = rule(
    "USDM-NO-SPONSOR",
    "warning",
    "Nothing says who the sponsor is",
    "No role says who the sponsor is, and not one organization alone gave an identifier.",
    "Add a role with code C70793.",
    "DDF00201",
)
CHANGED = rule(
    "USDM-CHANGED",
    "warning",
    "What was carried beside USDM's attributes no longer fits them",
    "{field} was carried for what USDM said then; its attributes say something else now, which "
    "is taken.",
    "Look whether the fact still holds, and say it in a study file.",
)
NOT_CARRIED = rule(
    "USDM-CARRIED",
    "error",
    "A carried fact cannot be read",
    "{value} is no fact of a study, or its value is of another kind; it is left out.",
    "Take the extension attribute out, or write it as trialect does.",
)
DAYS = rule(
    "USDM-DAY-ONE",
    "note",
    "Planned days are counted from the fixed reference",
    "The planned days of {count} visits are counted from the main timeline's fixed reference, "
    "which is taken as day 1; {none} visits have no whole number of days from it.",
    "Look whether the fixed reference is the first day of treatment.",
    "SDTMIG 3.4 VISITDY",
)
CHARACTER = rule(
    "USDM-CHARACTER",
    "warning",
    "A text has characters that no text may have",
    "{count} texts hold characters that neither XML nor FHIR nor SDTM allow; U+FFFD stands there.",
    "Mend the texts where they come from.",
    "XML 1.0, 2.2 (Char)",
)


def read_file(path: Path, tell: Tell) -> ReadRecord:
    """The Study of a file. Raises `Unusable` when it is none that can be read."""
    return read_definition(content_of(path), path.name, tell)


def content_of(path: Path) -> bytes:
    """The bytes of a file. Raises `Unusable` when there are too many."""
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Unusable(TOO_LARGE.problem(file=path.name, value=f"{LARGEST:,}"))
    return content


def read_definition(content: bytes, file: str, tell: Tell) -> ReadRecord:
    """The Study of a definition; what is wrong in it is told with `file` and the JSON path.

    Raises `Unusable` when the text is no JSON, no study definition, or one of another version.
    """
    document = _document(content, file, tell)
    found = version_of(document)
    if found is None:
        what = "It has no study" if not isinstance(document.get("study"), dict) else None
        said_ = what or "Its study has no version"
        raise Unusable(NO_STUDY.problem(file=file, value=said_))
    for problem in _few(walk(document).problems):
        tell(problem.at(file=file))
    study_node, version = found
    versions, designs = study_node.nodes("versions"), version.nodes("studyDesigns")
    for name, those in (("versions", versions), ("study designs", designs)):
        if len(those) > 1:
            tell(FIRST_ONE.problem(file=file, value=name, count=len(those)))
    sponsor, is_said = sponsor_of(version)
    if sponsor is None:
        tell(NO_SPONSOR.problem(file=file, field="sponsor.name"))
    elif not is_said:
        called = sponsor.called
        tell(SPONSOR_TAKEN.problem(file=file, field="sponsor.name", value=called))
    native = said(study_node, version)
    study, carried = meant(version, native)
    for path in carried.outdated:
        tell(CHANGED.problem(file=file, field=path))
    for path in carried.wrong:
        tell(NOT_CARRIED.problem(file=file, value=path))
    if not study.studyid or study.studyid == NOT_STATED:
        raise Unusable(NO_STUDY.problem(file=file, value="Nothing in it names the trial"))
    timed = sum(one.day is not None for one in native.visits)
    if timed:
        given = {"count": timed, "none": len(native.visits) - timed}
        tell(DAYS.problem(file=file, field="visits", **given))
    return ReadRecord(_with_base(study), left_of(document))


def _with_base(study: Study) -> Study:
    slug = (study.registration(REGISTRY) or study.studyid).lower()
    plain = "".join(one if one.isascii() and one.isalnum() else "-" for one in slug).strip("-")
    return replace(
        study, fhir=FhirOptions(base=f"https://{plain[:63].strip('-') or 'study'}.invalid")
    )


def _document(content: bytes, file: str, tell: Tell) -> dict[str, Any]:
    try:
        document = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise Unusable(NOT_JSON.problem(file=file, reason=_reason(error))) from None
    if not isinstance(document, dict):
        raise Unusable(NO_STUDY.problem(file=file, value="It is no object"))
    if "clinicalStudy" in document:
        raise Unusable(OTHER_VERSION.problem(file=file, value="1 (clinicalStudy)"))
    version = document.get("usdmVersion")
    if version is None and isinstance(document.get("study"), dict):
        tell(NO_VERSION.problem(file=file, path="$.usdmVersion"))
    elif isinstance(version, str) and version.split(".")[0] != "4":
        raise Unusable(OTHER_VERSION.problem(file=file, value=version[:40]))
    document, odd = without_odd_characters(document)
    if odd:
        tell(CHARACTER.problem(file=file, count=odd))
    return document


def _reason(error: ValueError) -> str:
    return str(error).rstrip(".")


def _few(problems: list[Problem]) -> Iterator[Problem]:
    counts: Counter[str] = Counter()
    for one in problems:
        counts[one.rule] += 1
        if counts[one.rule] <= TOLD:
            yield one


def check_file(path: Path) -> Iterator[Problem]:
    """What is wrong in a file of USDM 4.0. Raises `Unusable` when it is none."""
    told: list[Problem] = []
    document = _document(content_of(path), path.name, told.append)
    for problem in (*told, *check_document(document)):
        yield problem.at(file=path.name)
