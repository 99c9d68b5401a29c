"""Which variables identify a record of a dataset: its natural key, in sequence.

SDTMIG 3.4 gives a structure ("one record per ...") and no key; the sequences follow that structure
and the order in which CDISC's metadata submission guidelines (MSG 2.0) write them. A variable that
a dataset lacks or never fills is left out; where the rest is not unique, --SEQ ends the key.
"""

from __future__ import annotations

from trialect.schemas.sdtm import dataset

_BY_DATASET: dict[str, tuple[str, ...]] = {
    "CO": ("USUBJID", "RDOMAIN", "IDVAR", "IDVARVAL", "COSEQ"),
    "DM": ("USUBJID",),
    "SE": ("USUBJID", "SESTDTC", "ETCD"),
    "SM": ("USUBJID", "MIDS"),
    "SV": ("USUBJID", "VISITNUM", "SVSTDTC"),
    "DS": ("USUBJID", "DSCAT", "DSDECOD", "DSSTDTC"),
    "IE": ("USUBJID", "IETESTCD"),
    "DD": ("USUBJID", "DDTESTCD"),
    "TA": ("ARMCD", "TAETORD"),
    "TD": ("TDORDER",),
    "TE": ("ETCD",),
    "TI": ("IETESTCD", "TIVERS"),
    "TM": ("MIDSTYPE",),
    "TS": ("TSPARMCD", "TSSEQ"),
    "TV": ("VISITNUM", "ARMCD"),
    "DI": ("SPDEVID", "DIPARMCD"),
    "OI": ("NHOID", "OIPARMCD"),
    "RELREC": ("RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELID"),
    "RELSPEC": ("USUBJID", "REFID"),
    "RELSUB": ("USUBJID", "POOLID", "RSUBJID", "SREL"),
    "SUPPQUAL": ("RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM"),
}
_FINDINGS = (
    "USUBJID",
    "--CAT",
    "--OBJ",
    "--TESTCD",
    "--SPEC",
    "--LOC",
    "--LAT",
    "--POS",
    "VISITNUM",
    "--DTC",
    "--TPTREF",
    "--TPTNUM",
    "--REPNUM",
)
_BY_CLASS: dict[str, tuple[str, ...]] = {
    "Interventions": ("USUBJID", "--TRT", "--STDTC"),
    "Events": ("USUBJID", "--DECOD", "--TERM", "--STDTC"),
    "Findings": _FINDINGS,
    "Findings About": _FINDINGS,
}


def natural_keys(name: str) -> tuple[str, ...]:
    """The variables that could identify a record of the dataset, STUDYID first; empty for a
    dataset that SDTMIG does not know.
    """
    if name.startswith("SUPP"):
        return ("STUDYID", *_BY_DATASET["SUPPQUAL"])
    model = dataset(name)
    if model is None and name not in _BY_DATASET:
        return ()
    keys = _BY_DATASET.get(name[:2] if len(name) <= 4 else name)
    if keys is None:
        keys = _BY_CLASS.get(model.observation_class if model else "", ())
    prefix = name[:2]
    return ("STUDYID", *(prefix + key[2:] if key.startswith("--") else key for key in keys))


def sequence_variable(name: str) -> str | None:
    """The variable that numbers a subject's records (--SEQ), when the dataset has one."""
    model = dataset(name)
    sequence = name[:2] + "SEQ"
    return sequence if model is not None and model.variable(sequence) is not None else None
