from __future__ import annotations

import re
import uuid
from urllib.parse import unquote

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from study_of_pain import BASE, STUDY, study

from trialect.mappings.fhir.identity import Identity, condition_value, parse_record
from trialect.problems import Unusable
from trialect.study_options import FhirOptions

IDENTITY = Identity(STUDY)


@settings(deadline=None)
@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_ids_are_uuids_of_version_5(value: str) -> None:
    namespace = uuid.uuid5(uuid.NAMESPACE_URL, BASE)
    expected = str(uuid.uuid5(namespace, f"Observation/{value}"))
    assert IDENTITY.id("Observation", value) == expected
    assert (
        IDENTITY.ids("Observation", pl.Series([value, "x", value])).to_list()[::2] == [expected] * 2
    )


def test_another_type_or_study_is_another_id() -> None:
    other = Identity(study(fhir=FhirOptions(base="https://trials.example.org/PAIN2")))
    ids = {
        IDENTITY.id("Observation", "S.QS.1"),
        IDENTITY.id("QuestionnaireResponse", "S.QS.1"),
        other.id("Observation", "S.QS.1"),
    }
    assert len(ids) == 3


@pytest.mark.parametrize("base", ["", "trials.example.org", "https://a b"])
def test_a_study_without_base_url_is_unusable(base: str) -> None:
    with pytest.raises(Unusable, match=r"fhir\.base") as caught:
        Identity(study(fhir=FhirOptions(base=base)))
    assert caught.value.problems[0].rule == "FHIR-BASE"


def test_a_trailing_slash_of_the_base_does_not_count() -> None:
    assert Identity(study(fhir=FhirOptions(base=BASE + "/"))).id("Patient", "S") == IDENTITY.id(
        "Patient", "S"
    )


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("S-01.QS.3", ("QS", "S-01", "3")),
        ("A.B.C.QS.3", ("QS", "A.B.C", "3")),
        ("S-01.SV.3.1", ("SV", "S-01", "3.1")),
        ("S.QS.1.AE.2", ("AE", "S.QS.1", "2")),
        ("S-01.DM", ("DM", "S-01", "")),
        ("S.DM.DM", ("DM", "S.DM", "")),
        ("site-01", None),
        ("S-01.QS.x", None),
    ],
)
def test_the_record_stands_in_the_identifier(
    record: str, expected: tuple[str, str, str] | None
) -> None:
    assert parse_record(record) == expected


@settings(deadline=None)
@given(st.text(min_size=1), st.sampled_from(["QS", "AE", "EX"]), st.integers(1, 999))
def test_any_subject_comes_back_from_its_record(usubjid: str, domain: str, seq: int) -> None:
    assert parse_record(f"{usubjid}.{domain}.{seq}") == (domain, usubjid, str(seq))


@settings(deadline=None)
@given(st.text(min_size=1).map(lambda text: text.encode("utf-8", "ignore").decode()))
def test_conditions_are_encoded(value: str) -> None:
    encoded = condition_value(value)
    assert re.fullmatch(r"[A-Za-z0-9._~%-]*", encoded)
    assert re.sub(r"\\([\\|,$])", r"\1", unquote(encoded)) == value


def test_a_condition_has_the_full_form() -> None:
    found = IDENTITY.condition("Observation", "S+1&2.QS.3")
    assert found == f"Observation?identifier={BASE}/records|S%2B1%262.QS.3"
