"""Records with values of any type anywhere: files are written, well-formed, and findings told."""

from copy import deepcopy
from xml.etree import ElementTree

import pytest
from ctgov_small import small_record as record
from hypothesis import given, settings
from hypothesis import strategies as st

from trialect.converters.study_targets import writer_of
from trialect.mappings.registry.ctgov_record import study_of
from trialect.problems import Unusable

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["", " ", "\x00", "\ud800", "]]>", "&x;", "<a>", "2024-13", "N/A", "9" * 5000]),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
STRUCTURE = {"REGISTRY-ELEMENT", "REGISTRY-ORDER", "REGISTRY-REPEATED", "REGISTRY-MISSING"}


def places(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in items:
        yield (*path, key)
        if isinstance(one, dict | list):
            yield from places(one, (*path, key))


def put(value, path, odd):
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = odd


PLACES = list(places(record()))


@pytest.mark.parametrize("target", ["prs", "ictrp"])
@settings(max_examples=150, deadline=None)
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), ODD), min_size=1, max_size=3))
def test_any_record_is_written_or_refused(target, changes):
    made = deepcopy(record())
    for path, odd in changes:
        try:
            put(made, path, odd)
        except (TypeError, KeyError, IndexError, AttributeError):
            continue
    try:
        study = study_of(made, lambda _: None)
    except Unusable:
        return
    found = []
    for file in writer_of(target)(study, found.append):
        ElementTree.fromstring(file.content)
    assert not STRUCTURE & {one.rule for one in found}
