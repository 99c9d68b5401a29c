"""Small studies and domains for the tests of derivations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from trialect.mappings.sdtm import Derived, derive
from trialect.metadata import Origin, Provenance
from trialect.protocol import Arm, ArmElement, Element, Event, Intervention, Sponsor, Visit
from trialect.schemas.sdtm import dataset
from trialect.trial import Study

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Qualifier:
    label: str
    origin: str = "Collected"
    evaluator: str | None = None


@dataclass(frozen=True)
class Line:
    """A line of relations.csv."""

    relation: str
    role: str
    domain: str
    where: str | None = None
    by: Sequence[str] = ()
    reltype: str | None = None


@dataclass(frozen=True)
class Tables:
    relations: Sequence[Line] = ()
    supplemental: Mapping[tuple[str, str], Qualifier] = field(default_factory=dict)
    provenance: Sequence[Provenance] = ()


MAPS_EX = Tables(provenance=[Provenance("EX", "EXTRT", "ex", "assign", origin=Origin("Collected"))])


def records(name: str, rows: Sequence[Row], **columns: Any) -> pl.DataFrame:
    """A domain's frame of rows; lineage and types are filled in as the mapping does."""
    model = dataset(name)
    assert model is not None
    names = list(dict.fromkeys(column for row in rows for column in row))
    names += [c for c in ("@form", "@row", "@block") if c not in names]
    types: dict[str, Any] = {}
    for column in names:
        variable = model.variable(column)
        if column.startswith("@row"):
            types[column] = pl.Int64
        else:
            is_number = variable is not None and variable.type == "Num"
            types[column] = pl.Float64 if is_number else pl.String
    filled = [
        {"@form": name.lower(), "@row": number, "@block": f"{name.lower()}_block", **row}
        for number, row in enumerate(rows, start=2)
    ]
    return pl.DataFrame(filled, schema=types)


def run(
    domains: Mapping[str, Sequence[Row]], study: Study | None = None, tables: Tables | None = None
) -> Derived:
    """The derivations over domains given as rows."""
    frames = {name: records(name, rows) for name, rows in domains.items()}
    return derive(study or a_study(), tables or Tables(), frames)


def a_study(**facts: Any) -> Study:
    """A study with two arms of three elements and four visits, changed by `facts`."""
    usual: dict[str, Any] = {
        "studyid": "S1",
        "title": "A study",
        "sponsor": Sponsor("Somebody"),
        "arms": (an_arm("A", "ALPHA"), an_arm("B", "BETA")),
        "elements": ELEMENTS,
        "interventions": (
            Intervention("Alpha", "DRUG", treatment="ALPHA"),
            Intervention("Beta", "DRUG", treatment="BETA"),
        ),
        "visits": VISITS,
    }
    return Study(**{**usual, **facts})


def an_arm(code: str, treatment: str) -> Arm:
    return Arm(
        code,
        f"Arm {code}",
        interventions=(treatment.capitalize(),),
        elements=(
            ArmElement("SCRN", "SCREENING"),
            ArmElement(code, "TREATMENT"),
            ArmElement("FU", "FOLLOW-UP"),
        ),
    )


ELEMENTS = (
    Element(
        "SCRN",
        "Screening",
        "Consent",
        start=Event("DS", "DSSTDTC", "DSDECOD = 'INFORMED CONSENT OBTAINED'"),
    ),
    Element("A", "Treatment A", "Dose", start=Event("EX", "EXSTDTC", "EXTRT = 'ALPHA'")),
    Element("B", "Treatment B", "Dose", start=Event("EX", "EXSTDTC", "EXTRT = 'BETA'")),
    Element("FU", "Follow-up", "End", start=Event("EX", "EXENDTC", pick="latest")),
)
VISITS = (
    Visit(1, "SCREENING", -7, epoch="SCREENING"),
    Visit(2, "TREATMENT", 1),
    Visit(3, "WEEK 1", 8, epoch="FOLLOW-UP"),
    Visit(4, "MONTH 1", 31, epoch="FOLLOW-UP"),
)


def subject(number: int = 1, **values: Any) -> dict[str, Any]:
    return {"USUBJID": f"S1-{number:03d}", "SUBJID": f"{number:03d}", **values}


def of(number: int = 1, **values: Any) -> dict[str, Any]:
    return {"USUBJID": f"S1-{number:03d}", **values}


def consent(date: str, number: int = 1) -> dict[str, Any]:
    return of(
        number,
        DSDECOD="INFORMED CONSENT OBTAINED",
        DSTERM="INFORMED CONSENT OBTAINED",
        DSCAT="PROTOCOL MILESTONE",
        DSSTDTC=date,
    )


def disposition(term: str, date: str, number: int = 1) -> dict[str, Any]:
    return of(number, DSDECOD=term, DSTERM=term, DSCAT="DISPOSITION EVENT", DSSTDTC=date)


def values(derived: Derived, name: str, *variables: str) -> list[Any]:
    """The values of a variable, or rows of several, in the order of the records."""
    frame = derived.frames[name].select(variables)
    return frame.to_series().to_list() if len(variables) == 1 else frame.rows()


def rules(derived: Derived) -> list[str]:
    return [problem.rule for problem in derived.problems]
