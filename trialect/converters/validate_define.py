"""define.xml files under validation: what they describe, and the XPT files beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trialect.converters.readers.define_xml import DefineXml, read_define
from trialect.problems import Problem, Unusable, rule
from trialect.schemas.define.against import DATASET_ABSENT, check_define_against
from trialect.schemas.sdtm.model import VERSION

OTHER_STANDARD = rule(
    "VALIDATE-STANDARD",
    "note",
    "The datasets follow another version of the standard",
    "define.xml names {value}; the datasets are checked against SDTMIG {checked}.",
    "Nothing to mend; labels, variables and terms may differ between versions.",
)


def described_by(defines: list[Path]) -> DefineXml | None:
    """The only define.xml; of several nobody knows which one describes all datasets."""
    if len(defines) != 1:
        return None
    try:
        return read_define(defines[0])
    except Unusable:
        return None  # check_define told why


def check_beside(define: Path, files: list[Path]) -> Iterator[Problem]:
    """A define.xml and the XPT files in its folder."""
    try:
        described = read_define(define)
    except Unusable:
        return  # check_define told why
    for standard in described.standards:
        if standard.type == "IG" and "MD" not in standard.name and standard.version != VERSION:
            value = f"{standard.name} {standard.version}"
            yield OTHER_STANDARD.problem(file=define.name, value=value, checked=VERSION)
    for problem in check_define_against(define, files):
        if problem.rule == DATASET_ABSENT.id:
            # It may lie there without having been named; check_define tells when it does not.
            names = described.files.get(problem.domain or "", ())
            if any((define.parent / name).is_file() for name in names):
                continue
        yield problem
