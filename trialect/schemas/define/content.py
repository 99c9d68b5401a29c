"""What Define-XML 2.1 asks of the content of a define.xml beyond its XML Schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree

from trialect.problems import Problem, rule
from trialect.schemas.define.datatypes import WITH_LENGTH
from trialect.schemas.define.xml import XLINK, define, odm

WHERE_FOREIGN = rule(
    "DEFINE-WHERE-FOREIGN",
    "error",
    "A where-clause asks a variable that its dataset lacks",
    "{value} is used for values of {dataset}, but asks {item}, which is no variable of it.",
    "Ask a variable of the dataset; a clause over another dataset needs a comment that says how "
    "the records join.",
    "Define-XML 2.1, 5.3.8",
)
WHERE_TERM = rule(
    "DEFINE-WHERE-TERM",
    "error",
    "A where-clause asks for a term that is not in the codelist",
    "{value} is asked of {item}, whose codelist {codelist} lacks it: the clause never holds.",
    "Correct the value, or add the term to the codelist.",
    "Define-XML 2.1, 4.2.1",
)
TERM_REPEATED = rule(
    "DEFINE-TERM-REPEATED",
    "error",
    "A codelist holds a term twice",
    "{codelist} holds {value!r} {count} times.",
    "Keep one of them.",
    "ODM 1.3.2, CodeListItem",
)
LENGTH_MISSING = rule(
    "DEFINE-LENGTH-MISSING",
    "error",
    "A variable has no length",
    "{item} is {data_type} and has no Length.",
    "Give the length of its longest value.",
    "Define-XML 2.1, 5.3.11",
)
DIGITS_MISSING = rule(
    "DEFINE-DIGITS-MISSING",
    "error",
    "A float does not say how many decimals it has",
    "{item} is float and has no SignificantDigits.",
    "Give the most digits after the decimal point.",
    "Define-XML 2.1, 5.3.11",
)
DIGITS_TOO_MANY = rule(
    "DEFINE-DIGITS-TOO-MANY",
    "error",
    "A float has more decimals than digits",
    "{item} has Length {length} and SignificantDigits {value}.",
    "The length counts all digits, those after the decimal point among them.",
    "Define-XML 2.1, 5.3.11",
)
LABEL_MISSING = rule(
    "DEFINE-LABEL-MISSING",
    "error",
    "A dataset or variable has no description",
    "{item} has no Description.",
    "Give its label.",
    "Define-XML 2.1, 5.3.9, 5.3.11",
)
ORIGIN_MISSING = rule(
    "DEFINE-ORIGIN-MISSING",
    "warning",
    "A variable does not say where its values come from",
    "{item} has no Origin, nor do all of its values.",
    "Say whether it is collected, derived, assigned or of the protocol.",
    "Define-XML 2.1, 5.3.11.3",
)
METHOD_MISSING = rule(
    "DEFINE-METHOD-MISSING",
    "error",
    "A derived variable does not say how it is derived",
    "{item} is Derived and has no method.",
    "Describe the derivation.",
    "Define-XML 2.1, 5.3.9.1",
)
KEY_MISSING = rule(
    "DEFINE-KEY-MISSING",
    "warning",
    "A dataset does not say what identifies a record",
    "{item} has no KeySequence on any variable.",
    "Number the variables of the key.",
    "Define-XML 2.1, 5.3.9.1",
)
KEY_REPEATED = rule(
    "DEFINE-KEY-REPEATED",
    "error",
    "Two variables have the same place in the key",
    "{item} gives KeySequence {value} to {count} variables.",
    "Number the variables of the key from 1.",
    "Define-XML 2.1, 5.3.9.1",
)
CODE_MISSING = rule(
    "DEFINE-CODE-MISSING",
    "error",
    "A term is neither coded nor marked as the sponsor's own",
    "{codelist} is of controlled terminology, but {value!r} has no NCI code and no ExtendedValue.",
    'Give the code, or mark the term with def:ExtendedValue="Yes".',
    "Define-XML 2.1, 4.6",
)
STANDARD_MISSING = rule(
    "DEFINE-STANDARD-MISSING",
    "error",
    "A dataset or codelist does not say which standard it follows",
    "{item} has neither def:StandardOID nor def:IsNonStandard.",
    "Name the standard, or mark it as none.",
    "Define-XML 2.1, 5.3.9, 5.3.12",
)
CLASS_MISSING = rule(
    "DEFINE-CLASS-MISSING",
    "error",
    "A dataset does not say its class",
    "{item} has no def:Class.",
    "Give the SDTM class, for example FINDINGS.",
    "Define-XML 2.1, 5.3.9.2",
)
LEAF_MISSING = rule(
    "DEFINE-LEAF-MISSING",
    "error",
    "A dataset does not say where its file is",
    "{item} has no def:leaf.",
    "Give the file in a def:leaf, and its ID as def:ArchiveLocationID.",
    "Define-XML 2.1, 5.3.9",
)
FILE_MISSING = rule(
    "DEFINE-FILE-MISSING",
    "warning",
    "A file that define.xml names is not there",
    "{value} is not beside the define.xml.",
    "Put it there, or correct the def:leaf.",
    "Define-XML 2.1, 5.3.15",
)
VERSION_MISSING = rule(
    "DEFINE-DICTIONARY-VERSION",
    "warning",
    "An external dictionary has no version",
    "{codelist} takes its terms from {value}, without saying which version.",
    "Give the dictionary's version (in study.yaml: a parameter with its dictionary_version).",
    "Define-XML 2.1, 5.3.12.4",
)


def check_content(version: etree._Element, folder: Path) -> Iterator[Problem]:
    """The problems of a MetaDataVersion; `folder` is where the files that it names should be."""
    content = _Content(version, folder)
    for check in _CHECKS:
        yield from check(content)


class _Content:
    """A MetaDataVersion and its definitions by OID."""

    def __init__(self, version: etree._Element, folder: Path) -> None:
        self.version = version
        self.folder = folder
        self.groups = version.findall(odm("ItemGroupDef"))
        self.items = {str(one.get("OID")): one for one in version.findall(odm("ItemDef"))}
        self.codelists = {str(one.get("OID")): one for one in version.findall(odm("CodeList"))}
        self.wheres = {
            str(one.get("OID")): one for one in version.findall(define("WhereClauseDef"))
        }

    @cached_property
    def values(self) -> dict[str, list[etree._Element]]:
        """The ItemRefs of each value list, by the OID of the variable's ItemDef."""
        lists = {
            str(one.get("OID")): one.findall(odm("ItemRef"))
            for one in self.version.findall(define("ValueListDef"))
        }
        found = {}
        for oid, item in self.items.items():
            reference = item.find(define("ValueListRef"))
            if reference is not None:
                found[oid] = lists.get(str(reference.get("ValueListOID")), [])
        return found

    @cached_property
    def valued(self) -> set[str]:
        """The OIDs of the ItemDefs that describe values, not variables."""
        return {str(one.get("ItemOID")) for values in self.values.values() for one in values}

    @cached_property
    def empty(self) -> set[str]:
        """The OIDs of the ItemDefs of variables that hold no data."""
        return {
            str(one.get("ItemOID"))
            for group in self.groups
            for one in group.findall(odm("ItemRef"))
            if one.get(define("HasNoData")) == "Yes"
        }

    @cached_property
    def references(self) -> list[tuple[etree._Element, etree._Element]]:
        """Every ItemRef with the ItemDef it means, those of value lists too."""
        references = [one for group in self.groups for one in group.findall(odm("ItemRef"))]
        references += [one for values in self.values.values() for one in values]
        found = [(one, self.items.get(str(one.get("ItemOID")))) for one in references]
        return [(one, item) for one, item in found if item is not None]

    def terms(self, codelist: str) -> list[str]:
        """The coded values of a codelist."""
        element = self.codelists.get(codelist)
        return [] if element is None else [str(i.get("CodedValue")) for i in _items_of(element)]


def _items_of(codelist: etree._Element) -> list[etree._Element]:
    return [*codelist.findall(odm("CodeListItem")), *codelist.findall(odm("EnumeratedItem"))]


def _where_clauses(content: _Content) -> Iterator[Problem]:
    for group in content.groups:
        variables = [str(one.get("ItemOID")) for one in group.findall(odm("ItemRef"))]
        clauses: dict[str, None] = {}
        for variable in variables:
            for value in content.values.get(variable, ()):
                for reference in value.findall(define("WhereClauseRef")):
                    clauses[str(reference.get("WhereClauseOID"))] = None
        for oid in clauses:
            clause = content.wheres.get(oid)
            if clause is None:
                continue
            explained = clause.get(define("CommentOID")) is not None
            for check in clause.findall(odm("RangeCheck")):
                item = str(check.get(define("ItemOID")))
                if item not in variables and not explained:
                    yield WHERE_FOREIGN.problem(
                        row=check.sourceline, value=oid, dataset=group.get("Name"), item=item
                    )


def _where_terms(content: _Content) -> Iterator[Problem]:
    for clause in content.wheres.values():
        for check in clause.findall(odm("RangeCheck")):
            item = content.items.get(str(check.get(define("ItemOID"))))
            reference = item.find(odm("CodeListRef")) if item is not None else None
            if item is None or reference is None:
                continue
            codelist = str(reference.get("CodeListOID"))
            terms = content.terms(codelist)
            for value in check.findall(odm("CheckValue")):
                # An empty value asks for records without one.
                if terms and value.text and value.text not in terms:
                    yield WHERE_TERM.problem(
                        row=value.sourceline,
                        value=value.text,
                        item=item.get("OID"),
                        codelist=codelist,
                    )


def _lengths(content: _Content) -> Iterator[Problem]:
    for oid, item in content.items.items():
        data_type, length = item.get("DataType"), item.get("Length")
        digits = item.get("SignificantDigits")
        place = {"row": item.sourceline, "item": oid, "data_type": data_type, "length": length}
        if data_type in WITH_LENGTH and length is None:
            yield LENGTH_MISSING.problem(**place)
        if data_type == "float" and digits is None:
            yield DIGITS_MISSING.problem(**place)
        if _number(digits) > _number(length) > 0:
            yield DIGITS_TOO_MANY.problem(**place, value=digits)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


def _labels(content: _Content) -> Iterator[Problem]:
    variables = {
        str(one.get("ItemOID")) for g in content.groups for one in g.findall(odm("ItemRef"))
    }
    items = [item for oid, item in content.items.items() if oid in variables]
    for element in (*content.groups, *items):
        text = element.findtext(f"{odm('Description')}/{odm('TranslatedText')}")
        if not (text or "").strip():
            yield LABEL_MISSING.problem(row=element.sourceline, item=element.get("OID"))


def _origins(content: _Content) -> Iterator[Problem]:
    exempt = content.valued | content.empty
    for oid, item in content.items.items():
        if oid in exempt or item.find(define("Origin")) is not None:
            continue
        values = [content.items.get(str(one.get("ItemOID"))) for one in content.values.get(oid, ())]
        if not values or any(v is None or v.find(define("Origin")) is None for v in values):
            yield ORIGIN_MISSING.problem(row=item.sourceline, item=oid)


def _methods(content: _Content) -> Iterator[Problem]:
    for reference, item in content.references:
        origins = [one.get("Type") for one in item.findall(define("Origin"))]
        values = content.values.get(str(item.get("OID")), ())
        described = [reference, *values]
        if "Derived" in origins and not any(one.get("MethodOID") for one in described):
            yield METHOD_MISSING.problem(row=reference.sourceline, item=item.get("OID"))


def _keys(content: _Content) -> Iterator[Problem]:
    for group in content.groups:
        keys = Counter(
            str(one.get("KeySequence"))
            for one in group.findall(odm("ItemRef"))
            if one.get("KeySequence") is not None
        )
        place = {"row": group.sourceline, "item": group.get("OID")}
        if not keys:
            yield KEY_MISSING.problem(**place)
        for value, count in keys.items():
            if count > 1:
                yield KEY_REPEATED.problem(**place, value=value, count=count)


def _codelists(content: _Content) -> Iterator[Problem]:
    sets = {
        one.get("OID"): one.get("Type")
        for one in content.version.iterfind(f"{define('Standards')}/{define('Standard')}")
    }
    for oid, codelist in content.codelists.items():
        place = {"row": codelist.sourceline, "codelist": oid}
        for value, count in Counter(content.terms(oid)).items():
            if count > 1:
                yield TERM_REPEATED.problem(**place, value=value, count=count)
        external = codelist.find(odm("ExternalCodeList"))
        # ISO's code tables have no releases to be told apart.
        dictionary = "" if external is None else external.get("Dictionary", "")
        if external is not None and not external.get("Version") and dictionary[:4] != "ISO ":
            yield VERSION_MISSING.problem(**place, value=dictionary)
        if sets.get(codelist.get(define("StandardOID"))) != "CT":
            continue
        for item in (
            *codelist.findall(odm("CodeListItem")),
            *codelist.findall(odm("EnumeratedItem")),
        ):
            own = item.get(define("ExtendedValue")) == "Yes"
            if not own and item.find(odm("Alias")) is None:
                yield CODE_MISSING.problem(
                    row=item.sourceline, codelist=oid, value=item.get("CodedValue")
                )


def _standards(content: _Content) -> Iterator[Problem]:
    for element in (*content.groups, *content.codelists.values()):
        says = (element.get(define("StandardOID")), element.get(define("IsNonStandard")))
        if not any(says):
            yield STANDARD_MISSING.problem(row=element.sourceline, item=element.get("OID"))


def _datasets(content: _Content) -> Iterator[Problem]:
    for group in content.groups:
        place = {"row": group.sourceline, "item": group.get("OID")}
        if group.find(define("Class")) is None:
            yield CLASS_MISSING.problem(**place)
        if group.find(define("leaf")) is None and group.get(define("HasNoData")) != "Yes":
            yield LEAF_MISSING.problem(**place)


def _files(content: _Content) -> Iterator[Problem]:
    for leaf in content.version.iter(define("leaf")):
        href = urlsplit(leaf.get(f"{{{XLINK}}}href") or "")
        if not href.scheme and href.path and not (content.folder / unquote(href.path)).exists():
            yield FILE_MISSING.problem(row=leaf.sourceline, value=unquote(href.path))


_CHECKS: tuple[Callable[[_Content], Iterator[Problem]], ...] = (
    _where_clauses,
    _where_terms,
    _lengths,
    _labels,
    _origins,
    _methods,
    _keys,
    _codelists,
    _standards,
    _datasets,
    _files,
)
