"""assign_multiple: one answer, or MULTIPLE with each answer as a supplemental qualifier."""

from __future__ import annotations

import polars as pl

from trialect.mappings.terms import to_terms
from trialect.mappings.ticks import EMPTY, TICKED, UNREADABLE_TICK, ticked
from trialect.mappings.values import Call, Filled, RowProblem, texts
from trialect.mappings.verbs.verb import COLLECTED, Verb
from trialect.problems import rule

VERB = Verb("assign_multiple", (1, None), COLLECTED, value="required", codelist="optional")
MULTIPLE = "MULTIPLE"
MOST_ANSWERS = 20
"""Answers that one column may hold, each a supplemental qualifier."""

TOO_MANY = rule(
    "MAP-ANSWERS",
    "error",
    "A cell holds more answers than are kept apart",
    "{value!r} holds {count} answers, more than {most}; {variable} stays empty.",
    "Check the separator, or map the answers column by column.",
)


def boxes(value: str) -> dict[str, str] | None:
    """`race___1=WHITE; race___2=ASIAN` as column to term; None when the value is a separator."""
    if "=" not in value:
        return None
    pairs = (part.partition("=") for part in value.split(";") if part.strip())
    return {name.strip(): term.strip() for name, _, term in pairs}


def numbered(target: str, number: int) -> str:
    """The QNAM of an answer: RACE1; of a longer target as much as eight characters hold."""
    return f"{target[: 8 - len(str(number))]}{number}"


def fill(call: Call) -> Filled:
    """TARGET holds the only answer or MULTIPLE (SDTMIG 3.4, 4.2.8.3); TARGET1..n hold each."""
    named = boxes(call.line.value or "")
    answers, problems = _ticked(call, named) if named else _separated(call)
    target = call.line.target
    listed = pl.DataFrame({"answers": answers})
    several = pl.col("answers").list.len() > 1
    made = listed.select(
        pl.when(several)
        .then(pl.lit(MULTIPLE))
        .otherwise(pl.col("answers").list.get(0, null_on_oob=True))
        .alias(target)
    )
    most = int(answers.list.len().max() or 0)  # type: ignore[arg-type] # of an integer series
    each = listed.select(
        pl.when(several)
        .then(pl.col("answers").list.get(number - 1, null_on_oob=True))
        .alias(numbered(target, number))
        for number in range(1, most + 1 if most > 1 else 1)
    )
    return Filled({one.name: one for one in (*made, *each)}, problems)


def _ticked(call: Call, named: dict[str, str]) -> tuple[pl.Series, list[RowProblem]]:
    """The terms of the ticked boxes, in the order of the columns."""
    terms, problems = [], []
    for number, column in enumerate(call.line.source):
        marks, _, more = texts(call, column)
        problems += more
        ticks, strange = ticked(marks)
        words = {"ticked": ", ".join(TICKED), "empty": ", ".join(EMPTY), "field": str(column)}
        problems += [
            RowProblem(place, UNREADABLE_TICK, {"value": marks[place], **words})
            for place in strange
        ]
        meant, _ = to_terms(call, pl.Series([named[column.name]]))
        terms.append(
            pl.select(pl.when(ticks).then(pl.lit(meant[0])).alias(str(number))).to_series()
        )
    joined = pl.DataFrame(terms).select(
        pl.concat_list(pl.all()).list.drop_nulls().list.unique(maintain_order=True)
    )
    return joined.to_series(), problems


def _separated(call: Call) -> tuple[pl.Series, list[RowProblem]]:
    """The terms of the answers that one cell holds."""
    values, _, problems = texts(call, call.line.source[0])
    long = (
        pl.DataFrame({"answers": values.str.split(call.line.value or ";")})
        .with_row_index("place")
        .drop_nulls()
        .explode("answers")
        .with_columns(pl.col("answers").str.strip_chars())
        .filter(pl.col("answers") != "")
    )
    terms, more = to_terms(call, long["answers"])
    problems += [RowProblem(long["place"][one.place], one.rule, one.given) for one in more]
    lists = (
        long.with_columns(terms.alias("answers"))
        .group_by("place", maintain_order=True)
        .agg(pl.col("answers").unique(maintain_order=True))
    )
    for place, count in lists.select("place", pl.col("answers").list.len()).iter_rows():
        if count > MOST_ANSWERS:
            given = {"value": values[place], "count": count, "most": MOST_ANSWERS}
            problems.append(RowProblem(place, TOO_MANY, given))
    places = pl.DataFrame({"place": pl.int_range(values.len(), dtype=pl.UInt32, eager=True)})
    kept = lists.filter(pl.col("answers").list.len() <= MOST_ANSWERS)
    return places.join(kept, on="place", how="left", maintain_order="left")["answers"], problems
