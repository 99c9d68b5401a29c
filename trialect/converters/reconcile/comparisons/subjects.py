"""Who takes part, against who may: ages, sex, healthy volunteers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from trialect.converters.reconcile import ages
from trialect.converters.reconcile.comparison import (
    NAMES,
    Agreement,
    Row,
    Sides,
    Value,
    comparison,
    weigh,
)
from trialect.converters.reconcile.comparisons.sides import both, of_record, parameter, word
from trialect.converters.reconcile.data_facts import OutOfLimits, age_verdict, sex_refused
from trialect.converters.summary import plural
from trialect.protocol import Eligibility
from trialect.trial import Study

THEME = "Subjects"


@comparison(
    "RECONCILE-ELIGIBILITY",
    THEME,
    "warning",
    "Who may take part differs",
    "Write the limits of the protocol in the record and the study file; convert again where TS "
    "differs.",
    "ClinicalTrials.gov, Eligibility: Sex, Age Limits, Accepts Healthy Volunteers; "
    "SDTM CT, TSPARMCD AGEMIN, AGEMAX, SEXPOP, HLTSUBJI",
)
def limits(sides: Sides) -> Iterator[Row]:
    """Minimum and maximum age, sex and healthy volunteers of record, study file and TS."""
    for fact, field in (("Minimum age", "minimum_age"), ("Maximum age", "maximum_age")):
        yield from weigh(
            fact,
            registry=of_record(sides, partial(_limit, field=field)),
            study=_limit(sides.study, field),
            data=_limit_of_summary(sides, "AGEMIN" if field == "minimum_age" else "AGEMAX"),
            expected=both(sides),
            field=f"eligibility.{field}",
            domain="TS",
        )
    sexes = {"BOTH": "ALL", "F": "FEMALE", "M": "MALE"}
    sex = parameter(sides, "SEXPOP")
    yield from weigh(
        "Sex",
        registry=of_record(sides, lambda record: word(record.eligibility.sex)),
        study=word(sides.study.eligibility.sex),
        data=Value(f"{sex} (TS SEXPOP)", sexes.get(sex, sex)) if sex else None,
        expected=both(sides),
        field="eligibility.sex",
        domain="TS",
    )
    healthy = parameter(sides, "HLTSUBJI")
    yield from weigh(
        "Healthy volunteers",
        registry=of_record(sides, _healthy),
        study=_healthy(sides.study),
        data=Value(f"{healthy} (TS HLTSUBJI)", healthy == "Y") if healthy in ("Y", "N") else None,
        expected=both(sides),
        field="eligibility.healthy_volunteers",
        domain="TS",
    )


_NO_LIMIT = "no limit"


def _limit(study: Study, field: str) -> Value | None:
    told = getattr(study.eligibility, field)
    if told is None:
        # A record that tells one limit and not the other has no other limit.
        other = (study.eligibility.minimum_age, study.eligibility.maximum_age)
        return Value(_NO_LIMIT, _NO_LIMIT) if any(other) else None
    try:
        age = ages.limit(told)
    except ValueError:
        return Value(told, None, f"{told!r} is no age")
    if age is None or (age.number == 0 and field == "minimum_age"):
        return Value(told, _NO_LIMIT)
    return Value(told, (age.number, age.unit))


def _limit_of_summary(sides: Sides, code: str) -> Value | None:
    values = sides.data.summary.get(code, ())
    if not values:
        return None
    told = f"{values[0]} (TS {code})"
    if values[0] in ("[PINF]", "[NINF]", "P0Y"):
        return Value(told, _NO_LIMIT)
    if values[0].startswith("["):
        return None
    duration = ages.duration(values[0])
    if duration is None:
        return Value(told, None, f"TS {code} is no duration of one unit")
    return Value(told, (duration.number, duration.unit))


def _healthy(study: Study) -> Value | None:
    told = study.eligibility.healthy_volunteers
    return None if told is None else Value("accepted" if told else "not accepted", told)


@comparison(
    "RECONCILE-AGE",
    THEME,
    "error",
    "A subject is younger or older than the trial allows",
    "Correct AGE or the limits; who was let in all the same is a protocol deviation (DV).",
    "ClinicalTrials.gov, Age Limits; SDTMIG 3.4, DM AGE, AGEU",
)
def subject_ages(sides: Sides) -> Iterator[Row]:
    """Each enrolled subject whose age lies outside the limits; and those whose age is not known."""
    yield from _each(sides, "Age of subjects", "Age of a subject", _age_misfit, _ages_of_all)


@comparison(
    "RECONCILE-SEX",
    THEME,
    "error",
    "A subject is of a sex that the trial does not take in",
    "Correct SEX or the sex allowed; who was let in all the same is a protocol deviation (DV).",
    "ClinicalTrials.gov, Sex; SDTMIG 3.4, DM SEX",
)
def subject_sexes(sides: Sides) -> Iterator[Row]:
    """Each enrolled subject of a sex that may not take part."""
    yield from _each(sides, "Sex of subjects", "Sex of a subject", _sex_misfit, _sexes_of_all)


Misfit = Callable[[OutOfLimits, Eligibility], str]
OfAll = Callable[[Sides], tuple[str | None, str]]


def _each(sides: Sides, of_all: str, of_one: str, misfit: Misfit, told: OfAll) -> Iterator[Row]:
    """A row for all subjects, then one for each who does not fit a side's limits."""
    studies = {
        side: study.eligibility
        for side, study in (("registry", sides.record), ("study", sides.study))
        if study is not None
    }
    is_age = misfit is _age_misfit
    shown = {
        side: _ages_told(limits) if is_age else (limits.sex or "").lower() or None
        for side, limits in studies.items()
    }
    if not any(shown.values()) or not sides.data.enrolled:
        return
    field = "eligibility" if is_age else "eligibility.sex"
    variable = "AGE" if is_age else "SEX"
    rows = []
    for one in sides.data.out_of_limits:
        reasons = {side: why for side, lim in studies.items() if (why := misfit(one, lim))}
        if reasons:
            why = "; ".join(f"{why} of {NAMES[side]}" for side, why in reasons.items())
            rows.append(
                Row(
                    of_one,
                    one.usubjid,
                    shown.get("registry"),
                    shown.get("study"),
                    one.age_text if is_age else one.sex,
                    agreement=Agreement.DIFFER,
                    why=why,
                    field=field,
                    domain="DM",
                    variable=variable,
                    usubjid=one.usubjid,
                    odd=("data",),
                )
            )
    values, unknown = told(sides)
    more = sides.data.out_count - len(sides.data.out_of_limits)
    agreement, why = Agreement.AGREE, ""
    if rows or more:
        # The subjects stand in rows of their own, each a finding.
        agreement = Agreement.NOT_COMPARED
        why = f"outside: {plural(len(rows), 'subject')}, listed one by one"
        why += f"; {more:,} more are not listed" if more else ""
    elif unknown:
        agreement, why = Agreement.NOT_COMPARED, unknown
    yield Row(
        of_all,
        registry=shown.get("registry"),
        study=shown.get("study"),
        data=values,
        agreement=agreement,
        why=why,
        field=field,
        domain="DM",
        variable=variable,
    )
    yield from rows


def _ages_told(limits: Eligibility) -> str | None:
    if limits.minimum_age is None and limits.maximum_age is None:
        return None
    least, most = limits.minimum_age or "no minimum", limits.maximum_age or "no maximum"
    return f"{least} to {most}"


def _age_misfit(one: OutOfLimits, limits: Eligibility) -> str:
    match age_verdict(one.age, one.unit, limits):
        case "below":
            return f"younger than {limits.minimum_age}, the minimum"
        case "above":
            return f"older than {limits.maximum_age}, the maximum"
    return ""


def _sex_misfit(one: OutOfLimits, limits: Eligibility) -> str:
    if not sex_refused(one.sex, limits):
        return ""
    return f"{one.sex} is not {(limits.sex or '').lower()}, the sex"


def _ages_of_all(sides: Sides) -> tuple[str | None, str]:
    """The youngest and oldest of each unit; and how many ages are not known, or not compared."""
    units: dict[str, list[float]] = {}
    known = 0
    for (age, unit), count in sides.data.ages.items():
        if age is not None:
            units.setdefault((unit or "no unit").lower(), []).append(age)
            known += count if ages.subject_age(age, unit) is not None else 0
    spans = [f"{min(all_):g} to {max(all_):g} {unit}" for unit, all_ in sorted(units.items())]
    lacking = sides.data.enrolled - known
    unknown = f"no age that can be compared: {plural(lacking, 'subject')}" if lacking else ""
    for study in filter(None, (sides.record, sides.study)):
        for text in (study.eligibility.minimum_age, study.eligibility.maximum_age):
            try:
                ages.limit(text)
            except ValueError:
                unknown = f"{text!r} is no age"
    return "; ".join(spans) or None, unknown


def _sexes_of_all(sides: Sides) -> tuple[str | None, str]:
    counts = sides.data.sexes
    told = ", ".join(f"{count:,} {sex}" for sex, count in sorted(counts.items()))
    other = sum(count for sex, count in counts.items() if sex not in ("F", "M"))
    other += sides.data.enrolled - counts.total()
    limited = any(
        study.eligibility.sex in ("FEMALE", "MALE")
        for study in (sides.record, sides.study)
        if study is not None
    )
    unknown = f"sex not known: {plural(other, 'subject')}" if other and limited else ""
    return told or None, unknown
