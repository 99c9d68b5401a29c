"""The package: where its files lie, and how it comes into place whole or not at all.

A package is built in a folder beside its destination and moved there by one rename. When a
package is there already, the two are exchanged in one step where the file system can do that.
A kill at any moment leaves the old package or the new one; what a killed run left behind is
cleared by the next.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trialect.problems import Unusable, rule

MANIFEST = "manifest.json"
PULLED = "pull.json"
"""The manifest of what was pulled from a FHIR server."""

REPORT_JSON = "report.json"
REPORT_HTML = "report.html"
REPORT_XLSX = "report.xlsx"
LOSSES_JSON = "losses.json"
LOSSES_HTML = "losses.html"
DEFINE = "define.xml"
GUIDE = "csdrg.docx"
LINEAGE = "lineage"
REJECTED = "rejected"
DATASET_JSON = "dataset-json"
FHIR_BUNDLES = "fhir/bundles"
FHIR_NDJSON = "fhir/ndjson"

OUT_OCCUPIED = rule(
    "OUT-OCCUPIED",
    "error",
    "The output folder holds something else",
    "{file} exists and is no package of trialect (it has no {marker}).",
    "Name another folder with -o, or remove it first.",
)
OUT_INSIDE_STUDY = rule(
    "OUT-INSIDE-STUDY",
    "error",
    "The output folder would overwrite the study",
    "{file} is the study folder or holds it.",
    "Name a folder outside the study's own files with -o.",
)
OUT_BUSY = rule(
    "OUT-BUSY",
    "error",
    "Another conversion is writing there",
    "{file} is being written by another run of trialect.",
    "Wait for it to end, or name another folder with -o.",
)
OUT_UNWRITABLE = rule(
    "OUT-UNWRITABLE",
    "error",
    "The output folder cannot be written",
    "{file} cannot be written: {reason}.",
    "Check the path, the permissions and the space on the disk.",
)


def sdtm_folder(studyid: str) -> str:
    """The folder of the tabulation datasets in a package, as eCTD names it.

    FDA Study Data Technical Conformance Guide, 7: m5/datasets/STUDY/tabulations/sdtm. Names are
    lower case letters, digits and hyphens; any other character becomes a hyphen.
    """
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in studyid.lower())
    return f"m5/datasets/{name.strip('-') or 'study'}/tabulations/sdtm"


@contextmanager
def building(out: Path, study: Path | None = None, *, marker: str = MANIFEST) -> Iterator[Path]:
    """A folder in which to build the package `out`; it is moved into place when the block ends.

    When the block raises, nothing of `out` changes. `marker` is the file that every such folder
    has. Raises `Unusable` when `out` is occupied by something else, is being written by another
    run, or cannot be written.
    """
    out = out.absolute()
    _refuse(out, study, marker)
    workshop = out.with_name(f".{out.name}.building")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with _held(out.with_name(f".{out.name}.lock"), out):
            try:
                shutil.rmtree(workshop, ignore_errors=True)
                package = workshop / "package"
                package.mkdir(parents=True)
                yield package
                _into_place(package, out, workshop)
            finally:
                shutil.rmtree(workshop, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unusable(OUT_UNWRITABLE.problem(file=str(out), reason=reason)) from error


@contextmanager
def _held(path: Path, out: Path) -> Iterator[None]:
    """The lock of a package, held and then removed; a lock that another run holds stays."""
    lock = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
    try:
        _take(lock, out)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _refuse(out: Path, study: Path | None, marker: str) -> None:
    if study is not None:
        home = study.resolve()
        inside = home.is_relative_to(out.resolve())
        if inside or out.resolve().is_relative_to(home / "mappings"):
            raise Unusable(OUT_INSIDE_STUDY.problem(file=str(out)))
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise Unusable(OUT_OCCUPIED.problem(file=str(out), marker=marker))
    if out.is_dir() and any(out.iterdir()) and not (out / marker).is_file():
        raise Unusable(OUT_OCCUPIED.problem(file=str(out), marker=marker))


def _take(lock: int, out: Path) -> None:
    """Hold the lock as long as the process lives; the system frees it when it is killed."""
    try:
        import fcntl
    except ImportError:
        return  # Windows has no flock; two runs at once are then the user's care
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever held it may have removed the file between our opening and our locking it.
        if os.fstat(lock).st_nlink == 0:
            raise BlockingIOError
    except OSError as error:
        raise Unusable(OUT_BUSY.problem(file=str(out))) from error


def _into_place(package: Path, out: Path, workshop: Path) -> None:
    if not out.exists():
        package.rename(out)
    elif not _exchange(package, out):
        old = workshop / "old"
        out.rename(old)
        try:
            package.rename(out)
        except OSError:
            old.rename(out)
            raise


_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step (Linux renameat2); False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    done: int = renameat2(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE
    )
    return done == 0
