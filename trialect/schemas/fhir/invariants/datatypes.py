# The sentence of each invariant stands in the table of its release, not in a docstring.
# ruff: noqa: D103
"""Invariants of the data types (http://hl7.org/fhir/R4/datatypes.html)."""

from __future__ import annotations

from typing import Any

from trialect.schemas.fhir.dates import after
from trialect.schemas.fhir.invariants import Json, Place, choice, has, invariant
from trialect.schemas.fhir.narrative import narrative_fault

UCUM = "http://unitsofmeasure.org"


@invariant("ext-1")
def extension_has_value_or_extensions(item: Json, _: Place) -> bool:
    return has(item, "extension") != choice(item, "value")


@invariant("per-1", values=("start", "end"))
def period_starts_before_it_ends(item: Json, _: Place) -> bool:
    return "start" not in item or "end" not in item or not after(item["start"], item["end"])


@invariant("qty-3")
def coded_unit_has_system(item: Json, _: Place) -> bool:
    return not has(item, "code") or has(item, "system")


def _ucum_if_any(item: Json) -> bool:
    return "system" not in item or item["system"] == UCUM


@invariant("age-1", reads=("system",), values=("value",))
def age_is_positive_time(item: Json, _: Place) -> bool:
    coded = has(item, "code") or not has(item, "value")
    return coded and _ucum_if_any(item) and ("value" not in item or item["value"] > 0)


@invariant("cnt-3", reads=("system", "code"), values=("value",))
def count_is_whole(item: Json, _: Place) -> bool:
    coded = has(item, "code") or not has(item, "value")
    one = "code" not in item or item["code"] == "1"
    return coded and _ucum_if_any(item) and one and "." not in str(item.get("value", 0))


@invariant("dis-1", reads=("system",))
def distance_is_ucum(item: Json, _: Place) -> bool:
    return (has(item, "code") or not has(item, "value")) and _ucum_if_any(item)


@invariant("drt-1", reads=("system",))
def duration_is_ucum(item: Json, _: Place) -> bool:
    return not has(item, "code") or (item.get("system") == UCUM and has(item, "value"))


@invariant(
    "rng-2",
    reads=("low.code", "high.code", "low.unit", "high.unit"),
    values=("low.value", "high.value"),
)
def range_low_is_below_high(item: Json, _: Place) -> bool:
    low, high = item.get("low", {}), item.get("high", {})
    same_unit = low.get("code", low.get("unit")) == high.get("code", high.get("unit"))
    if not same_unit or "value" not in low or "value" not in high:
        return True
    return bool(low["value"] <= high["value"])


@invariant("rat-1")
def ratio_has_both_parts(item: Json, _: Place) -> bool:
    above, below = has(item, "numerator"), has(item, "denominator")
    return above == below and (above or has(item, "extension"))


@invariant("ref-1")
def local_reference_is_contained(item: Json, place: Place) -> bool:
    text = item.get("reference", "")
    if not text.startswith("#") or text == "#":
        return True
    contained = place.root.get("contained", ())  # of the container, whose structure may be broken
    return any(isinstance(one, dict) and one.get("id") == text[1:] for one in contained)


@invariant("att-1")
def attachment_data_has_type(item: Json, _: Place) -> bool:
    return not has(item, "data") or has(item, "contentType")


@invariant("cod-1", releases=("R5",))
def displayed_coding_has_code(item: Json, _: Place) -> bool:
    return has(item, "code") or not has(item, "display")


@invariant("ident-1", releases=("R5",))
def identifier_has_value(item: Json, _: Place) -> bool:
    return has(item, "value")


@invariant("ref-2", releases=("R5",))
def reference_says_something(item: Json, _: Place) -> bool:
    return has(item, "reference", "identifier", "display", "extension")


@invariant("cpt-2")
def contact_point_has_system(item: Json, _: Place) -> bool:
    return not has(item, "value") or has(item, "system")


@invariant("exp-1")
def expression_is_given(item: Json, _: Place) -> bool:
    return has(item, "expression", "reference")


@invariant("drq-1", "drq-2")
def filter_has_one_subject(item: Json, _: Place) -> bool:
    return has(item, "path") != has(item, "searchParam")


@invariant("trd-1")
def trigger_has_timing_or_data(item: Json, _: Place) -> bool:
    return not has(item, "data") or not choice(item, "timing")


@invariant("trd-2")
def trigger_condition_has_data(item: Json, _: Place) -> bool:
    return not has(item, "condition") or has(item, "data")


@invariant("trd-3", reads=("type",))
def trigger_has_what_its_type_needs(item: Json, _: Place) -> bool:
    kind = item.get("type", "")
    if kind == "named-event":
        return has(item, "name")
    if kind == "periodic":
        return choice(item, "timing")
    return not kind.startswith("data-") or has(item, "data")


@invariant("tim-1")
def duration_has_unit(item: Json, _: Place) -> bool:
    return not has(item, "duration") or has(item, "durationUnit")


@invariant("tim-2")
def period_has_unit(item: Json, _: Place) -> bool:
    return not has(item, "period") or has(item, "periodUnit")


@invariant("tim-4", values=("duration",))
def duration_is_not_negative(item: Json, _: Place) -> bool:
    return bool(item.get("duration", 0) >= 0)


@invariant("tim-5", values=("period",))
def period_is_not_negative(item: Json, _: Place) -> bool:
    return bool(item.get("period", 0) >= 0)


@invariant("tim-6")
def period_max_has_period(item: Json, _: Place) -> bool:
    return not has(item, "periodMax") or has(item, "period")


@invariant("tim-7")
def duration_max_has_duration(item: Json, _: Place) -> bool:
    return not has(item, "durationMax") or has(item, "duration")


@invariant("tim-8")
def count_max_has_count(item: Json, _: Place) -> bool:
    return not has(item, "countMax") or has(item, "count")


@invariant("tim-9", reads=("when",))
def offset_has_an_event(item: Json, _: Place) -> bool:
    if not has(item, "offset"):
        return True
    return has(item, "when") and not {"C", "CM", "CD", "CV"} & set(item.get("when", ()))


@invariant("tim-10")
def time_of_day_or_event(item: Json, _: Place) -> bool:
    return not has(item, "timeOfDay") or not has(item, "when")


@invariant("txt-1", values=("$this",))
def narrative_is_plain_xhtml(div: Any, _: Place) -> bool:
    return narrative_fault(div) != "markup"


@invariant("txt-2", values=("$this",))
def narrative_says_something(div: Any, _: Place) -> bool:
    return narrative_fault(div) != "empty"
