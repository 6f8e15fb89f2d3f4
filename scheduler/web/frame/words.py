"""The words of the pages in every language: catalogues read at the start, and what is marked for them.

Told by `tests/scheduler/web/test_words.py`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LANGUAGES: Mapping[str, str] = {"en": "en_GB", "de": "de_DE"}
"""Each with the locale of its dates: one with a country, since weeks begin differently by country."""
SOURCE = "en"
"""The language in which the pages are written: what is looked up in a catalogue."""
FOLDER = Path(__file__).parents[1] / "locales"
NAME = "console.po"


def N_(text: str) -> str:
    """Marks a text for the catalogues where it stands; it is translated where it is shown."""
    return text


class Words:
    """One language: ``_`` and ``ngettext`` translate, ``locale`` is Babel's."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = Locale.parse(LANGUAGES[language])
        self.catalogue: NullTranslations = _catalogue(language)

    @staticmethod
    @lru_cache
    def of(language: str) -> Words:
        return Words(language)

    def __call__(self, text: str, /, **values: object) -> str:
        """The text in this language, with ``%(name)s`` filled in."""
        found: str = self.catalogue.ugettext(text)
        return found % values if values else found

    def many(self, one: str, several: str, number: int, /, **values: object) -> str:
        """The form of the text that fits the number, which is ``%(num)s`` in it."""
        found: str = self.catalogue.ungettext(one, several, number)
        return found % {"num": number, **values}


def _catalogue(language: str) -> NullTranslations:
    if language == SOURCE:
        return NullTranslations()
    with (FOLDER / language / "LC_MESSAGES" / NAME).open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
