"""Every check of SDTM fires on its negative case, on the right variable, not on the positive."""

from __future__ import annotations

import polars as pl
import pytest
from cases import CASES, DM, QS, Case, Record

from trialect.problems import Problem
from trialect.profile import merge, profile
from trialect.schemas.sdtm.checks import CHECKS, WHOLE_CHECKS, run_checks, run_trial_checks


def frame(records: list[Record]) -> pl.DataFrame:
    numbers = {
        name
        for record in records
        for name, value in record.items()
        if isinstance(value, float)
        or name.endswith(("SEQ", "STRESN", "DOSE", "TPTNUM", "VISITNUM"))
    }
    names = dict.fromkeys(name for record in records for name in record)
    return pl.DataFrame(
        {name: [record.get(name) for record in records] for name in names},
        schema={name: pl.Float64 if name in numbers else pl.String for name in names},
    )


def problems(case: Case, records: list[Record]) -> list[tuple[str, str | None]]:
    around = {"DM": frame([DM])} if case.dataset != "DM" else {}
    around |= {name: frame(rows) for name, rows in case.around.items()}
    dropped = case.drop if records is not case.good else ()
    checked = {case.dataset: frame(records).drop(dropped, strict=False)}
    found = [*run_checks(checked, trial_frames=around)]
    found += run_trial_checks(profile({**around, **checked}))
    return [(p.rule, p.variable) for p in found if p.domain == case.dataset]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.variable}")
def test_fires_on_the_defect_only(case: Case) -> None:
    assert case.rule not in [rule for rule, _ in problems(case, case.good)]
    broken = [{**case.good[0], **case.change}, *case.good[1:], *case.add]
    assert (case.rule, case.variable) in problems(case, broken)


def test_order_of_variables() -> None:
    first = ["STUDYID", "DOMAIN", "USUBJID", "QSSEQ"]
    good = frame([QS])
    turned = good.select(*first, "QSTEST", "QSTESTCD", pl.exclude(*first, "QSTEST", "QSTESTCD"))
    rules = [problem.rule for problem in run_trial_checks(profile({"QS": turned}))]
    assert "SDTM-ORDER" in rules
    assert "SDTM-ORDER" not in [p.rule for p in run_trial_checks(profile({"QS": good}))]


def test_every_check_has_a_case() -> None:
    assert {*CHECKS, *WHOLE_CHECKS} == {case.rule for case in CASES} | {"SDTM-ORDER"}


def test_a_finding_names_the_record() -> None:
    records = frame([QS, {**QS, "QSSEQ": 2.0, "QSDTC": "soon"}]).with_columns(
        pl.lit("visits").alias("@form"), pl.Series("@row", [2, 3])
    )
    found = [p for p in run_checks({"QS": records}) if p.rule == "SDTM-DATE-FORMAT"]
    assert [(p.file, p.row, p.usubjid, p.seq, p.value) for p in found] == [
        ("visits", 3, "S-1", "2", "soon")
    ]


@pytest.mark.parametrize(("told", "count"), [((), 1), ({("DM", "SEX", "FEMALE")}, 0)])
def test_a_term_that_was_told_with_its_source_row_is_not_told_again(told, count) -> None:
    dm = frame([{**DM, "SEX": "FEMALE"}])
    found = [one for one in run_checks({"DM": dm}, told=told) if one.variable == "SEX"]
    assert [one.rule for one in found] == ["SDTM-CT-NOT-EXTENSIBLE"] * count


def test_what_holds_of_the_trial_is_seen_across_partitions() -> None:
    """A name that differs between two partitions is a finding, the same however they are cut."""
    first = frame([QS, {**QS, "QSSEQ": 2.0}]).with_columns(
        pl.lit("visits").alias("@form"), pl.Series("@row", [2, 3])
    )
    second = frame([{**QS, "USUBJID": "S-2", "QSTEST": "PI01-Pain"}]).with_columns(
        pl.lit("visits").alias("@form"), pl.Series("@row", [4])
    )
    alone = [
        *run_trial_checks(profile({"QS": first})),
        *run_trial_checks(profile({"QS": second})),
    ]
    assert not [problem for problem in alone if problem.rule == "SDTM-TEST-ONE-TO-ONE"]

    def told(*parts: pl.DataFrame) -> list[Problem]:
        whole = merge(profile({"QS": part}) for part in parts)
        return [p for p in run_trial_checks(whole) if p.rule == "SDTM-TEST-ONE-TO-ONE"]

    found = told(first, second)
    assert [(p.variable, p.value, p.file, p.row) for p in found] == [
        ("QSTESTCD", "PI0101", "visits", 4)
    ]
    assert "'PI01-Pain Intensity' in 2 records, 'PI01-Pain' in 1 record" in found[0].message
    assert told(second, first) == told(pl.concat([first, second])) == found


def test_no_check_looks_at_what_is_not_there() -> None:
    """Every check takes datasets without most of their variables, and without any record."""
    empty = {name: pl.DataFrame({"STUDYID": ["S"]}) for name in DATASETS}
    assert all(problem.domain for problem in run_checks(empty))
    bare = {name: pl.DataFrame(schema={"USUBJID": pl.String}) for name in DATASETS}
    assert not [*run_checks(bare)]


DATASETS = sorted({case.dataset for case in CASES} | {name for c in CASES for name in c.around})
