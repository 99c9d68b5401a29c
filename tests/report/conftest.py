import shutil
from pathlib import Path

import pytest

import trialect
from trialect.converters.account import Account, FormAccount
from trialect.protocol import Sponsor
from trialect.trial import Study

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NCT07326982"


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> trialect.Conversion:
    """The example, converted once."""
    home = tmp_path_factory.mktemp("report")
    shutil.copytree(EXAMPLE, home / "study", ignore=shutil.ignore_patterns("out"))
    return trialect.convert(home / "study", home / "out")


@pytest.fixture
def account() -> Account:
    """Two forms, one of them with rejected rows, into three datasets and two kinds of resources."""
    study = Study("S1", "A <study> & more", Sponsor("Sponsor"), invented="Nobody in it exists.")
    made = Account(study, ("sdtm", "dataset-json", "fhir"), False, "2026-01-01T00:00:00", 40)
    made.forms = {
        "visits": FormAccount("records/visits.csv", "0" * 64, 1, 1000, 990, 10),
        "people": FormAccount("records/people.csv", "0" * 64, 1, 40, 40, 0),
    }
    made.datasets = {"TA": 4, "DM": 40, "QS": 2970}
    made.flows.update({("people", "DM"): 40, ("visits", "QS"): 2970, ("", "TA"): 4})
    made.fhir.update({"Patient": 40, "Observation": 2970, "ResearchStudy": 1})
    return made
