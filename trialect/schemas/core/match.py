"""Records joined to those under check, as a rule's Match Datasets say.

Datasets are joined on keys; SUPP-- is turned on its side first, so that each QNAM is a column;
RELREC joins what it relates; a child (SUPP--, CO, RELREC under check) is joined to its parents by
IDVAR and IDVARVAL. A variable that both sides have keeps its name on the left and is `NAME.DOMAIN`
on the right.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from trialect.schemas.core import library
from trialect.schemas.core.operators.equality import canonical
from trialect.schemas.core.outcome import MissingColumn, NotAsked
from trialect.schemas.core.package import Dataset
from trialect.schemas.core.rule import CoreRule, MatchDataset, conditions
from trialect.schemas.core.study import Study
from trialect.schemas.core.table import Column, Same, Table

_ROW = "@row"
_SUBJECT_KEYS = ("STUDYID", "USUBJID", "APID", "POOLID", "SPDEVID")


def matched(table: Table, rule: CoreRule, dataset: Dataset, study: Study) -> Table:
    """The table joined to all that the rule matches it to; what is absent is not joined."""
    for match in rule.match_datasets:
        if match.child:
            table = _with_parents(table, match, dataset, study)
        elif match.name != dataset.whole:
            table = _with_dataset(table, match, rule, dataset, study)
    return table


def _with_dataset(
    table: Table, match: MatchDataset, rule: CoreRule, dataset: Dataset, study: Study
) -> Table:
    name = match.name
    if name == "SUPP--":
        if dataset.is_supp:
            return table
        name = f"SUPP{dataset.whole}"
    if not study.datasets.named(name):
        return table
    if name == "RELREC":
        return _related(table, match, dataset, study)
    other = study.whole(name)
    if name.startswith(("SUPP", "SQ")):
        return _with_qualifiers(table, other)
    what = ("matched", match, dataset.whole, name)
    asked = _asked_of(rule, match.name)
    if table.record is None and not asked:
        return table.kept(what, table.columns, lambda: _joined(table, other, match, dataset, name))
    return _joined(table, _renamed(other, match.name, asked), match, dataset, name)


def _asked_of(rule: CoreRule, name: str) -> frozenset[str]:
    """The variables that the rule asks for as those of one dataset (`SE.EPOCH`)."""
    start = f"{name}."
    asked = [text for one in conditions(rule.check) for text in (one.name, one.value)]
    return frozenset(
        text.removeprefix(start)
        for text in asked
        if isinstance(text, str) and text.startswith(start)
    )


def _renamed(other: Table, name: str, asked: frozenset[str]) -> Table:
    columns = {
        f"{name}.{column}" if column in asked else column: values
        for column, values in other.columns.items()
    }
    return Table(columns, other.height, other.dataset, other.record, other.prefix)


def _joined(table: Table, other: Table, match: MatchDataset, dataset: Dataset, name: str) -> Table:
    """Two datasets on their keys; missing keys go together, as equal ones do."""
    prefix = dataset.domain or ""
    left_keys = [left.replace("--", prefix) for left, _ in match.keys]
    right_keys = [right.replace("--", name) for _, right in match.keys]
    if not left_keys:
        raise NotAsked(f"{name} of Match Datasets has no keys")
    for key in left_keys:
        if not table.has(key):
            raise MissingColumn(key)
    for key in right_keys:
        if not other.has(key):
            raise MissingColumn(f"{name}.{key}")
    left, right = _keys(table, left_keys), _keys(other, right_keys)
    on = [f"@{at}" for at in range(len(left_keys))]
    left, right = _alike(left, right, on)
    rows = left.with_row_index("@left").join(
        right.with_row_index("@right"),
        on=on,
        how=match.join,
        nulls_equal=True,
        maintain_order="left_right",
    )
    found = table.gather(rows["@left"])
    there = rows["@right"]
    same_names = {right for left, right in zip(left_keys, right_keys, strict=True) if left == right}
    added: dict[str, Column] = {}
    for column, values in other.columns.items():
        if column in same_names:
            continue
        shown = f"{column}.{name}" if table.has(column) else column
        added[shown] = other.spread(values).gather(there)
    if match.join == "left":
        words = pl.select(
            pl.when(there.is_null()).then(pl.lit("left_only")).otherwise(pl.lit("both"))
        )
        added[f"_merge_{name}"] = words.to_series()
    return _added(found, added)


def _added(table: Table, added: dict[str, Column]) -> Table:
    columns = {**table.columns, **added}
    return Table(columns, table.height, table.dataset, table.record, table.prefix)


def _keys(table: Table, names: Iterable[str]) -> pl.DataFrame:
    return pl.DataFrame([table.series(name).alias(f"@{at}") for at, name in enumerate(names)])


def _alike(
    left: pl.DataFrame, right: pl.DataFrame, keys: Iterable[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keys of one type on both sides. Raises `NotAsked` for texts against numbers."""
    for key in keys:
        one, other = left.schema[key], right.schema[key]
        if one == other:
            continue
        if one.is_numeric() and other.is_numeric():
            left = left.with_columns(pl.col(key).cast(pl.Float64))
            right = right.with_columns(pl.col(key).cast(pl.Float64))
        elif one == pl.Null:
            left = left.with_columns(pl.col(key).cast(other))
        elif other == pl.Null:
            right = right.with_columns(pl.col(key).cast(one))
        else:
            raise NotAsked(
                "a key of Match Datasets is text in one dataset and numeric in the other"
            )
    return left, right


def _with_qualifiers(table: Table, supplemental: Table) -> Table:
    """The records with their supplemental qualifiers as columns named by QNAM.

    Raises `NotAsked` when two qualifiers of the same name belong to one record.
    """
    for name in ("IDVAR", "IDVARVAL", "QNAM", "QVAL"):
        if not supplemental.has(name):
            raise MissingColumn(name)
    keys = [name for name in _SUBJECT_KEYS if table.has(name) and supplemental.has(name)]
    frame = pl.DataFrame(
        [supplemental.series(name).alias(name) for name in (*keys, "IDVAR", "IDVARVAL", "QNAM")]
        + [supplemental.series("QVAL").alias("QVAL")]
    )
    columns: dict[str, pl.Series] = {}
    for (idvar,), rows in frame.group_by(["IDVAR"], maintain_order=True):
        for qnam, values in _turned(table, rows, None if idvar is None else str(idvar), keys):
            known = columns.get(qnam)
            columns[qnam] = values if known is None else known.zip_with(known.is_not_null(), values)
    added: dict[str, Column] = {
        (f"{name}_supp" if table.has(name) else name): values for name, values in columns.items()
    }
    return _added(table, added)


def _turned(
    table: Table, rows: pl.DataFrame, idvar: str | None, keys: list[str]
) -> Iterable[tuple[str, pl.Series]]:
    """For each QNAM of one IDVAR the value of each record."""
    by = [*keys]
    left = pl.DataFrame([table.series(name).alias(name) for name in keys])
    if idvar and idvar.strip():
        if not table.has(idvar):
            raise MissingColumn(idvar)
        left = left.with_columns(_as_words(table.column(idvar), table).alias("@idvarval"))
        numeric = table.series(idvar).dtype.is_numeric()
        values = rows["IDVARVAL"].cast(pl.String)
        words = canonical(values) if numeric else values
        assert isinstance(words, pl.Series)
        rows = rows.with_columns(words.alias("@idvarval"))
        by.append("@idvarval")
    double = rows.filter(pl.len().over([*by, "QNAM"]) > 1)
    if double.height and by:
        raise NotAsked(f"{double['QNAM'][0]} stands twice in SUPP-- for one record")
    for qnam in rows["QNAM"].drop_nulls().unique(maintain_order=True):
        chosen = rows.filter(pl.col("QNAM") == qnam).select(*by, "QVAL")
        joined = left.join(chosen, on=by, how="left", nulls_equal=True, maintain_order="left")
        yield str(qnam), joined["QVAL"]


def _as_words(column: Column, table: Table) -> pl.Series:
    """Values as IDVARVAL writes them: 1 for the number 1.0, texts as they are."""
    series = table.spread(column)
    if series.dtype == pl.String:
        return series
    words = canonical(series)
    assert isinstance(words, pl.Series)
    return words


def _with_parents(table: Table, match: MatchDataset, dataset: Dataset, study: Study) -> Table:
    """A child's records, each with the variables of the parent record that it belongs to."""
    datasets = study.datasets
    if dataset.is_supp:
        mine = match.name in ("SUPP--", "SQAP--", dataset.name, dataset.whole)
        parents = [dataset.rdomain] if mine and dataset.rdomain else []
    elif match.name in (dataset.domain, dataset.name):
        if table.has("RDOMAIN"):
            parents = table.series("RDOMAIN").drop_nulls().unique(maintain_order=True).to_list()
        else:
            keys = [left for left, _ in match.keys]
            parents = [
                one.domain or one.name
                for one in datasets
                if all(key in one.frame.columns for key in keys)
            ]
    else:
        parents = []
    known = sorted({name for name in parents if name and _of_domain(study, str(name))})
    names = [left for left, _ in match.keys]
    for name in known:
        parent = study.whole(str(name))
        related = dataset.is_supp or table.has("RDOMAIN")
        if related and ("IDVAR" in names or "IDVARVAL" in names):
            table = _with_parent(table, parent, str(name), match, dataset)
        else:
            left = MatchDataset(match.name, match.keys, join="left")
            table = _joined(table, parent, left, dataset, str(name))
    return table


def _of_domain(study: Study, name: str) -> bool:
    return any(one.domain == name for one in study.datasets.named(name))


def _with_parent(
    table: Table, parent: Table, name: str, match: MatchDataset, dataset: Dataset
) -> Table:
    """The variables of the parent record that IDVAR and IDVARVAL name, among those of the keys.

    Without IDVAR or IDVARVAL it is the first record of the keys. The parent's values stand over
    the child's own of the same name.
    """
    rows = pl.int_range(table.height, dtype=pl.UInt32, eager=True).alias(_ROW)
    mine = rows
    if not dataset.is_supp:
        mine = rows.filter((table.series("RDOMAIN") == name).fill_null(False))
    if not len(mine):
        return table
    keys = [
        (left.replace("--", dataset.domain or ""), right.replace("--", name))
        for left, right in match.keys
        if left not in ("IDVAR", "IDVARVAL")
    ]
    keys = [(left, right) for left, right in keys if table.has(left) and parent.has(right)]
    child = pl.DataFrame(
        [
            rows.alias(_ROW),
            *(table.series(left).alias(f"@{at}") for at, (left, _) in enumerate(keys)),
        ]
        + [
            (table.series(one) if table.has(one) else pl.repeat(None, table.height, eager=True))
            .cast(pl.String)
            .alias(one)
            for one in ("IDVAR", "IDVARVAL")
        ]
    ).filter(pl.col(_ROW).is_in(mine.implode()))
    found = _parents_of(child, parent, [right for _, right in keys])
    if not found.height:
        places = pl.repeat(None, table.height, dtype=pl.UInt32, eager=True)
    else:
        places = rows.to_frame().join(found, on=_ROW, how="left", maintain_order="left")["@parent"]
    columns = dict(table.columns)
    there = places.is_not_null()
    for column, values in parent.columns.items():
        theirs = parent.spread(values).gather(places)
        if column not in columns:
            columns[column] = theirs
            continue
        own = table.series(column)
        if own.dtype != theirs.dtype and own.null_count() == len(own):
            own = own.cast(theirs.dtype)
        elif own.dtype != theirs.dtype:
            own, theirs = own.cast(pl.String), theirs.cast(pl.String)
        columns[column] = theirs.zip_with(there, own)
    return Table(columns, table.height, table.dataset, table.numbers(), table.prefix)


def _parents_of(child: pl.DataFrame, parent: Table, right_keys: list[str]) -> pl.DataFrame:
    """For each child record (`@row`) the first parent record (`@parent`) that it names."""
    keys = [f"@{at}" for at in range(len(right_keys))]
    every = pl.DataFrame(
        [parent.series(name).alias(key) for key, name in zip(keys, right_keys, strict=True)]
        or [pl.Series("@none", [0] * parent.height)]
    ).with_row_index("@parent")
    named = pl.col("IDVAR").is_not_null() & pl.col("IDVARVAL").is_not_null()
    found: list[pl.DataFrame] = []
    patterns = child.with_columns(
        pl.concat_str([pl.col(key).is_null().cast(pl.Int8).cast(pl.String) for key in keys]).alias(
            "@"
        )
        if keys
        else pl.lit("").alias("@"),
        pl.when(named).then("IDVAR").alias("@idvar"),
    )
    for (gaps, idvar), rows in patterns.group_by(["@", "@idvar"], maintain_order=True):
        known = [key for key, gap in zip(keys, str(gaps), strict=True) if gap == "0"]
        parents = every
        if idvar is not None:
            name = str(idvar)
            if not parent.has(name):
                continue
            values = parent.column(name)
            parents = every.with_columns(_as_words(values, parent).alias("@value"))
            wanted = rows["IDVARVAL"].str.strip_chars()
            if parent.series(name).dtype.is_numeric():
                words = canonical(wanted)
                assert isinstance(words, pl.Series)
                wanted = words
            rows = rows.with_columns(wanted.alias("@value"))
            known = [*known, "@value"]
        if not known:
            if parents.height:
                found.append(rows.select(_ROW, pl.lit(0, dtype=pl.UInt32).alias("@parent")))
            continue
        rows, parents = _alike(rows, parents, known)
        first = parents.unique(subset=known, keep="first", maintain_order=True)
        hits = rows.join(first.select(*known, "@parent"), on=known, how="inner")
        found.append(hits.select(_ROW, "@parent"))
    if not found:
        return pl.DataFrame(schema={_ROW: pl.UInt32, "@parent": pl.UInt32})
    return pl.concat(found)


def _related(table: Table, match: MatchDataset, dataset: Dataset, study: Study) -> Table:
    """Each record with each record that RELREC relates it to.

    The other record's variables are `RELREC.` and their name, in which the match's wildcard
    stands for the domain (`RELREC.**TERM`). Records without a relation are left out.
    """
    relations = study.whole("RELREC")
    domain = dataset.domain or dataset.name
    pairs = _pairs(relations, domain)
    generic = library.wildcard_variables()
    parts: list[Table] = []
    kinds = ["RDOMAIN_2", "IDVAR", "IDVAR_2", "by_value", "subject"]
    for (name, left_var, right_var, by_value, subject), rows in pairs.group_by(
        kinds, maintain_order=True
    ):
        others = study.datasets.named(str(name)) if name else ()
        if not others or left_var is None or right_var is None:
            continue
        other = study.whole(str(name))
        prefix = others[0].domain or str(name)
        for variable, side in ((str(left_var), table), (str(right_var), other)):
            if not side.has(variable):
                raise MissingColumn(variable)
        lefts, rights = _linked(
            table, other, rows, str(left_var), str(right_var), bool(by_value), bool(subject)
        )
        found = table.gather(lefts)
        added: dict[str, Column] = {}
        for column, values in other.columns.items():
            stem = column.replace(prefix, "--", 1) if column.startswith(prefix) else column
            shown = column.replace(prefix, match.wildcard, 1) if stem in generic else column
            added[f"RELREC.{shown}"] = other.spread(values).gather(rights)
        parts.append(_added(found, added))
    return _stacked(parts, table)


def _pairs(relations: Table, domain: str) -> pl.DataFrame:
    """Pairs of lines of RELREC with the same RELID, of which the first is about the domain."""
    names = ("STUDYID", "USUBJID", "RELID", "RDOMAIN", "IDVAR", "IDVARVAL")
    for name in names:
        if not relations.has(name):
            raise MissingColumn(name)
    lines = pl.DataFrame([relations.series(name).cast(pl.String).alias(name) for name in names])
    keys = ["STUDYID", "USUBJID", "RELID"]
    pairs = lines.filter(pl.col("RDOMAIN") == domain).join(
        lines.filter((pl.col("RDOMAIN") != domain).fill_null(True)),
        on=keys,
        how="inner",
        suffix="_2",
        nulls_equal=True,
        maintain_order="left_right",
    )
    return pairs.with_columns(
        (pl.col("IDVARVAL").is_not_null() & pl.col("IDVARVAL_2").is_not_null()).alias("by_value"),
        pl.col("USUBJID").is_not_null().alias("subject"),
    )


def _linked(
    table: Table,
    other: Table,
    pairs: pl.DataFrame,
    left_var: str,
    right_var: str,
    by_value: bool,
    subject: bool,
) -> tuple[pl.Series, pl.Series]:
    """The rows on both sides that pairs of RELREC relate, of the same study and subject."""
    sides = []
    for side, variable, at in ((table, left_var, "@left"), (other, right_var, "@right")):
        for name in ("STUDYID", "USUBJID"):
            if not side.has(name):
                raise MissingColumn(name)
        frame = pl.DataFrame(
            [
                side.series("STUDYID").alias("study"),
                side.series("USUBJID").alias("subject"),
                _as_words(side.column(variable), side).alias("value"),
            ]
        ).with_row_index(at)
        sides.append(frame)
    left, right = sides
    if by_value:
        keys = pairs.select(
            pl.col("USUBJID").alias("subject"),
            _words(pairs["IDVARVAL"], table, left_var).alias("value"),
            _words(pairs["IDVARVAL_2"], other, right_var).alias("value_2"),
        )
        on = ["subject", "value"] if subject else ["value"]
        first = keys.join(left, on=on, how="inner", maintain_order="left_right", suffix="_l")
        first = first.select(
            "@left",
            "study",
            "value_2",
            (pl.col("subject" if subject else "subject_l")).alias("subject"),
        )
        linked = first.join(
            right,
            left_on=["study", "subject", "value_2"],
            right_on=["study", "subject", "value"],
            how="inner",
            nulls_equal=True,
            maintain_order="left_right",
        )
    else:
        if subject:
            wanted = pairs.select(pl.col("USUBJID").alias("subject")).unique()
            left = left.join(wanted, on="subject", how="semi", maintain_order="left")
        linked = left.join(
            right,
            on=["study", "subject", "value"],
            how="inner",
            nulls_equal=True,
            maintain_order="left_right",
        )
    return linked["@left"], linked["@right"]


def _words(values: pl.Series, side: Table, variable: str) -> pl.Series:
    if not side.series(variable).dtype.is_numeric():
        return values
    words = canonical(values)
    assert isinstance(words, pl.Series)
    return words


def _stacked(parts: list[Table], like: Table) -> Table:
    """Tables under each other; no rows when there are none."""
    parts = [part for part in parts if part.height]
    if not parts:
        return like.gather(pl.Series([], dtype=pl.UInt32))
    if len(parts) == 1:
        return parts[0]
    names = list(dict.fromkeys(name for part in parts for name in part.columns))
    frame = pl.concat(
        [pl.DataFrame([part.series(name).alias(name) for name in part.columns]) for part in parts],
        how="diagonal_relaxed",
    )
    dataset: Column = like.dataset
    if not isinstance(dataset, Same):
        dataset = pl.concat([part.spread(part.dataset) for part in parts])
    columns: dict[str, Column] = {name: frame[name] for name in names}
    return Table(
        columns,
        frame.height,
        dataset,
        pl.concat([part.numbers() for part in parts]),
        like.prefix,
    )
