"""trialect: a clinical trial's records, in every standard its readers live by.

import trialect

trial = trialect.read("study")          # Study and domains, in memory
trial.domains["QS"]                      # a pandas DataFrame
trialect.convert("study", "out")         # a checked package
trialect.validate("out").problems        # what is wrong with any file or package
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from trialect.converters.convert import convert
    from trialect.converters.pipeline import Conversion, read
    from trialect.converters.reconcile import Reconciliation, reconcile
    from trialect.converters.trace import trace
    from trialect.converters.validate import Validation, validate
    from trialect.problems import Problem, Severity, Unusable
    from trialect.trial import Study, Trial

# Loaded when first used, so that importing trialect stays instant.
_HOMES = {
    "Conversion": "trialect.converters.pipeline",
    "Problem": "trialect.problems",
    "Reconciliation": "trialect.converters.reconcile",
    "Severity": "trialect.problems",
    "Study": "trialect.trial",
    "Trial": "trialect.trial",
    "Unusable": "trialect.problems",
    "Validation": "trialect.converters.validate",
    "convert": "trialect.converters.convert",
    "read": "trialect.converters.pipeline",
    "reconcile": "trialect.converters.reconcile",
    "trace": "trialect.converters.trace",
    "validate": "trialect.converters.validate",
}

__all__ = [
    "Conversion",
    "Problem",
    "Reconciliation",
    "Severity",
    "Study",
    "Trial",
    "Unusable",
    "Validation",
    "convert",
    "read",
    "reconcile",
    "trace",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
