"""trialect init: a study folder from a record, a page, another study; and what it must not do."""

import json
from pathlib import Path

import pytest
from ctgov_small import small_record
from page_small import FILLED, SCRAPED

from trialect.converters.init_study import init
from trialect.converters.readers.study_yaml import read_study
from trialect.problems import Unusable

EXAMPLE = Path(__file__).parents[2] / "examples" / "NCT07326982"
FULL = small_record()
NCT = FULL["protocolSection"]["identificationModule"]["nctId"]


@pytest.fixture
def record(tmp_path):
    file = tmp_path / "record.json"
    file.write_text(json.dumps(FULL))
    return file


def test_a_record_makes_a_study_folder_that_reads_back(record, tmp_path):
    begun = init(tmp_path / "new", record)
    study = read_study(tmp_path / "new")
    assert study == begun.study
    [source] = study.sources
    assert NCT in source.name
    assert {"studyid", "conditions", "design.type"} <= set(source.facts)
    names = {path.relative_to(tmp_path / "new").as_posix() for path in (tmp_path / "new").rglob("*.csv")}  # fmt: skip # noqa: E501
    wanted = {"sources", "dm", "ds", "ex", "ae", "items", "visits", "codelists/arm_code"}
    assert {f"mappings/{name}.csv" for name in wanted} <= names
    assert (tmp_path / "new/records/README.txt").is_file()


def test_a_page_makes_one_that_says_what_is_needed_by_whom(tmp_path):
    page = tmp_path / "page.txt"
    page.write_text(SCRAPED)
    begun = init(tmp_path / "new", page)
    text = (tmp_path / "new/study.yaml").read_text()
    assert "# NEEDED by PRS (official_title)" in text
    assert "FDA TS (TPHASE)" in text
    assert "FHIR (ResearchStudy.status)" in text
    assert "trialect (SITEID, times of day)" in text
    assert "# LOOK line 5: “This randomized, double-blind trial" in text
    assert "page.txt, line 21: “30 participants in 2 patient groups”" in text
    assert begun.needed["PRS"] > 20


def test_a_filled_page_can_be_read_when_its_title_is_there(tmp_path):
    page = tmp_path / "page.txt"
    page.write_text(FILLED)
    begun = init(tmp_path / "new", page)
    assert read_study(tmp_path / "new") == begun.study
    arms = (tmp_path / "new/mappings/codelists/arm_code.csv").read_text().splitlines()
    assert [line.split(",")[:3] for line in arms[1:]] == [["Tea", "A1", "Tea"], ["Water", "A2", "Water"]]  # fmt: skip # noqa: E501


def test_another_study_is_begun_anew_with_its_visits(tmp_path):
    begun = init(tmp_path / "new", EXAMPLE)
    assert read_study(tmp_path / "new") == begun.study == read_study(EXAMPLE)
    visits = (tmp_path / "new/mappings/visits.csv").read_text().splitlines()
    assert visits[1].startswith(",,1,SCREENING,-14,SCREENING,NEEDED code")
    assert len(visits) == 7


def test_nothing_is_overwritten_without_force(record, tmp_path):
    home = tmp_path / "new"
    init(home, record)
    study = home / "study.yaml"
    study.write_text("mine")
    (home / "mappings/sources.csv").unlink()
    with pytest.raises(Unusable, match=r"study\.yaml.* is there already; nothing was") as refused:
        init(home, record)
    assert [one.rule for one in refused.value.problems] == ["INIT-EXISTS"]
    assert study.read_text() == "mine"
    assert not (home / "mappings/sources.csv").exists()
    (home / "records/mine.csv").write_text("a\n")
    init(home, record, force=True)
    assert read_study(home).studyid
    assert (home / "records/mine.csv").read_text() == "a\n"


def test_one_of_several_records_is_named(tmp_path):
    other = json.loads(json.dumps(FULL).replace(NCT, "NCT00000042"))
    file = tmp_path / "many.json"
    file.write_text(json.dumps([FULL, other]))
    with pytest.raises(Unusable, match="it holds 2 records") as refused:
        init(tmp_path / "new", file)
    assert [one.rule for one in refused.value.problems] == ["INIT-SEVERAL"]
    begun = init(tmp_path / "new", file, id="NCT00000042")
    assert begun.study.registration("ClinicalTrials.gov") == "NCT00000042"
    with pytest.raises(Unusable, match="none of the 2 records is NCT00000043") as refused:
        init(tmp_path / "newer", file, id="NCT00000043")
    assert [one.rule for one in refused.value.problems] == ["INIT-NO-ID"]
    assert not (tmp_path / "newer").exists()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("not-there.json", None),
        ("empty.txt", b""),
        ("list.json", b"[]"),
        ("other.json", b'{"a": 1}'),
        ("broken.json", b'{"protocolSection": '),
        ("page.html", b"<html><body>Sex</body></html>"),
        ("table.csv", b"a,b\n1,2\n"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\x00\x00"),
        ("studyless", "folder"),
    ],
)
def test_what_is_no_record_is_refused(name, data, tmp_path, run):
    file = tmp_path / name
    if data == "folder":
        file.mkdir()
    elif data is not None:
        file.write_bytes(data)
    result = run("init", tmp_path / "new", "--from", file)
    assert result.exit_code == 2
    assert name.split(".")[0] in result.output
    assert not (tmp_path / "new").exists()


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(Unusable, match="is not there") as refused:
        init(tmp_path / "new", tmp_path / "no.json")
    assert [one.rule for one in refused.value.problems] == ["INIT-NO-RECORD"]


def test_the_command_says_what_is_needed(record, tmp_path, run):
    result = run("init", tmp_path / "new", "--from", record)
    assert result.exit_code == 0
    assert "14 files written" in result.output
    assert "Facts still needed: " in result.output
    again = run("init", tmp_path / "new", "--from", record)
    assert again.exit_code == 2
    assert "--force" in again.output


def test_a_folder_that_cannot_be_written_is_told(record, tmp_path, run):
    (tmp_path / "file").write_text("")
    result = run("init", tmp_path / "file" / "new", "--from", record)
    assert result.exit_code == 2
    assert "cannot be written" in result.output
    with pytest.raises(Unusable) as refused:
        init(tmp_path / "file" / "new", record)
    assert [one.rule for one in refused.value.problems] == ["INIT-UNWRITABLE"]


def test_the_skeleton_asks_for_what_is_to_be_filled_in_and_for_nothing_else(record, tmp_path, run):
    home = tmp_path / "new"
    init(home, record)
    result = run("convert", home)
    assert result.exit_code == 2
    lines = (home / "mappings/dm.csv").read_text().splitlines()
    for told in result.output.splitlines():
        if told.startswith("mappings/dm.csv:"):
            line = lines[int(told.split(":")[1]) - 1]
            assert "NEEDED" in line
            # The message says what is asked for, not only which cell is empty.
            assert f" {line.split(',')[1]}: NEEDED" in told


def test_the_skeleton_converts_when_it_is_filled_in(tmp_path, run):
    page = tmp_path / "page.txt"
    page.write_text(FILLED)
    home = tmp_path / "new"
    init(home, page)
    tables = home / "mappings"
    study = (home / "study.yaml").read_text()
    site = "sites: [{id: '01', name: Tea House, country: TUR, timezone: Europe/Istanbul}]"
    (home / "study.yaml").write_text(f"{study}{site}\nrecords: {{subject: SUBJID}}\n")
    forms = {
        "screening": "SUBJID,SITE,CONSENT,BORN,SEX,RACE,ARM,GIVEN\n"
        "001,01,2026-01-02,1990-05-06,M,WHITE,Tea,Tea\n",
        "exit": "SUBJID,REASON,CODE,LEFT\n001,Done,COMPLETED,2026-02-03\n",
        "treatment": "SUBJID,WHAT,DATE,FROM,TO\n001,Warm tea,2026-01-05,10:00,10:05\n",
        "ae": "SUBJID,TERM\n001,Burnt tongue\n",
    }
    for name, text in forms.items():
        (home / f"records/{name}.csv").write_text(text)

    def fill(table, **sources):
        lines = (tables / f"{table}.csv").read_text().splitlines()
        kept = [lines[0]]
        for line in lines[1:]:
            cells = line.split(",")
            given = sources.get(f"{cells[0]}_{cells[1]}".strip("_"))
            if given is not None:
                cells[4 if cells[2].startswith("hardcode") else 3] = given
            elif "NEEDED" in line:
                continue
            kept.append(",".join(cells))
        (tables / f"{table}.csv").write_text("\n".join(kept) + "\n")

    sources = (tables / "sources.csv").read_text()
    for block, form in (
        ("demography", "screening"),
        ("consent", "screening"),
        ("end_of_study", "exit"),
        ("study_treatment", "treatment"),
        ("events", "ae"),
    ):
        sources = sources.replace(f",{block},,", f",{block},{form},")
    (tables / "sources.csv").write_text(sources)
    fill(
        "dm", SUBJID="SUBJID", SITEID="SITE", BRTHDTC="BORN", SEX="SEX", RACE="RACE", ARMCD="ARM",
        ARM="ARM", ACTARMCD="GIVEN", ACTARM="GIVEN", COUNTRY="TUR",
    )  # fmt: skip
    fill(
        "ds", consent_DSSTDTC="CONSENT", end_of_study_DSTERM="REASON", end_of_study_DSDECOD="CODE",
        end_of_study_DSSTDTC="LEFT",
    )  # fmt: skip
    fill("ex", EXTRT="WHAT", EXSTDTC="DATE; FROM", EXENDTC="DATE; TO")
    fill("ae", AETERM="TERM")
    result = run("convert", home, "-o", tmp_path / "out", "--to", "dataset-json")
    assert "1 subject" in result.output
    [dm] = json.loads((tmp_path / "out/dataset-json/dm.json").read_text())["rows"]
    assert {"001", "01", "A1", "Tea", "TUR", "1990-05-06"} <= set(dm)
    [ex] = json.loads((tmp_path / "out/dataset-json/ex.json").read_text())["rows"]
    assert {"WARM TEA", "2026-01-05T10:00", "2026-01-05T10:05"} <= set(ex)
