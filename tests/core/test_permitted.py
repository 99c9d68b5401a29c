"""What the codelists of a variable permit, asked of each value."""

from __future__ import annotations

from typing import Any

from packages import ask, dataset, package, rule

from trialect.schemas.core.engine import Finding

OPERATIONS = [
    {"id": "$permitted", "operator": "permitted_terms"},
    {"id": "$nearest", "operator": "nearest_permitted_term"},
    {"id": "$extensible", "operator": "permitted_terms_extensible"},
]


def found(name: str, columns: dict[str, list[Any]], variable: str) -> tuple[Finding, ...]:
    """The values of a variable that are no permitted terms."""
    domain = {"DOMAIN": [name] * len(next(iter(columns.values())))}
    checked = {
        "all": [
            {
                "name": "variable_name",
                "operator": "equal_to",
                "value": variable,
                "value_is_literal": True,
            },
            {"name": "variable_value", "operator": "non_empty"},
            {"name": "$permitted", "operator": "non_empty"},
            {
                "name": "variable_value",
                "operator": "is_not_contained_by",
                "value": "$permitted",
            },
        ]
    }
    made = rule(
        checked,
        Rule_Type="Value Check with Variable Metadata",
        Operations=OPERATIONS,
        output=["variable_value", "$nearest", "$extensible"],
    )
    result = ask(made, package(dataset(name, {**domain, **columns})))
    assert result.status == "run", result.reason
    return result.findings


def test_values_that_are_no_terms_and_the_terms_that_are_meant() -> None:
    findings = found("DM", {"SEX": ["M", "Male", "F", None, "QQQQ"]}, "SEX")
    assert [(one.record, dict(one.variables)) for one in findings] == [
        (2, {"variable_value": "Male", "$nearest": "M", "$extensible": "False"}),
        (5, {"variable_value": "QQQQ", "$nearest": None, "$extensible": "False"}),
    ]


def test_a_codelist_that_takes_terms_of_the_sponsor_says_so() -> None:
    (finding,) = found("VS", {"VSTESTCD": ["SYSBP", "MYTEST"]}, "VSTESTCD")
    assert finding.variables["variable_value"] == "MYTEST"
    assert finding.variables["$extensible"] == "True"


def test_questions_of_an_instrument_are_terms() -> None:
    findings = found("RS", {"RSTESTCD": ["APCH101", "APCH199"]}, "RSTESTCD")
    assert [one.variables["variable_value"] for one in findings] == ["APCH199"]
    findings = found("RS", {"RSTEST": ["APCH1-Mean Arterial Pressure", "APCH1-Nothing"]}, "RSTEST")
    assert [one.variables["variable_value"] for one in findings] == ["APCH1-Nothing"]


def test_a_variable_without_a_codelist_permits_everything() -> None:
    assert found("AE", {"AETERM": ["whatever"]}, "AETERM") == ()
