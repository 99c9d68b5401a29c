"""Value-level metadata: what --ORRES is for one test, QVAL for one qualifier, TSVAL for one
parameter (Define-XML 2.1, 4.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from trialect.metadata import CodelistMeta, Condition, Origin, ValueMeta
from trialect.profile import (
    CATEGORY_SEPARATOR,
    RESULTS,
    VALUE_LEVEL_KEYS,
    DatasetProfile,
    VariableProfile,
)
from trialect.schemas.define.codelists import DSCAT_CODELISTS, Codelists
from trialect.schemas.define.datatypes import WITH_LENGTH, number_type, text_type
from trialect.schemas.define.sources import PROTOCOL, Making, Sources, qualifier_origin
from trialect.schemas.sdtm import dataset
from trialect.schemas.sdtm.trial_summary import PARAMETER_CODELISTS

_ALWAYS = ("ORRES", "STRESC")
_WHERE_TESTS_DIFFER = ("STRESN",)
_WHERE_VALUES_DIFFER = ("ORRESU", "STRESU")


@dataclass(frozen=True, slots=True)
class _Value:
    """One value of a variable: the condition it holds under, its key and its profile."""

    where: tuple[Condition, ...]
    key: str
    label: str
    found: VariableProfile


def value_level(
    name: str, column: str, found: DatasetProfile, sources: Sources, codelists: Codelists
) -> tuple[ValueMeta, ...]:
    """The value-level metadata of a variable, by key; empty where it would tell nothing."""
    if not _wanted(column, found):
        return ()
    return tuple(
        _value(name, column, one, found, sources, codelists) for one in _values(name, column, found)
    )


def common_making(values: Sequence[ValueMeta]) -> Making | None:
    """How all values are made, where it is the same for all."""
    makings = {
        Making(
            ((one.origin,) if one.origin else ()) + one.other_origins,
            one.method.description if one.method else None,
            one.comment,
        )
        for one in values
    }
    return makings.pop() if len(makings) == 1 else None


def without_making(value: ValueMeta) -> ValueMeta:
    """The value, whose making its variable tells."""
    return replace(value, origin=None, other_origins=(), method=None, comment=None)


def _wanted(column: str, found: DatasetProfile) -> bool:
    keys = [one for one in found.by_key.get(column, {}).values() if one.max_bytes]
    if not keys:
        return False
    result = column[2:]
    if column in ("QVAL", "TSVAL") or result in _ALWAYS:
        return True
    if result in _WHERE_TESTS_DIFFER or column == "DSDECOD":
        return len(keys) > 1
    if result in _WHERE_VALUES_DIFFER:
        return len(keys) > 1 and len(found.variables[column].values or ()) > 1
    return False


def _values(name: str, column: str, found: DatasetProfile) -> Iterator[_Value]:
    key_variable = VALUE_LEVEL_KEYS.get(column, column[:2] + "TESTCD")
    labels = found.pairs.get(key_variable, {})
    categories = _categories(column, found)
    for key, one in sorted(found.by_key[column].items()):
        condition = Condition(name, key_variable, "EQ", (key,))
        split = categories.get(key, {})
        if len(split) > 1 and "" not in split:
            for category, part in sorted(split.items()):
                if part.max_bytes:
                    where = (Condition(name, column[:2] + "CAT", "EQ", (category,)), condition)
                    yield _Value(where, key, labels.get(key, key), part)
        elif one.max_bytes:
            yield _Value((condition,), key, labels.get(key, key), one)


def _categories(column: str, found: DatasetProfile) -> dict[str, dict[str, VariableProfile]]:
    """The profiles of each test by its categories."""
    by_test: dict[str, dict[str, VariableProfile]] = {}
    for label, one in found.by_category.get(column, {}).items():
        category, _, test = label.partition(CATEGORY_SEPARATOR)
        by_test.setdefault(test, {})[category] = one
    return by_test


def _value(
    name: str,
    column: str,
    one: _Value,
    found: DatasetProfile,
    sources: Sources,
    codelists: Codelists,
) -> ValueMeta:
    data_type = number_type(one.found) if one.found.numeric else text_type(one.found)
    making = _making(name, column, one, found, sources)
    what = [value for condition in one.where for value in condition.values]
    length = one.found.digits + one.found.decimals if one.found.numeric else one.found.max_bytes
    return ValueMeta(
        where=one.where,
        label=one.label,
        data_type=data_type,
        length=max(1, length) if data_type in WITH_LENGTH else None,
        significant_digits=one.found.decimals if data_type == "float" else None,
        origin=making.origins[0] if making.origins else None,
        other_origins=making.origins[1:],
        codelist=_codelist(name, column, one, codelists),
        method=making.method_of(name, column, *what),
        comment=making.comment,
        mandatory=column == "QVAL",
    )


def _making(name: str, column: str, one: _Value, found: DatasetProfile, sources: Sources) -> Making:
    if column != "QVAL":
        making = sources.making(name[:2], column, one.found.blocks, one.key)
        if not making.origins and column == "TSVAL":
            return Making((PROTOCOL,), making.method, making.comment)
        return making
    parent = name[4:]
    making = sources.making(parent, one.key, one.found.blocks)
    base = _base_variable(parent, one.key)
    if not making.origins and base is not None:
        making = replace(making, origins=sources.making(parent, base, one.found.blocks).origins)
    if making.origins:
        return making
    qorig = found.by_key.get("QORIG", {}).get(one.key)
    stated: tuple[Origin, ...] = qualifier_origin(qorig.values or ()) if qorig else ()
    return Making(stated, making.method, making.comment)


def _base_variable(parent: str, qualifier: str) -> str | None:
    """The variable that a numbered qualifier continues: RACE of RACE1, AETERM of AETERM1."""
    base = qualifier.rstrip("0123456789")
    model = dataset(parent)
    known = model is not None and model.variable(base) is not None
    return base if known and base != qualifier else None


def _codelist(name: str, column: str, one: _Value, codelists: Codelists) -> CodelistMeta | None:
    codes: tuple[str, ...] = ()
    own, variable = name, column
    if column == "TSVAL" and one.key in PARAMETER_CODELISTS:
        codes = (PARAMETER_CODELISTS[one.key],)
    elif column == "DSDECOD" and one.key in DSCAT_CODELISTS:
        codes = (DSCAT_CODELISTS[one.key],)
    elif column[2:] in RESULTS:
        codes = _codelists_of(name, column)
        if column[2:] == "STRESC" and not codelists.says(codes, one.found):
            codes = ()
    elif column == "QVAL":
        own, variable = name[4:], one.key
        base = _base_variable(own, one.key)
        codes = _codelists_of(own, base) if base else ()
    return codelists.used(own, variable, codes, one.found)


def _codelists_of(name: str, column: str) -> tuple[str, ...]:
    model = dataset(name)
    known = model.allowed(column) if model else None
    return known.codelists if known else ()
