"""How each block fills each variable, from the tables: for trace and Define-XML."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.mappings.expressions import names_in
from trialect.mappings.tables import Block, Item, Line, MappingTables
from trialect.mappings.verbs import VERBS
from trialect.mappings.verbs.assign_multiple import MOST_ANSWERS, boxes, numbered
from trialect.mappings.verbs.verb import ASSIGNED, COLLECTED, DERIVED
from trialect.mappings.verbs.visit import targets as visit_targets
from trialect.metadata import Origin, Provenance


def provenance(tables: MappingTables) -> Iterator[Provenance]:
    """What fills each variable, by block, in the order of the tables."""
    for block in tables.blocks:
        made: set[str] = set()
        for line in tables.lines_of(block):
            yield from _of_line(block, line, made)
            made.add(line.target)
        for item in tables.items_of(block):
            yield from _of_item(block, item)


def _of_line(block: Block, line: Line, made: set[str]) -> Iterator[Provenance]:
    if line.target.startswith("_"):
        return
    method = None
    columns = tuple(column.name for column in line.source)
    if line.verb == "compute":
        known = {"STUDYID", "testcd", *made}
        columns = tuple(sorted(names_in(line.value or "") - known))
    if line.origin.type == "Derived":
        source = "; ".join(map(str, line.source))
        words = VERBS[line.verb].method or "Made of {source}"
        method = words.format(value=line.value, source=source)
        if line.where:
            method += f" where {line.where}"
        if line.when:
            method += f", for records where {line.when}"
        if line.note:
            method += f". {line.note}"
    for target in _targets(block, line):
        yield Provenance(
            domain=line.domain,
            variable=target,
            block=block.name,
            verb=f"derive:{line.value}" if line.verb == "derive" else line.verb,
            form=line.form or block.form,
            columns=columns,
            table=line.table,
            line=line.line,
            origin=line.origin,
            method=method,
            note=line.note,
        )


def _targets(block: Block, line: Line) -> tuple[str, ...]:
    if line.verb == "visit":
        return visit_targets(block.domain)
    if line.verb == "assign_multiple":
        boxed = boxes(line.value or "")
        most = len(boxed) if boxed else MOST_ANSWERS
        several = (numbered(line.target, number) for number in range(1, most + 1))
        return (line.target, *several)
    return (line.target,)


def _of_item(block: Block, item: Item) -> Iterator[Provenance]:
    prefix = block.domain[:2]
    collected = item.origin or COLLECTED
    is_derived = dict(item.fixed).get(f"{prefix}DRVFL") == "Y" or item.expression is not None
    result = item.origin or (DERIVED if is_derived else COLLECTED)
    method = f"Computed as {item.expression}" if item.expression else None
    columns = tuple(sorted(names_in(item.expression))) if item.expression else (item.column,)
    said: dict[str, tuple[Origin, tuple[str, ...], str | None]] = {
        f"{prefix}TESTCD": (ASSIGNED, (), None),
        f"{prefix}TEST": (ASSIGNED, (), None),
        f"{prefix}ORRES": (result, columns, method),
    }
    if item.unit:
        said[f"{prefix}ORRESU"] = (ASSIGNED, (), None)
    if item.not_done:
        said[f"{prefix}STAT"] = (collected, (item.not_done,), None)
    if item.reason:
        said[f"{prefix}REASND"] = (collected, (item.reason,), None)
    for name, _ in item.fixed:
        said.setdefault(name, (ASSIGNED, (), None))
    for name, (origin, read, how) in said.items():
        yield Provenance(
            domain=block.domain,
            variable=name,
            block=block.name,
            verb="item",
            form=block.form,
            columns=read,
            table=item.table,
            line=item.line,
            origin=origin,
            method=how,
            note=None,
            testcd=item.testcd,
        )
