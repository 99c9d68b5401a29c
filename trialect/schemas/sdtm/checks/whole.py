"""Checks of a whole dataset: what no partition of the subjects can tell by itself.

They read the merged profiles and the variables as they are submitted, never the records, so that
their findings do not depend on how the subjects were split.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trialect.problems import Problem, Rule, Severity, rule
from trialect.schemas.sdtm.model import GENERAL_CLASSES, Dataset, dataset
from trialect.schemas.sdtm.one_to_one import ONE_TO_ONE, REFERENCES, OneToOne

if TYPE_CHECKING:
    from trialect.profile import DatasetProfile
    from trialect.relations import Seen


@dataclass(frozen=True, slots=True)
class Whole:
    """One dataset of the trial: its variables in the order in which they are submitted, its
    profile, and those of all datasets.
    """

    name: str
    model: Dataset
    variables: tuple[str, ...]
    profile: DatasetProfile
    datasets: Mapping[str, tuple[str, ...]]
    profiles: Mapping[str, DatasetProfile]

    def expand(self, name: str) -> str:
        """`--SEQ` as this dataset spells it."""
        return self.model.expand(name)


Find = Callable[[Whole], Iterator[dict[str, Any]]]
"""Yields what fills the message and the place of each failure."""


@dataclass(frozen=True, slots=True)
class WholeCheck:
    """A rule with the function that finds where a dataset breaks it."""

    rule: Rule
    find: Find


WHOLE_CHECKS: dict[str, WholeCheck] = {}
"""Every check of whole datasets by the id of its rule, in the order in which they run."""


def whole_check(
    id: str, severity: Severity | str, title: str, message: str, mend: str, source: str
) -> Callable[[Find], Find]:
    """Declare a check of whole datasets."""
    declared = rule(id, severity, title, message, mend, source)

    def register(find: Find) -> Find:
        WHOLE_CHECKS[id] = WholeCheck(declared, find)
        return find

    return register


def run_trial_checks(
    profiles: Mapping[str, DatasetProfile],
    variables: Mapping[str, Sequence[str]] | None = None,
    checks: Sequence[WholeCheck] | None = None,
) -> Iterator[Problem]:
    """Check the datasets of a trial by their merged profiles.

    `variables` are those of each dataset in the order in which they are submitted (default: those
    of the profile). Yields the findings by dataset, and within it by check.
    """
    columns = {
        name: tuple(variables[name] if variables and name in variables else one.variables)
        for name, one in profiles.items()
    }
    for name, profile in profiles.items():
        model = dataset(name)
        if model is None:
            continue
        whole = Whole(name, model, columns[name], profile, columns, profiles)
        for check in checks if checks is not None else WHOLE_CHECKS.values():
            for given in check.find(whole):
                yield check.rule.problem(domain=name, dataset=name, **given)


@whole_check(
    "SDTM-REQUIRED-MISSING",
    "error",
    "A Required variable is missing",
    "{dataset} has no {variable}, which is Required.",
    "Add a line for {variable} to the domain's mapping table.",
    "CG0014; SDTMIG 3.4, 4.1.5",
)
def required_missing(whole: Whole) -> Iterator[dict[str, Any]]:
    """Core Req: the variable is there."""
    yield from _missing(whole, "Req")


@whole_check(
    "SDTM-EXPECTED-MISSING",
    "warning",
    "An Expected variable is missing",
    "{dataset} has no {variable}, which is Expected.",
    "Add a line for {variable} to the domain's mapping table; it may be empty, but must be there.",
    "CG0016; SDTMIG 3.4, 4.1.5",
)
def expected_missing(whole: Whole) -> Iterator[dict[str, Any]]:
    """Core Exp: the variable is there."""
    yield from _missing(whole, "Exp")


def _missing(whole: Whole, core: str) -> Iterator[dict[str, Any]]:
    for variable in whole.model.variables:
        if variable.core == core and variable.name not in whole.variables:
            yield {"variable": variable.name}


@whole_check(
    "SDTM-VARIABLE-UNKNOWN",
    "error",
    "A variable is not in the model",
    "{variable} is no variable of {dataset} in SDTMIG 3.4 or the SDTM.",
    "Submit it as a supplemental qualifier: any other name in the mapping table becomes one.",
    "CG0013; CG0351; CG0353; CG0354; CG0355; CG0507; CG0508; CG0509; CG0510; CG0511; CG0552; "
    "CG0621; CG0622; CG0623; CG0624; CG0625; CG0626; CG0627; CG0628; CG0629; CG0630; CG0631; "
    "CG0632; CG0633; CG0634; CG0635; CG0636; CG0637; CG0638; CG0639; CG0640; CG0641; CG0642; "
    "CG0643; CG0644; SDTMIG 3.4, 8.4",
)
def variable_unknown(whole: Whole) -> Iterator[dict[str, Any]]:
    """Variables are the dataset's own, or belong to the SDTM model of its class."""
    model = whole.model
    # A finding about an event is a finding.
    beyond = MODEL_ONLY["All"] | MODEL_ONLY.get(model.observation_class.split(" ")[0], frozenset())
    in_model = {model.expand(f"--{name}") for name in beyond} | {"POOLID"}
    if model.observation_class not in GENERAL_CLASSES:
        in_model = set()
    for name in whole.variables:
        if model.allowed(name) is None and name not in in_model and not _continues_text(name):
            yield {"variable": name}


MODEL_ONLY = {
    "All": frozenset(
        {"RECID", "CNTMOD", "EPCHGI", "LAT", "DIR", "PORTOT"}
        | {"XDY", "XSTDY", "XENDY", "CHDY", "CHSTDY", "CHENDY"}
    ),
    "Events": frozenset({"REASOC", "TOX"}),
    "Interventions": frozenset({"TDOSD", "FTDOSD", "TRTV", "VAMT", "VAMTU"}),
    "Findings": frozenset({"CHRON", "DISTR", "CSTATE", "SEV", "REASPF"}),
}
"""Variables of the SDTM 2.0 (3.1) that no dataset of the class lists in SDTMIG 3.4, but for those
that the conformance rules keep out of human trials (CG0507 and its kin)."""


@whole_check(
    "SDTM-VARIABLE-NOT-HERE",
    "error",
    "A variable of the model is not meant for this dataset",
    "{variable} is not used in {dataset}: {why}.",
    "Submit what it holds elsewhere, or as a supplemental qualifier.",
    "CG0040; CG0044; CG0304; CG0564; CG0565; CG0566; CG0567; SDTMIG 3.4, 6.2.1, 6.3",
)
def variable_not_here(whole: Whole) -> Iterator[dict[str, Any]]:
    """AE holds what happened only; some variables are of one dataset."""
    kept_out = {f"AE{name}": "AE holds only events that happened" for name in NOT_IN_AE}
    for name, home in HOMES.items():
        if home != whole.name[:2]:
            kept_out[whole.expand(f"--{name}")] = f"it is of {home}"
    for variable in whole.variables:
        if variable in kept_out:
            yield {"variable": variable, "why": kept_out[variable]}


NOT_IN_AE = ("OCCUR", "STAT", "REASND")
HOMES = {"AGENT": "MS", "CONC": "MS", "CONCU": "MS", "EVDTYP": "MH"}
"""Variables that SDTMIG has in one dataset alone."""


def _continues_text(name: str) -> bool:
    """TSVAL1..n and COVAL1..n carry on a text over 200 characters (SDTMIG 3.4, 4.5.3)."""
    return name.startswith(("TSVAL", "COVAL")) and name[5:].isdigit()


@whole_check(
    "SDTM-ORDER",
    "warning",
    "Variables are not in the order of the model",
    "{variable} of {dataset} stands after {after}; SDTM has it before.",
    "Let trialect write the dataset, or reorder its variables.",
    "CG0330; CG0664; SDTMIG 3.4, 4.1.4",
)
def order(whole: Whole) -> Iterator[dict[str, Any]]:
    """Variables stand in the order of SDTMIG, others of the model where the model has them."""
    known = [name for name in whole.variables if whole.model.allowed(name) is not None]
    for before, after in itertools.pairwise(known):
        if whole.model.place(after) < whole.model.place(before):
            yield {"variable": after, "after": before}


COMPANIONS = (
    ("--SCAT", "--CAT"),
    ("IESCAT", "IECAT"),
    ("--TPT", "--TPTNUM"),
    ("--TPTNUM", "--TPT"),
    ("--ELTM", "--TPTREF"),
    ("--RFTDTC", "--TPTREF"),
    ("--STTPT", "--STRTPT"),
    ("--STRTPT", "--STTPT"),
    ("--ENTPT", "--ENRTPT"),
    ("--ENRTPT", "--ENTPT"),
)
"""A variable, and the one that must be in the dataset where it is."""


@whole_check(
    "SDTM-COMPANION-MISSING",
    "error",
    "A variable is there without the one it needs",
    "{dataset} has {present} and no {variable}.",
    "Map {variable} as well, or leave {present} out.",
    "CG0057; CG0058; CG0060; CG0062; CG0090; CG0091; CG0092; CG0430; CG0468; CG0661; FB3701; "
    "SDTMIG 3.4, 4.4.7, 4.4.10",
)
def companion_missing(whole: Whole) -> Iterator[dict[str, Any]]:
    """Time points, categories and relative times come in pairs."""
    pairs = [(whole.expand(name), whole.expand(needed)) for name, needed in COMPANIONS]
    for present, absent in dict.fromkeys(pairs):
        if present in whole.variables and absent not in whole.variables:
            yield {"variable": absent, "present": present}


@whole_check(
    "SDTM-RDOMAIN-ABSENT",
    "error",
    "A related record belongs to a dataset that is not there",
    "RDOMAIN is {value!r} in {records} of {dataset}; the trial has no such dataset.",
    "Correct the domain, or map its dataset.",
    "CG0369; CG0373; CG0374; SDTMIG 3.4, 8",
)
def rdomain_absent(whole: Whole) -> Iterator[dict[str, Any]]:
    """RDOMAIN names a dataset of the trial; not asked of a dataset that is looked at alone."""
    present = {_domain(name) for name in whole.datasets if not _relates(name)}
    if not present:
        return
    for value, beside in whole.profile.relations.get(REFERENCES, {}).items():
        if value not in present:
            yield {"variable": "RDOMAIN", "value": value, **_counted(beside.values())}


@whole_check(
    "SDTM-IDVAR-UNKNOWN",
    "error",
    "A related record is told by a variable that is not there",
    "IDVAR is {value!r} in {records} of {dataset}; {parent} has no such variable.",
    "Name a variable of {parent}.",
    "CG0370; SDTMIG 3.4, 8.4.1",
)
def idvar_unknown(whole: Whole) -> Iterator[dict[str, Any]]:
    """IDVAR names a variable of the dataset that RDOMAIN names."""
    for parent, beside in whole.profile.relations.get(REFERENCES, {}).items():
        parts = [names for name, names in whole.datasets.items() if _domain(name) == parent]
        for idvar, seen in beside.items():
            if parts and idvar is not None and not any(idvar in names for names in parts):
                yield {"variable": "IDVAR", "value": idvar, "parent": parent, **_counted([seen])}


@whole_check(
    "SDTM-IE-TEST-NOT-IN-TI",
    "error",
    "A criterion's text is not that of TI",
    "IETEST is {value!r} in {records} of {dataset}, which TI does not hold.",
    "Leave IETEST to trialect, or give the criterion's text in study.yaml (criteria).",
    "CG0178; SDTMIG 3.4, 6.3.4",
)
def criterion_text_in_ti(whole: Whole) -> Iterator[dict[str, Any]]:
    """IETEST stands in TI."""
    planned = whole.profiles.get("TI")
    texts = planned.variables.get("IETEST") if planned is not None else None
    if whole.name == "IE" and texts is not None and texts.values is not None:
        for beside in whole.profile.relations.get(("IETESTCD", "IETEST"), {}).values():
            for text, seen in beside.items():
                if text is not None and text not in texts.values:
                    yield {"variable": "IETEST", "value": text, **_counted([seen])}


def _relates(name: str) -> bool:
    return name.startswith("SUPP") or name in ("RELREC", "CO")


def _domain(name: str) -> str:
    """The domain of a dataset, also of a part of it (QSPH)."""
    model = dataset(name)
    split = model is not None and len(name) in (3, 4) and model.has_subjects
    return name[:2] if split and not _relates(name) else name


def _counted(found: Any) -> dict[str, Any]:
    """How many records there are, and the first of them."""
    seen = list(found)
    first = seen[0]
    for one in seen[1:]:
        first = first.merged(one)
    return {"records": _records(first.records), "file": first.form, "row": first.row}


def _records(count: int) -> str:
    return f"{count} record{'' if count == 1 else 's'}"


def _one_to_one(relation: OneToOne) -> Find:
    def find(whole: Whole) -> Iterator[dict[str, Any]]:
        name, other = relation.variables(whole.name)
        pairs = whole.profile.relations.get((name, other), {})
        told = set(pairs) if relation.name != "VISITNUM" else _planned_visits(whole)
        back: dict[str, dict[str | None, Seen]] = {}
        for value, beside in pairs.items():
            if len(beside) > 1:
                yield _conflict(name, value, other, beside)
            for label, seen in beside.items():
                if label is not None and value in told:
                    back.setdefault(label, {})[value] = seen
        for label, values in sorted(back.items()):
            if len(values) > 1:
                yield _conflict(other, label, name, values)

    return find


def _planned_visits(whole: Whole) -> set[str]:
    """The numbers of planned visits; unscheduled ones may share their name (CG0035)."""
    plan = whole.profiles.get("TV")
    known = plan.variables.get("VISITNUM") if plan is not None else None
    return (known.values if known is not None else None) or set()


def _conflict(
    variable: str, value: str, other: str, others: Mapping[str | None, Seen]
) -> dict[str, Any]:
    """The rarest of the values is the one to look at first."""
    ordered = sorted(others.items(), key=lambda one: (-one[1].records, one[0] or ""))
    listed = ", ".join(
        f"{'none' if label is None else repr(label)} in {_records(seen.records)}"
        for label, seen in ordered
    )
    rarest = ordered[-1][1]
    return {
        "variable": variable,
        "value": value,
        "other": other,
        "others": listed,
        "file": rarest.form,
        "row": rarest.row,
    }


for _relation in ONE_TO_ONE:
    whole_check(
        _relation.rule,
        "error",
        _relation.title,
        "{variable} {value!r} goes with more than one {other}: {others}.",
        _relation.mend,
        _relation.source,
    )(_one_to_one(_relation))
