"""Gathers the codelists and terms of a distribution, and checks each as it comes.

NCI EVS orders codelists and terms by their names, so that codelists of the same name stand mixed;
a term belongs to the codelist whose code it names, wherever that stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trialect.problems import Problems, Rule, Severity, Unusable, rule
from trialect.schemas.ct import Codelist, Term

MOST_ERRORS = 50
"""Errors after which a file is not read on."""

BAD_CODE = rule(
    "CT-CODE",
    "error",
    "A code is no code of the NCI Thesaurus",
    "{what} has the code {value!r}; a code of the NCI Thesaurus is C and digits, as C66742.",
    "Download the file again; it was changed or damaged.",
    "NCI Thesaurus",
)
NO_TEXT = rule(
    "CT-EMPTY",
    "error",
    "A codelist or a term has no name",
    "{what} has no {part}.",
    "Download the file again; it was changed or damaged.",
)
NOT_TEXT = rule(
    "CT-CHARACTER",
    "error",
    "A name in a terminology holds a character that no text has",
    "the {part} of {what} holds the character U+{number:04X}.",
    "Download the file again; it was changed or damaged.",
)
NOT_YES_NO = rule(
    "CT-EXTENSIBLE",
    "error",
    "A codelist does not say whether it is extensible",
    "codelist {code} says {value!r} of whether it is extensible, not Yes or No.",
    "Download the file again; it was changed or damaged.",
)
ORPHAN = rule(
    "CT-ORPHAN",
    "error",
    "A term is of a codelist that the file does not have",
    "term {code} {value!r} is of codelist {codelist}, which the file does not define.",
    "Download the file again; it was changed or cut.",
)
TWICE = rule(
    "CT-TWICE",
    "error",
    "A codelist or a term is there twice and differs",
    "{what} is there twice, and not the same.",
    "Download the file again; it was changed or damaged.",
)
REPEATED = rule(
    "CT-REPEATED",
    "note",
    "A codelist or a term is there twice",
    "{what} is there twice, the same each time.",
    "Nothing to mend; it is kept once.",
)
AMBIGUOUS = rule(
    "CT-AMBIGUOUS",
    "warning",
    "A submission value has two codes in its codelist",
    "{value!r} is {code} and {other} in codelist {codelist}.",
    "Both are kept, as published; Define-XML names the first. Ask NCI EVS which one holds.",
)
NO_TERMS = rule(
    "CT-NO-TERMS",
    "note",
    "A codelist has no terms",
    "codelist {code} {name!r} has no terms.",
    "Check that the file is whole, if this codelist is used.",
)
BLANKS = rule(
    "CT-BLANKS",
    "warning",
    "Names begin or end with blanks",
    "{count} names begin or end with blanks, the first of them {value!r}.",
    "Nothing to mend; they are kept without.",
)

Place = Mapping[str, Any]
"""Where something stands in its file: a row, or a path."""

_CODE = re.compile(r"C\d{1,9}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
_YES_NO = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class _Head:
    code: str
    short: str
    name: str
    extensible: bool


@dataclass(slots=True)
class Gathered:
    """The codelists and terms found so far in `file`, and the problems.

    Every way of adding raises `Unusable` once there are too many errors to read on.
    """

    file: str
    problems: Problems = field(default_factory=Problems)
    _heads: dict[str, _Head] = field(default_factory=dict)
    _terms: dict[str, dict[tuple[str, str], Term]] = field(default_factory=dict)
    _places: dict[str, Place] = field(default_factory=dict)
    _blanks: int = 0
    _blank: tuple[str, Place] | None = None
    _errors: int = 0

    def tell(self, rule: Rule, place: Place, **given: Any) -> None:
        """Keep a problem. Raises `Unusable` when there are too many errors."""
        self.problems.add(rule.problem(file=self.file, **place, **given))
        if rule.severity is Severity.ERROR:
            self._errors += 1
            if self._errors >= MOST_ERRORS:
                raise Unusable(self.problems.errors)

    def codelist(self, place: Place, code: str, short: str, name: str, extensible: str) -> None:
        """A codelist: NCI code, submission value, name, and Yes or No."""
        what = f"codelist {code or repr(name)}"
        names = self._texts(place, what, submission_value=short, name=name)
        good = self._coded(place, what, code)
        if (answer := _YES_NO.get(extensible.strip().casefold())) is None:
            self.tell(NOT_YES_NO, place, code=code, value=extensible)
            return
        if names is None or not good:
            return
        head = _Head(code.strip(), names[0], names[1], answer)
        known = self._heads.setdefault(head.code, head)
        if known is not head:
            self.tell(REPEATED if known == head else TWICE, place, what=what)
        self._places.setdefault(head.code, place)

    def term(
        self,
        place: Place,
        codelist: str,
        code: str,
        value: str,
        preferred: str,
        synonyms: Iterable[str],
    ) -> None:
        """A term of a codelist: NCI code, submission value, preferred term and synonyms."""
        what = f"term {code or repr(value)} of codelist {codelist}"
        names = self._texts(place, what, submission_value=value, preferred_term=preferred)
        words = [word for word in (one.strip() for one in synonyms) if word]
        others = [self._texts(place, what, synonym=word) for word in words]
        good = self._coded(place, what, code)
        if not self._coded(place, f"the codelist of {what}", codelist) or not good:
            return
        if names is None or None in others:
            return
        term = Term(names[0], code.strip(), names[1], tuple(words))
        terms = self._terms.setdefault(codelist.strip(), {})
        self._places.setdefault(codelist.strip(), place)
        known = terms.setdefault((term.code, term.value), term)
        if known is not term:
            self.tell(REPEATED if known == term else TWICE, place, what=what)

    def codelists(self) -> tuple[Codelist, ...]:
        """All that was found, by NCI codes. Raises `Unusable` with the errors, if there are any."""
        for code, terms in self._terms.items():
            if code not in self._heads:
                first = next(iter(terms.values()))
                place = self._places[code]
                self.tell(ORPHAN, place, code=first.code, value=first.value, codelist=code)
        if self._blank is not None:
            value, place = self._blank
            self.tell(BLANKS, place, count=self._blanks, value=value)
        self.problems.stop_on_errors()
        return tuple(self._codelist(head) for _, head in sorted(self._heads.items()))

    def _codelist(self, head: _Head) -> Codelist:
        terms = tuple(term for _, term in sorted(self._terms.get(head.code, {}).items()))
        place = self._places[head.code]
        if not terms:
            self.tell(NO_TERMS, place, code=head.code, name=head.name)
        seen: dict[str, Term] = {}
        for term in terms:
            other = seen.setdefault(term.value, term)
            if other is not term:
                self.tell(
                    AMBIGUOUS,
                    place,
                    value=term.value,
                    code=other.code,
                    other=term.code,
                    codelist=head.code,
                )
        return Codelist(head.code, head.short, head.name, head.extensible, terms)

    def _coded(self, place: Place, what: str, code: str) -> bool:
        if _CODE.fullmatch(code.strip()):
            return True
        self.tell(BAD_CODE, place, what=what, value=code)
        return False

    def _texts(self, place: Place, what: str, **parts: str) -> list[str] | None:
        """The texts without the blanks around them; None when one is missing or no text."""
        found = []
        for part, text in parts.items():
            named = part.replace("_", " ")
            if (bad := _CONTROL.search(text)) is not None:
                number = ord(bad[0])
                self.tell(NOT_TEXT, place, part=named, what=what, number=number)
                return None
            stripped = text.strip()
            if not stripped:
                self.tell(NO_TEXT, place, part=named, what=what)
                return None
            if stripped != text:
                self._blanks += 1
                self._blank = self._blank or (text, place)
            found.append(stripped)
        return found
