"""Chapters 1 and 2 of the reviewer's guide and its appendix: what the study file says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trialect import __version__
from trialect.converters.account import Account
from trialect.converters.writers.guide_blocks import (
    TO_BE_FILLED,
    Block,
    Grid,
    Heading,
    Paragraph,
)
from trialect.metadata import DatasetMeta
from trialect.problems import Problem
from trialect.protocol import StudyDate
from trialect.trial import Study

TRIAL_DESIGN = "Trial Design"

_ACRONYMS = (
    ("CT", "Controlled terminology of CDISC and the National Cancer Institute"),
    ("cSDRG", "Clinical Study Data Reviewer's Guide"),
    ("SDTM", "Study Data Tabulation Model of CDISC"),
    ("SDTMIG", "Implementation guide of SDTM for human clinical trials"),
    ("SUPP--", "Supplemental qualifiers: variables that SDTMIG does not have"),
    ("XPT", "SAS transport file, version 5"),
)


def introduction(account: Account, metas: Sequence[DatasetMeta]) -> Iterator[Block]:
    """1: purpose, acronyms, standards and dictionaries."""
    study = account.study
    yield Heading("1. Introduction")
    yield Heading("1.1 Purpose", 2)
    yield Paragraph(
        "This guide gives context for the tabulation datasets and terminology of study "
        f"{study.studyid} that define.xml alone does not give. It was filled by trialect "
        f'{__version__} from the study file, the datasets and the findings; where it says "'
        f'{TO_BE_FILLED}" only a person can.'
    )
    yield Heading("1.2 Acronyms", 2)
    yield Grid(("Acronym", "Meaning"), _ACRONYMS)
    yield Heading("1.3 Study data standards and dictionary inventory", 2)
    yield Grid(
        ("Standard or dictionary", "Version"),
        (
            ("SDTMIG", study.sdtm.ig),
            ("SDTM controlled terminology (CDISC/NCI)", study.sdtm.ct),
            ("Define-XML", "2.1"),
            ("SAS Transport", "5"),
            *sorted(_dictionaries(study, metas).items()),
        ),
    )


def _dictionaries(study: Study, metas: Sequence[DatasetMeta]) -> dict[str, str]:
    """External dictionaries that the datasets use, with their versions as far as they are known."""
    found = {
        codelist.external: codelist.external_version or ""
        for meta in metas
        for variable in meta.variables
        if (codelist := variable.codelist) and codelist.external
    }
    for one in study.parameters:
        if one.dictionary:
            found[one.dictionary] = one.dictionary_version or found.get(one.dictionary, "")
    return {name: version or "not stated" for name, version in found.items()}


def protocol(
    account: Account, metas: Sequence[DatasetMeta], problems: Sequence[Problem]
) -> Iterator[Block]:
    """2: number and title, design, trial design datasets."""
    study = account.study
    yield Heading("2. Protocol description")
    yield Heading("2.1 Protocol number and title", 2)
    yield _facts(
        ("Protocol number", study.studyid),
        ("Title", study.name),
        ("Acronym", study.acronym),
        ("Sponsor", study.sponsor.name),
        ("Registrations", ", ".join(f"{one.registry} {one.id}" for one in study.registrations)),
        ("Protocol versions", ", ".join(sorted({one.version for one in study.criteria}))),
    )
    yield Heading("2.2 Protocol design", 2)
    yield from (Paragraph(text) for text in (study.summary, study.description) if text)
    yield _facts(
        ("Study type", study.design.type),
        ("Phase", ", ".join(study.design.phases)),
        ("Allocation", study.design.allocation),
        ("Intervention model", study.design.model),
        ("Masking", study.design.masking),
        ("Masked roles", ", ".join(study.design.masked)),
        ("Primary purpose", study.design.purpose),
        ("Conditions", ", ".join(study.conditions)),
        ("Start", _date(study.start)),
        ("Completion", _date(study.completion)),
        ("Planned subjects", str(study.enrolment.planned or "")),
        ("Enrolled subjects", str(study.enrolment.actual or "")),
    )
    for problem in problems:
        if problem.rule == "STUDY-CONTRADICTION":
            yield Paragraph(f"The sources of the study contradict each other: {problem.message}")
    yield from _arms(study)
    yield from _outcomes(study)
    yield Heading("2.3 Trial design datasets", 2)
    yield from _trial_design(study, metas)


def _arms(study: Study) -> Iterator[Block]:
    if study.arms:
        yield Paragraph("Arms", "caption")
        yield Grid(
            ("ARMCD", "Arm", "Type", "Elements and their epochs"),
            tuple(
                (
                    arm.code,
                    arm.name,
                    arm.type or "",
                    ", ".join(f"{one.element} ({one.epoch})" for one in arm.elements),
                )
                for arm in study.arms
            ),
        )
    if study.interventions:
        yield Paragraph("Interventions", "caption")
        yield Grid(
            ("Intervention", "Type", "Description", "EXTRT"),
            tuple(
                (one.name, one.type or "", one.description or "", one.treatment or "")
                for one in study.interventions
            ),
        )


def _outcomes(study: Study) -> Iterator[Block]:
    if study.outcomes:
        yield Paragraph("Outcome measures", "caption")
        yield Grid(
            ("Type", "Measure", "Time frame", "Description"),
            tuple(
                (one.type or "", one.measure, one.time_frame or "", one.description or "")
                for one in study.outcomes
            ),
        )


def _trial_design(study: Study, metas: Sequence[DatasetMeta]) -> Iterator[Block]:
    design = [meta for meta in metas if meta.observation_class == TRIAL_DESIGN]
    if not design:
        yield Paragraph("No trial design dataset is submitted.")
        return
    yield Paragraph("The trial design datasets are made from the protocol's facts.")
    yield Grid(
        ("Dataset", "Label", "Records", "Structure"),
        tuple((one.name, one.label, f"{one.rows:,}", one.structure) for one in design),
    )
    if study.elements:
        yield Paragraph("Elements (TE)", "caption")
        yield Grid(
            ("ETCD", "Element", "Starts with", "Ends with", "Duration"),
            tuple(
                (one.code, one.name, one.start_rule, one.end_rule or "", one.duration or "")
                for one in study.elements
            ),
        )
    if study.visits:
        yield Paragraph("Planned visits (TV)", "caption")
        yield Grid(
            ("VISITNUM", "VISIT", "VISITDY", "Starts with", "Epoch"),
            tuple(
                (
                    f"{one.num:g}",
                    one.name,
                    "" if one.day is None else str(one.day),
                    one.start_rule,
                    one.epoch or "",
                )
                for one in study.visits
            ),
        )


def criteria(study: Study) -> Iterator[Block]:
    """Appendix 1: the inclusion and exclusion criteria in full, as the study file has them."""
    yield Heading("Appendix 1. Inclusion and exclusion criteria")
    if not study.criteria:
        yield Paragraph("The study file lists no criteria. " + TO_BE_FILLED)
        return
    yield Paragraph("The criteria in full; IETEST of TI holds 200 characters at most.")
    yield Grid(
        ("IETESTCD", "Category", "Criterion", "Protocol version"),
        tuple((one.code, one.category, one.text, one.version) for one in study.criteria),
    )


def _facts(*facts: tuple[str, str | None]) -> Grid:
    return Grid(("Fact", "Value"), tuple((name, value) for name, value in facts if value))


def _date(date: StudyDate | None) -> str:
    if date is None or date.type is None:
        return date.date if date else ""
    return f"{date.date} ({date.type.lower()})"
