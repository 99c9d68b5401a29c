"""What R4 and R5 say in another way, field by field (releases.csv, docs/fhir-releases.md)."""

from __future__ import annotations

import csv
from importlib.resources import files


def releases() -> list[dict[str, str]]:
    """The rows of the table: `fact`, the element in `r4` and in `r5`, `remark`.

    An element is a path (`Consent.provision`) or `extension NAME`, empty where a release has none.
    """
    with files(__package__).joinpath("releases.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
