"""A study read back: all of it, nothing else, in the server's own words, in the same order."""

import gzip
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from fhir_server import FAULTS, Behaviour, FhirServer, dumped, outcome
from server_kinds import Start, Waits
from small_package import BASE, counts, package

from trialect.converters.server import sorted_lines
from trialect.converters.server.page import Line, line_of, page_of
from trialect.converters.server.pull import Pulled, pull, take
from trialect.converters.server.push import push
from trialect.converters.server.sorted_lines import SortedLines
from trialect.problems import Unusable

STUDY = f"{BASE}/study|T1"


@pytest.fixture
def full(tmp_path: Path, start: Start) -> FhirServer:
    """A server that was sent a study of seven subjects, and has other patients."""
    server = start(Behaviour(page=4))
    push(package(tmp_path / "sent", 7), server.base)
    store = server.behaviour.store
    store.put("Patient", None, {"gender": "male"})
    other = {"subject": {"reference": "Patient/999"}, "status": "final"}
    store.put("Observation", None, other)
    store.put("Organization", None, {"name": "of nobody here"})
    server.behaviour.requests.clear()
    return server


def lines(out: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        path.stem: [json.loads(line) for line in path.read_bytes().splitlines()]
        for path in sorted(out.glob("*.ndjson"))
    }


def prints(out: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.glob("*.ndjson")
    }


def rules(done: Pulled | pytest.ExceptionInfo[Unusable]) -> list[str]:
    found = done.problems if isinstance(done, Pulled) else done.value.problems
    return [one.rule for one in found]


@pytest.mark.parametrize("name", ["T1", STUDY, "id"])
def test_a_study_comes_back_whole_and_alone(name: str, full: FhirServer, tmp_path: Path) -> None:
    (study,) = full.behaviour.store.matches("ResearchStudy", [])
    done = pull(tmp_path / "out", full.base, study["id"] if name == "id" else name)
    found = lines(tmp_path / "out")
    assert {type_: len(some) for type_, some in found.items()} == counts(7)
    assert not list(done.problems)
    for type_, some in found.items():
        assert [one["id"] for one in some] == sorted(one["id"] for one in some)
        for one in some:
            assert one == full.behaviour.store.resources[type_][one["id"]]
    told = json.loads((tmp_path / "out" / "pull.json").read_bytes())
    assert told["subjects"] == 7
    assert told["study"]["id"] == study["id"]
    assert {one["file"]: one["sha256"] for one in told["files"]} == prints(tmp_path / "out")
    assert {one["type"]: one["resources"] for one in told["files"]} == counts(7)


def test_the_same_server_gives_the_same_bytes(full: FhirServer, tmp_path: Path) -> None:
    pull(tmp_path / "one", full.base, "T1")
    full.behaviour.page = 3
    for some in full.behaviour.store.resources.values():
        for id_ in sorted(some, reverse=True):
            some[id_] = some.pop(id_)
    pull(tmp_path / "two", full.base, "T1")
    assert prints(tmp_path / "one") == prints(tmp_path / "two")
    # A folder that was pulled before is replaced, any other is left alone.
    pull(tmp_path / "two", full.base, "T1")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    with pytest.raises(Unusable) as found:
        pull(tmp_path / "mine", full.base, "T1")
    assert rules(found) == ["OUT-OCCUPIED"]


@pytest.mark.parametrize("seed", range(6))
def test_a_server_that_fails_at_random_gives_everything(
    seed: int, full: FhirServer, tmp_path: Path, waits: Waits
) -> None:
    pull(tmp_path / "calm", full.base, "T1")
    full.behaviour.faults = dict.fromkeys(FAULTS, 0.07)
    full.behaviour.random.seed(seed)
    for export in (None, "system"):
        out = tmp_path / f"out-{export}"
        done = pull(out, full.base, "T1", export=export, patience=waits.patience(60))
        assert full.behaviour.failed
        assert prints(out) == prints(tmp_path / "calm")
        assert not [one for one in rules(done) if one != "PULL-EXPORT-LEFT"]


def test_an_export_gives_the_same_as_searches(full: FhirServer, tmp_path: Path) -> None:
    pull(tmp_path / "searched", full.base, "T1")
    done = pull(tmp_path / "out", full.base, "T1", export="system")
    assert prints(tmp_path / "out") == prints(tmp_path / "searched")
    assert (done.method, done.as_of, done.subjects) == ("export", "2026-01-01T00:00:00Z", 7)
    assert ("DELETE", "/fhir/status") in [one[:2] for one in full.behaviour.requests]
    whole = pull(tmp_path / "whole", full.base, export="Group/1")
    kept = {one.type: one.resources for one in whole.files}
    assert kept == full.behaviour.store.counts()


def test_files_that_are_here_already(full: FhirServer, tmp_path: Path) -> None:
    pull(tmp_path / "searched", full.base, "T1")
    files = tmp_path / "files"
    files.mkdir()
    for type_, some in full.behaviour.store.resources.items():
        text = b"".join(dumped(one) + b"\n" for one in some.values())
        if type_ == "Observation":
            (files / f"{type_}.ndjson.gz").write_bytes(gzip.compress(text))
        else:
            (files / f"{type_}.000.ndjson").write_bytes(text)
    assert take(tmp_path / "out", files, "T1").subjects == 7
    assert prints(tmp_path / "out") == prints(tmp_path / "searched")
    with (files / "Patient.000.ndjson").open("ab") as more:
        more.write(b'{"resourceType": "Patient"}\n[1]\n{"resourceType":\n\n')
    assert rules(take(tmp_path / "all", files)) == ["PULL-NO-ID", "PULL-LINE", "PULL-LINE"]
    whole = (files / "Observation.ndjson.gz").read_bytes()
    (files / "Observation.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    assert "PULL-LINE" in rules(take(tmp_path / "cut", files))
    (files / "Observation.ndjson.gz").write_bytes(whole[:40] + b"\xff" * 20 + whole[60:])
    assert "PULL-LINE" in rules(take(tmp_path / "broken", files))


def test_no_files(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "none"):
        with pytest.raises(Unusable) as found:
            take(tmp_path / "out", tmp_path / folder)
        assert rules(found) == ["PULL-NO-FILES"]
    assert not (tmp_path / "out").exists()


def test_numbers_and_times_are_kept_as_the_server_wrote_them(
    full: FhirServer, tmp_path: Path
) -> None:
    (patient, *_) = full.behaviour.store.matches("Patient", [])
    text = (
        '{ "resourceType" : "Bundle",\r\n "type": "searchset", "entry": [ {\n  "resource": {\n'
        '   "resourceType": "Observation", "id": "x",\n   "subject": {"reference": "Patient/ID"},'
        '\n   "valueQuantity": {"value": 19.00, "code": "a\\nb\\u2028"},\n\t"big": 1E+2\n }\n } ] }'
    ).replace("ID", patient["id"])
    full.behaviour.answers["/fhir/Observation"] = (200, {}, text.encode())
    pull(tmp_path / "out", full.base, "T1")
    kept = (tmp_path / "out" / "Observation.ndjson").read_text(encoding="utf-8")
    assert '"value": 19.00, "code": "a\\nb\\u2028"}' in kept
    assert "1E+2" in kept
    assert kept.count("\n") == 1


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"resourceType":"Patient"}', '{"entry":[{"resource":1}]}', '{"entry":[1]}'],
)
def test_what_is_no_page(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 # json's own errors are among them
        page_of(text.encode())


def test_a_page_taken_apart() -> None:
    text = (
        b'\xef\xbb\xbf{"resourceType":"Bundle","total":2,"link":[{"relation":"self","url":"a"},'
        b'{"relation":"next","url":"b"}],"entry":[{"resource":{"resourceType":"Patient","id":"1"},'
        b'"search":{"mode":"match"}},{"search":{"mode":"outcome"},"resource":{"resourceType":'
        b'"OperationOutcome"}},{"fullUrl":"x"}]}'
    )
    page = page_of(text)
    assert [one.text for one in page.lines] == [b'{"resourceType":"Patient","id":"1"}']
    assert (page.next, page.total, len(page.outcomes)) == ("b", 2, 1)
    assert page_of(b'{"resourceType":"Bundle","entry":[]}').lines == []


def test_the_next_page_is_on_the_same_host(full: FhirServer, start: Start, tmp_path: Path) -> None:
    other = start()
    full.behaviour.next_origin = other.origin
    with pytest.raises(Unusable) as found:
        pull(tmp_path / "out", full.base, "T1")
    assert rules(found) == ["PULL-LINK"]
    assert other.origin in str(found.value)
    assert other.behaviour.requests == []
    assert not (tmp_path / "out").exists()


def test_pages_that_go_in_a_circle(full: FhirServer, tmp_path: Path) -> None:
    link = [{"relation": "next", "url": f"{full.base}/ResearchSubject?round=1"}]
    text = dumped({"resourceType": "Bundle", "type": "searchset", "link": link})
    full.behaviour.answers["/fhir/ResearchSubject"] = (200, {}, text)
    with pytest.raises(Unusable) as found:
        pull(tmp_path / "out", full.base, "T1")
    assert rules(found) == ["PULL-CIRCLE"]


def test_a_server_that_does_not_heed_the_search_gives_nobody_elses_data(
    full: FhirServer, tmp_path: Path
) -> None:
    full.behaviour.ignores = ("patient",)
    done = pull(tmp_path / "out", full.base, "T1")
    assert "PULL-NOT-ASKED" in rules(done)
    assert {type_: len(some) for type_, some in lines(tmp_path / "out").items()} == counts(7)


def test_studies_that_are_not_there_or_twice(full: FhirServer, tmp_path: Path) -> None:
    for name in ("T2", "system|T1", "a b/c"):
        with pytest.raises(Unusable) as found:
            pull(tmp_path / "out", full.base, name)
        assert rules(found) == ["PULL-NO-STUDY"]
    (study,) = full.behaviour.store.matches("ResearchStudy", [])
    full.behaviour.store.put("ResearchStudy", "twin", {"identifier": study["identifier"]})
    with pytest.raises(Unusable) as found:
        pull(tmp_path / "out", full.base, "T1")
    assert rules(found) == ["PULL-STUDIES"]
    assert "twin" in str(found.value)
    with pytest.raises(Unusable) as found:
        pull(tmp_path / "out", full.base)
    assert rules(found) == ["PULL-WHICH-STUDY"]


def test_what_is_missing_is_told(full: FhirServer, tmp_path: Path) -> None:
    store = full.behaviour.store
    store.resources["Organization"].clear()
    patient = store.resources["Patient"].pop(min(store.resources["Patient"]))
    (subject, *_) = store.matches("ResearchSubject", [("patient", f"Patient/{patient['id']}")])
    del store.resources["ResearchSubject"][subject["id"]]["individual"]
    (other, *_) = store.matches("ResearchSubject", [])
    store.resources["ResearchSubject"][other["id"]]["individual"]["reference"] = "Patient/gone"
    done = pull(tmp_path / "out", full.base, "T1")
    assert Counter(rules(done)) == {"PULL-NO-PATIENT": 1, "PULL-MISSING": 2}
    told = " ".join(str(one) for one in done.problems)
    assert "Patient/gone" in told
    assert "Organization/" in told


def test_a_search_that_is_refused_is_told(full: FhirServer, tmp_path: Path) -> None:
    full.behaviour.answers["/fhir/Observation"] = (400, {}, outcome("patient is not known"))
    done = pull(tmp_path / "out", full.base, "T1")
    assert rules(done) == ["PULL-REFUSED"]
    assert "patient is not known" in str(next(iter(done.problems)))
    # Some servers say so with the status of success.
    full.behaviour.answers["/fhir/Observation"] = (200, {}, outcome("no rights"))
    done = pull(tmp_path / "again", full.base, "T1")
    assert rules(done) == ["PULL-REFUSED"]
    assert "no rights" in str(next(iter(done.problems)))
    full.behaviour.answers["/fhir/ResearchSubject"] = (400, {}, outcome("study is not known"))
    with pytest.raises(Unusable) as found:
        pull(tmp_path / "more", full.base, "T1")
    assert rules(found) == ["PULL-REFUSED"]
    full.behaviour.answers["/fhir/ResearchStudy"] = (400, {}, outcome("identifier is not known"))
    with pytest.raises(Unusable) as found:
        pull(tmp_path / "most", full.base, "T1")
    assert rules(found) == ["PULL-NO-STUDY", "PULL-REFUSED"]


def test_fewer_than_were_counted_and_what_a_server_remarks(
    full: FhirServer, tmp_path: Path
) -> None:
    remark = json.loads(outcome("not all of it"))
    entry = [{"search": {"mode": "outcome"}, "resource": remark}]
    text = dumped({"resourceType": "Bundle", "total": 3, "entry": entry})
    full.behaviour.answers["/fhir/Consent"] = (200, {}, text)
    assert rules(pull(tmp_path / "out", full.base, "T1")) == ["PULL-SAID", "PULL-TOTAL"]


def test_files_of_an_export_on_another_host_need_a_word_and_get_no_token(
    full: FhirServer, start: Start, tmp_path: Path
) -> None:
    other = start(Behaviour(store=full.behaviour.store))
    full.behaviour.files_origin = other.origin
    full.behaviour.token = "only-ours"
    from trialect.converters.server.credentials import Credentials

    given = Credentials(token="only-ours")
    with pytest.raises(Unusable) as found:
        pull(tmp_path / "out", full.base, "T1", export="system", credentials=given)
    assert rules(found) == ["PULL-EXPORT-HOST"]
    assert other.behaviour.requests == []
    files = (other.origin,)
    pull(tmp_path / "out", full.base, "T1", export="system", credentials=given, files_from=files)
    assert len(other.behaviour.requests) > 3
    assert not [one for one in other.behaviour.requests if "authorization" in one[2]]


@pytest.mark.parametrize(
    ("path", "answer", "rule"),
    [
        ("/fhir/$export", (404, {}, outcome("no")), "PULL-EXPORT"),
        ("/fhir/$export", (202, {}, b""), "PULL-EXPORT"),
        ("/fhir/$export", (202, {"Content-Location": "http://a.example"}, b""), "PULL-EXPORT-HOST"),
        ("/fhir/status", (200, {}, b"[]"), "PULL-EXPORT"),
        ("/fhir/status", (200, {}, b'{"output":[{"type":"Patient"}]}'), "PULL-EXPORT-FILE"),
        ("/fhir/status", (400, {}, outcome("failed")), "PULL-EXPORT"),
        ("/fhir/files/Patient.0", (404, {}, b""), "PULL-EXPORT-FILE"),
        ("/fhir/files/Patient.0", (200, {}, b'{"resourceType":"Patient"}\n'), "PULL-EXPORT-FILE"),
    ],
)
def test_an_export_that_does_not_come_about(
    path: str,
    answer: tuple[int, dict[str, str], bytes],
    rule: str,
    full: FhirServer,
    tmp_path: Path,
    waits: Waits,
) -> None:
    full.behaviour.answers[path] = answer
    with pytest.raises(Unusable) as found:
        pull(tmp_path / "out", full.base, "T1", export="system", patience=waits.patience(3))
    assert rules(found) == [rule]
    assert not (tmp_path / "out").exists()


def test_an_export_of_nothing_known(full: FhirServer, tmp_path: Path) -> None:
    with pytest.raises(Unusable) as found:
        pull(tmp_path / "out", full.base, export="Group/../Patient")
    assert rules(found) == ["PULL-EXPORT-LEVEL"]


def test_what_a_server_remarks_on_its_export(full: FhirServer, tmp_path: Path) -> None:
    assert "PULL-EXPORT-SAID" not in rules(pull(tmp_path / "out", full.base, export="system"))
    remarks = {"type": "OperationOutcome", "url": f"{full.base}/files/remarks"}
    patients = {"type": "Patient", "url": f"{full.base}/files/Patient.0"}
    full.behaviour.answers["/fhir/files/remarks"] = (200, {}, outcome("two were left out") + b"\n")

    def exported(output: list[dict[str, str]]) -> None:
        manifest = {"output": output, "error": [remarks]}
        full.behaviour.answers["/fhir/status"] = (200, {}, dumped(manifest))

    exported([patients])
    done = pull(tmp_path / "out", full.base, export="system")
    (told,) = (one for one in done.problems if one.rule == "PULL-EXPORT-SAID")
    assert "two were left out" in told.message
    assert [one.type for one in done.files] == ["Patient"]
    # An export of nothing is not a pull; why it is nothing is told.
    exported([])
    with pytest.raises(Unusable) as found:
        pull(tmp_path / "none", full.base, export="system")
    assert rules(found)[:2] == ["PULL-EXPORT-EMPTY", "PULL-EXPORT-SAID"]
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("by", ["search", "export"])
def test_a_resource_that_changed_meanwhile_is_kept_once_and_told(
    by: str, full: FhirServer, tmp_path: Path
) -> None:
    (patient, *_) = full.behaviour.store.matches("Patient", [])
    about = {"subject": {"reference": f"Patient/{patient['id']}"}, "status": "final"}
    versions = [
        {"resourceType": "Observation", "id": "x", "meta": {"versionId": version}, **about}
        for version in ("9", "10", "10")
    ]
    if by == "search":
        entry = [{"resource": one} for one in versions]
        page = {"resourceType": "Bundle", "type": "searchset", "entry": entry}
        full.behaviour.answers["/fhir/Observation"] = (200, {}, dumped(page))
    else:
        url = f"{full.base}/files/Observation.0"
        lines_ = b"".join(dumped(one) + b"\n" for one in versions)
        full.behaviour.answers["/fhir/files/Observation.0"] = (200, {}, lines_)
        output = [{"type": "Observation", "url": url}]
        full.behaviour.answers["/fhir/status"] = (200, {}, dumped({"output": output}))
    done = pull(
        tmp_path / "out",
        full.base,
        "T1" if by == "search" else None,
        export="system" if by == "export" else None,
    )
    (told,) = (one for one in done.problems if one.rule == "PULL-CHANGED")
    assert told.severity == "note"
    assert "1 Observation" in told.message
    (kept,) = lines(tmp_path / "out")["Observation"]
    assert kept["meta"]["versionId"] == "10"


def test_many_lines_are_sorted_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorted_lines, "_BYTES_AT_ONCE", 1000)
    into = SortedLines(tmp_path / "spool")
    for number in range(500):
        into.add(line_of(dumped({"resourceType": "Patient", "id": f"{number * 7 % 500}"})))
    newer = {"versionId": "10", "lastUpdated": "2026-01-02T00:00:00Z"}
    older = {"versionId": "9", "lastUpdated": "2026-01-02T00:00:00Z"}
    for meta in (newer, older):
        into.add(line_of(dumped({"resourceType": "Group", "id": "1", "meta": meta})))
    same = Line(b'{"resourceType":"Group","id":"2"}', {"resourceType": "Group", "id": "2"})
    into.add(same)
    into.add(same)
    group, patient = into.write(tmp_path)
    assert len(list((tmp_path / "spool").glob("Patient.*.run"))) > 5
    assert (patient.resources, group.resources) == (500, 2)
    ids = [json.loads(one)["id"] for one in (tmp_path / "Patient.ndjson").open("rb")]
    assert ids == sorted(str(number) for number in range(500))
    assert b'"versionId":"10"' in (tmp_path / "Group.ndjson").read_bytes()
    assert into.changed == {"Group": 1}
