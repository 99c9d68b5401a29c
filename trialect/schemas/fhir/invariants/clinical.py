# The sentence of each invariant stands in the table of its release, not in a docstring.
# ruff: noqa: D103
"""Invariants of the resources about a subject, and of the people and places around a trial."""

from __future__ import annotations

from typing import Any

from trialect.schemas.fhir.invariants import Json, Place, choice, has, invariant, items

CONSENT_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
CONDITION_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CONDITION_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
ALLERGY_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"


def _codes(item: Json, name: str, system: str) -> set[Any]:
    return {c.get("code") for c in items(item, name, "coding") if c.get("system") == system}


@invariant("pat-1")
def patient_contact_has_details(item: Json, _: Place) -> bool:
    return has(item, "name", "telecom", "address", "organization")


@invariant("obs-3")
def reference_range_has_bounds_or_text(item: Json, _: Place) -> bool:
    return has(item, "low", "high", "text")


@invariant("obs-6")
def value_or_reason_why_absent(item: Json, _: Place) -> bool:
    return not has(item, "dataAbsentReason") or not choice(item, "value")


@invariant(
    "obs-7",
    reads=(
        "component.code.coding.system",
        "component.code.coding.code",
        "component?code.coding.system",
        "component?code.coding.code",
    ),
)
def component_with_same_code_has_the_value(item: Json, _: Place) -> bool:
    if not choice(item, "value"):
        return True
    own = [(c.get("system"), c.get("code")) for c in items(item, "code", "coding")]
    parts = [(c.get("system"), c.get("code")) for c in items(item, "component", "code", "coding")]
    return not any(part in own for part in parts)


@invariant("obs-9", releases=("R5",))
def a_group_of_specimens_has_only_these(item: Json, place: Place) -> bool:
    # only a group that the Observation contains is at hand; the fast path refuses these
    text = item.get("reference", "")
    if not text.startswith("#"):
        return True
    inside = {one.get("id"): one for one in place.root.get("contained", ())}
    group = inside.get(text[1:], {})
    named = [one.get("reference", "") for one in items(group, "member", "entity")]
    return group.get("resourceType") != "Group" or all(
        (inside.get(one[1:], {}).get("resourceType") if one[:1] == "#" else one.split("/")[0])
        == "Specimen"
        for one in named
    )


@invariant("ppc-1", releases=("R4",))
def consent_names_a_policy(item: Json, _: Place) -> bool:
    return has(item, "policy", "policyRule")


def _scope_needs_patient(code: str) -> Any:
    # the published expressions compare with the system 'something' and so can never fail;
    # the sentence beside them is what is checked
    def holds(item: Json, _: Place) -> bool:
        return has(item, "patient") or code not in _codes(item, "scope", CONSENT_SCOPE)

    return holds


for _key, _code in {
    "ppc-2": "patient-privacy",
    "ppc-3": "research",
    "ppc-4": "adr",
    "ppc-5": "treatment",
}.items():
    invariant(_key, reads=("scope.coding.system", "scope.coding.code"), releases=("R4",))(
        _scope_needs_patient(_code)
    )


@invariant("mad-1", releases=("R4",))
def dosage_has_dose_or_rate(item: Json, _: Place) -> bool:
    return has(item, "dose") or choice(item, "rate")


@invariant("org-1")
def organization_has_name_or_identifier(item: Json, _: Place) -> bool:
    return has(item, "name", "identifier")


@invariant("org-2", "org-3", reads=("use",), releases=("R4",))
def organization_has_no_home(item: Json, _: Place) -> bool:
    return item.get("use") != "home"


@invariant("grp-1", reads=("member?actual",), releases=("R4",))
def only_an_actual_group_has_members(item: Json, _: Place) -> bool:
    return not has(item, "member") or item.get("actual") is True


@invariant("lst-1")
def empty_reason_only_when_empty(item: Json, _: Place) -> bool:
    return not has(item, "emptyReason") or not has(item, "entry")


@invariant("lst-2", reads=("mode",), releases=("R4",))
def deleted_only_in_a_list_of_changes(item: Json, _: Place) -> bool:
    return item.get("mode") == "changes" or not any(
        has(entry, "deleted") for entry in items(item, "entry")
    )


@invariant("lst-3", reads=("mode",), releases=("R4",))
def dates_only_in_a_working_list(item: Json, _: Place) -> bool:
    return item.get("mode") == "working" or not any(
        has(entry, "date") for entry in items(item, "entry")
    )


@invariant("con-1")
def stage_has_summary_or_assessment(item: Json, _: Place) -> bool:
    return has(item, "summary", "assessment")


@invariant("con-2", releases=("R4",))
def evidence_has_code_or_detail(item: Json, _: Place) -> bool:
    return has(item, "code", "detail")


@invariant("con-4", reads=("abatement?clinicalStatus",), releases=("R4",))
def abated_condition_is_not_active(item: Json, _: Place) -> bool:
    ended = {"resolved", "remission", "inactive"}
    status = _codes(item, "clinicalStatus", CONDITION_CLINICAL)
    return not choice(item, "abatement") or bool(status & ended)


@invariant("con-5", reads=("verificationStatus",), releases=("R4",))
def mistaken_condition_has_no_status(item: Json, _: Place) -> bool:
    mistaken = "entered-in-error" in _codes(item, "verificationStatus", CONDITION_VERIFICATION)
    return not mistaken or not has(item, "clinicalStatus")


@invariant("ait-1", reads=("verificationStatus",), releases=("R4",))
def allergy_has_clinical_status(item: Json, _: Place) -> bool:
    mistaken = "entered-in-error" in _codes(item, "verificationStatus", ALLERGY_VERIFICATION)
    return mistaken or has(item, "clinicalStatus")


@invariant("ait-2", reads=("verificationStatus",), releases=("R4",))
def mistaken_allergy_has_no_status(item: Json, _: Place) -> bool:
    mistaken = "entered-in-error" in _codes(item, "verificationStatus", ALLERGY_VERIFICATION)
    return not mistaken or not has(item, "clinicalStatus")


@invariant("prr-1")
def order_detail_has_code(item: Json, _: Place) -> bool:
    return not has(item, "orderDetail") or has(item, "code")
