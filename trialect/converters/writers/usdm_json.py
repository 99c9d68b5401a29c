"""Writes a Study as a study definition of USDM 4.0 in JSON (CDISC, TransCelerate DDF)."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from trialect.converters.study_targets import StudyFile, Tell
from trialect.mappings.registry.criteria import read_criteria
from trialect.mappings.registry.usdm.definition import definition
from trialect.mappings.registry.usdm.instances import Instances
from trialect.mappings.registry.usdm.study_facts import beside
from trialect.mappings.registry.usdm.told import told
from trialect.protocol import Criterion
from trialect.schemas.registry.usdm_structure import walk
from trialect.trial import Study

PATH = "registry/usdm.json"


def write(study: Study, tell: Tell) -> Iterator[StudyFile]:
    """The study definition; what USDM has no attribute for stands in extension attributes."""
    make = Instances()
    document = definition(study, make, criteria_of(study, tell))
    for problem in told(study, make.not_stated):
        tell(problem)
    for problem in walk(document).problems:
        tell(problem)
    version = document["study"]["versions"][0]
    version["extensionAttributes"] = beside(document, study, make)
    yield StudyFile(PATH, orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def criteria_of(study: Study, tell: Tell) -> tuple[Criterion, ...]:
    """The criteria; of a study that has them as one text alone those that the text is made of."""
    return study.criteria or read_criteria(study.eligibility.criteria, tell)
