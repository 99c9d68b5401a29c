"""study.yaml as a `Study`: its form by `typed`, its facts by `study_checks`, its own admissions.

What a study file says of itself comes out as warnings: each assumption, and where it contradicts
itself or leaves CDISC's words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from trialect.converters.readers import yaml_tree
from trialect.converters.readers.study_checks import check
from trialect.converters.readers.study_facts import Facts
from trialect.converters.readers.typed import build, field_types
from trialect.converters.readers.yaml_tree import Node
from trialect.problems import Problem, Unusable, rule
from trialect.schemas import ct
from trialect.trial import Study

FILE = "study.yaml"

NO_STUDY = rule(
    "STUDY-NO-FILE",
    "error",
    "There is no study file",
    "there is no study.yaml{where}.",
    "Name the study folder, which holds study.yaml, records and mappings.",
)
ASSUMPTION = rule(
    "STUDY-ASSUMPTION",
    "warning",
    "Something is assumed that no source says",
    "assumed: {text}; confirm with the sponsor.",
)
NO_PATH = rule(
    "STUDY-PATH",
    "error",
    "A path leads to nothing in the study file",
    "{value!r} leads to nothing in this file ({part!r} is not there).",
    "Write a dotted path of keys, as in design.masking; an item of a list is named by its code, "
    "id, number or place (the first is 0), * is any item.",
)
CONTRADICTION = rule(
    "STUDY-CONTRADICTION",
    "warning",
    "Two facts of the study file contradict each other",
    "masking is {masking}, which is {wanted}, and {count} {noun} named as masked{listed}.",
    "Both are passed on as they stand; ask the sponsor which one holds.",
    "ClinicalTrials.gov, Masking: number of roles masked",
)
SAME_NAME = rule(
    "STUDY-SAME-NAME",
    "warning",
    "Two interventions have the same name",
    "{value!r} is the name of {count} interventions; which of them an arm has is not known.",
    "Give each a name of its own, in `interventions` of the arms too.",
)
UNKNOWN_PARAMETER = rule(
    "STUDY-PARAMETER",
    "warning",
    "A trial summary parameter is not one of CDISC's",
    "{value!r} is no term of TSPARMCD in SDTM CT {version}.",
    "Check the code; the codelist is extensible, so a sponsor's own is allowed.",
    "SDTM CT C66738 (TSPARMCD)",
)

_ROLES = {"SINGLE": 1, "DOUBLE": 2, "TRIPLE": 3, "QUADRUPLE": 4}
_TSPARMCD = "C66738"


def read_study(path: str | Path) -> Study:
    """The study of a study folder, or of its study.yaml.

    Raises `Unusable` with all problems found, each with its line.
    """
    file = Path(path)
    if file.is_dir():
        file = file / FILE
    try:
        data = yaml_tree.content(file)
    except OSError as error:
        where = f" in {file.parent}" if isinstance(error, FileNotFoundError) else f" ({error})"
        raise Unusable(NO_STUDY.problem(file=str(path), where=where)) from None
    return study_of(data, file.name, file.parent)


def study_of(data: bytes, file: str = FILE, folder: Path | None = None) -> Study:
    """The study that the text of a study file tells; `file` is what problems call it.

    `folder` is the study folder, which may carry the terminology that the study names.
    """
    root = yaml_tree.parse(data, file)
    problems: list[Problem] = []
    study = build(Study, root, file, problems)
    if study is not None and folder is not None:
        study = replace(study, sdtm=replace(study.sdtm, ct=ct.carried(study.sdtm.ct, folder)))
    if study is not None:
        facts = Facts(study, root, file, folder)
        problems += check(facts)
        problems += paths(facts)
    if problems or study is None:
        raise Unusable(sorted(problems, key=lambda problem: problem.row or 0))
    return study


def study_over(found: Study, file: Path) -> Study:
    """A Study with what a study file says in its place; the file may leave out whatever is known.

    Raises `Unusable` with all problems of the file, each with its line, or when it is not there.
    """
    try:
        data = yaml_tree.content(file)
    except OSError as error:
        raise Unusable(NO_STUDY.problem(file=str(file), where=f" ({error.strerror})")) from None
    return said_over(data, file)(found)


def said_over(data: bytes, file: Path) -> Callable[[Study], Study]:
    """How the text of a study file is put over any number of Studies, as `study_over` does.

    Raises `Unusable` when it is no study file, and so does what it gives, when the file does not
    fit a Study.
    """
    root = yaml_tree.parse(data, file.name)
    problems: list[Problem] = []
    written = set(root.entries)
    if root.kind == "mapping":
        known = Node("text", 1, "known")
        sponsor = Node("mapping", root.line, entries={"name": known})
        root.entries = {"studyid": known, "title": known, "sponsor": sponsor, **root.entries}
    said = build(Study, root, file.name, problems)
    if problems or said is None:
        raise Unusable(sorted(problems, key=lambda problem: problem.row or 0))
    values = {name: getattr(said, name) for name in sorted(written)}

    def over(found: Study) -> Study:
        stated = found.fhir
        found = replace(found, **values)
        options = replace(found.fhir, all_variables=stated.all_variables)
        found = replace(found, fhir=replace(options, base=options.base or stated.base))
        checked = check(Facts(found, root, file.name, file.parent))
        # What the source states is no fault of the file.
        wrong = [one for one in checked if (one.field or "").split(".")[0] in written]
        if wrong:
            raise Unusable(sorted(wrong, key=lambda problem: problem.row or 0))
        return found

    return over


def assumption_problems(study: Study) -> list[Problem]:
    """The warnings that a study carries into every report.

    Its assumptions, the contradictions in it, and parameters that CDISC does not know.
    """
    assumed = [
        ASSUMPTION.problem(file=FILE, field=one.about, text=one.text.rstrip("."))
        for one in study.assumptions
    ]
    found = (*contradictions(study), *same_names(study), *unknown_parameters(study))
    return [*assumed, *found]


def contradictions(study: Study) -> Iterator[Problem]:
    """A masking whose number of roles is not the number of roles named."""
    design = study.design
    wanted = _ROLES.get(design.masking or "", 0)
    if design.masking is None or len(design.masked) == wanted:
        return
    count = len(design.masked)
    yield CONTRADICTION.problem(
        file=FILE,
        field="design.masking",
        masking=design.masking,
        wanted=f"{wanted} {'role' if wanted == 1 else 'roles'}",
        count=count,
        noun="role is" if count == 1 else "roles are",
        listed=f" ({', '.join(design.masked)})" if count else "",
    )


def same_names(study: Study) -> Iterator[Problem]:
    """Names that several interventions have, as a registry allows it."""
    names = [one.name for one in study.interventions]
    for name, count in Counter(names).items():
        if count > 1:
            last = len(names) - 1 - names[::-1].index(name)
            field = f"interventions.{last}.name"
            yield SAME_NAME.problem(file=FILE, field=field, value=name, count=count)


def unknown_parameters(study: Study) -> Iterator[Problem]:
    """Trial summary parameters whose codes are no submission values of TSPARMCD."""
    codes = ct.terminology(study.sdtm.ct).codelist(_TSPARMCD)
    for place, one in enumerate(study.parameters):
        if codes is not None and one.code not in codes.by_value:
            yield UNKNOWN_PARAMETER.problem(
                file=FILE, field=f"parameters.{place}.code", value=one.code, version=study.sdtm.ct
            )


def paths(facts: Facts) -> Iterator[Problem]:
    """Paths of `sources` that lead to nothing written, of `assumptions` to no known key."""
    for place, source in enumerate(facts.study.sources):
        for item, path in enumerate(source.facts):
            yield from _path(facts, f"sources.{place}.facts.{item}", path, written=True)
    for place, assumption in enumerate(facts.study.assumptions):
        yield from _path(facts, f"assumptions.{place}.about", assumption.about, written=False)


def _path(facts: Facts, at: str, path: str, *, written: bool) -> Iterator[Problem]:
    """A path must lead somewhere in the file; unless `written`, a key that it omits will do."""
    here: list[tuple[Any, Node | None]] = [(Study, facts.root)]
    for step in path.split("."):
        here = [
            (hint, node)
            for before, parent in here
            for hint, node in _steps(before, parent, step)
            if node is not None or not written
        ]
        if not here:
            yield facts.problem(NO_PATH, at, value=path, part=step)
            return


def _steps(hint: Any, node: Node | None, step: str) -> Iterator[tuple[Any, Node | None]]:
    """What one step of a path leads to: (annotation, node), without a node where it is omitted."""
    options = [one for one in get_args(hint) if one is not type(None)]
    if get_origin(hint) in (Union, UnionType):
        hint = options[0]
    if get_origin(hint) is tuple:
        for place, item in enumerate(node.items if node else ()):
            if step in ("*", str(place)) or step in _names(item):
                yield get_args(hint)[0], item
    elif get_origin(hint) is Mapping:
        for key, child in node.entries.items() if node else ():
            if step in ("*", key):
                yield get_args(hint)[1], child
    elif isinstance(hint, type) and is_dataclass(hint) and step in field_types(hint):
        yield field_types(hint)[step], node.entries.get(step) if node else None


def _names(item: Node) -> set[str]:
    """What an item of a list is called: its code, id, number or name, or its own text."""
    if item.kind == "text":
        return {item.text}
    return {
        item.entries[key].text
        for key in ("code", "id", "num", "name", "element")
        if key in item.entries
    }
