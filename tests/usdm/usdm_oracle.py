"""CDISC's published API definition of USDM 4.0 as a JSON Schema, where it is at hand.

It lies at ../shared/standards/usdm/USDM_API.json, or where USDM_API names it (repository
cdisc-org/DDF-RA, Deliverables/API; also within the package usdm4). It is a witness for tests only.
"""

from __future__ import annotations

import json
import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parents[2]
SHARED = HERE.parent / "shared" / "standards" / "usdm" / "USDM_API.json"
IN_PACKAGE = ("rules", "library", "schema", "usdm_v4-0-0.json")


def api_file() -> Path | None:
    """The definition's file, where there is one."""
    named = os.environ.get("USDM_API")
    places = [Path(named)] if named else []
    places.append(SHARED)
    if (found := find_spec("usdm4")) is not None and found.origin is not None:
        places.append(Path(found.origin).parent.joinpath(*IN_PACKAGE))
    return next((one for one in places if one.is_file()), None)


@cache
def published_schema() -> dict[str, Any]:
    """The schema of a whole document; skips the test where the definition is not at hand."""
    file = api_file()
    if file is None:
        pytest.skip("CDISC's USDM_API.json is not at hand")
    api = json.loads(file.read_bytes())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/components/schemas/Wrapper-Input",
        "components": api["components"],
    }


@cache
def _validator() -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(published_schema())


def published_errors(document: Any) -> list[str]:
    """What the published schema says against a document."""
    return [f"{one.instance_path}: {one.message}" for one in _validator().iter_errors(document)]
