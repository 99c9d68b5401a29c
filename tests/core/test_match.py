"""Records joined to others: on keys, with supplemental qualifiers, through RELREC, to parents."""

from __future__ import annotations

from typing import Any

import pytest
from packages import ask, dataset, package, places, rule

AE = dataset(
    "AE",
    {
        "STUDYID": ["S"] * 4,
        "DOMAIN": ["AE"] * 4,
        "USUBJID": ["1", "1", "2", "9"],
        "AESEQ": [1, 2, 1, 1],
        "AESPID": ["a", "b", "c", "d"],
        "AETERM": ["Pain", "Rash", "Pain", "Ache"],
        "VISITNUM": [1, 2, 1, 1],
    },
)
DM = dataset(
    "DM",
    {"STUDYID": ["S", "S"], "DOMAIN": ["DM", "DM"], "USUBJID": ["1", "2"], "SEX": ["F", "M"]},
)


def _match(name: str, *keys: Any, **more: Any) -> dict[str, Any]:
    return {"Name": name, "Keys": list(keys), **more}


def _rows(
    check: list[dict[str, Any]], match: list[dict[str, Any]], *datasets: Any, **keys: Any
) -> Any:
    scope = {"Domains": {"Include": [keys.pop("of", "AE")]}}
    one = rule({"all": check}, Match_Datasets=match, Scope=scope, **keys)
    return ask(one, package(*datasets))


def _is(name: str, value: Any) -> dict[str, Any]:
    return {"name": name, "operator": "equal_to", "value": value, "value_is_literal": True}


def _same(name: str, other: str) -> dict[str, Any]:
    return {"name": name, "operator": "equal_to", "value": other}


def test_records_are_joined_on_keys_and_keep_their_numbers() -> None:
    found = _rows([_is("SEX", "M")], [_match("DM", "USUBJID")], AE, DM)
    assert places(found) == [("AE", 3)]


def test_records_without_a_partner_are_left_out_of_an_inner_join() -> None:
    there = {"name": "AETERM", "operator": "non_empty"}
    assert len(_rows([there], [_match("DM", "USUBJID")], AE, DM).findings) == 3
    left = _match("DM", "USUBJID", **{"Join Type": "left"})
    assert len(_rows([there], [left], AE, DM).findings) == 4
    assert places(_rows([_is("_merge_DM", "left_only")], [left], AE, DM)) == [("AE", 4)]


def test_a_variable_of_both_sides_is_told_apart() -> None:
    assert places(_rows([_same("DOMAIN", "DOMAIN.DM")], [_match("DM", "USUBJID")], AE, DM)) == []
    named = [{"name": "AETERM", "operator": "non_empty"}, _is("DM.STUDYID", "S")]
    assert len(_rows(named, [_match("DM", "USUBJID")], AE, DM).findings) == 3


def test_keys_may_have_other_names_on_the_other_side() -> None:
    tv = dataset("TV", {"DOMAIN": ["TV"], "NUMBER": [2], "TVSTRL": ["x"]})
    keys = {"Left": "VISITNUM", "Right": "NUMBER"}
    assert places(_rows([_is("TVSTRL", "x")], [_match("TV", keys)], AE, tv)) == [("AE", 2)]


def test_a_rule_that_needs_a_dataset_that_is_absent_is_not_asked() -> None:
    there = {"name": "AETERM", "operator": "non_empty"}
    absent = _rows([there], [_match("DM", "USUBJID")], AE)
    assert (absent.status, absent.reason) == ("skipped", "AE: DM is not in the package")
    beside = _rows([there], [{**_match("DM", "USUBJID"), "Join Type": "left"}], AE)
    assert len(beside.findings) == 4


def test_a_dataset_is_not_joined_to_itself() -> None:
    assert len(_rows([_is("SEX", "M")], [_match("DM", "USUBJID")], DM, of="DM").findings) == 1


def test_a_key_that_is_absent_or_of_another_type_is_told() -> None:
    there = {"name": "AETERM", "operator": "non_empty"}
    absent = _rows([there], [_match("DM", "AESPID")], AE, DM)
    assert absent.reason == "AE: DM.AESPID is not in the dataset"
    other = dataset("TV", {"DOMAIN": ["TV"], "VISITNUM": ["1"]})
    typed = _rows([there], [_match("TV", "VISITNUM")], AE, other)
    assert typed.reason == (
        "AE: a key of Match Datasets is text in one dataset and numeric in the other"
    )


def test_all_parts_of_a_split_dataset_are_joined() -> None:
    parts = (
        dataset("DMA", {"DOMAIN": ["DM"], "USUBJID": ["1"], "SEX": ["F"]}),
        dataset("DMB", {"DOMAIN": ["DM"], "USUBJID": ["2"], "SEX": ["M"]}),
    )
    assert places(_rows([_is("SEX", "M")], [_match("DM", "USUBJID")], AE, *parts)) == [("AE", 3)]


def _supp(rows: list[tuple[str, str | None, str | None, str, str]]) -> Any:
    names = ("USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QVAL")
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    return dataset(
        "SUPPAE", {"STUDYID": ["S"] * len(rows), "RDOMAIN": ["AE"] * len(rows), **columns}
    )


def test_supplemental_qualifiers_are_columns() -> None:
    supp = _supp(
        [
            ("1", "AESEQ", "1", "AESOSP", "x"),
            ("1", "AESEQ", "2", "AESOSP", "y"),
            ("2", "AESEQ", "1.0", "AETRTEM", "Y"),
        ]
    )
    match = [_match("SUPPAE", "USUBJID")]
    assert places(_rows([_is("AESOSP", "y")], match, AE, supp)) == [("AE", 2)]
    assert places(_rows([_is("AETRTEM", "Y")], match, AE, supp)) == [("AE", 3)]
    assert places(_rows([{"name": "AESOSP", "operator": "empty"}], match, AE, supp)) == [
        ("AE", 3),
        ("AE", 4),
    ]


def test_supplemental_qualifiers_by_text_by_several_and_without_idvar() -> None:
    supp = _supp(
        [
            ("1", "AESPID", "a", "ONE", "x"),
            ("1", "AESEQ", "2", "ONE", "y"),
            ("2", None, None, "TWO", "z"),
        ]
    )
    match = [_match("SUPPAE", "USUBJID")]
    assert places(_rows([{"name": "ONE", "operator": "non_empty"}], match, AE, supp)) == [
        ("AE", 1),
        ("AE", 2),
    ]
    assert places(_rows([_is("TWO", "z")], [_match("SUPP--", "USUBJID")], AE, supp)) == [("AE", 3)]


def test_a_qualifier_that_a_record_has_twice_is_told() -> None:
    supp = _supp([("1", "AESEQ", "1", "Q", "x"), ("1", "AESEQ", "1", "Q", "y")])
    found = _rows([_is("Q", "x")], [_match("SUPPAE", "USUBJID")], AE, supp)
    assert (found.status, found.reason) == (
        "not_run",
        "AE: Q stands twice in SUPP-- for one record",
    )


CHILD = [_match("SUPP--", "USUBJID", "IDVAR", "IDVARVAL", Child=True)]
NO_PARENT = {
    "name": "IDVARVAL",
    "operator": "not_equal_to",
    "value": "IDVAR",
    "value_is_reference": True,
    "type_insensitive": True,
}


def test_a_supplemental_qualifier_is_joined_to_its_parent() -> None:
    supp = _supp(
        [
            ("1", "AESEQ", "1", "Q", "x"),
            ("1", "AESEQ", "7", "Q", "x"),
            ("2", "AESPID", "c", "Q", "x"),
            ("2", "AESPID", "a", "Q", "x"),
            ("1", "GONE", "1", "Q", "x"),
        ]
    )
    found = _rows([NO_PARENT], CHILD, AE, supp, of="SUPP--")
    assert places(found) == [("SUPPAE", 2), ("SUPPAE", 4), ("SUPPAE", 5)]
    terms = _rows([_is("AETERM", "Pain")], CHILD, AE, supp, of="SUPP--")
    assert places(terms) == [("SUPPAE", 1), ("SUPPAE", 3)]


def test_without_a_key_of_both_sides_the_value_alone_names_the_parent() -> None:
    lines = {"STUDYID": ["S", "S"], "RDOMAIN": ["AE", "AE"], "RELID": ["1", "1"]}
    places_of = {"IDVAR": ["AESEQ", "AESEQ"], "IDVARVAL": ["1", "9"]}
    relrec = dataset("RELREC", {**lines, **places_of})
    keys = [_match("RELREC", "USUBJID", "IDVAR", "IDVARVAL", Child=True)]
    found = _rows([NO_PARENT], keys, AE, relrec, of="RELREC")
    assert places(found) == [("RELREC", 2)]


def test_a_supplemental_dataset_may_be_larger_than_its_parent() -> None:
    many = 5_000
    supp = _supp([("1", "AESEQ", str(1 + number % 3), "Q", "x") for number in range(many)])
    found = _rows([NO_PARENT], CHILD, AE, supp, of="SUPP--")
    assert len(found.findings) == sum(number % 3 == 2 for number in range(many))


def test_comments_are_joined_to_the_parents_that_rdomain_names() -> None:
    co = dataset(
        "CO",
        {
            "DOMAIN": ["CO"] * 4,
            "RDOMAIN": ["AE", "DM", "AE", None],
            "USUBJID": ["1", "2", "2", "1"],
            "IDVAR": ["AESEQ", None, "AESEQ", None],
            "IDVARVAL": ["2", None, "9", None],
        },
    )
    match = [_match("CO", "USUBJID", "IDVAR", "IDVARVAL", Child=True)]
    named = {"name": "IDVAR", "operator": "non_empty"}
    assert places(_rows([named, NO_PARENT], match, AE, DM, co, of="CO")) == [("CO", 3)]
    assert places(_rows([_is("SEX", "M")], match, AE, DM, co, of="CO")) == [("CO", 2)]
    assert places(_rows([_is("AETERM", "Rash")], match, AE, DM, co, of="CO")) == [("CO", 1)]


def _relrec(rows: list[tuple[str, str | None, str, str | None, str]]) -> Any:
    names = ("RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELID")
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    return dataset("RELREC", {"STUDYID": ["S"] * len(rows), **columns})


FA = dataset(
    "FA",
    {
        "STUDYID": ["S"] * 3,
        "DOMAIN": ["FA"] * 3,
        "USUBJID": ["1", "1", "2"],
        "FASEQ": [1, 2, 1],
        "FALNKID": ["b", "x", "c"],
        "FATESTCD": ["T"] * 3,
        "FAOBJ": ["Pain", "Ache", "Pain"],
    },
)


def test_related_records_by_value() -> None:
    relrec = _relrec([("FA", "1", "FASEQ", "1", "R"), ("AE", "1", "AESEQ", "2.0", "R")])
    match = [{"Name": "RELREC"}]
    differs = {"name": "FAOBJ", "operator": "not_equal_to", "value": "RELREC.**TERM"}
    found = _rows([differs], match, AE, FA, relrec, of="FA", output=["FAOBJ", "RELREC.**TERM"])
    assert places(found) == [("FA", 1)]
    assert found.findings[0].variables == {"FAOBJ": "Pain", "RELREC.**TERM": "Rash"}


def test_related_datasets_with_a_wildcard_of_ones_own() -> None:
    relrec = _relrec([("AE", None, "AESPID", None, "R"), ("FA", None, "FALNKID", None, "R")])
    match = [{"Name": "RELREC", "Wildcard": "ZZ"}]
    there = {"name": "RELREC.ZZOBJ", "operator": "non_empty"}
    found = _rows([there], match, AE, FA, relrec, output=["AETERM", "RELREC.ZZOBJ"])
    assert [dict(one.variables) for one in found.findings] == [
        {"AETERM": "Rash", "RELREC.ZZOBJ": "Pain"},
        {"AETERM": "Pain", "RELREC.ZZOBJ": "Pain"},
    ]


def test_without_a_relation_there_is_nothing_to_ask() -> None:
    relrec = _relrec([("AE", "1", "AESEQ", "1", "R"), ("CM", "1", "CMSEQ", "1", "R")])
    found = _rows([{"name": "AETERM", "operator": "non_empty"}], [{"Name": "RELREC"}], AE, relrec)
    assert (found.status, found.findings) == ("run", ())


@pytest.mark.parametrize("gone", ["IDVAR", "QVAL"])
def test_supplemental_qualifiers_without_a_variable_are_told(gone: str) -> None:
    supp = _supp([("1", "AESEQ", "1", "Q", "x")])
    columns = {name: supp.frame[name].to_list() for name in supp.frame.columns if name != gone}
    found = _rows([_is("Q", "x")], [_match("SUPPAE", "USUBJID")], AE, dataset("SUPPAE", columns))
    assert found.reason == f"AE: {gone} is not in the dataset"
