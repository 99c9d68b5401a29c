"""Whether the upload to ClinicalTrials.gov is merged into the record there, asked for one run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from trialect.problems import Unusable, rule
from trialect.trial import Study

TARGET = "prs"

NO_UPLOAD = rule(
    "PRS-UPLOAD-OPTION",
    "error",
    "How an upload is taken is asked for, and none is written",
    "{value} is for the target prs, which is not among {targets}.",
    "Add --to prs, or leave the option out.",
)


def look_for_upload(partial: bool | None, targets: Collection[str]) -> None:
    """Raise `Unusable` where it is asked how an upload is taken, and none is written."""
    if partial is not None and TARGET not in targets:
        option = "--partial-upload" if partial else "--full-upload"
        raise Unusable(NO_UPLOAD.problem(value=option, targets=", ".join(targets) or "none"))


def in_upload(study: Study, partial: bool | None) -> Study:
    """The study with its upload merged or replacing; None leaves what the study says."""
    if partial is None:
        return study
    prs = replace(study.registry.prs, partial_upload=partial)
    return replace(study, registry=replace(study.registry, prs=prs))
