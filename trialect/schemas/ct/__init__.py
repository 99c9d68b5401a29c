"""CDISC controlled terminology: codelists and their terms, by version."""

from trialect.schemas.ct.places import at_hand, carried, terminology, versions
from trialect.schemas.ct.terminology import Codelist, Term, Terminology

__all__ = [
    "Codelist",
    "Term",
    "Terminology",
    "at_hand",
    "carried",
    "terminology",
    "versions",
]
