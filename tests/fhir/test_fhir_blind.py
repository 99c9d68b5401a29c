"""Blinded output tells nobody's arm or treatment."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from study_of_pain import S1, S2, STUDY, frame, frames, study

from trialect.mappings.fhir.blind import pattern, telling_words
from trialect.mappings.fhir.subject_resources import SUBJECT_RESOURCES

SUBJECTS = tuple(resource.type for resource in SUBJECT_RESOURCES)


@pytest.fixture(params=["R4", "R5"])
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def told_of_subjects(written: Any) -> str:
    """Everything that is written of subjects, in both forms."""
    files = [written.folder / "ndjson" / f"{name}.ndjson" for name in SUBJECTS]
    files += sorted((written.folder / "bundles").glob("subjects-*.json"))
    return "\n".join(file.read_text() for file in files if file.exists()).casefold()


def names() -> set[str]:
    ex = frames()["EX"]
    words = {arm.code for arm in STUDY.arms} | {arm.name for arm in STUDY.arms}
    words |= {one.name for one in STUDY.interventions} | set(ex["EXTRT"])
    words |= {"TRT-H", "TRT-N", "EXTRA NEEDLE", "dextrose", "hydrodissect", "needling"}
    return words


@pytest.mark.parametrize("word", sorted(names()))
def test_no_name_of_an_arm_or_treatment_is_told(write: Any, word: str) -> None:
    assert word.casefold() not in told_of_subjects(write())


def test_unblinded_they_are_told(write: Any, release: str) -> None:
    told = told_of_subjects(write(unblinded=True))
    arms = ('"assignedarm"', '"actualarm"')
    groups = ('"assignedcomparisongroup":"hydro"', '"actualcomparisongroup":"needle"')
    for word in ("hydrodissection", "dry needling", *(arms if release == "R4" else groups)):
        assert word in told


def test_neither_dose_route_place_nor_end_of_a_treatment_is_told(write: Any) -> None:
    written = write()
    assert "MedicationAdministration" not in written.part.counts
    for usubjid in (S1, S2):
        found = written.one("Procedure", f"{usubjid}.EX.1")
        assert found["code"] == {"text": "Study treatment"}
        assert not {"bodySite", "note", "usedCode", "used"} & found.keys()
        assert not {"performedPeriod", "occurrencePeriod"} & found.keys()
        moment = found.get("performedDateTime", found.get("occurrenceDateTime"))
        assert moment.startswith("2026-01-0")


def test_two_subjects_of_different_arms_look_alike(write: Any) -> None:
    """The same records but for arm and treatment give the same bytes."""
    swapped = frames()
    dm = swapped["DM"]
    codes = {"HYDRO": "NEEDLE", "Hydrodissection": "Dry needling"}
    other = codes | {new: old for old, new in codes.items()}
    arms = ("ARM", "ARMCD", "ACTARM", "ACTARMCD")
    swapped["DM"] = dm.with_columns(pl.col(arm).replace(other) for arm in arms)
    ex = swapped["EX"]
    hidden = [c for c in ex.columns if c not in ("USUBJID", "EXSEQ", "VISITNUM", "EXSTDTC")]
    swapped["EX"] = ex.with_columns(pl.col(column).reverse() for column in hidden)
    assert told_of_subjects(write(changed=swapped)) == told_of_subjects(write())


def test_free_text_that_tells_is_withheld_and_the_report_says_where(
    write: Any, release: str
) -> None:
    written = write()
    told = [p for p in written.part.problems if p.rule == "FHIR-BLIND-TEXT" and p.domain == "AE"]
    assert [(p.usubjid, p.seq, p.variable) for p in told] == [(S1, "2", "AETERM")]
    assert "hydrodissection" not in str(told[0]).casefold()
    name = "event" if release == "R4" else "code"
    assert name not in written.one("AdverseEvent", f"{S1}.AE.2")
    assert written.one("AdverseEvent", f"{S1}.AE.1")[name]["text"] == "İğne yerinde ağrı"


@pytest.mark.parametrize("column", ["QSREASND", "QSORRES", "QSTPT", "QSMETHOD"])
def test_the_texts_of_scores_are_looked_through(write: Any, column: str) -> None:
    qs = frame(
        f"USUBJID QSSEQ QSTESTCD QSTEST QSCAT QSSTAT {column}",
        (S1, 1, "PI0101", "Pain", "PI", "NOT DONE", "Sore from the needling"),
    )
    written = write(changed={"QS": qs})
    assert "FHIR-BLIND-TEXT" in written.rules
    assert "needling" not in told_of_subjects(written)


def test_a_visit_of_one_arm_is_withheld(write: Any) -> None:
    written = write()
    told = [p for p in written.part.problems if p.rule == "FHIR-BLIND-VISIT"]
    assert [(p.usubjid, p.seq) for p in told] == [(S2, "4")]
    visits = [one["identifier"][0]["value"] for one in written.of("Encounter")]
    assert f"{S2}.SV.4" not in visits
    unblinded = write(unblinded=True)
    assert unblinded.one("Encounter", f"{S2}.SV.4")
    assert not {"FHIR-BLIND-VISIT", "FHIR-BLIND-TEXT"} & unblinded.rules


def test_words_that_tell() -> None:
    words = telling_words(STUDY)
    assert {"hydrodissection", "needling", "interfascial", "hydro", "needle", "trt-h"} <= set(words)
    assert not {"gluteus", "maximus", "treatment", "screening", "scr", "dry"} & set(words)


def test_words_are_found_whole_and_in_any_case() -> None:
    found = pattern(["dry needling", "hydro"])
    texts = pl.Series(["Dry  Needling!", "after HYDRO.", "hydrogen", "dry mouth", "(hydro)"])
    assert texts.str.contains(found).to_list() == [True, True, False, False, True]


def test_a_study_of_one_arm_hides_nothing_by_words() -> None:
    one = study(arms=STUDY.arms[:1], interventions=STUDY.interventions[:1])
    assert telling_words(one) == ()
    assert pattern(()) is None
