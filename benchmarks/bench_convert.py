"""The example, scaled: time and memory of a whole conversion, by the number of subjects.

`python -m benchmarks.bench_convert [FACTOR ...]` (default 1 10 100 1000; factor 1 has 42 randomised
subjects, 50 screened). Each conversion runs as its own process tree with 2 jobs; memory is the
largest sum of resident sets of the tree, sampled ten times a second (Linux only).
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "NCT07326982"
JOBS = "2"
PAGE = resource.getpagesize()


def resident(root: int) -> int:
    """Bytes resident in a process and its descendants; shared pages count once a process.

    Only these processes are looked at: to look at all of a machine's takes a part of one core.
    """
    total, todo = 0, [root]
    while todo:
        process = Path("/proc") / str(todo.pop())
        try:
            total += int((process / "statm").read_text().split()[1]) * PAGE
            for task in (process / "task").iterdir():
                todo += map(int, (task / "children").read_text().split())
        except (OSError, IndexError, ValueError):
            continue
    return total


def run(command: list[str]) -> tuple[float, int]:
    """Seconds and peak memory of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        if Path("/proc").is_dir():
            peak = max(peak, resident(process.pid))
        time.sleep(0.1)
    return time.perf_counter() - start, peak


def study_of(factor: int, folder: Path) -> Path:
    """A copy of the example with this many times its subjects."""
    study = folder / f"study-{factor}"
    shutil.copytree(EXAMPLE, study, ignore=shutil.ignore_patterns("out"))
    if factor > 1:
        script = ROOT / "scripts" / "make_example.py"
        records = str(study / "records")
        subprocess.run(
            [sys.executable, str(script), "--factor", str(factor), "-o", records], check=True
        )
    return study


def main(factors: list[int]) -> None:
    """Print a line a factor: seconds, seconds per 1,000 subjects, memory."""
    print(f"{'randomised':>10} {'seconds':>8} {'s/1000':>8} {'peak MB':>8}   runs")
    with tempfile.TemporaryDirectory() as home:
        for factor in factors:
            study = study_of(factor, Path(home))
            out = Path(home) / "out"
            runs = []
            for _ in range(3 if factor < 100 else 1):
                shutil.rmtree(out, ignore_errors=True)
                convert = [sys.executable, "-m", "trialect.cli", "convert", str(study)]
                runs.append(run([*convert, "-o", str(out), "--jobs", JOBS]))
            seconds = statistics.median(took for took, _ in runs)
            peak = max(peak for _, peak in runs)
            subjects = 42 * factor
            print(
                f"{subjects:>10,} {seconds:>8.2f} {seconds / subjects * 1000:>8.2f} "
                f"{peak / 1e6:>8.0f}   {len(runs)}",
                flush=True,
            )
            shutil.rmtree(study)
            shutil.rmtree(out, ignore_errors=True)
        demo = [sys.executable, "-m", "trialect.cli", "demo", str(Path(home) / "demo")]
        took = statistics.median(run(demo)[0] for _ in range(3))
        print(f"trialect demo: {took:.2f} s, median of 3")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [1, 10, 100, 1000])
