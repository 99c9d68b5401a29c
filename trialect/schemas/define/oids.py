"""The OIDs of a define.xml, which Dataset-JSON refers to: readable and stable.

IG.QS, IT.QS.QSORRES, IT.QS.QSORRES.PI0101, VL.QS.QSORRES, WC.QS.PI0101, CL.NY, MT.QS.QSDY,
COM.QS.QSORRES, LF.QS.
"""

from __future__ import annotations

import re


def _oid(*parts: str) -> str:
    # A leaf's ID is an XML NCName, and browsers take the others as anchors: plain letters only.
    return ".".join(re.sub(r"[^A-Za-z0-9_.-]+", "_", part) for part in parts if part)


def study_oid(studyid: str) -> str:
    """The OID of the study."""
    return _oid("STDY", studyid)


def version_oid(studyid: str, ig: str) -> str:
    """The OID of the MetaDataVersion."""
    return _oid("MDV", studyid, "SDTMIG", ig)


def dataset_oid(dataset: str) -> str:
    """The OID of an ItemGroupDef."""
    return _oid("IG", dataset)


def item_oid(dataset: str, variable: str, *value: str) -> str:
    """The OID of an ItemDef; `value` tells a variable's values apart."""
    return _oid("IT", dataset, variable, *value)


def value_list_oid(dataset: str, variable: str) -> str:
    """The OID of a def:ValueListDef."""
    return _oid("VL", dataset, variable)


def where_oid(dataset: str, *value: str) -> str:
    """The OID of a def:WhereClauseDef."""
    return _oid("WC", dataset, *value)


def codelist_oid(name: str, *user: str) -> str:
    """The OID of a CodeList; `user` tells subsets of one codelist apart."""
    return _oid("CL", name, *user)


def method_oid(dataset: str, variable: str, *value: str) -> str:
    """The OID of a MethodDef."""
    return _oid("MT", dataset, variable, *value)


def comment_oid(*what: str) -> str:
    """The OID of a def:CommentDef."""
    return _oid("COM", *what)


def leaf_id(name: str) -> str:
    """The ID of a def:leaf."""
    return _oid("LF", name)
