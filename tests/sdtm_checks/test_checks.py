"""Every check of SDTM fires on its negative case, on the right variable, and not on the positive."""

from __future__ import annotations

import polars as pl
import pytest
from cases import CASES, DM, QS, Case, Record

from trialect.schemas.sdtm.checks import CHECKS, run_checks


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
    checked = {case.dataset: frame(records).drop(case.drop if records is not case.good else ())}
    return [
        (problem.rule, problem.variable)
        for problem in run_checks(checked, trial_frames=around)
        if problem.domain == case.dataset
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.variable}")
def test_fires_on_the_defect_only(case: Case) -> None:
    assert case.rule not in [rule for rule, _ in problems(case, case.good)]
    broken = [{**case.good[0], **case.change}, *case.good[1:], *case.add]
    assert (case.rule, case.variable) in problems(case, broken)


def test_order_of_variables() -> None:
    first = ["STUDYID", "DOMAIN", "USUBJID", "QSSEQ"]
    good = frame([QS])
    turned = good.select(*first, "QSTEST", "QSTESTCD", pl.exclude(*first, "QSTEST", "QSTESTCD"))
    rules = [problem.rule for problem in run_checks({"QS": turned})]
    assert "SDTM-ORDER" in rules
    assert "SDTM-ORDER" not in [problem.rule for problem in run_checks({"QS": good})]


def test_every_check_has_a_case() -> None:
    assert set(CHECKS) == {case.rule for case in CASES} | {"SDTM-ORDER"}


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
