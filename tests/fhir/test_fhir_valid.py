"""Everything we write is valid FHIR, R4 and R5: our checks say so, and fhir.resources parses it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import orjson
import pytest
from study_of_pain import STUDY, frame, frames, study

from trialect.mappings.fhir.study_resources import STUDY_RESOURCES
from trialect.mappings.fhir.subject_resources import SUBJECT_RESOURCES
from trialect.protocol import Contact
from trialect.schemas.fhir import ReferenceIndex, check_bundle_text, check_ndjson
from trialect.schemas.fhir.extensions import HL7

TYPES = {
    *(resource.type for resource in SUBJECT_RESOURCES),
    *("Organization", "Location", "Practitioner", "PractitionerRole", "Group", "PlanDefinition"),
    *("Questionnaire", "ResearchStudy"),
} - {"Condition", "MedicationStatement"}
"""What the study of pain shows; tests/from_package has the others."""

DIFFERENT = {
    *("Consent", "Encounter", "Procedure", "MedicationAdministration", "QuestionnaireResponse"),
    *("AdverseEvent", "ResearchSubject", "ResearchStudy", "Group", "PlanDefinition"),
}
"""Types of which R5 has no place for something that R4 has, or asks for something else."""


MODELS = {"R4": "fhir.resources.R4B", "R5": "fhir.resources"}
"""R4B has the same elements as R4 in the resources that are written here."""


@pytest.fixture(params=["R4", "R5"])
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def files(folder: Path, kind: str) -> list[Path]:
    found = sorted((folder / kind).iterdir())
    assert found
    return found


@pytest.mark.parametrize("unblinded", [False, True])
def test_our_own_checks_find_nothing(write: Any, release: str, unblinded: bool) -> None:
    written = write(unblinded=unblinded)
    index = ReferenceIndex()
    for file in files(written.folder, "ndjson"):
        with file.open("rb") as lines:
            assert list(check_ndjson(lines, str(file), index, release)) == []
    assert list(index.unresolved(release=release)) == []
    for file in files(written.folder, "bundles"):
        assert list(check_bundle_text(file.read_bytes(), file.name, release)) == []


def test_our_own_checks_would_find_something(write: Any, release: str) -> None:
    written = write()
    file = written.folder / "ndjson" / "Encounter.ndjson"
    held = {"R4": b'"finished"', "R5": b'"completed"'}[release]
    broken = file.read_bytes().replace(held, b'"done"')
    assert list(check_ndjson(broken.splitlines(), file="x", release=release))


@pytest.mark.parametrize("release", ["R4"], indirect=True)
def test_what_is_valid_in_one_release_is_not_in_the_other(write: Any) -> None:
    written = write(unblinded=True)
    different = {
        file.stem
        for file in files(written.folder, "ndjson")
        if list(check_ndjson(file.read_bytes().splitlines(), file="x", release="R5"))
    }
    assert different == DIFFERENT


@pytest.mark.parametrize("unblinded", [False, True])
def test_fhir_resources_parses_every_resource(write: Any, release: str, unblinded: bool) -> None:
    written = write(unblinded=unblinded)
    seen = set()
    for file in files(written.folder, "ndjson"):
        kind = file.stem
        model = getattr(import_module(f"{MODELS[release]}.{kind.lower()}"), kind)
        for line in file.read_bytes().splitlines():
            model.model_validate_json(line)
            seen.add(kind)
    bundle = import_module(f"{MODELS[release]}.bundle").Bundle
    for file in files(written.folder, "bundles"):
        bundle.model_validate_json(file.read_bytes())
    assert seen == (TYPES if unblinded else TYPES - {"MedicationAdministration"})


def test_every_type_is_in_a_registry() -> None:
    assert len(STUDY_RESOURCES) == 9
    assert len(SUBJECT_RESOURCES) == 13
    assert {"Condition", "MedicationStatement"} <= {one.type for one in SUBJECT_RESOURCES}


def test_hostile_texts_stay_texts(write: Any, release: str) -> None:
    words = 'a"b\\c\n\t%s %% {0} </script> ≥ \U0001f600 \u2028'
    ae = frame("USUBJID AESEQ AETERM", ("PAIN1-01", 1, words))
    dm = frames()["DM"]
    written = write(study(title=words, contacts=(Contact(words),)), {"AE": ae, "DM": dm})
    (event,) = written.of("AdverseEvent")
    name = "event" if release == "R4" else "code"
    assert event[name]["text"] == words
    for _, bundle in written.bundles:
        for entry in bundle["entry"]:
            if entry["resource"]["resourceType"] == "AdverseEvent":
                assert entry["resource"][name]["text"] == words
    for file in files(written.folder, "bundles"):
        assert list(check_bundle_text(file.read_bytes(), file.name, release)) == []


def test_workflow_research_study_stands_only_where_it_is_allowed(write: Any) -> None:
    allowed = {"Consent", "Encounter", "Procedure", "MedicationAdministration"}
    allowed |= {"Observation", "QuestionnaireResponse"}
    written = write(unblinded=True)
    url = (HL7 + "workflow-researchStudy").encode()
    found = {f.stem for f in files(written.folder, "ndjson") if url in f.read_bytes()}
    assert found == allowed


def test_the_study_bundle_is_json_of_one_transaction(write: Any) -> None:
    bundle = orjson.loads((write().folder / "bundles" / "study.json").read_bytes())
    assert bundle["resourceType"] == "Bundle"
    assert bundle["entry"][-1]["resource"]["title"] == STUDY.title
