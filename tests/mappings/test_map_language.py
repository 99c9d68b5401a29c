"""docs/mapping.md is the contract: every word of the language stands in it."""

import re
from pathlib import Path

import pytest

import trialect.mappings.column_check
import trialect.mappings.engine  # noqa: F401 # declares the rules of mapping
from trialect.mappings import line_reader, table_reader
from trialect.mappings.dates import WORDS
from trialect.mappings.sql_text import FUNCTIONS, TYPES
from trialect.mappings.ticks import EMPTY, TICKED
from trialect.mappings.units import unit_names
from trialect.mappings.verbs import FILL, NAMES, VERBS
from trialect.problems import RULES

HERE = Path(__file__).resolve()
DOC = (HERE.parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
VERB_TABLE = DOC.partition("### Verbs")[2].partition("### Dates")[0]


def section(name: str) -> str:
    return DOC.partition(f"## {name}")[2].partition("\n## ")[0]


def test_every_verb_is_one_file_and_one_word():
    files = {path.stem for path in Path(table_reader.__file__).with_name("verbs").glob("*.py")}
    assert files - {"__init__", "verb"} == set(NAMES) == set(VERBS) == set(FILL)
    assert all(VERBS[name].name == name for name in NAMES)


@pytest.mark.parametrize("verb", NAMES)
def test_every_verb_is_documented(verb):
    first_cells = [line.split("|")[1] for line in VERB_TABLE.splitlines() if line.startswith("| ")]
    assert any(verb in re.split(r"[\s,]+", cell.strip()) for cell in first_cells)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("sources.csv", table_reader.SOURCES),
        ("DOMAIN.csv", line_reader.COLUMNS),
        ("items.csv", table_reader.ITEMS),
        ("visits.csv", table_reader.VISITS),
        ("relations.csv", table_reader.RELATIONS),
        ("codelists/NAME.csv", table_reader.CODELIST),
    ],
)
def test_every_column_is_documented(name, columns):
    words = set(re.split(r"[^\w]+", section(name)))
    assert [column for column in columns if column not in words] == []


@pytest.mark.parametrize(
    "words",
    [
        FUNCTIONS,
        TYPES.keys() - {"FLOAT", "INT", "BIGINT", "TEXT"},
        TICKED,
        EMPTY,
        table_reader.UNITS,
    ],
)
def test_every_word_is_documented(words):
    known = set(re.split(r"[^\w]+", DOC))
    assert [word for word in words if word not in known] == []


def test_every_unit_is_documented():
    known = set(re.split(r"[\s;.:]+", DOC.partition("### Units")[2].partition("`units.csv`")[0]))
    assert [unit for unit in unit_names() if unit not in known] == []


def test_every_part_of_a_date_is_documented():
    assert all(f"`{word}`" in DOC for word in WORDS)


def test_every_rule_of_mapping_has_a_case():
    cases = "".join(
        path.read_text(encoding="utf-8")
        for path in [
            *HERE.parent.glob("test_*.py"),
            HERE.parent / "edc" / "expected" / "problems.csv",
        ]
        if path != HERE
    )
    rules = [one for one in RULES if one.startswith("MAP-")]
    assert len(rules) > 60
    assert [one for one in rules if one not in cases] == []
