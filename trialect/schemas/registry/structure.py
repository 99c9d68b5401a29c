"""The checks that the table of elements states: what stands where, its words, what is required."""

from __future__ import annotations

from trialect.problems import rule
from trialect.schemas.registry.asked import Asked, Where, step
from trialect.schemas.registry.layout import Element
from trialect.schemas.registry.nodes import Node

CLAUSE = "the clause is named in each finding"

UNKNOWN = rule(
    "REGISTRY-ELEMENT",
    "error",
    "The registry's format has no such element there",
    "{name} is no element of {around}.",
    "Remove it, or put it where it belongs.",
    "the registry's schema",
)
ORDER = rule(
    "REGISTRY-ORDER",
    "error",
    "An element stands at the wrong place",
    "{name} stands after {before}, and belongs before it.",
    "Put the elements in the order of the registry's schema.",
    "the registry's schema",
)
REPEATED = rule(
    "REGISTRY-REPEATED",
    "error",
    "An element stands more often than once",
    "{name} stands {count} times in {around}, which has it once.",
    "Leave one of them.",
    "the registry's schema",
)
MISSING = rule(
    "REGISTRY-MISSING",
    "error",
    "An element that the format requires is missing",
    "{around} has no {name}.",
    "Add it.",
    "the registry's schema",
)
ATTRIBUTE = rule(
    "REGISTRY-ATTRIBUTE",
    "error",
    "The registry's format has no such attribute",
    "{name} cannot have the attribute {value}{why}.",
    "Remove the attribute.",
    "the registry's schema",
)
TEXT = rule(
    "REGISTRY-TEXT",
    "error",
    "Text stands where elements are expected",
    "{name} holds elements, and has the text {value}.",
    "Put the text into the element it belongs to.",
    "the registry's schema",
)
NAMESPACE = rule(
    "REGISTRY-NAMESPACE",
    "error",
    "An element is in the wrong namespace",
    "{name} is in {value}, and belongs in {expected}.",
    "Write the namespace as the registry's schema has it: on the root alone, with a prefix.",
    "the registry's schema",
)
REQUIRED = rule(
    "REGISTRY-REQUIRED",
    "error",
    "The registry requires what is not said",
    "{name} is required{when} and not said ({clause}).",
    "Add it in the study file, or at the registry.",
    CLAUSE,
)
REQUIRED_LIKELY = rule(
    "REGISTRY-REQUIRED-LIKELY",
    "warning",
    "The registry probably requires what is not said",
    "{name} is probably required{when} and not said ({clause}); no text of the requirement was at "
    "hand to confirm it.",
    "Add it in the study file, or look at the messages of the upload.",
    CLAUSE,
)
NOT_ASKED = rule(
    "REGISTRY-NOT-ASKED",
    "warning",
    "The registry does not ask for what is said",
    "{name} is asked {only} alone ({clause}).",
    "Remove it, or correct what it depends on.",
    CLAUSE,
)
LENGTH = rule(
    "REGISTRY-LENGTH",
    "error",
    "A text is longer than the registry takes",
    "{name} has {length} characters; the registry takes {limit} ({clause}).",
    "Shorten it; it is written whole, since nothing is cut here.",
    CLAUSE,
)
LENGTH_LIKELY = rule(
    "REGISTRY-LENGTH-LIKELY",
    "warning",
    "A text is probably longer than the registry takes",
    "{name} has {length} characters; the registry probably takes {limit} ({clause}); no text of "
    "the limit was at hand to confirm it.",
    "Shorten it, or look at the messages of the upload.",
    CLAUSE,
)
WORD = rule(
    "REGISTRY-WORD",
    "error",
    "A value is none of the registry's words",
    "{value} is no word of {name}; the registry has {words} ({clause}).",
    "Use one of its words as they stand.",
    CLAUSE,
)
FORM = rule(
    "REGISTRY-FORM",
    "error",
    "A value has another form than the registry takes",
    "{value} in {name} is not {form} ({clause}).",
    "Write it in this form.",
    CLAUSE,
)
SUPERSEDED = rule(
    "REGISTRY-SUPERSEDED",
    "note",
    "The registry no longer recommends an element",
    "{name} is no longer recommended; {instead} is asked instead.",
    "Say it there.",
    "the registry's schema",
)

DELETED = rule(
    "REGISTRY-DELETED",
    "warning",
    "An element to be deleted has not the parts that the schema requires",
    "{name} is to be deleted and is empty, as the registry's notes ask; its schema requires {part} "
    "in it all the same.",
    "Try the upload on the test system.",
    "PRS ProtocolRecordSchema, partial upload option",
)

_WHEN = {
    "interventional": "of interventional studies",
    "observational": "of observational studies",
    "access": "of expanded access records",
    "clinical": "of interventional and observational studies",
    "stopped": "where the status is Suspended, Terminated or Withdrawn",
    "ind": "where the study is under an IND or IDE",
    "device": "where a device that the FDA regulates is studied",
    "unapproved": "where a device is not approved",
    "recruiting": "where the study is recruiting",
    "export": "where the FDA regulates a product, there is no IND or IDE, and no site is in the US",
}


def in_words(text: str) -> str:
    """A condition of the table as a part of a sentence."""
    if text in _WHEN:
        return _WHEN[text]
    name, equals, words = text.partition("=")
    return f"where {name} is {words.replace('|', ' or ')}" if equals else f"with {name}"


def check_element(node: Node, element: Element, where: Where, asked: Asked) -> None:
    """What the table states of an element and everything in it."""
    if node.attributes:
        _attributes(node, element, where, asked)
    parts = element.parts
    if parts is None:
        if node.parts:
            for one in node.parts:
                asked.tell(UNKNOWN, one, step(where, one.name), name=one.name, around=element.name)
        _value(node, element, where, asked)
        return
    if node.text and not node.text.isspace():
        shown = node.text.strip()[:60]
        asked.tell(TEXT, node, where, name=element.name, value=shown)
    seen: dict[str, int] = {}
    last: Element | None = None
    for one in node.parts or ():
        name = one.name
        part = parts.get(name)
        if part is None:
            asked.tell(UNKNOWN, one, step(where, name), name=name, around=element.name)
            continue
        number = seen[name] = seen.get(name, 0) + 1
        if element.is_sequence:
            if last is not None and part.place < last.place:
                asked.tell(ORDER, one, step(where, name), name=name, before=last.name)
            else:
                last = part
        place = (where, name, number if part.many else 0, one.fact)
        if number == 2 and not part.many:
            count = sum(beside.name == name for beside in node.parts or ())
            asked.tell(REPEATED, one, place, name=name, count=count, around=element.name)
        if part.parts is None and not one.parts and not one.attributes:
            text = one.text
            if text and not text.isspace():
                if part.room is None or len(text) > part.room:
                    _value(one, part, place, asked)
            elif part.need:
                _empty(one, part, place, node, asked)
        else:
            check_element(one, part, place, asked)
            if part.need and not _has_text(one) and not _is_deleted(one):
                _empty(one, part, place, node, asked)
    is_deleted = _is_deleted(node)
    for name in element.required:
        if name not in seen and is_deleted:
            asked.tell(DELETED, node, where, name=element.name, part=name)
        elif name not in seen:
            asked.tell(MISSING, node, (where, name, 0, None), name=name, around=element.name)
    if is_deleted:
        return
    for part in element.asked:
        if part.name not in seen and is_needed(part, node, asked):
            _required(part, node, (where, part.name, 0, None), asked)
    for part in element.restricted:
        if part.name in seen and part.only is not None and not part.only(asked.facts, node):
            told = [one for one in node.parts or () if one.name == part.name]
            if any(map(_has_text, told)):
                _not_asked(part, told[0], where, asked)


def is_needed(part: Element, around: Node, asked: Asked) -> bool:
    """Whether an element is required, by the study's facts and what stands beside it."""
    if part.need == "2017" and "since_2017" not in asked.facts:
        return False
    if asked.is_partial and part.need != "always" and "/" not in part.path:
        return False
    return part.when is None or part.when(asked.facts, around)


def _empty(node: Node, part: Element, where: Where, around: Node, asked: Asked) -> None:
    if not _is_deleted(node) and is_needed(part, around, asked):
        _required(part, node, where, asked)


def _required(part: Element, node: Node, where: Where, asked: Asked) -> None:
    when = f" {in_words(part.when_text)}" if part.when_text else ""
    if part.need == "2017":
        when += ", for studies that began on or after 18 January 2017,"
    broken = REQUIRED if part.need_seen else REQUIRED_LIKELY
    asked.tell_of(broken, part, node, where, name=part.path, when=when, clause=part.clause)


def _not_asked(part: Element, node: Node, where: Where, asked: Asked) -> None:
    only = in_words(part.only_text)
    place = (where, part.name, 0, node.fact)
    asked.tell_of(NOT_ASKED, part, node, place, name=part.path, only=only, clause=part.clause)


def _value(node: Node, element: Element, where: Where, asked: Asked) -> None:
    text = node.text
    if not text:
        return
    if element.limit is not None and len(text) > element.limit:
        asked.tell(
            LENGTH if element.limit_seen else LENGTH_LIKELY,
            node,
            where,
            name=element.path,
            length=len(text),
            limit=element.limit,
            clause=element.clause,
        )
    if element.words:
        word = text.strip()
        if word and word not in element.words and word.lower() not in element.lower_words:
            asked.tell(
                WORD,
                node,
                where,
                name=element.path,
                value=_shown(word),
                words=", ".join(f"`{one}`" for one in element.shown_words),
                clause=element.clause,
            )
    elif element.form is not None:
        word = text.strip()
        if word and not element.form.fits(word):
            asked.tell(
                FORM,
                node,
                where,
                name=element.path,
                value=_shown(word),
                form=element.form.told,
                clause=element.clause,
            )
    if element.instead and not text.isspace():
        asked.tell_of(SUPERSEDED, element, node, where, name=element.path, instead=element.instead)


def _shown(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


def _has_text(node: Node) -> bool:
    if node.parts is None:
        return bool(node.text) and not node.text.isspace()
    return any(map(_has_text, node.parts))


def _is_deleted(node: Node) -> bool:
    return bool(node.attributes) and is_true((node.attributes or {}).get("delete", ""))


def is_true(text: str) -> bool:
    """Whether an xs:boolean is true."""
    return text.strip() in ("true", "1")


def _attributes(node: Node, element: Element, where: Where, asked: Asked) -> None:
    for name, value in (node.attributes or {}).items():
        why = ""
        if name == "delete" and element.deletable:
            if value.strip() not in ("true", "false", "0", "1"):
                why = f": {_shown(value)} is neither true nor false"
            elif is_true(value) and not asked.is_partial:
                why = " in an upload that is not partial"
            else:
                continue
        asked.tell(ATTRIBUTE, node, where, name=element.path, value=_shown(name), why=why)
