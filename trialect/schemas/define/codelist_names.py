"""What the codelists of a study are called: equal lists are one, subsets are told apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from trialect.metadata import CodelistMeta, DatasetMeta
from trialect.schemas.ct import Terminology
from trialect.schemas.define import oids

_FEW, _SHORT = 3, 8
"""Terms, and letters of a term, up to which a subset of a codelist is named by its terms."""

SHARED = {
    "EPOCH": "EPOCH",
    "ARMCD": "ARMCD",
    "ACTARMCD": "ARMCD",
    "ETCD": "ETCD",
    "IETESTCD": "IETESTCD",
}
"""Variables that mean the same in every domain: one codelist with the study's terms of all."""


def settle(datasets: Iterable[DatasetMeta], ct: Terminology) -> list[DatasetMeta]:
    """The datasets with their codelists named: equal lists are one, subsets of one codelist are
    told apart, and variables that mean the same everywhere share one.
    """
    datasets = list(datasets)
    shared = _shared(datasets)
    datasets = [_share(dataset, shared) for dataset in datasets]
    first: dict[CodelistMeta, tuple[str, ...]] = {}
    for dataset in datasets:
        for user, codelist in _uses(dataset):
            if not codelist.oid:
                first.setdefault(codelist, user)
    named: dict[CodelistMeta, CodelistMeta] = {}
    by_base: dict[str, list[CodelistMeta]] = {}
    for codelist, user in first.items():
        by_base.setdefault(_base(codelist, user, ct), []).append(codelist)
    for base, subsets in by_base.items():
        listed = [tuple(term.value for term in one.terms) for one in subsets]
        told_apart = suffixes(listed, [first[one] for one in subsets])
        for codelist, suffix in zip(subsets, told_apart, strict=True):
            name = f"{codelist.name} ({', '.join(suffix)})" if suffix else codelist.name
            named[codelist] = replace(codelist, oid=oids.codelist_oid(base, *suffix), name=name)
    return [_rename(dataset, named) for dataset in datasets]


def suffixes(
    subsets: Sequence[tuple[str, ...]], users: Sequence[tuple[str, ...]]
) -> list[tuple[str, ...]]:
    """What tells the subsets of a codelist apart, each given by its terms and its first user:
    nothing when there is one, their terms when all are few and short, else the first user.
    """
    if len(subsets) == 1:
        return [()]
    found: list[tuple[str, ...]] = []
    for terms, user in zip(subsets, users, strict=True):
        plain = len(terms) <= _FEW and all(_is_plain(term) for term in terms)
        # The same terms with another meaning are another codelist.
        found.append(terms if plain and terms not in found else (".".join(user),))
    return found


def _is_plain(term: str) -> bool:
    """Whether a term is short and stays as it is in an OID."""
    return len(term) <= _SHORT and term.isascii() and term.isalnum()


def _base(codelist: CodelistMeta, user: tuple[str, ...], ct: Terminology) -> str:
    published = ct.codelist(codelist.code) if codelist.code else None
    return published.short if published else user[1]


def _uses(dataset: DatasetMeta) -> Iterable[tuple[tuple[str, ...], CodelistMeta]]:
    for variable in dataset.variables:
        if variable.codelist is not None:
            yield (dataset.name, variable.name), variable.codelist
        for value in variable.value_level:
            if value.codelist is not None:
                key = tuple(v for condition in value.where for v in condition.values)
                yield (dataset.name, variable.name, *key), value.codelist


def _shared(datasets: Iterable[DatasetMeta]) -> dict[str, CodelistMeta]:
    merged: dict[str, CodelistMeta] = {}
    for dataset in datasets:
        for variable in dataset.variables:
            mine, key = variable.codelist, SHARED.get(variable.name)
            if key is None or mine is None:
                continue
            other = merged.get(key, mine)
            terms = dict.fromkeys((*other.terms, *mine.terms))
            order = sorted(terms, key=lambda term: (term.code is None, term.value))
            merged[key] = replace(other, terms=tuple(order))
    return merged


def _share(dataset: DatasetMeta, shared: Mapping[str, CodelistMeta]) -> DatasetMeta:
    return replace(
        dataset,
        variables=tuple(
            replace(one, codelist=shared[SHARED[one.name]])
            if one.codelist is not None and one.name in SHARED
            else one
            for one in dataset.variables
        ),
    )


def _rename(dataset: DatasetMeta, named: Mapping[CodelistMeta, CodelistMeta]) -> DatasetMeta:
    def name(codelist: CodelistMeta | None) -> CodelistMeta | None:
        return None if codelist is None else named.get(codelist, codelist)

    return replace(
        dataset,
        variables=tuple(
            replace(
                one,
                codelist=name(one.codelist),
                value_level=tuple(
                    replace(value, codelist=name(value.codelist)) for value in one.value_level
                ),
            )
            for one in dataset.variables
        ),
    )
