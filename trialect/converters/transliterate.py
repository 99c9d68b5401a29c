"""SDTM text in 7-bit ASCII: each character that is none is written by a declared table.

FHIR and registries keep the text as it was collected; XPT cannot. Every change is a finding and
stays reversible: the text as collected is kept in the package's lineage, and `trialect trace`
shows it.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from trialect.converters.writers.ascii import to_ascii
from trialect.problems import Problem, rule
from trialect.trial import FORM, ROW, Study, is_lineage

TRANSLITERATED = rule(
    "XPT-TRANSLITERATED",
    "note",
    "Text was written in ASCII",
    "{variable} holds {original!r}; the SDTM files say {written!r}.",
    "Nothing to mend; `sdtm.transliterate` in study.yaml declares another spelling.",
    "FDA Study Data Technical Conformance Guide 3.3 (ASCII text); SAS TS-140",
)


def transliterate(
    frames: Mapping[str, pl.DataFrame], study: Study
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame, list[Problem]]:
    """The frames in ASCII, the changed cells as a frame, and a note on each of them.

    The changed cells have the columns dataset, usubjid, seq, variable, original, written.
    """
    ascii_frames: dict[str, pl.DataFrame] = {}
    changed: list[dict[str, str | None]] = []
    problems: list[Problem] = []
    for name, frame in frames.items():
        columns: list[pl.Series] = []
        for column in frame.columns:
            if is_lineage(column) or frame[column].dtype != pl.String:
                continue
            series, changes = to_ascii(frame[column], extra=study.sdtm.transliterate)
            if not changes.height:
                continue
            columns.append(series)
            for place, original, written in changes.iter_rows():
                key = _key(name, frame, place)
                changed.append(
                    {**key, "variable": column, "original": original, "written": written}
                )
                problems.append(
                    TRANSLITERATED.problem(
                        file=_cell(frame, FORM, place),
                        row=_cell(frame, ROW, place),
                        domain=name,
                        usubjid=key["usubjid"],
                        seq=key["seq"],
                        variable=column,
                        value=original,
                        original=original,
                        written=written,
                    )
                )
        ascii_frames[name] = frame.with_columns(columns) if columns else frame
    schema = ["dataset", "usubjid", "seq", "variable", "original", "written"]
    return (
        ascii_frames,
        pl.DataFrame(changed, schema=dict.fromkeys(schema, pl.String)),
        problems,
    )


def _key(name: str, frame: pl.DataFrame, place: int) -> dict[str, str | None]:
    seq = next(
        (c for c in (f"{name[:2]}SEQ", "IDVARVAL", "QNAM") if c in frame.columns),
        None,
    )
    value = _cell(frame, seq, place) if seq else None
    if isinstance(value, float):
        value = int(value)
    return {
        "dataset": name,
        "usubjid": _cell(frame, "USUBJID", place),
        "seq": None if value is None else str(value),
    }


def _cell(frame: pl.DataFrame, column: str, place: int):  # type: ignore[no-untyped-def] # a cell may hold text or number
    return frame[column][place] if column in frame.columns else None
