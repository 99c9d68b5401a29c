"""`trialect push` and `trialect pull`: bundles to a FHIR server, and a study from one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trialect import screen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trialect.converters.server.pull import Pulled
    from trialect.converters.server.push import Pushed
    from trialect.problems import Problem

Server = Annotated[
    str, typer.Option("--server", help="The base URL of the FHIR server (https://.../fhir).")
]
CredentialsFile = Annotated[
    Path | None,
    typer.Option(
        "--credentials",
        help="A file that you alone can read, with token, or client_id, client_secret and "
        "token_url (default: TRIALECT_TOKEN, ... of the environment).",
    ),
]
Ca = Annotated[
    Path | None,
    typer.Option("--ca", help="Certificates (PEM) to trust instead of the system's."),
]
Retries = Annotated[
    int, typer.Option("--retries", min=0, max=100, help="Further attempts when the server is away.")
]
Timeout = Annotated[
    float, typer.Option("--timeout", min=1, max=86400, help="Seconds to wait for an answer.")
]


def add_to(app: typer.Typer) -> None:
    """Give the command line its commands for servers."""
    app.command()(push)
    app.command()(pull)


def push(
    out: Annotated[
        Path, typer.Argument(help="A package with FHIR bundles, or a folder of bundles.")
    ],
    server: Server,
    credentials: CredentialsFile = None,
    ca: Ca = None,
    parallel: Annotated[
        int, typer.Option("--parallel", min=1, max=32, help="Bundles under way at a time.")
    ] = 2,
    retries: Retries = 7,
    timeout: Timeout = 300.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Ask the server what it can do, and send nothing.")
    ] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="Send everything, also what an unfinished push has stored."),
    ] = False,
    unblinded: Annotated[
        bool,
        typer.Option("--unblinded", help="Send a package that tells who got what."),
    ] = False,
    journal: Annotated[
        Path | None,
        typer.Option(
            "--journal", help="The folder of journals and reports (default: OUT.push beside OUT)."
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Where to write the JSON report (default: by the journal)."),
    ] = None,
) -> None:
    """Send a package's FHIR bundles to a server: the study, then the subjects.

    What is lost on the way is sent again; a push that was stopped goes on when it is repeated.
    """
    from trialect.converters.server.credentials import credentials_of
    from trialect.converters.server.push import push as run
    from trialect.converters.server.session import Patience

    with screen.progress_bar() as progress:
        done = screen.run(
            lambda: run(
                out,
                server,
                credentials=credentials_of(credentials),
                ca=ca,
                parallel=parallel,
                patience=Patience(attempts=retries + 1, answer=timeout),
                dry_run=dry_run,
                again=again,
                unblinded=unblinded,
                journal=journal,
                report=report,
                progress=progress,
            )
        )
    named = f"{done.server.software}, " if done.server.software else ""
    screen.say(f"Server: {done.server.base.url} ({named}FHIR {done.server.version or 'unknown'})")
    _tell_pushed(done)
    _show(done.problems)
    if done.problems.errors:
        raise typer.Exit(screen.Exit.FINDINGS)


def pull(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The folder to write TYPE.ndjson and pull.json to.")
    ],
    server: Annotated[
        str | None,
        typer.Option("--server", help="The base URL of the FHIR server (https://.../fhir)."),
    ] = None,
    study: Annotated[
        str | None,
        typer.Option(
            "--study",
            help="The study: an identifier (value or system|value) or id of its ResearchStudy.",
        ),
    ] = None,
    export: Annotated[
        str | None,
        typer.Option(
            "--export",
            help="Have the server export in bulk: system, patient or Group/ID "
            "(without --study: all of it).",
        ),
    ] = None,
    files_from: Annotated[
        list[str] | None,
        typer.Option(
            "--files-from", help="Another host that files of an export may lie on; repeatable."
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--from", help="Files of an export that are here already, not a server."),
    ] = None,
    credentials: CredentialsFile = None,
    ca: Ca = None,
    retries: Retries = 7,
    timeout: Timeout = 300.0,
) -> None:
    """Read a study from a FHIR server, or from an export's files, into NDJSON.

    Its subjects, all that is about them, and what that refers to; one file a type, sorted by id.
    """
    from trialect.converters.server.credentials import credentials_of
    from trialect.converters.server.pull import pull as run
    from trialect.converters.server.pull import take
    from trialect.converters.server.session import Patience

    if (server is None) == (folder is None) or (folder is not None and export is not None):
        raise typer.BadParameter("Give --server, or --from with a folder.")
    with screen.progress_bar() as progress:
        if server is not None:
            done = screen.run(
                lambda: run(
                    out,
                    server,
                    study,
                    credentials=credentials_of(credentials),
                    ca=ca,
                    patience=Patience(attempts=retries + 1, answer=timeout),
                    export=export,
                    files_from=files_from or (),
                    progress=progress,
                )
            )
        else:
            done = screen.run(lambda: take(out, str(folder), study, progress=progress))
    _tell_pulled(done)
    _show(done.problems)
    if done.problems.errors:
        raise typer.Exit(screen.Exit.FINDINGS)


def _tell_pulled(done: Pulled) -> None:
    from trialect.converters.summary import plural

    if done.server:
        named = f"{done.software}, " if done.software else ""
        screen.say(f"Server: {done.server} ({named}FHIR {done.version or 'unknown'})")
    wide = max((len(one.type) for one in done.files), default=0)
    for one in done.files:
        screen.say(f"{one.type:<{wide}}{one.resources:>11,}")
    total = sum(one.resources for one in done.files)
    screen.say(f"{plural(done.subjects, 'subject')}, {plural(total, 'resource')} in {done.out}")


def _tell_pushed(done: Pushed) -> None:
    from trialect.converters.server import push_report

    count = len(done.shipment.parcels)
    if done.dry_run:
        size = sum(one.size for one in done.shipment.parcels)
        screen.say(
            f"{count:,} bundles, {done.shipment.resources:,} resources, {size:,} bytes; "
            f"{done.before:,} bundles stored already. Nothing was sent.",
        )
        return
    if done.before:
        screen.say(
            f"An earlier push had stored {done.before:,} of {count:,} bundles; it was continued."
        )
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(push_report.table(done))
    else:
        screen.say(*push_report.lines(done))
    screen.say(f"{done.stored:,} of {count:,} bundles stored.", f"Report: {done.report}")


def _show(problems: Iterable[Problem]) -> None:

    found = list(problems)
    for problem in found[: screen.SHOWN]:
        screen.say_problem(problem)
    if len(found) > screen.SHOWN:
        screen.say(f"... and {len(found) - screen.SHOWN:,} more in the report.")
