"""Makes instances of USDM's classes, each with an id of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from trialect.mappings.registry.usdm.terms import Coding, unknown
from trialect.schemas.registry.usdm_facts import classes

Instance = dict[str, Any]


class Instances:
    """Counts what is made, so that ids and names are unique and the same in every run."""

    def __init__(self) -> None:
        self._made: Counter[str] = Counter()
        self._names: dict[str, Counter[str]] = {}
        self.not_stated: list[str] = []
        """Attributes that USDM requires and the study does not say, as `Class.attribute`."""

    def make(self, of: str, **values: Any) -> Instance:
        """An instance of a class with all its attributes, as CDISC's examples have them.

        What is not given is null or an empty list.
        """
        self._made[of] += 1
        made: Instance = {"id": f"{of}_{self._made[of]}"}
        made.update((name, list(empty) if empty == () else None) for name, empty in _EMPTY[of])
        for name, value in values.items():
            if value is not None:
                made[name] = value
        made["instanceType"] = of
        return made

    def named(self, of: str, name: str, label: str | None = None, **values: Any) -> Instance:
        """An instance with a name that no other of its class has.

        Where another has it, a number is added and the name as it stands becomes the label.
        """
        taken = self._names.setdefault(of, Counter())
        unique = name
        while unique in taken:
            taken[name] += 1
            unique = f"{name} ({taken[name]})"
        taken[unique] = 1
        if unique != name:
            label = label or name
        return self.make(of, name=unique, label=label, **values)

    def code(self, coding: Coding) -> Instance:
        """A Code."""
        return self.make(
            "Code",
            code=coding.code,
            codeSystem=coding.system,
            codeSystemVersion=coding.version,
            decode=coding.decode,
        )

    def alias(self, coding: Coding) -> Instance:
        """A Code where USDM wants one that may have others beside it."""
        return self.make("AliasCode", standardCode=self.code(coding))

    def code_or_unknown(self, coding: Coding | None, attribute: str) -> Instance:
        """A Code that USDM requires; that for Unknown where the study does not say it."""
        if coding is None:
            self.not_stated.append(attribute)
        return self.code(coding or unknown())

    def quantity(self, value: float, unit: Coding | None = None) -> Instance:
        """A Quantity, of a whole number where the value is one."""
        number = int(value) if value == int(value) else value
        return self.make("Quantity", value=number, unit=self.alias(unit) if unit else None)


class _Empty(dict[str, tuple[tuple[str, tuple[()] | None], ...]]):
    """The attributes of each class without values; of an extension only what it must have."""

    def __missing__(self, of: str) -> tuple[tuple[str, tuple[()] | None], ...]:
        left_out = {"id", "instanceType", "extensionAttributes"}
        found = tuple(
            (name, () if one.is_list else None)
            for name, one in classes()[of].items()
            if name not in left_out and (one.is_required or not of.startswith("Extension"))
        )
        self[of] = found
        return found


_EMPTY = _Empty()


def chained(instances: Sequence[Instance]) -> None:
    """Say of each instance which comes before and after it."""
    for earlier, later in pairwise(instances):
        earlier["nextId"], later["previousId"] = later["id"], earlier["id"]
