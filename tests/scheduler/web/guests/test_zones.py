"""Zones by the names that people call them, in both languages."""

from __future__ import annotations

from babel import Locale

from scheduler.domain.time import place
from scheduler.web.guest.zones import Zones


def test_spoken_names() -> None:
    english, german = Zones(Locale.parse("en_GB")), Zones(Locale.parse("de_DE"))
    assert english.spoken("Europe/Berlin") == "Central European Time"
    assert german.spoken("Europe/Berlin") == "Mitteleuropäische Zeit"
    assert german.city("Europe/Lisbon") == "Lissabon"


def test_everybody_finds_theirs_once() -> None:
    found = Zones(Locale.parse("en_GB")).all()
    names = [name for name, _ in found]
    assert len(names) == len(set(names)) > 300
    for name in (
        "Europe/Berlin",
        "America/Argentina/Buenos_Aires",
        "Asia/Kolkata",
        "Pacific/Kiritimati",
        "UTC",
    ):
        assert name in names
    assert all(place(name) for name in names)
