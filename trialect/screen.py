"""What every command has: its exit code, what stops it, and what it says on the screen.

Results go to the standard output, what stopped a command and signs of life to the other. A pipe
gets no colours, tables and bars.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from rich.progress import TaskID

    from trialect.converters.account import Account
    from trialect.converters.pipeline import Progress
    from trialect.converters.trials_account import TrialsAccount
    from trialect.converters.validate import Validation
    from trialect.problems import Problem, Severity, Unusable

Result = TypeVar("Result")


class Exit(IntEnum):
    """What the process tells the shell."""

    CLEAN = 0
    FINDINGS = 1
    UNUSABLE = 2


SHOWN = 20
"""Problems and records printed on the screen; the rest stands in the report."""

COLOURS = {"error": "red", "warning": "yellow", "note": "blue"}


def run(call: Callable[[], Result]) -> Result:
    """The call's result; what stops it is printed and ends the process with 2."""
    from trialect.problems import Unusable

    try:
        return call()
    except Unusable as unusable:
        _unusable(unusable)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        typer.echo(f"{place}{error.strerror or error}", err=True)
    raise typer.Exit(Exit.UNUSABLE)


def _unusable(unusable: Unusable) -> None:
    for problem in unusable.problems[:SHOWN]:
        typer.echo(str(problem), err=True)
    rest = len(unusable.problems) - SHOWN
    if rest > 0:
        typer.echo(f"... and {rest:,} more problems.", err=True)


def say(*lines: str) -> None:
    """Print lines to the standard output."""
    for line in lines:
        typer.echo(line)


def say_problem(problem: Problem, state: str = "", origin: str = "") -> None:
    """Print a problem behind its severity, in that one's colour; `state` stands before it, and
    `origin` behind it.
    """
    severity = problem.severity.value
    told = f"{typer.style(state + severity, fg=COLOURS[severity])}: {problem} {origin}"
    say(told.rstrip())


def say_findings(validation: Validation, reports: Iterable[Path] | None) -> None:
    """The first findings that nothing explains, what is new before what was there before."""
    from trialect.converters.review import to_look_at

    review = validation.review
    places = to_look_at(review)
    for place in places[:SHOWN]:
        problem, state = review.problems[place], review.state(place)
        say_problem(problem, f"{state.value} " if state else "", review.origin(place))
    rest = len(places) - SHOWN
    if rest > 0:
        where = ", ".join(f"in {path}" for path in reports or ()) or "with --report FILE.html"
        say(f"... and {rest:,} more {where}.")


def say_reviewed(explained: Mapping[Severity, int], states: Mapping[str, int]) -> None:
    """What is known of the findings beside themselves: explanations, and an earlier run."""
    from trialect.converters.summary import counted

    if sum(explained.values()):
        say(f"Explained: {counted(explained)}")
    if states:
        told = ", ".join(f"{count:,} {state}" for state, count in states.items())
        say(f"Against the earlier run: {told}")


@contextmanager
def importing() -> Iterator[None]:
    """Modules are no garbage: it is not looked for while they are imported, nor in them later."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


@contextmanager
def busy(what: str) -> Iterator[None]:
    """A sign of life on the screen; nothing when the output is piped."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


@contextmanager
def progress_bar() -> Iterator[Progress | None]:
    """A progress bar on the screen; nothing when the output is piped."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                for shown in tasks.values():
                    bar.update(shown, visible=False)
                # A step of one piece tells nothing of its progress.
                tasks[step] = bar.add_task(step, total=total if total > 1 else None)
            bar.update(tasks[step], completed=done)

        yield tell


def say_converted(account: Account | TrialsAccount) -> None:
    """What became of a conversion's records, and what was found."""
    from trialect.converters.summary import counted, errors, line, summary
    from trialect.converters.trials_account import TrialsAccount

    if isinstance(account, TrialsAccount):
        _say_trials(account)
        return
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(summary(account))
    else:
        say(line(account))
    say(f"Findings: {counted(account.by_severity)}")
    say_reviewed(account.explained, account.by_state)
    for error in errors(account):
        say(typer.style(error, fg=COLOURS["error"]))


def _say_trials(account: TrialsAccount) -> None:
    from trialect.converters.summary import counted, plural

    trials = f"{plural(account.read, 'record')}: {plural(account.trials, 'trial')}"
    say(f"{trials} written as {_written(account)}; {account.rejected:,} rejected")
    say(f"Findings: {counted(account.by_severity)}")
    for name, count in sorted(account.by_rule.items()):
        if (broken := account.rules[name]).severity.value == "error":
            say(typer.style(f"{count:>7,}  {name}: {broken.title}", fg=COLOURS["error"]))


def _written(account: TrialsAccount) -> str:
    """The targets, with the number of trials where some have no file of it."""
    told, nothing = [], []
    for name in account.targets:
        written = account.trials - account.unwritten[name]
        if account.trials and not written:
            nothing.append(name)
        else:
            part = f" ({written:,} of {account.trials:,})" if written < account.trials else ""
            told.append(f"{name}{part}")
    return ", ".join(told) + (f"; nothing as {', '.join(nothing)}" if nothing else "")
