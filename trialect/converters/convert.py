"""The one door to a conversion: what the source is decides which list of steps it goes through.

A trial with its records goes through `pipeline`, registry records through `trials`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trialect.converters.study_sources import named_study_source, study_source_of
from trialect.converters.trial_sources import recognised_source
from trialect.problems import Unusable, rule

if TYPE_CHECKING:
    from trialect.converters.pipeline import Conversion
    from trialect.converters.trials import TrialsConversion

NOT_OF_RECORDS = rule(
    "TRIALS-OPTION",
    "error",
    "An option is not for registry records",
    "{value} is not for registry records.",
    "Leave it out; report.json holds the findings of every trial.",
)

NOT_THERE = rule(
    "CONVERT-NOT-THERE",
    "error",
    "There is nothing where the source should be",
    "{value} does not exist.",
    "Check the path of the study folder, package or file.",
)

Progress = Callable[[str, int, int], None]
"""Told the step's name, how much of it is done, and how much there is."""


def convert(
    source: str | Path,
    out: str | Path | None = None,
    *,
    to: Sequence[str] | None = None,
    unblinded: bool = False,
    fhir_release: str | None = None,
    partial_upload: bool | None = None,
    jobs: int = 1,
    partition_subjects: int | None = None,
    baseline: str | Path | None = None,
    study: str | Path | None = None,
    record: str | Path | None = None,
    progress: Progress | None = None,
) -> Conversion | TrialsConversion:
    """Convert a study folder, an SDTM package, FHIR or registry records into a package at `out`.

    `out` is by default inside a study folder, and beside any other source. `study` is a study.yaml
    that says what a source other than a study folder does not state.
    `to` limits the targets (default: `outputs` of study.yaml; of registry records all that they
    can be written as); `fhir_release` is the release that FHIR is written in, R4 or R5 (default:
    `fhir.release` of study.yaml); with `partial_upload` the upload to ClinicalTrials.gov (prs) is
    merged into the record there, without it the whole record is replaced (default:
    `registry.prs.partial_upload` of study.yaml, else replaced). With `jobs` above 1, partitions are
    worked on in that many processes, `partition_subjects` in each (chosen by the number of subjects
    and jobs if it is not given); the bytes are the same. `baseline` is the report.json of an
    earlier run, against which the report tells what is new and what is gone. `record` is the
    trial's record in a registry, with which the report compares study file and data (default:
    `registry.record` of study.yaml).
    Raises `Unusable` when the input cannot be converted at all; everything else is a finding in
    the package's report.
    """
    folder = Path(source)
    if not folder.exists():
        raise Unusable(NOT_THERE.problem(value=str(folder)))
    kind = study_source_of(folder)
    if kind is None and recognised_source(folder) is None:
        kind = named_study_source(folder)
    if kind is not None:
        for option, given in (("--baseline", baseline), ("--record", record)):
            if given is not None:
                raise Unusable(NOT_OF_RECORDS.problem(value=option))
        from trialect.converters.trials import convert_trials

        return convert_trials(
            folder,
            kind,
            Path(out) if out is not None else None,
            to=to,
            fhir_release=fhir_release,
            partial_upload=partial_upload,
            jobs=jobs,
            study=Path(study) if study is not None else None,
            progress=progress,
        )
    from trialect.converters import pipeline

    return pipeline.convert(
        folder,
        out,
        to=to,
        unblinded=unblinded,
        fhir_release=fhir_release,
        partial_upload=partial_upload,
        jobs=jobs,
        partition_subjects=partition_subjects,
        baseline=baseline,
        study=study,
        record=record,
        progress=progress,
    )
