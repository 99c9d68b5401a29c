"""The outcome measures, and when they are measured: time frames, planned visits, visits of data.

A time frame that is not understood is not compared. A planned day is one of a point in time when it
lies among the days that the point may mean (`time_frames`); a visit without a planned day is known
by its name alone (WEEK 12).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from trialect.converters.reconcile.comparison import (
    NAMES,
    Agreement,
    Row,
    Sides,
    Value,
    comparison,
    weigh,
)
from trialect.converters.reconcile.comparisons.sides import both
from trialect.converters.reconcile.data_facts import OF_QUESTIONNAIRES, SeenVisit
from trialect.converters.reconcile.names import all_names, plain
from trialect.converters.reconcile.points import Moment, read_duration
from trialect.converters.reconcile.time_frames import TimeFrame, read_time_frame
from trialect.converters.reconcile.where import OF_VISITS
from trialect.converters.summary import plural
from trialect.protocol import Outcome
from trialect.trial import Study

THEME = "Outcomes"


def _by_measure(study: Study | None, other: Study | None = None) -> dict[str, Outcome]:
    """The outcomes by kind and plain name.

    One whose kind is not said stands under the kind that `other` gives the same measure.
    """
    kinds = {plain(one.measure): one.type for one in (other.outcomes if other is not None else ())}
    found: dict[str, Outcome] = {}
    for one in study.outcomes if study is not None else ():
        name = plain(one.measure)
        found.setdefault(f"{one.type or kinds.get(name)}: {name}", one)
    return found


def _told(outcome: Outcome) -> str:
    kind = f"{outcome.type.lower()}: " if outcome.type else ""
    return f"{kind}{outcome.measure}"


@comparison(
    "RECONCILE-OUTCOME",
    THEME,
    "warning",
    "An outcome measure has no counterpart of its kind and name",
    "Word the measure the same in the record and the study file, or add what is missing.",
    "ClinicalTrials.gov, Primary, Secondary, Other Outcome Measure; SDTM CT, TSPARMCD OUTMSPRI",
)
def measures(sides: Sides) -> Iterator[Row]:
    """Each outcome measure of record and study file by its kind and name."""
    if sides.record is None:
        return
    record, study = _by_measure(sides.record, sides.study), _by_measure(sides.study, sides.record)
    asked = [side for side, known in (("registry", record), ("study", study)) if known]
    for name in all_names(study, record):
        mine, theirs = study.get(name), record.get(name)
        present = {"registry": theirs is not None, "study": mine is not None}
        without = [side for side in asked if not present[side]]
        if without:
            agreement, why = Agreement.DIFFER, f"{NAMES[without[0]]} has no such measure"
        elif len(asked) < 2:
            lacking = next(side for side in both(sides) if side not in asked)
            agreement, why = Agreement.MISSING, f"{NAMES[lacking]} has no outcome measures"
        else:
            agreement, why = Agreement.AGREE, ""
        shown = mine or theirs
        assert shown is not None
        yield Row(
            "Outcome measure",
            _told(shown),
            theirs.measure if theirs else None,
            mine.measure if mine else None,
            agreement=agreement,
            why=why,
            field="outcomes",
            odd=tuple(without),
        )


@comparison(
    "RECONCILE-TIME-FRAME",
    THEME,
    "warning",
    "The time frame of an outcome measure differs",
    "Write the time frame of the protocol in the record and the study file.",
    "ClinicalTrials.gov, Outcome Measure Time Frame",
)
def time_frames(sides: Sides) -> Iterator[Row]:
    """The time frames of measures that both have: the same words, or the same points in time."""
    record, study = _by_measure(sides.record, sides.study), _by_measure(sides.study, sides.record)
    for name, mine in study.items():
        theirs = record.get(name)
        if theirs is None:
            continue
        yield from weigh(
            "Time frame",
            _told(mine),
            registry=_frame(theirs),
            study=_frame(mine),
            same=_same_frame,
            expected=both(sides),
            field="outcomes",
        )


def _frame(outcome: Outcome) -> Value | None:
    return Value(outcome.time_frame, outcome.time_frame) if outcome.time_frame else None


def _same_frame(one: str, other: str) -> bool:
    if plain(one) == plain(other):
        return True
    left, right = read_time_frame(one), read_time_frame(other)
    return left.understood and right.understood and _points(left) == _points(right)


def _points(frame: TimeFrame) -> list[tuple[object, ...]]:
    return [
        (one.days, one.limit, one.elapsed_hours, one.about, one.origin, one.name)
        for one in frame.moments
    ]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A time frame as it is compared with visits, and who has it."""

    frame: TimeFrame
    of: tuple[str, ...]
    """The sides that have it: registry, study."""
    measures: int


def _frames(sides: Sides) -> list[_Asked]:
    """The time frames of all measures, each once, and the points of follow-up that a text names."""
    found: dict[str, tuple[str, dict[str, None], int]] = {}
    for side, study in (("study", sides.study), ("registry", sides.record)):
        if study is None:
            continue
        texts = [one.time_frame for one in study.outcomes if one.time_frame]
        for text in (*texts, *study.time_points):
            shown, of, count = found.get(plain(text), (text, {}, 0))
            found[plain(text)] = shown, {**of, side: None}, count + 1
    return [_Asked(read_time_frame(text), tuple(of), count) for text, of, count in found.values()]


@comparison(
    "RECONCILE-TIME-FRAME-VISITS",
    THEME,
    "warning",
    "A time frame and the visits do not fit",
    "Plan the visit (visits, TV) at which it is measured, or correct the time frame.",
    "ClinicalTrials.gov, Outcome Measure Time Frame; SDTMIG 3.4, 7.3.1 (TV), 4.4.4, 4.4.10",
)
def visits(sides: Sides) -> Iterator[Row]:
    """Each point of a time frame: the planned visit, and the visit or time point in the data."""
    plan = _planned(sides)
    for asked in _frames(sides):
        frame = asked.frame
        if not frame.understood:
            yield Row(
                OF_VISITS,
                frame.text,
                frame.text if "registry" in asked.of else None,
                frame.text if "study" in asked.of else None,
                agreement=Agreement.NOT_COMPARED,
                why=f"the time frame is not understood: {frame.reason}",
                field="outcomes",
            )
            continue
        for moment in frame.moments:
            yield _row(sides, plan, asked, moment)


def _planned(sides: Sides) -> tuple[SeenVisit, ...]:
    """The visits of the study file, or those of TV where it names none."""
    if sides.study.visits:
        return tuple(
            SeenVisit("TV", one.num, one.name, float(one.day) if one.day is not None else None)
            for one in sides.study.visits
        )
    return sides.data.planned_visits


def _row(sides: Sides, plan: tuple[SeenVisit, ...], asked: _Asked, moment: Moment) -> Row:
    if not moment.has_day:
        return _without_day(asked, moment)
    planned = visits_at(moment, plan, points=False)
    found = visits_at(moment, sides.data.visits, points=True)
    plan_fits, told_plan = _fits(moment, planned, plan)
    data_fit, told_data = _fits(moment, found, sides.data.visits)
    agreement, reasons = Agreement.AGREE, []
    if not sides.data.visits:
        agreement, reasons = Agreement.MISSING, ["the package has no visits (SV, QS)"]
    elif data_fit is False:
        # Who is still in the trial may get there.
        over = sides.data.ongoing == 0
        agreement = Agreement.DIFFER if over else Agreement.MISSING
        reasons = ["no record is of this time" + ("" if over else " yet")]
    if not plan:
        agreement = Agreement.MISSING if agreement is Agreement.AGREE else agreement
        reasons.insert(0, "no visits are planned (visits, TV)")
    elif plan_fits is False:
        agreement = Agreement.DIFFER
        reasons.insert(0, "no visit is planned for this time")
    if moment.about:
        agreement, reasons = Agreement.NOT_COMPARED, [f"{moment} leaves the day open"]
    elif None in (plan_fits, data_fit) and agreement is Agreement.AGREE:
        agreement = Agreement.NOT_COMPARED
        reasons = [f"{moment} may be a point in time or how long it lasts"]
    return Row(
        OF_VISITS,
        _item(asked, moment),
        str(moment) if "registry" in asked.of else None,
        _shown(planned) or told_plan,
        _shown(found, records=True) or told_data,
        agreement=agreement,
        why="; ".join(reasons),
        field="outcomes",
        domain="TV" if plan_fits is False else None,
    )


def _item(asked: _Asked, moment: Moment) -> str:
    return asked.frame.text if len(asked.frame.moments) == 1 else f"{asked.frame.text}: {moment}"


def _without_day(asked: _Asked, moment: Moment) -> Row:
    """The row of an event, or of a time that counts from one: no plan gives it a study day."""
    return Row(
        OF_VISITS,
        _item(asked, moment),
        str(moment) if "registry" in asked.of else None,
        str(moment) if "study" in asked.of else None,
        agreement=Agreement.NOT_COMPARED,
        why=f"{moment.origin or moment.name} has no study day in the plan",
        field="outcomes",
    )


def _fits(
    moment: Moment, at: list[SeenVisit], all_visits: Iterable[SeenVisit]
) -> tuple[bool | None, str | None]:
    """Whether visits fit a time (None where nobody knows), and what is told where none is at it.

    A limit fits when the last visit is not before it. A time that may be a duration fits a visit at
    it; where visits go on behind it nobody knows.
    """
    if at:
        return True, None
    last = max((day for one in all_visits for day in _days(one)), default=None)
    if last is None:
        return (None if moment.limit else False), None
    told = f"last visit on day {last:g}"
    if moment.limit:
        return last >= moment.days[0], told
    if not moment.stated and last > moment.days[1]:
        return None, told
    return False, f"none; {told}"


def _days(visit: SeenVisit) -> list[float]:
    """The planned study day of a visit, else those that its name may mean."""
    if visit.day is not None:
        return [visit.day]
    moment = _named(visit.name)
    return [float(moment.days[0])] if moment is not None else []


def _named(name: str | None) -> Moment | None:
    """The point in time that a visit is named after; None of other names."""
    frame = read_time_frame(name or "")
    if len(frame.moments) != 1:
        return None
    (moment,) = frame.moments
    return moment if moment.has_day and not moment.limit and not moment.about else None


def visits_at(moment: Moment, visits: Iterable[SeenVisit], *, points: bool) -> list[SeenVisit]:
    """The visits at a point in time; by their days, or by their names where they have none.

    Of hours it must be the time point of the visit (`points`: the data have them, a plan has not).
    """
    if moment.limit:
        return []
    first, last = (float(day) for day in moment.days)
    if moment.elapsed_hours is not None:
        on_day = [one for one in visits if one.day is None or first <= one.day <= last]
        if not points:
            return [one for one in on_day if one.day is not None]
        return [one for one in on_day if _elapsed(one) == moment.elapsed_hours]
    return [one for one in visits if _falls(moment, first, last, one)]


def _elapsed(visit: SeenVisit) -> Fraction | None:
    """The hours of a visit's time point, by --ELTM, else by the words of --TPT."""
    point = read_duration(visit.elapsed) or _named(visit.point)
    return point.elapsed_hours if point is not None else None


def _falls(moment: Moment, first: float, last: float, visit: SeenVisit) -> bool:
    if visit.day is not None and first <= visit.day <= last:
        return True
    named = _named(visit.name)
    if named is None or named.elapsed_hours is not None:
        return False
    if visit.day is not None:
        # A visit with a day of its own is elsewhere, unless the protocol gives it the same name.
        return moment.numbered and (named.unit, named.number) == (moment.unit, moment.number)
    low, high = named.days
    return low <= last and first <= high


def _shown(visits: list[SeenVisit], *, records: bool = False) -> str | None:
    """Visits as people read them; of the data those of questionnaires, else SV."""
    if records:
        own = [one for one in visits if one.dataset in OF_QUESTIONNAIRES]
        visits = own or visits
    told: dict[str, int] = {}
    for one in visits:
        day = f" (day {one.day:g})" if one.day is not None else ""
        point = f", {one.point}" if one.point and records else ""
        name = f"{one.dataset} " if records else ""
        key = f"{name}{one.name or one.num}{day}{point}"
        told[key] = told.get(key, 0) + one.records
    if not records:
        return "; ".join(told) or None
    return "; ".join(f"{key}: {plural(count, 'record')}" for key, count in told.items()) or None
