"""A small record of the form of ClinicalTrials.gov's API v2, invented, for the tests of records."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

_RECORD: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {
            "nctId": "NCT00000001",
            "nctIdAliases": ["NCT00000002"],
            "orgStudyIdInfo": {"id": "TEA-1", "type": "NIH", "link": "https://example.org/tea"},
            "secondaryIdInfos": [
                {"id": "2024-000001-01", "type": "EUDRACT_NUMBER", "domain": "EudraCT"}
            ],
            "organization": {"fullName": "Institute of Tea", "class": "OTHER"},
            "briefTitle": "Tea for Colds",
            "officialTitle": "Ginger Tea Against Water in Adults With a Cold",
            "acronym": "TEACUP",
        },
        "statusModule": {
            "statusVerifiedDate": "2024-05",
            "overallStatus": "COMPLETED",
            "expandedAccessInfo": {"hasExpandedAccess": False},
            "startDateStruct": {"date": "2023-01"},
            "primaryCompletionDateStruct": {"date": "2023-12-01", "type": "ACTUAL"},
            "completionDateStruct": {"date": "2024-02-29", "type": "ACTUAL"},
            "studyFirstSubmitDate": "2022-12-01",
            "studyFirstSubmitQcDate": "2022-12-02",
            "studyFirstPostDateStruct": {"date": "2022-12-05", "type": "ESTIMATED"},
            "lastUpdateSubmitDate": "2024-05-02",
            "lastUpdatePostDateStruct": {"date": "2024-05-06", "type": "ACTUAL"},
        },
        "sponsorCollaboratorsModule": {
            "responsibleParty": {"type": "SPONSOR"},
            "leadSponsor": {"name": "Institute of Tea", "class": "OTHER"},
            "collaborators": [{"name": "Society of Cups", "class": "NETWORK"}],
        },
        "oversightModule": {"oversightHasDmc": True, "isFdaRegulatedDrug": False},
        "descriptionModule": {"briefSummary": "Tea or water.", "detailedDescription": "Daily."},
        "conditionsModule": {"conditions": ["Common Cold"], "keywords": ["tea", "kır çayı"]},
        "designModule": {
            "studyType": "INTERVENTIONAL",
            "phases": ["PHASE1", "PHASE2"],
            "designInfo": {
                "allocation": "RANDOMIZED",
                "interventionModel": "PARALLEL",
                "primaryPurpose": "TREATMENT",
                "maskingInfo": {
                    "masking": "TRIPLE",
                    "maskingDescription": "Cups look alike.",
                    "whoMasked": ["PARTICIPANT", "INVESTIGATOR", "OUTCOMES_ASSESSOR"],
                },
            },
            "enrollmentInfo": {"count": 42, "type": "ACTUAL"},
        },
        "armsInterventionsModule": {
            "armGroups": [
                {
                    "label": "Tea",
                    "type": "EXPERIMENTAL",
                    "description": "A cup a day.",
                    "interventionNames": ["Dietary Supplement: Ginger tea", "Other: Advice"],
                },
                {"label": "Water", "interventionNames": ["Other: Advice"]},
            ],
            "interventions": [
                {
                    "type": "DIETARY_SUPPLEMENT",
                    "name": "Ginger tea",
                    "description": "200 ml.",
                    "armGroupLabels": ["Tea"],
                    "otherNames": ["Zingiber"],
                },
                {"type": "OTHER", "name": "Advice", "armGroupLabels": ["Tea", "Water"]},
            ],
        },
        "outcomesModule": {
            "primaryOutcomes": [
                {"measure": "Days to recovery", "description": "No cough.", "timeFrame": "14 days"}
            ],
            "secondaryOutcomes": [{"measure": "Sleep", "timeFrame": "Day 7"}],
            "otherOutcomes": [{"measure": "Taste", "timeFrame": "Day 1"}],
        },
        "eligibilityModule": {
            "eligibilityCriteria": "Inclusion Criteria:\n\n* Cold\n\nExclusion Criteria:\n\n* \\>4",
            "healthyVolunteers": False,
            "sex": "ALL",
            "minimumAge": "18 Years",
            "stdAges": ["ADULT", "OLDER_ADULT"],
        },
        "contactsLocationsModule": {
            "centralContacts": [
                {"name": "T. Leaf", "role": "CONTACT", "phone": "1", "phoneExt": "2"}
            ],
            "overallOfficials": [
                {"name": "C. Kettle", "affiliation": "Institute", "role": "STUDY_CHAIR"}
            ],
            "locations": [
                {
                    "facility": "Tea House",
                    "status": "RECRUITING",
                    "city": "Rize",
                    "zip": "53100",
                    "country": "Turkey (Türkiye)",
                    "contacts": [{"role": "CONTACT", "email": "leaf@example.org"}],
                    "geoPoint": {"lat": 41.02083, "lon": 40.52194},
                }
            ],
        },
        "referencesModule": {
            "references": [
                {
                    "pmid": "1",
                    "type": "BACKGROUND",
                    "citation": "Leaf T. Tea.",
                    "retractions": [{"pmid": "2", "source": "Tea J. 2024"}],
                }
            ],
            "seeAlsoLinks": [{"label": "Tea", "url": "https://example.org"}],
            "availIpds": [{"id": "1", "type": "Study Protocol", "url": "https://example.org/p"}],
        },
        "ipdSharingStatementModule": {
            "ipdSharing": "YES",
            "infoTypes": ["SAP", "ICF"],
            "timeFrame": "A year.",
        },
    },
    "resultsSection": {
        "participantFlowModule": {
            "recruitmentDetails": "In winter.",
            "groups": [{"id": "FG000", "title": "Tea", "description": "A cup a day."}],
            "periods": [
                {
                    "title": "Overall Study",
                    "milestones": [
                        {
                            "type": "STARTED",
                            "achievements": [{"groupId": "FG000", "numSubjects": "21"}],
                        }
                    ],
                    "dropWithdraws": [
                        {
                            "type": "Lost to Follow-up",
                            "reasons": [{"groupId": "FG000", "numSubjects": "1"}],
                        }
                    ],
                }
            ],
        },
        "baselineCharacteristicsModule": {"groups": [{"id": "BG000", "title": "Tea"}]},
        "adverseEventsModule": {
            "frequencyThreshold": "5",
            "eventGroups": [
                {"id": "EG000", "title": "Tea", "deathsNumAffected": 0, "deathsNumAtRisk": 21}
            ],
            "seriousEvents": [{"term": "Scald", "organSystem": "Skin"}],
        },
        "moreInfoModule": {
            "limitationsAndCaveats": {"description": "Few."},
            "certainAgreement": {"piSponsorEmployee": True, "restrictiveAgreement": False},
            "pointOfContact": {"title": "T. Leaf", "organization": "Institute", "phone": "1"},
        },
    },
    "derivedSection": {"miscInfoModule": {"versionHolder": "2024-05-06"}},
    "hasResults": True,
}


def small_record() -> dict[str, Any]:
    """A fresh copy of the record."""
    return deepcopy(_RECORD)
