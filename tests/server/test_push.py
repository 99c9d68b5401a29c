"""A package on its way to a server: everything stored once, everything told."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from fhir_server import FAULTS, Behaviour, dumped, outcome
from server_kinds import Start, Waits
from small_package import bundle, counts, entry, package, study_bundle, subject_entries

from trialect.converters.server import push_report
from trialect.converters.server.push import Pushed, push
from trialect.problems import Unusable


def states(done: Pushed) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in done.states.values():
        found.update(one)
    return dict(found)


def rules(done: Pushed | pytest.ExceptionInfo[Unusable]) -> list[str]:
    found = done.problems if isinstance(done, Pushed) else done.value.problems
    return [one.rule for one in found]


def posted(behaviour: Behaviour) -> int:
    return sum(1 for method, path, _ in behaviour.requests if (method, path) == ("POST", "/fhir"))


def of_bundles(folder: Path, *bundles: dict[str, Any]) -> Path:
    """A folder of bundles, without a manifest."""
    folder.mkdir(parents=True)
    for number, one in enumerate(bundles):
        (folder / f"b{number}.json").write_text(json.dumps(one), encoding="utf-8")
    return folder


def test_everything_is_stored_and_a_second_time_changes_nothing(
    tmp_path: Path, start: Start
) -> None:
    out = package(tmp_path / "out", 5)
    server = start()
    store = server.behaviour.store
    first = push(out, server.base)
    assert states(first) == {"created": sum(counts(5).values())}
    assert store.counts() == counts(5)
    second = push(out, server.base)
    assert states(second) == {"unchanged": sum(counts(5).values())}
    assert store.counts() == counts(5)
    assert set(store.versions.values()) == {1}
    assert not list(second.problems)


def test_an_update_is_told_from_no_change_by_the_time_of_the_change(
    tmp_path: Path, start: Start
) -> None:
    out = package(tmp_path / "out", 2)
    server = start(Behaviour(says_no_change=False))
    push(out, server.base)
    store = server.behaviour.store
    for place in store.changed:
        store.changed[place] = "2020-01-01T00:00:00.000+00:00"
    changed = of_bundles(
        tmp_path / "changed",
        study_bundle(),
        bundle(*subject_entries(1), entry("Patient", "subjects", "T1-002", gender="male")),
    )
    done = push(changed, server.base)
    # The study's two, Patient, ResearchSubject and three Observations of the first are as before.
    assert states(done) == {"unchanged": 7, "updated": 1}
    (patient,) = store.matches("Patient", [("identifier", "T1-002")])
    assert store.versions["Patient", patient["id"]] == 2


def test_the_study_goes_first(tmp_path: Path, start: Start) -> None:
    out = of_bundles(tmp_path / "out", *(bundle(*subject_entries(n)) for n in range(1, 5)))
    (out / "study.json").write_text(json.dumps(study_bundle()), encoding="utf-8")
    server = start(Behaviour(delay=0.01))
    # A subject's bundle that came before would find no ResearchStudy to refer to.
    assert states(push(out, server.base, parallel=8)) == {"created": 22}


@pytest.mark.parametrize("seed", range(12))
def test_a_server_that_fails_at_random_loses_and_doubles_nothing(
    seed: int, tmp_path: Path, start: Start, waits: Waits
) -> None:
    out = package(tmp_path / "out", 8)
    faults = dict.fromkeys(FAULTS, 0.07)
    server = start(Behaviour(faults=faults, seed=seed))
    done = push(out, server.base, parallel=4, patience=waits.patience(attempts=60))
    behaviour = server.behaviour
    assert behaviour.failed
    assert behaviour.store.counts() == counts(8)
    assert set(behaviour.store.versions.values()) == {1}
    assert states(done) == {"created": sum(counts(8).values())}
    assert not list(done.problems)


def test_every_fault_is_met_somewhere(tmp_path: Path, start: Start, waits: Waits) -> None:
    met: Counter[str] = Counter()
    for fault in FAULTS:
        out = package(tmp_path / fault.replace(" ", "-"), 3)
        server = start(Behaviour(faults={fault: 0.5}, seed=7))
        done = push(out, server.base, patience=waits.patience(attempts=60))
        assert states(done) == {"created": sum(counts(3).values())}
        assert server.behaviour.store.counts() == counts(3)
        met.update(server.behaviour.failed)
    assert set(met) == set(FAULTS)


def test_a_server_that_answers_nothing_is_given_up_and_the_push_goes_on_later(
    tmp_path: Path, start: Start, waits: Waits
) -> None:
    out = package(tmp_path / "out", 6)
    server = start()
    behaviour = server.behaviour

    def away(method: str, path: str) -> None:
        if method == "POST" and posted(behaviour) > 3:
            behaviour.faults = {"cut before": 1.0}

    behaviour.on_request = away
    with pytest.raises(Unusable) as found:
        push(out, server.base, parallel=1, patience=waits.patience(attempts=3))
    assert rules(found) == ["SERVER-LOST", "PUSH-STOPPED"]
    assert "of 7 bundles are stored" in str(found.value)
    report = json.loads(next((tmp_path / "out.push").glob("*.json")).read_bytes())
    assert [one["state"] for one in report["bundles"]].count("not sent") > 0

    behaviour.on_request, behaviour.faults = None, {}
    before = posted(behaviour)
    done = push(out, server.base)
    assert done.before > 0
    assert posted(behaviour) - before == 7 - done.before
    assert behaviour.store.counts() == counts(6)
    assert states(done) == {"created": sum(counts(6).values())}


def test_again_sends_what_is_stored_too(tmp_path: Path, start: Start, waits: Waits) -> None:
    out = package(tmp_path / "out", 2)
    server = start()
    behaviour = server.behaviour
    behaviour.store.resources["Patient"] = {
        str(n): entry("Patient", "subjects", "T1-002")["resource"] | {"id": str(n)}
        for n in (901, 902)
    }
    assert rules(push(out, server.base)) == ["PUSH-REFUSED", "PUSH-RESOURCE-REFUSED"]
    before = posted(behaviour)
    assert push(out, server.base).before == 2
    assert posted(behaviour) - before == 1
    push(out, server.base, again=True)
    assert posted(behaviour) - before == 4


def test_what_a_server_refuses_is_told_with_its_words_and_our_record(
    tmp_path: Path, start: Start
) -> None:
    bad = subject_entries(2)
    bad[3]["resource"]["language"] = "xx"
    out = of_bundles(
        tmp_path / "out",
        study_bundle(),
        bundle(*subject_entries(1)),
        bundle(*bad),
        bundle(*subject_entries(3)),
    )
    server = start()
    done = push(out, server.base)
    assert rules(done) == ["PUSH-REFUSED", "PUSH-RESOURCE-REFUSED"]
    refused, resource = done.problems
    assert "422" in refused.message
    assert refused.file == "b2.json"
    assert "the language xx is not known" in resource.message
    assert (resource.domain, resource.usubjid, resource.seq) == ("QS", "T1-002", "2")
    # The bundle is stored whole or not at all; the other subjects are.
    assert states(done) == {"created": 12, "failed": 5}
    report = json.loads(done.report.read_bytes())
    failed = [one for one in report["resources"] if one["state"] == "failed"]
    assert len(failed) == 5
    told = [one for one in failed if "text" in one]
    assert [one["identifier"] for one in told] == ["T1-002.QS.2"]
    assert told[0]["domain"] == "QS"
    assert report["summary"]["Patient"] == {"created": 2, "failed": 1}


def test_subjects_wait_for_their_study(tmp_path: Path, start: Start) -> None:
    study = study_bundle()
    study["entry"][0]["resource"]["language"] = "xx"
    out = of_bundles(tmp_path / "out", bundle(*subject_entries(1)))
    (out / "study.json").write_text(json.dumps(study), encoding="utf-8")
    server = start()
    done = push(out, server.base)
    assert set(rules(done)) == {"PUSH-REFUSED", "PUSH-RESOURCE-REFUSED", "PUSH-STUDY-REFUSED"}
    assert server.behaviour.store.counts() == {}


def test_a_resource_that_a_server_refuses_alone_is_told(tmp_path: Path, start: Start) -> None:
    out = of_bundles(tmp_path / "out", bundle(entry("Organization", "study", "sponsor")))
    server = start()
    issue = {"severity": "error", "diagnostics": "no room"}
    response = {"status": "507", "outcome": {"resourceType": "OperationOutcome", "issue": [issue]}}
    text = {"resourceType": "Bundle", "type": "batch-response", "entry": [{"response": response}]}
    server.behaviour.answers["/fhir"] = (200, {}, dumped(text))
    done = push(out, server.base)
    assert rules(done) == ["PUSH-RESOURCE-REFUSED"]
    assert "no room" in next(iter(done.problems)).message
    assert done.stored == 0


@pytest.mark.parametrize(
    "entries",
    [[], [{"response": {}}], [{}], [{"response": {"status": "created"}}], "no list"],
)
def test_an_answer_that_does_not_tell_is_an_error(
    entries: object, tmp_path: Path, start: Start
) -> None:
    out = of_bundles(tmp_path / "out", bundle(entry("Organization", "study", "sponsor")))
    server = start()
    text = {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
    server.behaviour.answers["/fhir"] = (200, {}, dumped(text))
    done = push(out, server.base)
    assert rules(done) == ["PUSH-NOT-CLEAR"]
    assert states(done) == {"failed": 1}


def test_doubles_after_a_lost_answer_are_found(tmp_path: Path, start: Start, waits: Waits) -> None:
    out = package(tmp_path / "out", 1)
    server = start()
    behaviour = server.behaviour

    def slow_twin(method: str, path: str) -> None:
        """The first attempt at the subject's bundle is cut, and stored late by the server."""
        behaviour.faults = {}
        if method == "POST" and posted(behaviour) == 2:
            behaviour.faults = {"cut before": 1.0}
        if path.startswith("/fhir/Patient"):
            twin = dict(behaviour.store.matches("Patient", [])[0], id="twin")
            behaviour.store.resources["Patient"]["twin"] = twin

    behaviour.on_request = slow_twin
    # The fault is drawn before on_request: a request later.
    real = behaviour.fault

    def fault() -> str:
        post = behaviour.requests[-1][0] == "POST"
        return "cut before" if post and posted(behaviour) == 2 else real()

    behaviour.fault = fault  # type: ignore[method-assign]
    done = push(out, server.base, patience=waits.patience())
    assert rules(done) == ["PUSH-SEVERAL"]
    assert "finds 2 resources" in next(iter(done.problems)).message


def test_a_dry_run_sends_nothing(tmp_path: Path, start: Start) -> None:
    out = package(tmp_path / "out", 3)
    server = start()
    done = push(out, server.base, dry_run=True)
    assert (done.shipment.resources, done.stored) == (sum(counts(3).values()), 0)
    assert [path for _, path, _ in server.behaviour.requests] == ["/fhir/metadata"]
    assert not (tmp_path / "out.push").exists()


def test_a_report_tells_every_resource(tmp_path: Path, start: Start) -> None:
    out = package(tmp_path / "out", 2)
    server = start()
    done = push(out, server.base, report=tmp_path / "told.json")
    report = json.loads((tmp_path / "told.json").read_bytes())
    assert len(report["resources"]) == sum(counts(2).values())
    assert report["resources"][-1] == {
        "bundle": "subjects-000002-01.json",
        "type": "Observation",
        "identifier": "T1-002.QS.3",
        "state": "created",
        "location": report["resources"][-1]["location"],
        "domain": "QS",
        "usubjid": "T1-002",
        "seq": "3",
    }
    assert report["server"] == server.base
    assert report["software"] == "Server of the tests 1"
    assert {one["state"] for one in report["bundles"]} == {"stored"}
    lines = push_report.lines(done)
    assert lines[0].split() == ["type", "created", "updated", "unchanged", "failed"]
    assert lines[-1].split() == ["all", str(sum(counts(2).values())), "0", "0", "0"]
    assert push_report.table(done).row_count == len(lines) - 1


def test_the_report_is_for_its_owner_alone(tmp_path: Path, start: Start) -> None:
    done = push(package(tmp_path / "out", 1), start().base)
    for path in (done.report, done.journal):
        assert path.stat().st_mode & 0o077 == 0


def test_nothing_to_send(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(Unusable) as found:
            push(folder, "http://127.0.0.1:1/fhir")
        assert rules(found) == ["PUSH-NOTHING"]


def test_an_edited_package_is_not_sent(tmp_path: Path) -> None:
    out = package(tmp_path / "out", 2)
    first = out / "fhir" / "bundles" / "subjects-000001-01.json"
    first.write_bytes(first.read_bytes().replace(b"female", b"male"))
    (out / "fhir" / "bundles" / "subjects-000002-01.json").unlink()
    with pytest.raises(Unusable) as found:
        push(out, "http://127.0.0.1:1/fhir")
    assert rules(found) == ["PUSH-CHANGED", "PUSH-CHANGED"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("[]", "PUSH-NO-TRANSACTION"),
        ("{", "PUSH-NO-TRANSACTION"),
        ('{"resourceType": "Bundle", "type": "batch"}', "PUSH-NO-TRANSACTION"),
        ('{"resourceType": "Bundle", "type": "transaction"}', "PUSH-NO-TRANSACTION"),
        ('{"resourceType": "Bundle", "type": "transaction", "entry": [1]}', "PUSH-NOT-REPEATABLE"),
        (
            '{"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": {},'
            ' "request": {"method": "POST", "url": "Patient"}}]}',
            "PUSH-NOT-REPEATABLE",
        ),
        ("[" * 100_000, "PUSH-NO-TRANSACTION"),
    ],
)
def test_files_that_cannot_be_sent_twice_are_not_sent(text: str, rule: str, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(text, encoding="utf-8")
    with pytest.raises(Unusable) as found:
        push(tmp_path, "http://127.0.0.1:1/fhir")
    assert rules(found) == [rule]


def test_an_unblinded_package_needs_the_word_twice(tmp_path: Path, start: Start) -> None:
    out = package(tmp_path / "out", 1, unblinded=True)
    server = start()
    with pytest.raises(Unusable) as found:
        push(out, server.base)
    assert rules(found) == ["PUSH-UNBLINDED"]
    assert server.behaviour.requests == []
    assert push(out, server.base, unblinded=True).stored == 2


def test_another_release_is_refused_before_anything_is_sent(tmp_path: Path, start: Start) -> None:
    server = start(Behaviour(release="5.0.0"))
    with pytest.raises(Unusable) as found:
        push(package(tmp_path / "out", 1), server.base)
    assert rules(found) == ["PUSH-RELEASE"]
    assert posted(server.behaviour) == 0


def test_what_a_server_does_not_say_it_can_is_told(tmp_path: Path, start: Start) -> None:
    server = start()
    statement: dict[str, Any] = {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [{"mode": "server", "resource": [{"type": "Patient"}]}],
    }
    server.behaviour.answers["/fhir/metadata"] = (200, {}, dumped(statement))
    done = push(package(tmp_path / "out", 1), server.base)
    assert Counter(rules(done)) == {"PUSH-TYPE": 4, "PUSH-CONDITIONAL": 1}
    assert done.stored == 2
    statement["rest"][0]["interaction"] = [{"code": "search-system"}]
    server.behaviour.answers["/fhir/metadata"] = (200, {}, dumped(statement))
    with pytest.raises(Unusable) as found:
        push(tmp_path / "out", server.base)
    assert rules(found) == ["PUSH-NO-TRANSACTIONS"]


@pytest.mark.parametrize("status", [404, 405, 413, 507, 500])
def test_a_bundle_that_is_refused_whole(
    status: int, tmp_path: Path, start: Start, waits: Waits
) -> None:
    server = start()
    server.behaviour.answers["/fhir"] = (status, {}, outcome("no"))
    done = push(package(tmp_path / "out", 1), server.base, patience=waits.patience(3))
    assert rules(done) == ["PUSH-REFUSED", "PUSH-STUDY-REFUSED"]
    assert str(status) in str(next(iter(done.problems)))
    assert posted(server.behaviour) == (3 if status == 500 else 1)
