"""TA, TE, TI, TS and TV of a study alone, in ASCII and checked: what is written without subjects.

Plain values, no frames: thousands of registry records are made into such datasets. A dataset that
would break the standard is not made; the finding says why.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from trialect.mappings.sdtm.design_rows import (
    Row,
    Tell,
    arm_rows,
    criterion_rows,
    element_rows,
    summary_rows,
    visit_rows,
)
from trialect.mappings.sdtm.long_text import LIMIT, as_it_stands
from trialect.mappings.sdtm.plain_ascii import PlainAscii
from trialect.mappings.sdtm.study_arms import planned
from trialect.problems import Problem, rule
from trialect.schemas.define.keys import natural_keys
from trialect.schemas.define.variables import facts
from trialect.schemas.sdtm import Dataset, dataset
from trialect.trial import Study

VALUE_TOO_LONG = rule(
    "SDTM-STUDY-VALUE-LONG",
    "error",
    "A value is longer than its variable can be",
    "{variable} of {domain} would have {count} characters, {longest} fit: {value!r}; it is left "
    "out.",
    "Give a shorter one in study.yaml.",
    "SDTMIG 3.4, 4.5.3, 7",
)
VALUE_MISSING = rule(
    "SDTM-STUDY-VALUE-MISSING",
    "error",
    "A required value is missing",
    "{domain} has no {variable} in record {row}, which SDTM requires; {domain} is not written.",
    "Give it in study.yaml.",
    "CG0014; SDTMIG 3.4, 7",
)
NOT_UNIQUE = rule(
    "SDTM-STUDY-KEY",
    "error",
    "Two records have the same key",
    "{domain} has {value} more than once ({variable}); {domain} is not written.",
    "Give each a code of its own in study.yaml.",
    "CG0247; CG0248; CG0255; CG0268; SDTMIG 3.4, 7",
)
NO_CRITERIA = rule(
    "TI-NOT-SAID",
    "note",
    "The criteria are not said",
    "TI is not made: the study has no criteria.",
    "Give `criteria` in study.yaml.",
    "SDTMIG 3.4, 7.4.1",
)
NO_VISITS = rule(
    "TV-NOT-SAID",
    "note",
    "The visits are not said",
    "TV is not made: the study has no planned visits.",
    "Give `visits` in study.yaml.",
    "SDTMIG 3.4, 7.3.1",
)

NAMES = ("TA", "TE", "TI", "TS", "TV")
"""The datasets of a protocol."""

Cell = str | float | None

_LONGEST = {"ETCD": 8, "ARMCD": 20, "IETESTCD": 8, "TSPARMCD": 8, "TSPARM": 40}
"""Characters of codes and names where SDTMIG allows fewer than XPT (CG0246, CG0153, CG0257)."""


@dataclass(frozen=True, slots=True)
class PlainVariable:
    """A variable of a dataset: `length` is that of its longest value, 8 for Num."""

    name: str
    label: str
    type: Literal["Char", "Num"]
    length: int


@dataclass(frozen=True, slots=True)
class PlainDataset:
    """A dataset: its variables in the order of the model and a column of values for each.

    Texts are printable ASCII, no longer than their variables, and have no blanks at an end.
    """

    name: str
    label: str
    variables: tuple[PlainVariable, ...]
    columns: tuple[Sequence[Cell], ...]

    @property
    def rows(self) -> int:
        """The number of records."""
        return len(self.columns[0])

    def column(self, name: str) -> Sequence[Cell]:
        """The values of a variable; as many missing ones where the dataset does not have it."""
        for variable, column in zip(self.variables, self.columns, strict=True):
            if variable.name == name:
                return column
        return [None] * self.rows


def study_datasets(
    study: Study, tell: Tell, only: Container[str] = NAMES
) -> Iterator[PlainDataset]:
    """The datasets of a study's protocol that it says enough for, by name; `only` some of them."""
    if "TA" in only or "TE" in only:
        elements, arms = planned(study, tell)
        if "TA" in only:
            yield from _made(study, "TA", arm_rows(arms, elements), tell)
        if "TE" in only:
            yield from _made(study, "TE", element_rows(elements), tell)
    if "TI" in only:
        if not study.criteria:
            tell(_no_criteria())
        written = PlainAscii("TI", study.sdtm.transliterate)
        rows = criterion_rows(study.criteria, as_it_stands, tell, written)
        yield from _made(study, "TI", rows, tell, written)
    if "TS" in only:
        written = PlainAscii("TS", study.sdtm.transliterate)
        rows = summary_rows(study, as_it_stands, tell, written)
        yield from _made(study, "TS", rows, tell, written)
    if "TV" in only:
        if not study.visits:
            tell(_no_visits())
        yield from _made(study, "TV", visit_rows(study), tell)


@cache
def _no_criteria() -> Problem:
    return NO_CRITERIA.problem(field="criteria")


@cache
def _no_visits() -> Problem:
    return NO_VISITS.problem(field="visits")


def _made(
    study: Study, name: str, rows: list[Row], tell: Tell, written: PlainAscii | None = None
) -> Iterator[PlainDataset]:
    """The dataset of some records, if there are any and nothing is wrong with them."""
    if not rows:
        return
    written = written or PlainAscii(name, study.sdtm.transliterate)
    variables: list[PlainVariable] = []
    columns: list[Sequence[Cell]] = []
    complete = True
    model, listed = _model(name, study.sdtm.ig)
    constants = {"STUDYID": study.studyid, "DOMAIN": name}
    for variable in _with_pieces(listed, rows) if name == "TS" else listed:
        label, type_, core = _facts(model, variable)
        length = 8
        if variable in constants:
            values, length = _texts(name, variable, [constants[variable]], written, tell)
            values *= len(rows)
        else:
            values = [row.get(variable) for row in rows]
            if type_ == "Char":
                values, length = _texts(name, variable, values, written, tell)
        if core == "Perm" and (length == 0 or not any(value is not None for value in values)):
            continue
        if core == "Req" and None in values:
            row = values.index(None) + 1
            field = "studyid" if variable == "STUDYID" else None
            tell(VALUE_MISSING.problem(field=field, domain=name, variable=variable, row=row))
            complete = False
        if type_ == "Char":
            length = max(1, length, _asked(study, name, variable))
        variables.append(_variable(variable, label, type_, length))
        columns.append(values)
    for problem in written.problems():
        tell(problem)
    made = PlainDataset(name, model.label, tuple(variables), tuple(columns))
    if complete and _is_unique(made, tell):
        yield made


def _texts(
    name: str, variable: str, values: list[Cell], written: PlainAscii, tell: Tell
) -> tuple[list[Cell], int]:
    """Texts in ASCII and the length of the longest; one too long is told and left out."""
    texts: list[str] = [value for value in values if value]  # type: ignore[misc] # of a Char variable
    if not texts:
        return [None] * len(values), 0
    # Between texts stands what seldom begins or ends a word; others are looked at one by one.
    whole = "`".join(texts)
    longest = max(map(len, texts))
    if (
        whole.isascii()
        and whole.isprintable()
        and longest <= _LONGEST.get(variable, LIMIT)
        and "` " not in whole
        and " `" not in whole
        and whole[0] != " " != whole[-1]
    ):
        return values if len(texts) == len(values) else [v or None for v in values], longest
    return _mended(name, variable, values, written, tell)


def _mended(
    name: str, variable: str, values: list[Cell], written: PlainAscii, tell: Tell
) -> tuple[list[Cell], int]:
    """What `_texts` gives where something is to be changed."""
    longest = _LONGEST.get(variable, LIMIT)
    kept: list[Cell] = []
    for value in values:
        text = written(str(value)).strip(" ") if value else ""
        if len(text) > longest:
            tell(
                VALUE_TOO_LONG.problem(
                    domain=name, variable=variable, value=text, count=len(text), longest=longest
                )
            )
            text = ""
        kept.append(text or None)
    return kept, max(len(str(text)) if text else 0 for text in kept)


def _with_pieces(listed: tuple[str, ...], rows: list[Row]) -> tuple[str, ...]:
    """The variables of TS with TSVAL1, TSVAL2 ... behind TSVAL, as many as some record has."""
    most = 1
    while any(f"TSVAL{most}" in row for row in rows):
        most += 1
    at = listed.index("TSVAL") + 1
    return (*listed[:at], *(f"TSVAL{number}" for number in range(1, most)), *listed[at:])


def _is_unique(made: PlainDataset, tell: Tell) -> bool:
    """Whether no two records have the same natural key."""
    names = [one for one in natural_keys(made.name) if one != "STUDYID"]
    keys = list(zip(*(made.column(one) for one in names), strict=True))
    if len(set(keys)) == len(keys):
        return True
    twice = next(key for place, key in enumerate(keys) if key in keys[:place])
    value = ", ".join(str(part) for part in twice if part is not None)
    tell(NOT_UNIQUE.problem(domain=made.name, value=value, variable=" and ".join(names)))
    return False


@lru_cache(maxsize=10_000)
def _variable(name: str, label: str, type_: Literal["Char", "Num"], length: int) -> PlainVariable:
    return PlainVariable(name, label, type_, length)


def _asked(study: Study, name: str, variable: str) -> int:
    """The length that study.yaml wants."""
    wanted = study.sdtm.lengths
    return wanted.get(f"{name}.{variable}", wanted.get(variable, 0)) if wanted else 0


@cache
def _model(name: str, ig: str) -> tuple[Dataset, tuple[str, ...]]:
    model = dataset(name, ig) or dataset(name)
    if model is None:
        raise ValueError(f"SDTMIG {ig} has no {name}")
    return model, tuple(one.name for one in model.variables)


@cache
def _facts(model: Dataset, variable: str) -> tuple[str, Literal["Char", "Num"], str]:
    known = facts(model, variable)
    if known is None:
        raise ValueError(f"{model.name} has no {variable}")
    return known.label, known.type, known.core
