"""The command line's `validate` on CDISC's sample submission, with CDISC's own rules.

    python -m benchmarks.bench_validate [DATA RULES]

DATA is a folder of XPT files and their define.xml, RULES one of rules in CDISC's language; by
default the sample and the rules that lie in `shared` beside the checkout. Each round is a process
of its own, from its start to the page of findings written: with both cores, then bound to one core,
where no second process helps. Medians of elapsed and of processor time (of both processes).
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared"
DATA = SHARED / "data" / "sdtm-msg"
RULES = SHARED / "conformance" / "cdisc-open-rules" / "rules"
ROUNDS = 7


def timed(command: list[str], cores: int) -> tuple[float, float]:
    """Seconds elapsed, and of processor time, of a command on so many cores."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    done = subprocess.run(
        command,
        stdout=subprocess.DEVNULL,
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, allowed),
    )
    elapsed = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode > 1:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return elapsed, used


def main(data: Path, rules: Path) -> int:
    """Print the medians."""
    if not data.is_dir() or not rules.is_dir():
        print(f"skipped: there is no {data if not data.is_dir() else rules}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        only = Path(folder) / "data"
        only.mkdir()
        for file in [*sorted(data.glob("*.xpt")), *data.glob("define.xml")]:
            shutil.copy(file, only)
        script = "from trialect.cli import main; main()"
        words = ["validate", str(only), "--rules", str(rules), "--no-pack"]
        report = str(Path(folder) / "report.html")
        command = [sys.executable, "-c", script, *words, "--report", report]
        timed(command, 2)  # compiles what was not imported before, and warms the disk
        for cores in (2, 1):
            rounds = [timed(command, cores) for _ in range(ROUNDS)]
            elapsed, used = (statistics.median(column) for column in zip(*rounds, strict=True))
            print(f"{cores} core(s): {elapsed:.2f} s elapsed, {used:.2f} s of processor time")
    return 0


if __name__ == "__main__":
    given = [Path(word) for word in sys.argv[1:]]
    sys.exit(main(*given) if given else main(DATA, RULES))
