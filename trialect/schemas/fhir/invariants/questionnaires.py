# The sentence of each invariant stands in the table of its release, not in a docstring.
# ruff: noqa: D103
"""Invariants of Questionnaire and QuestionnaireResponse."""

from __future__ import annotations

from typing import Any

from trialect.schemas.fhir.invariants import Json, Place, has, invariant

PICKED = frozenset(
    {
        "choice",
        "open-choice",
        "decimal",
        "integer",
        "date",
        "dateTime",
        "time",
        "string",
        "quantity",
    }
)
SIMPLE = frozenset({"boolean", "decimal", "integer", "string", "text", "url", "open-choice"})


@invariant("qrs-1")
def items_under_answer_or_item(item: Json, _: Place) -> bool:
    return not (has(item, "answer") and has(item, "item"))


@invariant("que-1", reads=("type",), releases=("R4",))
def groups_have_items_displays_have_none(item: Json, _: Place) -> bool:
    kind = item.get("type")
    return (kind != "group" or has(item, "item")) and (kind != "display" or not has(item, "item"))


@invariant("que-2", reads=("*",))
def link_ids_are_unique(item: Json, _: Place) -> bool:
    found = list(_link_ids(item.get("item", ())))
    return len(found) == len(set(found))


def _link_ids(given: list[Any]) -> list[str]:
    return [
        link
        for one in given
        for link in [one.get("linkId"), *_link_ids(one.get("item", []))]
        if link is not None
    ]


@invariant("que-3", reads=("type",))
def display_has_no_code(item: Json, _: Place) -> bool:
    return item.get("type") != "display" or not has(item, "code")


@invariant("que-4")
def options_or_value_set(item: Json, _: Place) -> bool:
    return not has(item, "answerOption") or not has(item, "answerValueSet")


@invariant("que-5", reads=("type",), releases=("R4",))
def only_choices_have_options(item: Json, _: Place) -> bool:
    return item.get("type") in PICKED or not has(item, "answerValueSet", "answerOption")


@invariant("que-6", reads=("type",))
def display_is_not_required(item: Json, _: Place) -> bool:
    return item.get("type") != "display" or not has(item, "required", "repeats")


@invariant("que-7", reads=("operator",))
def exists_compares_with_a_boolean(item: Json, _: Place) -> bool:
    return item.get("operator") != "exists" or has(item, "answerBoolean")


@invariant("que-8", reads=("type",))
def groups_have_no_initial_value(item: Json, _: Place) -> bool:
    return item.get("type") not in ("group", "display") or not has(item, "initial")


@invariant("que-9", reads=("type",))
def display_is_not_read_only(item: Json, _: Place) -> bool:
    return item.get("type") != "display" or not has(item, "readOnly")


@invariant("que-10", reads=("type",), releases=("R4",))
def only_simple_answers_have_a_length(item: Json, _: Place) -> bool:
    return item.get("type") in SIMPLE or not has(item, "maxLength")


@invariant("que-11")
def options_carry_their_own_initial(item: Json, _: Place) -> bool:
    return not has(item, "answerOption") or not has(item, "initial")


@invariant("que-12", releases=("R4",))
def several_conditions_say_how_they_combine(item: Json, _: Place) -> bool:
    # the published expression asks only from the third condition on
    return len(item.get("enableWhen", ())) <= 2 or has(item, "enableBehavior")


@invariant("que-13", reads=("repeats",))
def only_repeating_items_have_many_initials(item: Json, _: Place) -> bool:
    return item.get("repeats") is True or len(item.get("initial", ())) <= 1
