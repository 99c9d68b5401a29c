"""The cases of the shipped rules: one mapping per rule, made a case folder of the official format.

    TRL-GEN-001:
      good: {AE: ["DOMAIN,USUBJID,AESEQ", "AE,S1,1"]}   # lines of CSV, or one text of them
      bad:  {AE: ["DOMAIN,USUBJID,AESEQ", "AE,S1,1", "AE,S1,1"]}
      finds: [AE 1, AE 2]                               # dataset and record, or the dataset alone

`variables:` beside them are the lines of `_variables.csv` (dataset,variable,label,type,length),
`datasets:` those of `_datasets.csv` (Filename,Label), for both; `good` and `bad` may have their own
under `_variables` and `_datasets`, and `_sizes` (bytes of the file of a dataset).
What is `define.xml` there is written as it stands.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from trialect.schemas.core.cases import read_case
from trialect.schemas.core.engine import RuleResult, run
from trialect.schemas.core.package import Datasets
from trialect.schemas.core.rule import CoreRule

FOLDER = Path(__file__).parent / "pack_cases"


def pack_cases() -> dict[str, dict[str, Any]]:
    """The case of each rule, by its id. A rule has one case, in one file."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(FOLDER.rglob("*.yml")):
        cases = yaml.safe_load(file.read_text("utf-8")) or {}
        assert not found.keys() & cases.keys(), f"{file.name} has a rule that another file has"
        found |= cases
    return found


def asked(rule: CoreRule, case: dict[str, Any], kind: str, folder: Path) -> RuleResult:
    """The rule put to the good or bad data of its case."""
    (result,) = run([rule], data_of(case, kind, folder))
    return result


def data_of(case: dict[str, Any], kind: str, folder: Path) -> Datasets:
    """The good or bad data of a case."""
    data = dict(case[kind])
    sizes = data.pop("_sizes", {})
    for what in ("variables", "datasets"):
        data.setdefault(f"_{what}", case.get(what))
    for name, lines in data.items():
        if lines is not None:
            file = folder / (name if "." in name else f"{name}.csv")
            text = lines if isinstance(lines, str) else "\n".join(lines) + "\n"
            file.write_text(text, encoding="utf-8")
    found = read_case(folder)
    if sizes:
        sized = [replace(one, size=sizes.get(one.name, one.size)) for one in found]
        found = Datasets.of(sized, standard=found.standard, version=found.version)
    return found


def places(result: RuleResult) -> list[str]:
    """Where a rule found something: `AE 1` for a record, `AE` for a dataset."""
    return sorted(
        one.dataset if one.record is None else f"{one.dataset} {one.record}"
        for one in result.findings
    )
