"""Answers to invitations read out of mails: every dialect, and whatever else somebody may send."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import Invalid
from connectors.ics import Invitation, request
from connectors.incoming.itip import read
from connectors.types import Reply
from tests.connectors.dialects import DIALECTS, Said, apple, exchange, google

START = datetime(2026, 3, 31, 9, tzinfo=UTC)  # two days after Europe's clocks changed
ASKED = request(
    Invitation(
        uid="0f1e2d3c4b5a6978h0ufl9ah5k",
        title="Talk with Testwerk",
        start=START,
        end=START + timedelta(minutes=45),
        organizer="talent@testwerk.example",
        attendee="mara@example.org",
        sequence=3,
    ),
    START - timedelta(days=9),
)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("partstat", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_every_dialect_says_yes_perhaps_and_no(dialect: str, partstat: str) -> None:
    found = read(DIALECTS[dialect](ASKED, Said(partstat, comment="bis dann")).as_bytes())
    assert found is not None
    assert (found.sender, found.uid, found.sequence) == ("mara@example.org", "0f1e2d3c4b5a6978h0ufl9ah5k", 3)
    assert found.reply is Reply(partstat.lower()) and found.comment == "bis dann"
    assert (found.start, found.end, found.counter) == (START, START + timedelta(minutes=45), False)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_proposes_another_time(dialect: str) -> None:
    to = START + timedelta(days=1, hours=2)
    found = read(DIALECTS[dialect](ASKED, Said("TENTATIVE", to)).as_bytes())
    assert found is not None and (found.start, found.end) == (to, to + timedelta(minutes=45))
    assert found.counter is (dialect != "old_exchange"), "an old one is told by its time alone"


def test_a_mail_without_an_answer_is_none() -> None:
    mail = google(ASKED, Said())
    for text in (b"From: a@b.example\r\nSubject: hello\r\n\r\nhi\r\n", b"", b"\xff\xfe\x00"):
        assert read(text) is None
    assert read(mail.as_bytes().replace(b"METHOD:REPLY", b"METHOD:REQUEST")) is None
    assert read(mail.as_bytes().replace(b"METHOD:REPLY", b"X-NOTHING:REPLY")) is None


def test_only_the_attendee_answers_for_themselves() -> None:
    for said in (Said(sender="eve@example.org"), Said(attendee="eve@example.org")):
        for writes in DIALECTS.values():
            with pytest.raises(Invalid, match="not the attendee"):
                read(writes(ASKED, said).as_bytes())
    twice = exchange(ASKED, Said()).as_bytes()
    for head in (b"From: eve@example.org\r\n" + twice, twice.replace(b"From: ", b"From: eve@example.org, ")):
        with pytest.raises(Invalid, match="no one sender"):
            read(head)


def test_the_same_mail_has_the_same_identity_and_another_has_another() -> None:
    first, same = (read(apple(ASKED, Said()).as_bytes()) for _ in range(2))
    other = read(apple(ASKED, Said("DECLINED")).as_bytes())
    assert first is not None and first == same and other is not None and other.identity != first.identity


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (b"SEQUENCE:3", b"SEQUENCE:three"),
        (b"BEGIN:VEVENT", b"BEGIN:VTODO"),
        (b"PARTSTAT=ACCEPTED", b"PARTSTAT=NEEDS-ACTION"),
        (b"UID:0f1e2d3c4b5a6978h0ufl9ah5k", b"UID:"),
        (b"DTSTART:20260331T090000Z", b"DTSTART:99991231T235900Z"),
        (b"DTSTART:20260331T090000Z", b"DTSTART:00010101T000000Z"),
        (b"END:VEVENT\r\n", b"BEGIN:VEVENT\r\n" * 3_000),
        (b"BEGIN:VCALENDAR", b"BEGIN:VCALENDAR\r\nX-LONG:" + b"x" * 200_000),
    ],
)
def test_what_cannot_be_taken_is_one_line_without_a_word_of_the_mail(was: bytes, now: bytes) -> None:
    raw = google(ASKED, Said(comment="secret")).as_bytes()
    assert was in raw
    with pytest.raises(Invalid) as caught:
        read(raw.replace(was, now))
    assert "\n" not in str(caught.value) and "secret" not in str(caught.value) and len(str(caught.value)) < 80


def test_a_proposal_on_no_clock_is_no_proposal() -> None:
    raw = google(ASKED, Said("TENTATIVE", START + timedelta(hours=3))).as_bytes()
    with pytest.raises(Invalid, match="no time"):
        read(raw.replace(b"DTSTART:20260331T120000Z", b"DTSTART:20260331T120000"))


_SOURCES = [w(ASKED, replace(Said("DECLINED"), comment="c")).as_bytes() for w in DIALECTS.values()]


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(_SOURCES),
    st.lists(
        st.tuples(st.integers(0, 3_000), st.integers(0, 30), st.binary(max_size=12)), min_size=1, max_size=6
    ),
)
def test_whatever_is_sent_is_an_answer_none_or_one_line(
    raw: bytes, cuts: list[tuple[int, int, bytes]]
) -> None:
    for at, length, new in cuts:
        raw = raw[:at] + new + raw[at + length :]
    try:
        read(raw)
    except Invalid as error:
        assert "\n" not in str(error)
