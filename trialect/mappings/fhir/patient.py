"""DM to Patient: who the subject is, without a name, born no more exactly than the study allows."""

from __future__ import annotations

from typing import Any

import polars as pl

from trialect.mappings.fhir import datetimes
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import ID, RECORD, Partition
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, SiteRef, Template, Text
from trialect.mappings.fhir.terms import NOT_MAPPED, values

TYPE = "Patient"

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
"""R4 itself has no race and no ethnicity (HL7/CDISC joint mapping: a gap)."""

DM = ("SUBJID", "SITEID", "SEX", "BRTHDTC", "DTHDTC", "DTHFL", "RACE", "ETHNIC")


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    return {
        **opening(part, TYPE, [Json("race"), Json("ethnicity")]),
        "gender": Text("gender"),
        "birthDate": Text("born"),
        "deceasedBoolean": Json("dead"),
        "deceasedDateTime": Text("died"),
        "managingOrganization": SiteRef("Organization", "site"),
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a subject (DM)."""
    dm = part.domain("DM", DM).unique("USUBJID", keep="first", maintain_order=True)
    dm = part.dated(dm, "DM", "DTHDTC", "died")
    dm = _born(part, dm)
    genders = values("gender")
    part.report(
        dm.filter(pl.col("SEX").is_not_null() & ~pl.col("SEX").is_in(list(genders))),
        "DM",
        "SEX",
        NOT_MAPPED,
    )
    dm = _with_races(part, dm)
    dm = part.fragments(dm, ["RACE", "races"], _race, "race")
    dm = part.fragments(dm, ["ETHNIC"], _ethnicity, "ethnicity")
    codes = {source: code["code"] for source, code in genders.items()}
    return dm.with_columns(
        pl.col("USUBJID").alias(RECORD),
        part.identity.ids(TYPE, dm["USUBJID"]).alias(ID),
        gender=pl.col("SEX").replace_strict(codes, default=None, return_dtype=pl.String),
        dead=pl.when((pl.col("DTHFL") == "Y") & pl.col("died").is_null()).then(pl.lit("true")),
        site=site_of(part),
    )


def site_of(part: Partition) -> pl.Expr:
    """The value of the identifier of the subject's site, where the study knows the site."""
    known = {site.id: f"site-{site.id}" for site in part.study.sites}
    return pl.col("SITEID").replace_strict(known, default=None, return_dtype=pl.String)


def _born(part: Partition, dm: pl.DataFrame) -> pl.DataFrame:
    allowed = part.study.fhir.birth_date
    made = [
        (None, None) if text is None else datetimes.fhir_date(text, allowed)
        for text in dm["BRTHDTC"]
    ]
    dm = dm.with_columns(
        pl.Series("born", [value for value, _ in made], dtype=pl.String),
        pl.Series("@rule", [fault and fault.id for _, fault in made], dtype=pl.String),
    )
    for fault in dict.fromkeys(fault for _, fault in made if fault is not None):
        part.report(dm.filter(pl.col("@rule") == fault.id), "DM", "BRTHDTC", fault, written="born")
    return dm.drop("@rule")


def _with_races(part: Partition, dm: pl.DataFrame) -> pl.DataFrame:
    """With `races`: where RACE is MULTIPLE, those that SUPPDM lists (RACE1, RACE2, ...)."""
    supp = part.supplemental("DM")
    if supp is None:
        return dm.with_columns(races=pl.lit(None, pl.List(pl.String)))
    listed = supp.filter(pl.col("QNAM").str.contains(r"^RACE\d+$")).sort("USUBJID", "QNAM")
    listed = listed.group_by("USUBJID", maintain_order=True).agg(races="QVAL")
    found = dm.join(listed, on="USUBJID", how="left", maintain_order="left")
    multiple = pl.col("RACE") == "MULTIPLE"
    return found.with_columns(races=pl.when(multiple).then("races"))


def _race(race: str | None, several: list[str] | None) -> dict[str, Any] | None:
    if several:
        return _category("race", f"{race}: {', '.join(several)}", several)
    return _category("race", race, [race] if race else [])


def _ethnicity(value: str | None) -> dict[str, Any] | None:
    return _category("ethnicity", value, [value] if value else [])


def _category(table: str, text: str | None, named: list[str]) -> dict[str, Any] | None:
    """A US Core extension: the categories that are theirs, and the text as collected."""
    if text is None:
        return None
    codings = [values(table)[value] for value in named if value in values(table)]
    parts: list[dict[str, Any]] = [{"url": "ombCategory", "valueCoding": one} for one in codings]
    return {"url": US_CORE + table, "extension": [*parts, {"url": "text", "valueString": text}]}


RESOURCE = SubjectResource(TYPE, template, rows)
