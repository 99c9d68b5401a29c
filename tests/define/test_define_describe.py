from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from trialect.metadata import (
    CodelistMeta,
    DatasetMeta,
    Origin,
    Provenance,
    TermMeta,
    VariableMeta,
)
from trialect.profile import profile
from trialect.protocol import Arm
from trialect.schemas.ct import terminology
from trialect.schemas.define.codelists import DSCAT_CODELISTS
from trialect.schemas.define.describe import describe, domain_of
from trialect.schemas.define.keys import natural_keys
from trialect.schemas.sdtm import datasets
from trialect.schemas.sdtm.trial_summary import PARAMETER_CODELISTS
from trialect.study_options import SdtmOptions
from trialect.trial import Study

COLLECTED = Origin("Collected", "Investigator")
DERIVED = Origin("Derived", "Sponsor")


def one(metas: list[DatasetMeta], dataset: str, variable: str) -> VariableMeta:
    meta = next(meta for meta in metas if meta.name == dataset)
    found = meta.variable(variable)
    assert found is not None
    return found


def alone(study: Study, dataset: str, provenance: list[Provenance] | None = None, **columns: list):
    """The metadata of one dataset with these columns."""
    return describe(study, profile({dataset: pl.DataFrame(columns)}), provenance or [])[0]


def test_datasets_stand_by_class_then_name(metas: list[DatasetMeta]) -> None:
    assert [meta.name for meta in metas] == ["TS", "DM", "AE", "QS", "SUPPDM"]


def test_a_dataset_without_records_is_not_described(study: Study) -> None:
    empty = pl.DataFrame(schema={"STUDYID": pl.String, "USUBJID": pl.String})
    assert describe(study, profile({"AE": empty}), []) == []


def test_variables_stand_in_the_order_of_the_standard(metas: list[DatasetMeta]) -> None:
    qs = next(meta for meta in metas if meta.name == "QS")
    names = [variable.name for variable in qs.variables]
    assert names.index("QSDY") < names.index("QSELTM")
    assert names[:4] == ["STUDYID", "DOMAIN", "USUBJID", "QSSEQ"]


def test_what_a_dataset_is(metas: list[DatasetMeta]) -> None:
    by_name = {meta.name: meta for meta in metas}
    assert by_name["DM"].repeating is False
    assert by_name["QS"].repeating is True
    assert by_name["TS"].has_subjects is False
    assert by_name["TS"].repeating is False
    assert by_name["SUPPDM"].domain == "DM"
    assert by_name["SUPPDM"].label == "Supplemental Qualifiers for DM"
    assert by_name["QS"].rows == 4


@pytest.mark.parametrize(
    ("name", "domain"),
    [("QS", "QS"), ("QSPH", "QS"), ("SUPPQS", "QS"), ("SUPPQSPH", "QS"), ("RELREC", "RELREC")],
)
def test_the_domain_of_a_dataset(name: str, domain: str) -> None:
    assert domain_of(name) == domain


def test_lengths_are_the_longest_value_or_what_the_study_wants(
    study: Study, frames: dict[str, pl.DataFrame]
) -> None:
    wanted = {"QS.QSTESTCD": 8, "USUBJID": 20, "QSTEST": 3}
    study = replace(study, sdtm=SdtmOptions(lengths=wanted))
    metas = describe(study, profile(frames), [])
    assert one(metas, "QS", "QSTESTCD").length == 8
    assert one(metas, "AE", "USUBJID").length == 20
    # A value is never cut to the length that was asked for.
    assert one(metas, "QS", "QSTEST").length == len("Pain Score")
    assert one(metas, "DM", "RFCSTDTC").length == 1


@pytest.mark.parametrize(
    ("dataset", "variable", "data_type"),
    [
        ("QS", "QSDTC", "partialDatetime"),
        ("QS", "QSELTM", "durationDatetime"),
        ("QS", "QSDY", "integer"),
        ("QS", "QSSTRESN", "float"),
        ("QS", "QSORRES", "text"),
        ("DM", "RFSTDTC", "date"),
        ("DM", "RFCSTDTC", "datetime"),
        ("AE", "AESTDTC", "partialDate"),
    ],
)
def test_data_types(metas: list[DatasetMeta], dataset: str, variable: str, data_type: str) -> None:
    assert one(metas, dataset, variable).data_type == data_type


def test_a_date_variable_with_other_text_is_text(study: Study) -> None:
    meta = alone(study, "AE", USUBJID=["1", "2"], AESTDTC=["2026-01-01", "soon"])
    assert one([meta], "AE", "AESTDTC").data_type == "text"


def test_numbers_have_digits(metas: list[DatasetMeta]) -> None:
    result = one(metas, "QS", "QSSTRESN")
    assert (result.type, result.length, result.digits, result.significant_digits) == (
        ("Num", 8, 3, 1)
    )
    day = one(metas, "QS", "QSDY")
    assert (day.digits, day.significant_digits) == (1, None)


def test_keys_are_those_that_hold_values(metas: list[DatasetMeta]) -> None:
    keys = {meta.name: meta.keys for meta in metas}
    assert keys["DM"] == ("STUDYID", "USUBJID")
    assert keys["SUPPDM"] == ("STUDYID", "RDOMAIN", "USUBJID", "QNAM")
    assert keys["QS"] == ("STUDYID", "USUBJID", "QSCAT", "QSTESTCD", "VISITNUM", "QSDTC")


def test_a_key_that_is_not_unique_ends_with_seq(study: Study) -> None:
    columns = {"STUDYID": ["T", "T"], "USUBJID": ["1", "1"], "CMTRT": ["X", "X"]}
    meta = alone(study, "CM", **columns, CMSEQ=[1.0, 2.0])
    assert meta.keys == ("STUDYID", "USUBJID", "CMTRT", "CMSEQ")


def test_every_dataset_of_the_standard_has_a_natural_key() -> None:
    for name, model in datasets().items():
        keys = natural_keys(name)
        assert keys[0] == "STUDYID", name
        assert any(model.variable(key) for key in keys[1:]), name


def codelist(metas: list[DatasetMeta], dataset: str, variable: str) -> CodelistMeta:
    found = one(metas, dataset, variable).codelist
    assert found is not None
    return found


def test_terms_that_occur_with_their_codes(metas: list[DatasetMeta]) -> None:
    sex = codelist(metas, "DM", "SEX")
    assert (sex.oid, sex.code) == ("CL.SEX", "C66731")
    assert {(term.value, term.decode, term.code) for term in sex.terms} == {
        ("F", "Female", "C16576"),
        ("M", "Male", "C20197"),
    }


def test_a_term_of_the_sponsor_has_no_code(metas: list[DatasetMeta]) -> None:
    outcome = {term.value: term for term in codelist(metas, "AE", "AEOUT").terms}
    assert outcome["RECOVERED/RESOLVED"].code == "C49498"
    assert outcome["FELL ASLEEP"].code is None
    assert outcome["FELL ASLEEP"].decode == "Fell asleep and is well"


def test_subsets_of_a_codelist_are_told_apart(study: Study) -> None:
    """By their terms where these are few and short, else by their first user."""
    meta = alone(
        study,
        "AE",
        USUBJID=["1", "2"],
        AESER=["Y", "N"],
        AESDTH=["Y", "N"],
        AESLIFE=["N", "N"],
        AEOUT=["FATAL", "UNKNOWN"],
    )
    oids = {
        name: codelist([meta], "AE", name).oid for name in ("AESER", "AESDTH", "AESLIFE", "AEOUT")
    }
    assert oids == {
        "AESER": "CL.NY.N.Y",
        "AESDTH": "CL.NY.N.Y",
        "AESLIFE": "CL.NY.N",
        "AEOUT": "CL.OUT",
    }
    assert codelist([meta], "AE", "AESLIFE").name == "No Yes Response (N)"
    units = {"VSORRESU": ["%", "kg"], "VSSTRESU": ["kg", "kg"], "VSTESTCD": ["A", "A"]}
    meta = alone(study, "VS", USUBJID=["1", "2"], **units)
    assert codelist([meta], "VS", "VSORRESU").oid == "CL.VSRESU.VS.VSORRESU"
    assert codelist([meta], "VS", "VSSTRESU").oid == "CL.VSRESU.kg"


def test_the_same_terms_with_another_meaning_are_another_codelist(study: Study) -> None:
    frame = pl.DataFrame({"USUBJID": ["1"], "AESER": ["Y"], "AESDTH": ["Y"]})
    own = {"AE.AESDTH": {"Y": "Yes, and reported"}}
    (meta,) = describe(study, profile({"AE": frame}), [], codelists=own)
    seriousness, death = (codelist([meta], "AE", name) for name in ("AESER", "AESDTH"))
    assert seriousness.terms[0].decode == "Yes"
    assert death.terms[0].decode == "Yes, and reported"
    assert {seriousness.oid, death.oid} == {"CL.NY.Y", "CL.NY.AE.AESDTH"}


def test_epochs_are_one_codelist_for_all_domains(metas: list[DatasetMeta]) -> None:
    assert codelist(metas, "QS", "EPOCH") == codelist(metas, "AE", "EPOCH")
    values = {term.value for term in codelist(metas, "QS", "EPOCH").terms}
    assert values == {"SCREENING", "TREATMENT", "FOLLOW-UP"}


def test_test_codes_mean_their_tests(metas: list[DatasetMeta]) -> None:
    tests = codelist(metas, "QS", "QSTESTCD")
    assert (tests.oid, tests.code) == ("CL.QSTESTCD", None)
    assert [(term.value, term.decode) for term in tests.terms] == [
        ("NPRS", "Pain Score"),
        ("PCTRED", "Reduction"),
    ]


def test_external_dictionaries_have_the_study_s_version(
    study: Study, metas: list[DatasetMeta]
) -> None:
    country = codelist(metas, "DM", "COUNTRY")
    assert (country.external, country.external_version) == ("ISO 3166", "2020-08")
    meta = alone(study, "AE", USUBJID=["1"], AELLT=["Headache"])
    assert codelist([meta], "AE", "AELLT").external_version == "28.0"
    unversioned = replace(study, parameters=())
    meta = alone(unversioned, "AE", USUBJID=["1"], AELLT=["Headache"])
    assert codelist([meta], "AE", "AELLT").external_version is None


def test_results_are_described_by_test(metas: list[DatasetMeta]) -> None:
    score, reduction = one(metas, "QS", "QSORRES").value_level
    (condition,) = score.where
    assert (condition.variable, condition.comparator, condition.values) == (
        ("QSTESTCD", "EQ", ("NPRS",))
    )
    assert (score.label, score.data_type, score.length) == ("Pain Score", "integer", 1)
    assert (reduction.data_type, reduction.length, reduction.significant_digits) == (
        ("float", 4, 1)
    )


def test_a_test_of_several_categories_is_described_in_each(study: Study) -> None:
    meta = alone(
        study,
        "LB",
        USUBJID=["1", "1", "1"],
        LBCAT=["BLOOD", "URINE", "BLOOD"],
        LBTESTCD=["GLUC", "GLUC", "ALT"],
        LBORRES=["5.5", "NEGATIVE", "20"],
    )
    where = {
        tuple((check.variable, check.values[0]) for check in value.where): value.data_type
        for value in one([meta], "LB", "LBORRES").value_level
    }
    assert where == {
        (("LBTESTCD", "ALT"),): "integer",
        (("LBCAT", "BLOOD"), ("LBTESTCD", "GLUC")): "float",
        (("LBCAT", "URINE"), ("LBTESTCD", "GLUC")): "text",
    }


def test_units_are_described_by_test_where_they_differ(study: Study) -> None:
    columns = {"USUBJID": ["1", "1"], "VSTESTCD": ["SYSBP", "WEIGHT"]}
    meta = alone(study, "VS", **columns, VSORRES=["1", "2"], VSORRESU=["mmHg", "kg"])
    units = one([meta], "VS", "VSORRESU").value_level
    assert [value.codelist.terms[0].value for value in units if value.codelist] == ["mmHg", "kg"]
    meta = alone(study, "VS", **columns, VSORRES=["1", "2"], VSORRESU=["kg", "kg"])
    assert one([meta], "VS", "VSORRESU").value_level == ()


def test_parameters_take_their_own_codelists(metas: list[DatasetMeta]) -> None:
    values = {value.label: value for value in one(metas, "TS", "TSVAL").value_level}
    assert values["Study Start Date"].data_type == "date"
    assert values["Planned Number of Arms"].data_type == "integer"
    blinding = values["Trial Blinding Schema"].codelist
    assert blinding is not None
    assert (blinding.code, blinding.terms[0].code) == ("C66735", "C49659")


def test_dispositions_take_the_codelist_of_their_category(study: Study) -> None:
    meta = alone(
        study,
        "DS",
        USUBJID=["1", "1"],
        DSCAT=["PROTOCOL MILESTONE", "DISPOSITION EVENT"],
        DSDECOD=["RANDOMIZED", "COMPLETED"],
    )
    codes = {
        value.where[0].values[0]: value.codelist and value.codelist.code
        for value in one([meta], "DS", "DSDECOD").value_level
    }
    assert codes == {"PROTOCOL MILESTONE": "C114118", "DISPOSITION EVENT": "C66727"}


def test_qualifiers_are_described_by_name(metas: list[DatasetMeta]) -> None:
    values = {value.label: value for value in one(metas, "SUPPDM", "QVAL").value_level}
    assert values["Race 1"].codelist is not None
    assert values["Race 1"].codelist.code == "C74457"
    assert values["Hand"].codelist is None
    # Mapped in dm.csv, or else what QORIG says.
    assert values["Hand"].origin == COLLECTED
    assert all(value.mandatory for value in values.values())


def test_origins_are_those_of_the_blocks_that_fill_the_values(metas: list[DatasetMeta]) -> None:
    result = one(metas, "QS", "QSORRES")
    score, reduction = result.value_level
    assert (result.origin, result.method) == (None, None)
    assert (score.origin, score.method) == (COLLECTED, None)
    assert reduction.origin == DERIVED
    assert reduction.method is not None
    assert reduction.method.oid == "MT.QS.QSORRES.PCTRED"
    assert reduction.method.description == "(before - after) / before * 100"


def test_a_variable_of_several_origins_has_them_all(study: Study) -> None:
    provenance = [
        Provenance("AE", "AETERM", "form", "assign", origin=Origin("Collected")),
        Provenance("AE", "AETERM", "lab", "hardcode", origin=Origin("Assigned"), note="As agreed."),
        Provenance("AE", "AETERM", "unused", "assign", origin=Origin("Protocol")),
    ]
    columns = {"USUBJID": ["1", "2"], "AETERM": ["x", "y"], "@block": ["form", "lab"]}
    found = one([alone(study, "AE", provenance, **columns)], "AE", "AETERM")
    assert found.origin == COLLECTED
    assert found.other_origins == (Origin("Assigned", "Sponsor"),)
    assert found.comment == "As agreed."


def test_methods_of_several_blocks_say_which_is_whose(study: Study) -> None:
    derived = Origin("Derived")
    provenance = [
        Provenance("AE", "AESEV", "a", "compute", origin=derived, method="From the grade."),
        Provenance("AE", "AESEV", "b", "compute", origin=derived, method="From the text."),
        Provenance("AE", "AESEV", "sev", "derive:sev", origin=derived, method="Else mild."),
    ]
    columns = {"USUBJID": ["1", "2"], "AESEV": ["MILD", "SEVERE"], "@block": ["a", "b"]}
    method = one([alone(study, "AE", provenance, **columns)], "AE", "AESEV").method
    assert method is not None
    assert method.description == "a: From the grade.\nb: From the text.\nElse mild."


def test_instructions_for_one_test_count_for_no_other(study: Study) -> None:
    provenance = [
        Provenance("QS", "QSORRES", "b", "item", origin=Origin("Collected"), testcd="SCORE"),
        Provenance("QS", "QSORRES", "b", "item", origin=Origin("Derived"), testcd="CHANGE"),
    ]
    columns = {"USUBJID": ["1", "1"], "QSTESTCD": ["SCORE", "CHANGE"], "QSORRES": ["5", "3"]}
    meta = alone(study, "QS", provenance, **columns, **{"@block": ["b", "b"]})
    change, score = one([meta], "QS", "QSORRES").value_level
    assert (change.origin, score.origin) == (DERIVED, COLLECTED)


def test_what_holds_of_every_value_is_said_once(study: Study) -> None:
    made = Provenance(
        "QS", "QSORRES", "b", "compute", origin=Origin("Derived"), method="Added up.", note="Twice."
    )
    columns = {"USUBJID": ["1", "1"], "QSTESTCD": ["SCORE", "CHANGE"], "QSORRES": ["5", "3"]}
    result = one([alone(study, "QS", [made], **columns, **{"@block": ["b", "b"]})], "QS", "QSORRES")
    assert (result.origin, result.comment) == (DERIVED, "Twice.")
    assert result.method is not None
    assert result.method.oid == "MT.QS.QSORRES"
    for value in result.value_level:
        assert (value.origin, value.method, value.comment) == (None, None, None)


def test_a_note_that_the_method_tells_is_no_comment(study: Study) -> None:
    derived = Origin("Derived")
    made = [
        Provenance("AE", "AESEV", "a", "compute", origin=derived, method="Graded. Twice."),
        Provenance("AE", "AESEV", "a", "compute", origin=derived, note="Twice."),
        Provenance("AE", "AESEV", "a", "compute", origin=derived, note="Thrice."),
    ]
    found = one([alone(study, "AE", made, USUBJID=["1"], AESEV=["MILD"])], "AE", "AESEV")
    assert found.comment == "Thrice."


def test_a_method_of_every_domain_is_spelled_for_this_one(study: Study) -> None:
    text = "--STDTC - RFSTDTC in days (--DY); -- and COVAL--X stay."
    made = Provenance("AE", "AESTDY", "d", "derive:d", origin=Origin("Derived"), method=text)
    method = one([alone(study, "AE", [made], USUBJID=["1"], AESTDY=[1.0])], "AE", "AESTDY").method
    assert method is not None
    assert method.description == "AESTDTC - RFSTDTC in days (AEDY); -- and COVAL--X stay."


def test_a_derivation_without_words_says_its_verb(study: Study) -> None:
    made = Provenance("AE", "AESEV", "a", "compute", "ae", ("grade",), origin=Origin("Derived"))
    method = one([alone(study, "AE", [made], USUBJID=["1"], AESEV=["MILD"])], "AE", "AESEV").method
    assert method is not None
    assert method.description == "Made by compute of grade of the form ae."
    made = replace(made, verb="item")
    method = one([alone(study, "AE", [made], USUBJID=["1"], AESEV=["MILD"])], "AE", "AESEV").method
    assert method is not None
    assert method.description == "As grade of the form ae gives it."


def test_how_something_undivided_is_made_is_a_comment(study: Study) -> None:
    """Text that goes on in a qualifier has the origin of its variable."""
    provenance = [
        Provenance("AE", "AETERM", "ae", "assign", origin=Origin("Collected")),
        Provenance("AE", "AETERM1", "supp", "derive:supp", method="Goes on.", inputs=("AETERM",)),
    ]
    columns = {"USUBJID": ["1"], "QNAM": ["AETERM1"], "QLABEL": ["Term 1"], "QVAL": ["rest"]}
    meta = alone(study, "SUPPAE", provenance, **columns)
    (value,) = one([meta], "SUPPAE", "QVAL").value_level
    assert (value.origin, value.method, value.comment) == (COLLECTED, None, "Goes on.")


def test_a_continuation_stands_behind_its_variable(study: Study) -> None:
    meta = alone(
        study, "CO", USUBJID=["1"], COVAL2=["c"], COVAL1=["b"], COVAL=["a"], CODTC=["2026"]
    )
    names = [variable.name for variable in meta.variables]
    assert names == ["USUBJID", "COVAL", "COVAL1", "COVAL2", "CODTC"]
    assert one([meta], "CO", "COVAL1").label == "Comment 1"


@pytest.mark.parametrize(
    ("dataset", "variable", "label"),
    [
        ("AE", "AELNKID", "Link ID"),
        ("MH", "MHSTDY", "Study Day of Start of Observation"),
        ("DM", "NOSUCH", "NOSUCH"),
        ("DI", "DOMAIN", "Domain Abbreviation"),
        ("DI", "DIVAL", "DIVAL"),
    ],
)
def test_a_variable_of_the_model_has_its_label_everywhere(
    study: Study, dataset: str, variable: str, label: str
) -> None:
    meta = alone(study, dataset, USUBJID=["1"], **{variable: ["x"]})
    assert one([meta], dataset, variable).label == label


def test_what_the_protocol_names_is_a_codelist(study: Study) -> None:
    study = replace(study, arms=(Arm("A", "Active"), Arm("B", "Placebo")))
    arms = {"ARMCD": ["B", None], "ACTARMCD": ["A", "B"]}
    meta = alone(study, "DM", USUBJID=["1", "2"], **arms)
    planned = codelist([meta], "DM", "ARMCD")
    assert planned.terms == (TermMeta("A", "Active"), TermMeta("B", "Placebo"))
    assert codelist([meta], "DM", "ACTARMCD") == planned


def test_results_that_are_numbers_are_no_terms(study: Study) -> None:
    meta = alone(
        study,
        "LB",
        USUBJID=["1", "1", "1"],
        LBTESTCD=["ALT", "HCG", "COLOR"],
        LBSTRESC=["20", "NEGATIVE", "like tea"],
    )
    result = one([meta], "LB", "LBSTRESC")
    assert result.codelist is None
    codes = {value.label: value.codelist and value.codelist.code for value in result.value_level}
    assert codes == {"ALT": None, "HCG": "C102580", "COLOR": None}


def test_a_variable_without_values_says_so(metas: list[DatasetMeta]) -> None:
    empty = one(metas, "DM", "RFCSTDTC")
    assert (empty.has_data, empty.comment) == (False, "No record holds a value.")
    assert one(metas, "DM", "RFSTDTC").has_data


def test_the_order_of_partitions_changes_nothing(
    study: Study, frames: dict[str, pl.DataFrame], provenance: list[Provenance]
) -> None:
    backwards = {name: frames[name].reverse() for name in reversed(frames)}
    assert describe(study, profile(backwards), provenance) == describe(
        study, profile(frames), provenance
    )


def test_an_unknown_terminology_is_refused(study: Study) -> None:
    study = replace(study, sdtm=SdtmOptions(ct="1999-01-01"))
    with pytest.raises(KeyError):
        describe(study, {}, [])


def test_the_codelists_of_parameters_are_published() -> None:
    ct = terminology("2025-03-28")
    parameters = ct.codelist("TSPARMCD")
    assert parameters is not None
    assert PARAMETER_CODELISTS.keys() <= parameters.by_value.keys()
    for code in {*PARAMETER_CODELISTS.values(), *DSCAT_CODELISTS.values()}:
        assert ct.codelist(code) is not None, code
