"""The example's package in the eyes of programs that have nothing to do with ours.

pandas reads its XPT in tests/example; here pyreadstat, R's foreign and npm's xport-js do,
fhir.resources reads every resource, CDISC's own schemas Dataset-JSON, and odmlib the define.xml.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat
import pytest

import trialect
from trialect.trial import is_lineage

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/NCT07326982"
SCHEMAS = ROOT.parent / "shared/standards/dataset-json"

Column = Sequence[str | float | None]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("witnesses") / "out"
    trialect.convert(EXAMPLE, out, unblinded=True)
    return out


@pytest.fixture(scope="module")
def trial() -> trialect.Trial:
    return trialect.read(EXAMPLE)


@pytest.fixture(scope="module")
def xpt(package: Path) -> list[Path]:
    files = sorted((package / "m5").rglob("*.xpt"))
    assert len(files) > 15
    return files


def columns(frame: pl.DataFrame) -> Iterator[tuple[str, Column]]:
    for name in frame.columns:
        if not is_lineage(name):
            yield name, frame[name].to_list()


def agree(dataset: str, name: str, found: Column, expected: Column) -> None:
    """Equal, but for text that had to be spelled in ASCII."""
    assert len(found) == len(expected), dataset
    for one, other in zip(found, expected, strict=True):
        if isinstance(other, str) and not other.isascii():
            assert isinstance(one, str), (dataset, name)
            assert one.isascii(), (dataset, name)
        else:
            assert one == other, (dataset, name)


def test_pyreadstat_reads_what_the_domains_hold(xpt: list[Path], trial: trialect.Trial) -> None:
    for path in xpt:
        found, about = pyreadstat.read_xport(str(path), output_format="polars")
        found = found.with_columns(pl.col(pl.String).replace("", None))
        assert about.table_name == path.stem.upper()
        frame = trial.frames[path.stem.upper()].select(found.columns)
        for name, values in columns(frame):
            agree(path.stem, name, found[name].to_list(), values)


def run(command: list[str], **options: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_r_foreign_reads_what_the_domains_hold(xpt: list[Path], trial: trialect.Trial) -> None:
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("R is not installed")
    if run([rscript, "-e", "cat(requireNamespace('foreign', quietly=TRUE))"]).strip() != "TRUE":
        pytest.skip("the R package foreign is not installed")
    # Numbers as C hexadecimal floats: every bit is compared.
    script = """
        for (path in commandArgs(trailingOnly = TRUE)) {
          data <- as.data.frame(foreign::read.xport(path))
          for (name in names(data)) {
            values <- data[[name]]
            text <- if (is.numeric(values)) sprintf("%a", values) else as.character(values)
            cat(basename(path), name, is.numeric(values), text, sep = "\\t")
            cat("\\n")
          }
        }
    """
    lines = run([rscript, "-e", script, *map(str, xpt)]).splitlines()
    assert len({line.split("\t")[0] for line in lines}) == len(xpt)
    for line in lines:
        file, name, is_numeric, *values = line.split("\t")
        frame = trial.frames[Path(file).stem.upper()]
        found: Column = [value or None for value in values]
        if is_numeric == "TRUE":
            found = [None if one in ("NA", "NaN") else float.fromhex(one) for one in values]
        agree(file, name, found, frame[name].to_list())


@pytest.mark.node
def test_xport_js_reads_what_the_domains_hold(xpt: list[Path], trial: trialect.Trial) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node.js is not installed")
    places = [os.environ.get("NODE_PATH", ""), run([npm, "root", "-g"]).strip()]
    environment = {**os.environ, "NODE_PATH": os.pathsep.join(filter(None, places))}
    script = """
        let Library; try { Library = require("xport-js").default } catch { process.exit(77) }
        (async () => {
          const found = {};
          for (const path of process.argv.slice(1)) {
            found[path] = [];
            for await (const row of new Library(path).read()) found[path].push(row);
          }
          console.log(JSON.stringify(found));
        })();
    """
    done = subprocess.run(
        [node, "-e", script, *map(str, xpt)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("the npm package xport-js is not installed (globally or on NODE_PATH)")
    assert done.returncode == 0, done.stderr
    for path, (header, *rows) in json.loads(done.stdout).items():
        frame = trial.frames[Path(path).stem.upper()]
        while rows and not any(rows[-1]):
            rows.pop()  # xport-js takes the blanks that fill the last 80 bytes for a record
        for place, name in enumerate(header):
            # xport-js tells a missing value as an empty text, and is right to a number's last bits.
            found = [row[place] if row[place] not in ("", None) else None for row in rows]
            expected = frame[name].to_list()
            if frame[name].dtype == pl.Float64:
                near = [n if n is None else float(f"{n:.14g}") for n in found]
                found, expected = near, [n if n is None else float(f"{n:.14g}") for n in expected]
            agree(path, name, found, expected)


def test_fhir_resources_reads_every_resource(package: Path) -> None:
    pytest.importorskip("fhir.resources.R4B")
    manifest = json.loads((package / "manifest.json").read_text(encoding="utf-8"))
    seen: Counter[str] = Counter()
    for path in sorted((package / "fhir/ndjson").glob("*.ndjson")):
        model = getattr(import_module(f"fhir.resources.R4B.{path.stem.lower()}"), path.stem)
        for line in path.read_bytes().splitlines():
            model.model_validate_json(line)
            seen[path.stem] += 1
    assert seen == manifest["fhir"]
    bundle = import_module("fhir.resources.R4B.bundle").Bundle
    for path in sorted((package / "fhir/bundles").glob("*.json")):
        bundle.model_validate_json(path.read_bytes())


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason=f"CDISC's schemas are not at {SCHEMAS}")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_cdisc_schemas_accept_every_dataset_json(package: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    whole = json.loads((SCHEMAS / "dataset.schema.json").read_bytes())
    by_line = json.loads((SCHEMAS / "dataset-ndjson-schema.json").read_text("utf-16"))
    # The schema of a line alone: the file's own root asks for an array of lines.
    parts = {name: {**by_line, "$ref": f"#/$defs/{name}"} for name in by_line["$defs"]}
    for part in parts.values():
        for name in ("properties", "required", "type"):
            part.pop(name, None)
    document = jsonschema.Draft201909Validator(whole)
    head = jsonschema.Draft201909Validator(parts["DatasetMetadata"])
    files = sorted((package / "dataset-json").iterdir())
    assert Counter(path.suffix for path in files).keys() == {".json", ".ndjson"}
    for path in files:
        with path.open(encoding="utf-8") as text:
            if path.suffix == ".json":
                document.validate(json.load(text))
            else:
                head.validate(json.loads(next(text)))


def test_odmlib_reads_the_define(package: Path, xpt: list[Path]) -> None:
    from odmlib.define_2_1 import model
    from odmlib.define_loader import XMLDefineLoader
    from odmlib.loader import ODMLoader

    loader = ODMLoader(XMLDefineLoader(model_package="define_2_1"))
    (path,) = (package / "m5").rglob("define.xml")
    loader.open_odm_document(str(path))
    version = loader.MetaDataVersion()
    assert isinstance(version, model.MetaDataVersion)
    described = {group.Name: len(group.ItemRef) for group in version.ItemGroupDef}
    submitted = {}
    for file in xpt:
        _, about = pyreadstat.read_xport(str(file), metadataonly=True)
        submitted[about.table_name] = len(about.column_names)
    assert described == submitted
