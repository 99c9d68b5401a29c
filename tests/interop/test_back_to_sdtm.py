"""What the server keeps is a source of SDTM: the same datasets, to the byte, as what was sent."""

from decimal import Decimal
from pathlib import Path

import orjson
from canonical import name, read_ndjson
from fhir_client import Client

import trialect
from trialect.converters.server.push import push


def _as_written(number: Decimal) -> orjson.Fragment:
    return orjson.Fragment(str(number))


def test_the_servers_copy_maps_to_the_same_sdtm(
    client: Client, answers: object, unblinded: Path, tmp_path: Path
) -> None:
    """Subjects stand in the order of the source, which is no server's to keep: it is ours here."""
    held = read_ndjson(unblinded / "ndjson")
    copy = tmp_path / "copy"
    copy.mkdir()
    for kind, lines in held.items():
        order = {name(one): place for place, one in enumerate(lines)}
        found = sorted(client.search(f"{kind}?_count=500"), key=lambda one: order[name(one)])
        texts = [orjson.dumps(one, default=_as_written) + b"\n" for one in found]
        (copy / f"{kind}.ndjson").write_bytes(b"".join(texts))
    packages = []
    for source in (unblinded / "ndjson", copy):
        package = tmp_path / f"package of {source.name}"
        trialect.convert(source, package, to=["sdtm"])
        packages.append({path.name: path.read_bytes() for path in package.rglob("*.xpt")})
    assert {"dm.xpt", "ex.xpt", "qs.xpt"} <= packages[0].keys() == packages[1].keys()
    assert [file for file in packages[0] if packages[0][file] != packages[1][file]] == []


def test_push_finds_that_everything_is_there(
    client: Client, answers: dict[str, list[object]], unblinded: Path, tmp_path: Path
) -> None:
    pushed = push(unblinded.parent, client.base, unblinded=True, journal=tmp_path / "journal")
    assert pushed.sent == len(answers)
    assert {state for states in pushed.states.values() for state in states} == {"unchanged"}
    assert sum(sum(states.values()) for states in pushed.states.values()) == sum(
        len(entries) for entries in answers.values()
    )
