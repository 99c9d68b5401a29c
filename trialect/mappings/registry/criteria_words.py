"""What words in an eligibility text tell of it: a remark, a heading, nothing at all."""

from __future__ import annotations

import re

LONGEST_GROUP = 150
"""Characters of a heading within a section: it is to fit IESCAT. A longer one is a criterion."""
LONGEST_PLAIN_GROUP = 60
"""Characters of such a heading that does not end in a colon."""

CONNECTORS = frozenset({"or", "and", "and/or", "-or-", "-and-"})
"""A line of these joins the criteria around it."""

_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_BETWEEN_WORDS = re.compile(r"[\s,/()-]+")
_NOTE = re.compile(r"note\b\s*:", re.IGNORECASE)
_NOTHING = frozenset({"none", "n/a", "na", "not applicable", "nil", "no exclusion criteria", "no"})
_ABOUT_THE_LIST = re.compile(
    r"(?:note:\s*)?(?:other|further|additional|more)\b.{0,60}\bcriteria\b.{0,20}\bappl(?:y|ies)\b"
    r"|.{0,30}\binformation\b.{0,20}\bis not intended to contain all considerations\b",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:must|may|can|will|shall|should|is|are|was|were|be|has|have|had|does|do|who)\b",
    re.IGNORECASE,
)
_EXCLUDES = re.compile(r"\bexclu(?:de|ded|sion)\b", re.IGNORECASE)
_OF_HEADINGS = frozenset(
    (
        *("a", "all", "an", "and", "any", "apply", "are", "as", "be", "below", "conditions"),
        *("considered", "criteria", "each", "either", "eligible", "enrolled", "enrollment"),
        *("enrolment", "entry", "exclude", "excluded", "exclusion", "following", "for", "from"),
        *("fulfil", "fulfill", "fulfilled", "fulfils", "has", "have", "if", "in", "include"),
        *("included", "inclusion", "individual", "individuals", "is", "listed", "meet", "meets"),
        *("met", "must", "no", "not", "of", "one", "only", "or", "order", "participant"),
        *("participants", "participate", "participation", "patient", "patients", "people"),
        *("person", "persons", "presence", "required", "satisfied", "satisfies", "satisfy"),
        *("study", "subject", "subjects", "that", "the", "these", "they", "this", "to", "trial"),
        *("volunteers", "were", "who", "will", "with"),
    )
)


def plain(text: str) -> str:
    """The text without escapes, in one line."""
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", text)
    return " ".join(text.split())


def says_nothing(text: str) -> bool:
    """Whether a text says that there is no criterion (`None`)."""
    return text.casefold().strip(" .") in _NOTHING


def says_no_more(text: str) -> bool:
    """Whether a text says no more than a heading: `Patients must meet all of the following:`."""
    if "following" not in text and "criteria" not in text:
        return False
    return _OF_HEADINGS.issuperset(_BETWEEN_WORDS.split(text.casefold().strip(" .:：")))


def is_about_the_list(text: str) -> bool:
    """Whether a text is about the criteria and none of them (`Other criteria may apply`)."""
    return _ABOUT_THE_LIST.match(text) is not None


def is_note(text: str) -> bool:
    """Whether a paragraph explains the criterion before it."""
    return _NOTE.match(text) is not None and not is_about_the_list(text)


def speaks_of_exclusion(text: str) -> bool:
    """Whether a lead-in says that its criteria exclude."""
    return _EXCLUDES.search(text) is not None


def names_a_group(text: str) -> bool:
    """Whether a short line without a verb may be the heading of what follows (`Cohort 2`)."""
    short = len(text) <= LONGEST_PLAIN_GROUP and text[-1] not in ".;,"
    return short and not says_nothing(text) and _VERB.search(text) is None


def without_colon(text: str) -> str:
    """A heading as it is called."""
    return text.rstrip(":： ") or text
