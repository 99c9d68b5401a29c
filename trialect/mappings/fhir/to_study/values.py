"""Values of FHIR in JSON of any shape: what is not of the kind that is asked for is nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from trialect.mappings.fhir.terms import values
from trialect.mappings.fhir.told_facts import heard, plain

Json = Mapping[str, Any]


def text_of(value: Any) -> str | None:
    """A text; None where it is none, or empty."""
    return value if isinstance(value, str) and value else None


def number_of(value: Any) -> float | None:
    """A number; None where it is none, as true and false are."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None


def object_of(value: Any) -> Json:
    """An object; an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def objects_of(value: Any) -> list[Json]:
    """The objects of a list; none where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def first_of(value: Any) -> Json:
    """The first object of a list; an object alone is itself."""
    return next(iter(objects_of(value)), {}) if isinstance(value, list) else object_of(value)


def words_of(concept: Any) -> str | None:
    """What a CodeableConcept says: its text, else the words of its first code."""
    found = object_of(concept)
    return text_of(found.get("text")) or text_of(first_of(found.get("coding")).get("display"))


def texts_of(concepts: Any) -> tuple[str, ...]:
    """What each of several CodeableConcepts says."""
    return tuple(text for one in objects_of(concepts) if (text := words_of(one)))


def code_of(concept: Any) -> str:
    """The first code of a CodeableConcept; empty where it has none."""
    return text_of(first_of(object_of(concept).get("coding")).get("code")) or ""


@cache
def _by_code(table: str) -> dict[str, str]:
    """The registry's words by code and by the code's words; of several the first."""
    found: dict[str, str] = {}
    for word, coding in values(table).items():
        found.setdefault(coding["code"], word)
        found.setdefault(coding.get("display", word), word)
    return found


def word_of(concept: Any, table: str) -> str | None:
    """The registry's word for a concept: by its code, else by its words."""
    known = _by_code(table)
    code, words = code_of(concept), words_of(concept)
    return known.get(code) or known.get(words or "") or words


def name_of(extension: Json) -> str:
    """The end of an extension's url."""
    return (text_of(extension.get("url")) or "").rpartition("/")[2]


def extension_values(one: Json, name: str) -> list[Any]:
    """The values of an element's extensions of a name."""
    return [plain(e) for e in objects_of(one.get("extension")) if name_of(e) == name]


def extension_value(one: Json, name: str) -> Any:
    """The value of the first extension of a name."""
    return next(iter(extension_values(one, name)), None)


def extension_text(one: Json, name: str) -> str | None:
    """The text of the first extension of a name."""
    return text_of(extension_value(one, name))


def extension_texts(one: Json, name: str) -> tuple[str, ...]:
    """The texts of the extensions of a name."""
    return tuple(text for value in extension_values(one, name) if (text := text_of(value)))


def facts_heard(one: Json, name: str, cls: type[Any]) -> dict[str, Any]:
    """The fields of `cls` that the parts of the extensions of a name tell."""
    parts = [
        part
        for extension in objects_of(one.get("extension"))
        if name_of(extension) == name
        for part in objects_of(extension.get("extension"))
    ]
    return heard(cls, parts)
