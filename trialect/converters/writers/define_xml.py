"""Writes define.xml: Define-XML 2.1, one ItemGroupDef a dataset, all from `DatasetMeta`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files as files_in
from pathlib import Path
from typing import Literal

from lxml import etree

import trialect
from trialect.converters.writers.define_elements import (
    STANDARD_CT,
    STANDARD_IG,
    add,
    codelist,
    describe,
    leaf,
    method,
    set_attributes,
    text_of,
    yes,
)
from trialect.metadata import (
    Condition,
    DatasetMeta,
    ValueMeta,
    VariableMeta,
)
from trialect.problems import Problem, Unusable, rule
from trialect.schemas.define import oids
from trialect.schemas.define.parts import (
    class_name,
    codelists_of,
    condition_key,
    define_length,
    files_of,
    methods_of,
    origins_of,
    texts_of,
    with_values,
)
from trialect.schemas.define.xml import (
    DEF,
    DEFINE_VERSION,
    NOT_IN_XML,
    ODM,
    XLINK,
    define,
    in_xml,
    odm,
)
from trialect.schemas.sdtm import dataset as sdtm_dataset
from trialect.trial import Study

Context = Literal["Submission", "Other"]

STYLESHEET = "define2-1.xsl"
"""The file that shows a define.xml in browsers that know XSLT; a package is to hold one."""

UNWRITABLE = rule(
    "DEFINE-CONTROL-CHARACTER",
    "error",
    "A text has a control character, which XML cannot hold",
    "{domain}.{variable}: {value} has a control character.",
    "Take it out of the source, the label or the note.",
    "XML 1.0, 2.2",
)


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
    """Write the define.xml of the datasets, and its stylesheet beside it.

    `files` are the names of a dataset's files beside the define.xml (several where it is split;
    `NAME.xpt` where nothing is said); `documents` are supplemental documents (file name: title).
    `stamp` (UTC) is the creation time. The bytes depend on nothing else. Raises `Unusable` for
    texts with control characters, which XML cannot hold.
    """
    content = define_bytes(
        study, datasets, files=files, stamp=stamp, documents=documents, context=context
    )
    path.write_bytes(content)
    path.with_name(STYLESHEET).write_bytes(stylesheet())


def define_bytes(
    study: Study,
    datasets: Sequence[DatasetMeta],
    *,
    files: Mapping[str, Sequence[str]],
    stamp: datetime,
    documents: Mapping[str, str] | None = None,
    context: Context = "Submission",
) -> bytes:
    """The define.xml that `write_define` writes."""
    unwritable = list(_unwritable(datasets))
    if unwritable:
        raise Unusable(unwritable)
    root = _Define(study, files, documents or {}).odm(datasets, stamp, context)
    etree.indent(root, "  ")
    root.addprevious(
        etree.ProcessingInstruction("xml-stylesheet", f'type="text/xsl" href="{STYLESHEET}"')
    )
    tree = root.getroottree()
    written: bytes = etree.tostring(tree, xml_declaration=True, encoding="UTF-8")
    return written + b"\n"


@cache
def stylesheet() -> bytes:
    """The stylesheet that lies beside a define.xml."""
    return files_in(__package__).joinpath("templates", STYLESHEET).read_bytes()


def _unwritable(datasets: Iterable[DatasetMeta]) -> Iterator[Problem]:
    for dataset in datasets:
        for variable in dataset.variables:
            for text in (text for one in with_values(variable) for text in texts_of(one)):
                if NOT_IN_XML.search(text):
                    yield UNWRITABLE.problem(
                        domain=dataset.name, variable=variable.name, value=repr(text)
                    )


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
        set_attributes(
            root,
            {
                "ODMVersion": "1.3.2",
                "FileType": "Snapshot",
                "FileOID": f"{oids.study_oid(study.studyid)}.define",
                "CreationDateTime": f"{stamp.isoformat(timespec='seconds')}Z",
                "Originator": in_xml(study.sponsor.name),
                "SourceSystem": "trialect",
                "SourceSystemVersion": trialect.__version__,
                define("Context"): context,
            },
        )
        head = add(root, odm("Study"), {"OID": oids.study_oid(study.studyid)})
        names = add(head, odm("GlobalVariables"))
        add(names, odm("StudyName")).text = in_xml(study.acronym or study.studyid)
        described = " ".join(text for text in (study.name, study.invented) if text)
        add(names, odm("StudyDescription")).text = in_xml(described)
        add(names, odm("ProtocolName")).text = in_xml(study.studyid)
        version = add(
            head,
            odm("MetaDataVersion"),
            {
                "OID": oids.version_oid(study.studyid, study.sdtm.ig),
                "Name": in_xml(f"{study.studyid}, data definitions"),
                "Description": in_xml(study.invented or f"Data definitions of {study.studyid}."),
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
            listed = add(version, define("SupplementalDoc"))
            for file in self._documents:
                add(listed, define("DocumentRef"), {"leafID": oids.leaf_id(file)})
        version.extend(value_lists)
        version.extend(wheres)
        version.extend(groups)
        version.extend(items)
        version.extend(codelist(one) for one in codelists_of(datasets))
        version.extend(method(one) for one in methods_of(datasets))
        version.extend(self._comment(oid, text) for text, oid in self._comments.items())
        for dataset in datasets:
            for file in files_of(dataset, self._files)[1:]:
                version.append(leaf(oids.leaf_id(file), file, file))
        version.extend(
            leaf(oids.leaf_id(file), file, title) for file, title in self._documents.items()
        )

    def _standards(self) -> etree._Element:
        listed = etree.Element(define("Standards"))
        sdtm = self._study.sdtm
        ig = {"Name": "SDTMIG", "Type": "IG", "Version": sdtm.ig, "Status": "Final"}
        add(listed, define("Standard"), {"OID": STANDARD_IG, **ig})
        add(
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
        location = oids.leaf_id(dataset.name)
        standard = sdtm_dataset(dataset.name, self._study.sdtm.ig) is not None
        group = etree.Element(odm("ItemGroupDef"))
        set_attributes(
            group,
            {
                "OID": oids.dataset_oid(dataset.name),
                "Name": dataset.name,
                "Domain": dataset.domain,
                "SASDatasetName": dataset.name,
                "Repeating": yes(dataset.repeating),
                "IsReferenceData": yes(not dataset.has_subjects),
                "Purpose": "Tabulation",
                define("Structure"): dataset.structure,
                define("StandardOID"): STANDARD_IG if standard else None,
                define("IsNonStandard"): None if standard else "Yes",
                define("ArchiveLocationID"): location,
                define("CommentOID"): self._comment_oid(
                    comment, dataset.name, leafs=[oids.leaf_id(one) for one in further]
                ),
            },
        )
        describe(group, dataset.label)
        for order, variable in enumerate(dataset.variables, start=1):
            add(
                group,
                odm("ItemRef"),
                {
                    "ItemOID": oids.item_oid(dataset.name, variable.name),
                    "OrderNumber": str(order),
                    "Mandatory": yes(variable.core == "Req"),
                    "KeySequence": text_of(variable.key_sequence),
                    "MethodOID": variable.method.oid if variable.method else None,
                    "Role": variable.role or None,
                    define("HasNoData"): None if variable.has_data else "Yes",
                },
            )
        parent = sdtm_dataset(dataset.domain, self._study.sdtm.ig)
        if dataset.name != dataset.domain and parent is not None:
            add(group, odm("Alias"), {"Context": "DomainDescription", "Name": parent.label})
        if dataset.observation_class:
            add(group, define("Class"), {"Name": class_name(dataset.observation_class)})
        group.append(leaf(location, file, file))
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
            add(item, define("ValueListRef"), {"ValueListOID": listed})
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
        set_attributes(
            item,
            {
                "OID": oid,
                "Name": name,
                "DataType": one.data_type,
                "Length": text_of(length),
                "SignificantDigits": text_of(one.significant_digits),
                "SASFieldName": name if isinstance(one, VariableMeta) else None,
                define("CommentOID"): comment,
            },
        )
        describe(item, one.label)
        if one.codelist is not None:
            add(item, odm("CodeListRef"), {"CodeListOID": one.codelist.oid})
        for origin in origins_of(one):
            add(item, define("Origin"), {"Type": origin.type, "Source": origin.source})
        return item

    def _value_lists(self, dataset: DatasetMeta) -> Iterable[etree._Element]:
        for variable in dataset.variables:
            if not variable.value_level:
                continue
            listed = etree.Element(define("ValueListDef"))
            listed.set("OID", oids.value_list_oid(dataset.name, variable.name))
            for order, value in enumerate(variable.value_level, start=1):
                reference = add(
                    listed,
                    odm("ItemRef"),
                    {
                        "ItemOID": self._value_oid(dataset, variable, value),
                        "OrderNumber": str(order),
                        "Mandatory": yes(value.mandatory),
                        "MethodOID": value.method.oid if value.method else None,
                    },
                )
                where = self._where_oid(dataset, value)
                add(reference, define("WhereClauseRef"), {"WhereClauseOID": where})
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
            check = add(
                clause,
                odm("RangeCheck"),
                {
                    "SoftHard": "Soft",
                    define("ItemOID"): oids.item_oid(condition.dataset, condition.variable),
                    "Comparator": condition.comparator,
                },
            )
            for value in condition.values:
                add(check, odm("CheckValue")).text = value
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
        describe(comment, text)
        for location in self._comment_leafs.get(text, ()):
            add(comment, define("DocumentRef"), {"leafID": location})
        return comment
