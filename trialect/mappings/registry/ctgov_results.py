"""Where what a Study holds of results stands in a ClinicalTrials.gov API v2 record.

Read both ways as `ctgov_fields`. Source: the API's definition, ResultsSection.
"""

from __future__ import annotations

from trialect.converters.readers.study_words import WORDS
from trialect.mappings.registry.ctgov_fields import FLAG, TEXT, WHOLE
from trialect.mappings.registry.ctgov_shapes import Items, Module, Shape, Word
from trialect.registry_results import (
    Agreement,
    EventGroup,
    FlowCount,
    FlowGroup,
    FlowPeriod,
    FlowStep,
    ResultsContact,
)


def _steps(counts: str) -> Items:
    """Milestones (`counts` are its achievements) or reasons to leave."""
    return Items(
        Shape(
            FlowStep,
            {
                "type": ("type", TEXT),
                "comment": ("comment", TEXT),
                counts: (
                    "counts",
                    Items(
                        Shape(
                            FlowCount,
                            {
                                "groupId": ("group", TEXT),
                                "comment": ("comment", TEXT),
                                "numSubjects": ("subjects", TEXT),
                                "numUnits": ("units", TEXT),
                            },
                        )
                    ),
                ),
            },
        )
    )


_GROUP = {
    "id": ("id", TEXT),
    "title": ("title", TEXT),
    "description": ("description", TEXT),
}

RESULTS = Module(
    {
        "participantFlowModule": Module(
            {
                "preAssignmentDetails": ("results.pre_assignment", TEXT),
                "recruitmentDetails": ("results.recruitment", TEXT),
                "typeUnitsAnalyzed": ("results.units", TEXT),
                "groups": ("results.groups", Items(Shape(FlowGroup, _GROUP))),
                "periods": (
                    "results.periods",
                    Items(
                        Shape(
                            FlowPeriod,
                            {
                                "title": ("title", TEXT),
                                "milestones": ("milestones", _steps("achievements")),
                                "dropWithdraws": ("withdrawals", _steps("reasons")),
                            },
                        )
                    ),
                ),
            }
        ),
        "baselineCharacteristicsModule": None,
        "outcomeMeasuresModule": None,
        "adverseEventsModule": Module(
            {
                "frequencyThreshold": ("results.event_threshold", TEXT),
                "timeFrame": ("results.event_time_frame", TEXT),
                "description": ("results.event_description", TEXT),
                "allCauseMortalityComment": ("results.mortality_comment", TEXT),
                "eventGroups": (
                    "results.event_groups",
                    Items(
                        Shape(
                            EventGroup,
                            {
                                **_GROUP,
                                "deathsNumAffected": ("deaths", WHOLE),
                                "deathsNumAtRisk": ("deaths_at_risk", WHOLE),
                                "seriousNumAffected": ("serious", WHOLE),
                                "seriousNumAtRisk": ("serious_at_risk", WHOLE),
                                "otherNumAffected": ("other", WHOLE),
                                "otherNumAtRisk": ("other_at_risk", WHOLE),
                            },
                        )
                    ),
                ),
                "seriousEvents": None,
                "otherEvents": None,
            }
        ),
        "moreInfoModule": Module(
            {
                "limitationsAndCaveats": Module({"description": ("results.limitations", TEXT)}),
                "certainAgreement": (
                    "results.agreement",
                    Shape(
                        Agreement,
                        {
                            "piSponsorEmployee": ("sponsor_employee", FLAG),
                            "restrictionType": (
                                "restriction",
                                Word(
                                    "AgreementRestrictionType",
                                    WORDS["results.agreement.restriction"],
                                ),
                            ),
                            "restrictiveAgreement": ("restrictive", FLAG),
                            "otherDetails": ("details", TEXT),
                        },
                    ),
                ),
                "pointOfContact": (
                    "results.contact",
                    Shape(
                        ResultsContact,
                        {
                            "title": ("title", TEXT),
                            "organization": ("organization", TEXT),
                            "email": ("email", TEXT),
                            "phone": ("phone", TEXT),
                            "phoneExt": ("phone_ext", TEXT),
                        },
                    ),
                ),
            }
        ),
    }
)
"""resultsSection; of what is None a Study holds nothing."""
