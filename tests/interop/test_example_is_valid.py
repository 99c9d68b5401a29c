"""The server's own validator (`$validate`) on everything that we write of the example."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fhir_client import Client, Json


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

    def errors(line: bytes) -> list[Json]:
        issues = client.errors(line, asked[line])
        return [issue for issue in issues if issue["severity"] in ("error", "fatal")]

    with ThreadPoolExecutor(2) as both:
        found = list(both.map(errors, asked))
    told = Counter(
        (issue["location"][0], issue["diagnostics"]) for issues in found for issue in issues
    )
    assert not told
    assert len(asked) > 1000
