"""The classes of PRS's rules, each with a record that breaks it and one beside it that does not.

The official schema takes all of these. `fires` breaks the record in one way; `is_quiet` changes the
same place to what PRS takes. Where a class holds several rules, each has a line.
"""

import csv
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from registry_nodes import found, prs_record, remove, set_text, several, twice
from test_prs_rules import ACCESS, OBSERVATIONAL, PARTIAL
from whole_study import WHOLE

from trialect.schemas.registry.nodes import Node
from trialect.schemas.registry.prs import check_record

DESIGN = "study_design/interventional_design"
LOOKING = "study_design/observational_design"
PARTY = "sponsors/resp_party"
OVERSIGHT = "oversight_info"


def said(**texts):
    """A change: the texts of several elements, by path with `__` for the slashes."""
    return several(*(set_text(path.replace("__", "/"), text) for path, text in texts.items()))


def length(path, limit):
    """A text of one character more than PRS takes, and one of just as many."""
    return set_text(path, "x" * (limit + 1)), set_text(path, "x" * limit)


def locations(*statuses):
    """A change: the statuses of the locations, of which there are as many as statuses."""

    def change(node):
        every = node.all("location")
        for one, status in zip(every, statuses, strict=False):
            one.part("status").text = status
        for one in every[len(statuses) :]:
            node.parts.remove(one)

    return change


def party(type_, **texts):
    texts = {f"sponsors__resp_party__investigator_{key}": text for key, text in texts.items()}
    return several(set_text(f"{PARTY}/resp_party_type", type_), said(**texts))


def block(path, text):
    """A change: a text of paragraphs below what a path leads to."""

    def change(node):
        around, _, name = path.rpartition("/")
        found(node, around).parts.append(Node(name, parts=[Node("textblock", text)]))

    return change


def secondary(**texts):
    """A change: one secondary identifier with these parts, and no other."""
    parts = [Node(name, text) for name, text in texts.items()]

    def change(node):
        ids = node.part("id_info")
        ids.parts = [one for one in ids.parts if one.name != "secondary_id"]
        ids.parts.append(Node("secondary_id", parts=parts))

    return change


DEVICE = replace(
    WHOLE,
    oversight=replace(
        WHOLE.oversight,
        fda_regulated_device=True,
        unapproved_device=True,
        post_before_approval=True,
    ),
)
EXPORTED = replace(
    WHOLE,
    oversight=replace(WHOLE.oversight, fda_application=False),
    fda_application=None,
    locations=WHOLE.locations[:1],
)
ADDRESS = "location/facility/address"
PI = {"title": "Professor", "affiliation": "Example Institute", "username": "alove"}
LIMITS = [
    ("id_info/org_study_id", 30),
    ("brief_title", 300),
    ("acronym", 14),
    ("official_title", 600),
    ("sponsors/lead_sponsor/agency", 160),
    ("brief_summary/textblock", 5000),
    ("detailed_description/textblock", 32_000),
    (f"{DESIGN}/model_description/textblock", 1000),
    (f"{DESIGN}/masking_description/textblock", 1000),
    ("primary_outcome/outcome_measure", 254),
    ("primary_outcome/outcome_time_frame", 254),
    ("primary_outcome/outcome_description/textblock", 999),
    ("secondary_outcome/outcome_measure", 254),
    ("other_outcome/outcome_time_frame", 254),
    ("arm_group/arm_group_description/textblock", 999),
    ("intervention/intervention_name", 200),
    ("intervention/intervention_description/textblock", 1000),
    ("intervention/intervention_other_name", 200),
    ("eligibility/criteria/textblock", 20_000),
    ("location/facility/name", 254),
    ("overall_contact/phone", 30),
    ("link/description", 254),
]
LENGTHS = [("REGISTRY-LENGTH", WHOLE, *length(path, limit)) for path, limit in LIMITS]

WORDS = [
    ("REGISTRY-WORD", WHOLE, set_text(path, wrong), set_text(path, right))
    for path, wrong, right in (
        ("overall_status", "Unknown status", "Recruiting"),
        (f"{DESIGN}/interventional_subtype", "Educational", "Supportive Care"),
        (f"{DESIGN}/phase", "Phase 2/Phase 3", "Phase 2/3"),
        (f"{DESIGN}/assignment", "Parallel", "Parallel Assignment"),
        (f"{DESIGN}/allocation", "Non-Randomized", "Non-randomized"),
        ("start_date_type", "Estimated", "Actual"),
        ("arm_group/arm_type", "EXPERIMENTAL", "Experimental"),
        ("intervention/intervention_type", "Biological", "Biological/Vaccine"),
        ("eligibility/gender", "Any", "Both"),
        (f"{PARTY}/resp_party_type", "Investigator", "Sponsor"),
        ("overall_official/role", "Sponsor", "Study Chair"),
        ("ipd_sharing_statement/sharing_ipd", "maybe", "yes"),
        (f"{OVERSIGHT}/irb_info/approval_status", "Submitted", "Approved"),
    )
]

REQUIRED = [
    ("REGISTRY-REQUIRED", WHOLE, remove("brief_title"), several(PARTIAL, remove("brief_title"))),
    ("REGISTRY-REQUIRED", WHOLE, remove("official_title"),
     several(remove("official_title"), set_text("start_date", "2017-01-17"))),
    ("REGISTRY-REQUIRED", WHOLE, remove("arm_group/arm_type"), set_text("acronym", "X")),
    ("REGISTRY-REQUIRED", OBSERVATIONAL, remove("eligibility/sampling_method"),
     set_text("acronym", "X")),
    ("REGISTRY-REQUIRED", OBSERVATIONAL, set_text(f"{LOOKING}/patient_registry", "yes"),
     said(study_design__observational_design__patient_registry="yes",
          study_design__observational_design__target_duration_quantity="5",
          study_design__observational_design__target_duration_units="Years")),
    ("REGISTRY-REQUIRED", ACCESS, remove("expanded_access_status"), set_text("acronym", "X")),
    ("REGISTRY-REQUIRED", WHOLE, party("Principal Investigator"),
     party("Principal Investigator", **PI)),
    ("REGISTRY-REQUIRED", WHOLE, party("Sponsor-Investigator", title="Professor", username="al"),
     party("Sponsor-Investigator", **PI)),
    ("REGISTRY-REQUIRED-LIKELY", WHOLE,
     party("Principal Investigator", title="Professor", affiliation="Example Institute"),
     party("Principal Investigator", **PI)),
    ("REGISTRY-REQUIRED", WHOLE, set_text("overall_status", "Suspended"),
     said(overall_status="Suspended", why_stopped="No drug")),
    ("REGISTRY-REQUIRED", WHOLE, set_text(f"{OVERSIGHT}/fda_regulated_device", "yes"),
     said(oversight_info__fda_regulated_device="yes", delayed_posting="no")),
    ("REGISTRY-REQUIRED", DEVICE, remove(f"{OVERSIGHT}/post_prior_to_approval"),
     set_text("start_date", "2016-05")),
    ("REGISTRY-REQUIRED", WHOLE, remove(f"{OVERSIGHT}/fda_regulated_drug"),
     set_text(f"{OVERSIGHT}/fda_regulated_drug", "yes")),
    ("REGISTRY-REQUIRED", WHOLE, remove("ind_info"),
     several(set_text("is_ind_study", "no"), remove("ind_info"))),
    ("REGISTRY-REQUIRED", WHOLE, set_text("ind_info/has_expanded_access", "yes"),
     said(ind_info__has_expanded_access="yes", ind_info__expanded_access_nct_id="NCT00000002")),
    ("REGISTRY-REQUIRED", WHOLE, remove(f"{OVERSIGHT}/irb_info/approval_number"),
     several(remove(f"{OVERSIGHT}/irb_info/approval_number"),
             set_text(f"{OVERSIGHT}/irb_info/approval_status", "Pending"))),
    ("REGISTRY-REQUIRED", WHOLE, remove("ipd_sharing_statement/sharing_ipd"),
     set_text("ipd_sharing_statement/sharing_ipd", "yes")),
    ("REGISTRY-REQUIRED", WHOLE, said(**{f"{ADDRESS}/country": "Guam", f"{ADDRESS}/zip": ""}),
     said(**{f"{ADDRESS}/country": "Guam", f"{ADDRESS}/state": ""})),
    ("REGISTRY-REQUIRED", EXPORTED, set_text(f"{ADDRESS}/country", "Canada"),
     set_text(f"{ADDRESS}/country", "Puerto Rico")),
    ("REGISTRY-REQUIRED", WHOLE, remove("primary_outcome/outcome_time_frame"),
     set_text("primary_outcome/outcome_time_frame", "Week 12")),
    ("REGISTRY-REQUIRED-LIKELY", WHOLE, secondary(id="X1", id_type="Registry Identifier"),
     secondary(id="X1", id_type="Registry Identifier", id_domain="ISRCTN")),
    ("REGISTRY-REQUIRED-LIKELY", WHOLE, set_text("eligibility/gender_based", "yes"),
     several(set_text("eligibility/gender_based", "yes"),
             block("eligibility/gender_description", "Women."))),
]  # fmt: skip

OTHER_TYPES = [
    ("REGISTRY-NOT-ASKED", WHOLE, set_text("eligibility/sampling_method", "Probability Sample"),
     set_text("eligibility/healthy_volunteers", "no")),
    ("REGISTRY-NOT-ASKED", OBSERVATIONAL, set_text("arm_group/arm_type", "Experimental"),
     set_text("arm_group/arm_group_label", "Examplin")),
    ("REGISTRY-NOT-ASKED", WHOLE, set_text("study_design/exp_acc_type_individual", "yes"),
     set_text("study_design/study_type", "Interventional")),
    ("REGISTRY-NOT-ASKED", ACCESS, set_text("start_date", "2023-01"),
     set_text("verification_date", "2024-05")),
    ("REGISTRY-NOT-ASKED", WHOLE, set_text("expanded_access_status", "Available"),
     set_text("overall_status", "Recruiting")),
    ("REGISTRY-NOT-ASKED", WHOLE, set_text("why_stopped", "No drug"),
     said(overall_status="Suspended", why_stopped="No drug")),
    ("REGISTRY-NOT-ASKED", WHOLE, set_text(f"{PARTY}/investigator_title", "Professor"),
     party("Principal Investigator", **PI)),
    ("REGISTRY-NOT-ASKED", WHOLE, set_text("ipd_sharing_statement/sharing_ipd", "undecided"),
     set_text("ipd_sharing_statement/sharing_ipd", "yes")),
]  # fmt: skip

DATES = [
    ("REGISTRY-FORM", WHOLE, set_text("start_date", "10/01/2023"),
     set_text("start_date", "2023-01-10")),
    ("REGISTRY-FORM", WHOLE, set_text("last_follow_up_date", "2025-02-30"),
     set_text("last_follow_up_date", "2028-02-29")),
    ("PRS-DATE-ORDER", WHOLE, set_text("primary_compl_date", "2022-12"),
     set_text("primary_compl_date", "2024-12")),
    ("PRS-DATE-ORDER", WHOLE, set_text("last_follow_up_date", "2025-05"),
     set_text("last_follow_up_date", "2025-06-01")),
    ("PRS-ACTUAL-LATER", WHOLE, set_text("start_date", "2024-06-01"),
     set_text("start_date", "2024-05-31")),
    ("PRS-ANTICIPATED-PAST", WHOLE, set_text("primary_compl_date", "2024-04"),
     set_text("primary_compl_date", "2024-05")),
    ("PRS-DATE-TYPES", WHOLE, set_text("last_follow_up_date_type", "Actual"),
     said(last_follow_up_date_type="Actual", primary_compl_date_type="Actual")),
    ("PRS-STATUS-DATE", WHOLE, set_text("overall_status", "Completed"),
     said(overall_status="Completed", primary_compl_date_type="Actual",
          last_follow_up_date_type="Actual", enrollment_type="Actual")),
    ("PRS-STATUS-ENROLLMENT", WHOLE, set_text("overall_status", "Withdrawn"),
     said(overall_status="Withdrawn", enrollment="0", enrollment_type="Actual")),
    ("PRS-ENROLLMENT-ACTUAL", WHOLE, set_text("primary_compl_date_type", "Actual"),
     said(primary_compl_date_type="Actual", enrollment_type="Actual")),
]  # fmt: skip

STATUSES = [
    ("PRS-SITE-STATUS", WHOLE, set_text("overall_status", "Active, not recruiting"),
     several(set_text("overall_status", "Active, not recruiting"), locations("Completed"))),
    ("PRS-NO-SITE-RECRUITS", WHOLE, locations("Completed"), locations("Recruiting")),
    ("PRS-NO-CONTACT", WHOLE, several(remove("overall_contact"), remove("location/contact")),
     remove("location/contact")),
]  # fmt: skip

MASKING = [
    ("PRS-MASKING-SAID", WHOLE,
     said(**{f"{DESIGN}/masked_{who}": "no" for who in ("subject", "investigator")}),
     said(**{f"{DESIGN}/masked_subject": "no"})),
    ("PRS-MASKING-BOTH", WHOLE, set_text(f"{DESIGN}/no_masking", "yes"),
     said(**{f"{DESIGN}/no_masking": "yes", f"{DESIGN}/masked_subject": "no",
             f"{DESIGN}/masked_investigator": "no"})),
]  # fmt: skip


def one_arm(node):
    """A change: the first arm alone, which no intervention names."""
    node.parts.remove(node.all("arm_group")[1])
    node.parts.remove(node.all("intervention")[1])
    design = found(node, DESIGN)
    for name, text in (
        ("number_of_arms", "1"),
        ("assignment", "Single Group Assignment"),
        ("allocation", "N/A"),
    ):
        design.part(name).text = text


ARMS = [
    ("PRS-ARM-UNKNOWN", WHOLE, set_text("intervention/arm_group_label", "Examplin 10 mg"),
     set_text("intervention/arm_group_label", " Examplin ")),
    ("PRS-INTERVENTION-WITHOUT", WHOLE, remove("intervention/arm_group_label"),
     several(one_arm, remove("intervention/arm_group_label"))),
    ("PRS-ARM-WITHOUT", WHOLE, remove("intervention/arm_group_label"),
     several(remove("intervention/arm_group_label"),
             set_text("intervention/arm_group_label", "Examplin"))),
    ("PRS-ARM-NO-INTERVENTION", WHOLE, set_text("arm_group/arm_type", "No Intervention"),
     set_text("arm_group/arm_type", "Other")),
    ("PRS-ARM-COUNT", WHOLE, set_text(f"{DESIGN}/number_of_arms", "3"),
     set_text(f"{DESIGN}/number_of_arms", "2")),
    ("PRS-ARM-COUNT", OBSERVATIONAL, set_text(f"{LOOKING}/number_of_groups", "1"),
     set_text(f"{LOOKING}/number_of_groups", "2")),
    ("PRS-ARM-MODEL", WHOLE, set_text(f"{DESIGN}/assignment", "Single Group Assignment"), one_arm),
    ("PRS-ALLOCATION", WHOLE, set_text(f"{DESIGN}/allocation", "N/A"), one_arm),
    ("PRS-ARM-TWICE", WHOLE, twice("arm_group"), set_text("acronym", "X")),
]  # fmt: skip

PRODUCTS = [
    ("PRS-IND-PRODUCT", WHOLE, set_text(f"{OVERSIGHT}/fda_regulated_drug", "no"),
     several(said(oversight_info__fda_regulated_drug="no", is_ind_study="no"),
             remove("ind_info"))),
    ("PRS-IND-CENTER", WHOLE, set_text("ind_info/ind_grantor", "CDRH"),
     set_text("ind_info/ind_grantor", "CBER")),
    ("PRS-DEVICE-UNAPPROVED", WHOLE, set_text("delayed_posting", "yes"),
     said(delayed_posting="yes", oversight_info__fda_regulated_device="yes")),
    ("PRS-PEDIATRIC-DEVICE", WHOLE, set_text(f"{OVERSIGHT}/ped_postmarket_surv", "yes"),
     set_text(f"{OVERSIGHT}/ped_postmarket_surv", "no")),
    ("PRS-PHASE-DRUG", WHOLE, set_text(f"{DESIGN}/phase", "N/A"),
     said(**{f"{DESIGN}/phase": "N/A", f"{OVERSIGHT}/fda_regulated_drug": "no"})),
    ("PRS-FEASIBILITY", WHOLE, set_text(f"{DESIGN}/interventional_subtype", "Device Feasibility"),
     said(**{f"{DESIGN}/interventional_subtype": "Device Feasibility",
             "intervention/intervention_type": "Device"})),
    ("PRS-ACCESS-TYPE", ACCESS, set_text("study_design/no_exp_acc_type", "yes"),
     set_text("study_design/no_exp_acc_type", "no")),
    ("PRS-ACCESS-UNSAID", ACCESS, set_text("study_design/exp_acc_type_individual", "no"),
     said(study_design__exp_acc_type_individual="no", study_design__no_exp_acc_type="yes")),
]  # fmt: skip

TEXTS = [
    ("PRS-SECONDARY-ID", WHOLE, secondary(id="TR-01", id_type="Other Identifier", id_domain="X"),
     secondary(id="TR-01b", id_type="Other Identifier", id_domain="X")),
    ("PRS-AGE-ORDER", WHOLE, set_text("eligibility/minimum_age", "901 Months"),
     set_text("eligibility/minimum_age", "900 Months")),
    ("PRS-REPEATED-VALUE", WHOLE, twice("keyword"), set_text("keyword", "Sample Disease")),
    ("PRS-NO-CITATION", WHOLE, several(remove("reference/citation"), remove("reference/pubmed_id")),
     remove("reference/citation")),
    ("PRS-OUTCOME-VAGUE", WHOLE, set_text("primary_outcome/outcome_measure", "Efficacy."),
     set_text("primary_outcome/outcome_measure", "Efficacy by the score")),
    ("PRS-TIME-FRAME", WHOLE, set_text("other_outcome/outcome_time_frame", "24"),
     set_text("other_outcome/outcome_time_frame", "24 weeks")),
    ("PRS-UNREACHABLE", WHOLE,
     several(remove("overall_contact/phone"), remove("overall_contact/email")),
     remove("overall_contact/phone")),
]  # fmt: skip

CLASSES = {
    "lengths": LENGTHS,
    "allowed words": WORDS,
    "required": REQUIRED,
    "of another type of study": OTHER_TYPES,
    "dates and enrollment": DATES,
    "status, locations, contacts": STATUSES,
    "masking": MASKING,
    "arms and interventions": ARMS,
    "regulated products, expanded access": PRODUCTS,
    "identifiers, ages, lists, texts": TEXTS,
}
CASES = [
    pytest.param(*case, id=f"{name}-{place}-{case[0]}")
    for name, cases in CLASSES.items()
    for place, case in enumerate(cases)
]


def test_each_fact_of_the_table_names_where_it_was_read_or_only_warns():
    table = files("trialect.schemas.registry").joinpath("prs.csv").read_text(encoding="utf-8")
    seen = {"limit": set(), "need": set()}
    for line in csv.DictReader(table.splitlines()):
        for fact, documents in seen.items():
            name = line[f"{fact}_seen"]
            assert bool(line[fact]) or not name, line["path"]
            if line[fact]:
                documents.add(name)
    page = (Path(__file__).parents[2] / "docs" / "registry-prs.md").read_text(encoding="utf-8")
    for name in seen["limit"] | seen["need"]:
        assert not name or f"| `{name}` |" in page
    assert "" in seen["limit"]
    assert "" in seen["need"]


def test_a_trial_of_a_device_in_order_has_no_findings():
    assert check_record(prs_record(DEVICE)) == []


def rules(study, change):
    node = prs_record(study)
    change(node)
    return [one.rule for one in check_record(node)]


@pytest.mark.parametrize(("rule", "study", "fires", "is_quiet"), CASES)
def test_a_rule_fires_and_is_quiet_beside_it(rule, study, fires, is_quiet):
    assert rule in rules(study, fires)
    assert rule not in rules(study, is_quiet)
