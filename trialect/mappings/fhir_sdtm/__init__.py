"""From FHIR to SDTM: tables that say which element of which resource is which variable."""

TOLD_ONCE = frozenset(
    {
        "FHIR-CODE-UNKNOWN",
        "FHIR-TERM-UNKNOWN",
        "FHIR-UNIT-UNKNOWN",
        "FHIR-NO-NUMBER-HERE",
        "FHIR-VALUE-UNREAD",
        "FHIR-NO-BLOCK",
        "FHIR-IN-ERROR",
        "FHIR-NO-VISIT",
        "FHIR-NOT-A-SUBJECT",
    }
)
"""Rules of which each message is told once, at the first resource it is true of: an export may have
a million of them. The rejected rows have all."""
