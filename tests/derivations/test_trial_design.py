"""TA, TE, TV, TI and TS of a study, and relations between datasets."""

from dataclasses import replace
from typing import Any

import pytest
from derivation_cases import Line, Tables, a_study

from trialect.mappings.sdtm import Derived, trial_design
from trialect.mappings.sdtm import trial_summary_terms as terms
from trialect.mappings.sdtm.long_text import join_pieces
from trialect.protocol import (
    Arm,
    ArmElement,
    Criterion,
    Design,
    Element,
    Eligibility,
    Enrolment,
    Intervention,
    Outcome,
    Parameter,
    Registration,
    Site,
    Sponsor,
    StudyDate,
    Visit,
)
from trialect.schemas.ct import terminology
from trialect.schemas.sdtm import dataset
from trialect.schemas.sdtm.trial_summary import PARAMETER_CODELISTS
from trialect.study_options import SdtmOptions

CT = terminology("2025-03-28")


def rows(derived: Derived, name: str, *variables: str) -> list[tuple[Any, ...]]:
    return derived.frames[name].select(variables).rows()


def parameter(derived: Derived, code: str) -> list[str | None]:
    frame = derived.frames["TS"]
    return frame.filter(frame["TSPARMCD"] == code)["TSVAL"].to_list()


def told(derived: Derived, rule: str) -> list[str]:
    return [problem.message for problem in derived.problems if problem.rule == rule]


def test_arms_and_their_elements() -> None:
    """CG0247, CG0534, CG0246, CG0153."""
    derived = trial_design(a_study())
    wanted = ("ARMCD", "ARM", "TAETORD", "ETCD", "ELEMENT", "EPOCH")
    assert rows(derived, "TA", *wanted) == [
        ("A", "Arm A", 1.0, "SCRN", "Screening", "SCREENING"),
        ("A", "Arm A", 2.0, "A", "Treatment A", "TREATMENT"),
        ("A", "Arm A", 3.0, "FU", "Follow-up", "FOLLOW-UP"),
        ("B", "Arm B", 1.0, "SCRN", "Screening", "SCREENING"),
        ("B", "Arm B", 2.0, "B", "Treatment B", "TREATMENT"),
        ("B", "Arm B", 3.0, "FU", "Follow-up", "FOLLOW-UP"),
    ]
    assert {"TABRANCH", "TATRANS"} <= set(derived.frames["TA"].columns)


def test_elements_and_visits() -> None:
    elements = (Element("E1", "One", "Starts", "Ends", "P1W"), Element("E2", "Two", "Starts"))
    visits = (Visit(2, "TWO", 8, "s", "e"), Visit(1, "ONE", -7, arm="A"))
    derived = trial_design(a_study(elements=elements, visits=visits, arms=(Arm("A", "Arm A"),)))
    assert rows(derived, "TE", "ETCD", "ELEMENT", "TESTRL", "TEENRL", "TEDUR") == [
        ("E1", "One", "Starts", "Ends", "P1W"),
        ("E2", "Two", "Starts", None, None),
    ]
    assert rows(derived, "TV", "VISITNUM", "VISIT", "VISITDY", "ARMCD", "ARM", "TVSTRL") == [
        (1.0, "ONE", -7.0, "A", "Arm A", None),
        (2.0, "TWO", 8.0, None, None, "s"),
    ]
    assert len(told(derived, "SE-NO-START-EVENT")) == 2


def test_an_element_that_comes_twice_in_an_arm_is_told() -> None:
    steps = tuple(ArmElement(code, "TREATMENT") for code in ("A", "B", "A"))
    derived = trial_design(a_study(arms=(Arm("A", "Arm A", elements=steps),)))
    assert len(told(derived, "SE-ELEMENT-REPEATED")) == 1
    assert told(trial_design(a_study()), "SE-ELEMENT-REPEATED") == []
    assert told(trial_design(a_study()), "SE-NO-START-EVENT") == []


def test_criteria_keep_their_text_or_its_beginning() -> None:
    """CG0255; SDTMIG 7.4.1."""
    long = Criterion("IN02", "INCLUSION", "A long criterion " * 20)
    derived = trial_design(a_study(criteria=(Criterion("IN01", "INCLUSION", "Adult"), long)))
    found = rows(derived, "TI", "IETESTCD", "IETEST", "IECAT", "TIVERS")
    assert found[0] == ("IN01", "Adult", "INCLUSION", "1")
    assert long.text.startswith(found[1][1])
    assert 180 < len(found[1][1]) <= 200
    assert len(told(derived, "TI-IETEST-LONG")) == 1


def test_a_rule_that_is_too_long_is_told_and_not_cut() -> None:
    text = "x " * 150
    derived = trial_design(a_study(visits=(Visit(1, "ONE", 1, text),)))
    assert rows(derived, "TV", "TVSTRL") == [(text,)]
    assert len(told(derived, "TRIAL-DESIGN-LONG-TEXT")) == 1
    assert told(trial_design(a_study()), "TRIAL-DESIGN-LONG-TEXT") == []


def test_what_the_study_does_not_say_makes_no_dataset() -> None:
    derived = trial_design(a_study(arms=(), elements=(), visits=(), criteria=()))
    assert set(derived.frames) == {"TS"}


FULL = a_study(
    title="A title",
    sponsor=Sponsor("Sponsor"),
    registrations=(Registration("NCT00000000", "ClinicalTrials.gov"),),
    start=StudyDate("2025-12"),
    completion=StudyDate("2026-06-22"),
    conditions=("Pain",),
    design=Design(
        allocation="RANDOMIZED",
        model="CROSSOVER",
        masking="TRIPLE",
        purpose="DIAGNOSTIC",
        phases=("PHASE1", "PHASE2"),
    ),
    enrolment=Enrolment(42, 40),
    eligibility=Eligibility("18 Years", "6 Months", "ALL", healthy_volunteers=False),
    interventions=(Intervention("Alpha", "BIOLOGICAL"), Intervention("Beta", "BEHAVIORAL")),
    arms=(
        Arm("A", "Arm A", "EXPERIMENTAL", interventions=("Alpha",)),
        Arm("B", "Arm B", "PLACEBO_COMPARATOR", interventions=("Beta",)),
    ),
    outcomes=(
        Outcome("PRIMARY", "Score", "1 hour"),
        Outcome("SECONDARY", "Other score"),
        Outcome("OTHER", "Third score"),
    ),
    sites=(Site("1", "One", "Europe/Istanbul", "TUR"), Site("2", "Two", "Europe/Rome", "ITA")),
)

EXPECTED = {
    "TITLE": ["A title"],
    "SPONSOR": ["Sponsor"],
    "REGID": ["NCT00000000"],
    "STYPE": ["INTERVENTIONAL"],
    "TPHASE": ["PHASE I/II TRIAL"],
    "TINDTP": ["DIAGNOSIS"],
    "RANDOM": ["Y"],
    "INTMODEL": ["CROSS-OVER"],
    "TBLIND": ["DOUBLE BLIND"],
    "TCNTRL": ["PLACEBO"],
    "NARMS": ["2"],
    "INTTYPE": ["BIOLOGIC", "BEHAVIORAL THERAPY"],
    "TRT": ["Alpha"],
    "COMPTRT": ["Beta"],
    "PLANSUB": ["42"],
    "ACTSUB": ["40"],
    "AGEMIN": ["P18Y"],
    "AGEMAX": ["P6M"],
    "SEXPOP": ["BOTH"],
    "HLTSUBJI": ["N"],
    "INDIC": ["Pain"],
    "TDIGRP": ["Pain"],
    "OUTMSPRI": ["Score"],
    "OUTMSSEC": ["Other score"],
    "OUTMSEXP": ["Third score"],
    "SSTDTC": ["2025-12"],
    "SENDTC": ["2026-06-22"],
    "FCNTRY": ["TUR", "ITA"],
    "SDTIGVER": ["3.4"],
    "SDTMVER": ["2.0"],
}


@pytest.mark.parametrize(("code", "values"), EXPECTED.items())
def test_the_registry_facts_are_summary_parameters(code: str, values: list[str]) -> None:
    assert parameter(trial_design(FULL), code) == values


def test_each_parameter_is_numbered_named_and_coded() -> None:
    """CG0257 to CG0268."""
    frame = trial_design(FULL).frames["TS"]
    assert frame["TSPARMCD"].is_sorted()
    assert frame.select("TSPARMCD", "TSSEQ").is_duplicated().sum() == 0
    wanted = ("TSPARM", "TSSEQ", "TSVAL", "TSVALCD", "TSVCDREF", "TSVCDVER")
    by_code = {row[0]: row[1:] for row in frame.select("TSPARMCD", *wanted).rows()}
    assert by_code["TPHASE"] == (
        "Trial Phase Classification",
        1.0,
        "PHASE I/II TRIAL",
        "C15693",
        "CDISC CT",
        "2025-03-28",
    )
    assert by_code["REGID"][3:5] == ("NCT00000000", "ClinicalTrials.gov")
    assert by_code["AGEMIN"][3:] == (None, "ISO 8601", None)
    assert by_code["FCNTRY"] == (
        "Planned Country of Investigational Sites",
        2.0,
        "ITA",
        "ITA",
        "ISO 3166",
        None,
    )
    assert set(frame.columns) >= {v.name for v in dataset("TS").variables if v.core != "Perm"}  # type: ignore[union-attr] # TS is known


@pytest.mark.parametrize(
    ("table", "codelist"),
    [
        (terms.STUDY_TYPE, "STYPE"),
        (terms.PHASES, "TPHASE"),
        (terms.PURPOSE, "TINDTP"),
        (terms.ALLOCATION, "RANDOM"),
        (terms.MODEL, "INTMODEL"),
        (terms.MASKING, "TBLIND"),
        (terms.CONTROL, "TCNTRL"),
        (terms.INTERVENTION_TYPE, "INTTYPE"),
        (terms.SEX, "SEXPOP"),
    ],
)
def test_every_word_leads_to_a_term_of_the_codelist(table: dict[Any, str], codelist: str) -> None:
    known = CT.codelist(PARAMETER_CODELISTS[codelist])
    assert known is not None
    assert set(table.values()) <= set(known.by_value)


def test_every_parameter_is_one_of_cdisc() -> None:
    known = CT.codelist("C66738")
    assert known is not None
    codes = {*PARAMETER_CODELISTS, *terms.ISO_8601, *terms.REQUIRED, *EXPECTED}
    assert codes | set(terms.REQUIRED_OF_INTERVENTIONAL) <= set(known.by_value)


@pytest.mark.parametrize(
    ("design", "parameter_code"),
    [
        (Design(purpose="OTHER"), "TINDTP"),
        (Design(purpose="ECT"), "TINDTP"),
        (Design(phases=("PHASE1", "PHASE3")), "TPHASE"),
        (Design(model="CASE_CONTROL"), "INTMODEL"),
    ],
)
def test_a_word_without_a_term_is_told_and_left_out(design: Design, parameter_code: str) -> None:
    derived = trial_design(replace(FULL, design=design))
    assert parameter(derived, parameter_code) == []
    assert any(parameter_code in message for message in told(derived, "TS-NO-TERM"))
    assert told(trial_design(FULL), "TS-NO-TERM") == []


def test_an_intervention_of_another_type_has_no_term() -> None:
    study = replace(FULL, interventions=(Intervention("Alpha", "OTHER"),))
    assert len(told(trial_design(study), "TS-NO-TERM")) == 1


def test_masking_that_the_codelist_cannot_tell_is_noted() -> None:
    assert len(told(trial_design(FULL), "TS-MASKING-COARSER")) == 1
    double = replace(FULL, design=replace(FULL.design, masking="DOUBLE"))
    assert told(trial_design(double), "TS-MASKING-COARSER") == []


@pytest.mark.parametrize(
    ("limits", "least", "most", "flavor"),
    [
        (Eligibility("18 Years", None), ["P18Y"], [None], ["PINF"]),
        (Eligibility("N/A", "N/A"), ["P0Y"], [None], ["PINF"]),
        (Eligibility("2 weeks", "1 Day"), ["P2W"], ["P1D"], [None]),
        (Eligibility(), [], [], []),
    ],
)
def test_age_limits_are_durations_or_none(
    limits: Eligibility, least: list[str], most: list[str], flavor: list[str]
) -> None:
    """CG0259, CG0260, CG0270."""
    derived = trial_design(replace(FULL, eligibility=limits))
    assert parameter(derived, "AGEMIN") == least
    assert parameter(derived, "AGEMAX") == most
    frame = derived.frames["TS"]
    if "TSVALNF" in frame.columns:
        maximum = frame.filter(frame["TSPARMCD"] == "AGEMAX")
        assert maximum["TSVALNF"].to_list() == flavor
        assert maximum["TSVCDREF"].to_list() == ["ISO 21090"]
    else:
        assert flavor in ([None], [])


def test_an_age_that_is_not_understood_is_told() -> None:
    derived = trial_design(replace(FULL, eligibility=Eligibility("grown up", "65 Years")))
    assert len(told(derived, "TS-AGE")) == 1
    assert told(trial_design(FULL), "TS-AGE") == []


def test_a_country_that_is_no_code_is_told() -> None:
    study = replace(FULL, sites=(Site("1", "One", "Europe/Istanbul", "Turkey"),))
    assert len(told(trial_design(study), "TS-COUNTRY")) == 1
    assert parameter(trial_design(study), "FCNTRY") == []


def test_parameters_of_the_study_add_to_its_facts_and_go_before_them() -> None:
    study = replace(
        FULL,
        parameters=(
            Parameter("OBJPRIM", "To know"),
            Parameter("TTYPE", "EFFICACY"),
            Parameter("TTYPE", "SAFETY"),
            Parameter("ACTSUB", null_flavor="NAV"),
            Parameter("INDIC", "Piriformis syndrome", value_code="129179000", dictionary="SNOMED"),
        ),
    )
    derived = trial_design(study)
    assert parameter(derived, "OBJPRIM") == ["To know"]
    assert parameter(derived, "TTYPE") == ["EFFICACY", "SAFETY"]
    frame = derived.frames["TS"]
    actual = frame.filter(frame["TSPARMCD"] == "ACTSUB")
    assert actual.select("TSVAL", "TSVALNF").rows() == [(None, "NAV")]
    indication = frame.filter(frame["TSPARMCD"] == "INDIC")
    assert indication.select("TSVALCD", "TSVCDREF").rows() == [("129179000", "SNOMED")]


def test_a_value_that_a_closed_codelist_does_not_have_is_told() -> None:
    wrong = replace(FULL, parameters=(Parameter("ADDON", "PERHAPS"),))
    assert len(told(trial_design(wrong), "TS-NOT-A-TERM")) == 1
    right = replace(FULL, parameters=(Parameter("ADDON", "N"), Parameter("TTYPE", "OWN TERM")))
    assert told(trial_design(right), "TS-NOT-A-TERM") == []


def test_what_the_fda_requires_and_nobody_said_is_told() -> None:
    missing = told(trial_design(FULL), "TS-REQUIRED-PARAMETER")
    codes = {message.split()[3] for message in missing}
    expected = {"ADDON", "ADAPT", "LENGTH", "STOPRULE", "TTYPE", "OBJPRIM", "DCUTDTC", "DCUTDESC"}
    assert codes == expected
    given = tuple(Parameter(code, null_flavor="NA") for code in sorted(expected))
    whole = trial_design(replace(FULL, parameters=given))
    assert told(whole, "TS-REQUIRED-PARAMETER") == []


def test_current_treatment_is_required_of_an_add_on_study() -> None:
    study = replace(FULL, parameters=(Parameter("ADDON", "Y"),))
    assert any("CURTRT" in one for one in told(trial_design(study), "TS-REQUIRED-PARAMETER"))


def test_a_long_title_goes_on_in_columns() -> None:
    """CG0261, CG0262."""
    title = "A title of many words " * 25 + "end"
    frame = trial_design(replace(FULL, title=title)).frames["TS"]
    columns = [c for c in frame.columns if c.startswith("TSVAL") and c[5:].isdigit()]
    assert columns == ["TSVAL1", "TSVAL2"]
    row = frame.filter(frame["TSPARMCD"] == "TITLE").select("TSVAL", *columns).row(0)
    assert join_pieces(list(row)) == title
    assert frame.columns.index("TSVAL1") == frame.columns.index("TSVAL") + 1


def test_a_title_is_measured_as_it_is_written() -> None:
    title = "≥ 50 % pain reduction, " * 9
    options = SdtmOptions(transliterate={"≥": "at least"})
    plain = trial_design(replace(FULL, title=title.strip())).frames["TS"]
    spelled = trial_design(replace(FULL, title=title.strip(), sdtm=options)).frames["TS"]
    assert "TSVAL1" in plain.columns
    assert max(map(len, spelled["TSVAL"].drop_nulls())) < max(map(len, plain["TSVAL"].drop_nulls()))


def test_datasets_are_related_by_a_variable() -> None:
    """SDTMIG 8.3: no subject and no value beside RELTYPE."""
    lines = [
        Line("AEFA", "anchor", "AE", by=("AELNKID",), reltype="ONE"),
        Line("AEFA", "related", "FA", by=("FALNKGRP",), reltype="MANY"),
        Line("RED", "anchor", "QS"),
    ]
    derived = trial_design(a_study(), Tables(relations=lines))
    wanted = ("RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELTYPE", "RELID")
    assert rows(derived, "RELREC", *wanted) == [
        ("AE", None, "AELNKID", None, "ONE", "AEFA"),
        ("FA", None, "FALNKGRP", None, "MANY", "AEFA"),
    ]
