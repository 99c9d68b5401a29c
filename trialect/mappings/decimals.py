"""Decimal numbers as texts tell them, to the last digit."""

from __future__ import annotations

import re
from decimal import Decimal

PLAIN = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
"""Decimal numbers; NaN, inf, thousands separators and units are none."""

LARGEST = 400
"""Digits before the point, or zeros behind it, beyond which a text is no measured number; a few
characters (1e999999999) must not fill the memory."""


def exact(text: str) -> Decimal | None:
    """The number that a text tells exactly; None when it is no decimal number, or out of reach."""
    if not re.match(PLAIN, text) or len(text) > 2 * LARGEST:
        return None
    number = Decimal(text)
    return number if -LARGEST < number.adjusted() < LARGEST else None
