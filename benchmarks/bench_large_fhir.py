"""A million resources, validated and mapped to SDTM from the command line.

    python -m benchmarks.bench_large_fhir [RESOURCES]

The Bundle (600 MB) is made anew; validated, it is also packed by gzip and as NDJSON. For each
command: seconds on the clock, of processor time, and the most memory that the process had at once;
the goal is 1 GB. fhir.resources reads and validates a sample of the same resources, which it does
not map, in the same run.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from benchmarks.large_bundle import A_SUBJECT, resources, write_bundle

GOAL = 1000
"""MB."""
SAMPLE = 30 * A_SUBJECT


def measured(*arguments: str) -> tuple[float, float, float]:
    """Seconds, seconds of processor time, and MB of a command."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "trialect.cli", *arguments]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode not in (0, 1):
        raise SystemExit(f"{arguments[0]} ended with {run.returncode}")
    in_bytes = 1 if sys.platform == "darwin" else 1024
    used = usage.ru_utime + usage.ru_stime
    return time.perf_counter() - start, used, usage.ru_maxrss * in_bytes / 1e6


def fhir_resources() -> float | None:
    """Seconds of processor time that fhir.resources takes for one resource; None without it."""
    try:
        from fhir.resources.R4B import get_fhir_model_class
    except ImportError:
        return None
    sample = list(islice(resources(SAMPLE + 2), 2, None))
    models = {type_: get_fhir_model_class(type_) for type_ in {type_ for type_, _ in sample}}
    start = time.process_time()
    for type_, text in sample:
        models[type_].model_validate_json(text)
    return (time.process_time() - start) / len(sample)


def others(bundle: Path, count: int) -> tuple[Path, Path]:
    """The same packed by gzip, and the same resources as NDJSON in a folder of its own."""
    packed = bundle.parent / "packed" / "bundle.json.gz"
    packed.parent.mkdir()
    with bundle.open("rb") as text, gzip.open(packed, "wb", compresslevel=1) as file:
        shutil.copyfileobj(text, file, 1 << 20)
    lines = bundle.parent / "lines" / "all.ndjson"
    lines.parent.mkdir()
    with lines.open("w") as file:
        file.writelines(f"{text}\n" for _, text in resources(count))
    return packed, lines.parent


def main(count: int) -> None:
    """Print a line for each command."""
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as home:
        path = write_bundle(Path(home), count)
        size = path.stat().st_size
        print(f"a Bundle of {count:,} resources, {size / 1e6:,.0f} MB")
        packed, lines = others(path, count)
        commands = {
            "validate": ("validate", str(path)),
            "validate, .json.gz": ("validate", str(packed)),
            "validate, .ndjson": ("validate", str(lines)),
            "convert --to sdtm": (
                *("convert", str(path), "-o", str(Path(home) / "out")),
                *("--to", "sdtm", "--jobs", "1"),
            ),
        }
        each = fhir_resources()
        print(f"{'':28}{'clock s':>9}{'CPU s':>9}{'us each':>9}{'MB':>7}")
        worst = 0.0
        for name, arguments in commands.items():
            clock, used, memory = measured(*arguments)
            worst = max(worst, memory)
            line = f"{name:28}{clock:9.1f}{used:9.1f}{used / count * 1e6:9.0f}{memory:7.0f}"
            if each is not None:
                line += f"  fhir.resources takes {each * count / used:.1f} times as long"
            print(line, flush=True)
        if each is None:
            print("fhir.resources: not installed")
        else:
            print(f"fhir.resources, {SAMPLE:,} of them {'':18}{each * 1e6:9.0f}  reads them only")
        print(f"most memory {worst:,.0f} MB (goal {GOAL:,})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
