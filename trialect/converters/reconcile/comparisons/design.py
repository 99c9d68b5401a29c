"""How the trial is built; TS says it in the terms of SDTM CT, which are compared as such."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trialect.converters.reconcile.comparison import Row, Sides, Value, comparison, weigh
from trialect.converters.reconcile.comparisons.sides import both, parameter, word
from trialect.mappings.sdtm import trial_summary_terms as terms
from trialect.trial import Study

THEME = "Design"
MEND = "Write what the protocol says in record and study file; convert again where TS differs."


def _row(fact: str, sides: Sides, field: str, code: str, known: Mapping[str, str]) -> Iterator[Row]:
    """A word of the design against the term of TS, which may stand for several words."""
    term = parameter(sides, code)
    said = {
        side: word(getattr(study.design, field))
        for side, study in (("registry", sides.record), ("study", sides.study))
        if study is not None
    }

    def same(one: str, other: str) -> bool:
        return one == other or known.get(one) == other or known.get(other) == one

    data = None
    if term is not None:
        known_term = term in known.values()
        reason = f"{term} is the term of no word of a registry"
        data = Value(term, term) if known_term else Value(term, None, reason)
    yield from weigh(
        fact,
        registry=said.get("registry"),
        study=said.get("study"),
        data=data,
        same=same,
        expected=both(sides),
        field=f"design.{field}",
        domain="TS",
    )


@comparison(
    "RECONCILE-DESIGN",
    THEME,
    "warning",
    "The design differs",
    MEND,
    "ClinicalTrials.gov, Study Design; SDTM CT, TSPARMCD STYPE, TINDTP, INTMODEL",
)
def design(sides: Sides) -> Iterator[Row]:
    """Study type, primary purpose and interventional model."""
    yield from _row("Study type", sides, "type", "STYPE", terms.STUDY_TYPE)
    yield from _row("Primary purpose", sides, "purpose", "TINDTP", terms.PURPOSE)
    yield from _row("Interventional model", sides, "model", "INTMODEL", terms.MODEL)


@comparison(
    "RECONCILE-ALLOCATION",
    THEME,
    "warning",
    "The allocation differs",
    MEND,
    "ClinicalTrials.gov, Allocation; SDTM CT, TSPARMCD RANDOM",
)
def allocation(sides: Sides) -> Iterator[Row]:
    """Whether subjects are allocated by chance."""
    yield from _row("Allocation", sides, "allocation", "RANDOM", terms.ALLOCATION)


@comparison(
    "RECONCILE-PHASE",
    THEME,
    "warning",
    "The phase differs",
    MEND,
    "ClinicalTrials.gov, Study Phase; SDTM CT, TSPARMCD TPHASE",
)
def phases(sides: Sides) -> Iterator[Row]:
    """The phases, of which TS has one term for one or two."""

    def told(study: Study) -> Value | None:
        phases = tuple(sorted(study.design.phases))
        if not phases:
            return None
        term = terms.PHASES.get(phases)
        text = ", ".join(phases)
        return Value(text, term) if term else Value(text, None, f"{text} has no term in TPHASE")

    term = parameter(sides, "TPHASE")
    yield from weigh(
        "Phase",
        registry=told(sides.record) if sides.record is not None else None,
        study=told(sides.study),
        data=Value(term, term) if term else None,
        expected=both(sides),
        field="design.phases",
        domain="TS",
    )


@comparison(
    "RECONCILE-MASKING",
    THEME,
    "warning",
    "Who is masked differs",
    "Ask the protocol who did not know the arm, and write masking and roles alike everywhere.",
    "ClinicalTrials.gov, Masking; SDTM CT, TSPARMCD TBLIND",
)
def masking(sides: Sides) -> Iterator[Row]:
    """The masking, against TBLIND, and the roles that are masked."""
    yield from _row("Masking", sides, "masking", "TBLIND", terms.MASKING)

    def roles(study: Study) -> Value | None:
        masked = sorted(study.design.masked)
        told = ", ".join(role.replace("_", " ").lower() for role in masked)
        return Value(told, tuple(masked)) if masked else None

    yield from weigh(
        "Masked roles",
        registry=roles(sides.record) if sides.record is not None else None,
        study=roles(sides.study),
        expected=both(sides),
        field="design.masked",
    )
