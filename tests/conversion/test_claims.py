"""A USUBJID has one owner, however subjects are split."""

from pathlib import Path

import pytest

import trialect
from trialect.converters.claims import contested

STUDY = """\
studyid: TWINS
title: Two subjects, one USUBJID
sponsor: {name: A Sponsor}
records: {subject: SUBJ}
fhir: {base: "https://example.org/twins", bundle_subjects: 1}
"""
SUBJECTS = "SUBJ,SITE\n3,01\n2,02\n1,01\n4,01\n"
EVENTS = "SUBJ,TERM\n1,Pain\n3,Rash\n2,Pain\n4,Rash\n"
TABLES = {
    "sources": "domain,block,from\nDM,dm,subjects\nAE,ae,events\n",
    "dm": "target,verb,source,value\nUSUBJID,compute,,STUDYID || SITE\nSITEID,assign,SITE,\n",
    "ae": "target,verb,source\nAETERM,assign,TERM\n",
}


@pytest.fixture
def twins(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    for name, text in {
        "study.yaml": STUDY,
        "records/subjects.csv": SUBJECTS,
        "records/events.csv": EVENTS,
        **{f"mappings/{name}.csv": text for name, text in TABLES.items()},
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("subjects", [1, 2, 1000])
def test_the_first_subject_keeps_it_and_the_others_are_rejected(
    twins: Path, tmp_path: Path, subjects: int
) -> None:
    done = trialect.convert(twins, tmp_path / "out", partition_subjects=subjects)
    found = [one for one in done.problems if one.rule == "MAP-SAME-USUBJID"]
    assert [(one.file, one.row, one.message) for one in found] == [
        ("records/subjects.csv", 2, "USUBJID TWINS01 of subject 3 is subject 1's already."),
        ("records/subjects.csv", 5, "USUBJID TWINS01 of subject 4 is subject 1's already."),
    ]
    assert done.account.datasets["DM"] == done.account.datasets["AE"] == 2
    assert {name: form.rejected for name, form in done.account.forms.items()} == {
        "subjects": 2,
        "events": 2,
    }


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ([], {}),
        ([{"A": "1"}, {"B": "2"}], {}),
        ([{"A": "1"}, {"A": "2", "B": "3"}, {"B": "4"}], {1: {"A": "1"}, 2: {"B": "3"}}),
        ([{"A": "1"}, {"A": "2"}, {"A": "3"}], {1: {"A": "1"}, 2: {"A": "1"}}),
    ],
)
def test_what_an_earlier_partition_has_is_contested(claims, found) -> None:
    assert contested(claims) == found
