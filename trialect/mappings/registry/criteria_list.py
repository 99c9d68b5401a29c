"""Criteria that a study has one by one, as the list that registries show."""

from __future__ import annotations

from collections.abc import Sequence

from trialect.protocol import Criterion


def criteria_text(criteria: Sequence[Criterion], category: str) -> str:
    """The criteria of a category, an item each; those of a group stand under its heading."""
    lines: list[str] = []
    group = None
    for one in criteria:
        if one.category != category:
            continue
        if one.group != group:
            group = one.group
            lines += ["", f"{group}:", ""] if group else [""]
        lines.append(f"- {one.text}")
    return "\n".join(lines).strip("\n")
