"""What a push has done so far, on disk before it goes on: a kill at any moment loses nothing.

A journal stands for one shipment and one server. Its lines are JSON: what is pushed where, then
`sending` before a bundle leaves and `answered` with what the server said of each resource, then
`finished`. Each line is written whole and flushed to the disk (fsync) before the next step. A last
line that a kill cut is dropped. It holds no credentials; identifiers of subjects are in it, so it
can be read by its owner alone.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trialect.problems import Unusable, rule

BUSY = rule(
    "PUSH-BUSY",
    "error",
    "Another push is doing the same",
    "{file} is held by another run of trialect.",
    "Wait for it to end.",
)
BROKEN = rule(
    "PUSH-JOURNAL",
    "error",
    "The journal of an earlier push is damaged",
    "the line is none of a journal.",
    "Send everything again with --again: what the server has already stays as it is.",
)

OTHER = rule(
    "PUSH-JOURNAL-OTHER",
    "error",
    "The journal is that of another push",
    "{file} tells of a push to {server}, or of another package.",
    "Name another folder with --journal, or put the journal back to where it was.",
)

Line = dict[str, Any]
Placed = tuple[Line, int, int]
"""A line, and where it begins and ends in the file."""
_FORM = 1


class Journal:
    """The journal of one push, open and locked."""

    def __init__(self, file: Path, handle: int, before: Sequence[Placed]) -> None:
        self.file = file
        self.header: Line = before[0][0] if before else {}
        self.answered: dict[str, Line] = {}
        """What the last answer to each bundle was, without its resources (`resources`)."""
        self._places: dict[str, tuple[int, int]] = {}
        sent = set()
        for line, start, end in before:
            if "answered" in line:
                self.answered[line["answered"]] = line
                self._places[line["answered"]] = (start, end)
            elif "sending" in line:
                sent.add(line["sending"])
        self.unclear = frozenset(sent - self.answered.keys())
        """Bundles that left and of which nothing more is known."""
        self._handle = handle
        self._lock = threading.Lock()

    def begin(self, header: Line) -> None:
        """Say what is pushed where; once, in a journal that is new."""
        self.header = {"journal": _FORM, **header}
        self._append(self.header)

    def sending(self, bundle: str) -> None:
        """A bundle is about to leave."""
        self._append({"sending": bundle})

    def answer(self, line: Line) -> None:
        """What the server said: `answered` names the bundle, `resources` tells of each."""
        place = self._append(line)
        self._places[line["answered"]] = place
        self.answered[line["answered"]] = _without_resources(line)

    def resources(self, bundle: str) -> list[list[str]]:
        """What the last answer said of each resource of a bundle, read from the disk."""
        if bundle not in self._places:
            return []
        start, end = self._places[bundle]
        with self.file.open("rb") as read:
            read.seek(start)
            found: list[list[str]] = json.loads(read.read(end - start))["resources"]
        return found

    def finish(self) -> None:
        """Everything has been stored: the next push begins a new journal."""
        self._append({"finished": True})

    def _append(self, line: Line) -> tuple[int, int]:
        """Write a line to the disk; where it stands."""
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            start = os.fstat(self._handle).st_size
            view = memoryview(text)
            while view:
                view = view[os.write(self._handle, view) :]
            os.fsync(self._handle)
        return start, start + len(text)


@contextmanager
def journal_at(
    file: Path, of: Mapping[str, str] | None = None, *, again: bool = False
) -> Iterator[Journal]:
    """The journal at a place: that of a push that was not finished, else a new one.

    Raises `Unusable` when another push holds it, or when it is damaged or of another push (its
    first line differs from `of`) and not begun `again`.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    handle = os.open(file, flags, 0o600)
    try:
        _hold(handle, file)
        before = [] if again else _read(file, handle)
        if not before or "finished" in before[-1][0]:
            before = []
            os.ftruncate(handle, 0)
        elif any(before[0][0].get(key) != value for key, value in (of or {}).items()):
            server = str(before[0][0].get("server"))
            raise Unusable(OTHER.problem(file=str(file), server=server))
        os.fsync(handle)
        _sync_folder(file.parent)
        yield Journal(file, handle, before)
    finally:
        os.close(handle)


def peek(file: Path) -> Journal:
    """What a journal says, without touching it; an empty one where there is none."""
    lines = _lines(file) if file.is_file() else []
    if lines and "finished" in lines[-1][0]:
        lines = []
    return Journal(file, -1, lines)


def _read(file: Path, handle: int) -> list[Placed]:
    lines = _lines(file)
    os.ftruncate(handle, lines[-1][2] if lines else 0)
    return lines


def _lines(file: Path) -> list[Placed]:
    """The whole lines, with where they begin and end."""
    lines: list[Placed] = []
    end = 0
    with file.open("rb") as read:
        for row, text in enumerate(read, start=1):
            if not text.endswith(b"\n"):
                break
            try:
                found = json.loads(text)
            except ValueError:
                found = None
            is_line = isinstance(found, dict)
            if not is_line or (row == 1) != ("journal" in found) or _is_odd(found):
                raise Unusable(BROKEN.problem(file=str(file), row=row))
            lines.append((_without_resources(found), end, end + len(text)))
            end += len(text)
    return lines


def _without_resources(line: Line) -> Line:
    return {key: value for key, value in line.items() if key != "resources"}


def _is_odd(line: Line) -> bool:
    if "journal" in line:
        return bool(line["journal"] != _FORM)
    if "answered" in line:
        return not isinstance(line.get("resources"), list)
    return not line.keys() & {"sending", "finished"}


def _hold(handle: int, file: Path) -> None:
    """Hold the journal as long as the process lives; the system frees it when it is killed."""
    try:
        import fcntl
    except ImportError:
        return  # Windows has no flock; two pushes at once are then the user's care
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Unusable(BUSY.problem(file=str(file))) from None


def _sync_folder(folder: Path) -> None:
    """Make the file's name as lasting as its content."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
