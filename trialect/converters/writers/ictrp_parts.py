"""What an ICTRP trial is made with: dates, ages, names, and texts that join several facts."""

from __future__ import annotations

from trialect.converters.writers.registry_writing import RegistryWriting
from trialect.mappings.registry.markup import plain_text
from trialect.mappings.registry.person_names import person_name
from trialect.problems import rule
from trialect.protocol import Contact, Outcome
from trialect.schemas.registry.nodes import Node

NO_WORD = rule(
    "ICTRP-NO-WORD",
    "warning",
    "A value has no word in ICTRP",
    "{value} has no word in ICTRP: {note}. It is not written{times}.",
    "Choose a value that ICTRP has, in the study file or at the registry.",
    "WHO ICTRP DTD",
)
WORD_LOSES = rule(
    "ICTRP-WORD-LOSS",
    "note",
    "A value is written with a wider word",
    "{value} is written as {word}: {note}.",
    "Look whether the wider word says enough.",
    "WHO ICTRP DTD",
)
NO_LIMIT = rule(
    "ICTRP-AGE-NO-LIMIT",
    "note",
    "An age limit that is not said is written as none",
    "No {value} age is said; N/A (no limit) is written, as the registry shows it.",
    "Say the age in the study file, if there is a limit.",
    "WHO Trial Registration Data Set, item 14",
)
CHARACTER = rule(
    "ICTRP-CHARACTER",
    "warning",
    "A text has characters that XML cannot hold",
    "{value} has control characters, which XML cannot hold; it is written without them{times}.",
    "Correct the text where it comes from.",
    "XML 1.0, 2.2",
)
NAME_WHOLE = rule(
    "ICTRP-NAME-WHOLE",
    "note",
    "A name is written whole as the last name",
    "{value} is not certainly a person's first, middle and last name; it is written whole as the "
    "last name{times}.",
    "Divide it at the registry, if a person is meant.",
    "WHO ICTRP DTD, contact",
)

NOT_SAID = ""
"""The fact of a blank contact, which was written from none."""

_UNITS = {"year": "Y", "month": "M", "week": "W", "day": "D", "hour": "H"}
_PHASES = {
    "NA": "N/A",
    "EARLY_PHASE1": "Early Phase 1",
    "PHASE1": "Phase 1",
    "PHASE2": "Phase 2",
    "PHASE3": "Phase 3",
    "PHASE4": "Phase 4",
}


class Writing(RegistryWriting):
    """The study that is written, the words of ICTRP, and what it cannot say."""

    __slots__ = ()

    registry = "ictrp"
    no_word = NO_WORD
    word_loses = WORD_LOSES
    character = CHARACTER


def dated(date: str | None) -> str:
    """A date as dd/mm/yyyy; without a day as mm/yyyy or yyyy, which the checks tell."""
    return "/".join(reversed(date.split("-"))) if date else ""


def age(writing: Writing, name: str, text: str | None) -> str:
    """An age as 18Y; N/A where there is no limit, nothing where nothing is said of ages."""
    if text is None and not writing.study.eligibility.says_ages:
        return ""
    if text is None:
        writing.losses.add(NO_LIMIT, f"eligibility.{name}_age", name)
        return "N/A"
    number, _, unit = text.partition(" ")
    sign = _UNITS.get(unit.lower().removesuffix("s"))
    return f"{number}{sign}" if sign and number.isdigit() else text


def phase(phases: tuple[str, ...]) -> str:
    """The phases in ICTRP's words: `Phase 2/Phase 3`."""
    return "/".join(_PHASES.get(one, one) for one in phases)


def contact(
    writing: Writing,
    type_: str,
    fact: str,
    name: str,
    reach: Contact | None,
    affiliation: str | None = None,
) -> Node:
    """A contact; degrees stay with the last name, since ICTRP has no place for them."""
    found = person_name(name)
    if found.whole and name:
        writing.losses.add(NAME_WHOLE, f"{fact}.name", name)
    last = f"{found.last}, {found.degrees}" if found.degrees else found.last
    phone = ""
    if reach is not None:
        phone = " ext. ".join(filter(None, [reach.phone, reach.phone_ext]))
    said = {
        "type": type_,
        "firstname": found.first,
        "middlename": found.middle,
        "lastname": last,
        "address": None,
        "city": None,
        "country1": None,
        "zip": None,
        "telephone": phone,
        "email": reach.email if reach is not None else None,
        "affiliation": affiliation,
    }
    parts = [Node(key, text or "") for key, text in said.items()]
    return Node("contact", parts=parts, fact=fact or None)


def design_text(writing: Writing) -> str:
    """The design as one text, each part with its name."""
    how = writing.study.design
    word = writing.word
    model = "assignment" if how.type == "INTERVENTIONAL" else "model"
    name = "Intervention model" if how.type == "INTERVENTIONAL" else "Observational model"
    masking = word("design.masking", "design.masking", how.masking)
    roles = [
        word("design.masked", f"design.masked.{place}", one) for place, one in enumerate(how.masked)
    ]
    if roles:
        masking = f"{masking} ({', '.join(filter(None, roles))})".strip()
    said = {
        "Allocation": word("design.allocation", "design.allocation", how.allocation),
        name: word(model, "design.model", how.model),
        "Model description": plain_text(how.model_description or ""),
        "Primary purpose": word("design.purpose", "design.purpose", how.purpose),
        "Time perspective": word(
            "design.time_perspective", "design.time_perspective", how.time_perspective
        ),
        "Masking": masking,
        "Masking description": plain_text(how.masking_description or ""),
    }
    return " ".join(f"{key}: {text.rstrip('.')}." for key, text in said.items() if text)


def outcome_text(one: Outcome) -> str:
    """An outcome as one text: what is measured, when, and how."""
    parts = [one.measure]
    if one.time_frame:
        parts.append(f"[Time frame: {one.time_frame}]")
    if one.description:
        parts.append(plain_text(one.description))
    return " ".join(parts)
