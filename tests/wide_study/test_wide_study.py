"""A trial of more than thirty forms becomes all its domains by tables alone.

Every cell below was written by hand from the forms and SDTMIG 3.4, or is reckoned here by plain
arithmetic from what the generator drew.
"""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import polars as pl
import pytest
import wide_records
import wide_tables
from wide_records import BLOODS, COMPLETERS, SUBJECTS, TREATED, VITALS, visits_of

import trialect
from trialect.converters.readers import iter_form
from trialect.study_options import FormFile
from trialect.trial import Trial

N = None


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wide") / "study"
    wide_records.write(folder / "records")
    wide_tables.write(folder)
    return folder


@pytest.fixture(scope="module")
def trial(study: Path) -> Trial:
    return trialect.read(study)


@pytest.fixture(scope="module")
def conversion(study: Path) -> trialect.Conversion:
    return trialect.convert(study, study.parent / "out")


def rows(trial: Trial, domain: str, *columns: str) -> list[tuple[object, ...]]:
    """The records of a domain, USUBJID without the study."""
    frame = trial.frames[domain].with_columns(pl.col("USUBJID").str.slice(len("WIDE01-")))
    return frame.select("USUBJID", *columns).rows()


def test_there_are_thirty_forms_and_as_many_domains(study: Path, trial: Trial) -> None:
    assert len(list((study / "records").iterdir())) >= 30
    mapped = "DM AE CM MH VS LB EG PE DA DS SU IE DV FA QS PR EX EC SV CO DD SC HO CE ML RP"
    made = "SE TA TE TI TS TV RELREC SUPPDM SUPPVS"
    assert set(trial.frames) == {*mapped.split(), *made.split()}


def test_the_checks_find_no_error(conversion: trialect.Conversion) -> None:
    assert [str(one) for one in conversion.problems if one.severity == "error"] == []


def test_the_checks_find_only_what_is_known(conversion: trialect.Conversion) -> None:
    warnings = Counter(one.rule for one in conversion.problems if one.severity == "warning")
    assert warnings.keys() == {
        "DERIVE-LOBXFL",  # blood and scale of the first day of treatment have no time
        "SDTM-CT-EXTENDED",
        "SDTM-STATUS-WITHOUT-REASON",  # the physical examination does not ask for one
        "DEFINE-DICTIONARY-VERSION",  # the forms do not say which MedDRA
        "RECONCILE-COMPLETION",  # a medicine was taken two days longer than the trial
    }
    extended = {
        (one.domain, one.variable, one.value)
        for one in conversion.problems
        if one.rule == "SDTM-CT-EXTENDED" and one.domain != "TS"
    }
    assert extended == {
        ("FA", "FATESTCD", "AREA"),
        ("FA", "FATEST", "Area"),
        ("LB", "LBSTRESC", "1+"),
        ("LB", "LBSTRESC", "2+"),
        ("QS", "QSCAT", "WIDE SCALE"),
        ("RP", "RPTESTCD", "MENOPST"),
    }


def test_every_row_is_mapped_or_left_out_on_purpose(conversion: trialect.Conversion) -> None:
    forms = conversion.account.forms
    assert all(form.rows == form.mapped + form.rejected for form in forms.values())
    assert {name: form.rejected for name, form in forms.items() if form.rejected} == {
        "chemistry": 1,
        "elig_ex": 6,
        "elig_in": 5,
        "urine": 1,
        "vitals_uns": 1,
    }
    reasons = {one.rule for one in conversion.problems if one.rule.startswith("MAP-")}
    assert reasons == {"MAP-LEFT-OUT", "MAP-NOT-SUBMITTED"}


def test_what_is_left_out_stands_in_the_package_with_its_reason(
    conversion: trialect.Conversion,
) -> None:
    path = conversion.out / "rejected" / "urine.csv"
    (frame,) = iter_form(path, FormFile("urine.csv"))
    assert frame.select("SUBJ", "UPROT").rows() == [("02-001", "k.A.")]
    assert "No urine was given" in path.read_text(encoding="utf-8")


def test_dm(trial: Trial) -> None:
    assert rows(trial, "DM", "SITEID", "INVID", "INVNAM", "COUNTRY", "BRTHDTC", "AGE", "SEX") == [
        ("01-001", "01", "I01", "YILMAZ", "TUR", "1980-03-15", 45.0, "F"),
        ("01-002", "01", "I01", "YILMAZ", "TUR", "1975-07", 50.0, "M"),
        ("01-003", "01", "I01", "YILMAZ", "TUR", "1990", N, "F"),
        ("02-001", "02", "I02", "SCHMIDT", "DEU", "1968-01-01", 58.0, "M"),
        ("02-002", "02", "I02", "SCHMIDT", "DEU", "1972-02-29", 53.0, "M"),
        ("02-003", "02", "I02", "SCHMIDT", "DEU", "1999-11-30", 26.0, "F"),
    ]
    assert rows(trial, "DM", "RACE", "ETHNIC", "ARMCD", "ARM", "ACTARMCD", "ARMNRS") == [
        ("01-001", "WHITE", "NOT HISPANIC OR LATINO", "ACT", "Widepril", "ACT", N),
        ("01-002", "ASIAN", "HISPANIC OR LATINO", "PBO", "Placebo", "PBO", N),
        ("01-003", "MULTIPLE", N, "ACT", "Widepril", "ACT", N),
        ("02-001", "OTHER", "NOT HISPANIC OR LATINO", "PBO", "Placebo", "PBO", N),
        ("02-002", "WHITE", N, "ACT", "Widepril", "ACT", N),
        ("02-003", N, N, N, N, N, "SCREEN FAILURE"),
    ]
    assert rows(trial, "DM", "RFSTDTC", "RFENDTC", "RFICDTC", "DTHDTC", "DTHFL") == [
        ("01-001", "2026-01-19T08:01", "2026-02-15", "2026-01-05T06:30", N, N),
        ("01-002", "2026-01-19T08:02", "2026-02-15", "2026-01-05T07:30", N, N),
        ("01-003", "2026-01-19T08:03", "2026-02-15", "2026-01-05T08:30", N, N),
        ("02-001", "2026-01-19T08:04", "2026-02-09", "2026-01-05T09:30", "2026-02-10T14:20", "Y"),
        ("02-002", "2026-01-19T08:05", "2026-02-09", "2026-01-05T10:30", N, N),
        ("02-003", N, N, "2026-01-05T11:30", N, N),
    ]


def test_suppdm(trial: Trial) -> None:
    """Looked up: counted, the largest, the last; and each answer of several."""
    assert rows(trial, "SUPPDM", "QNAM", "QLABEL", "QVAL") == [
        ("01-001", "LASTSEEN", "Last Visit Attended", "W4"),
        ("01-001", "MAXDOSE", "Largest Dose (mg)", "1000"),
        ("01-001", "MEDS", "Number of Medications", "2"),
        ("01-002", "LASTSEEN", "Last Visit Attended", "W4"),
        ("01-002", "MEDS", "Number of Medications", "0"),
        ("01-003", "LASTSEEN", "Last Visit Attended", "W4"),
        ("01-003", "MEDS", "Number of Medications", "0"),
        ("01-003", "RACE1", "Race 1", "WHITE"),
        ("01-003", "RACE2", "Race 2", "BLACK OR AFRICAN AMERICAN"),
        ("02-001", "LASTSEEN", "Last Visit Attended", "W0"),
        ("02-001", "MEDS", "Number of Medications", "0"),
        ("02-002", "LASTSEEN", "Last Visit Attended", "W0"),
        ("02-002", "MAXDOSE", "Largest Dose (mg)", "0.1"),
        ("02-002", "MEDS", "Number of Medications", "1"),
        ("02-003", "LASTSEEN", "Last Visit Attended", "SCR"),
        ("02-003", "MEDS", "Number of Medications", "0"),
    ]


def test_ds_stacks_three_forms(trial: Trial) -> None:
    """Consent, randomization and the end: three forms in one domain."""
    milestone, event = "PROTOCOL MILESTONE", "DISPOSITION EVENT"
    consent = "INFORMED CONSENT OBTAINED"
    ends = {
        **dict.fromkeys(COMPLETERS, ("completed", "COMPLETED", "2026-02-20")),
        "02-001": ("dead", "DEATH", "2026-02-10T14:20"),
        "02-002": ("Moved to another town", "WITHDRAWAL BY SUBJECT", "2026-02-18"),
        "02-003": ("screen", "SCREEN FAILURE", "2026-01-06"),
    }
    expected = []
    for number, one in enumerate(SUBJECTS, 1):
        signed = f"2026-01-05T{number + 5:02d}:30"
        expected.append((one, consent, consent, milestone, N, signed))
        if one in TREATED:
            made = (one, "RANDOMIZED", "RANDOMIZED", milestone, f"R{number}", "2026-01-19")
            expected.append(made)
        term, decoded, date = ends[one]
        expected.append((one, term, decoded, event, N, date))
    assert rows(trial, "DS", "DSTERM", "DSDECOD", "DSCAT", "DSREFID", "DSSTDTC") == expected


def test_ie_holds_only_what_is_not_met(trial: Trial) -> None:
    assert rows(trial, "IE", "IETESTCD", "IECAT", "IEORRES", "IESTRESC") == [
        ("02-003", "INCL02", "INCLUSION", "N", "N")
    ]


def test_mh_and_cm_stack_two_forms_each(trial: Trial) -> None:
    history, surgery = "GENERAL HISTORY", "SURGICAL HISTORY"
    columns = ("MHTERM", "MHDECOD", "MHCAT", "MHSTDTC", "MHENRTPT", "MHENTPT")
    assert rows(trial, "MH", *columns) == [
        ("01-001", "Appendicitis", "Appendicitis", history, "2001-06", N, N),
        ("01-001", "Appendectomy", N, surgery, "2001-06-03", N, N),
        ("01-001", "High blood pressure", "Hypertension", history, "2015", "ONGOING", "SCREENING"),
        ("01-002", "Migraine", "Migraine", history, "1999", "ONGOING", "SCREENING"),
        ("02-001", "Knee replacement", N, surgery, "2019", N, N),
        ("02-002", "Astma", "Asthma", history, "2010-12-21", N, N),
    ]
    now, before = "CONCOMITANT MEDICATION", "PRIOR MEDICATION"
    columns = ("CMTRT", "CMCAT", "CMDOSE", "CMDOSU", "CMROUTE", "CMSTDTC", "CMENDTC", "CMENRTPT")
    inhaled = "RESPIRATORY (INHALATION)"
    assert rows(trial, "CM", *columns) == [
        ("01-001", "Ramipril", now, 2.5, "mg", "ORAL", "2015-01-10", N, "ONGOING"),
        ("01-001", "Paracetamol", now, 1000.0, "mg", "ORAL", "2026-02-20", "2026-02-22", N),
        ("01-002", "Sumatriptan", before, N, N, N, N, "2025-12", N),
        ("02-001", "Ibuprofen", before, N, N, N, N, "2025-11-30", N),
        ("02-002", "Salbutamol", now, 0.1, "mg", inhaled, "2010-12", N, "ONGOING"),
    ]


NUMBERS = {"SCR": (1.0, "SCREENING"), "W0": (2.0, "BASELINE"), "W4": (3.0, "WEEK 4")}


def round_(value: Decimal, digits: str = "0.1") -> str:
    return f"{value.quantize(Decimal(digits), ROUND_HALF_UP):f}"


def test_vs_makes_records_of_columns_and_converts_units(trial: Trial) -> None:
    expected = set()
    for one in VITALS:
        num, name = NUMBERS[one.visit]
        at = (num, name, f"{one.date}T08:05")
        pounds = Decimal("0.45359237")
        kilograms = one.weight if one.unit == "kg" else one.weight * pounds
        celsius = f"{((one.fahrenheit - 32) * 5 / 9).normalize():f}"
        unit = "kg" if one.unit == "kg" else "LB"
        for test, value, of, standard, in_ in (
            ("SYSBP", one.sysbp, "mmHg", one.sysbp, "mmHg"),
            ("PULSE", one.pulse, "beats/min", one.pulse, "beats/min"),
            ("WEIGHT", one.weight, unit, round_(kilograms), "kg"),
            ("TEMP", one.fahrenheit, "F", celsius, "C"),
        ):
            expected.add((one.subject, test, f"{value:f}" if of in "kgLBF" else str(value), of))
            expected.add((one.subject, test, str(standard), in_, *at))
        if one.visit == "SCR":
            expected.add((one.subject, "HEIGHT", "170", "cm", *at))
            if one.unit == "kg":
                index = round_(one.weight / (Decimal("1.7") ** 2))
                expected.add((one.subject, "BMI", index, "kg/m2", *at))
    expected.add(("01-001", "PULSE", "101", "beats/min", 2.1, "UNSCHEDULED 1", "2026-02-02T09:15"))
    standard = rows(trial, "VS", "VSTESTCD", "VSSTRESC", "VSSTRESU", "VISITNUM", "VISIT", "VSDTC")
    collected = rows(trial, "VS", "VSTESTCD", "VSORRES", "VSORRESU")
    same = {one for one in collected if one[1] in ("HEIGHT", "BMI") or one[2] == "101"}
    assert {*standard, *collected} - same == expected
    assert all(float(r[1]) == r[2] for r in rows(trial, "VS", "VSSTRESC", "VSSTRESN"))
    assert rows(trial, "SUPPVS", "QNAM", "QVAL") == [("01-001", "VSREASON", "Palpitations")]


def test_lb_stacks_a_workbook_and_two_shapes_of_text(trial: Trial) -> None:
    columns = ("LBTESTCD", "LBORRES", "LBORRESU", "LBORNRLO", "LBORNRHI")
    columns += ("LBSTRESC", "LBSTRESN", "LBSTRESU", "VISITNUM", "LBDTC")
    found = rows(trial, "LB", "LBCAT", *columns)
    at, later = (1.0, "2026-01-05"), (3.0, "2026-02-16")
    assert {one for one in found if one[1] == "CHEMISTRY"} == {
        ("01-001", "CHEMISTRY", "CREAT", "0.9", "mg/dL", "0.6", "1.2", "0.9", 0.9, "mg/dL", *at),
        ("01-001", "CHEMISTRY", "GLUC", "90", "mg/dL", "70", "99", "5.0", 5.0, "mmol/L", *at),
        ("01-001", "CHEMISTRY", "GLUC", "126", "mg/dL", "70", "99", "7.0", 7.0, "mmol/L", *later),
        ("01-002", "CHEMISTRY", "GLUC", "5.1", "mmol/L", "3.9", "5.5", "5.1", 5.1, "mmol/L", *at),
        ("01-002", "CHEMISTRY", "CREAT", "<0.2", "mg/dL", "0.6", "1.2", "<0.2", N, "mg/dL", *at),
    }
    urine = [(*one[:1], *one[2:4], *one[7:9]) for one in found if one[1] == "URINALYSIS"]
    assert set(urine) == {
        ("01-001", "PROT", "neg", "NEGATIVE", N),
        ("01-001", "GLUC", "neg", "NEGATIVE", N),
        ("01-002", "PROT", "+", "1+", N),
        ("01-002", "GLUC", "NEG", "NEGATIVE", N),
        ("01-003", "PROT", "trace", "TRACE", N),
        ("01-003", "GLUC", "++", "2+", N),
    }
    expected = set()
    for one in BLOODS:
        at = (NUMBERS[one.visit][0], one.date)
        for test, value, unit in (
            ("HGB", f"{one.haemoglobin}", "g/dL"),
            ("PLAT", str(one.platelets), "10^9/L"),
        ):
            number = (value, float(value), unit)
            expected.add((one.subject, "HEMATOLOGY", test, value, unit, N, N, *number, *at))
    assert {one for one in found if one[1] == "HEMATOLOGY"} == expected
    names = trial.frames["LB"].select("LBTESTCD", "LBTEST").unique().rows()
    assert dict(names)["PLAT"] == "Platelets"


def test_eg_tells_what_was_not_done_and_why(trial: Trial) -> None:
    columns = ("EGTESTCD", "EGORRES", "EGORRESU", "EGSTRESC", "EGSTAT", "EGREASND", "EGDTC")
    broken = ("NOT DONE", "Machine broken", N)
    done = (N, N, "2026-01-05T08:10:30")
    found = rows(trial, "EG", *columns)
    assert found[:3] == [
        ("01-001", "EGHRMN", "64", "beats/min", "64", *done),
        ("01-001", "INTP", "Normal", N, "NORMAL", *done),
        ("01-001", "QTAG", "402", "ms", "402", *done),
    ]
    assert found[6:9] == [("01-003", test, N, N, N, *broken) for test in ("EGHRMN", "INTP", "QTAG")]
    assert found[9] == ("02-001", "EGHRMN", "58", "beats/min", "58", N, N, "2026-01-05")


def test_pe(trial: Trial) -> None:
    normal = ("NORMAL", "NORMAL", N)
    assert rows(trial, "PE", "PETESTCD", "PEORRES", "PESTRESC", "PESTAT") == [
        ("01-001", "HEAD", *normal),
        ("01-001", "HEART", *normal),
        ("01-001", "SKIN", "Rash on the left arm", "ABNORMAL", N),
        ("01-002", "HEAD", *normal),
        ("01-002", "HEART", *normal),
        ("01-002", "SKIN", *normal),
        ("02-001", "HEAD", N, N, "NOT DONE"),
        ("02-001", "HEART", *normal),
        ("02-001", "SKIN", *normal),
    ]


def test_ex_and_ec_are_two_views_of_one_form(trial: Trial) -> None:
    expected = [
        (one, "WIDEPRIL" if number % 2 else "PLACEBO", 10.0 if number % 2 else 0.0)
        for number, one in enumerate(TREATED, 1)
    ]
    assert rows(trial, "EX", "EXTRT", "EXDOSE") == expected
    assert rows(trial, "EC", "ECTRT", "ECREFID", "ECDOSE", "ECDOSU", "ECSTDTC") == [
        (one, "STUDY TABLETS", f"K{number}", 2.0, "TABLET", f"2026-01-19T08:0{number}")
        for number, one in enumerate(TREATED, 1)
    ]


def test_da_su_dv_pr_co(trial: Trial) -> None:
    assert rows(trial, "DA", "DATESTCD", "DAORRES", "DAORRESU", "VISITNUM") == [
        ("01-001", "DISPAMT", "60", "TABLET", 2.0),
        ("01-001", "DISPAMT", "60", "TABLET", 3.0),
        ("01-001", "RETAMT", "3", "TABLET", 3.0),
        ("01-002", "DISPAMT", "60", "TABLET", 2.0),
        ("01-002", "DISPAMT", "60", "TABLET", 3.0),
        ("01-002", "RETAMT", "10", "TABLET", 3.0),
    ]
    assert rows(trial, "SU", "SUTRT", "SUOCCUR", "SUDOSE", "SUDOSU", "SUDOSFRQ") == [
        ("01-001", "CIGARETTES", "Y", 10.0, "CIGARETTE", "QD"),
        ("01-001", "WINE", "N", N, N, N),
        ("01-002", "CIGARETTES", "N", N, N, N),
        ("01-002", "WINE", "Y", 2.0, "GLASS", "QD"),
        ("02-001", "CIGARETTES", "Y", 20.0, "CIGARETTE", "QD"),
    ]
    assert rows(trial, "DV", "DVTERM", "DVDECOD", "DVSTDTC", "DVSTDY") == [
        ("01-002", "Visit at week 4 two days late", "VISIT OUT OF WINDOW", "2026-02-18", 31.0),
        ("02-001", "Took the wrong kit", "WRONG STUDY DRUG", "2026-01-20", 2.0),
    ]
    assert rows(trial, "PR", "PRTRT", "PRLAT", "PRSTDTC") == [
        ("01-001", "MRI of the knee", "LEFT", "2026-02-01"),
        ("02-001", "Coronary angiography", N, "2026-02-10"),
    ]
    texts = [
        f"{first} {rest or ''}".strip() for _, first, rest in rows(trial, "CO", "COVAL", "COVAL1")
    ]
    assert texts == ["The patient came by bus and was late. " * 6 + "End", "Moves house"]
    assert trial.frames["CO"]["COVAL"].str.len_chars().max() <= 200


def test_ae_and_what_was_found_about_it(trial: Trial) -> None:
    assert rows(trial, "AE", "AETERM", "AESEV", "AESER", "AEREL", "AEOUT", "AESDTH") == [
        ("01-001", "Rash on arm", "MODERATE", "N", "RELATED", "NOT RECOVERED/NOT RESOLVED", N),
        ("01-001", "Headache", "MILD", "N", "UNLIKELY RELATED", "RECOVERED/RESOLVED", N),
        ("01-003", "Vertigo", "MILD", "N", "NOT RELATED", "UNKNOWN", N),
        ("02-001", "Heart attack", "SEVERE", "Y", "NOT RELATED", "FATAL", "Y"),
    ]
    assert rows(trial, "AE", "AESTDTC", "AEENDTC", "VISITNUM", "AESTDY") == [
        ("01-001", "2026-02", N, 3.0, N),
        ("01-001", "2026-02-03", "2026-02-04", 3.0, 16.0),
        ("01-003", "2026", N, 3.0, N),
        ("02-001", "2026-02-10", "2026-02-10", 3.0, 23.0),
    ]
    assert rows(trial, "FA", "FATESTCD", "FAOBJ", "FAORRES", "FAORRESU", "FADTC", "FALNKID") == [
        ("01-001", "AREA", "Rash on arm", "12", "cm2", "2026-02", "2"),
        ("01-001", "OCCUR", "Rash on arm", "Y", N, "2026-02", "2"),
    ]
    assert rows(trial, "RELREC", "RDOMAIN", "IDVAR", "IDVARVAL", "RELID") == [
        ("01-001", "AE", "AESEQ", "1", "RASH-1"),
        ("01-001", "FA", "FASEQ", "1", "RASH-1"),
        ("01-001", "FA", "FASEQ", "2", "RASH-1"),
    ]


def test_qs_keeps_an_answer_in_any_language_of_missing(trial: Trial) -> None:
    refused = (N, N, "NOT DONE", "Patient refused")
    assert rows(
        trial, "QS", "VISITNUM", "QSTESTCD", "QSORRES", "QSSTRESN", "QSSTAT", "QSREASND"
    ) == [
        ("01-001", 2.0, "WS0101", "3", 3.0, N, N),
        ("01-001", 2.0, "WS0102", "4", 4.0, N, N),
        ("01-001", 3.0, "WS0101", "1", 1.0, N, N),
        ("01-001", 3.0, "WS0102", "2", 2.0, N, N),
        ("01-002", 2.0, "WS0101", "2", 2.0, N, N),
        ("01-002", 3.0, "WS0101", *refused),
        ("01-002", 3.0, "WS0102", *refused),
        ("02-001", 2.0, "WS0101", "4", 4.0, N, N),
        ("02-001", 2.0, "WS0102", "4", 4.0, N, N),
    ]


def test_sv_has_visits_held_missed_unscheduled_and_only_named(trial: Trial) -> None:
    expected = []
    for one in SUBJECTS:
        for visit, date in visits_of(one):
            num, name = NUMBERS[visit]
            expected.append((one, num, name, "Y", "Y", N, date, N))
    expected += [
        ("01-001", 2.1, "UNSCHEDULED 1", N, N, N, "2026-02-02", "PALPITATIONS"),
        ("02-002", 3.0, "WEEK 4", "Y", "N", "On holiday", N, N),
        # An adverse event was told at this visit; when it happened is no visit's date.
        ("02-001", 3.0, "WEEK 4", "Y", N, N, N, N),
    ]
    columns = ("VISITNUM", "VISIT", "SVPRESP", "SVOCCUR", "SVREASOC", "SVSTDTC", "SVUPDES")
    assert rows(trial, "SV", *columns) == sorted(expected, key=lambda one: one[:2])


def test_the_rest(trial: Trial) -> None:
    assert rows(trial, "DD", "DDTESTCD", "DDORRES", "DDDTC") == [
        ("02-001", "PRCDTH", "Myocardial infarction", "2026-02-10T14:20")
    ]
    assert rows(trial, "SC", "SCTESTCD", "SCORRES", "SCSTRESC", "SCSTRESU") == [
        ("01-001", "EDUYRNUM", "12", "12", "YEARS"),
        ("01-001", "MARISTAT", "1", "MARRIED", N),
        ("01-002", "EDUYRNUM", "16", "16", "YEARS"),
        ("01-002", "MARISTAT", "2", "NEVER MARRIED", N),
        ("02-002", "MARISTAT", "1", "MARRIED", N),
    ]
    assert rows(trial, "HO", "HOTERM", "HOSTDTC") == [
        ("02-001", "INTENSIVE CARE UNIT", "2026-02-10")
    ]
    assert rows(trial, "CE", "CETERM", "CEPRESP", "CEOCCUR", "CESTDTC") == [
        ("01-001", "FALL", "Y", "N", N),
        ("01-001", "FRACTURE", "Y", "N", N),
        ("01-002", "FALL", "Y", "Y", "2026-02-08"),
        ("01-002", "FRACTURE", "Y", "N", N),
    ]
    assert rows(trial, "ML", "MLTRT", "MLSTDTC", "EPOCH") == [
        ("01-001", "BREAKFAST", "2026-01-19T07:30", "SCREENING"),
        ("01-002", "BREAKFAST", "2026-01-19T07:45", "SCREENING"),
    ]
    assert rows(trial, "RP", "RPTESTCD", "RPORRES") == [
        ("01-001", "LMPSTDTC", "2025-12"),
        ("01-001", "MENOPST", "N"),
        ("01-003", "MENOPST", "Y"),
    ]


def test_the_package_holds_every_domain(conversion: trialect.Conversion, trial: Trial) -> None:
    folder = conversion.out / "m5" / "datasets" / "wide01" / "tabulations" / "sdtm"
    written = {path.stem.upper() for path in folder.glob("*.xpt")}
    assert written == set(trial.frames)
    assert (
        conversion.account.datasets
        == {name: frame.height for name, frame in trial.frames.items()} | {}
    )


def test_one_workbook_of_tables_gives_the_same_domains(
    study: Path, trial: Trial, tmp_path: Path
) -> None:
    """Sheets of mapping.xlsx say what the CSV tables say."""
    import shutil

    from openpyxl import Workbook

    other = tmp_path / "study"
    shutil.copytree(study, other, ignore=shutil.ignore_patterns("mappings"))
    workbook = Workbook()
    workbook.remove(workbook.active)
    for name, text in wide_tables.TABLES.items():
        sheet = workbook.create_sheet(name.replace("codelists/", "codelist."))
        for row in wide_tables.cells(text):
            sheet.append(row)
            for cell in sheet[sheet.max_row]:
                if cell.data_type == "f":
                    cell.data_type = "s"
    (other / "mappings").mkdir()
    workbook.save(other / "mappings" / "mapping.xlsx")
    again = trialect.read(other)
    assert again.frames.keys() == trial.frames.keys()
    for name, frame in trial.frames.items():
        assert again.frames[name].equals(frame), name


def test_subjects_mapped_one_by_one_give_the_same_bytes(study: Path, tmp_path: Path) -> None:
    import shutil

    other = tmp_path / "study"
    shutil.copytree(study, other)
    text = (other / "study.yaml").read_text(encoding="utf-8")
    text = text.replace('fhir: {base: "', 'fhir: {bundle_subjects: 1, base: "')
    (other / "study.yaml").write_text(text, encoding="utf-8")
    packages = []
    for subjects in (1, 1000):
        out = tmp_path / f"out{subjects}"
        trialect.convert(other, out, partition_subjects=subjects)
        files = (path for path in sorted(out.rglob("*")) if path.is_file())
        packages.append({path.relative_to(out).as_posix(): path.read_bytes() for path in files})
    one_by_one, together = packages
    assert one_by_one.keys() == together.keys()
    differing = [name for name, data in one_by_one.items() if data != together[name]]
    assert differing == []
