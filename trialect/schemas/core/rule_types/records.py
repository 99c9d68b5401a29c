"""Record Data: the records of a dataset, all parts of a split one together."""

from __future__ import annotations

from collections.abc import Iterable

from trialect.schemas.core.rule_types.building import Building
from trialect.schemas.core.table import Table


def tables(building: Building) -> Iterable[Table]:
    """The records."""
    return [building.contents()]
