"""Writes define.html: what define.xml says, as a page that needs no XSLT, script or network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import trialect
from trialect.converters.writers.page_templates import page_template
from trialect.metadata import Condition, DatasetMeta, ValueMeta, VariableMeta
from trialect.schemas.define.parts import (
    class_name,
    codelists_of,
    define_length,
    files_of,
    methods_of,
    origins_of,
    with_values,
)
from trialect.trial import Study

FEW_TERMS = 4
"""Codelists with up to so many terms are shown beside the variable too."""


def write_define_html(
    path: Path,
    study: Study,
    datasets: Sequence[DatasetMeta],
    *,
    files: Mapping[str, Sequence[str]],
    stamp: datetime | None = None,
    documents: Mapping[str, str] | None = None,
) -> None:
    """Write define.html; the arguments are those of `write_define`, the stamp may be missing."""
    template = page_template(
        "define.html.j2",
        {
            "where": _where,
            "origin": _origin,
            "length": _length,
            "class_name": class_name,
            "anchor": _anchor,
        },
    )
    html = template.render(
        study=study,
        datasets=datasets,
        files={one.name: files_of(one, files) for one in datasets},
        codelists=[one for one in codelists_of(datasets) if not one.external],
        dictionaries=[one for one in codelists_of(datasets) if one.external],
        methods=methods_of(datasets),
        users=_users(datasets),
        documents=documents or {},
        few=FEW_TERMS,
        stamp=f"{stamp.isoformat(sep=' ', timespec='seconds')} UTC" if stamp else None,
        version=trialect.__version__,
    )
    path.write_text(html, encoding="utf-8", newline="\n")


@dataclass(frozen=True, slots=True)
class _User:
    """A variable that uses a codelist or method."""

    dataset: str
    variable: str
    anchor: str


def _users(datasets: Sequence[DatasetMeta]) -> dict[str, list[_User]]:
    """Who uses a codelist or method, by its OID."""
    found: dict[str, dict[_User, None]] = {}
    for dataset in datasets:
        for variable in dataset.variables:
            user = _User(dataset.name, variable.name, _anchor(dataset.name, variable.name))
            for one in with_values(variable):
                if one.codelist is not None:
                    found.setdefault(one.codelist.oid, {})[user] = None
                if one.method is not None:
                    found.setdefault(one.method.oid, {})[user] = None
    return {oid: list(users) for oid, users in found.items()}


def _anchor(*names: str) -> str:
    return ".".join(names)


def _where(where: Sequence[Condition]) -> str:
    words = {"EQ": "=", "NE": "≠", "IN": "in", "NOTIN": "not in"}
    return " and ".join(
        f"{one.variable} {words[one.comparator]} {', '.join(one.values)}" for one in where
    )


def _origin(one: VariableMeta | ValueMeta) -> str:
    return "; ".join(
        f"{origin.type} ({origin.source})" if origin.source else origin.type
        for origin in origins_of(one)
    )


def _length(one: VariableMeta | ValueMeta) -> str:
    length = define_length(one)
    if length is None:
        return ""
    return f"{length}.{one.significant_digits}" if one.significant_digits else str(length)
