"""Packages of a few invented resources, as the FHIR writer makes them."""

import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

BASE = "https://example.org/trial"


def entry(type_: str, system: str, value: str, **content: Any) -> dict[str, Any]:
    """A bundle's entry under the condition of its identifier."""
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{type_}/{value}")
    identifier = {"system": f"{BASE}/{system}", "value": value}
    resource = {"resourceType": type_, "identifier": [identifier], **content}
    url = f"{type_}?identifier={BASE}/{system}|{value}"
    request = {"method": "PUT", "url": url}
    return {"fullUrl": f"urn:uuid:{name}", "resource": resource, "request": request}


def bundle(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


STUDY = {"reference": f"ResearchStudy?identifier={BASE}/study|T1"}


def study_bundle() -> dict[str, Any]:
    sponsor = entry("Organization", "study", "sponsor", name="Nobody")
    return bundle(
        sponsor,
        entry(
            "ResearchStudy",
            "study",
            "T1",
            status="active",
            sponsor={"reference": sponsor["fullUrl"]},
        ),
    )


def subject_entries(number: int, observations: int = 3) -> list[dict[str, Any]]:
    name = f"T1-{number:03d}"
    patient = entry("Patient", "subjects", name, gender="female")
    who = {"reference": patient["fullUrl"]}
    return [
        patient,
        entry("ResearchSubject", "subjects", name, status="on-study", study=STUDY, individual=who),
        *(
            entry(
                "Observation",
                "records",
                f"{name}.QS.{seq}",
                status="final",
                code={"text": "pain"},
                subject=who,
                valueQuantity={"value": seq + 0.5},
            )
            for seq in range(1, observations + 1)
        ),
    ]


def package(out: Path, subjects: int = 6, *, unblinded: bool = False) -> Path:
    """A package with a study and a bundle for each subject, and the manifest of both."""
    folder = out / "fhir" / "bundles"
    folder.mkdir(parents=True)
    texts = {"study.json": study_bundle()}
    for number in range(1, subjects + 1):
        texts[f"subjects-{number:06d}-01.json"] = bundle(*subject_entries(number))
    outputs = []
    for name, content in texts.items():
        text = json.dumps(content).encode()
        (folder / name).write_bytes(text)
        sha256 = hashlib.sha256(text).hexdigest()
        outputs.append({"file": f"fhir/bundles/{name}", "sha256": sha256, "bytes": len(text)})
    manifest = {"standards": {"FHIR": "R4"}, "unblinded": unblinded, "outputs": outputs}
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return out


def counts(subjects: int) -> dict[str, int]:
    """What a server holds when everything is stored once."""
    return {
        "Observation": 3 * subjects,
        "Organization": 1,
        "Patient": subjects,
        "ResearchStudy": 1,
        "ResearchSubject": subjects,
    }
