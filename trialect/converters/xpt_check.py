"""A dataset as somebody's XPT file holds it, held to what XPT version 5 allows."""

from __future__ import annotations

from dataclasses import replace

from trialect.converters.readers.xpt import XptDataset
from trialect.converters.xpt_format import NUM_LENGTH
from trialect.converters.xpt_plan import check_xpt_plan
from trialect.converters.xpt_values import check_batch
from trialect.problems import Problem


def check_xpt(dataset: XptDataset) -> list[Problem]:
    """The problems of its names, labels, lengths, formats and values; not those of reading it.

    A Num of 2 to 7 bytes is allowed (TS-140), though we write none.
    """
    variables = [
        replace(variable, length=NUM_LENGTH) if variable.type == "Num" else variable
        for variable in dataset.variables
    ]
    return [
        *check_xpt_plan(dataset.name, dataset.label, variables),
        *check_batch(dataset.name, variables, dataset.frame),
    ]
