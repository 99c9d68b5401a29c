"""The little of FHIR's REST interface that the tests speak, without a library between."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]

HEADERS = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}


class Client:
    """One kept connection a thread; numbers are read as `Decimal`, which keeps their text."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        self.base = base
        self._address = (parts.hostname, parts.port)
        self._path = parts.path
        self._mine = threading.local()

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Json]:
        """The status and the resource of the answer. `path` stands below the base.

        A server closes a connection that was idle for long; what is asked here may be asked again.
        """
        try:
            return self._asked(method, path, body)
        except (http.client.RemoteDisconnected, ConnectionError):
            self._mine.connection = None
            return self._asked(method, path, body)

    def _asked(self, method: str, path: str, body: bytes | None) -> tuple[int, Json]:
        connection = getattr(self._mine, "connection", None)
        if connection is None:
            host, port = self._address
            connection = http.client.HTTPConnection(host or "", port, timeout=300)
            self._mine.connection = connection
        connection.request(method, self._path + path, body, HEADERS)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}", parse_float=Decimal)

    def post(self, path: str, body: bytes) -> Json:
        status, answer = self.ask("POST", path, body)
        assert status in (200, 201), f"{path}: {status} {json.dumps(answer, default=str)[:2000]}"
        return answer

    def get(self, path: str) -> Json:
        status, answer = self.ask("GET", path)
        assert status == 200, f"{path}: {status} {json.dumps(answer, default=str)[:2000]}"
        return answer

    def search(self, query: str) -> Iterator[Json]:
        """Every resource that a search finds, page after page."""
        page = self.get(f"/{query}")
        while True:
            for entry in page.get("entry", ()):
                yield entry["resource"]
            following = [link["url"] for link in page["link"] if link["relation"] == "next"]
            if not following:
                return
            page = self.get(following[0].removeprefix(self.base))

    def count(self, query: str) -> int:
        joint = "&" if "?" in query else "?"
        return int(self.get(f"/{query}{joint}_summary=count&_total=accurate")["total"])

    def issues(self, resource: bytes, type: str) -> list[Json]:
        """What `$validate` says, whatever its severity."""
        status, answer = self.ask("POST", f"/{type}/$validate", resource)
        assert answer.get("resourceType") == "OperationOutcome", (status, answer)
        return list(answer["issue"])


def bundles(folder: Path) -> list[Path]:
    """study.json first: the subjects' resources refer to the study's."""
    paths = sorted((folder / "bundles").iterdir())
    return sorted(paths, key=lambda path: path.name != "study.json")


def sent(client: Client, bundle: Path) -> list[dict[str, str]]:
    answer = client.post("", bundle.read_bytes())
    return [entry["response"] for entry in answer["entry"]]
