"""Runs one step over many items, here or in several processes, results in the items' order."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

Context = TypeVar("Context")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Run(Protocol):
    """Calls `step(context, item)` for every item and yields the results in order."""

    def __call__(
        self, step: Callable[[Context, Item], Result], context: Context, items: Iterable[Item]
    ) -> Iterator[Result]:
        """The results, in the order of the items."""


def _here(
    step: Callable[[Context, Item], Result], context: Context, items: Iterable[Item]
) -> Iterator[Result]:
    for item in items:
        yield step(context, item)


def _unpack(step: Callable[[Any, Any], Result], context: bytes, item: Any) -> Result:
    return step(pickle.loads(context), item)


@contextmanager
def workers(jobs: int) -> Iterator[Run]:
    """A `Run` over `jobs` processes; with one job it runs here, without any.

    Processes are spawned, since the engine's threads do not survive a fork, and each uses one
    thread, so that `jobs` is what the machine is asked for.
    """
    if jobs <= 1:
        yield _here
        return
    before = os.environ.get("POLARS_MAX_THREADS")
    os.environ["POLARS_MAX_THREADS"] = "1"
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))

    def run(
        step: Callable[[Context, Item], Result], context: Context, items: Iterable[Item]
    ) -> Iterator[Result]:
        packed = pickle.dumps(context)
        futures = [pool.submit(_unpack, step, packed, item) for item in items]
        for future in futures:
            yield future.result()

    try:
        yield run
    finally:
        pool.shutdown(cancel_futures=True)
        if before is None:
            os.environ.pop("POLARS_MAX_THREADS", None)
        else:
            os.environ["POLARS_MAX_THREADS"] = before
