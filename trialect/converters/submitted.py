"""XPT files as the datasets that a define.xml describes; the parts of a split dataset are one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trialect.converters.readers.xpt import open_members
from trialect.converters.xpt_format import XptVariable
from trialect.problems import Problem
from trialect.schemas.define.against import check_define_against


@dataclass(frozen=True, slots=True)
class Submitted:
    """A dataset as its files declare it."""

    name: str
    label: str
    variables: Sequence[XptVariable]


def submitted(files: Iterable[Path], names: Iterable[str]) -> list[Submitted]:
    """The datasets in files; a part (QS1) has the name of its whole (QS) when that is in `names`
    and its own is not.
    """
    known = set(names)
    found: dict[str, Submitted] = {}
    for file in files:
        for member in open_members(file):
            name = member.name
            if name not in known and name.rstrip("0123456789") in known:
                name = name.rstrip("0123456789")
            found.setdefault(name, Submitted(name, member.label, member.variables))
    return list(found.values())


def define_against_files(define: Path, files: Iterable[Path]) -> list[Problem]:
    """The differences between a define.xml and XPT files."""
    from trialect.converters.readers.define_xml import read_define

    names = [meta.name for meta in read_define(define).datasets]
    return check_define_against(define, submitted(files, names))
