"""Maps the resources of whole subjects to SDTM-shaped records, by the tables.

Every resource ends up mapped (it made a record, or others look into it) or rejected with its
reason. Nothing depends on how subjects were split into partitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import polars as pl

from trialect.converters.rejected import Rejected
from trialect.mappings.engine import Count, Mapped
from trialect.mappings.fhir_sdtm import carried, values
from trialect.mappings.fhir_sdtm.carriers import Carriers
from trialect.mappings.fhir_sdtm.cells import Cells
from trialect.mappings.fhir_sdtm.frames import frame_of
from trialect.mappings.fhir_sdtm.known_names import KnownNames
from trialect.mappings.fhir_sdtm.nodes import listed
from trialect.mappings.fhir_sdtm.paths import Scope
from trialect.mappings.fhir_sdtm.subject import Read, Subject
from trialect.mappings.fhir_sdtm.tables import FhirTables
from trialect.problems import Problem, rule
from trialect.schemas.sdtm import dataset
from trialect.trial import BLOCK, FORM, ROW, Study

AGAIN = rule(
    "FHIR-AGAIN",
    "warning",
    "A resource was read before",
    "{value} was read from {first} already; it is used once.",
    "Nothing to mend where an export repeats itself; of two versions the later is used.",
)
NO_BLOCK = rule(
    "FHIR-NO-BLOCK",
    "warning",
    "A resource has no place in SDTM",
    "no line of the tables from FHIR to SDTM takes this {type}{about}.",
    "Add a line to fhir-mappings/blocks.csv or a code to fhir-mappings/tests.csv if it belongs to "
    "the trial.",
)
IN_ERROR = rule(
    "FHIR-IN-ERROR",
    "note",
    "A resource was entered in error",
    "its status says that the {type} was entered in error; it is rejected.",
    source="http://hl7.org/fhir/R4/lifecycle.html",
)
NO_VISIT = rule(
    "FHIR-NO-VISIT",
    "note",
    "An Encounter is no visit of the study",
    "the Encounter is none of the visits of study.yaml{about}.",
    "Say in fhir-mappings/visits.csv which code or text of an Encounter means which VISIT.",
)
NOT_A_SUBJECT = rule(
    "FHIR-NOT-A-SUBJECT",
    "warning",
    "A patient is no subject of the study",
    "the input has ResearchSubjects, and none of them makes {value} a subject of {study}.",
    "Ask for the ResearchSubject if the patient takes part.",
)
SUBJECT_BY_ID = rule(
    "FHIR-SUBJECT-BY-ID",
    "warning",
    "A subject is known by the server's id alone",
    "no ResearchSubject names {value} in the study; the id of the Patient is taken for SUBJID.",
    "Ask for ResearchSubjects with the subjects' numbers.",
)
SAME_USUBJID = rule(
    "FHIR-SAME-USUBJID",
    "error",
    "Two patients have one USUBJID",
    "USUBJID {value} of {patient} is that of {other} already.",
    "Give each subject of the study a number of its own.",
    "SDTMIG 3.4, 4.1.2",
)

_SUBJECTS_OWN = frozenset({"ResearchSubject", "Consent", "QuestionnaireResponse"})
"""Types of ours that are of a subject, or of several records."""


@dataclass(slots=True)
class FhirInput:
    """What the mapping knows of the whole input, besides a partition's resources."""

    has_research_subjects: bool


@dataclass(slots=True)
class _Fate:
    mapped: bool = False
    reasons: list[Problem] = field(default_factory=list)


class Mapper:
    """Maps one subject after the other; `mapped` is what came of them."""

    def __init__(
        self,
        study: Study,
        tables: FhirTables,
        given: FhirInput,
        taken: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.study = study
        self.tables = tables
        self.given = given
        self.taken = dict(taken)
        self.cells = Cells(study, tables)
        self.mapped = Mapped()
        self.records: dict[str, list[dict[str, Any]]] = {}
        self.told: set[tuple[str, str]] = set()
        self.carriers = Carriers()
        self.known = KnownNames(study, self.cells)

    def subject(self, key: str, reads: Iterable[Read]) -> None:
        """Map the resources of a subject, which the spool calls `key`."""
        self.known.next_subject()
        fates: dict[int, _Fate] = {}
        kept = self._once(list(reads), fates)
        subject = Subject(kept, self.cells.shared)
        everyone = [(one, fates.setdefault(id(one), _Fate())) for one in kept]
        patient = subject.patient
        member = self._member(subject)
        if patient is None or (member is None and self.given.has_research_subjects):
            value = key if patient is None else _shown(patient)
            wrong = NOT_A_SUBJECT.problem(value=value, study=self.study.studyid)
            for _, fate in everyone:
                fate.reasons.append(wrong)
            self._close(everyone)
            return
        names: dict[str, Any] = {
            "researchSubject": member.resource if member else None,
            "consented": any(subject.of_type("Consent")) or None,
            "carried": member is not None and any(carried.parts(member.resource, "DS")),
        }
        self.cells.zone = None
        usubjid = self._dm(key, subject, patient, member, names, everyone)
        if usubjid is not None:
            for one, fate in everyone:
                if one is not patient:
                    self._map(one, fate, subject, names, usubjid)
        self._close(everyone)

    def _once(self, reads: list[Read], fates: dict[int, _Fate]) -> list[Read]:
        """Each resource once: of several versions the latest, else the first."""
        by_name: dict[str, Read] = {}
        kept: dict[int, Read] = {}
        for one in reads:
            names = one.names
            earlier = next((by_name[name] for name in names if name in by_name), None)
            if one.type == "Patient" and earlier is None:
                earlier = next((k for k in kept.values() if k.type == "Patient"), None)
            lost = one
            if earlier is not None and _updated(one) > _updated(earlier):
                lost = earlier
                del kept[id(earlier)]
            if earlier is not None:
                winner = earlier if lost is one else one
                place = f"{winner.form} {winner.row}"
                fates[id(lost)] = _Fate(
                    False,
                    [AGAIN.problem(file=lost.form, row=lost.row, value=_shown(one), first=place)],
                )
                self._refuse(lost, fates[id(lost)])
            if lost is not one:
                earlier = None
            if earlier is None:
                kept[id(one)] = one
            for name in names:
                by_name[name] = kept.get(id(one), earlier) or one
        return list(kept.values())

    def _member(self, subject: Subject) -> Read | None:
        """The ResearchSubject that makes the patient a subject of this study."""
        found = list(subject.of_type("ResearchSubject"))
        for one in found:
            study = subject.resolve(one.resource.get("study"), [one.resource])
            named = {self.study.studyid, *(r.id for r in self.study.registrations)}
            if study is None:
                text = (one.resource.get("study") or {}).get("reference", "")
                if any(str(text).endswith(name) for name in named) or len(found) == 1:
                    return one
            else:
                ids = {i.get("value") for i in listed(study.get("identifier"))}
                if ids & named or not ids:
                    return one
        return None

    def _dm(
        self,
        key: str,
        subject: Subject,
        patient: Read,
        member: Read | None,
        names: dict[str, Any],
        everyone: Sequence[tuple[Read, _Fate]],
    ) -> str | None:
        """Make the subject's record of DM; gives USUBJID."""
        scope = Scope(subject, {**names, "resource": patient.resource}, [patient.resource])
        (block,) = [b for b in self.tables.blocks["Patient"] if b.dataset == "DM"]
        record = self.cells.fill(block, patient.resource, scope, patient)
        own = carried.usubjid_of(patient.resource)
        if own is not None:
            self.carriers.identifier("DM", block.name, "Patient", ["USUBJID"], carried.SUBJECTS)
        self.cells.ours = own is not None
        if own is None and member is None:
            self._tell(SUBJECT_BY_ID, patient, value=_shown(patient))
        usubjid = own or _usubjid(self.study.studyid, record.get("SUBJID"))
        if own is not None and record.get("SUBJID") == own:
            record["SUBJID"] = own.removeprefix(f"{self.study.studyid}-")
        fate = next(fate for one, fate in everyone if one is patient)
        if usubjid is None or self.taken.get(usubjid, key) != key:
            other = self.taken.get(usubjid or "")
            wrong = SAME_USUBJID.problem(value=usubjid, patient=_shown(patient), other=other)
            for _, each in everyone:
                each.reasons.append(wrong)
            return None
        self.taken[usubjid] = key
        self.mapped.subjects[usubjid] = key
        for mine in (patient, member):
            if mine is not None:
                stated = carried.variables(mine.resource, "DM")
                self.carriers.variables("DM", block.name, mine.type, stated)
                record |= stated
                self._beside(mine, "DM", record, usubjid)
                for domain in carried.OF_SUBJECT:
                    for line, carrier in carried.whole_records(mine.resource, domain):
                        self.carriers.parts(domain, mine.type, (domain,), line)
                        self._add(domain, carried.BLOCK, mine, {**line, "USUBJID": usubjid})
                        self._beside(mine, domain, line, usubjid, carrier)
        self._add("DM", block.name, patient, {**record, "USUBJID": usubjid})
        fate.mapped = True
        site = self.study.site(str(record.get("SITEID")))
        self.cells.zone = site.timezone if site else None
        return usubjid

    def _map(
        self, one: Read, fate: _Fate, subject: Subject, names: dict[str, Any], usubjid: str
    ) -> None:
        resource = one.resource
        if _in_error(resource):
            fate.reasons.append(IN_ERROR.problem(type=one.type))
            return
        known = self.known.of(one, subject, names)
        found = carried.record_of(resource)
        self.cells.ours = found is not None
        if found is not None and not known.get("looked_into"):
            if found.domain == "DS" and names["carried"]:
                fate.mapped = True  # the ResearchSubject has the record whole
                return
            if one.type not in _SUBJECTS_OWN:
                self._map_ours(one, found, subject, known, usubjid)
                fate.mapped = True
                return
        for block in self.tables.blocks.get(one.type, ()):
            skipped = block.dataset == "DM" or (block.dataset == "DS" and names["carried"])
            scope = Scope(subject, known, [resource])
            if skipped or not block.where(resource, scope):
                continue
            nodes = [resource] if block.each is None else block.each([resource], scope)
            for place, node in enumerate(nodes):
                known["question"] = self.known.question(node, known)
                record = self.cells.fill(block, node, scope, one)
                if not record:
                    continue
                item = None if block.each is None else str(place + 1)
                self._add(block.dataset, block.name, one, {**record, "USUBJID": usubjid}, item)
                fate.mapped = True
        if not fate.mapped and (one.type in self.tables.looked_into or known.get("looked_into")):
            fate.mapped = True
        if not fate.mapped:
            about = values.words(resource.get("code")) or values.words(
                (listed(resource.get("type")) or [None])[0]
            )
            broken = NO_VISIT if one.type == "Encounter" else NO_BLOCK
            shown = f" ({about})" if about else ""
            fate.reasons.append(broken.problem(type=one.type, about=shown))

    def _map_ours(
        self,
        one: Read,
        found: carried.Record,
        subject: Subject,
        known: dict[str, Any],
        usubjid: str,
    ) -> None:
        """Map a resource that was made of a record: its identifier tells which, extensions what no
        element says. A domain without lines of its own takes those of the resource's first block.
        """
        resource, domain = one.resource, found.domain
        scope = Scope(subject, known, [resource])
        blocks = [b for b in self.tables.blocks.get(one.type, ()) if b.each is None]
        mine = [b for b in blocks if b.dataset == domain] or blocks[:1]
        record: dict[str, Any] = {}
        name = carried.BLOCK
        if mine:
            block = next((b for b in mine if b.where(resource, scope)), mine[0])
            name = block.name
            filled = self.cells.fill(block, resource, scope, one)
            record = {_renamed(key, block.dataset, domain): v for key, v in filled.items()}
            model = dataset(domain)
            if block.dataset != domain and model is not None:
                record = {key: v for key, v in record.items() if model.allowed(key)}
        stated = carried.variables(resource, domain)
        self.carriers.identifier(domain, name, one.type, found.keys, carried.RECORDS)
        self.carriers.variables(domain, name, one.type, stated)
        record |= found.keys
        record |= stated
        self._beside(one, domain, record, usubjid)
        self._add(domain, name, one, {**record, "USUBJID": usubjid})

    def _beside(
        self,
        one: Read,
        domain: str,
        record: dict[str, Any],
        usubjid: str,
        carrier: dict[str, Any] | None = None,
    ) -> None:
        """The qualifiers, comments and relations that a resource, or an extension of it that holds
        a record, carries for the record.
        """
        inside, within = (one.resource, ()) if carrier is None else (carrier, (domain,))
        for relation in carried.parts(inside, carried.RELREC):
            value = record.get(str(relation.get("IDVAR")))
            line = {**relation, "RDOMAIN": domain, "USUBJID": usubjid, "IDVARVAL": _text(value)}
            self.carriers.parts(carried.RELREC, one.type, (*within, carried.RELREC), relation)
            self._add(carried.RELREC, carried.BLOCK, one, line)
        for qualifier in carried.parts(inside, "SUPP--"):
            record.pop(str(qualifier.get("QNAM")), None)
            key = qualifier.get("IDVAR")
            value = record.get(str(key)) if key else None
            line = {**qualifier, "RDOMAIN": domain, "USUBJID": usubjid, "IDVARVAL": _text(value)}
            self.carriers.qualifier(domain, one.type, within, qualifier.get("QNAM"))
            self._add(f"SUPP{domain}", carried.BLOCK, one, line)
        for comment in carried.parts(inside, "CO"):
            line = {**comment, "USUBJID": usubjid}
            if domain != "DM":
                key = f"{domain}SEQ"
                line |= {"RDOMAIN": domain, "IDVAR": key, "IDVARVAL": _text(record.get(key))}
            self.carriers.parts("CO", one.type, (*within, "CO"), comment)
            self._add("CO", carried.BLOCK, one, line)

    def _add(
        self, domain: str, block: str, one: Read, record: dict[str, Any], item: str | None = None
    ) -> None:
        record |= {FORM: one.form, ROW: one.row, BLOCK: block}
        if item is not None:
            record["@item"] = item
        self.records.setdefault(domain, []).append(record)

    def _tell(self, broken: Any, one: Read, **given: Any) -> None:
        self.mapped.problems.append(broken.problem(file=one.form, row=one.row, **given))

    def _close(self, everyone: Sequence[tuple[Read, _Fate]]) -> None:
        self.mapped.problems += self.cells.take_problems()
        for one, fate in everyone:
            if not fate.mapped:
                self._refuse(one, fate)

    def _refuse(self, one: Read, fate: _Fate) -> None:
        for wrong in fate.reasons:
            self.refuse(one.form, one.row, wrong)

    def refuse(self, form: str, row: int, wrong: Problem) -> None:
        """Reject a resource; a reason that many have is told once."""
        key = (wrong.rule, wrong.message)
        if key not in self.told:
            self.told.add(key)
            self.mapped.problems.append(wrong.at(file=form, row=row))
        self.mapped.rejected.append(Rejected(form, row, wrong.rule, wrong.message))

    def finish(self, forms: Mapping[str, pl.DataFrame]) -> Mapped:
        """What came of all subjects, as frames in the order of the model."""
        for domain, records in self.records.items():
            self.mapped.frames[domain] = frame_of(self.study.studyid, domain, records)
        self.mapped.provenance = self.carriers.provenance()
        for form, rows in forms.items():
            lost = {one.row for one in self.mapped.rejected if one.form == form}
            self.mapped.counts[form] = Count(rows.height, rows.height - len(lost), len(lost))
        return self.mapped


def _in_error(resource: Mapping[str, Any]) -> bool:
    """Whether a resource was entered in error, as its status or verificationStatus says."""
    if resource.get("status") == "entered-in-error":
        return True
    verified = resource.get("verificationStatus")
    return verified is not None and any(
        one.get("code") == "entered-in-error" for one in values.codings(verified)
    )


def _renamed(variable: str, block: str, domain: str) -> str:
    """A variable of a block's dataset as another domain calls it."""
    return domain + variable[2:] if variable.startswith(block) else variable


def _text(value: object) -> str | None:
    return f"{value:g}" if isinstance(value, float) else None if value is None else str(value)


def _updated(one: Read) -> str:
    meta = one.resource.get("meta")
    found = meta.get("lastUpdated") if isinstance(meta, dict) else None
    return str(found) if isinstance(found, str) else ""


def _shown(one: Read) -> str:
    names = one.names
    return f"{one.type}/{one.resource['id']}" if "id" in one.resource else (names or [one.type])[0]


def _usubjid(studyid: str, subjid: str | None) -> str | None:
    if not subjid:
        return None
    return subjid if subjid.startswith(f"{studyid}-") else f"{studyid}-{subjid}"
