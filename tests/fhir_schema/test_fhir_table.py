"""The table of facts is what the official definitions say, small, quick to load and repeatable."""

import gzip
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from trialect.schemas.fhir import check_resource
from trialect.schemas.fhir import table as table_module
from trialect.schemas.fhir.primitives import CHECKS
from trialect.schemas.fhir.table import Table, table

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "trialect" / "schemas" / "fhir" / "r4.json.gz"


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build", ROOT / "scripts/build_fhir_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_says_where_it_comes_from() -> None:
    (source,) = table().provenance
    assert source["package"] == "hl7.fhir.r4.examples"
    assert source["version"] == "4.0.1"
    assert source["licence"] == "CC0-1.0"
    assert len(source["sha256"]) == 64


def test_the_table_is_small_and_carries_no_time() -> None:
    data = TABLE.read_bytes()
    assert len(data) < 100_000
    assert data[4:8] == b"\0\0\0\0"


def test_the_table_loads_in_a_moment() -> None:
    code = (
        "import time; a = time.process_time(); import trialect.schemas.fhir as fhir;"
        "fhir.check_resource({'resourceType': 'Observation', 'status': 'final', 'code': {}});"
        "print(time.process_time() - a)"
    )
    took = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(took) < 0.15


def test_all_resources_of_r4_are_there() -> None:
    definitions = table()
    assert len(definitions.resources) == 146
    for name in definitions.resources:
        assert definitions.node(name).resource
    assert {"Resource", "DomainResource"}.isdisjoint(definitions.resources)


def test_every_node_of_every_type_can_be_built() -> None:
    facts = json.loads(gzip.decompress(TABLE.read_bytes()))
    definitions = Table(facts)
    for given in facts["types"].values():
        for path in given["nodes"]:
            for prop in definitions.node(path).properties.values():
                if prop.kind == "complex":
                    assert definitions.node(prop.type).properties
                elif prop.kind == "primitive":
                    assert prop.type in CHECKS


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


def test_required_value_sets_have_their_codes() -> None:
    definitions = table()
    unknown = {"http://loinc.org/vs/LL379-9", "http://www.rfc-editor.org/bcp/bcp13.txt"}
    facts = json.loads(gzip.decompress(TABLE.read_bytes()))
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
    with pytest.raises(ValueError, match="no FHIR definitions for R3; there are R4"):
        check_resource({"resourceType": "Patient"}, "R3")
    assert table_module.RELEASES == ("R4",)


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
    packages = builder().Packages([packed(tmp_path / "made.tgz", [CODES, *sets])])
    found = packages.codes("https://example.org/v|1.0")
    if expected == "unknown":
        assert found is None
    else:
        assert list(found.values()) == [expected]
    assert packages.codes("https://example.org/none") is None


@pytest.mark.node
@pytest.mark.slow
def test_the_table_is_what_the_official_package_gives(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    started = time.monotonic()
    done = subprocess.run(
        [
            *(sys.executable, str(ROOT / "scripts/build_fhir_tables.py"), "R4"),
            *(
                os.environ.get("FHIR_R4_PACKAGE", "hl7.fhir.r4.examples@4.0.1"),
                "--to",
                str(tmp_path),
            ),
        ],
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode and "npm" in done.stderr:
        pytest.skip(f"npm gave no package in {time.monotonic() - started:.0f} s")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "r4.json.gz").read_bytes() == TABLE.read_bytes()
