"""`import trialect` and `trialect --help` load nothing heavy, so that both are instant."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

HEAVY = (
    *("polars", "numpy", "pandas", "pyarrow", "lxml", "docx", "jinja2", "openpyxl"),
    *("pyreadstat", "odmlib", "yaml", "orjson", "jsonschema_rs"),
)

IMPORT = "import trialect"
HELP = """
import contextlib, io
from trialect.cli import app
with contextlib.redirect_stdout(io.StringIO()) as said:
    try:
        app({words!r})
    except SystemExit as end:
        assert end.code == 0, end.code
assert "Usage: " in said.getvalue()
"""


@pytest.mark.parametrize(
    "code",
    [
        IMPORT,
        HELP.format(words=["--help"]),
        *(
            HELP.format(words=[name, "--help"])
            for name in ("demo", "convert", "validate", "inspect", "trace", "terminology")
        ),
        *(HELP.format(words=["terminology", name, "--help"]) for name in ("list", "install")),
    ],
    ids=[
        *("import", "help", "demo", "convert", "validate", "inspect", "trace", "terminology"),
        *("terminology list", "terminology install"),
    ],
)
def test_nothing_heavy_is_loaded(code: str) -> None:
    code += f"\nimport sys\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr
