"""Invents the records of the example study as a small EDC would export them.

Nobody in these records exists. `python scripts/make_example.py` writes the example's own records
(50 screened, 42 randomised 1:1); `--factor N` writes 50 N screened and 42 N randomised into DIR for
measuring. The same factor gives the same bytes with every Python from 3.11.

Each block of 50 screened subjects carries the dirt that real exports have, once; `DIRT` lists it.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

SEED = 7326982
SCREENED, RANDOMISED = 50, 42
FIRST_CONSENT = date(2025, 12, 25)
CONSENT_DAYS = 66
SITE = "01"
HOLIDAYS = {(1, 1), (3, 20), (4, 23), (5, 1), (5, 19), (5, 26), (5, 27), (5, 28), (5, 29)}
"""Month and day, in the first half of 2026."""
ORIGIN = "invented"

DIRT = (
    "birth dates without day, or without day and month",
    "two races ticked; none ticked but 'not reported'",
    "seven subjects who do not respond to the diagnostic injection or fail a criterion",
    "a subject who withdraws consent before randomisation",
    "a missed visit, with its reason",
    "a pain score that was not done, with its reason",
    "a subject lost to follow-up and one who withdraws after treatment",
    "an unscheduled visit; a contact mode that is no CDISC term",
    "a visit row exported twice",
    "an impossible date (2026-02-30) and a start date without day",
    "a severity that is no CDISC term",
    "an adverse event under a mistyped subject number",
    "a comment over 200 characters, with accents and a sign that is not ASCII",
)

FORMS: dict[str, tuple[str, ...]] = {
    "screening": (
        *("site", "subjid", "event", "scr_date", "icf_date", "icf_time", "birth_date", "sex"),
        *("race___1", "race___2", "race___3", "race___4", "race___5", "race___6", "race___7"),
        *("affected_side", "symptom_months", "in02", "in03", "ex01", "ex02"),
        *("form_status", "origin"),
    ),
    "diagnostic": (
        *("site", "subjid", "event", "inj_date", "inj_time", "side", "us_guided", "agent"),
        *("volume_ml", "pain_pre", "pain_pre_time", "pain_1h", "pain_1h_time", "red_1h"),
        *("responder", "form_status", "origin"),
    ),
    "randomisation": (
        *("site", "subjid", "event", "rand_date", "rand_time", "rand_no", "arm"),
        *("form_status", "origin"),
    ),
    "treatment": (
        *("site", "subjid", "event", "trt_date", "trt_start", "trt_end", "procedure", "side"),
        *("us_guided", "product", "volume_ml", "needle_gauge", "operator"),
        *("form_status", "origin"),
    ),
    "visits": (
        *("site", "subjid", "event", "visit_done", "visit_reason", "visit_date", "visit_time"),
        *("contact", "assessor_blinded", "pain", "pain_nd", "pain_nd_reason", "red_pct"),
        *("improvement", "form_status", "origin"),
    ),
    "adverse_events": (
        *("site", "subjid", "ae_no", "ae_term", "ae_llt", "ae_pt", "ae_soc", "ae_start"),
        *(
            "ae_time",
            "ae_end",
            "ongoing",
            "severity",
            "serious",
            "sae___1",
            "sae___2",
            "sae___3",
            "sae___4",
            "sae___5",
        ),
        *("sae___6", "related", "outcome", "treated", "form_status", "origin"),
    ),
    "comments": (
        *("site", "subjid", "event", "comment_date", "about", "comment", "form_status", "origin"),
    ),
    "disposition": (
        *("site", "subjid", "ds_date", "ds_status", "ds_detail", "last_contact"),
        *("form_status", "origin"),
    ),
}

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
RACES = {"white": 1, "black": 2, "asian": 3, "native": 4, "pacific": 5, "other": 6, "unknown": 7}
ARMS = {"A": "A - Interfascial hydrodissection", "B": "B - Dry needling"}
IMPROVEMENT = (
    "Very much improved",
    "Much improved",
    "Minimally improved",
    "No change",
    "Minimally worse",
    "Much worse",
    "Very much worse",
)
FOLLOW_UPS = (("1W", 7, 1), ("1M", 30, 3), ("3M", 90, 4))
"""Event, days after treatment, latest day of the window in days after that."""

RELIEF = {
    "A": {"1H": 0.60, "1W": 0.55, "1M": 0.62, "3M": 0.66},
    "B": {"1H": 0.45, "1W": 0.48, "1M": 0.40, "3M": 0.30},
}
"""Mean share of the baseline pain that is gone, by arm and event: invented, no finding."""

GENERAL_SOC = "General disorders and administration site conditions"
NERVOUS_SOC = "Nervous system disorders"
EVENTS = (
    ("Pain where the needle went in", "Injection site pain", "Injection site pain", GENERAL_SOC),
    ("Bruise on the buttock", "Injection site bruising", "Injection site bruising", GENERAL_SOC),
    ("Numb feeling in the leg", "Numbness in leg", "Hypoaesthesia", NERVOUS_SOC),
    ("Dizzy after the procedure", "Dizziness", "Dizziness", NERVOUS_SOC),
    ("İğne yerinde ağrı (soreness)", "Injection site pain", "Injection site pain", GENERAL_SOC),
)
LONG_COMMENT = (
    "Patient says that two days ago the gluteal pain came back for one evening after a bus ride of "
    "≥ 6 hours from Muğla to İstanbul, was gone the next morning without any medicine, and that "
    "nothing else was unusual. Not reported as an adverse event: the investigator judges it to be "
    "part of the condition under study. Score of that evening as remembered: about 6."
)

Row = dict[str, str]
T = TypeVar("T")


def pick(random: Random, among: Sequence[T]) -> T:
    """One of `among`. Only `Random.random` promises the same numbers in every Python."""
    return among[int(random.random() * len(among))]


def between(random: Random, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both included."""
    return low + int(random.random() * (high - low + 1))


def shuffled(random: Random, among: Sequence[T]) -> list[T]:
    """The same things in another order."""
    rest = list(among)
    return [rest.pop(int(random.random() * len(rest))) for _ in among]


def workday(day: date) -> date:
    """The day itself, or the next that is no weekend and no holiday in Türkiye."""
    while day.weekday() > 4 or (day.month, day.day) in HOLIDAYS:
        day += timedelta(days=1)
    return day


def dotted(day: date) -> str:
    """Day, month and year with dots, as the screening form has them."""
    return day.strftime("%d.%m.%Y")


def tenths(before: int, after: int) -> str:
    """The percentage by which a score fell, with one decimal, half up: the EDC's own field."""
    lost = abs(before - after) * 1000
    shown = (2 * lost + before) // (2 * before)
    sign = "-" if after > before and shown else ""
    return f"{sign}{shown // 10}.{shown % 10}"


def improvement(before: int, after: int) -> str:
    """The seven-point global rating that goes with a change of the score."""
    share = (before - after) / before
    for rating, limit in enumerate((0.8, 0.5, 0.2, -0.1, -0.3, -0.6)):
        if share >= limit:
            return IMPROVEMENT[rating]
    return IMPROVEMENT[-1]


@dataclass(slots=True)
class Person:
    """An invented subject on the way through the trial; `rows` are what the EDC holds of them."""

    random: Random
    number: int
    place: int
    width: int
    fate: str
    arm: str | None
    consent: date
    rows: list[tuple[str, Row]] = field(default_factory=list)
    adverse_events: int = 0

    @property
    def subjid(self) -> str:
        """The number that the site gives."""
        return f"{SITE}-{self.number:0{self.width}d}"

    def write(self, form: str, **values: str) -> None:
        """Add a row to a form; the columns that every form has are filled."""
        row = {"site": SITE, "subjid": self.subjid, "form_status": "Complete", "origin": ORIGIN}
        self.rows.append((form, {**row, **values}))


def clock(moment: time | datetime) -> str:
    """Hours and minutes."""
    return moment.strftime("%H:%M")


def birth_date(person: Person) -> str:
    """A birth date with three-letter month; some lack the day (UN) or the month too (UNK)."""
    random = person.random
    year, month, day = between(random, 1962, 2003), between(random, 1, 12), between(random, 1, 28)
    parts = f"{day:02d}", MONTHS[month - 1], str(year)
    unknown_parts = {4: 1, 17: 1, 29: 2, 41: 1}.get(person.place, 0)
    return "-".join(("UN", "UNK")[:unknown_parts] + parts[unknown_parts:])


def screening(person: Person) -> None:
    """Consent, demography and the answers on eligibility."""
    random = person.random
    races = {3: ["white", "asian"], 22: ["unknown"], 36: ["white", "other"]}.get(
        person.place, ["white"] if random.random() < 0.94 else ["asian"]
    )
    ticked = {f"race___{code}": "1" if race in races else "0" for race, code in RACES.items()}
    person.write(
        "screening",
        event="SCR",
        scr_date=dotted(person.consent),
        icf_date=dotted(person.consent),
        icf_time=clock(time(between(random, 8, 11), between(random, 0, 59))),
        birth_date=birth_date(person),
        sex="1" if random.random() < 0.62 else "2",
        affected_side=pick(random, ("Right", "Left")),
        symptom_months=str(between(random, 3, 48)),
        in02="1",
        in03="1",
        ex01="1" if person.fate == "excluded" else "0",
        ex02="0",
        **ticked,
    )


def diagnostic(person: Person, side: str) -> date:
    """The diagnostic injection and the score before and one hour after it; returns its date."""
    random = person.random
    day = workday(person.consent + timedelta(days=between(random, 1, 6)))
    before = between(random, 5, 9)
    if person.fate == "no response":
        after = between(random, before // 2 + 1, before)
    else:
        after = between(random, 0, before // 2)
    given = datetime.combine(day, time(between(random, 9, 14), between(random, 0, 59)))
    person.write(
        "diagnostic",
        event="DX",
        inj_date=day.isoformat(),
        inj_time=clock(given),
        side=side,
        us_guided="1",
        agent="Lidocaine 1 %",
        volume_ml="5",
        pain_pre=str(before),
        pain_pre_time=clock(given - timedelta(minutes=between(random, 5, 20))),
        pain_1h=str(after),
        pain_1h_time=clock(given + timedelta(minutes=60 + between(random, -4, 6))),
        red_1h=tenths(before, after),
        responder="1" if 2 * after <= before else "0",
    )
    return day


def treatment(person: Person, day: date, side: str) -> datetime:
    """Randomisation and the study treatment; returns when the treatment ended."""
    random = person.random
    assert person.arm is not None
    person.write(
        "randomisation",
        event="TX",
        rand_date=day.isoformat(),
        rand_time=clock(time(8, between(random, 0, 59))),
        rand_no=f"R{person.number:0{person.width + 1}d}",
        arm=ARMS[person.arm],
    )
    start = datetime.combine(day, time(between(random, 9, 15), between(random, 30, 59)))
    end = start + timedelta(minutes=between(random, 10, 25))
    hydrodissection = person.arm == "A"
    person.write(
        "treatment",
        event="TX",
        trt_date=day.isoformat(),
        trt_start=clock(start),
        trt_end=clock(end),
        procedure="Hydrodissection" if hydrodissection else "Dry needling",
        side=side,
        us_guided="1",
        product="Dextrose 10 %" if hydrodissection else "",
        volume_ml=pick(random, ("20", "20", "20", "18.5")) if hydrodissection else "",
        needle_gauge="22" if hydrodissection else "25",
        operator=pick(random, ("OP1", "OP2")),
    )
    person.write(
        "visits",
        event="BL",
        visit_done="1",
        visit_date=day.isoformat(),
        visit_time=clock(start - timedelta(minutes=between(random, 10, 25))),
        contact="Clinic",
        assessor_blinded="1",
        pain=str(between(random, 5, 9)),
        pain_nd="0",
    )
    return end


def score(person: Person, event: str, baseline: int) -> int:
    """A pain score after treatment, 0 to 10."""
    assert person.arm is not None
    spread = sum(person.random.random() for _ in range(4)) / 2 - 1
    left = baseline * (1 - RELIEF[person.arm][event] + 0.45 * spread)
    return min(10, max(0, int(left + 0.5)))


def assessment(person: Person, event: str, when: date, at: str, baseline: int) -> Row:
    """The answers of one assessment after treatment."""
    now = score(person, event if event in RELIEF["A"] else "1W", baseline)
    return {
        "event": event,
        "visit_done": "1",
        "visit_date": when.isoformat(),
        "visit_time": at,
        "contact": "Clinic",
        "assessor_blinded": "1",
        "pain": str(now),
        "pain_nd": "0",
        "red_pct": tenths(baseline, now),
        "improvement": improvement(baseline, now),
    }


def follow_up(person: Person, ended: datetime, baseline: int) -> date:
    """The visits after treatment; returns the last contact."""
    random = person.random
    hour = ended + timedelta(minutes=60 + between(random, -5, 8))
    first = assessment(person, "1H", hour.date(), clock(hour), baseline)
    if person.place == 12:
        first["assessor_blinded"] = "0"
    person.write("visits", **first)
    last = hour.date()
    missed = {"lost": ("3M",), "withdrawn": ("1M", "3M")}
    for event, days, window in FOLLOW_UPS:
        when = workday(ended.date() + timedelta(days=days + between(random, 0, window)))
        at = clock(time(between(random, 9, 16), between(random, 0, 59)))
        row = assessment(person, event, when, at, baseline)
        if (person.place, event) == (19, "1W"):
            person.write(
                "visits",
                event=event,
                visit_done="0",
                visit_reason="Could not travel because of snow",
                form_status="Incomplete",
            )
            continue
        if event in missed.get(person.fate, ()):
            break
        if (person.place, event) == (26, "1M"):
            row |= {"pain": "", "pain_nd": "1", "red_pct": ""}
            row["pain_nd_reason"] = "Patient left before the score was asked"
        if (person.place, event) == (33, "3M"):
            row |= {"contact": "Video call", "visit_time": ""}
        elif event != "1W" and random.random() < 0.1:
            row |= {"contact": "Telephone", "visit_time": ""}
        person.write("visits", **row)
        if (person.place, event) == (8, "1M"):
            person.write("visits", **row)
        last = when
        if (person.place, event) == (31, "1W"):
            last = workday(when + timedelta(days=5))
            person.write("visits", **assessment(person, "UNS", last, "11:20", baseline))
    return last


def adverse_event(
    person: Person, start: str, end: str, kind: int | None = None, **more: str
) -> None:
    """One adverse event; `kind` picks from EVENTS, else chance does."""
    chosen = EVENTS[kind] if kind is not None else pick(person.random, EVENTS)
    term, llt, preferred, organ_class = chosen
    person.adverse_events += 1
    given = {
        "ae_no": str(person.adverse_events),
        "ae_term": term,
        "ae_llt": llt,
        "ae_pt": preferred,
        "ae_soc": organ_class,
        "ae_start": start,
        "ae_end": end,
        "ongoing": "0" if end else "1",
        "severity": pick(person.random, ("Mild", "Mild", "Mild", "Moderate")),
        "serious": "0",
        **{f"sae___{number}": "0" for number in range(1, 7)},
        "related": pick(person.random, ("Related", "Possibly related")),
        "outcome": "Recovered" if end else "Not recovered",
        "treated": "0",
    }
    person.write("adverse_events", **{**given, **more})


def adverse_events(person: Person, ended: datetime, last: date) -> None:
    """What happened after the treatment; the form asks for a time on the day of treatment only."""
    random = person.random
    treated = ended.date()
    day = treated.isoformat()
    at = clock(ended + timedelta(minutes=between(random, 10, 300)))
    if person.place == 32:
        no_such_day = "30" if treated.month == 2 else "32"
        adverse_event(person, day, f"{day[:7]}-{no_such_day}", kind=1, ae_time=at)
    elif person.place == 15:
        adverse_event(person, day, "", kind=0, severity="Mild to moderate", ae_time=at)
    elif person.place == 24:
        adverse_event(person, day[:7], last.isoformat(), kind=2)
    elif person.place == 38:
        begin = treated + timedelta(days=20)
        person_ill = ("Appendicitis, operated", "Appendicitis", "Appendicitis")
        adverse_event(
            person,
            begin.isoformat(),
            (begin + timedelta(days=6)).isoformat(),
            ae_term=person_ill[0],
            ae_llt=person_ill[1],
            ae_pt=person_ill[2],
            ae_soc="Infections and infestations",
            severity="Severe",
            serious="1",
            sae___3="1",
            related="Not related",
            treated="1",
        )
    elif random.random() < (0.25 if person.arm == "A" else 0.35):
        begin = treated + timedelta(days=between(random, 0, 1))
        end = min(last, begin + timedelta(days=between(random, 0, 5)))
        time_of_day = at if begin == treated else ""
        adverse_event(person, begin.isoformat(), end.isoformat(), ae_time=time_of_day)
    if person.place == 27:
        adverse_event(person, day, day, kind=3, ae_time=at)
        form, row = person.rows[-1]
        person.rows[-1] = form, {**row, "site": "02", "subjid": "02" + person.subjid[2:]}


def comments(person: Person, last: date) -> None:
    """Free text that somebody wrote beside a form."""
    remarks = {
        2: ("SCR", "screening", "Consent form in Turkish, version of December 2025."),
        10: ("1W", "visits", LONG_COMMENT),
        23: ("TX", "treatment", "Needle repositioned once; procedure otherwise as planned."),
        26: ("1M", "visits", "Score not asked: patient had to leave for the school run."),
        34: (
            "3M",
            "visits",
            "Pain score ≥ 4 only when sitting on hard chairs, not on a cushion (köy sandalyesi).",
        ),
    }
    if person.place in remarks:
        event, about, text = remarks[person.place]
        days = {
            row["event"]: row.get("visit_date") or row.get("trt_date") or person.consent.isoformat()
            for _, row in person.rows
            if "event" in row
        }
        day = days.get(event, last.isoformat())
        person.write("comments", event=event, comment_date=day, about=about, comment=text)


def disposition(person: Person, last: date) -> None:
    """How the subject left the trial."""
    status, detail = {
        "completes": ("Completed the study", ""),
        "no response": ("Screen failure", "Less than 50 % pain reduction after the injection"),
        "excluded": ("Screen failure", "Gluteal injection in the past 3 months"),
        "reconsiders": ("Withdrew consent", "Does not want another injection"),
        "lost": ("Lost to follow-up", "Moved away, three calls without answer"),
        "withdrawn": ("Withdrew consent", "No time for further visits"),
    }[person.fate]
    left = last + timedelta(days=30) if person.fate == "lost" else last
    person.write(
        "disposition",
        ds_date=left.isoformat(),
        ds_status=status,
        ds_detail=detail,
        last_contact=last.isoformat(),
    )


def live(person: Person) -> list[tuple[str, Row]]:
    """The rows that one subject leaves in the forms."""
    random = person.random
    screening(person)
    side = person.rows[-1][1]["affected_side"]
    last = person.consent
    if person.fate != "excluded":
        last = diagnostic(person, side)
    if person.arm is not None:
        treated = workday(last + timedelta(days=between(random, 3, 7)))
        ended = treatment(person, treated, side)
        baseline = int(person.rows[-1][1]["pain"])
        last = follow_up(person, ended, baseline)
        adverse_events(person, ended, last)
    comments(person, last)
    disposition(person, last)
    return person.rows


def people(factor: int) -> Iterator[Person]:
    """The subjects of `factor` blocks of 50, in the order in which they consent."""
    total = SCREENED * factor
    width = max(3, len(str(total)))
    for block in range(factor):
        random = Random(SEED + block)
        failing = dict.fromkeys((5, 11, 18, 30, 39, 45), "no response")
        fates = {**failing, 21: "excluded", 48: "reconsiders", 14: "lost", 43: "withdrawn"}
        arms = [arm for _ in range(RANDOMISED // 6) for arm in shuffled(random, "AAABBB")]
        for place in range(1, SCREENED + 1):
            number = block * SCREENED + place
            fate = fates.get(place, "completes")
            randomised = fate in ("completes", "lost", "withdrawn")
            consent = FIRST_CONSENT + timedelta(days=(number - 1) * CONSENT_DAYS // total)
            yield Person(
                random=random,
                number=number,
                place=place,
                width=width,
                fate=fate,
                arm=arms.pop(0) if randomised else None,
                consent=workday(consent),
            )


def write(folder: Path, factor: int = 1) -> None:
    """Write every form's CSV into `folder` (made when missing), a subject at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as open_files:
        put: dict[str, Callable[[Sequence[str]], object]] = {}
        for form, columns in FORMS.items():
            path = folder / f"{form}.csv"
            file = open_files.enter_context(path.open("w", encoding="utf-8", newline=""))
            put[form] = csv.writer(file, lineterminator="\n").writerow
            put[form](columns)
        for person in people(factor):
            for form, row in live(person):
                put[form]([row.get(column, "") for column in FORMS[form]])


def main() -> None:
    """The command line."""
    example = Path(__file__).resolve().parent.parent / "examples" / "NCT07326982" / "records"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--factor", type=int, default=1, help="how many blocks of 50 screened")
    parser.add_argument("-o", "--output", type=Path, default=example, help="folder for the CSVs")
    given = parser.parse_args()
    if given.factor < 1:
        parser.error("--factor: a whole number from 1")
    if given.factor > 1 and given.output == example:
        parser.error("--factor: name a folder with -o, the example itself has factor 1")
    write(given.output, given.factor)


if __name__ == "__main__":
    main()
