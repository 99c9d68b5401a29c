"""`import trialect` and `trialect --help` load nothing heavy, so that both are instant."""

import gzip
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from trialect.converters.recognise import may_hold_datasets

ROOT = Path(__file__).resolve().parents[2]

HEAVY = (
    *("polars", "numpy", "pandas", "pyarrow", "lxml", "docx", "jinja2", "openpyxl"),
    *("pyreadstat", "odmlib", "yaml", "orjson", "jsonschema_rs"),
)

COMMANDS = ("demo", "convert", "validate", "inspect", "trace", "reconcile", "terminology")
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
        *(HELP.format(words=[name, "--help"]) for name in COMMANDS),
        *(HELP.format(words=["terminology", name, "--help"]) for name in ("list", "install")),
    ],
    ids=[
        *("import", "help", *COMMANDS, "terminology list", "terminology install"),
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


PATIENT = {"resourceType": "Patient", "id": "a", "gender": "female"}
BUNDLE = {"resourceType": "Bundle", "type": "collection"}
BUNDLE |= {"entry": [{"fullUrl": "http://example.org/Patient/a", "resource": PATIENT}]}
LINES = "".join(json.dumps({**PATIENT, "id": one}) + "\n" for one in "abc")
FILES = {
    "one.json": json.dumps(PATIENT).encode(),
    "bundle.json": json.dumps(BUNDLE).encode(),
    "lines.ndjson": LINES.encode(),
    "lines.ndjson.gz": gzip.compress(LINES.encode(), mtime=0),
}
NOT_FHIR = (
    *("polars", "pandas", "lxml", "openpyxl", "docx", "jinja2", "yaml", "jsonschema_rs"),
    *("trialect.schemas.core", "trialect.schemas.sdtm", "trialect.trial"),
    *("trialect.converters.validate_datasets", "trialect.converters.companion"),
)
VALIDATE = """
import sys
import zlib
from trialect.cli import app
try:
    app(["validate", {path!r}])
except SystemExit as end:
    assert end.code == 0, end.code
print([name for name in {names!r} if name in sys.modules])
"""


def loaded(path: Path, names: tuple[str, ...]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", VALIDATE.format(path=str(path), names=names)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert "0 errors, 0 warnings, 0 notes" in done.stdout, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", FILES)
def test_fhir_alone_waits_for_nothing_else(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    one = ("numpy",) if name == "one.json" else ()
    assert loaded(tmp_path / name, (*NOT_FHIR, *one)) == "[]"


def test_nor_does_a_folder_of_it(tmp_path: Path) -> None:
    for name in ("bundle.json", "lines.ndjson"):
        (tmp_path / name).write_bytes(FILES[name])
    (tmp_path / "README.txt").write_text("What lies here.\n")
    assert loaded(tmp_path, NOT_FHIR) == "[]"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("dm.xpt", b"HEADER RECORD*******LIBRARY HEADER RECORD"),
        ("dm.json", b'{"datasetJSONCreationDateTime": "2026-01-01", "datasetJSONVersion": "1.1"}'),
        ("dm.dsjc", zlib.compress(b'{"datasetJSONVersion": "1.1"}')),
        ("define.xml", "\ufeff<?xml version='1.0'?><ODM/>".encode()),
        ("dm.csv", b"USUBJID\n1\n"),
    ],
)
def test_datasets_are_prepared_for(name: str, data: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "one.json").write_bytes(FILES["one.json"])
    assert not may_hold_datasets(folder)
    assert not may_hold_datasets(tmp_path / "none")
    (folder / name).write_bytes(data)
    assert may_hold_datasets(folder / name)
    assert may_hold_datasets(folder)


def test_a_package_has_datasets_where_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    assert not may_hold_datasets(tmp_path)
    (tmp_path / "m5").mkdir()
    assert may_hold_datasets(tmp_path)
