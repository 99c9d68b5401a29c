"""What becomes what: mapping tables and their verbs, derivations, and the way to FHIR."""
