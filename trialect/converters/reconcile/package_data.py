"""The facts of a finished package, its own or a foreign one: XPT or Dataset-JSON, batch by batch;
and of the parts of a conversion that is going on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from trialect.converters.package_files import find_datasets, home_of, is_package
from trialect.converters.readers import iter_form
from trialect.converters.readers.study_yaml import FILE
from trialect.converters.reconcile.data_facts import DataFacts, collect, wanted
from trialect.problems import Unusable, rule
from trialect.protocol import Eligibility
from trialect.study_options import FormFile

if TYPE_CHECKING:
    from trialect.converters.partition import Part

NOT_CONVERTED = rule(
    "RECONCILE-NOT-CONVERTED",
    "error",
    "The study has not been converted yet",
    "{file} is a study folder, and its data are not in SDTM yet.",
    "Convert it (trialect convert {file} -o OUT), then reconcile with OUT.",
)
NO_PACKAGE = rule(
    "RECONCILE-NO-PACKAGE",
    "error",
    "There is no package to compare with",
    "{file} {reason}.",
    "Name the folder that convert wrote, or one of SDTM datasets (XPT, Dataset-JSON).",
)


def facts_of_package(path: Path, limits: Sequence[Eligibility]) -> DataFacts:
    """The facts of a package. Raises `Unusable` where there is none, or it cannot be read."""
    if not path.is_dir():
        reason = "is no folder" if path.exists() else "does not exist"
        raise Unusable(NO_PACKAGE.problem(file=str(path), reason=reason))
    if not is_package(path):
        if (path / FILE).is_file():
            raise Unusable(NOT_CONVERTED.problem(file=str(path)))
        raise Unusable(NO_PACKAGE.problem(file=str(path), reason="holds no SDTM datasets"))
    return collect(_of_package(path), limits)


def facts_of_parts(parts: Iterable[Part], limits: Sequence[Eligibility]) -> DataFacts:
    """The facts of datasets that are about to be written, the columns asked for alone."""
    return collect(_of_parts(parts), limits)


def _of_package(path: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    home = home_of(path)
    datasets, _ = find_datasets(path)
    for name, one in datasets.items():
        columns = [column for column in wanted(name) if column in one.variables]
        if columns:
            for batch in iter_form(home / one.path, FormFile(one.path)):
                yield name, batch.select(columns)


def _of_parts(parts: Iterable[Part]) -> Iterator[tuple[str, pl.DataFrame]]:
    for part in parts:
        for name in sorted(part.profiles):
            asked, file = wanted(name), part.frame_file(name)
            if asked and file.exists():
                frame = pl.scan_ipc(file)
                known = frame.collect_schema().names()
                yield name, frame.select(one for one in asked if one in known).collect()
