"""What a define.xml says of the datasets, and what must hold of a define.xml.

The checks are imported when they are called: the profile, which every partition makes, needs the
keys of this package and no XML.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from trialect.problems import Problem

if TYPE_CHECKING:
    from trialect.schemas.define.against import SubmittedDataset


def check_define(path: Path) -> list[Problem]:
    """The problems of a define.xml by itself (`check.check_define`)."""
    from trialect.schemas.define import check

    return check.check_define(path)


def check_define_against(path: Path, datasets: Iterable[Path | SubmittedDataset]) -> list[Problem]:
    """The differences of a define.xml from its datasets (`against.check_define_against`)."""
    from trialect.schemas.define import against

    return against.check_define_against(path, datasets)
