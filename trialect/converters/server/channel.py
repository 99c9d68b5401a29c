"""One connection to a host: a request, and its answer whole or as a stream.

The standard library's http.client, because of what it does not do: it follows no redirect, reads
no .netrc, sends nothing that was not asked for. Certificates are always verified.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from trialect.converters.server.address import Address
from trialect.problems import Unusable, rule

CERTIFICATE = rule(
    "SERVER-CERTIFICATE",
    "error",
    "The server's certificate is not trusted",
    "{host}: {reason}.",
    "If your organisation signs its own certificates, give its CA file with --ca; the check cannot "
    "be turned off.",
)
NO_TLS = rule(
    "SERVER-TLS",
    "error",
    "No encrypted connection came about",
    "{host}: {reason}.",
    "Check that the port speaks TLS (1.2 or newer).",
)
BAD_CA = rule(
    "SERVER-CA",
    "error",
    "The CA file is not usable",
    "{reason}.",
    "Give certificates in PEM.",
)

CHUNK = 65536
CONNECT_SECONDS = 15.0


class Lost(Exception):  # noqa: N818 # a state of the connection, told to users as "lost"
    """The connection failed. `sent`: the server may have done what was asked."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    address: Address

    @property
    def content_type(self) -> str:
        """The media type, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def tls_context(ca: str | Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 or newer, host name and certificate verified: against the system's CAs, or against
    those of the file `ca` alone. Raises `Unusable` when the file is not usable.
    """
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (ssl.SSLError, ValueError):
        raise Unusable(BAD_CA.problem(file=str(ca), reason="it holds no certificate")) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unusable(BAD_CA.problem(file=str(ca), reason=reason)) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Channel:
    """A connection that is kept between requests; for one thread."""

    def __init__(self, address: Address, context: ssl.SSLContext, seconds: float) -> None:
        self._address = address
        self._context = context
        self._seconds = seconds
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(
        self,
        method: str,
        address: Address,
        headers: Mapping[str, str],
        body: bytes | None,
        most: int,
    ) -> Answer:
        """Send a request and take the whole answer, of at most `most` bytes, within the time given.

        Raises `Lost`, also when the answer is not whole, and `Unusable` when the certificate is
        not trusted.
        """
        deadline = time.monotonic() + self._seconds + CONNECT_SECONDS
        with self.stream(method, address, headers, body) as (head, chunks):
            parts = []
            size = 0
            for chunk in chunks:
                parts.append(chunk)
                size += len(chunk)
                if size > most:
                    raise Lost(f"its answer is larger than {most:,} bytes", sent=True)
                if time.monotonic() > deadline:
                    raise Lost(f"its answer took more than {self._seconds:g} s", sent=True)
        return Answer(head.status, head.headers, b"".join(parts), address)

    @contextmanager
    def stream(
        self,
        method: str,
        address: Address,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        """The answer's head (its body empty) and its body, a piece at a time. Raises as `ask`."""
        whole = False
        try:
            response = self._send(method, address, headers, body)
            head = {name.lower(): value for name, value in response.getheaders()}
            yield Answer(response.status, head, b"", address), _pieces(response, head)
            # A body that nobody read would be taken for the next answer.
            whole = response.isclosed() and not response.will_close
        finally:
            if not whole:
                self.close()

    def _send(
        self, method: str, address: Address, headers: Mapping[str, str], body: bytes | None
    ) -> http.client.HTTPResponse:
        connection = self._connected()
        try:
            # A server that refuses early (413, 401) answers before it has read everything.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, address.path, body=body, headers=dict(headers))
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise Lost(_why(error, self._seconds), sent=True) from None

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is not None and self._connection.sock is not None:
            return self._connection
        self.close()
        host = self._address.host
        connection = _connection(self._address, self._context)
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            problem = CERTIFICATE.problem(host=host, reason=error.verify_message.rstrip("."))
            raise Unusable(problem) from None
        except ssl.SSLEOFError:
            raise Lost("the connection was cut", sent=False) from None
        except ssl.SSLError as error:
            reason = (error.reason or "unknown").replace("_", " ").lower()
            raise Unusable(NO_TLS.problem(host=host, reason=reason)) from None
        except (OSError, http.client.HTTPException) as error:
            raise Lost(_why(error, CONNECT_SECONDS), sent=False) from None
        connection.sock.settimeout(self._seconds)
        self._connection = connection
        return connection


def _connection(address: Address, context: ssl.SSLContext) -> http.client.HTTPConnection:
    """A connection that is not made yet, through the system's proxy where it has one for it."""
    proxy = None
    if not address.is_local and not proxy_bypass(address.host):
        proxy = getproxies().get(address.scheme)
    if address.scheme == "http":
        return http.client.HTTPConnection(address.host, address.port, timeout=CONNECT_SECONDS)
    if not proxy:
        return http.client.HTTPSConnection(
            address.host, address.port, timeout=CONNECT_SECONDS, context=context
        )
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    tunnel = http.client.HTTPSConnection(
        parts.hostname or "", parts.port or 8080, timeout=CONNECT_SECONDS, context=context
    )
    login = {}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        login["Proxy-Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    tunnel.set_tunnel(address.host, address.port, login)
    return tunnel


def _pieces(response: http.client.HTTPResponse, head: Mapping[str, str]) -> Iterator[bytes]:
    """The body; `Lost` when it ends before it is whole."""
    coding = head.get("content-encoding", "identity").strip().lower()
    unpack = zlib.decompressobj(31) if coding in ("gzip", "x-gzip") else None
    if unpack is None and coding not in ("identity", ""):
        raise Lost(f"its answer is coded as {coding}, which was not asked for", sent=True)
    try:
        while piece := response.read(CHUNK):
            if unpack is None:
                yield piece
                continue
            data = unpack.decompress(piece, CHUNK)
            while data:
                yield data
                data = unpack.decompress(unpack.unconsumed_tail, CHUNK)
    except (OSError, http.client.HTTPException, zlib.error) as error:
        raise Lost(_why(error, None), sent=True) from None
    # read(n) does not tell that the connection ended before Content-Length.
    if response.length or (unpack is not None and not unpack.eof):
        raise Lost("its answer was cut", sent=True)


def _why(error: Exception, seconds: float | None) -> str:
    if isinstance(error, socket.gaierror):
        return "its name is not known to the network"
    if isinstance(error, TimeoutError):
        return "it did not answer" + (f" within {seconds:g} s" if seconds else " in time")
    if isinstance(error, http.client.IncompleteRead | zlib.error):
        return "its answer was cut"
    if isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return "the connection was cut"
    if isinstance(error, ConnectionRefusedError):
        return "it does not accept connections"
    if isinstance(error, http.client.HTTPException):
        return "it does not speak HTTP"
    return str(getattr(error, "strerror", None) or type(error).__name__)
