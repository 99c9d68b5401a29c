"""FHIR as the source of a conversion: bundles and NDJSON of anybody, mapped to SDTM by tables.

The Study is what study.yaml says (in the folder, or given); without one it is the ResearchStudy of
the input, which says little more than its name. A file is a form, a resource a row of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import polars as pl

from trialect.converters.fhir_spool import FhirSpool
from trialect.converters.fhir_stage import fhir_files, stage_fhir
from trialect.converters.partition import Job
from trialect.converters.readers.fhir import Entry, holds_fhir, read_fhir
from trialect.converters.readers.study_yaml import FILE, assumption_problems, study_over
from trialect.converters.trial_sources import Facts, PartitionSubjects, Prepared, TrialSource
from trialect.mappings.engine import Mapped
from trialect.mappings.fhir.to_study.resources import Read
from trialect.mappings.fhir.to_study.study import study_of
from trialect.mappings.fhir_sdtm import carried
from trialect.mappings.fhir_sdtm.mapper import FhirInput, Mapper
from trialect.mappings.fhir_sdtm.nodes import DuplicateKeyError
from trialect.mappings.fhir_sdtm.subject import Read as ReadResource
from trialect.mappings.fhir_sdtm.subject import Shared, read
from trialect.mappings.fhir_sdtm.tables import FOLDER, FhirTables, read_fhir_tables
from trialect.mappings.sdtm import trial_design
from trialect.mappings.tables import MappingTables, Supplemental
from trialect.problems import Problems, Unusable, rule
from trialect.protocol import Sponsor
from trialect.study_options import FhirOptions, Records
from trialect.trial import BLOCK, FORM, ROW, Study

NO_STUDY = rule(
    "FHIR-NO-STUDY",
    "error",
    "Nothing says which study it is",
    "{file} has no study.yaml, and no ResearchStudy with an identifier is in the input.",
    "Put a study.yaml beside the FHIR files, or name one with --study.",
)
STUDY_OF_FHIR = rule(
    "FHIR-STUDY-OF-RESOURCE",
    "warning",
    "The study is known by its ResearchStudy alone",
    "STUDYID {value} and what else is said of the study are those of a ResearchStudy; visits, arms "
    "and sites are not known.",
    "Put a study.yaml beside the FHIR files, or name one with --study.",
)
ELEMENT = rule(
    "FHIR-ELEMENT-NOT-MAPPED",
    "note",
    "An element of resources has no place in SDTM",
    "{count} resources of type {type} have {value}, which no line of the tables reads.",
    "Add a line to a table in fhir-mappings if it belongs to the trial.",
)
TWICE = rule(
    "FHIR-KEY-TWICE",
    "error",
    "A resource has a key twice",
    "{key!r} stands twice in one object, and readers differ on which holds; the resource is "
    "rejected.",
    "Mend the system that wrote the resource.",
    "http://hl7.org/fhir/R4/json.html",
)

COMMON = frozenset(
    {
        *("resourceType", "id", "meta", "implicitRules", "language", "text", "contained"),
        *("identifier", "extension", "modifierExtension", "status", "subject", "patient"),
        "verificationStatus",
        *("encounter", "context", "individual", "study"),
    }
)
"""Elements of every resource that name it, its subject or its state."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the partitions need."""

    spool: FhirSpool
    folder: Path | None


def _home(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def recognise(path: Path) -> bool:
    """Whether a file, or one below a folder, begins as FHIR does."""
    if not path.exists():
        return False
    return any(holds_fhir(file) for file in fhir_files(path))


def study(path: Path, given: Path | None) -> Facts:
    """The Study of study.yaml, else that of the first ResearchStudy. Raises `Unusable`."""
    problems = Problems()
    beside = _home(path) / FILE
    file = given if given is not None else beside if beside.is_file() else None
    if file is not None:
        found = study_over(Study("", "", Sponsor("")), file)
        problems.extend(assumption_problems(found))
    else:
        found = _study_of(path)
        problems.add(STUDY_OF_FHIR.problem(value=found.studyid))
    return Facts(replace(found, records=Records(folder=".")), problems)


PROTOCOL = frozenset(
    {"Group", "Location", "Organization", "PlanDefinition", "Practitioner", "PractitionerRole"}
)
"""Types that a ResearchStudy refers to."""

MOST_PROTOCOL = 20_000
"""How many of them are kept while the ResearchStudy is looked for (memory): a hospital's export may
have any number of practitioners, a trial has not."""


def _study_of(path: Path) -> Study:
    """The Study of the first ResearchStudy that has an identifier, with what stands before it: our
    bundles, and files in the order of their names, have it last.
    """
    kept: list[tuple[str | None, Mapping[str, Any]]] = []
    for file in fhir_files(path):
        if not holds_fhir(file):
            continue
        for entry in read_fhir(file, file.name):
            kind = entry.resource["resourceType"] if entry.value else None
            if kind != "ResearchStudy":
                if kind in PROTOCOL and len(kept) < MOST_PROTOCOL:
                    kept.append((_full_url(entry), entry.resource))
                continue
            found = _named(kept, entry)
            if found is not None:
                return found
    raise Unusable(NO_STUDY.problem(file=path.name))


def _full_url(entry: Entry) -> str | None:
    url = entry.value.get("fullUrl") if entry.wrapped else None
    return url if isinstance(url, str) else None


def _named(kept: list[tuple[str | None, Mapping[str, Any]]], entry: Entry) -> Study | None:
    """The Study; its arms are left out, since a ResearchStudy does not say of which elements they
    are, and nobody is assigned to an arm by what it says.
    """
    named = [one.get("value") for one in _identifiers(entry.resource)]
    name = next((one for one in named if isinstance(one, str) and one), None)
    if name is None:
        return None
    found = study_of(Read([*kept, (_full_url(entry), entry.resource)]), entry.resource)
    if found is None:
        return Study(name, str(entry.resource.get("title") or name), Sponsor(""))
    title = found.title if found.title or found.brief_title else name
    return replace(found, title=title, arms=(), fhir=FhirOptions())


def _identifiers(resource: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    given = resource.get("identifier")
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def prepare(
    path: Path, study: Study, spool: Path, partition_subjects: PartitionSubjects
) -> Prepared:
    """The resources in the spool by subject, the tables read. Raises `Unusable`."""
    tables = read_fhir_tables(_home(path))
    staged, kept = stage_fhir(
        path, spool, known_types=tables.types, partition_subjects=partition_subjects
    )
    problems = Problems(staged.problems)
    problems.extend(_not_read(kept, tables))
    design = trial_design(study)
    problems.extend(design.problems)
    return Prepared(
        staged,
        replace(_NO_TABLES, provenance=tables.provenance),
        {**design.frames, **_relations(kept, study)},
        tuple(design.provenance),
        problems,
        Kept(kept, _home(path)),
    )


def _relations(spool: FhirSpool, study: Study) -> Mapping[str, pl.DataFrame]:
    """RELREC of whole datasets, which a ResearchStudy of ours carries."""
    columns = ("STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELTYPE", "RELID")
    with Shared(spool.shared_file, spool.texts_file) as shared:
        found = [
            {"STUDYID": study.studyid, **line, FORM: one.form, ROW: one.row, BLOCK: carried.BLOCK}
            for one in shared.of_type("ResearchStudy")
            for line in carried.dataset_relations(one.resource)
        ]
    if not found:
        return {}
    schema = {**dict.fromkeys(columns, pl.String), FORM: pl.String, ROW: pl.Int64, BLOCK: pl.String}
    return {
        carried.RELREC: pl.DataFrame([{n: one.get(n) for n in schema} for one in found], schema)
    }


def _not_read(spool: FhirSpool, tables: FhirTables) -> Iterator[Any]:
    """The elements that the tables leave unread, each once a type."""
    for type_, counts in spool.elements.items():
        if type_ in tables.looked_into and type_ not in tables.blocks:
            continue
        read_ = tables.read.get(type_, frozenset())
        for name, count in counts.items():
            bare = name.removeprefix("_")
            known = any(bare == one or _chosen(bare, one) for one in read_)
            if not known and bare not in COMMON:
                yield ELEMENT.problem(value=f"{type_}.{name}", type=type_, count=count)


def _chosen(name: str, element: str) -> bool:
    """Whether a name is a choice of an element: `valueQuantity` of `value`."""
    return name.startswith(element) and name[len(element) : len(element) + 1].isupper()


class _Labels(dict[tuple[str, str], Supplemental]):
    """A label for any qualifier: its own name, where nothing else says one."""

    def get(self, key: tuple[str, str], _default: Any = None) -> Supplemental:
        return Supplemental(label=key[1], origin="Collected")


_NO_TABLES = MappingTables((), (), (), (), (), {}, _Labels(), (), ())


def map_part(job: Job, index: int, forms: Mapping[str, pl.DataFrame]) -> Mapped:
    """The records of a partition's subjects, by the tables."""
    kept = cast("Kept", job.kept)
    spool = kept.spool
    tables = read_fhir_tables(kept.folder)
    given = FhirInput(spool.types.get("ResearchSubject", 0) > 0)
    mapper = Mapper(job.study, tables, given, job.taken.get(index, {}))
    size = job.staged.partition_subjects
    with Shared(spool.shared_file, spool.texts_file) as shared:
        mapper.cells.shared = shared
        for key, held in spool.subjects(index * size, size):
            reads: list[ReadResource] = []
            for one in held:
                try:
                    reads.append(read(one.form, one.row, one.text, wrapped=one.wrapped))
                except DuplicateKeyError as error:
                    wrong = TWICE.problem(file=one.form, row=one.row, key=error.args[0])
                    mapper.refuse(one.form, one.row, wrong)
            mapper.subject(key, reads)
    return mapper.finish(forms)


def inputs(path: Path) -> Iterator[Path]:
    """The study file and the study's own tables."""
    home = _home(path)
    yield home / FILE
    yield from (home / FOLDER).rglob("*")


SOURCE = TrialSource(
    recognise,
    study,
    prepare,
    map_part,
    inputs,
    home=_home,
    out=lambda path: path.with_name(f"{path.name.split('.')[0]}-out"),
)
