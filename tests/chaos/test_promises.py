"""Each promise is broken once, and the checker says which."""

from __future__ import annotations

import base64
import email
import email.policy
import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.chaos import promises
from tests.chaos.promises import Around
from tests.chaos.seen import Seen, in_files
from tests.scheduler.kit import NOW, make
from tests.stories.kit import ask

ORGANIZER = "interviews@testwerk.example"


@dataclass
class Booked:
    """A company with a booked loop, which a test may spoil behind everybody's back."""

    folder: Path

    @property
    def around(self) -> Around:
        return Around(in_files(self.folder / "calendars", ORGANIZER), NOW, outbox=self.folder / "outbox")

    def check(self, around: Around) -> list[str]:
        return promises.check(f"sqlite:///{self.folder / 'loopwright.sqlite3'}", around)

    def spoil(self, *statements: str) -> None:
        with sqlite3.connect(self.folder / "loopwright.sqlite3") as connection:
            walls = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (wall,) in walls:
                connection.execute(f'DROP TRIGGER "{wall}"')
            for statement in statements:
                assert connection.execute(statement).rowcount > 0, statement
        connection.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("promises") / "whole"
    kit = make(folder)
    ask(kit, "onsite")
    kit.app.db.dispose()
    return folder


@pytest.fixture
def booked(whole: Path, tmp_path: Path) -> Booked:
    shutil.copytree(whole, tmp_path / "copy")
    return Booked(tmp_path / "copy")


def test_a_sound_company_breaks_none(booked: Booked) -> None:
    assert len(booked.around.seen) == 5
    assert booked.check(booked.around) == []


@pytest.mark.parametrize(
    ("number", "statements"),
    [
        ("I1", ["UPDATE lw_reservations SET end_at = '2026-03-30T00:00:00.000000Z' WHERE start_at = (SELECT min(start_at) FROM lw_reservations)"]),
        ("I1", ["DELETE FROM lw_reservations WHERE subject LIKE 'person:%'"]),
        ("I2", ["UPDATE lw_interviews SET event_id = 'another' WHERE spec = 'deep'"]),
        ("I2", ["UPDATE lw_interviews SET end_at = start_at, start_at = '2026-03-10T01:00:00.000000Z' WHERE spec = 'deep'"]),
        ("I2", ["UPDATE lw_seats SET person = 'nora' WHERE place = 0"]),
        ("I3", ["UPDATE lw_interviews SET state = 'cancelled' WHERE spec = 'lunch'"]),
        ("I4", ["INSERT INTO lw_inbox VALUES ('x', 's', 'd-1', '', '', '2026-03-09T06:00:00.000000Z', NULL, '', NULL, '', '')"]),
        ("I4", ["INSERT INTO lw_inbox VALUES ('x', 's', 'd-1', '', '', '2026-03-09T06:00:00.000000Z', '2026-03-09T06:00:00.000000Z', '', NULL, '', '')"]),
        ("I6", ["UPDATE lw_facts SET actor = 'nobody' WHERE seq = 2"]),
        ("I6", ["DELETE FROM lw_facts WHERE seq = (SELECT max(seq) FROM lw_facts)"]),
        ("I6", ["UPDATE lw_loops SET state = 'completed'"]),
        ("I9", ["UPDATE lw_ledger SET state = 'todo' WHERE position = 0"]),
        ("I9", ["UPDATE lw_ledger SET state = 'todo', generation = 0 WHERE position = 0"]),
        ("I14", ["UPDATE lw_reservations SET state = 'held', expires_at = '2026-03-09T06:58:00.000000Z'"]),
        ("I15", ["UPDATE lw_interviews SET start_at = '2026-03-11T09:00:00.000000Z', end_at = '2026-03-11T09:10:00.000000Z' WHERE spec = 'deep'"]),
        ("I15", ["UPDATE lw_interviews SET start_at = '2026-03-11T09:00:00.000000Z', end_at = '2026-03-11T13:00:00.000000Z' WHERE spec = 'deep'"]),
    ],
)  # fmt: skip
def test_what_is_broken_in_the_tables_is_told(booked: Booked, number: str, statements: Sequence[str]) -> None:
    booked.spoil(*statements)
    assert number in {line.split()[0] for line in booked.check(booked.around)}


def _twice(seen: Sequence[Seen]) -> Sequence[Seen]:
    return [*seen, seen[0]]


def _moved(seen: Sequence[Seen]) -> Sequence[Seen]:
    hour = timedelta(hours=1)
    return [replace(seen[0], start=seen[0].start + hour, end=seen[0].end + hour), *seen[1:]]


def _uninvited(seen: Sequence[Seen]) -> Sequence[Seen]:
    return [replace(seen[0], attendees=frozenset()), *seen[1:]]


def _left_over(seen: Sequence[Seen]) -> Sequence[Seen]:
    return [*seen, replace(seen[0], id="left", key="test/lp_gone/tech/0")]


@pytest.mark.parametrize(
    ("number", "change"),
    [("I2", _twice), ("I2", _moved), ("I2", _uninvited), ("I2", lambda seen: seen[1:]), ("I3", _left_over)],
)
def test_what_is_broken_in_the_calendar_is_told(
    booked: Booked, number: str, change: Callable[[Sequence[Seen]], Sequence[Seen]]
) -> None:
    around = booked.around
    found = booked.check(replace(around, seen=change(around.seen)))
    assert {line.split()[0] for line in found} == {number}


def test_what_was_acknowledged_and_is_gone_is_told(booked: Booked) -> None:
    found = booked.check(replace(booked.around, acknowledged=["lp_gone"]))
    assert found == ["I7 lp_gone was acknowledged and is gone"]


def test_a_word_that_may_be_nowhere_is_found(booked: Booked) -> None:
    (booked.folder / "log").write_text("the secret is abc-123")
    found = booked.check(
        replace(booked.around, canaries=["abc-123", "Mara Lind"], logs=[booked.folder / "log"])
    )
    assert sorted(found) == ["I11 'Mara Lind' stands in the database", "I11 'abc-123' stands in log"]


def test_an_invitation_that_was_sent_twice_is_told(booked: Booked) -> None:
    mails = sorted((booked.folder / "outbox").glob("*.eml"))
    for mail in mails:
        shutil.copy(mail, mail.with_name(f"again-{mail.name}"))
    found = booked.check(booked.around)
    assert found and all(re.fullmatch(r"I17 .* was told 2 times of .*", line) for line in found)


def test_one_that_was_written_anew_at_another_moment_is_the_same(booked: Booked) -> None:
    for mail in sorted((booked.folder / "outbox").glob("*.eml")):
        message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
        for part in message.walk():
            if part.get_content_type() == "text/calendar":
                text = re.sub(r"DTSTAMP:\d{8}T\d{6}Z", "DTSTAMP:20300101T000000Z", part.get_content())
                assert text != part.get_content()
                assert part["Content-Transfer-Encoding"] == "base64"
                part.set_payload(base64.encodebytes(text.encode()).decode())
        mail.with_name(f"anew-{mail.name}").write_bytes(message.as_bytes())
    found = booked.check(booked.around)
    assert found and all(re.fullmatch(r"I17 .* was told 2 times of .*", line) for line in found)


def test_an_event_that_was_not_noted_is_told_at_once(booked: Booked) -> None:
    """Before everything has come to rest: there the worker has not ended yet."""
    booked.spoil("UPDATE lw_ledger SET state = 'dropped' WHERE write = 'book'")
    found = booked.check(replace(booked.around, settled=False))
    assert found and all(re.fullmatch(r"I9 the event .* no row says that it was .*", line) for line in found)
