"""The resources of the study, in the order in which its bundle holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

import polars as pl

from trialect.mappings.fhir import (
    device,
    group,
    location,
    organization,
    plan_definition,
    practitioner,
    practitioner_role,
    questionnaire,
    r5,
    research_study,
)
from trialect.mappings.fhir.partition import Codes
from trialect.mappings.fhir.protocol import Item, Protocol, Resource
from trialect.problems import Problem
from trialect.trial import Study

STUDY_RESOURCES: tuple[Callable[[Protocol], Iterator[Resource]], ...] = (
    organization.resources,
    location.resources,
    practitioner.resources,
    practitioner_role.resources,
    device.resources,
    group.resources,
    plan_definition.resources,
    questionnaire.resources,
    research_study.resources,
)
"""A new resource is one file and one line here."""


def study_resources(
    study: Study,
    codes: Codes,
    items: Iterable[Item] = (),
    frames: Mapping[str, pl.DataFrame] = MappingProxyType({}),
    *,
    unblinded: bool = False,
) -> tuple[list[Resource], list[Problem]]:
    """The study's resources, references as `Type/id`, and the problems found in making them.

    `codes` gives LOINC and SNOMED CT codes by --TESTCD; `items` the questions that the records
    show (`Part.items` of all partitions). Nothing here breaks the blind: it is the protocol, the
    same for every subject; `frames` are the datasets without subjects, of which devices are told
    unblinded alone. Raises `Unusable` when the study has no base URL.
    """
    protocol = Protocol(study, codes, items, frames, unblinded=unblinded)
    others = r5.STUDY_RESOURCES if study.fhir.release == "R5" else {}
    found = [one for make in STUDY_RESOURCES for one in others.get(make, make)(protocol)]
    return found, list(protocol.problems)
