"""Whether the parts of a define.xml find each other: every OID is defined once and used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from trialect.problems import Problem, rule
from trialect.schemas.define.xml import define, odm

UNRESOLVED = rule(
    "DEFINE-OID-UNRESOLVED",
    "error",
    "A reference leads nowhere",
    "{element} refers to {what} {value}, which is not defined.",
    "Define it, or correct the reference.",
    "Define-XML 2.1, 4.1",
)
UNUSED = rule(
    "DEFINE-OID-UNUSED",
    "warning",
    "A definition is never used",
    "{what} {value} is defined, but nothing refers to it.",
    "Refer to it, or leave it out.",
    "Define-XML 2.1, 4.1",
)
REPEATED = rule(
    "DEFINE-OID-REPEATED",
    "error",
    "An OID is defined more than once",
    "{what} {value} is defined {count} times.",
    "Give each definition its own OID.",
    "ODM 1.3.2, 2.11",
)

DEFINITIONS = {
    odm("ItemGroupDef"): "OID",
    odm("ItemDef"): "OID",
    odm("CodeList"): "OID",
    odm("MethodDef"): "OID",
    define("Standard"): "OID",
    define("ValueListDef"): "OID",
    define("WhereClauseDef"): "OID",
    define("CommentDef"): "OID",
    define("leaf"): "ID",
}
"""The elements that define something, and the attribute that names it."""

_BY_ATTRIBUTE = {
    "MethodOID": odm("MethodDef"),
    "WhereClauseOID": define("WhereClauseDef"),
    "ValueListOID": define("ValueListDef"),
    "CodeListOID": odm("CodeList"),
    "ItemOID": odm("ItemDef"),
    "leafID": define("leaf"),
    define("ItemOID"): odm("ItemDef"),
    define("CommentOID"): define("CommentDef"),
    define("StandardOID"): define("Standard"),
    define("ArchiveLocationID"): define("leaf"),
}
"""The attributes that refer to something, and the element that they mean."""

_NEED_NO_USE = frozenset({odm("ItemGroupDef"), define("Standard")})


@dataclass(slots=True)
class _Oids:
    defined: dict[tuple[str, str], list[etree._Element]] = field(default_factory=dict)
    used: dict[tuple[str, str], list[etree._Element]] = field(default_factory=dict)


def check_references(version: etree._Element) -> Iterator[Problem]:
    """The problems of the OIDs of a MetaDataVersion."""
    found = _collect(version)
    for (element, oid), users in found.used.items():
        if (element, oid) not in found.defined:
            for user in users:
                yield UNRESOLVED.problem(
                    row=user.sourceline, element=_short(user.tag), what=_short(element), value=oid
                )
    for (element, oid), definitions in found.defined.items():
        place = {"row": definitions[-1].sourceline, "what": _short(element), "value": oid}
        if len(definitions) > 1:
            yield REPEATED.problem(**place, count=len(definitions))
        if (element, oid) not in found.used and element not in _NEED_NO_USE:
            yield UNUSED.problem(**place)


def _collect(version: etree._Element) -> _Oids:
    found = _Oids()
    # The MetaDataVersion itself may refer to a comment.
    for element in version.iter(etree.Element):
        name = DEFINITIONS.get(str(element.tag))
        oid = element.get(name) if name else None
        if oid is not None:
            found.defined.setdefault((str(element.tag), oid), []).append(element)
        for attribute, value in element.attrib.items():
            target = _BY_ATTRIBUTE.get(str(attribute))
            if target is not None:
                found.used.setdefault((target, str(value)), []).append(element)
    return found


def _short(tag: object) -> str:
    return str(tag).rpartition("}")[2]
