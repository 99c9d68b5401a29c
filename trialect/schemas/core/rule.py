"""One rule of the CORE language as its YAML says it: data, no behaviour.

Names are those of the public reference (cdisc-org/cdisc-rules-engine, resources/schema) in
snake case. What a rule means is told by `operators`, `operations`, `rule_types` and `engine`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Sensitivity = Literal["Record", "Dataset", "Group", "Study"]
Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a rule comes from: the id under which an organization publishes it for a standard.

    `citations` are the places of the document, as (document, section, item, guidance).
    """

    organization: str
    standard: str
    version: str
    substandard: str
    rule_id: str
    citations: tuple[tuple[str, str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A leaf of the check: `operator` asked of the column `name`, with a `value` to compare to.

    `name` None asks it of every column. `options` are the other keys (prefix, suffix, within,
    ordering, value_is_literal, value_is_reference, regex, negative, type_insensitive, ...).
    """

    operator: str
    name: str | None
    value: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined: all of them, any of them, or not the one."""

    kind: Literal["all", "any", "not"]
    members: tuple[Check, ...]


Check = Condition | Group


@dataclass(frozen=True, slots=True)
class Operation:
    """A value that is computed before the check and stands in it as the column `id`."""

    id: str
    operator: str
    name: str | None = None
    domain: str | None = None
    group: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MatchDataset:
    """Another dataset whose records are joined to those under check, on `keys` (left, right).

    `child` says that the dataset under check is the child of what is joined (SUPP--, CO, RELREC).
    """

    name: str
    keys: tuple[tuple[str, str], ...]
    child: bool = False
    wildcard: str = "**"
    join: Literal["inner", "left"] = "inner"


@dataclass(frozen=True, slots=True)
class Listed:
    """What a scope includes and excludes of one kind; empty means that it says nothing."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.include or self.exclude)


@dataclass(frozen=True, slots=True)
class Scope:
    """The datasets that a rule is about.

    `split` is `include_split_datasets`: True looks at the parts of a split dataset one by one,
    False at none of them, None at them together.
    """

    classes: Listed = Listed()
    domains: Listed = Listed()
    split: bool | None = None
    data_structures: Listed = Listed()
    entities: Listed = Listed()
    use_cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CoreRule:
    """A rule as published; `file` is where it was read from.

    `authorities` is what the rule says of its origin, as it is written; `references` reads it.
    `severity`, `alone`, `mend` and `replaces` are trialect's own keys (`Trialect: {Severity:,
    Alone:, Mend:, Replaces:}`), which the CORE language has no words for: how bad a finding is,
    how bad in datasets that no Define-XML describes, as they may be a piece of a submission (None:
    the same), how to mend it, and which of trialect's checks of a conversion say the same. Where a
    rule does not say how bad it is, it is an error, and a warning when its Executability says that
    it may tell of what is in order.
    """

    id: str
    rule_type: str
    check: Check
    sensitivity: Sensitivity
    message: str
    description: str = ""
    status: str = ""
    executability: str = ""
    output_variables: tuple[str, ...] = ()
    grouping_variables: tuple[str, ...] = ()
    scope: Scope = Scope()
    operations: tuple[Operation, ...] = ()
    match_datasets: tuple[MatchDataset, ...] = ()
    authorities: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    severity: Severity = "error"
    alone: Severity | None = None
    mend: str = ""
    replaces: tuple[str, ...] = ()
    file: str = ""

    @property
    def references(self) -> tuple[Reference, ...]:
        """Under which ids, and from which places of which documents, it is published."""
        return tuple(_references(self.authorities))

    @property
    def source(self) -> str:
        """The ids under which organizations publish the rule (`CG0101, FB1501`)."""
        return ", ".join(dict.fromkeys(one.rule_id for one in self.references if one.rule_id))


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that cannot run, and why."""

    id: str
    file: str
    reason: str
    line: int | None = None


def conditions(check: Check) -> Iterator[Condition]:
    """The leaves of a check, from the first to the last."""
    if isinstance(check, Condition):
        yield check
    else:
        for member in check.members:
            yield from conditions(member)


def _references(authorities: Iterable[Mapping[str, Any]]) -> Iterator[Reference]:
    for authority in _mappings(list(authorities)):
        for standard in _mappings(authority.get("Standards")):
            for reference in _mappings(standard.get("References")):
                (ids,) = _mappings([_either(reference, "Rule Identifier")]) or [{}]
                yield Reference(
                    organization=_text(authority.get("Organization")),
                    standard=_text(standard.get("Name")),
                    version=_text(standard.get("Version")),
                    substandard=_text(standard.get("Substandard")),
                    rule_id=_text(ids.get("Id")),
                    citations=tuple(
                        (
                            _text(one.get("Document")),
                            _text(one.get("Section")),
                            _text(one.get("Item")),
                            _text(_either(one, "Cited Guidance")),
                        )
                        for one in _mappings(reference.get("Citations"))
                    ),
                )


def _either(given: Mapping[str, Any], key: str) -> Any:
    """A key in either spelling of the language: `Rule Identifier` or `Rule_Identifier`."""
    return given.get(key, given.get(key.replace(" ", "_")))


def _mappings(given: Any) -> list[Mapping[str, Any]]:
    """Those of a list that are mappings; what else stands there says nothing of an origin."""
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []


def _text(given: Any) -> str:
    return "" if given is None else str(given)
