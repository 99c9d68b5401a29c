"""Runs one step over many items, here or in several processes, results in the items' order."""

from __future__ import annotations

import os
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

from trialect.problems import Unusable, rule

Context = TypeVar("Context")
Given = TypeVar("Given")
Item = TypeVar("Item")
Result = TypeVar("Result")


ENVIRONMENT = {
    "POLARS_MAX_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": "1000000000",
    "MALLOC_TRIM_THRESHOLD_": "2000000000",
    "_RJEM_MALLOC_CONF": "oversize_threshold:0,dirty_decay_ms:3000,muzzy_decay_ms:2000",
}
"""What processes are started with: one thread each, so that `jobs` is what the machine is asked
for; and memory that is freed is kept for a while, by glibc and by the allocator of Polars
(jemalloc), since texts of many megabytes come and go, and getting their pages from the system
each time costs a sixth of the time (other C libraries ignore it)."""


LOST = rule(
    "JOB-LOST",
    "error",
    "A process was ended from outside",
    "One of the {jobs} processes was ended before it was done, mostly for want of memory; nothing"
    " was written.",
    "Run with --jobs 1, or where more memory is free.",
)


class Run(Protocol):
    """Calls `step(context, item)` for every item and yields the results in order.

    With `ahead`, so many items are taken before the first result is asked for, and one more for
    each result: for items of which nobody knows how many there are. Else all are taken at once.
    """

    def __call__(
        self,
        step: Callable[[Context, Item], Result],
        context: Context,
        items: Iterable[Item],
        ahead: int | None = None,
    ) -> Iterator[Result]:
        """The results, in the order of the items."""


def _here(
    step: Callable[[Context, Item], Result],
    context: Context,
    items: Iterable[Item],
    ahead: int | None = None,  # noqa: ARG001 # one after the other is as few as there can be
) -> Iterator[Result]:
    for item in items:
        yield step(context, item)


def _unpack(step: Callable[[Any, Any], Result], context: bytes, item: Any) -> Result:
    return step(pickle.loads(context), item)


@contextmanager
def workers(jobs: int, ready: Callable[[Given], object], given: Given) -> Iterator[Run]:
    """A `Run` over `jobs` processes; with one job it runs here, without any.

    Processes are spawned, since the engine's threads do not survive a fork. They start at once
    and call `ready(given)`, so that they have loaded what they need when the first item comes.
    `Run` raises `Unusable` when one of them is ended from outside.
    """
    if jobs <= 1:
        yield _here
        return
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    for _ in range(jobs):
        pool.submit(ready, given)

    def run(
        step: Callable[[Context, Item], Result],
        context: Context,
        items: Iterable[Item],
        ahead: int | None = None,
    ) -> Iterator[Result]:
        packed = pickle.dumps(context)
        asked = (pool.submit(_unpack, step, packed, item) for item in items)
        try:
            waiting = deque(islice(asked, ahead))
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(islice(asked, 1))
        except BrokenProcessPool:
            raise Unusable(LOST.problem(jobs=jobs)) from None

    try:
        yield run
    finally:
        pool.shutdown(cancel_futures=True)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
