"""What a PRS record says of drugs and devices that the FDA regulates, held against the rest."""

from __future__ import annotations

from trialect.problems import rule
from trialect.schemas.registry.asked import Asked, Where, step
from trialect.schemas.registry.nodes import Node
from trialect.schemas.registry.prs_answers import DESIGN
from trialect.schemas.registry.prs_facts import is_yes

UNAPPROVED = rule(
    "PRS-DEVICE-UNAPPROVED",
    "error",
    "A device is not approved, and none is regulated",
    "A device product is not approved by the FDA (delayed_posting is yes), and "
    "fda_regulated_device is {value}.",
    "Correct one of the answers.",
    "PRS definitions 4, Device Product Not Approved or Cleared by U.S. FDA",
)
IND_PRODUCT = rule(
    "PRS-IND-PRODUCT",
    "warning",
    "A study is under an IND or IDE, and no product is regulated",
    "is_ind_study is yes, and neither a drug nor a device that the FDA regulates is studied.",
    "Correct one of the answers.",
    "PRS definitions 4, U.S. FDA IND or IDE",
)
IND_CENTER = rule(
    "PRS-IND-CENTER",
    "warning",
    "The center of an IND or IDE does not fit the products",
    "ind_grantor is {value}, and {name} is no.",
    "Correct one of the answers: CDER is for drugs, CDRH for devices.",
    "PRS definitions 4, U.S. FDA IND or IDE; 21 CFR 312 and 812",
)
PHASE_DRUG = rule(
    "PRS-PHASE-DRUG",
    "warning",
    "A drug that the FDA regulates is studied, and there is no phase",
    "fda_regulated_drug is yes, and the phase is N/A.",
    "Say the phase; N/A is for trials of devices and of behavior.",
    "42 CFR 11.28(a)(2)(i)(F)",
)
FEASIBILITY = rule(
    "PRS-FEASIBILITY",
    "warning",
    "The feasibility of a device is studied, and no device is",
    "The primary purpose is Device Feasibility, and no intervention is a device, a combination "
    "product or a diagnostic test.",
    "Correct the purpose or the type of an intervention.",
    "PRS definitions 7, Primary Purpose",
)
PEDIATRIC = rule(
    "PRS-PEDIATRIC-DEVICE",
    "error",
    "A pediatric surveillance of a device studies no device",
    "ped_postmarket_surv is yes, and fda_regulated_device is {value}.",
    "Correct one of the answers.",
    "PRS definitions 4, Pediatric Postmarket Surveillance of a Device Product",
)


def check_products(study: Node, where: Where, asked: Asked) -> None:
    """Answers on drugs and devices that need each other."""
    oversight = study.part("oversight_info")
    if oversight is None:
        return
    drug, device = oversight.said("fda_regulated_drug"), oversight.said("fda_regulated_device")
    place = step(where, "oversight_info")
    if "unapproved" in asked.facts and device.lower() == "no":
        asked.tell(UNAPPROVED, study, step(where, "delayed_posting"), value=device)
    if "ind" in asked.facts and drug.lower() == "no" and device.lower() == "no":
        asked.tell(IND_PRODUCT, study, step(where, "is_ind_study"))
    elif "ind" in asked.facts:
        _center(study, {"drug": drug, "device": device}, where, asked)
    phase = study.said(f"{DESIGN}/phase")
    if is_yes(drug) and phase == "N/A":
        at = step(step(where, "study_design"), "interventional_design")
        asked.tell(PHASE_DRUG, study, step(at, "phase"))
    if is_yes(oversight.said("ped_postmarket_surv")) and device.lower() == "no":
        at = step(place, "ped_postmarket_surv")
        asked.tell(PEDIATRIC, oversight, at, value=device)


_CENTERS = {"CDER": "drug", "CDRH": "device"}
"""Products of FDA's centers; CBER has both."""


def _center(study: Node, said: dict[str, str], where: Where, asked: Asked) -> None:
    center = study.said("ind_info/ind_grantor")
    product = _CENTERS.get(center)
    if product is not None and said[product].lower() == "no":
        at = step(step(where, "ind_info"), "ind_grantor")
        asked.tell(IND_CENTER, study, at, value=center, name=f"fda_regulated_{product}")


_OF_DEVICES = ("Device", "Combination Product", "Diagnostic Test")


def check_purpose(study: Node, where: Where, asked: Asked) -> None:
    """A trial of the feasibility of a device has a device among its interventions."""
    interventions = study.all("intervention")
    if not interventions or study.said(f"{DESIGN}/interventional_subtype") != "Device Feasibility":
        return
    if not any(one.said("intervention_type") in _OF_DEVICES for one in interventions):
        place = step(step(where, "study_design"), "interventional_design")
        asked.tell(FEASIBILITY, study, step(place, "interventional_subtype"))
