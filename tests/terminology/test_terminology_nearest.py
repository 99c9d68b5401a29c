"""An unknown value is told with the term that was probably meant."""

from pathlib import Path

import pytest
from nci_files import DATE, codelists, write

from trialect.converters.terminology.install import install
from trialect.schemas.ct import terminology
from trialect.schemas.ct.nearest import alike, meant, suggestion


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, home: Path) -> None:
    install([write(tmp_path, ".txt", codelists())], home / "terminology")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("red", " (RED)"),
        ("Rouge", " (RED)"),
        ("blue and <green>", " (BLUE & GREEN)"),
        ("REDD", " (nearest: RED)"),
        ("blue & gren", " (nearest: BLUE & GREEN)"),
        ("rund", " (nearest: ROUND)"),
        ("zzzz", ""),
        ("", ""),
    ],
)
def test_what_is_proposed(value: str, said: str) -> None:
    found = [terminology(DATE).codelist(key) for key in ("COLR", "SHAPE")]
    assert suggestion(value, [one for one in found if one is not None]) == said


def test_another_word_is_no_spelling() -> None:
    colour = terminology(DATE).codelist("COLR")
    assert colour is not None
    assert meant("Rouge", [colour]) == colour.by_value["RED"]
    assert meant("REDD", [colour]) is None
    assert alike("Rouge", [colour]) is None
    assert alike("RED", []) is None
