"""IETEST and IECAT of criteria not met, by the criterion's code, as TI says them."""

from __future__ import annotations

import polars as pl

from trialect.mappings.sdtm.draft import Derivation, Draft, Output
from trialect.mappings.sdtm.long_text import first_piece
from trialect.metadata import Origin


def _apply(draft: Draft) -> None:
    criteria = draft.study.criteria
    if not draft.has("IE", "IETESTCD") or not criteria:
        return
    texts = {one.code: first_piece(one.text, draft.study) for one in criteria}
    categories = {one.code: one.category for one in criteria}
    for variable, values in (("IETEST", texts), ("IECAT", categories)):
        found = pl.col("IETESTCD").replace_strict(values, default=None, return_dtype=pl.String)
        draft.fill(CRITERIA, "IE", variable, found)


CRITERIA = Derivation(
    name="criterion",
    outputs=tuple(
        Output(
            variable,
            ("IETESTCD", f"TI.{variable.partition('.')[2]}"),
            "By the criterion's code, as in TI.",
            Origin("Protocol", "Sponsor"),
        )
        for variable in ("IE.IETEST", "IE.IECAT")
    ),
    apply=_apply,
)
