"""What a server says of itself (CapabilityStatement) before anything is asked of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from trialect.converters.server.address import Address
from trialect.converters.server.session import Session
from trialect.problems import Problems, rule

OTHER_RELEASE = rule(
    "PUSH-RELEASE",
    "error",
    "The server speaks another release of FHIR",
    "The server is of FHIR {value}, the package of {release}.",
    "Send it to the address of the server for {release}, or convert with --fhir-release.",
)
NO_TRANSACTIONS = rule(
    "PUSH-NO-TRANSACTIONS",
    "error",
    "The server takes no transactions",
    "The server names what it can do ({value}), and transactions are not among it.",
    "Ask who runs the server to allow transactions, or load the NDJSON files in its own way.",
)
NO_TYPE = rule(
    "PUSH-TYPE",
    "warning",
    "The server does not know a type of resource",
    "The server does not name {value} among the types it stores.",
    "It may refuse the bundles that hold it.",
)
NO_CONDITION = rule(
    "PUSH-CONDITIONAL",
    "warning",
    "The server may not update under conditions",
    "The server does not say that it updates {value} under a condition (conditionalUpdate).",
    "Try one subject first, and look whether sending it twice changes anything.",
    "http://hl7.org/fhir/R4/http.html#cond-update",
)

RELEASES = {"4.0": "R4", "4.3": "R4B", "5.0": "R5", "3.0": "STU3"}


@dataclass(frozen=True, slots=True)
class Server:
    """What is known of a server. `date` is its clock when it was first asked, as HTTP writes it;
    `types` maps each type to what the statement says of it.
    """

    base: Address
    version: str
    software: str
    date: str
    interactions: frozenset[str]
    types: dict[str, dict[str, Any]]

    @property
    def release(self) -> str:
        """R4, R5, or the version itself where it is none of the known ones."""
        return RELEASES.get(".".join(self.version.split(".")[:2]), self.version)


def look_at(session: Session) -> Server:
    """Ask a server for its CapabilityStatement. Raises `Unusable` when it has none."""
    answer = session.ask("GET", session.base.below("metadata")).answer
    found = session.expect(answer, "CapabilityStatement")
    rest = [one for one in _list(found.get("rest")) if one.get("mode") in ("server", None)]
    types: dict[str, dict[str, Any]] = {}
    interactions: set[str] = set()
    for one in rest:
        interactions.update(str(each.get("code")) for each in _list(one.get("interaction")))
        for each in _list(one.get("resource")):
            types[str(each.get("type"))] = each
    software = found.get("software")
    named = software if isinstance(software, dict) else {}
    words = [str(named[key]) for key in ("name", "version") if named.get(key)]
    return Server(
        base=session.base,
        version=str(found.get("fhirVersion", "")),
        software=session.conceal(" ".join(words))[:200],
        date=answer.headers.get("date", ""),
        interactions=frozenset(interactions),
        types=types,
    )


def push_problems(server: Server, release: str | None, types: Iterable[str]) -> Problems:
    """Why a push to a server will not do, or may not. What it does not speak of is not held
    against it.
    """
    problems = Problems()
    if release and server.version and server.release != release:
        problems.add(OTHER_RELEASE.problem(value=server.version, release=release))
    can = server.interactions
    if can and not can & {"transaction", "batch"}:
        problems.add(NO_TRANSACTIONS.problem(value=", ".join(sorted(can))))
    for type_ in sorted(types) if server.types else ():
        if type_ not in server.types:
            problems.add(NO_TYPE.problem(value=type_))
        elif server.types[type_].get("conditionalUpdate") is not True:
            problems.add(NO_CONDITION.problem(value=type_))
    return problems


def _list(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
