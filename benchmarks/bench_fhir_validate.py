"""Validating 100,000 FHIR Observations of about 800 bytes, against what else there is.

    python benchmarks/bench_fhir_validate.py [count]

Prints resources per second of processor time in one process, and how many times faster
`check_ndjson` is: medians of rounds in which the checks take turns.
The JSON Schema is made from the same table of facts: elements, cardinality, formats and codes, but
neither reference targets, choices across types, calendar days nor invariants, which a schema cannot
say. Peers that are slow are timed on a part of the Observations; absent ones are skipped.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from trialect.schemas.fhir import ReferenceIndex, check_bundle_texts, check_ndjson, check_resource
from trialect.schemas.fhir.table import table

ROUNDS = 5
OURS = "trialect check_ndjson"
UUID = "%08x-6f5c-5d0e-9d5e-0b0e7a52ff00"


def observation(number: int) -> dict[str, Any]:
    subject, visit = number // 14, number // 3
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "id": UUID % number,
        "identifier": [
            {"system": "https://example.org/records", "value": f"QS/{subject}/{number % 14}"}
        ],
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "survey",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": "http://loinc.org", "code": "72514-3"}], "text": "Pain"},
        "subject": {"reference": f"Patient/{UUID % subject}"},
        "encounter": {"reference": f"Encounter/{UUID % visit}"},
        "effectiveDateTime": f"2026-{1 + number % 12:02}-{1 + number % 28:02}T09:00:00+02:00",
        "valueQuantity": {
            "value": number % 11,
            "unit": "{score}",
            "system": "http://unitsofmeasure.org",
            "code": "{score}",
        },
        "derivedFrom": [{"reference": f"QuestionnaireResponse/{UUID % visit}"}],
    }
    if number % 20 == 0:
        del made["valueQuantity"]
        made["dataAbsentReason"] = {"text": "Subject did not come"}
    return made


Check = Callable[[list[bytes]], Any]


def rates(checks: dict[str, tuple[Check, list[bytes]]]) -> dict[str, list[float]]:
    """Resources a second of processor time, one figure a round; the checks take turns."""
    found: dict[str, list[float]] = {name: [] for name in checks}
    for _ in range(ROUNDS):
        for name, (check, lines) in checks.items():
            started = time.process_time()
            check(lines)
            found[name].append(len(lines) / (time.process_time() - started))
    return found


def exhaust(problems: Iterable[Any]) -> None:
    found = list(problems)
    if found:
        raise SystemExit(f"the Observations should be valid: {found[0]}")


def with_index(lines: list[bytes]) -> None:
    exhaust(check_ndjson(lines, file="Observation.ndjson", index=ReferenceIndex()))


def decoded(lines: list[bytes]) -> None:
    for line in lines:
        orjson.loads(line)


def exactly(lines: list[bytes]) -> None:
    for line in lines:
        exhaust(check_resource(orjson.loads(line)))


def bundles(lines: list[bytes], size: int = 500) -> list[tuple[str, bytes]]:
    """Transactions of some resources each, in the form in which trialect writes them."""
    texts = []
    for start in range(0, len(lines), size):
        entries = b",\n".join(
            b'{"fullUrl":"urn:uuid:%08x-6f5c-5d0e-9d5e-0b0e7a52ff00","resource":%s,'
            b'"request":{"method":"PUT","url":"Observation?identifier=a|%d"}}'
            % (number, line, number)
            for number, line in enumerate(lines[start : start + size], start=start)
        )
        head = b'{"resourceType":"Bundle","type":"transaction","entry":[\n'
        texts.append((str(start), head + entries + b"\n]}\n"))
    return texts


def json_schema(root: str) -> dict[str, Any]:
    """A JSON Schema of a type, made from the table."""
    definitions: dict[str, Any] = {}
    facts = table()
    waiting = [root]
    while waiting:
        path = waiting.pop()
        if path in definitions:
            continue
        node = facts.node(path)
        properties: dict[str, Any] = {"resourceType": {"const": path}} if node.resource else {}
        for key, prop in node.properties.items():
            if prop.kind == "primitive":
                kinds = {"boolean": "boolean", "decimal": "number"}
                whole = prop.type in ("integer", "positiveInt", "unsignedInt")
                kind = "integer" if whole else kinds.get(prop.type, "string")
                one: dict[str, Any] = {"type": kind}
                if prop.binding is not None and prop.binding.codes is not None:
                    one["enum"] = sorted(prop.binding.codes)
                elif kind == "string" and "regex" in facts.primitives[prop.type]:
                    one["pattern"] = f"^(?:{facts.primitives[prop.type]['regex']})$"
            elif prop.kind == "resource":
                one = {"type": "object"}
            else:
                target = "Element" if prop.kind == "sibling" else prop.type
                waiting.append(target)
                one = {"$ref": f"#/$defs/{target}"}
            properties[key] = {"type": "array", "items": one, "minItems": 1} if prop.many else one
        definitions[path] = {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            "minProperties": 1,
        }
        if node.required:
            definitions[path]["allOf"] = [
                {"anyOf": [{"required": [key]} for key in keys]} for _, keys in node.required
            ]
    return {"$ref": f"#/$defs/{root}", "$defs": definitions}


def schema_check() -> Check | None:
    try:
        import jsonschema_rs
    except ImportError:
        return None
    validator = jsonschema_rs.validator_for(json_schema("Observation"))
    wrong = observation(1) | {"status": "done"}
    if validator.is_valid(wrong) or not validator.is_valid(observation(1)):
        raise SystemExit("the schema does not tell right from wrong")

    def check(lines: list[bytes]) -> None:
        if not all(validator.is_valid(orjson.loads(line)) for line in lines):
            raise SystemExit("the Observations should be valid")

    return check


def resources_check() -> Check | None:
    try:
        from fhir.resources.R4B.observation import Observation
    except ImportError:
        return None

    def check(lines: list[bytes]) -> None:
        for line in lines:
            Observation.model_validate_json(line)

    return check


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    lines = [json.dumps(observation(n), separators=(",", ":")).encode() for n in range(count)]
    size = statistics.mean(map(len, lines))
    part = lines[: count // 5]
    whole = bundles(part)
    checks: dict[str, tuple[Check | None, list[bytes]]] = {
        OURS: (lambda part: exhaust(check_ndjson(part)), lines),
        "trialect check_ndjson with references": (with_index, lines),
        "trialect check_bundle_texts": (lambda _: exhaust(check_bundle_texts(whole)), part),
        "trialect check_resource (exact path)": (exactly, lines[: count // 50]),
        "jsonschema-rs, schema of the same table": (schema_check(), lines[: count // 2]),
        "orjson.loads, no check": (decoded, lines),
        "fhir.resources R4B": (resources_check(), lines[: count // 50]),
    }
    found = rates({name: (check, part) for name, (check, part) in checks.items() if check})
    sys.stdout.write(
        f"{count} Observations of {size:.0f} bytes, processor time, median of {ROUNDS} rounds\n"
        f"{'':42}resources/s   check_ndjson is faster by\n"
    )
    for name in checks:
        if name not in found:
            sys.stdout.write(f"{name:42}not installed\n")
            continue
        ratio = statistics.median(a / b for a, b in zip(found[OURS], found[name], strict=True))
        sys.stdout.write(f"{name:42}{statistics.median(found[name]):>11,.0f}{ratio:>10.1f}\n")


if __name__ == "__main__":
    main()
