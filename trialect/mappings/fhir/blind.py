"""What must not leave for a hospital while the trial is blinded.

The arms and treatments of the protocol are public; which of them a subject was given is not. So
everything of a subject that names an arm or a treatment stays out unless `--unblinded`: the arms
of ResearchSubject, what was given, how much, where and by which route, visits of one arm alone,
datasets that only tell of a treatment, and free text that uses a word by which one arm is told
from another, or what the subject was given: its name, dose, lot, kit or device.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import polars as pl

from trialect.problems import rule
from trialect.trial import Study

TEXT_WITHHELD = rule(
    "FHIR-BLIND-TEXT",
    "warning",
    "Text that may break the blind is withheld",
    "The text names a word by which an arm can be told; it is left out of the blinded FHIR"
    " resources.",
    "Word the text without naming a treatment, or write with --unblinded.",
)
VISIT_WITHHELD = rule(
    "FHIR-BLIND-VISIT",
    "note",
    "A visit of one arm is withheld",
    "The visit {value} is planned in one arm only; it is left out of the blinded FHIR resources.",
    "Write with --unblinded when the trial is unblinded.",
)

DATASET_WITHHELD = rule(
    "FHIR-BLIND-DATASET",
    "note",
    "A dataset that tells of the treatment is withheld",
    "{count} records of {domain} of {usubjid} are left out of the blinded FHIR resources: that"
    " there are any, or what they say, tells the treatment.",
    "Write with --unblinded when the trial is unblinded.",
)

TREATMENT = ("EX", "EC")
"""Blinded, a treatment is an act of which only the start is told; what belongs to it is not."""

WITHHELD = ("DA", "PC", "PP")
"""What was dispensed, and what of it was found in the blood."""

_GIVEN = ("TRT", "DECOD", "LOT", "REFID")
"""Variables of EX, EC and DA whose values name what a subject was given; so does SPDEVID."""

_KIT = r"(?i)\bKIT|KITN"
"""QNAM and QLABEL of a kit's number."""

_LETTERS = 4
"""Shorter words tell too little: DRY of "dry needling" would withhold every dry mouth."""

_COMMON = frozenset({"with", "from", "plus", "versus", "group", "study", "treatment", "guided"})


def telling_words(study: Study) -> tuple[str, ...]:
    """Words and names by which one arm is told from another, longest first.

    They are those of the arms, their interventions, treatments and elements, without what all arms
    share and what the study's conditions are called.
    """
    names = {arm.code: _names_of_arm(study, arm.code) for arm in study.arms}
    shared = set.intersection(*names.values()) if names else set()
    words = {
        code: {word for name in found for word in _words(name)} for code, found in names.items()
    }
    open_words = {word for condition in study.conditions for word in _words(condition)}
    if words:
        open_words |= set.intersection(*words.values())
    telling = {name for found in names.values() for name in found - shared if len(name) > 1}
    telling |= {word for found in words.values() for word in found - open_words}
    return tuple(sorted(telling, key=lambda word: (-len(word), word)))


def pattern(words: Iterable[str]) -> str | None:
    """A regular expression that finds any of the words, as whole words in any case."""
    found = [re.escape(word).replace(r"\ ", r"\s+") for word in words]
    return rf"(?i)(?:^|[^\w])(?:{'|'.join(found)})(?:[^\w]|$)" if found else None


def _names_of_arm(study: Study, code: str) -> set[str]:
    arm = study.arm(code)
    if arm is None:
        return set()
    names = {arm.code, arm.name}
    for intervention in study.interventions:
        if intervention.name in arm.interventions:
            names |= {intervention.name, intervention.treatment or intervention.name}
    codes = {one.element for one in arm.elements}
    for element in study.elements:
        if element.code in codes:
            names |= {element.code, element.name}
    return {name.casefold() for name in names if name}


def _words(name: str) -> set[str]:
    return {
        word
        for word in re.findall(r"[^\W\d_]+", name.casefold())
        if len(word) >= _LETTERS and word not in _COMMON
    }


def given_to(frames: Mapping[str, pl.DataFrame]) -> dict[str, tuple[str, ...]]:
    """By USUBJID, what names a subject's own treatment: names, doses with their units, lots, kits
    and devices, each of four signs or more.

    Only a subject's own, so that nothing depends on which subjects are looked at together.
    """
    told: list[pl.DataFrame] = []
    for domain in (*TREATMENT, "DA"):
        frame = frames.get(domain)
        if frame is None or "USUBJID" not in frame.columns:
            continue
        names = [f"{domain}{name}" for name in _GIVEN] + ["SPDEVID"]
        told += [frame.select("USUBJID", value=n) for n in names if n in frame.columns]
        dose, unit = f"{domain}DOSE", f"{domain}DOSU"
        if {dose, unit} <= set(frame.columns):
            amounts = frame.select("USUBJID", dose, unit).drop_nulls().filter(pl.col(dose) != 0)
            words = [f"{number:g} {words}" for number, words in amounts.select(dose, unit).rows()]
            told.append(
                amounts.select("USUBJID").with_columns(pl.Series("value", words, pl.String))
            )
    for name, frame in frames.items():
        if name.startswith("SUPP") and {"QNAM", "QLABEL", "QVAL"} <= set(frame.columns):
            told.append(frame.filter(is_kit()).select("USUBJID", value="QVAL"))
    if not told:
        return {}
    whole = pl.concat(told).drop_nulls().filter(pl.col("value").str.len_chars() >= _LETTERS)
    return {
        usubjid: tuple(sorted(values))
        for usubjid, values in whole.unique().group_by("USUBJID").agg("value").iter_rows()
    }


def is_kit() -> pl.Expr:
    """Whether a supplemental qualifier is the number of a kit."""
    return pl.any_horizontal(
        pl.col(name).str.contains(_KIT).fill_null(value=False) for name in ("QNAM", "QLABEL")
    )


def names_any(text: str, values: Iterable[str]) -> bool:
    """Whether a text has one of the values as whole words, in any case; 81 mg may be 81mg."""
    words = "|".join(re.escape(value).replace(r"\ ", r"\s*") for value in values)
    return bool(words) and re.search(rf"(?i)(?<![\w.,])(?:{words})(?!\w)", text) is not None
