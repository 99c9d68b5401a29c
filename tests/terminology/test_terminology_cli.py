"""`trialect terminology` as people and programs meet it."""

import json
from pathlib import Path

import pytest
from nci_files import DATE, WRITERS, codelists, rows, write, write_text
from typer.testing import CliRunner, Result

from trialect.cli import Exit, app
from trialect.schemas.ct import places


def run(*words: object) -> Result:
    result = CliRunner().invoke(app, ["terminology", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


@pytest.mark.parametrize("ending", WRITERS)
def test_a_file_is_installed_and_listed(ending: str, tmp_path: Path, home: Path) -> None:
    path = write(tmp_path, ending)
    done = run("install", path)
    assert done.exit_code == Exit.CLEAN
    assert f"SDTM CT {DATE} installed: 3 codelists, 6 terms" in done.output
    assert f"sdtm: {{ct: {DATE}}}" in done.output
    assert str(places.table_file(home / "terminology", DATE)) in done.output
    again = run("install", path)
    assert again.exit_code == Exit.CLEAN
    assert "was there already, nothing changed" in again.output
    line = next(one for one in run("list").output.splitlines() if one.startswith(DATE))
    assert line.split()[1:3] == ["3", "6"]
    assert path.name in line


def test_the_list_says_what_is_shipped() -> None:
    said = run("list")
    assert said.exit_code == Exit.CLEAN
    version = places.shipped()[-1].version
    assert f"{version}       1,158   43,698  comes with trialect; used where" in said.output


def test_the_list_for_programs(tmp_path: Path, home: Path) -> None:
    run("install", write(tmp_path, ".txt"))
    shipped, installed = json.loads(run("list", "--json").output)
    assert (shipped["place"], shipped["default"], shipped["terms"]) == ("shipped", True, 43698)
    assert installed["version"] == DATE
    assert installed["file"] == str(places.table_file(home / "terminology", DATE))
    assert (installed["place"], installed["used"], installed["default"]) == ("user", True, False)
    assert (installed["codelists"], installed["terms"], installed["problems"]) == (3, 6, [])
    assert installed["sources"][0]["file"] == f"SDTM Terminology {DATE}.txt"
    assert len(installed["sources"][0]["sha256"]) == 64


def test_a_study_carries_its_own(tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    (study / "study.yaml").write_text("studyid: A\n")
    done = run("install", write(tmp_path, ".txt"), "--study", study)
    assert str(places.table_file(study / "terminology", DATE)) in done.output
    assert DATE not in run("list").output
    assert DATE in run("list", "--study", study).output


def test_the_users_folder_may_be_given(tmp_path: Path) -> None:
    run("install", write(tmp_path, ".txt"), "--home", tmp_path / "other")
    assert places.table_file(tmp_path / "other" / "terminology", DATE).is_file()
    assert DATE not in run("list").output
    assert DATE in run("list", "--home", tmp_path / "other").output
    assert run("install", "--help").output.count(places.HOME) == 1


def test_what_is_refused_says_why_and_ends_with_2(tmp_path: Path) -> None:
    bad = write_text(tmp_path / "SDTM Terminology.txt", rows(codelists()))
    said = run("install", bad)
    assert said.exit_code == Exit.UNUSABLE
    assert said.stdout == ""
    assert "SDTM Terminology.txt: neither the name of the file" in said.stderr
    assert run("install", bad, "--version", DATE).exit_code == Exit.CLEAN
    table = [*rows(codelists()), ("C9000099", "C9000001", "", "Colour", "GREY", "", "", "Grey")]
    write_text(bad, table)
    said = run("install", bad, "--version", DATE)
    assert (said.exit_code, "say --replace" in said.stderr) == (Exit.UNUSABLE, True)
    assert run("install", bad, "--version", DATE, "--replace").exit_code == Exit.CLEAN
    assert run("install", tmp_path / "none.txt").exit_code == Exit.UNUSABLE
    assert run("install", tmp_path).exit_code == Exit.UNUSABLE


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    said = run("install", write(tmp_path, ".txt"))
    assert said.exit_code == Exit.UNUSABLE
    assert "Traceback" not in said.output


def test_findings_of_a_file_are_shown(tmp_path: Path) -> None:
    said = run("install", write(tmp_path, ".txt"))
    assert f"note: version {DATE} does not have C" in said.output


def test_a_damaged_table_is_listed_as_such(tmp_path: Path, home: Path) -> None:
    run("install", write(tmp_path, ".txt"))
    places.table_file(home / "terminology", DATE).write_bytes(b"?")
    said = run("list")
    assert said.exit_code == Exit.FINDINGS
    assert "error: " in said.output
    listed = json.loads(run("list", "--json").output)[-1]
    assert (listed["codelists"], listed["problems"][0]["rule"]) == (None, "CT-DAMAGED")


DOCS = Path(__file__).resolve().parents[2] / "docs" / "terminology.md"


def test_the_page_names_every_key_of_the_list(tmp_path: Path) -> None:
    run("install", write(tmp_path, ".txt"))
    listed = json.loads(run("list", "--json").output)[-1]
    page = DOCS.read_text(encoding="utf-8")
    for key in (*listed, *listed["sources"][0]):
        assert f"`{key}`" in page, key


def test_the_python_of_the_page_is_true() -> None:
    code = DOCS.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    *lines, last = code.strip().splitlines()
    names: dict[str, object] = {}
    exec("\n".join(lines), names)
    assert eval(last, names) == (False, "C16576")
