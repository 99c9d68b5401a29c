"""A Study of what a document of USDM says, with what was carried beside its attributes."""

from __future__ import annotations

from typing import Any

from trialect.mappings.registry.usdm.carried import (
    Carried,
    WrongCarriedError,
    attribute,
    carried,
    differences,
    digests,
    with_fact,
)
from trialect.mappings.registry.usdm.graph import Graph, Node
from trialect.mappings.registry.usdm.instances import Instance, Instances
from trialect.mappings.registry.usdm.usdm_design import design_facts
from trialect.mappings.registry.usdm.usdm_version import version_facts
from trialect.trial import Study


def version_of(document: Any) -> tuple[Node, Node] | None:
    """The study of a document and its first version; None where it has none."""
    graph = Graph(document)
    values = document.get("study") if isinstance(document, dict) else None
    if not isinstance(values, dict):
        return None
    study = Node(graph, values)
    versions = study.nodes("versions")
    return (study, versions[0]) if versions else None


def said(study: Node, version: Node) -> Study:
    """What the attributes of USDM say: of a version, and its first design."""
    designs = version.nodes("studyDesigns")
    facts = version_facts(study, version)
    if designs:
        facts |= design_facts(version, designs[0])
    return Study(**facts)


def meant(version: Node, native: Study) -> tuple[Study, Carried]:
    """What USDM's attributes say, `native`, with the facts that are carried beside them."""
    found = carried(version.nodes("extensionAttributes"), native)
    whole = native
    for path, value in found.facts:
        try:
            whole = with_fact(whole, path, value)
        except WrongCarriedError:
            found.wrong.append(path)
    return whole, found


def beside(document: Any, study: Study, make: Instances) -> list[Instance]:
    """The facts of a Study that its document does not say in USDM's own attributes."""
    found = version_of(document)
    if found is None:
        return []
    native = said(*found)
    facts = list(differences(native, study))
    return [*(attribute(path, value, make) for path, value in facts), *digests(native, facts, make)]
