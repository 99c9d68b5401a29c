"""Resources on disk by type, sorted by id, each once: as many as come, in little memory."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

from trialect.converters.server.page import Line

_BYTES_AT_ONCE = 64 * 1024 * 1024
_BETWEEN = b"\t"


@dataclass(frozen=True, slots=True)
class NdjsonFile:
    """A file that was written, with what tells it apart."""

    file: str
    type: str
    resources: int
    bytes: int
    sha256: str


class SortedLines:
    """Lines that are kept in `spool` until `write` puts them in order."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        spool.mkdir(parents=True, exist_ok=True)
        self._files: dict[str, BinaryIO] = {}
        self.changed: Counter[str] = Counter()
        """Resources that came in more than one version, by type; the newest is kept."""

    def add(self, line: Line) -> None:
        """Keep a resource that has a type and an id."""
        if line.type not in self._files:
            self._files[line.type] = (self._spool / f"{line.type}.lines").open("wb")
        self._files[line.type].write(line.id.encode() + _BETWEEN + line.text + b"\n")

    def close(self) -> None:
        """Let go of the files; for when nothing is to be written."""
        for file in self._files.values():
            file.close()

    def write(self, folder: Path) -> list[NdjsonFile]:
        """Write TYPE.ndjson for each type, sorted by id."""
        self.close()
        return [self._write(folder, type_) for type_ in sorted(self._files)]

    def _write(self, folder: Path, type_: str) -> NdjsonFile:
        path = folder / f"{type_}.ndjson"
        sha256 = hashlib.sha256()
        count = size = 0
        with path.open("wb") as out:
            for _, same in groupby(self._sorted(type_), key=lambda one: one[0]):
                texts = dict.fromkeys(text for _, text in same)
                if len(texts) > 1:
                    self.changed[type_] += 1
                text = max(texts, key=_age) if len(texts) > 1 else next(iter(texts))
                out.write(text)
                sha256.update(text)
                count += 1
                size += len(text)
        return NdjsonFile(path.name, type_, count, size, sha256.hexdigest())

    def _sorted(self, type_: str) -> Iterator[tuple[bytes, bytes]]:
        """Ids and lines in order: runs that fit memory are sorted, written and merged."""
        runs: list[Path] = []
        with (self._spool / f"{type_}.lines").open("rb") as lines:
            while batch := lines.readlines(_BYTES_AT_ONCE):
                batch.sort(key=_key)
                runs.append(self._spool / f"{type_}.{len(runs)}.run")
                with runs[-1].open("wb") as out:
                    out.writelines(batch)
        opened = [run.open("rb") for run in runs]
        try:
            for line in heapq.merge(*opened, key=_key):
                id_, _, text = line.partition(_BETWEEN)
                yield id_, text
        finally:
            for run in opened:
                run.close()


def _key(line: bytes) -> tuple[bytes, bytes]:
    id_, _, text = line.partition(_BETWEEN)
    return id_, text


def _age(text: bytes) -> tuple[str, int, bytes]:
    """What is larger the newer a version is: its time, then its number."""
    meta: Any = json.loads(text).get("meta")
    told = meta if isinstance(meta, dict) else {}
    version = str(told.get("versionId", ""))
    return str(told.get("lastUpdated", "")), int(version) if version.isdecimal() else 0, text
