"""A study alone as SDTM: its files, what they hold, and what is told of what is missing."""

import io
import json
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
from ctgov_small import small_record
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from study_changer import whole_study

from trialect.converters.readers.xpt import XptReader
from trialect.converters.study_targets import writer_of
from trialect.converters.validate import validate
from trialect.converters.writers.define_plain import plain_define
from trialect.converters.writers.define_study import define_of_frames
from trialect.converters.writers.sdtm_study import write
from trialect.mappings.registry.criteria import read_criteria
from trialect.mappings.registry.ctgov_record import study_of
from trialect.mappings.sdtm.study_datasets import study_datasets
from trialect.problems import Unusable
from trialect.protocol import (
    Arm,
    Criterion,
    Design,
    Element,
    Eligibility,
    Intervention,
    Sponsor,
    Visit,
)
from trialect.schemas.define import check_define
from trialect.schemas.sdtm.checks import run_checks
from trialect.study_options import SdtmOptions
from trialect.trial import Study

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
STAMP = datetime(2026, 6, 30, 12, 0)
FOLDER = "m5/datasets/s-1/tabulations/sdtm"

PLAIN = Study(
    studyid="S-1",
    title="A trial of tea",
    sponsor=Sponsor("Institute of Tea"),
    design=Design(type="INTERVENTIONAL", model="PARALLEL"),
    arms=(Arm("A1", "Tea", "EXPERIMENTAL", interventions=("Tea",)), Arm("A2", "Nothing")),
    interventions=(Intervention("Tea", "DIETARY_SUPPLEMENT"),),
    eligibility=Eligibility(
        sex="ALL",
        criteria="Inclusion Criteria:\n\n* Adults ≥ 18\n* A cold\n\nExclusion Criteria:\n\n* Cough",
    ),
)


def files(study, told=None):
    tell = [].append if told is None else told.append
    return {one.path: one.content for one in write(study, tell)}


def rows(study, name, *variables):
    told = []
    study = replace(
        study, criteria=study.criteria or read_criteria(study.eligibility.criteria, told.append)
    )
    for one in study_datasets(study, told.append):
        if one.name == name:
            return list(zip(*(one.column(variable) for variable in variables), strict=True))
    return []


def rules(study):
    told = []
    list(write(study, told.append))
    return Counter(problem.rule for problem in told)


def values(study, code):
    return [row[1:] for row in rows(study, "TS", "TSPARMCD", "TSVAL", "TSVALNF") if row[0] == code]


def test_the_files_are_those_of_a_package():
    assert list(files(PLAIN)) == [
        *(f"{FOLDER}/{name}.xpt" for name in ("ta", "te", "ti", "ts")),
        f"{FOLDER}/define.xml",
        f"{FOLDER}/define2-1.xsl",
    ]
    assert writer_of("sdtm") is write
    assert files(PLAIN) == files(PLAIN)


@pytest.mark.parametrize("studyid", ["../../x", "a/b\\c", "CON", "Ünï ?*", "." * 30])
def test_a_study_id_makes_a_safe_path(studyid):
    for path in files(replace(PLAIN, studyid=studyid)):
        parts = path.split("/")
        assert parts[:2] == ["m5", "datasets"]
        assert len(parts) == 6
        assert not {"", ".", ".."} & set(parts)
        assert path.isascii()


def test_independent_readers_read_the_same_values(tmp_path):
    path = tmp_path / "ts.xpt"
    path.write_bytes(files(PLAIN)[f"{FOLDER}/ts.xpt"])
    expected = rows(PLAIN, "TS", "STUDYID", "TSSEQ", "TSPARMCD", "TSVAL")
    expected = [tuple("" if value is None else value for value in row) for row in expected]
    names = ["STUDYID", "TSSEQ", "TSPARMCD", "TSVAL"]
    frame, meta = pyreadstat.read_xport(path)
    assert list(frame[names].itertuples(index=False, name=None)) == expected
    assert meta.file_label == "Trial Summary"
    other = pd.read_sas(io.BytesIO(path.read_bytes()), format="xport", encoding="ascii")
    assert list(other[names].fillna("").itertuples(index=False, name=None)) == expected


def test_arms_of_a_parallel_design_have_one_element_of_treatment():
    assert rows(PLAIN, "TA", "ARMCD", "ARM", "TAETORD", "ETCD", "ELEMENT", "EPOCH") == [
        ("A1", "Tea", 1.0, "A1", "Tea", "TREATMENT"),
        ("A2", "Nothing", 1.0, "A2", "Nothing", "TREATMENT"),
    ]
    assert rows(PLAIN, "TE", "ETCD", "TESTRL", "TEENRL") == [
        ("A1", "Start of Tea", None),
        ("A2", "Not stated in the registry record", None),
    ]
    assert rules(PLAIN)["TA-FROM-ARMS-ALONE"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"design": Design(model="CROSSOVER")},
        {"design": Design(model="FACTORIAL")},
        {"design": Design(model="SEQUENTIAL")},
        {"design": Design()},
        {"design": Design(type="OBSERVATIONAL", model="COHORT")},
        {"design": Design(type="EXPANDED_ACCESS")},
        {"arms": ()},
    ],
)
def test_where_the_path_of_an_arm_is_not_known_there_is_no_ta(change):
    study = replace(PLAIN, **change)
    assert rows(study, "TA", "ARMCD") == rows(study, "TE", "ETCD") == []
    assert rules(study)["TA-NOT-SAID"] == 1
    assert not [path for path in files(study) if path.endswith(("ta.xpt", "te.xpt"))]


def test_elements_of_the_study_are_taken_as_they_are():
    study = replace(PLAIN, elements=(Element("E", "Element", "Starts", "Ends"),))
    assert rows(study, "TE", "ETCD", "TESTRL", "TEENRL") == [("E", "Starts", "Ends")]
    assert not {"TA-NOT-SAID", "TA-FROM-ARMS-ALONE"} & set(rules(study))


def test_codes_of_arms_that_are_too_long_for_an_element():
    study = replace(PLAIN, arms=(Arm("LONGARMCODE", "Tea", "EXPERIMENTAL"),))
    assert rows(study, "TA", "ARMCD", "ETCD") == [("LONGARMCODE", "E1")]


def test_many_interventions_do_not_make_a_rule_that_is_too_long():
    names = tuple(f"Intervention number {number}" for number in range(20))
    study = replace(PLAIN, arms=(Arm("A1", "Tea", "EXPERIMENTAL", interventions=names),))
    assert rows(study, "TE", "TESTRL") == [("Start of the interventions of the arm",)]


def test_criteria_come_from_the_text_and_long_ones_stand_whole_in_the_define():
    long = "Adults " + "who drink tea daily " * 12
    study = replace(PLAIN, criteria=(Criterion("INCL01", "INCLUSION", long.strip(), group="Tea"),))
    ((code, text, category, group),) = rows(study, "TI", "IETESTCD", "IETEST", "IECAT", "IESCAT")
    assert (code, category, group) == ("INCL01", "INCLUSION", "Tea")
    assert long.startswith(text)
    assert 180 < len(text) <= 200
    assert long.strip() in files(study)[f"{FOLDER}/define.xml"].decode()
    assert rules(study)["TI-IETEST-LONG"] == 1
    assert rules(PLAIN)["TI-IETEST-LONG"] == 0
    assert rows(PLAIN, "TI", "IETESTCD", "IETEST")[0] == ("INCL01", "Adults >= 18")


def test_what_is_not_said_is_told():
    told = rules(replace(PLAIN, eligibility=Eligibility()))
    assert told["TI-NOT-SAID"] == told["TV-NOT-SAID"] == 1
    assert rules(replace(PLAIN, visits=(Visit(1, "V1", 1, "Start"),)))["TV-NOT-SAID"] == 0


def test_visits_that_are_known_make_tv():
    study = replace(PLAIN, visits=(Visit(1, "V1", 1, "Start"), Visit(2.5, "V2", None, "Later")))
    assert rows(study, "TV", "VISITNUM", "VISIT", "VISITDY") == [(1, "V1", 1), (2.5, "V2", None)]
    assert f"{FOLDER}/tv.xpt" in files(study)


def test_texts_are_ascii_and_what_has_no_spelling_is_a_code():
    study = replace(PLAIN, title="Tea ≥ 5 µg 茶\x07", keywords=("kır çayı", "a\nb"))
    assert values(study, "TITLE") == [("Tea >= 5 ug <U+8336><U+0007>", None)]
    assert values(study, "KEYWORD") == [("kir cayi", None), ("a b", None)]
    told = rules(study)
    assert told["SDTM-STUDY-ASCII"] == 2
    assert told["SDTM-STUDY-CHARACTER-CODES"] == 1
    declared = replace(study, sdtm=SdtmOptions(transliterate={"茶": "tea", "\x07": ""}))
    assert values(declared, "TITLE") == [("Tea >= 5 ug tea", None)]
    assert rules(declared)["SDTM-STUDY-CHARACTER-CODES"] == 0
    plain = replace(PLAIN, eligibility=Eligibility())
    assert rules(plain)["SDTM-STUDY-ASCII"] == 0


def test_a_code_that_is_too_long_is_told_and_its_dataset_not_written():
    study = replace(PLAIN, criteria=(Criterion("INCLUSION1", "INCLUSION", "Adults"),))
    told = rules(study)
    assert told["SDTM-STUDY-VALUE-LONG"] == told["SDTM-STUDY-VALUE-MISSING"] == 1
    assert f"{FOLDER}/ti.xpt" not in files(study)
    assert not {"SDTM-STUDY-VALUE-LONG", "SDTM-STUDY-VALUE-MISSING"} & set(rules(PLAIN))


def test_without_an_identifier_of_the_trial_nothing_is_written():
    told = []
    assert files(replace(PLAIN, studyid=""), told) == {}
    (problem,) = (one for one in told if one.rule == "SDTM-STUDY-NO-ID")
    assert problem.field == "studyid"
    assert "--study study.yaml" in problem.mend
    assert "SDTM-STUDY-VALUE-MISSING" not in {one.rule for one in told}
    assert "SDTM-STUDY-NO-ID" not in rules(PLAIN)


def test_a_key_that_stands_twice_is_told_and_its_dataset_not_written():
    twice = (Criterion("INCL01", "INCLUSION", "A"), Criterion("INCL01", "INCLUSION", "B"))
    study = replace(PLAIN, criteria=twice)
    assert rules(study)["SDTM-STUDY-KEY"] == 1
    assert f"{FOLDER}/ti.xpt" not in files(study)
    assert rules(PLAIN)["SDTM-STUDY-KEY"] == 0


def test_lengths_and_stamp_of_the_study_file_are_kept(tmp_path):
    study = replace(PLAIN, sdtm=SdtmOptions(stamp="2026-06-30T12:00:00", lengths={"TSVAL": 200}))
    path = tmp_path / "ts.xpt"
    path.write_bytes(files(study)[f"{FOLDER}/ts.xpt"])
    lengths = {one.name: one.length for one in XptReader(path).variables}
    assert lengths["TSVAL"] == 200
    assert b"30JUN26:12:00:00" in path.read_bytes()
    with pytest.raises(Unusable):
        files(replace(PLAIN, sdtm=SdtmOptions(stamp="soon")))


def _with_criteria(study):
    text = study.eligibility.criteria
    return study if study.criteria else replace(study, criteria=read_criteria(text, lambda _: None))


@pytest.mark.parametrize(
    "study",
    [
        PLAIN,
        whole_study(),
        replace(PLAIN, title="<&> \"'", acronym="A&B", sponsor=Sponsor('"Q" & Ü <x>\n')),
        replace(
            PLAIN, visits=(Visit(1, "V1", -7, "S"), Visit(1234567.25, "V2", None, "S", arm="A1"))
        ),
        replace(PLAIN, elements=(Element("E", "Element", "S", None, "P1Y2M"),)),
        replace(PLAIN, elements=(Element("E", "Element", "S", None, "long"),)),
        study_of(small_record(), lambda _: None),
    ],
)
def test_the_plain_define_is_that_of_the_tree(study, tmp_path):
    study = _with_criteria(study)
    datasets = list(study_datasets(study, lambda _: None))
    content = plain_define(study, datasets, STAMP)
    assert content is not None
    assert content == define_of_frames(study, datasets, STAMP)


def test_the_define_is_a_valid_one(tmp_path):
    for path, content in files(PLAIN).items():
        (tmp_path / Path(path).name).write_bytes(content)
    assert check_define(tmp_path / "define.xml") == []


_TEXT = st.text(max_size=450)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    title=_TEXT,
    name=_TEXT,
    code=st.text(max_size=12),
    keywords=st.lists(_TEXT, max_size=3),
    criteria=_TEXT,
    groups=st.lists(_TEXT, max_size=2),
)
def test_any_texts_are_written_or_told(title, name, code, keywords, criteria, groups):
    study = replace(
        PLAIN,
        title=title,
        studyid=code or "S",
        keywords=tuple(keywords),
        arms=(Arm("A1", name, "EXPERIMENTAL", interventions=(name,)),),
        criteria=tuple(
            Criterion(f"INCL0{n}", "INCLUSION", criteria, group=group)
            for n, group in enumerate(groups)
        ),
    )
    told = []
    for path, content in files(study, told).items():
        if path.endswith(".xpt"):
            assert len(content) % 80 == 0
    assert all(problem.rule for problem in told)


def _records():
    for path in sorted((SHARED / "data/ctgov").glob("*.json")):
        data = json.loads(path.read_bytes())
        for one in data if isinstance(data, list) else [data]:
            if "protocolSection" in one:
                yield one


RECORDS = pytest.mark.skipif(
    not (SHARED / "data/ctgov").exists(), reason="no registry records at hand"
)
LACKING = {
    "SDTM-TE-END": "a record does not say when an element ends",
    "SDTM-CT-EXTENDED": "TSVCDREF names dictionaries that the extensible codelist lacks (ISO 8601)",
}
"""Findings of the checks of SDTM that a registry's record alone cannot avoid, and why."""
LACKING_IN_PACKAGE = {
    "TRL-TE-001": "a record does not say when an element ends",
    "TRL-PKG-002": "a record has no subjects, so there is no DM",
    "TRL-CT-002": "TSVCDREF names dictionaries that the extensible codelist lacks (ISO 8601)",
    "XPT-AMBIGUOUS-END": "readers of XPT may take the padding for a record",
}


@RECORDS
def test_every_record_passes_the_checks_of_sdtm():
    broken, count = Counter(), 0
    for one in _records():
        study = _with_criteria(study_of(one, lambda _: None))
        datasets = {made.name: made for made in study_datasets(study, lambda _: None)}
        assert {"TS", "TI"} <= set(datasets)
        count += 1
        from trialect.converters.writers.define_study import frame_of

        frames = {name: frame_of(made) for name, made in datasets.items()}
        broken.update(
            problem.rule
            for problem in run_checks(frames, study=study)
            if problem.severity != "note"
        )
        made = list(datasets.values())
        if count % 10 == 0:
            assert plain_define(study, made, STAMP) == define_of_frames(study, made, STAMP)
    assert count == 157
    assert set(broken) - set(LACKING) == set()


@RECORDS
def test_records_pass_the_rules_and_their_files_are_read(tmp_path):
    for number, one in enumerate(_records()):
        study = study_of(one, lambda _: None)
        folder = tmp_path / str(number)
        written = files(study)
        for path, content in written.items():
            if path.endswith(".xpt"):
                file = tmp_path / Path(path).name
                file.write_bytes(content)
                frame, _ = pyreadstat.read_xport(file)
                assert len(frame) > 0
            if number % 40 == 0:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
        if number % 40 == 0:
            found = {problem.rule for problem in validate(folder).problems}
            assert found - set(LACKING_IN_PACKAGE) == set()
