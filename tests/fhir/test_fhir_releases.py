"""The table of what differs between the releases is what is written, and all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from study_of_pain import (
    CODES,
    DEVICES,
    S1,
    STUDY,
    frame,
    frames,
    frames_of_package,
    in_release,
)

import trialect
from trialect.converters.writers.fhir_bundle import write_partition, write_study
from trialect.mappings.fhir.releases import releases
from trialect.protocol import Contact, Eligibility, Enrolment, Sponsor
from trialect.registry_facts import Location, Official, Oversight, Reference
from trialect.schemas.fhir.table import table

EXAMPLE = Path(__file__).parents[2] / "examples" / "NCT07326982"

OTHER_CODES = {
    "Condition.clinicalStatus",
    "Encounter.status",
    "AdverseEvent.outcome",
    "AdverseEvent.seriousness",
}
"""Elements that have the same place in both and other codes."""

OTHER_SHAPE = {
    *("AdverseEvent.identifier", "QuestionnaireResponse.identifier", "ResearchSubject.consent"),
    *(
        "MedicationStatement.category",
        "Procedure.category",
        "PlanDefinition.action.code",
        "Encounter.class",
        "Consent.category",
    ),
    "ResearchStudy.status",
}
"""Elements of both that are lists, or of another type, in one."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, set[str]]]:
    """By release, the paths of the elements that are written, and the URLs of extensions."""
    trial = trialect.read(EXAMPLE)
    qs = frame("USUBJID QSSEQ QSTESTCD QSTEST QSCAT QSORRES",
               (S1, 1, "PI0101", "Pain", None, "7"))  # fmt: skip
    sv = frames()["SV"].with_columns(SVUPDES=pl.lit("Asked to"))
    pr = frames()["PR"].with_columns(PRINDC=pl.lit("Pain"), PRENDTC=pl.lit("2026-02-03"))
    dm = frames()["DM"].with_columns(ACTARMCD=pl.lit("OTHER"), ACTARM=pl.lit("Another"))
    ex = frames()["EX"].with_columns(EXENDTC=pl.lit(None, pl.String))
    changed = {"QS": qs.with_columns(pl.col("QSCAT").cast(pl.String)), "SV": sv, "PR": pr}
    study = replace(STUDY, brief_title="P", description="Long", enrolment=Enrolment(1, 1))
    registered = replace(
        study,
        why_stopped="No funds",
        collaborators=(Sponsor("A Fund", "INDUSTRY"),),
        officials=(Official("A. Chair", "A House", "STUDY_CHAIR"),),
        oversight=Oversight(fda_regulated_drug=True),
        eligibility=Eligibility(criteria="Adults"),
        locations=(Location("A Clinic", contacts=(Contact("B", "CONTACT", "1"),)),),
        references=(Reference("A paper", "1", "RESULT"),),
    )
    trials = [
        (registered, frames()),
        (trial.study, trial.frames),
        (study, frames()),
        (study, {**frames(), **changed, "DM": dm, "EX": ex}),
        (replace(study, acronym="PAIN"), frames_of_package()),
    ]
    found: dict[str, dict[str, set[str]]] = {}
    for release in ("R4", "R5"):
        paths: set[str] = set()
        urls: set[str] = set()
        for number, (one, domains) in enumerate(trials):
            folder = tmp_path_factory.mktemp(f"{release}-{number}")
            given = in_release(one, release)
            part = write_partition(folder, given, CODES, domains, unblinded=True)
            write_study(folder, given, CODES, part.items, {"DI": DEVICES}, unblinded=True)
            for file in (folder / "ndjson").iterdir():
                for line in file.read_bytes().splitlines():
                    for path, value in walk(orjson.loads(line), file.stem):
                        paths.add(path)
                        if path.endswith(".extension.url"):
                            urls.add(str(value))
        found[release] = {"paths": paths, "urls": urls}
    return found


def walk(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every element under a node with its path, without the places in lists."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield f"{path}.{key}", value
            yield from walk(value, f"{path}.{key}")
    elif isinstance(node, list):
        for one in node:
            yield from walk(one, path)


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_what_the_table_names_is_written(written: Any, release: str) -> None:
    cells = {row[release.lower()] for row in releases()} - {""}
    elements = {cell for cell in cells if not cell.startswith("extension ")}
    assert elements - written[release]["paths"] == set()
    urls = {url.rpartition("/")[2].removeprefix("extension-") for url in written[release]["urls"]}
    assert {cell.partition(" ")[2] for cell in cells - elements} - urls == set()


@pytest.mark.parametrize(("release", "other"), [("R4", "R5"), ("R5", "R4")])
def test_what_only_one_release_has_is_in_the_table(written: Any, release: str, other: str) -> None:
    named = [row[release.lower()] for row in releases()]
    alone = written[release]["paths"] - written[other]["paths"]
    left = {
        path
        for path in alone
        if ".extension" not in path
        and not any(path == one or path.startswith(f"{one}.") for one in named)
        # A longer path of the table: what holds it is told with it.
        and not any(one.startswith(f"{path}.") for one in named)
        and not path.rpartition(".")[2].startswith("_")
    }
    assert left == set()


@pytest.mark.parametrize(("release", "other"), [("R4", "R5"), ("R5", "R4")])
def test_an_empty_cell_is_right(release: str, other: str) -> None:
    """What one release alone has is no element of the other."""
    for row in releases():
        mine, yours = row[release.lower()], row[other.lower()]
        if not yours and not mine.startswith("extension ") and mine not in OTHER_SHAPE:
            name, *steps = mine.split(".")
            node = table(other).node(name)
            known = node.properties.get(steps[0])
            # An element of both may still have no such place in it.
            assert known is None or len(steps) > 1 or steps[0].startswith("_"), mine


def test_what_has_the_same_place_in_both_differs_otherwise() -> None:
    same = {row["r4"] for row in releases() if row["r4"] == row["r5"]}
    assert same == (OTHER_CODES | OTHER_SHAPE) - {"ResearchStudy.status", "Consent.category"}


def test_no_fact_is_said_twice() -> None:
    facts = [row["fact"] for row in releases()]
    assert len(set(facts)) == len(facts) > 50
    assert all(row["r4"] or row["r5"] for row in releases())
    assert all(row["remark"] for row in releases() if not (row["r4"] and row["r5"]))
