"""What a blinded package's FHIR may not say, byte by byte: also kits, lots, doses and devices."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl
import pytest
from sdtm_packages import write

import trialect
from trialect.mappings.fhir.subject_resources import subject_resources

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "sdtm-msg"
RELEASES = ("R4", "R5")

Row = dict[str, Any]


def of(usubjid: str, domain: str, seq: int, **values: Any) -> Row:
    return {"USUBJID": usubjid, f"{domain}SEQ": seq, **values}


def each(domain: str, *rows: dict[str, Any]) -> list[Row]:
    """The rows for both subjects; in texts, KIT, LOT, PEN and DOSE are the subject's own."""
    own = {
        "D-1": {"KIT": "KN-20417", "LOT": "L77-301", "PEN": "PEN0012", "DOSE": "81 mg"},
        "D-2": {"KIT": "KN-30988", "LOT": "L77-944", "PEN": "PEN0031", "DOSE": "54 mg"},
    }
    found = []
    for usubjid, words in own.items():
        for seq, row in enumerate(rows, start=1):
            told = {}
            for name, value in row.items():
                if isinstance(value, str):
                    for word, text in words.items():
                        value = value.replace(f"<{word}>", text)
                told[name] = value
            found.append(of(usubjid, domain, seq, **told))
    return found


def supp(domain: str, key: str, qnam: str, label: str, value: str) -> list[Row]:
    return [
        {
            **{name: text for name, text in row.items() if name in ("USUBJID", "QVAL")},
            "RDOMAIN": domain,
            "IDVAR": key,
            "IDVARVAL": "1" if key else "",
            "QNAM": qnam,
            "QLABEL": label,
            "QORIG": "CRF",
        }
        for row in each("XX", {"QVAL": value})
    ]


def datasets() -> dict[str, list[Row]]:
    ex = each(
        "EX",
        {"EXTRT": "Brewzol", "EXDOSU": "mg", "EXLOT": "<LOT>", "EXREFID": "<KIT>",
         "SPDEVID": "<PEN>", "EXSTDTC": "2026-01-02"},
    )  # fmt: skip
    for row in ex:
        row["EXDOSE"] = {"D-1": 81, "D-2": 54}[row["USUBJID"]]
    ec = [
        {key.replace("EX", "EC", 1) if key.startswith("EX") else key: v for key, v in row.items()}
        for row in ex
    ]
    return {
        "EX": ex,
        "EC": ec,
        "DA": each("DA", {"DATESTCD": "DISPAMT", "DATEST": "Dispensed Amount", "DAORRES": "30",
                          "DAREFID": "<KIT>"}),
        "PC": each("PC", {"PCTESTCD": "BREW", "PCTEST": "Brewzol", "PCORRES": "7.5"}),
        "AE": each(
            "AE",
            {"AETERM": "Rash", "AESTDTC": "2026-01-03"},
            {"AETERM": "Cough after Brewzol"},
            {"AETERM": "Pain once <DOSE> was given"},
            {"AETERM": "Itch; kit <KIT> returned"},
        ),
        "CO": each("CO", {"RDOMAIN": "AE", "IDVAR": "AESEQ", "IDVARVAL": "1",
                          "COVAL": "Lot <LOT> and pen <PEN> were sent back"}),
        "SUPPAE": supp("AE", "AESEQ", "KITNO", "Kit Number", "<KIT>"),
        "SUPPDM": supp("DM", "", "KITNUM", "Number of the Kit", "<KIT>"),
        "DI": [
            {"SPDEVID": name, "DISEQ": 1, "DIPARMCD": "SERIAL", "DIPARM": "Serial Number",
             "DIVAL": f"SN-{name}"}
            for name in ("PEN0012", "PEN0031")
        ],
        "SE": each("SE", {"ETCD": "SCR", "ELEMENT": "Screening"}, {"ETCD": "TEA", "ELEMENT": "T"}),
    }  # fmt: skip


WORDS = (
    *("KN-20417", "KN-30988", "L77-301", "L77-944", "PEN0012", "PEN0031", "81 mg", "54 mg"),
    *("81mg", "Brewzol", "Dispensed", "KITNO", "KITNUM", "Kit Number"),
)


def leaks(files: Iterable[Path], words: Collection[str]) -> dict[str, set[str]]:
    """Which words stand in the bytes or names of which files, however they are written."""
    found: dict[str, set[str]] = {}
    for file in files:
        text = file.read_bytes().decode()
        forms = {file.name, text, re.sub(r"\\u(....)", _sign, text), unquote(text)}
        for told in (form.casefold() for form in forms):
            hits = {
                word
                for word in words
                if word.casefold() in told
                and re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", told)
            }
            found.setdefault(file.name, set()).update(hits)
    return {name: hits for name, hits in found.items() if hits}


def _sign(escape: re.Match[str]) -> str:
    return chr(int(escape.group(1), 16))


def export(out: Path) -> list[Path]:
    """The files that a hospital gets: the folder fhir, whole."""
    return sorted(file for file in (out / "fhir").rglob("*") if file.is_file())


def of_subjects(out: Path, release: str) -> list[Path]:
    types = {one.type for one in subject_resources(release)}
    return [f for f in export(out) if f.stem in types or f.name.startswith("subjects-")]


@pytest.mark.parametrize("release", RELEASES)
def test_no_kit_lot_dose_device_or_treatment_is_told(release: str, tmp_path: Path) -> None:
    package = write(tmp_path / "package", datasets())
    made = trialect.convert(package, tmp_path / "blind", to=["fhir"], fhir_release=release)
    arms = ("TEA", "COFFEE", "Green tea", "Black coffee")
    assert leaks(export(tmp_path / "blind"), WORDS) == {}
    assert leaks(of_subjects(tmp_path / "blind", release), arms) == {}
    assert {p.domain for p in made.problems if p.rule == "FHIR-BLIND-DATASET"} == {"DA", "PC"}
    told = [p.message for p in made.problems if p.rule.startswith("FHIR-BLIND")]
    assert not [one for one in told for word in WORDS if word in one and word != "Dispensed"]
    # The same search finds them all where they are told.
    open_ = trialect.convert(
        package, tmp_path / "open", to=["fhir"], fhir_release=release, unblinded=True
    )
    hits = set().union(*leaks(export(open_.out), WORDS).values())
    assert {one.casefold() for one in WORDS} - {"81mg"} <= {one.casefold() for one in hits}


def test_a_planted_leak_is_found_however_it_is_written(tmp_path: Path) -> None:
    for number, text in enumerate(
        ("a kit KN-20417.", "Observation?identifier=a|KN%2D20417", r'"KN\u002d20417"', "kn-20417")
    ):
        file = tmp_path / f"{number}.ndjson"
        file.write_text(text, encoding="utf-8")
        assert leaks([file], WORDS), text
    innocent = tmp_path / "innocent.json"
    innocent.write_text("KN-204178 and XKN-20417", encoding="utf-8")
    assert leaks([innocent], WORDS) == {}


def test_only_ones_own_treatment_withholds_a_text(tmp_path: Path) -> None:
    """Else the bytes would depend on which subjects stand in a partition together."""
    said = {"D-1": "Took 54 mg of something else", "D-2": "Took 0.54 mg"}
    ae = [of(usubjid, "AE", 1, AETERM=text) for usubjid, text in said.items()]
    package = write(tmp_path / "package", {**datasets(), "AE": ae, "SUPPAE": [], "CO": []})
    outs = [
        trialect.convert(package, tmp_path / str(size), to=["fhir"], partition_subjects=size).out
        for size in (1, 2)
    ]
    files = [{f.relative_to(out): f.read_bytes() for f in export(out)} for out in outs]
    assert files[0] == files[1]
    events = (outs[0] / "fhir" / "ndjson" / "AdverseEvent.ndjson").read_text(encoding="utf-8")
    assert all(text in events for text in said.values())


@pytest.mark.parametrize("release", RELEASES)
def test_the_sample_submission_keeps_the_blind(release: str, tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip("the sample submission is not beside the checkout")
    trial = trialect.read(SHARED)
    out = trialect.convert(SHARED, tmp_path / "out", to=["fhir"], fhir_release=release).out
    frames = trial.frames
    words: set[str] = set()
    for domain, columns in {
        "DM": ("ARM", "ARMCD", "ACTARM", "ACTARMCD"),
        "EX": ("EXTRT", "EXLOT"),  # EXDOSFRM is INJECTION for everybody
        "EC": ("ECTRT", "ECLOT"),
        "DI": ("SPDEVID", "DIVAL"),
        "SUPPEC": ("QNAM", "QVAL"),
    }.items():
        for column in columns:
            words |= set(frames[domain][column].drop_nulls())
    doses = pl.concat(
        [
            frames["EX"].select("EXDOSE", "EXDOSU").rename({"EXDOSE": "dose", "EXDOSU": "unit"}),
            frames["EC"].select("ECPSTRG", "ECPSTRGU").rename(
                {"ECPSTRG": "dose", "ECPSTRGU": "unit"}
            ),
        ]
    )  # fmt: skip
    for dose, unit in doses.unique().drop_nulls().rows():
        if dose:
            words |= {f"{dose:g}{gap}{unit}" for gap in ("", " ")}
            words |= {f'"value":{dose:g},"unit":"{unit}"'}
    assert len(words) > 45
    assert leaks(of_subjects(out, release), words) == {}
    rest = set(export(out)) - set(of_subjects(out, release))
    subjects = set(frames["DM"]["USUBJID"]) | set(frames["EC"]["ECLOT"].drop_nulls())
    assert leaks(rest, subjects) == {}


@pytest.mark.parametrize("release", RELEASES)
def test_what_is_beside_the_export_is_named(release: str, tmp_path: Path) -> None:
    """docs/fhir.md says what is handed on and what stays: a new file must be one or the other."""
    package = write(tmp_path / "package", datasets())
    out = trialect.convert(package, tmp_path / "out", to=["fhir"], fhir_release=release).out
    page = (Path(__file__).resolve().parents[2] / "docs" / "fhir.md").read_text(encoding="utf-8")
    stays = page.partition("What stays with the sponsor:")[2].partition("\n\n")[0]
    for path in out.iterdir():
        assert path.name == "fhir" or f"`{path.name}`" in stays, path.name
    manifest = leaks([out / "manifest.json"], [*WORDS, "TEA", "COFFEE", "D-1", "D-2"])
    assert manifest == {}
