"""CDISC controlled terminology: codelists and their terms, by version."""

from trialect.schemas.ct.codelists import Codelist, Term, Terminology
from trialect.schemas.ct.places import at_hand
from trialect.schemas.ct.terminology import carried, terminology, versions

__all__ = [
    "Codelist",
    "Term",
    "Terminology",
    "at_hand",
    "carried",
    "terminology",
    "versions",
]
