"""The shipped rules on large studies, from the command line: seconds and memory.

    python -m benchmarks.bench_large [SUBJECTS ...]

DM, and QS with fifty records of each subject, are made anew: 20,000 and 200,000 subjects unless
told (1,000,000 and 10,000,000 records; the larger one takes 2 GB of disk). One run each, start-up
and report.json included. Memory is the most that the process had at once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.large_study import RESULTS, write_study

GOALS = {20_000: "goal 20 s, 2 GB"}
MOST_TIMES = 11


def validated(folder: Path, report: Path) -> tuple[float, float]:
    """Seconds that a validation took, and its memory in MB."""
    command = [sys.executable, "-m", "trialect.cli", "validate", str(folder)]
    start = time.perf_counter()
    run = subprocess.Popen([*command, "--report", str(report)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode not in (0, 1):
        raise SystemExit(f"validate ended with {run.returncode}")
    in_bytes = 1 if sys.platform == "darwin" else 1024
    return time.perf_counter() - start, usage.ru_maxrss * in_bytes / 1e6


def main(sizes: list[int]) -> None:
    """Print a line for each study; for all but the first how many times its time that is."""
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    first: tuple[int, float] | None = None
    for subjects in sizes:
        with tempfile.TemporaryDirectory() as home:
            folder = Path(home) / "study"
            folder.mkdir()
            write_study(folder, subjects)
            seconds, memory = validated(folder, Path(home) / "report.json")
        said = GOALS.get(subjects, "")
        if first is not None:
            more = subjects / first[0]
            said = f"{more:.0f} times the records, {seconds / first[1]:.1f} times the seconds"
            said += f" (goal {MOST_TIMES})" if more == 10 else ""
        first = first or (subjects, seconds)
        records = f"{subjects * RESULTS:,} records of QS, {subjects:,} of DM"
        print(f"{seconds:8.1f} s {memory:8,.0f} MB  {records}  {said}", flush=True)


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [20_000, 200_000])
