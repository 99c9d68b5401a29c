"""QS rows to serialised Observations, against fhir.resources, in one process and one run.

    python -m benchmarks.bench_fhir [SUBJECTS]

The same records go three ways: our Observations (from the domain to NDJSON on disk), construct
and dump of fhir.resources, and plain dicts through orjson, the floor for anything that builds
objects. Medians of several runs.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import polars as pl

from trialect.converters.writers.fhir_bundle import write_partition
from trialect.converters.writers.fhir_json import Rendered
from trialect.converters.writers.fhir_ndjson import write_lines
from trialect.mappings.fhir import observation
from trialect.mappings.fhir.partition import Partition
from trialect.protocol import Site, Sponsor, Visit
from trialect.study_options import FhirOptions
from trialect.trial import Study

STUDY = Study(
    studyid="BENCH",
    title="A trial to measure",
    sponsor=Sponsor("Example University"),
    invented="Invented records.",
    sites=(Site("01", "Clinic", "Europe/Istanbul", "TUR"),),
    visits=tuple(Visit(number, f"VISIT {number}", number) for number in range(1, 7)),
    fhir=FhirOptions(base="https://trials.example.org/BENCH"),
)
CODES = {"PI0101": ("72514-3", "1172399009")}
TESTS = (("PI0101", "PI01-Pain Intensity", "PI"), ("PR0101", "PR01-Pain Relief", "PR"),
         ("GCGI0102", "GCGI01-Global Improvement of Pain", "GCGI"))  # fmt: skip
PEER_ROWS = 2_000
"""fhir.resources is slow enough to be measured on fewer rows."""


def domains(subjects: int) -> dict[str, pl.DataFrame]:
    """Subjects with 6 visits and 18 results each; a score is missing here and there."""
    names = [f"BENCH-01-{number:06d}" for number in range(1, subjects + 1)]
    qs = []
    sv = []
    for number, name in enumerate(names):
        seq = 0
        for visit in range(1, 7):
            day = f"2026-{visit:02d}-{number % 28 + 1:02d}"
            sv.append((name, float(visit), f"VISIT {visit}", day))
            for place, (testcd, test, category) in enumerate(TESTS):
                seq += 1
                missed = (number + seq) % 40 == 0
                score = [str(seq % 11), f"{seq * 5}.50", "Much improved"][place]
                unit = "%" if place == 1 else None
                qs.append((
                    name, float(seq), testcd, test, category, None if missed else score,
                    None if missed else unit, None if missed else ["", "", "2"][place] or score,
                    "NOT DONE" if missed else None, "Not available" if missed else None,
                    float(visit), f"{day}T{8 + number % 9:02d}:{seq:02d}",
                ))  # fmt: skip
    return {
        "DM": pl.DataFrame({"USUBJID": names}).with_columns(SITEID=pl.lit("01"), SEX=pl.lit("F")),
        "SV": pl.DataFrame(sv, ["USUBJID", "VISITNUM", "VISIT", "SVSTDTC"], orient="row"),
        "QS": pl.DataFrame(
            qs,
            ["USUBJID", "QSSEQ", "QSTESTCD", "QSTEST", "QSCAT", "QSORRES", "QSORRESU", "QSSTRESC",
             "QSSTAT", "QSREASND", "VISITNUM", "QSDTC"],
            orient="row",
            infer_schema_length=None,
        ),
    }  # fmt: skip


def ours(frames: dict[str, pl.DataFrame], folder: Path) -> None:
    """Observations from the domains to NDJSON on disk."""
    part = Partition(STUDY, CODES, frames, unblinded=False)
    rows = part.rows(observation.RESOURCE)
    rendered = Rendered(observation.template(part), rows, part.identity)
    file = folder / "Observation.ndjson"
    file.unlink(missing_ok=True)
    write_lines(file, rendered.lines())


def everything(frames: dict[str, pl.DataFrame], folder: Path) -> int:
    """All resources of the subjects, as NDJSON and bundles on disk."""
    for file in folder.rglob("*.*json"):
        file.unlink()
    return sum(write_partition(folder, STUDY, CODES, frames).counts.values())


def with_fhir_resources(resources: list[dict[str, object]]) -> None:
    from fhir.resources.R4B.observation import Observation

    for resource in resources:
        Observation.model_validate(resource).model_dump_json()


def with_dicts(resources: list[dict[str, object]]) -> None:
    for resource in resources:
        orjson.dumps({key: _copy(value) for key, value in resource.items()})


def _copy(value: object) -> object:
    if isinstance(value, dict):
        return {key: _copy(one) for key, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value


def median(call: Callable[[], object], times: int) -> float:
    """The median seconds of a call, after one that is not counted."""
    call()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main(subjects: int = 6_000) -> None:
    """Print rows per second and ratios."""
    frames = domains(subjects)
    rows = frames["QS"].height
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        here = rows / median(lambda: ours(frames, folder), 5)
        with (folder / "Observation.ndjson").open("rb") as lines:
            sample = [orjson.loads(next(lines)) for _ in range(min(PEER_ROWS, rows))]
        size = (folder / "Observation.ndjson").stat().st_size / rows
        dicts = len(sample) / median(lambda: with_dicts(sample), 5)
        print(f"{rows:,} QS rows to Observations of {size:,.0f} bytes, rows a second (medians)")
        print(f"  trialect, from the domain to NDJSON {here:>10,.0f}")
        print(f"  plain dicts and orjson.dumps        {dicts:>10,.0f}  (x {here / dicts:.1f})")
        try:
            peer = len(sample) / median(lambda: with_fhir_resources(sample), 3)
            print(f"  fhir.resources construct and dump   {peer:>10,.0f}  (x {here / peer:.1f})")
        except ImportError:
            print("  fhir.resources is not installed: not compared")
        counts: list[int] = []
        seconds = median(lambda: counts.append(everything(frames, folder)), 3)
        print(f"all {counts[0]:,} resources of {subjects:,} subjects, NDJSON and bundles on disk")
        print(f"  {counts[0] / seconds:,.0f} a second, {seconds / subjects * 1e3:.2f} ms a subject")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
