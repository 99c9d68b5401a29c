"""A study read back from a FHIR server or from an export, as NDJSON, one file a type."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from trialect.converters.package import PULLED, building
from trialect.converters.server.bulk_export import export as export_into
from trialect.converters.server.capability import look_at
from trialect.converters.server.credentials import Credentials
from trialect.converters.server.export_folder import FolderSource
from trialect.converters.server.gather import add, gather
from trialect.converters.server.search import SearchSource
from trialect.converters.server.session import Patience, Session
from trialect.converters.server.sorted_lines import NdjsonFile, SortedLines
from trialect.problems import Problems, Unusable, rule

NO_NAME = rule(
    "PULL-WHICH-STUDY",
    "error",
    "No study is named",
    "A search asks for one study.",
    "Give --study; an export is pulled without it as a whole.",
)
CHANGED = rule(
    "PULL-CHANGED",
    "note",
    "Resources changed while they were pulled",
    "{count} {type} came in more than one version; the newest was kept.",
    "Pull again for a picture of one moment.",
)

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Pulled:
    """What was pulled, and from where."""

    out: Path
    method: str
    server: str = ""
    software: str = ""
    version: str = ""
    as_of: str = ""
    study: dict[str, Any] = field(default_factory=dict)
    subjects: int = 0
    files: list[NdjsonFile] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)

    def as_dict(self) -> dict[str, Any]:
        """The manifest, as plain JSON values."""
        told = {
            "method": self.method,
            "server": self.server,
            "software": self.software,
            "fhir": self.version,
            "as_of": self.as_of,
            "study": self.study,
            "subjects": self.subjects,
        }
        return {
            **{key: value for key, value in told.items() if value},
            "files": [asdict(one) for one in self.files],
            "problems": [one.as_dict() for one in self.problems],
        }


def pull(
    out: str | Path,
    server: str,
    study: str | None = None,
    *,
    credentials: Credentials | None = None,
    ca: str | Path | None = None,
    patience: Patience | None = None,
    export: str | None = None,
    files_from: Sequence[str] = (),
    progress: Progress | None = None,
) -> Pulled:
    """Read a study from a server into the folder `out`, which appears whole or not at all.

    By searches; with `export` (`system`, `patient`, `Group/ID`) by a Bulk Data export, whose files
    may lie on `files_from` as well; then `study` may be missing for all of it. Raises `Unusable`
    when the server, the study or an answer of the server is not usable.
    """
    if study is None and export is None:
        raise Unusable(NO_NAME.problem())
    tell = progress or _silent
    session = Session(server, credentials, ca=ca, patience=patience)
    with closing(session), building(Path(out), marker=PULLED) as folder:
        found = look_at(session)
        done = Pulled(
            Path(out), "search", session.base.url, found.software, found.version, found.date
        )
        if export is None:
            _gathered(done, SearchSource(session, found), str(study), folder, tell)
            return _manifest(done, folder)
        done.method = "export"
        files = folder.parent / "export"
        exported = export_into(session, export, files, files_from, tell)
        done.as_of = exported.as_of
        done.problems.extend(exported.problems)
        base = session.base.below("").url.rstrip("/")
        _from_files(done, files, study, folder, tell, base)
        return _manifest(done, folder)


def take(
    out: str | Path,
    exported: str | Path,
    study: str | None = None,
    *,
    progress: Progress | None = None,
) -> Pulled:
    """The same from the files of an export that lie in a folder already."""
    done = Pulled(Path(out), "folder")
    with building(Path(out), marker=PULLED) as folder:
        _from_files(done, Path(exported), study, folder, progress or _silent)
        return _manifest(done, folder)


def _from_files(
    done: Pulled, exported: Path, study: str | None, folder: Path, tell: Progress, base: str = ""
) -> None:
    """What the files hold of a study, or all of it."""
    source = FolderSource(exported, folder.parent / "typed", base)
    if study is not None:
        _gathered(done, source, study, folder, tell)
        return
    into = SortedLines(folder.parent / "lines")
    with closing(into):
        for number, type_ in enumerate(source.all_types):
            tell("pull", number, len(source.all_types))
            for line in source.every(type_):
                add(into, line, done.problems)
        _write(done, into, folder, source.problems)
    done.subjects = sum(one.resources for one in done.files if one.type == "ResearchSubject")


def _gathered(
    done: Pulled, source: FolderSource | SearchSource, study: str, folder: Path, tell: Progress
) -> None:
    """What a source has of a study."""
    into = SortedLines(folder.parent / "lines")
    with closing(into):
        found = gather(source, study, into, tell)
        _write(done, into, folder, found.problems)
    resource = found.study.resource
    told = {"id": resource["id"], "identifier": resource.get("identifier"), "asked": study}
    done.study = {key: value for key, value in told.items() if value}
    done.subjects = len(found.patients)


def _write(done: Pulled, into: SortedLines, folder: Path, problems: Problems) -> None:
    done.files = into.write(folder)
    done.problems.extend(problems)
    for type_, count in sorted(into.changed.items()):
        done.problems.add(CHANGED.problem(type=type_, count=count))


def _manifest(done: Pulled, folder: Path) -> Pulled:
    text = json.dumps(done.as_dict(), ensure_ascii=False, indent=2) + "\n"
    (folder / PULLED).write_text(text, encoding="utf-8")
    return done


def _silent(step: str, done: int, total: int) -> None:
    """Progress that nobody is told."""
