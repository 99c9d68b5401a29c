"""The metadata of every dataset of a package, made once from the merged profile.

Datasets stand in the order that Define-XML asks for (2.1, 5.3.9.1, and the metadata submission
guidelines): by class (trial design, special purpose, interventions, events, findings, findings
about, relationship, study reference), within a class by name. Variables stand in SDTMIG's order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trialect.metadata import DatasetMeta, Provenance, VariableMeta
from trialect.profile import DatasetProfile, VariableProfile
from trialect.schemas.ct import terminology
from trialect.schemas.define.codelist_names import settle
from trialect.schemas.define.codelists import Codelists, Decodes
from trialect.schemas.define.datatypes import date_type, number_type
from trialect.schemas.define.keys import natural_keys, sequence_variable
from trialect.schemas.define.sources import Making, Sources, usual_origin
from trialect.schemas.define.values import common_making, value_level, without_making
from trialect.schemas.define.variables import facts as facts_of
from trialect.schemas.define.variables import place
from trialect.schemas.sdtm import Dataset, Variable, dataset
from trialect.trial import Study

CLASS_ORDER = (
    "Trial Design",
    "Special-Purpose",
    "Interventions",
    "Events",
    "Findings",
    "Findings About",
    "Relationship",
    "Study Reference",
)
"""SDTMIG's classes in the order of a define.xml."""

_ONE_PER_SUBJECT = frozenset({"DM"})
NO_DATA = "No record holds a value."


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a study when its datasets are described."""

    study: Study
    sources: Sources
    codelists: Codelists


def describe(
    study: Study,
    profiles: Mapping[str, DatasetProfile],
    provenance: Sequence[Provenance],
    *,
    codelists: Decodes | None = None,
) -> list[DatasetMeta]:
    """The metadata of the datasets that hold records, in the order of a define.xml.

    `profiles` are those of the whole trial, made on the frames as they are written (after
    transliteration); lengths are bytes. `codelists` gives the study's own terms and their
    meaning by `DOMAIN.VARIABLE`. Raises KeyError when `study.sdtm.ct` is not at hand.
    """
    known = Known(study, Sources(provenance), Codelists.of(study, codelists or {}))
    described = [_dataset(name, profiles[name], known) for name in profiles if profiles[name].rows]
    described.sort(key=_place)
    return settle(described, terminology(study.sdtm.ct))


def _place(meta: DatasetMeta) -> tuple[int, str]:
    classes = {name: place for place, name in enumerate(CLASS_ORDER)}
    return classes.get(meta.observation_class, len(CLASS_ORDER)), meta.name


def domain_of(name: str) -> str:
    """The domain of a dataset's records: QS of QS, QSPH and SUPPQS; RELREC of RELREC."""
    if name.startswith("SUPP") and len(name) > len("SUPP"):
        return name[4:6]
    return name if dataset(name[:2]) is None or len(name) > 4 else name[:2]


def _dataset(name: str, found: DatasetProfile, known: Known) -> DatasetMeta:
    model = dataset(name, known.study.sdtm.ig) or Dataset(name, name, "", "", ())
    names = sorted(found.variables, key=lambda one: place(model, one))
    keys = _keys(name, found)
    variables = tuple(_variable(name, model, one, found, keys.get(one), known) for one in names)
    return DatasetMeta(
        name=name,
        label=model.label,
        domain=domain_of(name),
        observation_class=model.observation_class,
        structure=model.structure,
        rows=found.rows,
        variables=variables,
        has_subjects="USUBJID" in found.variables,
        repeating="USUBJID" in found.variables and name not in _ONE_PER_SUBJECT,
    )


def _keys(name: str, found: DatasetProfile) -> dict[str, int]:
    keys = [
        key
        for key in natural_keys(name)
        if key in found.variables and found.variables[key].missing < found.rows
    ]
    sequence = sequence_variable(name)
    if not found.keys_unique and sequence in found.variables and sequence not in keys:
        keys.append(str(sequence))
    return {key: place for place, key in enumerate(keys, start=1)}


def _variable(
    name: str,
    model: Dataset,
    column: str,
    found: DatasetProfile,
    key: int | None,
    known: Known,
) -> VariableMeta:
    one = found.variables[column]
    facts = facts_of(model, column)
    has_data = one.missing < found.rows
    numeric = one.numeric if facts is None else facts.type == "Num"
    data_type = number_type(one) if numeric else _text_type(facts, one)
    making = known.sources.making(domain_of(name), column, one.blocks)
    values = value_level(name, column, found, known.sources, known.codelists)
    if values and all(value.origin for value in values):
        alike = None if column in ("QVAL", "TSVAL") else common_making(values)
        if alike is not None:
            # What holds of every value is said once, and inherited (Define-XML 2.1, 4.2).
            making, values = alike, tuple(map(without_making, values))
        else:
            # Where the values say where they are from, the variable does not.
            told = any(value.comment for value in values)
            making = Making(comment=None if told else making.comment)
    elif not making.origins:
        usual = usual_origin(model.observation_class, column, facts.role if facts else "")
        making = Making((usual,) if usual else (), making.method, making.comment)
    codelist = known.codelists.of_variable(name, column, facts, one, found.pairs.get(column))
    return VariableMeta(
        name=column,
        label=facts.label if facts else column,
        type="Num" if numeric else "Char",
        length=8 if numeric else _length(name, column, one, known.study),
        data_type=data_type,
        role=facts.role if facts else "",
        core=facts.core if facts else None,
        origin=making.origins[0] if making.origins else None,
        other_origins=making.origins[1:],
        significant_digits=one.decimals if data_type == "float" else None,
        digits=max(1, one.digits + one.decimals) if numeric else None,
        codelist=codelist if has_data else None,
        method=making.method_of(name, column),
        comment=making.comment if has_data else making.comment or NO_DATA,
        key_sequence=key,
        value_level=values,
        has_data=has_data,
    )


def _text_type(facts: Variable | None, found: VariableProfile) -> str:
    domain = facts.value_domain if facts else ""
    if domain == "ISO 8601 duration":
        return date_type(found, empty="durationDatetime")
    if domain.startswith("ISO 8601") or (facts is None and found.kinds):
        return date_type(found, empty="datetime")
    return "text"


def _length(name: str, column: str, found: VariableProfile, study: Study) -> int:
    """The XPT length: as wanted in study.yaml, at least the longest value, at least 1."""
    wanted = study.sdtm.lengths
    places = (f"{name}.{column}", f"{domain_of(name)}.{column}", column)
    asked = next((wanted[place] for place in places if place in wanted), 0)
    return max(1, found.max_bytes, asked)
