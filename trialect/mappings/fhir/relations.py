"""RELREC to references: records that belong together refer to each other.

codes/relations.csv says by which element: the first line of the release that fits the two
resources, one way or the other. `from` and `to` are types (`*`: any); a condition is the domains
of the record, or `derived` or `collected` (--DRVFL). A place is

| place | what is written |
|---|---|
| `derivedFrom` | the reference as an item of the element |
| `supportingInfo.itemReference` | an item of the element that has the reference under this name |
| `evidence.detail*` | the same, where that is a list |
| `hl7:NAME` | HL7's extension of this name |
| `R5:Type.element.part` | the extension for an element that only R5 has (docs/fhir-releases.md) |
| `own:NAME` | an extension BASE/StructureDefinition/NAME |

Relations of records name them by a value of a variable; those of whole datasets relate the records
of a subject that have the same value. Records of one domain refer to each other only where one is
derived from the other. What RELREC says letter by letter, RELID too, the records' own extensions
say (variables.attached) or the ResearchStudy's.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations

import polars as pl

from trialect.mappings.fhir.identity import Identity
from trialect.mappings.fhir.partition import ID, SUBJECT, Partition
from trialect.mappings.fhir.related_records import RELREC, of_datasets, of_records
from trialect.mappings.fhir.slots import Refs, Template
from trialect.mappings.fhir.variables import class_of
from trialect.mappings.sdtm.numbers import number_text

HL7 = "http://hl7.org/fhir/StructureDefinition/"

_FOUND = {
    "type": pl.String,
    ID: pl.String,
    "place": pl.String,
    "to": pl.String,
    "target": pl.String,
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of codes/relations.csv."""

    release: str
    source: str
    source_where: tuple[str, ...]
    target: str
    target_where: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Kind:
    """What a line asks of a record: its resource, its domain, whether it is derived."""

    type: str
    domain: str
    derived: bool

    def fits(self, type: str, where: tuple[str, ...]) -> bool:
        """Whether a line's `from` or `to` means such records."""
        state = "derived" if self.derived else "collected"
        return type in ("*", self.type) and (not where or self.domain in where or state in where)


@cache
def table() -> tuple[Line, ...]:
    """codes/relations.csv."""
    with files(__package__).joinpath("codes", "relations.csv").open(encoding="utf-8") as file:
        return tuple(
            Line(
                row["release"],
                row["from"],
                tuple(row["from_where"].split()),
                row["to"],
                tuple(row["to_where"].split()),
                row["place"],
            )
            for row in csv.DictReader(file)
        )


def place_of(one: Kind, other: Kind, release: str) -> tuple[str, bool]:
    """Where a relation of two records is said, and whether the first refers to the other."""
    for line in table():
        if line.release not in ("", release):
            continue
        if one.fits(line.source, line.source_where) and other.fits(line.target, line.target_where):
            return line.place, True
        if other.fits(line.source, line.source_where) and one.fits(line.target, line.target_where):
            return line.place, False
    raise AssertionError("the last line of relations.csv fits every two resources")


def with_references(
    part: Partition, type: str, rows: pl.DataFrame, template: Template
) -> tuple[pl.DataFrame, Template]:
    """A resource's rows and template with the references to what RELREC relates to them."""
    found = part.made(related).filter(
        (pl.col("type") == type) & pl.col(ID).is_in(rows[ID].implode())
    )
    if not found.height:
        return rows, template
    filled = dict(template)
    for (place, to), mine in found.group_by("place", "to", maintain_order=True):
        column = f"@{place} {to}"
        targets = mine.group_by(ID, maintain_order=True).agg(pl.col("target").alias(column))
        rows = rows.join(targets, on=ID, how="left", maintain_order="left")
        element, before, after = _form(str(place), part.identity)
        slot = Refs(str(to), column, before, after)
        filled[element] = [*filled.get(element, ()), slot]
    return rows, filled


def _form(place: str, identity: Identity) -> tuple[str, str, str]:
    """The element of a place, and the JSON before and after each reference."""
    scheme, _, rest = place.rpartition(":")
    if scheme == "R5":
        element, _, inner = rest.rpartition(".")
        url = identity.element("R5", element)
        before = f'{{"url":"{url}","extension":[{{"url":"{inner}","valueReference":'
        return "extension", before, "}]}"
    if scheme:
        url = HL7 + rest if scheme == "hl7" else identity.extension(rest)
        return "extension", f'{{"url":"{url}","valueReference":', "}"
    element, _, inner = place.partition(".")
    if not inner:
        return element, "", ""
    name = inner.removesuffix("*")
    return (element, f'{{"{name}":[', "]}") if inner != name else (element, f'{{"{name}":', "}")


def related(part: Partition) -> pl.DataFrame:
    """Every reference that RELREC makes: `type` and `id` of the resource, its `place`, `to` (type)
    and `target` (id) of the other; in the order of the others' domains and numbers.
    """
    found = [pl.DataFrame(schema=_FOUND)]
    for members in (_named(part), _alike(part)):
        for one, other in combinations(members, 2):
            found += _pairs(part, one, other)
        for one in members:
            found += _pairs(part, one, one)
    whole = pl.concat(found)
    return whole.unique([ID, "place", "target"], keep="first", maintain_order=True)


@dataclass(frozen=True, slots=True)
class _Members:
    """Records of a domain that are in relations: subject, `group`, `seq`, `derived`, `id`."""

    domain: str
    type: str
    records: pl.DataFrame


def _pairs(part: Partition, one: _Members, other: _Members) -> Iterator[pl.DataFrame]:
    states = (False, True)
    same = one is other
    for mine, its in ((True, False),) if same else [(m, i) for m in states for i in states]:
        near = one.records.filter(pl.col("derived") == mine)
        far = other.records.filter(pl.col("derived") == its)
        if not near.height or not far.height:
            continue
        both = near.join(far, on=[SUBJECT, "group"], suffix="#")
        if not both.height:
            continue
        kinds = Kind(one.type, one.domain, mine), Kind(other.type, other.domain, its)
        place, forward = place_of(*kinds, part.study.fhir.release)
        if same and place != "derivedFrom":
            continue
        source, target = (one, other) if forward else (other, one)
        near_id, far_id, seq = (ID, f"{ID}#", "seq#") if forward else (f"{ID}#", ID, "seq")
        yield both.sort(SUBJECT, seq, maintain_order=True).select(
            pl.lit(source.type).alias("type"),
            pl.col(near_id).alias(ID),
            pl.lit(place).alias("place"),
            pl.lit(target.type).alias("to"),
            pl.col(far_id).alias("target"),
        )


def _named(part: Partition) -> list[_Members]:
    """What relations of single records name, by RELID."""
    if not part.has(RELREC):
        return []
    relations = part.made(of_records)
    found: dict[str, list[pl.DataFrame]] = {}
    for (domain, key), rows in relations.group_by("RDOMAIN", "IDVAR", maintain_order=True):
        records = _records(part, str(domain), key)
        if records is not None:
            named = rows.select(SUBJECT, value="IDVARVAL", group="RELID").unique()
            joined = records.join(named, on=[SUBJECT, "value"]).drop("value")
            found.setdefault(str(domain), []).append(joined)
    return _members(part, {name: pl.concat(several) for name, several in found.items()})


def _alike(part: Partition) -> list[_Members]:
    """What relations of whole datasets relate: records of a subject with the same value."""
    found: dict[str, list[pl.DataFrame]] = {}
    for domain, key, relation in part.made(of_datasets).unique(maintain_order=True).iter_rows():
        records = _records(part, domain, key)
        if records is not None:
            group = pl.lit(f"{relation} ") + pl.col("value")
            found.setdefault(domain, []).append(records.with_columns(group=group).drop("value"))
    return _members(part, {name: pl.concat(several) for name, several in found.items()})


def _records(part: Partition, domain: str, key: object) -> pl.DataFrame | None:
    """A domain's records that have a number and a value of the variable: `value`, its text."""
    frame = part.frame(domain)
    seq = f"{domain}SEQ"
    if not isinstance(key, str) or not {key, seq, "USUBJID"} <= set(frame.columns):
        return None
    derived = pl.col(f"{domain}DRVFL") == "Y" if f"{domain}DRVFL" in frame.columns else pl.lit(None)
    value = number_text(frame[key]) if frame[key].dtype.is_numeric() else frame[key]
    return (
        frame.select("USUBJID", pl.col(seq).alias("seq"), derived=derived.fill_null(value=False))
        .with_columns(value.cast(pl.String).alias("value"))
        .filter(pl.col("seq").is_not_null() & pl.col("value").is_not_null())
        .join(part.subjects.select("USUBJID", SUBJECT), on="USUBJID", maintain_order="left")
    )


def _members(part: Partition, found: dict[str, pl.DataFrame]) -> list[_Members]:
    """With the ids of their resources; without the domains that have none of their own."""
    made = []
    for domain, records in sorted(found.items()):
        kind = _type(part, domain)
        if kind is None or not records.height:
            continue
        records = records.unique([SUBJECT, "group", "seq"], keep="first", maintain_order=True)
        names = records["USUBJID"]
        if kind != "ResearchSubject":
            number = number_text(records["seq"])
            names = records.select(pl.concat_str("USUBJID", pl.lit(f".{domain}."), number))[
                "USUBJID"
            ]
        ids = part.identity.ids(kind, names).alias(ID)
        made.append(_Members(domain, kind, records.with_columns(ids)))
    return made


def _type(part: Partition, domain: str) -> str | None:
    """The resource that a record of the domain has; None where it has none, or blinded none."""
    match domain, class_of(domain, frozenset(part.schema(domain))):
        case "AE", _:
            return "AdverseEvent"
        case "DS", _:
            return "ResearchSubject"
        case (("EX" | "PR"), _):
            return "Procedure"
        case "EC", _:
            return "MedicationAdministration" if part.unblinded else None
        case _, "Findings":
            return "Observation"
        case _, "Events" if domain != "SV":
            return "Condition"
        case _, "Interventions":
            return "MedicationStatement"
        case _:
            return None
