"""The command line: options in, one call, exit code out.

Exit codes: 0 clean, 1 findings of severity error (or rejected records with --strict), 2 unusable
input. Everything heavy is imported by the command that needs it.
"""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from trialect import reconcile_cli, rules_cli, screen, server_cli, terminology_cli
from trialect.screen import Exit

if TYPE_CHECKING:
    from trialect.converters.ahead import Ahead
    from trialect.converters.pipeline import Conversion
    from trialect.converters.trials import TrialsConversion

Result = TypeVar("Result")

app = typer.Typer(
    name="trialect",
    help="Moves a clinical trial's records between HL7 FHIR, CDISC SDTM and registries, "
    "checks every output, and accounts for every record.",
    epilog="Exit codes: 0 clean, 1 findings of severity error, 2 unusable input.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(terminology_cli.app)
app.add_typer(rules_cli.app)
server_cli.add_to(app)
reconcile_cli.add_to(app)


REPORTS = (".json", ".html", ".xlsx", ".csv")

Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Processes (default: one a core).")
]
To = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        help="A target: sdtm, dataset-json, fhir, or a registry's file (prs, ictrp, ctgov, usdm); "
        "may be repeated (default: `outputs` of study.yaml; of registry records all that they can "
        "be written as).",
    ),
]
Unblinded = Annotated[
    bool,
    typer.Option("--unblinded", help="Let arm and treatment leave in FHIR. Breaks the blind."),
]
FhirRelease = Annotated[
    str | None,
    typer.Option(
        "--fhir-release",
        metavar="r4|r5",
        help="The release of FHIR to write (default: `fhir.release` of study.yaml, else r4).",
    ),
]
PartialUpload = Annotated[
    bool | None,
    typer.Option(
        "--partial-upload/--full-upload",
        help="Whether the upload to ClinicalTrials.gov (prs) is merged into the record there or "
        "replaces all of it (default: `registry.prs.partial_upload` of study.yaml, else full).",
    ),
]
FhirReleaseRead = Annotated[
    str | None,
    typer.Option(
        "--fhir-release",
        metavar="r4|r5",
        help="The release that FHIR files are checked against (default: a package's own, else "
        "what their elements show).",
    ),
]
Baseline = Annotated[
    Path | None,
    typer.Option(
        "--baseline", help="The report.json of an earlier run: tell what is new and what is gone."
    ),
]


def _version(wanted: bool) -> None:
    if wanted:
        from trialect import __version__

        typer.echo(f"trialect {__version__}")
        raise typer.Exit


def _is_report(paths: list[Path] | None) -> list[Path] | None:
    for path in paths or ():
        if path.suffix not in REPORTS:
            raise typer.BadParameter(f"{path} is to end in {', '.join(REPORTS)}.")
    return paths


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
    """Convert the example study NCT07326982 (invented records) and say where to look.

    Its findings are meant, so the exit code is 0 although some are errors.
    """
    from trialect.converters.example import copy_example

    study, out = folder / "study", folder / "package"
    if not screen.run(lambda: copy_example(study)):
        screen.say(
            f"{study} has been changed; it is converted as it stands. Remove it to have it new."
        )
    _convert(study, out, jobs=jobs)
    screen.say(
        "",
        f"The study as a data manager writes it:  {study}",
        f"What came of it, to open in a browser:  {out / 'report.html'}",
        "The records are invented, and dirty on purpose: the findings are what the demo shows.",
        f"Next: trialect trace {out} DM AGE --where USUBJID=CTFPIRHD2025-01-001 --study {study}",
    )


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The study folder to begin.")],
    record: Annotated[
        Path,
        typer.Option(
            "--from",
            help="What to begin from: a ClinicalTrials.gov record (JSON), the text of a "
            "registry's page, or a study.yaml.",
        ),
    ],
    id: Annotated[
        str | None, typer.Option("--id", help="The registry's identifier of one of many records.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the files of a study that are there.")
    ] = False,
) -> None:
    """Begin a study folder: study.yaml with every fact of a record, and mapping tables to fill in.

    study.yaml says where each fact is from, and at its place what is still needed and by whom.
    """
    from trialect.converters.init_study import init as run

    begun = screen.run(lambda: run(folder, record, id=id, force=force))
    for problem in begun.problems[: screen.SHOWN]:
        screen.say_problem(problem)
    if len(begun.problems) > screen.SHOWN:
        screen.say(f"... and {len(begun.problems) - screen.SHOWN:,} more.")
    screen.say(f"{len(begun.files)} files written below {folder}.")
    lacking = ", ".join(f"{body} {count}" for body, count in begun.needed.items() if count)
    screen.say(f"Facts still needed: {lacking or 'none'} (marked NEEDED in study.yaml).")


@app.command()
def convert(
    source: Annotated[
        Path,
        typer.Argument(
            help="The study folder (study.yaml, records, mappings), an SDTM package (XPT or "
            "Dataset-JSON, define.xml), FHIR (a folder of bundles or NDJSON, or one file), or "
            "registry records (a file, a zip or a folder of them)."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="The package's folder (default: SOURCE/out; of an SDTM package and of records "
            "SOURCE-out).",
        ),
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option(
            "--study", help="A study.yaml that says what a source other than a study folder lacks."
        ),
    ] = None,
    to: To = None,
    unblinded: Unblinded = False,
    fhir_release: FhirRelease = None,
    partial_upload: PartialUpload = None,
    jobs: Jobs = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when records were rejected.")
    ] = False,
    baseline: Baseline = None,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record",
            help="The trial's record in a registry, to compare study file and data with in the "
            "report (default: `registry.record` of study.yaml).",
        ),
    ] = None,
) -> None:
    """Convert a study folder, an SDTM package, FHIR or registry records into a checked package."""
    conversion = _convert(
        source,
        out,
        study=study,
        to=to,
        unblinded=unblinded,
        fhir_release=fhir_release,
        partial_upload=partial_upload,
        jobs=jobs,
        baseline=baseline,
        record=record,
    )
    if conversion.account.open_errors or (strict and conversion.account.rejected):
        raise typer.Exit(Exit.FINDINGS)


@app.command()
def validate(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Packages, XPT, Dataset-JSON, CSV beside its _variables.csv, define.xml, "
            "FHIR bundles or NDJSON, PRS and ICTRP XML."
        ),
    ],
    rules: Annotated[
        list[Path] | None,
        typer.Option(
            "--rules",
            "-r",
            help="A folder of rules in CDISC's CORE language, or one rule; may be repeated.",
        ),
    ] = None,
    no_pack: Annotated[
        bool, typer.Option("--no-pack", help="Ask only the rules given, not those of trialect.")
    ] = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Print the rules that took the most time.")
    ] = False,
    report: Annotated[
        list[Path] | None,
        typer.Option(
            "--report",
            callback=_is_report,
            help="Write all findings to FILE.html, .xlsx, .json or .csv; may be repeated.",
        ),
    ] = None,
    explanations: Annotated[
        Path | None,
        typer.Option(
            "--explanations",
            help="A CSV that says why findings may stand: rule, justification, ...",
        ),
    ] = None,
    baseline: Baseline = None,
    fhir_release: FhirReleaseRead = None,
) -> None:
    """Check files of any kind; each is recognised by its content."""
    from trialect.converters.recognise import may_hold_datasets

    asked = bool(rules) or any(map(may_hold_datasets, paths))
    # First of all, so that both processes import what they need at the same time.
    with (
        _ahead(rules or [], pack=not no_pack) if asked else nullcontext() as beside,
        screen.busy("check"),
    ):
        with screen.importing():
            from trialect.converters.validate import validate as run

            if asked:
                import trialect.converters.validate_datasets  # noqa: F401  # for what follows

        validation = screen.run(
            lambda: run(
                *paths,
                rules=rules or (),
                pack=not no_pack,
                profile=profile,
                explanations=explanations,
                baseline=baseline,
                fhir_release=fhir_release,
                ahead=beside,
            )
        )
    from trialect.converters.rules_run import timed
    from trialect.converters.summary import plural
    from trialect.converters.validate import write_report

    for path in report or ():
        screen.run(partial(write_report, path, validation))
    screen.say(f"{plural(validation.files, 'file')} checked: {validation.summary}")
    if fared := validation.review.by_status:
        screen.say("Rules: " + ", ".join(f"{count:,} {status}" for status, count in fared.items()))
    if profile:
        screen.say(*timed(validation.review.runs, screen.SHOWN))
    screen.say_reviewed(validation.review.explained_by_severity, validation.review.by_state)
    screen.say_findings(validation, report)
    if validation.open_errors:
        raise typer.Exit(Exit.FINDINGS)


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="Any file or folder that trialect can read.")],
) -> None:
    """Say what a file is and what it holds."""
    from trialect.converters.inspection import inspect as run

    screen.say(*screen.run(lambda: run(file)))


@app.command()
def trace(
    package: Annotated[Path, typer.Argument(help="A package that trialect wrote.")],
    dataset: Annotated[
        str, typer.Argument(help="A dataset (QS), or the id or identifier of a FHIR resource.")
    ],
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
        bool, typer.Option("--all", help=f"Tell all records (default: the first {screen.SHOWN}).")
    ] = False,
) -> None:
    """Tell from which file, row and column a cell came, and by which rule."""
    from trialect.converters.trace import follow, trace_resource
    from trialect.converters.trace_text import told

    # A dataset's name is letters and digits; a resource's id or identifier has other signs, too.
    if not dataset.isalnum():
        cells = screen.run(lambda: trace_resource(package, dataset, study=study))
        screen.say(f"{dataset} stands for this record:", *told(cells))
        return
    most = None if every else screen.SHOWN
    trail = screen.run(lambda: follow(package, dataset, where, variable, study=study, most=most))
    screen.say(*told(trail.cells))
    if most is not None and trail.records > most:
        screen.say(
            "", f"... and {trail.records - most:,} more records; choose with --where, or --all."
        )


def _convert(
    source: Path,
    out: Path | None,
    *,
    study: Path | None = None,
    jobs: int | None,
    to: list[str] | None = None,
    unblinded: bool = False,
    fhir_release: str | None = None,
    partial_upload: bool | None = None,
    baseline: Path | None = None,
    record: Path | None = None,
) -> Conversion | TrialsConversion:
    from trialect.converters.convert import convert as run

    with screen.progress_bar() as progress:
        conversion = screen.run(
            lambda: run(
                source,
                out,
                study=study,
                to=to,
                unblinded=unblinded,
                fhir_release=fhir_release,
                partial_upload=partial_upload,
                jobs=jobs or os.cpu_count() or 1,
                baseline=baseline,
                record=record,
                progress=progress,
            )
        )
    screen.say_converted(conversion.account)
    screen.say(f"Package: {conversion.out}  (findings: {conversion.out / 'report.html'})")
    return conversion


def _ahead(rules: list[Path], *, pack: bool) -> AbstractContextManager[Ahead | None]:
    from trialect.converters.ahead import ahead

    return ahead(rules, pack=pack)


def main() -> None:
    """The `trialect` command."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a sign gets its number instead of an error.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    app()


if __name__ == "__main__":
    main()
