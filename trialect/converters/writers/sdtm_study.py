"""Writes a study alone as SDTM: TA, TE, TI, TS and TV as XPT, and the define.xml of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Literal

from trialect.converters.package import sdtm_folder
from trialect.converters.stamp import stamp_of
from trialect.converters.study_targets import StudyFile, Tell
from trialect.converters.writers.define_study import define_files
from trialect.converters.writers.xpt_small import xpt_bytes
from trialect.converters.xpt_format import XptVariable
from trialect.mappings.registry.criteria import read_criteria
from trialect.mappings.sdtm.study_datasets import PlainDataset, study_datasets
from trialect.problems import Problem, rule
from trialect.trial import Study

NO_STUDYID = rule(
    "SDTM-STUDY-NO-ID",
    "error",
    "SDTM needs an identifier of the trial",
    "no SDTM file is written: every record has STUDYID, and no identifier of the trial is stated.",
    "Write `studyid: ...`, the sponsor's number of the protocol, into a study.yaml, and convert "
    "again with --study study.yaml; trialect init STUDY --from FILE begins one with every fact of "
    "FILE.",
    "SDTMIG 3.4, STUDYID",
)


def write(study: Study, tell: Tell) -> Iterator[StudyFile]:
    """The files, in the folder that a package has them in. `tell` is given what SDTM cannot say,
    what is missing, and why a dataset is not there. Raises `Unusable` for a stamp that is none.
    """
    folder = sdtm_folder(study.studyid)
    stamp = stamp_of(study)
    if not study.criteria:
        # Of a text without criteria whoever read it has told; TI-NOT-SAID tells of the dataset.
        told: list[Problem] = []
        if criteria := read_criteria(study.eligibility.criteria, told.append):
            study = replace(study, criteria=criteria)
            for problem in told:
                tell(problem)
    if not study.studyid:
        tell(NO_STUDYID.problem(field="studyid"))
        # What else TS and the others lack is told at once, not after the next attempt.
        for _ in study_datasets(replace(study, studyid="-"), tell):
            pass
        return
    datasets = list(study_datasets(study, tell))
    for one in datasets:
        yield StudyFile(f"{folder}/{one.name.lower()}.xpt", xpt_of(one, stamp))
    if datasets:
        for name, content in define_files(study, datasets, stamp):
            yield StudyFile(f"{folder}/{name}", content)


def xpt_of(one: PlainDataset, stamp: datetime) -> bytes:
    """A dataset as an XPT file."""
    variables = [_variable(v.name, v.label, v.type, v.length) for v in one.variables]
    return xpt_bytes(one.name, one.label, variables, one.columns, stamp=stamp, fits=True)


@lru_cache(maxsize=10_000)
def _variable(name: str, label: str, type_: Literal["Char", "Num"], length: int) -> XptVariable:
    return XptVariable(name, label, type_, length)
