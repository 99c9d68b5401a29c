"""A push that is killed at any moment goes on where it was; nothing is lost or doubled."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fhir_server import Behaviour
from server_kinds import Start
from small_package import counts, package

from trialect.converters.server.journal import journal_at
from trialect.converters.server.push import push
from trialect.problems import Unusable

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 here")
@pytest.mark.parametrize("kills", [(2, 5), (1, 4, 6)])
def test_a_killed_push_goes_on(kills: tuple[int, ...], tmp_path: Path, start: Start) -> None:
    out = package(tmp_path / "out", 8)
    server = start(Behaviour(delay=0.15))
    behaviour = server.behaviour
    stored: list[int] = []
    for bundles in kills:
        process = subprocess.Popen(
            [sys.executable, "-m", "trialect.cli", "push", str(out), "--server", server.base],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
        )
        limit = time.monotonic() + 60
        while len(behaviour.store.resources.get("Patient", {})) < bundles:
            assert time.monotonic() < limit
            assert process.poll() is None
            time.sleep(0.005)
        process.kill()
        process.wait()
        stored.append(len(behaviour.store.resources["Patient"]))
    assert stored[-1] < 8
    behaviour.delay = 0
    # What was under way when it was killed may be at work still.
    time.sleep(0.5)
    before = sum(1 for method, _, _ in behaviour.requests if method == "POST")
    done = push(out, server.base)
    sent = sum(1 for method, _, _ in behaviour.requests if method == "POST") - before
    assert done.before >= kills[-1] - 2
    assert sent == 9 - done.before
    assert behaviour.store.counts() == counts(8)
    assert set(behaviour.store.versions.values()) == {1}
    assert {state for one in done.states.values() for state in one} == {"created"}
    report = json.loads(done.report.read_bytes())
    assert len(report["resources"]) == sum(counts(8).values())


def test_a_line_that_a_kill_cut_is_dropped(tmp_path: Path, start: Start) -> None:
    out = package(tmp_path / "out", 3)
    server = start()
    done = push(out, server.base)
    whole = done.journal.read_bytes()
    lines = whole.splitlines(keepends=True)[:-1]
    for size in range(0, len(b"".join(lines)), 331):
        done.journal.write_bytes(b"".join(lines)[:size])
        found = push(out, server.base)
        assert found.stored == 4
        assert server.behaviour.store.counts() == counts(3)
        assert found.journal.read_bytes().endswith(b'{"finished":true}\n')


@pytest.mark.parametrize("line", [b"nonsense\n", b"[]\n", b'{"what":1}\n', b'{"journal":9}\n'])
def test_a_damaged_journal_is_told(line: bytes, tmp_path: Path, start: Start) -> None:
    out = package(tmp_path / "out", 1)
    server = start()
    done = push(out, server.base)
    head = done.journal.read_bytes().splitlines(keepends=True)[0]
    done.journal.write_bytes(head + line if b"journal" not in line else line)
    with pytest.raises(Unusable) as found:
        push(out, server.base)
    assert found.value.problems[0].rule == "PUSH-JOURNAL"
    assert push(out, server.base, again=True).stored == 2


def test_a_journal_of_another_server_is_not_taken_for_ours(tmp_path: Path, start: Start) -> None:
    out = package(tmp_path / "out", 3)
    first, second = start(), start()
    done = push(out, first.base)
    lines = done.journal.read_bytes().splitlines(keepends=True)
    ours = push(out, second.base, dry_run=True).journal
    ours.write_bytes(b"".join(lines[:3]))
    with pytest.raises(Unusable) as found:
        push(out, second.base)
    assert [one.rule for one in found.value.problems] == ["PUSH-JOURNAL-OTHER"]
    assert first.base in str(found.value)
    assert second.behaviour.store.counts() == {}
    assert push(out, second.base, again=True).stored == 4
    assert second.behaviour.store.counts() == counts(3)


def test_two_pushes_of_the_same_do_not_meet(tmp_path: Path, start: Start) -> None:
    out = package(tmp_path / "out", 1)
    server = start()
    done = push(out, server.base)
    with journal_at(done.journal), pytest.raises(Unusable) as found:
        push(out, server.base)
    assert found.value.problems[0].rule == "PUSH-BUSY"


def test_another_server_and_another_package_have_journals_of_their_own(
    tmp_path: Path, start: Start
) -> None:
    one, other = start(), start()
    out = package(tmp_path / "out", 1)
    again = package(tmp_path / "again", 2)
    places = {
        push(out, one.base).journal.name,
        push(out, other.base).journal.name,
        push(again, one.base).journal.name,
    }
    assert len(places) == 3
    assert push(out, one.base + "/").journal.name in places
