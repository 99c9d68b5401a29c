"""Whether a rule is about a dataset."""

from __future__ import annotations

from trialect.schemas.core.library import FINDINGS, FINDINGS_ABOUT
from trialect.schemas.core.package import Dataset, Datasets
from trialect.schemas.core.rule import CoreRule, Listed

ALL = "ALL"


def out_of_scope(rule: CoreRule, dataset: Dataset, datasets: Datasets) -> str | None:
    """Why the rule is not about the dataset, for a person; None when it is."""
    if not _data_structure_fits(rule.scope.data_structures, dataset):
        return "the rule is not about its data structure"
    if not _domain_fits(rule, dataset):
        return "the rule is not about its domain"
    if not _class_fits(rule.scope.classes, dataset, datasets):
        return "the rule is not about its class"
    if rule.scope.entities and not _entity_fits(rule.scope.entities, dataset):
        return "the rule is not about it"
    return None


def _domain_fits(rule: CoreRule, dataset: Dataset) -> bool:
    listed, split = rule.scope.domains, rule.scope.split
    if listed.include:
        included = _named(listed.include, dataset)
    else:
        included = not (split is True and not dataset.is_split)
    excluded = _named(listed.exclude, dataset) or dataset.whole in listed.exclude
    if split is True and dataset.is_split and not excluded:
        included = True
    if split is False and dataset.is_split:
        excluded = True
    return included and not excluded


def _named(names: tuple[str, ...], dataset: Dataset) -> bool:
    """Whether a list names the dataset: by domain, by name, by a pattern (`SUPP--`), or all."""
    if ALL in names or dataset.name in names or (dataset.domain and dataset.domain in names):
        return True
    supplemental = dataset.is_supp and ("SUPP--" in names or "SQ--" in names)
    return supplemental or (dataset.is_ap and ("AP--" in names or "APFA--" in names))


def _class_fits(listed: Listed, dataset: Dataset, datasets: Datasets) -> bool:
    """Findings About is a kind of Findings (SDTM 2.0, 3.1.3.1)."""
    if ALL in listed.include or not listed:
        return True
    cls = datasets.class_of(dataset)
    kinds = {cls, FINDINGS} if cls == FINDINGS_ABOUT else {cls}
    if listed.include and kinds.isdisjoint(listed.include):
        return False
    return cls is None or kinds.isdisjoint(listed.exclude)


_BDS = frozenset({"PARAMCD", "PARAM", "AVAL", "AVALC"})


def _data_structure_fits(listed: Listed, dataset: Dataset) -> bool:
    if not listed or ALL in listed.include:
        return True
    names = {name.upper() for name in dataset.frame.columns}
    if dataset.name.upper() == "ADSL":
        kind = "SUBJECT LEVEL ANALYSIS DATASET"
    elif names & _BDS:
        kind = "BASIC DATA STRUCTURE"
    elif any(name.endswith(("TRT", "TERM")) for name in names):
        kind = "OCCURRENCE DATA STRUCTURE"
    else:
        kind = "ADAM OTHER"
    included = not listed.include or kind in listed.include
    return included and kind not in listed.exclude


def _entity_fits(listed: Listed, dataset: Dataset) -> bool:
    included = dataset.name in listed.include or ALL in listed.include
    return included and not (dataset.name in listed.exclude or ALL in listed.exclude)
