"""What SDTMIG says of a variable, also where it is the continuation of a text (COVAL1 of COVAL)."""

from __future__ import annotations

from dataclasses import replace

from trialect.schemas.sdtm import Dataset, Variable, datasets


def facts(model: Dataset, column: str) -> Variable | None:
    """What SDTMIG, or the SDTM model, says of a dataset's variable; None when it is none."""
    known = model.allowed(column) or _identifier(model, column)
    if known is not None:
        return known
    base = model.variable(column.rstrip("0123456789"))
    if base is not None:
        label = f"{base.label} {column[len(base.name) :]}"
        return replace(base, name=column, label=label, core="Perm")
    return None


def _identifier(model: Dataset, column: str) -> Variable | None:
    """What identifies records in every dataset, for one that SDTMIG does not know."""
    shared = None if model.variables else datasets()["DM"].variable(column)
    return shared if shared is not None and shared.role == "Identifier" else None


def place(model: Dataset, column: str) -> tuple[int, int, int, str]:
    """Where a variable stands among those of its dataset: in the order of the model, continuations
    behind their variable, others last.
    """
    known = column if model.allowed(column) else column.rstrip("0123456789")
    return (*model.place(known), len(column), column)
