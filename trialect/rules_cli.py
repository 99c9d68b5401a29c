"""`trialect rules`: conformance rules in CDISC's own language, listed, shown and tested."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trialect import screen

if TYPE_CHECKING:
    from trialect.schemas.core.cases import CaseResult, Row
    from trialect.schemas.core.rule import BrokenRule, Check, CoreRule

app = typer.Typer(
    name="rules",
    help="Conformance rules in the language of CDISC's CORE: list, show and test them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Rules = Annotated[
    Path | None,
    typer.Option(
        "--rules",
        "-r",
        exists=True,
        help="A folder of rules (.yml, .yaml, .json) or one rule; without it those of trialect.",
    ),
]

SHOWN = 5
"""Differences printed of a case; `--all` prints every one."""


@app.command("list")
def list_rules(
    rules: Rules = None,
    broken: Annotated[bool, typer.Option("--broken", help="Only those that cannot run.")] = False,
) -> None:
    """List rules with their ids, what they are asked of and what they say."""
    from trialect.schemas.core.rule import BrokenRule

    found = _load(rules)
    unusable = [one for one in found if isinstance(one, BrokenRule)]
    for one in found:
        if isinstance(one, BrokenRule):
            typer.echo(f"{one.id:<12} cannot run: {_why(one)}")
        elif not broken:
            typer.echo(f"{one.id:<12} {one.source:<24} {one.rule_type}: {one.message}")
    typer.echo(f"{len(found)} rules, {len(unusable)} that cannot run")
    if unusable:
        raise typer.Exit(screen.Exit.FINDINGS)


@app.command()
def show(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="The rule's id (CORE-000001).")],
    rules: Rules = None,
) -> None:
    """Show one rule: what it says, where it comes from, what it asks of which datasets."""
    from trialect.schemas.core.rule import BrokenRule

    found = _load(rules)
    wanted = rule_id.upper()
    one = next(
        (
            rule
            for rule in found
            if rule.id.upper() == wanted
            or (not isinstance(rule, BrokenRule) and wanted in rule.source.upper().split(", "))
        ),
        None,
    )
    if one is None:
        raise _unusable(f"{rules or 'trialect'} has no rule {rule_id}")
    if isinstance(one, BrokenRule):
        typer.echo(f"{one.id} ({one.file}) cannot run: {_why(one)}")
        raise typer.Exit(screen.Exit.FINDINGS)
    for line in _described(one):
        typer.echo(line)


@app.command("test")
def run_tests(
    cases: Annotated[
        Path, typer.Argument(exists=True, help="A folder of cases (RULE/negative/01/data, ...).")
    ],
    rules: Rules = None,
    every: Annotated[bool, typer.Option("--all", help="Print every difference.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Only this rule's cases; may be repeated.")
    ] = None,
) -> None:
    """Run rules on their test cases and compare what they find with what is expected.

    The last line is `N passed, N failed`.
    """
    from trialect.schemas.core.cases import find_cases, run_cases

    found = [case for case in find_cases(cases) if not only or case.rule in only]
    if not found:
        of = f" of {', '.join(only)}" if only else ""
        raise _unusable(f"{cases} holds no cases{of}")
    counts = {"passed": 0, "failed": 0, "untold": 0}
    for result in run_cases(found, _load(rules)):
        counts[result.status] += 1
        if result.status == "failed":
            for line in _differences(result, None if every else SHOWN):
                typer.echo(line)
    if counts["untold"]:
        typer.echo(f"{counts['untold']} without results/results.csv, of which nothing is expected")
    typer.echo(f"{counts['passed']} passed, {counts['failed']} failed")
    if counts["failed"]:
        raise typer.Exit(screen.Exit.FINDINGS)


def _load(rules: Path | None) -> list[CoreRule | BrokenRule]:
    from trialect.schemas.core.load import load_rules
    from trialect.schemas.core.pack import pack

    found = list(pack()) if rules is None else load_rules(rules)
    if not found:
        raise _unusable(f"{rules or 'trialect'} holds no rules")
    return found


def _unusable(what: str) -> typer.Exit:
    """Says what a command cannot start from; to be raised."""
    typer.echo(f"error: {what}.", err=True)
    return typer.Exit(screen.Exit.UNUSABLE)


def _why(rule: BrokenRule) -> str:
    return rule.reason if rule.line is None else f"line {rule.line}: {rule.reason}"


def _differences(result: CaseResult, most: int | None) -> list[str]:
    case = result.case
    lines = [f"{case.rule} {case.name}: failed"]
    if result.reason:
        lines.append(f"  {result.reason}")
    for what, rows in (("expected, not found", result.missing), ("not expected", result.extra)):
        lines.extend(f"  {what}: {_row(row)}" for row in rows[:most])
        if most is not None and len(rows) > most:
            lines.append(f"  {what}: {len(rows) - most} more")
    return lines


def _row(row: Row) -> str:
    dataset, record, variable, value = row
    place = f"{dataset} record {record}" if record else dataset
    return f"{place}, {variable} = {value}" if value else f"{place}, {variable} missing"


def _described(rule: CoreRule) -> list[str]:
    scope = rule.scope
    lines = [
        f"{rule.id}  {rule.source}",
        f"  {rule.description}",
        f"  message: {rule.message}",
        f"  type: {rule.rule_type}, sensitivity {rule.sensitivity}, severity {rule.severity}",
    ]
    for name, listed in (("classes", scope.classes), ("domains", scope.domains)):
        if listed.include:
            lines.append(f"  {name}: {', '.join(listed.include)}")
        if listed.exclude:
            lines.append(f"  {name}: not {', '.join(listed.exclude)}")
    for match in rule.match_datasets:
        keys = ", ".join(left if left == right else f"{left}={right}" for left, right in match.keys)
        lines.append(f"  joined to: {match.name} on {keys or 'what it relates'}")
    for one in rule.operations:
        of = f" of {one.domain}.{one.name}" if one.domain and one.name else f" {one.name or ''}"
        lines.append(f"  {one.id}: {one.operator}{of.rstrip()}")
    lines.append("  a finding is where")
    lines.extend(_tree(rule.check, 2))
    if rule.output_variables:
        lines.append(f"  shows: {', '.join(rule.output_variables)}")
    if rule.mend:
        lines.append(f"  mend: {rule.mend}")
    for reference in rule.references:
        for document, section, item, guidance in reference.citations:
            place = " ".join(word for word in (document, section, item) if word)
            lines.append(f"  {reference.rule_id} {place}: {guidance}".rstrip(": "))
    return lines


def _tree(check: Check, depth: int) -> list[str]:
    from trialect.schemas.core.rule import Condition

    space = "  " * depth
    if isinstance(check, Condition):
        words = [check.name or "each variable", check.operator]
        if check.value is not None:
            words.append(repr(check.value))
        words.extend(f"{name}={value!r}" for name, value in check.options.items())
        return [space + " ".join(words)]
    lines = [f"{space}{check.kind} of"]
    for member in check.members:
        lines.extend(_tree(member, depth + 1))
    return lines
