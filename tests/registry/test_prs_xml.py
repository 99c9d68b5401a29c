"""The upload to ClinicalTrials.gov: what is written of a Study, and what is told."""

from dataclasses import replace

import pytest
from registry_written import WrittenTo
from whole_study import WHOLE

from trialect.converters.readers.study_words import WORDS
from trialect.converters.readers.study_yaml import study_of
from trialect.converters.writers.prs_design import PHASES, ROLES
from trialect.converters.writers.prs_xml import FILE
from trialect.mappings.registry.places import places
from trialect.mappings.registry.registry_words import registry_words
from trialect.protocol import Contact, Criterion, Enrolment, Outcome, StudyDate
from trialect.registry_facts import Biospecimen, ExpandedAccess, Reference
from trialect.study_options import PrsOptions, RegistryOptions

prs = WrittenTo("prs", FILE)


def test_the_whole_study_stands_in_the_order_of_the_upload():
    tree, _ = prs.written(WHOLE)
    assert [one.tag for one in tree] == [
        "id_info",
        "is_ind_study",
        "ind_info",
        "brief_title",
        "acronym",
        "official_title",
        "sponsors",
        "oversight_info",
        "brief_summary",
        "detailed_description",
        "overall_status",
        "verification_date",
        "start_date",
        "start_date_type",
        "last_follow_up_date",
        "last_follow_up_date_type",
        "primary_compl_date",
        "primary_compl_date_type",
        "study_design",
        "primary_outcome",
        "secondary_outcome",
        "other_outcome",
        "enrollment",
        "enrollment_type",
        "condition",
        "keyword",
        "arm_group",
        "arm_group",
        "intervention",
        "intervention",
        "eligibility",
        "overall_official",
        "overall_contact",
        "overall_contact_backup",
        "location",
        "location",
        "ipd_sharing_statement",
        "link",
        "reference",
        "study_document",
    ]


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("id_info/org_name", ["ExampleInst"]),
        ("id_info/org_study_id", ["TR-01"]),
        ("id_info/secondary_id/id", ["R01XX000001", "2020-000001-11"]),
        ("id_info/secondary_id/id_type", ["NIH Grant Number", "EudraCT Number"]),
        ("sponsors/resp_party/resp_party_type", ["Sponsor"]),
        ("study_design/interventional_design/phase", ["Phase 2/3"]),
        ("study_design/interventional_design/no_masking", ["no"]),
        ("study_design/interventional_design/masked_subject", ["yes"]),
        ("study_design/interventional_design/masked_caregiver", ["no"]),
        ("study_design/interventional_design/masked_investigator", ["yes"]),
        ("study_design/interventional_design/masked_assessor", ["no"]),
        ("study_design/interventional_design/number_of_arms", ["2"]),
        ("start_date", ["2023-01-10"]),
        ("start_date_type", ["Actual"]),
        ("primary_compl_date", ["2025-06"]),
        ("primary_compl_date_type", ["Anticipated"]),
        ("enrollment_type", ["Anticipated"]),
        ("intervention/arm_group_label", ["Examplin", "Placebo"]),
        ("overall_contact/first_name", ["Ada"]),
        ("overall_contact/middle_name", ["B"]),
        ("overall_contact/last_name", ["Lovelace"]),
        ("overall_contact/degrees", ["MD"]),
        ("overall_contact_backup/last_name", ["Trial Office"]),
        ("location/contact/phone", ["555-0102"]),
        ("location/investigator/role", ["Principal Investigator"]),
        ("ipd_sharing_statement/ipd_info_type_sap", ["yes"]),
        ("ipd_sharing_statement/ipd_info_type_csr", ["no"]),
        ("reference/is_results_ref", ["no"]),
    ],
)
def test_each_fact_has_its_place(path, texts):
    assert prs.said(WHOLE, path) == texts


def test_paragraphs_stay_and_marks_are_undone():
    assert prs.said(WHOLE, "detailed_description/textblock") == [WHOLE.description]
    assert prs.said(WHOLE, "eligibility/criteria/textblock") == [
        "Inclusion Criteria:\n\n- Age >= 18 years\n\nExclusion Criteria:\n\n- Pregnancy"
    ]


def test_criteria_that_a_study_has_one_by_one_are_written_under_two_heads():
    study = replace(
        WHOLE,
        eligibility=replace(WHOLE.eligibility, criteria=None),
        criteria=(
            Criterion("INCL01", "INCLUSION", "Age 18 or more"),
            Criterion("EXCL01", "EXCLUSION", "Pregnancy"),
        ),
    )
    assert prs.said(study, "eligibility/criteria/textblock") == [
        "Inclusion Criteria:\n\n- Age 18 or more\n\nExclusion Criteria:\n\n- Pregnancy"
    ]


def test_a_full_upload_warns_that_it_replaces_the_record():
    tree, found = prs.written(WHOLE)
    assert "partial_upload" not in tree.attrib
    assert found[0].rule == "PRS-FULL-UPLOAD"


def test_a_partial_upload_is_asked_for_and_warned_of():
    study = replace(WHOLE, registry=RegistryOptions(PrsOptions("ExampleInst", partial_upload=True)))
    tree, found = prs.written(study)
    assert tree.attrib == {"partial_upload": "true"}
    assert found[0].rule == "PRS-PARTIAL-UPLOAD"


def test_the_short_name_of_the_account_is_asked_for():
    study = replace(WHOLE, registry=RegistryOptions())
    assert prs.said(study, "id_info/org_name") == ["Example Institute"]
    assert "PRS-ORG-NAME" in prs.rules(study)
    assert "PRS-ORG-NAME" not in prs.rules(WHOLE)


@pytest.mark.parametrize("phases", [("PHASE2", "PHASE1"), ("NA",), ("EARLY_PHASE1",)])
def test_phases_have_words(phases):
    study = replace(WHOLE, design=replace(WHOLE.design, phases=phases))
    path = "study_design/interventional_design/phase"
    assert prs.said(study, path) == [PHASES[tuple(sorted(phases))]]
    assert "PRS-NO-PHASE" not in prs.rules(study)


def test_phases_without_a_word_together_are_told():
    study = replace(WHOLE, design=replace(WHOLE.design, phases=("PHASE1", "PHASE4")))
    assert prs.said(study, "study_design/interventional_design/phase") == [None]
    assert prs.fields(study, "PRS-NO-PHASE") == ["design.phases"]


def masking(word, roles=()):
    return replace(WHOLE, design=replace(WHOLE.design, masking=word, masked=roles))


def answers(study):
    path = "study_design/interventional_design/"
    names = ("no_masking", *ROLES.values())
    return [text for name in names for text in prs.said(study, path + name)]


def test_no_masking_masks_no_role():
    assert answers(masking("NONE")) == ["yes", "no", "no", "no", "no"]


def test_quadruple_masking_without_roles_masks_all_that_prs_knows():
    assert answers(masking("QUADRUPLE")) == ["no", "yes", "yes", "yes", "yes"]
    assert "PRS-MASKING-ALL" in prs.rules(masking("QUADRUPLE"))
    assert "PRS-MASKING-ALL" not in prs.rules(WHOLE)


@pytest.mark.parametrize("word", ["SINGLE", "DOUBLE", "TRIPLE"])
def test_no_role_is_invented_for_a_masking_word(word):
    assert answers(masking(word)) == ["no"]
    assert prs.fields(masking(word), "PRS-MASKING-ROLES") == ["design.masking"]
    assert "PRS-MASKING-ROLES" not in prs.rules(WHOLE)


@pytest.mark.parametrize(("word", "count"), [("SINGLE", 2), ("NONE", 1), ("DOUBLE", 3)])
def test_a_masking_word_that_does_not_fit_the_roles_is_told(word, count):
    study = masking(word, tuple(ROLES)[:count])
    assert prs.fields(study, "PRS-MASKING-COUNT") == ["design.masking"]
    assert answers(study).count("yes") == count
    assert "PRS-MASKING-COUNT" not in prs.rules(masking("TRIPLE", tuple(ROLES)[:3]))
    assert "PRS-MASKING-COUNT" not in prs.rules(WHOLE)


@pytest.mark.parametrize(("word", "count"), [("DOUBLE", 1), ("TRIPLE", 2), ("QUADRUPLE", 1)])
def test_of_no_role_it_is_written_that_it_is_not_masked_where_more_are_than_are_named(word, count):
    study = masking(word, tuple(ROLES)[:count])
    assert answers(study) == ["no", *["yes"] * count]
    assert prs.fields(study, "PRS-MASKING-COUNT") == ["design.masking"]


def test_a_name_that_is_not_certainly_a_persons_stays_whole():
    assert prs.fields(WHOLE, "PRS-NAME-WHOLE") == [
        "contacts.1.name",
        "locations.0.contacts.0.name",
    ]


def test_contacts_beyond_the_backup_are_told():
    study = replace(WHOLE, contacts=(*WHOLE.contacts, Contact("Third Office"), Contact("Fourth")))
    told = [one for one in prs.written(study)[1] if one.rule == "PRS-NO-ROOM"]
    assert [one.field for one in told] == ["contacts.*.name"]
    assert "(2 times)" in told[0].message
    assert "PRS-NO-ROOM" not in prs.rules(WHOLE)


def test_a_telephone_of_an_investigator_is_told():
    one = replace(
        WHOLE.locations[0], contacts=(Contact("Alan Turing, MD", "SUB_INVESTIGATOR", "555-1"),)
    )
    study = replace(WHOLE, locations=(one,))
    assert prs.said(study, "location/investigator/role") == ["Sub-Investigator"]
    assert prs.fields(study, "PRS-INVESTIGATOR-CONTACT") == ["locations.0.contacts.0.phone"]
    assert "PRS-INVESTIGATOR-CONTACT" not in prs.rules(WHOLE)


def test_the_actual_number_is_written_and_the_planned_one_told():
    study = replace(WHOLE, enrolment=Enrolment(planned=120, actual=98))
    assert prs.said(study, "enrollment") == ["98"]
    assert prs.said(study, "enrollment_type") == ["Actual"]
    assert prs.fields(study, "PRS-ENROLMENT-ONE") == ["enrolment.planned"]
    assert "PRS-ENROLMENT-ONE" not in prs.rules(WHOLE)


def test_an_age_without_limit_is_told():
    study = replace(WHOLE, eligibility=replace(WHOLE.eligibility, maximum_age=None))
    assert prs.said(study, "eligibility/maximum_age") == ["N/A"]
    assert prs.fields(study, "PRS-AGE-NO-LIMIT") == ["eligibility.maximum_age"]
    assert "PRS-AGE-NO-LIMIT" not in prs.rules(WHOLE)


def test_a_date_without_type_has_none():
    study = replace(WHOLE, start=StudyDate("2023-01", None))
    assert prs.said(study, "start_date") == ["2023-01"]
    assert prs.said(study, "start_date_type") == []


def test_an_outcome_of_no_kind_is_told():
    study = replace(WHOLE, outcomes=(*WHOLE.outcomes, Outcome(None, "Something")))
    assert prs.fields(study, "PRS-OUTCOME-KIND") == ["outcomes.3.type"]
    assert "PRS-OUTCOME-KIND" not in prs.rules(WHOLE)


def test_what_the_registry_found_by_itself_is_not_uploaded():
    found = Reference("Roe R. 2022.", "22222222", "DERIVED")
    study = replace(WHOLE, references=(*WHOLE.references, found))
    assert prs.said(study, "reference/pubmed_id") == ["12345678"]
    assert prs.fields(study, "PRS-REFERENCE-DERIVED") == ["references.1.type"]
    assert "PRS-REFERENCE-DERIVED" not in prs.rules(WHOLE)


def test_a_duration_in_words_is_told():
    design = replace(WHOLE.design, type="OBSERVATIONAL", model="COHORT", patient_registry=True)
    said_so = replace(WHOLE, design=replace(design, target_duration="5 Years"))
    path = "study_design/observational_design/target_duration_units"
    assert prs.said(said_so, path) == ["Years"]
    assert "PRS-NO-DURATION" not in prs.rules(said_so)
    study = replace(WHOLE, design=replace(design, target_duration="some years"))
    assert prs.said(study, path) == []
    assert prs.fields(study, "PRS-NO-DURATION") == ["design.target_duration"]


def test_an_expanded_access_record_has_its_own_status():
    study = replace(
        WHOLE,
        design=replace(WHOLE.design, type="EXPANDED_ACCESS"),
        status="AVAILABLE",
        expanded_access=ExpandedAccess(individual=True, treatment=False),
    )
    assert prs.said(study, "expanded_access_status") == ["Available"]
    assert prs.said(study, "overall_status") == []
    assert prs.said(study, "study_design/exp_acc_type_individual") == ["yes"]


def test_control_characters_are_told_and_left_out():
    study = replace(WHOLE, summary="one\x0btwo\ud800", brief_title="three\ufffe")
    assert prs.said(study, "brief_summary/textblock") == ["onetwo"]
    assert prs.said(study, "brief_title") == ["three"]
    assert prs.rules(study).count("PRS-CHARACTER") == 2
    assert "PRS-CHARACTER" not in prs.rules(WHOLE)


def test_a_long_text_is_not_cut():
    study = replace(WHOLE, brief_title="x" * 900)
    assert prs.said(study, "brief_title") == ["x" * 900]


def test_marks_of_xml_in_texts_are_escaped():
    study = replace(WHOLE, brief_title="a < b & c > d ]]> \"e\" 'f'")
    assert prs.said(study, "brief_title") == [study.brief_title]


KINDS = {
    "status": ("status", "expanded_access.status"),
    "last_known_status": ("status",),
    "design.model": ("assignment", "model"),
    "locations.*.contacts.*.role": ("investigator.role",),
}
"""Words that stand under another kind in the table of words."""

NO_WORDS = {
    "design.masking": {"NONE", "SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE"},
    "design.masked.*": set(ROLES),
    "design.phases.*": {phase for phases in PHASES for phase in phases},
    "outcomes.*.type": {"PRIMARY", "SECONDARY", "OTHER"},
    "criteria.*.category": {"INCLUSION", "EXCLUSION"},
    "data_sharing.information.*": {"STUDY_PROTOCOL", "SAP", "ICF", "CSR", "ANALYTIC_CODE"},
    "locations.*.contacts.*.role": {"CONTACT"},
    "references.*.type": {"BACKGROUND", "RESULT", "DERIVED"},
}
"""Words that an upload says by its elements; each is tested by itself."""


@pytest.mark.parametrize("fact", sorted(WORDS))
def test_every_word_of_the_api_has_one_in_prs_or_says_why_not(fact):
    place = places("prs").get(fact)
    if place is None or place.how == "none":
        return
    table = registry_words("prs")
    kinds = [table[kind] for kind in KINDS.get(fact, (fact,)) if kind in table]
    for word in set(WORDS[fact]) - NO_WORDS.get(fact, set()):
        found = [kind[word] for kind in kinds if word in kind]
        assert found, (fact, word)
        assert all(one.word or one.note for one in found)


def test_a_fact_of_another_type_of_study_is_told():
    study = replace(WHOLE, design=replace(WHOLE.design, type="OBSERVATIONAL", model="COHORT"))
    told = prs.fields(study, "PRS-OTHER-TYPE")
    assert "design.masked" in told
    assert "design.phases" in told
    assert "PRS-OTHER-TYPE" not in prs.rules(WHOLE)


def test_a_value_without_a_word_is_told():
    study = replace(WHOLE, status="UNKNOWN", design=replace(WHOLE.design, purpose="ECT"))
    assert prs.fields(study, "PRS-NO-WORD") == ["status", "design.purpose"]
    assert "PRS-NO-WORD" not in prs.rules(WHOLE)


def test_of_an_unknown_status_the_last_known_one_is_written_and_told():
    study = replace(WHOLE, status="UNKNOWN", last_known_status="ACTIVE_NOT_RECRUITING")
    assert prs.said(study, "overall_status") == ["Active, not recruiting"]
    assert prs.fields(study, "PRS-LAST-STATUS") == ["status"]
    assert "PRS-NO-WORD" not in prs.rules(study)
    ended = replace(study, status="COMPLETED")
    assert prs.said(ended, "overall_status") == ["Completed"]
    assert "PRS-LAST-STATUS" not in prs.rules(ended)
    assert prs.fields(ended, "PRS-LAST-STATUS-PAST") == ["last_known_status"]
    assert "PRS-LAST-STATUS-PAST" not in prs.rules(study)


@pytest.mark.parametrize("known", [None, "WITHHELD", "AVAILABLE"])
def test_without_a_last_known_status_that_prs_has_none_is_written(known):
    study = replace(WHOLE, status="UNKNOWN", last_known_status=known)
    assert prs.said(study, "overall_status") == []
    assert "status" in prs.fields(study, "PRS-NO-WORD")
    assert "PRS-LAST-STATUS" not in prs.rules(study)


def test_a_wider_word_is_told():
    ids = (replace(WHOLE.secondary_ids[0], type="VA"),)
    study = replace(WHOLE, secondary_ids=ids)
    assert prs.said(study, "id_info/secondary_id/id_type")[0] == "Other Grant/Funding Number"
    assert prs.said(study, "id_info/secondary_id/id_domain") == ["VA"]
    assert prs.fields(study, "PRS-WORD-LOSS") == ["secondary_ids.0.type"]
    assert "PRS-WORD-LOSS" not in prs.rules(WHOLE)


def test_the_study_file_says_what_no_record_shows():
    study = study_of(
        b"""studyid: X1
title: A trial
sponsor: {name: Somebody}
registry: {prs: {organization: SomeBody, partial_upload: true}}
oversight: {fda_application: true}
fda_application: {center: CDER, number: "123"}
ethics_review: {status: NOT_YET_SUBMITTED}
responsible: {type: SPONSOR_INVESTIGATOR, account: sbody}
"""
    )
    tree, _ = prs.written(study)
    assert tree.attrib == {"partial_upload": "true"}
    assert prs.said(study, "id_info/org_name") == ["SomeBody"]
    assert prs.said(study, "ind_info/ind_number") == ["123"]
    assert prs.said(study, "oversight_info/irb_info/approval_status") == ["Not yet submitted"]
    assert prs.said(study, "sponsors/resp_party/investigator_username") == ["sbody"]


def test_an_element_that_only_the_schema_wants_is_written_empty_and_told():
    design = replace(WHOLE.design, type="OBSERVATIONAL", model="COHORT", time_perspective="OTHER")
    study = replace(WHOLE, design=design)
    assert prs.said(study, "study_design/observational_design/biospecimen_retention") == [None]
    assert "biospecimen.retention" in prs.fields(study, "PRS-EMPTY")
    kept = replace(study, biospecimen=Biospecimen("NONE_RETAINED"))
    assert "biospecimen.retention" not in prs.fields(kept, "PRS-EMPTY")
    unnamed = replace(WHOLE, links=(replace(WHOLE.links[0], label=None),))
    assert prs.fields(unnamed, "PRS-EMPTY") == ["links.0.label"]
    assert "PRS-EMPTY" not in prs.rules(WHOLE)
