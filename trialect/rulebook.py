"""Every rule that trialect declares, whichever module declares it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pkgutil import walk_packages

import trialect
from trialect.problems import RULES, Rule


def every_rule() -> dict[str, Rule]:
    """All rules by id, in order of their ids; loads every module, which takes a second."""
    for module in walk_packages(trialect.__path__, "trialect."):
        import_module(module.name)
    return dict(sorted(RULES.items()))


def rules_of(names: Iterable[str]) -> dict[str, Rule]:
    """The rules with these ids, as far as they are declared.

    Another process may have found what no module loaded here declares; then all are loaded.
    """
    wanted = set(names)
    known = RULES if wanted <= RULES.keys() else every_rule()
    return {name: known[name] for name in sorted(wanted) if name in known}
