"""Agreement: registry record against study.yaml against the data of a package.

Each comparison is a small named unit (`comparisons/`) on three sides (`Sides`): the record and the
study file as `Study`, the package as `DataFacts`. What differs is a finding.
"""

from __future__ import annotations

from pathlib import Path

from trialect.converters.reconcile.comparison import COMPARISONS, Agreement, Row, Sides
from trialect.converters.reconcile.outcome import Reconciliation
from trialect.converters.reconcile.where import Where, lines_of
from trialect.trial import Study

__all__ = ["COMPARISONS", "Agreement", "Reconciliation", "Row", "Sides", "compare", "reconcile"]


def compare(
    sides: Sides,
    *,
    record: str | None = None,
    out: str | None = None,
    source: str | None = None,
    file: Path | None = None,
) -> Reconciliation:
    """All comparisons of these sides; `record` and `out` are what the report calls their files.

    `source` is that of the record (`study_sources`), `file` the study file, for the places.
    """
    from trialect.converters.reconcile import comparisons  # noqa: F401 # declares them

    rows = [row for one in COMPARISONS.values() for row in one.rows(sides)]
    tree = lines_of(file) if file is not None else None
    where = Where(sides.study, sides.record, source, tree, file.name if file is not None else "")
    with_record = sides.record is not None
    return Reconciliation(sides.study, tuple(rows), with_record, record, out, where)


def reconcile(
    study: str | Path | Study, out: str | Path, record: str | Path | Study | None = None
) -> Reconciliation:
    """Compare a registry record, a study file and a package of data.

    `study` is a study folder, its study.yaml or a Study; `out` a package of SDTM datasets, whoever
    made it; `record` a file that a Study can be read from (`study_sources`), of several records the
    one whose identifier the study names, or a Study. Without it study file and data are compared.
    Raises `Unusable` when one of them cannot be read.
    """
    from trialect.converters.readers.study_yaml import FILE, read_study
    from trialect.converters.reconcile.package_data import facts_of_package
    from trialect.converters.reconcile.registry_record import read_record

    found = study if isinstance(study, Study) else read_study(study)
    named = source = file = None
    if not isinstance(study, Study):
        file = Path(study) / FILE if Path(study).is_dir() else Path(study)
    of_registry = record if isinstance(record, Study) else None
    if record is not None and not isinstance(record, Study):
        of_registry, source = read_record(Path(record), found)
        named = Path(record).name
    limits = [one.eligibility for one in (of_registry, found) if one is not None]
    data = facts_of_package(Path(out), limits)
    sides = Sides(of_registry, found, data)
    return compare(sides, record=named, out=Path(out).name, source=source, file=file)
