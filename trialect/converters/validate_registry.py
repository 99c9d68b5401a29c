"""Files for registries under validation: PRS XML and WHO ICTRP XML, record by record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from trialect.problems import Problem, Unusable
from trialect.schemas.registry import ictrp, prs
from trialect.schemas.registry.nodes import Node
from trialect.schemas.registry.read import records
from trialect.schemas.registry.structure import ATTRIBUTE, MISSING, NAMESPACE, TEXT, UNKNOWN

Check = Callable[[Node, int], list[Problem]]


def check_prs_file(path: Path) -> Iterator[Problem]:
    """What PRS does not accept of a file for upload, and what the file cannot be read for."""
    yield from _check(path, prs.NAMESPACE, prs.ROOT, prs.RECORD, prs.check_record)


def check_ictrp_file(path: Path) -> Iterator[Problem]:
    """What ICTRP does not accept of a file of trials."""
    yield from _check(path, "", ictrp.ROOT, ictrp.RECORD, ictrp.check_record)


def _check(path: Path, namespace: str, root: str, record: str, check: Check) -> Iterator[Problem]:
    full = f"{namespace} {root}" if namespace else root
    number = 0
    try:
        for node in records(path, full):
            if node.name.rpartition(" ")[2] == record:
                number += 1
                if node.name != record:
                    yield _wrong_namespace(node, root, record).at(file=path.name)
                for problem in check(node, number):
                    yield problem.at(file=path.name)
            else:
                for problem in _other(node, full, root, number):
                    yield problem.at(file=path.name)
    except Unusable as unusable:
        yield from unusable.problems
        return
    if not number:
        yield MISSING.problem(file=path.name, path=f"/{root}", name=record, around=root)


def _other(node: Node, full: str, root: str, number: int) -> Iterator[Problem]:
    """What is not a record: the root, a text, an element of another name or namespace."""
    given = {"row": node.line, "path": f"/{root}"}
    if not node.name:
        yield TEXT.problem(name=root, value=node.text, **given)
        return
    namespace, _, name = node.name.rpartition(" ")
    if not number and name == root:
        if node.name != full:
            expected = full.rpartition(" ")[0] or "no namespace"
            value = namespace or "no namespace"
            yield NAMESPACE.problem(name=root, value=value, expected=expected, **given)
        for attribute in node.attributes or ():
            yield ATTRIBUTE.problem(name=root, value=attribute, why="", **given)
    else:
        yield UNKNOWN.problem(name=name, around=root, **given)


def _wrong_namespace(node: Node, root: str, record: str) -> Problem:
    """A record in a namespace where the schema has none; it is checked as if it had none."""
    namespace = node.name.rpartition(" ")[0]
    for one in node.walk():
        around, _, name = one.name.rpartition(" ")
        if around == namespace:
            one.name = name
    given = {"name": record, "value": namespace, "expected": "no namespace"}
    return NAMESPACE.problem(row=node.line, path=f"/{root}/{record}", **given)


SHOWN = 20
"""Trials that are named of a file at most."""


def told_trials(path: Path) -> Iterator[str]:
    """Lines on what a file for a registry holds: its trials by number and title."""
    count = 0
    for node in records(path):
        name = node.name.rpartition(" ")[2]
        if name == prs.RECORD:
            id_, title = node.said("id_info/org_study_id"), node.said("brief_title")
        elif name == ictrp.RECORD:
            id_, title = node.said("main/trial_id"), node.said("main/public_title")
        else:
            continue
        count += 1
        if count <= SHOWN:
            yield f"  {id_ or '(no number)'}: {title or '(no title)'}"
    yield f"{count} {'trial' if count == 1 else 'trials'}"
