"""The rows that were not converted, as CSV that can be mended and fed again.

A file holds the form's own columns as they were read, behind three that tell the row of the
source, the rules it breaks and the reasons. Readers leave these three out. It begins with a byte
order mark, without which Excel takes UTF-8 for the machine's own encoding and spoils it on saving.
Cells stand as they were collected, also where a spreadsheet would take one for a formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl

from trialect.converters.rejected import Rejected
from trialect.converters.stage import REJECT_REASON, REJECT_ROW, REJECT_RULE
from trialect.trial import ROW, is_lineage

BETWEEN = " | "
"""What stands between several reasons of one row."""


def rejected_rows(
    forms: Mapping[str, pl.DataFrame], rejected: Sequence[Rejected]
) -> dict[str, pl.DataFrame]:
    """The rejected rows of each form that has any, in the order of the file.

    `trialect_row` (Int64), `trialect_rule` and `trialect_reason` (String; each rule and reason
    once, in the order given), then the form's columns. Raises KeyError for a form that is not
    among `forms`, ValueError for a row that it does not hold.
    """
    found: dict[str, dict[int, tuple[dict[str, None], dict[str, None]]]] = {}
    for one in rejected:
        rules, reasons = found.setdefault(one.form, {}).setdefault(one.row, ({}, {}))
        rules[one.rule] = None
        reasons[one.reason] = None
    frames = {}
    for form, rows in sorted(found.items()):
        why = pl.DataFrame(
            {
                REJECT_ROW: list(rows),
                REJECT_RULE: [BETWEEN.join(rules) for rules, _ in rows.values()],
                REJECT_REASON: [BETWEEN.join(reasons) for _, reasons in rows.values()],
            },
            schema={REJECT_ROW: pl.Int64, REJECT_RULE: pl.String, REJECT_REASON: pl.String},
        )
        source = forms[form]
        columns = [name for name in source.columns if not is_lineage(name)]
        frame = why.join(source.select(ROW, *columns), left_on=REJECT_ROW, right_on=ROW)
        if frame.height != why.height:
            raise ValueError(f"form {form} does not hold every row that is rejected of it")
        frames[form] = frame.sort(REJECT_ROW)
    return frames


def write_rejected(
    folder: Path, form: str, frames: Iterable[pl.DataFrame], *, delimiter: str = ","
) -> int:
    """Write `<form>.csv` into the folder, by row; gives the number of rows.

    The frames are those of `rejected_rows` and `stage.rejected_frames`. Without a row there is no
    file. `delimiter` is the form's own, so that what study.yaml says of the form holds of this
    file too; the encoding is UTF-8, which its mark says.
    """
    parts = [frame for frame in frames if frame.height]
    if not parts:
        return 0
    rows = pl.concat(parts).sort(REJECT_ROW, maintain_order=True)
    path = folder / f"{form}.csv"
    if path.parent.resolve() != folder.resolve():
        raise ValueError(f"form {form!r} is no file name")
    folder.mkdir(parents=True, exist_ok=True)
    rows.write_csv(path, include_bom=True, separator=delimiter, line_terminator="\n")
    return rows.height
