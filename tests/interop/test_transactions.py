"""Our transaction bundles on a real server: taken whole, once, and given back as they were."""

from pathlib import Path

from canonical import canonical, name, read_ndjson
from fhir_client import Client, bundles, sent

Answers = dict[str, list[dict[str, str]]]


def versions(answers: Answers) -> list[str]:
    """Where each entry lies on the server, with its version."""
    return [response["location"] for bundle in answers.values() for response in bundle]


def test_every_entry_of_every_bundle_is_created(answers: Answers) -> None:
    found = {response["status"] for bundle in answers.values() for response in bundle}
    assert found == {"201 Created"}
    assert len(set(versions(answers))) == len(versions(answers))


def test_sent_again_they_change_nothing(client: Client, answers: Answers, unblinded: Path) -> None:
    held = {kind: client.count(kind) for kind in read_ndjson(unblinded / "ndjson")}
    again = {path.name: sent(client, path) for path in bundles(unblinded)}
    assert {response["status"] for bundle in again.values() for response in bundle} == {"200 OK"}
    assert versions(again) == versions(answers)
    assert all(place.endswith("/_history/1") for place in versions(again))
    assert {kind: client.count(kind) for kind in held} == held


def test_nothing_else_is_on_the_server(client: Client, answers: Answers, unblinded: Path) -> None:
    ours = {kind: len(lines) for kind, lines in read_ndjson(unblinded / "ndjson").items()}
    assert {kind: client.count(kind) for kind in ours} == ours
    assert sum(len(bundle) for bundle in answers.values()) == sum(ours.values())


def test_what_is_read_back_is_what_was_sent(
    client: Client, answers: Answers, unblinded: Path
) -> None:
    """All of it: decimals as they were written, dates, extensions, and references to the same."""
    held = read_ndjson(unblinded / "ndjson")
    ours = canonical(one for lines in held.values() for one in lines)
    theirs = canonical(one for kind in held for one in client.search(f"{kind}?_count=500"))
    assert theirs.keys() == ours.keys()
    assert [key for key in ours if theirs[key] != ours[key]] == []


def test_a_subject_is_found_by_its_identifier_with_all_that_was_observed(
    client: Client, answers: Answers, unblinded: Path
) -> None:
    held = read_ndjson(unblinded / "ndjson")
    for patient in held["Patient"][::10]:
        (found,) = patient["identifier"]
        query = f"subject:Patient.identifier={found['system']}%7C{found['value']}&_count=500"
        for kind in ("Observation", "Encounter", "Procedure"):
            ours = {
                name(one)
                for one in held[kind]
                if one["subject"]["reference"] == f"Patient/{patient['id']}"
            }
            assert {name(one) for one in client.search(f"{kind}?{query}")} == ours


def test_a_study_is_found_with_its_subjects(
    client: Client, answers: Answers, unblinded: Path
) -> None:
    held = read_ndjson(unblinded / "ndjson")
    (study,) = held["ResearchStudy"]
    identifier = study["identifier"][0]
    query = f"study:ResearchStudy.identifier={identifier['system']}%7C{identifier['value']}"
    found = {name(one) for one in client.search(f"ResearchSubject?{query}&_count=500")}
    assert found == {name(one) for one in held["ResearchSubject"]}
    assert len(found) == len(held["Patient"])


def test_results_are_found_by_code_and_by_value(
    client: Client, answers: Answers, unblinded: Path
) -> None:
    """The pain scores of 7 and more, as a clinician would ask for them."""
    held = read_ndjson(unblinded / "ndjson")["Observation"]
    asked = {"system": "http://loinc.org", "code": "72514-3"}
    ours = {
        name(one)
        for one in held
        if any(asked.items() <= coding.items() for coding in one["code"]["coding"])
        and "valueQuantity" in one
        and one["valueQuantity"]["value"] >= 7
    }
    assert ours
    query = "code=http://loinc.org%7C72514-3&value-quantity=ge7&_count=500"
    assert {name(one) for one in client.search(f"Observation?{query}")} == ours
