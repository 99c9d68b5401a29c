"""The picture of what went where tells true numbers, and its labels can be read."""

import json
import re
from itertools import pairwise
from pathlib import Path

from lxml import etree

import trialect
from trialect.converters.account import Account, FormAccount
from trialect.converters.writers.flow import FHIR_SOURCES, bands, boxes
from trialect.converters.writers.flow_picture import flow_picture
from trialect.mappings.fhir.identity import RECORD_TYPES, SUBJECT_TYPES, parse_record
from trialect.protocol import Sponsor
from trialect.trial import Study

SVG = etree.XMLParser(no_network=True)


def labels(picture: str) -> list[tuple[float, float, str]]:
    """Every label with the place where it begins or ends."""
    root = etree.fromstring(f"<div>{picture}</div>", SVG)
    return [
        (float(text.get("x")), float(text.get("y")), text.text or "") for text in root.iter("text")
    ]


def test_a_box_tells_its_rows_records_and_resources(account: Account) -> None:
    told = [text for _, _, text in labels(flow_picture(account))]
    assert {"visits 1,000 rows", "people 40 rows", "study.yaml 4 records"} <= set(told)
    assert {"DM 40", "QS 2,970", "TA 4", "rejected 10 rows"} <= set(told)
    assert {"Patient 40", "Observation 2,970", "ResearchStudy 1"} <= set(told)
    assert "XPT, Dataset-JSON 3,014 records" in told


def test_rejected_rows_have_their_own_box_and_band(account: Account) -> None:
    root = etree.fromstring(f"<div>{flow_picture(account)}</div>", SVG)
    assert root.xpath("count(//g[@class='rejected'])") == 1
    band = root.xpath("//path[@class='rejected']/title/text()")
    assert band == ["visits → rejected: 10 rows"]
    account.forms["visits"].rejected = 0
    assert 'class="rejected"' not in flow_picture(account)


def test_only_the_targets_that_were_written_are_shown(account: Account) -> None:
    account.targets = ("fhir",)
    assert "XPT" not in flow_picture(account)
    account.targets, account.fhir = ("sdtm",), type(account.fhir)()
    told = [text for _, _, text in labels(flow_picture(account))]
    assert "XPT 3,014 records" in told
    assert "Patient 40" not in told


def test_labels_do_not_touch() -> None:
    study = Study("S1", "Many forms", Sponsor("Sponsor"))
    account = Account(study, ("sdtm", "fhir"), False, "2026-01-01T00:00:00", 1)
    for number in range(40):
        name = f"a_form_with_a_rather_long_name_{number}"
        account.forms[name] = FormAccount(f"{name}.csv", "", 1, 10**number % 99991 + 1, 1, number)
        account.datasets[f"SUPP{number}"] = number**3 + 1
        account.flows[name, f"SUPP{number}"] = number**3 + 1
    account.fhir.update({name: 7 * len(name) for name in FHIR_SOURCES})
    picture = flow_picture(account)
    for column in {x for x, _, _ in labels(picture)}:
        heights = sorted(y for x, y, _ in labels(picture) if x == column)
        assert all(below - above >= 14 for above, below in pairwise(heights))
    assert max(len(text) for _, _, text in labels(picture)) <= 40
    bottom = float(re.search(r'viewBox="0 0 \d+ (\d+)"', picture)[1])  # type: ignore[index]
    assert max(y for _, y, _ in labels(picture)) < bottom


def test_every_band_joins_two_boxes(account: Account) -> None:
    keys = {box.key for box in boxes(account)}
    for band in bands(account):
        assert {band.start, band.end} <= keys


def test_a_name_cannot_break_the_picture(account: Account) -> None:
    account.forms["<script>"] = FormAccount("<b>&.csv", "", 1, 3, 3)
    etree.fromstring(f"<div>{flow_picture(account)}</div>", SVG)
    assert "<script>" not in flow_picture(account)


def test_nothing_read_is_no_picture() -> None:
    study = Study("S1", "Empty", Sponsor("Sponsor"))
    assert flow_picture(Account(study, (), False, "2026-01-01T00:00:00")) == ""


def test_the_picture_is_told_to_those_who_cannot_see_it(account: Account) -> None:
    root = etree.fromstring(f"<div>{flow_picture(account)}</div>", SVG)
    told = root.findtext("svg/desc")
    assert told == (
        "1,040 rows of 2 forms: 1,030 mapped, 10 rejected. "
        "3,014 SDTM records in 3 datasets, 3,011 FHIR resources."
    )


def test_resources_are_made_of_the_datasets_that_the_picture_says(
    converted: trialect.Conversion,
) -> None:
    made: dict[str, set[str]] = {}
    for file in Path(converted.out, "fhir/ndjson").glob("*.ndjson"):
        for line in file.read_text(encoding="utf-8").splitlines():
            resource = json.loads(line)
            identifier = resource.get("identifier")
            first = identifier[0] if isinstance(identifier, list) else identifier
            record = parse_record(first["value"]) if first else None
            if file.stem in SUBJECT_TYPES:
                made.setdefault(file.stem, set()).add("DM")
            elif file.stem in RECORD_TYPES and record is not None:
                made.setdefault(file.stem, set()).add(record[0])
    assert {name: set(FHIR_SOURCES[name]) for name in made} == made
    assert set(FHIR_SOURCES) == SUBJECT_TYPES | RECORD_TYPES
