"""The texts that the pages mark, and the catalogues brought up to date with them.

Run it after a text has come or changed: ``.venv/bin/python -m tests.scheduler.web.catalogue``; what is still to be
translated it prints.
"""

from __future__ import annotations

import io
import sys

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from scheduler.web.frame.words import FOLDER, LANGUAGES, NAME, SOURCE

KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "words": None, "many": (1, 2)}
_NOISE = (
    '"Project-Id',
    '"Report-Msgid',
    '"POT-',
    '"PO-',
    '"Last-',
    '"Language-Team',
    '"Generated-By',
    '"MIME',
    '"Content-Transfer',
)
_METHODS = [("**.py", "python"), ("**.html", "jinja2")]


def marked() -> Catalog:
    """Every text of the pages."""
    catalog = Catalog(domain="console", header_comment="# Texts of the console.")
    folder = FOLDER.parent
    found = extract_from_dir(
        str(folder),
        method_map=_METHODS,
        options_map={"**.html": {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true"}},
        keywords=KEYWORDS,  # type: ignore[arg-type]
    )
    for name, _, message, _, _ in found:
        catalog.add(message, locations=[(name, 0)])
    return catalog


def translated(language: str) -> Catalog:
    """The catalogue of a language as it is kept."""
    with (FOLDER / language / "LC_MESSAGES" / NAME).open("rb") as file:
        return read_po(file, locale=language)


def written(catalog: Catalog) -> str:
    """The catalogue as a file: without whatever differs from day to day, and from machine to machine."""
    out = io.BytesIO()
    write_po(out, catalog, width=110, sort_output=True, no_location=True)
    lines = out.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_NOISE))


def main() -> None:
    texts = marked()
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        catalog = translated(language)
        catalog.update(texts, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        (FOLDER / language / "LC_MESSAGES" / NAME).write_text(written(catalog), encoding="utf-8")
        for message in catalog:
            if message.id and not (
                all(message.string) if isinstance(message.string, tuple) else message.string
            ):
                sys.stdout.write(f"{language}: {message.id}\n")


if __name__ == "__main__":
    main()
