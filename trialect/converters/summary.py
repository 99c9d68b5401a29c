"""The summary that ends a conversion on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING

from trialect.problems import Severity
from trialect.rulebook import rules_of

if TYPE_CHECKING:
    from rich.table import Table

    from trialect.converters.account import Account


def counted(by_severity: Mapping[Severity, int]) -> str:
    """`3 errors, 1 warning, 0 notes`."""
    return ", ".join(plural(by_severity.get(one, 0), one.value) for one in Severity)


def plural(number: int, word: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def line(account: Account) -> str:
    """The summary in one line, for a log."""
    return (
        f"{account.study.studyid}: {plural(account.subjects, 'subject')}, "
        f"{plural(sum(account.datasets.values()), 'SDTM record')} in "
        f"{plural(len(account.datasets), 'dataset')}, "
        f"{plural(sum(account.fhir.values()), 'FHIR resource')}, "
        f"{plural(account.rejected, 'row')} rejected"
    )


def errors(account: Account) -> list[str]:
    """The rules of severity error that were broken, each with its number of findings."""
    rules = rules_of(account.by_rule)
    return [
        f"{account.by_rule[name]:>7,}  {name}: {rule.title}"
        for name, rule in rules.items()
        if rule.severity is Severity.ERROR
    ]


def summary(account: Account) -> Table:
    """A table of the forms read, and of the datasets and resources made of them."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=f"{account.study.studyid}: {plural(account.subjects, 'subject')}",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    heads = ("read", "rows", "rejected", "SDTM", "records", "FHIR", "number")
    for head in heads:
        is_number = head in ("rows", "rejected", "records", "number")
        table.add_column(head, justify="right" if is_number else "left", no_wrap=True)
    read = [
        (name, f"{form.rows:,}", f"[red]{form.rejected:,}[/red]" if form.rejected else "")
        for name, form in account.forms.items()
    ]
    made = [(name, f"{count:,}") for name, count in account.datasets.items()]
    resources = [(name, f"{count:,}") for name, count in sorted(account.fhir.items())]
    for one, other, third in zip_longest(read, made, resources):
        table.add_row(*(one or ("", "", "")), *(other or ("", "")), *(third or ("", "")))
    return table
