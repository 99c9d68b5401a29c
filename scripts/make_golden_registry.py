"""Writes what the reference trial becomes for each registry, for people to review and for tests to
compare with: from the text of its registry page alone, and from study.yaml.

`python scripts/make_golden_registry.py` renews tests/registry/golden after a change that is meant;
the difference in version control then shows what the change does to every file. The text of the
page is not part of the project: of it the golden files hold what is taken from it, and of longer
passages how many characters they have and their SHA-256. Without the page its folder stays.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from trialect.converters.readers.registry_page import read_page
from trialect.converters.readers.study_yaml import assumption_problems, read_study
from trialect.converters.registry_inspection import told
from trialect.converters.study_targets import writer_of
from trialect.mappings.registry.needs import BODIES, WHEN, needed
from trialect.mappings.sdtm.study_datasets import study_datasets
from trialect.problems import Problem, Severity
from trialect.trial import Study

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "registry" / "golden"
PAGE = ROOT.parent / "shared" / "data" / "seed-registry-page.txt"
INVENTED = ROOT / "tests" / "registry" / "golden-page.txt"
STUDY = ROOT / "examples" / "NCT07326982"

LONGEST = 120
"""Characters of a passage of the page that golden files hold as it is."""

Hide = Callable[[str], str]


def of_page(page: Path, hide: Hide) -> dict[str, str]:
    """The files that the text of a page alone makes, by their names."""
    found: list[Problem] = []
    study = read_page(page, found.append).study
    facts = [
        f"{fact} = {hide(told(study, fact))}\n    {_place(source.name)}"
        for source in study.sources
        for fact in source.facts
    ]
    return {"facts.txt": _text(facts), **of_study(study, found, hide)}


def of_study_folder(folder: Path) -> dict[str, str]:
    """The files that a study folder makes of its protocol, by their names."""
    study = read_study(folder)
    return of_study(study, assumption_problems(study), lambda text: text)


def of_study(study: Study, found: list[Problem], hide: Hide) -> dict[str, str]:
    """The files that a Study makes for each registry and for SDTM, and what is still needed."""
    files: dict[str, str] = {}
    problems = list(found)
    for target in ("prs", "ictrp", "ctgov"):
        for file in writer_of(target)(study, problems.append):
            files[Path(file.path).name] = file.content.decode()
    for release in ("R4", "R5"):
        options = replace(study.fhir, release=release)
        of_release: list[Problem] = []
        for file in writer_of("fhir")(replace(study, fhir=options), of_release.append):
            if file.path.endswith(".json"):
                name = f"research-study-{release.lower()}.json"
                files[name] = _research_study(file.content)
        problems += [one for one in of_release if one not in problems]
    # TS needs a STUDYID; what it says beside it is shown where there is none yet.
    named = study if study.studyid else replace(study, studyid="-")
    for dataset in study_datasets(named, problems.append):
        columns = [(v.name, dataset.column(v.name)) for v in dataset.variables]
        files[f"{dataset.name.lower()}.csv"] = _csv(columns)
    files = {name: _hidden(name, text, hide) for name, text in files.items()}
    files["needed.txt"] = needed_text(study)
    files["findings.txt"] = _text([_finding(one, hide) for one in problems if _counts(one)])
    return files


def needed_text(study: Study) -> str:
    """What each body still needs of a study, a fact a line."""
    lines = []
    for body in BODIES:
        paths: dict[str, str] = {}
        for need, path in needed(study):
            if body in need.by:
                when = f" ({WHEN[need.when][0]})" if WHEN[need.when][0] else ""
                paths.setdefault(path, f"  {path}: {need.by[body]}. {need.what}{when}.")
        lines += [f"{body} still needs {len(paths)}:", *paths.values(), ""]
    return "\n".join(lines)


def hidden(text: str) -> str:
    """A passage by its length and SHA-256, where it is longer than what may be shown."""
    if len(text) <= LONGEST:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"[{len(text)} characters, SHA-256 {digest}]"


def _hidden(name: str, text: str, hide: Hide) -> str:
    """A file with the passages between its marks hidden."""
    if name.endswith(".xml"):
        return re.sub(r">([^<>]+)<", lambda one: f">{hide(one[1])}<", text)
    if name.endswith(".json"):
        return json.dumps(_of_json(json.loads(text), hide), indent=2, ensure_ascii=False) + "\n"
    rows = [[hide(cell) for cell in row] for row in csv.reader(io.StringIO(text))]
    return _written(rows)


def _of_json(value: object, hide: Hide) -> object:
    if isinstance(value, dict):
        return {key: _of_json(one, hide) for key, one in value.items()}
    if isinstance(value, list):
        return [_of_json(one, hide) for one in value]
    return hide(value) if isinstance(value, str) else value


def _research_study(content: bytes) -> str:
    """The ResearchStudy of a bundle."""
    entries = json.loads(content)["entry"]
    return json.dumps(
        next(
            one["resource"] for one in entries if one["resource"]["resourceType"] == "ResearchStudy"
        )
    )


def _csv(columns: list[tuple[str, object]]) -> str:
    """A dataset as a person reads it, without the column that says the same in every record."""
    kept = [(name, values) for name, values in columns if name != "STUDYID"]
    rows = [[name for name, _ in kept]]
    rows += [
        [
            "" if cell is None else f"{cell:g}" if isinstance(cell, float) else str(cell)
            for cell in row
        ]
        for row in zip(*(values for _, values in kept), strict=True)  # type: ignore[call-overload]
    ]
    return _written(rows)


def _written(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _counts(problem: Problem) -> bool:
    return problem.severity is not Severity.NOTE


def _finding(problem: Problem, hide: Hide) -> str:
    field = f" {problem.field}" if problem.field else ""
    message = re.sub(r"“([^”]+)”", lambda one: f"“{hide(one[1])}”", problem.message)
    message = re.sub(r"'([^']{100,})'", lambda one: f"'{hide(one[1])}'", message)
    return f"{problem.severity.value} {problem.rule}{field}: {message}"


def _place(source: str) -> str:
    """Where a fact is stated, without the words."""
    return source.partition(": “")[0]


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def put(folder: Path, files: dict[str, str]) -> None:
    """Write the files of a folder anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def main() -> int:
    """Renew the golden files."""
    put(GOLDEN / "study", of_study_folder(STUDY))
    put(GOLDEN / "invented-page", of_page(INVENTED, str))
    if PAGE.is_file():
        put(GOLDEN / "page", of_page(PAGE, hidden))
    else:
        print(f"{PAGE.name} is not at hand; the files made of it stay as they are")
    return 0


if __name__ == "__main__":
    sys.exit(main())
