"""Text, Excel and ODM of one release install to the same bytes, whatever their order."""

import gzip
import random
from dataclasses import replace
from pathlib import Path

import nci_files
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nci_files import DATE, WRITERS, codelists, rows, write

from trialect.converters.terminology import FORMATS, format_of, read_distribution
from trialect.converters.terminology.install import install
from trialect.schemas.ct import Codelist, Term, terminology
from trialect.schemas.ct.places import shipped
from trialect.schemas.ct.table import pack

COLOUR, *OTHERS = codelists()
EXPECTED = pack(
    DATE,
    [
        # Synonyms are separated by semicolons, so that one with a semicolon is two.
        replace(COLOUR, terms=(*COLOUR.terms[:2], replace(COLOUR.terms[2], synonyms=("2", "0")))),
        *OTHERS,
    ],
)


@pytest.mark.parametrize("ending", WRITERS)
def test_every_format_gives_the_same_bytes(ending: str, tmp_path: Path) -> None:
    done = install([write(tmp_path, ending)], tmp_path / "tables")
    assert done.file.read_bytes() == EXPECTED
    assert (done.version, done.codelists, done.terms) == (DATE, 3, 6)
    assert [one.rule for one in done.problems] == ["CT-LACKS"]


def test_every_format_is_written_and_recognised(tmp_path: Path) -> None:
    found = {ending: format_of(write(tmp_path, ending)) for ending in WRITERS}
    assert found == {".txt": "text", ".xls": "xls", ".xlsx": "xlsx", ".odm.xml": "odm"}
    assert set(found.values()) == set(FORMATS)


def test_the_order_of_rows_does_not_show(tmp_path: Path) -> None:
    table = rows(codelists())
    for seed in range(5):
        random.Random(seed).shuffle(table)
        path = nci_files.write_text(tmp_path / f"SDTM Terminology {DATE}.txt", table)
        assert pack(DATE, read_distribution(path).codelists) == EXPECTED


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".txt", ".odm.xml", ".xls"])
def test_the_shipped_version_comes_back(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = shipped()[-1].version
    lists = terminology(version).codelists()
    if ending == ".odm.xml":
        path = tmp_path / "SDTM Terminology.odm.xml"
        path.write_bytes(nci_files.odm(lists, date=version).encode("ascii", "xmlcharrefreplace"))
    elif ending == ".xls":
        path = nci_files.write_xls(
            tmp_path / "SDTM Terminology.xls", rows(lists), f"SDTM Terminology {version}"
        )
    else:
        path = nci_files.write_text(tmp_path / f"SDTM Terminology {version}.txt", rows(lists))
    read = read_distribution(path)
    table = shipped()[-1].file.read_bytes()
    assert gzip.decompress(pack(read.version, read.codelists)) == gzip.decompress(table)
    assert not install([path], tmp_path / "tables").changed
    assert not (tmp_path / "tables").exists()


def test_a_text_of_a_windows_program(tmp_path: Path) -> None:
    path = write(tmp_path, ".txt")
    text = path.read_text(encoding="utf-8").replace("\n", "\r\n")
    for encoding in ("utf-8-sig", "utf-16"):
        path.write_bytes(text.encode(encoding))
        assert pack(DATE, read_distribution(path).codelists) == EXPECTED
    path.write_bytes(text.encode("cp1252"))
    assert pack(DATE, read_distribution(path, encoding="cp1252").codelists) == EXPECTED


def test_a_text_of_the_cdisc_library_says_its_release(tmp_path: Path) -> None:
    header = "\t".join((*nci_files.HEADER, "Standard and Date"))
    table = ["\t".join((*row, f"SDTM CT {DATE}")) for row in rows(codelists())]
    path = tmp_path / "terminology.txt"
    path.write_text("\n".join([header, *table]) + "\n", encoding="utf-8")
    read = read_distribution(path)
    assert (read.package, read.version) == ("SDTM", DATE)
    assert pack(DATE, read.codelists) == EXPECTED


def test_the_release_may_be_given(tmp_path: Path) -> None:
    path = nci_files.write_text(tmp_path / "SDTM Terminology.txt", rows(codelists()))
    assert read_distribution(path, version=DATE).version == DATE
    path = path.rename(tmp_path / "terms.txt")
    read = read_distribution(path, version=DATE, package="SDTM")
    assert (read.package, read.version) == ("SDTM", DATE)


def test_another_package_completes_the_one_of_sdtm(tmp_path: Path) -> None:
    main = write(tmp_path, ".txt")
    other = [
        Codelist("C9000001", "COLR", "Colour", True, (Term("PINK", "C9000019", "Pink", ()),)),
        Codelist("C9000009", "SIZE", "Size", False, (Term("BIG", "C9000091", "Big", ()),)),
    ]
    protocol = tmp_path / f"Protocol Terminology {DATE}.txt"
    nci_files.write_text(protocol, rows(other))
    done = install([protocol, main], tmp_path / "home" / "terminology")
    assert done.codelists == 4
    read = terminology(DATE)
    size, colour = read.codelist("SIZE"), read.codelist("COLR")
    assert size is not None
    assert colour is not None
    assert size.package == "Protocol"
    assert (colour.package, colour.extensible) == (None, False)


NAMES = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn", "Zs", "Zl", "Zp"), exclude_characters=';"'),
    min_size=1,
    max_size=12,
)


@st.composite
def terminologies(draw: st.DrawFn) -> list[Codelist]:
    codes = draw(st.lists(st.integers(1, 10**6), min_size=1, max_size=5, unique=True))
    found = []
    for code in codes:
        terms = draw(
            st.lists(
                st.builds(
                    Term,
                    value=NAMES,
                    code=st.integers(1, 10**6).map("C{}".format),
                    preferred=NAMES,
                    synonyms=st.lists(NAMES, max_size=3).map(tuple),
                ),
                max_size=5,
                unique_by=(lambda term: term.code, lambda term: term.value),
            )
        )
        found.append(
            Codelist(f"C{code}", draw(NAMES), draw(NAMES), draw(st.booleans()), tuple(terms))
        )
    return found


@settings(max_examples=30, deadline=None)
@given(lists=terminologies())
def test_what_is_written_comes_back(
    lists: list[Codelist], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("formats")
    for ending in (".txt", ".odm.xml", ".xlsx"):
        read = read_distribution(write(folder, ending, lists))
        assert pack(DATE, read.codelists) == pack(DATE, lists), ending
