"""What the SDTM model allows in a dataset beyond what SDTMIG lists there."""

import polars as pl
import pytest

from trialect.profile import profile
from trialect.schemas.sdtm import dataset, datasets
from trialect.schemas.sdtm.checks import run_checks, run_trial_checks
from trialect.schemas.sdtm.model import GENERAL_CLASSES


def order_of(name: str, names: list[str]) -> list[str]:
    model = dataset(name)
    assert model is not None
    return sorted(names, key=model.place)


@pytest.mark.parametrize(
    ("name", "variable", "label", "type_"),
    [
        ("AE", "AEDTC", "Date/Time of Collection", "Char"),
        ("AE", "AEDY", "Study Day of Visit/Collection/Exam", "Num"),
        ("AE", "VISITNUM", "Visit Number", "Num"),
        ("AE", "AELNKID", "Link ID", "Char"),
        ("AE", "AETPTNUM", "Planned Time Point Number", "Num"),
        ("CM", "CMREFID", "Reference ID", "Char"),
        ("LB", "LBSTDTC", "Start Date/Time of Observation", "Char"),
        ("QS", "QSREFID", "Reference ID", "Char"),
        ("FA", "FAMETHOD", "Method of Test or Examination", "Char"),
        ("QSPH", "QSLNKID", "Link ID", "Char"),
    ],
)
def test_a_variable_of_the_model_is_allowed(name, variable, label, type_):
    model = dataset(name)
    assert model.variable(variable) is None
    allowed = model.allowed(variable)
    assert (allowed.name, allowed.label, allowed.type) == (variable, label, type_)
    assert allowed.core == "Perm"


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("AE", "AETESTCD"),  # a qualifier of another class
        ("AE", "AEBEATNO"),  # an identifier of ECGs only
        ("AE", "AFFSIDE"),
        ("AE", "EXDTC"),  # another domain's prefix
        ("QS", "QSOBJ"),  # of findings about, not of findings
        ("DM", "VISITNUM"),  # special-purpose datasets take nothing more
        ("CO", "SEX"),
        ("TS", "TSDTC"),
        ("SUPPAE", "AEDTC"),
    ],
)
def test_other_names_are_no_variables(name, variable):
    assert dataset(name).allowed(variable) is None


@pytest.mark.parametrize("name", sorted(datasets()))
def test_every_dataset_allows_what_it_lists_in_its_order(name):
    model = dataset(name)
    names = [variable.name for variable in model.variables]
    assert [model.allowed(one) for one in names] == list(model.variables)
    assert order_of(name, list(reversed(names))) == names


def test_a_class_keeps_the_order_of_its_datasets():
    timing = ["VISITNUM", "VISIT", "VISITDY", "TAETORD", "EPOCH", "AEDTC", "AESTDTC", "AEENDTC"]
    timing += ["AEDY", "AESTDY", "AEENDY", "AEDUR", "AETPT", "AETPTNUM", "AEELTM", "AETPTREF"]
    names = ["AESEQ", "AEGRPID", "AESPID", "AELNKID", "AETERM", "AESEV", *timing]
    moved = sorted(names)
    assert order_of("AE", moved) == [
        *("AESEQ", "AEGRPID", "AESPID", "AELNKID", "AETERM", "AESEV"),
        *timing,
    ]


def test_no_pair_stands_against_what_every_dataset_says():
    """Timing variables: wherever SDTMIG lists both, their order is the same as here."""
    for model in datasets().values():
        if model.observation_class not in GENERAL_CLASSES:
            continue
        for other in datasets().values():
            if other.observation_class not in GENERAL_CLASSES:
                continue
            timing = [
                model.name[:2] + v.name[2:] if v.name.startswith(other.name[:2]) else v.name
                for v in other.variables
                if v.role == "Timing"
            ]
            assert sorted(timing, key=model.place) == timing, (model.name, other.name)


def test_names_that_are_no_variables_come_last():
    assert order_of("AE", ["ZZZ", "AETERM", "AEDTC"]) == ["AETERM", "AEDTC", "ZZZ"]


def found(**columns: object) -> set[tuple[str, str | None]]:
    frame = pl.DataFrame({"STUDYID": ["S"], "USUBJID": ["1"], **columns})
    problems = [*run_checks({"AE": frame}), *run_trial_checks(profile({"AE": frame}))]
    return {(one.rule, one.variable) for one in problems}


def test_checks_take_the_models_variables_as_the_datasets_own():
    fine = found(AEDTC=["2026-01-01"], AEDY=[3.0], AELOC=["ARM"])
    assert not {one for one in fine if one[1] in ("AEDTC", "AEDY")}
    assert ("SDTM-VARIABLE-UNKNOWN", "AEFOO") in found(AEFOO=["x"])
    assert ("SDTM-TYPE", "AEDY") in found(AEDY=["three"])
