"""A study is converted and validated by the version that it names: terms, TS, Define-XML, hints."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from lxml import etree
from nci_files import DATE, write

import trialect
from trialect.converters.readers.study_yaml import read_study
from trialect.converters.readers.xpt import open_members
from trialect.converters.terminology.install import install
from trialect.converters.validate_terminology import in_use
from trialect.problems import Unusable
from trialect.schemas import ct
from trialect.schemas.ct import Term, terminology
from trialect.schemas.ct.terminology import forget
from trialect.study_options import SdtmOptions

SHIPPED = SdtmOptions().ct
NEW_TERM = Term("NEITHER", "C9000077", "Neither of Both", ("In between",))
NEW_RACE = Term("MARTIAN", "C9000078", "Martian", ())
NEW_CODE = "C9000016"
"""The code that F of SEX has in the release that there is not."""
SUBJECTS = 25


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release in which SEX has another term, and F another code."""
    lists = [one for one in terminology(SHIPPED).codelists() if len(one.terms) < 1000]
    place = next(n for n, one in enumerate(lists) if one.short == "SEX")
    terms = tuple(
        replace(term, code=NEW_CODE) if term.value == "F" else term for term in lists[place].terms
    )
    lists[place] = replace(lists[place], terms=(*terms, NEW_TERM))
    place = next(n for n, one in enumerate(lists) if one.short == "RACE")
    lists[place] = replace(lists[place], terms=(*lists[place].terms, NEW_RACE))
    return write(tmp_path_factory.mktemp("release"), ".txt", lists)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study that names the release; one subject's sex is a term of it alone."""
    folder = tmp_path / "study"
    (folder / "records").mkdir(parents=True)
    (folder / "mappings").mkdir()
    (folder / "study.yaml").write_text(
        "studyid: T1\ntitle: Tiny\nsponsor: {name: Nobody}\nrecords: {subject: id}\n"
        "design: {type: INTERVENTIONAL, masking: NONE, phases: [PHASE2]}\n"
        f"sdtm: {{ct: {DATE}, stamp: '2026-01-01T00:00:00Z'}}\noutputs: [sdtm]\n",
        encoding="utf-8",
    )
    people = [f"{n},{'F' if n % 2 else 'M'},MARTIAN" for n in range(1, SUBJECTS)]
    lines = ["id,sex,race", *people, f"{SUBJECTS},In between,ASIAN"]
    (folder / "records" / "people.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "mappings" / "sources.csv").write_text(
        "domain,block,from,records\nDM,people,people,row\n", encoding="utf-8"
    )
    (folder / "mappings" / "dm.csv").write_text(
        "target,verb,source,value\nUSUBJID,compute,,STUDYID || '-' || id\n"
        "SUBJID,assign,id,\nSITEID,hardcode,,1\nSEX,assign_ct,sex,\nRACE,assign_ct,race,\nCOUNTRY,hardcode,,TUR\n"
        "ARMNRS,hardcode_ct,,NOT ASSIGNED\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def installed(distribution: Path, home: Path) -> None:
    install([distribution], home / "terminology")


def prints(package: Path) -> dict[str, str]:
    return {
        path.relative_to(package).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(package.rglob("*"))
        if path.is_file()
    }


def frame(package: Path, name: str) -> pl.DataFrame:
    (file,) = package.rglob(f"{name}.xpt")
    return pl.concat(list(open_members(file)[0].iter_batches()))


NAMES = {"d": "http://www.cdisc.org/ns/def/v2.1", "o": "http://www.cdisc.org/ns/odm/v1.3"}


def define_of(package: Path) -> etree._ElementTree:
    (file,) = package.rglob("define.xml")
    return etree.parse(str(file))


def terms(tree: etree._ElementTree, code: str) -> dict[str, tuple[list[str], str | None]]:
    """The terms of a codelist: their NCI codes, and whether they extend it."""
    items = tree.xpath(
        f"//o:CodeList[o:Alias/@Name='{code}']/*[self::o:CodeListItem or self::o:EnumeratedItem]",
        namespaces=NAMES,
    )
    return {
        item.get("CodedValue"): (
            item.xpath("o:Alias/@Name", namespaces=NAMES),
            item.get(f"{{{NAMES['d']}}}ExtendedValue"),
        )
        for item in items
    }


def test_an_unknown_version_says_what_there_is_and_how_to_get_it(study: Path) -> None:
    with pytest.raises(Unusable) as caught:
        trialect.convert(study)
    (problem,) = caught.value.problems
    assert (problem.rule, problem.field, problem.row) == ("STUDY-VERSION", "sdtm.ct", 6)
    assert f"version '{DATE}' of SDTM controlled terminology is not at hand" in problem.message
    assert f"Use one of {SHIPPED}" in problem.mend
    assert f"trialect terminology install 'SDTM Terminology {DATE}.txt'" in problem.mend


def test_the_versions_of_a_study_folder_are_named(distribution: Path, study: Path) -> None:
    install([distribution], study / "terminology")
    text = (study / "study.yaml").read_text(encoding="utf-8")
    (study / "study.yaml").write_text(text.replace(DATE, "2031-01-01"), encoding="utf-8")
    with pytest.raises(Unusable, match=f"Use one of {SHIPPED}, {DATE}"):
        read_study(study)


@pytest.mark.usefixtures("installed")
def test_convert_uses_the_version_that_the_study_names(study: Path) -> None:
    out = trialect.convert(study).out
    assert "NEITHER" in frame(out, "dm")["SEX"].to_list()
    ts = frame(out, "ts")
    versions = ts.filter(pl.col("TSVCDREF") == "CDISC CT")["TSVCDVER"].unique().to_list()
    assert versions == [DATE]
    tree = define_of(out)
    assert tree.xpath("//d:Standard[@Type='CT']/@Version", namespaces=NAMES) == [DATE]
    assert terms(tree, "C66731") == {
        "F": ([NEW_CODE], None),
        "M": (["C20197"], None),
        "NEITHER": ([NEW_TERM.code], None),
    }
    assert terms(tree, "C74457")["MARTIAN"] == ([NEW_RACE.code], None)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["standards"]["SDTM CT"] == DATE
    assert manifest["inputs"]["terminology"] == {
        "version": DATE,
        "sha256": ct.terminology(DATE).content_sha256,
    }


def test_a_term_that_the_version_does_not_have_extends_it(study: Path) -> None:
    text = (study / "study.yaml").read_text(encoding="utf-8")
    (study / "study.yaml").write_text(text.replace(DATE, SHIPPED), encoding="utf-8")
    tree = define_of(trialect.convert(study).out)
    assert terms(tree, "C74457") == {
        "ASIAN": (["C41260"], None),
        "MARTIAN": ([], "Yes"),
    }
    assert terms(tree, "C66731")["F"] == (["C16576"], None)


def test_what_a_study_carries_goes_to_every_process(
    distribution: Path, study: Path, home: Path, tmp_path: Path
) -> None:
    install([distribution], home / "terminology")
    by_user = prints(trialect.convert(study, tmp_path / "user").out)
    (home / "terminology").rename(study / "terminology")
    forget()
    assert DATE not in ct.versions()
    by_study = trialect.convert(study, tmp_path / "study-out", jobs=2, partition_subjects=10).out
    assert prints(by_study) == by_user


@pytest.mark.usefixtures("installed")
def test_a_wrong_term_is_told_with_the_nearest_of_the_version(study: Path) -> None:
    records = study / "records" / "people.csv"
    records.write_text(records.read_text().replace("In between", "NEITHR"), encoding="utf-8")
    found = trialect.convert(study).problems
    (problem,) = [one for one in found if one.value == "NEITHR"]
    assert "NEITHER" in str(problem)


@pytest.mark.usefixtures("installed")
def test_validate_checks_against_the_version_of_the_package(study: Path, home: Path) -> None:
    out = trialect.convert(study).out
    rules = {one.rule for one in trialect.validate(out).problems}
    assert not rules & {"TRL-CT-001", "VALIDATE-TERMINOLOGY", "VALIDATE-CT-VERSIONS"}
    (home / "terminology").rename(home / "away")
    forget()
    told = {one.rule: one for one in trialect.validate(out).problems}
    assert f"checked against {SHIPPED}" in told["VALIDATE-TERMINOLOGY"].message
    assert "TRL-CT-001" in told


@pytest.mark.usefixtures("installed")
def test_a_wrong_value_is_told_with_the_nearest_of_the_package(study: Path) -> None:
    from trialect.schemas.sdtm.checks import run_checks

    dm = frame(trialect.convert(study).out, "dm")
    dm = dm.with_columns(pl.col("SEX").replace("NEITHER", "NEITHR"))
    (problem,) = [p for p in run_checks({"DM": dm}, version=DATE) if p.variable == "SEX"]
    assert "nearest: NEITHER" in problem.mend


TS = pl.DataFrame(
    {
        "TSPARMCD": ["TPHASE", "TBLIND", "INDIC", "STYPE"],
        "TSVCDREF": ["CDISC CT", "CDISC", "SNOMED", "CDISC CT"],
        "TSVCDVER": [SHIPPED, SHIPPED, "2019-03-01", None],
    }
)


def define(tmp_path: Path, *versions: str) -> Path:
    standards = "".join(
        f'<def:Standard OID="S{n}" Name="CDISC/NCI" Type="CT" PublishingSet="SDTM" '
        f'Version="{version}" Status="Final"/>'
        for n, version in enumerate(versions)
    )
    path = tmp_path / "define.xml"
    path.write_text(
        '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" '
        'xmlns:def="http://www.cdisc.org/ns/def/v2.1"><Study OID="A"><MetaDataVersion OID="M" '
        f'def:DefineVersion="2.1.0"><def:Standards>{standards}</def:Standards>'
        "</MetaDataVersion></Study></ODM>",
        encoding="utf-8",
    )
    return path


@pytest.mark.usefixtures("installed")
def test_the_version_is_that_of_define_then_of_ts(tmp_path: Path) -> None:
    assert in_use([define(tmp_path, DATE)], None).version == DATE
    assert in_use([], TS.with_columns(TSVCDVER=pl.lit(DATE))).version == DATE
    assert in_use([define(tmp_path, SHIPPED)], TS).version == SHIPPED
    assert not in_use([define(tmp_path, SHIPPED)], TS).problems
    assert in_use([], None).version == SHIPPED
    assert in_use([], TS.select("TSPARMCD")).version == SHIPPED
    assert in_use([define(tmp_path)], TS.with_columns(TSVCDVER=pl.lit(1.0))).version == SHIPPED


@pytest.mark.usefixtures("installed")
def test_ts_and_define_say_the_same(tmp_path: Path) -> None:
    found = in_use([define(tmp_path, DATE)], TS)
    assert found.version == DATE
    (problem,) = found.problems
    assert (problem.rule, problem.variable) == ("VALIDATE-CT-VERSIONS", "TSVCDVER")
    assert f"{SHIPPED} on 2 records, where define.xml names SDTM CT {DATE}" in problem.message
    assert not in_use([define(tmp_path, SHIPPED, DATE)], TS).problems


def test_a_version_that_is_not_at_hand_is_told(tmp_path: Path) -> None:
    found = in_use([define(tmp_path, DATE)], None)
    assert found.version == SHIPPED
    assert [(one.rule, one.file) for one in found.problems] == [
        ("VALIDATE-TERMINOLOGY", "define.xml")
    ]
    broken = tmp_path / "broken.xml"
    broken.write_text("<ODM")
    assert not in_use([broken], None).problems


SAMPLE = Path(__file__).resolve().parents[3] / "shared/data/sdtm-msg"


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="CDISC's sample submission is not beside us")
def test_the_sample_submission_contradicts_itself() -> None:
    found = trialect.validate(SAMPLE / "ts.xpt", SAMPLE / "define.xml", pack=False).problems
    told = {one.rule: one for one in found if one.rule.startswith("VALIDATE-")}
    assert "define.xml names SDTM CT 2020-12-18" in told["VALIDATE-TERMINOLOGY"].message
    assert "TSVCDVER is 2020-03-27 on 18 records" in told["VALIDATE-CT-VERSIONS"].message


@pytest.mark.usefixtures("installed")
def test_validate_asks_define_before_ts(study: Path) -> None:
    out = trialect.convert(study).out
    (define,) = out.rglob("define.xml")
    text = define.read_text(encoding="utf-8")
    define.write_text(text.replace(f'Version="{DATE}"', f'Version="{SHIPPED}"'), encoding="utf-8")
    rules = {one.rule for one in trialect.validate(out).problems}
    assert {"VALIDATE-CT-VERSIONS", "TRL-CT-001"} <= rules
