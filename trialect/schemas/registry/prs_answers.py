"""Answers of a PRS record that exclude or need each other: masking, ages, access, contacts."""

from __future__ import annotations

from collections.abc import Callable

from trialect.problems import rule
from trialect.schemas.registry.asked import Asked, Where, step
from trialect.schemas.registry.forms import FORMS, hours_of_age
from trialect.schemas.registry.nodes import Node
from trialect.schemas.registry.prs_facts import is_yes

MASKING_SAID = rule(
    "PRS-MASKING-SAID",
    "error",
    "Nothing is said of masking",
    "Neither no_masking nor one of masked_subject, masked_caregiver, masked_investigator and "
    "masked_assessor is answered with yes.",
    "Say that there is no masking, or who is masked.",
    "PRS definitions 7, Masking; 42 CFR 11.28(a)(2)(i)(E)",
)
MASKING_BOTH = rule(
    "PRS-MASKING-BOTH",
    "error",
    "No masking, and somebody is masked",
    "no_masking is yes, and so {is_are} {value}.",
    "With no_masking all others are no.",
    "PRS ProtocolRecordSchema, no_masking",
)
AGE_ORDER = rule(
    "PRS-AGE-ORDER",
    "error",
    "The minimum age is above the maximum age",
    "The minimum age {value} is above the maximum age {maximum}.",
    "Correct one of them.",
    "PRS definitions 10, Age Limits",
)
SECONDARY_ID = rule(
    "PRS-SECONDARY-ID",
    "warning",
    "A secondary identifier is none",
    "The secondary identifier {value} {why}.",
    "Remove it: other identifiers than these are asked for.",
    "PRS definitions 1, Secondary IDs",
)
ACCESS_TYPE = rule(
    "PRS-ACCESS-TYPE",
    "error",
    "There is no type of expanded access, and one is said",
    "no_exp_acc_type is yes, and so is {value}.",
    "With no_exp_acc_type all others are no.",
    "PRS ProtocolRecordSchema, no_exp_acc_type",
)
ACCESS_UNSAID = rule(
    "PRS-ACCESS-UNSAID",
    "warning",
    "No type of expanded access is said",
    "Neither no_exp_acc_type nor one of exp_acc_type_individual, exp_acc_type_intermediate and "
    "exp_acc_type_treatment is answered with yes.",
    "Say which of the three types it is, or that it is none.",
    "PRS expanded access definitions, Expanded Access Type",
)
NO_CONTACT = rule(
    "PRS-NO-CONTACT",
    "error",
    "A study that recruits has no contact",
    "The status is {value}, and neither the study nor each of its locations has a contact.",
    "Name a central contact, or a contact for each location.",
    "PRS definitions 11, Central Contact Person",
)
UNREACHABLE = rule(
    "PRS-UNREACHABLE",
    "warning",
    "A contact has neither telephone nor e-mail",
    "{value} has neither a telephone number nor an e-mail address.",
    "Add one of them.",
    "PRS definitions 11",
)
NO_CITATION = rule(
    "PRS-NO-CITATION",
    "error",
    "A reference is empty",
    "A reference has neither a citation nor a PubMed identifier.",
    "Add one of them, or remove the reference.",
    "PRS definitions 13, Citations",
)
REPEATED_VALUE = rule(
    "PRS-REPEATED-VALUE",
    "warning",
    "A value of a list stands twice",
    "{value} stands {count} times among {name}.",
    "Leave one of them.",
    "PRS definitions 1, 6 and 9",
)
VAGUE = rule(
    "PRS-OUTCOME-VAGUE",
    "warning",
    "The title of an outcome does not say what is measured",
    "The outcome measure {value} does not say what is measured.",
    "Name the measurement, and put the aim into the description.",
    "PRS validation messages, June 2018",
)
LATE_PLAN = rule(
    "PRS-TIME-FRAME",
    "warning",
    "A time frame is only a number",
    "The time frame {value} is a number without a unit.",
    "Say the unit, and from when it is counted.",
    "PRS validation messages of results, September 2018",
)

ROLES = ("masked_subject", "masked_caregiver", "masked_investigator", "masked_assessor")
DESIGN = "study_design/interventional_design"
_VAGUE = frozenset(("safety", "tolerability", "feasibility", "efficacy", "satisfaction"))


def check_masking(study: Node, where: Where, asked: Asked) -> None:
    """One of five answers is yes, and not the first with another."""
    design = study.at(DESIGN)
    if design is None:
        return
    yes = [name for name in ROLES if is_yes(design.said(name))]
    place = step(step(where, "study_design"), "interventional_design")
    if is_yes(design.said("no_masking")):
        if yes:
            given = {"value": ", ".join(yes), "is_are": "is" if len(yes) == 1 else "are"}
            asked.tell(MASKING_BOTH, design, step(place, "no_masking"), **given)
    elif not yes and not design.said("masking"):
        asked.tell(MASKING_SAID, design, step(place, "no_masking"))


def check_ages(study: Node, where: Where, asked: Asked) -> None:
    """The minimum age is not above the maximum age."""
    who = study.part("eligibility")
    if who is None:
        return
    low, high = who.said("minimum_age"), who.said("maximum_age")
    first, last = hours_of_age(low), hours_of_age(high)
    if first is not None and last is not None and first > last:
        at = step(step(where, "eligibility"), "minimum_age")
        asked.tell(AGE_ORDER, who, at, value=low, maximum=high)


def check_ids(study: Node, where: Where, asked: Asked) -> None:
    """Secondary identifiers are others than the protocol's own and the registry's."""
    own = study.part("id_info")
    if own is None:
        return
    known = own.said("org_study_id")
    seen: set[str] = set()
    for number, one in enumerate(own.all("secondary_id"), 1):
        text = one.said("id")
        why = ""
        if text and text == known:
            why = "is the protocol's own, org_study_id"
        elif FORMS["nct"].fits(text):
            why = "is one of ClinicalTrials.gov itself"
        elif text and text in seen:
            why = "stands there already"
        seen.add(text)
        if why:
            at = step(step(where, "id_info"), "secondary_id", number, one.fact)
            asked.tell(SECONDARY_ID, one, at, value=text, why=why)


def check_access(study: Node, where: Where, asked: Asked) -> None:
    """The types of expanded access: one or more of three, or none of them."""
    design = study.part("study_design")
    if design is None or "access" not in asked.facts:
        return
    names = ("individual", "intermediate", "treatment")
    yes = [name for name in names if is_yes(design.said(f"exp_acc_type_{name}"))]
    none = is_yes(design.said("no_exp_acc_type"))
    place = step(step(where, "study_design"), "no_exp_acc_type")
    if none and yes:
        asked.tell(ACCESS_TYPE, design, place, value=f"exp_acc_type_{yes[0]}")
    elif not none and not yes:
        asked.tell(ACCESS_UNSAID, design, place)


def check_contacts(study: Node, where: Where, asked: Asked) -> None:
    """A study that recruits can be asked, and so can each contact."""
    central = study.part("overall_contact")
    for name in ("overall_contact", "overall_contact_backup"):
        if (one := study.part(name)) is not None:
            _reachable(one, step(where, name, 0, one.fact), asked)
    locations = study.all("location")
    complete = bool(locations)
    for number, one in enumerate(locations, 1):
        contact = one.part("contact")
        if contact is None:
            complete = False
        else:
            place = step(where, "location", number, one.fact)
            _reachable(contact, step(place, "contact", 0, contact.fact), asked, central)
    status = study.said("overall_status")
    recruits = "recruiting" in asked.facts and not asked.is_partial
    if recruits and central is None and not complete:
        asked.tell(NO_CONTACT, study, step(where, "overall_contact"), value=status)


def _reachable(one: Node, where: Where, asked: Asked, central: Node | None = None) -> None:
    if central is None and one.parts and not one.said("phone") and not one.said("email"):
        asked.tell(UNREACHABLE, one, where, value=one.said("last_name") or "A contact")


def check_lists(study: Node, where: Where, asked: Asked) -> None:
    """Values that stand twice, outcomes that say too little, empty references."""
    seen: dict[tuple[str, str], int] = {}
    numbers: dict[str, int] = {}
    again: list[tuple[tuple[str, str], Node, int]] = []
    for one in study.parts or ():
        name = one.name
        key = _KEYS.get(name)
        if key is None:
            continue
        numbers[name] = number = numbers.get(name, 0) + 1
        value = key(one)
        if name == "reference":
            if not value and one.parts is not None:
                asked.tell(NO_CITATION, one, step(where, name, number, one.fact))
            continue
        if name.endswith("_outcome"):
            _outcome(one, step(where, name, number, one.fact), asked)
        known = (name, value)
        seen[known] = seen.get(known, 0) + 1
        if value and seen[known] == 2:
            again.append((known, one, number))
    for known, one, number in again:
        name, value = known
        shown = value if len(value) <= 80 else f"{value[:77]}..."
        at = step(where, name, number, one.fact)
        asked.tell(REPEATED_VALUE, one, at, value=shown, count=seen[known], name=name)


def _outcome(one: Node, where: Where, asked: Asked) -> None:
    title, frame = one.said("outcome_measure"), one.said("outcome_time_frame")
    if title.lower().rstrip(".") in _VAGUE:
        asked.tell(VAGUE, one, step(where, "outcome_measure"), value=title)
    if frame.isdigit():
        asked.tell(LATE_PLAN, one, step(where, "outcome_time_frame"), value=frame)


def _text(node: Node) -> str:
    return node.text.strip()


def _outcome_key(node: Node) -> str:
    parts = (node.said("outcome_measure"), node.said("outcome_time_frame"))
    text = node.said("outcome_description/textblock")
    return "; ".join(one for one in (*parts, text) if one)


def _reference(node: Node) -> str:
    return node.said("citation") or node.said("pubmed_id")


def _page(node: Node) -> str:
    return node.said("url")


_KEYS: dict[str, Callable[[Node], str]] = {
    "condition": _text,
    "keyword": _text,
    "primary_outcome": _outcome_key,
    "secondary_outcome": _outcome_key,
    "other_outcome": _outcome_key,
    "reference": _reference,
    "link": _page,
}
"""What makes an item of a list the same as another."""
