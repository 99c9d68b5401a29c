"""What is asked of a PRS record depends on what it says: its type, status, dates, products."""

from __future__ import annotations

from collections.abc import Sequence

from trialect.schemas.registry.nodes import Node

STOPPED = ("Suspended", "Terminated", "Withdrawn")
UNITED_STATES = ("USA", "US", "United States", "United States of America")
TERRITORIES = (
    "Puerto Rico",
    "Guam",
    "American Samoa",
    "Northern Mariana Islands",
    "Virgin Islands (U.S.)",
)
"""Countries of addresses that are of the United States for 42 CFR Part 11 (11.10(a))."""
SINCE = "2017-01-18"
"""The day on which 42 CFR Part 11 came into force: studies that began before it are asked less."""

_TYPES = {
    "Interventional": ("interventional", "clinical"),
    "Observational": ("observational", "clinical"),
    "Expanded Access": ("access",),
}
_PRESENT = (
    "start_date",
    "last_follow_up_date",
    "primary_compl_date",
    "enrollment",
    "overall_contact",
)


def is_yes(text: str) -> bool:
    """Whether an answer is yes."""
    return text.lower() in ("yes", "true")


def facts_of(study: Node) -> frozenset[str]:
    """The names of the facts that hold of a record, as the conditions of prs.csv use them."""
    said = study.said
    facts: set[str] = set(_TYPES.get(said("study_design/study_type"), ()))
    parts = study.parts or ()
    names = {one.name for one in parts if one.text or one.parts}
    facts.update(name for name in _PRESENT if name in names)
    start = said("start_date")
    if len(start) >= 7 and start >= SINCE[: len(start)]:
        facts.add("since_2017")
    status = said("overall_status")
    if status in STOPPED:
        facts.add("stopped")
    if status in ("Recruiting", "Not yet recruiting"):
        facts.add("recruiting")
    ind = is_yes(said("is_ind_study"))
    device = is_yes(said("oversight_info/fda_regulated_device"))
    drug = is_yes(said("oversight_info/fda_regulated_drug"))
    if ind:
        facts.add("ind")
    if device:
        facts.add("device")
    if is_yes(said("delayed_posting")):
        facts.add("unapproved")
    if (device or drug) and said("is_ind_study").lower() == "no" and _is_abroad(parts):
        facts.add("export")
    return frozenset(facts)


def _is_abroad(parts: Sequence[Node]) -> bool:
    """Whether there are locations, and none is in the United States or one of its territories."""
    countries = [one.said("facility/address/country") for one in parts if one.name == "location"]
    return bool(countries) and not any(one in (*UNITED_STATES, *TERRITORIES) for one in countries)
