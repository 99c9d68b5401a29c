"""What the page of losses shows: counts, paths, and facts above their leaves."""

from __future__ import annotations

import pytest

from trialect.converters.losses import NO_LINE, Losses, Told, TrialLosses, place_in
from trialect.converters.writers.losses_html import all_page, trial_page
from trialect.mappings.registry.places import places


@pytest.mark.parametrize("fact", ["design", "responsible", "contacts.*", "arms.*"])
@pytest.mark.parametrize("table", ["prs", "ictrp", "sdtm", "fhir-r4"])
def test_a_fact_above_its_leaves_has_the_places_of_its_parts(fact: str, table: str) -> None:
    hows = {one.how for name, one in places(table).items() if name.startswith(f"{fact}.")}
    assert place_in(table, fact).how == (hows.pop() if len(hows) == 1 else "part")
    assert place_in(table, fact).note != NO_LINE.note


def test_what_no_table_knows_has_no_place() -> None:
    assert place_in("prs", "bananas") is NO_LINE
    assert place_in("no table", "design") is NO_LINE


def told(message: str) -> dict[str, list[Told]]:
    return {"status": [Told("prs", "status", "PRS-NO-WORD", "warning", message)]}


def test_facts_are_counted_by_what_becomes_of_them() -> None:
    values = {"brief_title": 1, "arms.*.code": 2}
    page = trial_page(TrialLosses("NCT1", {"prs": "prs"}, values, {}, {})).decode()
    counts = '<th scope="row">prs</th><td class="n">1</td><td class="n">0</td><td class="n">0</td>'
    assert f'{counts}<td class="n">1</td></tr>' in page


@pytest.mark.parametrize(("times", "words"), [(1, "once"), (2, "2 times"), (1000, "1,000 times")])
def test_how_often_something_was_told_is_said_in_words(times: int, words: str) -> None:
    losses = Losses({"prs": "prs"})
    for _ in range(times):
        losses.add(TrialLosses("NCT1", losses.tables, {"status": 1}, told("no word"), {}))
    assert f"PRS-NO-WORD, {words}<" in all_page(losses, times).decode()


def test_long_paths_may_be_broken_behind_their_steps_and_never_elsewhere() -> None:
    left = {"derivedSection.interventionBrowseModule<x>.id": 1}
    page = trial_page(TrialLosses("TITLE WIDTH", {"prs": "prs"}, {}, {}, left)).decode()
    assert "derived<wbr>Section" not in page
    assert "derivedSection.<wbr>intervention<wbr>Browse<wbr>Module&lt;x&gt;.<wbr>id" in page
    assert "<h1>TITLE WIDTH: what became of each fact</h1>" in page
