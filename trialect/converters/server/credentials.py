"""Who we are to a server: a token, or an OAuth2 client; from the environment or a file.

Secrets never stand on the command line, where other users see them, and never in a message, a
report or a journal: `conceal` takes them out of whatever a server repeats.
"""

from __future__ import annotations

import base64
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from trialect.converters.server.address import Address, address_of
from trialect.problems import Unusable, rule

BAD_FILE = rule(
    "SERVER-CREDENTIALS-FILE",
    "error",
    "The credentials file is not understood",
    "{reason}.",
    "Write lines of NAME = VALUE: token, or client_id, client_secret, token_url and, where the "
    "server asks for one, scope (docs/server.md).",
)
OPEN_FILE = rule(
    "SERVER-CREDENTIALS-OPEN",
    "error",
    "Others can read the credentials",
    "{file} {reason}.",
    "Make it a file of your own that nobody else can read: chmod 600 FILE.",
)
INCOMPLETE = rule(
    "SERVER-CREDENTIALS",
    "error",
    "The credentials are not complete",
    "{place}: {reason}.",
    "Give either a token, or client_id, client_secret and token_url.",
)

NAMES = ("token", "client_id", "client_secret", "token_url", "scope")
"""Lines of a credentials file; in the environment TRIALECT_ and the name in capitals."""

_LARGEST_FILE = 65536
_HIDDEN = "[concealed]"
_VISIBLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A bearer token, an OAuth2 client, or nothing; what is secret is not in its repr."""

    token: str = field(default="", repr=False)
    client_id: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    token_url: Address | None = None
    scope: str = ""

    @property
    def kind(self) -> str:
        """`token`, `client` or `none`."""
        return "token" if self.token else "client" if self.token_url else "none"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be seen: token and secret, also as they travel (RFC 6749 2.3.1)."""
        if not self.client_secret:
            return (self.token,) if self.token else ()
        quoted = quote(self.client_secret, safe="")
        return (self.basic, self.client_secret, quoted)

    @property
    def basic(self) -> str:
        """The client's id and secret as HTTP Basic has them."""
        pair = f"{quote(self.client_id, safe='')}:{quote(self.client_secret, safe='')}"
        return base64.b64encode(pair.encode()).decode()


def conceal(text: str, secrets: tuple[str, ...]) -> str:
    """The text without the secrets."""
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    return text


def credentials_of(
    file: str | Path | None = None, environment: Mapping[str, str] | None = None
) -> Credentials:
    """The credentials of a file, else those of the environment (TRIALECT_TOKEN, ...).

    Raises `Unusable` when they are incomplete, or when others than the user can read the file.
    """
    if file is not None:
        return _checked(_read(Path(file)), str(file))
    given = os.environ if environment is None else environment
    found = {name: given.get(f"TRIALECT_{name.upper()}", "").strip() for name in NAMES}
    return _checked(found, "TRIALECT_TOKEN, TRIALECT_CLIENT_ID, ... of the environment")


def _read(file: Path) -> dict[str, str]:
    try:
        # Asked of what was opened, so that nothing else can be put in its place between.
        with file.open("rb") as opened:
            reason = _open_to(os.fstat(opened.fileno()))
            text = b"" if reason else opened.read(_LARGEST_FILE + 1)
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise Unusable(BAD_FILE.problem(file=str(file), reason=reason)) from None
    if reason:
        raise Unusable(OPEN_FILE.problem(file=str(file), reason=reason))
    if len(text) > _LARGEST_FILE:
        raise Unusable(BAD_FILE.problem(file=str(file), reason="it is larger than 64 kB"))
    try:
        lines = text.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise Unusable(BAD_FILE.problem(file=str(file), reason="it is not UTF-8")) from None
    found: dict[str, str] = {}
    for row, line in enumerate(lines, start=1):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not equals or name not in NAMES or name in found:
            why = f"line {row} gives a name twice" if name in found else f"line {row} is none"
            raise Unusable(BAD_FILE.problem(file=str(file), row=row, reason=why))
        found[name] = value
    return found


def _open_to(status: os.stat_result) -> str:
    """Why a file is not safe; empty when it is, and where the system has no owners (Windows)."""
    if not stat.S_ISREG(status.st_mode):
        return "is no regular file"
    if not hasattr(os, "getuid"):
        return ""
    if status.st_uid not in (os.getuid(), 0):
        return "belongs to somebody else"
    mode = stat.S_IMODE(status.st_mode)
    return f"has the permissions {mode:04o}" if mode & 0o077 else ""


def _checked(found: Mapping[str, str], place: str) -> Credentials:
    given = {name: value for name, value in found.items() if value}
    client = given.keys() & {"client_id", "client_secret", "token_url"}
    reason = ""
    if "token" in given and client:
        reason = "there is a token and a client"
    elif client and len(client) < 3:
        missing = sorted({"client_id", "client_secret", "token_url"} - client)
        reason = f"{', '.join(missing)} is missing"
    elif "scope" in given and not client:
        reason = "there is a scope without a client"
    elif not _VISIBLE.fullmatch(given.get("token", "x")):
        reason = "the token has characters that no token has"
    if reason:
        raise Unusable(INCOMPLETE.problem(place=place, reason=reason))
    url = given.get("token_url")
    return Credentials(
        token=given.get("token", ""),
        client_id=given.get("client_id", ""),
        client_secret=given.get("client_secret", ""),
        token_url=address_of(url, "The address of tokens (token_url)") if url else None,
        scope=given.get("scope", ""),
    )
