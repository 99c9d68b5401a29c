"""From Study and domains to FHIR R4: one file a resource; docs/fhir.md says what becomes what."""
