"""Files for registries under validation: what they are, where they break, and hostile ones."""

import gzip
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whole_study import WHOLE

from trialect.converters.inspection import inspect
from trialect.converters.recognise import HEAD, PROLOG, Kind, recognise
from trialect.converters.study_targets import writer_of
from trialect.converters.validate import validate
from trialect.converters.validate_registry import check_ictrp_file, check_prs_file
from trialect.converters.xml_root import root_of
from trialect.schemas.registry import read


def content(target):
    (file,) = writer_of(target)(WHOLE, lambda _: None)
    return file.content


PRS = content("prs")
ICTRP = content("ictrp")


def checked(tmp_path, data, check=check_prs_file):
    path = tmp_path / "file.xml"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(check(path))


def rules(tmp_path, data, check=check_prs_file):
    return [one.rule for one in checked(tmp_path, data, check)]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PRS, Kind.PRS_XML),
        (ICTRP, Kind.ICTRP_XML),
        (b"<trials/>", Kind.ICTRP_XML),
        (b"<!-- <trials> --><study_collection/>", Kind.PRS_XML),
        (b'<?xml version="1.0"?><!DOCTYPE trials SYSTEM "x.dtd"><trials/>', Kind.ICTRP_XML),
        (b'<!DOCTYPE a [<!ENTITY b "<trials>">]><study_collection/>', Kind.PRS_XML),
        (b"<study/>", Kind.UNKNOWN),
        (b"<", Kind.UNKNOWN),
        (b"<!-- never closed <trials/>", Kind.UNKNOWN),
        (b"words <trials/>", Kind.UNKNOWN),
        (b"<trials>\x01\x00</trials>", Kind.ICTRP_XML),
        ("<?xml version='1.0'?><trials/>".encode("utf-16"), Kind.ICTRP_XML),
        ("<?xml version='1.0'?><trials/>".encode("utf-16-be"), Kind.ICTRP_XML),
        ("<?xml version='1.0'?><trials/>".encode("utf-32"), Kind.ICTRP_XML),
        (b"<!-- " + b"x" * HEAD + b" --><trials/>", Kind.ICTRP_XML),
        (b"<!DOCTYPE a [<!ENTITY b '" + b"x" * HEAD + b"'>]><trials/>", Kind.ICTRP_XML),
        (b"<!-- " + b"x" * PROLOG + b" --><trials/>", Kind.UNKNOWN),
        (gzip.compress(PRS, mtime=0), Kind.PRS_XML),
        (gzip.compress(b"<html/>", mtime=0), Kind.UNKNOWN),
    ],
)
def test_a_file_is_told_by_its_root(tmp_path, data, kind):
    path = tmp_path / "anything"
    path.write_bytes(data)
    assert recognise(path) is kind


@pytest.mark.parametrize(
    "text", [b"<!--", b"<?", b"<!DOCTYPE a>", b"<!DOCTYPE a [", b"<!---->", b"]", b"<!DOCTYPE ["]
)
def test_the_root_is_looked_for_in_time_by_the_length(text):
    start = time.process_time()
    root_of(text * (PROLOG // len(text)))
    root_of(b"<!DOCTYPE a [" + text * (PROLOG // len(text)))
    assert time.process_time() - start < 3


def test_what_is_written_passes_when_it_is_read(tmp_path):
    assert rules(tmp_path, PRS) == []
    assert rules(tmp_path, ICTRP, check_ictrp_file) == ["ICTRP-SUPPORT"]


def test_validate_knows_both(tmp_path):
    (tmp_path / "a.xml").write_bytes(PRS.replace(b"Recruiting<", b"Banana<"))
    (tmp_path / "b.xml").write_bytes(ICTRP.replace(b"<phase>", b"<phases>"))
    report = validate(tmp_path / "a.xml")
    word = next(one for one in report.problems if one.rule == "REGISTRY-WORD" and one.row)
    assert word.file == "a.xml"
    assert word.path.startswith("/prs:study_collection/clinical_study/")
    assert "REGISTRY-XML" in {one.rule for one in validate(tmp_path / "b.xml").problems}


def test_a_file_is_inspected(tmp_path):
    path = tmp_path / "a.xml"
    path.write_bytes(PRS)
    assert any("Examplin in Sample Disease" in line for line in inspect(path))


def test_a_finding_has_its_line(tmp_path):
    data = PRS.replace(b"Phase 2/3", b"Phase 9")
    (problem,) = checked(tmp_path, data)
    assert b"Phase 9" in data.splitlines()[problem.row - 1]


@pytest.mark.parametrize(
    ("data", "rule", "shown"),
    [
        (
            PRS.replace(b"Parallel Assignment", b"Single Group Assignment"),
            "PRS-ARM-MODEL",
            "Single",
        ),
        (PRS.replace(b"2023-01-10", b"2024-06-01"), "PRS-ACTUAL-LATER", "2024-06-01"),
        (PRS.replace(b">CDER<", b">CDRH<"), "PRS-IND-CENTER", "CDRH"),
        (PRS.replace(b"<number_of_arms>2", b"<number_of_arms>3"), "PRS-ARM-COUNT", "number_of"),
        (PRS.replace(b">Week 12<", b">12<"), "PRS-TIME-FRAME", "outcome_time_frame>12<"),
        (PRS.replace(b"<has_dmc>yes", b"<has_dmc>so"), "REGISTRY-FORM", "has_dmc"),
    ],
)
def test_a_finding_between_elements_has_the_line_of_its_place(tmp_path, data, rule, shown):
    problem = next(one for one in checked(tmp_path, data) if one.rule == rule)
    assert shown in data.decode().splitlines()[problem.row - 1]
    assert problem.path.startswith("/prs:study_collection/clinical_study/")


def test_records_are_numbered(tmp_path):
    start, record, end = (
        PRS.decode().partition("<clinical_study>")[0],
        "",
        "</prs:study_collection>",
    )
    record = PRS.decode()[len(start) : PRS.decode().index(end)]
    data = start + record + record.replace("Phase 2/3", "Phase 9") + end
    (problem,) = checked(tmp_path, data)
    assert "/clinical_study[2]/" in problem.path


def test_elements_in_a_namespace_are_told_and_checked_all_the_same(tmp_path):
    data = PRS.replace(b"prs:study_collection", b"study_collection").replace(b"xmlns:prs", b"xmlns")
    assert rules(tmp_path, data) == ["REGISTRY-NAMESPACE"]
    broken = data.replace(b"Phase 2/3", b"Phase 9")
    assert rules(tmp_path, broken) == ["REGISTRY-NAMESPACE", "REGISTRY-WORD"]
    without = PRS.replace(b"prs:study_collection", b"study_collection")
    assert rules(tmp_path, without.replace(b' xmlns:prs="http://clinicaltrials.gov/prs"', b"")) == [
        "REGISTRY-NAMESPACE"
    ]


def test_other_roots_and_elements_are_told(tmp_path):
    assert rules(tmp_path, "<trials/>") == ["REGISTRY-ROOT"]
    assert rules(tmp_path, "<trials/>", check_ictrp_file) == ["REGISTRY-MISSING"]
    told = rules(tmp_path, "<trials>stray<x/></trials>", check_ictrp_file)
    assert told == ["REGISTRY-TEXT", "REGISTRY-ELEMENT", "REGISTRY-MISSING"]
    told = rules(tmp_path, ICTRP.replace(b"<trials>", b'<trials a="b">'), check_ictrp_file)
    assert told[0] == "REGISTRY-ATTRIBUTE"


HOSTILE = {
    "external": (
        '<!DOCTYPE trials [<!ENTITY x SYSTEM "file:///etc/passwd">]><trials>&x;</trials>',
        "REGISTRY-ENTITY",
    ),
    "external unused": (
        '<!DOCTYPE trials [<!ENTITY x SYSTEM "http://example.invalid/x">]><trials/>',
        "REGISTRY-ENTITY",
    ),
    "parameter": (
        '<!DOCTYPE trials [<!ENTITY % p SYSTEM "http://example.invalid/x.dtd"> %p;]><trials/>',
        "REGISTRY-ENTITY",
    ),
    "bomb": (
        '<!DOCTYPE trials [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><trials>&c;</trials>',
        "REGISTRY-ENTITY",
    ),
    "undeclared": ("<trials>&x;</trials>", "REGISTRY-XML"),
    "undeclared with a document type": (
        '<!DOCTYPE trials SYSTEM "http://example.invalid/trials.dtd"><trials>&x;</trials>',
        "REGISTRY-ENTITY",
    ),
    "unparsed": (
        '<!DOCTYPE trials [<!NOTATION n SYSTEM "n"><!ENTITY x SYSTEM "y" NDATA n>]><trials/>',
        "REGISTRY-ENTITY",
    ),
    "broken": ("<trials><trial></trials>", "REGISTRY-XML"),
    "cut": ("<trials><trial>", "REGISTRY-XML"),
    "two roots": ("<trials/><trials/>", "REGISTRY-XML"),
    "control characters": ("<trials>\x0b</trials>", "REGISTRY-XML"),
    "unknown encoding": ('<?xml version="1.0" encoding="klingon"?><trials/>', "REGISTRY-XML"),
    "no encoding": (b'<?xml version="1.0" encoding="UTF-8"?><trials>\xff</trials>', "REGISTRY-XML"),
    "unbound prefix": ("<a:trials/>", "REGISTRY-XML"),
    "deep": ("<trials>" + "<a>" * 100 + "</a>" * 100 + "</trials>", "REGISTRY-LARGE"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_refused_with_its_reason(tmp_path, name):
    data, rule = HOSTILE[name]
    told = checked(tmp_path, data, check_ictrp_file)
    assert rule in [one.rule for one in told]
    assert all(one.file == "file.xml" for one in told)
    assert not any("root:" in str(one) for one in told)


ENTITIES = [name for name, (_, rule) in HOSTILE.items() if rule == "REGISTRY-ENTITY"]


@pytest.mark.parametrize("name", ENTITIES)
def test_an_entity_is_told_with_file_and_line(tmp_path, name):
    data, _ = HOSTILE[name]
    told = checked(tmp_path, "\n\n" + data, check_ictrp_file)
    (problem,) = [one for one in told if one.rule == "REGISTRY-ENTITY"]
    assert (problem.file, problem.row) == ("file.xml", 3)
    assert "(line 3)" in problem.message


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1"])
def test_encodings_are_read_as_they_say(tmp_path, encoding):
    text = PRS.decode().replace("Example Board", "Ümläut").replace("Phase 2/3", "Phase 9")
    text = text.replace('encoding="UTF-8"', f'encoding="{encoding.removesuffix("-sig")}"')
    (problem,) = checked(tmp_path, text.replace("utf-16-le", "utf-16").encode(encoding))
    assert problem.rule == "REGISTRY-WORD"
    assert "Phase 9" in text.splitlines()[problem.row - 1]


def test_a_packed_file_is_checked_and_a_bomb_is_not_read_on(tmp_path):
    broken = PRS.replace(b"Phase 2/3", b"Phase 9")
    path = tmp_path / "prs.xml.gz"
    path.write_bytes(gzip.compress(broken, mtime=0))
    (problem,) = [one for one in validate(path).problems if one.rule == "REGISTRY-WORD"]
    assert problem.file == "prs.xml.gz"
    assert b"Phase 9" in broken.splitlines()[problem.row - 1]
    path.write_bytes(gzip.compress(PRS, mtime=0)[:-200])
    assert [one.rule for one in check_prs_file(path)] == ["REGISTRY-XML"]
    path.write_bytes(gzip.compress(PRS + b" " * 100_000_000, mtime=0))
    (problem,) = check_prs_file(path)
    assert problem.rule == "REGISTRY-XML"
    assert "500 times its size" in problem.message


def test_a_document_type_without_declarations_is_read_past(tmp_path):
    data = ICTRP.replace(b"<trials>", b'<!DOCTYPE trials SYSTEM "who_ictrp.dtd">\n<trials>')
    assert rules(tmp_path, data, check_ictrp_file) == ["ICTRP-SUPPORT"]


@pytest.mark.parametrize(
    ("limit", "value", "data"),
    [
        ("TEXT_LIMIT", 1000, "<trials><trial>" + "x" * 2000 + "</trial></trials>"),
        ("RECORD_TEXT_LIMIT", 1000, "<trials><trial>" + "<a>xxx</a>" * 500 + "</trial></trials>"),
        ("RECORD_LIMIT", 100, "<trials><trial>" + "<a/>" * 200 + "</trial></trials>"),
        ("TOKEN_LIMIT", 100_000, "<trials><!--" + "x" * 400_000 + "--></trials>"),
        ("TOKEN_LIMIT", 100_000, "<trials><trial a='" + "x" * 400_000 + "'/></trials>"),
    ],
)
def test_sizes_are_bounded(tmp_path, monkeypatch, limit, value, data):
    monkeypatch.setattr(read, limit, value)
    assert rules(tmp_path, data, check_ictrp_file)[0] == "REGISTRY-LARGE"


def test_many_elements_in_a_record_take_time_by_their_number(tmp_path):
    def seconds(count):
        path = tmp_path / "many.xml"
        path.write_text("<trials><trial>" + "<a/>" * count + "</trial></trials>")
        start = time.process_time()
        sum(1 for _ in read.records(path))
        return time.process_time() - start

    seconds(1000)
    assert seconds(80_000) < 40 * max(seconds(8_000), 0.002)


def test_what_comes_before_a_break_is_checked(tmp_path):
    text = PRS.decode().replace("Phase 2/3", "Phase 9")
    told = rules(tmp_path, text.replace("</prs:study_collection>", "<clinical_study>"))
    assert told == ["REGISTRY-WORD", "REGISTRY-XML"]


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32), count=st.integers(1, 20), target=st.sampled_from(["prs", "ictrp"])
)
def test_damaged_files_end_in_findings(tmp_path_factory, seed, count, target):
    chance = random.Random(seed)
    data = bytearray(PRS if target == "prs" else ICTRP)
    for _ in range(count):
        place = chance.randrange(len(data))
        data[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
    path = tmp_path_factory.mktemp("damaged") / "file.xml"
    path.write_bytes(bytes(data))
    check = check_prs_file if target == "prs" else check_ictrp_file
    assert all(one.message and one.file for one in check(path))


EXAMPLE = Path(__file__).resolve().parents[3] / "shared/standards/ictrp/ictrp-example.xml"


@pytest.mark.skipif(not EXAMPLE.is_file(), reason="the example does not lie beside the checkout")
def test_a_file_of_another_registry_is_read():
    told = list(check_ictrp_file(EXAMPLE))
    assert {one.rule for one in told} == {"ICTRP-STATUS", "ICTRP-RETROSPECTIVE"}
