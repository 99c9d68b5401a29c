"""The example's package: everything accounted for, the findings its README promises, the blind."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from lxml import etree

import trialect

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NCT07326982"

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("example") / "out"
    trialect.convert(EXAMPLE, out)
    return out


@pytest.fixture(scope="module")
def problems(package: Path) -> list[dict[str, Any]]:
    found = json.loads((package / "report.json").read_text(encoding="utf-8"))["problems"]
    assert isinstance(found, list)
    return found


def sdtm(package: Path) -> Path:
    return package / "m5" / "datasets" / "ctfpirhd2025" / "tabulations" / "sdtm"


def subject_resources(package: Path) -> Iterator[str]:
    for path in sorted((package / "fhir" / "bundles").glob("subjects-*.json")):
        yield path.read_text(encoding="utf-8")


def test_what_was_read_is_what_came_out_and_what_was_rejected(
    package: Path, forms: dict[str, Rows]
) -> None:
    manifest = json.loads((package / "manifest.json").read_text(encoding="utf-8"))
    counted = manifest["inputs"]["forms"]
    assert set(counted) == set(forms)
    for name, rows in forms.items():
        one = counted[name]
        assert one["rows"] == len(rows) == one["mapped"] + one["rejected"]
    assert {name for name, one in counted.items() if one["rejected"]} == {
        "adverse_events",
        "visits",
    }


def test_define_says_of_each_test_alone_where_its_results_are_from(package: Path) -> None:
    define = etree.parse(sdtm(package) / "define.xml")

    def items(test: str) -> Iterator[etree._Element]:
        yield from define.iterfind(f".//{{*}}ItemDef[@OID='IT.QS.QSORRES.{test}']")

    def origins(test: str) -> list[str | None]:
        return [o.get("Type") for item in items(test) for o in item.iterfind("{*}Origin")]

    tests = ("PI0101", "GCGI0102", "PR0101")
    assert [origins(test) for test in tests] == [["Collected"], ["Collected"], ["Derived"]]
    refs = [define.find(f".//{{*}}ItemRef[@ItemOID='IT.QS.QSORRES.{test}']") for test in tests]
    methods = [ref is not None and ref.get("MethodOID") for ref in refs]
    assert methods == [None, None, "MT.QS.QSORRES.PR0101"]


@pytest.mark.parametrize(
    ("form", "subject", "rule"),
    [
        ("adverse_events", "02-027", "MAP-SUBJECT-NOT-IN-DM"),
        ("visits", "01-008", "MAP-DUPLICATE-ROW"),
    ],
)
def test_rejected_rows_are_whole_and_say_why(
    package: Path, forms: dict[str, Rows], form: str, subject: str, rule: str
) -> None:
    path = package / "rejected" / f"{form}.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["trialect_rule"], row["subjid"]) == (rule, subject)
    source = forms[form][int(row["trialect_row"]) - 2]
    assert {name: row[name] for name in source} == source


@pytest.mark.parametrize(
    ("rule", "severity", "count"),
    [
        ("MAP-DATE-IMPOSSIBLE", "error", 1),
        ("MAP-TERM-UNKNOWN", "error", 1),
        ("MAP-SUBJECT-NOT-IN-DM", "error", 1),
        ("MAP-DUPLICATE-ROW", "warning", 1),
        ("MAP-TERM-NEW", "warning", 1),
        ("STUDY-ASSUMPTION", "warning", 34),
        ("STUDY-CONTRADICTION", "warning", 1),
        ("DERIVE-AGE", "note", 2),
    ],
)
def test_the_findings_that_the_readme_promises(
    problems: list[dict[str, Any]], rule: str, severity: str, count: int
) -> None:
    found = [one["severity"] for one in problems if one["rule"] == rule]
    assert found == [severity] * count


def test_no_other_error_than_the_dirt_and_the_status(problems: list[dict[str, Any]]) -> None:
    errors = Counter(one["rule"] for one in problems if one["severity"] == "error")
    assert errors == {
        "MAP-DATE-IMPOSSIBLE": 1,
        "MAP-TERM-UNKNOWN": 1,
        "MAP-SUBJECT-NOT-IN-DM": 1,
        # The trial does not recruit yet, so its subjects here are invented.
        "RECONCILE-STATUS-BEFORE-START": 1,
    }


def test_the_blind_holds(package: Path) -> None:
    telling = ("hydrodissection", "dextrose", "needling", "ifhd", "interfascial")
    bundles = [text.casefold() for text in subject_resources(package)]
    assert bundles
    for text in bundles:
        assert [word for word in telling if word in text] == []


def test_unblinded_is_said_explicitly(tmp_path: Path) -> None:
    trialect.convert(EXAMPLE, tmp_path / "out", to=["fhir"], unblinded=True)
    text = "".join(subject_resources(tmp_path / "out"))
    assert "DEXTROSE 10 %" in text


def test_fhir_keeps_the_words_that_sdtm_cannot(package: Path) -> None:
    assert "İğne yerinde ağrı" in "".join(subject_resources(package))
    xpt = (sdtm(package) / "ae.xpt").read_bytes()
    assert b"Igne yerinde agri" in xpt


def test_every_output_says_that_the_records_are_invented(package: Path) -> None:
    outputs = [
        package / "manifest.json",
        package / "report.json",
        package / "report.html",
        package / "dataset-json" / "dm.json",
        package / "fhir" / "bundles" / "study.json",
        sdtm(package) / "define.xml",
        sdtm(package) / "define.html",
        sdtm(package) / "csdrg.html",
    ]
    silent = [path.name for path in outputs if "invented" not in path.read_text(encoding="utf-8")]
    assert silent == []


@pytest.mark.parametrize("name", ["dm", "ex", "qs", "ae", "co", "suppdm", "relrec", "ts"])
def test_pandas_reads_in_the_xpt_what_the_domain_holds(
    package: Path, trial: "trialect.Trial", name: str
) -> None:
    read = pd.read_sas(sdtm(package) / f"{name}.xpt", format="xport", encoding="ascii")
    frame = trial.frames[name.upper()]
    assert len(read) == frame.height
    for variable in read.columns:
        wanted = frame[variable].to_list()
        got = read[variable].to_list()
        for here, there in zip(got, wanted, strict=True):
            if isinstance(there, float):
                assert here == pytest.approx(there, abs=1e-12)
            elif there is None:
                assert pd.isna(here) or here == ""
            elif there.isascii():
                assert here == there
            else:
                assert here.isascii()
