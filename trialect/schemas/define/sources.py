"""Where values come from and how they are made, read from the provenance of the mapping."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from trialect.metadata import MethodMeta, Origin, OriginSource, OriginType, Provenance
from trialect.schemas.define import oids

_SOURCES: dict[OriginType, OriginSource] = {
    "Collected": "Investigator",
    "Derived": "Sponsor",
    "Assigned": "Sponsor",
    "Protocol": "Sponsor",
}
"""Who stands behind an origin unless the provenance says so: exports come from an EDC, which the
investigator's staff fills in; the rest is the sponsor's work (Define-XML 2.1, 4.8)."""

PROTOCOL = Origin("Protocol", "Sponsor")
ASSIGNED = Origin("Assigned", "Sponsor")

_QORIG: dict[str, Origin] = {
    "CRF": Origin("Collected", "Investigator"),
    "COLLECTED": Origin("Collected", "Investigator"),
    "DERIVED": Origin("Derived", "Sponsor"),
    "ASSIGNED": ASSIGNED,
    "PROTOCOL": PROTOCOL,
}


@dataclass(frozen=True, slots=True)
class Making:
    """How a variable is filled: its origins, the method's text and the comment's."""

    origins: tuple[Origin, ...] = ()
    method: str | None = None
    comment: str | None = None

    def method_of(self, dataset: str, *what: str) -> MethodMeta | None:
        """The method under the name of what it makes; None when nothing is derived."""
        if self.method is None:
            return None
        title = f"Algorithm to derive {'.'.join((dataset, *what))}"
        return MethodMeta(oids.method_oid(dataset, *what), title, self.method)


class Sources:
    """The provenance of a study, asked by dataset, variable and the blocks that fill it."""

    def __init__(self, provenance: Iterable[Provenance]) -> None:
        self._by_variable: dict[tuple[str, str], list[Provenance]] = {}
        for one in provenance:
            self._by_variable.setdefault((one.domain, one.variable), []).append(one)

    def making(
        self,
        domain: str,
        variable: str,
        blocks: Collection[str] = (),
        testcd: str | None = None,
    ) -> Making:
        """How `variable` is made; `blocks`, where they are known, are those whose records hold a
        value: instructions of other blocks do not count, nor with `testcd` those for other tests.
        Derivations count for all blocks.
        """
        found = self._by_variable.get((domain, variable), [])
        if testcd is not None:
            found = [one for one in found if one.testcd in (None, testcd)]
        mapping_blocks = {one.block for one in found if not _is_derivation(one)}
        if blocks and not mapping_blocks.isdisjoint(blocks):
            found = [one for one in found if _is_derivation(one) or one.block in blocks]
        origins = tuple(dict.fromkeys(_origin(one.origin) for one in found if one.origin))
        if not origins:
            origins = self._inherited(domain, found)
        derived = any(origin.type == "Derived" for origin in origins)
        how = [(one, _spelled(text, domain)) for one in found if (text := _method(one))]
        said = "\n".join(text for _, text in how)
        notes = [(one, one.note) for one in found if one.note and one.note not in said]
        # Only what is derived has a method in Define-XML; of other values it is a comment.
        return Making(
            origins=origins,
            method=_together(how) if derived else None,
            comment=_together(notes if derived else [*how, *notes]),
        )

    def _inherited(self, domain: str, found: Sequence[Provenance]) -> tuple[Origin, ...]:
        """The origins of the variable that a continuation (AETERM1 of AETERM) goes on with."""
        bases = {name for one in found if one.origin is None for name in one.inputs}
        known = (self._by_variable.get((domain, name), []) for name in sorted(bases))
        return tuple(
            dict.fromkeys(_origin(one.origin) for base in known for one in base if one.origin)
        )


def qualifier_origin(qorig: Collection[str]) -> tuple[Origin, ...]:
    """The origins that QORIG states; none where its text is not one of the usual words."""
    known = (_QORIG.get(text.upper()) for text in sorted(qorig))
    return tuple(dict.fromkeys(origin for origin in known if origin))


def usual_origin(observation_class: str, variable: str, role: str) -> Origin | None:
    """The origin of a variable that SDTMIG itself settles, where no provenance says it."""
    if variable == "STUDYID" or observation_class == "Trial Design":
        return PROTOCOL
    if role == "Identifier" or observation_class == "Relationship":
        return ASSIGNED
    return None


def _is_derivation(one: Provenance) -> bool:
    return one.verb.startswith("derive:")


def _origin(origin: Origin) -> Origin:
    if origin.source is not None:
        return origin
    return Origin(origin.type, _SOURCES.get(origin.type))


def _method(one: Provenance) -> str | None:
    if one.method or one.origin is None or one.origin.type != "Derived":
        return one.method
    columns = ", ".join(one.columns)
    if one.verb == "item" and one.columns:
        return f"As {columns} of the form {one.form} gives it."
    what = f"Made by {one.verb}"
    if one.columns:
        what += f" of {columns}"
    if one.form:
        what += f" of the form {one.form}"
    return what + "."


def _spelled(text: str, domain: str) -> str:
    """A method that is the same in every domain, with the variables as this one spells them."""
    return re.sub(r"(?<![\w-])--(?=[A-Z])", domain[:2], text)


def _together(parts: Sequence[tuple[Provenance, str]]) -> str | None:
    """The texts of several blocks as one; each names its block where they differ."""
    texts = list(dict.fromkeys(text for _, text in parts))
    if len(texts) < 2:
        return texts[0] if texts else None
    lines = []
    for text in texts:
        blocks = dict.fromkeys(
            one.block for one, other in parts if other == text and not _is_derivation(one)
        )
        lines.append(f"{', '.join(blocks)}: {text}" if blocks else text)
    return "\n".join(lines)
