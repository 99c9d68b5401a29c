"""The command line: options in, one call, exit code out.

Exit codes: 0 clean, 1 findings of severity error (or rejected records with --strict), 2 unusable
input. Everything heavy is imported by the command that needs it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from trialect.converters.pipeline import Conversion, Progress
    from trialect.problems import Problem, Unusable

Result = TypeVar("Result")

app = typer.Typer(
    name="trialect",
    help="Moves a clinical trial's records between HL7 FHIR, CDISC SDTM and registries, "
    "checks every output, and accounts for every record.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Exit(IntEnum):
    """What the process tells the shell."""

    CLEAN = 0
    FINDINGS = 1
    UNUSABLE = 2


SHOWN = 20
"""Problems printed on the screen; the rest stands in the report."""

Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Processes (default: one a core).")
]
To = Annotated[
    list[str] | None,
    typer.Option("--to", help="A target: sdtm, dataset-json or fhir; may be repeated."),
]
Unblinded = Annotated[
    bool,
    typer.Option("--unblinded", help="Let arm and treatment leave in FHIR. Breaks the blind."),
]


def _version(wanted: bool) -> None:
    if wanted:
        from trialect import __version__

        typer.echo(f"trialect {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Everything is done by the commands below."""


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put the example and its package.")] = (
        Path("demo")
    ),
    jobs: Jobs = None,
) -> None:
    """Convert the example study NCT07326982 (invented records) and say where to look."""
    from trialect.converters.example import copy_example

    study = folder / "study"
    _run(lambda: copy_example(study))
    conversion = _convert(study, folder / "package", jobs=jobs)
    out = conversion.out
    _say(
        "",
        f"The study as a data manager writes it:  {study}",
        f"What came of it, to open in a browser:  {out / 'report.html'}",
        "The records are invented; their dirt is meant, so the report has findings.",
        f"Next: trialect trace {out} QS --where 'QSTESTCD=PI0101 & QSSEQ=1' QSORRES",
    )


@app.command()
def convert(
    study: Annotated[
        Path, typer.Argument(help="The study folder (study.yaml, records, mappings).")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The package's folder (default: STUDY/out).")
    ] = None,
    to: To = None,
    unblinded: Unblinded = False,
    jobs: Jobs = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when records were rejected.")
    ] = False,
) -> None:
    """Convert a study folder into a checked package."""
    conversion = _convert(study, out, to=to, unblinded=unblinded, jobs=jobs)
    if conversion.errors or (strict and conversion.account.rejected):
        raise typer.Exit(Exit.FINDINGS)


@app.command()
def validate(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Packages, XPT, Dataset-JSON, define.xml, FHIR bundles or NDJSON."),
    ],
    report: Annotated[
        Path | None, typer.Option("--report", help="Write all findings: FILE.json, .html or .csv.")
    ] = None,
) -> None:
    """Check files of any kind; each is recognised by its content."""
    from trialect.converters.validate import validate as run
    from trialect.converters.validate import write_report

    validation = _run(lambda: run(*paths))
    if report is not None:
        _run(lambda: write_report(report, validation))
    _say(f"{validation.files} files checked: {validation.summary}")
    _show(validation.problems, report)
    if validation.errors:
        raise typer.Exit(Exit.FINDINGS)


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="Any file that trialect can read.")],
) -> None:
    """Say what a file is and what it holds."""
    from trialect.converters.inspection import inspect as run

    _say(*_run(lambda: run(file)))


@app.command()
def trace(
    package: Annotated[Path, typer.Argument(help="A package that trialect wrote.")],
    dataset: Annotated[str, typer.Argument(help="A dataset (QS), or the id of a FHIR resource.")],
    variable: Annotated[
        str | None, typer.Argument(help="A variable (default: all that are filled).")
    ] = None,
    where: Annotated[
        str, typer.Option("--where", "-w", help="The record: 'USUBJID=... & QSSEQ=3'.")
    ] = "",
    study: Annotated[
        Path | None,
        typer.Option("--study", help="The study folder, to show the cells of the exports."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help=f"Tell all records (default: the first {SHOWN}).")
    ] = False,
) -> None:
    """Tell from which file, row and column a cell came, and by which rule."""
    from trialect.converters.trace import follow, trace_resource
    from trialect.converters.trace_text import told

    # A dataset's name is letters and digits; a resource's id or identifier has other signs, too.
    if not dataset.isalnum():
        cells = _run(lambda: trace_resource(package, dataset, study=study))
        _say(f"{dataset} stands for this record:", *told(cells))
        return
    most = None if every else SHOWN
    trail = _run(lambda: follow(package, dataset, where, variable, study=study, most=most))
    _say(*told(trail.cells))
    if most is not None and trail.records > most:
        _say("", f"... and {trail.records - most:,} more records; choose with --where, or --all.")


def _convert(
    study: Path,
    out: Path | None,
    *,
    jobs: int | None,
    to: list[str] | None = None,
    unblinded: bool = False,
) -> Conversion:
    from trialect.converters.pipeline import convert as run

    with _progress() as progress:
        conversion = _run(
            lambda: run(
                study,
                out,
                to=to,
                unblinded=unblinded,
                jobs=jobs or os.cpu_count() or 1,
                progress=progress,
            )
        )
    _summary(conversion)
    return conversion


def _run(call: Callable[[], Result]) -> Result:
    """The call's result; problems that stop it are printed and end the process with 2."""
    from trialect.problems import Unusable

    try:
        return call()
    except Unusable as unusable:
        _unusable(unusable)
        raise typer.Exit(Exit.UNUSABLE) from None


def _unusable(unusable: Unusable) -> None:
    for problem in unusable.problems[:SHOWN]:
        typer.echo(str(problem), err=True)
    rest = len(unusable.problems) - SHOWN
    if rest > 0:
        typer.echo(f"... and {rest} more problems.", err=True)


def _say(*lines: str) -> None:
    for line in lines:
        typer.echo(line)


def _show(problems: Iterable[Problem], report: Path | None) -> None:
    listed = list(problems)
    for problem in listed[:SHOWN]:
        _say(f"{problem.severity.value}: {problem}")
    rest = len(listed) - SHOWN
    if rest > 0:
        where = f"in {report}" if report else "with --report FILE"
        _say(f"... and {rest} more {where}.")


class _progress:  # noqa: N801 # used like a function, as a context manager
    """A progress bar on the screen; nothing when the output is piped."""

    def __enter__(self) -> Progress | None:
        self._bar = None
        if not sys.stderr.isatty():
            return None
        from rich.console import Console
        from rich.progress import Progress as Bar

        bar = self._bar = Bar(console=Console(stderr=True), transient=True)
        bar.start()
        task = bar.add_task("", total=1)

        def tell(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=max(total, 1))

        return tell

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _summary(conversion: Conversion) -> None:
    from trialect.converters.summary import summary

    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(summary(conversion.account))
    else:
        account = conversion.account
        _say(
            f"{account.study.studyid}: {account.subjects} subjects, "
            f"{sum(account.datasets.values())} SDTM records in {len(account.datasets)} datasets, "
            f"{sum(account.fhir.values())} FHIR resources, {account.rejected} rows rejected"
        )
    _say(f"Package: {conversion.out}  (findings: {conversion.out / 'report.html'})")


def main() -> None:
    """The `trialect` command."""
    app()


if __name__ == "__main__":
    main()
