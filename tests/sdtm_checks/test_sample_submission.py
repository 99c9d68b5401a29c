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

LENGTH = "TRL-VAR-014"
OF_3_3 = "the label of SDTMIG 3.3"

EXPECTED = {
    ("TRL-AE-003", "AE"): (1, "CDISC003, AESEQ 13: AESER Y, every criterion N"),
    ("TRL-CT-002", "OE"): (3, "terms of the sponsor"),
    ("TRL-CT-002", "RS"): (1, "HAMD112 was named otherwise in 2020"),
    ("TRL-CT-002", "TS"): (4, "CDISC, ISO 3166 and others name a dictionary"),
    ("TRL-CT-003", "RS"): (1, "HAMD112 was named otherwise in 2020"),
    ("TRL-DM-012", "DM"): (1, "CDISC008: EX ends a day before RFXENDTC"),
    ("TRL-DSET-001", "CM"): (1, "Concomitant Medications"),
    ("TRL-DSET-006", "QS"): (2, "QSPH and QSSL, and no QS"),
    ("TRL-FND-023", "FA"): (78, "FAOBJ names a symptom of the reaction that FA is related to"),
    ("TRL-INT-004", "CM"): (1, "CDISC011, CMSEQ 4: ng of nothing"),
    ("TRL-PKG-004", None): (1, "define.xml is not among the files named"),
    ("TRL-SUBJ-005", "FA"): (1, "FALNKGRP leads to no other dataset"),
    ("TRL-SUPP-011", "SUPPEC"): (7, "--REASOC is a variable of SDTM 2.0"),
    ("TRL-VAR-002", "OE"): (1, "OEORRESU, OESTRESN and OESTRESU are Expected and left out"),
    ("TRL-VAR-002", "SV"): (1, "SVPRESP and SVOCCUR are Expected since SDTMIG 3.4"),
    ("TRL-VAR-003", "AE"): (74, "the sample's adverse events are not coded"),
    ("TRL-VAR-006", "MH"): (1, "MHSTDY: the label of the model and of SDTMIG differ"),
    ("TRL-VAR-006", "SV"): (4, OF_3_3),
    ("TRL-VAR-006", "TS"): (1, OF_3_3),
    ("TRL-VAR-007", "AE"): (6, "MedDRA codes are Num in SDTMIG"),
    ("VALIDATE-TERMINOLOGY", "TS"): (1, "TS names terminology of 2020-03-27"),
}
"""How often a dataset breaks a rule, and why that is right to say."""


def test_every_finding_can_be_defended() -> None:
    found = trialect.validate(*sorted(SAMPLE.glob("*.xpt"))).problems
    counts = Counter((p.rule, p.domain) for p in found if p.rule != LENGTH)
    assert counts == {key: count for key, (count, _) in EXPECTED.items()}


def test_lengths_are_told_of_the_file_that_has_them() -> None:
    found = trialect.validate(SAMPLE / "ts.xpt").problems
    told = {p.variable: p.message for p in found if p.rule == LENGTH}
    assert "variable_size is '200', variable_max_bytes is '11'" in told["TSVALCD"]


def test_both_forms_hold_the_same() -> None:
    datasets = {path.stem for path in SAMPLE.glob("*.xpt")}
    paths = [
        SAMPLE / f"{name}{suffix}" for name in sorted(datasets) for suffix in (".xpt", ".json")
    ]
    found = trialect.validate(*paths, pack=False).problems
    assert not [p for p in found if p.rule == "VALIDATE-FORMS-DIFFER"]
