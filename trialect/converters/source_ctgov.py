"""ClinicalTrials.gov records (API v2, JSON) as a source of Studies."""

from __future__ import annotations

from trialect.converters.readers.ctgov_files import files
from trialect.converters.readers.ctgov_records import read, recognise, records
from trialect.converters.study_sources import StudySource

SOURCE = StudySource("records of ClinicalTrials.gov", recognise, records, read, files)
