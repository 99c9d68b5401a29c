"""Registry records as ResearchStudy on a real server: valid, taken whole, and only once.

The records are those beside the checkout (`../shared/data/ctgov`). Of `$validate` each shape of
each type is asked once (samples.py), as if one base named all records; TRIALECT_INTEROP_ALL asks
every resource of every record. The bundles that are sent are those of a few records, after
test_transactions.py has looked at all that the server holds.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from fhir_client import Client, sent
from samples import shape
from verdicts import errors_of

from trialect.converters.writers.fhir_study import write
from trialect.mappings.fhir.study_resources import study_resources
from trialect.mappings.registry.ctgov_record import study_of
from trialect.trial import Study

RECORDS = Path(__file__).resolve().parents[3] / "shared" / "data" / "ctgov"
ALL = bool(os.environ.get("TRIALECT_INTEROP_ALL"))
SENT = 5


def _records() -> Iterator[dict[str, object]]:
    for file in sorted(RECORDS.glob("*.json")):
        found = json.loads(file.read_bytes())
        for record in found if isinstance(found, list) else [found]:
            if "protocolSection" in record:
                yield record


@pytest.fixture(scope="module")
def studies(release: str) -> list[Study]:
    if not RECORDS.exists():
        pytest.skip(f"no {RECORDS.name} beside the checkout")
    found = [study_of(record, lambda _: None) for record in _records()]
    return [replace(one, fhir=replace(one.fhir, release=release)) for one in found]


def test_every_shape_of_resource_is_valid(client: Client, studies: list[Study]) -> None:
    """What the records' own bases make different is the same shape."""
    asked: list[tuple[str, bytes]] = []
    seen: set[str] = set()
    for one in studies:
        alike = replace(one, fhir=replace(one.fhir, base="https://trials.invalid"))
        both = zip(study_resources(one, {})[0], study_resources(alike, {})[0], strict=True)
        for resource, named in both:
            form = shape(json.loads(orjson.dumps(named)))
            if ALL or form not in seen:
                seen.add(form)
                asked.append((resource["resourceType"], orjson.dumps(resource)))
    assert errors_of(client, asked) == []
    assert len(asked) > 200


def test_a_record_is_taken_whole_and_once(
    client: Client, studies: list[Study], tmp_path: Path
) -> None:
    """Records of few places, so that the server has done with them in seconds."""
    few = sorted(studies, key=lambda one: (len(one.locations), one.studyid))
    for number, one in enumerate(few[5 :: len(few) // SENT][:SENT]):
        if len(one.locations) > 40:
            continue
        (file,) = write(one, lambda _: None)
        path = tmp_path / f"{number}.json"
        path.write_bytes(file.content)
        assert {answer["status"] for answer in sent(client, path)} == {"201 Created"}
        again = sent(client, path)
        assert {answer["status"] for answer in again} == {"200 OK"}
        assert {answer["etag"] for answer in again} == {"1"}
