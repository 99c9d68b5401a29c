"""The table of facts is what the official definitions say, small, quick to load and repeatable."""

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from script_modules import SCRIPTS, script

from trialect.schemas.fhir import check_resource
from trialect.schemas.fhir import table as table_module
from trialect.schemas.fhir.primitives import CHECKS, checks
from trialect.schemas.fhir.table import Table, table

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "trialect" / "schemas" / "fhir"
PACKAGES = {
    "R4": ("hl7.fhir.r4.examples@4.0.1",),
    "R5": (
        "hl7.fhir.r5.core@5.0.0",
        "hl7.fhir.uv.extensions.r5@5.3.0-ballot-tc1",
        "hl7.terminology.r5@7.0.1",
    ),
}
RELEASES = pytest.mark.parametrize("release", PACKAGES)


def file_of(release: str) -> Path:
    return TABLES / f"{release.lower()}.json.gz"


@RELEASES
def test_the_table_says_where_it_comes_from(release: str) -> None:
    sources = table(release).provenance
    assert tuple(f"{one['package']}@{one['version']}" for one in sources) == PACKAGES[release]
    assert {one["licence"] for one in sources} == {"CC0-1.0"}
    assert {len(one["sha256"]) for one in sources} == {64}


@RELEASES
def test_the_table_is_small_and_carries_no_time(release: str) -> None:
    data = file_of(release).read_bytes()
    assert len(data) < 110_000
    assert data[4:8] == b"\0\0\0\0"


@RELEASES
def test_checking_a_resource_loads_no_library_of_columns(release: str) -> None:
    resource = {"resourceType": "Observation", "status": "final", "code": {}}
    code = (
        "import sys, trialect.schemas.fhir as fhir;"
        f"fhir.check_resource({resource}, {release!r});"
        "print(*sorted({'polars', 'numpy', 'pandas', 'lxml'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout == "\n"


@pytest.mark.parametrize(("release", "count"), [("R4", 146), ("R5", 158)])
def test_all_resources_of_a_release_are_there(release: str, count: int) -> None:
    definitions = table(release)
    assert len(definitions.resources) == count
    for name in definitions.resources:
        assert definitions.node(name).resource
    assert {"Resource", "DomainResource"}.isdisjoint(definitions.resources)


@RELEASES
def test_every_node_of_every_type_can_be_built(release: str) -> None:
    facts = json.loads(gzip.decompress(file_of(release).read_bytes()))
    definitions = Table(facts)
    for given in facts["types"].values():
        for path in given["nodes"]:
            for prop in definitions.node(path).properties.values():
                if prop.kind == "complex":
                    assert definitions.node(prop.type).properties
                elif prop.kind == "primitive":
                    assert prop.type in checks(release)


def test_facts_of_an_element() -> None:
    node = table().node("Observation")
    status = node.properties["status"]
    assert status.binding is not None
    assert status.binding.codes == {
        *("registered", "preliminary", "final", "amended"),
        *("corrected", "cancelled", "entered-in-error", "unknown"),
    }
    assert node.properties["subject"].targets == {"Patient", "Group", "Device", "Location"}
    assert node.properties["valueQuantity"].step == "value.ofType(Quantity)"
    assert node.properties["component"].many
    assert node.properties["focus"].targets == {"Resource"}
    assert ("code", ("code",)) in node.required
    assert table().node("Questionnaire.item").properties["item"].type == "Questionnaire.item"


def test_facts_of_an_element_that_r5_has_alone() -> None:
    definitions = table("R5")
    medication = definitions.node("MedicationAdministration").properties["medication"]
    inner = definitions.node(medication.type)
    assert inner.properties["reference"].targets == {"Medication"}
    assert definitions.node("CodeableReference").properties["reference"].targets is None
    assert definitions.node("Attachment").properties["size"].type == "integer64"
    wrong = {"medication": {"reference": {"reference": "Patient/1"}}, "status": "in-progress"}
    given = {
        **{"resourceType": "MedicationAdministration", "subject": {"reference": "Patient/1"}},
        **{"occurenceDateTime": "2026", **wrong},
    }
    (problem,) = check_resource(given, "R5")
    assert problem.rule == "FHIR-REFERENCE-TARGET"
    assert problem.path == "MedicationAdministration.medication.reference"


def test_required_value_sets_have_their_codes() -> None:
    definitions = table()
    unknown = {"http://loinc.org/vs/LL379-9", "http://www.rfc-editor.org/bcp/bcp13.txt"}
    facts = json.loads(gzip.decompress(file_of("R4").read_bytes()))
    assert set(facts["unexpanded"]) == unknown
    subject = definitions.node("ResearchSubject").properties["status"].binding
    assert subject is not None
    assert subject.codes is not None
    assert len(subject.codes) == 13
    when = definitions.node("Timing.repeat").properties["when"].binding
    assert when is not None
    assert when.codes is not None
    assert {"MORN", "ACM", "PHS"} <= when.codes


def test_the_patterns_of_the_definitions_agree_with_the_checks() -> None:
    import re

    samples = [
        *("2026", "2026-02", "2026-02-01", "0000", "2026-13", "12:00:00", "24:00:00", "12:00"),
        *("2026-02-01T00:00:00Z", "2026-02-01T00:00:00+14:00", "2026-02-01T00:00:00", "a", "a b"),
        *("a  b", " a", "urn:oid:1.2", "urn:oid:3.1", "urn:uuid:1", "http://a", "x" * 65),
    ]
    for name in ("date", "dateTime", "instant", "time", "id", "oid", "code"):
        pattern = re.compile(table().primitives[name]["regex"], re.ASCII)
        for sample in samples:
            official = pattern.fullmatch(sample) is not None
            assert (CHECKS[name](sample) is None) == official, (name, sample)


def test_a_release_without_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no FHIR definitions for R3; there are R4, R5"):
        check_resource({"resourceType": "Patient"}, "R3")
    assert table_module.RELEASES == ("R4", "R5")


def packed(path: Path, resources: list[dict[str, Any]]) -> Path:
    about = {"name": "made.up", "version": "1.0.0", "license": "CC0-1.0"}
    with tarfile.open(path, "w:gz") as tar:
        for name, content in [
            ("package.json", about),
            *((f"{r['resourceType']}-{r['id']}.json", r) for r in resources),
        ]:
            data = json.dumps(content).encode()
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


CODES = {
    "resourceType": "CodeSystem",
    "id": "animals",
    "url": "https://example.org/animals",
    "content": "complete",
    "concept": [
        {"code": "bird", "concept": [{"code": "owl"}, {"code": "duck"}]},
        {"code": "fish", "concept": [{"code": "eel"}]},
        {"code": "bat", "property": [{"code": "parent", "valueCode": "bird"}]},
    ],
}


@pytest.mark.parametrize(
    ("compose", "expected"),
    [
        ({"include": [{"system": CODES["url"]}]}, ["bat", "bird", "duck", "eel", "fish", "owl"]),
        ({"include": [{"system": CODES["url"], "concept": [{"code": "owl"}]}]}, ["owl"]),
        (
            {
                "include": [
                    {
                        "system": CODES["url"],
                        "filter": [{"property": "concept", "op": "is-a", "value": "bird"}],
                    }
                ]
            },
            ["bat", "bird", "duck", "owl"],
        ),
        (
            {
                "include": [
                    {
                        "system": CODES["url"],
                        "filter": [{"property": "concept", "op": "descendent-of", "value": "fish"}],
                    }
                ]
            },
            ["eel"],
        ),
        (
            {
                "include": [{"system": CODES["url"]}],
                "exclude": [
                    {"system": CODES["url"], "concept": [{"code": "bat"}, {"code": "eel"}]}
                ],
            },
            ["bird", "duck", "fish", "owl"],
        ),
        ({"include": [{"valueSet": ["https://example.org/owls"]}]}, ["owl"]),
        (
            {"include": [{"system": CODES["url"], "valueSet": ["https://example.org/owls"]}]},
            ["owl"],
        ),
        ({"include": [{"system": "https://example.org/unknown"}]}, None),
        (
            {
                "include": [
                    {
                        "system": CODES["url"],
                        "filter": [{"property": "size", "op": "=", "value": "1"}],
                    }
                ]
            },
            "unknown",
        ),
    ],
)
def test_value_sets_are_expanded(tmp_path: Path, compose: dict[str, Any], expected: Any) -> None:
    owls = {"include": [{"system": CODES["url"], "concept": [{"code": "owl"}]}]}
    sets = [
        {"resourceType": "ValueSet", "id": "v", "url": "https://example.org/v", "compose": compose},
        {"resourceType": "ValueSet", "id": "o", "url": "https://example.org/owls", "compose": owls},
    ]
    packages = script("build_fhir_tables").Packages([packed(tmp_path / "made.tgz", [CODES, *sets])])
    found = packages.codes("https://example.org/v|1.0")
    if expected == "unknown":
        assert found is None
    else:
        assert list(found.values()) == [expected]
    assert packages.codes("https://example.org/none") is None


@pytest.mark.node
@pytest.mark.slow
@RELEASES
def test_the_table_is_what_the_official_packages_give(tmp_path: Path, release: str) -> None:
    given = os.environ.get(f"FHIR_{release}_PACKAGES", "").split() or PACKAGES[release]
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    started = time.monotonic()
    file = str(SCRIPTS / "build_fhir_tables.py")
    done = subprocess.run(
        [sys.executable, file, release, *given, "--to", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode and "npm" in done.stderr:
        pytest.skip(f"npm gave no package in {time.monotonic() - started:.0f} s")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / file_of(release).name).read_bytes() == file_of(release).read_bytes()
