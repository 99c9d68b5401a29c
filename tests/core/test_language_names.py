"""Every name of the public language runs, or a rule that uses it has a named reason.

The names are those of the public schema: cdisc-org/cdisc-rules-engine, resources/schema/rule
(Operator.json, Operations.json, Rule_Type.json, Rule_Type.md), of 2026.
"""

from __future__ import annotations

import pytest
from packages import rule_or_broken

from trialect.schemas.core import not_run
from trialect.schemas.core.operations import OPERATIONS
from trialect.schemas.core.operators import OPERATORS
from trialect.schemas.core.rule import BrokenRule
from trialect.schemas.core.rule_types import RULE_TYPES

OPERATOR_NAMES = """
additional_columns_empty additional_columns_not_empty conformant_value_data_type
conformant_value_length contains contains_all contains_case_insensitive date_equal_to
date_greater_than date_greater_than_or_equal_to date_less_than date_less_than_or_equal_to
date_not_equal_to does_not_contain does_not_contain_case_insensitive does_not_equal_string_part
does_not_have_next_corresponding_record does_not_reference_correct_codelist empty
empty_within_except_last_row ends_with equal_to equal_to_case_insensitive equals_string_part
exists greater_than greater_than_or_equal_to has_different_values has_equal_length
has_next_corresponding_record has_not_equal_length has_same_values
inconsistent_enumerated_columns invalid_date invalid_duration is_complete_date is_contained_by
is_contained_by_case_insensitive is_incomplete_date is_inconsistent_across_dataset
is_not_contained_by is_not_contained_by_case_insensitive is_not_ordered_by is_not_ordered_set
is_not_ordered_subset_of is_not_title_case is_not_unique_relationship is_not_unique_set
is_ordered_by is_ordered_set is_ordered_subset_of is_title_case is_unique_relationship
is_unique_set less_than less_than_or_equal_to longer_than longer_than_or_equal_to matches_regex
non_conformant_value_data_type non_conformant_value_length non_empty
non_empty_within_except_last_row not_contains_all not_equal_to not_equal_to_case_insensitive
not_exists not_matches_regex not_prefix_matches_regex not_present_on_multiple_rows_within
not_suffix_matches_regex prefix_equal_to prefix_is_contained_by prefix_is_not_contained_by
prefix_matches_regex prefix_not_equal_to present_on_multiple_rows_within
references_correct_codelist shares_at_least_one_element_with shares_exactly_one_element_with
shares_no_elements_with shorter_than shorter_than_or_equal_to split_parts_have_equal_length
split_parts_have_unequal_length starts_with suffix_equal_to suffix_is_contained_by
suffix_is_not_contained_by suffix_matches_regex suffix_not_equal_to target_is_not_sorted_by
target_is_sorted_by value_does_not_have_multiple_references value_has_multiple_references
"""
OPERATION_NAMES = """
codelist_extensible codelist_terms dataset_names define_extensible_codelists
define_variable_metadata distinct domain_is_custom domain_label dy expected_variables
extract_metadata get_codelist_attributes get_column_order_from_dataset
get_column_order_from_library get_dataset_filtered_variables get_library_class_domains
get_model_column_order get_model_filtered_variables get_parent_model_column_order
get_xhtml_errors label_referenced_variable_metadata map max max_date mean min min_date minus
name_referenced_variable_metadata permissible_variables record_count related_domain_is_custom
required_expected_variables required_variables split_by standard_domains study_domains
valid_codelist_dates valid_define_external_dictionary_version valid_external_dictionary_code
valid_external_dictionary_code_term_pair valid_external_dictionary_value
valid_meddra_code_references valid_meddra_code_term_pairs valid_meddra_term_references
valid_whodrug_references variable_count variable_exists variable_is_null variable_names
variable_value_count whodrug_code_hierarchy
"""
RULE_TYPE_NAMES = [
    "Dataset Contents Check against Define XML",
    "Dataset Contents Check against Define XML and Library Metadata",
    "Dataset Metadata Check",
    "Dataset Metadata Check against Define XML",
    "Define Item Group Metadata Check",
    "Define Item Metadata Check",
    "Define Item Metadata Check against Library Metadata",
    "Domain Presence Check",
    "Domain Presence Check against Define XML",
    "JSON Schema Check",
    "JSONata",
    "Record Data",
    "Value Check against Define XML Variable",
    "Value Check against Define XML VLM",
    "Value Check with Dataset Metadata",
    "Value Check with Variable Metadata",
    "Value Level Metadata Check against Define XML",
    "Variable Metadata Check",
    "Variable Metadata Check against Define XML",
    "Variable Metadata Check against Define XML and Library Metadata",
    "Variable Metadata Check against Library Metadata",
]
LEAF = {"name": "AETERM", "operator": "empty"}


@pytest.mark.parametrize("name", OPERATOR_NAMES.split())
def test_operator(name: str) -> None:
    assert (name in OPERATORS) != (name in not_run.OPERATORS)


@pytest.mark.parametrize("name", OPERATION_NAMES.split())
def test_operation(name: str) -> None:
    assert (name in OPERATIONS) != (name in not_run.OPERATIONS)


@pytest.mark.parametrize("name", RULE_TYPE_NAMES)
def test_rule_type(name: str) -> None:
    assert (name in RULE_TYPES) != (name in not_run.RULE_TYPES)


def test_what_is_not_run_says_why() -> None:
    for name, reason in not_run.OPERATORS.items():
        _is_broken({"all": [{"name": "A", "operator": name, "value": 1}]}, {}, name, reason)
    for name, reason in not_run.OPERATIONS.items():
        operations = [{"id": "$a", "operator": name}]
        _is_broken({"all": [LEAF]}, {"Operations": operations}, name, reason)
    for name, reason in not_run.RULE_TYPES.items():
        _is_broken({"all": [LEAF]}, {"Rule_Type": name}, name, reason)
    # The check of a JSONata rule is a text.
    _is_broken("**.$x", {"Rule_Type": "JSONata"}, "JSONata", "JSON documents")


def _is_broken(check: object, keys: dict[str, object], name: str, reason: str) -> None:
    one = rule_or_broken(check, **keys)
    assert isinstance(one, BrokenRule)
    assert name in one.reason
    assert reason in one.reason
