"""Which subject a USUBJID belongs to, when subjects of several partitions have it.

A partition sees to it that no two of its own subjects have one USUBJID. Across partitions the
subject that comes first in the trial keeps it, as it would in a single partition; the partitions
of the others are worked again without them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def contested(claims: Sequence[Mapping[str, str]]) -> dict[int, dict[str, str]]:
    """The places of partitions that claim what an earlier one has, with those USUBJIDs.

    `claims` gives each partition's subjects (as the exports name them) by USUBJID, in the order
    of the partitions; so does the result, with the subjects that keep them.
    """
    owners: dict[str, str] = {}
    found: dict[int, dict[str, str]] = {}
    for place, claimed in enumerate(claims):
        taken = {usubjid: owners[usubjid] for usubjid in claimed if usubjid in owners}
        if taken:
            found[place] = taken
        owners.update((usubjid, one) for usubjid, one in claimed.items() if usubjid not in taken)
    return found
