"""The operations of the language, by name: values computed before a check, as columns of it.

A new operation is a decorated function in a module of its kind, or a new module in `_MODULES`.
"""

from __future__ import annotations

from trialect.schemas.core.operations import (
    counts,
    define,
    distinct,
    extremes,
    metadata,
    permitted,
    terminology,
    variables,
)
from trialect.schemas.core.operations.doing import REGISTRY, Does, Doing

_MODULES = (counts, define, distinct, extremes, metadata, permitted, terminology, variables)

OPERATIONS: dict[str, Does] = REGISTRY
"""Every operation by its name in rules."""

__all__ = ["OPERATIONS", "Doing"]
