import shutil
from pathlib import Path

import pytest

import trialect

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NCT07326982"


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example study."""
    folder = tmp_path_factory.mktemp("cli") / "study"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("out"))
    return folder


@pytest.fixture(scope="session")
def package(study: Path) -> Path:
    """The example, converted once."""
    trialect.convert(study, study.parent / "package")
    return study.parent / "package"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A study of two subjects and no errors but those of an unmapped arm."""
    folder = tmp_path / "tiny"
    (folder / "records").mkdir(parents=True)
    (folder / "mappings").mkdir()
    (folder / "study.yaml").write_text(
        "studyid: T1\ntitle: Tiny\nsponsor: {name: Nobody}\nrecords: {subject: id}\n"
        "start: {date: '2026-01-01', type: ACTUAL}\n"
        "sdtm: {stamp: '2026-01-01T00:00:00Z'}\noutputs: [dataset-json]\n",
        encoding="utf-8",
    )
    (folder / "records" / "people.csv").write_text("id,sex\n1,F\n2,M\n", encoding="utf-8")
    (folder / "mappings" / "sources.csv").write_text(
        "domain,block,from,records\nDM,people,people,row\n", encoding="utf-8"
    )
    (folder / "mappings" / "dm.csv").write_text(
        "target,verb,source,value\nUSUBJID,compute,,STUDYID || '-' || id\n"
        "SUBJID,assign,id,\nSITEID,hardcode,,1\nSEX,assign_ct,sex,\nCOUNTRY,hardcode,,TUR\n"
        "ARMNRS,hardcode_ct,,NOT ASSIGNED\n",
        encoding="utf-8",
    )
    return folder
