"""What a server repeats of our secrets is seen nowhere: screen, journal, report, exception."""

import json
import threading
import traceback
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from fhir_server import Behaviour, dumped, outcome
from server_kinds import Start, Waits
from small_package import package
from typer.testing import Result

from trialect.converters.server.capability import look_at
from trialect.converters.server.credentials import Credentials, credentials_of
from trialect.converters.server.pull import pull
from trialect.converters.server.push import push
from trialect.converters.server.session import Session
from trialect.problems import Unusable

SECRET = "s3cr3t/&'\\token"
HEAD = SECRET[:8]
"""So much of it tells it, too."""

Run = Callable[..., Result]


def page(title: str) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "text/html"}, f"<html><title>{title}</title>".encode()


def cut_at(length: int) -> str:
    """Words that end amid the secret when they are cut after so many signs."""
    return "x" * (length - len(HEAD)) + SECRET


ECHOES = {
    "a refusal": (422, {}, outcome(f"Bearer {SECRET} is not ours")),
    "a place": (422, {}, outcome("no", f"Bundle.entry[0].{SECRET}")),
    "words that are cut": (422, {}, outcome(cut_at(600 - len("error: ")))),
    "no transaction's answer": (200, {}, outcome(f"{SECRET} may do nothing")),
    "a page": page(f"Welcome {SECRET}"),
    "a page that is cut": page(cut_at(120)),
    "a page that is escaped": page(SECRET.replace("&", "&amp;")),
    "another resource": (200, {}, dumped({"resourceType": f"Patient {SECRET}"})),
    "a type of content": (200, {"Content-Type": f"text/{SECRET}"}, b"..."),
    "let in no more": (401, {}, outcome(f"{SECRET} has ended")),
    "a redirect": (302, {"Location": f"https://example.org/{SECRET}"}, b""),
}


def written(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@pytest.mark.parametrize("echo", ECHOES)
def test_a_push_conceals_what_a_server_repeats(
    echo: str, tmp_path: Path, start: Start, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start(Behaviour(token=SECRET))
    server.behaviour.answers["/fhir"] = ECHOES[echo]
    monkeypatch.setenv("TRIALECT_TOKEN", SECRET)
    out = package(tmp_path / "out", 1)
    result = run("push", out, "--server", server.base, "--retries", 0)
    assert result.exit_code in (1, 2)
    told = result.output + written(tmp_path)
    assert "answered" in told
    assert "[conceal" in told or echo in ("a redirect", "a type of content")
    assert HEAD not in told


@pytest.mark.parametrize("echo", ECHOES)
def test_a_pull_conceals_what_a_server_repeats(echo: str, tmp_path: Path, start: Start) -> None:
    server = start(Behaviour(token=SECRET))
    server.behaviour.answers["/fhir/ResearchStudy"] = ECHOES[echo]
    with pytest.raises(Unusable) as found:
        pull(tmp_path / "out", server.base, "T1", credentials=Credentials(token=SECRET))
    told = "".join(traceback.format_exception(found.value)) + str(found.value.problems)
    assert HEAD not in told
    assert HEAD.encode("unicode_escape").decode() not in told


def client(server_origin: str, url: str = "") -> Credentials:
    return credentials_of(
        environment={
            "TRIALECT_CLIENT_ID": "me",
            "TRIALECT_CLIENT_SECRET": SECRET,
            "TRIALECT_TOKEN_URL": url or f"{server_origin}/token",
        }
    )


@pytest.mark.parametrize(
    "seen",
    [
        SECRET,
        quote(SECRET, safe=""),
        b64encode(f"me:{quote(SECRET, safe='')}".encode()).decode(),
        "token-1",
    ],
    ids=["as it is", "quoted", "as HTTP Basic", "the token it got"],
)
def test_a_client_is_concealed_in_every_form(seen: str, tmp_path: Path, start: Start) -> None:
    server = start(Behaviour(client=("me", SECRET), token="none yet"))
    server.behaviour.answers["/fhir"] = (422, {}, outcome(f"you sent {seen}!"))
    done = push(package(tmp_path / "out", 1), server.base, credentials=client(server.origin))
    told = "\n".join(map(str, done.problems)) + written(tmp_path / "out.push")
    assert "you sent [concealed]!" in told
    assert seen not in told


def test_where_tokens_come_from_is_named_when_it_is_away(start: Start, waits: Waits) -> None:
    server = start(Behaviour(client=("me", SECRET), token="none yet"))
    away = client(server.origin, "http://localhost:1/token")
    with pytest.raises(Unusable) as found:
        look_at(Session(server.base, away, patience=waits.patience(2)))
    assert "http://localhost:1, which gives out tokens: it does not accept" in str(found.value)


@pytest.mark.parametrize("lasts", ["1" + "0" * 400, '"3600"', "-5", "null", "true", "1e300"])
def test_how_long_a_token_lasts_may_be_anything(lasts: str, start: Start) -> None:
    server = start(Behaviour(client=("me", SECRET), token="given"))
    text = f'{{"access_token": "given", "expires_in": {lasts}}}'
    server.behaviour.answers["/token"] = (200, {}, text.encode())
    assert look_at(Session(server.base, client(server.origin))).release == "R4"


def test_a_token_that_ended_is_renewed_once_for_all_connections(start: Start) -> None:
    """A server with one token a client ends the first connection's new one with the second's."""
    server = start(Behaviour(client=("me", SECRET), token="none yet"))
    session = Session(server.base, client(server.origin))
    look_at(session)
    server.behaviour.token = "ended meanwhile"
    together = threading.Barrier(2, timeout=30)
    waiting = [2]

    def hold(method: str, path: str) -> None:
        if path.endswith("metadata") and waiting[0]:
            waiting[0] -= 1
            together.wait()

    server.behaviour.on_request = hold
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(look_at(session).release)) for _ in range(2)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert found == ["R4", "R4"]
    assert server.behaviour.tokens == 2


def test_a_wait_without_end_is_refused(tmp_path: Path, run: Run) -> None:
    out = package(tmp_path / "out", 1)
    for seconds in ("inf", "nan", "1e300", "0"):
        result = run("push", out, "--server", "http://localhost:1", "--timeout", seconds)
        assert result.exit_code == 2
        assert "--timeout" in result.output


def test_what_a_report_says_of_the_server_holds_no_secret(tmp_path: Path, start: Start) -> None:
    server = start(Behaviour(token=SECRET))
    done = push(package(tmp_path / "out", 2), server.base, credentials=Credentials(token=SECRET))
    assert HEAD not in written(tmp_path)
    assert json.loads(done.report.read_bytes())["server"] == server.base
