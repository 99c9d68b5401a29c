"""Registry records into FHIR and the trial design datasets (TS, TI, ...) with define.xml.

    python benchmarks/bench_registry.py [records]

Reads the records of a file, checks and writes a folder for each trial, in one process; prints
records a second of processor time (user and system) and of the clock, and the most memory, for a
tenth of the records and for all: memory must not grow with them. The records are the real ones
beside the checkout, again and again with new ids, or an invented one where there are none. The
peer is fhir.resources, which makes and dumps one ResearchStudy of each record and nothing else;
it is skipped where it is not installed.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data" / "ctgov"
WANTED = 500
"""Records a second on one core that are aimed at."""

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


def timed(code: str, *words: object) -> tuple[float, float, float] | None:
    """Seconds of processor and of the clock, and most megabytes, of a process of its own."""
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
    return usage.ru_utime + usage.ru_stime, clock, usage.ru_maxrss * scale / 1e6


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    texts = given()
    few = max(1, count // 10)
    out = sys.stdout.write
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        nothing = timed(CONVERT.split("done")[0], "", "", "")
        assert nothing is not None
        rates = {}
        for number in (few, count):
            source = home / f"{number}.json"
            put(source, number, texts)
            found = timed(CONVERT, source, home / f"out-{number}", number)
            assert found is not None
            cpu, clock, memory = found
            rates[number] = number / cpu
            out(
                f"{number:>7,} records, {source.stat().st_size / 1e6:,.0f} MB, {len(texts)} "
                f"different: {number / cpu:,.0f} a second of processor time ({cpu:.1f} s; "
                f"{clock:.1f} s by the clock), at most {memory:,.0f} MB\n"
            )
        marginal = (count - few) / (count / rates[count] - few / rates[few]) if few < count else 0
        out(f"without starting: {marginal:,.0f} a second; aimed at: {WANTED}\n")
        peer = timed(PEER, home / f"{few}.json")
        if peer is None:
            out("fhir.resources is not installed: skipped\n")
            return
        rate = few / peer[0]
        out(
            f"fhir.resources, one ResearchStudy of a record and nothing else: {rate:,.0f} a "
            f"second; trialect makes all of it {rates[few] / rate:.1f} times as fast\n"
        )


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
