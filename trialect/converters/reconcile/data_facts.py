"""What the datasets of a package say of the trial: counts and distinct values, never its records.

Frames are added one at a time, in batches of any size; of each only what is counted stays, and the
USUBJIDs of those who were enrolled and of those who ended, as columns. The same facts come of the
datasets as they are written and of a finished package.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import polars as pl

from trialect.converters.reconcile import ages
from trialect.converters.reconcile.spans import Span, earliest, latest, of_date
from trialect.protocol import Eligibility

LISTED = 10_000
"""Subjects outside the limits that are listed by name; the rest is counted."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "DM": (
        *("STUDYID", "USUBJID", "SITEID", "COUNTRY", "ARMCD", "ARM", "ACTARMCD"),
        *("ARMNRS", "AGE", "AGEU", "SEX", "RFICDTC", "RFSTDTC", "RFXSTDTC", "RFPENDTC"),
    ),
    "DS": ("USUBJID", "DSDECOD", "DSCAT", "DSSCAT", "DSSTDTC"),
    "EX": ("EXTRT",),
    "SV": ("VISITNUM", "VISIT", "VISITDY"),
    "QS": ("VISITNUM", "VISIT", "VISITDY", "QSTPT", "QSELTM"),
    "FT": ("VISITNUM", "VISIT", "VISITDY", "FTTPT", "FTELTM"),
    "RS": ("VISITNUM", "VISIT", "VISITDY", "RSTPT", "RSELTM"),
    "TA": ("ARMCD", "ARM"),
    "TV": ("VISITNUM", "VISIT", "VISITDY"),
    "TI": ("IETESTCD", "IETEST", "IECAT", "TIVERS"),
    "TS": ("TSPARMCD", "TSVAL", "TSVALNF", *(f"TSVAL{n}" for n in range(1, 10))),
}
"""The datasets that are looked into, and the variables that are read of each."""

NUMBERS = frozenset({"AGE", "VISITNUM", "VISITDY"})

OF_QUESTIONNAIRES = ("QS", "FT", "RS")
"""Datasets of questionnaires, functional tests and clinical scales, of which outcomes are made."""


@dataclass(frozen=True, slots=True)
class OutOfLimits:
    """A subject whom the limits of age or sex do not let in."""

    usubjid: str
    age: float | None
    unit: str | None
    sex: str | None
    site: str | None

    @property
    def age_text(self) -> str:
        """The age as people write it."""
        number = "" if self.age is None else f"{self.age:g}"
        return f"{number} {(self.unit or '').lower()}".strip()


@dataclass(frozen=True, slots=True)
class SeenVisit:
    """A visit, or a time point of it, that records of a dataset are of; `day` is VISITDY."""

    dataset: str
    num: float | None
    name: str | None
    day: float | None
    point: str | None = None
    elapsed: str | None = None
    """--ELTM, an ISO 8601 duration since the reference of the time point."""
    records: int = 0


@dataclass(frozen=True, slots=True)
class SeenCriterion:
    """A criterion of TI; `text` is empty where the dataset has none (IETEST)."""

    code: str
    category: str
    text: str = ""
    version: str = ""


@dataclass(slots=True)
class DataFacts:
    """What the data say; of a dataset that is not there nothing (`datasets` has its name)."""

    datasets: frozenset[str] = frozenset()
    studyids: tuple[str, ...] = ()
    subjects: int = 0
    consented: int = 0
    screen_failures: int = 0
    not_assigned: int = 0
    """Subjects without an arm who are no screen failures."""
    enrolled: int = 0
    """Subjects with a planned or actual arm, or a first day of their own (RFSTDTC), who are no
    screen failures: those who took part in the trial."""
    treated: int = 0
    arms: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Subjects by ARMCD and ARM, planned."""
    design_arms: tuple[tuple[str, str], ...] = ()
    """ARMCD and ARM of TA."""
    sites: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Subjects by SITEID and COUNTRY."""
    first_consent: Span | None = None
    last_contact: Span | None = None
    """RFPENDTC of the last subject."""
    ages: Counter[tuple[float | None, str | None]] = field(default_factory=Counter)
    """Enrolled subjects by AGE and AGEU."""
    sexes: Counter[str] = field(default_factory=Counter)
    out_of_limits: tuple[OutOfLimits, ...] = ()
    out_count: int = 0
    """How many there are, also of those that are not listed."""
    treatments: Counter[str] = field(default_factory=Counter)
    visits: tuple[SeenVisit, ...] = ()
    planned_visits: tuple[SeenVisit, ...] = ()
    """The visits of TV."""
    criteria: tuple[SeenCriterion, ...] = ()
    """The criteria of TI, of all versions."""
    summary: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The values of TS by TSPARMCD; a null flavour stands in brackets."""
    ended: Counter[str] = field(default_factory=Counter)
    """DSDECOD of disposition events that end participation, by subject."""
    ongoing: int | None = None
    """Enrolled subjects without an end of participation; None where nothing tells."""

    def has(self, *datasets: str) -> bool:
        """Whether all of these datasets are in the package."""
        return self.datasets.issuperset(datasets)


class Collector:
    """Takes frames, and gives the facts when all were seen.

    `limits` are those of the study file and of the record; whom any of them shuts out is listed.
    """

    def __init__(self, limits: Sequence[Eligibility] = ()) -> None:
        self._limits = tuple(limits)
        self._facts = DataFacts()
        self._seen: set[str] = set()
        self._studyids: dict[str, None] = {}
        self._dates: dict[str, dict[str, None]] = {}
        self._out: list[OutOfLimits] = []
        self._visits: Counter[SeenVisit] = Counter()
        self._arms: dict[tuple[str, str], None] = {}
        self._criteria: dict[SeenCriterion, None] = {}
        self._enrolled: list[pl.Series] = []
        self._ended: list[pl.Series] = []
        self._consents: list[pl.DataFrame] = []

    def add(self, name: str, frame: pl.DataFrame) -> None:
        """Count what a batch of a dataset's records says; of split parts (QSPH) too."""
        whole = whole_name(name)
        if whole is None:
            return
        self._seen.add(whole)
        frame = _asked(whole, frame)
        if not frame.height:
            return
        match whole:
            case "DM":
                self._subjects(frame)
            case "DS":
                self._disposition(frame)
            case "EX":
                self._facts.treatments.update(_counts(frame, "EXTRT"))
            case "TA":
                self._arms |= dict.fromkeys(_pairs(frame, "ARMCD", "ARM"))
            case "TI":
                self._criteria |= dict.fromkeys(_criteria(frame))
            case "TS":
                self._summary(frame)
            case _:
                self._visits.update(_visits(whole, frame))

    def facts(self) -> DataFacts:
        """What all frames said together."""
        facts = self._facts
        facts.datasets = frozenset(self._seen)
        facts.studyids = tuple(self._studyids)
        facts.design_arms = tuple(self._arms)
        # In one order, whatever the batches were.
        facts.arms = Counter(dict(sorted(facts.arms.items())))
        facts.criteria = tuple(self._criteria)
        if not facts.consented:
            self._consents_of_disposition()
        facts.first_consent = earliest(self._days("RFICDTC"))
        facts.last_contact = latest(self._days("RFPENDTC"))
        facts.out_of_limits = tuple(sorted(self._out, key=lambda one: one.usubjid or ""))
        seen = sorted(self._visits.items(), key=lambda one: _order(one[0]))
        visits = [replace(visit, records=count) for visit, count in seen]
        facts.planned_visits = tuple(one for one in visits if one.dataset == "TV")
        facts.visits = tuple(one for one in visits if one.dataset != "TV")
        facts.ongoing = self._ongoing()
        return facts

    def _days(self, name: str) -> list[Span]:
        spans = (of_date(text) for text in self._dates.get(name, ()))
        return [span for span in spans if span is not None]

    def _subjects(self, dm: pl.DataFrame) -> None:
        facts = self._facts
        self._studyids |= dict.fromkeys(dm["STUDYID"].drop_nulls().unique(maintain_order=True))
        failed = (
            (pl.col("ARMNRS") == "SCREEN FAILURE") | (pl.col("ARMCD") == "SCRNFAIL")
        ).fill_null(value=False)
        # SDTMIG before 3.3 has NOTASSGN in ARMCD where ARMNRS says it now.
        none = ["NOTASSGN", "SCRNFAIL"]
        assigned = pl.any_horizontal(
            pl.col("RFSTDTC").is_not_null(),
            *(
                (pl.col(code).is_not_null() & ~pl.col(code).is_in(none)).fill_null(value=False)
                for code in ("ARMCD", "ACTARMCD")
            ),
        )
        dm = dm.with_columns(failed.alias("@failed"), (assigned & ~failed).alias("@enrolled"))
        enrolled = dm.filter("@enrolled")
        facts.subjects += dm.height
        facts.consented += dm["RFICDTC"].count()
        if facts.consented:
            self._consents.clear()
        facts.screen_failures += int(dm["@failed"].sum())
        facts.enrolled += enrolled.height
        facts.not_assigned += dm.filter(~pl.col("@failed") & ~pl.col("@enrolled")).height
        facts.treated += enrolled["RFXSTDTC"].count()
        facts.arms.update(_pair_counts(enrolled, "ARMCD", "ARM"))
        facts.sites.update(_pair_counts(dm, "SITEID", "COUNTRY"))
        facts.ages.update(_pair_counts(enrolled, "AGE", "AGEU", blank=None))
        facts.sexes.update(_counts(enrolled, "SEX"))
        for name in ("RFICDTC", "RFPENDTC"):
            # Who was screened alone did not take part; neither day nor end of it is the trial's.
            self._note_dates(name, enrolled[name])
        self._enrolled.append(enrolled["USUBJID"])
        self._shut_out(enrolled)

    def _note_dates(self, name: str, dates: pl.Series) -> None:
        days = dates.drop_nulls().str.slice(0, 10).unique(maintain_order=True)
        self._dates.setdefault(name, {}).update(dict.fromkeys(days))

    def _shut_out(self, enrolled: pl.DataFrame) -> None:
        """Keep the subjects whom a limit shuts out; ages and sexes are judged once each."""
        kinds = enrolled.select("AGE", "AGEU", "SEX").unique(maintain_order=True)
        refused = pl.DataFrame(
            [kind for kind in kinds.iter_rows() if any(map(partial(_refused, kind), self._limits))],
            schema=kinds.schema,
            orient="row",
        )
        if refused.height:
            out = enrolled.join(
                refused, on=refused.columns, how="semi", nulls_equal=True, maintain_order="left"
            )
            self._facts.out_count += out.height
            listed = out.head(LISTED - len(self._out))
            columns = listed.select("USUBJID", "AGE", "AGEU", "SEX", "SITEID")
            self._out += [OutOfLimits(*row) for row in columns.iter_rows()]

    def _disposition(self, ds: pl.DataFrame) -> None:
        consents = ds.filter(pl.col("DSDECOD") == "INFORMED CONSENT OBTAINED")
        if not self._facts.consented:
            self._consents.append(consents.select("USUBJID", "DSSTDTC"))
        events = ds.filter(
            (pl.col("DSCAT") == "DISPOSITION EVENT")
            & (pl.col("DSSCAT").is_null() | (pl.col("DSSCAT") != "STUDY TREATMENT"))
        )
        self._facts.ended.update(_counts(events, "DSDECOD"))
        self._ended.append(events["USUBJID"].drop_nulls().unique())

    def _consents_of_disposition(self) -> None:
        """Consents as DS has them, for datasets whose DM has none (RFICDTC)."""
        if not self._consents:
            return
        consents = pl.concat(self._consents)
        self._facts.consented = consents["USUBJID"].n_unique()
        of_enrolled = consents["USUBJID"].is_in(self._all_enrolled().implode())
        self._note_dates("RFICDTC", consents.filter(of_enrolled)["DSSTDTC"])

    def _all_enrolled(self) -> pl.Series:
        return pl.concat(self._enrolled) if self._enrolled else pl.Series(dtype=pl.String)

    def _ongoing(self) -> int | None:
        if not self._facts.ended:
            return None
        ended = pl.concat(self._ended)
        return int((~self._all_enrolled().is_in(ended.implode())).sum())

    def _summary(self, ts: pl.DataFrame) -> None:
        longer = [name for name in COLUMNS["TS"] if name.startswith("TSVAL") and name[5:].isdigit()]
        for row in ts.iter_rows(named=True):
            code = row["TSPARMCD"]
            rest = [row[name] for name in longer if row[name]]
            text = " ".join(filter(None, [row["TSVAL"], *rest]))
            if not text and row["TSVALNF"]:
                text = f"[{row['TSVALNF']}]"
            if code and text:
                held = self._facts.summary.get(code, ())
                self._facts.summary[code] = (*held, text)


def _refused(kind: tuple[float | None, str | None, str | None], limits: Eligibility) -> bool:
    age, unit, sex = kind
    return age_verdict(age, unit, limits) in ("below", "above") or sex_refused(sex, limits)


def age_verdict(age: float | None, unit: str | None, limits: Eligibility) -> ages.Verdict:
    """Where an age lies between the limits; `unknown` where one of them is not understood."""
    try:
        minimum, maximum = ages.limit(limits.minimum_age), ages.limit(limits.maximum_age)
    except ValueError:
        return "unknown"
    return ages.judge(ages.subject_age(age, unit), minimum, maximum)


def sex_refused(sex: str | None, limits: Eligibility) -> bool:
    """Whether a sex is not the one that may take part."""
    wanted = {"FEMALE": "F", "MALE": "M"}.get(limits.sex or "")
    return wanted is not None and sex in ("F", "M") and sex != wanted


def whole_name(name: str) -> str | None:
    """The dataset that is looked into; a part (QSPH) goes with the whole. None of all others."""
    if name in COLUMNS:
        return name
    return name[:2] if name[:2] in OF_QUESTIONNAIRES and len(name) <= 4 else None


def wanted(name: str) -> tuple[str, ...]:
    """The variables that are read of a dataset; none of one that is not looked into."""
    return COLUMNS.get(whole_name(name) or "", ())


def _asked(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The variables asked for: texts without padding, numbers, null where the frame has none."""
    columns = []
    for column in COLUMNS[name]:
        if column not in frame.columns:
            type_ = pl.Float64 if column in NUMBERS else pl.String
            columns.append(pl.lit(None, type_).alias(column))
        elif column in NUMBERS:
            number = pl.col(column).cast(pl.Float64, strict=False)
            columns.append(pl.when(number.is_finite()).then(number).alias(column))
        else:
            text = pl.col(column).cast(pl.String).str.strip_chars_end(" ")
            columns.append(pl.when(text != "").then(text).alias(column))
    return frame.select(columns)


def _counts(frame: pl.DataFrame, column: str) -> dict[str, int]:
    counted = frame.drop_nulls(column).group_by(column).len().sort(column)
    return dict(counted.iter_rows())


def _pair_counts(
    frame: pl.DataFrame, one: str, other: str, blank: str | None = ""
) -> dict[tuple[Any, Any], int]:
    counted = frame.group_by(one, other).len().sort(one, other)
    return {
        (blank if a is None else a, blank if b is None else b): n
        for a, b, n in counted.iter_rows()
        if (a, b) != (None, None)
    }


def _pairs(frame: pl.DataFrame, one: str, other: str) -> Iterator[tuple[str, str]]:
    for a, b in frame.select(one, other).unique(maintain_order=True).iter_rows():
        if a:
            yield a, b or ""


def _criteria(ti: pl.DataFrame) -> Iterator[SeenCriterion]:
    columns = ti.select("IETESTCD", "IECAT", "IETEST", "TIVERS").fill_null("")
    for row in columns.iter_rows():
        if row[0]:
            yield SeenCriterion(*row)


def _visits(name: str, frame: pl.DataFrame) -> dict[SeenVisit, int]:
    by = list(COLUMNS[name])
    counted = frame.group_by(by).len()
    return {SeenVisit(name, *row[:-1]): row[-1] for row in counted.iter_rows()}


def _order(visit: SeenVisit) -> tuple[object, ...]:
    number = visit.num if visit.num is not None else float("inf")
    day = visit.day if visit.day is not None else float("inf")
    return visit.dataset, number, day, visit.name or "", visit.point or "", visit.elapsed or ""


def collect(
    frames: Iterable[tuple[str, pl.DataFrame]], limits: Sequence[Eligibility] = ()
) -> DataFacts:
    """The facts of datasets that come as (name, records), a dataset in as many pieces as it has."""
    collector = Collector(limits)
    for name, frame in frames:
        collector.add(name, frame)
    return collector.facts()
