"""Readers that have nothing to do with ours agree on what our files say.

pyreadstat and R's haven share their C code and are one witness; pandas, R's foreign and xport-js
are three more.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyreadstat
import pytest
from xpt_cases import QS, char, num, qs, write

from trialect.converters.ibm_float import LARGEST, SMALLEST
from trialect.converters.readers.xpt import read_xpt

VARIABLES = (
    # pandas miscounts records of up to 80 bytes that have blanks in them.
    char("USUBJID", 20, "Unique Subject Identifier"),
    char("QSTEST", 40, "Question Name"),
    num("QSSTRESN", "Numeric Result/Finding in Standard Units"),
    char("QSSTAT", 8, "Completion Status"),
    num("VISITNUM", "Visit Number"),
)


@pytest.fixture
def frame() -> pl.DataFrame:
    draw = np.random.default_rng(3)
    count = 2_000
    size = draw.integers(-60, 60, count)
    numbers = draw.normal(size=count) * 10.0**size
    numbers[:8] = [0, 1, -1, 0.1, LARGEST, -LARGEST, SMALLEST * 2, 1 / 3]
    table = pl.DataFrame(
        {
            "USUBJID": [f"P-01-{number // 7:05}" for number in range(count)],
            "QSTEST": [
                f"Question {number % 11} " * (number % 3) + "end" for number in range(count)
            ],
            "QSSTRESN": numbers,
            "QSSTAT": ["NOT DONE" if number % 10 == 9 else None for number in range(count)],
            "VISITNUM": draw.integers(0, 6, count) / 2,
        }
    )
    missing = pl.int_range(pl.len()) % 10 == 9
    return table.with_columns(pl.when(~missing).then("QSSTRESN").alias("QSSTRESN"))


@pytest.fixture
def file(frame: pl.DataFrame, tmp_path: Path) -> Path:
    return write(tmp_path, frame, VARIABLES).files[0].path


def agree(found: pl.DataFrame, expected: pl.DataFrame) -> None:
    assert found.columns == expected.columns
    for name in expected.columns:
        assert found[name].to_list() == expected[name].to_list(), name


def test_pyreadstat(file: Path, frame: pl.DataFrame) -> None:
    found, about = pyreadstat.read_xport(str(file), output_format="polars")
    agree(found.with_columns(pl.col(pl.String).replace("", None)), frame)
    assert about.column_names == [variable.name for variable in VARIABLES]
    assert about.column_labels == [variable.label for variable in VARIABLES]
    assert about.table_name == "QS"
    assert about.file_label == "Questionnaires"


def test_pandas(file: Path, frame: pl.DataFrame) -> None:
    found = pd.read_sas(file, format="xport", encoding="ascii")
    for variable in VARIABLES:
        expected = frame[variable.name].to_list()
        if variable.type == "Char":
            values = ["" if pd.isna(value) else value for value in found[variable.name]]
            assert values == [value or "" for value in expected]
            continue
        floats = [None if np.isnan(value) else value for value in found[variable.name].tolist()]
        # pandas reads a zero as the smallest number (pandas 2 and 3).
        assert [0.0 if value == SMALLEST else value for value in floats] == expected


def test_pyreadstat_on_an_empty_dataset(tmp_path: Path) -> None:
    # pandas has no answer to an empty XPT file: it raises StopIteration.
    path = write(tmp_path, qs(()), QS).files[0].path
    found, _ = pyreadstat.read_xport(str(path), output_format="polars")
    assert found.shape == (0, 4)


def run(command: list[str], **options: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("package", "reader"), [("foreign", "read.xport"), ("haven", "read_xpt")])
def test_r(file: Path, frame: pl.DataFrame, tmp_path: Path, package: str, reader: str) -> None:
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("R is not installed")
    has = f"cat(requireNamespace('{package}', quietly=TRUE))"
    if run([rscript, "-e", has]).strip() != "TRUE":
        pytest.skip(f"the R package {package} is not installed")
    # Numbers as C hexadecimal floats: every bit is compared.
    script = f"""
        data <- as.data.frame({package}::{reader}("{file.as_posix()}"))
        for (name in names(data)) {{
          values <- data[[name]]
          cat(name, if (is.numeric(values)) sprintf("%a", values) else as.character(values),
              sep = "\\t")
          cat("\\n")
        }}
    """
    lines = run([rscript, "-e", script]).splitlines()
    assert [line.split("\t")[0] for line in lines] == frame.columns
    for line in lines:
        name, *values = line.split("\t")
        expected = frame[name].to_list()
        if frame[name].dtype == pl.String:
            assert [None if value in ("", "NA") else value for value in values] == expected
        else:
            found = [None if value in ("NA", "NaN") else float.fromhex(value) for value in values]
            assert found == expected


@pytest.mark.node
def test_xport_js(file: Path, frame: pl.DataFrame) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node.js is not installed")
    places = [os.environ.get("NODE_PATH", ""), run([npm, "root", "-g"]).strip()]
    environment = {**os.environ, "NODE_PATH": os.pathsep.join(filter(None, places))}
    script = """
        let Library; try { Library = require("xport-js").default } catch { process.exit(77) }
        (async () => {
          const library = new Library(process.argv[1]), rows = [];
          for await (const row of library.read()) rows.push(row);
          console.log(JSON.stringify({rows, about: await library.getMetadata()}));
        })();
    """
    done = subprocess.run(
        [node, "-e", script, str(file)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("the npm package xport-js is not installed (globally or on NODE_PATH)")
    assert done.returncode == 0, done.stderr
    header, *rows = json.loads(done.stdout)["rows"]
    assert header == frame.columns
    expected = [[value or None for value in row] for row in frame.iter_rows()]
    for found, wanted in zip(rows, expected, strict=True):
        for value, want in zip(found, wanted, strict=True):
            if isinstance(want, float):
                # xport-js adds up digits of the fraction and is right to its last bits only.
                assert value == pytest.approx(want, rel=1e-14)
            else:
                assert (value or None) == want


def test_we_read_what_pyreadstat_writes(frame: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "qs.xpt"
    # pyreadstat clips from about 7.237e75, a little below the format's end.
    frame = frame.filter(pl.col("QSSTRESN").abs().is_null() | (pl.col("QSSTRESN").abs() < 7e75))
    pyreadstat.write_xport(frame, str(path), table_name="QS", file_format_version=5)
    found = read_xpt(path)
    agree(found.frame, frame)
    assert found.problems == ()
