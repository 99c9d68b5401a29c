"""An EDC of thirty forms, mapped to its domains by tables alone (`edc/mappings`).

`edc/expected` holds what must come out: a table a domain, and what was rejected and told.
"""

import csv
from pathlib import Path

import polars as pl
import pytest

from trialect.mappings.engine import map_partition
from trialect.mappings.tables import check_columns, read_tables
from trialect.protocol import Sponsor
from trialect.study_options import FormFile, Records
from trialect.trial import Study

EDC = Path(__file__).parent / "edc"
STUDY = Study(
    "EDC30",
    "Thirty forms",
    Sponsor("A sponsor"),
    records=Records(
        subject="subj",
        visit="event",
        forms={
            "sites": FormFile("sites.csv", per_subject=False),
            "conmed": FormFile("conmed.csv", decimal=","),
        },
    ),
)


def forms(desk):
    found = {}
    for path in sorted((EDC / "records").glob("*.csv")):
        subject = None if path.stem == "sites" else "subj"
        found[path.stem] = desk.frame(path.read_text(encoding="utf-8"), subject)
    return found


@pytest.fixture
def mapped(desk):
    return map_partition(read_tables(EDC, STUDY), STUDY, forms(desk))


def shown(frame):
    """A frame as the expected tables show it."""
    return [
        frame.columns,
        *(["" if cell is None else str(cell) for cell in row] for row in frame.iter_rows()),
    ]


def expected(name):
    with (EDC / "expected" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_there_are_thirty_forms_and_every_column_has_a_line(desk):
    columns = {n: [c for c in f.columns if c[0] != "@"] for n, f in forms(desk).items()}
    assert len(columns) >= 30
    found = check_columns(read_tables(EDC, STUDY), columns)
    assert [str(one) for one in found if one.severity != "note"] == []


DOMAINS = sorted(path.stem for path in (EDC / "expected").glob("[a-z][a-z].csv"))


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_is_what_it_should_be(mapped, domain):
    assert shown(mapped.frames[domain.upper()]) == expected(domain)


def test_no_other_domain_is_made(mapped):
    assert sorted(mapped.frames) == [domain.upper() for domain in DOMAINS]


def test_what_is_kept_out_has_its_reason(mapped):
    found = [[one.form, str(one.row), one.rule, one.reason] for one in mapped.rejected]
    assert found == expected("rejected")


def test_what_is_wrong_is_told(mapped):
    found = [[one.rule, str(one)] for one in mapped.problems]
    assert found == expected("problems")


def test_every_row_is_accounted_for(desk, mapped):
    for form, rows in forms(desk).items():
        if form != "sites":
            count = mapped.counts[form]
            assert count.rows == rows.height == count.mapped + count.rejected


def test_subjects_split_in_any_way_make_the_same_records(desk, mapped):
    tables, whole = read_tables(EDC, STUDY), forms(desk)
    parts = []
    for keys in (["0001", "0003"], ["0002", "0004"]):
        part = {
            name: rows.filter(pl.col("@subject").is_in(keys))
            if "@subject" in rows.columns
            else rows
            for name, rows in whole.items()
        }
        parts.append(map_partition(tables, STUDY, part))
    for domain, frame in mapped.frames.items():
        both = pl.concat(
            [part.frames[domain] for part in parts if domain in part.frames], how="diagonal"
        ).select(frame.columns)
        assert both.sort("USUBJID", maintain_order=True).rows() == frame.rows()
    assert sorted(str(one) for part in parts for one in part.problems) == sorted(
        map(str, mapped.problems)
    )
