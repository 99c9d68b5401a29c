"""CDISC's rules on CDISC's sample submission, from the command line: seconds, start-up included.

`python -m benchmarks.bench_rules [PYTHON]`. The rules and the sample are looked for beside the
checkout (shared). PYTHON is an interpreter of a virtual environment of its own that holds
cdisc-rules-engine (PyPI), the engine that CDISC publishes; without it nothing is compared. That
engine takes the metadata of the standard from CDISC's library, which needs a key: here it runs
without, so rules that ask for it end early, and the ratio is the least that it can be.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
SAMPLE = SHARED / "data" / "sdtm-msg"
RULES = SHARED / "conformance" / "cdisc-open-rules" / "rules"
GOAL = 1.5
PEER = """
import logging, pathlib, sys, yaml
from cdisc_rules_engine.models.library_metadata_container import LibraryMetadataContainer
from cdisc_rules_engine.models.rule import Rule
from cdisc_rules_engine.rules_engine import RulesEngine

logging.disable(logging.CRITICAL)
paths = sorted(map(str, pathlib.Path(sys.argv[1]).glob("*.xpt")))
engine = RulesEngine(
    standard="sdtmig",
    standard_version="3-4",
    dataset_paths=paths,
    library_metadata=LibraryMetadataContainer(),
)
for file in sorted(pathlib.Path(sys.argv[2]).rglob("*.yml")):
    rule = Rule.from_cdisc_metadata(yaml.safe_load(file.read_text("utf-8")))
    engine.validate_single_rule(rule)
"""


def seconds(command: list[str], runs: int) -> float:
    """The median time of a command, which may end with findings but not with a crash."""
    took = []
    for _ in range(runs):
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        took.append(time.perf_counter() - start)
        if done.returncode not in (0, 1) or "Traceback (most recent" in done.stderr:
            raise SystemExit(f"{command[0]} failed: {done.stderr[-2000:]}")
    return statistics.median(took)


def has_engine(python: str) -> bool:
    """Whether an interpreter has CDISC's engine."""
    command = [python, "-c", "import cdisc_rules_engine"]
    try:
        return not subprocess.run(command, capture_output=True, check=False).returncode
    except OSError:
        return False


def main(python: str | None) -> None:
    """Print a line for the sample as it lies, one for its XPT alone, one for CDISC's engine."""
    if not (SAMPLE.is_dir() and RULES.is_dir()):
        print(f"skipped: no rules and sample submission in {SHARED.name} beside the checkout")
        return
    rules = ["--rules", str(RULES), "--no-pack"]
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as home:
        report = ["--report", str(Path(home) / "report.html")]
        validate = [sys.executable, "-m", "trialect.cli", "validate"]
        everything = seconds([*validate, str(SAMPLE), *rules, *report], 5)
        print(f"{everything:8.2f} s  XPT, Dataset-JSON in three forms, define.xml (goal {GOAL} s)")
        files = [*map(str, sorted(SAMPLE.glob("*.xpt"))), str(SAMPLE / "define.xml")]
        xpt = seconds([*validate, *files, *rules, *report], 5)
        print(f"{xpt:8.2f} s  XPT and define.xml (goal {GOAL} s)")
    if python is None or not has_engine(python):
        print("skipped: no interpreter with cdisc-rules-engine was named")
        return
    with tempfile.TemporaryDirectory() as home:
        script = Path(home) / "peer.py"
        script.write_text(PEER, encoding="utf-8")
        peer = seconds([python, str(script), str(SAMPLE), str(RULES)], 1)
    print(
        f"{peer:8.2f} s  cdisc-rules-engine, the same rules and XPT: {peer / xpt:.0f} times as long"
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
