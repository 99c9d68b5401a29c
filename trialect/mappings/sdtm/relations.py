"""RELREC: records that belong together, as relations.csv says.

Each anchor record that has related ones gets a RELID of its own within the subject: the relation's
name and a number that counts the subject's anchors in the order of --SEQ. Lines with a RELTYPE
relate whole datasets; they are no subject's and belong to the trial design.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.sdtm.draft import SUBJECT, Derivation, Draft, Output, Relation
from trialect.mappings.sdtm.numbers import number_text
from trialect.metadata import Origin
from trialect.schemas.sdtm import dataset
from trialect.trial import BLOCK, FORM, ROW

_RECORD = (SUBJECT, "RDOMAIN", "seq")


def _apply(draft: Draft) -> None:
    parts: list[pl.DataFrame] = []
    for place, name in enumerate(dict.fromkeys(one.relation for one in draft.tables.relations)):
        lines = [
            one for one in draft.tables.relations if one.relation == name and one.reltype is None
        ]
        anchors = _anchors(draft, name, [one for one in lines if one.role == "anchor"])
        related = [
            part
            for one in lines
            if one.role == "related" and (part := _related(draft, one, anchors)) is not None
        ]
        together = pl.concat(related) if related else pl.DataFrame()
        if anchors.height and together.height:
            parts.append(_records(anchors, together, place))
    if parts:
        rows = pl.concat(parts).sort(SUBJECT, "place", "number", "is_related", "RDOMAIN", "seq")
        _add(draft, rows)


def _apply_to_datasets(draft: Draft) -> None:
    """Lines with a RELTYPE relate whole datasets by a variable: no subject, no value of IDVAR."""
    studyid = draft.study.studyid
    rows = [
        (studyid, one.domain[:2], None, next(iter(one.by), None), one.reltype, one.relation)
        for one in draft.tables.relations
        if one.reltype is not None
    ]
    if rows:
        names = ("STUDYID", "RDOMAIN", SUBJECT, "IDVAR", "RELTYPE", "RELID")
        records = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
        draft.add(DATASET_RELATIONS, "RELREC", records)


def _choose(draft: Draft, line: Relation) -> pl.DataFrame | None:
    """The records that a line of relations.csv means, with what names them."""
    model = dataset(line.domain)
    if model is None or not draft.has(line.domain, SUBJECT, model.expand("--SEQ")):
        return None
    return draft.chosen(line.domain, line.where).with_columns(
        pl.lit(line.domain).alias("RDOMAIN"), pl.col(model.expand("--SEQ")).alias("seq")
    )


def _anchors(draft: Draft, name: str, lines: list[Relation]) -> pl.DataFrame:
    """The anchor records of a relation with their RELID, numbered within the subject."""
    chosen = [part for line in lines if (part := _choose(draft, line)) is not None]
    if not chosen:
        return pl.DataFrame()
    whole = pl.concat(chosen, how="diagonal").unique(_RECORD, keep="first", maintain_order=True)
    whole = whole.sort(*_RECORD)
    number = pl.int_range(1, pl.len() + 1).over(SUBJECT)
    return whole.with_columns(number=number, RELID=pl.lit(f"{name}-") + number.cast(pl.String))


def _related(draft: Draft, line: Relation, anchors: pl.DataFrame) -> pl.DataFrame | None:
    """The records of a line that join an anchor: its RELID, number and the record."""
    chosen = _choose(draft, line)
    by = [SUBJECT, *line.by]
    if chosen is None or not set(by) <= {*chosen.columns} & {*anchors.columns}:
        return None
    keys = anchors.select(*by, "number", "RELID", RDOMAIN_anchor="RDOMAIN", seq_anchor="seq")
    joined = chosen.select(*dict.fromkeys([*_RECORD, *by, FORM, ROW])).join(keys, on=by)
    itself = (pl.col("RDOMAIN") == pl.col("RDOMAIN_anchor")) & (
        pl.col("seq") == pl.col("seq_anchor")
    )
    return joined.filter(~itself).select(*_RECORD, FORM, ROW, "number", "RELID")


def _records(anchors: pl.DataFrame, related: pl.DataFrame, place: int) -> pl.DataFrame:
    """Anchors that have related records, and those records, each once a RELID."""
    has_some = related.select(SUBJECT, "RELID").unique()
    first = anchors.select(related.columns).join(has_some, on=[SUBJECT, "RELID"], how="semi")
    return pl.concat(
        [
            first.with_columns(is_related=pl.lit(value=False)),
            related.unique([*_RECORD, "RELID"], keep="first").with_columns(
                is_related=pl.lit(value=True)
            ),
        ]
    ).with_columns(place=pl.lit(place))


def _add(draft: Draft, rows: pl.DataFrame) -> None:
    records = rows.select(
        pl.lit(draft.study.studyid).alias("STUDYID"),
        pl.col("RDOMAIN").str.slice(0, 2),
        SUBJECT,
        (pl.col("RDOMAIN").str.slice(0, 2) + "SEQ").alias("IDVAR"),
        number_text(rows["seq"]).alias("IDVARVAL"),
        pl.lit(None, pl.String).alias("RELTYPE"),
        "RELID",
        FORM,
        ROW,
        pl.lit(RELATIONS.name).alias(BLOCK),
    )
    for variable in ("STUDYID", "RDOMAIN", SUBJECT, "IDVAR", "IDVARVAL", "RELID"):
        draft.note(RELATIONS, "RELREC", variable)
    before = draft.frames.get("RELREC")
    draft.frames["RELREC"] = (
        records if before is None else pl.concat([before, records], how="diagonal")
    )


_ASSIGNED = Origin("Assigned", "Sponsor")

RELATIONS = Derivation(
    name="related_records",
    outputs=(
        Output("RELREC.STUDYID", (), "The study's identifier.", _ASSIGNED),
        *(
            Output(
                f"RELREC.{variable}", ("--SEQ",), "Names the related record by --SEQ.", _ASSIGNED
            )
            for variable in ("RDOMAIN", SUBJECT, "IDVAR", "IDVARVAL")
        ),
        Output(
            "RELREC.RELID",
            ("--SEQ",),
            "The relation's name and the number of its anchor record within the subject.",
            _ASSIGNED,
        ),
    ),
    apply=_apply,
)

DATASET_RELATIONS = Derivation(
    name="related_datasets",
    outputs=tuple(
        Output(f"RELREC.{variable}", (), "Names the related dataset and its variable.", _ASSIGNED)
        for variable in ("STUDYID", "RDOMAIN", "IDVAR", "RELTYPE", "RELID")
    ),
    apply=_apply_to_datasets,
)
