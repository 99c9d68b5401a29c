"""Facts of the study that ResearchStudy has no element for in any release: extensions of ours."""

from __future__ import annotations

from collections.abc import Iterator

from trialect.mappings.fhir.protocol import Protocol
from trialect.mappings.fhir.told_facts import Extension, told, value_of

RECORDS = {
    "posting": frozenset[str](),
    "expanded_access": frozenset[str](),
    "oversight": frozenset[str](),
    "fda_application": frozenset[str](),
    "data_sharing": frozenset[str](),
    # Who may be reached at the board is asked by PRS and no public record shows it.
    "ethics_review": frozenset({"phone", "phone_ext", "email", "address"}),
    # What a sample is kept as stands with the design, as HL7's mapping has it.
    "biospecimen": frozenset({"retention"}),
    "design": frozenset(
        {
            *("type", "allocation", "model", "masking", "masked", "purpose", "phases"),
            "time_perspective",
        }
    ),
    "responsible": frozenset({"type", "name", "title", "affiliation", "account"}),
}
"""Facts of several parts, each with the parts that stand elsewhere or are not told."""

SINGLE = ("verified", "last_known_status", "delayed_posting", "time_points")
"""Facts of one value, or a list of values."""

COUNT = "enrolment-count"
"""How many subjects, where the record does not say whether they are planned or took part."""


def unplaced(protocol: Protocol) -> Iterator[Extension]:
    """The extensions, in the order of the names above; each is named as the Study's field is."""
    study, identity = protocol.study, protocol.identity
    for field, without in RECORDS.items():
        record = getattr(study, field)
        if record is not None:
            yield from told(identity.extension(field.replace("_", "-")), record, without)
    for field in SINGLE:
        value = getattr(study, field)
        for one in value if type(value) is tuple else (value,):
            if one is not None and one != "":
                url = identity.extension(field.replace("_", "-"))
                yield {"url": url, **value_of(one)}
    if study.enrolment.count is not None:
        yield {"url": identity.extension(COUNT), **value_of(study.enrolment.count)}
