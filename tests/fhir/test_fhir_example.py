"""The reference trial, read from its study folder and written as FHIR."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from study_of_pain import value_of

import trialect
from trialect.converters.writers.fhir_bundle import write_partition, write_study
from trialect.mappings.fhir.subject_resources import SUBJECT_RESOURCES
from trialect.schemas.fhir import ReferenceIndex, check_bundle_text, check_ndjson
from trialect.trial import Trial

STUDY = Path(__file__).parents[2] / "examples" / "NCT07326982"
CODES = {"PI0101": ("72514-3", "1172399009")}


@pytest.fixture(scope="module")
def trial() -> Trial:
    return trialect.read(STUDY)


@pytest.fixture(
    scope="module",
    params=[("R4", False), ("R4", True), ("R5", False), ("R5", True)],
    ids=["R4 blinded", "R4 unblinded", "R5 blinded", "R5 unblinded"],
)
def written(request: Any, trial: Trial, tmp_path_factory: pytest.TempPathFactory) -> Any:
    release, unblinded = request.param
    folder = tmp_path_factory.mktemp(release)
    study = replace(trial.study, fhir=replace(trial.study.fhir, release=release))
    part = write_partition(folder, study, CODES, trial.frames, unblinded=unblinded)
    write_study(folder, study, CODES, part.items)
    return unblinded, folder, part, release


def test_every_subject_and_every_result_is_there(trial: Trial, written: Any) -> None:
    _, folder, part, _ = written
    qs = trial.frames["QS"]
    results = qs.filter(pl.coalesce("QSORRES", "QSSTRESC").is_not_null())
    lines = (folder / "ndjson" / "Observation.ndjson").read_bytes().splitlines()
    answered = [one for one in map(orjson.loads, lines) if "dataAbsentReason" not in one]
    names = [value_of(one).partition(".QS.") for one in answered]
    counts = Counter(usubjid for usubjid, is_qs, _ in names if is_qs)
    assert part.counts["Patient"] == part.counts["ResearchSubject"] == trial.frames["DM"].height
    assert part.counts["Observation"] == qs.height + trial.frames["IE"].height
    assert counts == dict(results.group_by("USUBJID").len().iter_rows())
    assert part.counts["Encounter"] == trial.frames["SV"].height
    assert part.counts["AdverseEvent"] == trial.frames["AE"].height
    assert part.counts["Procedure"] == trial.frames["PR"].height + trial.frames["EX"].height


def test_it_is_valid(written: Any) -> None:
    _, folder, _, release = written
    index = ReferenceIndex()
    for file in sorted((folder / "ndjson").iterdir()):
        with file.open("rb") as lines:
            assert list(check_ndjson(lines, str(file), index, release)) == []
    assert list(index.unresolved(release=release)) == []
    for file in sorted((folder / "bundles").iterdir()):
        assert list(check_bundle_text(file.read_bytes(), file.name, release)) == []


def test_blinded_nothing_of_a_subject_names_arm_or_treatment(trial: Trial, written: Any) -> None:
    unblinded, folder, _, _ = written
    files = [folder / "ndjson" / f"{one.type}.ndjson" for one in SUBJECT_RESOURCES]
    files += sorted((folder / "bundles").glob("subjects-*.json"))
    told = "\n".join(file.read_text() for file in files if file.exists())
    ex = trial.frames["EX"]
    names = {arm.code for arm in trial.study.arms} | {arm.name for arm in trial.study.arms}
    names |= {one.name for one in trial.study.interventions}
    for column in ("EXTRT", "EXDOSFRM", "EXROUTE"):
        if column in ex.columns:
            names |= set(ex[column].drop_nulls())
    assert len(names) > 6
    whole = {name: rf"(?<!\w){re.escape(name)}(?!\w)" for name in names}
    found = {name for name in names if re.search(whole[name], told, re.IGNORECASE)}
    if unblinded:
        assert found >= {arm.name for arm in trial.study.arms} | set(ex["EXTRT"])
    else:
        assert found == set()


def test_the_arms_of_the_study_are_told_to_everybody(trial: Trial, written: Any) -> None:
    _, folder, _, release = written
    study = orjson.loads((folder / "ndjson" / "ResearchStudy.ndjson").read_bytes())
    arms = study["arm" if release == "R4" else "comparisonGroup"]
    assert [one["name"] for one in arms] == [arm.name for arm in trial.study.arms]
