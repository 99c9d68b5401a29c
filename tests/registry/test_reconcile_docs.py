"""docs/registry-reconcile.md lists every comparison as it is declared."""

from __future__ import annotations

from pathlib import Path

from trialect.converters.reconcile import COMPARISONS, comparisons

PAGE = Path(__file__).resolve().parents[2] / "docs" / "registry-reconcile.md"


def test_every_comparison_is_on_the_page() -> None:
    assert comparisons.MODULES
    text = PAGE.read_text(encoding="utf-8")
    for name, one in COMPARISONS.items():
        said = " ".join((one.compare.__doc__ or "").split())
        cells = (one.theme, name, one.rule.severity.value, said, one.rule.source)
        assert f"| {' | '.join(cells)} |\n" in text, name
