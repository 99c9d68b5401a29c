"""One case or more for every check: the records that break it, and what mends them.

A case names the dataset, its records that are right, and the change that breaks them; `around`
are other datasets. `None` in a change removes the variable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]


@dataclass(frozen=True)
class Case:
    rule: str
    dataset: str
    good: list[Record]
    change: Record
    variable: str | None = None
    around: dict[str, list[Record]] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    add: list[Record] = field(default_factory=list)


DM = {
    "STUDYID": "S",
    "DOMAIN": "DM",
    "USUBJID": "S-1",
    "SUBJID": "1",
    "RFSTDTC": "2026-01-10T09:00",
    "RFENDTC": "2026-01-10T09:30",
    "RFXSTDTC": "2026-01-10T09:00",
    "RFXENDTC": "2026-01-10T09:30",
    "RFICDTC": "2026-01-05",
    "RFPENDTC": "2026-04-10",
    "DTHDTC": None,
    "DTHFL": None,
    "SITEID": "01",
    "AGE": 44.0,
    "AGEU": "YEARS",
    "SEX": "F",
    "RACE": "WHITE",
    "ARMCD": "A",
    "ARM": "Arm A",
    "ACTARMCD": "A",
    "ACTARM": "Arm A",
    "ARMNRS": None,
    "ACTARMUD": None,
    "COUNTRY": "TUR",
}
QS = {
    "STUDYID": "S",
    "DOMAIN": "QS",
    "USUBJID": "S-1",
    "QSSEQ": 1.0,
    "QSTESTCD": "PI0101",
    "QSTEST": "PI01-Pain Intensity",
    "QSCAT": "PI",
    "QSSCAT": None,
    "QSORRES": "7",
    "QSSTRESC": "7",
    "QSSTRESN": 7.0,
    "QSSTAT": None,
    "QSREASND": None,
    "QSLOBXFL": "Y",
    "VISITNUM": 1.0,
    "VISIT": "BASELINE",
    "VISITDY": 1.0,
    "EPOCH": "TREATMENT",
    "QSDTC": "2026-01-10",
    "QSDY": 1.0,
    "QSTPT": "1 H",
    "QSTPTNUM": 1.0,
    "QSELTM": "PT1H",
    "QSTPTREF": "INJECTION",
}
EX = {
    "STUDYID": "S",
    "DOMAIN": "EX",
    "USUBJID": "S-1",
    "EXSEQ": 1.0,
    "EXTRT": "DEXTROSE",
    "EXDOSE": 10.0,
    "EXDOSTXT": None,
    "EXDOSU": "mL",
    "EXDOSFRM": "INJECTION",
    "EXDOSFRQ": "ONCE",
    "EXROUTE": "INTRAMUSCULAR",
    "EXSTDTC": "2026-01-10T09:00",
    "EXENDTC": "2026-01-10T09:30",
    "EXSTDY": 1.0,
}
AE = {
    "STUDYID": "S",
    "DOMAIN": "AE",
    "USUBJID": "S-1",
    "AESEQ": 1.0,
    "AETERM": "HEADACHE",
    "AEDECOD": "Headache",
    "AESER": "N",
    "AESHOSP": "N",
    "AESDTH": "N",
    "AEOUT": "RECOVERED/RESOLVED",
    "AESTDTC": "2026-01-11",
    "AEENDTC": "2026-01-12",
}
DS = {
    "STUDYID": "S",
    "DOMAIN": "DS",
    "USUBJID": "S-1",
    "DSSEQ": 1.0,
    "DSTERM": "Completed",
    "DSDECOD": "COMPLETED",
    "DSCAT": "DISPOSITION EVENT",
    "EPOCH": "FOLLOW-UP",
    "DSSTDTC": "2026-04-10",
}
IE = {
    "STUDYID": "S",
    "DOMAIN": "IE",
    "USUBJID": "S-1",
    "IESEQ": 1.0,
    "IETESTCD": "IN01",
    "IETEST": "Pain falls by half",
    "IECAT": "INCLUSION",
    "IEORRES": "N",
    "IESTRESC": "N",
}
TS = {
    "STUDYID": "S",
    "DOMAIN": "TS",
    "TSSEQ": 1.0,
    "TSPARMCD": "SSTDTC",
    "TSPARM": "Study Start Date",
    "TSVAL": "2025-12-25",
    "TSVALNF": None,
}
TA = {
    "STUDYID": "S",
    "DOMAIN": "TA",
    "ARMCD": "A",
    "ARM": "Arm A",
    "TAETORD": 1.0,
    "ETCD": "SCRN",
    "ELEMENT": "Screening",
    "EPOCH": "SCREENING",
}
TE = {
    "STUDYID": "S",
    "DOMAIN": "TE",
    "ETCD": "SCRN",
    "ELEMENT": "Screening",
    "TESTRL": "Informed consent",
}
SE = {
    "STUDYID": "S",
    "DOMAIN": "SE",
    "USUBJID": "S-1",
    "SESEQ": 1.0,
    "ETCD": "SCRN",
    "ELEMENT": "Screening",
    "SESTDTC": "2026-01-05",
    "SEENDTC": "2026-01-10",
    "EPOCH": "SCREENING",
}
TI = {
    "STUDYID": "S",
    "DOMAIN": "TI",
    "IETESTCD": "IN01",
    "IETEST": "Pain falls by half",
    "IECAT": "INCLUSION",
    "TIVERS": "1",
}
SV = {
    "STUDYID": "S",
    "DOMAIN": "SV",
    "USUBJID": "S-1",
    "VISITNUM": 1.0,
    "VISIT": "BASELINE",
    "SVSTDTC": "2026-01-10",
    "SVENDTC": "2026-01-10",
}
SUPPQS = {
    "STUDYID": "S",
    "RDOMAIN": "QS",
    "USUBJID": "S-1",
    "IDVAR": "QSSEQ",
    "IDVARVAL": "1",
    "QNAM": "RATER",
    "QLABEL": "Rater",
    "QVAL": "ASSESSOR 1",
    "QORIG": "CRF",
}
RELREC = {
    "STUDYID": "S",
    "RDOMAIN": "QS",
    "USUBJID": "S-1",
    "IDVAR": "QSSEQ",
    "IDVARVAL": "1",
    "RELID": "PR1",
}
RELATED = [RELREC, {**RELREC, "IDVARVAL": "2"}]

CASES = [
    Case("SDTM-REQUIRED-MISSING", "QS", [QS], {}, "QSTEST", drop=("QSTEST",)),
    Case("SDTM-REQUIRED-NULL", "QS", [QS], {"QSCAT": None}, "QSCAT"),
    Case("SDTM-EXPECTED-MISSING", "QS", [QS], {}, "QSDTC", drop=("QSDTC",)),
    Case("SDTM-VARIABLE-UNKNOWN", "QS", [QS], {"QSMOOD": "calm"}, "QSMOOD"),
    Case("SDTM-TYPE", "QS", [QS], {"QSORRES": 7.0}, "QSORRES"),
    Case("SDTM-DOMAIN", "QS", [QS], {"DOMAIN": "QX"}, "DOMAIN"),
    Case(
        "SDTM-STUDYID",
        "QS",
        [QS, {**QS, "QSSEQ": 2.0}],
        {},
        "STUDYID",
        add=[{**QS, "STUDYID": "T", "QSSEQ": 3.0}],
    ),
    Case("SDTM-SEQ-UNIQUE", "QS", [QS], {}, "QSSEQ", add=[QS]),
    Case("SDTM-SEQ-NUMBER", "QS", [QS], {"QSSEQ": 0.0}, "QSSEQ"),
    Case("SDTM-SEQ-NUMBER", "QS", [QS], {"QSSEQ": 1.5}, "QSSEQ"),
    Case("SDTM-USUBJID-NOT-IN-DM", "QS", [QS], {"USUBJID": "S-9"}, "USUBJID"),
    Case("SDTM-TEXT-LENGTH", "QS", [QS], {"QSORRES": "x" * 201}, "QSORRES"),
    Case("SDTM-LEADING-BLANK", "QS", [QS], {"QSORRES": " 7"}, "QSORRES"),
    Case("SDTM-CT-NOT-EXTENSIBLE", "DM", [DM], {"SEX": "FEMALE"}, "SEX"),
    Case("SDTM-CT-EXTENDED", "EX", [EX], {"EXROUTE": "INTERFASCIAL"}, "EXROUTE"),
    Case("SDTM-DATE-FORMAT", "QS", [QS], {"QSDTC": "10JAN2026"}, "QSDTC"),
    Case("SDTM-DATE-FORMAT", "QS", [QS], {"QSDTC": "2026-13"}, "QSDTC"),
    Case("SDTM-DATE-IMPOSSIBLE", "QS", [QS], {"QSDTC": "2026-02-30", "QSDY": None}, "QSDTC"),
    Case("SDTM-DURATION-FORMAT", "QS", [QS], {"QSELTM": "1 HOUR"}, "QSELTM"),
    Case("SDTM-END-BEFORE-START", "AE", [AE], {"AEENDTC": "2026-01-10"}, "AEENDTC"),
    Case("SDTM-STUDY-DAY", "QS", [QS], {"QSDY": 2.0}, "QSDY"),
    Case("SDTM-STUDY-DAY", "QS", [QS], {"QSDTC": "2026-01-09", "QSDY": 1.0}, "QSDY"),
    Case("SDTM-STUDY-DAY-ZERO", "QS", [QS], {"QSDTC": "2026-01-09", "QSDY": 0.0}, "QSDY"),
    Case("SDTM-STUDY-DAY-UNFOUNDED", "QS", [QS], {"QSDTC": "2026-01"}, "QSDY"),
    Case("SDTM-STUDY-DAY-MISSING", "QS", [QS], {"QSDY": None}, "QSDY"),
    Case(
        "SDTM-EPOCH-NOT-IN-TA",
        "QS",
        [QS],
        {"EPOCH": "FOLLOW-UP"},
        "EPOCH",
        around={"TA": [{**TA, "EPOCH": "TREATMENT"}]},
    ),
    Case("SDTM-VISITNUM-NOT-IN-SV", "QS", [QS], {"VISITNUM": 2.0}, "VISITNUM", around={"SV": [SV]}),
    Case(
        "SDTM-VISIT-ONE-TO-ONE",
        "QS",
        [QS],
        {},
        "VISITNUM",
        add=[{**QS, "QSSEQ": 2.0, "VISIT": "WEEK 1"}],
    ),
    Case("SDTM-VISITDY", "QS", [QS], {}, "VISITNUM", add=[{**QS, "QSSEQ": 2.0, "VISITDY": 8.0}]),
    Case("SDTM-DM-ONE-RECORD", "DM", [DM], {}, "USUBJID", add=[DM]),
    Case("SDTM-DM-ARM-NULL", "DM", [DM], {"ARMCD": None}, "ARMCD"),
    Case("SDTM-DM-ARMNRS", "DM", [DM], {"ARMNRS": "SCREEN FAILURE"}, "ARMNRS"),
    Case("SDTM-DM-ARMCD-LENGTH", "DM", [DM], {"ARMCD": "A" * 21}, "ARMCD"),
    Case("SDTM-ARMCD-NOT-IN-TA", "DM", [DM], {"ACTARMCD": "B"}, "ACTARMCD", around={"TA": [TA]}),
    Case(
        "SDTM-DM-RFXSTDTC", "DM", [DM], {"RFXSTDTC": "2026-01-10"}, "RFXSTDTC", around={"EX": [EX]}
    ),
    Case(
        "SDTM-DM-RFICDTC",
        "DM",
        [DM],
        {"RFICDTC": "2026-01-06"},
        "RFICDTC",
        around={
            "DS": [
                {
                    **DS,
                    "DSDECOD": "INFORMED CONSENT OBTAINED",
                    "DSCAT": "PROTOCOL MILESTONE",
                    "DSSTDTC": "2026-01-05",
                }
            ]
        },
    ),
    Case("SDTM-DM-REFERENCE-ORDER", "DM", [DM], {"RFENDTC": "2026-01-09"}, "RFENDTC"),
    Case("SDTM-DM-DTHFL", "DM", [DM], {"DTHFL": "N"}, "DTHFL"),
    Case("SDTM-DM-DTHFL", "DM", [DM], {"DTHDTC": "2026-03-01"}, "DTHFL"),
    Case("SDTM-DM-AGE", "DM", [DM], {"AGE": -1.0}, "AGE"),
    Case("SDTM-DM-AGE", "DM", [DM], {"AGE": 144.0}, "AGE"),
    Case("SDTM-DM-AGEU", "DM", [DM], {"AGEU": None}, "AGE"),
    Case("SDTM-PLACEBO-DOSE", "EX", [EX], {"EXTRT": "PLACEBO"}, "EXDOSE"),
    Case("SDTM-DOSE-TWICE", "EX", [EX], {"EXDOSTXT": "5-10"}, "EXDOSE"),
    Case("SDTM-DOSE-UNIT", "EX", [EX], {"EXDOSU": None}, "EXDOSE"),
    Case("SDTM-UNIT-WITHOUT-DOSE", "EX", [EX], {"EXDOSE": None}, "EXDOSU"),
    Case("SDTM-DOSE-NEGATIVE", "EX", [EX], {"EXDOSE": -1.0}, "EXDOSE"),
    Case("SDTM-TESTCD-NAME", "QS", [QS], {"QSTESTCD": "1PAIN"}, "QSTESTCD"),
    Case("SDTM-TESTCD-NAME", "QS", [QS], {"QSTESTCD": "PAINSCORE"}, "QSTESTCD"),
    Case("SDTM-TEST-LENGTH", "QS", [QS], {"QSTEST": "x" * 41}, "QSTEST"),
    Case(
        "SDTM-TEST-ONE-TO-ONE",
        "QS",
        [QS],
        {},
        "QSTESTCD",
        add=[{**QS, "QSSEQ": 2.0, "QSTEST": "Pain"}],
    ),
    Case("SDTM-CAT-SCAT", "QS", [QS], {"QSSCAT": "PI"}, "QSSCAT"),
    Case("SDTM-RESULT-MISSING", "QS", [QS], {"QSORRES": None}, "QSORRES"),
    Case(
        "SDTM-STANDARD-RESULT-MISSING",
        "QS",
        [QS],
        {"QSSTRESC": None, "QSSTRESN": None, "QSLOBXFL": None},
        "QSSTRESC",
    ),
    Case("SDTM-RESULT-NOT-DONE", "QS", [QS], {"QSSTAT": "NOT DONE"}, "QSORRES"),
    Case("SDTM-REASON-WITHOUT-STATUS", "QS", [QS], {"QSREASND": "Refused"}, "QSREASND"),
    Case("SDTM-LOBXFL-VALUE", "QS", [QS], {"QSLOBXFL": "N"}, "QSLOBXFL"),
    Case("SDTM-LOBXFL-RESULT", "QS", [QS], {"QSSTRESC": None, "QSSTRESN": None}, "QSLOBXFL"),
    Case("SDTM-STRESN", "QS", [QS], {"QSSTRESN": 8.0}, "QSSTRESN"),
    Case("SDTM-TPT-REFERENCE", "QS", [QS], {"QSTPTNUM": None}, "QSTPTNUM"),
    Case("SDTM-TPT-REFERENCE", "QS", [QS], {"QSTPTREF": None}, "QSTPTREF"),
    Case(
        "SDTM-DS-ONE-DISPOSITION",
        "DS",
        [DS],
        {},
        "EPOCH",
        add=[{**DS, "DSSEQ": 2.0, "DSDECOD": "ADVERSE EVENT"}],
    ),
    Case("SDTM-AE-SERIOUS", "AE", [AE], {"AESER": "Y"}, "AESER"),
    Case("SDTM-AE-FATAL", "AE", [AE], {"AEOUT": "FATAL"}, "AESDTH"),
    Case("SDTM-IE-RESULT", "IE", [IE], {"IEORRES": "Y"}, "IEORRES"),
    Case("SDTM-IE-NOT-IN-TI", "IE", [IE], {"IETESTCD": "IN99"}, "IETESTCD", around={"TI": [TI]}),
    Case("SDTM-TS-PARMCD-LENGTH", "TS", [TS], {"TSPARMCD": "STUDYSTART"}, "TSPARMCD"),
    Case(
        "SDTM-TS-PARM-ONE-TO-ONE",
        "TS",
        [TS],
        {},
        "TSPARMCD",
        add=[{**TS, "TSSEQ": 2.0, "TSPARM": "Start"}],
    ),
    Case("SDTM-TS-VALUE", "TS", [TS], {"TSVALNF": "NI"}, "TSVAL"),
    Case("SDTM-TS-VALUE", "TS", [TS], {"TSVAL": None}, "TSVAL"),
    Case("SDTM-TS-SEQ", "TS", [TS], {}, "TSSEQ", add=[{**TS, "TSVAL": "2026-01-01"}]),
    Case(
        "SDTM-TS-VAL-ORDER",
        "TS",
        [{**TS, "TSVAL1": None, "TSVAL2": None}],
        {"TSVAL2": "and more"},
        "TSVAL2",
    ),
    Case("SDTM-TS-SSTDTC", "TS", [TS], {"TSVAL": "soon"}, "TSVAL"),
    Case("SDTM-TS-PARMCD-UNKNOWN", "TS", [TS], {"TSPARMCD": "MOOD"}, "TSPARMCD"),
    Case("SDTM-ETCD-LENGTH", "SE", [SE], {"ETCD": "SCREENING"}, "ETCD"),
    Case("SDTM-ETCD-NOT-IN-TE", "SE", [SE], {"ETCD": "FU"}, "ETCD", around={"TE": [TE]}),
    Case("SDTM-SE-START", "SE", [SE], {"SESTDTC": None}, "SESTDTC"),
    Case(
        "SDTM-SE-END",
        "SE",
        [SE, {**SE, "SESEQ": 2.0, "ETCD": "TRT", "SESTDTC": "2026-01-10", "SEENDTC": "2026-01-11"}],
        {"SEENDTC": "2026-01-09"},
        "SEENDTC",
    ),
    Case("SDTM-TI-UNIQUE", "TI", [TI], {}, "IETESTCD", add=[TI]),
    Case("SDTM-TA-ORDER", "TA", [TA], {}, "TAETORD", add=[{**TA, "ETCD": "TRT"}]),
    Case("SDTM-QNAM-NAME", "SUPPQS", [SUPPQS], {"QNAM": "rater"}, "QNAM"),
    Case("SDTM-QLABEL-LENGTH", "SUPPQS", [SUPPQS], {"QLABEL": "x" * 41}, "QLABEL"),
    Case("SDTM-SUPP-UNIQUE", "SUPPQS", [SUPPQS], {}, "QNAM", add=[SUPPQS]),
    Case(
        "SDTM-SUPP-PARENT", "SUPPQS", [SUPPQS], {"IDVARVAL": "9"}, "IDVARVAL", around={"QS": [QS]}
    ),
    Case("SDTM-QNAM-IS-VARIABLE", "SUPPQS", [SUPPQS], {"QNAM": "QSMETHOD"}, "QNAM"),
    Case("SDTM-RELREC-ALONE", "RELREC", RELATED, {"RELID": "PR2"}, "RELID"),
]

ORDERED = Case("SDTM-ORDER", "QS", [QS], {}, "QSTESTCD")
