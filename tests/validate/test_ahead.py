"""A second process beside a validation: it does what it is asked, and nothing depends on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_validate import sdtm

from trialect.converters import companion as module
from trialect.converters.companion import Companion, companion

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process is forked")
HERE = os.getpid()


def pid_beside(_: object = None) -> int:
    return os.getpid()


def doubled(data: bytes) -> bytes:
    return data * 2


def refuses_there(value: int) -> int:
    if os.getpid() != HERE:
        raise ValueError("not here")
    return value


def dies_there(value: int) -> int:
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return value


def unsendable() -> object:
    return lambda: None


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Companion]:
    # The functions above use no library that would miss its threads.
    monkeypatch.setattr(module, "_can_fork", lambda: True)
    with companion() as found:
        assert found is not None
        yield found


@ON_LINUX
def test_it_is_another_process_that_answers(beside: Companion) -> None:
    assert beside.ask(pid_beside)() not in (HERE, None)


@ON_LINUX
def test_answers_may_be_fetched_in_any_order_and_be_large(beside: Companion) -> None:
    parts = [bytes([65 + number]) * 3_000_000 for number in range(5)]
    answers = [beside.ask(doubled, part) for part in parts]
    assert [answer() for answer in answers[::-1]] == [part * 2 for part in parts[::-1]]
    assert answers[2]() == parts[2] * 2


@ON_LINUX
def test_what_fails_there_is_done_here(beside: Companion) -> None:
    failing = beside.ask(refuses_there, 3)
    after = beside.ask(doubled, b"x")
    assert (failing(), after()) == (3, b"xx")
    assert callable(beside.ask(unsendable)())


@ON_LINUX
def test_what_cannot_be_sent_is_done_here(beside: Companion) -> None:
    assert beside.ask(pid_beside, lambda: None)() == HERE
    assert beside.ask(doubled, b"x")() == b"xx"


@ON_LINUX
def test_a_process_that_dies_is_not_missed(beside: Companion) -> None:
    dying = beside.ask(dies_there, 4)
    after = [beside.ask(doubled, b"x" * 1_000_000) for _ in range(3)]
    assert dying() == 4
    assert [len(one()) for one in after] == [2_000_000] * 3


@ON_LINUX
def test_it_ends_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_can_fork", lambda: True)
    others: list[int] = []

    def fails() -> None:
        with companion() as found:
            assert found is not None
            others.append(found.ask(pid_beside)())
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    (other,) = others
    with pytest.raises(ProcessLookupError):
        os.kill(other, 0)


def test_a_process_with_threads_is_not_forked() -> None:
    assert "polars" in sys.modules
    with companion() as found:
        assert found is None


@ON_LINUX
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core")
def test_the_report_does_not_depend_on_it(package: Path, tmp_path: Path) -> None:
    broken = tmp_path / "data"
    broken.mkdir()
    for file in sdtm(package).iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    define = broken / "define.xml"
    define.write_text(
        define.read_text("utf-8").replace(' Mandatory="', ' Mandatoryy="', 1), "utf-8"
    )

    def report(name: str, cores: set[int]) -> tuple[bytes, str]:
        words = [sys.executable, "-m", "trialect.cli", "validate", str(broken), "--report"]
        path = tmp_path / name
        done = subprocess.run(
            [*words, str(path)],
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return path.read_bytes(), done.stdout.replace(name, "")

    two = set(sorted(os.sched_getaffinity(0))[:2])
    alone = report("alone.json", {min(two)})
    assert report("beside.json", two) == alone
    assert "DEFINE-XSD" in alone[0].decode()
