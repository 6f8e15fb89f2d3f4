"""The note of whom we invited."""

from __future__ import annotations

from dataclasses import replace

from connectors.google import wire
from connectors.guests import LENGTH, invited, note
from connectors.types import Attendee
from tests.connectors.test_outlook_wire import INTENT


def test_who_was_noted_was_invited_in_any_case() -> None:
    noted = note(["Ada@Acme.example", "ben@acme.example", "ada@acme.example"])
    assert len(noted) == 2 * LENGTH
    assert invited(noted, " ADA@acme.example")
    assert not invited(noted, "cem@acme.example")


def test_nobody_is_not_the_same_as_not_known() -> None:
    assert not invited(note([]), "ada@acme.example")
    assert invited("", "ada@acme.example"), "an event from before there were notes"


def test_the_order_of_people_is_no_change() -> None:
    assert note(["a@x.example", "b@x.example"]) == note(["b@x.example", "a@x.example"])


def test_google_bounds_the_note() -> None:
    for many, noted in ((170, True), (171, False)):
        people = tuple(Attendee(f"p{n}@acme.example") for n in range(many))
        body = wire.event_body(replace(INTENT, attendees=people))
        value = body["extendedProperties"]["private"][wire.GUESTS]
        assert bool(value) is noted
        assert len(value) <= 1024
