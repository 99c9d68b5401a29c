"""What is told of facts that TS cannot say, says coarser, or says in the place of others."""

from __future__ import annotations

from trialect.problems import rule

NO_TERM = rule(
    "TS-NO-TERM",
    "warning",
    "A word of the study has no term for its trial summary parameter",
    "{field} is {value}, for which SDTM CT has no term in {parameter}; it is left out of TS.",
    "Give {parameter} under `parameters` with the term that fits best.",
    "SDTMIG 3.4, 7.4.2",
)
COARSER = rule(
    "TS-MASKING-COARSER",
    "note",
    "SDTM CT says less about masking than the study does",
    "design.masking is {value}; TBLIND has no more exact term than {term}.",
    "Nothing to mend; the roles that are masked stand in the study file.",
    "SDTM CT C66735",
)
ALLOCATION_COARSER = rule(
    "TS-ALLOCATION-COARSER",
    "note",
    "RANDOM says less about the allocation than the study does",
    "design.allocation is {value}; RANDOM is N, as of a study that does not randomize.",
    "Nothing to mend.",
    "SDTM CT C66742",
)
NO_AGE_LIMIT = rule(
    "TS-AGE-NO-LIMIT",
    "note",
    "An age that is not given is no limit",
    "No {field} is given; {parameter} says that there is no limit, as a registry means it.",
    "Give it in study.yaml, if there is one.",
    "ClinicalTrials.gov API v2, EligibilityModule",
)
OTHER_IDENTIFIER = rule(
    "TS-IDENTIFIER",
    "note",
    "An identifier is of no registry",
    "{value} is of no registry; TS has no parameter for it.",
    "Nothing to mend; give its `type` as REGISTRY in study.yaml, if it is one of a registry.",
    "SDTMIG 3.4, 7.4.2",
)
ARM_TYPE_UNUSED = rule(
    "TS-ARM-TYPE-UNUSED",
    "note",
    "The types of arms are not for this kind of study",
    "{field} is {value}; only interventional studies have a control type, so TS does not say it.",
    "Nothing to mend.",
    "SDTMIG 3.4, 7.4.2; ClinicalTrials.gov API v2, ArmGroupType",
)
BAD_AGE = rule(
    "TS-AGE",
    "error",
    "An age limit is not understood",
    "{field} is {value!r}.",
    "Write a number and a unit, such as 18 Years, or N/A for no limit.",
    "ClinicalTrials.gov API v2, EligibilityModule",
)
BAD_DURATION = rule(
    "TS-DURATION",
    "warning",
    "A duration is not understood",
    "{field} is {value!r}; {parameter} is left out of TS.",
    "Write a number and a unit, such as 5 Years.",
    "ISO 8601; ClinicalTrials.gov API v2, DesignModule",
)
BAD_COUNTRY = rule(
    "TS-COUNTRY",
    "error",
    "A country is no ISO 3166 code of three letters",
    "The site {site} is in {value!r}.",
    "Write the code of three capital letters, such as TUR.",
    "ISO 3166-1 alpha-3",
)
NO_COUNTRY_CODE = rule(
    "TS-COUNTRY-UNKNOWN",
    "warning",
    "A country has no code",
    "Locations are in {value!r}: {why}; FCNTRY does not say it.",
    "Give FCNTRY under `parameters` with the codes of three letters.",
    "ISO 3166-1 alpha-3; SDTMIG 3.4, 7.4.2",
)
BRIEF_TITLE = rule(
    "TS-BRIEF-TITLE",
    "note",
    "The brief title stands for the official one",
    "There is no official title; TITLE is the brief one.",
    "Give `title` in study.yaml.",
    "SDTMIG 3.4, 7.4.2",
)
ENROLMENT_UNTYPED = rule(
    "TS-ENROLMENT",
    "warning",
    "A number of subjects is not said to be planned or reached",
    "enrolment.count is {value}; it is neither PLANSUB nor ACTSUB as it stands.",
    "Give `enrolment.planned` or `enrolment.actual` in study.yaml.",
    "SDTMIG 3.4, 7.4.2; ClinicalTrials.gov API v2, EnrollmentInfo",
)
ARM_UNTYPED = rule(
    "TS-ARM-TYPE",
    "warning",
    "An arm is not said to be experimental or a comparator",
    "{value} has no type, so TCNTRL, TRT and COMPTRT do not tell of it.",
    "Give the arm's `type` in study.yaml.",
    "SDTMIG 3.4, 7.4.2; ClinicalTrials.gov API v2, ArmGroupType",
)
ROLE_UNKNOWN = rule(
    "TS-TREATMENT-ROLE",
    "warning",
    "An intervention is not said to be investigated or compared",
    "{value}: in no arm whose type says it; TRT and COMPTRT do not tell of it.",
    "Give the types of its arms in study.yaml, or TRT under `parameters`.",
    "SDTMIG 3.4, 7.4.2",
)
KIND_UNKNOWN = rule(
    "TS-KIND-UNKNOWN",
    "warning",
    "An outcome or objective is not said to be primary, secondary or exploratory",
    "{value!r} has no type; no trial summary parameter holds it.",
    "Give its `type` in study.yaml.",
    "SDTMIG 3.4, 7.4.2",
)
