import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from trialect.mappings.engine import Mapped, map_partition
from trialect.mappings.tables import MappingTables, check_columns, read_tables
from trialect.problems import Problem
from trialect.protocol import Sponsor
from trialect.study_options import FormFile, Records
from trialect.trial import ROW, Study

DM = "target,verb,source,value\nUSUBJID,compute,,STUDYID || '-' || SUBJID\nSUBJID,assign,SUBJID,\n"
DM_FORM = "SUBJID\n1\n2\n"


def a_study(**records: object) -> Study:
    return Study("S1", "A study", Sponsor("A sponsor"), records=Records(**records))  # type: ignore[arg-type]


def frame(text: str, subject: str | None = "SUBJID") -> pl.DataFrame:
    """A form as it is staged: texts, empty cells null, the row as a spreadsheet numbers it."""
    header, *lines = csv.reader(io.StringIO(text))
    rows = pl.DataFrame(
        [[cell if cell != "" else None for cell in line] for line in lines],
        schema=dict.fromkeys(header, pl.String),
        orient="row",
    ).with_columns(pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias(ROW))
    return rows if subject is None else rows.with_columns(pl.col(subject).alias("@subject"))


@dataclass
class Desk:
    """Where a test writes tables and forms and maps them."""

    folder: Path
    study: Study = field(default_factory=a_study)

    frame = staticmethod(frame)

    def set_records(self, **records: object) -> None:
        """What study.yaml says of the exports."""
        self.study = a_study(**records)

    def write(self, tables: Mapping[str, str]) -> None:
        for name, text in tables.items():
            path = self.folder / "mappings" / f"{name}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def tables(self, tables: Mapping[str, str], forms: Mapping[str, object] = {}) -> MappingTables:
        self.write(tables)
        records = self.folder / "records"
        records.mkdir(exist_ok=True)
        for name in forms:
            (records / f"{name}.csv").touch()
        return read_tables(self.folder, self.study)

    def check(self, tables: Mapping[str, str], forms: Mapping[str, str]) -> list[Problem]:
        columns = {name: next(csv.reader(io.StringIO(text))) for name, text in forms.items()}
        return check_columns(self.tables(tables, forms), columns)

    def map(
        self, tables: Mapping[str, str], forms: Mapping[str, str], **declared: FormFile
    ) -> Mapped:
        """Map the forms; DM is made of a form `dm` with SUBJID where no table says otherwise."""
        tables, forms = dict(tables), dict(forms)
        if "dm" not in tables:
            tables["dm"] = DM
            tables["sources"] = tables["sources"].rstrip("\n") + "\nDM,dm,dm\n"
            forms.setdefault("dm", DM_FORM)
        if declared:
            known = dict(self.study.records.forms) | declared
            self.set_records(visit=self.study.records.visit, forms=known)
        read = self.tables(tables, forms)
        frames = {
            name: frame(
                text,
                None
                if (one := self.study.records.forms.get(name)) and not one.per_subject
                else "SUBJID",
            )
            for name, text in forms.items()
        }
        errors = [
            problem
            for problem in check_columns(
                read,
                {n: [c for c in f.columns if not c.startswith("@")] for n, f in frames.items()},
            )
            if problem.severity == "error"
        ]
        assert errors == []
        mapped = map_partition(read, self.study, frames)
        for form, rows in frames.items():
            if "@subject" in rows.columns:
                accounted(form, rows, mapped, read)
        return mapped


def accounted(form: str, rows: pl.DataFrame, mapped: Mapped, tables: MappingTables) -> None:
    """Every row fed a record, was rejected with a reason, or is of a form only looked into."""
    fed = {
        row
        for made in mapped.frames.values()
        for source, row in made.select("@form", "@row").iter_rows()
        if source == form
    }
    rejected = {one.row for one in mapped.rejected if one.form == form}
    assert not fed & rejected
    if form in {block.form for block in tables.blocks}:
        assert fed | rejected == set(rows[ROW])
    assert all(one.reason and one.rule for one in mapped.rejected)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
