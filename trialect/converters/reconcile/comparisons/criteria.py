"""The criteria, one by one: which are the same, worded otherwise, or on one side alone.

Texts are the same when they are equal but for numbering, case, blanks, punctuation and the spelling
that SDTM needs. What is left is shown side by side where the study file and TI have one code for
it, or where most of the words are shared: it differs all the same, and people see in what.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations

from trialect.converters.reconcile.comparison import (
    NAMES,
    Agreement,
    Row,
    Sides,
    Value,
    comparison,
    sides_named,
    weigh,
)
from trialect.converters.reconcile.comparisons.sides import both
from trialect.converters.reconcile.data_facts import DataFacts
from trialect.converters.reconcile.names import plain
from trialect.mappings.registry.criteria import read_criteria
from trialect.mappings.sdtm.plain_ascii import PlainAscii

THEME = "Criteria"

CUT = 150
"""Characters from which on a text of TI may be the beginning of a longer one (IETEST has 200)."""

ALIKE = 0.5
"""The part of their words that two texts share at least to be shown in one row."""

COMPARED = 400
"""Criteria of a kind up to which those that differ are put beside each other."""

_MARKER = re.compile(r"\s*(?:[-*\u2022\u00b7]|\(?\d{1,2}[.)]|\(?[a-zA-Z][.)])\s+")
_SIGNS = re.compile(r"[%+<>=]+")


@dataclass(frozen=True, slots=True)
class _Told:
    """A criterion as a side has it; `key` is its text as it is compared."""

    code: str
    text: str
    key: str


@dataclass(slots=True)
class _Group:
    """A criterion of one side or several."""

    words: frozenset[str]
    of: dict[str, _Told] = field(default_factory=dict)


_Lists = dict[str, list[_Told]]


@comparison(
    "RECONCILE-CRITERIA",
    THEME,
    "warning",
    "A criterion differs, or is missing",
    "Compare it with the approved protocol, and write the same in the record and the study file; "
    "convert again where TI differs.",
    "ClinicalTrials.gov, Eligibility Criteria; SDTMIG 3.4, 7.4.1 (TI)",
)
def criteria(sides: Sides) -> Iterator[Row]:
    """Each criterion by its text: record, study file and TI (of several versions the newest)."""
    spell = PlainAscii("TI", sides.study.sdtm.transliterate)
    for kind in ("INCLUSION", "EXCLUSION"):
        told, unread = _of_protocols(sides, kind, spell)
        of_data = _of_data(sides.data, kind, spell)
        if of_data is not None:
            told["data"] = of_data
        if unread or any(not one.text for one in of_data or ()):
            # A text without parts, or codes without texts: what is left is their number.
            yield from weigh(
                f"{kind.capitalize()} criteria",
                registry=unread.get("registry") or _count(told, "registry"),
                study=unread.get("study") or _count(told, "study"),
                data=_count(told, "data"),
                expected=both(sides),
                field="criteria",
                domain="TI",
            )
            continue
        yield from _one_by_one(kind, told, both(sides))


def _one_by_one(kind: str, told: _Lists, protocols: tuple[str, ...]) -> Iterator[Row]:
    if not any(told.values()):
        return
    rows = []
    if len(told) > 1:
        rows = [_row(kind, group, told) for group in _groups(told)]
    silent = [side for side in protocols if side not in told]
    agreement, why = Agreement.AGREE, ""
    if any(row.differs for row in rows):
        agreement, why = Agreement.NOT_COMPARED, "what differs is listed one by one"
    elif silent:
        agreement = Agreement.MISSING
        why = f"{sides_named(silent, 'does', 'do')} not say them"
    elif not rows:
        return
    counts = {side: str(len(ones)) for side, ones in told.items()}
    yield Row(
        f"{kind.capitalize()} criteria",
        "",
        counts.get("registry"),
        counts.get("study"),
        f"{counts['data']} (TI)" if "data" in counts else None,
        agreement=agreement,
        why=why,
        field="criteria",
        domain="TI",
    )
    yield from rows


def _row(kind: str, group: _Group, told: _Lists) -> Row:
    without = [side for side in told if side not in group.of]
    pairs = [
        pair for pair in combinations(group.of, 2) if group.of[pair[0]].key != group.of[pair[1]].key
    ]
    reasons = []
    odd = list(without)
    if pairs:
        counts = [
            side for side in group.of if sum(side in pair for pair in pairs) == len(group.of) - 1
        ]
        if len(group.of) == 3 and len(counts) == 1:
            reasons.append(f"{NAMES[counts[0]]} words it otherwise")
            odd += counts
        else:
            reasons.append(f"{sides_named(group.of)} word it otherwise")
    if without:
        reasons.append(f"{sides_named(without, 'has', 'have')} no such criterion")
    shown = next(group.of[side] for side in ("study", "data", "registry") if side in group.of)
    texts = {side: one.text for side, one in group.of.items()}
    return Row(
        f"{kind.capitalize()} criterion",
        shown.code,
        texts.get("registry"),
        texts.get("study"),
        texts.get("data"),
        agreement=Agreement.DIFFER if reasons else Agreement.AGREE,
        why="; ".join(reasons),
        field="criteria",
        domain="TI",
        variable="IETEST",
        odd=tuple(odd),
    )


def _groups(told: _Lists) -> list[_Group]:
    """The criteria of all sides, each once: those of one text, then those of one code or alike."""
    groups: dict[tuple[str, int], _Group] = {}
    for side in ("study", "registry", "data"):
        seen: Counter[str] = Counter()
        for one in told.get(side, ()):
            if side == "data" and len(one.text) >= CUT:
                one = replace(one, key=_whole(one.key, seen, groups))
            # Lists of several cohorts may have one criterion twice.
            place = one.key, seen[one.key]
            seen[one.key] += 1
            if place not in groups:
                groups[place] = _Group(frozenset(one.key.split()))
            groups[place].of[side] = one
    found = list(groups.values())
    if len(found) <= COMPARED:
        for likeness in (_same_code, _alike):
            found = _joined(found, told, likeness)
    return found


def _whole(
    beginning: str, seen: Mapping[str, int], groups: Mapping[tuple[str, int], _Group]
) -> str:
    """The longer text that begins so, and that TI has no other record of."""
    if (beginning, 0) in groups:
        return beginning
    longer = (key for key, n in groups if n == seen.get(key, 0) and key.startswith(beginning))
    return next(longer, beginning)


def _joined(
    found: list[_Group], told: _Lists, likeness: Callable[[_Group, _Group], float]
) -> list[_Group]:
    """The groups, those of different sides that are closest as one; of equals the first."""
    still_open = [group for group in found if len(group.of) < len(told)]
    pairs = [
        (close, one, other)
        for one, other in combinations(still_open, 2)
        if one.of.keys().isdisjoint(other.of.keys()) and (close := likeness(one, other))
    ]
    gone: set[int] = set()
    for _, one, other in sorted(pairs, key=lambda pair: -pair[0]):
        if not {id(one), id(other)} & gone and one.of.keys().isdisjoint(other.of.keys()):
            one.of.update(other.of)
            gone.add(id(other))
    return [group for group in found if id(group) not in gone]


def _same_code(one: _Group, other: _Group) -> float:
    """1 where the study file and TI have one code; codes of a record are trialect's own."""
    mine = one.of.get("study") or other.of.get("study")
    theirs = one.of.get("data") or other.of.get("data")
    return float(mine is not None and theirs is not None and mine.code == theirs.code)


def _alike(one: _Group, other: _Group) -> float:
    """The part of their words that both share, where it is most of them; else 0."""
    shared = 2 * len(one.words & other.words) / max(1, len(one.words) + len(other.words))
    return shared if shared >= ALIKE else 0.0


def _count(told: Mapping[str, list[_Told]], side: str) -> Value | None:
    if side not in told or not told[side]:
        return None
    count = len({one.code for one in told[side]})
    return Value(f"{count} (TI)" if side == "data" else str(count), count)


def _of_protocols(sides: Sides, kind: str, spell: PlainAscii) -> tuple[_Lists, dict[str, Value]]:
    """The criteria of record and study file; of a text that is in no parts, the reason."""
    told: _Lists = {}
    unread: dict[str, Value] = {}
    for side, study in (("study", sides.study), ("registry", sides.record)):
        if study is None:
            continue
        known = study.criteria
        if not known and study.eligibility.criteria:
            known = read_criteria(study.eligibility.criteria, lambda _: None)
            if not known:
                reason = "the text does not say what includes and what excludes"
                unread[side] = Value("a text", None, reason)
        if known:
            newest = _newest(one.version for one in known)
            told[side] = [
                _Told(one.code, one.text, _key(one.text, spell))
                for one in known
                if one.category == kind and one.version == newest
            ]
    return told, unread


def _of_data(data: DataFacts, kind: str, spell: PlainAscii) -> list[_Told] | None:
    """The criteria of TI; None without TI."""
    if not data.has("TI"):
        return None
    newest = _newest(one.version for one in data.criteria)
    return [
        _Told(one.code, one.text, _key(one.text, spell))
        for one in data.criteria
        if one.category == kind and one.version == newest
    ]


def _newest(versions: Iterable[str]) -> str:
    """The last of some versions, by their numbers (2 before 10), else by their names."""

    def place(version: str) -> tuple[list[int], str]:
        return [int(number) for number in re.findall(r"\d{1,9}", version)], version

    return max(versions, key=place, default="")


def _key(text: str, spell: PlainAscii) -> str:
    """A text without numbering, in ASCII, in plain words."""
    bare = _MARKER.sub("", text, count=1) if _MARKER.match(text) else text
    return plain(_SIGNS.sub(lambda sign: f" {sign[0]} ", spell(bare)))
