"""The server's own validator (`$validate`) on everything that we write of the example."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fhir_client import Client
from verdicts import theirs


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

    def errors(line: bytes) -> list[tuple[str, str]]:
        return theirs(client.issues(line, asked[line]))

    with ThreadPoolExecutor(2) as both:
        found = list(both.map(errors, asked))
    assert not Counter(error for errors in found for error in errors)
    assert len(asked) > 1000
