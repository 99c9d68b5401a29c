"""Processes that work on partitions: in order, and told when one of them is ended."""

from __future__ import annotations

import os
import signal

import pytest

from trialect.converters.workers import workers
from trialect.problems import Unusable


def _nothing(given: object) -> None:
    """Nothing is needed."""


def _doubled(factor: int, item: int) -> int:
    return factor * item


def _killed(item_to_end: int, item: int) -> int:
    if item == item_to_end:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_items(jobs: int) -> None:
    with workers(jobs, _nothing, None) as run:
        assert list(run(_doubled, 2, range(5))) == [0, 2, 4, 6, 8]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_process_that_is_ended_from_outside_is_told_with_what_to_do() -> None:
    with workers(2, _nothing, None) as run, pytest.raises(Unusable) as told:
        list(run(_killed, 1, range(3)))
    (problem,) = told.value.problems
    assert problem.rule == "JOB-LOST"
    assert "2 processes" in problem.message
    assert "--jobs 1" in problem.mend
