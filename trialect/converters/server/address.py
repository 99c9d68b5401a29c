"""Where a server is: a URL that is safe to send subjects' data to."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from trialect.problems import Unusable, rule

BAD_URL = rule(
    "SERVER-URL",
    "error",
    "The server's address is not usable",
    "{what} {reason}.",
    "Give the URL of the FHIR base alone, such as https://fhir.example.org/r4; credentials come "
    "from the environment or a file (docs/server.md).",
)
PLAIN_HTTP = rule(
    "SERVER-PLAIN-HTTP",
    "error",
    "The address is not encrypted",
    "{what} is http:// and not on this machine: subjects' data and credentials would travel in the "
    "clear.",
    "Use the server's https:// address; plain http is for a server on this machine alone "
    "(localhost, 127.0.0.1, ::1).",
)

_PORTS = {"http": 80, "https": 443}
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f\\<>\"^`{}]")


@dataclass(frozen=True, slots=True)
class Address:
    """A URL by its parts; `path` starts with a slash and has the query with it."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a token may be sent to (RFC 6454)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def url(self) -> str:
        """The whole URL."""
        return self.origin + self.path

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def below(self, path: str) -> Address:
        """An address under this base: `Patient?_count=1`, `metadata`; an empty path is the base."""
        base = self.path.rstrip("/")
        return Address(self.scheme, self.host, self.port, f"{base}/{path}" if path else base or "/")

    def resolve(self, link: str) -> Address:
        """Where a link in an answer of this address leads. Raises ValueError when it is no URL."""
        return parts_of(urljoin(self.url, link))


def parts_of(text: str) -> Address:
    """The parts of an absolute http or https URL; ValueError says what is wrong with it."""
    if _NOT_IN_A_URL.search(text):
        raise ValueError("has characters that no URL has")
    if not text.isascii():
        raise ValueError("has characters that are to be percent-encoded")
    parts = urlsplit(text)
    if parts.scheme not in _PORTS:
        raise ValueError("does not start with https://")
    if "@" in parts.netloc:
        raise ValueError("has a user name or password in it")
    if not parts.hostname:
        raise ValueError("names no host")
    port = parts.port or _PORTS[parts.scheme]
    path = parts.path or "/"
    return Address(
        parts.scheme, parts.hostname, port, f"{path}?{parts.query}" if parts.query else path
    )


def address_of(text: str, what: str = "The server's address") -> Address:
    """The address that a user gives. Raises `Unusable`; the text, which may hold a password, is
    not repeated.
    """
    try:
        found = parts_of(text.strip())
    except ValueError as error:
        reason = str(error) if "port" not in str(error).lower() else "has a port that is none"
        raise Unusable(BAD_URL.problem(what=what, reason=reason)) from None
    if "?" in found.path or "#" in text:
        raise Unusable(BAD_URL.problem(what=what, reason="has a query or a fragment"))
    if found.scheme == "http" and not found.is_local:
        raise Unusable(PLAIN_HTTP.problem(what=what))
    return found
