"""Our table of PRS's elements against the official schema: whatever ours takes, that takes.

The schema is no part of the project; where it does not lie beside the checkout these are skipped.
"""

import json
from dataclasses import is_dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from registry_nodes import prs_record
from test_prs_rules import ACCESS, OBSERVATIONAL
from whole_study import WHOLE

from trialect.converters.study_targets import writer_of
from trialect.mappings.registry.ctgov_record import study_of
from trialect.problems import Unusable
from trialect.schemas.registry.layout import layout
from trialect.schemas.registry.nodes import Node, xml
from trialect.schemas.registry.prs import NAMESPACE, check_record

SHARED = Path(__file__).resolve().parents[3] / "shared"
SCHEMA = SHARED / "standards" / "prs" / "ProtocolRecordSchema.xsd"
RECORDS = SHARED / "data" / "ctgov"

STRUCTURE = {
    *("REGISTRY-ELEMENT", "REGISTRY-ORDER", "REGISTRY-REPEATED", "REGISTRY-MISSING"),
    *("REGISTRY-ATTRIBUTE", "REGISTRY-TEXT", "REGISTRY-DELETED", "PRS-RESULTS"),
}
"""Rules on what stands where; others are on what is said, which the schema does not look at."""

PASSED = {"REGISTRY-LENGTH", "REGISTRY-WORD", "REGISTRY-FORM", "REGISTRY-NOT-ASKED"}
"""Rules that no value of a public record breaks, since PRS took it."""


def said(study, field):
    """Whether a study says a fact, by its path; of a list with `*`, whether every item does."""
    if field is None:
        return False
    values = [study]
    for name in field.split("."):
        if name == "*":
            values = [item for one in values for item in one]
        elif name.isdigit():
            values = [one[int(name)] for one in values]
        else:
            values = [getattr(one, name) for one in values if one is not None]
    return bool(values) and all(one and not is_dataclass(one) for one in values)


pytestmark = pytest.mark.skipif(
    not SCHEMA.is_file(), reason="the schema of PRS does not lie beside the checkout"
)


@pytest.fixture(scope="module")
def schema():
    from lxml import etree

    return etree.XMLSchema(etree.parse(SCHEMA))


def is_valid(schema, node):
    from lxml import etree

    head = f'<prs:study_collection xmlns:prs="{NAMESPACE}">'
    return schema.validate(etree.fromstring(f"{head}{xml(node)}</prs:study_collection>".encode()))


def is_taken(node):
    return not STRUCTURE & {one.rule for one in check_record(node)}


def given_records():
    for path in sorted(RECORDS.glob("*.json")):
        read = json.loads(path.read_bytes())
        yield from read if isinstance(read, list) else [read]


@pytest.mark.skipif(not RECORDS.is_dir(), reason="the records do not lie beside the checkout")
def test_every_record_is_written_validly(schema):
    from lxml import etree

    count = 0
    for record in given_records():
        try:
            study = study_of(record, lambda _: None)
        except Unusable:
            continue
        found = []
        (file,) = writer_of("prs")(study, found.append)
        assert schema.validate(etree.fromstring(file.content)), schema.error_log.last_error
        rules = {one.rule for one in found}
        assert not STRUCTURE & rules
        assert not PASSED & rules, "the registry took these values from the sponsor"
        lacks = [one for one in found if one.rule == "REGISTRY-REQUIRED"]
        no_word = {one.field for one in found if one.rule == "PRS-NO-WORD"}
        assert not [one for one in lacks if one.field not in no_word and said(study, one.field)]
        count += 1
    assert count == 157


@pytest.mark.parametrize("study", [WHOLE, OBSERVATIONAL, ACCESS])
def test_what_is_in_order_is_valid(schema, study):
    node = prs_record(study)
    assert is_taken(node)
    assert is_valid(schema, node)


def holders(element):
    """Every element of the table that holds others."""
    if element.parts is not None:
        yield element
        for one in element.parts.values():
            yield from holders(one)


HOLDERS = list(holders(layout("prs", "clinical_study")))


def made(element):
    """An element as the table has it, with each of its parts once."""
    if element.parts is None:
        return Node(element.name, "x")
    return Node(element.name, parts=[made(one) for one in element.parts.values()])


def test_a_record_of_all_elements_is_valid(schema):
    node = made(layout("prs", "clinical_study"))
    assert is_taken(node)
    assert is_valid(schema, node)


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(
            ["remove", "repeat", "swap", "rename", "text", "attribute", "empty", "add"]
        ),
        st.integers(0, 10_000),
        st.integers(0, 10_000),
    ),
    min_size=1,
    max_size=4,
)
NAMES = sorted({name for one in HOLDERS for name in one.parts or ()})
ATTRIBUTES = (("delete", "true"), ("delete", "maybe"), ("partial_upload", "1"), ("lang", "en"))


def change(root, kind, where, which):
    """One change of a record: what, at which of its elements, with which of its parts."""
    places = [one for one in root.walk() if one.parts]
    around = places[where % len(places)]
    place = which % len(around.parts)
    if kind == "remove":
        del around.parts[place]
    elif kind == "repeat":
        around.parts.insert(place, around.parts[place])
    elif kind == "swap":
        around.parts.append(around.parts.pop(place))
    elif kind == "rename":
        around.parts[place].name = NAMES[(where + which) % len(NAMES)]
    elif kind == "text":
        around.parts.insert(0, Node(around.parts[0].name, "moved"))
    elif kind == "attribute":
        one = around.parts[place] if where % 3 else root
        name, value = ATTRIBUTES[which % len(ATTRIBUTES)]
        one.attributes = {**(one.attributes or {}), name: value}
    elif kind == "empty":
        around.parts[place].parts, around.parts[place].text = None, ""
    else:
        around.parts.insert(place, Node(NAMES[(where * 7 + which) % len(NAMES)], "x"))


@settings(max_examples=400, deadline=None)
@given(base=st.sampled_from(["whole", "observational", "access", "all"]), changes=CHANGES)
def test_what_ours_takes_the_official_schema_takes(schema, base, changes):
    bases = {"whole": WHOLE, "observational": OBSERVATIONAL, "access": ACCESS}
    is_all = base == "all"
    node = made(layout("prs", "clinical_study")) if is_all else prs_record(bases[base])
    for one in changes:
        change(node, *one)
    if is_taken(node):
        assert is_valid(schema, node), schema.error_log.last_error
    elif not is_valid(schema, node):
        return
    else:
        told = {one.rule for one in check_record(node)} & STRUCTURE
        assert told <= {"REGISTRY-ATTRIBUTE", "REGISTRY-DELETED"}, told
