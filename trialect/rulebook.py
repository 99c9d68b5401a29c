"""Every rule that trialect declares, whichever module declares it."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

import trialect
from trialect.problems import RULES, Rule


def every_rule() -> dict[str, Rule]:
    """All rules by id, in order of their ids; loads every module, which takes a second."""
    for module in walk_packages(trialect.__path__, "trialect."):
        import_module(module.name)
    return dict(sorted(RULES.items()))
