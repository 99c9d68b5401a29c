"""Whatever a library stumbles over in a damaged file becomes one problem."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from trialect.problems import Rule, Unusable


@contextmanager
def told_as(damaged: Rule, file: str) -> Iterator[None]:
    """Raises `Unusable` with a problem of this kind for any error in the block but `Unusable`.

    Readers of workbooks raise what their parsing meets, so that the kinds cannot be listed.
    """
    try:
        yield
    except Unusable:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise Unusable(damaged.problem(file=file, reason=reason)) from None
