"""Whose a resource is: patients by all their names, and the names by which others refer to them."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from trialect.mappings.fhir_sdtm.references import (
    contained,
    identifier_names,
    names_in,
    names_of,
)

_SUBJECT_ELEMENTS = ("subject", "patient", "individual", "beneficiary")


class Patients:
    """The patients by number, and the names that lead to them."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.keys: dict[int, str] = {}
        self._parents: list[int] = []
        self._shown: list[str] = []

    def add(self, resource: dict[str, Any], full_url: str | None) -> int:
        """The number of a Patient; one that has a name of an earlier one is the same person."""
        number = len(self._parents)
        self._parents.append(number)
        names = list(names_of(resource, full_url))
        id_ = resource.get("id")
        mine = next((n.rpartition("|")[2] for n in names if _SUBJECTS in n), None)
        self._shown.append(mine or (id_ if isinstance(id_, str) else None) or (names or ["?"])[0])
        for name in names:
            other = self.names.setdefault(name, number)
            if other != number:
                self._join(other, number)
        return number

    def _join(self, one: int, other: int) -> None:
        first, second = sorted((self._root(one), self._root(other)))
        self._parents[second] = first

    def _root(self, number: int) -> int:
        while self._parents[number] != number:
            number = self._parents[number]
        return number

    def settled(self) -> list[int]:
        """The number that stands for each; `keys` has the text that each of them is called by."""
        roots = [self._root(number) for number in range(len(self._parents))]
        taken: Counter[str] = Counter()
        for number in sorted(set(roots)):
            text = self._shown[number]
            taken[text] += 1
            self.keys[number] = text if taken[text] == 1 else f"{text} ({taken[text]})"
        return roots


_SUBJECTS = "/subjects|"
"""The end of the system of identifiers that hold a USUBJID (docs/fhir.md), and what follows it."""


def subject_of(resource: dict[str, Any], base: str) -> tuple[tuple[str, ...], str | None]:
    """The names of the patient that a resource is about, and the reference as it is shown.

    No reference at all gives None: the resource is of no subject.
    """
    for element in _SUBJECT_ELEMENTS:
        reference = resource.get(element)
        if isinstance(reference, list):
            reference = reference[0] if reference else None
        if not isinstance(reference, dict):
            continue
        inner = contained(reference, resource)
        if inner is not None:
            return tuple(identifier_names(inner)), str(reference["reference"])
        names = names_in(reference, base, "Patient")
        if names and not (
            names[0].startswith(("Group/", "Device/", "Location/", "Organization/"))
            or reference.get("type") == "Group"
        ):
            return names, names[0]
        if not names and ("reference" in reference or "identifier" in reference):
            return (), json.dumps(reference, ensure_ascii=False)[:200]
    return (), None
