"""Records that were mapped, as a frame of their domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from trialect.mappings.fhir_sdtm import carried
from trialect.schemas.sdtm import dataset
from trialect.trial import BLOCK, FORM, ROW


def frame_of(studyid: str, domain: str, records: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """A domain of mapped records: the variables in the order of the model, then the lineage."""
    model = dataset(domain)
    names = {name for record in records for name in record}
    if model is not None:
        # What SDTMIG requires is there, empty or not: derivations and checks look at it.
        names |= {one.name for one in model.variables if one.core == "Req"} - {
            "STUDYID",
            "DOMAIN",
        }
    own = sorted(
        (n for n in names if n[0] != "@" and model and model.allowed(n)),
        key=lambda n: model.place(n) if model else (0, 0),
    )
    others = sorted(n for n in names if n[0] != "@" and n not in own)
    is_record = not domain.startswith(("SUPP", carried.RELREC))
    schema: dict[str, Any] = {"STUDYID": pl.String} | ({"DOMAIN": pl.String} if is_record else {})
    for name in (*own, *others):
        variable = model.allowed(name) if model else None
        is_number = variable is not None and variable.type == "Num"
        schema[name] = pl.Float64 if is_number else pl.String
    schema |= {FORM: pl.String, ROW: pl.Int64, BLOCK: pl.String}
    if "@item" in names:
        schema["@item"] = pl.String
    start = {"STUDYID": studyid, "DOMAIN": domain}
    columns = {name: [start.get(name) or record.get(name) for record in records] for name in schema}
    return pl.DataFrame(columns, schema).sort("USUBJID", maintain_order=True)
