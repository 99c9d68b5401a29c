"""Headings in an eligibility text: which words say that criteria include, and which exclude."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: what it says of the criteria below it, and the text in its own line.

    `group` is the heading itself where it says more than inclusion or exclusion (`Donor Inclusion
    Criteria`). `neutral` is one that says neither (`Eligibility Criteria`).
    """

    category: Literal["INCLUSION", "EXCLUSION"] | None = None
    group: str | None = None
    rest: str = ""
    neutral: str = ""


_WORD = r"(?P<word>non[- ]?inclusion|inclusions?|exclusions?)"
_PLAIN_BEFORE = (
    r"(?:(?:list|summary) of (?:the )?)?(?:(?:key|main|major|general|overall|the|study|basic)\s+)*"
)
_CRITERIA = r"criteri(?:a|on|ums?|as|ons)"

_PLAIN = re.compile(
    rf"(?:{_PLAIN_BEFORE}{_WORD}(?:\s+{_CRITERIA})?"
    rf"|{_CRITERIA} for {_WORD.replace('word', 'other')})"
    r"(?P<end>\s*[:：]\s*|\s+[-–—]\s+|\s*\.?$)",
    re.IGNORECASE,
)
_NAMED = re.compile(
    rf"(?P<name>(?:[\w/&'()-]+\s+){{0,5}}?{_WORD}\s+{_CRITERIA}"
    r"(?:\s+(?:for|of|in|at|to|by|specific|applicable|regarding|[-–—(])[^:：]{0,100}|\s*\([^:：]{0,80}\))?)"
    r"(?P<end>\s*[:：]\s*|\s*\.?(?:\([^()]*\))?$)",
    re.IGNORECASE,
)
_NEUTRAL = re.compile(
    rf"(?:(?:key|main|general|patient|subject|participant|study)\s+)*"
    rf"(?:eligibility(?:\s+{_CRITERIA})?|{_CRITERIA}|selection {_CRITERIA}"
    rf"|inclusions?\s*(?:/|and|&)\s*exclusions?(?:\s+{_CRITERIA})?)\s*[:：]?",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:meet|meets|met|apply|applies|may|must|will|are|is|fulfill?|fulfill?s|satisfy|satisfies)\b"
    r"|/\s*(?:in|ex)clusion|\b(?:in|ex)clusion (?:and|or|&) (?:in|ex)clusion",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"\b(?:who|any|all|none|no|not|than|following|per|see|as|with)\b", re.IGNORECASE
)
_EMPHASIS = "*_# \t"
_INLINE = re.compile(
    r"(?<=\S)\s+(?=(?:Key\s|Main\s)?(?:Inclusion|Exclusion)\s+Criteria\s*[:：])"
    r"|(?<=[.;!?)\]])\s+(?=(?:Key\s|Main\s)?(?:Inclusion|Exclusion)\s+criteria\s*[:：])"
)


def heading(line: str, *, marked: bool) -> Heading | None:
    """The heading that a line is or begins with; None where it is none.

    `marked` is a line with a marker of a list, which is a heading only if it is nothing else.
    """
    text = line.strip(_EMPHASIS)
    match = _PLAIN.match(text)
    if match is not None:
        rest = text[match.end() :].strip(_EMPHASIS)
        word = match["word"] or match["other"]
        bare = _bare(match)
        if not (bare and match["end"].strip() not in (":", "：") and marked):
            return Heading(_category(word), None, rest)
    match = _NAMED.match(text)
    if match is not None and not _is_sentence(match):
        rest = text[match.end() :].strip(_EMPHASIS)
        if not marked or (match["end"].strip() in (":", "：") and not rest):
            return Heading(_category(match["word"]), " ".join(match["name"].split()), rest)
    if not marked and _NEUTRAL.fullmatch(text):
        return Heading(neutral=text)
    return None


def inline_headings(line: str) -> list[int]:
    """Where in a line, not at its beginning, headings begin."""
    return [match.end() for match in _INLINE.finditer(line)]


def _is_sentence(match: re.Match[str]) -> bool:
    """Whether what looks like a heading with a name says something about criteria instead."""
    before = match["name"][: match.start("word") - match.start("name")]
    return bool(_VERB.search(match["name"]) or _NO_NAME.search(before))


def _bare(match: re.Match[str]) -> bool:
    """Whether the heading is the single word, without `criteria`."""
    return "criteri" not in match[0].lower()


def _category(word: str) -> Literal["INCLUSION", "EXCLUSION"]:
    low = word.lower()
    return "EXCLUSION" if low.startswith(("ex", "non")) else "INCLUSION"
