"""What a rule must see at once to be answered, by what it asks; no rule is known by its id.

A rule about what the files say needs no records; one about each record alone needs that record; one
that holds the records of a subject against each other needs these, of all datasets; every other
one, and every one of which nothing is known here, needs the whole study.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from functools import lru_cache

from trialect.schemas.core import library
from trialect.schemas.core.rule import (
    BrokenRule,
    Condition,
    CoreRule,
    MatchDataset,
    Operation,
    conditions,
)

SUBJECT_ID = "USUBJID"
"""The variable whose values cut a study into parts."""


class Locality(IntEnum):
    """What a rule must see at once, from the least to the most."""

    METADATA = 0
    """What the files and the Define-XML say; no record."""
    RECORD = 1
    """A record by itself, beside the trial design."""
    SUBJECT = 2
    """All records of a subject, of all datasets."""
    STUDY = 3
    """All records of the datasets that it is about."""


def locality(rule: CoreRule) -> Locality:
    """What a rule must see at once."""
    if rule.rule_type not in _OF_RECORDS:
        static = all(one.operator in _STATIC for one in rule.operations)
        known = static and rule.rule_type in _OF_METADATA
        return Locality.METADATA if known else Locality.STUDY
    if rule.sensitivity == "Study":
        return Locality.STUDY
    found = [Locality.RECORD]
    if rule.rule_type.startswith("Value"):
        # Findings of one variable are told from those of others when they are put together.
        named = "variable_name" in (*rule.grouping_variables, *rule.output_variables)
        by_name = rule.sensitivity == "Group" and named
        told = rule.sensitivity == "Record" or by_name
        found.append(Locality.RECORD if told else Locality.STUDY)
    made = {one.id: one for one in rule.operations}
    found += [_of_operation(one, made, rule) for one in rule.operations]
    found += [_of_match(one) for one in rule.match_datasets]
    found += [_of_condition(one, made, rule) for one in conditions(rule.check)]
    return max(found)


def is_local(rule: CoreRule | BrokenRule) -> bool:
    """Whether the records of some subjects are enough to find what a rule finds in them."""
    if isinstance(rule, BrokenRule):
        return False
    return locality(rule) in (Locality.RECORD, Locality.SUBJECT)


_OF_RECORDS = frozenset(
    {
        "Record Data",
        "Dataset Contents Check against Define XML",
        "Value Check with Dataset Metadata",
        "Value Check with Variable Metadata",
        "Value Check against Library Metadata",
        "Value Check against Define XML Variable",
        "Value Check against Define XML VLM",
    }
)
_OF_METADATA = frozenset(
    {
        "Dataset Metadata Check",
        "Dataset Metadata Check against Define XML",
        "Domain Presence Check",
        "Domain Presence Check against Define XML",
        "Variable Metadata Check",
        "Variable Metadata Check against Define XML",
        "Variable Metadata Check against Define XML and Library Metadata",
        "Variable Metadata Check against Library Metadata",
        "Define Item Group Metadata Check",
        "Define Item Metadata Check",
        "Define Item Metadata Check against Library Metadata",
    }
)


def _by_subject(names: Iterable[object]) -> Locality:
    return Locality.SUBJECT if SUBJECT_ID in names else Locality.STUDY


@lru_cache(maxsize=256)
def is_of_trial(name: str) -> bool:
    """Whether a dataset is about the trial and not about its subjects."""
    return library.class_of(name) in ("TRIAL DESIGN", "STUDY REFERENCE")


def _of_match(match: MatchDataset) -> Locality:
    # The columns that qualifiers and relations make depend on all of their records.
    if match.child or match.name.startswith(("SUPP", "SQ")) or match.name == "RELREC":
        return Locality.STUDY
    if is_of_trial(match.name):
        return Locality.RECORD
    return _by_subject(left for left, right in match.keys if left == right)


_STATIC = frozenset(
    {
        "codelist_terms",
        "dataset_names",
        "define_dataset_names",
        "define_extensible_codelists",
        "define_variable_metadata",
        "domain_is_custom",
        "domain_label",
        "extract_metadata",
        "expected_variables",
        "get_column_order_from_dataset",
        "get_column_order_from_library",
        "get_dataset_filtered_variables",
        "get_library_class_domains",
        "get_model_column_order",
        "get_model_filtered_variables",
        "permissible_variables",
        "permitted_terms",
        "permitted_terms_extensible",
        "required_expected_variables",
        "required_variables",
        "standard_domains",
        "study_domains",
        "valid_codelist_dates",
        "variable_count",
        "variable_exists",
        "variable_names",
    }
)
"""Operations that give the same for any of the records."""
_OF_ROWS = frozenset(
    {
        "codelist_extensible",
        "label_referenced_variable_metadata",
        "map",
        "name_referenced_variable_metadata",
        "nearest_permitted_term",
        "paired_term",
        "split_by",
    }
)
"""Operations that give to each record what it alone decides."""
_GROUPED = frozenset({"distinct", "max", "mean", "min", "record_count"})
"""Operations on all records of a dataset, or on those of each group."""


def _of_operation(one: Operation, made: Mapping[str, Operation], rule: CoreRule) -> Locality:
    if one.operator in _STATIC or one.operator in _OF_ROWS:
        return Locality.RECORD
    if one.operator == "minus":
        sources = (made.get(str(name)) for name in (one.name, one.options.get("subtract")))
        static = all(source is not None and source.operator in _STATIC for source in sources)
        return Locality.RECORD if static else Locality.STUDY
    if one.operator == "dy":
        return Locality.SUBJECT
    if one.operator not in _GROUPED or one.options.get("regex"):
        return Locality.STUDY
    if one.domain is not None and is_of_trial(one.domain):
        return Locality.RECORD
    if one.operator == "distinct" and not one.group and _is_of_subjects(one, rule):
        return Locality.SUBJECT
    aliases = one.options.get("group_aliases") or []
    names = [aliases[at] if at < len(aliases) else name for at, name in enumerate(one.group)]
    return _by_subject(left for left, right in zip(names, one.group, strict=True) if left == right)


def _is_of_subjects(one: Operation, rule: CoreRule) -> bool:
    """Whether a list of subjects is asked only whether the record's own subject is in it."""
    used = [each for each in conditions(rule.check) if one.id in (each.name, each.value)]
    more = (*rule.output_variables, *(other.name for other in rule.operations))
    subtracted = (other.options.get("subtract") for other in rule.operations)
    return (
        one.name == SUBJECT_ID
        and one.id not in (*more, *subtracted)
        and all(each.name == SUBJECT_ID and "contained_by" in each.operator for each in used)
    )


def _of_condition(condition: Condition, made: Mapping[str, Operation], rule: CoreRule) -> Locality:
    from trialect.schemas.core.operators import OPERATORS

    keys = _KEYED.get(condition.operator)
    if keys is not None:
        plain = condition.operator in _REGEX_OF_ROWS or not condition.options.get("regex")
        return _by_subject(keys(condition)) if plain else Locality.STUDY
    if OPERATORS[condition.operator].across:
        return Locality.STUDY
    if condition.operator in ("exists", "not_exists"):
        # A name may stand in the list of any record.
        lists = (one for one in made.values() if one.operator == "split_by" or one.group)
        return Locality.STUDY if any(lists) else Locality.RECORD
    if "contained_by" in condition.operator and isinstance(condition.value, str):
        return _of_list(condition, made, rule)
    return Locality.RECORD


def _of_list(condition: Condition, made: Mapping[str, Operation], rule: CoreRule) -> Locality:
    """A text names a list that an operation gave; else a column, whose values are one list."""
    if condition.options.get("value_is_literal"):
        return Locality.RECORD
    name = str(condition.value)
    if rule.rule_type.startswith("Value") and not (name in made or name.startswith(_OF_VALUE)):
        # What is known of the variable is the same for all of its values.
        return Locality.RECORD
    lists = _STATIC | {"distinct", "minus", "split_by"}
    source = made.get(name)
    return Locality.RECORD if source and source.operator in lists else Locality.STUDY


_OF_VALUE = "variable_value"
"""How the names of the columns begin that differ from value to value."""


def _names(condition: Condition) -> list[object]:
    value = condition.value
    return list(value) if isinstance(value, list) else [value]


def _within(condition: Condition) -> list[str]:
    value = condition.options.get("within")
    return [str(name) for name in value] if isinstance(value, list) else [str(value)]


_KEYED: dict[str, Callable[[Condition], Iterable[object]]] = {
    "does_not_have_next_corresponding_record": lambda one: _within(one)[:1],
    "empty_within_except_last_row": _names,
    "has_next_corresponding_record": lambda one: _within(one)[:1],
    "is_inconsistent_across_dataset": _names,
    "is_not_ordered_set": _names,
    "is_not_unique_set": lambda one: [one.name, *_names(one)],
    "is_ordered_set": _names,
    "is_unique_set": lambda one: [one.name, *_names(one)],
    "non_empty_within_except_last_row": _names,
    "not_present_on_multiple_rows_within": _within,
    "present_on_multiple_rows_within": _within,
    "target_is_not_sorted_by": _within,
    "target_is_sorted_by": _within,
}
"""Operators that hold records against each other within groups: the variables of the groups."""
_REGEX_OF_ROWS = frozenset(
    {"is_inconsistent_across_dataset", "target_is_sorted_by", "target_is_not_sorted_by"}
)
"""Those of which `regex` reads each record's own value."""

__all__ = ["Locality", "is_local", "is_of_trial", "locality"]
