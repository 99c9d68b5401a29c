"""What a server's answers say: JSON or not, an OperationOutcome's sentences, a page's title."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from trialect.converters.server.channel import Answer
from trialect.problems import Problem, rule

NOT_FHIR = rule(
    "SERVER-NOT-FHIR",
    "error",
    "The answer is no FHIR",
    "{address} answered {status} with {what}.",
    "Check that --server is the base of a FHIR server (where /metadata answers), and that no "
    "log-in page or proxy stands before it.",
)

_LONGEST = 600
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)

Json = dict[str, Any]

Conceal = Callable[[str], str]
"""Takes out of a text what is secret; before it is cut, since half a secret is told from nothing.
"""


def resource_of(answer: Answer) -> Json | None:
    """The resource that an answer holds, or None."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    is_resource = isinstance(found, dict) and isinstance(found.get("resourceType"), str)
    return found if is_resource else None


def is_refusal(answer: Answer) -> bool:
    """Whether an OperationOutcome stands where something else was asked for, whatever the status
    says.
    """
    found = resource_of(answer)
    return found is not None and found["resourceType"] == "OperationOutcome"


def is_whole(answer: Answer) -> bool:
    """Whether an answer that says it is JSON can be read to its end."""
    if not answer.content_type.endswith("json") or (answer.status == 202 and not answer.body):
        return True
    try:
        json.loads(answer.body)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def moment(text: Any) -> datetime | None:
    """The time that an HTTP date says (RFC 9110 5.6.7); None for any other text."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def not_fhir(answer: Answer, conceal: Conceal) -> Problem:
    """That an answer is something else."""
    return NOT_FHIR.problem(
        address=answer.address.url.partition("?")[0],
        status=answer.status,
        what=_kind(answer, conceal),
    )


def said(answer: Answer, conceal: Conceal) -> str:
    """What an answer says, in one line that ends as a sentence does."""
    found = resource_of(answer)
    sentences = list(sentences_of(found)) if found else []
    text = _cut(conceal("; ".join(sentences)), _LONGEST) if sentences else _kind(answer, conceal)
    return text if text.endswith((".", "!", "?")) else f"{text}."


def sentences_of(outcome: Any) -> Iterator[str]:
    """The sentences of an OperationOutcome: severity and text, its place where it names one."""
    for issue in issues_of(outcome):
        details = issue.get("details")
        text = details.get("text") if isinstance(details, dict) else None
        text = issue.get("diagnostics") or text or issue.get("code") or "says nothing more"
        places = issue.get("expression") or issue.get("location")
        place = f" ({', '.join(map(str, places))})" if isinstance(places, list) and places else ""
        yield f"{issue.get('severity', 'error')}: {' '.join(str(text).split())}{place}"


def issues_of(outcome: Any) -> list[Json]:
    """The issues of an OperationOutcome."""
    found = outcome.get("issue") if isinstance(outcome, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "..."


def _kind(answer: Answer, conceal: Conceal) -> str:
    found = resource_of(answer)
    if found is not None and found["resourceType"] == "OperationOutcome":
        text = conceal("; ".join(sentences_of(found)))
        return _cut(text, _LONGEST) or "an empty OperationOutcome"
    if found is not None:
        return f"a resource of type {_cut(conceal(found['resourceType']), 80)}"
    if not answer.body:
        return "nothing"
    if "html" in answer.content_type or answer.body.lstrip()[:1] == b"<":
        title = _TITLE.search(answer.body[:100_000])
        text = title[1].decode("utf-8", "replace") if title else ""
        name = _cut(conceal(" ".join(html.unescape(text).split())), 120)
        return f"a page named {name!r}" if name else "a page (HTML or XML)"
    kind = _cut(re.sub(r"[^\w./+-]", "", conceal(answer.content_type)), 80)
    return f"{len(answer.body):,} bytes of {kind}" if kind else f"{len(answer.body):,} bytes"
