"""The door of pages without sign-in: what opens, and one answer for everything that does not."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from scheduler.domain.guests.links import Purpose
from scheduler.domain.loops import BookMode
from scheduler.services import opening
from tests.scheduler.kit import Kit, make
from tests.scheduler.web.guests.doors import door
from tests.scheduler.web.plain import Plain
from tests.stories.kit import ask


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def test_every_address_that_opens_nothing_is_answered_alike(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    ended = door(kit, Purpose.CHOOSE, loop=loop.id, days=1)
    kit.clock.forward(days=1)
    with kit.app.db.write() as tx:
        revoked, path = opening.make(kit.app, tx, Purpose.CHOOSE, "person:rolf", loop=loop.id)
        opening.revoke(kit.app, tx, revoked.id, "person:rolf")
    own = door(kit, Purpose.ATTEND, person="anna").replace("/interviewer/", "/candidate/")
    guest = Plain(kit, signed_in=False)
    nothing = [
        ended,
        path,
        own,
        "/candidate/" + "A" * 22,
        f"/candidate/{loop.id}",
        f"/candidate/{revoked.id}",
    ]
    answers = [guest.get(address + more) for address in nothing for more in ("", "/times", "/interviews.ics")]
    answers += [
        guest.form(address + more, {"plan": "x"}) for address in nothing for more in ("/choose", "/times")
    ]
    assert {(a.status_code, a.content) for a in answers} == {(404, answers[0].content)}
    assert len({tuple(sorted(a.headers.items())) for a in answers}) == 1


def test_a_page_leaves_no_trace_of_its_address(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    loop = ask(kit, "short", BookMode.PROPOSE)
    path = door(kit, Purpose.CHOOSE, loop=loop.id)
    guest = Plain(kit, signed_in=False)
    answer = guest.get(path)
    assert answer.status_code == 200
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers and "<script" not in answer.text
    assert path.rpartition("/")[2] not in caplog.text


def test_a_mistake_of_ours_does_not_tell_the_address_either(
    kit: Kit, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    path = door(kit, Purpose.CHOOSE, loop=loop.id)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("scheduler.web.candidate.doors.standing", broken)
    answer = Plain(kit, signed_in=False).get(path)
    assert answer.status_code == 500
    assert "/candidate/… failed" in caplog.text and path.rpartition("/")[2] not in caplog.text


def test_a_link_opens_its_own_loop_and_nothing_of_the_console(kit: Kit) -> None:
    mine = ask(kit, "short", BookMode.PROPOSE)
    path = door(kit, Purpose.CHOOSE, loop=mine.id)
    guest = Plain(kit, signed_in=False)
    assert "Mara" in guest.get(path).text
    for address in ("/today", f"/loops/{mine.id}", "/api/v1/loops"):
        assert guest.get(address).status_code == 401


def test_the_console_sends_the_candidate_to_their_page(kit: Kit) -> None:
    kit = replace(kit, app=replace(kit.app, base_url="https://loops.testwerk.example"))
    loop, console = ask(kit, "short", BookMode.PROPOSE), Plain(kit)
    path = f"/loops/{loop.id}"
    assert "Let the candidate choose" in console.get(path).text
    asked = console.form(f"{path}/ask-candidate", {"version": console.version(path)})
    assert asked.status_code == 303
    kit.run()
    assert len(list((kit.folder.parent / "outbox").glob("*.eml"))) == 1
    assert "The candidate was asked to choose" in console.get(path).text
    local = Plain(replace(kit, app=replace(kit.app, base_url="")))
    refused = local.form(f"{path}/ask-candidate", {"version": local.version(path)})
    assert refused.status_code == 422 and "LOOPWRIGHT_BASE_URL" in refused.text


def test_a_link_that_is_opened_too_often_waits_and_no_other(kit: Kit) -> None:
    site = Plain(kit, signed_in=False, guest_requests_a_minute=2)
    for path in ("/candidate/aaaa", "/interviewer/bbbb/calendar.ics"):
        assert [site.get(path).status_code for _ in range(3)] == [404, 404, 429]
    answer = site.get("/candidate/aaaa")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert "too often" in answer.text and "/today" not in answer.text and "<html" in answer.text
    assert site.get("/candidate/cccc").status_code == 404
