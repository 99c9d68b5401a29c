"""Records joined to those under check, as a rule's Match Datasets say.

Datasets are joined on keys; SUPP-- is turned on its side first, so that each QNAM is a column;
RELREC joins what it relates; a child (SUPP--, CO, RELREC under check) is joined to its parents.
"""

from __future__ import annotations

from trialect.schemas.core.joins.keys import on_keys
from trialect.schemas.core.joins.parents import REFERENCE, with_parent
from trialect.schemas.core.joins.qualifiers import with_qualifiers
from trialect.schemas.core.joins.relations import related
from trialect.schemas.core.outcome import MissingDataset
from trialect.schemas.core.package import Dataset
from trialect.schemas.core.rule import CoreRule, MatchDataset, conditions
from trialect.schemas.core.study import Study
from trialect.schemas.core.table import Table


def matched(table: Table, rule: CoreRule, dataset: Dataset, study: Study) -> Table:
    """The table joined to all that the rule matches it to.

    A dataset whose records need not be there (SUPP--, RELREC, a left join) is not joined where it
    is absent. Raises `MissingDataset` for another.
    """
    for match in rule.match_datasets:
        if match.child:
            table = _with_parents(table, match, dataset, study)
        elif match.name != dataset.whole:
            table = _with_dataset(table, match, rule, dataset, study)
    return table


def _with_dataset(
    table: Table, match: MatchDataset, rule: CoreRule, dataset: Dataset, study: Study
) -> Table:
    name = match.name
    if name == "SUPP--":
        if dataset.is_supp:
            return table
        name = f"SUPP{dataset.whole}"
    if not study.datasets.named(name):
        if match.join == "left" or name == "RELREC" or name.startswith(("SUPP", "SQ")):
            return table
        raise MissingDataset(name)
    if name == "RELREC":
        return related(table, dataset.domain or dataset.name, match.wildcard, study)
    other = study.whole(name)
    if name.startswith(("SUPP", "SQ")):
        return with_qualifiers(table, other)
    if asked := _asked_of(rule, match.name):
        other = other.renamed({column: f"{match.name}.{column}" for column in asked})

    def joined() -> Table:
        return on_keys(table, other, match, dataset.domain or "", name)

    return table.kept(("joined", match, asked), table.names, joined)


def _asked_of(rule: CoreRule, name: str) -> frozenset[str]:
    """The variables that the rule asks for as those of one dataset (`SE.EPOCH`)."""
    start = f"{name}."
    asked = [text for one in conditions(rule.check) for text in (one.name, one.value)]
    return frozenset(
        text.removeprefix(start)
        for text in asked
        if isinstance(text, str) and text.startswith(start)
    )


def _with_parents(table: Table, match: MatchDataset, dataset: Dataset, study: Study) -> Table:
    """A child's records, each with the variables of the parent record that it belongs to."""
    names = {left for left, _ in match.keys}
    for name in _parents(table, match, dataset, study):
        parent = study.whole(name)
        named = dataset.is_supp or table.has("RDOMAIN")
        if named and not names.isdisjoint(REFERENCE):
            table = with_parent(table, parent, name, match, dataset.domain or "")
        else:
            left = MatchDataset(match.name, match.keys, join="left")
            table = on_keys(table, parent, left, dataset.domain or "", name)
    return table


def _parents(table: Table, match: MatchDataset, dataset: Dataset, study: Study) -> list[str]:
    """The domains that a child's records belong to, of those that are in the package."""
    if dataset.is_supp:
        mine = match.name in ("SUPP--", "SQAP--", dataset.name, dataset.whole)
        found = {dataset.rdomain} if mine else set()
    elif match.name not in (dataset.domain, dataset.name):
        found = set()
    elif table.has("RDOMAIN"):
        found = set(table.series("RDOMAIN").drop_nulls().unique().to_list())
    else:
        keys = [left for left, _ in match.keys]
        found = {
            one.domain for one in study.datasets if all(key in one.frame.columns for key in keys)
        }
    return sorted(name for name in found if name and _is_domain(study, name))


def _is_domain(study: Study, name: str) -> bool:
    return any(one.domain == name for one in study.datasets.named(name))
