"""Agreement: registry record against study.yaml against the data of a package.

Each comparison is a small named unit (`comparisons/`) on three sides (`Sides`): the record and the
study file as `Study`, the package as `DataFacts`. What differs is a finding.
"""

from __future__ import annotations

from pathlib import Path

from trialect.converters.reconcile.comparison import COMPARISONS, Agreement, Row, Sides
from trialect.converters.reconcile.outcome import Reconciliation
from trialect.trial import Study

__all__ = ["COMPARISONS", "Agreement", "Reconciliation", "Row", "Sides", "compare", "reconcile"]


def compare(sides: Sides, *, record: str | None = None, out: str | None = None) -> Reconciliation:
    """All comparisons of these sides; `record` and `out` are what the report calls their files."""
    from trialect.converters.reconcile import comparisons  # noqa: F401 # declares them

    rows = [row for one in COMPARISONS.values() for row in one.rows(sides)]
    return Reconciliation(sides.study, tuple(rows), sides.record is not None, record, out)


def reconcile(
    study: str | Path | Study, out: str | Path, record: str | Path | Study | None = None
) -> Reconciliation:
    """Compare a registry record, a study file and a package of data.

    `study` is a study folder, its study.yaml or a Study; `out` a package of SDTM datasets, whoever
    made it; `record` a file that a Study can be read from (`study_sources`), of several records the
    one whose identifier the study names, or a Study. Without it study file and data are compared.
    Raises `Unusable` when one of them cannot be read.
    """
    from trialect.converters.readers.study_yaml import read_study
    from trialect.converters.reconcile.package_data import facts_of_package
    from trialect.converters.reconcile.registry_record import read_record

    found = study if isinstance(study, Study) else read_study(study)
    named = None
    of_registry = record if isinstance(record, Study) else None
    if record is not None and not isinstance(record, Study):
        of_registry, _ = read_record(Path(record), found)
        named = Path(record).name
    limits = [one.eligibility for one in (of_registry, found) if one is not None]
    data = facts_of_package(Path(out), limits)
    return compare(Sides(of_registry, found, data), record=named, out=Path(out).name)
