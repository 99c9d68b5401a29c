import csv
import json
from importlib.resources import files
from pathlib import Path

import pytest

from trialect.mappings.registry.countries import _plain, country, country_code, country_name

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
ISO_CODES = Path("/usr/share/iso-codes/json/iso_3166-1.json")


def _lines():
    with (
        files("trialect.mappings.registry").joinpath("countries.csv").open(encoding="utf-8") as file
    ):
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("Korea, Republic of", "KOR"),
        ("South Korea", "KOR"),
        ("Turkey", "TUR"),
        ("Türkiye", "TUR"),
        ("Turkey (Türkiye)", "TUR"),
        ("Côte D’Ivoire", "CIV"),
        ("cote d'ivoire", "CIV"),
        ("Congo", "COG"),
        ("Congo, The Democratic Republic of the", "COD"),
        ("Macedonia, The Former Yugoslav Republic of", "MKD"),
        ("Czech Republic", "CZE"),
        ("Swaziland", "SWZ"),
        ("Réunion", "REU"),
        ("Georgia", "GEO"),
        ("  United   States ", "USA"),
        ("TUR", "TUR"),
    ],
)
def test_a_word_has_its_code(word, code):
    assert country_code(word) == code


@pytest.mark.parametrize(
    "word", ["Former Serbia and Montenegro", "Former Yugoslavia", "Netherlands Antilles", "Kosovo"]
)
def test_a_country_without_a_code_says_why(word):
    found = country(word)
    assert found is not None
    assert found.code is None
    assert found.why


@pytest.mark.parametrize("word", ["", "Atlantis", "Korea", "TU", "tur", "Guinea Bissau Ecuador"])
def test_what_is_not_listed_is_not_guessed(word):
    assert country(word) is None
    assert country_code(word) is None


def test_no_word_means_two_countries():
    meant: dict[str, str] = {}
    for line in _lines():
        for word in {_plain(one) for one in [line["name"], *line["also"].split("; ")] if one}:
            assert meant.setdefault(word, line["name"]) == line["name"], word


def test_every_code_has_a_word_that_leads_back_to_it():
    codes = [line["alpha3"] for line in _lines() if line["alpha3"]]
    assert len(codes) == len(set(codes)) == 249
    for code in codes:
        assert country_code(country_name(code)) == code
    assert country_name("XXX") is None
    assert country_name("Turkey") is None


@pytest.mark.skipif(not ISO_CODES.exists(), reason="the package iso-codes is not installed")
def test_codes_and_names_are_those_of_iso_3166():
    for one in json.loads(ISO_CODES.read_text(encoding="utf-8"))["3166-1"]:
        for key in ("name", "common_name"):
            if key in one:
                assert country_code(one[key]) == one["alpha_3"]


@pytest.mark.skipif(not (SHARED / "data/ctgov").exists(), reason="no registry records at hand")
def test_every_country_of_the_records_has_a_code():
    seen = set()
    for path in sorted((SHARED / "data/ctgov").glob("*.json")):
        data = json.loads(path.read_bytes())
        for record in data if isinstance(data, list) else [data]:
            places = record.get("protocolSection", {}).get("contactsLocationsModule", {})
            seen |= {one["country"] for one in places.get("locations", ()) if "country" in one}
    assert len(seen) > 50
    assert {word for word in seen if country_code(word) is None} == set()
