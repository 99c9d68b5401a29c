"""A blinded package's FHIR, byte by byte: no word tells an arm, a treatment, a dose or a kit."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from example_package import EXAMPLE

import trialect
from trialect.mappings.fhir.study_resources import study_resources
from trialect.mappings.fhir.subject_resources import subject_resources

SAID_OF_ALL = {"1", "TX", "Right", "Left", "Complete", "invented"}
"""Values of the treatment form that are the same in both arms, or no more than a number."""

RELEASES = ("R4", "R5")


@pytest.fixture(scope="module", params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def blinded(release: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The FHIR of the example, as a hospital gets it."""
    out = tmp_path_factory.mktemp(release) / "out"
    trialect.convert(EXAMPLE, out, to=["fhir"], fhir_release=release)
    return out / "fhir"


@pytest.fixture(scope="module")
def trial() -> trialect.Trial:
    return trialect.read(EXAMPLE)


def form(name: str) -> list[dict[str, str]]:
    with (EXAMPLE / "records" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def telling(trial: trialect.Trial) -> set[str]:
    """Names of arms, treatments, agents, doses, instruments, and numbers of randomisation."""
    words = {word for arm in trial.study.arms for word in (arm.code, arm.name)}
    words |= {word for one in trial.study.interventions for word in (one.name, one.treatment or "")}
    words |= {one.code for one in trial.study.elements if one.code in {"IFHD", "DN"}}
    ex = trial.frames["EX"]
    for column in ("EXTRT", "EXDOSFRM", "EXROUTE", "EXDIR", "EXLOC", "EXADJ", "EXLOT"):
        if column in ex.columns:
            words |= set(ex[column].drop_nulls())
    doses = ex.select("EXDOSE", "EXDOSU").drop_nulls().rows()
    words |= {f"{dose:g}{gap}{unit}" for dose, unit in doses for gap in ("", " ")}
    words |= {f'"value":{dose:g},"unit":"{unit}"' for dose, unit in doses}
    supplement = trial.frames["SUPPEX"]
    # The diagnostic injection (PR), which everybody had, is told with qualifiers of the same names.
    of_all = trial.frames["SUPPPR"]
    for column in ("QVAL", "QNAM"):
        words |= set(supplement[column].drop_nulls()) - set(of_all[column].drop_nulls())
    words |= set(trial.frames["DS"]["DSREFID"].drop_nulls())
    for row in form("treatment"):
        words |= {row[name] for name in ("procedure", "product", "operator")}
    for row in form("randomisation"):
        words |= {value for name, value in row.items() if re.search("arm|group|kit|no|num", name)}
    # A bare number stands in many places that have nothing to do with a treatment.
    return {word for word in words - SAID_OF_ALL if word and not word.isdigit()}


def files_of_subjects(folder: Path, release: str) -> list[Path]:
    names = {one.type for one in subject_resources(release)}
    found = [one for one in (folder / "ndjson").iterdir() if one.stem in names]
    return found + sorted((folder / "bundles").glob("subjects-*.json"))


def test_there_is_something_to_look_for(trial: trialect.Trial) -> None:
    words = telling(trial)
    assert {"IFHD", "Dry Needling", "Dextrose 10 %", "20 mL", "INTERFASCIAL", "R0001"} <= words
    assert len(words) > 40


def test_no_byte_of_what_is_told_of_subjects_tells(
    blinded: Path, release: str, trial: trialect.Trial
) -> None:
    files = files_of_subjects(blinded, release)
    assert len(files) > 8
    words = sorted(telling(trial))
    whole = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words), re.I)
    for file in files:
        text = file.read_text(encoding="utf-8")
        # References are percent-encoded, and texts may be escaped.
        for form_of_it in (text, unquote(text), text.encode().decode("unicode_escape")):
            found = {hit.group() for hit in whole.finditer(form_of_it)}
            assert found == set(), file.name


def test_no_name_of_a_file_tells(blinded: Path, trial: trialect.Trial) -> None:
    names = " ".join(str(one.relative_to(blinded)) for one in blinded.rglob("*")).casefold()
    assert not [word for word in telling(trial) if word.casefold() in names]


def test_nothing_of_the_study_names_a_subject(
    blinded: Path, release: str, trial: trialect.Trial
) -> None:
    """The protocol names the arms; so no subject may stand beside them."""
    files = set((blinded / "ndjson").iterdir()) - set(files_of_subjects(blinded, release))
    files.add(blinded / "bundles" / "study.json")
    told = "".join(file.read_text(encoding="utf-8") for file in files)
    dm = trial.frames["DM"]
    assert not [name for name in (*dm["USUBJID"], *dm["SUBJID"]) if name in told]
    assert study_resources(trial.study, {})[0]


def test_unblinded_the_same_search_finds_them(
    release: str, trial: trialect.Trial, tmp_path: Path
) -> None:
    trialect.convert(EXAMPLE, tmp_path / "out", to=["fhir"], fhir_release=release, unblinded=True)
    files = files_of_subjects(tmp_path / "out" / "fhir", release)
    told = "".join(file.read_text(encoding="utf-8") for file in files).casefold()
    found = {word for word in telling(trial) if word.casefold() in told}
    assert {"GLUTEUS MAXIMUS DRY NEEDLING", "INTERFASCIAL", '"value":20,"unit":"mL"'} <= found
