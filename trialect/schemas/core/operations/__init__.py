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

DICTIONARIES = frozenset(
    {
        "valid_define_external_dictionary_version",
        "valid_external_dictionary_code",
        "valid_external_dictionary_code_term_pair",
        "valid_external_dictionary_value",
        "valid_meddra_code_references",
        "valid_meddra_code_term_pairs",
        "valid_meddra_term_references",
        "valid_whodrug_references",
        "whodrug_code_hierarchy",
    }
)
"""Operations that look into MedDRA, WHODrug and the like, which are licensed to their users."""

OTHER_STANDARDS = frozenset({"get_xhtml_errors"})
"""Operations of rules for USDM, which is no submission of datasets."""


def unknown_operation(name: str) -> str:
    """Why an operation cannot be done, for a person."""
    if name in DICTIONARIES:
        return f"operation {name!r} needs a dictionary (MedDRA, WHODrug, ...) that is not here"
    if name in OTHER_STANDARDS:
        return f"operation {name!r} is for USDM, not for datasets"
    return f"operation {name!r} is not known"


__all__ = ["DICTIONARIES", "OPERATIONS", "Doing", "unknown_operation"]
