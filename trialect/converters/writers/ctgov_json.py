"""A Study as ClinicalTrials.gov gives a trial: a record of the API v2, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

import orjson

from trialect.converters.study_targets import StudyFile, Tell
from trialect.mappings.registry.ctgov_from_study import record_of
from trialect.trial import Study

FILE = "registry/ctgov.json"


def write(study: Study, tell: Tell) -> Iterator[StudyFile]:
    """One record, indented for people, members in the site's order."""
    record = record_of(study, tell)
    try:
        text = orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # half a surrogate pair, or a number of more than 64 bits
        text = (json.dumps(record, indent=2) + "\n").encode()
    yield StudyFile(FILE, text)
