"""A registry's words for those of a Study, from `<registry>_words.csv`.

A line is `fact,word,<registry>,note`: an empty word is none, and the note says why; a note beside
a word says what the word loses.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Word:
    """A registry's word, None where it has none; `note` is what is lost, or why there is none."""

    word: str | None
    note: str = ""


@cache
def registry_words(registry: str) -> Mapping[str, Mapping[str, Word]]:
    """The words of a registry by the kind of fact and the Study's word."""
    found: dict[str, dict[str, Word]] = {}
    file = files(__package__).joinpath(f"{registry}_words.csv")
    with file.open(encoding="utf-8") as lines:
        for line in csv.DictReader(lines):
            words = found.setdefault(line["fact"], {})
            words[line["word"]] = Word(line[registry] or None, line["note"])
    return found
