"""Many requests to one server: with credentials, retries, and redirects that stay at home."""

from __future__ import annotations

import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from trialect.converters.server.address import Address, address_of
from trialect.converters.server.answers import Json, is_whole, moment, not_fhir, resource_of, said
from trialect.converters.server.channel import Answer, Channel, Lost, tls_context
from trialect.converters.server.credentials import Credentials, conceal
from trialect.converters.summary import plural
from trialect.problems import Unusable, rule

UNREACHABLE = rule(
    "SERVER-LOST",
    "error",
    "The server could not be reached",
    "{host}: {reason} ({attempts}).",
    "Check the address, the network and the server, and run the same command again.",
)
BUSY = rule(
    "SERVER-BUSY",
    "error",
    "The server has no time",
    "{host} answered {status}{asked} ({attempts}).",
    "Run the same command later, or with less at a time (--parallel 1).",
)
REDIRECT = rule(
    "SERVER-REDIRECT",
    "error",
    "The server sends us elsewhere",
    "{host} answered {status} and names {value}; what we have to say and who we are goes to the "
    "server that was asked alone.",
    "If that address is right, give it as --server.",
)
REFUSED = rule(
    "SERVER-REFUSED",
    "error",
    "The server does not let us in",
    "{host} answered {status}: {reason}",
    "Check the credentials ({kind} given) and what they are allowed to do.",
    "RFC 6750 3.1",
)
NO_TOKEN = rule(
    "SERVER-TOKEN",
    "error",
    "No token was given out",
    "{host} answered {status}: {reason}",
    "Check client_id, client_secret, token_url and scope.",
    "RFC 6749 5.2",
)

TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""Answers that another attempt may change. 409: another transaction was at the same resource."""

BUSY_STATUS = frozenset({429, 503})
FHIR_JSON = "application/fhir+json"
_FOLLOWED = frozenset({307, 308})
_USUAL_TOKEN = 300.0
"""Seconds that a token is taken to last where its answer does not say."""

_LONGEST_TOKEN = 86400.0
_MOST = 256 * 1024 * 1024
"""Bytes of an answer that are taken into memory."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a server is waited for, in seconds.

    Before attempt n + 1 it waits first * 2^(n - 1), at most `longest`, without chance: the few
    connections of one push need none to keep out of each other's way. A Retry-After is obeyed up
    to `asked_longest`.
    """

    attempts: int = 8
    first: float = 1.0
    longest: float = 60.0
    asked_longest: float = 900.0
    answer: float = 300.0
    sleep: Callable[[float], None] | None = None

    def delay(self, attempt: int) -> float:
        """The wait after an attempt that failed, which are numbered from 1."""
        return float(min(self.longest, self.first * 2 ** min(attempt - 1, 30)))


@dataclass(frozen=True, slots=True)
class Asked:
    """A last answer, and what it took: `unclear` when an earlier attempt may have been heeded."""

    answer: Answer
    attempts: int
    unclear: bool


class Session:
    """The server as this process speaks to it; may be used by several threads."""

    def __init__(
        self,
        server: str,
        credentials: Credentials | None = None,
        *,
        ca: str | Path | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Raises `Unusable` when the address or the CA file is not usable; connects to nothing."""
        self.base = address_of(server)
        self.patience = patience or Patience()
        self._credentials = credentials or Credentials()
        self._context: ssl.SSLContext = tls_context(ca)
        self._local = threading.local()
        self._channels: list[Channel] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._not_before = 0.0
        self._token = self._credentials.token
        self._given: list[str] = []
        self._expires = float("inf")

    def stop(self) -> None:
        """End all waiting: what is under way is answered, nothing more is asked."""
        self._stop.set()

    def close(self) -> None:
        """End all waiting and let go of all connections."""
        self._stop.set()
        for channel in self._channels:
            channel.close()

    def conceal(self, text: str) -> str:
        """The text without what is secret: the credentials, and every token they got."""
        return conceal(text, (*self._credentials.secrets, *self._given))

    def ask(
        self,
        method: str,
        address: Address,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Asked:
        """The answer to a request, asked again while the server is busy or the connection is lost.

        JSON that ends too early counts as a lost connection. Raises `Unusable` when the server
        stays away or busy, refuses us, or sends us elsewhere. Any other answer is given as it is.
        """
        unclear = False
        for attempt in range(1, self.patience.attempts + 1):
            self._wait_for_all()
            if self._stop.is_set():
                raise Unusable([])
            asked = None
            try:
                answer = self._once(method, address, body, headers or {})
                if answer.status < 300 and not is_whole(answer):
                    raise Lost("its answer was cut", sent=True)
            except Lost as lost:
                unclear = unclear or lost.sent
                problem = UNREACHABLE.problem(
                    host=address.origin, reason=lost.reason, attempts=plural(attempt, "attempt")
                )
                failed = None
            else:
                if answer.status not in TRANSIENT:
                    return Asked(answer, attempt, unclear)
                # A gateway may have given up before the server behind it did.
                unclear = unclear or answer.status in (408, 500, 502, 504)
                asked = _retry_after(answer)
                failed = answer
                problem = BUSY.problem(
                    host=address.origin,
                    status=answer.status,
                    attempts=plural(attempt, "attempt"),
                    asked=f" and asks to wait {asked:g} s" if asked else "",
                )
            if attempt == self.patience.attempts or (asked or 0) > self.patience.asked_longest:
                if failed is not None and failed.status not in BUSY_STATUS:
                    return Asked(failed, attempt, unclear)
                raise Unusable(problem)
            # "At once" would use up all attempts in no time.
            if asked is None or asked < self.patience.first:
                self._sleep(self.patience.delay(attempt))
            else:
                with self._lock:
                    self._not_before = max(self._not_before, time.monotonic() + asked)
        raise AssertionError("the last attempt returns or raises")

    def expect(self, answer: Answer, *types: str) -> Json:
        """The resource of one of the types that an answer holds. Raises `Unusable` when it holds
        something else.
        """
        found = resource_of(answer)
        if answer.status >= 300 or found is None or found["resourceType"] not in types:
            raise Unusable(not_fhir(answer, self.conceal))
        return found

    @contextmanager
    def stream(
        self, address: Address, headers: Mapping[str, str], *, with_token: bool = True
    ) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        """One attempt at an answer of any size; raises `Lost` for the caller to try again."""
        given = {"Accept-Encoding": "identity", "User-Agent": _agent(), **headers}
        if with_token and address.origin == self.base.origin:
            given.update(self._authorization())
        with self._channel(address).stream("GET", address, given) as found:
            yield found

    def pause(self, seconds: float) -> None:
        """Wait, unless the session is closed."""
        self._sleep(seconds)

    def _once(
        self, method: str, address: Address, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """One attempt, with redirects on the same origin and one new token where ours is stale."""
        renewed = False
        for _ in range(5):
            given = {
                "Accept": FHIR_JSON,
                "Accept-Encoding": "identity",
                "User-Agent": _agent(),
                **headers,
                **self._authorization(),
            }
            if body is not None:
                given.setdefault("Content-Type", FHIR_JSON)
            answer = self._channel(address).ask(method, address, given, body, _MOST)
            if answer.status == 401 and self._credentials.kind == "client" and not renewed:
                renewed = True
                with self._lock:
                    # Another thread may have a new one already, which is not to be ended by ours.
                    if given["Authorization"] == f"Bearer {self._token}":
                        self._expires = 0.0
                continue
            if answer.status in (401, 403):
                self._refuse(answer)
            if not 300 <= answer.status < 400 or answer.status == 304:
                return answer
            address = self._onward(method, answer)
        raise self._redirect(answer, "itself, without end")

    def _onward(self, method: str, answer: Answer) -> Address:
        """Where a redirect leads, if it may be followed."""
        link = answer.headers.get("location", "")
        try:
            target = answer.address.resolve(link)
        except ValueError:
            raise self._redirect(answer, "no address") from None
        may = answer.status in _FOLLOWED or method == "GET"
        if not may or target.origin != self.base.origin or not link:
            # What stands behind the ? may be secret (a log-in page's state).
            where = target.origin + target.path.partition("?")[0]
            raise self._redirect(answer, where)
        return target

    def _redirect(self, answer: Answer, where: str) -> Unusable:
        return Unusable(
            REDIRECT.problem(
                host=answer.address.origin, status=answer.status, value=self.conceal(where)
            )
        )

    def _refuse(self, answer: Answer) -> None:
        kind = {"none": "none were", "token": "a token was", "client": "an OAuth2 client was"}
        raise Unusable(
            REFUSED.problem(
                host=answer.address.origin,
                status=answer.status,
                reason=said(answer, self.conceal),
                kind=kind[self._credentials.kind],
            )
        )

    def _authorization(self) -> dict[str, str]:
        if self._credentials.kind == "client":
            with self._lock:
                if time.monotonic() >= self._expires or not self._token:
                    self._renew()
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _renew(self) -> None:
        """A new token by client credentials (RFC 6749 4.4)."""
        mine = self._credentials
        assert mine.token_url is not None
        form = {"grant_type": "client_credentials", **({"scope": mine.scope} if mine.scope else {})}
        headers = {
            "Authorization": f"Basic {mine.basic}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": _agent(),
        }
        whose = f"{mine.token_url.origin}, which gives out tokens"
        try:
            answer = self._channel(mine.token_url).ask(
                "POST", mine.token_url, headers, urlencode(form).encode(), 1024 * 1024
            )
        except Lost as lost:
            raise Lost(f"{whose}: {lost.reason}", sent=False) from None
        if answer.status in TRANSIENT:
            raise Lost(f"{whose}, answered {answer.status}", sent=False)
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            found = None
        token = found.get("access_token") if isinstance(found, dict) else None
        if answer.status != 200 or not isinstance(token, str) or not _is_token(token):
            told = found if isinstance(found, dict) else {}
            words = [str(told[key]) for key in ("error", "error_description") if told.get(key)]
            reason = self.conceal(": ".join(words))[:300] or "its answer holds no token"
            raise Unusable(
                NO_TOKEN.problem(
                    host=mine.token_url.origin,
                    status=answer.status,
                    reason=f"{reason.rstrip('.')}.",
                )
            )
        seconds = found.get("expires_in")
        known = isinstance(seconds, int | float) and seconds > 0
        lasts = float(min(seconds, _LONGEST_TOKEN)) if known else _USUAL_TOKEN
        self._token = token
        self._given.append(token)
        # Renewed before it ends, so that it does not end on its way.
        self._expires = time.monotonic() + max(lasts - 30, lasts / 2)

    def _channel(self, address: Address) -> Channel:
        mine: dict[str, Channel] = self._local.__dict__.setdefault("channels", {})
        if address.origin not in mine:
            mine[address.origin] = Channel(address, self._context, self.patience.answer)
            self._channels.append(mine[address.origin])
        return mine[address.origin]

    def _wait_for_all(self) -> None:
        """Wait until the time that the server asked for, whichever thread it asked."""
        with self._lock:
            wait = self._not_before - time.monotonic()
        if wait > 0:
            self._sleep(wait)

    def _sleep(self, seconds: float) -> None:
        if self.patience.sleep is not None:
            self.patience.sleep(seconds)
        else:
            self._stop.wait(seconds)


def _retry_after(answer: Answer) -> float | None:
    """Seconds that the server asks to wait (RFC 9110 10.2.3), by its own clock where it names a
    time of day.
    """
    text = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    until, now = moment(text), moment(answer.headers.get("date"))
    return max(0.0, (until - now).total_seconds()) if until and now else None


def _is_token(text: str) -> bool:
    return re.fullmatch(r"[\x21-\x7e]+", text) is not None


def _agent() -> str:
    from trialect import __version__

    return f"trialect/{__version__}"
