r"""ClinicalTrials.gov's marked-up text, and the plain text that uploads to registries take.

The API gives long texts as Markdown (CommonMark 0.28): signs that would mark something up have a
backslash before them (`\\>1 month`), items of lists begin with `* `. What people entered, and an
upload takes, has neither: a hyphen begins the item of a list. Paragraphs, numbers and indentation
stand as they are.
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"""\\([!-/:-@\[-`{-~])""")
"""A backslash before ASCII punctuation (CommonMark 0.28, 6.1)."""

_BULLET = re.compile(r"^(\s*)\* ", re.MULTILINE)


def plain_text(text: str) -> str:
    """The text without the API's marks, its lines ended by a line feed."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "* " in text:
        text = _BULLET.sub(r"\1- ", text)
    if "\\" in text:
        text = _ESCAPED.sub(r"\1", text)
    return text
