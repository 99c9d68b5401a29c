"""A Study from FHIR: what `mappings/fhir` writes of a study is read again."""
