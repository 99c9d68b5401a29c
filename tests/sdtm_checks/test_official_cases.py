"""CDISC's own cases: a check that cites a rule fires where the case says, and nowhere else.

The cases lie beside the checkout (../shared) and are not part of it; without them the test is
skipped.
"""

from __future__ import annotations

import re

import pytest
from official import RULES, OfficialCase, Place, cases, rules

from trialect.profile import profile
from trialect.schemas.sdtm.checks import CHECKS, WHOLE_CHECKS, run_checks, run_trial_checks

if not RULES.is_dir():
    pytest.skip(f"CDISC's rules and cases are not at {RULES}", allow_module_level=True)

REGISTRIES = {**CHECKS, **WHOLE_CHECKS}
CITED: dict[str, list[str]] = {}
for _id, _check in REGISTRIES.items():
    for _clause in re.findall(r"\b(?:CG|FB)\d{4}\b", _check.rule.source):
        CITED.setdefault(_clause, []).append(_id)


def checks_of(core: str) -> list[str]:
    """The checks that cite what a published rule implements."""
    clauses = sorted(rules()[core].implements)
    cited = [name for clause in clauses for name in CITED.get(clause, ())]
    return list(dict.fromkeys(cited))


WITH_CASES = [case for core in rules() if checks_of(core) for case in cases(core)]


def places(dataset: str, *records: int) -> set[Place]:
    return {(dataset, record) for record in records} or {(dataset, None)}


NONE: set[Place] = set()
ALSO = "the records break another rule that the same check holds: "
ENGINE = "the result tells that the engine had no such variable; nothing in the data is wrong"

EXPLAINED: dict[str, tuple[set[Place], set[Place], str]] = {
    "CORE-000020-positive-01": (NONE, places("SE", 3), ALSO + "CG0152, UNPLAN has an ELEMENT"),
    "CORE-000028-positive-02": (
        NONE,
        places("PC", 1, 2, 3, 4, 5),
        ALSO + "CG0026, PCRFTDTC without PCTPTREF",
    ),
    "CORE-000038-negative-01": (NONE, places("SV", 59), ALSO + "CG0658, VISITDY unplanned"),
    "CORE-000038-positive-01": (NONE, places("SV", 59), ALSO + "CG0658, VISITDY unplanned"),
    "CORE-000090-negative-01": (NONE, places("CO", 2), ALSO + "CG0163, RDOMAIN without IDVAR"),
    "CORE-000090-positive-01": (NONE, places("CO", 2), ALSO + "CG0163, RDOMAIN without IDVAR"),
    "CORE-000106-positive-01": (NONE, places("CM", 6), ALSO + "CG0046, CMENRTPT without CMENTPT"),
    "CORE-000120-negative-01": (NONE, places("DM", 1), ALSO + "CG0521, ARM without ARMCD"),
    "CORE-000158-negative-01": (
        NONE,
        places("CO", 3, 5, 6),
        ALSO + "CG0164 and CG0465, IDVAR without RDOMAIN, IDVARVAL without IDVAR",
    ),
    "CORE-000168-positive-01": (
        NONE,
        places("LB") | places("OE"),
        "SV of the case has visits 1 and 2 of two subjects; its LB and OE have others",
    ),
    "CORE-000172-negative-01": (places("AE", 2), NONE, "SDTM-REQUIRED-NULL tells of no STUDYID"),
    "CORE-000172-negative-04": (NONE, places("DM", 2), "DM itself has two STUDYIDs"),
    "CORE-000218-positive-01": (
        NONE,
        places("SUPPEC", 1, 2),
        ALSO + "CG0203, RDOMAIN without IDVAR",
    ),
    "CORE-000218-positive-02": (NONE, places("CO", 1), ALSO + "CG0163, RDOMAIN without IDVAR"),
    "CORE-000248-negative-02": (NONE, places("LB", 1), ALSO + "LBTPT without LBTPTNUM"),
    "CORE-000248-positive-02": (NONE, places("LB", 1), ALSO + "LBTPT without LBTPTNUM"),
    "CORE-000256-negative-01": (
        NONE,
        places("SE", 5, 8),
        ALSO + "CG0211 and CG0152, SEUPDES of a planned element, ELEMENT of UNPLAN",
    ),
    "CORE-000256-positive-02": (
        NONE,
        places("SE", 3, 8),
        ALSO + "CG0152 and CG0206, ELEMENT and TAETORD of UNPLAN",
    ),
    "CORE-000370-negative-01": (
        places("DS", 1, 18),
        places("DM", 1, 4),
        "told of the subject's RFICDTC in DM, not of the consent in DS",
    ),
    "CORE-000384-negative-01": (
        places("RELREC", 1),
        NONE,
        "with related datasets alone at hand, what is missing is not said to be missing",
    ),
    "CORE-000542-negative-01": (
        places("VS", 1, 2),
        NONE,
        "VS has no VSSTRESN at all: SDTM-EXPECTED-MISSING tells it once",
    ),
    "CORE-000550-negative-01": (places("APEG"), NONE, "associated persons are not in SDTMIG 3.4"),
    "CORE-000598-negative-01": (places("AB"), NONE, "AB is no dataset of SDTMIG"),
    "CORE-000598-negative-02": (places("ALB"), NONE, "ALB is no dataset of SDTMIG"),
    "CORE-000616-negative-01": (places("PP"), NONE, ENGINE),
    "CORE-000616-positive-01": (places("PP"), NONE, ENGINE),
    "CORE-000712-negative-01": (
        NONE,
        places("CO") | places("RELREC"),
        ALSO + "CG0370 of CO and RELREC",
    ),
    "CORE-000714-negative-01": (
        places("DM", 6),
        NONE,
        "2018-04 may be after 2018-04-17: nothing is guessed of a partial date",
    ),
    "CORE-000718-positive-01": (
        places("AE", 8) | places("CM", 3) | places("SE", 1) | places("SM", 3, 5) | places("SV", 2),
        NONE,
        "the results are those of the negative case: AE has no record 8 here",
    ),
    "CORE-000732-negative-01": (
        places("EG", 3),
        places("LB", 2) | places("MI", 1) | places("VS", 2),
        "+8 spells the number 8; " + ALSO + "FB3101, a number without --STRESN",
    ),
    "CORE-000732-positive-01": (
        NONE,
        places("LB", 2) | places("MI", 1) | places("VS", 2, 3),
        ALSO + "FB3101, a number without --STRESN; VSSTRESC SMALL with 111 breaks FB3103 itself",
    ),
    "CORE-000786-negative-01": (
        NONE,
        set().union(*(places(name) for name in ("BE", "CM", "EG", "EX", "FA", "MH"))),
        ALSO + "CG0430 of other datasets, CG0057 to CG0062",
    ),
    "CORE-000852-negative-01": (
        places("SV"),
        NONE,
        "SVDTC is no variable of SV and has no place: SDTM-VARIABLE-UNKNOWN",
    ),
    "CORE-000916-negative-01": (
        NONE,
        places("CO") | places("SUPPLB"),
        ALSO + "CG0370 of CO and SUPP--",
    ),
}
"""Cases on which we differ: what they name and we do not, what we name and they do not, why."""


def found(case: OfficialCase) -> set[Place]:
    """The places that our checks of the rule name; a check of whole datasets names no record."""
    names = checks_of(case.core)
    frames = case.frames()
    records = run_checks(frames, checks=[CHECKS[name] for name in names if name in CHECKS])
    whole = run_trial_checks(
        profile(frames), checks=[WHOLE_CHECKS[name] for name in names if name in WHOLE_CHECKS]
    )
    places: set[Place] = {(problem.domain or "", problem.row) for problem in records}
    return places | {(problem.domain or "", None) for problem in whole}


@pytest.mark.parametrize("case", WITH_CASES, ids=lambda case: case.id)
def test_fires_where_the_case_says(case: OfficialCase) -> None:
    ours, theirs = found(case), case.expected()
    if case.negative and not theirs:
        assert ours  # the case does not say where
        return
    missing, more, _ = EXPLAINED.get(case.id, (NONE, NONE, ""))
    told = ours | theirs | missing | more
    whole = {dataset for dataset, record in told if record is None}
    ours = {(dataset, None if dataset in whole else record) for dataset, record in ours}
    theirs = {(dataset, None if dataset in whole else record) for dataset, record in theirs}
    assert (theirs - ours, ours - theirs) == (missing, more), rules()[case.core].description


def test_every_difference_is_of_a_case() -> None:
    assert set(EXPLAINED) <= {case.id for case in WITH_CASES}


def test_every_cited_rule_is_published_or_known() -> None:
    published = {clause for rule in rules().values() for clause in rule.implements}
    assert set(CITED) - published == NOT_PUBLISHED


NOT_PUBLISHED = {"CG0028", "CG0102", "CG0255", "CG0259", "CG0260", "CG0539", "FB3411", "FB3412"}
"""Rules of CDISC and FDA that are cited and for which CDISC publishes no executable form."""
