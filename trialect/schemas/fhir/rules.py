"""The kinds of problems that checking FHIR resources can find."""

from __future__ import annotations

from trialect.problems import rule

_SPEC = "http://hl7.org/fhir/R4/"

JSON = rule(
    "FHIR-JSON",
    "error",
    "Not JSON",
    "This is not JSON text in UTF-8: {detail}.",
    "Write the resource again as one JSON object.",
    _SPEC + "json.html",
)
DUPLICATE_KEY = rule(
    "FHIR-DUPLICATE-KEY",
    "error",
    "A key stands twice in one JSON object",
    "The key {key!r} stands more than once in the same object; only one of the values can count.",
    "Keep one of them.",
    _SPEC + "json.html",
)
RESOURCE_TYPE = rule(
    "FHIR-RESOURCE-TYPE",
    "error",
    "Unknown type of resource",
    "resourceType is {value!r}; expected a type of resource of FHIR {release}{hint}.",
    "Name the type as the specification spells it.",
    _SPEC + "resourcelist.html",
)
STRUCTURE = rule(
    "FHIR-STRUCTURE",
    "error",
    "Unknown element",
    "{node} has no element {key!r}{hint}.",
    "Rename or remove it, or say it in an extension.",
    _SPEC + "json.html",
)
DEPTH = rule(
    "FHIR-DEPTH",
    "error",
    "Nested too deeply",
    "Elements are nested more than {limit} deep.",
    "Flatten the resource.",
)
SIZE = rule(
    "FHIR-SIZE",
    "error",
    "Too large to be looked at",
    "{what} takes more than {limit} MiB and was not checked.",
    "Keep attachments elsewhere and refer to them by URL; divide the rest.",
)
CIRCLE = rule(
    "FHIR-CONTAINED-CIRCLE",
    "warning",
    "Contained resources refer to each other in a circle",
    "Contained resources refer to each other in a circle: {circle}. FHIR does not forbid it; what "
    "follows references may not come to an end.",
    "Leave one of the references out.",
    _SPEC + "references.html#contained",
)
BUNDLE_INSIDE = rule(
    "FHIR-BUNDLE-INSIDE",
    "warning",
    "A Bundle stands inside a Bundle",
    "The entry holds a Bundle. Its resources were checked each by itself; what must hold between "
    "them (fullUrls, references, requests) was not.",
    "Send and check it as a Bundle of its own.",
    _SPEC + "bundle.html",
)
CARDINALITY = rule(
    "FHIR-CARDINALITY",
    "error",
    "A required element is missing",
    "{node} must have {element}.",
    "Add it.",
    _SPEC + "conformance-rules.html#cardinality",
)
CHOICE = rule(
    "FHIR-CHOICE",
    "error",
    "More than one type of a choice",
    "{element}[x] may have one type; here are {keys}.",
    "Keep one of them.",
    _SPEC + "formats.html#choice",
)
TYPE = rule(
    "FHIR-TYPE",
    "error",
    "Wrong JSON type",
    "Expected {expected}, found {found}.",
    "Write the value as that JSON type.",
    _SPEC + "json.html",
)
FORMAT = rule(
    "FHIR-FORMAT",
    "error",
    "Wrong format",
    "{value!r} is no valid {type}: expected {expected}.",
    "Write the value in that form.",
    _SPEC + "datatypes.html",
)
NULL = rule(
    "FHIR-NULL",
    "error",
    "null",
    "null stands where FHIR has no null.",
    "Leave the element out; in a list, null is only for an item whose extension stands in _{key}.",
    _SPEC + "json.html#null",
)
EMPTY = rule(
    "FHIR-EMPTY",
    "error",
    "Empty value",
    "{what} is empty.",
    "Leave the element out.",
    _SPEC + "json.html",
)
BINDING = rule(
    "FHIR-REQUIRED-BINDING",
    "error",
    "Code outside the required value set",
    "{value!r} is not in {value_set}; expected {codes}.",
    "Use a code of that value set{with_system}.",
    _SPEC + "terminologies.html#required",
)
UNIT = rule(
    "FHIR-UNIT",
    "error",
    "Not a unit of UCUM",
    "{value!r} is no unit of UCUM: {fault}.",
    "Use a code of UCUM (what is only counted stands in braces: {{tablet}}), or say the unit in "
    "words, without system and code.",
    _SPEC + "datatypes.html#quantity",
)
TARGET = rule(
    "FHIR-REFERENCE-TARGET",
    "error",
    "Reference to a type that is not allowed here",
    "The reference names a {found}; allowed here: {allowed}.",
    "Refer to a resource of an allowed type.",
    _SPEC + "references.html",
)
REFERENCE = rule(
    "FHIR-REFERENCE-FORMAT",
    "error",
    "Not a reference",
    "{value!r} is no reference: expected Type/id, an absolute URL, urn:uuid:..., #id or "
    "Type?identifier=system|value.",
    "Write the reference in one of these forms.",
    _SPEC + "references.html#literal",
)
DANGLING = rule(
    "FHIR-DANGLING-REFERENCE",
    "error",
    "Reference to nothing",
    "Nothing here has the {kind} {value!r} that is referred to.",
    "Add the resource, or correct the reference.",
    _SPEC + "bundle.html#references",
)
EXTENSION = rule(
    "FHIR-EXTENSION",
    "error",
    "Extension used against its definition",
    "The extension {url} {fault}.",
    "See the extension's definition.",
    _SPEC + "defining-extensions.html#context",
)
EXTENSION_UNKNOWN = rule(
    "FHIR-EXTENSION-UNKNOWN",
    "warning",
    "HL7 defines no such extension",
    "FHIR {release} defines no extension {url}{hint}.",
    "Correct the URL, or use a URL of your own.",
    _SPEC + "extensibility-registry.html",
)
INVARIANT = rule(
    "FHIR-INVARIANT",
    "error",
    "An invariant of the specification does not hold",
    "{key}: {human}",
    "Change the elements that the sentence names.",
    _SPEC + "conformance-rules.html#constraints",
)
GUIDELINE = rule(
    "FHIR-GUIDELINE",
    "warning",
    "A recommendation of the specification is not followed",
    "{key}: {human}",
    "Change the elements that the sentence names.",
    _SPEC + "conformance-rules.html#constraints",
)
BUNDLE_REQUEST = rule(
    "FHIR-BUNDLE-REQUEST",
    "error",
    "A transaction entry that a server cannot carry out",
    "{fault}.",
    "{cure}.",
    _SPEC + "http.html#transaction",
)
BUNDLE_FULL_URL = rule(
    "FHIR-BUNDLE-FULL-URL",
    "error",
    "An entry's fullUrl does not fit its resource",
    "{fault}.",
    "{cure}.",
    _SPEC + "bundle.html#bundle-unique",
)
BUNDLE_CONDITION = rule(
    "FHIR-BUNDLE-CONDITION",
    "error",
    "Two entries with the same condition",
    "{value!r} is the condition of an earlier entry ({first}) too; a server must refuse the whole.",
    "Give each entry a condition of its own.",
    _SPEC + "http.html#trules",
)
DUPLICATE_ID = rule(
    "FHIR-DUPLICATE-ID",
    "error",
    "Two resources of one type with the same id",
    "{value} was written before{first}.",
    "Give each resource an id of its own, or write it once.",
    _SPEC + "resource.html#id",
)
