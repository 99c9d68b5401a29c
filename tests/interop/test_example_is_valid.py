"""The server's own validator (`$validate`) on everything that we write of the example."""

import json
from pathlib import Path

from fhir_client import Client
from verdicts import errors_of


def test_every_resource_of_the_example_is_valid(
    client: Client, blinded: Path, unblinded: Path, release: str
) -> None:
    """Blinded and unblinded; what is the same in both is asked once."""
    asked = {
        line: path.stem
        for folder in (blinded, unblinded)
        for path in sorted((folder / "ndjson").glob("*.ndjson"))
        for line in path.read_bytes().splitlines()
    }
    assert errors_of(client, [(kind, line) for line, kind in asked.items()]) == []
    assert len(asked) > 1000


def test_a_fault_among_many_is_found(client: Client, unblinded: Path) -> None:
    """So that asking of many at a time says as much as asking of each."""
    lines = (unblinded / "ndjson" / "Observation.ndjson").read_bytes().splitlines()[:60]
    broken = []
    for place, change in ((7, {"status": "done"}), (54, {"valueQuantity": {"valeu": 1}})):
        resource = {**json.loads(lines[place]), **change}
        lines[place] = json.dumps(resource).encode()
        broken.append(f"Observation/{resource['id']}")
    found = errors_of(client, [("Observation", one) for one in lines])
    assert {where for where, _ in found} == set(broken)
