"""The reference trial as each registry's file: from the text of its page alone, from study.yaml.

`python scripts/make_golden_registry.py` renews the files after a change that is meant.
"""

from pathlib import Path

import pytest
from page_small import SCRAPED
from script_modules import script

import trialect

golden = script("make_golden_registry")

NEED = pytest.mark.skipif(
    not golden.PAGE.is_file(), reason="the page of the reference trial is not at hand"
)
MADE = {
    "study": lambda: golden.of_study_folder(golden.STUDY),
    "invented-page": lambda: golden.of_page(golden.INVENTED, str),
    "page": lambda: golden.of_page(golden.PAGE, golden.hidden),
}


@pytest.mark.parametrize("name", ["study", "invented-page", pytest.param("page", marks=NEED)])
def test_the_files_are_those_that_people_agreed_with(name):
    made = MADE[name]()
    folder: Path = golden.GOLDEN / name
    assert sorted(made) == sorted(file.name for file in folder.iterdir())
    for file, text in made.items():
        assert text == (folder / file).read_text(encoding="utf-8"), file


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("study", golden.STUDY),
        ("invented-page", golden.INVENTED),
        pytest.param("page", golden.PAGE, marks=NEED),
    ],
)
def test_they_are_what_convert_writes(name: str, source: Path, tmp_path: Path) -> None:
    """Byte for byte, but for the layout of JSON and what of the page is not shown."""
    done = trialect.convert(source, tmp_path / "out", to=["prs", "ictrp", "ctgov"])
    hide = golden.hidden if name == "page" else str
    for file in ("prs.xml", "ictrp.xml", "ctgov.json"):
        (written,) = done.out.rglob(f"registry/{file}")
        text = golden._hidden(file, written.read_text(encoding="utf-8"), hide)
        agreed = (golden.GOLDEN / name / file).read_text(encoding="utf-8")
        assert text == (agreed if name != "study" else golden._hidden(file, agreed, hide)), file


def test_the_invented_page_is_the_one_of_the_other_tests():
    assert golden.INVENTED.read_text(encoding="utf-8") == SCRAPED


@NEED
def test_no_passage_of_the_page_stands_in_the_files():
    """Names and short facts do; not its sentences."""
    page = golden.PAGE.read_text(encoding="utf-8")
    passages = [
        line[start : start + golden.LONGEST + 1]
        for line in page.splitlines()
        for start in range(0, max(0, len(line) - golden.LONGEST), 20)
    ]
    for file in (golden.GOLDEN / "page").iterdir():
        text = file.read_text(encoding="utf-8")
        assert not [one for one in passages if one in text], file.name


def test_the_lists_of_what_is_needed_name_what_nobody_states():
    page = (golden.GOLDEN / "page" / "needed.txt").read_text()
    for fact in ("studyid: org_study_id", "eligibility.sex: gender", "parameters.ADDON: ADDON"):
        assert f"  {fact}." in page
    study = (golden.GOLDEN / "study" / "needed.txt").read_text()
    assert "FDA TS still needs 0:" in study
    assert "verified: verification_date" in study
