from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from define_constants import DOCUMENTS, FILES, STAMP
from lxml import etree

from trialect.converters.readers.define_xml import read_define
from trialect.converters.writers.define_xml import STYLESHEET, write_define
from trialect.metadata import CodelistMeta, DatasetMeta, TermMeta
from trialect.problems import Unusable
from trialect.schemas.define.check import check_define
from trialect.schemas.define.oids import item_oid, leaf_id
from trialect.schemas.define.xml import ODM, define, odm
from trialect.trial import Study

NS = {"o": ODM, "def": "http://www.cdisc.org/ns/def/v2.1"}


@pytest.fixture
def tree(define_file: Path) -> etree._ElementTree:
    return etree.parse(str(define_file))


def only(tree: etree._ElementTree, path: str) -> etree._Element:
    (found,) = tree.iterfind(path, NS)
    return found


def test_a_good_define_has_no_problem(define_file: Path) -> None:
    assert check_define(define_file) == []


def test_the_bytes_depend_on_the_stamp_alone(
    tmp_path: Path, study: Study, metas: list[DatasetMeta]
) -> None:
    paths = [tmp_path / name for name in ("a.xml", "b.xml", "c.xml")]
    for path, stamp in zip(paths, (STAMP, STAMP, datetime(2020, 1, 1)), strict=True):
        write_define(path, study, metas, files=FILES, stamp=stamp)
    first, second, later = (path.read_bytes() for path in paths)
    assert first == second
    assert first.replace(b"2026-06-30T12:00:00Z", b"2020-01-01T00:00:00Z") == later


def test_odmlib_reads_it(define_file: Path, metas: list[DatasetMeta]) -> None:
    from odmlib.define_2_1 import model
    from odmlib.define_loader import XMLDefineLoader
    from odmlib.loader import ODMLoader

    loader = ODMLoader(XMLDefineLoader(model_package="define_2_1"))
    loader.open_odm_document(str(define_file))
    version = loader.MetaDataVersion()
    assert isinstance(version, model.MetaDataVersion)
    assert [group.Name for group in version.ItemGroupDef] == [meta.name for meta in metas]
    assert len(version.ItemDef) == len({item.OID for item in version.ItemDef})
    assert {standard.Name for standard in version.Standards.Standard} == {"SDTMIG", "CDISC/NCI"}


def test_what_is_written_is_read_back(
    define_file: Path, study: Study, metas: list[DatasetMeta]
) -> None:
    """All but the number of records, and what Define-XML has no place for."""
    found = read_define(define_file)
    assert (found.study, found.created) == (study.studyid, "2026-06-30T12:00:00Z")
    assert [(one.name, one.version) for one in found.standards] == [
        ("SDTMIG", "3.4"),
        ("CDISC/NCI", "2025-03-28"),
    ]
    assert found.files["QS"] == ("qs1.xpt", "qs2.xpt")
    assert found.files["DM"] == ("dm.xpt",)
    assert list(found) == list(found.datasets)
    for meta, back in zip(metas, found.datasets, strict=True):
        assert (back.name, back.label, back.domain) == (meta.name, meta.label, meta.domain)
        assert (back.structure, back.keys) == (meta.structure, meta.keys)
        assert (back.has_subjects, back.repeating) == (meta.has_subjects, meta.repeating)
        for variable, other in zip(meta.variables, back.variables, strict=True):
            lost = {"core": None, "codelist": None, "value_level": ()}
            if variable.data_type not in ("text", "integer", "float"):
                lost["length"] = 0
            assert replace(variable, **lost) == replace(other, **lost)
            assert _terms(variable.codelist) == _terms(other.codelist)
            for value, its in zip(variable.value_level, other.value_level, strict=True):
                assert replace(value, codelist=None) == replace(its, codelist=None)
                assert _terms(value.codelist) == _terms(its.codelist)


def _terms(codelist: CodelistMeta | None) -> list[tuple[str, str | None]] | None:
    return codelist and [(term.value, term.code) for term in codelist.terms]


def test_a_split_dataset_names_all_its_files(tree: etree._ElementTree) -> None:
    group = only(tree, ".//o:ItemGroupDef[@Name='QS']")
    comment = only(tree, f".//def:CommentDef[@OID='{group.get(define('CommentOID'))}']")
    text = comment.findtext(f"{odm('Description')}/{odm('TranslatedText')}") or ""
    assert "qs1.xpt, qs2.xpt" in text
    (reference,) = comment.iterfind("def:DocumentRef", NS)
    assert only(tree, f".//def:leaf[@ID='{reference.get('leafID')}']/def:title").text == "qs2.xpt"


def test_a_document_is_a_supplement(tree: etree._ElementTree) -> None:
    reference = only(tree, ".//def:SupplementalDoc/def:DocumentRef")
    assert reference.get("leafID") == leaf_id(next(iter(DOCUMENTS)))


def test_a_sponsor_s_term_is_marked(tree: etree._ElementTree) -> None:
    own = only(tree, ".//o:CodeListItem[@CodedValue='FELL ASLEEP']")
    assert own.get(define("ExtendedValue")) == "Yes"
    published = only(tree, ".//o:CodeListItem[@CodedValue='RECOVERED/RESOLVED']")
    assert published.get(define("ExtendedValue")) is None
    assert only(tree, ".//o:CodeListItem[@CodedValue='RECOVERED/RESOLVED']/o:Alias").attrib == {
        "Context": "nci:ExtCodeID",
        "Name": "C49498",
    }


def test_a_codelist_without_decodes_is_enumerated(tree: etree._ElementTree) -> None:
    codelist = only(tree, ".//o:CodeList[@OID='CL.RACE.ASIAN.MULTIPLE']")
    assert [one.get("CodedValue") for one in codelist.iterfind("o:EnumeratedItem", NS)] == [
        "ASIAN",
        "MULTIPLE",
    ]


def test_supplemental_qualifiers_name_their_domain(tree: etree._ElementTree) -> None:
    group = only(tree, ".//o:ItemGroupDef[@Name='SUPPDM']")
    assert group.get("Domain") == "DM"
    alias = only(tree, ".//o:ItemGroupDef[@Name='SUPPDM']/o:Alias")
    assert alias.attrib == {"Context": "DomainDescription", "Name": "Demographics"}


def test_numbers_have_their_digits_and_texts_their_bytes(tree: etree._ElementTree) -> None:
    result = only(tree, f".//o:ItemDef[@OID='{item_oid('QS', 'QSSTRESN')}']")
    assert (result.get("DataType"), result.get("Length")) == ("float", "3")
    assert result.get("SignificantDigits") == "1"
    date = only(tree, f".//o:ItemDef[@OID='{item_oid('QS', 'QSDTC')}']")
    assert date.get("Length") is None


def test_a_variable_without_values_says_so(tree: etree._ElementTree) -> None:
    reference = only(tree, ".//o:ItemRef[@ItemOID='IT.DM.RFCSTDTC']")
    assert reference.get(define("HasNoData")) == "Yes"
    assert only(tree, ".//o:ItemRef[@ItemOID='IT.DM.SEX']").get(define("HasNoData")) is None


def test_an_invented_study_says_so(tree: etree._ElementTree, study: Study) -> None:
    assert tree.findtext(".//o:StudyDescription", namespaces=NS) == (
        "A trial of <pain> & relief These records are invented."
    )
    assert only(tree, ".//o:MetaDataVersion").get("Description") == study.invented


def test_the_context_can_be_other(tmp_path: Path, study: Study, metas: list[DatasetMeta]) -> None:
    path = tmp_path / "define.xml"
    write_define(path, study, metas, files={}, stamp=STAMP, context="Other")
    assert etree.parse(str(path)).getroot().get(define("Context")) == "Other"
    found = {problem.rule for problem in check_define(path)}
    assert found == {"DEFINE-FILE-MISSING"}


def test_conditions_that_would_share_an_oid_are_told_apart(
    tmp_path: Path, study: Study, metas: list[DatasetMeta]
) -> None:
    qs = next(meta for meta in metas if meta.name == "QS")
    result = qs.variable("QSORRES")
    assert result is not None
    score, reduction = result.value_level
    alike = [
        replace(score, where=(replace(score.where[0], values=(value,)),))
        for value in ("A B", "A/B")
    ]
    variables = tuple(
        replace(one, value_level=(*alike, reduction)) if one is result else one
        for one in qs.variables
        if one.name not in ("QSSTRESC", "QSSTRESN")
    )
    path = tmp_path / "define.xml"
    write_define(path, study, [replace(qs, variables=variables)], files={}, stamp=STAMP)
    found = {problem.rule for problem in check_define(path)}
    assert found == {"DEFINE-FILE-MISSING", "DEFINE-WHERE-TERM"}
    oids = [one.get("OID") for one in etree.parse(str(path)).iterfind(".//def:WhereClauseDef", NS)]
    assert oids == ["WC.QS.A_B", "WC.QS.A_B.2", "WC.QS.PCTRED"]


def test_a_control_character_is_refused_with_its_place(
    tmp_path: Path, study: Study, metas: list[DatasetMeta]
) -> None:
    dm = next(meta for meta in metas if meta.name == "DM")
    sex = dm.variable("SEX")
    assert sex is not None
    bad = CodelistMeta("CL.SEX", "Sex", None, (TermMeta("F\x0b"),))
    variables = tuple(replace(one, codelist=bad) if one is sex else one for one in dm.variables)
    with pytest.raises(Unusable) as refused:
        write_define(
            tmp_path / "define.xml",
            study,
            [replace(dm, variables=variables)],
            files={},
            stamp=STAMP,
        )
    (problem,) = refused.value.problems
    assert (problem.rule, problem.domain, problem.variable) == (
        ("DEFINE-CONTROL-CHARACTER", "DM", "SEX")
    )
    assert not (tmp_path / "define.xml").exists()


def test_its_stylesheet_shows_it(define_file: Path, metas: list[DatasetMeta]) -> None:
    tree = etree.parse(str(define_file))
    reference = tree.getroot().getprevious()
    assert reference is not None
    assert reference.get("href") == STYLESHEET
    show = etree.XSLT(etree.parse(str(define_file.with_name(STYLESHEET))))
    page = etree.tostring(show(tree), method="html", encoding="unicode")
    for meta in metas:
        for variable in meta.variables:
            assert f"<b>{variable.name}</b>" in page
            assert variable.label in page
    for shown in ("QSTESTCD EQ NPRS", "sponsor's own", "These records are invented."):
        assert shown in page
