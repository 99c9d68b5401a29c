"""What is given: the interventions of the protocol and the treatments that EX has."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.converters.reconcile.comparison import (
    Agreement,
    Row,
    Sides,
    comparison,
    sides_named,
    weigh,
)
from trialect.converters.reconcile.comparisons.sides import both, named, word
from trialect.converters.reconcile.names import by_name, plain
from trialect.converters.summary import plural
from trialect.protocol import Intervention
from trialect.trial import Study

THEME = "Interventions"


@comparison(
    "RECONCILE-INTERVENTION",
    THEME,
    "warning",
    "An intervention has no counterpart of its name",
    "Name the intervention the same in the record and the study file.",
    "ClinicalTrials.gov, Intervention Name",
)
def interventions(sides: Sides) -> Iterator[Row]:
    """Each intervention of record and study file by its name, and its type."""
    if sides.record is None:
        return
    yield from named(
        "Intervention",
        sides,
        lambda study: (one.name for one in study.interventions),
        field="interventions",
    )
    record = by_name(sides.record.interventions, lambda one: one.name)
    for name, one in by_name(sides.study.interventions, lambda one: one.name).items():
        if name in record:
            yield from weigh(
                "Intervention type",
                one.name,
                registry=word(record[name].type),
                study=word(one.type),
                expected=both(sides),
                field="interventions",
            )


@comparison(
    "RECONCILE-TREATMENT",
    THEME,
    "error",
    "A treatment that was given is no intervention of the protocol",
    "Say in interventions which treatment (EXTRT) each intervention has in the data.",
    "ClinicalTrials.gov, Intervention Name, Other Intervention Names; SDTMIG 3.4, EX EXTRT",
)
def treatments(sides: Sides) -> Iterator[Row]:
    """Each EXTRT by the treatment, the name or another name of an intervention."""
    if not sides.data.treatments:
        return
    record = _known(sides.record) if sides.record is not None else {}
    study = _known(sides.study)
    named_of_record = (
        by_name(sides.record.interventions, lambda one: one.name) if sides.record else {}
    )
    for treatment, count in sorted(sides.data.treatments.items()):
        key = plain(treatment)
        mine = study.get(key)
        theirs = record.get(key) or (named_of_record.get(plain(mine.name)) if mine else None)
        asked = {"study": study, "registry": record}
        without = [side for side, one in (("registry", theirs), ("study", mine)) if one is None]
        odd = [side for side in without if asked[side]]
        if not study and not record:
            agreement, why = Agreement.MISSING, "no protocol names interventions"
        elif odd:
            agreement = Agreement.DIFFER
            why = f"it is no treatment, name or other name of an intervention of {sides_named(odd)}"
        elif "study" in without:
            agreement, why = Agreement.MISSING, "the study file names no interventions"
        else:
            agreement, why = Agreement.AGREE, ""
        yield Row(
            "Treatment",
            treatment,
            theirs.name if theirs else None,
            mine.name if mine else None,
            f"{plural(count, 'record')} of EX",
            agreement=agreement,
            why=why,
            field="interventions",
            domain="EX",
            variable="EXTRT",
            odd=tuple(odd),
        )


def _known(study: Study) -> dict[str, Intervention]:
    """The interventions by every plain name that their records may have."""
    found: dict[str, Intervention] = {}
    for ask in (
        lambda one: (one.treatment,),
        lambda one: (one.name,),
        lambda one: one.other_names,
    ):
        for one in study.interventions:
            for name in ask(one):
                if name:
                    found.setdefault(plain(name), one)
    return found


@comparison(
    "RECONCILE-INTERVENTION-NOT-GIVEN",
    THEME,
    "warning",
    "An intervention of the protocol was given to nobody",
    "Check whether its records are missing from EX, or say its treatment in interventions.",
    "ClinicalTrials.gov, Intervention Name; SDTMIG 3.4, EX EXTRT",
)
def not_given(sides: Sides) -> Iterator[Row]:
    """Interventions of the study file of which EX has no record, though it says their treatment."""
    if not sides.data.treatments:
        return
    given = {plain(treatment) for treatment in sides.data.treatments}
    for one in sides.study.interventions:
        names = [one.treatment, one.name, *one.other_names]
        if given.isdisjoint(plain(name) for name in names if name):
            stated = one.treatment is not None
            unsaid = "the study file does not say what EX calls it, and not everything is in EX"
            yield Row(
                "Intervention given",
                one.name,
                study=one.treatment or one.name,
                data="no record of EX",
                agreement=Agreement.DIFFER if stated else Agreement.NOT_COMPARED,
                why="nobody was given it" if stated else unsaid,
                field="interventions",
                domain="EX",
                variable="EXTRT",
            )
