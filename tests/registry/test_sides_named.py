"""How a comparison calls the sides that it speaks of, with a verb that fits their number."""

import pytest

from trialect.converters.reconcile.comparison import sides_named


@pytest.mark.parametrize(
    ("sides", "words"),
    [
        (["registry"], "the registry has"),
        (["registry", "study"], "the registry and the study file have"),
        (["study", "data"], "the study file and the package have"),
    ],
)
def test_the_verb_fits_the_number_of_sides(sides, words):
    assert sides_named(sides, "has", "have") == words
    assert sides_named(sides) == words.rpartition(" ")[0]
