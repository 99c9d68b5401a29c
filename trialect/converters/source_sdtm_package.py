"""An SDTM package as the source of a conversion: datasets as XPT or Dataset-JSON, define.xml.

What the package states is taken as it stands and derived anew by nobody. Each dataset is a form,
read and cut into partitions as every form is; its numbers are the numbers that its texts spell.
Datasets without subjects (TA, TS, DI, RELREC, ...) are the trial's, but for the relations of
single subjects' records, which go with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import polars as pl

from trialect.converters.form_files import UNUSED_FILE
from trialect.converters.package_files import (
    PackagedDataset,
    define_of,
    find_datasets,
    home_of,
    is_package,
)
from trialect.converters.partition import Job
from trialect.converters.readers import iter_form
from trialect.converters.readers.package_study import known_ct, missing, study_of_package
from trialect.converters.readers.study_yaml import FILE, study_over
from trialect.converters.stage import load, stage
from trialect.converters.trial_sources import Facts, PartitionSubjects, Prepared, TrialSource
from trialect.mappings.engine import Mapped
from trialect.mappings.tables import MappingTables
from trialect.metadata import Provenance
from trialect.problems import Problem, Problems, rule
from trialect.schemas.sdtm import dataset as models
from trialect.study_options import FormFile, Records
from trialect.trial import BLOCK, FORM, ROW, Study

NOT_A_NUMBER = rule(
    "PACKAGE-NUMBER",
    "error",
    "A Num variable holds what is no number",
    "{variable} is {value!r}, which is no number; it is read as missing.",
    "Write the number, or leave the value missing.",
)
OTHER_TYPE = rule(
    "PACKAGE-TYPE",
    "warning",
    "A variable is not of the type that SDTMIG gives it",
    "{variable} is {value} in the file and {other} in SDTMIG; it is read as {other}.",
    "Write the variable as {other}.",
    "SDTMIG 3.4",
)
OTHER_TERMINOLOGY = rule(
    "PACKAGE-TERMINOLOGY",
    "note",
    "The package's terminology is not at hand",
    "define.xml names SDTM CT {value}; {used} is used.",
    "Install it with trialect terminology install, or name one with sdtm.ct in a study.yaml.",
)
OTHER_STUDY = rule(
    "PACKAGE-STUDYID",
    "error",
    "The study file is another study's",
    "STUDYID is {value!r} in the package, and studyid {other!r} in the study file.",
    "Give the study file that belongs to the package.",
)

READ = "as stated"
"""The verb of what a package states."""

Kept = dict[str, PackagedDataset]


def recognise(path: Path) -> bool:
    """Whether a folder holds datasets and no mapping tables."""
    return is_package(path)


def study(path: Path, given: Path | None) -> Facts:
    """The Study that the package states, filled by study.yaml. Raises `Unusable`."""
    home = home_of(path)
    datasets, problems = find_datasets(path)
    frames = {
        name: _whole(home, one)
        for name, one in datasets.items()
        if name in ("TA", "TE", "TI", "TS", "TV")
    }
    frames["DM"] = _sites(home, datasets["DM"])
    studyid = next(iter(frames["DM"]["STUDYID"].drop_nulls()), "")
    found = study_of_package(frames, studyid, "", None)
    found = _defined(path, found, problems)
    file = given or next((f for f in (path / FILE, home / FILE) if f.is_file()), None)
    if file is not None:
        over = study_over(found, file)
        if over.studyid != studyid:
            problems.add(OTHER_STUDY.problem(file=file.name, value=studyid, other=over.studyid))
            problems.stop_on_errors()
        found = over
    problems.extend(missing(found))
    return Facts(replace(found, records=_records(datasets)), problems)


def prepare(
    path: Path, study: Study, spool: Path, partition_subjects: PartitionSubjects
) -> Prepared:
    """The datasets staged, those without subjects whole. Raises `Unusable`."""
    found, _ = find_datasets(path)
    problems = Problems()
    datasets = {name: _as_modelled(one, study, problems) for name, one in found.items()}
    staged = stage(
        study, home_of(path), spool, forms=tuple(datasets), partition_subjects=partition_subjects
    )
    problems.extend(one for one in staged.problems if one.rule != UNUSED_FILE.id)
    frames = {}
    for name, rows in load(staged, 0).items():
        if not datasets[name].has_subjects:
            if name == "RELREC" and "USUBJID" in rows.columns:
                rows = rows.filter(pl.col("USUBJID").is_null())
            frame, odd = _typed(datasets[name], rows)
            problems.extend(odd)
            if frame.height:
                frames[name] = frame
    provenance = _provenance(path, datasets)
    return Prepared(staged, NO_TABLES, frames, tuple(provenance), problems, datasets)


def map_part(job: Job, index: int, forms: Mapping[str, pl.DataFrame]) -> Mapped:  # noqa: ARG001 # every source is told the partition
    """The datasets of a partition's subjects, as the package states them."""
    datasets = cast("Kept", job.kept)
    mapped = Mapped()
    subjects = forms["DM"]["USUBJID"].unique()
    for name, rows in forms.items():
        if not datasets[name].has_subjects:
            if name != "RELREC" or "USUBJID" not in rows.columns:
                continue
            rows = rows.filter(pl.col("USUBJID").is_in(subjects.implode()))
        frame, found = _typed(datasets[name], rows)
        mapped.problems += found
        if frame.height:
            mapped.frames[name] = frame
    return mapped


def inputs(path: Path) -> Iterator[Path]:
    """define.xml and a study file beside the datasets."""
    home = home_of(path)
    yield from dict.fromkeys((home / "define.xml", home / FILE))


NO_TABLES = MappingTables((), (), (), (), (), {}, {}, (), ())
"""A package needs no mapping tables."""


def _typed(dataset: PackagedDataset, rows: pl.DataFrame) -> tuple[pl.DataFrame, list[Problem]]:
    """Rows as a frame of the Trial: Num variables as numbers, then the lineage."""
    texts = pl.col(dataset.variables)
    frame = rows.select(
        pl.when(texts != "").then(texts),
        pl.lit(dataset.name).alias(FORM),
        pl.col(ROW),
        pl.lit(dataset.name).alias(BLOCK),
    )
    found: list[Problem] = []
    for name in sorted(dataset.numbers):
        numbers = frame[name].cast(pl.Float64, strict=False)
        # Polars takes "inf" and "nan" for numbers; SDTM has none such.
        numbers = numbers.set(~numbers.is_finite().fill_null(True), None)
        odd = frame.filter(numbers.is_null() & pl.col(name).is_not_null())
        for row, value in odd.select(ROW, name).iter_rows():
            found.append(
                NOT_A_NUMBER.problem(
                    file=dataset.name, row=row, domain=dataset.name, variable=name, value=value
                )
            )
        frame = frame.with_columns(numbers)
    return frame, found


def _as_modelled(dataset: PackagedDataset, study: Study, problems: Problems) -> PackagedDataset:
    """The dataset with the types that SDTMIG gives its variables, where it knows them."""
    model = models(dataset.name, study.sdtm.ig) or models(dataset.name)
    numbers = set()
    for name in dataset.variables:
        known = model.allowed(name) if model is not None else None
        stated = "Num" if name in dataset.numbers else "Char"
        type_ = known.type if known is not None else stated
        if type_ == "Num":
            numbers.add(name)
        if type_ != stated:
            problems.add(
                OTHER_TYPE.problem(
                    file=dataset.path,
                    domain=dataset.name,
                    variable=name,
                    value=stated,
                    other=type_,
                )
            )
    return replace(dataset, numbers=frozenset(numbers))


def _whole(home: Path, dataset: PackagedDataset) -> pl.DataFrame:
    """A dataset without subjects, as text."""
    batches = list(iter_form(home / dataset.path, FormFile(dataset.path)))
    return pl.concat(batches) if batches else pl.DataFrame()


def _sites(home: Path, dm: PackagedDataset) -> pl.DataFrame:
    """The distinct sites of DM, read a batch at a time."""
    wanted = ("STUDYID", "SITEID", "COUNTRY", "INVNAM", "INVID")
    columns = [name for name in wanted if name in dm.variables]
    found = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    for batch in iter_form(home / dm.path, FormFile(dm.path)):
        found = pl.concat([found, batch.select(columns)]).unique(maintain_order=True)
    return found if "STUDYID" in columns else found.with_columns(STUDYID=pl.lit(None, pl.String))


def _records(datasets: Mapping[str, PackagedDataset]) -> Records:
    forms = {
        name: FormFile(one.path, per_subject=one.has_subjects, duplicates="keep")
        for name, one in datasets.items()
    }
    return Records(folder=".", subject="USUBJID", forms=forms)


def _defined(path: Path, study: Study, problems: Problems) -> Study:
    """The Study with what define.xml says of the standards and of its own time."""
    file = define_of(path)
    if file is None:
        return study
    from trialect.converters.readers.define_xml import read_define

    define = read_define(file)
    versions = {(one.type, one.publishing_set or ""): one.version for one in define.standards}
    named = versions.get(("CT", "SDTM"))
    options = study.sdtm
    if (version := known_ct(named)) is not None:
        options = replace(options, ct=version)
    elif named:
        problems.add(OTHER_TERMINOLOGY.problem(file=file.name, value=named, used=options.ct))
    if define.created:
        options = replace(options, stamp=define.created)
    return replace(study, sdtm=options)


def _provenance(path: Path, datasets: Mapping[str, PackagedDataset]) -> Iterator[Provenance]:
    """Each variable as stated, with the origin that define.xml gives."""
    file = define_of(path)
    define = None
    if file is not None:
        from trialect.converters.readers.define_xml import read_define

        define = read_define(file)
    for name, one in datasets.items():
        described = define.dataset(name) if define is not None else None
        for variable in one.variables:
            meta = described.variable(variable) if described is not None else None
            yield Provenance(
                domain=name,
                variable=variable,
                block=name,
                verb=READ,
                form=name,
                columns=(variable,),
                origin=meta.origin if meta is not None else None,
            )


SOURCE = TrialSource(
    recognise,
    study,
    prepare,
    map_part,
    inputs,
    home=home_of,
    out=lambda path: path.with_name(f"{path.name}-out"),
    derives=False,
)
