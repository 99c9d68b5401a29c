"""`trialect terminology`: which versions of controlled terminology are at hand, and new ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trialect import screen

if TYPE_CHECKING:
    from trialect.converters.terminology.listing import Listed

app = typer.Typer(
    name="terminology",
    help="Versions of CDISC controlled terminology: which are at hand, and installing others.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="TRIALECT_HOME",
        help="The user's folder of trialect (default: `trialect` in the XDG data folder).",
    ),
]


@app.command("list")
def list_versions(
    study: Annotated[
        Path | None, typer.Option("--study", help="List what this study folder carries, too.")
    ] = None,
    home: Home = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """List the versions that can be used, with their counts and where they lie."""
    from trialect.converters.terminology.listing import listing

    found = listing(study, home)
    if json:
        from json import dumps

        typer.echo(dumps([one.as_dict() for one in found], ensure_ascii=False, indent=2))
    else:
        typer.echo(f"{'version':<12}{'codelists':>10}{'terms':>9}  place")
        for one in found:
            typer.echo(_line(one))
            for problem in one.problems:
                screen.say_problem(problem)
    if any(one.problems for one in found):
        raise typer.Exit(screen.Exit.FINDINGS)


def _line(one: Listed) -> str:
    if one.held.place == "shipped":
        place = "comes with trialect"
    else:
        place = f"{one.held.file} (from {', '.join(source.file for source in one.sources)})"
        place = place.removesuffix(" (from )")
    if one.default:
        place += "; used where study.yaml names no version"
    if not one.used:
        place += "; not used, the one above is"
    counts = ("?", "?") if one.codelists is None else (f"{one.codelists:,}", f"{one.terms:,}")
    return f"{one.held.version:<12}{counts[0]:>10}{counts[1]:>9}  {place}"


@app.command()
def install(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="`SDTM Terminology` as NCI EVS publishes it: .txt, .xls, .xlsx or .odm.xml; "
            "Protocol of the same release beside it, if it is wanted.",
        ),
    ],
    study: Annotated[
        Path | None,
        typer.Option("--study", help="Put it into this study folder, which then carries it."),
    ] = None,
    home: Home = None,
    version: Annotated[
        str | None,
        typer.Option("--version", help="The release date, where neither name nor content says it."),
    ] = None,
    package: Annotated[
        str | None,
        typer.Option("--package", help="The package (SDTM), where the name does not say it."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="The encoding of a text that is not UTF-8.")
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Take the place of a version that differs or is damaged."),
    ] = False,
) -> None:
    """Make a version of terminology available to convert and validate.

    `sdtm: {ct: <date>}` in study.yaml then names it.
    """
    from trialect.converters.terminology.install import folder_for
    from trialect.converters.terminology.install import install as run

    done = screen.run(
        lambda: run(
            files,
            folder_for(home, study),
            version=version,
            package=package,
            encoding=encoding,
            replace_old=replace,
        )
    )
    for problem in done.problems:
        screen.say_problem(problem)
    counts = f"{done.codelists:,} codelists, {done.terms:,} terms"
    what = "installed" if done.changed else "was there already, nothing changed"
    typer.echo(f"SDTM CT {done.version} {what}: {counts}  ({done.file})")
    if done.changed:
        typer.echo(f"Use it with `sdtm: {{ct: {done.version}}}` in study.yaml.")
