"""Closed lists of words that study.yaml takes, by the dotted path of their place."""

from __future__ import annotations

from trialect.converters.study_targets import STUDY_TARGETS

_EXPANDED_ACCESS = (
    "AVAILABLE",
    "NO_LONGER_AVAILABLE",
    "TEMPORARILY_NOT_AVAILABLE",
    "APPROVED_FOR_MARKETING",
)
_RECRUITMENT = (
    "ACTIVE_NOT_RECRUITING",
    "COMPLETED",
    "ENROLLING_BY_INVITATION",
    "NOT_YET_RECRUITING",
    "RECRUITING",
    "SUSPENDED",
    "TERMINATED",
    "WITHDRAWN",
)
_STATUS = (*_RECRUITMENT, *_EXPANDED_ACCESS, "WITHHELD", "UNKNOWN")
_AGENCY = (
    "NIH",
    "FED",
    "OTHER_GOV",
    "INDIV",
    "INDUSTRY",
    "NETWORK",
    "AMBIG",
    "OTHER",
    "UNKNOWN",
)
_GRANT = ("NIH", "FDA", "VA", "CDC", "AHRQ", "SAMHSA")
_OFFICIAL = ("STUDY_CHAIR", "STUDY_DIRECTOR", "PRINCIPAL_INVESTIGATOR", "SUB_INVESTIGATOR")

WORDS: dict[str, tuple[str, ...]] = {
    "status": _STATUS,
    "last_known_status": _STATUS,
    "identifier.type": _GRANT,
    "secondary_ids.*.type": (*_GRANT, "OTHER_GRANT", "EUDRACT_NUMBER", "REGISTRY", "OTHER"),
    "sponsor.type": _AGENCY,
    "organization.type": _AGENCY,
    "collaborators.*.type": _AGENCY,
    "responsible.type": ("SPONSOR", "PRINCIPAL_INVESTIGATOR", "SPONSOR_INVESTIGATOR"),
    "officials.*.role": _OFFICIAL,
    "expanded_access.status": _EXPANDED_ACCESS,
    "locations.*.status": (*_RECRUITMENT, "AVAILABLE"),
    "locations.*.contacts.*.role": (*_OFFICIAL, "CONTACT"),
    "biospecimen.retention": ("NONE_RETAINED", "SAMPLES_WITH_DNA", "SAMPLES_WITHOUT_DNA"),
    "references.*.type": ("BACKGROUND", "RESULT", "DERIVED"),
    "fda_application.center": ("CDER", "CBER", "CDRH"),
    "ethics_review.status": (
        "APPROVED",
        "PENDING",
        "EXEMPT",
        "DENIED",
        "NOT_REQUIRED",
        "NOT_YET_SUBMITTED",
    ),
    "data_sharing.sharing": ("YES", "NO", "UNDECIDED"),
    "data_sharing.information.*": ("STUDY_PROTOCOL", "SAP", "ICF", "CSR", "ANALYTIC_CODE"),
    "design.time_perspective": ("RETROSPECTIVE", "PROSPECTIVE", "CROSS_SECTIONAL", "OTHER"),
    "eligibility.age_groups.*": ("CHILD", "ADULT", "OLDER_ADULT"),
    "eligibility.sampling": ("PROBABILITY_SAMPLE", "NON_PROBABILITY_SAMPLE"),
    "design.type": ("INTERVENTIONAL", "OBSERVATIONAL", "EXPANDED_ACCESS"),
    "design.allocation": ("RANDOMIZED", "NON_RANDOMIZED", "NA"),
    "design.model": (
        "SINGLE_GROUP",
        "PARALLEL",
        "CROSSOVER",
        "FACTORIAL",
        "SEQUENTIAL",
        "COHORT",
        "CASE_CONTROL",
        "CASE_ONLY",
        "CASE_CROSSOVER",
        "ECOLOGIC_OR_COMMUNITY",
        "FAMILY_BASED",
        "DEFINED_POPULATION",
        "NATURAL_HISTORY",
        "OTHER",
    ),
    "design.masking": ("NONE", "SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE"),
    "design.masked.*": ("PARTICIPANT", "CARE_PROVIDER", "INVESTIGATOR", "OUTCOMES_ASSESSOR"),
    "design.purpose": (
        "TREATMENT",
        "PREVENTION",
        "DIAGNOSTIC",
        "ECT",
        "SUPPORTIVE_CARE",
        "SCREENING",
        "HEALTH_SERVICES_RESEARCH",
        "BASIC_SCIENCE",
        "DEVICE_FEASIBILITY",
        "OTHER",
    ),
    "design.phases.*": ("NA", "EARLY_PHASE1", "PHASE1", "PHASE2", "PHASE3", "PHASE4"),
    "eligibility.sex": ("ALL", "FEMALE", "MALE"),
    "arms.*.type": (
        "EXPERIMENTAL",
        "ACTIVE_COMPARATOR",
        "PLACEBO_COMPARATOR",
        "SHAM_COMPARATOR",
        "NO_INTERVENTION",
        "OTHER",
    ),
    "interventions.*.type": (
        "BEHAVIORAL",
        "BIOLOGICAL",
        "COMBINATION_PRODUCT",
        "DEVICE",
        "DIAGNOSTIC_TEST",
        "DIETARY_SUPPLEMENT",
        "DRUG",
        "GENETIC",
        "PROCEDURE",
        "RADIATION",
        "OTHER",
    ),
    "results.agreement.restriction": ("LTE60", "GT60", "OTHER"),
    "outputs.*": tuple(dict.fromkeys(("sdtm", "dataset-json", "fhir", *STUDY_TARGETS))),
}
"""Closed lists of words; those of the protocol are the enumerations of ClinicalTrials.gov API v2
(Status, ExpandedAccessStatus, RecruitmentStatus, AgencyClass, OrgStudyIdType, SecondaryIdType,
ResponsiblePartyType, OfficialRole, ContactRole, StudyType, DesignAllocation, ObservationalModel,
InterventionalAssignment, DesignMasking, WhoMasked, PrimaryPurpose, Phase, DesignTimePerspective,
BioSpecRetention, Sex, StandardAge, SamplingMethod, ArmGroupType, InterventionType, ReferenceType,
IpdSharing, IpdSharingInfoType, AgreementRestrictionType); those of fda_application and
ethics_review are PRS's."""
