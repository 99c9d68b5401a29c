"""Exports as three makers of hospital systems and a synthesiser shape them, written by hand."""

from __future__ import annotations

from typing import Any

from foreign_fhir import category, coded, loinc

Json = dict[str, Any]

HL7 = "http://terminology.hl7.org/CodeSystem/"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"


NAMES = (
    *("patient", "visit", "other", "hypertension", "pressure", "glucose", "smoking", "pain"),
    *("drug", "request", "surgery", "vaccine", "report", "claim"),
)


def quantity(value: float, unit: str, code: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": code}


def bundle(kind: str, *entries: Json, **more: Any) -> Json:
    """A Bundle."""
    return {"resourceType": "Bundle", "type": kind, **more, "entry": list(entries)}


def transaction() -> Json:
    """A patient's history as Synthea writes it: a transaction, urn:uuid, conditional references."""
    ids = {
        name: f"urn:uuid:5c0a2a2a-9b7c-4b7e-8d61-{number:012x}" for number, name in enumerate(NAMES)
    }
    subject = {"reference": ids["patient"]}
    met = {"reference": ids["visit"]}
    us_core = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
    race = {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2106-3", "display": "White"}
    ethnic = {
        "system": "urn:oid:2.16.840.1.113883.6.238",
        "code": "2186-5",
        "display": "Not Hispanic or Latino",
    }
    when = {"effectiveDateTime": "2026-01-05T09:30:00+01:00", "issued": "2026-01-05T09:30:00.5Z"}

    def entry(name: str, /, **resource: Any) -> Json:
        return {
            "fullUrl": ids[name],
            "resource": {"id": ids[name].rpartition(":")[2], **resource},
            "request": {"method": "POST", "url": resource["resourceType"]},
        }

    def observed(name: str, kind: str, /, **more: Any) -> Json:
        return entry(
            name,
            resourceType="Observation",
            status="final",
            category=category(kind),
            subject=subject,
            encounter=met,
            **when,
            **more,
        )

    return bundle(
        "transaction",
        entry(
            "patient",
            resourceType="Patient",
            text={
                "status": "generated",
                "div": '<div xmlns="http://www.w3.org/1999/xhtml">P</div>',
            },
            extension=[
                {
                    "url": us_core + "race",
                    "extension": [{"url": "ombCategory", "valueCoding": race}],
                },
                {
                    "url": us_core + "ethnicity",
                    "extension": [{"url": "ombCategory", "valueCoding": ethnic}],
                },
                {"url": us_core + "birthsex", "valueCode": "F"},
            ],
            identifier=[{"system": "https://github.com/synthetichealth/synthea", "value": "x"}],
            name=[{"use": "official", "family": "Doe", "given": ["Jane"]}],
            gender="female",
            birthDate="1980-02-03",
            address=[{"city": "Boston", "country": "US"}],
            multipleBirthBoolean=False,
        ),
        entry(
            "visit",
            resourceType="Encounter",
            status="finished",
            **{"class": {"system": HL7 + "v3-ActCode", "code": "AMB"}},
            type=[coded(SNOMED, "185349003", "Encounter for check up", "BASELINE")],
            subject=subject,
            period={"start": "2026-01-05T09:00:00+01:00", "end": "2026-01-05T10:00:00+01:00"},
            serviceProvider={"reference": "Organization?identifier=https://x.org|9"},
        ),
        entry(
            "other",
            resourceType="Encounter",
            status="finished",
            **{"class": {"system": HL7 + "v3-ActCode", "code": "EMER"}},
            type=[coded(SNOMED, "50849002", "Emergency room admission")],
            subject=subject,
        ),
        entry(
            "hypertension",
            resourceType="Condition",
            clinicalStatus=coded(HL7 + "condition-clinical", "resolved"),
            verificationStatus=coded(HL7 + "condition-ver-status", "confirmed"),
            category=[coded(HL7 + "condition-category", "encounter-diagnosis")],
            code=coded(SNOMED, "59621000", "Essential hypertension (disorder)"),
            subject=subject,
            encounter=met,
            onsetDateTime="2001-05-06T10:00:00+01:00",
            abatementDateTime="2002",
            recordedDate="2001-05-06",
        ),
        observed(
            "pressure",
            "vital-signs",
            code=loinc("85354-9", "Blood pressure panel"),
            component=[
                {"code": loinc("8462-4"), "valueQuantity": quantity(80, "mm[Hg]", "mm[Hg]")},
                {"code": loinc("8480-6"), "valueQuantity": quantity(120, "mm[Hg]", "mm[Hg]")},
            ],
        ),
        observed(
            "glucose",
            "laboratory",
            code=loinc("2339-0", "Glucose [Mass/volume] in Blood"),
            valueQuantity=quantity(91.76, "mg/dL", "mg/dL"),
        ),
        observed(
            "smoking",
            "social-history",
            code=loinc("72166-2", "Tobacco smoking status"),
            valueCodeableConcept=coded(SNOMED, "266919005", "Never smoked tobacco"),
        ),
        observed(
            "pain",
            "survey",
            code=loinc("72514-3", "Pain severity - 0-10 verbal numeric rating"),
            valueQuantity=quantity(3, "{score}", "{score}"),
        ),
        entry(
            "drug",
            resourceType="Medication",
            status="active",
            code=coded(RXNORM, "314076", "lisinopril 10 MG Oral Tablet"),
        ),
        entry(
            "request",
            resourceType="MedicationRequest",
            status="active",
            intent="order",
            medicationReference={"reference": ids["drug"]},
            subject=subject,
            encounter=met,
            authoredOn="2026-01-05T09:45:00+01:00",
            dosageInstruction=[
                {
                    "sequence": 1,
                    "timing": {"repeat": {"frequency": 1, "period": 1.0, "periodUnit": "d"}},
                    "asNeededBoolean": False,
                    "doseAndRate": [{"doseQuantity": {"value": 1.0}}],
                }
            ],
        ),
        entry(
            "surgery",
            resourceType="Procedure",
            status="completed",
            code=coded(SNOMED, "80146002", "Appendectomy"),
            subject=subject,
            encounter=met,
            performedPeriod={"start": "2010-01-02T10:00:00Z", "end": "2010-01-02T11:30:00Z"},
        ),
        entry(
            "vaccine",
            resourceType="Immunization",
            status="completed",
            vaccineCode=coded("http://hl7.org/fhir/sid/cvx", "140", "Influenza, seasonal"),
            patient=subject,
            occurrenceDateTime="2025-10-01",
        ),
        entry(
            "report",
            resourceType="DiagnosticReport",
            status="final",
            code=loinc("51990-0"),
            subject=subject,
            result=[{"reference": ids["glucose"]}],
        ),
        entry("claim", resourceType="Claim", status="active", use="claim", patient=subject),
    )


def search_pages() -> tuple[Json, Json]:
    """Two pages of searches as Epic answers them: absolute URLs, an OperationOutcome among them,
    displays for what is not there, units in words alone.
    """
    base = "https://epic.example.org/FHIR/R4/"
    subject = {"reference": "Patient/eAB.12", "display": "Doe, Jane"}

    def entry(resource: Json) -> Json:
        url = f"{base}{resource['resourceType']}/{resource['id']}"
        return {"link": [], "fullUrl": url, "resource": resource, "search": {"mode": "match"}}

    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "information", "code": "informational"}],
    }
    first = bundle(
        "searchset",
        entry(
            {
                "resourceType": "Patient",
                "id": "eAB.12",
                "identifier": [
                    {
                        "use": "usual",
                        "type": {"text": "EPI"},
                        "system": "urn:oid:1.2",
                        "value": "Z1",
                    },
                    {
                        "use": "usual",
                        "type": {"text": "MRN"},
                        "system": "urn:oid:1.3",
                        "value": "42",
                    },
                ],
                "gender": "male",
                "birthDate": "1975-06-07",
                "deceasedBoolean": False,
            }
        ),
        entry(
            {
                "resourceType": "Observation",
                "id": "ldl",
                "status": "final",
                "category": category("laboratory"),
                "code": {
                    "coding": [
                        {"system": "urn:oid:1.2.840.114350", "code": "170", "display": "LDL"},
                        {"system": "http://loinc.org", "code": "13457-7"},
                    ],
                    "text": "LDL CHOLESTEROL",
                },
                "subject": subject,
                "effectiveDateTime": "2026-01-05T08:00:00Z",
                "valueQuantity": {"value": 2.90, "unit": "mmol/L"},
                "referenceRange": [{"text": "<3.0 mmol/L"}],
            }
        ),
        entry(
            {
                "resourceType": "Observation",
                "id": "covid",
                "status": "final",
                "category": category("laboratory"),
                "code": {"text": "SARS-CoV-2 PCR"},
                "subject": subject,
                "effectiveDateTime": "2026-01-06",
                "valueString": "Negative",
                "referenceRange": [{"text": "Negative"}],
            }
        ),
        {"fullUrl": "urn:uuid:0", "resource": outcome, "search": {"mode": "outcome"}},
        total=5,
        link=[{"relation": "next", "url": base + "Observation?page=2"}],
    )
    second = bundle(
        "searchset",
        entry(
            {
                "resourceType": "MedicationRequest",
                "id": "rx",
                "status": "stopped",
                "intent": "order",
                "medicationReference": {
                    "reference": "Medication/gone",
                    "display": "ibuprofen 200 mg tablet",
                },
                "subject": subject,
                "dosageInstruction": [
                    {
                        "text": "Take 2 tablets by mouth twice daily",
                        "timing": {
                            "code": {"text": "BID"},
                            "repeat": {
                                "boundsPeriod": {"start": "2025-12-01", "end": "2025-12-10"}
                            },
                        },
                        "route": coded("urn:oid:1.2.840.114350.4", "15", text="Oral"),
                        "doseAndRate": [{"doseQuantity": quantity(400, "mg", "mg")}],
                    }
                ],
            }
        ),
        entry(
            {
                "resourceType": "AllergyIntolerance",
                "id": "pen",
                "clinicalStatus": coded(HL7 + "allergyintolerance-clinical", "active"),
                "category": ["medication"],
                "code": {"text": "PENICILLINS"},
                "patient": subject,
                "recordedDate": "2020-02-02",
            }
        ),
        entry(
            {
                "resourceType": "Condition",
                "id": "no-gout",
                "verificationStatus": coded(HL7 + "condition-ver-status", "refuted"),
                "code": {"text": "Gout"},
                "subject": subject,
                "recordedDate": "2026-01-05",
            }
        ),
        entry(
            {
                "resourceType": "Condition",
                "id": "typo",
                "verificationStatus": coded(HL7 + "condition-ver-status", "entered-in-error"),
                "code": {"text": "Typo"},
                "subject": subject,
            }
        ),
    )
    return first, second


def bulk_export() -> dict[str, list[Json]]:
    """The NDJSON files of a Bulk Data export as Cerner fills them, in the server's order."""
    base = "https://cerner.example.org/r4/tenant/"
    subject = {"reference": base + "Patient/12"}
    return {
        "AdverseEvent.000.ndjson": [
            {
                "resourceType": "AdverseEvent",
                "id": "ae",
                "actuality": "actual",
                "subject": subject,
                "event": {"text": "Nausea"},
                "date": "2026-01-09",
                "outcome": coded(HL7 + "adverse-event-outcome", "resolved"),
            }
        ],
        "MedicationAdministration.000.ndjson": [
            {
                "resourceType": "MedicationAdministration",
                "id": "dose",
                "status": "completed",
                "contained": [
                    {
                        "resourceType": "Medication",
                        "id": "M1",
                        "code": {"text": "studydrug"},
                        "form": {"text": "tablet"},
                    }
                ],
                "medicationReference": {"reference": "#M1"},
                "subject": subject,
                "context": {"reference": base + "Encounter/e1"},
                "effectivePeriod": {"start": "2026-01-06", "end": "2026-01-07"},
                "dosage": {
                    "route": coded(SNOMED, "26643006", "Oral route"),
                    "dose": quantity(10.0, "mg", "mg"),
                },
            }
        ],
        "Observation.000.ndjson": [
            {
                "resourceType": "Observation",
                "id": "bp",
                "status": "final",
                "category": category("vital-signs"),
                "code": loinc("85354-9"),
                "subject": subject,
                "encounter": {"reference": "Encounter/e1"},
                "effectiveDateTime": "2026-02-02T10:05:00.000Z",
                "component": [
                    {"code": loinc("8480-6"), "valueQuantity": quantity(131, "mmHg", "mm[Hg]")},
                    {
                        "code": loinc("8462-4"),
                        "dataAbsentReason": {"text": "Cuff came off"},
                    },
                ],
            },
            {
                "resourceType": "Observation",
                "id": "ratio",
                "status": "final",
                "category": category("laboratory"),
                "code": {"text": "Antibody titre"},
                "subject": subject,
                "effectiveDateTime": "2026-02-02",
                "valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}},
            },
        ],
        "Encounter.000.ndjson": [
            {
                "resourceType": "Encounter",
                "id": "e1",
                "status": "finished",
                "class": {"system": HL7 + "v3-ActCode", "code": "AMB"},
                "type": [{"text": "WEEK 4"}],
                "subject": subject,
                "period": {"start": "2026-02-02T10:00:00Z"},
            }
        ],
        "Patient.000.ndjson": [
            {"resourceType": "Patient", "id": "12", "gender": "unknown", "birthDate": "1990"}
        ],
    }
