import hashlib
import multiprocessing
import pickle

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialect.converters.rejected import Rejected
from trialect.converters.stage import load, rejected_frames, stage
from trialect.problems import Unusable
from trialect.protocol import Sponsor
from trialect.study_options import FormFile, Records
from trialect.trial import Study

REUSE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)


def study(**records):
    return Study("S1", "t", Sponsor("x"), records=Records(**records))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "records").mkdir()

    def fill(**files):
        for name, text in files.items():
            data = text.encode() if isinstance(text, str) else text
            (tmp_path / "records" / name.replace("__", ".")).write_bytes(data)
        return tmp_path

    return fill


def staged_of(folder, about, *forms, size=2, spool="spool", **how):
    return stage(about, folder, folder / spool, forms=forms, partition_subjects=size, **how)


def refused(folder, about, *forms):
    with pytest.raises(Unusable) as refusal:
        staged_of(folder, about, *forms)
    return refusal.value.problems


VISITS = "SUBJID,V,X\nb2,1,p\na1,1,\na1,2,q\n b2 ,2,r\nc3,1,s\nB9,1,t\n"


def test_partitions_hold_subjects_in_code_point_order_and_rows_in_file_order(folder):
    staged = staged_of(folder(visits__csv=VISITS), study(), "visits")
    assert (staged.subjects, staged.partitions) == (4, 2)
    first, second = (load(staged, k)["visits"] for k in range(2))
    assert first.columns == ["SUBJID", "V", "X", "@row", "@subject"]
    assert dict(first.schema)["@row"] == pl.Int64
    assert first.select("@row", "@subject", "X").rows() == [
        (3, "a1", None),
        (4, "a1", "q"),
        (7, "B9", "t"),
    ]
    assert second.select("@row", "@subject", "SUBJID").rows() == [
        (2, "b2", "b2"),
        (5, "b2", " b2 "),
        (6, "c3", "c3"),
    ]


def test_forms_are_cut_at_the_same_subjects(folder):
    files = folder(visits__csv=VISITS, dose__csv="SUBJID,D\nd4,1\nb2,2\n")
    staged = staged_of(files, study(), "visits", "dose")
    assert (staged.subjects, staged.partitions) == (5, 3)
    assert [load(staged, k)["dose"]["SUBJID"].to_list() for k in range(3)] == [[], ["b2"], ["d4"]]
    empty = load(staged, 0)["dose"]
    assert dict(empty.schema) == dict(load(staged, 1)["dose"].schema)


def test_a_form_without_subjects_is_whole_in_every_partition(folder):
    files = folder(visits__csv=VISITS, sites__csv="SITE,CITY\n1,Rome\n2,Pisa\n")
    about = study(forms={"sites": FormFile("sites.csv", per_subject=False)})
    staged = staged_of(files, about, "visits", "sites")
    for k in range(staged.partitions):
        assert load(staged, k)["sites"].rows() == [("1", "Rome", 2), ("2", "Pisa", 3)]
    assert "@subject" not in load(staged, 0)["sites"].columns


def test_without_a_subject_there_is_one_empty_partition(folder):
    staged = staged_of(folder(visits__csv="SUBJID,X\n"), study(), "visits")
    assert (staged.subjects, staged.partitions) == (0, 1)
    assert load(staged, 0)["visits"].height == 0
    assert [problem.rule for problem in staged.problems] == ["READ-NO-RECORDS"]


def test_the_account_of_what_was_read(folder):
    files = folder(visits__csv=VISITS)
    form = staged_of(files, study(), "visits").forms["visits"]
    data = (files / "records" / "visits.csv").read_bytes()
    assert form.file == "records/visits.csv"
    assert form.sha256 == hashlib.sha256(data).hexdigest()
    assert (form.bytes, form.rows, form.rejected) == (len(data), 6, 0)
    assert form.columns == ("SUBJID", "V", "X")


def test_rows_without_a_subject_and_ragged_rows_are_rejected_and_counted(folder):
    files = folder(visits__csv="SUBJID,V\na1,1\n,2\nNA,3\nb2\n  ,4\na1,5,6\n")
    staged = staged_of(files, study(missing=("NA",)), "visits")
    form = staged.forms["visits"]
    assert (form.rows, form.rejected) == (6, 5)
    assert sum(load(staged, k)["visits"].height for k in range(staged.partitions)) == 1
    assert sorted(one.row for one in staged.rejected) == [3, 4, 5, 6, 7]
    assert (
        Rejected("visits", 3, "STAGE-NO-SUBJECT", "the row names no subject; it is rejected.")
        in staged.rejected
    )
    kept = pl.concat(rejected_frames(staged, "visits")).sort("trialect_row")
    assert kept.columns[3:] == ["SUBJID", "V"]
    assert kept["SUBJID"].to_list() == [None, "NA", "b2", "  ", "a1"]
    assert staged.problems.by_rule() == {"STAGE-NO-SUBJECT": 3, "READ-RAGGED-ROW": 2}
    assert "records/visits.csv:3: SUBJID: the row names no subject" in str(
        next(p for p in staged.problems if p.row == 3)
    )


def test_rows_without_any_value_are_skipped_with_a_note(folder):
    staged = staged_of(folder(visits__csv="SUBJID,V\na1,1\n,\n,\n\n"), study(), "visits")
    assert (staged.forms["visits"].rows, staged.forms["visits"].rejected) == (1, 0)
    (problem,) = staged.problems
    assert (problem.rule, problem.row, problem.severity) == ("STAGE-BLANK-ROWS", 3, "note")
    assert problem.message.startswith("2 rows hold no value")


def test_texts_that_mean_no_value_are_null(folder):
    files = folder(visits__csv="SUBJID,V,X\na1,NA, NA \na1,NAN,na\n")
    staged = staged_of(files, study(missing=("NA", "-")), "visits")
    assert load(staged, 0)["visits"].select("V", "X").rows() == [(None, None), ("NAN", "na")]
    as_read = load(staged, 0, as_read=True)["visits"]
    assert as_read.select("V", "X").rows() == [("NA", " NA "), ("NAN", "na")]


def test_error_cells_that_are_declared_missing_are_no_problem(folder):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["SUBJID", "X"])
    book.active.append(["a1", "#N/A"])
    book.active["B2"].data_type = "e"
    files = folder()
    book.save(files / "records" / "visits.xlsx")
    found = staged_of(files, study(), "visits").problems
    assert [problem.rule for problem in found] == ["READ-ERROR-CELL"]
    staged = staged_of(files, study(missing=("#N/A",)), "visits", spool="other")
    assert not staged.problems
    assert load(staged, 0)["visits"]["X"].to_list() == [None]


# --- files -------------------------------------------------------------------------------------


def test_a_missing_file_names_what_is_there(folder):
    files = folder(visits__csv=VISITS, dose__csv="SUBJID\n1\n")
    (problem,) = refused(files, study(), "visit")
    assert problem.rule == "STAGE-NO-FORM"
    assert "the folder holds dose.csv, visits.csv. Did you mean visits.csv?" in problem.message


def test_names_are_case_sensitive_on_every_system(folder):
    files = folder(Visits__csv=VISITS)
    (problem,) = refused(files, study(), "visits")
    assert "Did you mean Visits.csv? (Names are case-sensitive.)" in problem.message
    about = study(forms={"visits": FormFile("VISITS.CSV")})
    assert refused(files, about, "visits")[0].rule == "STAGE-NO-FORM"


def test_all_missing_files_are_told_at_once(folder):
    found = refused(folder(dose__csv="SUBJID\n1\n"), study(), "a", "b", "dose")
    assert [problem.rule for problem in found] == ["STAGE-NO-FORM"] * 2


def test_an_empty_or_missing_folder(folder, tmp_path):
    assert "the folder is empty" in refused(folder(), study(), "visits")[0].message
    (problem,) = refused(folder(), study(folder="exports"), "visits")
    assert problem.rule == "STAGE-NO-FOLDER"
    assert problem.file == "exports"


def test_a_form_with_two_files_must_be_declared(folder):
    files = folder(visits__csv=VISITS, visits__txt=VISITS)
    (problem,) = refused(files, study(), "visits")
    assert problem.rule == "STAGE-TWO-FILES"
    assert "visits.csv, visits.txt" in problem.message
    about = study(forms={"visits": FormFile("visits.txt")})
    assert staged_of(files, about, "visits").forms["visits"].file == "records/visits.txt"


@pytest.mark.parametrize(
    "name", ["../secret.csv", "/etc/passwd", "a/../../secret.csv", "..\\s.csv"]
)
def test_a_form_does_not_lead_out_of_its_folder(folder, name):
    files = folder(visits__csv=VISITS)
    (files / "secret.csv").write_text(VISITS)
    (problem,) = refused(files, study(forms={"visits": FormFile(name)}), "visits")
    assert problem.rule == "STAGE-OUTSIDE"
    assert refused(files, study(), "../secret")[0].rule == "STAGE-OUTSIDE"


def test_a_link_does_not_lead_out_of_the_folder(folder):
    files = folder()
    (files / "secret.csv").write_text(VISITS)
    (files / "records" / "visits.csv").symlink_to(files / "secret.csv")
    assert refused(files, study(), "visits")[0].rule == "STAGE-OUTSIDE"


def test_a_file_in_a_folder_below(folder):
    files = folder()
    (files / "records" / "x").mkdir()
    (files / "records" / "x" / "v.csv").write_text(VISITS)
    about = study(forms={"visits": FormFile("x/v.csv")})
    assert staged_of(files, about, "visits").forms["visits"].rows == 6


def test_a_file_that_nothing_uses_is_a_warning(folder):
    files = folder(visits__csv=VISITS, old__csv=VISITS, readme__md="text")
    staged = staged_of(files, study(), "visits")
    (problem,) = staged.problems
    assert (problem.rule, problem.file) == ("STAGE-UNUSED-FILE", "records/old.csv")


def test_the_column_of_the_subject_must_be_there(folder):
    files = folder(visits__csv="Subjid,V\na1,1\n", dose__csv="ID,D\n1,2\n")
    about = study(forms={"dose": FormFile("dose.csv", subject="PATIENT")})
    found = refused(files, about, "visits", "dose")
    assert [problem.rule for problem in found] == ["STAGE-NO-SUBJECT-COLUMN"] * 2
    assert "no column 'PATIENT'" in found[0].message
    assert "it has Subjid, V. Did you mean 'Subjid'?" in found[1].message
    about = study(subject="Subjid", forms={"dose": FormFile("dose.csv", subject="ID")})
    assert staged_of(files, about, "visits", "dose").subjects == 2


def test_the_column_of_the_visit_must_be_there_where_a_form_declares_it(folder):
    files = folder(visits__csv=VISITS)
    about = study(forms={"visits": FormFile("visits.csv", visit="VISIT")})
    (problem,) = refused(files, about, "visits")
    assert problem.rule == "STAGE-NO-VISIT-COLUMN"
    staged_of(files, study(visit="VISIT"), "visits")


def test_a_file_that_breaks_off_stops_with_its_row(folder):
    files = folder(visits__csv=VISITS + "d4,\x00\n", dose__csv="SUBJID,D\n1,2\n")
    (problem,) = refused(files, study(), "visits", "dose")
    assert str(problem).startswith("records/visits.csv:8: there is a NUL byte")


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("visits__csv", b"PK\x03\x04 no zip", "it is a zip archive that is damaged"),
        ("visits__xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "Excel 97-2003"),
        ("visits__json", b'{"resourceType": "Patient"}', "it is no delimited text"),
        ("visits__xpt", b"HEADER RECORD*******LIBV8   HEADER" + b" " * 60, "version 8"),
    ],
)
def test_a_format_that_is_not_read_is_named(folder, name, data, says):
    (problem,) = refused(folder(**{name: data}), study(), "visits")
    assert problem.rule == "READ-UNKNOWN-FORMAT"
    assert says in problem.message


# --- partitions --------------------------------------------------------------------------------


def everything(staged):
    return [load(staged, k) for k in range(staged.partitions)]


@REUSE
@given(
    st.lists(st.tuples(st.sampled_from("abcdéﬀ😀~ "), st.text("xy", max_size=2)), max_size=40),
    st.integers(1, 5),
    st.integers(1, 7),
)
def test_partitions_do_not_depend_on_the_batches_and_lose_no_row(folder, rows, size, batch):
    text = "SUBJID,X\n" + "".join(f'"{subject}","{x}"\n' for subject, x in rows)
    files = folder(visits__csv=text)
    one = staged_of(files, study(), "visits", size=size, spool="one")
    other = staged_of(files, study(), "visits", size=size, spool="other", batch_rows=batch)
    assert [x["visits"].rows() for x in everything(one)] == [
        x["visits"].rows() for x in everything(other)
    ]
    found = pl.concat([x["visits"] for x in everything(other)])
    form = other.forms["visits"]
    assert form.rows == len(rows)
    assert form.rejected == sum(not subject.strip() for subject, _ in rows)
    assert found.height == form.rows - form.rejected
    groups = [sorted(set(x["visits"]["@subject"])) for x in everything(other)]
    assert all(len(group) == size for group in groups[:-1])
    joined = [subject for group in groups for subject in group]
    assert joined == sorted({subject.strip() for subject, _ in rows} - {""})


def _heights(packed, k):
    return {name: frame.height for name, frame in load(pickle.loads(packed), k).items()}


def test_another_process_loads_a_partition(folder):
    staged = staged_of(folder(visits__csv=VISITS + ",x,y\n"), study(), "visits")
    assert len(staged.problems) == 1
    packed = pickle.dumps(staged)
    assert not pickle.loads(packed).problems
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_heights, (packed, 1)) == {"visits": 3}


def test_the_spool_is_the_same_on_every_run(folder):
    files = folder(visits__csv=VISITS)
    for spool in ("one", "other"):
        staged_of(files, study(), "visits", spool=spool)
    assert [p.read_bytes() for p in sorted((files / "one").iterdir())] == [
        p.read_bytes() for p in sorted((files / "other").iterdir())
    ]
