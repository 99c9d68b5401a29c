from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from study_of_pain import S1, frame

from trialect.mappings.fhir.datetimes import Precision, fhir_date, fhir_datetime

ISTANBUL, BERLIN = "Europe/Istanbul", "Europe/Berlin"

R4_DATETIME = re.compile(
    r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)(-(0[1-9]|1[0-2])(-(0[1-9]|[1-2][0-9]|3[0-1])"
    r"(T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]"
    r"|14:00)))?)?)?"
)
"""The regular expression of http://hl7.org/fhir/R4/datatypes.html#dateTime."""


@pytest.mark.parametrize(
    ("text", "zone", "expected", "rule"),
    [
        ("2026", None, "2026", None),
        ("2026-03", None, "2026-03", None),
        ("2026-03-05", None, "2026-03-05", None),
        ("2026-01-05T09:58", ISTANBUL, "2026-01-05T09:58:00+03:00", None),
        ("2026-01-05T09:58:07", BERLIN, "2026-01-05T09:58:07+01:00", None),
        ("2026-07-05T09:58:07.250", BERLIN, "2026-07-05T09:58:07.250+02:00", None),
        ("2026-01-05T09:58", "America/St_Johns", "2026-01-05T09:58:00-03:30", None),
        ("2026-01-05T09:58Z", None, "2026-01-05T09:58:00Z", None),
        ("2026-01-05T09:58+05:30", BERLIN, "2026-01-05T09:58:00+05:30", None),
        ("2026-01-05T09:58", None, "2026-01-05", "FHIR-TIME-ZONE"),
        ("2026-01-05T09:58", "Europe/Nowhere", "2026-01-05", "FHIR-TIME-ZONE"),
        ("2026-10-25T02:30", BERLIN, "2026-10-25", "FHIR-TIME-AMBIGUOUS"),
        ("2026-10-25T01:59", BERLIN, "2026-10-25T01:59:00+02:00", None),
        ("2026-10-25T03:00", BERLIN, "2026-10-25T03:00:00+01:00", None),
        ("2026-03-29T02:30", BERLIN, "2026-03-29", "FHIR-TIME-SKIPPED"),
        ("2026-03-29T03:00", BERLIN, "2026-03-29T03:00:00+02:00", None),
        ("2026-01-05T09", ISTANBUL, "2026-01-05", "FHIR-DATE-PARTIAL"),
        ("2026-01-05T-:30", ISTANBUL, "2026-01-05", "FHIR-DATE-PARTIAL"),
        ("2026-01-05T10:-:30", ISTANBUL, "2026-01-05", "FHIR-DATE-PARTIAL"),
        ("2026-01-05T10:20:-", ISTANBUL, "2026-01-05", "FHIR-DATE-PARTIAL"),
        ("2026---15", None, "2026", "FHIR-DATE-PARTIAL"),
        ("2026---15T10:20", ISTANBUL, "2026", "FHIR-DATE-PARTIAL"),
        ("2026-02--T10:20", ISTANBUL, "2026-02", "FHIR-DATE-PARTIAL"),
        ("--12-15", None, None, "FHIR-DATE-PARTIAL"),
        ("-----T10:20", ISTANBUL, None, "FHIR-DATE-PARTIAL"),
        ("2026-01-05/2026-01-09", None, "2026-01", "FHIR-DATE-PARTIAL"),
        ("2025-12-30/2026-01-02", None, None, "FHIR-DATE-PARTIAL"),
        ("2026-02-30", None, None, "FHIR-DATE"),
        ("2026-13", None, None, "FHIR-DATE"),
        ("0000", None, None, "FHIR-DATE"),
        ("2026-01-05T24:00", ISTANBUL, None, "FHIR-DATE"),
        ("2026-01-05T10:20+15:00", ISTANBUL, None, "FHIR-DATE"),
        ("5 January", None, None, "FHIR-DATE"),
        ("", None, None, "FHIR-DATE"),
    ],
)
def test_a_date_is_kept_as_far_as_fhir_can_hold_it(
    text: str, zone: str | None, expected: str | None, rule: str | None
) -> None:
    found, broken = fhir_datetime(text, zone)
    assert (found, broken and broken.id) == (expected, rule)
    assert found is None or R4_DATETIME.fullmatch(found)


@settings(deadline=None)
@given(st.from_regex(r"[0-9T:/+Z-]{0,24}", fullmatch=True), st.sampled_from([None, BERLIN]))
def test_no_text_makes_an_invalid_datetime_or_is_lost_silently(text: str, zone: str | None) -> None:
    found, broken = fhir_datetime(text, zone)
    assert found is None or R4_DATETIME.fullmatch(found)
    assert broken is not None or (found is not None and found.startswith(text[:16]))


@pytest.mark.parametrize(
    ("text", "precision", "expected", "rule"),
    [
        ("1980-05-17", "none", None, None),
        ("1980-05-17", "year", "1980", None),
        ("1980-05-17", "month", "1980-05", None),
        ("1980-05-17", "day", "1980-05-17", None),
        ("1980", "day", "1980", None),
        ("1980---17", "year", "1980", None),
        ("1980---17", "day", "1980", "FHIR-DATE-PARTIAL"),
        ("1980-05-17T10:00", "day", "1980-05-17", None),
        ("1980-02-30", "year", None, "FHIR-DATE"),
    ],
)
def test_a_birth_date_is_no_more_exact_than_the_study_allows(
    text: str, precision: Precision, expected: str | None, rule: str | None
) -> None:
    found, broken = fhir_date(text, precision)
    assert (found, broken and broken.id) == (expected, rule)


def test_each_record_with_such_a_date_is_told(write: Any) -> None:
    ae = frame(
        "USUBJID AESEQ AETERM AESTDTC AEENDTC",
        (S1, 1, "Pain", "2026-02-30", "2026-01-05T09"),
        (S1, 2, "Pain", "2026-02-30", "2026-01-05"),
    )
    written = write(changed={"AE": ae})
    told = [p for p in written.part.problems if p.domain == "AE"]
    assert [(p.rule, p.seq, p.variable) for p in told] == [
        ("FHIR-DATE", "1", "AESTDTC"),
        ("FHIR-DATE", "2", "AESTDTC"),
        ("FHIR-DATE-PARTIAL", "1", "AEENDTC"),
    ]
    assert "'2026-01-05T09' is written as 2026-01-05" in told[2].message
    assert "date" not in written.one("AdverseEvent", f"{S1}.AE.1")
