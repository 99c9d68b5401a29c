"""The summary that ends a conversion on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialect.converters.account import Account
from trialect.problems import Severity

if TYPE_CHECKING:
    from rich.table import Table


def summary(account: Account) -> Table:
    """A table of the forms read, the datasets and resources written, and the findings."""
    from rich.table import Table

    table = Table(
        title=f"{account.study.studyid}: {account.subjects} subjects", title_justify="left"
    )
    table.add_column("read")
    table.add_column("rows", justify="right")
    table.add_column("rejected", justify="right")
    table.add_column("written")
    table.add_column("records", justify="right")
    table.add_column("findings")
    table.add_column("", justify="right")
    read = [
        (name, str(form.rows), str(form.rejected or "")) for name, form in account.forms.items()
    ]
    written = [(name, str(n)) for name, n in account.datasets.items()]
    written += [(f"FHIR {name}", str(n)) for name, n in sorted(account.fhir.items())]
    found = [(severity.value, str(account.by_severity.get(severity, 0))) for severity in Severity]
    for line in range(max(len(read), len(written), len(found))):
        table.add_row(
            *(read[line] if line < len(read) else ("", "", "")),
            *(written[line] if line < len(written) else ("", "")),
            *(found[line] if line < len(found) else ("", "")),
        )
    return table
