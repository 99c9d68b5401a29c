"""Expressions: what is in reach, what a row without a value is told, and no row sees another."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.mappings.expressions import (
    FUNCTIONS,
    ExpressionError,
    evaluate,
    expression,
    names_in,
    result_type,
)

FRAME = pl.DataFrame(
    {
        "a": ["1", "2.5", None],
        "b": ["abc", "5", "x'y"],
        "IT.AGE": ["40", "41", "42"],
        "date": ["2026-01-01", None, "2026"],
        "ağrı": ["3", "4", "5"],
    }
)
TEXTS = {name: pl.String() for name in FRAME.columns}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("CAST(a AS DOUBLE) >= 2", [False, True, None]),
        ("a || '-' || b", ["1-abc", "2.5-5", None]),
        ("CONCAT(a, b)", ["1abc", "2.55", "x'y"]),
        ("CASE WHEN a = '1' THEN 'one' ELSE b END", ["one", "5", "x'y"]),
        ("COALESCE(a, 'none')", ["1", "2.5", "none"]),
        ("b IN ('abc', 'x''y') AND NOT a IS NULL", [True, False, False]),
        ("a IS NOT DISTINCT FROM '1'", [True, False, False]),
        ('CAST("IT.AGE" AS INTEGER) * 100000', [4000000, 4100000, 4200000]),
        ("SPLIT_PART(date, '-', 1)", ["2026", None, "2026"]),
        ("CAST(ağrı AS DOUBLE) / 2", [1.5, 2.0, 2.5]),
        ("LENGTH(b) - 5", [-2, -4, -2]),
        ("STRPOS(b, 'z') - 1", [-1, -1, -1]),
        ('CAST("IT.AGE" AS INTEGER) * 1000000000000', [4 * 10**13, 41 * 10**12, 42 * 10**12]),
        ("ROUND(CAST(a AS DOUBLE) / 3, 2)", [0.33, 0.83, None]),
        ("'it''s'", ["it's"] * 3),
        ("NULL", [None] * 3),
        ("b ILIKE 'A%'", [True, False, False]),
        ("REGEXP_LIKE(b, '^[a-z]+$')", [True, False, False]),
    ],
)
def test_a_row_has_the_value_that_sql_says(text, values):
    found, failed = evaluate(FRAME, text)
    assert found.to_list() == values
    assert failed == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SUM(a)", "SUM is no function that it may call"),
        ('"SUM"(a)', "quoted, so it is no function"),
        ("COUNT(*)", "COUNT is no function"),
        ("FIRST(a)", "FIRST is no function"),
        ("ROW_NUMBER() OVER ()", "ROW_NUMBER is no function"),
        ("UPPER(a) OVER (PARTITION BY b)", "OVER is no function"),
        ("(SELECT a)", "unable to parse"),
        ("a IN (SELECT b)", "unable to parse"),
        ("*", "stands for no column"),
        ("COALESCE(*)", "stands for no column"),
        ('"^.*$"', "no name that a column may have"),
        ("a AS b", "AS has no place"),
        ("a b", "must give one value"),
        ("a; b", "';' has no place"),
        ("a -- b", "comments"),
        ("a /* b */", "comments"),
        ("a::DOUBLE", "':' has no place"),
        ("E'a'", "a blank is missing"),
        ("CURRENT_DATE", "no column in reach"),
        ("NOW()", "NOW is no function"),
        ("RANDOM()", "RANDOM is no function"),
        ("READ_CSV('x.csv')", "READ_CSV is no function"),
        ("DATE(a)", "DATE is no function"),
        ("CAST(a AS DATE)", "no type of CAST"),
        ("CAST(a AS REAL)", "no type of CAST"),
        ("CAST(a)", "CAST is written"),
        ("CAST('x' AS DOUBLE)", "'x' is no number"),
        ("UPPR(a)", "did you mean UPPER"),
        ("A = '1'", "did you mean a"),
        ("(a", "not closed"),
        ("a)", "was not opened"),
        ("", "it is empty"),
        ("a > 2", "CAST(column AS DOUBLE)"),
        ("a AND b", "not supported"),
        ("REGEXP_LIKE(a, '(')", "unclosed group"),
        ("a = '" + "x" * 10_000 + "'", "longer than"),
        (" OR ".join(["a = '1'"] * 600), "more than"),
        ("(" * 900 + "a" + ")" * 900, "unable to parse"),
    ],
)
def test_what_reaches_beyond_the_row_or_makes_no_sense_is_refused(text, reason):
    with pytest.raises(ExpressionError) as refused:
        result_type(text, TEXTS)
    assert reason in str(refused.value)
    with pytest.raises(ExpressionError):
        evaluate(FRAME, text)


@pytest.mark.parametrize(
    ("text", "values", "failed"),
    [
        ("CAST(b AS DOUBLE)", [None, 5.0, None], [(0, "'abc' is no number")]),
        ("COALESCE(CAST(b AS DOUBLE), 0)", [None, 5.0, 0.0], [(0, "'abc' is no number")]),
        ("CAST(a AS INTEGER)", [1, None, None], [(1, "'2.5' is no whole number")]),
        ("CASE WHEN CAST(b AS DOUBLE) > 1 THEN 'Y' END", [None, "Y", None], [(0, "'abc'")]),
        ("TRY_CAST(b AS DOUBLE)", [None, 5.0, None], []),
    ],
)
def test_a_row_on_which_a_cast_fails_has_no_value_and_is_named(text, values, failed):
    frame = FRAME.with_columns(pl.Series("b", ["abc", "5", None]))
    found, told = evaluate(frame, text)
    assert found.to_list() == values
    assert [place for place, _ in told] == [place for place, _ in failed]
    assert all(reason in said for (_, said), (_, reason) in zip(told, failed, strict=True))


@pytest.mark.parametrize("text", ["NaN", "inf", "-Infinity", "1e999"])
def test_what_polars_reads_as_a_number_and_is_none_fails(text):
    frame = pl.DataFrame({"a": [text, "1"]})
    for cast in ("CAST", "TRY_CAST"):
        found, told = evaluate(frame, f"{cast}(a AS DOUBLE) > 0")
        assert found.to_list() == [None, True]
        assert told[0][0] == 0


def test_all_rows_may_fail():
    found, told = evaluate(FRAME, "CAST(date AS DOUBLE) > 0")
    assert found.to_list() == [None, None, True]
    assert [place for place, _ in told] == [0]


def test_no_rows_give_no_values():
    assert evaluate(FRAME.clear(), "CAST(a AS DOUBLE)")[0].len() == 0
    assert evaluate(FRAME.clear(), "'x'")[0].len() == 0


def test_its_columns_are_told():
    assert names_in("CAST(a AS DOUBLE) > 1 OR \"IT.AGE\" = 'b'") == {"a", "IT.AGE"}
    assert expression("a", ["a"]).meta.root_names() == ["a"]


def test_types():
    assert result_type("a", TEXTS) == pl.String()
    assert result_type("CAST(a AS DOUBLE)", TEXTS) == pl.Float64()
    assert result_type("a = '1'", TEXTS) == pl.Boolean()


CALLS = (
    {
        "ROUND": "ROUND(CAST(a AS DOUBLE), 1)",
        "MOD": "MOD(CAST(a AS DOUBLE), 2)",
        "DIV": "DIV(CAST(a AS DOUBLE), 2)",
        "POW": "POW(CAST(a AS DOUBLE), 2)",
        "POWER": "POWER(CAST(a AS DOUBLE), 2)",
        "CAST": "CAST(a AS DOUBLE)",
        "TRY_CAST": "TRY_CAST(a AS DOUBLE)",
        "IF": "IF(a = '1', a, b)",
        "COALESCE": "COALESCE(a, b)",
        "NULLIF": "NULLIF(a, b)",
        "IFNULL": "IFNULL(a, b)",
        "GREATEST": "GREATEST(a, b)",
        "LEAST": "LEAST(a, b)",
        "CONCAT": "CONCAT(a, b)",
        "CONCAT_WS": "CONCAT_WS('-', a, b)",
        "LEFT": "LEFT(a, 2)",
        "RIGHT": "RIGHT(a, 2)",
        "SUBSTR": "SUBSTR(a, 1, 2)",
        "SUBSTRING": "SUBSTRING(a, 1, 2)",
        "LPAD": "LPAD(a, 5, '0')",
        "RPAD": "RPAD(a, 5, '0')",
        "REPLACE": "REPLACE(a, '1', '2')",
        "STARTS_WITH": "STARTS_WITH(a, '1')",
        "ENDS_WITH": "ENDS_WITH(a, '1')",
        "STRPOS": "STRPOS(a, '1')",
        "REGEXP_LIKE": "REGEXP_LIKE(a, '1')",
        "REGEXP_REPLACE": "REGEXP_REPLACE(a, '1', '2')",
        "SPLIT_PART": "SPLIT_PART(a, '.', 1)",
    }
    | {
        name: f"{name}(CAST(a AS DOUBLE))"
        for name in [
            "ABS",
            "CEIL",
            "CEILING",
            "FLOOR",
            "SIGN",
            "SQRT",
            "CBRT",
            "EXP",
            "LN",
            "LOG2",
            "LOG10",
        ]
    }
    | {
        name: f"{name}(a)"
        for name in (
            [
                "LENGTH",
                "CHAR_LENGTH",
                "CHARACTER_LENGTH",
                "LOWER",
                "UPPER",
                "INITCAP",
                "LTRIM",
                "RTRIM",
                "TRIM",
                "REVERSE",
            ]
        )
    }
)


def test_every_function_has_a_case():
    assert set(CALLS) == FUNCTIONS


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.sampled_from(["1", "2.5", "-3", "0", "", None, "10", "x"]), min_size=1), st.data()
)
def test_no_row_sees_another(name, texts, data):
    frame = pl.DataFrame({"a": texts, "b": texts[::-1]}, schema={"a": pl.String, "b": pl.String})
    cut = data.draw(st.integers(0, len(texts)))
    whole, failed = evaluate(frame, CALLS[name])
    parts = [evaluate(part, CALLS[name]) for part in (frame[:cut], frame[cut:])]
    joined = [value for values, _ in parts for value in values.to_list()]
    assert str(joined) == str(whole.to_list())
    assert len(failed) == sum(len(told) for _, told in parts)
