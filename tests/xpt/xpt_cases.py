"""A small dataset and the short ways to write and read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from trialect.converters.readers.xpt import XptDataset, read_xpt
from trialect.converters.writers.xpt import XptVariable, XptWritten, write_xpt
from trialect.problems import Problem, Unusable

STAMP = datetime(2026, 6, 30, 12, 0, 0)


def char(name: str, length: int = 20, label: str = "A label") -> XptVariable:
    return XptVariable(name, label, "Char", length)


def num(name: str, label: str = "A label") -> XptVariable:
    return XptVariable(name, label, "Num", 8)


QS = (char("USUBJID"), num("QSSEQ"), char("QSORRES", 8), num("QSSTRESN"))


def qs(
    results: Sequence[str | None] = ("95", None, "7"),
    numbers: Sequence[float | None] | None = None,
) -> pl.DataFrame:
    count = len(results)
    return pl.DataFrame(
        {
            "USUBJID": [f"P-01-{number // 2:03}" for number in range(count)],
            "QSSEQ": [float(number + 1) for number in range(count)],
            "QSORRES": list(results),
            "QSSTRESN": [1.5] * count if numbers is None else list(numbers),
        },
        schema={
            "USUBJID": pl.String,
            "QSSEQ": pl.Float64,
            "QSORRES": pl.String,
            "QSSTRESN": pl.Float64,
        },
    )


def write(
    folder: Path,
    frame: pl.DataFrame,
    variables: Sequence[XptVariable],
    name: str = "QS",
    label: str = "Questionnaires",
    **options: Any,
) -> XptWritten:
    batches = options.pop("batches", [frame])
    stamp = options.pop("stamp", STAMP)
    path = options.pop("path", folder / f"{name.lower()}.xpt")
    return write_xpt(path, name, label, variables, batches, stamp=stamp, **options)


def there_and_back(
    folder: Path, frame: pl.DataFrame, variables: Sequence[XptVariable], **options: Any
) -> XptDataset:
    return read_xpt(write(folder, frame, variables, **options).files[0].path)


def problems_of(folder: Path, *args: Any, **options: Any) -> list[Problem]:
    """The problems of writing, whether they stop it or not."""
    try:
        return list(write(folder, *args, **options).problems)
    except Unusable as refused:
        return refused.problems


def rules_of(problems: Sequence[Problem]) -> list[str]:
    return [problem.rule for problem in problems]
