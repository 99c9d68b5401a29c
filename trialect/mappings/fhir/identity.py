"""What the study's FHIR resources are called: identifiers, ids, conditions.

Every resource has one identifier that is made of what it stands for, and everything else follows
from it: the id is the UUID (version 5) of the identifier, the condition under which a server
stores it asks for the identifier. So the same record is the same resource in every run.

- subjects: system BASE/subjects, value USUBJID (Patient, ResearchSubject)
- records: system BASE/records, value `USUBJID.DOMAIN.SEQ` (SV: `USUBJID.SV.VISITNUM`)
- study: system BASE/study, value a word (`STUDYID`, `sponsor`, `site-01`, `schedule`)
"""

from __future__ import annotations

import re
import uuid
from hashlib import sha1
from urllib.parse import quote

import polars as pl

from trialect.problems import Unusable, rule
from trialect.trial import Study

NO_BASE = rule(
    "FHIR-BASE",
    "error",
    "The study has no base URL",
    "fhir.base is {value!r}; FHIR resources need an absolute URL under which the study's"
    " identifiers stand.",
    "Set fhir.base in study.yaml to a URL that your organisation controls"
    " (for example https://trials.example.org/STUDYID).",
    "http://hl7.org/fhir/R4/datatypes.html#Identifier",
)

SUBJECT_TYPES = frozenset({"Patient", "ResearchSubject"})
RECORD_TYPES = frozenset(
    {
        "Consent",
        "Encounter",
        "Procedure",
        "MedicationAdministration",
        "QuestionnaireResponse",
        "Observation",
        "AdverseEvent",
        "Condition",
        "MedicationStatement",
    }
)

FOUND_BY_TAG = frozenset({"AdverseEvent"})
"""Types whose identifier R4 has no search parameter for; they carry it as a tag too, by which any
resource can be found (http://hl7.org/fhir/R4/search.html#all)."""

_URL = re.compile(r"(https?|urn):\S+")
_TOKEN_SPECIAL = re.compile(r"([\\|,$])")
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]+").fullmatch
_RECORD = re.compile(r"(.+)\.(?:(DM)|([A-Z][A-Z0-9]{1,3})\.(\d+(?:\.\d+)?))", re.DOTALL)
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class Identity:
    """Names under one study's base. Raises `Unusable` when `study.fhir.base` is no URL."""

    def __init__(self, study: Study) -> None:
        base = study.fhir.base.rstrip("/")
        if not _URL.fullmatch(base):
            raise Unusable(NO_BASE.problem(file="study.yaml", field="fhir.base", value=base))
        self.base = base
        self._cross_version = study.fhir.cross_version
        self._namespace = uuid.uuid5(uuid.NAMESPACE_URL, base).bytes
        self._conditions: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    def system(self, type: str) -> str:
        """The system of the identifiers of a type of resource."""
        if type in SUBJECT_TYPES:
            return f"{self.base}/subjects"
        return f"{self.base}/{'records' if type in RECORD_TYPES else 'study'}"

    def code_system(self, name: str) -> str:
        """The system of the study's own codes (visits, criteria, arms, tests)."""
        return f"{self.base}/CodeSystem/{quote(name, safe='')}"

    def extension(self, name: str) -> str:
        """The URL of an extension that trialect defines (docs/fhir.md lists them)."""
        return f"{self.base}/StructureDefinition/{name}"

    def element(self, release: str, element: str) -> str:
        """The URL of the extension for an element that only another release has.

        With `fhir.cross_version: hl7` it is HL7's own
        (http://hl7.org/fhir/R5/versions.html#extensions), else one of the study with the same end:
        HAPI's validator (8.6.0) refuses HL7's as an error unless it was given their definitions.
        """
        if self._cross_version == "hl7":
            version = {"R4": "4.0", "R5": "5.0"}[release]
            return f"http://hl7.org/fhir/{version}/StructureDefinition/extension-{element}"
        return self.extension(f"extension-{element}")

    def canonical(self, type: str, name: str) -> str:
        """The canonical URL of a definition (Questionnaire, PlanDefinition)."""
        return f"{self.base}/{type}/{quote(name, safe='')}"

    def id(self, type: str, value: str) -> str:
        """The id of the resource of this type with this identifier: uuid5(uuid5(URL, base),
        `TYPE/VALUE`), as RFC 4122 has it.
        """
        name = f"{type}/{value}"
        found = self._ids.get(name)
        if found is None:
            # The same as str(uuid.uuid5(...)), in a third of the time: a record has many sites.
            x = sha1(self._namespace + name.encode()).hexdigest()
            found = f"{x[:8]}-{x[8:12]}-5{x[13:16]}-{_VARIANT[x[16]]}{x[17:20]}-{x[20:32]}"
            self._ids[name] = found
        return found

    def ids(self, type: str, values: pl.Series) -> pl.Series:
        """`id` of each of many values, several times as fast."""
        start = self._namespace + f"{type}/".encode()
        hashes = [sha1(start + value.encode()).hexdigest() for value in values.to_list()]
        x = pl.Series(hashes, dtype=pl.String).str
        variant = x.slice(16, 1).replace_strict(_VARIANT, return_dtype=pl.String)
        parts = (x.slice(0, 8), x.slice(8, 4), "5" + x.slice(13, 3), variant + x.slice(17, 3))
        return pl.select(pl.concat_str(*parts, x.slice(20, 12), separator="-")).to_series()

    def condition(self, type: str, value: str) -> str:
        """The search that finds the resource on a server: `Type?identifier=system|value`.

        For the types of `FOUND_BY_TAG` it is `Type?_tag=system|value`.
        """
        return self.condition_start(type) + condition_value(value)

    def condition_start(self, type: str) -> str:
        """A condition up to the value."""
        if type not in self._conditions:
            parameter = "_tag" if type in FOUND_BY_TAG else "identifier"
            self._conditions[type] = f"{type}?{parameter}={quote(self.system(type), safe=':/')}|"
        return self._conditions[type]


def condition_value(value: str) -> str:
    r"""An identifier's value in a condition: `\ | , $` escaped as FHIR's search wants it
    (R4 search 3.1.1.4.0.1), then percent-encoded; the `|` after the system stays, as in R4's own
    examples.
    """
    if _PLAIN(value):
        return value
    return quote(_TOKEN_SPECIAL.sub(r"\\\1", value), safe="")


def parse_record(value: str) -> tuple[str, str, str] | None:
    """The domain, USUBJID and sequence number (SV: VISITNUM; DM: empty) that an identifier's value
    of the system BASE/records names; None for any other text.
    """
    match = _RECORD.fullmatch(value)
    if match is None:
        return None
    usubjid, dm, domain, number = match.groups()
    return (dm, usubjid, "") if dm else (domain, usubjid, number)
