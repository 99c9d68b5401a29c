"""CDISC's sample submission (27 datasets) as FHIR on a real server: valid, taken whole, once.

All of it are 15,822 resources. Without TRIALECT_INTEROP_ALL a part is asked: of `$validate` each
shape of each type once (samples.py), of transactions the study's bundle and the smallest of the
subjects', which has every type that subjects have.
"""

import os
from collections import Counter
from pathlib import Path

import pytest
from canonical import read_ndjson
from fhir_client import Client, bundles, sent
from samples import one_of_each
from verdicts import errors_of

import trialect

PACKAGE = Path(__file__).resolve().parents[3] / "shared" / "data" / "sdtm-msg"
ALL = bool(os.environ.get("TRIALECT_INTEROP_ALL"))


@pytest.fixture(scope="session")
def submission(server: object, tmp_path_factory: pytest.TempPathFactory, release: str) -> Path:
    """Its FHIR, unblinded: every type of resource that packages become, and every value."""
    if not PACKAGE.exists():
        pytest.skip(f"no {PACKAGE.name} beside the checkout")
    out = tmp_path_factory.mktemp("submission") / "out"
    # Bundles of few subjects, so that a part of them can be sent.
    trialect.convert(
        PACKAGE, out, to=["fhir"], unblinded=True, fhir_release=release, partition_subjects=1
    )
    return out / "fhir"


def test_every_shape_of_resource_is_valid(client: Client, submission: Path) -> None:
    """Every resource with TRIALECT_INTEROP_ALL."""
    asked = []
    for path in sorted((submission / "ndjson").glob("*.ndjson")):
        lines = path.read_bytes().splitlines()
        asked += [(path.stem, line) for line in (lines if ALL else one_of_each(lines))]
    assert len({kind for kind, _ in asked}) >= 18
    assert len(asked) > 250
    assert errors_of(client, asked) == []


def test_its_bundles_are_taken_and_change_nothing_when_sent_again(
    client: Client, submission: Path
) -> None:
    paths = bundles(submission)
    some = paths if ALL else [paths[0], min(paths[1:], key=lambda path: path.stat().st_size)]
    first = [one for path in some for one in sent(client, path)]
    assert {one["status"] for one in first} == {"201 Created"}
    kinds = Counter(one["location"].split("/")[0] for one in first)
    before = {kind: client.count(kind) for kind in kinds}
    again = [one for path in some for one in sent(client, path)]
    assert {one["status"] for one in again} == {"200 OK"}
    assert [one["location"] for one in again] == [one["location"] for one in first]
    assert all(one["location"].endswith("/_history/1") for one in again)
    assert {kind: client.count(kind) for kind in kinds} == before
    if ALL:
        held = read_ndjson(submission / "ndjson")
        assert kinds == {kind: len(lines) for kind, lines in held.items()}
