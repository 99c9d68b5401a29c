"""The state of the trial against what became of its subjects (DM, DS)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from trialect.converters.reconcile.comparison import (
    Agreement,
    Row,
    Sides,
    Value,
    comparison,
    sides_named,
    weigh,
)
from trialect.converters.reconcile.comparisons.sides import both, of_record, word
from trialect.trial import Study

THEME = "Status"
NOT_STARTED = frozenset({"NOT_YET_RECRUITING"})
STOPPED = frozenset({"TERMINATED", "SUSPENDED", "WITHDRAWN"})
GOING_ON = frozenset({"RECRUITING", "ENROLLING_BY_INVITATION", "ACTIVE_NOT_RECRUITING"})


@comparison(
    "RECONCILE-STATUS",
    THEME,
    "warning",
    "The status differs",
    "Update the record (within 30 days of a change of status) or the study file.",
    "ClinicalTrials.gov, Overall Recruitment Status; 42 CFR 11.64(a)(1)(ii)",
)
def status(sides: Sides) -> Iterator[Row]:
    """The status in record and study file; the data show how far subjects are."""
    yield from weigh(
        "Status",
        registry=of_record(sides, lambda record: word(record.status)),
        study=word(sides.study.status),
        expected=both(sides),
        field="status",
    )


@comparison(
    "RECONCILE-STATUS-BEFORE-START",
    THEME,
    "error",
    "The trial has not begun by its status, and has subjects",
    "Set the status to RECRUITING or what it is now, and the start to the first consent (ACTUAL).",
    "ClinicalTrials.gov, Overall Recruitment Status, Study Start Date",
)
def begun(sides: Sides) -> Iterator[Row]:
    """NOT_YET_RECRUITING although subjects consented."""
    consents = sides.data.consented
    yield from _judged(
        "Status and consents",
        sides,
        lambda study: study.status in NOT_STARTED,
        f"{consents:,} consented" if consents else "none consented",
        wrong=consents > 0,
        why="{side} says that nobody is recruited yet",
        place=("DM", "RFICDTC"),
    )


@comparison(
    "RECONCILE-STATUS-WITHDRAWN",
    THEME,
    "error",
    "The trial is withdrawn by its status, and has subjects",
    "A trial that stopped after its first subject is TERMINATED; WITHDRAWN is one without any.",
    "ClinicalTrials.gov, Overall Recruitment Status: Withdrawn",
)
def withdrawn(sides: Sides) -> Iterator[Row]:
    """WITHDRAWN although subjects were enrolled."""
    enrolled = sides.data.enrolled
    yield from _judged(
        "Status and enrolled subjects",
        sides,
        lambda study: study.status == "WITHDRAWN",
        f"{enrolled:,} enrolled",
        wrong=enrolled > 0,
        why="{side} says that the trial was withdrawn before its first subject",
        place=("DM", "ARMCD"),
    )


@comparison(
    "RECONCILE-STATUS-COMPLETED",
    THEME,
    "warning",
    "The trial is completed by its status, and subjects have no end of participation",
    "Enter how these subjects ended (DS, DISPOSITION EVENT), or set the status to what it is.",
    "ClinicalTrials.gov, Overall Recruitment Status: Completed; SDTMIG 3.4, DS",
)
def completed(sides: Sides) -> Iterator[Row]:
    """COMPLETED although subjects are ongoing."""
    yield from _against_disposition(
        "Status and disposition",
        sides,
        lambda study: study.status == "COMPLETED",
        wrong=lambda ongoing: ongoing > 0,
        why="{side} says that the trial is completed",
    )


@comparison(
    "RECONCILE-STATUS-GOING-ON",
    THEME,
    "warning",
    "The trial goes on by its status, and all subjects have ended",
    "Set the status to COMPLETED, with actual dates, if no more subjects are to come.",
    "ClinicalTrials.gov, Overall Recruitment Status; 42 CFR 11.64(a)(1)(ii)",
)
def going_on(sides: Sides) -> Iterator[Row]:
    """Recruiting or active although nobody is left and all who were planned were enrolled."""
    data = sides.data

    def asked(study: Study) -> bool:
        planned = study.enrolment.planned
        full = planned is not None and data.enrolled >= planned
        active = study.status == "ACTIVE_NOT_RECRUITING"
        return study.status in GOING_ON and data.enrolled > 0 and (full or active)

    yield from _against_disposition(
        "Status and disposition",
        sides,
        asked,
        wrong=lambda ongoing: ongoing == 0,
        why="{side} says that the trial goes on, and nobody is left in it",
    )


@comparison(
    "RECONCILE-WHY-STOPPED",
    THEME,
    "error",
    "A trial that was stopped does not say why",
    "Give the reason in why_stopped (250 characters at most) and in the record.",
    "ClinicalTrials.gov, Why Study Stopped",
)
def why_stopped(sides: Sides) -> Iterator[Row]:
    """TERMINATED, SUSPENDED or WITHDRAWN without a reason; else the reasons side by side."""
    studies = {"registry": sides.record, "study": sides.study}
    stopped = {
        side: study
        for side, study in studies.items()
        if study is not None and (study.status in STOPPED or study.why_stopped)
    }
    if not stopped:
        return
    without = [side for side, study in stopped.items() if not study.why_stopped]
    told = {
        side: study.why_stopped or f"{(study.status or '').lower()}, no reason"
        for side, study in stopped.items()
    }
    if without:
        yield Row(
            "Why it was stopped",
            registry=told.get("registry"),
            study=told.get("study"),
            agreement=Agreement.DIFFER,
            why=f"{sides_named(without, 'gives', 'give')} no reason",
            field="why_stopped",
            odd=tuple(without),
        )
        return
    values = {side: Value(text, " ".join(text.casefold().split())) for side, text in told.items()}
    yield from weigh(
        "Why it was stopped",
        registry=values.get("registry"),
        study=values.get("study"),
        expected=both(sides),
        field="why_stopped",
    )


def _against_disposition(
    fact: str,
    sides: Sides,
    asked: Callable[[Study], bool],
    *,
    wrong: Callable[[int], bool],
    why: str,
) -> Iterator[Row]:
    data = sides.data
    if data.ongoing is None:
        told = "no disposition events (DS)"
        for row in _judged(fact, sides, asked, told, wrong=False, why=why):
            yield Row(
                fact,
                registry=row.registry,
                study=row.study,
                data=told,
                agreement=Agreement.NOT_COMPARED,
                why="the package has no disposition events, so nobody's end is known",
                field="status",
                domain="DS",
            )
        return
    told = f"{data.ongoing:,} of {data.enrolled:,} enrolled without an end of participation"
    yield from _judged(fact, sides, asked, told, wrong=wrong(data.ongoing), why=why)


def _judged(
    fact: str,
    sides: Sides,
    asked: Callable[[Study], bool],
    told: str,
    *,
    wrong: bool,
    why: str,
    place: tuple[str, str] = ("DS", "DSDECOD"),
) -> Iterator[Row]:
    """A row where a status is one that is asked about; `place` is the variable that tells."""
    studies = {"registry": sides.record, "study": sides.study}
    concerned = [side for side, one in studies.items() if one is not None and asked(one)]
    if not concerned:
        return
    reason = why.format(side=sides_named(concerned))
    if len(concerned) > 1:
        reason = reason.replace(" says ", " say ")
    shown = {
        side: (one.status or "").replace("_", " ").lower()
        for side, one in studies.items()
        if one is not None and one.status
    }
    yield Row(
        fact,
        registry=shown.get("registry"),
        study=shown.get("study"),
        data=told,
        agreement=Agreement.DIFFER if wrong else Agreement.AGREE,
        why=reason if wrong else "",
        field="status",
        domain=place[0],
        variable=place[1],
        odd=tuple(concerned) if wrong else (),
    )
