"""CDISC's sample submission: every finding on its 27 datasets can be defended.

It follows SDTMIG 3.3 and terminology of 2020-12-18, and is held against SDTMIG 3.4 and that of
2025-03-28. It lies beside the checkout; without it the test is skipped.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import trialect

SAMPLE = Path(__file__).resolve().parents[3] / "shared/data/sdtm-msg"
if not SAMPLE.is_dir():
    pytest.skip(f"CDISC's sample submission is not at {SAMPLE}", allow_module_level=True)

OF_3_3 = "the label of SDTMIG 3.3"
CODE = "MedDRA codes are Num in SDTMIG"
NOT_CODED = "the sample's adverse events are not coded"
SPONSOR = "a term of the sponsor"

EXPECTED = {
    ("SDTM-AE-SERIOUS", "AE", "AESER"): (1, "CDISC003, AESEQ 13: AESER Y, every criterion N"),
    ("SDTM-DM-RFXENDTC", "DM", "RFXENDTC"): (1, "CDISC008: EX ends a day before RFXENDTC"),
    ("SDTM-LABEL", "SV", "SVENDTC"): (1, OF_3_3),
    ("SDTM-LABEL", "SV", "SVENDY"): (1, OF_3_3),
    ("SDTM-LABEL", "SV", "SVSTDTC"): (1, OF_3_3),
    ("SDTM-LABEL", "SV", "SVSTDY"): (1, OF_3_3),
    ("SDTM-LABEL", "TS", "TSVALNF"): (1, OF_3_3),
    ("SDTM-DATASET-LABEL", "CM", None): (1, "Concomitant Medications"),
    ("SDTM-DATASET-UNKNOWN", "DI", None): (1, "DI is of SDTMIG-MD"),
    ("SDTM-QNAM-IS-VARIABLE", "SUPPEC", "QNAM"): (7, "--REASOC is a variable of SDTM 2.0"),
    ("SDTM-REQUIRED-NULL", "AE", "AEDECOD"): (74, NOT_CODED),
    ("SDTM-TEST-PAIR", "RS", "RSTEST"): (1, "HAMD112 was named otherwise in 2020"),
    ("SDTM-TYPE", "AE", "AEBDSYCD"): (1, CODE),
    ("SDTM-TYPE", "AE", "AEHLGTCD"): (1, CODE),
    ("SDTM-TYPE", "AE", "AEHLTCD"): (1, CODE),
    ("SDTM-TYPE", "AE", "AELLTCD"): (1, CODE),
    ("SDTM-TYPE", "AE", "AEPTCD"): (1, CODE),
    ("SDTM-TYPE", "AE", "AESOCCD"): (1, CODE),
    ("SDTM-CT-EXTENDED", "OE", "OELOC"): (1, SPONSOR),
    ("SDTM-CT-EXTENDED", "OE", "OETEST"): (1, SPONSOR),
    ("SDTM-CT-EXTENDED", "OE", "OETESTCD"): (1, SPONSOR),
    ("SDTM-CT-EXTENDED", "RS", "RSTEST"): (1, "HAMD112 was named otherwise in 2020"),
    ("SDTM-CT-EXTENDED", "TS", "TSVCDREF"): (4, "CDISC, ISO 3166 and others name a dictionary"),
    ("SDTM-EXPECTED-MISSING", "OE", "OEORRESU"): (1, "Expected and left out"),
    ("SDTM-EXPECTED-MISSING", "OE", "OESTRESN"): (1, "Expected and left out"),
    ("SDTM-EXPECTED-MISSING", "OE", "OESTRESU"): (1, "Expected and left out"),
    ("SDTM-EXPECTED-MISSING", "SV", "SVOCCUR"): (1, "Expected since SDTMIG 3.4"),
    ("SDTM-EXPECTED-MISSING", "SV", "SVPRESP"): (1, "Expected since SDTMIG 3.4"),
    ("VALIDATE-TERMINOLOGY", "TS", None): (1, "TS names terminology of 2020-03-27"),
    ("SDTM-UNIT-WITHOUT-DOSE", "CM", "CMDOSU"): (1, "CDISC011, CMSEQ 4: ng of nothing"),
}
"""How often a rule is broken in a variable, and why that is right."""


def test_every_finding_can_be_defended() -> None:
    found = trialect.validate(*sorted(SAMPLE.glob("*.xpt")), pack=False).problems
    counts = Counter((p.rule, p.domain, p.variable) for p in found if p.rule != "SDTM-LENGTH")
    assert counts == {key: count for key, (count, _) in EXPECTED.items()}


def test_lengths_are_told_of_the_file_that_has_them() -> None:
    found = trialect.validate(SAMPLE / "ts.xpt", pack=False).problems
    told = {p.variable: p.message for p in found if p.rule == "SDTM-LENGTH"}
    assert told["TSVALCD"] == "TSVALCD of TS has length 200; its longest value has 11 bytes."


def test_both_forms_hold_the_same() -> None:
    datasets = {path.stem for path in SAMPLE.glob("*.xpt")}
    paths = [
        SAMPLE / f"{name}{suffix}" for name in sorted(datasets) for suffix in (".xpt", ".json")
    ]
    found = trialect.validate(*paths, pack=False).problems
    assert not [p for p in found if p.rule == "VALIDATE-FORMS-DIFFER"]
