"""The invented records: plausible, dirty where they say so, and exactly what the script gives."""

import csv
from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from script_modules import script

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "NCT07326982"

Rows = list[dict[str, str]]


make_example = script("make_example")


def read(folder: Path) -> dict[str, Rows]:
    forms = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            forms[path.stem] = list(csv.DictReader(file))
    return forms


@pytest.fixture(scope="module")
def scaled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    folder = tmp_path_factory.mktemp("scaled")
    make_example.write(folder, factor=21)
    return read(folder)


def subject(rows: Rows, subjid: str, **wanted: str) -> Rows:
    return [
        row
        for row in rows
        if row["subjid"] == subjid and all(row[key] == value for key, value in wanted.items())
    ]


def test_the_committed_records_are_what_the_script_gives(tmp_path: Path) -> None:
    make_example.write(tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_bytes() for path in (EXAMPLE / "records").iterdir()}
    assert made == kept


def test_every_row_says_that_it_is_invented(forms: dict[str, Rows]) -> None:
    assert {row["origin"] for rows in forms.values() for row in rows} == {"invented"}


def test_fifty_are_screened_and_forty_two_randomised_one_to_one(forms: dict[str, Rows]) -> None:
    assert len(forms["screening"]) == 50
    arms = Counter(row["arm"] for row in forms["randomisation"])
    assert sorted(arms.values()) == [21, 21]
    done = {row["subjid"]: row["procedure"] for row in forms["treatment"]}
    assert all(
        done[row["subjid"]].split()[0].casefold() in row["arm"].casefold()
        for row in forms["randomisation"]
    )


def test_a_factor_gives_as_many_more_with_sortable_ids(scaled: dict[str, Rows]) -> None:
    subjects = [row["subjid"] for row in scaled["screening"]]
    assert len(subjects) == len(set(subjects)) == 21 * 50
    assert subjects == sorted(subjects)
    assert {len(one) for one in subjects} == {len("01-0001")}
    assert len(scaled["randomisation"]) == 21 * 42


def test_who_is_randomised_has_responded(forms: dict[str, Rows]) -> None:
    reduced = {row["subjid"]: Decimal(row["red_1h"]) for row in forms["diagnostic"]}
    randomised = {row["subjid"] for row in forms["randomisation"]}
    assert all(reduced[one] >= 50 for one in randomised)
    failures = subject_ids(forms["disposition"], ds_status="Screen failure")
    excluded = subject_ids(forms["screening"], ex01="1")
    assert failures == {one for one, share in reduced.items() if share < 50} | excluded
    assert {row["responder"] for row in forms["diagnostic"] if row["subjid"] in failures} == {"0"}


def subject_ids(rows: Rows, **wanted: str) -> set[str]:
    return {
        row["subjid"] for row in rows if all(row[key] == value for key, value in wanted.items())
    }


def shown(before: str, after: str) -> str:
    exact = (Decimal(before) - Decimal(after)) * 100 / Decimal(before)
    return str(exact.quantize(Decimal("0.1"), ROUND_HALF_UP))


@pytest.mark.parametrize("records", ["forms", "scaled"])
def test_the_reductions_are_those_of_the_scores(
    records: str, request: pytest.FixtureRequest
) -> None:
    of = request.getfixturevalue(records)
    for row in of["diagnostic"]:
        assert 5 <= int(row["pain_pre"]) <= 9
        assert row["red_1h"] == shown(row["pain_pre"], row["pain_1h"])
    baseline = {row["subjid"]: row["pain"] for row in of["visits"] if row["event"] == "BL"}
    later = [row for row in of["visits"] if row["event"] != "BL" and row["pain"]]
    assert later
    for row in later:
        assert row["red_pct"] == shown(baseline[row["subjid"]], row["pain"])
        assert 0 <= int(row["pain"]) <= 10
    assert all(not row["red_pct"] for row in of["visits"] if not row["pain"])


@pytest.mark.parametrize("records", ["forms", "scaled"])
def test_nothing_happens_before_consent_or_after_the_trial(
    records: str, request: pytest.FixtureRequest
) -> None:
    of = request.getfixturevalue(records)
    consent = {}
    for row in of["screening"]:
        day, month, year = map(int, row["icf_date"].split("."))
        consent[row["subjid"]] = date(year, month, day)
    assert min(consent.values()) == date(2025, 12, 25)
    columns = {"diagnostic": "inj_date", "treatment": "trt_date", "visits": "visit_date"}
    for form, column in {**columns, "disposition": "last_contact"}.items():
        for row in of[form]:
            if row[column]:
                when = date.fromisoformat(row[column])
                assert consent[row["subjid"]] <= when <= date(2026, 6, 22)


def test_the_order_of_a_treatment_day(forms: dict[str, Rows]) -> None:
    for row in forms["treatment"]:
        (baseline,) = subject(forms["visits"], row["subjid"], event="BL")
        (hour,) = subject(forms["visits"], row["subjid"], event="1H")
        (drawn,) = subject(forms["randomisation"], row["subjid"])
        assert {baseline["visit_date"], hour["visit_date"], drawn["rand_date"]} == {row["trt_date"]}
        times = (drawn["rand_time"], baseline["visit_time"], row["trt_start"], row["trt_end"])
        assert list(times) == sorted(times)
        assert row["trt_end"] < hour["visit_time"]


def test_only_hydrodissection_has_a_product_and_a_volume(forms: dict[str, Rows]) -> None:
    for row in forms["treatment"]:
        given = row["product"], bool(row["volume_ml"])
        needling = row["procedure"] == "Dry needling"
        assert given == (("", False) if needling else ("Dextrose 10 %", True))


def partial_births(of: dict[str, Rows]) -> Rows:
    return [row for row in of["screening"] if row["birth_date"].startswith("UN-")]


def impossible_dates(of: dict[str, Rows]) -> Rows:
    return [row for row in of["adverse_events"] if row["ae_end"] == "2026-02-30"]


def strangers(of: dict[str, Rows]) -> Rows:
    known = {row["subjid"] for row in of["screening"]}
    return [row for rows in of.values() for row in rows if row["subjid"] not in known]


def twice(of: dict[str, Rows]) -> Rows:
    seen = Counter(tuple(row.values()) for row in of["visits"])
    return [row for row in of["visits"] if seen[tuple(row.values())] > 1]


def boxes_ticked(of: dict[str, Rows]) -> Rows:
    boxes = [f"race___{number}" for number in range(1, 8)]
    return [row for row in of["screening"] if sum(row[box] == "1" for box in boxes) > 1]


@pytest.mark.parametrize(
    ("find", "count"),
    [
        pytest.param(partial_births, 4, id="partial birth dates"),
        pytest.param(boxes_ticked, 2, id="more than one race"),
        pytest.param(impossible_dates, 1, id="an impossible date"),
        pytest.param(strangers, 1, id="a subject in one file only"),
        pytest.param(twice, 2, id="a row twice"),
        pytest.param(
            lambda of: [row for row in of["visits"] if row["visit_reason"]], 1, id="missed visit"
        ),
        pytest.param(
            lambda of: [row for row in of["visits"] if row["pain_nd_reason"]], 1, id="not done"
        ),
        pytest.param(
            lambda of: [row for row in of["comments"] if len(row["comment"].encode()) > 200],
            1,
            id="a long comment",
        ),
        pytest.param(
            lambda of: [row for row in of["comments"] if "≥" in row["comment"]], 2, id="not ASCII"
        ),
        pytest.param(
            lambda of: [
                row
                for row in of["adverse_events"]
                if row["severity"] not in ("Mild", "Moderate", "Severe")
            ],
            1,
            id="a severity that is no term",
        ),
        pytest.param(
            lambda of: [row for row in of["adverse_events"] if len(row["ae_start"]) == 7],
            1,
            id="a partial start",
        ),
    ],
)
def test_the_dirt_is_there(forms: dict[str, Rows], find, count: int) -> None:
    assert len(find(forms)) == count


def test_the_dirt_grows_with_the_factor(scaled: dict[str, Rows]) -> None:
    assert len(strangers(scaled)) == 21
    assert len(twice(scaled)) == 42
    assert len(impossible_dates(scaled)) > 1
