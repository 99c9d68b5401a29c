"""Records come from files of every kind; what cannot be read is told and does not stop the rest."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ctgov_small import small_record

from trialect.converters.readers import ctgov_cut, ctgov_files
from trialect.converters.readers.ctgov_records import read, recognise, records
from trialect.converters.study_sources import STUDY_SOURCES, HeldRecord, study_source
from trialect.problems import Problem, Unusable

DATA = Path(__file__).parents[3] / "shared" / "data" / "ctgov"
V1 = {
    "FullStudiesResponse": {
        "FullStudies": [{"Study": {"ProtocolSection": {"NCTId": "NCT00000009"}}}]
    }
}


def numbered(number: int) -> dict[str, Any]:
    record = small_record()
    record["protocolSection"]["identificationModule"]["nctId"] = f"NCT{number:08}"
    return record


def trials(path: Path) -> list[str]:
    """The trials of a path as they are read, or the rules that say why one is not."""
    return [trial(held)[0] for held in records(path)]


def trial(held: HeldRecord) -> tuple[str, list[Problem]]:
    told: list[Problem] = []
    if held.problems:
        return held.problems[0].rule, list(held.problems)
    try:
        study = read(held, told.append).study
    except Unusable as error:
        return error.problems[0].rule, error.problems
    return study.registrations[0].id, told


LIST = json.dumps([numbered(1), numbered(2)]).encode()
PACKINGS: dict[str, Callable[[Path], None]] = {
    "a.json": lambda path: _write(path, LIST),
    "a.json.gz": lambda path: _write(path, gzip.compress(LIST)),
    "a.zip": lambda path: _zip(
        path, {"x/a.json": LIST, "__MACOSX/a.json": b"?", "README.md": b"?"}
    ),
    "b.zip": lambda path: _zip(
        path,
        {"1.json": json.dumps(numbered(1)).encode(), "2.ndjson.gz": gzip.compress(LIST[1:-1])},
    ),
    "folder": lambda path: _folder(path),
}


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _zip(path: Path, files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def _folder(path: Path) -> None:
    (path / "sub").mkdir(parents=True)
    (path / "1.json").write_text(json.dumps(numbered(1), indent=1), encoding="utf-8-sig")
    (path / "sub" / "2.json").write_text(json.dumps({"studies": [numbered(2)]}), encoding="utf-8")
    (path / "notes.txt").write_text("not a record", encoding="utf-8")


@pytest.mark.parametrize("packing", PACKINGS)
def test_every_packing_is_read_and_recognised(packing: str, tmp_path: Path) -> None:
    path = tmp_path / packing
    PACKINGS[packing](path)
    found = trials(path)
    assert sorted(set(found)) == ["NCT00000001", "NCT00000002"]
    assert recognise(path)


def test_places_name_the_file_and_the_record(tmp_path: Path) -> None:
    PACKINGS["folder"](tmp_path / "folder")
    _zip(tmp_path / "folder" / "z.zip", {"in/a.json": LIST})
    places = [(one.file, one.number) for one in records(tmp_path / "folder")]
    assert places == [
        ("1.json", 1),
        ("sub/2.json", 1),
        ("z.zip/in/a.json", 1),
        ("z.zip/in/a.json", 2),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b'{"resourceType": "Bundle"}'),
        ("a.json", b"[]"),
        ("a.csv", b"NCT Number,Title\n"),
        ("a.zip", b"PK\x03\x04 damaged"),
        ("a.gz", b"\x1f\x8b damaged"),
        ("a.json", b""),
    ],
)
def test_other_files_are_not_recognised(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert not recognise(tmp_path / name)
    assert not recognise(tmp_path / "missing")


def test_a_study_folder_is_not_one_of_records(tmp_path: Path) -> None:
    PACKINGS["folder"](tmp_path / "folder")
    (tmp_path / "folder" / "study.yaml").write_text("studyid: X", encoding="utf-8")
    assert not recognise(tmp_path / "folder")


def test_the_source_is_in_its_list() -> None:
    assert "ctgov" in STUDY_SOURCES
    assert study_source("ctgov").recognise is recognise


@pytest.mark.parametrize(
    ("wrong", "rule", "path", "said"),
    [
        (json.dumps(V1).encode(), "CTGOV-V1", None, "/api/v2/studies/NCT00000009"),
        (
            b'{"Rank": 1, "Study": {"ProtocolSection": {}}}',
            "CTGOV-V1",
            None,
            "retired in June 2024",
        ),
        (b'{"StudyFieldsResponse": {}}', "CTGOV-V1", None, "retired in June 2024"),
        (b'{"foo": 1}', "CTGOV-NO-RECORD", "protocolSection", "it has none"),
        (b'{"protocolSection": 5}', "CTGOV-NO-RECORD", "protocolSection", "it is none"),
        (b"5", "CTGOV-NO-OBJECT", None, "'5' stands where a record belongs"),
        (
            b'{"protocolSection": {"a": [1, {"b": oops}]}}',
            "CTGOV-BROKEN",
            "protocolSection.a[1].b",
            "line 1, column 37",
        ),
        (
            b'{"protocolSection": {"a": NaN}}',
            "CTGOV-BROKEN",
            "protocolSection.a",
            "NaN is no number",
        ),
        (b'{"protocolSection": {"a": "\xe9"}}', "CTGOV-ENCODING", "protocolSection.a", "E9"),
        (
            b'{"protocolSection": ' + b"[" * 5000 + b"]" * 5000 + b"}",
            "CTGOV-BROKEN",
            None,
            "nested too deeply",
        ),
        (
            b'{"protocolSection": {"a": ' + b"9" * 5000 + b"}}",
            "CTGOV-BROKEN",
            None,
            "too many digits",
        ),
    ],
)
def test_a_wrong_record_is_told_and_the_others_are_read(
    wrong: bytes, rule: str, path: str | None, said: str, tmp_path: Path
) -> None:
    one, two = (json.dumps(numbered(number)).encode() for number in (1, 2))
    file = tmp_path / "a.json"
    file.write_bytes(b"[" + b",".join((one, wrong, two)) + b"]")
    held = list(records(file))
    assert [trial(each)[0] for each in held] == ["NCT00000001", rule, "NCT00000002"]
    problem = trial(held[1])[1][0]
    assert (problem.file, problem.row) == ("a.json", 2)
    assert said in f"{problem.message} {problem.mend}"
    if path is not None:
        assert problem.path == path
    assert held[1].text == wrong


def test_control_characters_as_they_are_do_not_cost_the_record(tmp_path: Path) -> None:
    text = json.dumps(small_record()).replace("Tea or water.", "Tea\nor\x07 water.")
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    (held,) = records(tmp_path / "a.json")
    _, problems = trial(held)
    assert [one.rule for one in problems[:2]] == ["CTGOV-UNESCAPED", "CTGOV-CHARACTER"]
    path = "protocolSection.descriptionModule.briefSummary"
    assert [one.path for one in problems[:2]] == [path, path]
    assert problems[0].trial == "NCT00000001"


def test_a_member_that_stands_twice_is_told_with_its_path(tmp_path: Path) -> None:
    text = json.dumps([numbered(1), numbered(2)])
    status = '"overallStatus": "COMPLETED"'
    assert text.count(status) == 2
    text = text.replace(status, f'"overallStatus" : "WITHDRAWN", {status}', 1)
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    one, two = (trial(held)[1] for held in records(tmp_path / "a.json"))
    assert [(each.rule, each.path) for each in one if each.rule == "CTGOV-MEMBER-TWICE"] == [
        ("CTGOV-MEMBER-TWICE", "protocolSection.statusModule.overallStatus")
    ]
    assert "CTGOV-MEMBER-TWICE" not in {each.rule for each in two}


@pytest.mark.parametrize("separators", [(",", ":"), (", ", " : "), (",\n", ":\n")])
def test_names_and_texts_with_colons_and_quotes_do_not_stand_twice(
    separators: tuple[str, str], tmp_path: Path
) -> None:
    record = small_record()
    record["protocolSection"]["descriptionModule"]["briefSummary"] = 'a "b": "c":\\": \\'
    record["derivedSection"]['odd":\\'] = {"a": 1, "A": 2}
    text = json.dumps(record, separators=separators)
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    (held,) = records(tmp_path / "a.json")
    assert "CTGOV-MEMBER-TWICE" not in {each.rule for each in trial(held)[1]}


def test_a_truncated_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(LIST[:-200])
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(LIST)[:-20])
    assert trials(tmp_path / "a.json") == ["NCT00000001", "CTGOV-BROKEN"]
    assert trials(tmp_path / "b.json.gz")[-1] == "CTGOV-NOT-UNPACKED"


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctgov_files, "FREE", 2**20)
    bomb = b'[{"protocolSection": "' + b" " * 2**23 + b'"}]'
    _zip(tmp_path / "a.zip", {"1.json": LIST, "2.json": bomb, "3.json": LIST})
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(bomb))
    assert trials(tmp_path / "a.zip")[2] == "CTGOV-NOT-UNPACKED"
    assert len(trials(tmp_path / "a.zip")) == 5
    (held,) = records(tmp_path / "b.json.gz")
    assert "zip bomb" in held.problems[0].message


def test_a_zip_in_a_zip_and_an_encrypted_one_are_told(tmp_path: Path) -> None:
    _zip(tmp_path / "inner.zip", {"1.json": LIST})
    _zip(tmp_path / "a.zip", {"b.zip": (tmp_path / "inner.zip").read_bytes(), "c.json": LIST})
    (held, *rest) = records(tmp_path / "a.zip")
    assert "a zip within a zip" in held.problems[0].message
    assert len(rest) == 2
    data = bytearray((tmp_path / "inner.zip").read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(data)
    (locked,) = records(tmp_path / "locked.zip")
    assert "encrypted" in locked.problems[0].message


def test_a_record_that_is_too_large_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctgov_cut, "LARGEST", 20_000)
    monkeypatch.setattr(ctgov_cut, "PIECE", 4_000)
    monkeypatch.setattr(ctgov_cut, "HEAD", 4_000)
    large = numbered(3)
    large["protocolSection"]["descriptionModule"]["briefSummary"] = "x" * 50_000
    listed = json.dumps([numbered(1), large, numbered(2)])
    (tmp_path / "a.json").write_text(listed, encoding="utf-8")
    held = list(records(tmp_path / "a.json"))
    assert [trial(one)[0] for one in held] == ["NCT00000001", "CTGOV-LARGE", "NCT00000002"]
    assert held[1].problems[0].trial == "NCT00000003"


def test_what_cannot_be_started_from(tmp_path: Path) -> None:
    for path, rule in ((tmp_path / "no.json", "CTGOV-NOT-READ"), (tmp_path, "CTGOV-NOTHING")):
        with pytest.raises(Unusable) as raised:
            list(records(path))
        assert raised.value.problems[0].rule == rule
    (tmp_path / "a.csv").write_text("NCT Number,Title\n", encoding="utf-8")
    assert trials(tmp_path / "a.csv") == ["CTGOV-NO-RECORDS"]


def test_an_api_page_says_that_there_is_more(tmp_path: Path) -> None:
    page = {"studies": [numbered(1)], "nextPageToken": "abc"}
    (tmp_path / "a.json").write_text(json.dumps(page), encoding="utf-8")
    assert trials(tmp_path / "a.json") == ["NCT00000001", "CTGOV-NEXT-PAGE"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="memory is asked of Linux")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """A list of 100 MB, in one line, is cut in a process that holds little of it."""
    one = json.dumps(small_record(), separators=(",", ":"))
    with (tmp_path / "a.json").open("w", encoding="utf-8") as file:
        file.write("[" + one)
        for _ in range(100_000_000 // len(one)):
            file.write("," + one)
        file.write("]")
    code = (
        "import sys; from pathlib import Path;"
        "from trialect.converters.readers.ctgov_records import read, records;"
        "count = sum(1 for one in records(Path(sys.argv[1])) if not one.problems);"
        "status = Path('/proc/self/status').read_text().splitlines();"
        "print(count, next(one.split()[1] for one in status if one.startswith('VmHWM')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.json")],
        capture_output=True,
        check=True,
        text=True,
    )
    count, kilobytes = map(int, done.stdout.split())
    assert count == 100_000_000 // len(one) + 1
    assert kilobytes < 200_000


@pytest.mark.skipif(not DATA.is_dir(), reason="the real records are not beside the checkout")
def test_the_real_records(tmp_path: Path) -> None:
    found = trials(DATA)
    assert len(found) == 159
    assert found.count("CTGOV-V1") == 2
    assert len({one for one in found if one.startswith("NCT")}) == 157
    packed = tmp_path / "a.json.gz"
    with (DATA / "ctg-studies-a.json").open("rb") as file, gzip.open(packed, "wb") as out:
        shutil.copyfileobj(file, out)
    assert trials(packed) == trials(DATA / "ctg-studies-a.json")
