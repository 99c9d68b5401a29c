"""The paths of the tables: what each function gives."""

from __future__ import annotations

from typing import Any

import pytest

from trialect.mappings.fhir_sdtm.nodes import DuplicateKeyError, Number, parse
from trialect.mappings.fhir_sdtm.paths import PathError, Scope, condition, elements_of, path


class Nowhere:
    """References that lead to one resource."""

    def resolve(self, reference: Any, roots: list[Any]) -> Any:
        return {"resourceType": "Medication", "name": "x"} if reference == {"r": "1"} else None


NODE = {
    "status": "final",
    "valueQuantity": {"value": Number("19.00"), "unit": "kg"},
    "category": [{"coding": [{"system": "s", "code": "lab"}], "text": "Lab"}],
    "ref": {"r": "1"},
    "lost": {"r": "2"},
    "yes": True,
    "extension": [{"url": "http://a/StructureDefinition/b", "valueString": "deep"}],
    "item": [
        {"linkId": "1", "item": [{"linkId": "1.1", "answer": [{"item": [{"linkId": "1.1.1"}]}]}]}
    ],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status", ["final"]),
        ("value.value", ["19.00"]),
        ("value.ofType(Quantity).unit", ["kg"]),
        ("value.ofType(string)", []),
        ("category.coding.code", ["lab"]),
        ("category.coding.where(system = 's' and code != 'x').code", ["lab"]),
        ("ref.resolve().name", ["x"]),
        ("lost.resolve().name", []),
        ("extension('*/b').valueString", ["deep"]),
        ("extension('http://a/StructureDefinition/b').valueString", ["deep"]),
        ("extension('b').valueString", []),
        ("repeat(item).linkId", ["1", "1.1", "1.1.1"]),
        ("status.substring(1, 2)", ["in"]),
        ("category.first().text", ["Lab"]),
        ("%study.title", ["T"]),
        ("missing.a.b", []),
    ],
)
def test_a_path_gives(text: str, expected: list[str]) -> None:
    scope = Scope(Nowhere(), {"study": {"title": "T"}}, [NODE])
    assert path(text)([NODE], scope) == expected


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ("status = 'final'", True),
        ("status in ('a' | 'final')", True),
        ("status in ('a' | 'b')", False),
        ("missing.exists()", False),
        ("missing.empty()", True),
        ("missing != 'x'", True),
        ("missing = 'x'", False),
        ("yes = true", True),
        ("yes.not()", False),
        ("(status = 'x' or status = 'final') and value.exists()", True),
        ("status.startsWith('fin')", True),
        ("status.matches('^f.*l$')", True),
        ("category.coding.where(code = 'lab').exists()", True),
    ],
)
def test_a_condition_holds(text: str, holds: bool) -> None:
    assert condition(text)(NODE, Scope(Nowhere(), {}, [NODE])) is holds


@pytest.mark.parametrize(
    "text", ["a.", "a(", "where(", "a.nothing()", "a b", "a = ", "'x", "a in 'b'"]
)
def test_what_is_no_path_is_told(text: str) -> None:
    with pytest.raises(PathError):
        condition(text)


def test_elements_read_are_known() -> None:
    assert elements_of("a.b.where(c = 1)") >= {"a"}
    assert elements_of("%resource.effectiveDateTime") == {"effectiveDateTime"}


def test_numbers_keep_their_text_and_keys_are_unique() -> None:
    assert parse('{"a": 19.00, "b": 1E2}') == {"a": "19.00", "b": "1E2"}
    with pytest.raises(DuplicateKeyError):
        parse('{"a": 1, "a": 2}')
