"""A period that R4 can compare (invariant per-1), and the exact text of what was cut for it."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from study_of_pain import BASE, S1, STUDY, frames

from trialect.mappings.fhir.periods import comparable
from trialect.protocol import StudyDate
from trialect.schemas.fhir import check_resource


@pytest.mark.parametrize(
    ("start", "end", "written", "exact"),
    [
        ("2026-01-20T10:41:00Z", "2026-01-20", ("2026-01-20", "2026-01-20"), (1, 0)),
        ("2026-01-20", "2026-01-20T10:41:00Z", ("2026-01-20", "2026-01-20"), (0, 1)),
        ("2026-01-20", "2026-01", ("2026-01", "2026-01"), (1, 0)),
        ("2026", "2026-02-03", ("2026", "2026"), (0, 1)),
        ("2026-01-19T10:41:00Z", "2026-01-20", None, (0, 0)),
        ("2025-12", "2026-01-20", None, (0, 0)),
        ("2026-01-20", "2026-01-20", None, (0, 0)),
        ("2026-01-20T10:41:00Z", "2026-01-20T10:41:00.5Z", None, (0, 0)),
        ("2026-01-20T10:41:00Z", None, None, (0, 0)),
        (None, "2026-01-20", None, (0, 0)),
    ],
)
def test_only_what_cannot_be_compared_is_cut(
    start: str | None, end: str | None, written: tuple[str, str] | None, exact: tuple[int, int]
) -> None:
    frame = pl.DataFrame({"a": [start], "b": [end]}, schema={"a": pl.String, "b": pl.String})
    (found,) = frame.select(**comparable("a", "b")).to_dicts()
    assert (found["comparable_start"], found["comparable_end"]) == (written or (start, end))
    assert found["exact_start"] == (start if exact[0] else None)
    assert found["exact_end"] == (end if exact[1] else None)


def test_the_exact_text_stands_beside_what_was_cut(write: Any) -> None:
    dm = frames()["DM"].with_columns(RFPENDTC=pl.col("RFICDTC").str.slice(0, 10))
    found = write(changed={"DM": dm}).one("ResearchSubject", S1)
    (extension,) = found["period"]["_start"].pop("extension")
    assert found["period"] == {"start": "2025-12-25", "_start": {}, "end": "2025-12-25"}
    assert extension["url"].endswith("/StructureDefinition/exact")
    assert extension["valueDateTime"] == "2025-12-25T09:30:00+03:00"
    found["period"]["_start"]["extension"] = [extension]
    assert check_resource(found) == []


EXACT = f"{BASE}/StructureDefinition/exact"


@pytest.mark.parametrize("release", ["R4", "R5"])
@pytest.mark.parametrize(
    ("start", "end", "cut"),
    [
        ("2025-12", "2025-12-28", {"end": "2025-12"}),
        ("2025-12-01", "2025-12", {"start": "2025-12"}),
        ("2025-12-01", "2025", {"start": "2025"}),
        ("2025-12", "2026-06-22", {}),
        ("2025-12-01", "2025-12-01", {}),
    ],
)
def test_the_period_of_the_study_can_be_compared(
    write: Any, release: str, start: str, end: str, cut: dict[str, str]
) -> None:
    given = replace(STUDY, start=StudyDate(start), completion=StudyDate(end))
    (found,) = write(given).of("ResearchStudy")
    whole = {"start": start, "end": end}
    wanted: dict[str, Any] = dict(whole)
    for name, text in (cut if release == "R4" else {}).items():
        wanted[name] = text
        extension = {"url": EXACT, "valueDateTime": whole[name]}
        wanted[f"_{name}"] = {"extension": [extension]}
    assert found["period"] == wanted
    assert check_resource(found, release=release) == []


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_an_end_of_the_study_before_its_start_stands_in_the_extension_alone(
    write: Any, release: str
) -> None:
    given = replace(STUDY, start=StudyDate("2026-01-02"), completion=StudyDate("2026-01"))
    earlier = replace(given, completion=StudyDate("2025"))
    (found,) = write(earlier).of("ResearchStudy")
    extension = {"url": EXACT, "valueDateTime": "2025"}
    assert found["period"] == {"start": "2026-01-02", "_end": {"extension": [extension]}}
    assert check_resource(found, release=release) == []
    (found,) = write(given).of("ResearchStudy")
    assert "_end" not in found["period"]
