"""How many subjects: planned, enrolled, and those that DM has."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.converters.reconcile.comparison import (
    NAMES,
    Agreement,
    Row,
    Sides,
    Value,
    comparison,
    sides_named,
    weigh,
)
from trialect.converters.reconcile.comparisons.sides import both, of_record, parameter
from trialect.converters.summary import plural
from trialect.trial import Study

THEME = "Enrolment"


def _number(count: int | None, note: str = "") -> Value | None:
    return None if count is None else Value(f"{count:,}{note}", count)


def _parameter(sides: Sides, code: str) -> Value | None:
    told = parameter(sides, code)
    if told is None:
        return None
    shown = f"{told} (TS {code})"
    if told.isascii() and told.isdigit():
        return Value(shown, int(told))
    return Value(shown, None, f"TS {code} is no number")


@comparison(
    "RECONCILE-ENROLMENT-PLANNED",
    THEME,
    "warning",
    "The planned number of subjects differs",
    "Write the number of the approved protocol everywhere.",
    "ClinicalTrials.gov, Enrollment (anticipated); SDTM CT, TSPARMCD PLANSUB",
)
def planned(sides: Sides) -> Iterator[Row]:
    """The planned number of record, study file and TS.

    A record that has the actual number has no planned one any more.
    """
    record = sides.record
    replaced = record is not None and record.enrolment.actual is not None
    yield from weigh(
        "Planned enrolment",
        registry=of_record(sides, lambda one: _number(one.enrolment.planned)),
        study=_number(sides.study.enrolment.planned),
        data=_parameter(sides, "PLANSUB"),
        expected=["study"] if replaced else both(sides),
        field="enrolment.planned",
        domain="TS",
    )


@comparison(
    "RECONCILE-ENROLMENT-ACTUAL",
    THEME,
    "error",
    "The number of enrolled subjects is not that of the data",
    "Count again: enrolled are subjects who consented and took part; screen failures are not.",
    "ClinicalTrials.gov, Enrollment (actual); 42 CFR 11.10(a) (enrolled); SDTM CT, TSPARMCD ACTSUB",
)
def actual(sides: Sides) -> Iterator[Row]:
    """The actual number of record and study file against the subjects in DM."""
    data = sides.data
    told = {
        side: study.enrolment.actual
        for side, study in (("registry", sides.record), ("study", sides.study))
        if study is not None and study.enrolment.actual is not None
    }
    if not data.subjects:
        yield from weigh(
            "Actual enrolment",
            registry=_number(told.get("registry")),
            study=_number(told.get("study")),
            expected=["data"],
            field="enrolment.actual",
        )
        return
    wrong = [side for side, count in told.items() if count != data.enrolled]
    why = ""
    agreement = Agreement.AGREE if told else Agreement.MISSING
    if wrong:
        agreement = Agreement.DIFFER
        counts = (told[side] for side in wrong)
        why = "; ".join(
            _explained(NAMES[side], count, sides) for side, count in zip(wrong, counts, strict=True)
        )
    elif not told:
        why = f"{sides_named(both(sides), 'does', 'do')} not say it"
    shown = {side: f"{count:,}" for side, count in told.items()}
    yield Row(
        "Actual enrolment",
        registry=shown.get("registry"),
        study=shown.get("study"),
        data=_subjects(sides),
        agreement=agreement,
        why=why,
        field="enrolment.actual",
        domain="DM",
        variable="ARMCD",
        odd=tuple(wrong),
    )
    summary = _parameter(sides, "ACTSUB")
    if summary is not None:
        yield from weigh(
            "Actual enrolment in TS",
            study=_number(told.get("study")),
            registry=_number(told.get("registry")),
            data=summary,
            field="enrolment.actual",
            domain="TS",
        )


def _subjects(sides: Sides) -> str:
    data = sides.data
    parts = [f"{data.subjects:,} in DM"]
    if data.screen_failures:
        parts.append(plural(data.screen_failures, "screen failure"))
    if data.not_assigned:
        parts.append(f"{data.not_assigned:,} not assigned")
    if data.treated:
        parts.append(f"{data.treated:,} treated")
    return f"{data.enrolled:,} enrolled ({', '.join(parts)})"


def _explained(name: str, count: int, sides: Sides) -> str:
    """What a number that is not that of the enrolled is, where it is one that the data have."""
    data = sides.data
    meant = {
        data.subjects: "all subjects of DM, screen failures too",
        data.enrolled + data.not_assigned: "also subjects without an arm",
        data.treated: "the treated subjects",
        sides.study.enrolment.planned: "the planned number",
    }
    hint = f", which is {meant[count]}" if count in meant else ""
    return f"{name} says {count:,}{hint}, and {data.enrolled:,} were enrolled"


@comparison(
    "RECONCILE-ENROLMENT-EXCEEDED",
    THEME,
    "warning",
    "More subjects were enrolled than planned",
    "Check with the protocol; update the planned number after an amendment.",
    "ClinicalTrials.gov, Enrollment",
)
def exceeded(sides: Sides) -> Iterator[Row]:
    """More subjects in the data than any protocol plans."""
    enrolled = sides.data.enrolled
    plans = {
        side: study.enrolment.planned
        for side, study in (("registry", sides.record), ("study", sides.study))
        if study is not None and study.enrolment.planned is not None
    }
    if not plans or not enrolled:
        return
    odd = tuple(side for side, count in plans.items() if enrolled > count)
    yield Row(
        "Planned enrolment and subjects",
        registry=_planned(sides.record),
        study=_planned(sides.study),
        data=f"{enrolled:,} enrolled",
        agreement=Agreement.DIFFER if odd else Agreement.AGREE,
        why=f"{enrolled:,} were enrolled, more than {sides_named(odd)} planned" if odd else "",
        field="enrolment.planned",
        domain="DM",
        variable="ARMCD",
        odd=odd,
    )


def _planned(study: Study | None) -> str | None:
    if study is None or study.enrolment.planned is None:
        return None
    return f"{study.enrolment.planned:,}"
