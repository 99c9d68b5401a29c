"""Anything at any place of a record: it is converted or set aside, and never stops a target."""

from copy import deepcopy

import orjson
from ctgov_small import small_record
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialect.converters.study_sources import HeldRecord
from trialect.converters.study_targets import STUDY_TARGETS
from trialect.converters.trial_folder import Batch, Making, make_batch

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(["2024-13-45", "PHASE9", "<&>\"'", "\x00\x1f", "A" * 5000, "9" * 400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def places(value, before=()):
    """The path of every value of a record."""
    yield before
    children = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        children = enumerate(value)
    for key, child in children:
        yield from places(child, (*before, key))


PLACES = [path for path in places(small_record()) if len(path) > 1]


def put(record, path, value):
    *way, last = path
    for step in way:
        if not isinstance(record, dict | list):
            return
        try:
            record = record[step]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(record, dict) or (isinstance(record, list) and isinstance(last, int)):
        try:
            record[last] = value
        except IndexError:
            return


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=4),
    release=st.sampled_from(["R4", "R5"]),
)
def test_no_value_is_a_defect(tmp_path_factory, changes, release):
    record = deepcopy(small_record())
    for path, value in changes:
        put(record, path, value)
    spool = tmp_path_factory.mktemp("spool")
    making = Making("ctgov", tuple(STUDY_TARGETS), spool, None, release)
    held = HeldRecord("records.json", 1, orjson.dumps(record))
    (made,) = make_batch(making, Batch(0, (held,))).trials
    assert "TRIALS-DEFECT" not in made.by_rule, made.findings
    if made.built is None:
        assert made.reasons
    else:
        written = {name for name, _, size in made.files if size}
        assert {"registry/prs.xml", "registry/ictrp.xml", "registry/ctgov.json"} <= written
        assert {"registry/usdm.json", "fhir/bundles/study.json", "losses.html"} <= written
