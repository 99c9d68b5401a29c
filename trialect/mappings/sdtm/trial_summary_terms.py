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

SDTM_OF_IG = {"3.4": "2.0", "3.3": "1.7", "3.2": "1.4"}
"""The version of SDTM that a version of SDTMIG goes with."""

REQUIRED = (
    *("ADDON", "AGEMAX", "AGEMIN", "LENGTH", "PLANSUB", "RANDOM", "SEXPOP", "STOPRULE"),
    *("TBLIND", "TCNTRL", "TITLE", "TPHASE", "TTYPE", "OBJPRIM", "SPONSOR", "OUTMSPRI"),
    *("FCNTRY", "ADAPT", "DCUTDTC", "DCUTDESC", "NARMS", "STYPE", "SSTDTC", "SENDTC"),
    *("ACTSUB", "HLTSUBJI"),
)
"""Parameters that the FDA requires of every study (FDA validator rules 1.3)."""

REQUIRED_OF_INTERVENTIONAL = ("INDIC", "TINDTP", "TRT", "INTMODEL", "INTTYPE")
"""Parameters that the FDA requires besides of interventional studies."""
