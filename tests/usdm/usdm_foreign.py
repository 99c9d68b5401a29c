"""A study definition as other tools write one, made up in the manner of CDISC's examples.

Numbers are decimals, labels stand beside short names, criteria are templates with tags, timings
are in weeks and in chains, and there are classes that a Study has no place for.
"""

from __future__ import annotations

from itertools import count, pairwise
from typing import Any

CDISC = "http://www.cdisc.org"


class Maker:
    """Makes instances with ids as CDISC's tool gives them."""

    def __init__(self) -> None:
        self.numbers: dict[str, Any] = {}

    def __call__(self, of: str, **values: Any) -> dict[str, Any]:
        number = next(self.numbers.setdefault(of, count(1)))
        return {"id": f"{of}_{number}", "extensionAttributes": [], **values, "instanceType": of}

    def code(self, code: str, decode: str, system: str = CDISC) -> dict[str, Any]:
        """A Code."""
        version = "2024-09-27" if system == CDISC else "1"
        return self("Code", code=code, codeSystem=system, codeSystemVersion=version, decode=decode)

    def alias(self, code: str, decode: str) -> dict[str, Any]:
        """An AliasCode."""
        return self("AliasCode", standardCode=self.code(code, decode), standardCodeAliases=[])

    def rule(self, text: str) -> dict[str, Any]:
        """A TransitionRule."""
        return self("TransitionRule", name=f"RULE_{text[:12]}", label=None, text=text)


def _epochs(make: Maker) -> list[dict[str, Any]]:
    told = (
        ("Screening", "C202487", "Screening Epoch"),
        ("Treatment 1", "C101526", "Treatment Epoch"),
        ("Follow-Up", "C202578", "Follow-Up Epoch"),
    )
    return [make("StudyEpoch", name=n, label=None, type=make.code(c, d)) for n, c, d in told]


def _chain(those: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for one, other in pairwise(those):
        one["nextId"], other["previousId"] = other["id"], one["id"]
    those[0]["previousId"] = those[-1]["nextId"] = None
    return those


def _timeline(make: Maker, encounters: list[Any], epochs: list[Any]) -> dict[str, Any]:
    instances = [
        make(
            "ScheduledActivityInstance",
            name=f"SAI_{n}",
            label=None,
            epochId=epoch["id"],
            encounterId=encounter["id"],
            activityIds=["Activity_1"],
            timelineExitId=None,
            defaultConditionId=None,
        )
        for n, (encounter, epoch) in enumerate(
            zip(encounters, (epochs[0], epochs[1], epochs[1], epochs[2]), strict=True)
        )
    ]
    for one, other in pairwise(instances):
        one["defaultConditionId"] = other["id"]
    leaving = make("ScheduleTimelineExit")
    instances[-1]["timelineExitId"] = leaving["id"]

    def timing(kind: str, decode: str, value: str, at: int, to: int) -> dict[str, Any]:
        return make(
            "Timing",
            name=f"TIM_{at}",
            label=None,
            type=make.code(kind, decode),
            value=value,
            valueLabel=value,
            relativeToFrom=make.code("C201355", "Start to Start"),
            relativeFromScheduledInstanceId=instances[at]["id"],
            relativeToScheduledInstanceId=instances[to]["id"],
            windowLower=None,
            windowUpper=None,
            windowLabel=None,
        )

    return make(
        "ScheduleTimeline",
        name="Main Timeline",
        label="Main Timeline",
        mainTimeline=True,
        entryCondition="Potential subject identified",
        entryId=instances[0]["id"],
        exits=[leaving],
        timings=[
            timing("C201357", "Before", "P2W", 0, 1),
            timing("C201358", "Fixed Reference", "P1D", 1, 1),
            timing("C201356", "After", "P2W", 2, 1),
            timing("C201356", "After", "P7D", 3, 2),
        ],
        instances=instances,
        plannedDuration=None,
    )


def _population(make: Maker, criteria: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    ages = make(
        "Range",
        minValue=make("Quantity", value=50.0, unit=make.alias("C29848", "Year")),
        maxValue=make("Quantity", value=100.0, unit=make.alias("C29848", "Year")),
        isApproximate=False,
    )
    population = make(
        "StudyDesignPopulation",
        name="POP1",
        label=None,
        description="Patients with a sample disease",
        includesHealthySubjects=False,
        plannedEnrollmentNumber=make("Quantity", value=300.0, unit=None),
        plannedCompletionNumber=make("Quantity", value=280.0, unit=None),
        plannedSex=[make.code("C49636", "Both")],
        criterionIds=[one["id"] for one in criteria],
        plannedAge=ages,
        cohorts=[],
        notes=[],
    )
    return population, ages


def _objective(make: Maker, level: str, text: str, *endpoints: tuple[str, str]) -> dict[str, Any]:
    made = [
        make(
            "Endpoint",
            name=f"END_{name}",
            label="",
            description="",
            text=name,
            dictionaryId=None,
            purpose="",
            level=make.code(code, {"C94496": "Primary Endpoint"}.get(code, "Secondary Endpoint")),
        )
        for name, code in endpoints
    ]
    decode = {"C85826": "Study Primary Objective"}.get(level, "Study Secondary Objective")
    return make(
        "Objective",
        name=f"OBJ_{level}",
        label="",
        text=text,
        dictionaryId=None,
        level=make.code(level, decode),
        endpoints=made,
    )


def foreign() -> dict[str, Any]:
    """The document."""
    make = Maker()
    sponsor = make(
        "Organization",
        name="Example Pharma",
        label=None,
        type=make.code("C54149", "Pharmaceutical Company"),
        identifierScheme="DUNS",
        identifier="00-000-0000",
        legalAddress=None,
    )
    registry = make(
        "Organization",
        name="CT-GOV",
        label="ClinicalTrials.gov",
        type=make.code("C93453", "Clinical Study Registry"),
        identifierScheme="USGOV",
        identifier="CT-GOV",
        legalAddress=None,
    )
    site = make(
        "Organization",
        name="SITE_ORG_1",
        label="Sample Hospital",
        type=make.code("C21541", "Healthcare Facility"),
        identifierScheme="DUNS",
        identifier="1",
        legalAddress=make(
            "Address", city="Rome", country=make.code("ITA", "Italy", "ISO 3166 1 alpha3")
        ),
        managedSites=[
            make(
                "StudySite",
                name="SITE_1",
                country=make.code("ITA", "Italy", "ISO 3166 1 alpha3"),
            )
        ],
    )
    drug = make(
        "StudyIntervention",
        name="DRUG",
        label="Examplin",
        description="A patch",
        role=make.code("C41161", "Experimental Intervention"),
        type=make.code("C923", "Vaccine"),
        codes=[],
        administrations=[],
    )
    epochs = _chain(_epochs(make))
    names = ("EL1", "Screening"), ("EL2", "Examplin patch"), ("EL3", "Placebo"), ("EL4", "After")
    elements = [make("StudyElement", name=n, label=label) for n, label in names]
    elements[0]["transitionStartRule"] = make.rule("Informed\u00a0consent")
    elements[1]["studyInterventionIds"] = [drug["id"]]
    arms = [
        make(
            "StudyArm",
            name=name,
            label=label,
            description=label,
            type=make.code(code, decode),
            dataOriginDescription="Subjects",
            dataOriginType=make.code("C188866", "Data Generated Within Study"),
            populationIds=[],
        )
        for name, label, code, decode in (
            ("Examplin", None, "C174266", "Experimental Arm"),
            ("PBO", "Placebo patch", "C174268", "Placebo Comparator Arm"),
        )
    ]
    cells = [
        make("StudyCell", armId=arm["id"], epochId=epoch["id"], elementIds=[elements[n]["id"]])
        for arm, of in zip(arms, ((0, 1, 3), (0, 2, 3)), strict=True)
        for epoch, n in zip(epochs, of, strict=True)
    ]
    encounters = [
        make("Encounter", name=f"E{n}", label=label, type=make.code("C25716", "Visit"))
        for n, label in enumerate(("Screening 1", "Baseline", "Week 2", "Week 3"), 1)
    ]
    timeline = _timeline(make, _chain(encounters), epochs)
    items = [
        make(
            "EligibilityCriterionItem",
            name="INI_1",
            text='<p>Males and females at least <usdm:tag name="min_age"/> years of age.</p>',
            dictionaryId="SyntaxTemplateDictionary_1",
        ),
        make(
            "EligibilityCriterionItem",
            name="EXI_1",
            text="<p>Any of:</p><ul><li>fever &gt; 38</li><li>rash</li></ul>",
            dictionaryId=None,
        ),
    ]
    criteria = [
        make(
            "EligibilityCriterion",
            name=name,
            label="Short",
            description="",
            category=make.code(code, decode),
            identifier="01",
            criterionItemId=item["id"],
            nextId=None,
            previousId=None,
        )
        for name, code, decode, item in (
            ("IN01", "C25532", "Inclusion Criteria", items[0]),
            ("EX01", "C25370", "Exclusion Criteria", items[1]),
        )
    ]
    population, ages = _population(make, criteria)
    low = f'<usdm:ref klass="Range" id="{ages["id"]}" attribute="minValue"></usdm:ref>'
    dictionary = make(
        "SyntaxTemplateDictionary",
        name="IE_Dict",
        label=None,
        parameterMaps=[make("ParameterMap", tag="min_age", reference=low)],
    )
    activity = make("Activity", name="Consent", label=None, notes=[])
    design = make(
        "InterventionalStudyDesign",
        name="Study Design 1",
        label="Main",
        description="The main design",
        studyType=make.code("C98388", "Interventional Study"),
        studyPhase=make.alias("C49686", "Phase IIa Trial"),
        therapeuticAreas=[make.code("26929004", "Sample disease", "SNOMED")],
        characteristics=[make.code("C46079", "Randomized")],
        encounters=list(reversed(encounters)),
        activities=[activity],
        arms=arms,
        studyCells=cells,
        rationale="Because",
        epochs=epochs,
        elements=elements,
        estimands=[],
        indications=[
            make(
                "Indication",
                name="IND1",
                label="Sample disease",
                codes=[],
                isRareDisease=False,
            )
        ],
        studyInterventionIds=[drug["id"]],
        objectives=[
            _objective(make, "C85826", "To see whether it helps", ("ADAS-Cog", "C94496")),
            _objective(make, "C85827", "To see whether it is safe", ("Events", "C139173")),
        ],
        population=population,
        scheduleTimelines=[timeline],
        eligibilityCriteria=criteria,
        model=make.code("C82639", "Parallel Study"),
        intentTypes=[make.code("C49656", "Treatment Study")],
        subTypes=[make.code("C49667", "Safety Study")],
        blindingSchema=make.alias("C15228", "Double Blind Study"),
    )
    roles = [
        make(
            "StudyRole",
            name="Sponsor",
            code=make.code("C70793", "Sponsor"),
            appliesToIds=["StudyVersion_1"],
            organizationIds=[sponsor["id"]],
        ),
        *(
            make(
                "StudyRole",
                name=decode,
                code=make.code(code, decode),
                appliesToIds=[design["id"]],
                masking=make("Masking", text="Blinded", isMasked=True),
            )
            for code, decode in (("C41189", "Study Subject"), ("C25936", "Investigator"))
        ),
        make(
            "StudyRole",
            name="PI",
            code=make.code("C19924", "Principal investigator"),
            appliesToIds=["StudyVersion_1"],
            assignedPersons=[
                make(
                    "AssignedPerson",
                    name="Person_1",
                    personName=make(
                        "PersonName", familyName="Doe", givenNames=["Jane"], prefixes=["Dr"]
                    ),
                    jobTitle="Head",
                    organizationId=site["id"],
                )
            ],
        ),
    ]
    version = make(
        "StudyVersion",
        versionIdentifier="2",
        rationale="A rationale",
        dateValues=[
            make(
                "GovernanceDate",
                name="D_APPROVE",
                label="Design Approval",
                type=make.code("C132352", "Sponsor Approval Date"),
                dateValue="2006-06-01",
                geographicScopes=[
                    make("GeographicScope", type=make.code("C68846", "Global"), code=None)
                ],
            )
        ],
        amendments=[],
        businessTherapeuticAreas=[make.code("PHARMA", "Pharma", "SPONSOR")],
        studyIdentifiers=[
            make("StudyIdentifier", text="EX-MC-01", scopeId=sponsor["id"]),
            make("StudyIdentifier", text="NCT12345678", scopeId=registry["id"]),
        ],
        titles=[
            make(
                "StudyTitle",
                text="Examplin in sample disease",
                type=make.code("C207616", "Official Study Title"),
            ),
            make("StudyTitle", text="EXA", type=make.code("C207646", "Study Acronym")),
        ],
        studyDesigns=[design],
        eligibilityCriterionItems=items,
        roles=roles,
        organizations=[sponsor, registry, site],
        studyInterventions=[drug],
        dictionaries=[dictionary],
        biomedicalConcepts=[],
        notes=[],
    )
    return {
        "study": {
            "id": None,
            "name": "EXAMPLE PILOT",
            "description": None,
            "versions": [version],
            "documentedBy": [],
            "instanceType": "Study",
        },
        "usdmVersion": "4.0.0",
        "systemName": "made up",
        "systemVersion": "1",
    }
