"""The console acts as the account that has signed in: its name in the history, its roles on the pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scheduler.domain.access.accounts import User
from scheduler.domain.access.policy import Grant, Role
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services.access import accounts, signing_in
from tests.scheduler.kit import NOW, Kit, make
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.test_refusals import SAME
from tests.stories.kit import ask, look

ROLF = User("rolf", "Rolf Reck", "rolf@example.com", "rolf", (Grant(Role.RECRUITER),), (), True, NOW)
HANA = User("hana", "Hana", "hana@example.com", "hana", (Grant(Role.HIRING_MANAGER),), (), True, NOW)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def put(kit: Kit, user: User) -> None:
    with kit.app.db.write() as tx:
        accounts.put_user(kit.app, tx, user, "test")


def come_in(kit: Kit, user: User) -> tuple[Plain, str]:
    put(kit, user)
    with kit.app.db.write() as tx:
        address = f"/?token={signing_in.invite(kit.app, tx, user.id, 'test')}"
    site = Plain(kit, signed_in=False, cookies={"console-me": "anna"})
    assert site.get(address).headers["location"] == "/today"
    return site, address


def proof(site: Plain, path: str) -> str:
    return re.findall(r'name="proof" value="(.+?)"', site.get(path).text)[0]


def test_what_is_done_is_done_by_them(kit: Kit) -> None:
    site, address = come_in(kit, ROLF)
    loop = ask(kit, "short", BookMode.PROPOSE)
    page = site.get(f"/loops/{loop.id}").text
    plan = re.findall(r'name="proposal" value="(.+?)"', page)[0]
    fields = {"proposal": plan, "version": site.version(f"/loops/{loop.id}"), "proof": proof(site, "/you")}
    assert site.form(f"/loops/{loop.id}/choose", fields, headers=SAME).status_code == 303
    kit.run()
    with kit.app.db.read() as tx:
        assert "person:rolf" in {f.actor for f in tx.facts.of(f"loop:{loop.id}") if f.after == "held"}
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    other = Plain(kit, signed_in=False)
    assert other.get(address).status_code == 401, "once only"


def test_who_they_are_is_said_by_the_account_and_not_by_the_browser(kit: Kit) -> None:
    site, _ = come_in(kit, ROLF)
    text = site.get("/you").text
    assert "Rolf Reck" in text and "recruiter" in text and 'name="me"' not in text
    fields = {"me": "anna", "language": "en", "proof": proof(site, "/you")}
    assert site.form("/you", fields, headers=SAME).status_code == 303
    assert "/today?owner=rolf" in site.get("/today").text
    assert [row["user"] for row in site.get("/api/v1/me/sessions").json()] == ["rolf"]
    assert site.get("/api/v1/sessions").status_code == 403


def test_roles_count_for_a_browser_as_they_do_for_a_token(kit: Kit) -> None:
    site, _ = come_in(kit, HANA)
    loop = ask(kit, "short")
    assert site.get("/today").headers["location"] == "/loops"
    assert loop.id in site.get("/loops").text and "/audit" not in site.get("/loops").text
    assert site.get("/audit").status_code == 403
    fields = {"proof": proof(site, "/you"), "version": "0"}
    assert site.form(f"/loops/{loop.id}/cancel", fields, headers=SAME).status_code == 403
    put(kit, User("hana", "Hana", "hana@example.com", "hana", HANA.grants, (), False, NOW))
    assert site.get("/loops").status_code == 401
