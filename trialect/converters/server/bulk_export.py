"""A Bulk Data export: asked for, waited for, downloaded
(https://hl7.org/fhir/uv/bulkdata/export.html).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trialect.converters.server.address import Address, address_of
from trialect.converters.server.answers import said, sentences_of
from trialect.converters.server.channel import Lost
from trialect.converters.server.session import TRANSIENT, Session
from trialect.problems import Problems, Unusable, rule

LEVEL = rule(
    "PULL-EXPORT-LEVEL",
    "error",
    "That cannot be exported",
    "{value!r} is none of system, patient and Group/ID.",
    "Write --export Group/ID for the patients of a group.",
)
FAILED = rule(
    "PULL-EXPORT",
    "error",
    "The export did not come about",
    "To {value} the server answered {status}: {text}",
    "Ask who runs the server whether Bulk Data export is there; without --export it is searched.",
)
ELSEWHERE = rule(
    "PULL-EXPORT-HOST",
    "error",
    "The files lie on another host",
    "The server names files on {value}, which was not asked.",
    "If that is right, say so with --files-from {value}. No token is sent there.",
)
SHORT = rule(
    "PULL-EXPORT-FILE",
    "error",
    "A file of the export is not whole",
    "{value}: {reason}.",
    "Export again.",
)
SAID = rule(
    "PULL-EXPORT-SAID",
    "warning",
    "The server could not export everything",
    "The server remarks on its export: {text}",
)
EMPTY = rule(
    "PULL-EXPORT-EMPTY",
    "error",
    "The export holds nothing",
    "The server exported no resources.",
    "Look at what may be exported with these credentials; --export Group/ID names other patients.",
)
NOT_REMOVED = rule(
    "PULL-EXPORT-LEFT",
    "note",
    "The export was left on the server",
    "The server answered {status} when it was asked to remove its files.",
)

_WAITED_LONGEST = 24 * 3600.0
_REMARKS = 100

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Export:
    """What an export gave. `as_of` is the time of its data, by the server."""

    as_of: str = ""
    problems: Problems = field(default_factory=Problems)


def export(
    session: Session, level: str, folder: Path, files_from: Sequence[str], tell: Progress
) -> Export:
    """Have everything of a level exported into `folder`, as files named NUMBER.TYPE.ndjson.

    Raises `Unusable` when the server does not, when it has nothing, or when a file stays broken.
    """
    hosts = {address_of(one, "--files-from").origin for one in files_from}
    hosts.add(session.base.origin)
    status = _kick_off(session, level)
    manifest = _wait(session, status)
    done = Export(as_of=str(manifest.get("transactionTime", "")))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        outputs = list(_outputs(manifest, "output", status))
        for number, (type_, address, count) in enumerate(outputs):
            tell("download", number, len(outputs))
            path = folder / f"{number:05d}.{type_}.ndjson"
            _download(session, _allowed(address, hosts), path, count)
        tell("download", len(outputs), len(outputs))
        for number, (_, address, _) in enumerate(_outputs(manifest, "error", status)):
            path = folder / f"{number:05d}.remarks"
            _download(session, _allowed(address, hosts), path, None)
            _remarks(session, path, done.problems)
            path.unlink()
    finally:
        _remove(session, status, done.problems)
    if not outputs:
        raise Unusable([EMPTY.problem(), *done.problems])
    return done


def _kick_off(session: Session, level: str) -> Address:
    """Ask for the export; where to ask how far it is."""
    group = re.fullmatch(r"Group/[A-Za-z0-9\-.]{1,64}", level)
    if level not in ("system", "patient") and not group:
        raise Unusable(LEVEL.problem(value=level))
    start = {"system": "", "patient": "Patient/"}.get(level, f"{level}/")
    path = f"{start}$export?_outputFormat=application%2Ffhir%2Bndjson"
    address = session.base.below(path)
    answer = session.ask("GET", address, headers={"Prefer": "respond-async"}).answer
    where = answer.headers.get("content-location", "")
    if answer.status != 202 or not where:
        text = said(answer, session.conceal)
        value = f"{start}$export"
        raise Unusable(FAILED.problem(value=value, status=answer.status, text=text))
    try:
        status = address.resolve(where)
    except ValueError:
        raise Unusable(ELSEWHERE.problem(value="no URL")) from None
    if status.origin != session.base.origin:
        raise Unusable(ELSEWHERE.problem(value=status.origin))
    return status


def _wait(session: Session, status: Address) -> dict[str, Any]:
    """The manifest, when the export is there."""
    waited = 0.0
    attempt = 1
    while True:
        answer = session.ask("GET", status, headers={"Accept": "application/json"}).answer
        if answer.status != 202 or waited > _WAITED_LONGEST:
            break
        text = answer.headers.get("retry-after", "")
        asked = float(text) if re.fullmatch(r"\d{1,6}", text) else session.patience.delay(attempt)
        wait = min(asked, session.patience.asked_longest)
        session.pause(wait)
        waited += wait
        attempt += 1
    try:
        manifest = json.loads(answer.body) if answer.status == 200 else None
    except (ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("output"), list):
        text = said(answer, session.conceal)
        value = "the question how far the export is"
        raise Unusable(FAILED.problem(value=value, status=answer.status, text=text))
    return manifest


def _outputs(
    manifest: dict[str, Any], key: str, status: Address
) -> Iterator[tuple[str, Address, int | None]]:
    """The files that a manifest names: type, address, number of resources where it says so."""
    found = manifest.get(key)
    for one in found if isinstance(found, list) else ():
        told = one if isinstance(one, dict) else {}
        type_ = str(told.get("type", ""))
        try:
            address = status.resolve(str(told["url"]))
        except (KeyError, ValueError):
            problem = SHORT.problem(value=f"a file of {type_[:64]}", reason="it has no URL")
            raise Unusable(problem) from None
        count = told.get("count")
        name = type_ if type_.isalnum() and type_.isascii() else "unknown"
        yield name, address, count if isinstance(count, int) else None


def _allowed(address: Address, hosts: set[str]) -> Address:
    if address.origin not in hosts:
        raise Unusable(ELSEWHERE.problem(value=address.origin))
    return address


def _download(session: Session, address: Address, path: Path, count: int | None) -> None:
    """Write a file, from its beginning at each attempt."""
    name = address.path.partition("?")[0]
    reason = ""
    for attempt in range(1, session.patience.attempts + 1):
        if attempt > 1:
            session.pause(session.patience.delay(attempt - 1))
        try:
            with session.stream(address, {"Accept": "application/fhir+ndjson"}) as (head, chunks):
                if head.status != 200:
                    reason = f"the server answered {head.status}"
                    if head.status not in TRANSIENT:
                        break
                    continue
                lines = _save(chunks, path)
        except Lost as lost:
            reason = lost.reason
            continue
        if count is None or lines == count:
            return
        reason = f"it has {lines:,} resources, {count:,} were announced"
    raise Unusable(SHORT.problem(value=name, reason=reason))


def _save(chunks: Iterator[bytes], path: Path) -> int:
    """Write a body; how many lines it has that are not empty. Raises `Lost` when the last is not
    whole: a body without a length ends where the connection does.
    """
    with path.open("wb") as out:
        for chunk in chunks:
            out.write(chunk)
    count = 0
    last = b""
    with path.open("rb") as lines:
        for line in lines:
            if line.strip():
                count += 1
                last = line
    try:
        json.loads(last or b"null")
    except RecursionError:
        pass
    except ValueError:
        raise Lost("it was cut", sent=False) from None
    return count


def _remarks(session: Session, path: Path, problems: Problems) -> None:
    with path.open("rb") as lines:
        for number, line in enumerate(lines):
            if number == _REMARKS:
                return
            try:
                text = "; ".join(sentences_of(json.loads(line)))
            except (ValueError, RecursionError):
                text = ""
            if text:
                problems.add(SAID.problem(text=session.conceal(text)))


def _remove(session: Session, status: Address, problems: Problems) -> None:
    """Tell the server that its files are not needed any more."""
    try:
        answer = session.ask("DELETE", status).answer
    except Unusable:
        return
    if answer.status not in (200, 202, 204, 404):
        problems.add(NOT_REMOVED.problem(status=answer.status))
