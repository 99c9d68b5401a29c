"""A study on its way into a registry's file: the words of the registry, and what it cannot say."""

from __future__ import annotations

from typing import ClassVar

from trialect.converters.writers.registry_losses import Losses
from trialect.mappings.registry.registry_words import registry_words
from trialect.problems import Rule
from trialect.schemas.registry.nodes import Node, is_xml_text, without_controls, xml
from trialect.trial import Study


class RegistryWriting:
    """What every part of a registry's file is written from; a registry is a class of its own."""

    __slots__ = ("losses", "study", "words")

    registry: ClassVar[str]
    """The name of its table of words."""

    no_word: ClassVar[Rule]
    """A value that the registry has no word for."""

    word_loses: ClassVar[Rule]
    """A value whose word says less than the value."""

    character: ClassVar[Rule]
    """A text with a character that XML cannot hold."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.losses = Losses()
        self.words = registry_words(self.registry)

    def word(self, kind: str, field: str, value: str | None) -> str:
        """The registry's word for a value; empty, and told, where it has none."""
        if not value:
            return ""
        found = self.words.get(kind, {}).get(value)
        if found is None or found.word is None:
            note = found.note if found is not None else "it is none of the registry's values"
            self.losses.add(self.no_word, field, value, note=note, each=True)
            return ""
        if found.note:
            self.losses.add(
                self.word_loses, field, value, word=found.word, note=found.note, each=True
            )
        return found.word

    def document(self, record: Node, opening: str, closing: str) -> bytes:
        """The file of a record; characters that XML cannot hold are left out, and told."""
        head = f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}\n'
        document = f"{head}{xml(record, '  ')}{closing}\n"
        if is_xml_text(document):
            return document.encode()
        for one in record.walk():
            text = without_controls(one.text)
            if text != one.text:
                self.losses.add(self.character, one.fact or one.name, one.name)
                one.text = text
        return f"{head}{xml(record, '  ')}{closing}\n".encode()
