"""The rule types of the language, by name: what the rows are that a check is asked of.

A new rule type is a function in a module of its own, and one line here.
"""

from __future__ import annotations

from trialect.schemas.core.rule_types import (
    dataset_metadata,
    define_datasets,
    presence,
    records,
    values,
    variable_metadata,
)
from trialect.schemas.core.rule_types.building import STUDY, Building, Builds

RULE_TYPES: dict[str, Builds] = {
    "Record Data": records.tables,
    "Dataset Contents Check against Define XML": define_datasets.contents,
    "Dataset Metadata Check": dataset_metadata.tables,
    "Dataset Metadata Check against Define XML": define_datasets.tables,
    "Domain Presence Check": presence.tables,
    "Domain Presence Check against Define XML": presence.with_define,
    "Variable Metadata Check": variable_metadata.tables,
    "Variable Metadata Check against Define XML": variable_metadata.with_define,
    "Variable Metadata Check against Define XML and Library Metadata": (
        variable_metadata.with_define_and_library
    ),
    "Variable Metadata Check against Library Metadata": variable_metadata.with_library,
    "Define Item Group Metadata Check": define_datasets.groups,
    "Define Item Metadata Check": variable_metadata.define_items,
    "Define Item Metadata Check against Library Metadata": variable_metadata.define_with_library,
    "Value Check with Dataset Metadata": values.with_dataset_facts,
    "Value Check with Variable Metadata": values.with_variable_facts,
    "Value Check against Library Metadata": values.with_library,
    "Value Check against Define XML Variable": values.with_define_variables,
    "Value Check against Define XML VLM": values.with_define_values,
}
"""What builds the tables of each rule type; `not_run` has those that are not run."""

__all__ = ["RULE_TYPES", "STUDY", "Building"]
