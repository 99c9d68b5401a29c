"""Writes define.xml: Define-XML 2.1, one ItemGroupDef a dataset, all from `DatasetMeta`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from lxml import etree

import trialect
from trialect.metadata import (
    CodelistMeta,
    Condition,
    DatasetMeta,
    MethodMeta,
    TermMeta,
    ValueMeta,
    VariableMeta,
)
from trialect.schemas.define import oids
from trialect.schemas.define.parts import (
    class_name,
    codelists_of,
    condition_key,
    define_length,
    files_of,
    methods_of,
    origins_of,
)
from trialect.schemas.define.xml import DEF, DEFINE_VERSION, ODM, XLINK, XML, define, odm
from trialect.schemas.sdtm import dataset as sdtm_dataset
from trialect.trial import Study

Context = Literal["Submission", "Other"]

STANDARD_IG = "STD.SDTMIG"
STANDARD_CT = "STD.SDTM_CT"

Attributes = Mapping[str, str | None]


def write_define(
    path: Path,
    study: Study,
    datasets: Sequence[DatasetMeta],
    *,
    files: Mapping[str, Sequence[str]],
    stamp: datetime,
    documents: Mapping[str, str] | None = None,
    context: Context = "Submission",
) -> None:
    """Write the define.xml of the datasets.

    `files` are the names of a dataset's files beside the define.xml (several where it is split;
    `NAME.xpt` where nothing is said); `documents` are supplemental documents (file name: title).
    `stamp` (UTC) is the creation time. The bytes depend on nothing else.
    """
    root = _Define(study, files, documents or {}).odm(datasets, stamp, context)
    etree.indent(root, "  ")
    path.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n")


class _Define:
    """The parts of one define.xml, and the OIDs that are taken."""

    def __init__(
        self, study: Study, files: Mapping[str, Sequence[str]], documents: Mapping[str, str]
    ) -> None:
        self._study = study
        self._files = files
        self._documents = documents
        self._taken: dict[str, object] = {}
        self._wheres: dict[str, tuple[Condition, ...]] = {}
        self._comments: dict[str, str] = {}
        self._comment_leafs: dict[str, list[str]] = {}

    def odm(
        self, datasets: Sequence[DatasetMeta], stamp: datetime, context: Context
    ) -> etree._Element:
        study = self._study
        root = etree.Element(odm("ODM"), nsmap={None: ODM, "def": DEF, "xlink": XLINK})  # type: ignore[dict-item] # a default namespace has no prefix
        _set(
            root,
            {
                "ODMVersion": "1.3.2",
                "FileType": "Snapshot",
                "FileOID": f"{oids.study_oid(study.studyid)}.define",
                "CreationDateTime": f"{stamp.isoformat(timespec='seconds')}Z",
                "Originator": study.sponsor.name,
                "SourceSystem": "trialect",
                "SourceSystemVersion": trialect.__version__,
                define("Context"): context,
            },
        )
        head = _add(root, odm("Study"), {"OID": oids.study_oid(study.studyid)})
        names = _add(head, odm("GlobalVariables"))
        _add(names, odm("StudyName")).text = study.acronym or study.studyid
        _add(names, odm("StudyDescription")).text = " ".join(
            text for text in (study.title, study.invented) if text
        )
        _add(names, odm("ProtocolName")).text = study.studyid
        version = _add(
            head,
            odm("MetaDataVersion"),
            {
                "OID": oids.version_oid(study.studyid, study.sdtm.ig),
                "Name": f"{study.studyid}, data definitions",
                "Description": study.invented or f"Data definitions of {study.studyid}.",
                define("DefineVersion"): DEFINE_VERSION,
            },
        )
        self._fill(version, datasets)
        return root

    def _fill(self, version: etree._Element, datasets: Sequence[DatasetMeta]) -> None:
        """The elements of a MetaDataVersion, in the order of the schema."""
        value_lists = [one for dataset in datasets for one in self._value_lists(dataset)]
        groups = [self._group(dataset) for dataset in datasets]
        items = [item for dataset in datasets for item in self._items(dataset)]
        wheres = [self._where(oid, where) for oid, where in self._wheres.items()]
        version.append(self._standards())
        if self._documents:
            listed = _add(version, define("SupplementalDoc"))
            for file in self._documents:
                _add(listed, define("DocumentRef"), {"leafID": oids.leaf_id(file)})
        version.extend(value_lists)
        version.extend(wheres)
        version.extend(groups)
        version.extend(items)
        version.extend(_codelist(one) for one in codelists_of(datasets))
        version.extend(_method(one) for one in methods_of(datasets))
        version.extend(self._comment(oid, text) for text, oid in self._comments.items())
        for dataset in datasets:
            for file in files_of(dataset, self._files)[1:]:
                version.append(_leaf(oids.leaf_id(file), file, file))
        version.extend(
            _leaf(oids.leaf_id(file), file, title) for file, title in self._documents.items()
        )

    def _standards(self) -> etree._Element:
        listed = etree.Element(define("Standards"))
        sdtm = self._study.sdtm
        ig = {"Name": "SDTMIG", "Type": "IG", "Version": sdtm.ig, "Status": "Final"}
        _add(listed, define("Standard"), {"OID": STANDARD_IG, **ig})
        _add(
            listed,
            define("Standard"),
            {
                "OID": STANDARD_CT,
                "Name": "CDISC/NCI",
                "Type": "CT",
                "PublishingSet": "SDTM",
                "Version": sdtm.ct,
                "Status": "Final",
            },
        )
        return listed

    def _group(self, dataset: DatasetMeta) -> etree._Element:
        file, *further = files_of(dataset, self._files)
        comment = dataset.comment
        if further:
            split = f"The records are split over the files {', '.join((file, *further))}."
            comment = f"{comment}\n{split}" if comment else split
        leaf = oids.leaf_id(dataset.name)
        standard = sdtm_dataset(dataset.name, self._study.sdtm.ig) is not None
        group = etree.Element(odm("ItemGroupDef"))
        _set(
            group,
            {
                "OID": oids.dataset_oid(dataset.name),
                "Name": dataset.name,
                "Domain": dataset.domain,
                "SASDatasetName": dataset.name,
                "Repeating": _yes(dataset.repeating),
                "IsReferenceData": _yes(not dataset.has_subjects),
                "Purpose": "Tabulation",
                define("Structure"): dataset.structure,
                define("StandardOID"): STANDARD_IG if standard else None,
                define("IsNonStandard"): None if standard else "Yes",
                define("ArchiveLocationID"): leaf,
                define("CommentOID"): self._comment_oid(
                    comment, dataset.name, leafs=[oids.leaf_id(one) for one in further]
                ),
            },
        )
        _describe(group, dataset.label)
        for order, variable in enumerate(dataset.variables, start=1):
            _add(
                group,
                odm("ItemRef"),
                {
                    "ItemOID": oids.item_oid(dataset.name, variable.name),
                    "OrderNumber": str(order),
                    "Mandatory": _yes(variable.core == "Req"),
                    "KeySequence": _text(variable.key_sequence),
                    "MethodOID": variable.method.oid if variable.method else None,
                    "Role": variable.role or None,
                    define("HasNoData"): None if variable.has_data else "Yes",
                },
            )
        parent = sdtm_dataset(dataset.domain, self._study.sdtm.ig)
        if dataset.name != dataset.domain and parent is not None:
            _add(group, odm("Alias"), {"Context": "DomainDescription", "Name": parent.label})
        if dataset.observation_class:
            _add(group, define("Class"), {"Name": class_name(dataset.observation_class)})
        group.append(_leaf(leaf, file, file))
        return group

    def _items(self, dataset: DatasetMeta) -> Iterable[etree._Element]:
        for variable in dataset.variables:
            yield self._variable(dataset, variable)
            for value in variable.value_level:
                yield self._value(dataset, variable, value)

    def _variable(self, dataset: DatasetMeta, variable: VariableMeta) -> etree._Element:
        item = self._item(
            oids.item_oid(dataset.name, variable.name),
            variable,
            define_length(variable),
            self._comment_oid(variable.comment, dataset.name, variable.name),
            variable.name,
        )
        if variable.value_level:
            listed = oids.value_list_oid(dataset.name, variable.name)
            _add(item, define("ValueListRef"), {"ValueListOID": listed})
        return item

    def _value(
        self, dataset: DatasetMeta, variable: VariableMeta, value: ValueMeta
    ) -> etree._Element:
        key = condition_key(value.where)
        return self._item(
            self._value_oid(dataset, variable, value),
            value,
            define_length(value),
            self._comment_oid(value.comment, dataset.name, variable.name, *key),
            key[-1] if key else variable.name,
        )

    def _item(
        self,
        oid: str,
        one: VariableMeta | ValueMeta,
        length: int | None,
        comment: str | None,
        name: str,
    ) -> etree._Element:
        item = etree.Element(odm("ItemDef"))
        _set(
            item,
            {
                "OID": oid,
                "Name": name,
                "DataType": one.data_type,
                "Length": _text(length),
                "SignificantDigits": _text(one.significant_digits),
                "SASFieldName": name if isinstance(one, VariableMeta) else None,
                define("CommentOID"): comment,
            },
        )
        _describe(item, one.label)
        if one.codelist is not None:
            _add(item, odm("CodeListRef"), {"CodeListOID": one.codelist.oid})
        for origin in origins_of(one):
            _add(item, define("Origin"), {"Type": origin.type, "Source": origin.source})
        return item

    def _value_lists(self, dataset: DatasetMeta) -> Iterable[etree._Element]:
        for variable in dataset.variables:
            if not variable.value_level:
                continue
            listed = etree.Element(define("ValueListDef"))
            listed.set("OID", oids.value_list_oid(dataset.name, variable.name))
            for order, value in enumerate(variable.value_level, start=1):
                reference = _add(
                    listed,
                    odm("ItemRef"),
                    {
                        "ItemOID": self._value_oid(dataset, variable, value),
                        "OrderNumber": str(order),
                        "Mandatory": _yes(value.mandatory),
                        "MethodOID": value.method.oid if value.method else None,
                    },
                )
                where = self._where_oid(dataset, value)
                _add(reference, define("WhereClauseRef"), {"WhereClauseOID": where})
            yield listed

    def _value_oid(self, dataset: DatasetMeta, variable: VariableMeta, value: ValueMeta) -> str:
        oid = oids.item_oid(dataset.name, variable.name, *condition_key(value.where))
        return self._free(oid, (variable.name, value.where))

    def _where_oid(self, dataset: DatasetMeta, value: ValueMeta) -> str:
        oid = oids.where_oid(dataset.name, *condition_key(value.where))
        oid = self._free(oid, value.where)
        self._wheres[oid] = value.where
        return oid

    def _free(self, oid: str, content: object) -> str:
        """The OID for this content; a number tells apart contents that would share one."""
        candidate, number = oid, 1
        while self._taken.setdefault(candidate, content) != content:
            number += 1
            candidate = f"{oid}.{number}"
        return candidate

    def _where(self, oid: str, where: tuple[Condition, ...]) -> etree._Element:
        clause = etree.Element(define("WhereClauseDef"), OID=oid)
        for condition in where:
            check = _add(
                clause,
                odm("RangeCheck"),
                {
                    "SoftHard": "Soft",
                    define("ItemOID"): oids.item_oid(condition.dataset, condition.variable),
                    "Comparator": condition.comparator,
                },
            )
            for value in condition.values:
                _add(check, odm("CheckValue")).text = value
        return clause

    def _comment_oid(self, text: str | None, *what: str, leafs: Sequence[str] = ()) -> str | None:
        """The OID of a comment; users with the same text share it."""
        if not text:
            return None
        if text not in self._comments:
            self._comments[text] = self._free(oids.comment_oid(*what), text)
        self._comment_leafs.setdefault(text, []).extend(leafs)
        return self._comments[text]

    def _comment(self, oid: str, text: str) -> etree._Element:
        comment = etree.Element(define("CommentDef"), OID=oid)
        _describe(comment, text)
        for leaf in self._comment_leafs.get(text, ()):
            _add(comment, define("DocumentRef"), {"leafID": leaf})
        return comment


def _codelist(one: CodelistMeta) -> etree._Element:
    codelist = etree.Element(odm("CodeList"))
    _set(
        codelist,
        {
            "OID": one.oid,
            "Name": one.name,
            "DataType": one.type,
            define("StandardOID"): STANDARD_CT if one.code else None,
            define("IsNonStandard"): None if one.code else "Yes",
        },
    )
    if one.external:
        dictionary = {"Dictionary": one.external, "Version": one.external_version}
        _add(codelist, odm("ExternalCodeList"), dictionary)
    decoded = any(_says_more(term) for term in one.terms)
    for term in one.terms:
        extends = one.code is not None and term.code is None
        item = _add(
            codelist,
            odm("CodeListItem" if decoded else "EnumeratedItem"),
            {"CodedValue": term.value, define("ExtendedValue"): "Yes" if extends else None},
        )
        if decoded:
            _translated(_add(item, odm("Decode")), term.decode or term.value)
        if term.code is not None:
            _add(item, odm("Alias"), {"Context": "nci:ExtCodeID", "Name": term.code})
    if one.code is not None:
        _add(codelist, odm("Alias"), {"Context": "nci:ExtCodeID", "Name": one.code})
    return codelist


def _says_more(term: TermMeta) -> bool:
    """Whether the decode tells more than the term (Y: Yes), not the same in other case."""
    return term.decode is not None and _letters(term.decode) != _letters(term.value)


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _method(one: MethodMeta) -> etree._Element:
    attributes = {"OID": one.oid, "Name": one.name, "Type": "Computation"}
    method = etree.Element(odm("MethodDef"), attributes)
    _describe(method, one.description)
    return method


def _leaf(identity: str, file: str, title: str) -> etree._Element:
    leaf = etree.Element(define("leaf"), {"ID": identity, f"{{{XLINK}}}href": file})
    _add(leaf, define("title")).text = title
    return leaf


def _describe(element: etree._Element, text: str) -> None:
    _translated(_add(element, odm("Description")), text)


def _translated(element: etree._Element, text: str) -> None:
    _add(element, odm("TranslatedText"), {f"{{{XML}}}lang": "en"}).text = text


def _add(parent: etree._Element, name: str, attributes: Attributes | None = None) -> etree._Element:
    element = etree.SubElement(parent, name)
    _set(element, attributes or {})
    return element


def _set(element: etree._Element, attributes: Attributes) -> None:
    for name, value in attributes.items():
        if value is not None:
            element.set(name, value)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _yes(value: bool) -> str:
    return "Yes" if value else "No"
