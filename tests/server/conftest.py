import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from fhir_server import Behaviour, FhirServer, serving
from server_kinds import Certificates, Start, Waits


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN", "CLIENT_ID", "CLIENT_SECRET", "TOKEN_URL", "SCOPE"):
        monkeypatch.delenv(f"TRIALECT_{name}", raising=False)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a server that runs until the test ends."""
    with ExitStack() as stack:

        def begin(
            behaviour: Behaviour | None = None, tls: ssl.SSLContext | None = None
        ) -> FhirServer:
            return stack.enter_context(serving(behaviour or Behaviour(), tls))

        yield begin


@pytest.fixture
def waits() -> Waits:
    return Waits([])


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if shutil.which("openssl") is None:
        pytest.skip("certificates are made with openssl")
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(
        "req",
        "-x509",
        *new,
        "-days",
        "2",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-subj",
        "/CN=Test CA",
    )

    def context(name: str, subject: str) -> ssl.SSLContext:
        (folder / f"{name}.ext").write_text(f"subjectAltName={subject}\n", encoding="ascii")
        openssl(
            *("req", *new, "-keyout", f"{name}.key", "-out", f"{name}.csr"),
            *("-subj", f"/CN={name}"),
        )
        openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key"),
            *("-CAcreateserial", "-days", "2", "-out", f"{name}.pem", "-extfile", f"{name}.ext"),
        )
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
        return found

    return Certificates(
        folder / "ca.pem",
        context("good", "IP:127.0.0.1"),
        context("other", "DNS:fhir.example.org"),
    )
