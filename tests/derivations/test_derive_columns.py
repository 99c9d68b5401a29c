"""The form of what comes out: order of variables, what is left out, partitions, provenance."""

import random
from pathlib import Path
from typing import Any

import polars as pl
from derivation_cases import (
    Line,
    Qualifier,
    Tables,
    a_study,
    consent,
    disposition,
    of,
    records,
    rules,
    run,
    subject,
)
from polars.testing import assert_frame_equal

from trialect.mappings.sdtm import DERIVATIONS, TRIAL_DESIGN, Derived, derive
from trialect.schemas.sdtm import dataset
from trialect.trial import is_lineage

DOCS = Path(__file__).resolve().parents[2] / "docs" / "derivations.md"


def test_variables_stand_in_the_order_of_sdtmig_then_the_lineage() -> None:
    """CG0664, CG0330."""
    derived = run({"DM": [subject()], "AE": [of(AESTDTC="2025-03-01", AETERM="x", AESEV="MILD")]})
    for name, frame in derived.frames.items():
        model = dataset(name)
        assert model is not None
        variables = [c for c in frame.columns if not is_lineage(c)]
        assert variables == [v.name for v in model.variables if v.name in variables]
        assert frame.columns[len(variables) :][:3] == ["@form", "@row", "@block"]
        types = {v.name: pl.Float64 if v.type == "Num" else pl.String for v in model.variables}
        assert all(frame.schema[c] == types[c] for c in variables)


def test_expected_variables_are_there_and_empty_permissible_ones_are_not() -> None:
    """CG0014, CG0016."""
    derived = run({"AE": [of(AETERM="x", AESTDTC="2025-03-01", AESCAT=None, AEACNOTH=None)]})
    frame = derived.frames["AE"]
    model = dataset("AE")
    assert model is not None
    assert {v.name for v in model.variables if v.core != "Perm"} <= set(frame.columns)
    assert not {"AESCAT", "AEACNOTH"} & set(frame.columns)
    assert frame.select("STUDYID", "DOMAIN", "AESTDY").rows() == [("S1", "AE", None)]


def test_a_domain_without_records_stays_a_domain() -> None:
    empty = records("AE", [of(AETERM="x")]).clear()
    frame = derive(a_study(), Tables(), {"AE": empty}).frames["AE"]
    assert frame.height == 0
    assert "AESEQ" in frame.columns


def many(number: int) -> dict[str, list[dict[str, Any]]]:
    """Subjects of all sorts, from a seed."""
    chance = random.Random(7)
    found: dict[str, list[dict[str, Any]]] = {c: [] for c in ("DM", "DS", "EX", "QS", "AE", "CO")}
    for n in range(1, number + 1):
        day = chance.randint(1, 20)
        arm = chance.choice(["A", "B", None])
        birth = chance.choice(["1980", "1980-03", "1980-03-12"])
        extra = chance.choice([None, "LEFT"])
        found["DM"].append(subject(n, ARMCD=arm, BRTHDTC=birth, AFFSIDE=extra))
        found["DS"].append(consent(f"2025-03-{day:02d}T08:00", n))
        end = "COMPLETED" if arm else chance.choice(["SCREEN FAILURE", "WITHDRAWAL BY SUBJECT"])
        found["DS"].append(disposition(end, "2025-08-01", n))
        treated = chance.choice([f"2025-04-{day:02d}", f"2025-04-{day:02d}T10:00", "2025-04"])
        if arm:
            treatment = chance.choice(["ALPHA", "BETA"])
            found["EX"].append(of(n, EXTRT=treatment, EXSTDTC=treated, EXENDTC=treated))
        for visit, month in ((1, 3), (2, 4), (3, 5), (3.1, 5)):
            for test in ("PI", "PR"):
                clock = chance.choice(["", "T09:00", "T11:00"])
                found["QS"].append(
                    of(
                        n,
                        QSTESTCD=test,
                        QSCAT="X",
                        QSORRES=chance.choice([None, "1", "2.50", "no"]),
                        QSDTC=f"2025-{month:02d}-{day:02d}{clock}",
                        VISITNUM=float(visit),
                    )
                )
        if chance.random() < 0.5:
            term = chance.choice(["Pain", "Long words " * 30 + "end"])
            dates = chance.choice(["2025-04", "2025-05-05", None])
            found["AE"].append(
                of(n, AETERM=term, AESTDTC=dates, AEOUT=chance.choice(["FATAL", "x"]))
            )
        if chance.random() < 0.3:
            found["CO"].append(of(n, COVAL="word " * chance.choice([1, 50, 90]) + "end"))
    return found


TABLES = Tables(
    relations=[
        Line("RED", "anchor", "QS", "QSTESTCD = 'PR'"),
        Line("RED", "related", "QS", "QSTESTCD = 'PI'", ("VISITNUM",)),
    ],
    supplemental={("DM", "AFFSIDE"): Qualifier("Affected Side")},
)


def together(parts: list[Derived]) -> dict[str, pl.DataFrame]:
    names = dict.fromkeys(name for part in parts for name in part.frames)
    return {
        name: pl.concat([p.frames[name] for p in parts if name in p.frames], how="diagonal")
        for name in names
    }


def test_nothing_depends_on_how_subjects_are_split() -> None:
    frames = {name: records(name, rows) for name, rows in many(16).items()}
    whole = derive(a_study(), TABLES, frames)
    subjects = frames["DM"]["USUBJID"]
    for size in (1, 5):
        parts = []
        for start in range(0, subjects.len(), size):
            some = subjects[start : start + size].implode()
            mine = {n: f.filter(pl.col("USUBJID").is_in(some)) for n, f in frames.items()}
            parts.append(derive(a_study(), TABLES, mine))
        joined = together(parts)
        assert set(joined) == set(whole.frames)
        for name, frame in whole.frames.items():
            assert_frame_equal(joined[name].select(frame.columns), frame)
            assert set(joined[name].columns) == set(frame.columns), name
        told = [str(problem) for part in parts for problem in part.problems]
        assert sorted(told) == sorted(map(str, whole.problems))
        noted = {(one.domain, one.variable, one.verb) for p in parts for one in p.provenance}
        assert noted == {(one.domain, one.variable, one.verb) for one in whole.provenance}


def test_the_order_of_the_rows_does_not_matter() -> None:
    frames = {name: records(name, rows) for name, rows in many(15).items()}
    whole = derive(a_study(), TABLES, frames)
    shuffled = {n: f.sample(fraction=1, shuffle=True, seed=5) for n, f in frames.items()}
    again = derive(a_study(), TABLES, shuffled)
    for name, frame in whole.frames.items():
        assert_frame_equal(again.frames[name], frame)


def test_only_what_was_filled_is_told_as_derived() -> None:
    mapped = run({"DM": [subject(RFSTDTC="2025-01-01")], "QS": [of(QSTESTCD="T", QSSTRESC="x")]})
    variables = {(one.domain, one.variable) for one in mapped.provenance}
    assert ("DM", "RFSTDTC") not in variables
    assert ("QS", "QSSTRESC") not in variables
    assert ("QS", "QSSEQ") in variables


def test_a_method_speaks_of_the_variables_of_its_domain() -> None:
    derived = run({"DM": [subject()], "EX": [of(EXTRT="A", EXSTDTC="2025-03-10")]})
    methods = {(one.domain, one.variable): one for one in derived.provenance}
    day = methods["EX", "EXSTDY"]
    assert str(day.method).startswith("EXSTDTC - RFSTDTC in days")
    assert day.inputs == ("EXSTDTC", "DM.RFSTDTC")
    assert "--STDTC" in str(methods["DM", "RFPENDTC"].method)


def test_every_derivation_is_documented_with_its_method() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for derivation in [*DERIVATIONS.values(), *TRIAL_DESIGN.values()]:
        assert f"### `{derivation.name}`" in text
        for output in derivation.outputs:
            assert f"| {', '.join(output.inputs)} | {output.method} |" in text, output.variable
            assert output.method.isascii()


def test_no_domain_that_is_unknown_is_touched() -> None:
    frame = pl.DataFrame({"USUBJID": ["x"], "ODD": ["y"]})
    derived = derive(a_study(), Tables(), {"ZZ": frame})
    assert derived.frames["ZZ"].equals(frame)
    assert rules(derived) == []
