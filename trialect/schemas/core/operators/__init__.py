"""The operators of the language, by name. Each is one small function; a module is one family.

A new operator is a decorated function in a module of its family, or a new module in `_MODULES`.
"""

from __future__ import annotations

from trialect.schemas.core.operators import (
    dates,
    equality,
    lengths,
    membership,
    numbers,
    presence,
    regex,
    relations,
    sequence,
    text,
)
from trialect.schemas.core.operators.ask import REGISTRY, Asked, Operator

_MODULES = (
    dates,
    equality,
    lengths,
    membership,
    numbers,
    presence,
    regex,
    relations,
    sequence,
    text,
)

OPERATORS: dict[str, Operator] = REGISTRY
"""Every operator by its name in rules."""

__all__ = ["OPERATORS", "Asked", "Operator"]
