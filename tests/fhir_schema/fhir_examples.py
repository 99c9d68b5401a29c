"""Examples of valid resources, and what makes them invalid (tests/fhir_schema/data)."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def load(name: str) -> Any:
    return json.loads((DATA / name).read_text("utf-8"), parse_float=Decimal)


GOOD: dict[str, dict[str, Any]] = load("good.json")


def changed(name: str, *changes: dict[str, Any]) -> dict[str, Any]:
    """A copy of a good resource with `remove` and `set` of each change carried out."""
    resource = copy.deepcopy(GOOD[name])
    for change in changes:
        for path in change.get("remove", ()):
            holder, key = _reach(resource, path)
            del holder[key]
        for path, value in change.get("set", {}).items():
            holder, key = _reach(resource, path)
            if isinstance(holder, list) and key == len(holder):
                holder.append(value)
            else:
                holder[key] = copy.deepcopy(value)
    return resource


def _reach(resource: Any, path: str) -> tuple[Any, Any]:
    *outer, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in outer:
        resource = resource[step]
    return resource, last
