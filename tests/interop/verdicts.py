"""What our checks and the server's say of the same resource, side by side."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from fhir_client import Client
from hapi import CACHE

from trialect.problems import Problem, Severity
from trialect.schemas.fhir import check_bundle, check_resource

SEEDED = Path(__file__).resolve().parents[1] / "fhir_schema"
DATA = Path(__file__).parent / "data"

EXAMPLES = {"R4": "hl7.fhir.r4.examples@4.0.1", "R5": "hl7.fhir.r5.examples@5.0.0"}
"""HL7's own examples, npm packages."""

SCHEMA = "hl7.fhir.r4b.core@4.3.0"
"""Has the official JSON Schema; the one of R4 is not published as a package."""

TYPES = {
    *("AdverseEvent", "Bundle", "Condition", "Consent", "DiagnosticReport", "Encounter", "Group"),
    *("Location", "Medication", "MedicationAdministration", "MedicationRequest"),
    *("MedicationStatement", "Observation", "Organization", "Patient", "PlanDefinition"),
    *("Practitioner", "PractitionerRole", "Procedure", "Questionnaire", "QuestionnaireResponse"),
    *("ResearchStudy", "ResearchSubject", "Specimen"),
}
"""What we write, and what hospitals send of it and beside it."""

LARGEST = 60_000
"""Bytes; the few examples above it are bundles of definitions."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A resource as the server gets it. `sound` where its makers call it valid."""

    name: str
    text: bytes
    sound: bool

    @property
    def resource(self) -> Json:
        return dict(json.loads(self.text, parse_float=Decimal))

    @property
    def is_envelope(self) -> bool:
        """Parameters are what operations are asked with: the server opens them first."""
        return self.resource.get("resourceType") == "Parameters"


def seeded(release: str) -> Iterator[Case]:
    """Good resources, each with one defect, and those that break or hold one invariant."""
    sys.path.insert(0, str(SEEDED))
    from fhir_examples import OF_RELEASE, changed, load

    suffix = "" if release == "R4" else "_r5"
    for name, resource in OF_RELEASE[release].items():
        yield Case(f"good {name}", _text(resource), True)
    for case in load(f"defects{suffix}.json"):
        broken = changed(case["on"], case, release=release)
        yield Case(f"defect {case['name']}", _text(broken), False)
    for number, case in enumerate(load(f"invariants{suffix}.json")):
        held = case.get("holds", {})
        name = f"{case['key']} {number}"
        good = changed(case["on"], held, release=release)
        broken = changed(case["on"], held, case, release=release)
        yield Case(f"holds {name}", _text(good), True)
        yield Case(f"breaks {name}", _text(broken), False)


def _text(resource: Json) -> bytes:
    return json.dumps(resource, default=float).encode()


def packed(package: str) -> Path | None:
    """The npm package's archive, fetched once; None where npm has it not."""
    name, _, version = package.partition("@")
    archive = CACHE / f"{name}-{version}.tgz"
    if not archive.exists() and shutil.which("npm") is not None:
        command = ["npm", "pack", "--silent", package]
        subprocess.run(command, cwd=CACHE, capture_output=True, timeout=600)
    return archive if archive.exists() else None


def examples(release: str) -> Iterator[Case]:
    """HL7's examples of the types, if npm gives them."""
    archive = packed(EXAMPLES[release])
    if archive is None:
        return
    with tarfile.open(archive) as tar:
        for member in sorted(tar, key=lambda member: member.name):
            file = tar.extractfile(member) if member.name.endswith(".json") else None
            if file is None or member.size > LARGEST:
                continue
            text = file.read()
            if json.loads(text).get("resourceType") in TYPES:
                yield Case(Path(member.name).name, text, True)


def ours(resource: Json, release: str) -> list[Problem]:
    """Our errors; warnings are the specification's recommendations."""
    check = check_bundle if resource.get("resourceType") == "Bundle" else check_resource
    return [one for one in check(resource, release=release) if one.severity == Severity.ERROR]


def theirs(issues: list[Json]) -> list[tuple[str, str]]:
    """The place and the words of the server's errors."""
    return [
        (_place(issue), issue.get("diagnostics", ""))
        for issue in issues
        if issue["severity"] in ("error", "fatal")
    ]


def _place(issue: Json) -> str:
    """HAPI names the resources of a Bundle in comments: entry[0].resource/*Patient/null*/.name."""
    return re.sub(r"/\*.*?\*/", "", (issue.get("location") or [""])[0])


def errors_of(client: Client, resources: list[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """The server's errors of many resources, given by type: what it is about, and the text.

    A Bundle of `TOGETHER` is asked at a time: its resources are checked as by themselves, at a
    quarter of the time. Where one has an error, each is asked by itself, since a Bundle that cannot
    be read has one error of no place.
    """
    parts = [resources[at : at + TOGETHER] for at in range(0, len(resources), TOGETHER)]
    with ThreadPoolExecutor(2) as both:
        found = both.map(lambda part: _errors_together(client, part), parts)
        return [error for errors in found for error in errors]


def _errors_together(client: Client, part: list[tuple[str, bytes]]) -> list[tuple[str, str]]:
    together = theirs(client.issues(_collected(part), "Bundle"))
    if not together:
        return []
    alone = [
        (f"{kind}/{json.loads(line)['id']}", text)
        for kind, line in part
        for _, text in theirs(client.issues(line, kind))
    ]
    return alone or together


TOGETHER = 50


def _collected(resources: list[tuple[str, bytes]]) -> bytes:
    entries = [
        f'{{"fullUrl":"{BASE}/{kind}/{json.loads(line)["id"]}","resource":{line.decode()}}}'
        for kind, line in resources
    ]
    head = '{"resourceType":"Bundle","type":"collection","entry":['
    return f"{head}{','.join(entries)}]}}".encode()


BASE = "https://example.org/fhir"


def same_place(one: str, other: str) -> bool:
    """Whether one is the other or what contains it; `$` and nothing stand for the resource."""
    if "$" in (one, other) or "" in (one, other):
        return True
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and (long[len(short) :] or ".")[0] in ".["
