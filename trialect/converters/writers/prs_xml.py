"""A Study as an upload to ClinicalTrials.gov (PRS XML).

The file is one clinical_study in a study_collection. Its elements and their order are those of
`schemas/registry/prs.csv`, whose rules are asked of it before it is written: what they find, and
what PRS cannot say of the study, is told with the Study's path. Nothing is cut: a text that is
longer than PRS takes stands whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from trialect.converters.study_targets import StudyFile, Tell
from trialect.converters.writers import prs_design, prs_people
from trialect.converters.writers.prs_parts import EMPTY, Writing, block, put, yes_no
from trialect.converters.writers.registry_fields import field_of
from trialect.mappings.registry.markup import plain_text
from trialect.problems import rule
from trialect.protocol import Sponsor
from trialect.schemas.registry.nodes import Node
from trialect.schemas.registry.prs import NAMESPACE, check_record
from trialect.trial import Study

FILE = "registry/prs.xml"

FULL_UPLOAD = rule(
    "PRS-FULL-UPLOAD",
    "warning",
    "An upload replaces the whole record at the registry",
    "The upload of {file} replaces the record of {value} at ClinicalTrials.gov by what it holds: "
    "whatever it lacks is lost there.",
    "Compare it with the record before uploading; where it is to be merged, convert with "
    "--partial-upload, or set registry.prs.partial_upload to true in the study file.",
    "PRS ProtocolRecordSchema, partial upload option",
)
PARTIAL_UPLOAD = rule(
    "PRS-PARTIAL-UPLOAD",
    "warning",
    "A partial upload is merged into the record at the registry",
    "The upload of {file} is merged into the record of {value} at ClinicalTrials.gov: each list in "
    "it (arms, outcomes, locations, ...) replaces the whole list there, and what it lacks stays.",
    "Try it on the test system of PRS first.",
    "PRS ProtocolRecordSchema, partial upload option",
)
ORG_NAME = rule(
    "PRS-ORG-NAME",
    "warning",
    "PRS wants the short name of the account",
    "org_name is the short name of the organization's PRS account, which no record shows; {value} "
    "is written.",
    "Set registry.prs.organization in the study file.",
    "PRS ProtocolRecordSchema, org_name",
)
LAST_STATUS = rule(
    "PRS-LAST-STATUS",
    "warning",
    "The status that the sponsor gave last is written",
    "The status is {value}, which ClinicalTrials.gov shows of a record that was not verified for "
    "two years; PRS has no such word and still holds what the sponsor said last: {word}.",
    "Look whether it is still so: say the status of today, and verify the record again.",
    "ClinicalTrials.gov API v2, lastKnownStatus",
)
LAST_STATUS_PAST = rule(
    "PRS-LAST-STATUS-PAST",
    "note",
    "A status that was known last is not written",
    "The status that was known last, {value}, is not written: the status of the study says more.",
    "Nothing need be done, if the status is right.",
    "ClinicalTrials.gov API v2, lastKnownStatus",
)
DERIVED = rule(
    "PRS-REFERENCE-DERIVED",
    "note",
    "A publication that the registry found by itself is not uploaded",
    "{value} was added to the record by ClinicalTrials.gov and is not written{times}.",
    "Give it the type BACKGROUND or RESULT in the study file, if it is to be the sponsor's own.",
    "ClinicalTrials.gov API v2, ReferenceType",
)

DOCUMENTS = (
    "Individual Participant Data Set",
    "Study Protocol",
    "Statistical Analysis Plan",
    "Informed Consent Form",
    "Clinical Study Report",
    "Analytic Code",
)
"""Kinds of data and documents that PRS has words for; any other stands beside Other."""

_INFORMATION = {
    "STUDY_PROTOCOL": "ipd_info_type_protocol",
    "SAP": "ipd_info_type_sap",
    "ICF": "ipd_info_type_icf",
    "CSR": "ipd_info_type_csr",
    "ANALYTIC_CODE": "ipd_info_type_analytic_code",
}


def write(study: Study, tell: Tell) -> Iterator[StudyFile]:
    """`registry/prs.xml`; what it lacks and what PRS cannot say is told."""
    writing = Writing(study)
    node = clinical_study(writing)
    opening = f'<prs:study_collection xmlns:prs="{NAMESPACE}">'
    document = writing.document(node, opening, "</prs:study_collection>")
    found = check_record(node, field=_field(), merges=True)
    how = PARTIAL_UPLOAD if study.registry.prs.partial_upload else FULL_UPLOAD
    tell(how.problem(file=FILE, value=_org_study_id(study) or "the trial"))
    writing.losses.tell(tell)
    for problem in found:
        tell(problem)
    yield StudyFile(FILE, document)


@cache
def _field() -> Callable[[str, str | None], str | None]:
    """The Study's path of a finding in the upload."""
    return field_of("prs", _SAME, _GROUPS)


_SAME = {
    "overall_contact_backup": "overall_contact",
    "contact_backup": "contact",
    "secondary_outcome": "primary_outcome",
    "other_outcome": "primary_outcome",
    "masked_caregiver": "masked_subject",
    "masked_investigator": "masked_subject",
    "masked_assessor": "masked_subject",
    "expanded_access_status": "overall_status",
    "enrollment_type": "enrollment",
}
"""Elements of one fact; the table of places names the first."""


_GROUPS = {
    "id_info": "identifier",
    "sponsors": "sponsor",
    "sponsors/resp_party": "responsible",
    "oversight_info": "oversight",
    "oversight_info/irb_info": "ethics_review",
    "ind_info": "fda_application",
    "study_design": "design",
    "study_design/interventional_design": "design",
    "study_design/interventional_design/number_of_arms": "arms",
    "study_design/observational_design": "design",
    "study_design/observational_design/number_of_groups": "arms",
    "arm_group": "arms",
    "intervention": "interventions",
    "eligibility": "eligibility",
    "overall_contact": "contacts",
    "location": "locations",
}
"""Facts of elements that stand for several."""


def clinical_study(writing: Writing) -> Node:
    """The study as the elements of a PRS record, in the order of the schema."""
    study = writing.study
    parts = [_ids(writing)]
    yes_no(parts, "delayed_posting", study.oversight.unapproved_device)
    _application(writing, parts)
    put(parts, "brief_title", study.brief_title)
    put(parts, "acronym", study.acronym)
    put(parts, "official_title", study.title)
    parts.append(_sponsors(writing))
    _oversight(writing, parts)
    block(parts, "brief_summary", study.summary)
    block(parts, "detailed_description", study.description)
    _status(writing, parts)
    parts.append(prs_design.design(writing))
    parts += prs_design.outcomes(writing)
    parts += prs_design.enrolment(writing)
    for place, one in enumerate(study.conditions):
        parts.append(Node("condition", one, fact=f"conditions.{place}"))
    for place, one in enumerate(study.keywords):
        parts.append(Node("keyword", one, fact=f"keywords.{place}"))
    parts += prs_design.arms(writing)
    parts += prs_design.interventions(writing)
    parts += prs_design.eligibility(writing)
    parts += prs_people.officials(writing)
    parts += prs_people.contacts(writing)
    parts += prs_people.locations(writing)
    _sharing(writing, parts)
    _related(writing, parts)
    partial = {"partial_upload": "true"} if study.registry.prs.partial_upload else None
    return Node("clinical_study", parts=parts, attributes=partial)


def _org_study_id(study: Study) -> str:
    own = study.identifier.id if study.identifier is not None else None
    return own or study.studyid


def _ids(writing: Writing) -> Node:
    study = writing.study
    name = study.registry.prs.organization
    if not name:
        holder: Sponsor = study.organization or study.sponsor
        name = holder.name
        if name:
            writing.losses.add(ORG_NAME, "organization.name", name)
    parts = [Node("org_name", name), Node("org_study_id", _org_study_id(study))]
    known = {one.id for one in study.secondary_ids}
    for place, one in enumerate(study.secondary_ids):
        fact = f"secondary_ids.{place}"
        ids = [Node("id", one.id)]
        domain = one.domain
        if one.type is not None:
            type_ = writing.word("secondary_ids.*.type", f"{fact}.type", one.type)
            put(ids, "id_type", type_)
            if not domain and type_.startswith("Other Grant") and one.type != "OTHER_GRANT":
                domain = one.type
        put(ids, "id_domain", domain)
        parts.append(Node("secondary_id", parts=ids, fact=fact))
    for place, known_as in enumerate(study.registrations):
        if known_as.registry == "ClinicalTrials.gov" or known_as.id in known:
            continue
        ids = [Node("id", known_as.id)]
        if known_as.registry == "EudraCT":
            ids.append(Node("id_type", "EudraCT Number"))
        else:
            ids += [
                Node("id_type", "Registry Identifier"),
                Node("id_domain", known_as.registry),
            ]
        parts.append(Node("secondary_id", parts=ids, fact=f"registrations.{place}"))
    return Node("id_info", parts=parts)


def _application(writing: Writing, parts: list[Node]) -> None:
    study = writing.study
    yes_no(parts, "is_ind_study", study.oversight.fda_application)
    one = study.fda_application
    if one is None:
        return
    center = writing.word("fda_application.center", "fda_application.center", one.center)
    ind = [Node("ind_grantor", center), Node("ind_number", one.number or "")]
    put(ind, "ind_serial_number", one.serial)
    yes_no(ind, "has_expanded_access", study.expanded_access.available)
    put(ind, "expanded_access_nct_id", study.expanded_access.nct_id)
    parts.append(Node("ind_info", parts=ind))


def _sponsors(writing: Writing) -> Node:
    study = writing.study
    parts = [Node("lead_sponsor", parts=[Node("agency", study.sponsor.name)])]
    for place, one in enumerate(study.collaborators):
        agency = [Node("agency", one.name)]
        parts.append(Node("collaborator", parts=agency, fact=f"collaborators.{place}"))
    who = study.responsible
    if who is not None:
        type_ = writing.word("responsible.type", "responsible.type", who.type)
        party = [Node("resp_party_type", type_)]
        put(party, "investigator_username", who.account)
        put(party, "investigator_title", who.title)
        put(party, "investigator_affiliation", who.affiliation)
        put(party, "name_title", who.old_name_title)
        put(party, "organization", who.old_organization)
        parts.append(Node("resp_party", parts=party))
    return Node("sponsors", parts=parts)


def _oversight(writing: Writing, parts: list[Node]) -> None:
    study = writing.study
    found: list[Node] = []
    review = study.ethics_review
    if review is not None:
        status = writing.word("ethics_review.status", "ethics_review.status", review.status)
        board = [Node("approval_status", status)]
        put(board, "approval_number", review.number)
        put(board, "name", review.board)
        put(board, "affiliation", review.affiliation)
        put(board, "phone", review.phone)
        put(board, "phone_ext", review.phone_ext)
        put(board, "email", review.email)
        put(board, "full_address", review.address)
        found.append(Node("irb_info", parts=board))
    who = study.oversight
    yes_no(found, "has_dmc", who.has_dmc)
    yes_no(found, "fda_regulated_drug", who.fda_regulated_drug)
    yes_no(found, "fda_regulated_device", who.fda_regulated_device)
    yes_no(found, "post_prior_to_approval", who.post_before_approval)
    yes_no(found, "exported_from_us", who.us_export)
    yes_no(found, "ped_postmarket_surv", who.pediatric_postmarket)
    if found:
        parts.append(Node("oversight_info", parts=found))


_ACCESS = (
    "AVAILABLE",
    "NO_LONGER_AVAILABLE",
    "TEMPORARILY_NOT_AVAILABLE",
    "APPROVED_FOR_MARKETING",
)


def _status(writing: Writing, parts: list[Node]) -> None:
    study = writing.study
    is_access = study.design.type == "EXPANDED_ACCESS"
    last = study.last_known_status
    if last is not None and study.status != "UNKNOWN":
        writing.losses.add(LAST_STATUS_PAST, "last_known_status", last)
    if last is not None and study.status == "UNKNOWN":
        word = writing.word("status", "last_known_status", last)
        if word:
            writing.losses.add(LAST_STATUS, "status", study.status, word=word)
            parts.append(Node("overall_status", word, fact="last_known_status"))
        else:
            writing.word("status", "status", study.status)
    elif study.status is not None and not (is_access and study.status in _ACCESS):
        word = writing.word("status", "status", study.status)
        put(parts, "overall_status", word)
    put(parts, "why_stopped", plain_text(study.why_stopped or ""))
    if is_access and study.status in _ACCESS:
        word = writing.word("expanded_access.status", "status", study.status)
        put(parts, "expanded_access_status", word)
    put(parts, "verification_date", study.verified)
    writing.date(parts, "start_date", "start", study.start)
    writing.date(parts, "last_follow_up_date", "completion", study.completion)
    writing.date(parts, "primary_compl_date", "primary_completion", study.primary_completion)


def _sharing(writing: Writing, parts: list[Node]) -> None:
    how = writing.study.data_sharing
    if how is None:
        return
    found: list[Node] = []
    sharing = writing.word("data_sharing.sharing", "data_sharing.sharing", how.sharing)
    put(found, "sharing_ipd", sharing)
    block(found, "ipd_description", how.description)
    if how.information:
        for word, name in _INFORMATION.items():
            found.append(Node(name, "yes" if word in how.information else "no"))
        for place, word in enumerate(how.information):
            if word not in _INFORMATION:
                writing.word("data_sharing.information", f"data_sharing.information.{place}", word)
    block(found, "ipd_time_frame", how.time_frame)
    block(found, "ipd_access_criteria", how.access)
    put(found, "ipd_url", how.url)
    if found:
        parts.append(Node("ipd_sharing_statement", parts=found))


def _related(writing: Writing, parts: list[Node]) -> None:
    study = writing.study
    for place, link in enumerate(study.links):
        if not link.label:
            writing.losses.add(EMPTY, f"links.{place}.label", "description")
        page = [Node("url", link.url or ""), Node("description", plain_text(link.label or ""))]
        parts.append(Node("link", parts=page, fact=f"links.{place}"))
    for place, one in enumerate(study.references):
        fact = f"references.{place}"
        if one.type == "DERIVED":
            writing.losses.add(DERIVED, f"{fact}.type", one.citation or one.pmid)
            continue
        found: list[Node] = []
        put(found, "citation", one.citation)
        put(found, "pubmed_id", one.pmid)
        if one.type is not None:
            yes_no(found, "is_results_ref", one.type == "RESULT")
        parts.append(Node("reference", parts=found, fact=fact))
    for place, data in enumerate(study.available_data):
        type_ = data.type if data.type in DOCUMENTS else "Other"
        found = [Node("study_document_type", type_)]
        if type_ == "Other":
            put(found, "study_document_other_type", data.type)
        put(found, "url", data.url)
        put(found, "study_document_identifier", data.id)
        block(found, "study_document_comments", data.comment)
        parts.append(Node("study_document", parts=found, fact=f"available_data.{place}"))
