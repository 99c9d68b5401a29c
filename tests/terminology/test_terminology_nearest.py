"""An unknown value is told with the term that was probably meant."""

from pathlib import Path

import pytest
from nci_files import DATE, codelists, write

from trialect.converters.terminology.install import install
from trialect.schemas.ct import Codelist, nearest, terminology
from trialect.schemas.ct.codelists import Term
from trialect.schemas.ct.nearest import COMPARED, LONGEST, alike, hint, meant


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, home: Path) -> None:
    install([write(tmp_path, ".txt", codelists())], home / "terminology")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("red", " (nearest: RED)"),
        ("Rouge", " (nearest: RED)"),
        ("blue and <green>", " (nearest: BLUE & GREEN)"),
        ("REDD", " (nearest: RED)"),
        ("blue & gren", " (nearest: BLUE & GREEN)"),
        ("rund", " (nearest: ROUND)"),
        ("zzzz", ""),
        ("12.5", ""),
        ("", ""),
    ],
)
def test_what_is_proposed(value: str, said: str) -> None:
    found = [terminology(DATE).codelist(key) for key in ("COLR", "SHAPE")]
    assert hint(value, [one for one in found if one is not None]) == said


def test_another_word_is_no_spelling() -> None:
    colour = terminology(DATE).codelist("COLR")
    assert colour is not None
    assert meant("Rouge", [colour]) == colour.by_value["RED"]
    assert meant("REDD", [colour]) is None
    assert alike("Rouge", [colour]) is None
    assert alike("RED", []) is None


def test_of_a_long_codelist_the_most_alike_is_found() -> None:
    terms = tuple(Term(f"TERM {n:05} OF {n % 7}", f"C{n}", "", ()) for n in range(5_000))
    long = Codelist("C1", "LONG", "Long", extensible=True, terms=terms)
    assert alike("TREM 04321 OF 2", [long]) == terms[4321]
    assert alike("qqqq", [long]) is None
    assert alike("04321", [long]) is None


def test_free_text_held_against_a_long_codelist_is_not_compared_at_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[int] = []

    def counted(word: str, words: list[str], n: int) -> list[str]:
        compared.append(len(word) * sum(map(len, words)))
        return []

    monkeypatch.setattr(nearest, "get_close_matches", counted)
    terms = tuple(Term(f"A LONG TERM {n} " * 8, f"C{n}", "", ()) for n in range(3_000))
    long = Codelist("C2", "LONG2", "Long", extensible=True, terms=terms)
    for size in (10, LONGEST, LONGEST + 1, 10_000):
        alike("a long term " * size, [long])
    alike("a long term", [long])
    assert len(compared) == 1
    assert compared[0] <= LONGEST * COMPARED * 200
