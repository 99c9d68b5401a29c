"""Chapter 3 of the reviewer's guide: the datasets, where they come from, what to know of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trialect.converters.account import Account
from trialect.converters.writers.guide_blocks import (
    TO_BE_FILLED,
    Block,
    Grid,
    Heading,
    Paragraph,
)
from trialect.converters.writers.guide_protocol import TRIAL_DESIGN
from trialect.metadata import DatasetMeta
from trialect.problems import Problem, Severity

RELATIONSHIP = "Relationship"


def subject_data(
    account: Account, metas: Sequence[DatasetMeta], problems: Sequence[Problem]
) -> Iterator[Block]:
    """3: overview, traceability, annotated CRF, and a section for each dataset of subjects."""
    yield Heading("3. Subject data description")
    yield Heading("3.1 Overview", 2)
    records = sum(meta.rows for meta in metas)
    yield Paragraph(
        f"{account.subjects:,} subjects are in DM. {records:,} records in {len(metas)} datasets "
        f"were made from {sum(form.rows for form in account.forms.values()):,} rows of "
        f"{len(account.forms)} collected forms; {account.rejected:,} rows are not submitted "
        "(4.5). Whether the data are of an ongoing study and their cutoff date: "
        f"{TO_BE_FILLED.lower()}"
    )
    yield Heading("3.2 Traceability", 2)
    yield Paragraph(
        "Each form of the data capture system feeds the datasets below. The files from which a "
        "value came, its row and column, and the instruction that made it are kept by the "
        "sponsor beside this package."
    )
    yield Grid(
        ("Form", "Source file", "Rows", "Records made of it, by dataset"),
        tuple(
            (name, form.file, f"{form.rows:,}", _made_of(account, name))
            for name, form in account.forms.items()
        ),
    )
    yield Heading("3.3 Annotated CRF", 2)
    yield Paragraph(
        "This package holds no annotated CRF; define.xml names the origin of every variable. "
        + TO_BE_FILLED
    )
    yield Heading("3.4 Datasets", 2)
    subject = [meta for meta in metas if meta.observation_class != TRIAL_DESIGN]
    names = {meta.name for meta in metas}
    yield Grid(
        ("Dataset", "Label", "Class", "SUPP--", "Records", "Structure"),
        tuple(
            (
                meta.name,
                meta.label,
                meta.observation_class,
                f"SUPP{meta.name}" if f"SUPP{meta.name}" in names else "",
                f"{meta.rows:,}",
                meta.structure,
            )
            for meta in subject
        ),
    )
    supplemental = {meta.name: meta for meta in subject if meta.name.startswith("SUPP")}
    described = [meta for meta in subject if meta.name not in supplemental]
    for number, meta in enumerate(described, 1):
        yield Heading(f"3.4.{number} {meta.name}: {meta.label}", 3)
        yield from _dataset(account, meta, supplemental.get(f"SUPP{meta.name}"), problems)


def _made_of(account: Account, form: str) -> str:
    made = [(dataset, n) for (name, dataset), n in sorted(account.flows.items()) if name == form]
    return ", ".join(f"{dataset} {count:,}" for dataset, count in made) or "none"


def _dataset(
    account: Account,
    meta: DatasetMeta,
    supplemental: DatasetMeta | None,
    problems: Sequence[Problem],
) -> Iterator[Block]:
    keys = f" Key: {', '.join(meta.keys)}." if meta.keys else ""
    yield Paragraph(f"{meta.structure}. {_sources(account, meta)}{keys}")
    if meta.comment:
        yield Paragraph(meta.comment)
    derived = [v.name for v in meta.variables if v.origin and v.origin.type == "Derived"]
    if derived and meta.observation_class != RELATIONSHIP:
        yield Paragraph(f"Derived (methods in define.xml): {', '.join(derived)}.")
    empty = [variable.name for variable in meta.variables if not variable.has_data]
    if empty:
        yield Paragraph(f"Without a value in any record: {', '.join(empty)}.")
    comments = tuple((v.name, v.comment) for v in meta.variables if v.comment and v.has_data)
    if comments and meta.observation_class != RELATIONSHIP:
        yield Grid(("Variable", "Note"), comments)
    if supplemental is not None:
        yield Paragraph(f"Supplemental qualifiers ({supplemental.name})", "caption")
        yield Grid(("QNAM", "QLABEL", "Note"), tuple(_qualifiers(supplemental)))
    found = sum(p.domain == meta.name and p.severity is not Severity.NOTE for p in problems)
    if found:
        are = "finding is" if found == 1 else "findings are"
        yield Paragraph(f"{found:,} {are} on this dataset; see chapter 4.")


def _sources(account: Account, meta: DatasetMeta) -> str:
    """How many records came from which form."""
    parts = [
        f"{count:,} {'from ' + name if name else 'derived'}"
        for (name, dataset), count in sorted(account.flows.items())
        if dataset == meta.name
    ]
    return f"{meta.rows:,} records" + (f": {', '.join(parts)}." if parts else ".")


def _qualifiers(supplemental: DatasetMeta) -> Iterator[tuple[str, str, str]]:
    value = supplemental.variable("QVAL")
    for one in value.value_level if value else ():
        names = [name for c in one.where if c.variable == "QNAM" for name in c.values]
        yield ", ".join(names), one.label, one.comment or ""
