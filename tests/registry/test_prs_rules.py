"""The rules of PRS: each fires where a record breaks it, and not in a record that is in order."""

from dataclasses import replace

import pytest
from registry_nodes import (
    add,
    attribute,
    prs_record,
    remove,
    set_text,
    several,
    twice,
)
from whole_study import WHOLE

from trialect.converters.writers.prs_xml import write
from trialect.problems import RULES
from trialect.registry_facts import ExpandedAccess
from trialect.schemas.registry.nodes import Node
from trialect.schemas.registry.prs import RESULTS, check_record

INTERVENTIONAL = "study_design/interventional_design"
PARTIAL = attribute("", "partial_upload", "true")


def rules(change, study=WHOLE):
    node = prs_record(study)
    change(node)
    return [one.rule for one in check_record(node)]


def test_a_record_in_order_has_no_findings():
    assert check_record(prs_record()) == []


OBSERVATIONAL = replace(
    WHOLE,
    design=replace(WHOLE.design, type="OBSERVATIONAL", model="COHORT", time_perspective="OTHER"),
    eligibility=replace(WHOLE.eligibility, population="All.", sampling="PROBABILITY_SAMPLE"),
    arms=tuple(replace(one, type=None) for one in WHOLE.arms),
)
ACCESS = replace(
    WHOLE,
    design=replace(WHOLE.design, type="EXPANDED_ACCESS"),
    status="AVAILABLE",
    expanded_access=ExpandedAccess(available=False, individual=True),
    start=None,
    primary_completion=None,
    completion=None,
    enrolment=replace(WHOLE.enrolment, planned=None),
    outcomes=(),
    arms=(),
    interventions=tuple(replace(one, arms=()) for one in WHOLE.interventions),
)


@pytest.mark.parametrize("study", [OBSERVATIONAL, ACCESS], ids=["observational", "access"])
def test_records_of_other_types_in_order_have_no_findings(study):
    assert check_record(prs_record(study)) == []


BROKEN = [
    ("REGISTRY-ELEMENT", add("", lambda: Node("banana", "yellow"))),
    ("REGISTRY-ELEMENT", add("brief_title", lambda: Node("b", "x"))),
    ("REGISTRY-ORDER", add("", lambda: Node("keyword", "late"))),
    ("REGISTRY-REPEATED", twice("brief_title")),
    ("REGISTRY-REPEATED", twice("eligibility/gender")),
    ("REGISTRY-MISSING", remove("id_info/org_name")),
    ("REGISTRY-MISSING", remove("sponsors/lead_sponsor")),
    ("REGISTRY-ATTRIBUTE", attribute("brief_title", "lang", "en")),
    ("REGISTRY-ATTRIBUTE", attribute("brief_title", "delete", "true")),
    ("REGISTRY-ATTRIBUTE", several(PARTIAL, attribute("brief_title", "delete", "perhaps"))),
    ("REGISTRY-ATTRIBUTE", attribute("", "partial_upload", "perhaps")),
    ("REGISTRY-TEXT", set_text("sponsors", "stray")),
    ("REGISTRY-REQUIRED", remove("brief_title")),
    ("REGISTRY-REQUIRED", set_text("brief_title", " ")),
    ("REGISTRY-REQUIRED", remove("official_title")),
    ("REGISTRY-REQUIRED", remove("primary_outcome")),
    ("REGISTRY-REQUIRED", remove("oversight_info/irb_info/approval_number")),
    ("REGISTRY-REQUIRED", set_text("sponsors/resp_party/resp_party_type", "Sponsor-Investigator")),
    ("REGISTRY-REQUIRED", set_text("overall_status", "Terminated")),
    ("REGISTRY-REQUIRED", set_text("oversight_info/fda_regulated_device", "yes")),
    ("REGISTRY-REQUIRED", remove("location/facility/address/state")),
    ("REGISTRY-NOT-ASKED", set_text("why_stopped", "No money")),
    ("REGISTRY-NOT-ASKED", set_text("ipd_sharing_statement/sharing_ipd", "no")),
    ("REGISTRY-NOT-ASKED", set_text("eligibility/sampling_method", "Probability Sample")),
    ("REGISTRY-LENGTH", set_text("brief_title", "x" * 301)),
    ("REGISTRY-LENGTH", set_text("arm_group/arm_group_label", "x" * 101)),
    ("REGISTRY-LENGTH", set_text("eligibility/criteria/textblock", "x" * 20_001)),
    ("REGISTRY-LENGTH-LIKELY", set_text("location/facility/address/city", "x" * 60)),
    ("REGISTRY-LENGTH-LIKELY", set_text("reference/citation", "x" * 2001)),
    ("REGISTRY-REQUIRED-LIKELY", remove("start_date_type")),
    ("REGISTRY-REQUIRED-LIKELY", set_text("eligibility/gender_based", "yes")),
    ("REGISTRY-WORD", set_text("study_design/study_type", "Banana")),
    ("REGISTRY-WORD", set_text(f"{INTERVENTIONAL}/phase", "Phase 9")),
    ("REGISTRY-WORD", set_text("overall_status", "Unknown status")),
    ("REGISTRY-FORM", set_text("start_date", "2023-02-30")),
    ("REGISTRY-FORM", set_text("start_date", "January 2023")),
    ("REGISTRY-FORM", set_text("verification_date", "2024")),
    ("REGISTRY-FORM", set_text("eligibility/minimum_age", "eighteen")),
    ("REGISTRY-FORM", set_text("oversight_info/has_dmc", "maybe")),
    ("REGISTRY-FORM", set_text("overall_contact/email", "nobody")),
    ("REGISTRY-FORM", set_text("link/url", "example.org")),
    ("REGISTRY-FORM", set_text("enrollment", "many")),
    ("REGISTRY-SUPERSEDED", set_text(f"{INTERVENTIONAL}/endpoint", "Efficacy")),
    (
        "REGISTRY-DELETED",
        several(PARTIAL, add("", lambda: Node("study_document", attributes={"delete": "true"}))),
    ),
    ("PRS-RESULTS", add("", lambda: Node(f"{RESULTS} result"))),
    ("PRS-ARM-UNKNOWN", set_text("intervention/arm_group_label", "Somewhere")),
    ("PRS-ARM-WITHOUT", remove("intervention/arm_group_label")),
    ("PRS-ARM-NO-INTERVENTION", set_text("arm_group/arm_type", "No Intervention")),
    ("PRS-INTERVENTION-WITHOUT", remove("intervention/arm_group_label")),
    ("PRS-ARM-COUNT", set_text(f"{INTERVENTIONAL}/number_of_arms", "3")),
    ("PRS-ARM-MODEL", set_text(f"{INTERVENTIONAL}/assignment", "Single Group Assignment")),
    ("PRS-ARM-MODEL", several(remove("arm_group"), remove("intervention"))),
    ("PRS-ALLOCATION", set_text(f"{INTERVENTIONAL}/allocation", "N/A")),
    ("PRS-ARM-TWICE", twice("arm_group")),
    ("PRS-INTERVENTION-TWICE", twice("intervention")),
    ("PRS-DATE-ORDER", set_text("primary_compl_date", "2022-12")),
    ("PRS-DATE-ORDER", set_text("last_follow_up_date", "2025-05-31")),
    ("PRS-ACTUAL-LATER", set_text("start_date", "2024-06-01")),
    ("PRS-ANTICIPATED-PAST", set_text("primary_compl_date", "2024-04")),
    ("PRS-DATE-TYPES", set_text("last_follow_up_date_type", "Actual")),
    ("PRS-ENROLLMENT-ACTUAL", set_text("primary_compl_date_type", "Actual")),
    ("PRS-STATUS-DATE", set_text("overall_status", "Completed")),
    ("PRS-STATUS-DATE", set_text("overall_status", "Not yet recruiting")),
    ("PRS-STATUS-ENROLLMENT", set_text("overall_status", "Withdrawn")),
    ("PRS-STATUS-ENROLLMENT", set_text("overall_status", "Completed")),
    ("PRS-NO-SITE-RECRUITS", several(set_text("location/status", "Completed"),
                                     lambda node: node.parts.remove(node.all("location")[1]))),
    ("PRS-SITE-STATUS", set_text("overall_status", "Active, not recruiting")),
    ("PRS-MASKING-SAID", several(*(set_text(f"{INTERVENTIONAL}/masked_{who}", "no")
                                   for who in ("subject", "investigator")))),
    ("PRS-MASKING-BOTH", set_text(f"{INTERVENTIONAL}/no_masking", "yes")),
    ("PRS-AGE-ORDER", set_text("eligibility/minimum_age", "1200 Months")),
    ("PRS-DEVICE-UNAPPROVED", set_text("delayed_posting", "yes")),
    ("PRS-IND-PRODUCT", set_text("oversight_info/fda_regulated_drug", "no")),
    ("PRS-IND-CENTER", set_text("ind_info/ind_grantor", "CDRH")),
    ("PRS-PHASE-DRUG", set_text(f"{INTERVENTIONAL}/phase", "N/A")),
    ("PRS-FEASIBILITY", set_text(f"{INTERVENTIONAL}/interventional_subtype", "Device Feasibility")),
    ("PRS-SECONDARY-ID", set_text("id_info/secondary_id/id", "TR-01")),
    ("PRS-SECONDARY-ID", set_text("id_info/secondary_id/id", "NCT01234567")),
    ("PRS-SECONDARY-ID", twice("id_info/secondary_id")),
    ("PRS-PEDIATRIC-DEVICE", set_text("oversight_info/ped_postmarket_surv", "yes")),
    ("PRS-NO-CONTACT", several(remove("overall_contact"), remove("location/contact"))),
    (
        "PRS-UNREACHABLE",
        several(remove("overall_contact/phone"), remove("overall_contact/email")),
    ),
    (
        "PRS-NO-CITATION",
        several(remove("reference/citation"), remove("reference/pubmed_id")),
    ),
    ("PRS-REPEATED-VALUE", twice("condition")),
    ("PRS-REPEATED-VALUE", twice("secondary_outcome")),
    ("PRS-OUTCOME-VAGUE", set_text("primary_outcome/outcome_measure", "Safety")),
    ("PRS-TIME-FRAME", set_text("primary_outcome/outcome_time_frame", "12")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "change"), BROKEN, ids=[f"{number}-{rule}" for number, (rule, _) in enumerate(BROKEN)]
)
def test_a_rule_fires(rule, change):
    assert rule in rules(change)


def test_types_of_expanded_access_exclude_none():
    both = set_text("study_design/no_exp_acc_type", "yes")
    assert "PRS-ACCESS-TYPE" in rules(both, ACCESS)
    none = set_text("study_design/exp_acc_type_individual", "no")
    assert rules(none, ACCESS) == ["PRS-ACCESS-UNSAID"]


NOT_BROKEN = [
    several(set_text("overall_contact/phone", ""), set_text("enrollment", "0120")),
    set_text("oversight_info/has_dmc", "Yes"),
    set_text("eligibility/maximum_age", "N/A"),
    set_text("eligibility/minimum_age", "18 years"),
    set_text("last_follow_up_date", "2025-06"),
    several(PARTIAL, remove("brief_title"), remove("eligibility")),
    several(PARTIAL, attribute("acronym", "x", "y"), lambda node: node.parts.remove(
        node.part("acronym"))),
    several(set_text("start_date", "2016-05"), remove("official_title")),
    several(PARTIAL, add("", lambda: Node("study_document", attributes={"delete": "0"}))
            , remove("study_document"), lambda node: node.parts.pop()),
]  # fmt: skip


@pytest.mark.parametrize("change", NOT_BROKEN)
def test_what_prs_takes_is_no_finding(change):
    assert rules(change) == []


def test_a_finding_names_the_place_and_the_fact():
    arm = replace(WHOLE.arms[1], type=None)
    study = replace(WHOLE, arms=(WHOLE.arms[0], arm))
    told = []
    list(write(study, told.append))
    (found,) = [one for one in told if one.rule == "REGISTRY-REQUIRED"]
    assert found.path == "/prs:study_collection/clinical_study/arm_group[2]/arm_type"
    assert found.field == "arms.1.type"


def test_what_is_so_of_many_elements_is_one_finding_of_a_study():
    place = replace(WHOLE.locations[0], status=None)
    told = []
    list(write(replace(WHOLE, locations=(place,) * 30), told.append))
    (found,) = [one for one in told if one.rule == "REGISTRY-REQUIRED"]
    assert found.field == "locations.*.status"
    assert "30 times" in found.message


def test_each_rule_of_prs_has_a_record_that_breaks_it():
    ours = {"REGISTRY", "PRS"}
    checked = {
        one.id
        for one in RULES.values()
        if one.id.split("-")[0] in ours and one.id not in TOLD_ELSEWHERE
    }
    assert checked == {rule for rule, _ in BROKEN} | {"PRS-ACCESS-TYPE", "PRS-ACCESS-UNSAID"}


TOLD_ELSEWHERE = {
    *("PRS-FULL-UPLOAD", "PRS-PARTIAL-UPLOAD", "PRS-UPLOAD-OPTION", "PRS-ORG-NAME"),
    *(
        "PRS-CHARACTER",
        "PRS-LAST-STATUS",
        "PRS-EMPTY",
        "PRS-LAST-STATUS-PAST",
        "PRS-REFERENCE-DERIVED",
        "PRS-NO-WORD",
        "PRS-WORD-LOSS",
        "PRS-NAME-WHOLE",
        "PRS-NO-ROOM",
    ),
    *("PRS-INVESTIGATOR-CONTACT", "PRS-MASKING-ROLES", "PRS-MASKING-ALL", "PRS-NO-PHASE"),
    *("PRS-NO-DURATION", "PRS-AGE-NO-LIMIT", "PRS-ENROLMENT-ONE", "PRS-OUTCOME-KIND"),
    *("PRS-OTHER-TYPE", "PRS-MASKING-COUNT", "REGISTRY-NAMESPACE", "REGISTRY-XML"),
    *("REGISTRY-ENTITY", "REGISTRY-LARGE", "REGISTRY-ROOT", "PRS-UPLOAD-OPTION"),
}
"""Rules of the writer (test_prs_xml.py, test_prs_upload.py) and of reading files
(test_registry_files.py)."""
