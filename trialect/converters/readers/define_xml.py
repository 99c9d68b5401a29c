"""Reads a define.xml back into the metadata of its datasets, to check a package against it.

What comes back is what Define-XML holds: the number of records is not in it (`rows` is 0), nor is
SDTMIG's core, which is told only as far as it shows in Mandatory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from lxml import etree

from trialect.metadata import (
    CodelistMeta,
    Comparator,
    Condition,
    DatasetMeta,
    MethodMeta,
    Origin,
    OriginSource,
    OriginType,
    TermMeta,
    ValueMeta,
    VariableMeta,
)
from trialect.schemas.define.xml import XLINK, define, odm, parse, version_of

_CODES = "nci:ExtCodeID"
_NUMBERS = frozenset({"integer", "float"})


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard that a define.xml follows."""

    name: str
    type: str
    version: str
    publishing_set: str | None = None


@dataclass(frozen=True, slots=True)
class DefineXml:
    """What a define.xml says: its study, standards and datasets, and the datasets' files.

    Iterating over it gives the datasets.
    """

    study: str
    title: str
    created: str
    standards: tuple[Standard, ...]
    datasets: tuple[DatasetMeta, ...]
    files: dict[str, tuple[str, ...]]

    def __iter__(self) -> Iterator[DatasetMeta]:
        return iter(self.datasets)

    def dataset(self, name: str) -> DatasetMeta | None:
        """The dataset with this name."""
        return next((one for one in self.datasets if one.name == name), None)


def read_define(path: Path) -> DefineXml:
    """The content of a define.xml; references that lead nowhere are left out (`check_define` names
    them). Raises `Unusable` for a file that is no Define-XML.
    """
    try:
        state = path.stat()
    except OSError:
        return _read(path)
    return _kept(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)
def _kept(path: Path, _changed: int, _size: int) -> DefineXml:
    """A file as it was read last, for the checks that look at the same one after each other."""
    return _read(path)


def _read(path: Path) -> DefineXml:
    tree = parse(path)
    version = version_of(tree, path)
    names = tree.getroot().find(f"{odm('Study')}/{odm('GlobalVariables')}")
    reader = _Reader(version)
    groups = version.findall(odm("ItemGroupDef"))
    return DefineXml(
        study="" if names is None else names.findtext(odm("StudyName")) or "",
        title="" if names is None else names.findtext(odm("StudyDescription")) or "",
        created=tree.getroot().get("CreationDateTime", ""),
        standards=tuple(
            Standard(
                one.get("Name", ""),
                one.get("Type", ""),
                one.get("Version", ""),
                one.get("PublishingSet"),
            )
            for one in version.iterfind(f"{define('Standards')}/{define('Standard')}")
        ),
        datasets=tuple(reader.dataset(group) for group in groups),
        files={group.get("Name", ""): reader.files(group) for group in groups},
    )


class _Reader:
    """The definitions of a MetaDataVersion by their OIDs."""

    def __init__(self, version: etree._Element) -> None:
        def by_oid(tag: str) -> dict[str | None, etree._Element]:
            return {one.get("OID"): one for one in version.findall(tag)}

        self._items = by_oid(odm("ItemDef"))
        self._codelists = {oid: _codelist(one) for oid, one in by_oid(odm("CodeList")).items()}
        self._methods = {
            oid: MethodMeta(oid or "", one.get("Name", ""), _text(one))
            for oid, one in by_oid(odm("MethodDef")).items()
        }
        self._comment_defs = by_oid(define("CommentDef"))
        self._comments = {oid: _text(one) for oid, one in self._comment_defs.items()}
        self._leafs = {one.get("ID"): one for one in version.findall(define("leaf"))}
        self._value_lists = by_oid(define("ValueListDef"))
        self._wheres = by_oid(define("WhereClauseDef"))
        self._variable_of: dict[str | None, tuple[str, str]] = {}
        for group in version.findall(odm("ItemGroupDef")):
            for reference in group.findall(odm("ItemRef")):
                item = self._items.get(reference.get("ItemOID"))
                if item is not None:
                    place = (group.get("Name", ""), item.get("Name", ""))
                    self._variable_of[reference.get("ItemOID")] = place

    def files(self, group: etree._Element) -> tuple[str, ...]:
        """Where a dataset lies: its leaf, and those that its comment adds where it is split."""
        leafs = group.findall(define("leaf"))
        comment = self._comment_defs.get(group.get(define("CommentOID")))
        if comment is not None:
            further = [one.get("leafID") for one in comment.findall(define("DocumentRef"))]
            leafs += [self._leafs[one] for one in further if one in self._leafs]
        return tuple(leaf.get(f"{{{XLINK}}}href", "") for leaf in leafs)

    def dataset(self, group: etree._Element) -> DatasetMeta:
        references = [
            (one, self._items.get(one.get("ItemOID"))) for one in group.findall(odm("ItemRef"))
        ]
        variables = [self._variable(one, item) for one, item in references if item is not None]
        kind = group.find(define("Class"))
        return DatasetMeta(
            name=group.get("Name", ""),
            label=_text(group),
            domain=group.get("Domain", ""),
            observation_class="" if kind is None else kind.get("Name", ""),
            structure=group.get(define("Structure"), ""),
            rows=0,
            variables=tuple(variables),
            has_subjects=group.get("IsReferenceData") != "Yes",
            repeating=group.get("Repeating") == "Yes",
            comment=self._comments.get(group.get(define("CommentOID"))),
        )

    def _variable(self, reference: etree._Element, item: etree._Element) -> VariableMeta:
        data_type = item.get("DataType", "")
        length = _number(item.get("Length"))
        number = data_type in _NUMBERS
        origins = _origins(item)
        return VariableMeta(
            name=item.get("Name", ""),
            label=_text(item),
            type="Num" if number else "Char",
            length=8 if number else length or 0,
            data_type=data_type,
            role=reference.get("Role", ""),
            core="Req" if reference.get("Mandatory") == "Yes" else None,
            origin=origins[0] if origins else None,
            other_origins=origins[1:],
            significant_digits=_number(item.get("SignificantDigits")),
            codelist=self._codelist_of(item),
            method=self._methods.get(reference.get("MethodOID")),
            comment=self._comments.get(item.get(define("CommentOID"))),
            key_sequence=_number(reference.get("KeySequence")),
            value_level=tuple(self._values(item)),
            digits=length if number else None,
            has_data=reference.get(define("HasNoData")) != "Yes",
        )

    def _values(self, item: etree._Element) -> list[ValueMeta]:
        listed = item.find(define("ValueListRef"))
        values = None if listed is None else self._value_lists.get(listed.get("ValueListOID"))
        found: list[ValueMeta] = []
        for reference in () if values is None else values.findall(odm("ItemRef")):
            value = self._items.get(reference.get("ItemOID"))
            for clause in reference.findall(define("WhereClauseRef")):
                where = self._wheres.get(clause.get("WhereClauseOID"))
                if value is not None and where is not None:
                    found.append(self._value(reference, value, where))
        return found

    def _value(
        self, reference: etree._Element, item: etree._Element, where: etree._Element
    ) -> ValueMeta:
        origins = _origins(item)
        return ValueMeta(
            where=tuple(self._condition(check) for check in where.findall(odm("RangeCheck"))),
            label=_text(item),
            data_type=item.get("DataType", ""),
            length=_number(item.get("Length")),
            significant_digits=_number(item.get("SignificantDigits")),
            origin=origins[0] if origins else None,
            other_origins=origins[1:],
            codelist=self._codelist_of(item),
            method=self._methods.get(reference.get("MethodOID")),
            comment=self._comments.get(item.get(define("CommentOID"))),
            mandatory=reference.get("Mandatory") == "Yes",
        )

    def _condition(self, check: etree._Element) -> Condition:
        dataset, variable = self._variable_of.get(check.get(define("ItemOID")), ("", ""))
        return Condition(
            dataset,
            variable,
            cast("Comparator", check.get("Comparator", "EQ")),
            tuple(one.text or "" for one in check.findall(odm("CheckValue"))),
        )

    def _codelist_of(self, item: etree._Element) -> CodelistMeta | None:
        reference = item.find(odm("CodeListRef"))
        return None if reference is None else self._codelists.get(reference.get("CodeListOID"))


def _codelist(element: etree._Element) -> CodelistMeta:
    external = element.find(odm("ExternalCodeList"))
    items = (*element.findall(odm("CodeListItem")), *element.findall(odm("EnumeratedItem")))
    kind = element.get("DataType", "text")
    return CodelistMeta(
        oid=element.get("OID", ""),
        name=element.get("Name", ""),
        code=_code(element),
        terms=tuple(
            TermMeta(
                item.get("CodedValue", ""),
                item.findtext(f"{odm('Decode')}/{odm('TranslatedText')}"),
                _code(item),
            )
            for item in items
        ),
        type="integer" if kind == "integer" else "float" if kind == "float" else "text",
        external=None if external is None else external.get("Dictionary"),
        external_version=None if external is None else external.get("Version"),
    )


def _code(element: etree._Element) -> str | None:
    aliases = element.findall(odm("Alias"))
    return next((one.get("Name") for one in aliases if one.get("Context") == _CODES), None)


def _origins(item: etree._Element) -> tuple[Origin, ...]:
    return tuple(
        Origin(
            cast("OriginType", one.get("Type", "Not Available")),
            cast("OriginSource | None", one.get("Source")),
        )
        for one in item.findall(define("Origin"))
    )


def _text(element: etree._Element) -> str:
    return element.findtext(f"{odm('Description')}/{odm('TranslatedText')}") or ""


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
