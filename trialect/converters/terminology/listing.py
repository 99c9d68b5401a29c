"""What is at hand: every version with its counts, its place and what it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trialect.problems import Problem, Unusable
from trialect.schemas.ct import places
from trialect.schemas.ct.places import Held, SourceFile
from trialect.study_options import SdtmOptions


@dataclass(frozen=True, slots=True)
class Listed:
    """A version at hand. `used` is False where another place's is used; `problems` say what is
    wrong with a table that cannot be read, and then the counts are None.
    """

    held: Held
    used: bool
    codelists: int | None = None
    terms: int | None = None
    sources: tuple[SourceFile, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def default(self) -> bool:
        """Whether a study that names no version uses it."""
        return self.used and self.held.version == SdtmOptions().ct

    def as_dict(self) -> dict[str, Any]:
        """The facts as plain JSON values."""
        return {
            "version": self.held.version,
            "place": self.held.place,
            "file": str(self.held.file),
            "used": self.used,
            "default": self.default,
            "codelists": self.codelists,
            "terms": self.terms,
            "sources": [
                {name: getattr(one, name) for name in SourceFile.__dataclass_fields__}
                for one in self.sources
            ],
            "problems": [one.as_dict() for one in self.problems],
        }


def listing(study: Path | None = None, home: Path | None = None) -> list[Listed]:
    """The versions at hand, oldest first; of one version, the one that is used stands first."""
    found: list[Listed] = []
    seen: set[str] = set()
    for held in places.at_hand(study, home):
        used = held.version not in seen
        seen.add(held.version)
        try:
            codelists = held.read().codelists()
            record = held.record()
        except Unusable as unusable:
            found.append(Listed(held, used, problems=tuple(unusable.problems)))
            continue
        terms = sum(len(one.terms) for one in codelists)
        sources = record.sources if record else ()
        found.append(Listed(held, used, len(codelists), terms, sources))
    return found
