"""The exports of an invented trial with more than thirty forms, in as many habits of writing.

Vital signs and haematology are drawn from a seeded generator (the tests reckon what becomes of
them by another way); the other forms are written out, so that a reader can see what is expected.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date as a_day
from decimal import Decimal
from pathlib import Path
from random import Random

SUBJECTS = ("01-001", "01-002", "01-003", "02-001", "02-002", "02-003")
TREATED = SUBJECTS[:5]
COMPLETERS = SUBJECTS[:3]
VISITS = (("SCR", "2026-01-05"), ("W0", "2026-01-19"), ("W4", "2026-02-16"))


def visits_of(subject: str) -> tuple[tuple[str, str], ...]:
    """The visits that a subject came to: one died and one was on holiday before week 4."""
    return VISITS[: 3 if subject in COMPLETERS else 2 if subject in TREATED else 1]


@dataclass(frozen=True)
class Vital:
    """One row of the vital signs' form."""

    subject: str
    visit: str
    date: str
    sysbp: int
    pulse: int
    weight: Decimal
    unit: str
    fahrenheit: Decimal


def vitals() -> list[Vital]:
    """Blood pressure, pulse, weight in pounds (site 02) or kilograms, temperature in Fahrenheit."""
    random = Random(20260105)
    found = []
    for subject in SUBJECTS:
        for visit, date in visits_of(subject):
            tenths = random.randrange(500, 1100)
            # Steps of 0.9 °F are steps of 0.5 °C.
            fahrenheit = Decimal("97.7") + random.randrange(0, 4) * Decimal("0.9")
            unit = "kg" if subject.startswith("01") else "lb"
            found.append(
                Vital(
                    subject,
                    visit,
                    date,
                    random.randrange(100, 160),
                    random.randrange(55, 95),
                    Decimal(tenths) / 10 * (1 if unit == "kg" else 2),
                    unit,
                    fahrenheit,
                )
            )
    return found


@dataclass(frozen=True)
class Blood:
    """One row of the haematology's form: whole and decimal results by column."""

    subject: str
    visit: str
    date: str
    haemoglobin: Decimal
    platelets: int


def bloods() -> list[Blood]:
    """Haemoglobin in g/dL with one digit, platelets in 10^9/L."""
    random = Random(20260116)
    return [
        Blood(subject, visit, date, Decimal(random.randrange(100, 170)) / 10, random.randrange(400))
        for subject in TREATED
        for visit, date in visits_of(subject)
    ]


VITALS, BLOODS = vitals(), bloods()

FORMS = {
    "demog.csv": """\
SUBJ,SITE,BD,BM,BY,SEX,RACE___1,RACE___2,RACE___3,RACE___9,ETHNIC,INIT
01-001,01,15,MAR,1980,1,1,0,0,0,2,AB
01-002,01,UN,JUL,1975,2,0,1,0,0,1,CD
01-003,01,,,1990,1,1,0,1,0,k.A.,EF
02-001,02,1,JAN,1968,2,0,0,0,1,2,GH
02-002,02,29,FEB,1972,2,1,0,0,0,n.d.,IJ
02-003,02,30,NOV,1999,1,0,0,0,0,bilinmiyor,KL
""",
    # Without subjects, joined by the site; decimal and delimiter of another country.
    "sites.csv": "SITE;LAND;PI_NO;PI_NAME\n01;TUR;I01;YILMAZ\n02;DEU;I02;SCHMIDT\n",
    "consent.csv": "SUBJ,IC_DATE,IC_TIME\n"
    + "".join(f"{one},05.01.2026,{hour:02d}:30 am\n" for hour, one in enumerate(SUBJECTS, 6)),
    "rand.csv": "SUBJ,RDATE,ARM,LIST_NO\n"
    + "".join(
        f"{one},2026-01-19,{'A' if number % 2 else 'P'},R{number}\n"
        for number, one in enumerate(TREATED, 1)
    ),
    "elig_in.csv": "SUBJ,IC1,IC2\n"
    + "".join(f"{one},Y,{'N' if one == '02-003' else 'Y'}\n" for one in SUBJECTS),
    "elig_ex.csv": "SUBJ,EC1\n" + "".join(f"{one},N\n" for one in SUBJECTS),
    "medhx.csv": """\
SUBJ,LINE,CONDITION,PT,SINCE,ONGOING
01-001,1,High blood pressure,Hypertension,2015,1
01-001,2,Appendicitis,Appendicitis,06/2001,0
01-002,1,Migraine,Migraine,--/--/1999,1
02-002,1,Astma,Asthma,21/12/2010,NA
""",
    "surgery.csv": "SUBJ,OP,WHEN\n01-001,Appendectomy,2001-06-03\n02-001,Knee replacement,2019\n",
    "conmed.csv": """\
SUBJ;NO;MED;DOSIS;EINHEIT;WEG;VON;BIS;LAEUFT
01-001;1;Ramipril;2,5;mg;ORAL;10.01.2015;;1
01-001;2;Paracetamol;1000;mg;oral;20.02.2026;22.02.2026;0
02-002;1;Salbutamol;0,1;mg;INHAL;12.2010;;1
""",
    "prior_med.csv": "SUBJ,MED,STOPPED\n01-002,Sumatriptan,2025-12\n02-001,Ibuprofen,2025-11-30\n",
    "vitals_uns.csv": """\
PATIENT,VISIT,DT,PULSE,WHY
01-001,U1,2026-02-02T09:15,101,Palpitations
01-003,U1,2026-02-03T10:00,.,Headache
""",
    "urine.csv": """\
SUBJ,VISIT,DT,UPROT,UGLUC
01-001,SCR,2026-01-05,neg,neg
01-002,SCR,2026-01-05,+,NEG
01-003,SCR,2026-01-05,trace,++
02-001,SCR,2026-01-05,k.A.,k.A.
""",
    "ecg.csv": """\
SUBJ,VISIT,E_DATE,E_TIME,HR,QT,FINDING,ND,ND_WHY
01-001,SCR,2026-01-05,08:10:30,64,402,Normal,0,
01-002,SCR,2026-01-05,09:05:00,71,398,Abnormal,0,
01-003,SCR,,,,,,1,Machine broken
02-001,SCR,2026-01-05,,58,411,Normal,,
""",
    "physexam.csv": """\
SUBJ,VISIT,DT,HEAD,HEART,SKIN,SKIN_TXT
01-001,SCR,2026-01-05,N,N,A,Rash on the left arm
01-002,SCR,2026-01-05,N,N,N,
02-001,SCR,2026-01-05,ND,N,N,
""",
    "drugacc.csv": """\
SUBJ,VISIT,DT,GIVEN,BACK
01-001,W0,2026-01-19,60,
01-001,W4,2026-02-16,60,3
01-002,W0,2026-01-19,60,
01-002,W4,2026-02-16,60,10
""",
    "dosing.csv": "SUBJ,VISIT,KIT,START,STOP,TABLETS\n"
    + "".join(
        f"{one},W0,K{number},2026-01-19 08:{number:02d},2026-02-{15 if number < 4 else '09'},2\n"
        for number, one in enumerate(TREATED, 1)
    ),
    "disp.csv": "SUBJ,STATUS,ENDED,WHY\n"
    + "".join(f"{one},completed,2026-02-20,\n" for one in COMPLETERS)
    + "02-001,dead,2026-02-10,\n02-002,consent,2026-02-18,Moved to another town\n"
    + "02-003,screen,2026-01-06,\n",
    "substance.csv": """\
SUBJ,TOBACCO,TOB_N,ALCOHOL,ALC_N,UNIT
01-001,CURRENT,10,NEVER,,GLASS
01-002,NEVER,,CURRENT,2,GLASS
02-001,FORMER,20,,,GLASS
""",
    "deviations.csv": "SUBJ,DEV_NO,SAID,CODE,ON\n"
    "01-002,1,Visit at week 4 two days late,LATE,2026-02-18\n"
    "02-001,1,Took the wrong kit,DRUG,20260120\n",
    "ae.csv": """\
SUBJ,AE_NO,TERM,PT,SOC,Y,M,D,END,SEV,SER,REL,OUTC,SAE___1,SAE___2,SEEN
01-001,1,Headache,Headache,Nervous system disorders,2026,02,03,2026-02-04,1,0,2,1,0,0,W4
01-001,2,Rash on arm,Rash,Skin disorders,2026,02,,,2,0,3,3,0,0,W4
01-003,1,Vertigo,Vertigo,Ear disorders,2026,,,,1,0,1,9,0,0,W4
02-001,1,Heart attack,Myocardial infarction,Cardiac disorders,2026,02,10,2026-02-10,3,1,1,5,1,1,W4
""",
    "ae_rash.csv": "SUBJ,AE_NO,ITCH,AREA\n01-001,2,Y,12\n",
    "qs.csv": """\
SUBJ,VISIT,DT,Q1,Q2,Q_ND,Q_WHY
01-001,W0,2026-01-19,3,4,0,
01-001,W4,2026-02-16,1,2,0,
01-002,W0,2026-01-19,2,k.A.,0,
01-002,W4,2026-02-18,,,1,Patient refused
02-001,W0,2026-01-19,4,4,0,
""",
    "procedures.csv": "SUBJ,WHAT,ON,SIDE\n01-001,MRI of the knee,2026-02-01,L\n"
    "02-001,Coronary angiography,2026-02-10,\n",
    "remarks.csv": "SUBJ,ABOUT,TEXT,ON\n"
    f"01-002,VISITS,{'The patient came by bus and was late. ' * 6}End,2026-02-18\n"
    "02-002,GENERAL,Moves house,2026-02-17\n",
    "visitlog.csv": "SUBJ,VISIT,ON,DONE,WHY_NOT\n"
    + "".join(f"{one},{visit},{date},1,\n" for one in SUBJECTS for visit, date in visits_of(one))
    + "02-002,W4,,0,On holiday\n01-001,U1,2026-02-02,1,\n",
    "deaths.csv": "SUBJ,ON,CAUSE\n02-001,2026-02-10T14:20,Myocardial infarction\n",
    "subjchar.csv": "SUBJ,MARRIED,YEARS\n01-001,1,12\n01-002,2,16\n02-002,1,k.A.\n",
    "hospital.csv": "SUBJ,WARD,IN,OUT\n02-001,INTENSIVE CARE UNIT,2026-02-10,2026-02-10\n",
    "events.csv": "SUBJ,FALL,FALL_ON,FRACTURE\n01-001,0,,0\n01-002,1,2026-02-08,0\n",
    "meals.csv": "SUBJ,VISIT,MEAL,AT\n01-001,W0,BREAKFAST,2026-01-19T07:30\n"
    "01-002,W0,BREAKFAST,2026-01-19T07:45\n",
    "repro.csv": "SUBJ,VISIT,DT,MENO,LMP\n01-001,SCR,2026-01-05,N,2025-12\n"
    "01-003,SCR,2026-01-05,Y,\n",
}
"""The forms that are delimited text and written out, by file."""


def chemistry() -> list[list[object]]:
    """The workbook's sheet: one row a result, dates as Excel keeps them."""
    day = a_day(2026, 1, 5)
    later = a_day(2026, 2, 16)
    return [
        ["SUBJ", "VISIT_NAME", "SAMPLED", "TEST", "RESULT", "UNIT", "LOW", "HIGH"],
        ["01-001", "Baseline", day, "Glucose", 90, "mg/dL", 70, 99],
        ["01-001", "Baseline", day, "Creatinine", 0.9, "mg/dL", 0.6, 1.2],
        ["01-001", "Week 4", later, "Glucose", 126, "mg/dL", 70, 99],
        ["01-002", "Baseline", day, "Glucose", 5.1, "mmol/L", 3.9, 5.5],
        ["01-002", "Baseline", day, "Creatinine", "<0.2", "mg/dL", 0.6, 1.2],
        ["02-001", "Baseline", day, "Glucose", "NA", "mg/dL", 70, 99],
    ]


def write(folder: Path) -> None:
    """Write every export into a folder."""
    folder.mkdir(parents=True)
    for name, text in FORMS.items():
        (folder / name).write_text(text, encoding="utf-8")
    with (folder / "vitals.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        header = "SUBJ VISIT V_DATE V_TIME SYSBP PULSE WEIGHT WT_UNIT TEMP_F HEIGHT"
        out.writerow(header.split())
        for one in VITALS:
            height = 170 if one.visit == "SCR" else ""
            weight, unit = f"{one.weight:f}", one.unit
            row = [one.sysbp, one.pulse, weight, unit, one.fahrenheit, height]
            out.writerow([one.subject, one.visit, one.date, "8:05", *row])
    with (folder / "haematology.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["SUBJ", "VISIT", "DATUM", "HGB", "PLT"])
        for one in BLOODS:
            decimal = f"{one.haemoglobin}".replace(".", ",")
            out.writerow([one.subject, one.visit, one.date, decimal, one.platelets])
    _write_workbook(folder / "chemistry.xlsx")


def _write_workbook(path: Path) -> None:
    from openpyxl import Workbook

    workbook = Workbook()
    workbook.active.title = "Read me"
    workbook.active.append(["Results of the central laboratory"])
    sheet = workbook.create_sheet("Results")
    for row in chemistry():
        sheet.append(row)
    workbook.save(path)
