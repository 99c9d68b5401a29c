"""How rules of a study definition are declared, and how they read values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from trialect.problems import Problem
from trialect.schemas.registry.usdm_structure import Found, Walked

Check = Callable[[Walked], Iterator[Problem]]

CHECKS: list[Check] = []
"""The rules in the order in which they are asked."""

DESIGNS = ("InterventionalStudyDesign", "ObservationalStudyDesign")


def check(function: Check) -> Check:
    """Declare a rule of the whole document."""
    CHECKS.append(function)
    return function


def code_of(value: Any) -> str | None:
    """The code of a Code or AliasCode."""
    if not isinstance(value, dict):
        return None
    standard = value.get("standardCode", value)
    found = standard.get("code") if isinstance(standard, dict) else None
    return found if isinstance(found, str) else None


def list_of(found: Found, name: str) -> list[Any]:
    """The items of a list; none where there is no list."""
    value = found.get(name)
    return value if isinstance(value, list) else []


def texts_of(found: Found, name: str) -> list[str]:
    """The texts of a list."""
    return [one for one in list_of(found, name) if isinstance(one, str)]


def text_of(found: Found, name: str) -> str | None:
    """A text that is not empty."""
    value = found.get(name)
    return value if isinstance(value, str) and value else None
