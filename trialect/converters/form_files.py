"""Which file of the folder of exports is which form's."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from trialect.converters.readers import SUFFIXES
from trialect.problems import Problem, Unusable, rule
from trialect.study_options import FormFile

NO_FOLDER = rule(
    "STAGE-NO-FOLDER",
    "error",
    "The folder of the exports is missing",
    "the folder does not exist.",
    "Put the exports there, or name their folder as records.folder in study.yaml.",
)
NO_FORM = rule(
    "STAGE-NO-FORM",
    "error",
    "The file of a form is missing",
    "form {form!r} is used by the mapping tables, and there is no file for it; {found}.{meant}",
    "Add the export, or name its file under records.forms in study.yaml.",
)
TWO_FILES = rule(
    "STAGE-TWO-FILES",
    "error",
    "A form has several files",
    "form {form!r} could be any of {found}.",
    "Say which under records.forms in study.yaml.",
)
OUTSIDE = rule(
    "STAGE-OUTSIDE",
    "error",
    "A form's file lies outside the folder of the exports",
    "form {form!r}: {value!r} leads out of {folder}.",
    "Name a file inside the folder, with / between folders and without `..`.",
)
UNUSED_FILE = rule(
    "STAGE-UNUSED-FILE",
    "warning",
    "An export is not used",
    "no mapping table uses this file.",
    "Map it, or take it out of the folder.",
)


def is_inside(name: str) -> bool:
    """Whether a relative path with / stays inside its folder, on any system."""
    path = PurePosixPath(name)
    return not (
        path.is_absolute()
        or ".." in path.parts
        or "\\" in name
        or ":" in name
        or "\0" in name
        or not name
    )


class FormFiles:
    """The files of the folder of exports, and which of them is which form's."""

    def __init__(self, study_folder: Path, records: str) -> None:
        self.study_folder = study_folder
        self.records = records
        self.folder = study_folder / records
        if not self.folder.is_dir():
            raise Unusable(NO_FOLDER.problem(file=records))
        self.all = {
            path.relative_to(self.folder).as_posix(): path
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and not path.name.startswith((".", "~$"))
        }

    def shown(self, path: Path) -> str:
        """A file as problems and the manifest name it: its path inside the study folder."""
        return path.relative_to(self.study_folder).as_posix()

    def find(self, form: str, declared: FormFile | None) -> tuple[Path, FormFile]:
        """The file of a form. Raises `Unusable` when there is none, or several."""
        if declared is not None:
            self._check_inside(form, declared.file)
            path = self.all.get(PurePosixPath(declared.file).as_posix())
            if path is None:
                raise Unusable(self._missing(form, declared.file))
            self._check_inside(form, declared.file, path)
            return path, declared
        self._check_inside(form, form)
        names = [
            name
            for name in self.all
            if "/" not in name
            and PurePosixPath(name).stem == form
            and PurePosixPath(name).suffix.lower() in SUFFIXES
        ]
        if not names:
            raise Unusable(self._missing(form, form))
        if len(names) > 1:
            raise Unusable(TWO_FILES.problem(file=self.records, form=form, found=", ".join(names)))
        self._check_inside(form, names[0], self.all[names[0]])
        return self.all[names[0]], FormFile(names[0])

    def unused(self, used: Collection[Path]) -> Iterator[Problem]:
        """A warning for each file that could be a form and is none of those used."""
        for path in self.all.values():
            if path not in used and path.suffix.lower() in SUFFIXES:
                yield UNUSED_FILE.problem(file=self.shown(path))

    def _check_inside(self, form: str, name: str, path: Path | None = None) -> None:
        # A link may lead anywhere, whatever its name says.
        leads_out = path is not None and not path.resolve().is_relative_to(self.folder.resolve())
        if leads_out or not is_inside(name):
            raise Unusable(
                OUTSIDE.problem(file="study.yaml", form=form, value=name, folder=self.records)
            )

    def _missing(self, form: str, name: str) -> Problem:
        names = list(self.all)
        by_stem = {PurePosixPath(one).stem.casefold(): one for one in names}
        by_name = {one.casefold(): one for one in names}
        close = difflib.get_close_matches(name.casefold(), [*by_name, *by_stem], n=1)
        meant = (by_name | by_stem)[close[0]] if close else ""
        return NO_FORM.problem(
            file=f"{self.records}/{name}" if name != form else self.records,
            form=form,
            found=f"the folder holds {', '.join(names[:20])}{', ...' if len(names) > 20 else ''}"
            if names
            else "the folder is empty",
            meant=f" Did you mean {meant}? (Names are case-sensitive.)" if meant else "",
        )
