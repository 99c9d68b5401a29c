"""TA, TE, TV, TI and TS: the protocol as datasets."""

from __future__ import annotations

from collections import Counter

import polars as pl

from trialect.mappings.sdtm.design_rows import (
    Row,
    arm_rows,
    criterion_rows,
    element_rows,
    summary_rows,
    visit_rows,
)
from trialect.mappings.sdtm.draft import Derivation, Draft, Output
from trialect.mappings.sdtm.long_text import is_long, spelling_in
from trialect.metadata import Origin
from trialect.problems import rule
from trialect.schemas.sdtm import dataset

TOO_LONG = rule(
    "TRIAL-DESIGN-LONG-TEXT",
    "error",
    "A text of the trial design is longer than its variable can be",
    "{variable} of {record} has more than 200 characters.",
    "Word it in at most 200 characters in study.yaml.",
    "SDTMIG 3.4, 4.5.3",
)
NO_START = rule(
    "SE-NO-START-EVENT",
    "warning",
    "An element has no event that starts it",
    "Nothing in the data tells when {value} starts, so SE has no record of it.",
    "Give the element a `start` in study.yaml: domain, date and, if need be, where.",
    "SDTMIG 3.4, 5.3",
)
REPEATED = rule(
    "SE-ELEMENT-REPEATED",
    "warning",
    "An arm has the same element twice",
    "Arm {arm} has {value} more than once; one start event cannot tell the occurrences apart, so "
    "SE has the first only.",
    "Give each occurrence an element of its own.",
    "SDTMIG 3.4, 5.3",
)

_PROTOCOL = Origin("Protocol", "Sponsor")


def _elements(draft: Draft) -> None:
    _add(draft, TRIAL_ELEMENTS, "TE", element_rows(draft.study.elements))
    for one in draft.study.elements:
        if one.start is None:
            draft.problems.append(NO_START.problem(domain="SE", value=one.code))


def _arms(draft: Draft) -> None:
    _add(draft, TRIAL_ARMS, "TA", arm_rows(draft.study.arms, draft.study.elements))
    for arm in draft.study.arms:
        for code, times in Counter(one.element for one in arm.elements).items():
            if times > 1:
                problem = REPEATED.problem(domain="SE", value=code, arm=arm.code)
                draft.problems.append(problem)


def _visits(draft: Draft) -> None:
    _add(draft, TRIAL_VISITS, "TV", visit_rows(draft.study))


def _criteria(draft: Draft) -> None:
    study = draft.study
    rows = criterion_rows(study.criteria, spelling_in(study), draft.problems.append)
    _add(draft, TRIAL_CRITERIA, "TI", rows)


def _summary(draft: Draft) -> None:
    rows = summary_rows(draft.study, spelling_in(draft.study), draft.problems.append)
    _add(draft, TRIAL_SUMMARY, "TS", rows)


def _add(draft: Draft, by: Derivation, name: str, rows: list[Row]) -> None:
    """Add the records of a dataset; text that its variable cannot hold is a problem."""
    model = dataset(name)
    if not rows or model is None:
        return
    columns = list(dict.fromkeys(column for row in rows for column in row))
    schema: dict[str, pl.DataType] = {}
    for column in columns:
        variable = model.variable(column)
        numeric = variable is not None and variable.type == "Num"
        schema[column] = pl.Float64() if numeric else pl.String()
    frame = pl.DataFrame(rows, schema=schema)
    for column in (c for c in columns if schema[c] == pl.String):
        for row in frame.filter(is_long(frame[column], draft.study)).iter_rows():
            draft.problems.append(
                TOO_LONG.problem(domain=name, variable=column, record=str(row[0]))
            )
    draft.add(by, name, frame)


TRIAL_ELEMENTS = Derivation(
    name="trial_elements",
    outputs=tuple(
        Output(f"TE.{variable}", (), "From the protocol (elements of the study file).", _PROTOCOL)
        for variable in ("ETCD", "ELEMENT", "TESTRL", "TEENRL", "TEDUR")
    ),
    apply=_elements,
)
TRIAL_ARMS = Derivation(
    name="trial_arms",
    outputs=tuple(
        Output(f"TA.{variable}", (), "From the protocol (arms of the study file).", _PROTOCOL)
        for variable in (
            *("ARMCD", "ARM", "TAETORD", "ETCD", "ELEMENT", "TABRANCH", "TATRANS", "EPOCH"),
        )
    ),
    apply=_arms,
)
TRIAL_VISITS = Derivation(
    name="trial_visits",
    outputs=tuple(
        Output(f"TV.{variable}", (), "From the protocol (visits of the study file).", _PROTOCOL)
        for variable in ("VISITNUM", "VISIT", "VISITDY", "ARMCD", "ARM", "TVSTRL", "TVENRL")
    ),
    apply=_visits,
)
TRIAL_CRITERIA = Derivation(
    name="trial_criteria",
    outputs=tuple(
        Output(f"TI.{variable}", (), "From the protocol (criteria of the study file).", _PROTOCOL)
        for variable in ("IETESTCD", "IETEST", "IECAT", "IESCAT", "TIVERS")
    ),
    apply=_criteria,
)
TRIAL_SUMMARY = Derivation(
    name="trial_summary",
    outputs=tuple(
        Output(
            f"TS.{variable}",
            (),
            "From the protocol: the facts of the study file in the terms of SDTM CT.",
            _PROTOCOL,
        )
        for variable in (
            *("TSSEQ", "TSPARMCD", "TSPARM", "TSVAL", "TSVALNF", "TSVALCD", "TSVCDREF"),
            *("TSVCDVER", *(f"TSVAL{number}" for number in range(1, 100))),
        )
    ),
    apply=_summary,
)
