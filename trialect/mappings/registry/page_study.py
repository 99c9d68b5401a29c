"""The Study that the statements of a registry page make, each fact with its source.

Nothing is added: what no label and no sentence states is left out. What contradicts itself is
told, and what is told stands in the Study only as far as one side has more weight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from trialect.mappings.registry import page_sentences
from trialect.mappings.registry.criteria import read_criteria
from trialect.mappings.registry.page_facts import PageFacts
from trialect.mappings.registry.page_statements import Agreed, Rank, Statement
from trialect.problems import Problem
from trialect.protocol import (
    Arm,
    Contact,
    Criterion,
    Design,
    Eligibility,
    Enrolment,
    Intervention,
    Objective,
    Outcome,
    Parameter,
    Registration,
    Source,
    Sponsor,
    StudyDate,
)
from trialect.registry_facts import SecondaryId
from trialect.study_options import FhirOptions
from trialect.trial import Study

NOT_KNOWN = ""
"""Stands in a Study for what a Study must have and the page does not state."""

REGISTRY = "ClinicalTrials.gov"

_ROLES = {"NONE": 0, "SINGLE": 1, "DOUBLE": 2, "TRIPLE": 3, "QUADRUPLE": 4}
_LINES: dict[str, Literal["INCLUSION", "EXCLUSION"]] = {
    "INCLUSION": "INCLUSION",
    "EXCLUSION": "EXCLUSION",
}

Tell = Callable[[Problem], None]


def study_of_facts(facts: PageFacts, file: str, tell: Tell) -> Study:
    """The Study of a page; `file` is what its sources are named after."""
    return _Making(facts, file, tell).study()


class _Making:
    def __init__(self, facts: PageFacts, file: str, tell: Tell) -> None:
        self.facts = facts
        self.file = file
        self.tell = tell
        self.agreed = Agreed(facts.statements, tell)
        self.sources: dict[tuple[int, str], list[str]] = {}

    def study(self) -> Study:
        text = self.text
        registered = self.each("registrations")
        nct = [one for one in registered if _is_nct(str(one.value))]
        for place, one in enumerate(nct):
            self.source(one, f"registrations.{place}")
        others = [one for one in registered if one not in nct]
        for place, one in enumerate(others):
            self.source(one, f"secondary_ids.{place}")
        studyid = str(nct[0].value) if nct else NOT_KNOWN
        if nct:
            self.source(nct[0], "studyid")
        design, eligibility = self.design(), self.eligibility()
        groups = self.groups(design)
        arms, interventions = self.arms()
        parameters: tuple[Parameter, ...] = ()
        if groups is not None and not arms:
            parameters = (Parameter("NARMS", str(groups)),)
        for one in self.agreed.behind("groups"):
            self.source(one, "arms" if arms else "parameters.NARMS")
        self.against_arms(groups, len(arms))
        return Study(
            studyid=studyid,
            title=text("title"),
            sponsor=Sponsor(text("sponsor.name") or NOT_KNOWN),
            brief_title=text("brief_title"),
            acronym=text("acronym"),
            registrations=tuple(Registration(str(one.value), REGISTRY) for one in nct),
            secondary_ids=tuple(SecondaryId(str(one.value)) for one in others),
            collaborators=tuple(Sponsor(str(one.value)) for one in self.listed("collaborators")),
            contacts=tuple(_contact(one.value) for one in self.listed("contacts")),
            status=text("status"),
            start=self.date("start"),
            primary_completion=self.date("primary_completion"),
            completion=self.date("completion"),
            conditions=tuple(str(one.value) for one in self.listed("conditions")),
            keywords=tuple(str(one.value) for one in self.listed("keywords")),
            summary=text("summary"),
            description=text("description"),
            design=design,
            enrolment=self.enrolment(),
            eligibility=eligibility,
            interventions=interventions,
            arms=arms,
            criteria=self.criteria(eligibility.criteria),
            objectives=tuple(
                one.value for one in self.listed("objectives") if isinstance(one.value, Objective)
            ),
            outcomes=self.outcomes(),
            time_points=self.time_points(),
            parameters=parameters,
            sources=self.named_sources(),
            fhir=FhirOptions(base=f"https://{(studyid or 'study').lower()}.invalid"),
        )

    def source(self, one: Statement, path: str) -> None:
        """Note that a statement is where a fact of the Study is from."""
        paths = self.sources.setdefault((one.line, one.said), [])
        if path not in paths:
            paths.append(path)

    def named_sources(self) -> tuple[Source, ...]:
        ordered = sorted(self.sources.items(), key=lambda item: item[0][0])
        return tuple(
            Source(f"{self.file}, line {line}: “{said}”", tuple(paths))
            for (line, said), paths in ordered
        )

    def taken(self, fact: str, path: str | None = None) -> Any:
        """The value that a fact is agreed to have, its sources noted."""
        value = self.agreed.value(fact)
        if value is not None:
            for one in self.agreed.behind(fact):
                self.source(one, path or fact)
        return value

    def text(self, fact: str) -> str | None:
        value = self.taken(fact)
        return None if value is None else str(value)

    def each(self, fact: str) -> list[Statement]:
        """The statements of a fact that has several values, each value once."""
        first: dict[object, Statement] = {}
        for one in self.agreed.all(fact):
            first.setdefault(one.value, one)
        return list(first.values())

    def listed(self, fact: str) -> list[Statement]:
        """The same, their sources noted by their places."""
        found = self.each(fact)
        for place, one in enumerate(found):
            for same in self.agreed.all(fact):
                if same.value == one.value:
                    self.source(same, f"{fact}.{place}")
        return found

    def date(self, fact: str) -> StudyDate | None:
        value = self.taken(fact)
        return None if value is None else StudyDate(*value)

    def design(self) -> Design:
        type_ = self.taken("design.type")
        observational = type_ == "OBSERVATIONAL"
        masking = self.taken("design.masking")
        roles = self.masked()
        self.masking_agrees(masking, roles)
        return Design(
            type=type_ or "",
            allocation=self.taken("design.allocation"),
            model=self.taken("design.model"),
            masking=masking,
            masked=roles,
            purpose=self.taken("design.purpose"),
            phases=self.taken("design.phases") or (),
            # ClinicalTrials.gov asks for it of observational studies alone.
            time_perspective=self.taken("design.time_perspective") if observational else None,
        )

    def masked(self) -> tuple[str, ...]:
        """The roles of the field, or those of all sentences together."""
        said = self.agreed.all("design.masked")
        fields = [one for one in said if one.rank is Rank.FIELD] or said
        roles: dict[str, None] = {}
        for one in fields:
            if isinstance(one.value, tuple):
                roles.update(dict.fromkeys(one.value))
                self.source(one, "design.masked")
        return tuple(roles)

    def masking_agrees(self, masking: str | None, roles: tuple[str, ...]) -> None:
        """A masking of two roles, of which the page names one."""
        if masking is None or not roles or _ROLES[masking] == len(roles):
            return
        said = [self.agreed.behind("design.masking")[0], *self.agreed.all("design.masked")]
        said.sort(key=lambda one: one.line)
        self.agreed.contradiction("design.masking", said, "both stand as they are said")

    def groups(self, design: Design) -> int | None:
        """How many groups there are, held against what the design says of it."""
        number = self.agreed.value("groups")
        groups = number if isinstance(number, int) else None
        for field, several in (("model", design.model), ("allocation", design.allocation)):
            contrary = (groups == 1 and several in ("PARALLEL", "RANDOMIZED")) or (
                groups is not None and groups > 1 and several == "SINGLE_GROUP"
            )
            if contrary:
                both = [
                    self.agreed.behind("groups")[0],
                    self.agreed.behind(f"design.{field}")[0],
                ]
                self.agreed.contradiction(f"design.{field}", both, "both stand as they are said")
        return groups

    def against_arms(self, groups: int | None, arms: int) -> None:
        """The number of groups against the arms that the page names."""
        if groups is None or not arms or groups == arms:
            return
        named = self.facts.arms
        if named:
            last = Statement("arms", arms, named[-1].line, f"{arms} arms by name", Rank.FIELD)
        else:
            one = self.agreed.behind("arms")[0]
            last = Statement("arms", arms, one.line, one.said, one.rank)
        both = [self.agreed.behind("groups")[0], last]
        self.agreed.contradiction("arms", both, "the arms stand by their names")

    def arms(self) -> tuple[tuple[Arm, ...], tuple[Intervention, ...]]:
        """Arms and interventions: of parts of their own, else of a sentence that numbers them."""
        types: dict[str, str | None] = {}
        for one in self.each("interventions"):
            if one.rank is Rank.FIELD and isinstance(one.value, tuple):
                types.setdefault(one.value[1], one.value[0])
        for said in self.facts.arms:
            for kind, name in said.treatments:
                types[name] = types.get(name) or kind
        named = self.agreed.value("arms") if not self.facts.arms else None
        names = named if isinstance(named, tuple) else ()
        given = self.agreed.value("interventions") if names and not types else None
        by_arm = names if given == names else ()
        types |= dict.fromkeys(by_arm)
        if self.facts.arms:
            arms = tuple(
                Arm(
                    f"A{place}",
                    said.name,
                    said.type,
                    said.description,
                    tuple(dict.fromkeys(name for _, name in said.treatments)),
                )
                for place, said in enumerate(self.facts.arms, 1)
            )
            for place, said in enumerate(self.facts.arms):
                whole = Statement("arms", said.name, said.line, said.name, Rank.FIELD)
                self.source(whole, f"arms.{place}")
                for name in dict.fromkeys(name for _, name in said.treatments):
                    self.source(whole, f"interventions.{list(types).index(name)}")
        else:
            arms = tuple(
                Arm(f"A{place}", name, interventions=(name,) if name in by_arm else ())
                for place, name in enumerate(names, 1)
            )
            for one in self.agreed.behind("arms") if names else ():
                self.source(one, "arms")
                if by_arm:
                    self.source(one, "interventions")
        for one in self.each("interventions"):
            if one.rank is Rank.FIELD and isinstance(one.value, tuple):
                self.source(one, f"interventions.{list(types).index(one.value[1])}")
        return arms, tuple(Intervention(name, kind) for name, kind in types.items())

    def enrolment(self) -> Enrolment:
        count = self.agreed.value("enrolment.count")
        planned = self.agreed.value("enrolment.planned")
        if isinstance(count, int) and isinstance(planned, int):
            both = [self.agreed.behind(f"enrolment.{name}")[0] for name in ("count", "planned")]
            if count != planned:
                field = max(both, key=lambda one: one.rank)
                self.agreed.contradiction("enrolment", both, f"{field.value} is taken")
                count, planned = (count, None) if field is both[0] else (None, planned)
            else:
                for one in self.agreed.behind("enrolment.count"):
                    self.source(one, "enrolment.planned")
                count = None
        return Enrolment(
            planned=self.taken("enrolment.planned") if planned is not None else None,
            actual=self.taken("enrolment.actual"),
            count=self.taken("enrolment.count") if count is not None else None,
        )

    def eligibility(self) -> Eligibility:
        return Eligibility(
            minimum_age=self.taken("eligibility.minimum_age"),
            maximum_age=self.taken("eligibility.maximum_age"),
            sex=self.taken("eligibility.sex"),
            healthy_volunteers=self.taken("eligibility.healthy_volunteers"),
            criteria=self.criteria_text(),
        )

    def criteria_text(self) -> str | None:
        """The criteria as one text under their two labels, as a registry holds them."""
        texts = []
        for kind in _LINES:
            value = self.taken(kind, "eligibility.criteria")
            if value is not None:
                texts.append(f"{kind.capitalize()} Criteria:\n\n{value}")
        return "\n\n".join(texts) or None

    def criteria(self, text: str | None) -> tuple[Criterion, ...]:
        """Those of the text, and of sentences where the page has no text of their kind."""
        found = list(read_criteria(text, self.tell))
        if found:
            for kind in _LINES:
                for one in self.agreed.all(kind):
                    self.source(one, "criteria")
        counts = dict.fromkeys(_LINES, 0)
        for one in self.each("criteria"):
            if isinstance(one.value, tuple) and not self.agreed.all(one.value[0]):
                kind = _LINES[one.value[0]]
                counts[kind] += 1
                self.source(one, f"criteria.{len(found)}")
                found.append(Criterion(f"{kind[:4]}{counts[kind]:02}", kind, one.value[1]))
        return tuple(found)

    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes that sentences name, the primary ones first."""
        order = {"PRIMARY": 0, "SECONDARY": 1}
        said = [one for one in self.each("outcomes") if isinstance(one.value, Outcome)]
        said.sort(key=lambda one: order.get(getattr(one.value, "type", None) or "", 2))
        for place, one in enumerate(said):
            self.source(one, f"outcomes.{place}")
        return tuple(one.value for one in said if isinstance(one.value, Outcome))

    def time_points(self) -> tuple[str, ...]:
        """When subjects are followed up: what sentences say of it, else what outcomes do."""
        followed = self.each("time_points")
        known: dict[tuple[str, str], str] = {}
        for one in followed or self.each("times"):
            for point in one.value if isinstance(one.value, tuple) else ():
                known.setdefault(page_sentences.same_time(point), point)
            self.source(one, "time_points")
        for one in self.agreed.all("times") if followed else ():
            points = one.value if isinstance(one.value, tuple) else ()
            if any(page_sentences.same_time(point) not in known for point in points):
                self.agreed.contradiction("time_points", [followed[0], one], "the first is taken")
            else:
                self.source(one, "time_points")
        return tuple(known.values())


def _contact(value: object) -> Contact:
    assert isinstance(value, Contact)
    return value


def _is_nct(text: str) -> bool:
    return text.startswith("NCT")


def missing_facts(study: Study, facts: PageFacts) -> Iterable[tuple[str, str]]:
    """What every study has and the page does not state: the fact's path and its name."""
    stated = {one.fact for one in facts.statements}
    for known, path, name in (
        (study.studyid, "studyid", "an identifier of the trial"),
        (study.title or study.brief_title, "title", "a title"),
        (study.sponsor.name, "sponsor", "the sponsor"),
        ("design.type" in stated, "design.type", "the type of the study"),
    ):
        if not known:
            yield path, name
