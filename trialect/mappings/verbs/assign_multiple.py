"""assign_multiple: one answer, or MULTIPLE with each answer as a supplemental qualifier."""

from __future__ import annotations

import polars as pl

from trialect.mappings.tables import TICKED
from trialect.mappings.terms import to_terms
from trialect.mappings.values import Call, Filled, RowProblem, texts
from trialect.mappings.verbs.verb import COLLECTED, Verb

VERB = Verb("assign_multiple", (1, None), COLLECTED, value="required", codelist="optional")
MULTIPLE = "MULTIPLE"


def boxes(value: str) -> dict[str, str] | None:
    """`race___1=WHITE; race___2=ASIAN` as column to term; None when the value is a separator."""
    if "=" not in value:
        return None
    pairs = (part.split("=", 1) for part in value.split(";") if part.strip())
    return {name.strip(): term.strip() for name, *term_ in pairs for term in term_}


def fill(call: Call) -> Filled:
    """TARGET holds the only answer or MULTIPLE (SDTMIG 3.4, 4.2.8.3); TARGET1..n hold each."""
    named = boxes(call.line.value or "")
    answers, problems = _ticked(call, named) if named else _separated(call)
    target = call.line.target
    count = answers.list.len()
    first = answers.list.first()
    values = {
        target: pl.select(pl.when(count > 1).then(pl.lit(MULTIPLE)).otherwise(first).alias(target))[
            target
        ]
    }
    most = int(count.max() or 0)  # type: ignore[arg-type] # of an integer series
    for number in range(most if most > 1 else 0):
        each = answers.list.get(number, null_on_oob=True)
        name = f"{target}{number + 1}"
        values[name] = pl.select(pl.when(count > 1).then(each).alias(name))[name]
    return Filled(values, problems)


def _ticked(call: Call, named: dict[str, str]) -> tuple[pl.Series, list[RowProblem]]:
    columns = []
    for column in call.line.source:
        ticks, _, _ = texts(call, column)
        ticked = ticks.str.to_uppercase().is_in(list(TICKED))
        term = pl.lit(named[column.name])
        columns.append(pl.select(pl.when(ticked).then(term).alias(column.name))[column.name])
    listed = pl.DataFrame(columns).select(
        pl.concat_list(pl.all()).list.drop_nulls().alias("answers")
    )["answers"]
    return _in_terms(call, listed)


def _separated(call: Call) -> tuple[pl.Series, list[RowProblem]]:
    values, _, problems = texts(call, call.line.source[0])
    parts = values.str.split(call.line.value or ";").list.eval(
        pl.element().str.strip_chars().filter(pl.element().str.strip_chars() != "")
    )
    terms, more = _in_terms(call, parts.fill_null(pl.Series([[]], dtype=pl.List(pl.String))[0]))
    return terms, problems + more


def _in_terms(call: Call, answers: pl.Series) -> tuple[pl.Series, list[RowProblem]]:
    """Each answer as the term it means, problems told by the row it stands in."""
    frame = pl.DataFrame({"answers": answers}).with_row_index("place")
    long = frame.explode("answers")
    terms, problems = to_terms(call, long["answers"])
    places = long["place"]
    moved = [RowProblem(places[one.place], one.rule, one.given) for one in problems]
    again = (
        long.with_columns(terms.alias("answers"))
        .group_by("place", maintain_order=True)
        .agg(pl.col("answers").drop_nulls())
    )
    return again["answers"], moved
