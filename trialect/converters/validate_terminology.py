"""Which version of controlled terminology the files under validation follow.

define.xml says it, TS says it of every value that is a term of CDISC's, and the two must say the
same. Values are checked against that version where it is at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from trialect.converters.readers.define_xml import read_define
from trialect.problems import Problem, Unusable, rule
from trialect.schemas import ct
from trialect.study_options import SdtmOptions
from trialect.trial import ROW

NOT_INSTALLED = rule(
    "VALIDATE-TERMINOLOGY",
    "note",
    "The datasets follow a version of terminology that is not installed",
    "{by} names SDTM CT {value}, which is not at hand; values are checked against {checked}.",
    "Install it: trialect terminology install 'SDTM Terminology {value}.txt'.",
    "Define-XML 2.1, def:Standard; SDTMIG 3.4, TS",
)
VERSIONS_DIFFER = rule(
    "VALIDATE-CT-VERSIONS",
    "warning",
    "TS and define.xml name different versions of terminology",
    "TSVCDVER is {value} on {count} records, where {define} names SDTM CT {named}.",
    "Make both say the version that the terms are from.",
    "Define-XML 2.1, def:Standard; SDTMIG 3.4, TS (TSVCDVER)",
)

OF_CDISC = ("CDISC", "CDISC CT")
"""What TSVCDREF says where a value is a term of CDISC's terminology."""


@dataclass(slots=True)
class InUse:
    """The version that values are checked against, and what was found on the way to it."""

    version: str
    problems: list[Problem] = field(default_factory=list)


def in_use(defines: Iterable[Path], ts: pl.DataFrame | None) -> InUse:
    """The version that define.xml names, else TS, as far as it is at hand; else the default."""
    named = {path.name: _of_define(path) for path in defines}
    of_ts = {} if ts is None else _of_ts(ts)
    found = InUse(SdtmOptions().ct)
    for file, versions in named.items():
        found.problems += _compared(file, versions, of_ts)
    by_define = [(version, file) for file, versions in named.items() for version in versions]
    said = by_define or [(version, "TS") for version in of_ts]
    known = set(ct.versions())
    usable = [version for version, _ in said if version in known]
    if usable:
        found.version = max(usable)
    for version, by in dict.fromkeys(said):
        if version not in known:
            given = {"by": by, "value": version, "checked": found.version}
            place = {"domain": by} if by == "TS" else {"file": by}
            found.problems.append(NOT_INSTALLED.problem(**place, **given))
    return found


def _of_define(path: Path) -> tuple[str, ...]:
    """The versions of SDTM CT that a define.xml names."""
    try:
        standards = read_define(path).standards
    except Unusable:
        return ()  # its own check tells why
    return tuple(
        dict.fromkeys(
            one.version
            for one in standards
            if one.type == "CT" and one.publishing_set in (None, "SDTM") and one.version
        )
    )


def _of_ts(ts: pl.DataFrame) -> dict[str, tuple[int, int | None]]:
    """The versions that TS names for CDISC's terms: how many records, and the first one's row."""
    wanted = {"TSVCDREF": pl.String, "TSVCDVER": pl.String}
    if any(ts.schema.get(name) != dtype for name, dtype in wanted.items()):
        return {}
    rows = pl.col(ROW).first() if ROW in ts.columns else pl.lit(None, pl.Int64)
    versions = (
        ts.filter(pl.col("TSVCDREF").is_in(OF_CDISC) & pl.col("TSVCDVER").is_not_null())
        .group_by("TSVCDVER", maintain_order=True)
        .agg(pl.len().alias("count"), rows.alias("row"))
    )
    return {version: (count, row) for version, count, row in versions.iter_rows()}


def _compared(
    file: str, named: tuple[str, ...], of_ts: dict[str, tuple[int, int | None]]
) -> Iterator[Problem]:
    if not named:
        return
    for version, (count, row) in of_ts.items():
        if version not in named:
            yield VERSIONS_DIFFER.problem(
                domain="TS",
                variable="TSVCDVER",
                row=row,
                value=version,
                count=count,
                define=file,
                named=" and ".join(named),
            )
