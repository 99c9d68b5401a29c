"""The verbs of the mapping tables: a closed list, one file each.

A verb's module has `VERB` (what cells its lines have) and `fill(call) -> Filled`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from trialect.mappings.values import Call, Filled
from trialect.mappings.verbs.verb import Verb

NAMES = (
    "assign",
    "assign_ct",
    "assign_multiple",
    "assign_date",
    "assign_datetime",
    "hardcode",
    "hardcode_ct",
    "compute",
    "concat",
    "convert_unit",
    "first",
    "last",
    "earliest",
    "latest",
    "minimum",
    "maximum",
    "sum",
    "count",
    "visit",
    "derive",
    "not_submitted",
)
"""Every verb; a new one is a file and a word here."""

VERBS: dict[str, Verb] = {}
FILL: dict[str, Callable[[Call], Filled]] = {}
for _name in NAMES:
    _module = import_module(f"{__name__}.{_name}")
    VERBS[_name] = _module.VERB
    FILL[_name] = _module.fill

__all__ = ["FILL", "NAMES", "VERBS", "Verb"]
