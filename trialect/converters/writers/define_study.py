"""The define.xml of a study's protocol datasets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import polars as pl

from trialect.converters.package import DEFINE
from trialect.converters.writers.define_plain import plain_define
from trialect.converters.writers.define_xml import STYLESHEET, define_bytes, stylesheet
from trialect.mappings.sdtm.study_datasets import PlainDataset
from trialect.profile import profile
from trialect.schemas.define.describe import describe
from trialect.trial import Study


def define_files(
    study: Study, datasets: Sequence[PlainDataset], stamp: datetime
) -> Iterator[tuple[str, bytes]]:
    """define.xml and its stylesheet, by name."""
    yield DEFINE, plain_define(study, datasets, stamp) or define_of_frames(study, datasets, stamp)
    yield STYLESHEET, stylesheet()


def define_of_frames(study: Study, datasets: Sequence[PlainDataset], stamp: datetime) -> bytes:
    """The define.xml by the way of a package: profiled, described, and built as a tree."""
    metas = describe(study, profile({one.name: frame_of(one) for one in datasets}), ())
    return define_bytes(study, metas, files={}, stamp=stamp)


def frame_of(one: PlainDataset) -> pl.DataFrame:
    """A dataset as the checks and the profile take it."""
    types = {"Char": pl.String, "Num": pl.Float64}
    return pl.DataFrame(
        {
            variable.name: pl.Series(list(column), dtype=types[variable.type]())
            for variable, column in zip(one.variables, one.columns, strict=True)
        }
    )
