"""Value Checks: each value of each record by itself, with what is known of its variable.

A variable at a time is a table: `variable_value` is its column, everything else the same for all
rows. Operators that hold rows against each other have no meaning here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import polars as pl

from trialect.metadata import Condition as Where
from trialect.metadata import DatasetMeta
from trialect.schemas.core.define_facts import value_facts
from trialect.schemas.core.joins.keys import words
from trialect.schemas.core.operations.metadata import dataset_facts
from trialect.schemas.core.operators import OPERATORS
from trialect.schemas.core.operators.ask import put
from trialect.schemas.core.outcome import NotAsked
from trialect.schemas.core.package import Dataset
from trialect.schemas.core.patterns import pattern
from trialect.schemas.core.rule import Condition, CoreRule, Group, conditions
from trialect.schemas.core.rule_types.building import Building
from trialect.schemas.core.rule_types.variable_metadata import (
    define_rows,
    library_fields,
    library_rows,
    variable_rows,
)
from trialect.schemas.core.table import Column, Mask, Same, Shown, Table, certain


def _check_alone(building: Building) -> None:
    for condition in conditions(building.rule.check):
        if OPERATORS[condition.operator].across:
            raise NotAsked(
                f"{condition.operator} holds rows against each other, and a value check has one"
            )


def _values(building: Building) -> Iterator[tuple[Dataset, str, Table]]:
    """Each variable of each file with the table of its values.

    Variables none of whose values can be a finding are left out.
    """
    _check_alone(building)
    for dataset in building.parts():
        part = building.study.part(dataset)
        for name in _suspect(building.rule, part):
            table = Table(
                {
                    "row_number": part.numbers(),
                    "variable_name": Same(name),
                    "variable_value": Shown(part, name),
                },
                part.height,
                part.dataset,
                part.record,
                part.prefix,
            )
            if part.height >= _MANY and not building.mentions("row_number"):
                table.sample = _sample(part, name)
            yield dataset, name, table


_MANY = 20_000
"""Records from which on the different values are looked at before those of each record."""


def _sample(part: Table, name: str) -> Table:
    """The different values of a variable. Where none of them is a finding no record is one."""
    values = part.distinct(name)
    columns: dict[str, Column] = {
        "row_number": Same(None),
        "variable_name": Same(name),
        "variable_value": values,
    }
    return Table(columns, len(values), part.dataset, None, part.prefix)


def _suspect(rule: CoreRule, part: Table) -> list[str]:
    """The columns whose name, and of which some value, passes each test that can be put to all."""
    check = rule.check
    tests = check.members if isinstance(check, Group) and check.kind == "all" else ()
    plain = [test for test in tests if isinstance(test, Condition)]
    names = part.names
    for test in plain:
        if test.name == "variable_name":
            names = _of_names(test, names, part.prefix)
    texts: frozenset[str] = part.kept(("texts",), (), lambda: _texts(part))
    for test in plain:
        if test.name != "variable_value":
            continue
        if test.operator == "empty":
            names = [name for name in names if part.empties(name) is not False]
            continue
        found = _text_test(test) if part.height < _MANY else None
        asked = [name for name in names if name in texts]
        if found is None or not asked:
            continue
        hits = part.frame(asked).select(found.any()).row(0, named=True)
        names = [name for name in names if hits.get(name, True)]
    return names


def _of_names(test: Condition, names: list[str], prefix: str) -> list[str]:
    """The names for which a test holds; all of them where it asks of more than the name."""
    operator = OPERATORS[test.operator]
    words = test.value if isinstance(test.value, list) else []
    literal = test.options.get("value_is_literal") or isinstance(test.value, list)
    alone = (literal or operator.value_is_pattern) and not operator.across
    if not names or not alone or any(str(word).startswith("$") for word in words):
        return names
    column = pl.Series("variable_name", names, dtype=pl.String)
    table = Table({"variable_name": column}, len(names), Same(""), prefix=prefix)
    mask = operator.answer(table, put(test, "variable_name", prefix))
    return column.filter(table.broadcast(mask)).to_list()


def _text_test(test: Condition) -> pl.Expr | None:
    """A test of a text as an expression over all columns of a frame; None for other tests."""
    if test.operator == "matches_regex":
        return pl.all().str.contains(pattern(str(test.value)).at_start)
    literal = test.options.get("value_is_literal") and len(test.options) == 1
    if test.operator == "equal_to" and literal and isinstance(test.value, str):
        return pl.all() == test.value
    return None


def _texts(part: Table) -> frozenset[str]:
    """The columns that hold texts."""
    columns = ((name, part.column(name)) for name in part.names)
    return frozenset(
        name
        for name, column in columns
        if isinstance(column, pl.Series) and column.dtype == pl.String
    )


def with_dataset_facts(building: Building) -> Iterable[Table]:
    """Each value of each variable, with what is known of the file (dataset_...)."""
    for dataset, _, table in _values(building):
        yield _with(table, dataset_facts(dataset))


class Measured(Shown):
    """How long the texts of a column are; numbers have no length."""

    def __init__(self, table: Table, name: str, measure: Callable[[pl.Series], pl.Series]) -> None:
        super().__init__(table, name)
        self._measure = measure

    def _make(self) -> Column:
        column = super()._make()
        if isinstance(column, Same) or column.dtype != pl.String:
            return Same(None)
        return self._measure(column)

    def empties(self) -> Mask | None:
        """Where it has no value."""
        return None


_LENGTHS: dict[str, Callable[[pl.Series], pl.Series]] = {
    "variable_value_length": lambda texts: texts.str.len_chars(),
    "variable_value_bytes": lambda texts: texts.str.len_bytes(),
}
"""In characters, and in bytes of UTF-8, as the XPT format counts."""


def with_variable_facts(building: Building) -> Iterable[Table]:
    """Each value of each variable, with what is known of the variable (variable_...)."""
    described = {
        dataset.name: {row["variable_name"]: row for row in variable_rows(dataset)}
        for dataset in building.parts()
    }
    empty = dict.fromkeys(
        ("variable_order_number", "variable_label", "variable_size", "variable_data_type")
    )
    for dataset, name, table in _values(building):
        facts = described[dataset.name].get(name, empty)
        known = {key: value for key, value in facts.items() if key[0] != "@"}
        made = _measured(_with(table, known))
        if made.sample is not None:
            made.sample = _measured(made.sample)
        yield made


def _measured(table: Table) -> Table:
    lengths = {key: Measured(table, "variable_value", one) for key, one in _LENGTHS.items()}
    found = table.with_columns(lengths)
    found.sample = table.sample
    return found


def with_library(building: Building) -> Iterable[Table]:
    """Each value of each variable, with what the standard says (library_variable_...)."""
    known = library_rows(building, building.dataset)
    for _, name, table in _values(building):
        yield _with(table, known.get(name) or dict.fromkeys(library_fields()))


def with_define_variables(building: Building) -> Iterable[Table]:
    """Each value of each variable, with what the Define-XML says (define_variable_...)."""
    described: dict[str, dict[str, dict[str, Any]]] = {}
    for dataset, name, table in _values(building):
        if dataset.name not in described:
            described[dataset.name] = define_rows(building, dataset)
        known = described[dataset.name]
        facts = known.get(name) or dict.fromkeys(next(iter(known.values())))
        yield _with(table, facts)


def with_define_values(building: Building) -> Iterable[Table]:
    """Each value that value-level metadata is about, with what it says (define_vlm_...)."""
    define = building.study.datasets.define
    if define is None:
        raise NotAsked("the package has no Define-XML", skipped=True)
    for dataset, name, table in _values(building):
        described = define.dataset(dataset.name)
        variable = described.variable(name) if described is not None else None
        if described is None or variable is None:
            continue
        part = building.study.part(dataset)
        for order, value in enumerate(variable.value_level, start=1):
            rows = _where(part, described, value.where)
            if rows is None or not rows.any():
                continue
            chosen = table.gather(rows.arg_true())
            facts = value_facts(variable, value, order)
            lengths = _lengths(chosen.column("variable_value"), value.data_type)
            yield _with(chosen, facts).with_columns({"variable_value_length": lengths})


def _where(part: Table, described: DatasetMeta, checks: tuple[Where, ...]) -> pl.Series | None:
    """The rows that a where-clause selects; None when it asks of another dataset."""
    mask: pl.Series | None = None
    for check in checks:
        if check.dataset not in (described.name, "") or not part.has(check.variable):
            return None
        texts = part.series(check.variable)
        if texts.dtype != pl.String:
            texts = words(texts)
        # A where-clause writes what is missing as an empty text.
        texts = texts.fill_null("")
        found = certain(texts.is_in(pl.Series(check.values, dtype=pl.String).implode()))
        if check.comparator in ("NE", "NOTIN"):
            found = ~found
        mask = found if mask is None else mask & found
    return mask


def _lengths(column: Column, data_type: str) -> Column:
    """How many characters or digits a value has, by its type in the Define-XML."""
    if isinstance(column, Same) or data_type not in ("text", "integer", "float"):
        return Same(None)
    texts = column.cast(pl.String)
    if data_type == "text":
        return texts.str.len_chars()
    digits = texts.str.strip_chars_start("0")
    if data_type == "integer":
        digits = digits.str.replace(r"\.0$", "")
    return digits.str.replace_all(".", "", literal=True).str.len_chars()


def _with(table: Table, facts: dict[str, Any]) -> Table:
    added = {name: Same(value) for name, value in facts.items()}
    made = table.with_columns(added)
    if table.sample is not None:
        made.sample = table.sample.with_columns(added)
    return made
