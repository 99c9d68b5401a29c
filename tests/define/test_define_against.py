from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from define_constants import STAMP

from trialect.converters.writers.xpt import XptVariable, write_xpt
from trialect.metadata import DatasetMeta, VariableMeta
from trialect.problems import RULES
from trialect.schemas.define import against
from trialect.schemas.define.against import check_define_against
from trialect.trial import Study


def other(meta: DatasetMeta, name: str, **changes: object) -> DatasetMeta:
    """The dataset with one variable changed."""
    variables = [replace(v, **changes) if v.name == name else v for v in meta.variables]
    return replace(meta, variables=tuple(variables))


def swapped(meta: DatasetMeta) -> DatasetMeta:
    one, two, *rest = meta.variables
    return replace(meta, variables=(two, one, *rest))


def more(meta: DatasetMeta) -> DatasetMeta:
    extra = VariableMeta("INVNAM", "Investigator Name", "Char", 5, "text", "", None)
    return replace(meta, variables=(*meta.variables, extra))


CHANGES: dict[str, Callable[[DatasetMeta], DatasetMeta]] = {
    "DEFINE-DATASET-LABEL": lambda dm: replace(dm, label="Demography"),
    "DEFINE-VARIABLE-UNDESCRIBED": more,
    "DEFINE-VARIABLE-ABSENT": lambda dm: replace(dm, variables=dm.variables[:-1]),
    "DEFINE-VARIABLE-ORDER": swapped,
    "DEFINE-VARIABLE-LABEL": lambda dm: other(dm, "SEX", label="Gender"),
    "DEFINE-VARIABLE-TYPE": lambda dm: other(dm, "AGE", type="Char"),
    "DEFINE-VARIABLE-LENGTH": lambda dm: other(dm, "SEX", length=2),
}


def test_equal_datasets_have_no_difference(define_file: Path, metas: list[DatasetMeta]) -> None:
    assert check_define_against(define_file, metas) == []


@pytest.mark.parametrize("rule", CHANGES)
def test_a_difference_is_found(define_file: Path, metas: list[DatasetMeta], rule: str) -> None:
    changed = [CHANGES[rule](meta) if meta.name == "DM" else meta for meta in metas]
    (problem,) = check_define_against(define_file, changed)
    assert (problem.rule, problem.domain, problem.file) == (rule, "DM", "define.xml")
    assert "{" not in problem.message


def test_datasets_are_missed_both_ways(define_file: Path, metas: list[DatasetMeta]) -> None:
    (problem,) = check_define_against(define_file, metas[1:])
    assert (problem.rule, problem.value) == ("DEFINE-DATASET-ABSENT", "TS")
    (problem,) = check_define_against(define_file, [*metas, replace(metas[0], name="TV")])
    assert (problem.rule, problem.value) == ("DEFINE-DATASET-UNDESCRIBED", "TV")


def test_files_are_read(define_file: Path, metas: list[DatasetMeta], study: Study) -> None:
    """Also the parts of a split dataset, whose own names are QS1 and QS2."""
    folder = define_file.parent
    paths = []
    for meta in metas:
        names = ["QS1", "QS2"] if meta.name == "QS" else [meta.name]
        dtypes = {"Char": pl.String, "Num": pl.Float64}
        frame = pl.DataFrame(schema={v.name: dtypes[v.type] for v in meta.variables})
        variables = [XptVariable(v.name, v.label, v.type, v.length) for v in meta.variables]
        for name in names:
            path = folder / f"{name.lower()}.xpt"
            write_xpt(path, name, meta.label, variables, [frame], stamp=STAMP)
            paths.append(path)
    assert check_define_against(define_file, paths) == []
    found = check_define_against(define_file, paths[1:])
    assert [problem.rule for problem in found] == ["DEFINE-DATASET-ABSENT"]


def test_every_declared_rule_is_tried() -> None:
    values = vars(against).values()
    declared = {one.id for one in values if RULES.get(str(getattr(one, "id", ""))) is one}
    assert declared == CHANGES.keys() | {"DEFINE-DATASET-ABSENT", "DEFINE-DATASET-UNDESCRIBED"}
