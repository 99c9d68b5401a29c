"""What a server's answer to a transaction means for each of its resources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from trialect.converters.server.answers import (
    Json,
    issues_of,
    resource_of,
    sentences_of,
)
from trialect.converters.server.channel import Answer
from trialect.converters.server.parcels import Entry

STATES = ("created", "updated", "unchanged", "failed")
"""What can become of a resource."""

_NO_CHANGE = "NO_CHANGE"
"""Part of HAPI's code for an update that found nothing new (SUCCESSFUL_UPDATE_NO_CHANGE)."""

_VERSION = re.compile(r'^(?:W/)?"([^"]*)"$')
_ENTRY = re.compile(r"\bentry(?:\[(\d+)\]|\.(\d+)\b)")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a resource: its state, where it lies, and what the server said of it."""

    entry: Entry
    state: str
    location: str = ""
    text: str = ""

    def as_list(self) -> list[str]:
        """Plain JSON for the journal."""
        one = self.entry
        return [self.state, one.type, one.system, one.value, one.url, self.location, self.text]

    @classmethod
    def from_list(cls, values: Sequence[str]) -> Result:
        """What `as_list` gave."""
        state, type_, system, value, url, location, text = values
        return cls(Entry(type_, system, value, url), state, location, text)


def results_of(
    answer: Answer, entries: Sequence[Entry], *, unclear: bool, since: datetime | None
) -> list[Result] | None:
    """What became of each entry of a transaction; None when the answer does not say.

    `unclear`: an earlier attempt may have stored them, so that what is there in its first version
    is new. `since` is when the push began, by the server's clock.
    """
    bundle = resource_of(answer)
    told = bundle.get("entry") if bundle else None
    if bundle is None or bundle["resourceType"] != "Bundle" or not isinstance(told, list):
        return None
    if len(told) != len(entries):
        return None
    results = []
    for entry, one in zip(entries, told, strict=True):
        response = one.get("response") if isinstance(one, dict) else None
        if not isinstance(response, dict) or not re.match(r"\d{3}", str(response.get("status"))):
            return None
        results.append(_result(entry, response, unclear=unclear, since=since))
    return results


def _result(entry: Entry, response: Json, *, unclear: bool, since: datetime | None) -> Result:
    status = int(str(response["status"])[:3])
    location = response.get("location")
    outcome = response.get("outcome")
    text = "; ".join(sentences_of(outcome))
    if status == 201:
        state = "created"
    elif status == 304:
        state = "unchanged"
    elif not 200 <= status < 300:
        state, text = "failed", text or str(response["status"])
    else:
        first = _version(response.get("etag"), location) == "1"
        changed = _time(response.get("lastModified"))
        before = changed is not None and since is not None and changed < since
        if unclear and first and not before:
            state = "created"
        elif before or _NO_CHANGE in str(_codes(outcome)):
            state = "unchanged"
        else:
            state = "updated"
    is_bad = any(one.get("severity") in ("error", "fatal", "warning") for one in issues_of(outcome))
    said = text if state == "failed" or is_bad else ""
    return Result(entry, state, str(location) if isinstance(location, str) else "", said)


def refused(answer: Answer, entries: Sequence[Entry], text: str) -> list[Result]:
    """The entries of a transaction that was refused as a whole: all failed, with the server's words
    at those that it names.
    """
    outcome = resource_of(answer)
    at: dict[int, list[str]] = {}
    for number, sentence in _named(outcome, entries):
        at.setdefault(number, []).append(sentence)
    # A refusal of a bundle of one needs no name.
    if not at and len(entries) == 1:
        at[0] = [text]
    return [
        Result(entry, "failed", "", "; ".join(dict.fromkeys(at.get(number, ()))))
        for number, entry in enumerate(entries)
    ]


def _named(outcome: Any, entries: Sequence[Entry]) -> Iterator[tuple[int, str]]:
    """The entries that an OperationOutcome speaks of: by number, by condition, by fullUrl."""
    for issue in issues_of(outcome):
        sentence = next(sentences_of({"issue": [issue]}))
        places = f"{issue.get('expression')} {issue.get('location')}"
        numbers = {int(one or other) for one, other in _ENTRY.findall(f"{places} {sentence}")}
        numbers = {number for number in numbers if number < len(entries)}
        for number, entry in enumerate(entries):
            by_url = entry.url and re.search(re.escape(entry.url) + r"(?![\w.~%-])", sentence)
            if number in numbers or by_url or (entry.full_url and entry.full_url in sentence):
                yield number, sentence


def _codes(outcome: Any) -> list[Any]:
    return [issue.get("details") for issue in issues_of(outcome)]


def _version(etag: Any, location: Any) -> str:
    found = _VERSION.match(etag) if isinstance(etag, str) else None
    if found:
        return found[1]
    _, history, version = str(location or "").rpartition("/_history/")
    return version if history else ""


def _time(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
