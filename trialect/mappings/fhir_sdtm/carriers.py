"""Which elements of resources of ours carry which variables: what trace tells of their cells.

The tables say which element fills which variable; what an extension or an identifier carries is
known only when it is met. The paths are FHIRPath from the resource on.
"""

from __future__ import annotations

from collections.abc import Iterable

from trialect.mappings.fhir_sdtm.carried import BLOCK
from trialect.metadata import Provenance

EXTENSION = "fhir:extension"
IDENTIFIER = "fhir:identifier"


class Carriers:
    """The variables that were met in extensions and identifiers, by dataset, block and type."""

    def __init__(self) -> None:
        self._stated: dict[tuple[str, str, str], set[str]] = {}
        self._named: dict[tuple[str, str, str, str], set[str]] = {}
        self._parts: dict[tuple[str, str, tuple[str, ...]], set[str]] = {}
        self._qualifiers: dict[tuple[str, str, tuple[str, ...]], set[str]] = {}

    def variables(self, domain: str, block: str, type_: str, names: Iterable[str]) -> None:
        """Variables that a resource of a type has in extensions of its own."""
        self._stated.setdefault((domain, block, type_), set()).update(names)

    def identifier(
        self, domain: str, block: str, type_: str, names: Iterable[str], system: str
    ) -> None:
        """Variables that the identifier of a resource tells; its system ends as `system`."""
        self._named.setdefault((domain, block, type_, system), set()).update(names)

    def parts(
        self, domain: str, type_: str, extensions: tuple[str, ...], names: Iterable[str]
    ) -> None:
        """Variables of a record that an extension, the last of `extensions`, holds whole; each
        stands in the one before.
        """
        self._parts.setdefault((domain, type_, extensions), set()).update(names)

    def qualifier(self, domain: str, type_: str, extensions: tuple[str, ...], name: object) -> None:
        """A supplemental qualifier of a record of a domain, held by `extensions`."""
        if isinstance(name, str):
            self._qualifiers.setdefault((domain, type_, extensions), set()).add(name)

    def provenance(self) -> list[Provenance]:
        """How each of these variables was filled, in an order of their own."""
        found = []
        for (domain, block, type_), names in self._stated.items():
            found += [
                _filled(domain, name, block, EXTENSION, f"{type_}: {_of((name,))}.value")
                for name in names
            ]
        for (domain, block, type_, system), names in self._named.items():
            path = f"{type_}: identifier.where(system.endsWith('{system}')).value"
            found += [_filled(domain, name, block, IDENTIFIER, path) for name in names]
        for (domain, type_, extensions), names in self._parts.items():
            start = f"{type_}: {_of(extensions)}"
            found += [
                _filled(domain, name, BLOCK, EXTENSION, f"{start}.extension('{name}').value")
                for name in names
            ]
        for (domain, type_, extensions), names in self._qualifiers.items():
            start = f"{type_}: {_of((*extensions, 'SUPP--'))}"
            for name in names:
                mine = f"where(extension('QNAM').value = '{name}')"
                path = f"{start}.{mine}.extension('QVAL').value"
                found.append(_filled(domain, name, BLOCK, EXTENSION, path))
        return sorted(found, key=lambda one: (one.domain, one.variable, one.block, one.columns))


def _filled(domain: str, variable: str, block: str, verb: str, path: str) -> Provenance:
    return Provenance(domain, variable, block, verb, columns=(path,))


def _of(names: Iterable[str]) -> str:
    return ".".join(f"extension.where(url.endsWith('/StructureDefinition/{one}'))" for one in names)
