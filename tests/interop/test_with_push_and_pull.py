"""`trialect push` and `trialect pull` on a real server: all of a study goes there and comes back.

The study has a base of its own, so that nothing of it is on the server before.
"""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from canonical import canonical, read_ndjson
from fhir_client import Client

import trialect
from trialect.converters.server.pull import pull
from trialect.converters.server.push import Pushed, push

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NCT07326982"
BASE = "https://example.org/trialect/pushed"


@pytest.fixture(scope="session")
def package(server: object, tmp_path_factory: pytest.TempPathFactory, release: str) -> Path:
    """The example as a study of another base."""
    folder = tmp_path_factory.mktemp("pushed")
    shutil.copytree(EXAMPLE, folder / "study", ignore=shutil.ignore_patterns("out"))
    facts = folder / "study" / "study.yaml"
    text = facts.read_text(encoding="utf-8")
    before = "https://example.org/trialect/NCT07326982"
    assert before in text
    facts.write_text(text.replace(before, BASE), encoding="utf-8")
    trialect.convert(
        folder / "study", folder / "out", to=["fhir"], unblinded=True, fhir_release=release
    )
    return folder / "out"


def states(done: Pushed) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in done.states.values():
        found.update(one)
    return dict(found)


def test_all_goes_there_once_and_comes_back(client: Client, package: Path, tmp_path: Path) -> None:
    ours = read_ndjson(package / "fhir" / "ndjson")
    total = sum(len(some) for some in ours.values())
    first = push(package, client.base, unblinded=True, journal=tmp_path / "one")
    assert not list(first.problems)
    assert states(first) == {"created": total}
    second = push(package, client.base, unblinded=True, journal=tmp_path / "two")
    assert states(second) == {"unchanged": total}

    (study,) = ours["ResearchStudy"]
    identifier = study["identifier"][0]
    name = f"{identifier['system']}|{identifier['value']}"
    done = pull(tmp_path / "back", client.base, name)
    assert not list(done.problems)
    assert done.subjects == len(ours["Patient"])
    back = read_ndjson(tmp_path / "back")
    theirs = canonical(one for some in back.values() for one in some)
    sent = canonical(one for kind in back for one in ours[kind])
    assert theirs == sent
    # Nothing of the study refers to them: they refer to the study's sites.
    assert ours.keys() - back.keys() <= {"PractitionerRole"}
    told = json.loads((tmp_path / "back" / "pull.json").read_bytes())
    assert told["study"]["asked"] == name
