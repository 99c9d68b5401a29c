"""What trace found, in lines that somebody reads who has never seen the code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trialect.converters.trace import Step, Traced

OTHERS = 4
"""Records of another dataset that are told of one input; of the rest, how many there are."""

GIVEN = "derive:identifiers"


def told(cells: Iterable[Traced]) -> Iterator[str]:
    """The traced cells as lines for the screen, one paragraph a record."""
    shown: tuple[str, dict[str, str]] | None = None
    for cell in cells:
        if (cell.dataset, cell.keys) != shown:
            if shown is not None:
                yield ""
            shown = cell.dataset, cell.keys
            yield f"{cell.dataset}  {_keys(cell)}".rstrip()
        nothing = "(empty)" if cell.held else "(not in this package)"
        yield f"  {cell.variable} = {nothing if cell.value is None else cell.value}"
        if cell.collected is not None:
            yield f"      collected as: {cell.collected}"
        several = len(cell.steps) > 1
        if several:
            yield "      by one of these:"
        for step in cell.steps:
            for number, line in enumerate(_step(cell, step)):
                mark = ("  " if number else "- ") if several else ""
                yield f"      {mark}{line}"


def _keys(cell: Traced) -> str:
    return ", ".join(f"{name}={value}" for name, value in cell.keys.items())


def _step(cell: Traced, step: Step) -> Iterator[str]:
    one = step.provenance
    if one.verb == GIVEN:
        yield one.method or ""
    elif one.verb.startswith("derive:"):
        name = one.verb.removeprefix("derive:")
        yield f"derived ({name}): {one.method}" if one.method else f"derived ({name})"
        if not step.inputs and step.read:
            yield f"  from {', '.join(step.read)}"
    else:
        if source := _source(step):
            yield source
        table = f" ({one.table}, line {one.line})" if one.table else ""
        yield f"{one.verb}{table}" + (f": {one.method}" if one.method else "")
        if one.note and one.note not in (one.method or ""):
            yield f"note: {one.note}"
    for line in _inputs(cell, step):
        yield f"  {line}"


def _source(step: Step) -> str:
    """The place in the export, with the texts that stand there where they were read."""
    if step.file is None or not step.columns:
        return ""
    row = f", row {step.row}" if step.row is not None else ""
    names = "column" if len(step.columns) == 1 else "columns"
    if step.texts is None:
        return f"{step.file}{row}, {names} {'; '.join(step.columns)}"
    cells = (
        f'{column}: "{text}"' if text is not None else f"{column}: (empty)"
        for column, text in zip(step.columns, step.texts, strict=True)
    )
    return f"{step.file}{row}, {names} {'; '.join(cells)}"


def _inputs(cell: Traced, step: Step) -> Iterator[str]:
    """The cells that a derivation read: those of the record, then those of other records."""
    told: dict[tuple[str, str], int] = {}
    for one in step.inputs:
        place = one.dataset, one.variable
        told[place] = told.get(place, 0) + 1
        if told[place] <= OTHERS:
            yield f"from {_name(cell, one)} = {one.value}{_made(one)}"
    for (dataset, variable), count in told.items():
        if count > OTHERS:
            yield f"from {count - OTHERS} more {dataset}.{variable}"


def _name(cell: Traced, one: Traced) -> str:
    if one.dataset == cell.dataset and one.keys == cell.keys:
        return one.variable
    keys = ", ".join(
        f"{name}={value}" for name, value in one.keys.items() if cell.keys.get(name) != value
    )
    return f"{one.dataset}.{one.variable}" + (f" ({keys})" if keys else "")


def _made(one: Traced) -> str:
    """Where an input comes from, in a few words."""
    for step in one.steps:
        if step.provenance.verb.startswith("derive:"):
            return f", derived ({step.provenance.verb.removeprefix('derive:')})"
        return f", {_source(step)}" if _source(step) else f", {step.provenance.verb}"
    return ""
