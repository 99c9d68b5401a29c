import os
from collections.abc import Iterator
from pathlib import Path

import hapi
import pytest
from fhir_client import Client, bundles, sent

import trialect

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NCT07326982"

ASKED = os.environ.get("TRIALECT_INTEROP", "").split()
"""The releases whose servers are started: `make interop` sets it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("interop")
            if not ASKED:
                item.add_marker(pytest.mark.skip(reason="needs a FHIR server: make interop"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "release" in metafunc.fixturenames:
        metafunc.parametrize("release", ASKED or hapi.RELEASES, scope="session")


@pytest.fixture(scope="session")
def server(release: str) -> Iterator[hapi.Server]:
    """The release's server; whoever asks for its address waits until it answers."""
    try:
        path = hapi.built()
    except hapi.UnavailableError as why:
        pytest.skip(f"no FHIR server on this machine: {why}")
    started = hapi.Server(release, path)
    yield started
    started.stop()


@pytest.fixture(scope="session")
def client(server: hapi.Server) -> Client:
    return Client(server.url)


@pytest.fixture(scope="session")
def blinded(server: object, tmp_path_factory: pytest.TempPathFactory, release: str) -> Path:
    """The FHIR of the example's package, as it is by default."""
    out = tmp_path_factory.mktemp("blinded") / "out"
    trialect.convert(EXAMPLE, out, to=["fhir"], fhir_release=release)
    return out / "fhir"


@pytest.fixture(scope="session")
def unblinded(server: object, tmp_path_factory: pytest.TempPathFactory, release: str) -> Path:
    """The same with arms, treatments and doses: every type of resource that we write."""
    out = tmp_path_factory.mktemp("unblinded") / "out"
    trialect.convert(EXAMPLE, out, to=["fhir"], unblinded=True, fhir_release=release)
    return out / "fhir"


@pytest.fixture(scope="session")
def answers(client: Client, unblinded: Path) -> dict[str, list[dict[str, str]]]:
    """What the server said to each bundle when it was empty: the response of every entry."""
    return {path.name: sent(client, path) for path in bundles(unblinded)}
