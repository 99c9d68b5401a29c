"""A Study alone as FHIR: fhir/bundles/study.json, as the package of a study with data has it.

There is no NDJSON beside it, as packages of data have it: a record becomes some thirty resources,
and thousands of trials would become thousands of folders of small files.
"""

from __future__ import annotations

from collections.abc import Iterator

from trialect.converters.study_targets import StudyFile, Tell
from trialect.converters.writers.fhir_entries import study_bundle
from trialect.mappings.fhir.identity import Identity
from trialect.mappings.fhir.study_resources import study_resources
from trialect.schemas.fhir import check_bundle_text
from trialect.schemas.fhir.made import made
from trialect.trial import Study

FILE = "fhir/bundles/study.json"


def write(study: Study, tell: Tell) -> Iterator[StudyFile]:
    """The study's resources in the release of `study.fhir.release`, as a transaction bundle.

    What the checks of FHIR find in what is written is told. Raises `Unusable` when the study has no
    base URL (fhir.base).
    """
    identity = Identity(study)
    resources, problems = study_resources(study, {})
    for problem in problems:
        tell(problem)
    text = study_bundle(study, identity, resources)
    if not made(study.fhir.release).vouches(resources, text):
        for problem in check_bundle_text(text, FILE, study.fhir.release):
            tell(problem)
    yield StudyFile(FILE, text)
