"""Where each fact of a Study stands in a ClinicalTrials.gov API v2 record.

The tables are read both ways: record to facts, and facts to record, members in the order in which
the site writes them. A fact is a dotted path of Study; one that begins with @ is no value of
Study as it stands, and `ctgov_record` and `ctgov_from_study` say what becomes of it.

Source: the API's definition (OpenAPI, https://clinicaltrials.gov/data-api/api), ProtocolSection.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

from trialect.converters.readers.study_words import WORDS
from trialect.mappings.registry.ctgov_shapes import (
    OURS,
    Day,
    Flag,
    Items,
    Module,
    Number,
    Shape,
    Text,
    Whole,
    Word,
)
from trialect.protocol import Contact, Outcome, Sponsor, StudyDate
from trialect.registry_facts import (
    AvailableData,
    Link,
    Location,
    Official,
    Reference,
    Retraction,
    SecondaryId,
    StudyIdentifier,
)

TEXT, FLAG, WHOLE = Text(), Flag(), Whole()
TEXTS = Items(TEXT)
DAY, DATE = Day(partial=False), Day(partial=True)
DATE_TYPE = Word("DateType", ("ACTUAL", "ESTIMATED"))
AGENCY = Word("AgencyClass", WORDS["sponsor.type"])
STATUS = Word("Status", WORDS["status"])

INTERVENTION_TYPES = WORDS["interventions.*.type"]
INTERVENTION_LABELS = {word: word.replace("_", " ").title() for word in INTERVENTION_TYPES}
"""What an arm's list of names has in front of an intervention's: `Dietary Supplement: Zinc`."""
INTERVENTIONAL_MODELS = ("SINGLE_GROUP", "PARALLEL", "CROSSOVER", "FACTORIAL", "SEQUENTIAL")
"""InterventionalAssignment; the other words of Study's design.model are ObservationalModel."""
OBSERVATIONAL_MODELS = tuple(
    word for word in WORDS["design.model"] if word not in INTERVENTIONAL_MODELS
)

_PARTIAL_DATE = Shape(
    partial(StudyDate, type=None),
    {"date": ("date", DATE), "type": ("type", DATE_TYPE)},
    needs=("date",),
    whole=True,
)
_DATE = Shape(
    partial(StudyDate, type=None),
    {"date": ("date", DAY), "type": ("type", DATE_TYPE)},
    needs=("date",),
    whole=True,
)
_SPONSOR = Shape(Sponsor, {"name": ("name", TEXT), "class": ("type", AGENCY)}, needs=("name",))
_ORGANIZATION = Shape(
    Sponsor, {"fullName": ("name", TEXT), "class": ("type", AGENCY)}, needs=("name",)
)
_CONTACT = Shape(
    Contact,
    {
        "name": ("name", TEXT),
        "role": ("role", Word("ContactRole", WORDS["locations.*.contacts.*.role"])),
        "phone": ("phone", TEXT),
        "phoneExt": ("phone_ext", TEXT),
        "email": ("email", TEXT),
    },
    needs=("name",),
)

IDENTIFICATION = Module(
    {
        "nctId": ("@nct", TEXT),
        "nctIdAliases": ("nct_aliases", TEXTS),
        "orgStudyIdInfo": (
            "identifier",
            Shape(
                StudyIdentifier,
                {
                    "id": ("id", TEXT),
                    "type": ("type", Word("OrgStudyIdType", WORDS["identifier.type"])),
                    "link": ("link", TEXT),
                },
            ),
        ),
        "secondaryIdInfos": (
            "secondary_ids",
            Items(
                Shape(
                    SecondaryId,
                    {
                        "id": ("id", TEXT),
                        "type": ("type", Word("SecondaryIdType", WORDS["secondary_ids.*.type"])),
                        "domain": ("domain", TEXT),
                        "link": ("link", TEXT),
                    },
                    needs=("id",),
                )
            ),
        ),
        "organization": ("organization", _ORGANIZATION),
        "briefTitle": ("brief_title", TEXT),
        "officialTitle": ("title", TEXT),
        "acronym": ("acronym", TEXT),
    }
)

STATUS_MODULE = Module(
    {
        "statusVerifiedDate": ("verified", DATE),
        "overallStatus": ("status", STATUS),
        "lastKnownStatus": ("last_known_status", STATUS),
        "delayedPosting": ("delayed_posting", FLAG),
        "whyStopped": ("why_stopped", TEXT),
        "expandedAccessInfo": Module(
            {
                "hasExpandedAccess": ("expanded_access.available", FLAG),
                "nctId": ("expanded_access.nct_id", TEXT),
                "statusForNctId": (
                    "expanded_access.status",
                    Word("ExpandedAccessStatus", WORDS["expanded_access.status"]),
                ),
            }
        ),
        "startDateStruct": ("start", _PARTIAL_DATE),
        "primaryCompletionDateStruct": ("primary_completion", _PARTIAL_DATE),
        "completionDateStruct": ("completion", _PARTIAL_DATE),
        "studyFirstSubmitDate": ("posting.first_submitted", DAY),
        "studyFirstSubmitQcDate": ("posting.first_submitted_qc", DAY),
        "studyFirstPostDateStruct": ("posting.first_posted", _DATE),
        "resultsFirstSubmitDate": ("posting.results_first_submitted", DAY),
        "resultsFirstSubmitQcDate": ("posting.results_first_submitted_qc", DAY),
        "resultsFirstPostDateStruct": ("posting.results_first_posted", _DATE),
        "dispFirstSubmitDate": ("posting.disposition_first_submitted", DAY),
        "dispFirstSubmitQcDate": ("posting.disposition_first_submitted_qc", DAY),
        "dispFirstPostDateStruct": ("posting.disposition_first_posted", _DATE),
        "lastUpdateSubmitDate": ("posting.last_update_submitted", DAY),
        "lastUpdatePostDateStruct": ("posting.last_update_posted", _DATE),
    }
)

SPONSORS = Module(
    {
        "responsibleParty": Module(
            {
                "type": (
                    "responsible.type",
                    Word("ResponsiblePartyType", WORDS["responsible.type"]),
                ),
                "investigatorFullName": ("responsible.name", TEXT),
                "investigatorTitle": ("responsible.title", TEXT),
                "investigatorAffiliation": ("responsible.affiliation", TEXT),
                "oldNameTitle": ("responsible.old_name_title", TEXT),
                "oldOrganization": ("responsible.old_organization", TEXT),
            }
        ),
        "leadSponsor": ("sponsor", _SPONSOR),
        "collaborators": ("collaborators", Items(_SPONSOR)),
    }
)

OVERSIGHT = Module(
    {
        "oversightHasDmc": ("oversight.has_dmc", FLAG),
        "isFdaRegulatedDrug": ("oversight.fda_regulated_drug", FLAG),
        "isFdaRegulatedDevice": ("oversight.fda_regulated_device", FLAG),
        "isUnapprovedDevice": ("oversight.unapproved_device", FLAG),
        "isPpsd": ("oversight.pediatric_postmarket", FLAG),
        "isUsExport": ("oversight.us_export", FLAG),
        "fdaaa801Violation": ("oversight.fdaaa801_violation", FLAG),
    }
)

DESIGN = Module(
    {
        "studyType": ("design.type", Word("StudyType", WORDS["design.type"])),
        "nPtrsToThisExpAccNctId": ("expanded_access.patients", Number(0, float("inf"))),
        "expandedAccessTypes": Module(
            {
                "individual": ("expanded_access.individual", FLAG),
                "intermediate": ("expanded_access.intermediate", FLAG),
                "treatment": ("expanded_access.treatment", FLAG),
            }
        ),
        "patientRegistry": ("design.patient_registry", FLAG),
        "targetDuration": ("design.target_duration", TEXT),
        "phases": ("design.phases", Items(Word("Phase", WORDS["design.phases.*"]))),
        "designInfo": Module(
            {
                "allocation": (
                    "design.allocation",
                    Word("DesignAllocation", WORDS["design.allocation"]),
                ),
                "interventionModel": (
                    "@interventional_model",
                    Word("InterventionalAssignment", INTERVENTIONAL_MODELS),
                ),
                "interventionModelDescription": ("design.model_description", TEXT),
                "primaryPurpose": (
                    "design.purpose",
                    Word("PrimaryPurpose", WORDS["design.purpose"]),
                ),
                "observationalModel": (
                    "@observational_model",
                    Word("ObservationalModel", OBSERVATIONAL_MODELS),
                ),
                "timePerspective": (
                    "design.time_perspective",
                    Word("DesignTimePerspective", WORDS["design.time_perspective"]),
                ),
                "maskingInfo": Module(
                    {
                        "masking": (
                            "design.masking",
                            Word("DesignMasking", WORDS["design.masking"]),
                        ),
                        "maskingDescription": ("design.masking_description", TEXT),
                        "whoMasked": (
                            "design.masked",
                            Items(Word("WhoMasked", WORDS["design.masked.*"])),
                        ),
                    }
                ),
            }
        ),
        "bioSpec": Module(
            {
                "retention": (
                    "biospecimen.retention",
                    Word("BioSpecRetention", WORDS["biospecimen.retention"]),
                ),
                "description": ("biospecimen.description", TEXT),
            }
        ),
        "enrollmentInfo": Module(
            {
                "count": ("@enrolment_count", WHOLE),
                "type": ("@enrolment_type", Word("EnrollmentType", ("ACTUAL", "ESTIMATED"))),
            }
        ),
    }
)

ARMS = Module(
    {
        "armGroups": (
            "@arms",
            Items(
                Shape(
                    dict,
                    {
                        "label": ("name", TEXT),
                        "type": ("type", Word("ArmGroupType", WORDS["arms.*.type"])),
                        "description": ("description", TEXT),
                        "interventionNames": ("interventions", TEXTS),
                    },
                    needs=("name",),
                )
            ),
        ),
        "interventions": (
            "@interventions",
            Items(
                Shape(
                    dict,
                    {
                        "type": ("type", Word("InterventionType", INTERVENTION_TYPES)),
                        "name": ("name", TEXT),
                        "description": ("description", TEXT),
                        "armGroupLabels": ("arms", TEXTS),
                        "otherNames": ("other_names", TEXTS),
                    },
                    needs=("name",),
                )
            ),
        ),
    }
)


def _outcomes(kind: Literal["PRIMARY", "SECONDARY", "OTHER"]) -> Items:
    return Items(
        Shape(
            partial(Outcome, kind),
            {
                "measure": ("measure", TEXT),
                "description": ("description", TEXT),
                "timeFrame": ("time_frame", TEXT),
            },
            needs=("measure",),
        )
    )


OUTCOMES = Module(
    {
        "primaryOutcomes": ("@outcomes.PRIMARY", _outcomes("PRIMARY")),
        "secondaryOutcomes": ("@outcomes.SECONDARY", _outcomes("SECONDARY")),
        "otherOutcomes": ("@outcomes.OTHER", _outcomes("OTHER")),
    }
)

ELIGIBILITY = Module(
    {
        "eligibilityCriteria": ("eligibility.criteria", TEXT),
        "healthyVolunteers": ("eligibility.healthy_volunteers", FLAG),
        "sex": ("eligibility.sex", Word("Sex", WORDS["eligibility.sex"])),
        "genderBased": ("eligibility.gender_based", FLAG),
        "genderDescription": ("eligibility.gender_description", TEXT),
        "minimumAge": ("eligibility.minimum_age", TEXT),
        "maximumAge": ("eligibility.maximum_age", TEXT),
        "stdAges": (
            "eligibility.age_groups",
            Items(Word("StandardAge", WORDS["eligibility.age_groups.*"])),
        ),
        "studyPopulation": ("eligibility.population", TEXT),
        "samplingMethod": (
            "eligibility.sampling",
            Word("SamplingMethod", WORDS["eligibility.sampling"]),
        ),
    }
)

_LOCATION = Shape(
    Location,
    {
        "facility": ("facility", TEXT),
        "status": ("status", Word("RecruitmentStatus", WORDS["locations.*.status"])),
        "city": ("city", TEXT),
        "state": ("state", TEXT),
        "zip": ("zip", TEXT),
        "country": ("country", TEXT),
        "contacts": ("contacts", Items(_CONTACT)),
        "geoPoint": (
            OURS,
            Shape(
                dict,
                {"lat": ("latitude", Number(-90, 90)), "lon": ("longitude", Number(-180, 180))},
            ),
        ),
    },
)

CONTACTS = Module(
    {
        "centralContacts": ("contacts", Items(_CONTACT)),
        "overallOfficials": (
            "officials",
            Items(
                Shape(
                    Official,
                    {
                        "name": ("name", TEXT),
                        "affiliation": ("affiliation", TEXT),
                        "role": ("role", Word("OfficialRole", WORDS["officials.*.role"])),
                    },
                    needs=("name",),
                )
            ),
        ),
        "locations": ("locations", Items(_LOCATION)),
    }
)

REFERENCES = Module(
    {
        "references": (
            "references",
            Items(
                Shape(
                    Reference,
                    {
                        "pmid": ("pmid", TEXT),
                        "type": ("type", Word("ReferenceType", WORDS["references.*.type"])),
                        "citation": ("citation", TEXT),
                        "retractions": (
                            "retractions",
                            Items(
                                Shape(
                                    Retraction,
                                    {"pmid": ("pmid", TEXT), "source": ("source", TEXT)},
                                )
                            ),
                        ),
                    },
                )
            ),
        ),
        "seeAlsoLinks": (
            "links",
            Items(Shape(Link, {"label": ("label", TEXT), "url": ("url", TEXT)})),
        ),
        "availIpds": (
            "available_data",
            Items(
                Shape(
                    AvailableData,
                    {
                        "id": ("id", TEXT),
                        "type": ("type", TEXT),
                        "url": ("url", TEXT),
                        "comment": ("comment", TEXT),
                    },
                )
            ),
        ),
    }
)

DATA_SHARING = Module(
    {
        "ipdSharing": ("data_sharing.sharing", Word("IpdSharing", WORDS["data_sharing.sharing"])),
        "description": ("data_sharing.description", TEXT),
        "infoTypes": (
            "data_sharing.information",
            Items(Word("IpdSharingInfoType", WORDS["data_sharing.information.*"])),
        ),
        "timeFrame": ("data_sharing.time_frame", TEXT),
        "accessCriteria": ("data_sharing.access", TEXT),
        "url": ("data_sharing.url", TEXT),
    }
)

PROTOCOL = Module(
    {
        "identificationModule": IDENTIFICATION,
        "statusModule": STATUS_MODULE,
        "sponsorCollaboratorsModule": SPONSORS,
        "oversightModule": OVERSIGHT,
        "descriptionModule": Module(
            {"briefSummary": ("summary", TEXT), "detailedDescription": ("description", TEXT)}
        ),
        "conditionsModule": Module(
            {"conditions": ("conditions", TEXTS), "keywords": ("keywords", TEXTS)}
        ),
        "designModule": DESIGN,
        "armsInterventionsModule": ARMS,
        "outcomesModule": OUTCOMES,
        "eligibilityModule": ELIGIBILITY,
        "contactsLocationsModule": CONTACTS,
        "referencesModule": REFERENCES,
        "ipdSharingStatementModule": DATA_SHARING,
    }
)
"""protocolSection."""
