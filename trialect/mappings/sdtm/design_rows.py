"""The records of TA, TE, TV, TI and TS as plain values: what the datasets are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from trialect.mappings.sdtm.long_text import Spelling, split_text
from trialect.mappings.sdtm.trial_summary import parameter_name, summary_values
from trialect.problems import Problem, rule
from trialect.protocol import Arm, Criterion, Element
from trialect.trial import Study

SHORTENED = rule(
    "TI-IETEST-LONG",
    "warning",
    "A criterion is longer than IETEST can be",
    "{value} has more than 200 characters; IETEST holds the beginning, the define.xml all of it "
    "(the decode of IETESTCD).",
    "Nothing to mend, or word it in at most 200 characters for TI.",
    "SDTMIG 3.4, 7.4.1",
)

Row = dict[str, str | float | None]
Tell = Callable[[Problem], None]
Written = Callable[[str], str]
"""How a text is written before it is cut to pieces, which `spell` counts."""


def _as_it_is(text: str) -> str:
    return text


def element_rows(elements: Iterable[Element]) -> list[Row]:
    """TE."""
    return [
        {
            "ETCD": one.code,
            "ELEMENT": one.name,
            "TESTRL": one.start_rule,
            "TEENRL": one.end_rule,
            "TEDUR": one.duration,
        }
        for one in elements
    ]


def arm_rows(arms: Iterable[Arm], elements: Iterable[Element]) -> list[Row]:
    """TA."""
    names = {one.code: one.name for one in elements}
    return [
        {
            "ARMCD": arm.code,
            "ARM": arm.name,
            "TAETORD": float(number),
            "ETCD": one.element,
            "ELEMENT": names.get(one.element),
            "TABRANCH": one.branch,
            "TATRANS": one.transition,
            "EPOCH": one.epoch,
        }
        for arm in arms
        for number, one in enumerate(arm.elements, start=1)
    ]


def visit_rows(study: Study) -> list[Row]:
    """TV."""
    names = {arm.code: arm.name for arm in study.arms}
    return [
        {
            "VISITNUM": float(one.num),
            "VISIT": one.name,
            "VISITDY": None if one.day is None else float(one.day),
            "ARMCD": one.arm,
            "ARM": names.get(one.arm or ""),
            "TVSTRL": one.start_rule or None,
            "TVENRL": one.end_rule,
        }
        for one in sorted(study.visits, key=lambda visit: (visit.num, visit.arm or ""))
    ]


def criterion_rows(
    criteria: Sequence[Criterion], spell: Spelling, tell: Tell, written: Written = _as_it_is
) -> list[Row]:
    """TI: a criterion that is too long for IETEST by its beginning, which `tell` is told."""
    rows: list[Row] = []
    for one in criteria:
        whole = written(one.text)
        text = pieces_of(whole, spell)[0]
        if text != whole:
            tell(SHORTENED.problem(domain="TI", variable="IETEST", value=one.code))
        rows.append(
            {
                "IETESTCD": one.code,
                "IETEST": text,
                "IECAT": one.category,
                "IESCAT": one.group,
                "TIVERS": one.version,
            }
        )
    return rows


def summary_rows(
    study: Study, spell: Spelling, tell: Tell, written: Written = _as_it_is
) -> list[Row]:
    """TS: a record for each value of each parameter, long texts in TSVAL, TSVAL1, TSVAL2 ..."""
    rows: list[Row] = []
    for code, values in summary_values(study, tell).items():
        name = parameter_name(code, study.sdtm.ct)
        for number, value in enumerate(values, start=1):
            first, *more = pieces_of(written(value.text), spell) if value.text else ("",)
            row: Row = {
                "TSSEQ": float(number),
                "TSPARMCD": code,
                "TSPARM": name,
                "TSVAL": first or None,
                "TSVALNF": value.null_flavor,
                "TSVALCD": value.code,
                "TSVCDREF": value.dictionary,
                "TSVCDVER": value.version,
            }
            for at, piece in enumerate(more, start=1):
                row[f"TSVAL{at}"] = piece
            rows.append(row)
    return rows


def pieces_of(text: str, spell: Spelling) -> list[str]:
    """The pieces of a text that a variable can hold; the text itself where it cannot be cut."""
    try:
        return split_text(text, spell)
    except ValueError:
        return [text]
