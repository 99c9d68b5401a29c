"""What a package sends to a server: its transaction bundles, each safe to be sent twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from trialect.converters.digest import digest
from trialect.converters.package import FHIR_BUNDLES, MANIFEST
from trialect.problems import Problem, Unusable, rule

NOTHING = rule(
    "PUSH-NOTHING",
    "error",
    "There is nothing to send",
    "{file} holds no FHIR bundles.",
    "Name a package that was converted --to fhir, or a folder of transaction bundles.",
)
CHANGED = rule(
    "PUSH-CHANGED",
    "error",
    "A bundle is not the one that was checked",
    "{file} differs from what the package's manifest says of it.",
    "Convert the study again; a package is not to be edited.",
)
NO_TRANSACTION = rule(
    "PUSH-NO-TRANSACTION",
    "error",
    "The file is no transaction",
    "{file} {reason}.",
    "Send Bundles of type transaction.",
)
NOT_REPEATABLE = rule(
    "PUSH-NOT-REPEATABLE",
    "error",
    "Sending the bundle twice would change something",
    "the request is {value}.",
    "Make every entry a PUT under a condition or an id, or a POST with ifNoneExist: a bundle whose "
    "answer is lost has to be sent again.",
    "http://hl7.org/fhir/R4/http.html#cond-update",
)
IS_UNBLINDED = rule(
    "PUSH-UNBLINDED",
    "error",
    "The package tells who got what",
    "{file} was converted with --unblinded: its bundles hold arm and treatment.",
    "Convert without --unblinded; or, when the server may know, push with --unblinded, too.",
)

STUDY_FIRST = "study.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of a bundle: its type, and the system and value of its identifier."""

    type: str
    system: str
    value: str
    url: str
    """What request.url says: the condition under which it is stored."""
    full_url: str = ""

    @property
    def name(self) -> str:
        """Its type and identifier, as a person would look it up."""
        return f"{self.type} {self.value or unquote(self.url)}"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A bundle to be sent: its file, SHA-256, size and number of entries."""

    name: str
    file: Path
    sha256: str
    size: int
    count: int

    def text(self) -> bytes:
        """Its bytes. Raises `Unusable` when they are no longer those that were looked at."""
        text = self.file.read_bytes()
        if hashlib.sha256(text).hexdigest() != self.sha256:
            raise Unusable(CHANGED.problem(file=str(self.file)))
        return text


@dataclass(frozen=True, slots=True)
class Shipment:
    """All parcels of a package, the study's first; `digest` tells one shipment from another."""

    folder: Path
    parcels: tuple[Parcel, ...]
    release: str | None
    """The release of FHIR (R4, R5) that the manifest names."""

    @property
    def digest(self) -> str:
        """The SHA-256 of the names and digests of all parcels."""
        said = "".join(f"{one.name} {one.sha256}\n" for one in self.parcels)
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def resources(self) -> int:
        """How many resources there are in all."""
        return sum(one.count for one in self.parcels)


def shipment_of(out: str | Path, *, unblinded: bool = False) -> Shipment:
    """The bundles of a package, or of a folder of bundles, each looked at once.

    Raises `Unusable` when there is none, when one is not what the manifest says, is no transaction
    or could not be sent twice, and when an unblinded package is not sent as one.
    """
    out = Path(out)
    manifest = _manifest(out)
    folder = next((one for one in (out / FHIR_BUNDLES, out / "bundles", out) if one.is_dir()), out)
    files = sorted(folder.glob("*.json"), key=lambda one: (one.name != STUDY_FIRST, one.name))
    files = [one for one in files if one.name != MANIFEST and not one.name.startswith(".")]
    if folder == out and manifest is not None:
        files = []
    if not files:
        raise Unusable(NOTHING.problem(file=str(out)))
    if manifest is not None and manifest.get("unblinded") and not unblinded:
        raise Unusable(IS_UNBLINDED.problem(file=str(out)))
    problems: list[Problem] = []
    parcels = tuple(_parcel(one, problems) for one in files)
    if manifest is not None:
        problems += _against(manifest, parcels)
    if problems:
        raise Unusable(problems)
    standards = (manifest or {}).get("standards")
    release = standards.get("FHIR") if isinstance(standards, dict) else None
    return Shipment(folder, parcels, release)


def entries_of(text: bytes) -> list[Entry]:
    """The entries of a bundle that `shipment_of` took."""
    return [_entry(one) for one in json.loads(text)["entry"]]


def _manifest(out: Path) -> Mapping[str, Any] | None:
    try:
        found = json.loads((out / MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _against(manifest: Mapping[str, Any], parcels: Iterable[Parcel]) -> list[Problem]:
    """Bundles that are not those of the manifest."""
    outputs = manifest.get("outputs")
    told = {
        str(one.get("file")): one.get("sha256")
        for one in (outputs if isinstance(outputs, list) else ())
        if isinstance(one, dict)
    }
    here = {f"{FHIR_BUNDLES}/{one.name}": one for one in parcels}
    bundles = {name for name in told if name.startswith(f"{FHIR_BUNDLES}/")}
    return [
        CHANGED.problem(file=name)
        for name in sorted(bundles | here.keys())
        if name not in here or told.get(name) != here[name].sha256
    ]


def _parcel(file: Path, problems: list[Problem]) -> Parcel:
    """A file looked at, its problems added."""
    try:
        bundle = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        bundle = None
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    reason = ""
    if not isinstance(bundle, dict):
        reason = "is no JSON object"
    elif bundle.get("resourceType") != "Bundle" or bundle.get("type") != "transaction":
        reason = "is no Bundle of type transaction"
    elif not isinstance(entries, list) or not entries:
        reason = "has no entries"
    if reason:
        problems.append(NO_TRANSACTION.problem(file=str(file), reason=reason))
        return Parcel(file.name, file, "", 0, 0)
    assert isinstance(entries, list)
    for number, entry in enumerate(entries):
        if fault := _not_repeatable(entry):
            path = f"Bundle.entry[{number}].request"
            problems.append(NOT_REPEATABLE.problem(file=str(file), path=path, value=fault))
    return Parcel(file.name, file, digest(file), file.stat().st_size, len(entries))


def _not_repeatable(entry: Any) -> str:
    """The request of an entry, when it may not be sent twice."""
    request = entry.get("request") if isinstance(entry, dict) else None
    resource = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(request, dict) or not isinstance(resource, dict):
        return "missing, or without a resource"
    method, url = request.get("method"), request.get("url")
    named = isinstance(url, str) and ("?" in url or "/" in url)
    if (method == "PUT" and named) or (method == "POST" and request.get("ifNoneExist")):
        return ""
    return f"{method} {url}"


def _entry(entry: Mapping[str, Any]) -> Entry:
    resource, request = entry["resource"], entry["request"]
    identifier = resource.get("identifier")
    first = identifier[0] if isinstance(identifier, list) and identifier else identifier
    named = first if isinstance(first, dict) else {}
    return Entry(
        type=str(resource.get("resourceType", "")),
        system=str(named.get("system", "")),
        value=str(named.get("value", "")),
        url=str(request.get("url", "")),
        full_url=str(entry.get("fullUrl", "")),
    )
