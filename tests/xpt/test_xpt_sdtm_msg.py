"""CDISC's sample submission: 27 datasets that SAS 9.4 wrote, with the same data as Dataset-JSON."""

import json
from pathlib import Path
from typing import Any

from xpt_cases import write

from trialect.converters.readers.xpt import read_xpt


def datasets(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.xpt"))
    assert len(files) == 27
    return files


def as_read(value: Any) -> Any:
    """A Dataset-JSON value as XPT has it: the empty text is missing, numbers are doubles."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else float(value)


def test_the_values_are_those_of_dataset_json(sdtm_msg: Path) -> None:
    inexact = {}
    for file in datasets(sdtm_msg):
        found = read_xpt(file)
        expected = json.loads(file.with_suffix(".json").read_text("utf-8"))
        assert found.problems == ()
        assert found.name == expected["name"]
        assert found.label == expected["label"]
        assert found.frame.columns == [column["name"] for column in expected["columns"]]
        assert [variable.label for variable in found.variables] == [
            column["label"] for column in expected["columns"]
        ]
        assert found.frame.height == expected["records"]
        for record, row in zip(found.frame.iter_rows(), expected["rows"], strict=True):
            for value, given in zip(record, map(as_read, row), strict=True):
                if value == given:
                    continue
                # The Dataset-JSON was written with 15 significant digits, the XPT holds 17.
                assert isinstance(value, float)
                assert float(f"{value:.15g}") == given
                inexact[file.stem] = inexact.get(file.stem, 0) + 1
    assert inexact == {"lb": 695}


def test_writing_them_again_gives_the_same_bytes(sdtm_msg: Path, tmp_path: Path) -> None:
    for file in datasets(sdtm_msg):
        found = read_xpt(file)
        assert found.created is not None
        assert found.created == found.modified
        written = write(
            tmp_path,
            found.frame,
            found.variables,
            name=found.name,
            label=found.label,
            stamp=found.created,
            origin=found.origin,
        )
        assert written.problems == ()
        assert written.files[0].path.read_bytes() == file.read_bytes(), file.name
