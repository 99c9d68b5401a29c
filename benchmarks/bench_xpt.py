"""XPT written and read, against pyreadstat, pandas and R, in one run.

    python -m benchmarks.bench_xpt [ROWS]

The same QS records (seeded; 14 variables, 500,000 rows unless told) go through each program in
turn, several times; medians of elapsed and of processor time, and their ratio to ours. Our writer
also proves each value and makes the file's SHA-256. A program that is not installed is skipped with
a word. At the end: by how much memory grows while the dataset, and one ten times as large, is
written and read in batches.
"""

from __future__ import annotations

import multiprocessing
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyreadstat

from trialect.converters.readers.xpt import XptReader, read_xpt
from trialect.converters.writers.xpt import XptVariable, write_xpt

STAMP = datetime(2026, 6, 30, 12)
ROUNDS = 7
SLOW_ROUNDS = 3
TESTS = (("PI0101", "PI01-Pain Intensity"), ("PR0101", "PR01-Pain Relief"),
         ("GCGI0102", "GCGI01-Global Improvement of Pain"),
         ("SLEEP", "Sleep Interference on a Scale of 0 to 10"), ("FUNC", "Function"))  # fmt: skip


def qs(rows: int, seed: int = 7) -> pl.DataFrame:
    """QS records of subjects with 70 results each; three in a hundred are missing."""
    draw = np.random.default_rng(seed)
    subject, place = np.divmod(np.arange(rows), 70)
    visit, test = place // 5 % 5, place % 5
    names = pl.Series([f"NCT07326982-01-{number:05}" for number in range(rows // 70 + 1)])
    score = draw.integers(0, 101, rows)
    day = np.datetime64("2026-03-01") + subject % 300 + visit * 20
    table = pl.DataFrame(
        {
            "USUBJID": names.gather(subject),
            "QSSEQ": (place + 1).astype(float),
            "QSTESTCD": pl.Series([code for code, _ in TESTS]).gather(test),
            "QSTEST": pl.Series([name for _, name in TESTS]).gather(test),
            "QSORRES": pl.Series(score).cast(pl.String),
            "QSSTRESN": score / 10,
            "missing": draw.random(rows) < 0.03,
            "VISITNUM": (visit + 1).astype(float),
            "VISIT": pl.Series(["BASELINE", "HOUR 1", "WEEK 1", "MONTH 1", "MONTH 3"]).gather(
                visit
            ),
            "QSDTC": pl.Series(day).dt.strftime("%Y-%m-%d"),
            "QSDY": (visit * 20 - 1).astype(float),
        }
    )
    given = pl.when(~pl.col("missing"))
    return table.select(
        pl.lit("NCT07326982").alias("STUDYID"),
        pl.lit("QS").alias("DOMAIN"),
        "USUBJID",
        "QSSEQ",
        "QSTESTCD",
        "QSTEST",
        pl.lit("PAIN AND FUNCTION SCALES").alias("QSCAT"),
        given.then("QSORRES").alias("QSORRES"),
        given.then("QSORRES").alias("QSSTRESC"),
        given.then("QSSTRESN").alias("QSSTRESN"),
        "VISITNUM",
        "VISIT",
        "QSDTC",
        "QSDY",
    )


def variables_of(frame: pl.DataFrame) -> list[XptVariable]:
    lengths = frame.select(pl.col(pl.String).str.len_bytes().max()).row(0, named=True)
    return [
        XptVariable(name, name.title(), "Char", lengths[name])
        if name in lengths
        else XptVariable(name, name.title(), "Num", 8)
        for name in frame.columns
    ]


class Times:
    """Elapsed and processor seconds of a program's rounds."""

    def __init__(self) -> None:
        self.elapsed: list[float] = []
        self.processor: list[float] = []

    def run(self, action: Callable[[], object]) -> None:
        start, busy = time.perf_counter(), time.process_time()
        action()
        self.add(time.perf_counter() - start, time.process_time() - busy)

    def add(self, elapsed: float, processor: float) -> None:
        self.elapsed.append(elapsed)
        self.processor.append(processor)

    @property
    def medians(self) -> tuple[float, float]:
        return statistics.median(self.elapsed), statistics.median(self.processor)


def python_times(frame: pl.DataFrame, folder: Path) -> dict[str, Times]:
    """The rounds of each program; fast and slow ones take turns."""
    table, variables = frame.to_pandas(), variables_of(frame)
    ours, theirs = folder / "qs.xpt", str(folder / "theirs.xpt")

    def peer(data: object) -> Callable[[], object]:
        return lambda: pyreadstat.write_xport(data, theirs, table_name="QS", file_format_version=5)

    actions: dict[str, Callable[[], object]] = {
        "write: trialect": lambda: write_xpt(
            ours, "QS", "Questionnaires", variables, [frame], stamp=STAMP
        ),
        "write: pyreadstat (pandas)": peer(table),
        "write: pyreadstat (polars)": peer(frame),
        "read: trialect": lambda: read_xpt(ours),
        "read: pyreadstat (pandas)": lambda: pyreadstat.read_xport(str(ours)),
        "read: pyreadstat (polars)": lambda: pyreadstat.read_xport(
            str(ours), output_format="polars"
        ),
        "read: pandas": lambda: pd.read_sas(ours, format="xport", encoding="ascii"),
    }
    times = {name: Times() for name in actions}
    for number in range(ROUNDS):
        for name, action in actions.items():
            if "trialect" in name or number < SLOW_ROUNDS:
                times[name].run(action)
    return times


R_SCRIPT = """
    args <- commandArgs(TRUE); file <- args[1]; rounds <- as.integer(args[2])
    clock <- function(name, action) for (i in seq_len(rounds)) {
      gc(); used <- system.time(action())
      cat(name, used[["elapsed"]], used[["user.self"]] + used[["sys.self"]], sep = "\\t")
      cat("\\n")
    }
    out <- tempfile(fileext = ".xpt")
    if (requireNamespace("haven", quietly = TRUE)) {
      data <- haven::read_xpt(file)
      clock("write: haven", function() haven::write_xpt(data, out, version = 5, name = "QS"))
      clock("read: haven", function() haven::read_xpt(file))
    } else cat("haven\\tabsent\\n")
    if (requireNamespace("foreign", quietly = TRUE)) {
      clock("read: R foreign", function() foreign::read.xport(file))
    } else cat("foreign\\tabsent\\n")
"""


def r_times(file: Path) -> dict[str, Times]:
    """The rounds of R's packages."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        print("R is not installed: haven and foreign are skipped")
        return {}
    command = [rscript, "-e", R_SCRIPT, str(file), str(SLOW_ROUNDS)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    times: dict[str, Times] = {}
    for line in output.splitlines():
        name, *values = line.split("\t")
        if values == ["absent"]:
            print(f"the R package {name} is not installed: it is skipped")
        else:
            times.setdefault(name, Times()).add(*map(float, values))
    return times


def report(times: dict[str, Times], rows: int) -> None:
    medians = {name: one.medians for name, one in times.items()}
    print(f"{'':<28}{'elapsed':>10}{'ours x':>8}{'processor':>12}{'ours x':>8}{'rows/s':>12}")
    for verb in ("write", "read"):
        base = medians[f"{verb}: trialect"]
        for name, (elapsed, busy) in sorted(medians.items(), key=lambda item: item[1]):
            if name.startswith(verb):
                print(
                    f"{name:<28}{elapsed:>8.3f} s{elapsed / base[0]:>8.1f}"
                    f"{busy:>10.3f} s{busy / base[1]:>8.1f}{rows / elapsed:>12,.0f}"
                )


def batches(frame: pl.DataFrame, times: int) -> Iterator[pl.DataFrame]:
    for _ in range(times):
        yield from frame.iter_slices(20_000)


PROCESS = Path("/proc/self")


def peak_of(action: Callable[[], object]) -> float:
    """By how many MB the memory of this process grows while the action runs (Linux)."""

    def megabytes(field: str) -> float:
        lines = (PROCESS / "status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))

    (PROCESS / "clear_refs").write_text("5")  # proc(5): sets the peak to what is in use now
    before = megabytes("VmRSS")
    action()
    return megabytes("VmHWM") - before


def memory(rows: int, times: int, folder: str) -> None:
    """Write and read in batches, in a process of its own, and print by how much it grows."""
    frame = qs(rows)
    file = Path(folder) / "qs.xpt"
    variables = variables_of(frame)
    written = peak_of(
        lambda: write_xpt(file, "QS", "", variables, batches(frame, times), stamp=STAMP)
    )
    read = peak_of(lambda: sum(batch.height for batch in XptReader(file).iter_batches()))
    print(
        f"{rows * times:>9,} rows in batches, {file.stat().st_size / 1e6:>4,.0f} MB: memory grows "
        f"by {written:.0f} MB in writing, {read:.0f} MB in reading"
    )


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
    frame = qs(rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        times = python_times(frame, folder)
        times |= r_times(folder / "qs.xpt")
        size = (folder / "qs.xpt").stat().st_size
        print(f"{rows:,} rows of QS, {frame.width} variables, {size / 1e6:.0f} MB")
        report(times, rows)
        if not (PROCESS / "clear_refs").exists():
            print("memory is measured on Linux only")
            return
        apart = multiprocessing.get_context("spawn")
        for repeated in (5, 50):
            process = apart.Process(target=memory, args=(min(rows, 100_000), repeated, name))
            process.start()
            process.join()


if __name__ == "__main__":
    main()
