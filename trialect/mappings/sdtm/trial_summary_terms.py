"""The words of registries and the terms of SDTM CT for trial summary parameters.

Left: enumerations of ClinicalTrials.gov API v2. Right: SDTM CT 2025-03-28. A word without a term
is a problem, not a guess.
"""

from __future__ import annotations

ISO_8601 = frozenset(
    {
        *("AGEMIN", "AGEMAX", "LENGTH", "SSTDTC", "SENDTC", "DCUTDTC", "CSRARDTC"),
        *("CRMDUR", "SDMDUR", "PLNTRDUR", "PTRTDUR", "TRGFUDUR"),
    }
)
"""Parameters whose values are ISO 8601 dates or durations."""

STUDY_TYPE = {
    "INTERVENTIONAL": "INTERVENTIONAL",
    "OBSERVATIONAL": "OBSERVATIONAL",
    "EXPANDED_ACCESS": "EXPANDED ACCESS",
}

PATIENT_REGISTRY = "PATIENT REGISTRY"
"""The study type (C99077) of an observational study that is a patient registry."""

PHASES = {
    ("NA",): "NOT APPLICABLE",
    ("EARLY_PHASE1",): "EARLY PHASE I",
    ("PHASE1",): "PHASE I TRIAL",
    ("PHASE1", "PHASE2"): "PHASE I/II TRIAL",
    ("PHASE2",): "PHASE II TRIAL",
    ("PHASE2", "PHASE3"): "PHASE II/III TRIAL",
    ("PHASE3",): "PHASE III TRIAL",
    ("PHASE4",): "PHASE IV TRIAL",
}

PURPOSE = {
    "TREATMENT": "TREATMENT",
    "PREVENTION": "PREVENTION",
    "DIAGNOSTIC": "DIAGNOSIS",
    "SUPPORTIVE_CARE": "SUPPORTIVE CARE",
    "SCREENING": "SCREENING",
    "HEALTH_SERVICES_RESEARCH": "HEALTH SERVICES RESEARCH",
    "BASIC_SCIENCE": "BASIC SCIENCE",
    "DEVICE_FEASIBILITY": "DEVICE FEASIBILITY",
}

ALLOCATION = {"RANDOMIZED": "Y", "NON_RANDOMIZED": "N", "NA": "N"}

MODEL = {
    "SINGLE_GROUP": "SINGLE GROUP",
    "PARALLEL": "PARALLEL",
    "CROSSOVER": "CROSS-OVER",
    "FACTORIAL": "FACTORIAL",
    "SEQUENTIAL": "SEQUENTIAL",
}

OBSERVATIONAL_MODEL = {
    "COHORT": "COHORT",
    "CASE_CONTROL": "CASE CONTROL",
    "CASE_ONLY": "CASE ONLY",
    "CASE_CROSSOVER": "CASE CROSSOVER",
    "ECOLOGIC_OR_COMMUNITY": "ECOLOGIC OR COMMUNITY",
    "FAMILY_BASED": "FAMILY BASED",
}

TIME_PERSPECTIVE = {
    "RETROSPECTIVE": "RETROSPECTIVE",
    "PROSPECTIVE": "PROSPECTIVE",
    "CROSS_SECTIONAL": "CROSS SECTIONAL",
}

SAMPLING = {
    "PROBABILITY_SAMPLE": "PROBABILITY SAMPLE",
    "NON_PROBABILITY_SAMPLE": "NON-PROBABILITY SAMPLE",
}

RETENTION = {
    "NONE_RETAINED": {"BRIND": "N"},
    "SAMPLES_WITH_DNA": {"BRIND": "Y", "BRDNAIND": "Y"},
    "SAMPLES_WITHOUT_DNA": {"BRIND": "Y", "BRDNAIND": "N"},
}
"""What is kept of samples, as the two indicators of it."""

EXPANDED_ACCESS_STATUS = {
    "AVAILABLE": "AVAILABLE",
    "NO_LONGER_AVAILABLE": "NO LONGER AVAILABLE",
    "TEMPORARILY_NOT_AVAILABLE": "TEMPORARILY NOT AVAILABLE",
    "APPROVED_FOR_MARKETING": "APPROVED FOR MARKETING",
}
"""EXPASTAT, which has no codelist: the registry's words."""

MASKING = {
    "NONE": "OPEN LABEL",
    "SINGLE": "SINGLE BLIND",
    "DOUBLE": "DOUBLE BLIND",
    "TRIPLE": "DOUBLE BLIND",
    "QUADRUPLE": "DOUBLE BLIND",
}

CONTROL = {
    "ACTIVE_COMPARATOR": "ACTIVE",
    "PLACEBO_COMPARATOR": "PLACEBO",
    "SHAM_COMPARATOR": "SHAM",
    "NO_INTERVENTION": "NONE",
}
"""The control that an arm of a type is."""

TESTED = "EXPERIMENTAL"
"""The type of an arm in which the investigational treatment is given."""

INTERVENTION_TYPE = {
    "BEHAVIORAL": "BEHAVIORAL THERAPY",
    "BIOLOGICAL": "BIOLOGIC",
    "COMBINATION_PRODUCT": "COMBINATION PRODUCT",
    "DEVICE": "DEVICE",
    "DIAGNOSTIC_TEST": "DIAGNOSTIC TEST",
    "DIETARY_SUPPLEMENT": "DIETARY SUPPLEMENT",
    "DRUG": "DRUG",
    "GENETIC": "GENETIC",
    "PROCEDURE": "PROCEDURE",
    "RADIATION": "RADIATION",
}

SEX = {"ALL": "BOTH", "FEMALE": "F", "MALE": "M"}

OUTCOME = {"PRIMARY": "OUTMSPRI", "SECONDARY": "OUTMSSEC", "OTHER": "OUTMSEXP"}

OBJECTIVE = {"PRIMARY": "OBJPRIM", "SECONDARY": "OBJSEC", "EXPLORATORY": "OBJEXP"}

OVERSIGHT = {
    "has_dmc": "DMCIND",
    "fda_regulated_drug": "FDADRIND",
    "fda_regulated_device": "FDADEIND",
    "pediatric_postmarket": "PDPSTIND",
}
"""The indicators that facts of `Study.oversight` are."""

SDTM_OF_IG = {"3.4": "2.0", "3.3": "1.7", "3.2": "1.4"}
"""The version of SDTM that a version of SDTMIG goes with."""

REQUIRED = (
    *("ADDON", "AGEMAX", "AGEMIN", "LENGTH", "PLANSUB", "RANDOM", "SEXPOP", "STOPRULE"),
    *("TBLIND", "TCNTRL", "TITLE", "TPHASE", "TTYPE", "OBJPRIM", "SPONSOR", "OUTMSPRI"),
    *("FCNTRY", "ADAPT", "DCUTDTC", "DCUTDESC", "NARMS", "STYPE", "SSTDTC", "SENDTC"),
    *("ACTSUB", "HLTSUBJI"),
)
"""Parameters that the FDA requires of every study (FDA validator rules 1.3)."""

NOT_APPLICABLE = ("RANDOM", "TBLIND", "TCNTRL", "TPHASE", "NARMS", "ADDON")
"""What only interventional studies have: allocation, masking, control, phase, arms, treatment
(ClinicalTrials.gov protocol registration data elements). TS says so for others (TSVALNF = NA)."""

NOT_OF_EXPANDED_ACCESS = frozenset(
    {
        *("ADAPT", "LENGTH", "STOPRULE", "PLANSUB", "ACTSUB", "OUTMSPRI", "OBJPRIM", "TTYPE"),
        *("SSTDTC", "SENDTC", "DCUTDTC", "DCUTDESC", "HLTSUBJI", "FCNTRY"),
    }
)
"""What is not asked of expanded access, which is treatment and no trial."""

REQUIRED_OF_INTERVENTIONAL = ("INDIC", "TINDTP", "TRT", "INTMODEL", "INTTYPE")
"""Parameters that the FDA requires besides of interventional studies."""
