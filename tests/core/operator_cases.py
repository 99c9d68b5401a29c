"""What each operator answers: columns, a condition, and the rows for which it holds.

Texts are Char, numbers are Num, None is missing. A condition is the operator, its target, its
value and its options, as in a rule. `--` stands for AE.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class OperatorCase:
    """One question and its answer, a Boolean for each row."""

    operator: str
    columns: dict[str, list[Any]]
    value: Any
    holds: list[bool]
    name: str | None = "A"
    options: dict[str, Any] = field(default_factory=dict)
    same: dict[str, Any] = field(default_factory=dict)
    """Columns that have one value for all rows, such as the list of an operation."""


def _case(operator: str, a: list[Any], value: Any, holds: str, **more: Any) -> OperatorCase:
    """A case whose target is column A; `holds` has Y or n for each row."""
    columns = {"A": a, **more.pop("others", {})}
    return OperatorCase(operator, columns, value, [one == "Y" for one in holds], **more)


def _negated(case: OperatorCase, operator: str) -> OperatorCase:
    """The same question to the opposite operator."""
    return OperatorCase(
        operator,
        case.columns,
        case.value,
        [not one for one in case.holds],
        case.name,
        case.options,
        case.same,
    )


_DATES = ["2003", "2003-12", "2003-12-15", "2003-12-15T13:15", "2003---15", "", "2003-02-30", None]

EQUALITY = [
    _case("equal_to", ["Y", "N", None, ""], "Y", "Ynnn"),
    _case("equal_to", [1.0, 2.0, None], 1, "Ynn"),
    _case("equal_to", ["1", "2", None], 1, "nnn"),
    _case("equal_to", ["1", "1.0", "x"], 1, "YYn", options={"type_insensitive": True}),
    _case("equal_to", [1.0, 2.5, None], "1.00", "Ynn", options={"type_insensitive": True}),
    _case(
        "equal_to",
        ["5.4", "5.4", "5.41"],
        "B",
        "YYn",
        others={"B": [5.4, 5.3999999999999995, 5.4]},
        options={"type_insensitive": True},
    ),
    _case("equal_to", ["a", "b", None, None], "B", "Ynnn", others={"B": ["a", "a", "x", None]}),
    _case(
        "equal_to",
        ["B", "b"],
        "B",
        "Yn",
        others={"B": ["x", "y"]},
        options={"value_is_literal": True},
    ),
    _case("equal_to", [1.4, 1.6, None], 1, "Ynn", options={"round_values": True}),
    _case(
        "equal_to",
        ["1", "2", "z"],
        "IDVAR",
        "Ynn",
        others={"IDVAR": ["SEQ", "SEQ", "NONE"], "SEQ": [1.0, 1.0, 1.0]},
        options={"value_is_reference": True, "type_insensitive": True},
    ),
    _case("equal_to", ["x", "y"], "$label", "Yn", same={"$label": "x"}),
    _case("not_equal_to", ["Y", "N", None, ""], "Y", "nYYY"),
    _case("not_equal_to", ["a", "b", None, None], "B", "nYYn", others={"B": ["a", "a", "x", None]}),
    _case("not_equal_to", [1.0, 2.0, None], 1, "nYY"),
    _case("not_equal_to", ["1"], 1, "Y"),
    _case("equal_to_case_insensitive", ["Yes", "no", None], "YES", "Ynn"),
    _case("equal_to_case_insensitive", ["Ab", "b"], "B", "Yn", others={"B": ["aB", "c"]}),
    _case("not_equal_to_case_insensitive", ["Yes", "no", None], "YES", "nYY"),
]

PRESENCE = [
    _case("exists", ["x", None], None, "YY"),
    _case("exists", ["x", None], None, "nn", name="B"),
    _case("exists", ["x", None], None, "YY", name="AEB", same={"$list": ["AEB", "AEC"]}),
    _case("exists", ["x"], None, "Y", name="--B", others={"AEB": [None]}),
    _case("not_exists", ["x", None], None, "nn"),
    _case("not_exists", ["x", None], None, "YY", name="B"),
    _case("empty", ["x", None, "", " "], None, "nYYn"),
    _case("empty", [0.0, None], None, "nY"),
    _case("empty", ["x"], None, "Y", name="$list", same={"$list": []}),
    _case("non_empty", ["x", None, "", " "], None, "YnnY"),
    _case("non_empty", ["x"], None, "Y", name="$list", same={"$list": ["y"]}),
]

NUMBERS = [
    _case("less_than", [1.0, 2.0, None], 2, "Ynn"),
    _case("less_than", ["1", "x", " 3 "], 2, "Ynn"),
    _case("less_than", [1.0, 2.0, None], "B", "Ynn", others={"B": ["1.5", "1.5", "9"]}),
    _case("less_than_or_equal_to", [1.0, 2.0, 3.0, None], 2, "YYnn"),
    _case("greater_than", [1.0, 2.0, 3.0, None], 2, "nnYn"),
    _case("greater_than_or_equal_to", [1.0, 2.0, 3.0, None], 2, "nYYn"),
    _case("greater_than", ["x"], 1, "Y", name="$n", same={"$n": 2}),
]

REGEX = [
    _case("matches_regex", ["ABC", "xABC", None, "abc"], "[A-Z]+", "Ynnn"),
    _case("matches_regex", ["ABCd", "AB"], "^[A-Z]+$", "nY"),
    _case("matches_regex", [12.0, 1.5, None], r"^\d+$", "Ynn"),
    _case("not_matches_regex", ["ABC", "xABC", None], "[A-Z]+", "nYn"),
    _case("not_matches_regex", [12.0, 1.5, None], r"^\d+$", "nYn"),
    _case("prefix_matches_regex", ["APX", "AEX", None], "AP|ap", "Ynn", options={"prefix": 2}),
    _case("not_prefix_matches_regex", ["APX", "AEX", None], "AP|ap", "nYn", options={"prefix": 2}),
    _case("suffix_matches_regex", ["AESEQ", "SEQAE", None], "SEQ", "Ynn", options={"suffix": 3}),
    _case(
        "not_suffix_matches_regex", ["AESEQ", "SEQAE", None], "SEQ", "nYn", options={"suffix": 3}
    ),
]

_CONTAINED = [
    _case("is_contained_by", ["Y", "N", None, "y"], ["Y", "N"], "YYnn"),
    _case("is_contained_by", [1.0, 2.0, None], [1, 3], "Ynn"),
    _case("is_contained_by", ["1"], [1], "n"),
    _case("is_contained_by", ["a", "b", None], "$l", "Ynn", same={"$l": ["a", "c"]}),
    _case("is_contained_by", ["a", "b"], "$l", "Yn", others={"$l": [["a"], ["a", "c"]]}),
    _case("is_contained_by", [1.0, 2.0, None], "$l", "nYn", others={"$l": [[2.0], [2.0], [1.0]]}),
    _case("is_contained_by", ["a", "b", "c"], "B", "YYn", others={"B": ["b", "x", "a"]}),
    _case("is_contained_by", ["a"], "$l", "n", same={"$l": []}),
]
_FOLDED = _case("is_contained_by_case_insensitive", ["y", "N", "x", None], ["Y", "n"], "YYnn")
_CONTAINS = [
    _case("contains", ["a-b", "ab", None], "-", "Ynn"),
    _case("contains", ["a", "b", "c"], "B", "YnY", others={"B": ["c", "x", "b"]}),
    _case("contains", [["a", "b"], ["c"]], "a", "Yn"),
]
_CONTAINS_FOLDED = _case("contains_case_insensitive", ["xAbx", "b", None], "aB", "Ynn")

MEMBERSHIP = [
    *_CONTAINED,
    *(_negated(case, "is_not_contained_by") for case in _CONTAINED),
    _FOLDED,
    _negated(_FOLDED, "is_not_contained_by_case_insensitive"),
    *_CONTAINS,
    *(_negated(case, "does_not_contain") for case in _CONTAINS),
    _CONTAINS_FOLDED,
    _case("contains_case_insensitive", ["xAb", "b"], "B", "Yn", others={"B": ["aB", "c"]}),
    _negated(_CONTAINS_FOLDED, "does_not_contain_case_insensitive"),
    _case("contains_all", ["a", "b", "c"], ["a", "c"], "Ynn"),
    _case("contains_all", ["a", "b", "c"], ["$l"], "nnn", same={"$l": ["a", "d"]}),
    _case("contains_all", [["a", "b"], ["c"]], "B", "Yn", others={"B": [["a"], ["a", "c"]]}),
    _case("not_contains_all", ["a", "b", "c"], ["$l"], "Ynn", same={"$l": ["a", "d"]}),
    _case("not_contains_all", ["a", "b"], ["a", "b"], "nn"),
    _case(
        "shares_at_least_one_element_with", [["a", "b"], ["c"]], "B", "Yn", others={"B": ["a", "a"]}
    ),
    _case(
        "shares_exactly_one_element_with",
        [["a", "b"], ["a", "b"]],
        "B",
        "Yn",
        others={"B": [["a", "x"], ["a", "b"]]},
    ),
    _case("shares_no_elements_with", ["q"], "$b", "Y", name="$a", same={"$a": ["x"], "$b": ["y"]}),
    _case("shares_no_elements_with", ["q"], "$b", "n", name="$a", same={"$a": ["x"], "$b": ["x"]}),
]

_PREFIX = _case("prefix_equal_to", ["AEX", "CMX"], "AE", "Yn", options={"prefix": 2})
_SUFFIX = _case("suffix_equal_to", ["XAE", "XCM"], "AE", "Yn", options={"suffix": 2})
_PREFIX_IN = _case("prefix_is_contained_by", ["AEX", "CMX"], ["AE"], "Yn", options={"prefix": 2})
_SUFFIX_IN = _case(
    "suffix_is_contained_by", ["XAE", "XCM"], "$l", "Yn", options={"suffix": 2}, same={"$l": ["AE"]}
)
_PART = _case(
    "equals_string_part",
    ["AE", "CM", None],
    "B",
    "Ynn",
    others={"B": ["SUPPAE", "SUPPAE", "SUPPAE"]},
    options={"regex": ".{4}(..).*"},
)
_TITLE = _case(
    "is_title_case", ["Date of Birth", "date of Birth", "ID", None, "Of Mice"], None, "YnYYY"
)

TEXT = [
    _PREFIX,
    _case("prefix_equal_to", ["AEX", "CMX"], "DOMAIN", "Yn", options={"prefix": 2}),
    _negated(_PREFIX, "prefix_not_equal_to"),
    _SUFFIX,
    _negated(_SUFFIX, "suffix_not_equal_to"),
    _PREFIX_IN,
    _negated(_PREFIX_IN, "prefix_is_not_contained_by"),
    _SUFFIX_IN,
    _negated(_SUFFIX_IN, "suffix_is_not_contained_by"),
    _case("starts_with", ["RACE1", "XRACE", None], "RACE", "Ynn"),
    _case("starts_with", ["ab", "cd"], "B", "Yn", others={"B": ["a", "x"]}),
    _case("ends_with", ["AESEQ", "SEQAE", None], "SEQ", "Ynn"),
    _PART,
    _negated(_PART, "does_not_equal_string_part"),
    _case(
        "equals_string_part",
        ["AE", "CM"],
        "$n",
        "Yn",
        options={"regex": ".{4}(..).*"},
        same={"$n": "SUPPAE"},
    ),
    _TITLE,
    _negated(_TITLE, "is_not_title_case"),
]

_LENGTH = _case("has_equal_length", ["abc", "ab", None], 3, "Ynn")
_LONGER = _case("longer_than", ["abcd", "abc", "é" * 4, None], 3, "YnYn")
_AT_LEAST = _case("longer_than_or_equal_to", ["abcd", "abc", "ab", None], 3, "YYnn")
_SPLIT = _case(
    "split_parts_have_equal_length", ["12/34", "1/34", "1/2/3", "12", None], None, "YnnYY"
)

LENGTHS = [
    _LENGTH,
    _case("has_equal_length", ["abc", "ab"], "B", "Yn", others={"B": ["xyz", "x"]}),
    _negated(_LENGTH, "has_not_equal_length"),
    _LONGER,
    _case("longer_than", ["abcd", "abc"], "B", "Yn", others={"B": [3.0, 3.0]}),
    _AT_LEAST,
    _negated(_AT_LEAST, "shorter_than"),
    _negated(_LONGER, "shorter_than_or_equal_to"),
    _SPLIT,
    _negated(_SPLIT, "split_parts_have_unequal_length"),
]

_COMPLETE = _case("is_complete_date", _DATES, None, "nnYYnnnn")
_PAIRS = {
    "A": ["2003-12-15", "2003-12", "2003-12-14", "2004", "x", None, "2003-12-15T10:00+02:00"],
    "B": [
        "2003-12-15",
        "2003-12-15",
        "2003-12-15",
        "2003-12-15",
        "2003",
        "2003",
        "2003-12-15T08:00",
    ],
}


def _dates(operator: str, holds: str, **options: str) -> OperatorCase:
    return OperatorCase(operator, _PAIRS, "B", [one == "Y" for one in holds], options=options)


DATES = [
    _COMPLETE,
    _negated(_COMPLETE, "is_incomplete_date"),
    _case("invalid_date", _DATES, None, "nnnnnYYY"),
    _case("invalid_date", [1.0, None], None, "YY"),
    _case(
        "invalid_duration",
        ["P1Y", "PT30M", "P2W", "-P1D", "P", "1D", "P1.5Y2M", None],
        None,
        "nnnnYYYY",
    ),
    _case("invalid_duration", ["P1D", "-P1D"], None, "nY", options={"negative": False}),
    _dates("date_equal_to", "YnnnnnY"),
    _dates("date_not_equal_to", "nYYYnnn"),
    _dates("date_less_than", "nnYnnnn"),
    _dates("date_less_than_or_equal_to", "YYYnnnY"),
    _dates("date_greater_than", "nnnYnnn"),
    _dates("date_greater_than_or_equal_to", "YYnYnnY"),
    _dates("date_equal_to", "YYYnnnY", date_component="year"),
    _dates("date_equal_to", "YYnnnnY", date_component="auto"),
    _case("date_greater_than", ["2004", "2002", None], "2003", "Ynn"),
]

_UNIQUE = _case(
    "is_unique_set",
    ["a", "a", "b", None, None],
    "B",
    "YYYnn",
    others={"B": [1.0, 2.0, 1.0, None, None]},
)
_RELATION = _case(
    "is_not_unique_relationship",
    ["a", "a", "b", "c", "c", None],
    "B",
    "YYnYYn",
    others={"B": ["x", "y", "z", "w", None, "q"]},
)
_ROWS = _case(
    "present_on_multiple_rows_within",
    ["x", "x", "y", "x"],
    None,
    "YYnn",
    others={"B": ["1", "1", "1", "2"]},
    options={"within": "B"},
)
_VALUES = _case("has_different_values", ["a", "b", None], None, "YYY")
_COUNTS = _case(
    "value_has_multiple_references", ["a", "b", None], "$c", "Ynn", same={"$c": {"a": 2, "b": 1}}
)

_NUMBERED_OTHERS = {"A1": ["y", "y", None], "A2": [None, None, "z"]}
_NUMBERED = _case(
    "inconsistent_enumerated_columns", ["x", None, "x"], None, "nYY", others=_NUMBERED_OTHERS
)
RELATIONS = [
    _UNIQUE,
    _negated(_UNIQUE, "is_not_unique_set"),
    _case("is_not_unique_set", ["a", "a", "b"], ["$l"], "YYn", same={"$l": ["A", "GONE"]}),
    _case(
        "is_not_unique_set",
        ["2020-01-01T10", "2020-01-01T11", "2020-01-02"],
        [],
        "YYn",
        options={"regex": r"^\d{4}-\d{2}-\d{2}"},
    ),
    _RELATION,
    _case(
        "is_not_unique_relationship", ["a", "b", None], "B", "YYn", others={"B": ["x", "x", None]}
    ),
    _case(
        "is_not_unique_relationship",
        ["a", "a", "b"],
        ["B", "C"],
        "YYn",
        others={"B": ["x", "x", "z"], "C": ["1", "2", "1"]},
    ),
    _negated(_RELATION, "is_unique_relationship"),
    _case(
        "is_inconsistent_across_dataset",
        ["kg", "kg", "g", "m", "s", None, None],
        ["B", "GONE"],
        "nnYYYnn",
        others={"B": ["1", "1", "1", "2", "2", "3", "3"]},
    ),
    _case(
        "is_inconsistent_across_dataset",
        ["kg/a", "kg/b", "g/c"],
        "B",
        "nnY",
        others={"B": ["1", "1", "1"]},
        options={"regex": "^[a-z]+"},
    ),
    _ROWS,
    _case(
        "present_on_multiple_rows_within",
        ["x", "x", "x"],
        2,
        "YYY",
        others={"B": ["1", "1", "1"]},
        options={"within": "B"},
    ),
    _negated(_ROWS, "not_present_on_multiple_rows_within"),
    _VALUES,
    _case("has_different_values", ["a", "a"], None, "nn"),
    _negated(_VALUES, "has_same_values"),
    _case("has_same_values", ["a", "a"], None, "YY"),
    _COUNTS,
    _negated(_COUNTS, "value_does_not_have_multiple_references"),
    _NUMBERED,
    _case("additional_columns_empty", ["x", None, "x"], None, "nYY", others=_NUMBERED_OTHERS),
    _negated(_NUMBERED, "additional_columns_not_empty"),
]

_GROUPED = {"G": ["1", "1", "1", "2", "2"], "O": [1.0, 3.0, 2.0, 1.0, 2.0]}
_NEXT = _case(
    "has_next_corresponding_record",
    ["b", "d", "c", "x", "z"],
    "N",
    "YYYnY",
    others={**_GROUPED, "N": ["a", "c", "b", "w", "y"]},
    options={"within": "G", "ordering": "O"},
)
_SORTED = _case(
    "is_ordered_set", [1.0, 3.0, 2.0, 1.0], "G", "YnnY", others={"G": ["1", "1", "1", "2"]}
)
_ORDER = _case("is_ordered_by", [1.0, 3.0, 2.0], None, "Ynn")
_SUBSET = _case(
    "is_ordered_subset_of",
    ["q"],
    "$b",
    "Y",
    name="$a",
    same={"$a": ["x", "z"], "$b": ["x", "y", "z"]},
)
_BY = _case(
    "target_is_sorted_by",
    [1.0, 2.0, 3.0, 1.0, 2.0],
    [{"name": "--STDTC", "sort_order": "asc"}],
    "YnnYY",
    others={
        "G": ["1", "1", "1", "2", "2"],
        "AESTDTC": ["2020-01-01", "2020-01-03", "2020-01-02", "2020-01-01", "2020-01-02"],
    },
    options={"within": "G"},
)

SEQUENCE = [
    _case(
        "empty_within_except_last_row",
        [None, None, "x", "y", None],
        "G",
        "Ynnnn",
        others=_GROUPED,
        options={"ordering": "O"},
    ),
    _case(
        "non_empty_within_except_last_row",
        [None, None, "x", "y", None],
        "G",
        "nnYYn",
        others=_GROUPED,
        options={"ordering": "O"},
    ),
    _NEXT,
    _negated(_NEXT, "does_not_have_next_corresponding_record"),
    _SORTED,
    _negated(_SORTED, "is_not_ordered_set"),
    _ORDER,
    _case("is_ordered_by", [3.0, 2.0], None, "YY", options={"order": "dsc"}),
    _negated(_ORDER, "is_not_ordered_by"),
    _SUBSET,
    _negated(_SUBSET, "is_not_ordered_subset_of"),
    _case(
        "is_not_ordered_subset_of", [["x", "y"], ["y", "x"]], "$b", "nY", same={"$b": ["x", "y"]}
    ),
    _case(
        "is_ordered_subset_of",
        [["x", "y"], ["y", "x"], ["q"]],
        "$b",
        "Ynn",
        same={"$b": ["x", "y"]},
    ),
    _BY,
    _negated(_BY, "target_is_not_sorted_by"),
    _case(
        "target_is_sorted_by",
        [1.0, 2.0, 3.0],
        [{"name": "D", "sort_order": "asc", "null_position": "last"}],
        "nYY",
        others={"G": ["1", "1", "1"], "D": [None, "2020-01-01", "2020-01-02"]},
        options={"within": "G"},
    ),
    _case(
        "target_is_sorted_by",
        [1.0, 2.0],
        [{"name": "D", "sort_order": "desc"}],
        "YY",
        others={"G": ["1", "1"], "D": [2.0, 1.0]},
        options={"within": "G"},
    ),
    _case(
        "target_is_sorted_by",
        [1.0, 2.0],
        [{"name": "D"}],
        "nn",
        others={"G": ["1", "1"], "D": ["2020-01", "2020-01-05"]},
        options={"within": "G"},
    ),
]

CASES = [
    *EQUALITY,
    *PRESENCE,
    *NUMBERS,
    *REGEX,
    *MEMBERSHIP,
    *TEXT,
    *LENGTHS,
    *DATES,
    *RELATIONS,
    *SEQUENCE,
]
