"""Numbers as FHIR's decimal writes them.

R5 limits a decimal to 18 digits before the point and 17 after it; the shortest text of a double may
have more of them (0.039999999999999994). The same number with an exponent has at most 17.
"""

from __future__ import annotations

import re
from decimal import Decimal

import polars as pl

NUMBER = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE](0|[+-]?[1-9][0-9]{0,8}))?$"
"""Texts that are a decimal as they stand."""

_LONG = r"\.[0-9]{18}|[0-9]{19}"


def decimal_texts(texts: pl.Series) -> pl.Series:
    """Texts of doubles (`number_text`), those that are too long with an exponent."""
    long = texts.filter(texts.str.contains(_LONG).fill_null(False)).unique()
    if not long.len():
        return texts
    return texts.replace({text: decimal_text(text) for text in long})


def decimal_text(text: str) -> str:
    """The text of a double, with an exponent if it is too long."""
    return format(Decimal(text).normalize(), "E") if re.search(_LONG, text) else text
