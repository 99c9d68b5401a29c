"""Derivations: what SDTM asks for and no form collects, made from what was collected.

`derive` completes the domains of whole subjects, `trial_design` makes the datasets of the
protocol. A derivation is one file; its place in `DERIVATIONS` is its turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialect.mappings.sdtm.age import AGE
from trialect.mappings.sdtm.arms import ACTUAL_ARM, ARM_NAMES, ARM_NULL_REASON
from trialect.mappings.sdtm.baseline import BASELINE
from trialect.mappings.sdtm.columns import arrange
from trialect.mappings.sdtm.comments import COMMENTED_RECORDS
from trialect.mappings.sdtm.criteria import CRITERIA
from trialect.mappings.sdtm.draft import NO_TABLES, Derivation, Derived, Draft, Output, Tables
from trialect.mappings.sdtm.elements import ELEMENTS
from trialect.mappings.sdtm.epochs import EPOCHS
from trialect.mappings.sdtm.reference_dates import (
    DEATH,
    INFORMED_CONSENT,
    PARTICIPATION_END,
    REFERENCE,
    TREATMENT,
)
from trialect.mappings.sdtm.relations import DATASET_RELATIONS, RELATIONS
from trialect.mappings.sdtm.results import RESULTS
from trialect.mappings.sdtm.sequence import SEQUENCE
from trialect.mappings.sdtm.study_days import STUDY_DAYS
from trialect.mappings.sdtm.subject_visits import SUBJECT_VISITS
from trialect.mappings.sdtm.supplemental import SUPPLEMENTAL
from trialect.mappings.sdtm.trial_design import (
    TRIAL_ARMS,
    TRIAL_CRITERIA,
    TRIAL_ELEMENTS,
    TRIAL_SUMMARY,
    TRIAL_VISITS,
)
from trialect.mappings.sdtm.visits import VISITS

if TYPE_CHECKING:
    import polars as pl

    from trialect.trial import Study

DERIVATIONS: dict[str, Derivation] = {
    one.name: one
    for one in (
        RESULTS,
        VISITS,
        CRITERIA,
        ACTUAL_ARM,
        ARM_NAMES,
        SUBJECT_VISITS,
        TREATMENT,
        REFERENCE,
        INFORMED_CONSENT,
        DEATH,
        PARTICIPATION_END,
        AGE,
        ARM_NULL_REASON,
        ELEMENTS,
        EPOCHS,
        STUDY_DAYS,
        BASELINE,
        SEQUENCE,
        COMMENTED_RECORDS,
        RELATIONS,
        SUPPLEMENTAL,
    )
}
"""The derivations by name, in the order in which they run: each may use what stands above it."""


def derive(study: Study, tables: Tables, frames: dict[str, pl.DataFrame]) -> Derived:
    """Complete the domains of whole subjects; what was mapped is never replaced.

    `frames` are as docs/architecture.md describes domains in memory, non-standard variables among
    them. The result has the same form with all derived variables, datasets (SE, SV, SUPP--,
    RELREC) and --SEQ, records by USUBJID and --SEQ. It does not depend on which other subjects
    are in `frames`, except that a Permissible variable which none of them fills is left out.
    """
    draft = Draft(study, tables, dict(frames))
    for derivation in DERIVATIONS.values():
        derivation.apply(draft)
    arrange(draft)
    return Derived(draft.frames, draft.problems, list(draft.provenance.values()))


TRIAL_DESIGN: dict[str, Derivation] = {
    one.name: one
    for one in (
        TRIAL_ARMS,
        TRIAL_ELEMENTS,
        TRIAL_VISITS,
        TRIAL_CRITERIA,
        TRIAL_SUMMARY,
        DATASET_RELATIONS,
    )
}
"""What makes the datasets of the protocol, by name."""


def trial_design(study: Study, tables: Tables = NO_TABLES) -> Derived:
    """TA, TE, TV, TI and TS of a study, and RELREC of relations between whole datasets.

    A dataset of which nothing is said is left out.
    """
    draft = Draft(study, tables, {})
    for derivation in TRIAL_DESIGN.values():
        derivation.apply(draft)
    arrange(draft)
    return Derived(draft.frames, draft.problems, list(draft.provenance.values()))


__all__ = [
    "DERIVATIONS",
    "TRIAL_DESIGN",
    "Derivation",
    "Derived",
    "Output",
    "Tables",
    "derive",
    "trial_design",
]
