"""Checks between the outputs of one conversion: they tell the same, in the same numbers.

Each is a small unit in the registry `CROSS_CHECKS`, with its rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from trialect.converters.account import Account
from trialect.converters.datasets import Plan
from trialect.problems import Problem, Rule, rule
from trialect.profile import merge
from trialect.schemas.sdtm.checks import run_trial_checks


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
    "DM holds {subjects} subjects, FHIR {patients} Patient and {research_subjects} "
    "ResearchSubject resources.",
    "Look for subjects whose DM record is incomplete.",
)


@_check(PATIENTS)
def patients(outputs: Outputs) -> Iterator[Problem]:
    """DM count = Patient count = ResearchSubject count = subjects of the manifest."""
    account = outputs.account
    if "fhir" not in account.targets:
        return
    counts = {account.fhir["Patient"], account.fhir["ResearchSubject"], account.subjects}
    if len(counts) > 1 or account.datasets.get("DM", 0) != account.subjects:
        yield PATIENTS.problem(
            domain="DM",
            subjects=account.datasets.get("DM", 0),
            patients=account.fhir["Patient"],
            research_subjects=account.fhir["ResearchSubject"],
        )


OBSERVATIONS = rule(
    "CROSS-OBSERVATIONS",
    "error",
    "Records and Observations differ in number",
    "QS holds {records} records, FHIR {observations} Observations of them.",
    "Look for records of QS without subject or test.",
)


@_check(OBSERVATIONS)
def observations(outputs: Outputs) -> Iterator[Problem]:
    """Every record of QS is one Observation."""
    account = outputs.account
    records = account.datasets.get("QS", 0)
    if "fhir" in account.targets and records != account.fhir["Observation"]:
        yield OBSERVATIONS.problem(
            domain="QS", records=records, observations=account.fhir["Observation"]
        )


ARMS = rule(
    "CROSS-ARMS",
    "error",
    "The arms differ between outputs",
    "study.yaml has {planned} arms ({codes}), TA {tabulated}.",
    "Give every arm its elements in study.yaml.",
)


@_check(ARMS)
def arms(outputs: Outputs) -> Iterator[Problem]:
    """The arms of the study are those of TA (and of ResearchStudy, made from the same)."""
    study = outputs.plan.study
    ta = next((meta for meta in outputs.plan.metas if meta.name == "TA"), None)
    if ta is None:
        return
    codes = {arm.code for arm in study.arms}
    tabulated = set()
    for frame in outputs.plan.batches(ta):
        tabulated |= set(frame["ARMCD"])
    if codes != tabulated:
        yield ARMS.problem(
            domain="TA",
            variable="ARMCD",
            planned=len(codes),
            codes=", ".join(sorted(codes)),
            tabulated=", ".join(sorted(tabulated)) or "none",
        )


FILES = rule(
    "CROSS-FILES",
    "error",
    "A dataset has no file",
    "{domain} has {records} records and was not written as XPT.",
    "The findings on {domain} say why; mend them and convert again.",
    "FDA technical rejection criterion 1736",
)


@_check(FILES)
def files(outputs: Outputs) -> Iterator[Problem]:
    """Every dataset with records is written."""
    if "sdtm" in outputs.account.targets:
        for meta in outputs.plan.metas:
            if not outputs.files.get(meta.name):
                yield FILES.problem(domain=meta.name, records=meta.rows)


@_check("trial")
def trial(outputs: Outputs) -> Iterator[Problem]:
    """The checks of whole datasets, on the profiles of all partitions together."""
    variables = {meta.name: [one.name for one in meta.variables] for meta in outputs.plan.metas}
    profiles = merge(part.profiles for part in outputs.plan.parts)
    yield from run_trial_checks(profiles, variables)


@_check("define")
def define(outputs: Outputs) -> Iterator[Problem]:
    """Lengths, names, labels and order of define.xml are those of the XPT files, read back."""
    if "sdtm" in outputs.account.targets:
        from trialect.converters.submitted import define_against_files

        paths = [outputs.plan.sdtm / name for names in outputs.files.values() for name in names]
        yield from define_against_files(outputs.plan.sdtm / "define.xml", paths)


REQUIRED_DATASETS = rule(
    "SDTM-REQUIRED-DATASET",
    "error",
    "A dataset that every submission needs is missing",
    "The package has no {domain}.",
    "Map the form that holds it; without DM and TS a submission is rejected.",
    "FDA technical rejection criteria 1734 and 1736",
)


@_check(REQUIRED_DATASETS)
def required_datasets(outputs: Outputs) -> Iterator[Problem]:
    """DM and TS are there."""
    names = {meta.name for meta in outputs.plan.metas}
    for domain in ("DM", "TS"):
        if domain not in names:
            yield REQUIRED_DATASETS.problem(domain=domain)
