"""What a dataset's name, label and variables must be so that XPT version 5 holds them.

Each rule names something that other writers do silently wrong: cut a label, fold a name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from trialect.converters.xpt_format import (
    MAX_CHAR_LENGTH,
    MAX_LABEL,
    MAX_VARIABLES,
    NAME_PATTERN,
    NUM_LENGTH,
    TS_140,
    XptVariable,
    format_parts,
)
from trialect.problems import Problem, rule

DATASET_NAME = rule(
    "XPT-DATASET-NAME",
    "error",
    "A dataset name that XPT version 5 does not allow",
    "The dataset name {value!r} is not 1 to 8 of A-Z, 0-9 and _, starting with a letter.",
    "Rename the dataset.",
    TS_140,
)
VARIABLE_NAME = rule(
    "XPT-VARIABLE-NAME",
    "error",
    "A variable name that XPT version 5 does not allow",
    "The variable name {value!r} is not 1 to 8 of A-Z, 0-9 and _, starting with a letter.",
    "Rename the variable.",
    f"CG0310; {TS_140}",
)
DUPLICATE_VARIABLE = rule(
    "XPT-DUPLICATE-VARIABLE",
    "error",
    "Two variables have one name",
    "The variable {value} is there {count} times (SAS takes upper and lower case as the same).",
    "Keep one of them.",
    TS_140,
)
VARIABLE_COUNT = rule(
    "XPT-VARIABLE-COUNT",
    "error",
    "Too few or too many variables",
    "The dataset has {count} variables; XPT version 5 holds 1 to 9999.",
    "Give the dataset at least one variable, or split it.",
    TS_140,
)
LABEL_LONG = rule(
    "XPT-LABEL-LONG",
    "error",
    "A label over 40 characters",
    "The label of {what} has {count} characters, 40 fit: {value!r}.",
    "Shorten the label.",
    f"CG0311; {TS_140}",
)
LABEL_TEXT = rule(
    "XPT-LABEL-TEXT",
    "error",
    "A label that would not come back as it is",
    "The label of {what} has characters other than printable ASCII, or ends with a blank: "
    "{value!r}.",
    "Write the label in ASCII, without blanks behind it.",
    TS_140,
)
LENGTH = rule(
    "XPT-LENGTH",
    "error",
    "A variable length that XPT version 5 does not allow",
    "{variable} is {type} of length {count}; Char takes 1 to 200 bytes, Num is 8.",
    "Set the length of the longest value; move text over 200 bytes to SUPP--.",
    TS_140,
)
FORMAT = rule(
    "XPT-FORMAT",
    "error",
    "Not a SAS format",
    "{variable} has the format {value!r}, which is not written as a SAS format (DATE9., 8.2).",
    "Correct the format or leave it out.",
    TS_140,
)
CUSTOM_FORMAT = rule(
    "XPT-CUSTOM-FORMAT",
    "warning",
    "A format that SAS may not know",
    "{variable} has the format {value!r}, which is none of SAS's own that are known here.",
    "Leave custom formats out: the reader of the file does not have them.",
    "FDA Study Data Technical Conformance Guide 3.3",
)

_PRINTABLE = re.compile(r"[ -~]*")

# SAS 9.4 Formats and Informats: Reference; those that clinical data use, many to a line.
# fmt: off
SAS_FORMATS = frozenset((
    "$", "$CHAR", "$F", "$HEX", "$UPCASE", "$VARYING", "BEST", "BESTD", "COMMA", "COMMAX", "D",
    "DOLLAR", "E", "F", "FRACT", "HEX", "IEEE", "NEGPAREN", "NUMX", "PERCENT", "PERCENTN", "PVALUE",
    "ROMAN", "WORDS", "Z", "B8601DA", "B8601DN", "B8601DT", "B8601DZ", "B8601LZ", "B8601TM",
    "B8601TZ", "DATE", "DATEAMPM", "DATETIME", "DAY", "DDMMYY", "DDMMYYB", "DDMMYYC", "DDMMYYD",
    "DDMMYYN", "DDMMYYP", "DDMMYYS", "DOWNAME", "DTDATE", "DTMONYY", "DTWKDATX", "DTYEAR",
    "E8601DA", "E8601DN", "E8601DT", "E8601DZ", "E8601LZ", "E8601TM", "E8601TZ", "HHMM", "HOUR",
    "IS8601DA", "IS8601DN", "IS8601DT", "IS8601DZ", "IS8601LZ", "IS8601TM", "IS8601TZ", "JULDAY",
    "JULIAN", "MDYAMPM", "MMDDYY", "MMDDYYB", "MMDDYYC", "MMDDYYD", "MMDDYYN", "MMDDYYP", "MMDDYYS",
    "MMSS", "MMYY", "MONNAME", "MONTH", "MONYY", "NENGO", "QTR", "QTRR", "TIME", "TIMEAMPM", "TOD",
    "WEEKDATE", "WEEKDATX", "WEEKDAY", "WORDDATE", "WORDDATX", "YEAR", "YYMM", "YYMMDD", "YYMMDDB",
    "YYMMDDC", "YYMMDDD", "YYMMDDN", "YYMMDDP", "YYMMDDS", "YYMON", "YYQ",
))
# fmt: on


def check_xpt_plan(name: str, label: str, variables: Sequence[XptVariable]) -> list[Problem]:
    """What is wrong with a dataset's name and label and its variables, before any record."""
    found: list[Problem] = []
    if not NAME_PATTERN.fullmatch(name):
        found.append(DATASET_NAME.problem(value=name, domain=name))
    found += _label_problems("the dataset", label, domain=name)
    if not 1 <= len(variables) <= MAX_VARIABLES:
        found.append(VARIABLE_COUNT.problem(count=len(variables), domain=name))
    for variable in variables:
        found += _variable_problems(name, variable)
    counts = Counter(variable.name.upper() for variable in variables)
    found += [
        DUPLICATE_VARIABLE.problem(value=upper, count=count, domain=name, variable=upper)
        for upper, count in counts.items()
        if count > 1
    ]
    return found


def _label_problems(what: str, label: str, **place: str) -> list[Problem]:
    found = []
    if len(label) > MAX_LABEL:
        found.append(LABEL_LONG.problem(what=what, count=len(label), value=label, **place))
    if not _PRINTABLE.fullmatch(label) or label.endswith(" "):
        found.append(LABEL_TEXT.problem(what=what, value=label, **place))
    return found


def _variable_problems(domain: str, variable: XptVariable) -> list[Problem]:
    found = []
    name = variable.name
    if not NAME_PATTERN.fullmatch(name):
        found.append(VARIABLE_NAME.problem(value=name, domain=domain, variable=name))
    found += _label_problems(name, variable.label, domain=domain, variable=name)
    is_num = variable.type == "Num"
    fits = variable.length == NUM_LENGTH if is_num else 1 <= variable.length <= MAX_CHAR_LENGTH
    if not fits:
        found.append(
            LENGTH.problem(domain=domain, variable=name, type=variable.type, count=variable.length)
        )
    for text in (variable.format, variable.informat):
        parts = format_parts(text)
        if parts is None:
            found.append(FORMAT.problem(domain=domain, variable=name, value=text))
        elif parts[0] and parts[0] not in SAS_FORMATS:
            found.append(CUSTOM_FORMAT.problem(domain=domain, variable=name, value=text))
    return found
