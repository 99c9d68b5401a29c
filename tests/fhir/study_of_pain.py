"""A small invented trial for the FHIR tests: two sites, two arms, four subjects, many traps."""

# ruff: noqa: E501 # a record a line reads as the table it is

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from trialect.protocol import (
    Arm,
    ArmElement,
    Contact,
    Criterion,
    Design,
    Element,
    Eligibility,
    Intervention,
    Outcome,
    Registration,
    Site,
    Sponsor,
    StudyDate,
    Visit,
)
from trialect.study_options import FhirOptions
from trialect.trial import Study

BASE = "https://trials.example.org/PAIN1"

CODES = {"PI0101": ("72514-3", "1172399009"), "PR0101": (None, None)}

STUDY = Study(
    studyid="PAIN1",
    title="Hydrodissection or dry needling: ≥50 % less pain",
    sponsor=Sponsor("Example University", "OTHER"),
    invented="Invented records; nobody took part.",
    registrations=(Registration("NCT00000000", "ClinicalTrials.gov"), Registration("7", "Other")),
    contacts=(Contact("A. Contact", "Study chair", "+90 1", "contact@example.org"),),
    status="NOT_YET_RECRUITING",
    start=StudyDate("2025-12"),
    completion=StudyDate("2026-06-22"),
    conditions=("Piriformis Syndrome", "Gluteus Maximus Myofascial Pain"),
    keywords=("pain",),
    summary="A summary.",
    design=Design("INTERVENTIONAL", "RANDOMIZED", "PARALLEL", "DOUBLE", ("PARTICIPANT",), "TREATMENT", ("NA",)),
    eligibility=Eligibility("18 Years", "65 Years", "FEMALE", False),
    interventions=(
        Intervention("Interfascial hydrodissection", "PROCEDURE", treatment="HYDRODISSECTION"),
        Intervention("Gluteus maximus dry needling", "PROCEDURE", treatment="DRY NEEDLING"),
    ),
    arms=(
        Arm("HYDRO", "Hydrodissection", "EXPERIMENTAL", "10 % dextrose", ("Interfascial hydrodissection",), (ArmElement("SCR", "SCREENING"), ArmElement("TRT-H", "TREATMENT"), ArmElement("FU", "FOLLOW-UP"))),
        Arm("NEEDLE", "Dry needling", "ACTIVE_COMPARATOR", None, ("Gluteus maximus dry needling",), (ArmElement("SCR", "SCREENING", "Randomised"), ArmElement("TRT-N", "TREATMENT"), ArmElement("FU", "FOLLOW-UP"))),
    ),
    elements=(
        Element("SCR", "Screening", "Informed consent"),
        Element("TRT-H", "Hydrodissection treatment", "First injection", duration="P1D"),
        Element("TRT-N", "Needling treatment", "First needle"),
        Element("FU", "Follow-up", "Day after treatment", "Last visit"),
    ),
    visits=(
        Visit(1, "SCREENING", -7, "Consent"),
        Visit(2, "TREATMENT", 1, "Randomised"),
        Visit(3, "WEEK 1", 8, "A week later", "Assessed"),
        Visit(4, "EXTRA NEEDLE", 15, "Only arm B", arm="NEEDLE"),
    ),
    criteria=(
        Criterion("IN01", "INCLUSION", "≥50 % pain reduction"),
        Criterion("EX01", "EXCLUSION", "Pregnancy"),
    ),
    outcomes=(Outcome("PRIMARY", "Pain score", "3 months"), Outcome("OTHER", "Improvement")),
    sites=(
        Site("01", "Clinic of İstanbul", "Europe/Istanbul", "TUR", "İstanbul", "I. Vestigator", "7"),
        Site("02", "Clinic of Berlin", "Europe/Berlin", "DEU"),
    ),
    fhir=FhirOptions(base=BASE, bundle_subjects=2),
)  # fmt: skip


def study(**changes: Any) -> Study:
    """The study with other facts."""
    return replace(STUDY, **changes)


def frame(columns: str, *rows: tuple[Any, ...]) -> pl.DataFrame:
    """A domain: numbers are Float64, everything else String."""
    names = columns.split()
    numbers = {
        name
        for place, name in enumerate(names)
        if any(isinstance(row[place], int | float) for row in rows)
    }
    schema = {name: pl.Float64 if name in numbers else pl.String for name in names}
    return pl.DataFrame(
        [[float(v) if n in numbers and v is not None else v for n, v in zip(names, row, strict=True)] for row in rows],
        schema=schema,
        orient="row",
    )  # fmt: skip


S1, S2, S3, S4 = (f"PAIN1-0{n}" for n in range(1, 5))


def frames() -> dict[str, pl.DataFrame]:
    """The domains of four subjects: treated, treated, screen failure, still in screening."""
    return {
        "DM": frame(
            "STUDYID DOMAIN USUBJID SUBJID SITEID SEX BRTHDTC RACE ETHNIC ARM ARMCD ACTARM ACTARMCD ARMNRS RFICDTC RFPENDTC @form",
            ("PAIN1", "DM", S1, "01", "01", "F", "1980-05-17", "WHITE", "NOT HISPANIC OR LATINO", "Hydrodissection", "HYDRO", "Hydrodissection", "HYDRO", None, "2025-12-25T09:30", "2026-04-01", "screening"),
            ("PAIN1", "DM", S2, "02", "02", "M", "1975", "ASIAN", None, "Dry needling", "NEEDLE", "Dry needling", "NEEDLE", None, "2025-12-26", "2026-02-01", "screening"),
            ("PAIN1", "DM", S3, "03", "01", "U", "1990-03", "OTHER", None, None, None, None, None, "SCREEN FAILURE", "2025-12-27", None, "screening"),
            ("PAIN1", "DM", S4, "04", "01", "F", None, None, None, None, None, None, None, None, None, None, "screening"),
        ),
        "DS": frame(
            "USUBJID DSSEQ DSTERM DSDECOD DSCAT EPOCH DSSTDTC",
            (S1, 1, "Informed consent", "INFORMED CONSENT OBTAINED", "PROTOCOL MILESTONE", "SCREENING", "2025-12-25T09:30"),
            (S1, 2, "Randomised", "RANDOMIZED", "PROTOCOL MILESTONE", "TREATMENT", "2026-01-05T08:00"),
            (S1, 3, "Completed", "COMPLETED", "DISPOSITION EVENT", "FOLLOW-UP", "2026-04-01"),
            (S2, 1, "Randomised", "RANDOMIZED", "PROTOCOL MILESTONE", "TREATMENT", "2026-01-06"),
            (S2, 2, "Completed", "COMPLETED", "DISPOSITION EVENT", "SCREENING", "2026-01-06"),
            (S3, 1, "Failed", "SCREEN FAILURE", "DISPOSITION EVENT", "SCREENING", "2025-12-30"),
        ),
        "SV": frame(
            "USUBJID VISITNUM VISIT SVOCCUR SVREASOC SVCNTMOD SVSTDTC SVENDTC",
            (S1, 1, "SCREENING", "Y", None, "IN PERSON", "2025-12-25", "2025-12-25"),
            (S1, 2, "TREATMENT", "Y", None, None, "2026-01-05T08:00", "2026-01-05T12:00"),
            (S1, 3, "WEEK 1", "N", "Snow", None, "2026-01-12", None),
            (S2, 2, "TREATMENT", "Y", None, "TELEPHONE CALL", "2026-01-06", None),
            (S2, 3.1, "UNSCHEDULED", "Y", None, None, "2026-01-20", None),
            (S2, 4, "EXTRA NEEDLE", "Y", None, None, "2026-01-21", None),
        ),
        "PR": frame(
            "USUBJID PRSEQ PRTRT PRCAT PROCCUR PRLOC PRLAT VISITNUM PRSTDTC PRENDTC",
            (S1, 1, "DIAGNOSTIC PIRIFORMIS INJECTION", "DIAGNOSTIC", "Y", "PIRIFORMIS", "LEFT", 1, "2025-12-25T10:00", "2025-12-25T10:10"),
            (S2, 1, "ULTRASOUND GUIDANCE", "DIAGNOSTIC", "N", "GLUTEUS MAXIMUS", None, 2, "2026-01-06", None),
        ),
        "EX": frame(
            "USUBJID EXSEQ EXTRT EXDOSE EXDOSU EXDOSFRM EXROUTE EXLOC EXLAT VISITNUM EXSTDTC EXENDTC EXADJ",
            (S1, 1, "HYDRODISSECTION", 20, "mL", "SOLUTION", "INTRAMUSCULAR", "GLUTEUS MAXIMUS", "LEFT", 2, "2026-01-05T09:58", "2026-01-05T10:14", None),
            (S2, 1, "DRY NEEDLING", None, None, None, None, "GLUTEUS MAXIMUS", "RIGHT", 2, "2026-01-06T09:41", "2026-01-06T09:56", "Needle changed"),
        ),
        "QS": frame(
            "USUBJID QSSEQ QSTESTCD QSTEST QSCAT QSORRES QSORRESU QSSTRESC QSSTRESN QSSTRESU QSSTAT QSREASND QSDRVFL VISITNUM QSDTC QSTPT",
            (S1, 1, "PI0101", "PI01-Pain Intensity", "PI", "7", None, "7", 7, None, None, None, None, 1, "2025-12-25T09:45", None),
            (S1, 2, "PI0101", "PI01-Pain Intensity", "PI", "1", None, "1", 1, None, None, None, None, 2, "2026-01-05T11:18", "1 HOUR"),
            (S1, 3, "PR0101", "PR01-Pain Relief", "PR", None, None, "85.70", 85.7, "%", None, None, "Y", 2, "2026-01-05T11:18", "1 HOUR"),
            (S1, 4, "GCGI0102", "GCGI01-Global Improvement of Pain", "GCGI", "Very much improved", None, "1", 1, None, None, None, None, 2, "2026-01-05T11:18", "1 HOUR"),
            (S1, 5, "PI0101", "PI01-Pain Intensity", "PI", None, None, None, None, None, "NOT DONE", "Patient said \"no\"", None, 3, "2026-01-12", None),
            (S2, 1, "PR0101", "PR01-Pain Relief", "PR", "19.00", "%", "19.00", 19, "%", None, None, None, 3.1, "2026-01-20", None),
            (S2, 2, "PI0101", "PI01-Pain Intensity", "PI", "felt ≥5", None, "felt ≥5", None, None, None, None, None, 3.1, "2026-01-20", None),
        ),
        "RELREC": frame(
            "USUBJID RDOMAIN IDVAR IDVARVAL RELTYPE RELID",
            (S1, "QS", "QSSEQ", "3", None, "R1"),
            (S1, "QS", "QSSEQ", "1", None, "R1"),
            (S1, "QS", "QSSEQ", "2", None, "R1"),
        ),
        "AE": frame(
            "USUBJID AESEQ AETERM AEDECOD AEPTCD AESER AESHOSP AESEV AEOUT AEREL AESTDTC AEENDTC",
            (S1, 1, "İğne yerinde ağrı", "Injection site pain", 10022086, "N", "N", "MODERATE", "RECOVERED/RESOLVED", "POSSIBLY RELATED", "2026-01-06T10:00", "2026-01-07"),
            (S1, 2, "Soreness after hydrodissection", None, None, "Y", "Y", "SEVERE", "UNKNOWN", None, "2026-02", None),
            (S3, 1, "Fainting", "Syncope", None, "N", None, "GRADE 2", "GONE", "NOT RELATED", "2025-12-28", None),
        ),
    }  # fmt: skip


DEVICES = frame(
    "SPDEVID DISEQ DIPARMCD DIPARM DIVAL",
    ("PUMP1", 1, "SERIAL", "Serial Number", "77"),
    ("PUMP1", 2, "TYPE", "Device Type", "PUMP"),
)


def frames_of_package() -> dict[str, pl.DataFrame]:
    """Domains that a study folder seldom has, one record each, and how they belong together."""
    domains = {
        "AE": {"AETERM": "Fainting", "AEOUT": "UNKNOWN"},
        "CM": {"CMTRT": "Aspirin", "CMCAT": "ANALGESICS", "CMINDC": "Pain", "CMENRTPT": "ONGOING"},
        "EC": {"ECTRT": "Dextrose", "ECINDC": "Pain", "ECSTDTC": "2026-01-05"},
        "LB": {"LBTESTCD": "GLUC", "LBTEST": "Glucose", "LBORRES": "5.0", "LBORRESU": "mmol/L"},
        "MH": {"MHTERM": "Migraine", "MHENTPT": "2026", "MHENRTPT": "ONGOING"},
        "PR": {"PRTRT": "X-ray"},
    }
    related = ("MH LB", "MH CM", "MH PR", "AE MH", "AE PR", "AE CM", "AE LB", "AE EC")
    relations = [
        (S1, domain, f"{domain}SEQ", "1", None, pair) for pair in related for domain in pair.split()
    ]
    return {
        "DM": frames()["DM"],
        "SV": frames()["SV"],
        "RELREC": frame("USUBJID RDOMAIN IDVAR IDVARVAL RELTYPE RELID", *relations),
        **{
            name: pl.DataFrame({"USUBJID": [S1], f"{name}SEQ": [1.0], "VISITNUM": [1.0], **values})
            for name, values in domains.items()
        },
    }


def in_release(study: Study, release: Any) -> Study:
    """The study, written in another release of FHIR."""
    return replace(study, fhir=replace(study.fhir, release=release))


def value_of(resource: dict[str, Any]) -> str:
    identifier = resource["identifier"]
    return str((identifier[0] if isinstance(identifier, list) else identifier)["value"])
