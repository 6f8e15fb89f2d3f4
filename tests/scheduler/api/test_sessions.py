"""Sessions by the API: one's own, everybody's for an administrator, ended at once."""

from __future__ import annotations

from scheduler.api.gate import visits
from scheduler.config import Settings
from tests.scheduler.api.client import BASE, TOKEN, Client
from tests.scheduler.kit import Kit

AGENT = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


def come_in(kit: Kit) -> Client:
    api = Client(kit, api_token=TOKEN)
    address = visits.invite(Settings(data=kit.folder.parent / "data"), "")
    assert api.get(address, headers=AGENT).status_code == 303
    return api


def test_a_browser_sees_itself_and_the_others_and_ends_them(kit: Kit) -> None:
    first, second = come_in(kit), come_in(kit)
    rows = first.ask("/me/sessions")
    assert [row["here"] for row in rows].count(True) == 1 and len(rows) == 2
    assert rows[0]["user"] is None and "Firefox" in rows[0]["browser"]
    assert set(rows[0]) == {"id", "user", "browser", "created_at", "used_at", "expires_at", "here"}
    other = next(row["id"] for row in rows if not row["here"])
    same = {"origin": "http://127.0.0.1:8080"}
    assert first.delete(f"{BASE}/me/sessions/{other}", headers=same).status_code == 204
    assert second.get(f"{BASE}/people").status_code == 401, "from that moment on"
    assert first.delete(f"{BASE}/me/sessions/{other}", headers=same).status_code == 404
    assert len(first.ask("/sessions")) == 1


def test_a_new_sign_in_ends_the_session_before_it(kit: Kit) -> None:
    api = come_in(kit)
    before = dict(api.cookies)
    address = visits.invite(Settings(data=kit.folder.parent / "data"), "")
    assert api.get(address).status_code == 303 and dict(api.cookies) != before
    assert len(api.ask("/me/sessions")) == 1
    old = Client(kit, api_token=TOKEN)
    for name, value in before.items():
        old.cookies.set(name, value)
    assert old.get(f"{BASE}/people").status_code == 401


def test_a_program_has_none_and_an_administrator_ends_everybodys(kit: Kit) -> None:
    api, inside = Client(kit), come_in(kit)
    made = api.ask("/tokens", "POST", {"name": "feed", "roles": [{"role": "automation"}]}, 201)
    program = {"authorization": f"Bearer {made['secret']}"}
    (row,) = api.ask("/sessions")
    assert api.get(f"{BASE}/me/sessions", headers=program).json() == []
    for path in (f"/me/sessions/{row['id']}", "/me/sessions/none"):
        assert api.delete(BASE + path, headers=program).status_code == 404
    assert api.get(f"{BASE}/sessions", headers=program).status_code == 403
    assert api.delete(f"{BASE}/sessions/{row['id']}").status_code == 204
    assert inside.get(f"{BASE}/people").status_code == 401
