"""How many findings of a rule a page lists, so that no rule crowds out the others."""

from __future__ import annotations

from collections.abc import Iterable


def fair_share(counts: Iterable[int], listed: int) -> int | None:
    """The most findings of a rule with which the list stays within `listed`, at least 1.

    `counts` has a number a rule. None where all findings fit.
    """
    ordered = sorted(counts)
    if sum(ordered) <= listed:
        return None
    left, share = listed, 1
    for place, count in enumerate(ordered):
        share = max(1, left // (len(ordered) - place))
        if count > share:
            break
        left -= count
    return share
