"""CDISC controlled terminology: codelists and their terms, by version."""

from trialect.schemas.ct.terminology import Codelist, Term, Terminology, terminology, versions

__all__ = ["Codelist", "Term", "Terminology", "terminology", "versions"]
