"""What sentences of a summary or description state of the trial, by a table of patterns.

`page_sentences.csv` has a pattern a line, with a sentence that it takes and what that states, and
sentences that it must leave alone. A pattern is asked of a whole sentence; what is negated,
supposed, asked, quoted, or said of an earlier design or of another trial states nothing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from trialect.mappings.registry import page_values
from trialect.protocol import Objective, Outcome

LONGEST = 2000
"""Characters of a sentence that is looked into at most."""

_END = re.compile(r"(?<=[.!?])[\"”’)]?\s+(?=[\"“‘(]?[A-Z0-9≥≤])")
_SHORT = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|approx|ca|cf|dr|prof|mr|mrs|ms|no|fig|st|min|max|incl)|\b[A-Za-z])\.$",
    re.I,
)
_SUPPOSED = re.compile(
    r"\b(?:if|unless|would|could|might|should|in case|provided|suppose|supposed|hypothetical(?:ly)?"
    r"|planned|proposed|intended|previous|previously|prior|earlier|former|formerly|original"
    r"|originally|initially|another|other trials?|so-called|allegedly|pseudo|nominally|converted"
    r"|changed|amended|instead of|until|except|no longer|critics|argue[ds]?|suggest(?:s|ed)?"
    r"|said|literature|only|reviews?|meta-analys[ie]s|sub-?study"
    r"|(?:part|stage|step|segment|module|cohort|period|stratum) (?:[a-z]|\d{1,2}|[ivx]{1,4}))\b",
    re.I,
)
_NEGATED = re.compile(
    r"\b(?:not|no|never|non|nor|neither|without|cannot|unlike|rather than|whether|may|n't)\b(?!-)",
    re.I,
)
_STOP = frozenset(
    (
        *("a", "an", "the", "of", "to", "from", "for", "after", "before", "in", "on", "at", "by"),
        *("as", "is", "was", "were", "with", "that", "which", "whose", "about", "into", "than"),
        *("versus", "vs", "like", "based", "or", "this", "it", "its", "will", "be", "being"),
        *("been", "called"),
    )
)
"""Words that no list of adjectives holds."""
_TIME = (
    r"(?:baseline|(?:\d{1,4}(?:\.\d{1,2})?|one|two|three|four|five|six|seven|eight|nine|ten|eleven"
    r"|twelve)[ -](?:minutes?|hours?|days?|weeks?|months?|years?))"
)
_TIMES = re.compile(
    rf"(?P<times>{_TIME}(?:(?:, and |, | and ){_TIME}){{0,11}})"
    r"(?P<since> (?:(?:after|following) [^,.;]{3,80}|post-?[a-z]+))?",
    re.I,
)
_NUMBERED = re.compile(r"\((\d{1,2})\) ")
_OWN = frozenset(("who", "words", "aim"))
_ROLE_SPLIT = re.compile(r", and |, | and ")
_ROLE_START = re.compile(r"(?:the )?(?:(?:first|second|third|independent|blinded) )?", re.I)
_PHASE = re.compile(
    r"\bphase (?P<first>[1-4]|i{1,3}|iv)(?:/(?:phase )?(?P<second>[1-4]|i{1,3}|iv))?\b"
    r"(?![-/]|,? (?:and|or|to) )",
    re.I,
)
_ARMS = re.compile(r"(?P<count>two|three|four|five|six|[2-9]) (?:arm|group)")

Facts = Iterator[tuple[str, object]]
Take = Callable[["re.Match[str]"], Facts]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A line of page_sentences.csv; the last three are its cases."""

    name: str
    take: str
    pattern: re.Pattern[str]
    example: str
    states: tuple[str, ...]
    not_taken: tuple[str, ...]


@cache
def patterns() -> tuple[Pattern, ...]:
    """The patterns in the order of the table."""
    with files(__package__).joinpath("page_sentences.csv").open(encoding="utf-8") as lines:
        return tuple(
            Pattern(
                line["name"],
                line["take"],
                re.compile(line["pattern"], re.I),
                line["example"],
                tuple(line["states"].split(" | ")),
                tuple(line["not_taken"].split(" | ")),
            )
            for line in csv.DictReader(lines)
        )


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph as they stand."""
    found: list[str] = []
    begun = 0
    for end in _END.finditer(paragraph):
        if not _SHORT.search(paragraph, max(0, end.start() - 8), end.start()):
            found.append(paragraph[begun : end.start() + len(end[0].rstrip())].strip())
            begun = end.end()
    return [one for one in (*found, paragraph[begun:].strip()) if one]


def stated(sentence: str) -> list[tuple[str, object]]:
    """The facts that a sentence states: paths of Study and values.

    Beside them `groups`, how many there are, and `times`, when outcomes are looked at.
    """
    if len(sentence) > LONGEST or sentence.endswith("?"):
        return []
    said = page_values.plain(sentence).removesuffix(".").strip()
    if _SUPPOSED.search(said):
        return []
    found: dict[tuple[str, object], None] = {}
    for one in patterns():
        match = one.pattern.search(said)
        if match is not None and _is_plain(match, said):
            found.update(dict.fromkeys(TAKES[one.take](match)))
    return list(found)


def _is_plain(match: re.Match[str], said: str) -> bool:
    """Whether nothing negates or quotes what was matched.

    The groups of `_OWN` may hold a negation of their own, as a criterion does.
    """
    before = said[: match.end()]
    for group in sorted(_OWN & match.re.groupindex.keys(), key=match.start, reverse=True):
        before = before[: match.start(group)] + before[match.end(group) :]
    return not _NEGATED.search(before) and not any(sign in before for sign in '"“”«»')


def times(text: str) -> tuple[tuple[str, ...], str] | None:
    """Time points of a list (`1 hour, 1 week, and 1 month`), and since when they count."""
    found = _TIMES.fullmatch(text)
    if found is None:
        return None
    return tuple(_ROLE_SPLIT.split(found["times"])), (found["since"] or "").strip()


def same_time(point: str) -> tuple[str, str]:
    """A time point for comparing: `one hour` is `1 hour`."""
    count, _, unit = point.casefold().replace("-", " ").partition(" ")
    return str(page_values.number(count) or count), unit.removesuffix("s")


def _words(match: re.Match[str]) -> Facts:
    """Adjectives of the trial; a word that belongs to no list of adjectives spoils all of them."""
    said = match["words"]
    phase = _PHASE.search(said)
    rest = _PHASE.sub(" ", said) if phase else said
    tokens = rest.replace(",", " ").casefold().split()
    if any(token in _STOP or _NEGATED.fullmatch(token) for token in tokens):
        return
    if phase is not None and "phase" not in tokens:
        yield "design.phases", _phases(phase)
    plain = [page_values.key(token) for token in tokens if token != "and"]
    pairs = [" ".join(pair) for pair in pairwise(plain)]
    for fact in (
        "design.type",
        "design.allocation",
        "design.masking",
        "design.model",
        "design.time_perspective",
    ):
        known = page_values.words(fact, prose=True)
        for token in (*plain, *pairs):
            if token in known:
                yield fact, known[token]
    for token in (*plain, *pairs):
        if arms := _ARMS.fullmatch(token):
            yield "groups", page_values.number(arms["count"])


def _phases(phase: re.Match[str]) -> tuple[str, ...]:
    known = page_values.words("design.phases", prose=True)
    both = (phase["first"], phase["second"])
    return tuple(known[f"phase {one.casefold()}"] for one in both if one)


def _chance(_: re.Match[str]) -> Facts:
    yield "design.allocation", "RANDOMIZED"


def _interventional(_: re.Match[str]) -> Facts:
    # Data element definitions of ClinicalTrials.gov: assigned to interventions by a protocol.
    yield "design.type", "INTERVENTIONAL"


def _groups(match: re.Match[str]) -> Facts:
    yield "groups", page_values.number(match["count"])


def _arms_named(match: re.Match[str]) -> Facts:
    numbers = [int(one[1]) for one in _NUMBERED.finditer(match["items"])]
    if numbers != list(range(1, (page_values.number(match["count"]) or 0) + 1)):
        return
    names = tuple(
        re.sub(r"[,;]?(?: and)?$", "", one.strip()).strip()
        for one in _NUMBERED.split(match["items"])[2::2]
    )
    if not all(names) or len(set(names)) < len(names):
        return
    yield "groups", len(names)
    yield "arms", names
    if re.search(r"\b(?:treatment|intervention)\b", match["kind"], re.I):
        yield "interventions", names


def _followed(match: re.Match[str]) -> Facts:
    if found := times(match["times"]):
        yield "time_points", found[0]


def _outcomes(match: re.Match[str]) -> Facts:
    found, measures = times(match["times"]), _listed(match["items"])
    if found is None or measures is None:
        return
    for measure in measures:
        yield "outcomes", Outcome(None, measure, match["times"])
    yield "times", found[0]


def _outcome(match: re.Match[str]) -> Facts:
    if found := times(match["times"]):
        kind: dict[str, Outcome] = {
            "primary": Outcome("PRIMARY", match["measure"], match["times"]),
            "secondary": Outcome("SECONDARY", match["measure"], match["times"]),
        }
        yield "outcomes", kind[match["kind"].casefold()]
        yield "times", found[0]


def _listed(text: str) -> list[str] | None:
    """The items of `a, b, and c`, `a, b and c` or `a and b`; None where `and` may be an item's."""
    *items, last = text.split(", ")
    ended = last.startswith("and ")
    last_items = [last.removeprefix("and ")] if ended else last.split(" and ")
    whole = [*items, *last_items]
    if len(last_items) > 2 or any(re.search(r"\b(?:and|or)\b", one) or not one for one in whole):
        return None
    return whole


def _entry(match: re.Match[str]) -> Facts:
    excluded = match["fate"].casefold() == "excluded"
    yield "criteria", ("EXCLUSION" if excluded else "INCLUSION", match["who"].rstrip(","))


def _roles(match: re.Match[str]) -> Facts:
    roles = []
    for one in _ROLE_SPLIT.split(match["roles"]):
        role = page_values.word("design.masked", _ROLE_START.sub("", one, count=1))
        if role is None:
            return
        roles.append(role)
    if not re.search(r"\bonly\b", match[0]):
        yield "design.masked", tuple(dict.fromkeys(roles))


def _planned(match: re.Match[str]) -> Facts:
    yield "enrolment.planned", page_values.number(match["count"])


def _primary_aim(match: re.Match[str]) -> Facts:
    yield "objectives", Objective("PRIMARY", match["aim"])


def _aim(match: re.Match[str]) -> Facts:
    yield "objectives", Objective(None, match["aim"])


TAKES: dict[str, Take] = {
    "words": _words,
    "chance": _chance,
    "interventional": _interventional,
    "groups": _groups,
    "arms": _arms_named,
    "times": _followed,
    "outcomes": _outcomes,
    "outcome": _outcome,
    "entry": _entry,
    "roles": _roles,
    "planned": _planned,
    "primary_aim": _primary_aim,
    "aim": _aim,
}
"""What is taken from a match of a pattern, by the table's word for it."""
