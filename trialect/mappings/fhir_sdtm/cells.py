"""The cells of a record: each row of the tables fills a variable that none above it has filled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trialect.mappings.fhir_sdtm import values
from trialect.mappings.fhir_sdtm.nodes import Node
from trialect.mappings.fhir_sdtm.paths import Scope, present
from trialect.mappings.fhir_sdtm.subject import Read, Shared
from trialect.mappings.fhir_sdtm.tables import FhirBlock, FhirTables, Row
from trialect.mappings.terms import find
from trialect.problems import Problem, Rule, rule
from trialect.schemas.ct import Codelist, terminology
from trialect.schemas.ct.nearest import hint
from trialect.schemas.ct.paired import instrument_of_code, paired_term
from trialect.schemas.sdtm import dataset
from trialect.trial import Study

UNKNOWN_TEST = rule(
    "FHIR-CODE-UNKNOWN",
    "warning",
    "A code is no test that the tables know",
    "{value} is in no line of tests.csv; {variable} is left empty and the words are kept.",
    "Say in fhir-mappings/tests.csv which --TESTCD the code means.",
)
UNKNOWN_TERM = rule(
    "FHIR-TERM-UNKNOWN",
    "warning",
    "A value means no term that the tables know",
    "{value!r} is no term of {codelist}{nearest}; it is kept as it is.",
    "Say in fhir-mappings/terms.csv which term the code or the words mean.",
    "SDTMIG 3.4, 4.3; CDISC CT",
)
UNKNOWN_UNIT = rule(
    "FHIR-UNIT-UNKNOWN",
    "warning",
    "A unit is none that the tables know",
    "{value} is in no line of units.csv and no term of UNIT; it is kept as it is.",
    "Say in fhir-mappings/units.csv which CDISC unit it is.",
)
NO_NUMBER = rule(
    "FHIR-NO-NUMBER-HERE",
    "error",
    "A number was expected",
    "{value!r} is no number, so {variable} is left empty.",
    "Mend the resource at its source.",
)

UNREAD = rule(
    "FHIR-VALUE-UNREAD",
    "warning",
    "A value is of a type that no line reads",
    "no line of the tables reads {value}, so {variable} is left empty.",
    "Say in a table of fhir-mappings what it becomes.",
)

NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
_SIDES = ("C99073", "C99074")
"""Laterality and directionality."""
_TESTCD = re.compile(r"[A-Z_][A-Z0-9_]{0,7}")
_OWN_TEST = re.compile(r".+/CodeSystem/[A-Z0-9]{2,4}TESTCD")
"""The systems of the codes that a study's own tests have (docs/fhir.md)."""
_IN_BRACKETS = re.compile(r"\(([^()]+)\)")
_VALUE = re.compile("value[A-Z][A-Za-z]+")
_COUNTRY = re.compile(r"[A-Z]{3}")
_MOST_SHAPES = 2000
"""Sets of elements of which it is kept which rows they may fill."""


@dataclass(frozen=True, slots=True)
class Filling:
    """A row of the tables, the values that its path found, and the record so far."""

    row: Row
    found: list[Node]
    record: dict[str, Any]


class Cells:
    """Fills records by the tables; keeps what was found wrong until it is taken."""

    def __init__(self, study: Study, tables: FhirTables) -> None:
        self.study = study
        self.tables = tables
        self.terminology = terminology(study.sdtm.ct)
        self.shared: Shared
        self.zone: str | None = None
        self.ours = False
        self.told: set[tuple[str, str, str]] = set()
        self._problems: list[Problem] = []
        self._codelists: dict[tuple[str, str], list[Codelist]] = {}
        self._terms: dict[tuple[str, str, str], tuple[str, bool]] = {}
        self._tests: dict[tuple[str, str], str | None] = {}
        self._categories: dict[tuple[str, str], str | None] = {}
        self._visits = {visit.name.casefold(): visit for visit in study.visits}
        self._numbers = {f"{visit.num:g}": visit for visit in study.visits}
        self._place: tuple[Read, FhirBlock]
        self._usual: dict[str, str] = {}
        self._shapes: dict[tuple[Any, ...], tuple[Row, ...]] = {}

    def take_problems(self) -> list[Problem]:
        """What was found since the last time."""
        found, self._problems = self._problems, []
        return found

    def fill(self, block: FhirBlock, node: Node, scope: Scope, one: Read) -> dict[str, Any]:
        """The record that a node makes; empty where it says nothing."""
        record: dict[str, Any] = {}
        self._place = (one, block)
        self._usual = {}
        told = False
        for row in self._rows_for(block, node, one.resource):
            if row.variable in record or not row.when(node, scope):
                continue
            found = [node] if row.how == "fixed" else row.path([node], scope)
            if not found:
                continue
            made = self._made(row, found, record)
            if made is not None:
                record[row.variable] = made
                told = told or row.how != "fixed"
        if not told:
            return {}
        result = f"{block.dataset}ORRES"
        if one.type == "Observation" and result not in record:
            for key in sorted(present(node) or ()):
                if _VALUE.fullmatch(key):
                    self._tell(UNREAD, result, key)
        return {**self._usual, **record}

    def _rows_for(self, block: FhirBlock, node: Node, resource: dict[str, Any]) -> tuple[Row, ...]:
        """The rows of a block whose first element is there: alike for resources of one shape."""
        own = tuple(node) if type(node) is dict else None
        shape = (id(block), own, None if node is resource else tuple(resource))
        rows = self._shapes.get(shape)
        if rows is None:
            mine = present(node)
            whole = mine if node is resource else present(resource)
            rows = tuple(
                row
                for row in block.rows
                if not row.first
                or (there := whole if row.of_whole else mine) is None
                or row.first in there
            )
            if len(self._shapes) >= _MOST_SHAPES:
                self._shapes.clear()
            self._shapes[shape] = rows
        return rows

    def _made(self, row: Row, found: list[Node], record: dict[str, Any]) -> Any:
        made = getattr(self, f"_{row.how}")(Filling(row, found, record))
        if made is None or not row.number:
            return made
        number = values.num(str(made))
        if number is None:
            self._tell(NO_NUMBER, row.variable, str(made))
        return number

    def _text(self, at: Filling) -> str | None:
        texts = dict.fromkeys(filter(None, map(values.words, at.found)))
        return "; ".join(texts) or None

    def _code(self, at: Filling) -> str | None:
        return values.code(at.found[0])

    def _display(self, at: Filling) -> str | None:
        shown = at.found[0].get("display") if isinstance(at.found[0], dict) else None
        return str(shown) if isinstance(shown, str) and shown else None

    def _number(self, at: Filling) -> str | None:
        if at.row.given == "compared":
            return values.compared(at.found[0])
        made = values.number(at.found[0])
        return (
            made if made is not None or isinstance(at.found[0], dict) else values.words(at.found[0])
        )

    def _datetime(self, at: Filling) -> str | None:
        if not isinstance(at.found[0], str):
            return None
        return values.moment(str(at.found[0]), self.zone, ours=self.ours)

    def _tail(self, at: Filling) -> str | None:
        return values.tail(str(at.found[0])) if isinstance(at.found[0], str) else None

    @staticmethod
    def _fixed(at: Filling) -> str | None:
        return at.row.given

    def _term(self, at: Filling) -> str | None:
        """The term that a value means; the words of one that means none, with a finding."""
        for node in at.found:
            if (known := self._of_thesaurus(at.row.variable, node)) is not None:
                return known
        table = self.tables.terms.get(at.row.given, {})
        for node in at.found:
            for key in values.keys(node):
                if key in table:
                    return table[key]
        text = values.words(at.found[0])
        return None if text is None else self._controlled(at.row.variable, text)

    def _of_thesaurus(self, variable: str, node: Node) -> str | None:
        """The term whose NCI code a concept has."""
        for one in values.codings(node):
            if one.get("system") == NCIT:
                for codelist in self._lists(self._place[1].dataset, variable):
                    for term in codelist.terms:
                        if term.code == one.get("code"):
                            return term.value
        return None

    def _part(self, at: Filling) -> str | None:
        """Of words such as `GLUTEUS MAXIMUS, LEFT, DEEP` or `NAME (FORM)` the one that is a term of
        a codelist (its NCI code); `-` gives the place, which is what is neither side nor direction.
        """
        text = values.words(at.found[0])
        if text is None:
            return None
        if at.row.given == "-":
            others = [self.terminology.codelist(code) for code in _SIDES]
            rest = [w for w in text.split(", ") if not any(c and w in c.by_value for c in others)]
            return self._controlled(at.row.variable, ", ".join(rest)) if rest else None
        codelist = self.terminology.codelist(at.row.given)
        words = [*text.split(", "), *_IN_BRACKETS.findall(text)]
        return next((w for w in words if codelist and w in codelist.by_value), None)

    def _controlled(self, variable: str, text: str) -> str:
        _, block = self._place
        key = (block.dataset, variable, text)
        if key not in self._terms:
            lists = self._lists(block.dataset, variable)
            term = find(text, [], lists) if lists else text
            self._terms[key] = (term or text, term is not None)
        made, known = self._terms[key]
        if not known:
            lists = self._lists(block.dataset, variable)
            names = " or ".join(f"{one.name} ({one.code})" for one in lists)
            self._tell(UNKNOWN_TERM, variable, text, codelist=names, nearest=hint(text, lists))
        return made

    def _lists(self, domain: str, variable: str) -> list[Codelist]:
        if (domain, variable) not in self._codelists:
            model = dataset(domain)
            meant = model.allowed(variable) if model else None
            found = map(self.terminology.codelist, meant.codelists if meant else ())
            self._codelists[domain, variable] = [one for one in found if one is not None]
        return self._codelists[domain, variable]

    def _several(self, at: Filling) -> str | None:
        """One term, or MULTIPLE with each of them as a qualifier (RACE1, RACE2, ...)."""
        made = [self._term(Filling(at.row, [one], at.record)) for one in at.found]
        terms = list(dict.fromkeys(one for one in made if one is not None))
        if len(terms) < 2:
            return terms[0] if terms else None
        for number, one in enumerate(terms, start=1):
            at.record[f"{at.row.variable}{number}"] = one
        return "MULTIPLE"

    def _unit(self, at: Filling) -> str | None:
        """The CDISC unit of a Quantity: of its UCUM code, else of its words."""
        quantity = at.found[0] if isinstance(at.found[0], dict) else {}
        testcd = str(at.record.get(f"{self._place[1].dataset}TESTCD", ""))
        is_ucum = quantity.get("system") == "http://unitsofmeasure.org"
        given, text = quantity.get("code"), quantity.get("unit")
        if is_ucum and given == "1" and not text:
            return None
        for key in filter(None, (given if is_ucum else None, text, given)):
            for known in (testcd, ""):
                if (unit := self.tables.units.get((str(key), known))) is not None:
                    return unit or None
        shown = text or given
        if shown is None:
            return None
        units = self.terminology.codelist("C71620")
        for key in filter(None, (text, given)):
            term = units.find(str(key)) if units else None
            if term is not None:
                return term.value
        self._tell(UNKNOWN_UNIT, at.row.variable, str(shown))
        return str(shown)

    def _test(self, at: Filling) -> str | None:
        """--TESTCD of a code, and what the tables fix with it; of a code of ours, itself."""
        domain = self._place[1].dataset
        if at.row.given == "code":
            text = values.words(at.found[0])
            return text if text and _TESTCD.fullmatch(text) else None
        for node in at.found:
            for one in values.codings(node):
                system, given = str(one.get("system", "")), str(one.get("code", ""))
                if _OWN_TEST.fullmatch(system):
                    self._with_test(domain, given, self._usual)
                    return given
        for node in at.found:
            for one in values.codings(node):
                system, given = str(one.get("system", "")), str(one.get("code", ""))
                test = self.tables.tests.get((values.SYSTEMS.get(system, system), given))
                if test is not None and test.domain == domain:
                    for name, value in test.fixed:
                        if name.endswith("CAT"):
                            at.record.setdefault(name, value)
                        else:
                            self._usual[name] = value
                    self._with_test(domain, test.testcd, at.record)
                    return test.testcd
        text = next(
            (f"{c.get('system')}|{c.get('code')}" for c in values.codings(at.found[0])), None
        )
        self._tell(UNKNOWN_TEST, at.row.variable, text or values.words(at.found[0]) or "the code")
        return None

    def _with_test(self, domain: str, testcd: str, record: dict[str, Any]) -> None:
        """--TEST, as CDISC's terminology pairs it with the code."""
        if (domain, testcd) not in self._tests:
            self._tests[domain, testcd] = self._test_of(domain, testcd)
        test = self._tests[domain, testcd]
        if test is not None:
            record.setdefault(f"{domain}TEST", test)
        if (category := self._category(domain, testcd)) is not None:
            self._usual.setdefault(f"{domain}CAT", category)

    def _category(self, domain: str, testcd: str) -> str | None:
        """--CAT of a question of an instrument: the term that has the instrument's prefix (PI01 of
        PI0101) as its synonym.
        """
        if (domain, testcd) not in self._categories:
            found = instrument_of_code(self.terminology, testcd)
            codes = self.terminology.codelist(found[0]) if found else None
            prefix = codes.short.removesuffix("TC") if codes and codes.short else None
            self._categories[domain, testcd] = next(
                (
                    term.value
                    for codelist in self._lists(domain, f"{domain}CAT")
                    for term in codelist.terms
                    if prefix in term.synonyms
                ),
                None,
            )
        return self._categories[domain, testcd]

    def _test_of(self, domain: str, testcd: str) -> str | None:
        model = dataset(domain)
        code, name = (
            model.variable(f"{domain}{end}") if model else None for end in ("TESTCD", "TEST")
        )
        test = None
        if code is not None and name is not None:
            test = paired_term(self.terminology, code.codelists, name.codelists, testcd)
        if test is None and (found := instrument_of_code(self.terminology, testcd)):
            test = paired_term(self.terminology, [found[0]], [found[1]], testcd)
        return test

    def domain_of(self, resource: dict[str, Any]) -> str | None:
        """The dataset of an Observation by its code, or by those of its components."""
        for node in (resource, *_dicts(resource.get("component"))):
            for one in values.codings(node.get("code")):
                system = str(one.get("system", ""))
                test = self.tables.tests.get(
                    (values.SYSTEMS.get(system, system), str(one.get("code")))
                )
                if test is not None:
                    return test.domain
        return None

    def visit_of(self, encounter: dict[str, Any]) -> dict[str, Any] | None:
        """The visit that an Encounter is: `num`, `name`, and whether it is `planned`."""
        for node in (*_dicts(encounter.get("type")), *_dicts(encounter.get("identifier"))):
            for one in values.codings(node):
                if str(one.get("system", "")).endswith("/CodeSystem/visit"):
                    planned = str(one.get("code")) in self._numbers
                    return {"num": one.get("code"), "name": one.get("display"), "planned": planned}
            for key in values.keys(node):
                name = self.tables.visits.get(key, key)
                visit = self._visits.get(name.casefold())
                if visit is not None:
                    return {"num": f"{visit.num:g}", "name": visit.name, "planned": True}
        return None

    def _visit(self, at: Filling) -> str | None:
        told = at.found[0].get(at.row.given) if isinstance(at.found[0], dict) else None
        return str(told) if told is not None else None

    def _site(self, at: Filling) -> str | None:
        """SITEID of an Organization, Location or reference: the study's site, else its own name."""
        node = at.found[0] if isinstance(at.found[0], dict) else {}
        texts = [str(one.get("value")) for one in _dicts(node.get("identifier"))]
        texts += [str(node[key]) for key in ("name", "display") if isinstance(node.get(key), str)]
        for text in texts:
            for site in self.study.sites:
                if text in {site.id, site.name, f"site-{site.id}"}:
                    return site.id
        return texts[0] if texts else None

    def _subjid(self, at: Filling) -> str | None:
        text = values.words(at.found[0])
        return text.removeprefix(f"{self.study.studyid}-") if text else None

    def _armcd(self, at: Filling) -> str | None:
        """ARMCD (or ARM) of an arm by its code or name."""
        text = values.words(at.found[0])
        for arm in self.study.arms:
            if text in {arm.code, arm.name}:
                return arm.name if at.row.given == "name" else arm.code
        return text if at.row.given == "name" else None

    def _country(self, at: Filling) -> str | None:
        """The country of the site; else of the address, if that is a code of three letters."""
        site = self.study.site(str(at.record.get("SITEID")))
        if site is not None:
            return site.country
        text = at.found[0] if isinstance(at.found[0], str) else None
        return str(text) if text and _COUNTRY.fullmatch(text) else None

    def _tell(self, broken: Rule, variable: str, value: str, **given: Any) -> None:
        """A finding about a value: once for a variable and a value."""
        one, block = self._place
        key = (broken.id, f"{block.dataset}.{variable}", value)
        if key in self.told:
            return
        self.told.add(key)
        self._problems.append(
            broken.problem(
                file=one.form,
                row=one.row,
                domain=block.dataset,
                variable=variable,
                value=value,
                **given,
            )
        )


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield one
