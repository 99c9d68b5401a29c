"""The account of a conversion of registry records: counts, and a manifest that is streamed.

Memory holds a few numbers a trial; files and findings go to the spool as they are told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from trialect import __version__
from trialect.converters.losses import Losses
from trialect.problems import Rule, Severity

KIND = "trials"
"""What the manifest of a folder of trials calls itself."""


@dataclass(slots=True)
class FileAccount:
    """A text that records stand in, a file or one in a zip: read = converted + rejected."""

    read: int = 0
    converted: int = 0
    rejected: int = 0


@dataclass(slots=True)
class TrialsAccount:
    """What became of all records of a conversion."""

    source: str
    targets: tuple[str, ...]
    standards: dict[str, str] = field(default_factory=dict)
    files: dict[str, FileAccount] = field(default_factory=dict)
    inputs: list[tuple[str, str, int]] = field(default_factory=list)
    """The files that were read, with their SHA-256 and size."""
    trials: int = 0
    read: int = 0
    rejected: int = 0
    unwritten: Counter[str] = field(default_factory=Counter)
    """Trials that a target made no file of."""
    by_rule: Counter[str] = field(default_factory=Counter)
    trials_by_rule: Counter[str] = field(default_factory=Counter)
    rules: dict[str, Rule] = field(default_factory=dict)
    losses: Losses = field(default_factory=Losses)

    @property
    def by_severity(self) -> dict[Severity, int]:
        """The number of findings of each severity."""
        counts = dict.fromkeys(Severity, 0)
        for name, count in self.by_rule.items():
            counts[self.rules[name].severity] += count
        return counts

    @property
    def open_errors(self) -> int:
        """The number of findings of severity error."""
        return self.by_severity[Severity.ERROR]

    def head(self) -> dict[str, Any]:
        """The manifest without the trials and their files."""
        return {
            "trialect": __version__,
            "kind": KIND,
            "source": self.source,
            "targets": list(self.targets),
            "standards": self.standards,
            "records": {
                "in": self.read,
                "converted": self.trials,
                "rejected": self.rejected,
                "files": [
                    {
                        "file": name,
                        "in": one.read,
                        "converted": one.converted,
                        "rejected": one.rejected,
                    }
                    for name, one in self.files.items()
                ],
            },
            "problems": {
                "by_severity": {one.value: count for one, count in self.by_severity.items()},
                "by_rule": dict(sorted(self.by_rule.items())),
            },
            "inputs": [
                {"file": name, "sha256": sha256, "bytes": size}
                for name, sha256, size in self.inputs
            ],
        }


def write_manifest(
    path: Path, account: TrialsAccount, trials: Iterable[bytes], outputs: Iterable[bytes]
) -> None:
    """Write manifest.json; `trials` and `outputs` are JSON of one line each, in their order."""
    with path.open("wb") as file:
        head = orjson.dumps(account.head(), option=orjson.OPT_INDENT_2)
        file.write(head.removesuffix(b"\n}"))
        for name, lines in ((b"trials", trials), (b"outputs", outputs)):
            file.write(b',\n  "' + name + b'": [')
            file.writelines(_listed(lines))
            file.write(b"\n  ]")
        file.write(b"\n}\n")


def _listed(lines: Iterable[bytes]) -> Iterator[bytes]:
    for place, line in enumerate(lines):
        yield (b",\n    " if place else b"\n    ") + line.rstrip(b"\n")


def output_json(file: str, sha256: str, size: int) -> bytes:
    """A file of the manifest in one line."""
    return orjson.dumps({"file": file, "sha256": sha256, "bytes": size}) + b"\n"
