"""Every rule fires on a define.xml that is good but for one mistake, and on no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from trialect.problems import RULES, Problem, Unusable
from trialect.schemas.define import check, content, references, xml
from trialect.schemas.define.check import check_define
from trialect.schemas.define.xml import DEF, ODM, define, odm

NS = {"o": ODM, "def": DEF}
Mistake = Callable[[etree._Element], object]


def first(root: etree._Element, path: str) -> etree._Element:
    found = root.find(f".//{path}", NS)
    assert found is not None, path
    return found


def remove(path: str) -> Mistake:
    def mistake(root: etree._Element) -> None:
        element = first(root, path)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return mistake


def unset(path: str, attribute: str) -> Mistake:
    return lambda root: first(root, path).attrib.pop(attribute)


def put(path: str, attribute: str, value: str) -> Mistake:
    return lambda root: first(root, path).set(attribute, value)


def repeat(path: str) -> Mistake:
    def mistake(root: etree._Element) -> None:
        element = first(root, path)
        element.addnext(etree.fromstring(etree.tostring(element)))

    return mistake


def text(path: str, value: str) -> Mistake:
    return lambda root: setattr(first(root, path), "text", value)


def unused_method(root: etree._Element) -> None:
    element = first(root, "o:MethodDef")
    other = etree.fromstring(etree.tostring(element))
    other.set("OID", "MT.NOBODY")
    element.addnext(other)


def ask_another_dataset(root: etree._Element) -> None:
    first(root, "def:WhereClauseDef[@OID='WC.QS.NPRS']/o:RangeCheck").set(
        define("ItemOID"), "IT.DM.SEX"
    )
    first(root, "def:WhereClauseDef[@OID='WC.QS.NPRS']//o:CheckValue").text = "F"


def no_key(root: etree._Element) -> None:
    for reference in first(root, "o:ItemGroupDef[@Name='DM']").findall(odm("ItemRef")):
        reference.attrib.pop("KeySequence", None)


def no_release(root: etree._Element) -> None:
    dictionary = first(root, "o:ExternalCodeList")
    dictionary.set("Dictionary", "MedDRA")
    del dictionary.attrib["Version"]


MISTAKES: dict[str, Mistake] = {
    "DEFINE-XSD": put("o:ItemGroupDef", "Repeating", "Maybe"),
    "DEFINE-OID-UNRESOLVED": remove("o:MethodDef[@OID='MT.QS.QSDY']"),
    "DEFINE-OID-UNUSED": unused_method,
    "DEFINE-OID-REPEATED": repeat("o:MethodDef"),
    "DEFINE-WHERE-FOREIGN": ask_another_dataset,
    "DEFINE-WHERE-TERM": text("def:WhereClauseDef[@OID='WC.QS.NPRS']//o:CheckValue", "NPRSS"),
    "DEFINE-TERM-REPEATED": repeat("o:CodeList[@OID='CL.SEX']/o:CodeListItem"),
    "DEFINE-LENGTH-MISSING": unset("o:ItemDef[@OID='IT.DM.SEX']", "Length"),
    "DEFINE-DIGITS-MISSING": unset("o:ItemDef[@OID='IT.QS.QSSTRESN']", "SignificantDigits"),
    "DEFINE-DIGITS-TOO-MANY": put("o:ItemDef[@OID='IT.QS.QSSTRESN']", "SignificantDigits", "4"),
    "DEFINE-LABEL-MISSING": remove("o:ItemDef[@OID='IT.DM.SEX']/o:Description"),
    "DEFINE-ORIGIN-MISSING": remove("o:ItemDef[@OID='IT.DM.SEX']/def:Origin"),
    "DEFINE-METHOD-MISSING": unset("o:ItemRef[@ItemOID='IT.QS.QSORRES.PCTRED']", "MethodOID"),
    "DEFINE-KEY-MISSING": no_key,
    "DEFINE-KEY-REPEATED": put("o:ItemRef[@ItemOID='IT.DM.SEX']", "KeySequence", "1"),
    "DEFINE-CODE-MISSING": remove("o:CodeList[@OID='CL.SEX']/o:CodeListItem/o:Alias"),
    "DEFINE-STANDARD-MISSING": unset("o:ItemGroupDef", define("StandardOID")),
    "DEFINE-CLASS-MISSING": remove("o:ItemGroupDef/def:Class"),
    "DEFINE-LEAF-MISSING": remove("o:ItemGroupDef/def:leaf"),
    "DEFINE-DICTIONARY-VERSION": no_release,
}
BESIDES = {
    # The method that is no longer used, and the leaf that is no longer there.
    "DEFINE-METHOD-MISSING": {"DEFINE-OID-UNUSED"},
    "DEFINE-LEAF-MISSING": {"DEFINE-OID-UNRESOLVED"},
    # The XML Schema knows of these too.
    "DEFINE-KEY-REPEATED": {"DEFINE-XSD"},
    "DEFINE-OID-REPEATED": {"DEFINE-XSD"},
    "DEFINE-TERM-REPEATED": {"DEFINE-XSD"},
}


def checked(define_file: Path, mistake: Mistake) -> list[Problem]:
    tree = etree.parse(str(define_file))
    mistake(tree.getroot())
    tree.write(str(define_file), xml_declaration=True, encoding="UTF-8")
    return check_define(define_file)


@pytest.mark.parametrize("rule", MISTAKES)
def test_a_rule_fires_where_it_is_broken(define_file: Path, rule: str) -> None:
    found = checked(define_file, MISTAKES[rule])
    rules = {problem.rule for problem in found}
    assert rule in rules
    assert rules <= {rule} | BESIDES.get(rule, set())
    for problem in found:
        assert problem.file == "define.xml"
        assert problem.row is not None
        assert rule == "DEFINE-XSD" or "{" not in problem.message
        assert "{" not in problem.mend


def test_a_file_that_is_not_there(define_file: Path) -> None:
    (define_file.parent / "dm.xpt").unlink()
    (problem,) = check_define(define_file)
    assert (problem.rule, problem.value) == ("DEFINE-FILE-MISSING", "dm.xpt")


def test_every_declared_rule_is_tried() -> None:
    modules = (check, content, references, xml)
    declared = {
        one.id for module in modules for one in vars(module).values() if RULES.get(_id(one)) is one
    }
    elsewhere = {"DEFINE-FILE-MISSING", "DEFINE-NOT-XML", "DEFINE-NOT-DEFINE"}
    assert declared == MISTAKES.keys() | elsewhere


def _id(one: object) -> str:
    return str(getattr(one, "id", ""))


def test_a_join_that_is_explained_may_ask_another_dataset(define_file: Path) -> None:
    def explained(root: etree._Element) -> None:
        ask_another_dataset(root)
        comment = first(root, "def:CommentDef").get("OID") or ""
        first(root, "def:WhereClauseDef[@OID='WC.QS.NPRS']").set(define("CommentOID"), comment)

    assert checked(define_file, explained) == []


def test_a_table_of_iso_needs_no_release(define_file: Path) -> None:
    assert checked(define_file, unset("o:ExternalCodeList", "Version")) == []


def test_a_condition_on_missing_values_is_no_term(define_file: Path) -> None:
    where = text("def:WhereClauseDef[@OID='WC.QS.NPRS']//o:CheckValue", "")
    assert checked(define_file, where) == []


@pytest.mark.parametrize(
    "content", [b"", b"STUDYID,USUBJID", b"<ODM>", b"\x00\x01", b"<?xml version='1.0'?><a>&b;</a>"]
)
def test_a_file_that_is_no_xml_is_unusable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "define.xml"
    path.write_bytes(content)
    with pytest.raises(Unusable) as refused:
        check_define(path)
    (problem,) = refused.value.problems
    assert problem.rule == "DEFINE-NOT-XML"
    assert str(tmp_path) not in problem.message


def test_a_missing_file_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as refused:
        check_define(tmp_path / "define.xml")
    assert refused.value.problems[0].rule == "DEFINE-NOT-XML"


@pytest.mark.parametrize(
    "content", [b"<html/>", b"<ODM xmlns='http://www.cdisc.org/ns/odm/v1.3'/>"]
)
def test_another_xml_file_is_unusable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "define.xml"
    path.write_bytes(content)
    with pytest.raises(Unusable) as refused:
        check_define(path)
    assert refused.value.problems[0].rule == "DEFINE-NOT-DEFINE"


def with_entities(define_file: Path, entities: str, text: str) -> None:
    plain = define_file.read_text().split("\n", 1)[1]
    head = f"<!DOCTYPE ODM [{entities}]>\n"
    define_file.write_text(head + plain.replace(">Demographics<", f">{text}<", 1))


def test_no_file_is_fetched(define_file: Path) -> None:
    secret = define_file.parent / "secret.txt"
    secret.write_text("SECRET")
    with_entities(define_file, f'<!ENTITY x SYSTEM "{secret.as_uri()}">', "&x;")
    with pytest.raises(Unusable) as refused:
        check_define(define_file)
    (problem,) = refused.value.problems
    assert problem.rule == "DEFINE-NOT-XML"
    assert "SECRET" not in str(problem)


def test_no_entity_grows(define_file: Path) -> None:
    bomb = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    with_entities(define_file, f'<!ENTITY e0 "haha">{bomb}', "&e9;")
    with pytest.raises(Unusable) as refused:
        check_define(define_file)
    assert refused.value.problems[0].rule == "DEFINE-NOT-XML"
