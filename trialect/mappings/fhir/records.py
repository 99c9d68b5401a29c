"""A domain's records on their way to a resource, and the domains that share one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from trialect.mappings.fhir import blind, encounter
from trialect.mappings.fhir.partition import SUBJECT, Partition
from trialect.mappings.fhir.variables import carried, class_of


def records(
    part: Partition, type_: str, domain: str, texts: Sequence[str], numbers: Sequence[str] = ()
) -> pl.DataFrame:
    """A domain's records, named as resources of a type, each with its `encounter`.

    The columns are the Char variables `texts`, the Num variables `numbers`, --SEQ and VISITNUM, and
    those that extensions hold (`carried`).
    """
    more, more_numbers = carried(part, domain)
    seq = f"{domain}SEQ"
    frame = part.domain(
        domain,
        tuple(dict.fromkeys((*texts, *more))),
        tuple(dict.fromkeys((seq, *numbers, "VISITNUM", *more_numbers))),
    )
    return part.named(encounter.at_visit(part, frame), type_, domain, seq)


def without_prefix(frame: pl.DataFrame, domain: str, names: Sequence[str]) -> pl.DataFrame:
    """The frame with --NAME of its domain as NAME, too, as what all domains of a class have."""
    return frame.with_columns(**{name: pl.col(f"{domain}{name}") for name in names})


def of_class(
    part: Partition,
    group: str,
    elsewhere: frozenset[str],
    columns: Sequence[str],
    of_domain: Callable[[Partition, str], pl.DataFrame],
) -> pl.DataFrame:
    """What `of_domain` makes of each domain of a general observation class but those `elsewhere`:
    the domains by name within a subject. No such domain gives no rows of the same columns;
    blinded, what tells of a treatment alone is left out.
    """
    empty = pl.DataFrame(schema={c: pl.UInt32 if c == SUBJECT else pl.String for c in columns})
    found = [empty]
    for domain in part.domains():
        known = frozenset(part.schema(domain))
        if domain in elsewhere or class_of(domain, known) != group:
            continue
        if part.unblinded or domain not in blind.WITHHELD:
            found.append(of_domain(part, domain).select(columns))
            continue
        counts = part.frame(domain).group_by("USUBJID").len().sort("USUBJID")
        for usubjid, count in counts.iter_rows():
            part.tell(blind.DATASET_WITHHELD.problem(domain=domain, usubjid=usubjid, count=count))
    return pl.concat(found).sort(SUBJECT, maintain_order=True)
