"""A transaction may call operations; what they take need not be of the type that is called."""

from typing import Any

import pytest

from trialect.schemas.fhir import check_bundle

LOOKUP = {
    "resourceType": "Parameters",
    "parameter": [{"name": "code", "valueCode": "N"}],
}


def transaction(url: str) -> dict[str, Any]:
    request = {"method": "POST", "url": url}
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"resource": LOOKUP, "request": request}],
    }


@pytest.mark.parametrize("url", ["ValueSet/$lookup", "ValueSet/1/$expand", "$process-message"])
def test_an_operation_may_be_posted_to(url: str) -> None:
    assert check_bundle(transaction(url)) == []


def test_what_is_no_operation_may_not() -> None:
    (found,) = check_bundle(transaction("ValueSet"))
    assert (found.rule, found.path) == ("FHIR-BUNDLE-REQUEST", "Bundle.entry[0].request")
