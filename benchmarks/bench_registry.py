"""Registry records into FHIR and TS: the conversion alone, and the packages that `convert` makes.

    python benchmarks/bench_registry.py [records]

In one process, once each:

- the conversion: records of a file are read into Studies, made into checked FHIR bundles and into
  TS as XPT, and both are written to one file each;
- the packages: the same by `trialect convert --to fhir --to sdtm`, with a folder a trial, the other
  datasets of trial design, define.xml, the account of losses, the manifest and the report.

Prints records a second of processor time, what of it was the system's (making folders and files),
the clock, and the most memory, for a tenth of the records and for all: memory must not grow with
them. The records are the real ones beside the checkout, again and again with new ids, or an
invented one where there are none. The peer is fhir.resources, which makes and dumps one
ResearchStudy of each record and nothing else; it is skipped where it is not installed.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data" / "ctgov"
WANTED = 500
"""Records a second on one core that are aimed at."""

PURE = """
import gc
import sys
from itertools import islice
from pathlib import Path
from trialect.converters.stamp import stamp_of
from trialect.converters.study_sources import study_source
from trialect.converters.writers import fhir_study
from trialect.converters.writers.sdtm_study import xpt_of
from trialect.mappings.sdtm.study_datasets import study_datasets
gc.disable()  # as convert does within a batch
done = 0
told = []
source = study_source("ctgov")
home = Path(sys.argv[2])
home.mkdir()
with (home / "fhir").open("wb") as fhir, (home / "ts").open("wb") as ts:
    records = source.records(Path(sys.argv[1]))
    while some := list(islice(records, 50)):
        studies = [source.read(one, told.append).study for one in some]
        for study in studies:
            fhir.writelines(one.content for one in fhir_study.write(study, told.append))
        for study in studies:
            for one in study_datasets(study, told.append, only=("TS",)):
                ts.write(xpt_of(one, stamp_of(study)))
                done += 1
        told.clear()
assert done == int(sys.argv[3]), done
"""

CONVERT = """
import sys
from pathlib import Path
from trialect.converters.convert import convert
done = convert(Path(sys.argv[1]), Path(sys.argv[2]), to=["fhir", "sdtm"], jobs=1)
assert done.account.trials == int(sys.argv[3]), done.account.trials
"""

PEER = """
import json, sys
from pathlib import Path
from fhir.resources.researchstudy import ResearchStudy
for record in json.loads(Path(sys.argv[1]).read_bytes()):
    protocol = record["protocolSection"]
    named = protocol["identificationModule"]
    about = protocol.get("descriptionModule", {}).get("briefSummary")
    listed = protocol.get("conditionsModule", {}).get("conditions", [])
    made = {
        "status": "active",
        "title": named.get("officialTitle") or named["briefTitle"],
        "identifier": [{"system": "https://clinicaltrials.gov", "value": named["nctId"]}],
        "description": about,
        "condition": [{"text": one} for one in listed],
        "comparisonGroup": [
            {"name": one["label"], "description": one.get("description")}
            for one in protocol.get("armsInterventionsModule", {}).get("armGroups", [])
        ],
        "outcomeMeasure": [
            {"name": one["measure"], "description": one.get("timeFrame")}
            for one in protocol.get("outcomesModule", {}).get("primaryOutcomes", [])
        ],
    }
    ResearchStudy.model_validate(made).model_dump_json()
"""

INVENTED: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {
            "nctId": "NCT00000000",
            "orgStudyIdInfo": {"id": "TR-1"},
            "briefTitle": "Examplin in sample disease",
            "officialTitle": "A randomised trial of examplin in adults with sample disease",
        },
        "statusModule": {
            "overallStatus": "RECRUITING",
            "startDateStruct": {"date": "2024-02", "type": "ACTUAL"},
        },
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Institute", "class": "OTHER"}},
        "descriptionModule": {"briefSummary": "What is to be learned. " * 40},
        "conditionsModule": {"conditions": ["Sample disease"]},
        "designModule": {
            "studyType": "INTERVENTIONAL",
            "phases": ["PHASE2"],
            "designInfo": {"allocation": "RANDOMIZED", "interventionModel": "PARALLEL"},
            "enrollmentInfo": {"count": 40, "type": "ESTIMATED"},
        },
        "eligibilityModule": {
            "eligibilityCriteria": "Inclusion Criteria:\n\n* Adults",
            "sex": "ALL",
            "minimumAge": "18 Years",
        },
    }
}


def given() -> list[str]:
    """The records beside the checkout as text, or the invented one."""
    found: list[Any] = []
    for path in sorted(REAL.glob("*.json")):
        held = json.loads(path.read_bytes())
        found += held if isinstance(held, list) else [held]
    real = [one for one in found if "protocolSection" in one]
    return [json.dumps(one, ensure_ascii=False) for one in real or [INVENTED]]


def put(path: Path, count: int, texts: list[str]) -> None:
    """A list of so many records, each with an id of its own."""
    ids = [json.loads(text)["protocolSection"]["identificationModule"]["nctId"] for text in texts]
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            place = number % len(texts)
            own = texts[place].replace(ids[place], f"NCT{90_000_000 + number}")
            file.write(("[\n" if not number else ",\n") + own)
        file.write("\n]\n")


@dataclass(frozen=True)
class Run:
    """What a process of its own took: seconds of processor, of which system, of the clock; MB."""

    processor: float
    system: float
    clock: float
    memory: float


def timed(code: str, *words: object) -> Run | None:
    """Run code in a process; None where it lacks a module."""
    command = [sys.executable, "-c", code, *map(str, words)]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
    error = process.stderr.read().decode() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    clock = time.perf_counter() - started
    if status:
        if "ModuleNotFoundError" in error:
            return None
        raise SystemExit(error)
    scale = 1 if sys.platform == "darwin" else 1024
    spent = usage.ru_utime + usage.ru_stime
    return Run(spent, usage.ru_stime, clock, usage.ru_maxrss * scale / 1e6)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    texts = given()
    few = max(1, count // 10)
    out = sys.stdout.write
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for number in {few: None, count: None}:
            put(home / f"{number}.json", number, texts)
        size = (home / f"{count}.json").stat().st_size / 1e6
        out(f"{count:,} records, {len(texts)} different, {size:,.0f} MB\n")
        rates = {}
        for name, code in (("FHIR and TS", PURE), ("packages", CONVERT)):
            spent = {}
            for number in {few: None, count: None}:
                run = timed(code, home / f"{number}.json", home / f"{name}-{number}", number)
                assert run is not None
                spent[number] = run.processor
                out(
                    f"{name}: {number:,} records, {number / run.processor:,.0f} a second of "
                    f"processor time ({run.processor:.1f} s, {run.system:.1f} of them the "
                    f"system's; {run.clock:.1f} s by the clock), at most {run.memory:,.0f} MB\n"
                )
            rates[name] = few / spent[few]
            if few < count:
                more = (count - few) / (spent[count] - spent[few])
                out(f"{name}: {more:,.0f} a second without starting; aimed at: {WANTED}\n")
        peer = timed(PEER, home / f"{few}.json")
        if peer is None:
            out("fhir.resources is not installed: skipped\n")
            return
        rate = few / peer.processor
        out(
            f"fhir.resources, one ResearchStudy of a record and nothing else: {rate:,.0f} a second;"
            f" FHIR and TS take trialect {rates['FHIR and TS'] / rate:.1f} times, packages"
            f" {rates['packages'] / rate:.1f} times its rate\n"
        )


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
