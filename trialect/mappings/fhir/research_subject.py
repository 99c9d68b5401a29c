"""DM and DS to ResearchSubject: the subject's part in the trial.

R4 has 13 codes of state and none for "enrolled", "completed" or "randomised"
(http://hl7.org/fhir/R4/valueset-research-subject-status.html):

| DM, DS: the first that holds | status |
|---|---|
| the last disposition event says the subject did not enter | as in codes/values.csv |
| it is COMPLETED in the last epoch, or any other reason | off-study |
| ARMNRS = SCREEN FAILURE | ineligible |
| an arm was assigned, or the subject was randomised | on-study |
| none of these | screening |

R4's `withdrawn` is "before registration"; who leaves later is off-study.
"""

from __future__ import annotations

import polars as pl

from trialect.mappings.fhir import consent
from trialect.mappings.fhir.cross_version import as_extension
from trialect.mappings.fhir.opening import opening
from trialect.mappings.fhir.partition import ID, RECORD, SUBJECT, Partition
from trialect.mappings.fhir.periods import comparable, period
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.slots import Json, Ref, StudyRef, Template, Text
from trialect.mappings.fhir.subject_progress import progress
from trialect.mappings.fhir.terms import values
from trialect.mappings.fhir.variables import MORE, carried, complex_extension, with_more

TYPE = "ResearchSubject"

DM = ("ARMNRS", "RFICDTC", "RFPENDTC")
ARMS = ("ARM", "ACTARM")


def template(part: Partition) -> Template:
    """Filled from the columns of `rows`."""
    randomised = {
        "url": part.identity.extension("randomized"),
        "valueDateTime": Text("randomised"),
    }
    return {
        **opening(part, TYPE, [randomised, Json("steps"), Json(MORE), Json("DS"), Json("SE")]),
        "status": Text("status"),
        "period": period(part),
        "study": StudyRef("ResearchStudy", part.study.studyid),
        "individual": Ref("Patient", "patient"),
        "assignedArm": Text("assigned"),
        "actualArm": Text("actual"),
        "consent": Ref("Consent", "consent"),
    }


def rows(part: Partition) -> pl.DataFrame:
    """One row a subject (DM)."""
    told = (*DM, *ARMS) if part.unblinded else DM
    texts, numbers = carried(part, "DM")
    dm = part.domain("DM", tuple(dict.fromkeys((*told, *texts))), numbers)
    dm = with_more(part, dm, "DM").unique("USUBJID", keep="first", maintain_order=True)
    dm = part.dated(dm, "DM", "RFICDTC", "start")
    dm = part.dated(dm, "DM", "RFPENDTC", "end")
    for domain in ("DS", "SE"):
        items = complex_extension(part, domain, domain).rename({"item": domain})
        if domain == "SE" and not part.unblinded:
            items = items.clear()  # How many elements a subject went through may tell the arm.
        dm = dm.join(items, on="USUBJID", how="left", maintain_order="left")
    given = part.rows(consent.RESOURCE).unique(SUBJECT, keep="first", maintain_order=True)
    dm = dm.join(given.select(SUBJECT, consent=ID), on=SUBJECT, how="left", maintain_order="left")
    dm = _with_disposition(part, dm).join(
        part.subjects.select(SUBJECT, "has_arm"), on=SUBJECT, how="left", maintain_order="left"
    )
    arm = [pl.col(name) if part.unblinded else pl.lit(None, pl.String) for name in ARMS]
    dm = dm.with_columns(
        pl.col("USUBJID").alias(RECORD),
        part.identity.ids(TYPE, dm["USUBJID"]).alias(ID),
        assigned=arm[0],
        actual=arm[1],
        status=_status(),
    )
    over = ~pl.col("status").is_in(["on-study", "screening"])
    return dm.with_columns(end=pl.when(over).then("end")).with_columns(**comparable("start", "end"))


def _status() -> pl.Expr:
    entered = pl.col("milestone").is_not_null() | pl.col("has_arm")
    return (
        pl.when(pl.col("ended").is_not_null())
        .then(pl.col("ended"))
        .when(pl.col("ARMNRS") == "SCREEN FAILURE")
        .then(pl.lit("ineligible"))
        .when(entered)
        .then(pl.lit("on-study"))
        .otherwise(pl.lit("screening"))
    )


def _with_disposition(part: Partition, dm: pl.DataFrame) -> pl.DataFrame:
    """With `ended` (the status that the last disposition event means), `randomised` (dateTime) and
    `milestone` (not null when there is a randomisation).
    """
    ds = part.domain("DS", ("DSCAT", "DSDECOD", "EPOCH", "DSSTDTC"), ("DSSEQ",)).sort(
        SUBJECT, "DSSEQ", maintain_order=True
    )
    milestone = ds.filter(pl.col("DSDECOD") == "RANDOMIZED").unique(
        SUBJECT, keep="first", maintain_order=True
    )
    milestone = part.dated(milestone, "DS", "DSSTDTC", "randomised")
    last = ds.filter(pl.col("DSCAT") == "DISPOSITION EVENT").unique(
        SUBJECT, keep="last", maintain_order=True
    )
    codes = {source: code["code"] for source, code in values("subject_status").items()}
    final = part.study.epochs[-1:] or ("",)
    goes_on = (pl.col("DSDECOD") == "COMPLETED") & (pl.col("EPOCH") != final[0]).fill_null(False)
    ended = pl.col("DSDECOD").replace_strict(codes, default="off-study", return_dtype=pl.String)
    last = last.select(SUBJECT, ended=pl.when(~goes_on).then(ended))
    found = dm.join(last, on=SUBJECT, how="left", maintain_order="left")
    return found.join(
        milestone.select(SUBJECT, "randomised", milestone="DSDECOD"),
        on=SUBJECT,
        how="left",
        maintain_order="left",
    )


def with_steps(part: Partition) -> pl.DataFrame:
    """The rows with `steps`: R5's progress as extensions."""
    dm = part.made(rows)
    steps = progress(
        part,
        dm.select(SUBJECT, "status"),
        lambda step: as_extension(part.identity, "R5", f"{TYPE}.progress", step),
    )
    steps = steps.rename({"progress": "steps"})
    return dm.join(steps, on=SUBJECT, how="left", maintain_order="left")


RESOURCE = SubjectResource(TYPE, template, with_steps)
