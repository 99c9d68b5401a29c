"""A small FHIR server that keeps what it is sent, and fails as often as it is told to.

Transactions with conditional updates (all or nothing, references resolved), searches in pages,
Bulk Data export, a token endpoint. What it does wrong is drawn from a seeded generator.
"""

import copy
import json
import random
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

FAULTS = ("429", "503", "500", "cut before", "cut after", "truncated", "short", "slow")

PATIENT_OF = ("subject", "patient", "individual")

Json = dict[str, Any]


class Refused(Exception):  # noqa: N818 # a word of the protocol, not of Python
    def __init__(self, status: int, text: str, expression: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.expression = expression


@dataclass
class Store:
    """Resources by type and id, with their versions."""

    resources: dict[str, dict[str, Json]] = field(default_factory=dict)
    versions: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: dict[tuple[str, str], str] = field(default_factory=dict)
    next_id: int = 1

    def matches(self, type_: str, query: list[tuple[str, str]]) -> list[Json]:
        found = self.resources.get(type_, {}).values()
        return [one for one in found if all(holds(one, name, value) for name, value in query)]

    def put(self, type_: str, id_: str | None, resource: Json) -> tuple[int, str]:
        """The status and id of what is stored; the same content is no new version."""
        is_new = id_ is None or id_ not in self.resources.get(type_, {})
        if id_ is None:
            id_ = str(self.next_id)
            self.next_id += 1
        stored = {"resourceType": type_, "id": id_, **resource}
        before = self.resources.setdefault(type_, {}).get(id_)
        if before != stored:
            self.resources[type_][id_] = stored
            self.versions[type_, id_] += 1
            self.changed[type_, id_] = datetime.now(UTC).isoformat(timespec="milliseconds")
        return 201 if is_new else 200, id_

    def transaction(self, bundle: Json, *, says_no_change: bool) -> Json:
        """Store all of a bundle or nothing."""
        work = copy.deepcopy(self)
        ids: dict[str, str] = {}
        targets = []
        for number, entry in enumerate(bundle["entry"]):
            type_, _, condition = entry["request"]["url"].partition("?")
            found = work.matches(type_, query_of(condition))
            if len(found) > 1:
                raise Refused(412, f"{len(found)} resources match", f"Bundle.entry[{number}]")
            id_ = found[0]["id"] if found else None
            if id_ is None:
                id_ = str(work.next_id)
                work.next_id += 1
                work.resources.setdefault(type_, {})
            targets.append((type_, id_))
            ids[entry["fullUrl"]] = f"{type_}/{id_}"
        told = []
        for number, (entry, (type_, id_)) in enumerate(zip(bundle["entry"], targets, strict=True)):
            if entry["resource"].get("language") == "xx":
                raise Refused(
                    422, "the language xx is not known", f"Bundle.entry[{number}].resource.language"
                )
            before = work.versions[type_, id_]
            resource = work.resolved(entry["resource"], ids)
            status, _ = work.put(type_, id_, resource)
            version = work.versions[type_, id_]
            outcome = {}
            if status == 200 and version == before and says_no_change:
                code = {"code": "SUCCESSFUL_UPDATE_NO_CHANGE"}
                issue = {"severity": "information", "details": {"coding": [code]}}
                outcome = {"outcome": {"resourceType": "OperationOutcome", "issue": [issue]}}
            response = {
                "status": "201 Created" if status == 201 else "200 OK",
                "location": f"{type_}/{id_}/_history/{version}",
                "etag": f'W/"{version}"',
                "lastModified": work.changed[type_, id_],
                **outcome,
            }
            told.append({"response": response})
        self.__dict__.update(work.__dict__)
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": told}

    def resolved(self, node: Any, ids: dict[str, str]) -> Any:
        """The same with references to what is stored."""
        if isinstance(node, list):
            return [self.resolved(one, ids) for one in node]
        if not isinstance(node, dict):
            return node
        result = {}
        for key, value in node.items():
            if key == "reference" and isinstance(value, str) and value.startswith("urn:uuid:"):
                result[key] = ids[value]
            elif key == "reference" and isinstance(value, str) and "?" in value:
                type_, _, condition = value.partition("?")
                found = self.matches(type_, query_of(condition))
                if len(found) != 1:
                    raise Refused(400, f"{value} finds {len(found)} resources")
                result[key] = f"{type_}/{found[0]['id']}"
            else:
                result[key] = self.resolved(value, ids)
        return result

    def counts(self) -> dict[str, int]:
        return {type_: len(some) for type_, some in sorted(self.resources.items()) if some}


def query_of(text: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in parse_qsl(text.replace("+", "%2B"))]


def holds(resource: Json, name: str, value: str) -> bool:
    """Whether a resource fits a search parameter; commas are alternatives."""
    values = [one.replace("\\", "") for one in value.split(",")]
    if name == "_id":
        return resource["id"] in values
    if name == "identifier":
        found = resource.get("identifier", [])
        some = found if isinstance(found, list) else [found]
        said = {f"{one.get('system', '')}|{one['value']}" for one in some}
        return bool(set(values) & (said | {one["value"] for one in some}))
    if name == "_tag":
        tags = resource.get("meta", {}).get("tag", [])
        return bool(set(values) & {f"{one.get('system', '')}|{one['code']}" for one in tags})
    if name == "url":
        return resource.get("url") in values
    if name == "study":
        return resource.get("study", {}).get("reference") in values
    if name in ("patient", "subject"):
        return bool({reference_of(resource, one) for one in PATIENT_OF} & set(values))
    return True


def reference_of(resource: Json, name: str) -> str | None:
    found = resource.get(name)
    return found.get("reference") if isinstance(found, dict) else None


@dataclass
class Behaviour:
    """What a server does, and what it saw."""

    store: Store = field(default_factory=Store)
    token: str = ""
    client: tuple[str, str] | None = None
    faults: dict[str, float] = field(default_factory=dict)
    seed: int = 1
    page: int = 50
    delay: float = 0.0
    says_no_change: bool = True
    release: str = "4.0.1"
    next_origin: str = ""
    """Where links to next pages lead, when not to this server."""
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    """Fixed answers by path."""
    ignores: tuple[str, ...] = ()
    """Search parameters that are not heeded."""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    polls: int = 0
    files_origin: str = ""
    on_request: Any = None

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.random = random.Random(self.seed)

    def fault(self) -> str:
        draw = self.random.random()
        for name, chance in self.faults.items():
            draw -= chance
            if draw < 0:
                self.failed[name] += 1
                return name
        return ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "FhirServer"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.handle_any("GET")

    def do_POST(self) -> None:
        self.handle_any("POST")

    def do_DELETE(self) -> None:
        self.handle_any("DELETE")

    def handle_any(self, method: str) -> None:
        mine = self.server.behaviour
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with mine.lock:
            mine.requests.append((method, self.path, headers))
            fault = mine.fault() if "/token" not in self.path else ""
        if mine.on_request is not None:
            mine.on_request(method, self.path)
        path = self.path.partition("?")[0]
        if fault == "429":
            return self.reply(429, outcome("too many"), {"Retry-After": "0"})
        if fault in ("503", "500"):
            return self.reply(int(fault), outcome("not now"))
        if fault == "cut before":
            return self.cut()
        if fault == "slow":
            time.sleep(0.02)
        if path in mine.answers:
            status, fixed, text = mine.answers[path]
            return self.reply(status, text, fixed)
        try:
            status, answer, more = self.answer(method, path, headers, body)
        except Refused as refused:
            text = outcome(str(refused), refused.expression)
            status, answer, more = refused.status, text, {}
        if fault == "cut after":
            return self.cut()
        if fault in ("truncated", "short") and len(answer) > 10:
            return self.reply(status, answer, more, keep=len(answer) // 2, lie=fault == "truncated")
        return self.reply(status, answer, more)

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes, dict[str, str]]:
        mine = self.server.behaviour
        if path == "/token":
            return self.give_token(headers, body)
        if mine.token and headers.get("authorization") != f"Bearer {mine.token}":
            raise Refused(401, "who are you?")
        rest = path.removeprefix("/fhir").strip("/")
        query = query_of(urlsplit(self.path).query)
        with mine.lock:
            if method == "POST" and not rest:
                bundle = json.loads(body)
                if mine.delay:
                    time.sleep(mine.delay)
                return (
                    200,
                    dumped(mine.store.transaction(bundle, says_no_change=mine.says_no_change)),
                    {},
                )
            if rest == "metadata":
                return 200, dumped(self.metadata()), {}
            if "$export" in rest or rest.startswith(("status", "files")):
                return self.export(method, rest, query)
            parts = rest.split("/")
            if method == "GET" and len(parts) == 2:
                found = mine.store.resources.get(parts[0], {}).get(parts[1])
                if found is None:
                    raise Refused(404, f"{rest} is not known")
                return 200, dumped(found), {}
            if method == "GET" and len(parts) == 1:
                return 200, dumped(self.search(parts[0], query)), {}
        raise Refused(400, f"{method} {path} is not understood")

    def metadata(self) -> Json:
        mine = self.server.behaviour
        types = [
            *("Patient", "ResearchStudy", "ResearchSubject", "Consent", "Encounter", "Procedure"),
            *("Observation", "QuestionnaireResponse", "AdverseEvent", "MedicationAdministration"),
            *("Organization", "Location", "Group", "PlanDefinition", "Questionnaire", "Condition"),
            *("Practitioner", "PractitionerRole", "Medication", "DiagnosticReport"),
        ]
        rest = {
            "mode": "server",
            "resource": [{"type": one, "conditionalUpdate": True} for one in types],
            "interaction": [{"code": "transaction"}],
        }
        software = {"name": "Server of the tests", "version": "1"}
        return {
            "resourceType": "CapabilityStatement",
            "fhirVersion": mine.release,
            "software": software,
            "rest": [rest],
        }

    def search(self, type_: str, query: list[tuple[str, str]]) -> Json:
        mine = self.server.behaviour
        told = dict(query)
        start = int(told.pop("_page", 0))
        count = min(int(told.pop("_count", mine.page)), mine.page)
        summary = told.pop("_summary", "")
        given = [one for one in told.items() if one[0] not in mine.ignores]
        found = mine.store.matches(type_, given)
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        if summary == "count":
            return bundle
        origin = mine.next_origin or self.server.origin
        if start + count < len(found):
            rest = "&".join(f"{name}={value}" for name, value in told.items())
            url = f"{origin}/fhir/{type_}?{rest}&_page={start + count}&_count={count}"
            bundle["link"] = [{"relation": "next", "url": url.replace("|", "%7C")}]
        bundle["entry"] = [
            {"fullUrl": f"{origin}/fhir/{type_}/{one['id']}", "resource": one}
            for one in found[start : start + count]
        ]
        return bundle

    def give_token(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes, dict[str, str]]:
        from base64 import b64decode

        mine = self.server.behaviour
        pair = b64decode(headers.get("authorization", "").removeprefix("Basic ")).decode()
        client, _, secret = pair.partition(":")
        if mine.client != (unquote(client), unquote(secret)):
            return 401, dumped({"error": "invalid_client", "error_description": pair}), {}
        mine.tokens += 1
        mine.token = f"token-{mine.tokens}"
        return 200, dumped({"access_token": mine.token, "expires_in": 3600}), {}

    def export(
        self, method: str, rest: str, query: list[tuple[str, str]]
    ) -> tuple[int, bytes, dict[str, str]]:
        mine = self.server.behaviour
        if "$export" in rest:
            mine.polls = 0
            url = f"{self.server.origin}/fhir/status"
            return 202, b"", {"Content-Location": url}
        if rest == "status":
            if method == "DELETE":
                return 202, b"", {}
            mine.polls += 1
            if mine.polls < 3:
                return 202, b"", {"Retry-After": "0", "X-Progress": "half"}
            origin = mine.files_origin or self.server.origin
            output = []
            for type_, some in sorted(mine.store.resources.items()):
                for part in range(0, len(some), 100):
                    url = f"{origin}/fhir/files/{type_}.{part}"
                    count = min(100, len(some) - part)
                    output.append({"type": type_, "url": url, "count": count})
            manifest = {
                "transactionTime": "2026-01-01T00:00:00Z",
                "request": f"{self.server.origin}/fhir/$export",
                "requiresAccessToken": True,
                "output": output,
                "error": [],
            }
            return 200, dumped(manifest), {}
        type_, _, part = rest.removeprefix("files/").partition(".")
        some = list(mine.store.resources[type_].values())[int(part) : int(part) + 100]
        text = b"".join(dumped(one) + b"\n" for one in some)
        return 200, text, {"Content-Type": "application/fhir+ndjson"}

    def reply(
        self,
        status: int,
        text: bytes,
        headers: dict[str, str] | None = None,
        *,
        keep: int | None = None,
        lie: bool = True,
    ) -> None:
        """Send an answer; of one that is cut, `keep` bytes, with a true length only when asked."""
        given = {"Content-Type": "application/fhir+json", **(headers or {})}
        self.send_response(status)
        for name, value in given.items():
            self.send_header(name, value)
        if keep is not None and not lie:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text if keep is None else text[:keep])
        if keep is not None:
            self.cut()

    def cut(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def outcome(text: str, expression: str = "") -> bytes:
    issue: Json = {"severity": "error", "code": "processing", "diagnostics": text}
    if expression:
        issue["expression"] = [expression]
    return dumped({"resourceType": "OperationOutcome", "issue": [issue]})


class FhirServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = behaviour
        self.scheme = "https" if tls else "http"
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    @property
    def origin(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    @property
    def base(self) -> str:
        return f"{self.origin}/fhir"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is what these tests are about."""


@contextmanager
def serving(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[FhirServer]:
    """A server that runs while the block does."""
    server = FhirServer(behaviour, tls)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
