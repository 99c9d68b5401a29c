"""Text of a rule to a rule, or to the reason why it cannot run."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import yaml
from packages import rule, rule_or_broken

from trialect.schemas.core.load import load_file, load_rule, load_rules
from trialect.schemas.core.patterns import BadPattern, pattern
from trialect.schemas.core.plain_yaml import DEPTH_LIMIT, SIZE_LIMIT, NotPlain, plain_yaml
from trialect.schemas.core.rule import BrokenRule, Condition, CoreRule, Group

LEAF = {"name": "AETERM", "operator": "empty"}
RULE = """
Authorities:
  - Organization: CDISC
    Standards:
      - Name: SDTMIG
        Version: "3.4"
        References:
          - Rule Identifier: {Id: CG0001, Version: "1"}
            Citations:
              - {Document: IG v3.4, Section: "4.1", Item: Spec, Cited Guidance: A term is needed.}
Check:
  all:
    - name: --TERM
      operator: empty
    - any:
        - {name: AESEQ, operator: less_than, value: 1}
        - not: {all: [{name: AESER, operator: equal_to, value: Y, value_is_literal: true}]}
Core: {Id: T-7, Status: Published, Version: "1"}
Description: It is needed.
Executability: Fully Executable
Match Datasets:
  - {Name: DM, Keys: [USUBJID, {Left: AESTDTC, Right: RFSTDTC}], Join Type: left}
Operations:
  - {id: $n, operator: record_count, group: [USUBJID], filter: {AESER: "Y"}}
Outcome: {Message: A term is missing., Output Variables: [--TERM]}
Rule Type: Record Data
Scope:
  Classes: {Include: [EVENTS]}
  Domains: {Include: [AE, SUPP--], Exclude: [DM], include_split_datasets: true}
  Use Case: INDH, PROD
Sensitivity: Record
Trialect: {Severity: warning, Mend: Write the term.}
"""


def test_a_rule_says_all_that_its_text_says() -> None:
    one = load_rule(RULE, "t.yml")
    assert isinstance(one, CoreRule)
    assert (one.id, one.sensitivity, one.severity, one.mend) == (
        "T-7",
        "Record",
        "warning",
        "Write the term.",
    )
    assert one.check == Group(
        "all",
        (
            Condition("empty", "--TERM"),
            Group(
                "any",
                (
                    Condition("less_than", "AESEQ", 1),
                    Group(
                        "not",
                        (
                            Group(
                                "all",
                                (Condition("equal_to", "AESER", "Y", {"value_is_literal": True}),),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )
    assert one.scope.classes.include == ("EVENTS",)
    assert (one.scope.domains.exclude, one.scope.split) == (("DM",), True)
    assert one.scope.use_cases == ("INDH", "PROD")
    (match,) = one.match_datasets
    assert (match.keys, match.join) == ((("USUBJID", "USUBJID"), ("AESTDTC", "RFSTDTC")), "left")
    (operation,) = one.operations
    assert (operation.group, operation.options) == (("USUBJID",), {"filter": {"AESER": "Y"}})
    (reference,) = one.references
    assert (reference.rule_id, reference.citations) == (
        "CG0001",
        (("IG v3.4", "4.1", "Spec", "A term is needed."),),
    )
    assert one.source == "CG0001"


def test_both_spellings_of_keys_and_json_say_the_same() -> None:
    given = yaml.safe_load(RULE)
    spaced = load_rule(json.dumps(given), "t.json")
    keys = {key.replace(" ", "_"): value for key, value in given.items()}
    underscored = load_rule(json.dumps(keys), "t.json")
    assert spaced == underscored
    plain = load_rule(RULE, "t.json".replace("json", "yml"))
    assert isinstance(spaced, CoreRule)
    assert isinstance(plain, CoreRule)
    assert spaced.check == plain.check


@pytest.mark.parametrize(
    ("check", "keys", "reason"),
    [
        ({"all": [{**LEAF, "operator": "is_fine"}]}, {}, "operator 'is_fine' is not known"),
        ({"all": [LEAF], "any": [LEAF]}, {}, "all and any stand beside each other"),
        ({"all": []}, {}, "all in Check is no list of conditions"),
        ({"all": [{"name": "AETERM"}]}, {}, "a condition has no operator"),
        ("text", {}, "Check is missing or no mapping"),
        (None, {}, "Check is missing or no mapping"),
        ({"all": [{"name": "A", "operator": "less_than"}]}, {}, "less_than needs a value"),
        (
            {"all": [{"name": "A", "operator": "prefix_equal_to", "value": "x"}]},
            {},
            "prefix_equal_to needs 'prefix'",
        ),
        (
            {"all": [{"name": "A", "operator": "matches_regex", "value": "(a"}]},
            {},
            "regular expression '(a' is none",
        ),
        (
            {"all": [{"name": "A", "operator": "matches_regex", "value": "(?=a)b"}]},
            {},
            "looks ahead or behind",
        ),
        ({"all": [LEAF]}, {"Rule_Type": "JSONata"}, "is for JSON documents"),
        ({"all": [LEAF]}, {"Rule_Type": "Guess"}, "rule type 'Guess' is not known"),
        (
            {"all": [LEAF]},
            {"Scope": {"Subclasses": {"Include": ["TIME-TO-EVENT"]}}},
            "classes of ADaM",
        ),
        ({"all": [LEAF]}, {"Sensitivity": "Field"}, "sensitivity 'Field' is not known"),
        ({"all": [LEAF]}, {"Sensitivity": "Group"}, "needs Grouping Variables"),
        ({"all": [LEAF]}, {"Outcome": {}}, "Outcome.Message is missing"),
        ({"all": [LEAF]}, {"Outcome": []}, "Outcome is no mapping"),
        ({"all": [LEAF]}, {"Core": {}}, None),
        (
            {"all": [LEAF]},
            {"Operations": [{"id": "$a", "operator": "guess"}]},
            "'guess' is not known",
        ),
        ({"all": [LEAF]}, {"Operations": [{"operator": "distinct"}]}, "has no id or no operator"),
        (
            {"all": [LEAF]},
            {"Operations": [{"id": "$a", "operator": "valid_meddra_code_references"}]},
            "needs a dictionary",
        ),
        ({"all": [LEAF]}, {"Operations": {"id": "$a"}}, "Operations is no list"),
        ({"all": [LEAF]}, {"Match_Datasets": [{"Keys": ["A"]}]}, "has no Name"),
        (
            {"all": [LEAF]},
            {"Match_Datasets": [{"Name": "DM", "Keys": [{"Left": "A"}]}]},
            "no Right",
        ),
        ({"all": [LEAF]}, {"Match_Datasets": [{"Name": "DM", "Join Type": "outer"}]}, "join type"),
        ({"all": [LEAF]}, {"Trialect": {"Severity": "fatal"}}, "severity 'fatal'"),
        ({"all": [LEAF]}, {"Scope": {"Domains": ["AE"]}}, "Scope.Domains is no mapping"),
    ],
)
def test_a_broken_rule_has_its_reason(check: Any, keys: dict[str, Any], reason: str | None) -> None:
    one = rule_or_broken(check, **keys)
    if reason is None:
        assert one.id == "T-1"
    else:
        assert isinstance(one, BrokenRule)
        assert reason in one.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("a: &x 1\nb: *x", "anchor"),
        ("a: *x", "alias"),
        ("&a [*a]", "anchor"),
        ("a: !!python/object:os.system x", "tag"),
        ("a: 1\na: 2", "there twice"),
        ("? [a]\n: b", "stands as a key"),
        ("a: 1\n---\nb: 2", "several documents"),
        ("a: [", "expected"),
        ("a: 'x", "unexpected end of stream"),
        ("[" * (DEPTH_LIMIT + 1) + "]" * (DEPTH_LIMIT + 1), "nested more than"),
        ("[" * 100_000, "nested more than"),
        ("- " * 100_000, "nested more than"),
        ("x" * (SIZE_LIMIT + 1), "characters"),
        ("a: \x07", "control characters"),
    ],
)
def test_yaml_that_a_rule_must_not_use_is_refused_soon(text: str, reason: str) -> None:
    start = perf_counter()
    with pytest.raises(NotPlain, match=reason):
        plain_yaml(text)
    assert perf_counter() - start < 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("[" * (DEPTH_LIMIT + 1) + "]" * (DEPTH_LIMIT + 1), "nested more than"),
        ('{"not":' * 900 + "1" + "}" * 900, "nested more than"),
        ("[" * 100_000, "nested more than"),
        ('{"Core": 1, "Core": 2}', "'Core' is there twice"),
        ('{"Core": NaN}', "NaN is no number"),
        ("9" * 10_000, "digits"),
        ("[1] [2]", "Extra data"),
    ],
)
def test_json_that_a_rule_must_not_use_is_refused_soon(text: str, reason: str) -> None:
    one = load_rule(text, "t.json")
    assert isinstance(one, BrokenRule)
    assert one.reason.startswith("it is no JSON")
    assert reason in one.reason


def test_json_may_be_as_deep_as_yaml() -> None:
    check = '{"not":' * 40 + '{"name": "AETERM", "operator": "empty"}' + "}" * 40
    rest = '"Core": {"Id": "T-1"}, "Rule Type": "Record Data", "Sensitivity": "Record"'
    text = f'{{{rest}, "Outcome": {{"Message": "m"}}, "Check": {check}}}'
    assert isinstance(load_rule(text, "t.json"), CoreRule)


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))]
    one = load_rule("\n".join(lines), "bomb.yml")
    assert isinstance(one, BrokenRule)
    assert (one.id, one.line) == ("bomb", 1)


def test_scalars_are_what_yaml_says() -> None:
    text = "{a: 1, b: 1.5, c: Y, d: yes, e: null, f: '1', g: -0.5, h: 007, i: 2020-01-01, j: 1e3}"
    assert plain_yaml(text) == {
        **{"a": 1, "b": 1.5, "c": "Y", "d": True, "e": None, "f": "1", "g": -0.5, "h": "007"},
        **{"i": "2020-01-01", "j": 1000.0},
    }


@pytest.mark.parametrize(
    ("text", "found", "not_found"),
    [
        (r"^[a-z(?-i)]{2}$", ["ab", "A?"], ["a"]),
        (r"[^\]a]", ["b"], ["]", "a"]),
        (r"[[a]", ["[", "a"], ["b"]),
        (r"[a&&b]", ["&"], ["c"]),
        (r"[!--]", ["-", "!"], ["a"]),
        (r"a\/b\-c\<", ["a/b-c<"], ["a/b"]),
        (r"a\Z", ["a"], ["ab"]),
        (r"(?i:^ab$)", ["AB"], ["ABC"]),
        (r"(?i)ab", ["AB"], ["b"]),
        (r"a(?#note)b", ["ab"], ["a"]),
        (r"\d+\.\d", ["1.5"], ["1"]),
        (r"(?P<x>a)b", ["ab"], ["b"]),
    ],
)
def test_expressions_mean_what_they_mean_in_python(
    text: str, found: list[str], not_found: list[str]
) -> None:
    import re

    import polars as pl

    rust = pattern(text).at_start
    for values, wanted in ((found, True), (not_found, False)):
        assert [bool(re.match(text, one)) for one in values] == [wanted] * len(values)
        assert pl.Series(values).str.contains(rust).to_list() == [wanted] * len(values)


@pytest.mark.parametrize(
    "text",
    [r"(?<=a)b", r"(?!a)", r"(a)\1", r"(?P<x>a)(?P=x)", "(", "a" * 5000, "(a{1000}){1000}", r"a++"],
)
def test_expressions_that_cannot_be_bounded_are_refused_soon(text: str) -> None:
    start = perf_counter()
    with pytest.raises(BadPattern):
        pattern(text)
    assert perf_counter() - start < 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [("(a{1000}){1000}", "size limit of 10485760 bytes"), ("(?a)x", "unrecognized flag")],
)
def test_what_the_engine_says_of_an_expression_is_told_alone(text: str, reason: str) -> None:
    with pytest.raises(BadPattern) as error:
        pattern(text)
    assert str(error.value).endswith(reason)


@pytest.mark.parametrize("text", [r"(a+)+$", r"(a|aa)*b", r"(.*)*x", r"(a?){40}a{40}"])
def test_expressions_that_explode_elsewhere_take_bounded_time(text: str) -> None:
    import polars as pl

    start = perf_counter()
    assert pl.Series(["a" * 30_000]).str.contains(pattern(text).at_start).len() == 1
    assert perf_counter() - start < 5


def test_a_folder_is_loaded_in_the_order_of_ids_and_doubles_are_broken(tmp_path: Path) -> None:
    (tmp_path / "b.yml").write_text(RULE, "utf-8")
    (tmp_path / "a.yml").write_text(RULE.replace("T-7", "T-8"), "utf-8")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "c.yml").write_text(RULE, "utf-8")
    (tmp_path / "d.yaml").write_bytes(b"\xff")
    (tmp_path / "note.txt").write_text("no rule", "utf-8")
    loaded = load_rules(tmp_path)
    assert [(one.id, isinstance(one, BrokenRule)) for one in loaded] == [
        ("T-7", False),
        ("T-7", True),
        ("T-8", False),
        ("d", True),
    ]
    assert load_file(tmp_path / "a.yml") == loaded[2]


def test_a_rule_built_from_values_is_loaded() -> None:
    assert rule({"all": [LEAF]}).check == Group("all", (Condition("empty", "AETERM"),))
