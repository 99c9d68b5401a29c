"""What the published language names and trialect does not run, and why.

The names are those of the public schema (cdisc-org/cdisc-rules-engine, resources/schema): a rule
that uses one is not run, with the reason told here, and not called unknown.
"""

from __future__ import annotations

_DICTIONARY = "needs a dictionary (MedDRA, WHODrug, LOINC, ...) that is not here"
_NO_MEANING = "is named in the language's schema, whose own engine no longer runs it"
_JSON = "is for JSON documents (USDM), not for datasets"

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

OPERATIONS = {
    **dict.fromkeys(sorted(DICTIONARIES), _DICTIONARY),
    "get_xhtml_errors": "is for USDM, not for datasets",
}
"""Operations that are not done, with the reason."""

OPERATORS = dict.fromkeys(
    (
        "conformant_value_data_type",
        "conformant_value_length",
        "does_not_reference_correct_codelist",
        "does_not_use_valid_codelist_terms",
        "non_conformant_value_data_type",
        "non_conformant_value_length",
        "references_correct_codelist",
        "uses_valid_codelist_terms",
    ),
    f"{_NO_MEANING}; a rule type against Define XML asks the same",
)
"""Operators that are not asked, with the reason."""

RULE_TYPES = {
    "Dataset Contents Check against Define XML and Library Metadata": _NO_MEANING,
    "JSON Schema Check": _JSON,
    "JSONata": _JSON,
    "Value Level Metadata Check against Define XML": (
        f"{_NO_MEANING}; 'Value Check against Define XML VLM' asks the same"
    ),
}
"""Rule types that are not run, with the reason."""


def unknown_operation(name: str) -> str:
    """Why an operation cannot be done, for a person."""
    return f"operation {name!r} {OPERATIONS.get(name, 'is not known')}"


def unknown_operator(name: str) -> str:
    """Why an operator cannot be asked, for a person."""
    return f"operator {name!r} {OPERATORS.get(name, 'is not known')}"


def unknown_rule_type(name: str) -> str:
    """Why a rule type cannot be run, for a person."""
    return f"rule type {name!r} {RULE_TYPES.get(name, 'is not known')}"
