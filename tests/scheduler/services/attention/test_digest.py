"""The mail of the day: at the owner's hour, once however many workers ask, and none where there is nothing to say."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.errors import Transient
from connectors.mail import Message
from scheduler.domain.loops import BookMode
from scheduler.domain.time import instant
from scheduler.services.asking import requests
from scheduler.services.attention import care, digest
from scheduler.workers.tasks import failed
from tests.scheduler.kit import Kit, make
from tests.stories.kit import MARA, ask
from tests.stories.test_mails import mails

NIGHT = (("2026-03-11T02:00", "2026-03-11T05:00"),)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """It is eight in Berlin."""
    return make(tmp_path)


def queue(kit: Kit, hour: int = 8) -> int:
    found = digest.queue(kit.app, hour)
    kit.run()
    return found


def test_it_comes_at_the_hour_of_the_owner_and_once_a_day(kit: Kit) -> None:
    ask(kit, "short", BookMode.PROPOSE, NIGHT)
    other = replace(MARA, id="app-2", recruiter="nora")
    ask(kit, "short", BookMode.PROPOSE, NIGHT, other)
    assert queue(kit, 9) == 0
    assert queue(kit) == 1, "in New York it is four in the morning"
    (mail,) = mails(kit)
    assert mail["To"].addresses[0].addr_spec == "rolf@testwerk.example"
    assert mail["Subject"] == "One thing needs you: Monday, 09 March"
    body = mail.get_content()
    assert "by Wed 11 Mar 05:00: " in body and "[Mara Lind, Backend Engineer]" in body
    assert queue(kit) == 0
    kit.clock.forward(hours=5)
    assert queue(kit) == 1
    assert [m["To"].addresses[0].addr_spec for m in mails(kit)] == [
        "rolf@testwerk.example",
        "nora@testwerk.example",
    ]
    kit.clock.forward(hours=19)
    assert queue(kit) == 1
    assert len(mails(kit)) == 3


def test_where_there_is_nothing_to_say_there_is_no_mail(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    assert queue(kit) == 1, "rolf has a loop"
    assert mails(kit) == []
    requests.change(kit.app, loop.id, "person:rolf", offered=NIGHT)
    kit.run()
    assert queue(kit) == 0, "today was thought of"
    assert digest.queue(kit.app, -1) == 0


def test_what_is_snoozed_or_taken_by_another_is_not_in_it(kit: Kit) -> None:
    first = ask(kit, "short", BookMode.PROPOSE, NIGHT)
    second = ask(kit, "short", BookMode.PROPOSE, NIGHT, stage_visit="b")
    with kit.app.db.write() as tx:
        care.take(kit.app, tx, f"loop_infeasible:{first.id}", "hana", "person:hana")
        later = kit.clock() + timedelta(days=1)
        care.snooze(kit.app, tx, f"loop_infeasible:{second.id}", later, "person:rolf")
    assert queue(kit) == 2
    assert [m["To"].addresses[0].addr_spec for m in mails(kit)] == ["hana@testwerk.example"]


def test_many_workers_write_one_mail(kit: Kit) -> None:
    ask(kit, "short", BookMode.PROPOSE, NIGHT)
    gate, counts = threading.Barrier(4), list[int]()

    def one() -> None:
        gate.wait()
        counts.append(digest.queue(kit.app, 8))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 0, 0, 1]
    kit.run()
    digest.send(kit.app, "rolf", kit.clock().date())  # the job, done twice since its worker ended
    assert len(mails(kit)) == 1


def test_a_mail_server_that_is_away_is_waited_for_until_the_day_is_over(kit: Kit) -> None:
    class Away:
        def send(self, message: Message) -> None:
            raise Transient("no answer")

    ask(kit, "short", BookMode.PROPOSE, NIGHT)
    away = replace(kit.app, messenger=Away())
    day = kit.clock().date()
    assert digest.send(away, "rolf", day) == 300.0
    assert digest.send(kit.app, "rolf", day) is None
    assert len(mails(kit)) == 1
    kit.clock.forward(days=1)
    assert digest.send(away, "rolf", day) is None


def test_it_says_how_many_are_nobodys_and_how_many_more_there_are(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "_MOST", 2)
    for n in range(3):
        ask(kit, "short", BookMode.PROPOSE, NIGHT, stage_visit=str(n))
    failed(kit.app, "push", {}, "RuntimeError: no")
    queue(kit)
    text = mails(kit)[0].get_content()
    assert "3 things need you" in text and "- and 1 more" in text and "Nobody looks after 1 more." in text


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"])
@pytest.mark.parametrize("start", ["2026-03-27T00:00", "2026-10-23T00:00", "2026-03-06T00:00"])
def test_everybody_has_one_on_each_of_their_days_whatever_the_clocks_do(
    kit: Kit, name: str, start: str
) -> None:
    """Asked for every half hour over three days, changes of the clock among them; 2 is an hour that may be skipped."""
    ask(kit, "short", BookMode.PROPOSE, windows=())
    with kit.app.db.write() as tx:
        rolf = tx.people.get("rolf")
        assert rolf is not None
        tx.people.put(replace(rolf, zone=name))
    kit.clock.now = instant(start, name, "start")
    days = []
    for _ in range(2 * 24 * 3):
        if digest.queue(kit.app, 2):
            days.append(kit.jobs.waiting.pop()[1]["day"])
        kit.clock.forward(minutes=30)
    first = date.fromisoformat(start[:10])
    assert days[:3] == [(first + timedelta(days=n)).isoformat() for n in range(3)]
    assert len(set(days)) == len(days)
