"""The data types of Dataset-JSON 1.1, and which of them a type of Define-XML becomes."""

from __future__ import annotations

DATASET_JSON_VERSION = "1.1.0"

DATA_TYPES = frozenset(
    {
        "string",
        "integer",
        "decimal",
        "float",
        "double",
        "boolean",
        "datetime",
        "date",
        "time",
        "URI",
    }
)
"""What a column's dataType may be (Dataset-JSON 1.1, Column)."""

TARGET_DATA_TYPES = frozenset({"integer", "decimal"})

_FROM_DEFINE = {
    "text": "string",
    "integer": "integer",
    "float": "float",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
}


def json_type(data_type: str) -> str:
    """Dataset-JSON's type of a Define-XML type; what may be partial, or is a duration or an
    interval, is a string.
    """
    return _FROM_DEFINE.get(data_type, "string")
