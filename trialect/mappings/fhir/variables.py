"""Where each SDTM variable goes in FHIR: codes/variables.csv, and what no element holds.

Every variable of every domain has a line, by its domain, its class, or for all (`*`); `--` stands
for the domain's letters. A variable without a line is one for which FHIR has no place: it goes to
an extension BASE/StructureDefinition/VARIABLE, as text or as a number. The kinds:

| kind | an extension says it too |
|---|---|
| element | never: it can be read back from the element |
| both | where all variables are wanted: the element does not say it letter by letter |
| dated | where the text of the date is not that of the element (a time without zone, a part) |
| stamped | as `dated`, but where not all variables are wanted only what was cut |
| derived | where all variables are wanted: SDTM derives it from others |
| private | as `derived`, where the study lets a birth date be told |
| extension | always |
| unblinded | unblinded alone |

All variables are wanted (`Study.fhir.all_variables`) of what enters as an SDTM package, which
states what others derive.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

import polars as pl

from trialect.mappings.fhir.blind import is_kit
from trialect.mappings.fhir.decimals import decimal_texts
from trialect.mappings.fhir.json_strings import escaped
from trialect.mappings.fhir.partition import RECORD, Partition
from trialect.mappings.fhir.related_records import RELREC, of_records
from trialect.mappings.sdtm.numbers import number_text
from trialect.schemas.sdtm.model import dataset
from trialect.trial import Study, is_lineage

Kind = Literal[
    "element", "both", "dated", "stamped", "derived", "private", "extension", "unblinded"
]

MORE = "more"
"""Column: the extensions of a record's own, as the items of a JSON list."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a variable goes: the kind, and the element in words."""

    kind: Kind
    element: str


@cache
def table() -> dict[tuple[str, str], Place]:
    """codes/variables.csv: by domain or class (`*`: all) and variable, where it goes."""
    with files(__package__).joinpath("codes", "variables.csv").open(encoding="utf-8") as file:
        return {
            (row["place"], row["variable"]): Place(cast("Kind", row["kind"]), row["element"])
            for row in csv.DictReader(file)
        }


def class_of(domain: str, columns: frozenset[str] | None = None) -> str:
    """The general observation class of a domain: SDTMIG's, of a custom one by its variables.

    Empty for what is of none (DM, SE, TS).
    """
    model = dataset(domain)
    if model is not None:
        known = model.observation_class
        return "Findings" if known == "Findings About" else known
    for variable, name in (("TESTCD", "Findings"), ("TRT", "Interventions"), ("TERM", "Events")):
        if columns and f"{domain}{variable}" in columns:
            return name
    return ""


def place(domain: str, variable: str, observation_class: str) -> Place:
    """Where a variable of a domain goes."""
    general = f"--{variable[2:]}" if variable.startswith(domain) else variable
    known = table()
    for where, name in (
        (domain, variable),
        (domain, general),
        (observation_class, general),
        ("*", general),
    ):
        if (found := known.get((where, name))) is not None:
            return found
    return Place("extension", "")


def said_twice(place: Place, study: Study, *, unblinded: bool) -> bool:
    """Whether a variable goes to an extension, as far as its kind tells."""
    everything = study.fhir.all_variables
    match place.kind:
        case "element":
            return False
        case "both" | "derived":
            return everything
        case "private":
            return everything and study.fhir.birth_date != "none"
        case "unblinded":
            return unblinded
        case _:
            return True


def carried(part: Partition, domain: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The Char and the Num variables of a domain that extensions are to hold."""
    texts: list[str] = []
    numbers: list[str] = []
    schema = part.schema(domain)
    group = class_of(domain, frozenset(schema))
    for name, dtype in schema.items():
        if is_lineage(name):
            continue
        where = place(domain, name, group)
        if said_twice(where, part.study, unblinded=part.unblinded):
            (numbers if dtype.is_numeric() else texts).append(name)
    return tuple(texts), tuple(numbers)


def with_more(
    part: Partition,
    frame: pl.DataFrame,
    domain: str,
    dates: Mapping[str, str] | None = None,
    unsaid: Mapping[str, pl.Expr] | None = None,
) -> pl.DataFrame:
    """The frame with `more`: an extension for each value that no element holds, then what is
    attached to the record (`attached`). `dates` gives, by --DTC variable, the column of the
    element's dateTime; `unsaid`, by variable with an element, of which records the element cannot
    say the value.
    """
    texts, numbers = carried(part, domain)
    group = class_of(domain, frozenset(part.schema(domain)))
    named = []
    for name, where in (unsaid or {}).items():
        if name not in texts:
            value = pl.select(
                pl.when(frame.select(where).to_series()).then(escaped(frame[name]))
            ).to_series()
            extension = _extension(part.identity.extension(name), value, number=False)
            named.append(extension.alias(name))
    for name in (*texts, *numbers):
        number = name in numbers
        value = number_text(frame[name]) if number else escaped(frame[name])
        column = (dates or {}).get(name)
        if column is not None:
            kind = place(domain, name, group).kind
            whole = part.study.fhir.all_variables or kind == "dated"
            same = (
                frame[column].eq_missing(frame[name])
                if whole
                else frame.select(
                    pl.col(column).str.starts_with(pl.col(name)).fill_null(False)
                ).to_series()
            )
            value = pl.select(pl.when(~same).then(value)).to_series()
        if value.null_count() == len(value):
            continue
        named.append(_extension(part.identity.extension(name), value, number=number).alias(name))
    named += attached(part, frame, domain)
    if not named:
        return frame.with_columns(pl.lit(None, pl.String).alias(MORE))
    joined = pl.concat_str(*named, separator=",", ignore_nulls=True)
    return (
        frame.with_columns(joined.replace("", None).alias(MORE))
        if frame.height
        else (frame.with_columns(pl.lit(None, pl.String).alias(MORE)))
    )


def attached(part: Partition, frame: pl.DataFrame, domain: str) -> list[pl.Series]:
    """What other datasets say of the records of a domain, as extensions of several parts.

    SUPP-- (BASE/StructureDefinition/SUPP--), CO (.../CO) and RELREC of single records (.../RELREC),
    each a text of list items a record.
    """
    found = []
    if (supp := part.supplemental(domain)) is not None:
        supp = part.hide(supp, ("QVAL", "QLABEL"))
        if not part.unblinded and {"QNAM", "QLABEL"} <= set(supp.columns):
            supp = supp.filter(~is_kit())
        found.append(_joined_to(part, frame, domain, supp, "SUPP--", SUPP))
    if part.has("CO") and domain != "CO":
        known = [c for c in part.schema("CO") if c.startswith("CO") and c not in ("COSEQ",)]
        comments = part.hide(part.frame("CO"), [c for c in known if c.startswith("COVAL")])
        for_domain = (
            pl.col("RDOMAIN").is_null() | (pl.col("RDOMAIN") == "DM")
            if domain == "DM"
            else pl.col("RDOMAIN") == domain
        )
        if {"RDOMAIN", "IDVAR", "IDVARVAL"} <= set(comments.columns):
            comments = comments.filter(for_domain)
        elif domain != "DM":
            comments = comments.clear()
        found.append(_joined_to(part, frame, domain, comments, "CO", ("COSEQ", *known)))
    if part.has(RELREC):
        relations = part.made(of_records).filter(pl.col("RDOMAIN") == domain)
        if relations.height:
            found.append(_joined_to(part, frame, domain, relations, RELREC, RELATION))
    return found


RELATION = ("IDVAR", "RELTYPE", "RELID")


SUPP = ("IDVAR", "QNAM", "QLABEL", "QVAL", "QORIG", "QEVAL")


def _joined_to(
    part: Partition,
    frame: pl.DataFrame,
    domain: str,
    other: pl.DataFrame,
    name: str,
    columns: tuple[str, ...],
) -> pl.Series:
    """The items of `other` that name a record of the frame, joined by commas; null for none."""
    url = part.identity.extension(name)
    absent = [c for c in ("IDVAR", "IDVARVAL") if c not in other.columns]
    other = other.with_columns(pl.lit(None, pl.String).alias(c) for c in absent)
    parts = []
    for column in columns:
        if column in other.columns and other[column].null_count() < other.height:
            number = other.schema[column].is_numeric()
            values = number_text(other[column]) if number else escaped(other[column])
            parts.append(_extension(column, values, number=number).alias(column))
    nothing = pl.Series(f"@{name}", [None] * frame.height, dtype=pl.String)
    if not parts:
        return nothing
    inner = pl.concat_str(*parts, separator=",", ignore_nulls=True)
    items = other.select(
        "USUBJID",
        "IDVAR",
        "IDVARVAL",
        item=pl.concat_str(pl.lit(f'{{"url":"{url}","extension":['), inner, pl.lit("]}")),
    )
    records = frame.select("USUBJID").with_row_index("@n")
    found = []
    for key in items["IDVAR"].unique(maintain_order=True).to_list():
        mine = items.filter(pl.col("IDVAR").eq_missing(key))
        on = ["USUBJID"]
        named = records
        if key is not None:
            if key not in frame.columns:
                part.lose(domain, name, key, mine.height)
                continue
            keys = frame[key]
            keys = number_text(keys) if keys.dtype.is_numeric() else keys.cast(pl.String)
            named = records.with_columns(keys.alias("IDVARVAL"))
            on.append("IDVARVAL")
        elif domain != "DM" and name != "SUPP--":
            part.lose(domain, name, "IDVAR", mine.height)
            continue
        found.append(named.join(mine, on=on, how="inner").select("@n", "item"))
    if not found:
        return nothing
    grouped = pl.concat(found).group_by("@n", maintain_order=True).agg(pl.col("item").str.join(","))
    whole = records.join(grouped, on="@n", how="left", maintain_order="left")
    return whole.get_column("item").alias(f"@{name}")


def complex_extension(
    part: Partition, domain: str, name: str, *, only: pl.Expr | None = None
) -> pl.DataFrame:
    """USUBJID and `item`: the records of a domain as extensions of several parts, by subject.

    For domains that have no resource of their own (DS, SE): they go to the ResearchSubject.
    """
    texts, numbers = carried(part, domain)
    frame = part.domain(domain, texts, numbers)
    if only is not None:
        frame = frame.filter(only)
    parts = []
    for column in (*texts, *numbers):
        number = column in numbers
        values = number_text(frame[column]) if number else escaped(frame[column])
        if values.null_count() < len(values):
            parts.append(_extension(column, values, number=number).alias(column))
    empty = pl.DataFrame(schema={"USUBJID": pl.String, "item": pl.String})
    if not parts:
        return empty
    supp = [one for one in attached(part, frame, domain) if one.null_count() < len(one)]
    url = part.identity.extension(name)
    inner = pl.concat_str(*parts, *supp, separator=",", ignore_nulls=True)
    items = frame.select(
        "USUBJID",
        item=pl.concat_str(pl.lit(f'{{"url":"{url}","extension":['), inner, pl.lit("]}")),
    )
    return items.group_by("USUBJID", maintain_order=True).agg(pl.col("item").str.join(","))


def _extension(url: str, values: pl.Series, *, number: bool) -> pl.Series:
    start = f'{{"url":"{url}",' + ('"valueDecimal":' if number else '"valueString":"')
    end = "}" if number else '"}'
    values = decimal_texts(values) if number else values
    return pl.select(
        pl.when(values.is_not_null()).then(pl.concat_str(pl.lit(start), values, pl.lit(end)))
    ).to_series()


__all__ = [
    "MORE",
    "RECORD",
    "Place",
    "attached",
    "carried",
    "class_of",
    "complex_extension",
    "place",
    "said_twice",
    "table",
    "with_more",
]
