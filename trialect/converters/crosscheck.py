"""Checks between the outputs of one conversion: they tell the same, in the same numbers.

Each is a small unit in the registry `CROSS_CHECKS`, with its rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from trialect.converters.account import Account
from trialect.converters.datasets import Plan
from trialect.converters.package import DATASET_JSON, DEFINE, FHIR_NDJSON
from trialect.problems import Problem, Rule, rule
from trialect.profile import merge
from trialect.schemas.define.against import check_define_against
from trialect.schemas.sdtm.checks import run_trial_checks

REQUIRED_DATASETS = rule(
    "SDTM-REQUIRED-DATASET",
    "error",
    "A dataset that every submission needs is missing",
    "The package has no {domain}.",
    "Map the form that holds it; without DM and TS a submission is rejected.",
    "CG0368; FDA technical rejection criteria 1734 and 1736",
)


@dataclass(frozen=True, slots=True)
class Outputs:
    """What was written: the plan, the files of each dataset, the account."""

    plan: Plan
    files: Mapping[str, Sequence[str]]
    account: Account


CrossCheck = Callable[[Outputs], Iterator[Problem]]
CROSS_CHECKS: dict[str, CrossCheck] = {}
"""Every check between outputs by the id of its rule."""


def _check(declared: Rule | str) -> Callable[[CrossCheck], CrossCheck]:
    def register(find: CrossCheck) -> CrossCheck:
        CROSS_CHECKS[declared if isinstance(declared, str) else declared.id] = find
        return find

    return register


def cross_check(
    plan: Plan, files: Mapping[str, Sequence[str]], account: Account
) -> Iterator[Problem]:
    """Run every check between the outputs."""
    outputs = Outputs(plan, files, account)
    for find in CROSS_CHECKS.values():
        yield from find(outputs)


ROWS = rule(
    "CROSS-ROWS",
    "error",
    "Rows are not accounted for",
    "{file}: {rows} rows were read, {mapped} mapped and {rejected} rejected.",
    "This is a defect of trialect; please report it.",
    "trialect promise 1",
)


@_check(ROWS)
def rows(outputs: Outputs) -> Iterator[Problem]:
    """For every form, in = mapped + rejected."""
    for form in outputs.account.forms.values():
        if form.rows != form.mapped + form.rejected:
            yield ROWS.problem(
                file=form.file, rows=form.rows, mapped=form.mapped, rejected=form.rejected
            )


PATIENTS = rule(
    "CROSS-PATIENTS",
    "error",
    "Subjects and patients differ in number",
    "DM holds {subjects} subjects, the manifest counts {counted}, FHIR has {patients} Patient and "
    "{research_subjects} ResearchSubject resources.",
    "Look for subjects whose DM record is incomplete.",
)


@_check(PATIENTS)
def patients(outputs: Outputs) -> Iterator[Problem]:
    """DM count = subjects of the manifest = Patient count = ResearchSubject count."""
    account = outputs.account
    subjects = account.datasets.get("DM", 0)
    counts = {"patients": subjects, "research_subjects": subjects}
    if "fhir" in account.targets:
        counts["patients"] = _lines(outputs, "Patient")
        counts["research_subjects"] = _lines(outputs, "ResearchSubject")
    if {subjects} != {account.subjects, *counts.values()}:
        yield PATIENTS.problem(domain="DM", subjects=subjects, counted=account.subjects, **counts)


def _lines(outputs: Outputs, type: str) -> int:
    """How many resources of a type lie in the package."""
    path = outputs.plan.package / FHIR_NDJSON / f"{type}.ndjson"
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


ARMS = rule(
    "CROSS-ARMS",
    "error",
    "The arms differ between outputs",
    "study.yaml has the arms {planned}; {where} has {found}.",
    "Give every arm its elements in study.yaml.",
)


@_check(ARMS)
def arms(outputs: Outputs) -> Iterator[Problem]:
    """The arms of the study are those of TA and of ResearchStudy, as written."""
    study = outputs.plan.study
    codes = {arm.code for arm in study.arms}
    ta = next((meta for meta in outputs.plan.metas if meta.name == "TA"), None)
    if ta is not None and ta.variable("ARMCD") is not None:
        tabulated: set[str | None] = set()
        for frame in outputs.plan.batches(ta):
            tabulated |= set(frame["ARMCD"])
        if codes != tabulated:
            yield _arms("TA", codes, tabulated)
    path = outputs.plan.package / FHIR_NDJSON / "ResearchStudy.ndjson"
    if path.is_file():
        resource = orjson.loads(path.read_bytes().splitlines()[0])
        element = ARMS_IN[study.fhir.release]
        told = [arm.get("name") for arm in resource.get(element, [])]
        names = [arm.name for arm in study.arms]
        if sorted(names) != sorted(map(str, told)):
            yield _arms("ResearchStudy", names, told, f"ResearchStudy.{element}")


ARMS_IN = {"R4": "arm", "R5": "comparisonGroup"}
"""The element of ResearchStudy that holds the arms."""


def _arms(
    where: str, planned: Iterable[str], found: Iterable[str | None], path: str | None = None
) -> Problem:
    return ARMS.problem(
        domain="TA" if where == "TA" else None,
        path=path,
        where=where,
        planned=", ".join(sorted(planned)) or "none",
        found=", ".join(sorted(map(str, found))) or "none",
    )


FILES = rule(
    "CROSS-FILES",
    "error",
    "A dataset has no file",
    "{domain} has {records} records and was not written as {format}.",
    "The findings on {domain} say why; mend them and convert again.",
    "FDA technical rejection criterion 1736",
)


@_check(FILES)
def files(outputs: Outputs) -> Iterator[Problem]:
    """Every dataset is written in every form that is wanted."""
    plan = outputs.plan
    for meta in plan.metas:
        if "sdtm" in plan.targets:
            written = outputs.files.get(meta.name, ())
            if not written or not all((plan.sdtm / name).is_file() for name in written):
                yield FILES.problem(domain=meta.name, records=meta.rows, format="XPT")
        if "dataset-json" in plan.targets:
            for suffix in (".json", ".ndjson"):
                path = plan.package / DATASET_JSON / f"{meta.name.lower()}{suffix}"
                if not path.is_file():
                    yield FILES.problem(
                        domain=meta.name, records=meta.rows, format=f"Dataset-JSON ({suffix})"
                    )


NO_DEFINE = rule(
    "CROSS-NO-DEFINE",
    "error",
    "The datasets have no define.xml",
    "define.xml was not written.",
    "The other findings say why; without it a submission is rejected.",
    "FDA technical rejection criterion 1736",
)


@_check(NO_DEFINE)
def define(outputs: Outputs) -> Iterator[Problem]:
    """Names, order, labels, types and lengths of define.xml are those of the XPT files, as read."""
    if "sdtm" not in outputs.plan.targets:
        return
    path = outputs.plan.sdtm / DEFINE
    if not path.is_file():
        yield NO_DEFINE.problem(file=DEFINE)
        return
    names = [name for written in outputs.files.values() for name in written]
    yield from check_define_against(path, [outputs.plan.sdtm / name for name in names])


@_check("trial")
def trial(outputs: Outputs) -> Iterator[Problem]:
    """The checks of whole datasets, on the profiles of all partitions together."""
    variables = {meta.name: [one.name for one in meta.variables] for meta in outputs.plan.metas}
    profiles = merge(part.profiles for part in outputs.plan.parts)
    yield from run_trial_checks(profiles, variables)


@_check(REQUIRED_DATASETS)
def required_datasets(outputs: Outputs) -> Iterator[Problem]:
    """DM and TS are there."""
    names = {meta.name for meta in outputs.plan.metas}
    for domain in ("DM", "TS"):
        if domain not in names:
            yield REQUIRED_DATASETS.problem(domain=domain)
