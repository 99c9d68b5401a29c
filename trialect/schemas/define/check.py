"""Checks of a define.xml: the XML Schema, then what the schema cannot say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from trialect.problems import Problem, rule
from trialect.schemas.define.content import check_content
from trialect.schemas.define.references import check_references
from trialect.schemas.define.xml import parse, version_of, xsd

XSD = rule(
    "DEFINE-XSD",
    "error",
    "A define.xml is not valid against the XML Schema",
    "{reason}",
    "Correct the element on that line; the order of elements and the names of attributes are "
    "fixed.",
    "Define-XML 2.1 XML Schema",
)


def check_define(path: Path) -> list[Problem]:
    """The problems of a define.xml by itself, in the order of the checks.

    Raises `Unusable` for a file that is no XML or no Define-XML.
    """
    tree = parse(path)
    version = version_of(tree, path)
    found = [*_against_xsd(tree)]
    found += check_references(version)
    found += check_content(version, path.parent)
    return [problem.at(file=path.name) for problem in found]


def _against_xsd(tree: etree._ElementTree) -> Iterator[Problem]:
    schema = xsd()
    if schema.validate(tree):
        return
    for error in list(schema.error_log):  # type: ignore[call-overload] # its stub lacks __iter__
        reason = re.sub(r"\{http[^}]*\}", "", error.message)
        yield XSD.problem(row=error.line, reason=reason)
