# The sentence of each invariant stands in the table of its release, not in a docstring.
# ruff: noqa: D103
"""Invariants of Bundle (http://hl7.org/fhir/R4/bundle.html)."""

from __future__ import annotations

from trialect.schemas.fhir.invariants import Json, Place, has, invariant, items

REQUESTS = frozenset({"batch", "transaction", "history"})
RESPONSES = frozenset({"batch-response", "transaction-response", "history"})


@invariant("bdl-1", reads=("type",))
def total_only_of_a_search(item: Json, _: Place) -> bool:
    return not has(item, "total") or item.get("type") in ("searchset", "history")


@invariant("bdl-2", reads=("type",))
def search_only_in_a_searchset(item: Json, _: Place) -> bool:
    searched = any(has(entry, "search") for entry in items(item, "entry"))
    return not searched or item.get("type") == "searchset"


@invariant("bdl-3", reads=("type",), releases=("R4",))
def requests_exactly_where_they_belong(item: Json, _: Place) -> bool:
    wanted = item.get("type") in REQUESTS
    return all(has(entry, "request") == wanted for entry in items(item, "entry"))


@invariant("bdl-4", reads=("type",), releases=("R4",))
def responses_exactly_where_they_belong(item: Json, _: Place) -> bool:
    wanted = item.get("type") in RESPONSES
    return all(has(entry, "response") == wanted for entry in items(item, "entry"))


WRITES = frozenset({"POST", "PATCH", "PUT"})


def _has_what_its_method_needs(entry: Json) -> bool:
    method = (entry.get("request") or {}).get("method")
    return method is not None and (method in WRITES) == has(entry, "resource")


@invariant("bdl-3a", reads=("type",), releases=("R5",))
def entries_of_a_collection_are_resources(item: Json, _: Place) -> bool:
    return item.get("type") not in ("document", "message", "searchset", "collection") or all(
        has(entry, "resource") and not has(entry, "request", "response")
        for entry in items(item, "entry")
    )


@invariant("bdl-3b", reads=("type",), releases=("R5",))
def entries_of_a_history_are_whole(item: Json, _: Place) -> bool:
    return item.get("type") != "history" or all(
        has(entry, "response") and _has_what_its_method_needs(entry)
        for entry in items(item, "entry")
    )


@invariant("bdl-3c", reads=("type",), releases=("R5",))
def entries_of_a_transaction_have_requests(item: Json, _: Place) -> bool:
    return item.get("type") not in ("transaction", "batch") or all(
        _has_what_its_method_needs(entry) for entry in items(item, "entry")
    )


@invariant("bdl-3d", reads=("type",), releases=("R5",))
def entries_of_an_answer_have_responses(item: Json, _: Place) -> bool:
    return item.get("type") not in ("transaction-response", "batch-response") or all(
        has(entry, "response") for entry in items(item, "entry")
    )


@invariant("bdl-14", reads=("type",), releases=("R5",))
def a_history_has_no_patch(item: Json, _: Place) -> bool:
    # the published expression compares a list with one method, and so can fail for two entries only
    methods = [request.get("method") for request in items(item, "entry", "request")]
    return item.get("type") != "history" or "PATCH" not in methods


@invariant("bdl-15", reads=("type",), releases=("R5",))
def full_urls_where_nothing_is_made(item: Json, _: Place) -> bool:
    if item.get("type") in ("transaction", "transaction-response", "batch", "batch-response"):
        return True
    return all(
        has(entry, "fullUrl") or (entry.get("request") or {}).get("method") == "POST"
        for entry in items(item, "entry")
    )


@invariant("bdl-5")
def entry_has_resource_request_or_response(item: Json, _: Place) -> bool:
    return has(item, "resource", "request", "response")


@invariant("bdl-7", reads=("*",))
def full_urls_are_unique(item: Json, _: Place) -> bool:
    if item.get("type") == "history":
        return True
    named = [
        (entry["fullUrl"], entry.get("resource", {}).get("meta", {}).get("versionId"))
        for entry in items(item, "entry")
        if "fullUrl" in entry
    ]
    return len(named) == len(set(named))


@invariant("bdl-8")  # no shape lets a versioned fullUrl through
def full_url_names_no_version(item: Json, _: Place) -> bool:
    return "/_history/" not in item.get("fullUrl", "")


@invariant("bdl-9", reads=("type",))
def document_has_an_identifier(item: Json, _: Place) -> bool:
    identifier = item.get("identifier", {})
    return item.get("type") != "document" or (
        has(identifier, "system") and has(identifier, "value")
    )


@invariant("bdl-10", reads=("type",))
def document_has_a_date(item: Json, _: Place) -> bool:
    return item.get("type") != "document" or "timestamp" in item


def _starts_with(item: Json, name: str) -> bool:
    first = (items(item, "entry") or [{}])[0]
    return bool(first.get("resource", {}).get("resourceType") == name)


@invariant("bdl-11", reads=("type",))
def document_starts_with_composition(item: Json, _: Place) -> bool:
    return item.get("type") != "document" or _starts_with(item, "Composition")


@invariant("bdl-12", reads=("type",))
def message_starts_with_its_header(item: Json, _: Place) -> bool:
    return item.get("type") != "message" or _starts_with(item, "MessageHeader")
