"""How many findings of a rule a page lists: as many as fit, at least one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialect.converters.writers.fair_share import fair_share


@pytest.mark.parametrize(
    ("counts", "share"),
    [
        ([], None),
        ([4, 6], None),
        ([1, 100], 9),
        ([100, 100], 5),
        ([1] * 11, 1),
        ([2, 3, 100], 5),
    ],
)
def test_a_rule_has_its_share_of_ten(counts, share):
    assert fair_share(counts, 10) == share


@given(st.lists(st.integers(1, 500), max_size=30), st.integers(30, 1000))
def test_the_list_is_as_long_as_it_may_be(counts, listed):
    share = fair_share(counts, listed)
    if share is None:
        assert sum(counts) <= listed
    else:
        assert sum(min(share, count) for count in counts) <= listed
        assert sum(min(share + 1, count) for count in counts) > listed
