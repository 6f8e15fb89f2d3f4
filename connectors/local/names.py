"""Addresses ↔ file names: one calendar, one file, never outside the folder.

``Ada.Byron@acme.example`` lives in ``ada.byron@acme.example.ics``. Letters, digits and ``@ . _ + -``
stand for themselves; every other character is written as ``%`` and two hex digits per UTF-8 byte, a
leading dot too, so that no address can name a hidden file, a folder or anything above it.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, unquote

SUFFIX = ".ics"

LONGEST = 240
"""Bytes of a file name without its suffix; common file systems end at 255."""

_ESCAPE = re.compile(r"%[0-9A-F]{2}")


def normal(address: str) -> str:
    """The one spelling under which an address is compared: trimmed, NFC, case folded, no ``mailto:``."""
    text = unicodedata.normalize("NFC", address).strip().casefold()
    return text.removeprefix("mailto:").strip()


def file_name(address: str) -> str | None:
    """The name of the file that holds this address's calendar; ``None`` where no file can
    (an empty address, or one too long for a file name)."""
    text = quote(normal(address), safe="@+", errors="replace").replace("~", "%7E")
    if text.startswith("."):
        text = "%2E" + text[1:]
    if not text or len(text) > LONGEST:
        return None
    return text + SUFFIX


def address_of(name: str) -> str | None:
    """The address whose calendar a file holds; ``None`` for a file that `file_name` would not make."""
    if not name.casefold().endswith(SUFFIX):
        return None
    stem = name[: -len(SUFFIX)]
    address = normal(unquote(stem, errors="replace"))
    made = file_name(address)
    return address if made is not None and _lower(made) == _lower(name) else None


def _lower(name: str) -> str:
    """Lower case except for the escapes, which are written in upper case."""
    return _ESCAPE.sub(lambda m: m.group().upper(), name.casefold().replace("%", "\0")).replace("\0", "%")
