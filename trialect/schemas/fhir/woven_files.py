"""Checking files of FHIR by what they were made of: NDJSON lines, and Bundles with their entries.

Texts that no shape vouches for in number (woven.py) are looked at one by one, as those of files
are (stream.py, bundles.py); so are the Bundles whose entries do not agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from trialect.problems import Problem
from trialect.schemas.fhir.aligned import Vouched
from trialect.schemas.fhir.bundles import Single, agreeing, check_bundle_text, one_by_one, opened
from trialect.schemas.fhir.fast import kept_shapes
from trialect.schemas.fhir.references import ReferenceIndex
from trialect.schemas.fhir.stream import check_line, exactly, note_vouched
from trialect.schemas.fhir.table import table
from trialect.schemas.fhir.woven import Woven, sifted


def check_woven(
    woven: Sequence[Woven],
    file: str,
    index: ReferenceIndex,
    release: str = "R4",
) -> Iterator[Problem]:
    """The problems of the lines of an NDJSON file, by what they are woven of.

    `rows` of the lines are their numbers, from 1. Everything else is as for `check_ndjson`.
    """
    shapes = kept_shapes(release, "")
    before = index.start(file)

    def valid(text: str) -> bool:
        return not exactly(text, table(release))[0]

    vouched, left = sifted(woven, shapes, valid)
    note_vouched(index, vouched, before)
    for row, text in left:
        for problem in check_line(text.encode(), shapes, release, index, before + row):
            yield problem.at(file=file, row=row)


def check_woven_bundles(
    woven: Sequence[Woven],
    head: bytes,
    bundles: Sequence[tuple[str, Callable[[], bytes]]],
    release: str = "R4",
) -> Iterator[Problem]:
    """The problems of Bundles that begin alike, by what their entries are woven of.

    `rows` of the entries are the places of their Bundles in `bundles`, each of which has the name
    of its file and gives its text.
    """
    definitions, shapes = table(release), kept_shapes(release, "Bundle.entry")
    check = opened(head, definitions)

    def valid(text: str) -> bool:
        return check is not None and check.valid(text, 0) is not None

    counts = np.zeros(len(bundles), np.int64)
    for some in woven:
        counts += np.bincount(some.rows, minlength=len(bundles))
    vouched, left = sifted(woven, shapes, valid)
    alone = [Single(number, text.encode(), head, 0) for number, text in left]
    every: list[Vouched] = [*vouched, *one_by_one(alone, definitions, shapes)]
    heads = [head] * len(bundles)
    good = agreeing(every, np.arange(len(bundles)), counts, heads, definitions)
    for number in np.flatnonzero(~good).tolist():
        file, text = bundles[number]
        yield from check_bundle_text(text(), file, release)
