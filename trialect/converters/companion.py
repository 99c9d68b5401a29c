"""A second process that does a part of the work beside this one.

It is forked while a command has one thread and nothing heavy is imported, so that both import what
they need at the same time. What it is asked is a function of a module and its arguments; what it
could not do, for whatever reason, is done here instead, so that results do not depend on it.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import IO, Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")

_NEEDS_ONE_THREAD = ("polars", "numpy")
"""Libraries that start threads of their own, which a process that is forked would lack."""

_PIPE = 1 << 20
"""Bytes that a pipe holds, where the system allows so many."""


class Companion:
    """The other process: what it is asked it does one after the other."""

    def __init__(self, tasks: IO[bytes], answers: IO[bytes]) -> None:
        self._tasks = tasks
        self._heard: SimpleQueue[tuple[bool, Any] | None] = SimpleQueue()
        self._answers: list[tuple[bool, Any]] = []
        self._asked = 0
        self._is_gone = False
        # Both pipes may be full at once, so somebody has to go on reading.
        self._listener = threading.Thread(target=self._listen, args=(answers,), daemon=True)
        self._listener.start()

    def ask(
        self, does: Callable[Given, Result], *args: Given.args, **named: Given.kwargs
    ) -> Callable[[], Result]:
        """Have something done; the function that is given back waits for the result.

        `does` must be found by its name, and its arguments and result be pickled. Where it fails
        there, it is called here.
        """

        def here() -> Result:
            return does(*args, **named)

        try:
            task = memoryview(pickle.dumps((does, args, named), pickle.HIGHEST_PROTOCOL))
        except (pickle.PicklingError, AttributeError, TypeError, ValueError):
            return here
        number = self._asked
        self._asked += 1
        with suppress(OSError):
            while task:
                task = task[self._tasks.write(task) :]

        def result() -> Result:
            done, value = self._answer(number)
            return value if done else here()

        return result

    def _answer(self, number: int) -> tuple[bool, Any]:
        while len(self._answers) <= number and not self._is_gone:
            heard = self._heard.get()
            if heard is None:
                self._is_gone = True
            else:
                self._answers.append(heard)
        return self._answers[number] if number < len(self._answers) else (False, None)

    def _listen(self, answers: IO[bytes]) -> None:
        # Whatever is wrong with an answer, there is no more to hear.
        with suppress(Exception):
            while True:
                self._heard.put(pickle.load(answers))  # our own process wrote it
        self._heard.put(None)

    def wait(self) -> None:
        """Wait until there is nothing more to hear."""
        self._listener.join()


@contextmanager
def companion() -> Iterator[Companion | None]:
    """The other process for as long as the block lasts; None where there is none to be had.

    That is on one core, on systems that cannot fork, and in a process that has threads already.
    """
    if not _can_fork():
        yield None
        return
    tasks_read, tasks_write = os.pipe()
    answers_read, answers_write = os.pipe()
    for pipe in (tasks_write, answers_write):
        _widen(pipe)
    child = os.fork()
    if child == 0:
        os.close(tasks_write)
        os.close(answers_read)
        _serve(tasks_read, answers_write)
    os.close(tasks_read)
    os.close(answers_write)
    with (
        os.fdopen(tasks_write, "wb", buffering=0) as tasks,
        os.fdopen(answers_read, "rb") as answers,
    ):
        found = Companion(tasks, answers)
        try:
            yield found
        finally:
            # What nobody waited for need not be done.
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            found.wait()


def _widen(pipe: int) -> None:
    """Let a pipe hold more, so that what is sent waits less for who reads it."""
    import fcntl

    with suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def _can_fork() -> bool:
    return (
        sys.platform == "linux"
        and len(os.sched_getaffinity(0)) > 1
        and threading.active_count() == 1
        and not any(name in sys.modules for name in _NEEDS_ONE_THREAD)
    )


def _serve(tasks_fd: int, answers_fd: int) -> None:
    """What the other process does; it ends here."""
    try:
        # Whoever stops the command stops the process that asks; this one ends with it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # It does one thing after the other, beside a process that uses the other cores.
        os.environ["POLARS_MAX_THREADS"] = "1"
        gc.disable()
        with os.fdopen(tasks_fd, "rb") as tasks, os.fdopen(answers_fd, "wb") as answers:
            while True:
                does, args, named = pickle.load(tasks)  # our own process wrote it
                try:
                    answer = pickle.dumps((True, does(*args, **named)), pickle.HIGHEST_PROTOCOL)
                except Exception:  # it is done again where it can be told
                    answer = pickle.dumps((False, None))
                answers.write(answer)
                answers.flush()
    except BaseException:  # the pipe ended, or the task is not to be had here
        pass
    finally:
        os._exit(0)
