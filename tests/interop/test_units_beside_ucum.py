"""Units of UCUM: what the server calls one is one here, and what it refuses is refused here."""

import json
import re
import sys
from importlib import resources
from itertools import cycle

from fhir_client import Client
from verdicts import SEEDED

from trialect.schemas.fhir.ucum import SYSTEM, unit_fault

NEWER = {"[FNU]", "[IR]", "[NTU]", "[degRe]", "[m/s2/Hz^(1/2)]"}
"""Atoms of UCUM 2.2, which we have; HAPI 8.6 has UCUM 1.9."""

STRICTER = {"m)"}
"""HAPI's reader ends at a parenthesis that closes nothing; UCUM's grammar has it in pairs only."""


def codes() -> list[str]:
    """Every atom, by itself and with a prefix, and the cases of our own tests."""
    sys.path.insert(0, str(SEEDED))
    from test_fhir_ucum import NONE, UNITS

    table = json.loads(resources.files("trialect.schemas.fhir").joinpath("ucum.json").read_bytes())
    atoms = [*table["metric"].split(), *table["other"].split()]
    prefixes = cycle(table["prefixes"].split())
    with_prefix = [f"{prefix}{atom}" for prefix, atom in zip(prefixes, atoms, strict=False)]
    return list(dict.fromkeys([*UNITS, *NONE, *atoms, *with_prefix]))


def test_the_units_of_ucum_are_those_of_the_server(client: Client) -> None:
    asked = codes()
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "component": [
            {"code": {"text": "x"}, "valueQuantity": {"value": 1, "system": SYSTEM, "code": code}}
            for code in asked
        ],
    }
    issues = client.issues(json.dumps(observation).encode(), "Observation")
    errors = [one for one in issues if one["severity"] == "error"]
    places = [re.search(r"component\[(\d+)\]", one["location"][0]) for one in errors]
    refused = {asked[int(place[1])] for place in places if place}
    ours = {code for code in asked if unit_fault(code)}
    assert len(asked) > 600
    assert len(refused) > 100
    assert refused - ours == NEWER & set(asked)
    assert ours - refused == STRICTER
