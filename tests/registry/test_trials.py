"""Registry records into a folder a trial: each is accounted for, and one cannot stop the others."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import zipfile

import pytest
from ctgov_small import small_record

import trialect
from trialect.converters import trial_folder, trials
from trialect.converters.study_sources import HeldRecord
from trialect.converters.study_targets import STUDY_TARGETS
from trialect.converters.trials import convert_trials, folder_name

TARGETS = ["prs", "ctgov"]


def record(number, **identification):
    """A small record of another trial."""
    made = small_record()
    nct = f"NCT{number:08}"
    made["protocolSection"]["identificationModule"] |= {"nctId": nct, **identification}
    return made


def put(path, records):
    path.write_text(json.dumps(records), encoding="utf-8")
    return path


@pytest.fixture
def three(tmp_path):
    return put(tmp_path / "records.json", [record(number) for number in (1, 2, 3)])


def prints(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def manifest(out):
    return json.loads((out / "manifest.json").read_bytes())


def test_each_record_has_a_folder_and_each_file_its_fingerprint(three, tmp_path):
    done = trialect.convert(three, tmp_path / "out", to=TARGETS)
    out = done.out
    said = manifest(out)
    assert said["records"] == {
        **{"in": 3, "converted": 3, "rejected": 0},
        "files": [{"file": "records.json", "in": 3, "converted": 3, "rejected": 0}],
    }
    assert [one["folder"] for one in said["trials"]] == [f"NCT0000000{n}" for n in (1, 2, 3)]
    assert (out / "NCT00000002/registry/prs.xml").is_file()
    assert not (out / "rejected").exists()
    files = {one["file"]: one["sha256"] for one in said["outputs"]}
    there = {name: hashlib.sha256(data).hexdigest() for name, data in prints(out).items()}
    assert there.pop("manifest.json")
    assert files == there
    assert said["inputs"][0]["file"] == "records.json"
    assert said["inputs"][0]["sha256"] == hashlib.sha256(three.read_bytes()).hexdigest()


def test_by_default_it_lies_beside_the_records_in_all_targets(three):
    done = trialect.convert(three)
    assert done.out == three.with_name("records-out")
    assert done.account.targets == tuple(STUDY_TARGETS)


def test_the_bytes_do_not_depend_on_the_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(trials, "BATCH", 7)
    monkeypatch.setattr(trials, "WORTH_PROCESSES", 0)
    broken = [{"protocolSection": 3}, record(5), {}]
    listed = [record(n) for n in range(1, 30)] + broken + [record(n) for n in range(40, 50)]
    source = put(tmp_path / "records.json", listed)
    one = trialect.convert(source, tmp_path / "one", to=TARGETS, jobs=1)
    four = trialect.convert(source, tmp_path / "four", to=TARGETS, jobs=4)
    assert prints(one.out) == prints(four.out)
    assert one.account.rejected == 3
    assert one.account.trials == 39


def test_what_is_no_record_is_set_aside_with_its_reason(tmp_path):
    wrong = {"protocolSection": {"identificationModule": "none"}}
    source = put(tmp_path / "records.json", [record(1), wrong, record(3)])
    done = trialect.convert(source, tmp_path / "out", to=TARGETS)
    assert done.account.read == 3
    assert done.account.read == done.account.trials + done.account.rejected
    with (done.out / "rejected/rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["file"], row["record"]) == ("records.json", "2")
    assert row["rules"]
    assert row["reason"]
    kept = (done.out / "rejected" / row["kept_as"]).read_bytes()
    assert json.loads(kept) == wrong
    found = [one for one in done.problems if one.rule in row["rules"].split("; ")]
    assert {(one.file, one.row) for one in found} == {("records.json", 2)}


def test_a_record_that_is_mended_can_be_fed_again(tmp_path):
    source = put(tmp_path / "records.json", [record(1), {"protocolSection": {}}])
    out = trialect.convert(source, tmp_path / "out", to=TARGETS).out
    kept = next((out / "rejected").glob("*.json"))
    again = tmp_path / "mended"
    again.mkdir()
    put(again / kept.name, record(2))
    done = trialect.convert(again, tmp_path / "second", to=TARGETS)
    assert (done.account.trials, done.account.rejected) == (1, 0)


def test_a_trial_that_is_there_twice_is_converted_once(tmp_path):
    other = record(1, briefTitle="Another title")
    source = put(tmp_path / "records.json", [record(1), record(2), other])
    done = trialect.convert(source, tmp_path / "out", to=TARGETS)
    assert (done.account.trials, done.account.rejected) == (2, 1)
    (found,) = [one for one in done.problems if one.rule == "TRIALS-TWICE"]
    assert (found.file, found.row, found.trial) == ("records.json", 3, "NCT00000001")
    assert "record 1 of records.json" in found.message
    assert b"Another title" not in (done.out / "NCT00000001/registry/prs.xml").read_bytes()


def test_findings_name_file_record_trial_and_path(tmp_path):
    odd = record(2)
    odd["protocolSection"]["designModule"]["phases"] = ["PHASE9"]
    source = put(tmp_path / "records.json", [record(1), odd])
    done = trialect.convert(source, tmp_path / "out", to=TARGETS)
    found = [one for one in done.problems if one.trial == "NCT00000002" and one.path]
    assert any("phases" in str(one.path) for one in found)
    assert {(one.file, one.row) for one in found} == {("records.json", 2)}
    report = json.loads((done.out / "report.json").read_bytes())
    counts = {one["trial"]: one for one in report["trials"]}
    assert counts["NCT00000002"]["warnings"] + counts["NCT00000002"]["errors"] > 0
    assert sum(report["summary"]["by_rule"].values()) == len(report["problems"])


def test_a_defect_in_one_trial_keeps_the_others(three, tmp_path, monkeypatch):
    write = trial_folder.writer_of("prs")

    def broken(study, tell):
        if study.registration("ClinicalTrials.gov") == "NCT00000002":
            raise KeyError("surprise")
        return write(study, tell)

    monkeypatch.setattr(trial_folder, "writer_of", lambda target: broken)
    done = trialect.convert(three, tmp_path / "out", to=["prs"])
    assert (done.account.trials, done.account.rejected) == (2, 1)
    (found,) = [one for one in done.problems if one.rule == "TRIALS-DEFECT"]
    assert found.trial == "NCT00000002"
    assert "KeyError" in found.message


def test_a_target_that_cannot_be_written_keeps_the_others_of_the_trial(
    three, tmp_path, monkeypatch
):
    real = trial_folder.writer_of

    def broken(study, tell):
        raise ValueError("no")

    monkeypatch.setattr(
        trial_folder, "writer_of", lambda target: broken if target == "prs" else real(target)
    )
    done = trialect.convert(three, tmp_path / "out", to=TARGETS)
    assert (done.account.trials, done.account.rejected) == (3, 0)
    assert done.account.by_rule["TRIALS-DEFECT"] == 3
    assert not (done.out / "NCT00000001/registry/prs.xml").exists()


@pytest.mark.parametrize(
    ("trial", "folder"),
    [
        ("NCT01234567", "NCT01234567"),
        ("../../etc/passwd", "etc-passwd"),
        ("A/B 1", "A-B-1"),
        ("", "list-000007"),
        ("..", "list-000007"),
        ("Manifest.json", "list-000007"),
        ("rejected", "list-000007"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_trial_names_a_folder_and_no_other_place(trial, folder):
    assert folder_name(trial, HeldRecord("a/list.json", 7, b"")) == folder


def test_a_study_file_stands_in_place_of_what_records_say(three, tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text("fhir:\n  base: https://example.org/trials\nacronym: SHARED\n")
    done = trialect.convert(three, tmp_path / "out", to=TARGETS, study=study)
    assert b"SHARED" in (done.out / "NCT00000003/registry/prs.xml").read_bytes()
    (found,) = [one for one in done.problems if one.rule == "TRIALS-STUDY-SHARED"]
    assert (found.file, found.row, found.field) == ("study.yaml", 3, "acronym")
    assert "study.yaml" in {one["file"] for one in manifest(done.out)["inputs"]}


def test_a_study_file_of_one_record_may_say_what_belongs_to_it(tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text("acronym: ONE\n")
    source = put(tmp_path / "records.json", [record(1)])
    done = trialect.convert(source, tmp_path / "out", to=TARGETS, study=study)
    assert not done.account.by_rule["TRIALS-STUDY-SHARED"]


def test_a_broken_study_file_stops_before_anything_is_written(three, tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text("acronymm: X\n")
    with pytest.raises(trialect.Unusable, match="acronym"):
        trialect.convert(three, tmp_path / "out", study=study)
    assert not (tmp_path / "out").exists()


def test_an_unknown_target_is_told(three, tmp_path):
    with pytest.raises(trialect.Unusable, match="dataset-json") as refused:
        trialect.convert(three, tmp_path / "out", to=["dataset-json"])
    assert [one.rule for one in refused.value.problems] == ["TRIALS-TARGET"]


def test_what_is_not_for_records_is_told(three, tmp_path):
    with pytest.raises(trialect.Unusable, match="--baseline") as refused:
        trialect.convert(three, tmp_path / "out", baseline="report.json")
    assert [one.rule for one in refused.value.problems] == ["TRIALS-OPTION"]


def test_a_file_without_a_record_is_told(tmp_path):
    nothing = put(tmp_path / "nothing.json", [])
    with pytest.raises(trialect.Unusable, match=r"nothing\.json holds no record") as refused:
        convert_trials(nothing, "ctgov", tmp_path / "out")
    assert [one.rule for one in refused.value.problems] == ["TRIALS-NONE"]
    assert not (tmp_path / "out").exists()


def test_the_command_says_what_became_of_the_records(run, three, tmp_path):
    done = run("convert", three, "-o", tmp_path / "out", "--to", "ctgov")
    assert done.exit_code == 0, done.output
    assert "3 records: 3 trials written as ctgov; 0 rejected" in done.output


def test_rejected_records_are_findings(run, tmp_path):
    source = put(tmp_path / "records.json", [record(1), {"protocolSection": {}}])
    assert run("convert", source, "-o", tmp_path / "out", "--to", "prs").exit_code == 1


def test_a_page_of_the_report_loads_nothing_and_hides_no_value(tmp_path):
    evil = "</script><img src=x onerror=alert(1)>"
    source = put(tmp_path / "records.json", [record(1, briefTitle=evil, acronym=evil)])
    out = trialect.convert(source, tmp_path / "out", to=TARGETS).out
    for page in ("report.html", "losses.html", "NCT00000001/losses.html"):
        text = (out / page).read_text(encoding="utf-8")
        assert "<img" not in text
        assert "http" not in text.replace("http-equiv", "").split("<body>")[0]


def test_the_losses_of_a_trial_name_each_fact_that_it_has(three, tmp_path):
    out = trialect.convert(three, tmp_path / "out", to=["prs"]).out
    losses = json.loads((out / "NCT00000001/losses.json").read_bytes())
    found = {one["fact"]: one for one in losses["facts"]}
    assert found["brief_title"]["to"]["prs"] == {"place": "brief_title", "how": "kept"}
    assert found["arms.*.code"]["to"]["prs"]["how"] == "none"
    assert found["arms.*.code"]["to"]["prs"]["note"]
    whole = json.loads((out / "losses.json").read_bytes())
    counts = {one["fact"]: (one["values"], one["trials"]) for one in whole["facts"]}
    assert counts["brief_title"] == (3, 3)
    assert counts["arms.*.name"] == (3 * found["arms.*.name"]["values"], 3)


def test_what_was_told_of_a_value_stands_with_its_fact(tmp_path):
    one = record(1)
    one["protocolSection"]["statusModule"]["overallStatus"] = "UNKNOWN"
    source = put(tmp_path / "records.json", [one])
    out = trialect.convert(source, tmp_path / "out", to=["prs"]).out
    losses = json.loads((out / "NCT00000001/losses.json").read_bytes())
    (status,) = [one for one in losses["facts"] if one["fact"] == "status"]
    told = {(told["target"], told["path"], told["rule"]) for told in status["told"]}
    assert ("prs", "status", "PRS-NO-WORD") in told
    assert "PRS-NO-WORD" in (out / "losses.html").read_text(encoding="utf-8")


def test_what_of_a_record_is_in_no_study_is_counted(tmp_path):
    one = record(1)
    one["derivedSection"] = {"miscInfoModule": {"versionHolder": "2024-01-01"}}
    source = put(tmp_path / "records.json", [one])
    out = trialect.convert(source, tmp_path / "out", to=["prs"]).out
    losses = json.loads((out / "NCT00000001/losses.json").read_bytes())
    path = "derivedSection.miscInfoModule.versionHolder"
    assert {"path": path, "values": 1} in losses["left"]


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not known on Windows")
def test_kill_9_leaves_no_half_package(tmp_path):
    source = put(tmp_path / "records.json", [record(number) for number in range(1, 1500)])
    out = tmp_path / "out"
    command = [sys.executable, "-m", "trialect.cli", "convert", str(source), "--to", "prs"]
    kills = 0
    for after in (0.8, 1.6, 2.4):
        run = subprocess.Popen(
            [*command, "-o", str(out)], stdout=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(after)
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            kills += 1
        run.wait()
        assert not out.exists() or len(manifest(out)["trials"]) == 1499
    assert kills
    done = trialect.convert(source, out, to=["prs"])
    assert done.account.trials == 1499
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "records.json"]


def test_a_folder_of_trials_is_checked_trial_by_trial(run, three, tmp_path):
    out = trialect.convert(three, tmp_path / "out", to=TARGETS).out
    done = trialect.validate(out)
    assert [one for one in done.errors if one.rule.startswith("PACKAGE-")] == []
    (out / "NCT00000002/registry/prs.xml").write_text("<changed/>")
    found = [one for one in trialect.validate(out).problems if one.rule == "PACKAGE-CHANGED"]
    assert [one.file for one in found] == ["NCT00000002/registry/prs.xml"]
    (out / "manifest.json").write_text(
        (out / "manifest.json").read_text().replace('"folder": "NCT', '"folder": "../NCT')
    )
    assert trialect.validate(out).problems


def test_records_are_checked_by_themselves(tmp_path):
    odd = record(2)
    odd["protocolSection"]["designModule"]["phases"] = ["PHASE9"]
    found = trialect.validate(put(tmp_path / "records.json", [record(1), odd, {}])).problems
    assert {one.row for one in found if one.severity.value != "note"} == {2, 3}


def test_the_folder_of_one_trial_is_checked_as_such(three, tmp_path):
    out = trialect.convert(three, tmp_path / "out", to=TARGETS).out
    told = trialect.validate(out)
    one = sorted(path for path in out.iterdir() if path.name.startswith("NCT"))[0]
    alone = trialect.validate(one)
    of_it = [p for p in told.problems if p.file and p.file.startswith(f"{one.name}/")]
    assert [(p.rule, p.file, p.row) for p in alone.problems] == [
        (p.rule, p.file, p.row) for p in of_it
    ]
    # Its files are those of the manifest around it; elsewhere nothing says what they were.
    with (one / "registry/prs.xml").open("ab") as file:
        file.write(b"<!-- mine -->")
    assert "PACKAGE-CHANGED" in {p.rule for p in trialect.validate(one).problems}
    moved = one.rename(tmp_path / "moved")
    found = {p.rule for p in trialect.validate(moved).problems}
    assert not found & {"PACKAGE-CHANGED", "VALIDATE-NOT-RECOGNISED", "TRL-PKG-002"}


def test_inspect_tells_what_records_and_trials_are(run, three, tmp_path):
    said = run("inspect", three).output
    assert "records of ClinicalTrials.gov" in said
    assert "3 records: 3 INTERVENTIONAL" in said
    out = trialect.convert(three, tmp_path / "out", to=TARGETS).out
    said = run("inspect", out).output
    assert "3 records: 3 converted, 0 rejected" in said
    assert "NCT00000003" in said


def test_a_zip_of_records_is_one_source(run, three, tmp_path):
    packed = tmp_path / "records.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(three, "download/records.json")
        archive.writestr("download/more.ndjson", json.dumps(record(9)) + "\n")
    assert "4 records" in run("inspect", packed).output
    done = trialect.convert(packed, tmp_path / "out", to=TARGETS)
    assert done.account.trials == 4
    said = manifest(done.out)
    assert [one["file"] for one in said["inputs"]] == ["records.zip"]
    counts = {one["file"]: one["in"] for one in said["records"]["files"]}
    assert counts == {"download/more.ndjson": 1, "download/records.json": 3}
