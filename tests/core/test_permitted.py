from typing import Any

from packages import ask, dataset, package, rule

from trialect.schemas.core.package import Datasets

VALUES = "Value Check with Variable Metadata"


def told(datasets: Datasets, variable: str, extensible: str) -> list[tuple[str, Any]]:
    """The values of a variable that are no term, each with the term that is nearest."""
    one = rule(
        {
            "all": [
                {"name": "variable_name", "operator": "equal_to", "value": variable},
                {"name": "$terms", "operator": "non_empty"},
                {"name": "$extensible", "operator": "equal_to", "value": extensible == "yes"},
                {"name": "variable_value", "operator": "is_not_contained_by", "value": "$terms"},
            ]
        },
        Rule_Type=VALUES,
        Operations=[
            {"id": "$terms", "operator": "permitted_terms"},
            {"id": "$extensible", "operator": "permitted_terms_extensible"},
            {"id": "$nearest", "operator": "nearest_permitted_term"},
        ],
        output=["variable_value", "$nearest"],
    )
    found = ask(one, datasets).findings
    return [(str(one.variables["variable_value"]), one.variables["$nearest"]) for one in found]


def test_a_value_that_is_no_term_has_the_term_that_is_nearest() -> None:
    events = package(dataset("AE", {"DOMAIN": ["AE"] * 3, "AESER": ["Y", "Yes", "Q#!"]}))
    assert told(events, "AESER", "no") == [("Yes", "Y"), ("Q#!", None)]
    assert told(events, "AESER", "yes") == []


def test_a_variable_without_a_codelist_permits_everything() -> None:
    events = package(dataset("AE", {"DOMAIN": ["AE"], "AETERM": ["Pain"]}))
    assert told(events, "AETERM", "no") == told(events, "AETERM", "yes") == []


def test_a_variable_with_several_codelists_takes_the_terms_of_each() -> None:
    terms = ["COMPLETED", "INFORMED CONSENT OBTAINED", "LEFT"]
    events = package(dataset("DS", {"DOMAIN": ["DS"] * 3, "DSDECOD": terms}))
    assert [value for value, _ in told(events, "DSDECOD", "yes")] == ["LEFT"]


def test_a_question_of_an_instrument_is_permitted_as_a_test() -> None:
    codes = ["HAMD101", "HAMD1XX"]
    scores = package(dataset("RS", {"DOMAIN": ["RS"] * 2, "RSTESTCD": codes}))
    assert [value for value, _ in told(scores, "RSTESTCD", "yes")] == ["HAMD1XX"]


def test_a_dataset_that_the_standard_has_not_permits_everything() -> None:
    own = package(dataset("XX", {"DOMAIN": ["XX"], "XXSER": ["Yes"]}))
    assert told(own, "XXSER", "no") == told(own, "XXSER", "yes") == []


def test_a_code_has_the_name_of_its_term() -> None:
    one = rule(
        {"all": [{"name": "$name", "operator": "non_empty"}]},
        Operations=[
            {"id": "$name", "operator": "paired_term", "name": "--TESTCD", "to": "--TEST"},
        ],
        output=["--TESTCD", "$name"],
    )

    def names(domain: str, *codes: str | None) -> list[tuple[Any, Any]]:
        data = {"DOMAIN": [domain] * len(codes), f"{domain}TESTCD": list(codes)}
        found = ask(one, package(dataset(domain, data))).findings
        return [tuple(one.variables.values()) for one in found]

    assert names("VS", "SYSBP", "OWN", None) == [("SYSBP", "Systolic Blood Pressure")]
    assert names("RS", "HAMD102") == [("HAMD102", "HAMD1-Feelings of Guilt")]
    assert names("XX", "SYSBP") == []
