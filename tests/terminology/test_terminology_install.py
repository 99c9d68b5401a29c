"""Installing: whole or not at all, the same twice, never another content unasked."""

import gzip
import hashlib
import json
import pickle
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nci_files
import pytest
from nci_files import DATE, codelists, rows, write, write_text

from trialect.converters.terminology import install as installing
from trialect.converters.terminology.install import Installation, folder_for, install
from trialect.converters.terminology.listing import listing
from trialect.problems import Unusable
from trialect.schemas import ct
from trialect.schemas.ct import Codelist, Term, places, table, terminology
from trialect.schemas.ct.terminology import forget
from trialect.schemas.sdtm import datasets
from trialect.schemas.sdtm.trial_summary import PARAMETER_CODELISTS

EARLIER = "2031-03-28"


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "terminology"


@pytest.fixture
def installed(tmp_path: Path, folder: Path) -> Installation:
    return install([write(tmp_path, ".txt")], folder)


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {one.name: (one.read_bytes(), one.stat().st_mtime_ns) for one in folder.iterdir()}


def refused(call: Callable[[], object]) -> list[str]:
    with pytest.raises(Unusable) as caught:
        call()
    return [problem.rule for problem in caught.value.problems]


def other(tmp_path: Path) -> Path:
    lists = codelists()
    terms = (*lists[0].terms, Term("GREY", "C9000099", "Grey", ()))
    lists[0] = replace(lists[0], terms=terms, extensible=True)
    return write(tmp_path / "other", ".txt", lists)


def test_what_is_installed_can_be_used(installed: Installation) -> None:
    assert DATE in ct.versions()
    colour = terminology(DATE).codelist("COLR")
    assert colour is not None
    assert colour.find("rouge") == colour.by_value["RED"]
    assert [one.code for one in terminology(DATE).codelists()] == [
        "C9000001",
        "C9000002",
        "C9000003",
    ]


def test_its_record_says_where_it_is_from(installed: Installation, tmp_path: Path) -> None:
    held = next(one for one in ct.at_hand() if one.version == DATE)
    record = held.record()
    assert record is not None
    data = (tmp_path / f"SDTM Terminology {DATE}.txt").read_bytes()
    (source,) = record.sources
    assert source.sha256 == hashlib.sha256(data).hexdigest()
    assert (source.file, source.bytes) == (f"SDTM Terminology {DATE}.txt", len(data))
    assert (source.format, source.package, source.version) == ("text", "SDTM", DATE)
    content = hashlib.sha256(gzip.decompress(held.file.read_bytes())).hexdigest()
    assert (record.content_sha256, record.codelists, record.terms) == (content, 3, 6)


def test_twice_changes_nothing(installed: Installation, folder: Path, tmp_path: Path) -> None:
    before = state(folder)
    for ending in nci_files.WRITERS:
        again = install([write(tmp_path, ending)], folder)
        assert not again.changed
        assert again.file == installed.file
    assert state(folder) == before


def test_another_content_is_refused(installed: Installation, folder: Path, tmp_path: Path) -> None:
    before = state(folder)
    with pytest.raises(Unusable) as caught:
        install([other(tmp_path)], folder)
    (problem,) = caught.value.problems
    assert problem.rule == "CT-INSTALLED"
    assert "1 other codelists (C9000001); 1 more terms (C9000001 GREY)" in problem.message
    assert state(folder) == before


def test_replace_takes_the_other_content(
    installed: Installation, folder: Path, tmp_path: Path
) -> None:
    terminology(DATE)
    assert install([other(tmp_path)], folder, replace_old=True).changed
    colour = terminology(DATE).codelist("COLR")
    assert colour is not None
    assert "GREY" in colour.by_value


def test_the_shipped_version_is_not_overlaid_unasked(folder: Path, tmp_path: Path) -> None:
    version = places.shipped()[-1].version
    path = write_text(tmp_path / f"SDTM Terminology {version}.txt", rows(codelists()))
    assert refused(lambda: install([path], folder)) == ["CT-INSTALLED"]
    assert install([path], folder, replace_old=True).changed
    assert terminology(version).codelist("COLR") is not None
    assert [(one.held.place, one.used) for one in listing()] == [("user", True), ("shipped", False)]


@pytest.mark.parametrize("step", [1, 2])
def test_an_interrupted_installation_leaves_nothing_to_use(
    step: int, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, steps = write(tmp_path, ".txt"), []
    moved = Path.replace

    def fail(self: Path, target: Path) -> Path:
        steps.append(target)
        if len(steps) == step:
            raise KeyboardInterrupt
        return moved(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        install([path], folder)
    monkeypatch.undo()
    monkeypatch.setenv(places.HOME, str(folder.parent))
    assert DATE not in ct.versions()
    assert not [one for one in folder.iterdir() if one.name.startswith(".")]
    assert install([path], folder).changed
    assert terminology(DATE).codelist("COLR") is not None


def damaged(installed: Installation, how: str) -> None:
    file = installed.file
    held = places.Held(DATE, "user", file)
    if how == "cut":
        file.write_bytes(file.read_bytes()[:-20])
    elif how == "changed":
        text = gzip.decompress(file.read_bytes()).replace(b"Rouge", b"Rogue")
        file.write_bytes(gzip.compress(text))
    elif how == "no gzip":
        file.write_bytes(b"SDTM")
    elif how == "followed":
        file.write_bytes(file.read_bytes() + b"more")
    elif how == "bomb":
        file.write_bytes(gzip.compress(bytes(table.UNPACKED_LIMIT + 1), 1))
    elif how == "record without end":
        with held.record_file.open("ab") as file_:
            file_.write(b" " * places.RECORD_LIMIT)
    elif how == "no record":
        held.record_file.unlink()
    elif how == "record of lists":
        held.record_file.write_text("[]")
    elif how == "record of other types":
        record = json.loads(held.record_file.read_text())
        held.record_file.write_text(json.dumps({**record, "terms": "6"}))
    elif how == "other version":
        lists = terminology(DATE).codelists()
        file.write_bytes(table.pack(EARLIER, lists))
        record = json.loads(held.record_file.read_text())
        record["content_sha256"] = table.fingerprint(file.read_bytes(), "")
        held.record_file.write_text(json.dumps(record))
    forget()


@pytest.mark.parametrize(
    "how",
    [
        "cut",
        "changed",
        "no gzip",
        "followed",
        "bomb",
        "no record",
        "record without end",
        "record of lists",
        "record of other types",
        "other version",
    ],
)
def test_a_damaged_table_is_told_and_mended(
    how: str, installed: Installation, folder: Path, tmp_path: Path
) -> None:
    damaged(installed, how)
    assert refused(lambda: terminology(DATE)) == ["CT-DAMAGED"]
    assert [one.rule for one in listing()[-1].problems] == ["CT-DAMAGED"]
    path = write(tmp_path, ".txt")
    assert refused(lambda: install([path], folder)) == ["CT-DAMAGED"]
    assert install([path], folder, replace_old=True).changed
    assert terminology(DATE).codelist("COLR") is not None


@pytest.mark.parametrize(
    "line",
    [b"{}", b"[]", b"no json", b'{"code": "C9000001", "terms": 1}', b'{"terms": [[1, 2]]}'],
)
def test_a_table_whose_lines_are_wrong_is_told_when_they_are_read(line: bytes) -> None:
    lines = gzip.decompress(table.pack(DATE, codelists())).split(b"\n")
    lines[1] = line
    made = ct.Terminology(DATE, gzip.compress(b"\n".join(lines)), "a.jsonl.gz")
    assert made.codelist("SHAPE") is not None
    assert refused(lambda: made.codelist("COLR")) == ["CT-DAMAGED"]


@pytest.mark.parametrize("head", [b"{}", b"7", b"x", b'{"standard": "SDTM CT", "version": 1}'])
def test_a_table_whose_head_is_wrong_is_told(head: bytes) -> None:
    assert refused(lambda: ct.Terminology(DATE, gzip.compress(head), "a")) == ["CT-DAMAGED"]


def test_the_whole_of_a_version_is_one_sdtm_file(folder: Path, tmp_path: Path) -> None:
    main = write(tmp_path, ".txt")
    again = write(tmp_path / "again", ".odm.xml")
    protocol = tmp_path / f"Protocol Terminology {DATE}.txt"
    write_text(protocol, rows(codelists()))
    assert refused(lambda: install([protocol], folder)) == ["CT-FILES"]
    assert refused(lambda: install([main, again], folder)) == ["CT-FILES"]
    late = tmp_path / "Protocol Terminology 2031-09-26.txt"
    write_text(late, rows(codelists()))
    assert refused(lambda: install([main, late], folder)) == ["CT-DATES"]
    assert not folder.exists()


def test_codelists_that_sdtmig_names_and_are_not_there_are_told(installed: Installation) -> None:
    (note,) = installed.problems
    assert note.rule == "CT-LACKS"
    assert re.search(r"does not have (C\d+, ){9}C\d+ and \d+ others, which", note.message)
    whole = [replace(one, code=code) for one in codelists()[:1] for code in named()]
    assert not installing.lacking(DATE, whole)


def named() -> list[str]:
    of_variables = [
        code
        for dataset in datasets().values()
        for variable in dataset.variables
        for code in variable.codelists
    ]
    return [*of_variables, *PARAMETER_CODELISTS.values()]


def test_where_the_users_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places.HOME, str(tmp_path / "mine"))
    assert places.home() == tmp_path / "mine"
    monkeypatch.delenv(places.HOME)
    monkeypatch.setenv(places.DATA, str(tmp_path / "data"))
    assert places.home() == tmp_path / "data" / "trialect"
    monkeypatch.setenv(places.DATA, "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "people"))
    assert places.home() == tmp_path / "people" / ".local" / "share" / "trialect"


def test_without_a_home_there_is_what_is_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere() -> Path:
        raise RuntimeError("no home")

    monkeypatch.delenv(places.HOME)
    monkeypatch.delenv(places.DATA, raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    assert ct.versions() == [one.version for one in places.shipped()]
    assert refused(lambda: folder_for(None, None)) == ["CT-NO-HOME"]
    assert folder_for(tmp_path, None) == tmp_path / "terminology"


def test_a_study_folder_has_a_study(tmp_path: Path) -> None:
    assert refused(lambda: folder_for(None, tmp_path)) == ["CT-NO-STUDY"]
    (tmp_path / "study.yaml").write_text("studyid: A\n")
    assert folder_for(None, tmp_path) == tmp_path / "terminology"


def test_a_study_means_its_own_version(
    installed: Installation, folder: Path, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    install([other(tmp_path)], study / "terminology")
    version = pickle.loads(pickle.dumps(ct.carried(DATE, study)))
    assert version == DATE
    for meant, there in ((version, True), (DATE, False), (ct.carried(DATE, tmp_path), False)):
        colour = terminology(meant).codelist("COLR")
        assert colour is not None
        assert ("GREY" in colour.by_value) is there
    assert [(one.held.place, one.used) for one in listing(study)][-2:] == [
        ("study", True),
        ("user", False),
    ]


def test_a_studys_version_is_not_swapped_while_it_is_used(
    installed: Installation, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    install([write(tmp_path, ".txt")], study / "terminology")
    version = ct.carried(DATE, study)
    install([other(tmp_path)], study / "terminology", replace_old=True)
    assert refused(lambda: terminology(version)) == ["CT-DAMAGED"]
    colour = terminology(ct.carried(DATE, study)).codelist("COLR")
    assert colour is not None
    assert "GREY" in colour.by_value


@pytest.mark.parametrize("version", ["../secret", "", "2031-06-27/..", "x" * 5000])
def test_a_version_is_no_path(version: str, tmp_path: Path) -> None:
    assert ct.carried(version, tmp_path) is version
    with pytest.raises(KeyError):
        terminology(version)


def test_other_files_in_the_folder_are_left_alone(installed: Installation, folder: Path) -> None:
    (folder / "sdtm-ct-newest.jsonl.gz").write_bytes(b"?")
    (folder / "notes.txt").write_text("mine")
    assert ct.versions() == [places.shipped()[-1].version, DATE]


def test_a_table_is_the_same_for_any_order() -> None:
    lists = codelists()
    mixed = [replace(one, terms=one.terms[::-1]) for one in lists[::-1]]
    assert table.pack(DATE, lists) == table.pack(DATE, mixed)
    assert isinstance(mixed[0], Codelist)
