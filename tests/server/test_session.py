"""What a server or a network may do to a connection, and what is told of it."""

import json
import socket
import threading
from pathlib import Path

import pytest
from fhir_server import Behaviour, outcome
from server_kinds import Certificates, Start, Waits

from trialect.converters.server.capability import look_at
from trialect.converters.server.credentials import Credentials, credentials_of
from trialect.converters.server.session import Patience, Session
from trialect.problems import Unusable

SECRET = "s3cr3t-token-value"


def stopped(session: Session) -> tuple[str, str]:
    """The rule and the text of what stops a session from asking for /metadata."""
    with pytest.raises(Unusable) as found:
        look_at(session)
    (problem,) = found.value.problems
    return problem.rule, str(problem)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize(
    "url",
    [
        "fhir.example.org",
        "ftp://fhir.example.org",
        "https://",
        "https://user:hidden@fhir.example.org",
        "https://fhir.example.org/?token=hidden",
        "https://fhir.example.org/#hidden",
        "https://fhir.example.org:port",
        "https://fhir.example.org/a b",
        "https://fhir.example.org/\r\nHost: hidden",
        "https://[::1",
        "https://fhir.örnek.org",
    ],
)
def test_an_address_that_will_not_do(url: str) -> None:
    with pytest.raises(Unusable) as found:
        Session(url)
    assert found.value.problems[0].rule == "SERVER-URL"
    assert "hidden" not in str(found.value)


def test_plain_http_is_for_this_machine_alone() -> None:
    for local in ("http://localhost/fhir", "http://127.0.0.1:8080", "http://[::1]:80/fhir/"):
        assert Session(local).base.is_local
    for far in ("http://fhir.example.org/fhir", "http://10.0.0.1", "http://127.0.0.1.example.org"):
        with pytest.raises(Unusable) as found:
            Session(far)
        assert found.value.problems[0].rule == "SERVER-PLAIN-HTTP"


def test_waits_grow_without_chance(waits: Waits) -> None:
    session = Session(f"http://127.0.0.1:{free_port()}/fhir", patience=waits.patience(9))
    rule, text = stopped(session)
    assert rule == "SERVER-LOST"
    assert "does not accept connections (9 attempts)" in text
    assert waits.asked == [1, 2, 4, 8, 16, 32, 60, 60]


def test_retry_after_is_obeyed(start: Start, waits: Waits) -> None:
    server = start()
    path = "/fhir/metadata"
    for headers, wait in (
        ({"Retry-After": "7"}, 7.0),
        (
            {
                "Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT",
                "Date": "Wed, 21 Oct 2026 07:28:00 GMT",
            },
            30.0,
        ),
    ):
        waits.asked.clear()
        server.behaviour.answers[path] = (429, headers, outcome("slowly"))
        rule, _ = stopped(Session(server.base, patience=waits.patience(2)))
        assert rule == "SERVER-BUSY"
        assert waits.asked == [pytest.approx(wait, abs=4)]


def test_a_retry_after_of_hours_is_not_waited_for(start: Start, waits: Waits) -> None:
    server = start()
    server.behaviour.answers["/fhir/metadata"] = (503, {"Retry-After": "7200"}, outcome("night"))
    rule, text = stopped(Session(server.base, patience=waits.patience()))
    assert rule == "SERVER-BUSY"
    assert "asks to wait 7200 s (1 attempt)" in text
    assert waits.asked == []


def test_a_page_is_no_fhir(start: Start) -> None:
    server = start()
    page = b"<!DOCTYPE html><html><head><title>Log&nbsp;in &amp; go</title></head></html>"
    server.behaviour.answers["/fhir/metadata"] = (200, {"Content-Type": "text/html"}, page)
    rule, text = stopped(Session(server.base))
    assert rule == "SERVER-NOT-FHIR"
    assert "a page named 'Log in & go'" in text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "with nothing"),
        (b"[1]", "3 bytes of application/fhir+json"),
        (b'{"resourceType":"Patient"}', "a resource of type Patient"),
        (outcome("go away"), "go away"),
        (b"[" * 100_000, "100,000 bytes"),
    ],
)
def test_something_else_is_no_capability_statement(
    body: bytes, said: str, start: Start, waits: Waits
) -> None:
    server = start()
    server.behaviour.answers["/fhir/metadata"] = (200, {}, body)
    rule, text = stopped(Session(server.base, patience=waits.patience(2)))
    assert rule in ("SERVER-NOT-FHIR", "SERVER-LOST")
    assert said in text or rule == "SERVER-LOST"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_follows_a_redirect_to_another_host(status: int, start: Start) -> None:
    other = start()
    server = start(Behaviour(token=SECRET))
    where = {"Location": f"{other.base}/metadata?state=hidden"}
    server.behaviour.answers["/fhir/metadata"] = (status, where, b"")
    session = Session(server.base, Credentials(token=SECRET))
    rule, text = stopped(session)
    assert rule == "SERVER-REDIRECT"
    assert f"{other.base}/metadata" in text
    assert "hidden" not in text
    assert SECRET not in text
    assert other.behaviour.requests == []


def test_a_redirect_at_home_is_followed_and_a_circle_is_not(start: Start) -> None:
    server = start()
    server.behaviour.answers["/old/metadata"] = (308, {"Location": "/fhir/metadata"}, b"")
    assert look_at(Session(f"{server.origin}/old")).release == "R4"
    server.behaviour.answers["/old/metadata"] = (308, {"Location": "/old/metadata"}, b"")
    rule, text = stopped(Session(f"{server.origin}/old"))
    assert rule == "SERVER-REDIRECT"
    assert "without end" in text


def test_what_is_posted_is_not_turned_into_a_question(start: Start) -> None:
    server = start()
    server.behaviour.answers["/fhir"] = (302, {"Location": "/fhir/metadata"}, b"")
    session = Session(server.base)
    with pytest.raises(Unusable) as found:
        session.ask("POST", session.base.below(""), body=b"{}")
    assert found.value.problems[0].rule == "SERVER-REDIRECT"


def test_a_wrong_token_is_told_and_not_repeated(start: Start) -> None:
    server = start(Behaviour(token="another"))
    text = outcome(f"the token {SECRET} is not known")
    server.behaviour.answers["/fhir/metadata"] = (401, {}, text)
    rule, said = stopped(Session(server.base, Credentials(token=SECRET)))
    assert rule == "SERVER-REFUSED"
    assert "[concealed] is not known" in said
    assert "a token was given" in said
    assert SECRET not in said
    assert SECRET not in repr(Credentials(token=SECRET, client_secret=SECRET))


def test_no_token_where_one_is_asked_for(start: Start) -> None:
    rule, said = stopped(Session(start(Behaviour(token=SECRET)).base))
    assert rule == "SERVER-REFUSED"
    assert "none were given" in said


def test_a_client_gets_a_token_and_a_new_one_when_it_ends(start: Start) -> None:
    server = start(Behaviour(client=("me & co", SECRET), token="not yet"))
    given = credentials_of(
        environment={
            "TRIALECT_CLIENT_ID": "me & co",
            "TRIALECT_CLIENT_SECRET": SECRET,
            "TRIALECT_TOKEN_URL": f"{server.origin}/token",
            "TRIALECT_SCOPE": "system/*.cruds",
        }
    )
    session = Session(server.base, given)
    assert look_at(session).release == "R4"
    server.behaviour.token = "ended meanwhile"
    assert look_at(session).release == "R4"
    assert server.behaviour.tokens == 2


def test_a_client_that_is_not_known_is_told_without_its_secret(start: Start) -> None:
    server = start(Behaviour(client=("me", "other")))
    url = f"{server.origin}/token"
    given = credentials_of(
        environment={
            "TRIALECT_CLIENT_ID": "me",
            "TRIALECT_CLIENT_SECRET": SECRET,
            "TRIALECT_TOKEN_URL": url,
        }
    )
    rule, said = stopped(Session(server.base, given))
    assert rule == "SERVER-TOKEN"
    assert "invalid_client" in said
    assert SECRET not in said


def test_a_certificate_that_nobody_vouches_for(start: Start, certificates: Certificates) -> None:
    server = start(tls=certificates.good)
    session = Session(server.base, Credentials(token=SECRET))
    rule, said = stopped(session)
    assert rule == "SERVER-CERTIFICATE"
    assert "--ca" in said
    assert server.behaviour.requests == []
    assert look_at(Session(server.base, ca=certificates.ca)).release == "R4"


def test_a_certificate_for_another_name(start: Start, certificates: Certificates) -> None:
    server = start(tls=certificates.other_name)
    rule, said = stopped(Session(server.base, ca=certificates.ca))
    assert rule == "SERVER-CERTIFICATE"
    assert "127.0.0.1" in said


def test_a_port_that_does_not_speak_tls(start: Start) -> None:
    server = start()
    patience = Patience(attempts=1, answer=2.0)
    rule, _ = stopped(Session(server.base.replace("http:", "https:"), patience=patience))
    assert rule in ("SERVER-TLS", "SERVER-LOST")


def test_a_ca_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none", encoding="utf-8")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(Unusable) as found:
            Session("https://fhir.example.org", ca=tmp_path / name)
        assert found.value.problems[0].rule == "SERVER-CA"


@pytest.mark.parametrize(
    "answer",
    [b"SSH-2.0-Nonsense\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"\x00" * 70_000],
)
def test_a_server_that_does_not_speak_http(answer: bytes, waits: Waits) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def serve() -> None:
            for _ in range(2):
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/fhir"
        rule, _ = stopped(Session(url, patience=waits.patience(2)))
        assert rule == "SERVER-LOST"
        thread.join(5)


def test_a_name_that_nobody_knows(waits: Waits) -> None:
    session = Session("https://no-such-host.invalid/fhir", patience=waits.patience(2))
    rule, text = stopped(session)
    assert rule == "SERVER-LOST"
    assert "no-such-host.invalid" in text


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_credentials_of_a_file(tmp_path: Path) -> None:
    text = f"# ours\n\ntoken = {SECRET}\n"
    assert credentials_of(write(tmp_path / "one", text)).token == SECRET
    text = f"client_id=me\nclient_secret={SECRET}=\ntoken_url=https://login.example.org/token\n"
    found = credentials_of(write(tmp_path / "two", text))
    assert (found.kind, found.client_secret) == ("client", f"{SECRET}=")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o777])
def test_credentials_that_others_can_read_are_not_used(mode: int, tmp_path: Path) -> None:
    file = write(tmp_path / "one", f"token={SECRET}\n", mode)
    with pytest.raises(Unusable) as found:
        credentials_of(file)
    assert found.value.problems[0].rule == "SERVER-CREDENTIALS-OPEN"
    assert f"{mode:04o}" in str(found.value)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (f"{SECRET}\n", "SERVER-CREDENTIALS-FILE"),
        (f"password={SECRET}\n", "SERVER-CREDENTIALS-FILE"),
        (f"token={SECRET}\ntoken={SECRET}\n", "SERVER-CREDENTIALS-FILE"),
        ("x" * 70_000, "SERVER-CREDENTIALS-FILE"),
        (f"token={SECRET}\nclient_id=me\n", "SERVER-CREDENTIALS"),
        (f"client_id=me\nclient_secret={SECRET}\n", "SERVER-CREDENTIALS"),
        ("scope=all\n", "SERVER-CREDENTIALS"),
        (f"token={SECRET} twice\n", "SERVER-CREDENTIALS"),
        (
            f"client_id=me\nclient_secret={SECRET}\ntoken_url=http://login.example.org\n",
            "SERVER-PLAIN-HTTP",
        ),
    ],
)
def test_credentials_that_are_not_understood(text: str, rule: str, tmp_path: Path) -> None:
    with pytest.raises(Unusable) as found:
        credentials_of(write(tmp_path / "one", text))
    assert found.value.problems[0].rule == rule
    assert SECRET not in str(found.value)


def test_a_folder_is_no_credentials(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(Unusable) as found:
            credentials_of(path)
        assert found.value.problems[0].rule == "SERVER-CREDENTIALS-FILE"


def test_the_token_goes_to_the_server_alone_and_into_no_file(tmp_path: Path, start: Start) -> None:
    from small_package import package

    from trialect.converters.server.push import push

    server = start(Behaviour(token=SECRET))
    done = push(package(tmp_path / "out", 2), server.base, credentials=Credentials(token=SECRET))
    assert done.stored == 3
    assert {h["authorization"] for _, _, h in server.behaviour.requests} == {f"Bearer {SECRET}"}
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 4
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]
    assert json.loads(done.report.read_bytes())["server"] == server.base
