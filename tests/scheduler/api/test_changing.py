"""Changes of a loop by hand over HTTP: the try and its answer, the apply, and what cannot be meant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.scheduler.api.client import BASE, Client, occupy
from tests.scheduler.kit import Kit


@pytest.fixture
def loop(api: Client) -> Any:
    """A booked loop."""
    asked = api.loop("onsite", mode="book")
    assert asked["state"] == "confirmed"
    return asked


def interview(loop: Any, name: str) -> Any:
    return next(i for i in loop["interviews"] if i["interview"] == name)


def later(loop: Any, name: str, minutes: int) -> str:
    start = datetime.fromisoformat(interview(loop, name)["start"])
    return (start + timedelta(minutes=minutes)).isoformat()


def move(loop: Any, minutes: int = 30) -> dict[str, Any]:
    return {"changes": [{"do": "move", "interview": "manager", "to": later(loop, "manager", minutes)}]}


def test_a_change_is_tried_and_then_done(api: Client, loop: Any) -> None:
    path, body = f"/loops/{loop['id']}", move(loop)
    found = api.ask(f"{path}/try", "POST", body)
    assert found["verdict"] == "allowed", found["refused"]
    assert found["cost"] == sum(found["price"].values()) > 0
    assert found["price_text"] and all(": +" in line or ": -" in line for line in found["price_text"])
    assert [s["interview"] for s in found["changes"] if s["asked"]] == ["manager"]
    assert {i["interview"] for i in found["plan"]} == {i["interview"] for i in loop["interviews"]}
    assert api.ask(path) == loop, "a try changes nothing"
    done = api.ask(
        f"{path}/apply", "POST", {**body, "version": found["version"], "reason": "candidate_asked"}
    )
    assert done["state"] == "booking"
    now = api.ask(path)
    assert now["state"] == "confirmed"
    assert datetime.fromisoformat(interview(now, "manager")["start"]) == datetime.fromisoformat(
        body["changes"][0]["to"]
    )


def test_a_lock_is_told_with_the_loop(api: Client, loop: Any) -> None:
    path = f"/loops/{loop['id']}"
    body = {"changes": [{"do": "lock", "interview": "tech", "time": True, "people": True}]}
    found = api.ask(f"{path}/try", "POST", body)
    api.ask(f"{path}/apply", "POST", {**body, "version": found["version"]})
    (lock,) = api.ask(path)["locks"]
    tech = interview(loop, "tech")
    lead = next(s["person"] for s in tech["seats"] if s["kind"] == "lead")
    assert (lock["interview"], lock["start"], lock["seats"]) == ("tech", tech["start"], {"0": [lead]})
    assert api.ask(path)["state"] == "confirmed"


def test_a_version_of_before_is_refused_with_what_has_changed(api: Client, loop: Any, kit: Kit) -> None:
    path, body = f"/loops/{loop['id']}", move(loop)
    version = api.ask(f"{path}/try", "POST", body)["version"]
    kit.clock.forward(minutes=1)
    api.ask(f"{path}/apply", "POST", {**body, "version": version})
    again = api.refused(409, f"{path}/apply", "POST", json={**body, "version": version})
    assert again["type"] == "overtaken"
    assert {"facts", "manager"} <= {e["field"] for e in again["errors"]}
    assert all(e["fix"] for e in again["errors"])


def test_the_same_request_again_has_one_effect(api: Client, loop: Any) -> None:
    path, body = f"/loops/{loop['id']}", move(loop)
    body["version"] = api.ask(f"{path}/try", "POST", body)["version"]
    key = {"Idempotency-Key": "once"}
    first = api.ask(f"{path}/apply", "POST", body, headers=key)
    assert api.ask(f"{path}/apply", "POST", body, headers=key) == first
    assert api.ask(path)["generation"] == loop["generation"] + 1


def test_a_condition_that_does_not_hold_stops_it(api: Client, loop: Any) -> None:
    path, body = f"/loops/{loop['id']}", move(loop)
    body["version"] = api.ask(f"{path}/try", "POST", body)["version"]
    api.refused(412, f"{path}/apply", "POST", json=body, headers={"If-Match": '"another"'})
    assert api.ask(path) == loop


def test_a_refusal_has_rule_people_text_and_fix(api: Client, loop: Any, kit: Kit) -> None:
    start = later(loop, "manager", 60)
    occupy(kit, "hana@testwerk.example", start, later(loop, "manager", 90))
    found = api.ask(f"/loops/{loop['id']}/try", "POST", move(loop, 60))
    assert (found["verdict"], found["version"], found["plan"]) == ("refused", "", [])
    first = found["refused"][0]
    assert (first["rule"], first["interview"], first["people"]) == ("busy", "manager", ["hana"])
    assert first["text"] and first["fix"]


def bad(**change: Any) -> dict[str, Any]:
    return {"changes": [change]}


@pytest.mark.parametrize(
    ("body", "field", "fault", "fix"),
    [
        (
            bad(do="move", interview="manager", to="2026-03-11T10:07"),
            "changes[0].to",
            "grid of 15",
            "use 2026-03-11T10:00",
        ),
        (
            bad(do="move", interview="manager", to="2026-03-29T02:30"),
            "changes[0].to",
            "does not exist",
            "clocks skip",
        ),
        (
            bad(do="move", interview="manager", to="2026-03-02T10:00"),
            "changes[0].to",
            "is past",
            "still ahead",
        ),
        (
            bad(do="move", interview="nothing", to="2026-03-11T10:00"),
            "changes[0].interview",
            "no interview",
            "tech",
        ),
        (
            bad(do="seat", interview="tech", person="anna", seat=3),
            "changes[0].seat",
            "has no seat 3",
            "one seat, 0",
        ),
        (
            bad(do="seat", interview="tech", person="nobody"),
            "changes[0].person",
            "no person 'nobody'",
            "id of a person",
        ),
        (
            bad(do="seat", interview="lunch", person="ben"),
            "changes[0].seat",
            "has 2 seats",
            "say which: 0 to 1",
        ),
        (
            bad(do="free", interview="deep", person="emma"),
            "changes[0].person",
            "does not sit in",
            "name one of",
        ),
        (
            bad(do="room", interview="tech", room="nowhere"),
            "changes[0].room",
            "no room 'nowhere'",
            "elm, oak",
        ),
        (
            bad(do="room", interview="lunch", room="oak"),
            "changes[0].interview",
            "needs no room",
            "leave this",
        ),
        (bad(do="lock", interview="tech"), "changes[0].time", "nothing is named", "say time"),
        (bad(do="unlock", interview="tech", time=True), "changes[0].interview", "is locked", "leave it out"),
        (
            bad(do="remove_seat", interview="tech", seat=0),
            "changes[0].seat",
            "is the only one",
            "remove the interview",
        ),
        (
            bad(
                do="windows",
                windows=[{"start": "2026-03-29T02:30", "end": "2026-03-29T09:00"}],
                zone="Europe/Berlin",
            ),
            "changes[0].windows[0].start",
            "does not exist",
            "clocks skip",
        ),
        (
            bad(
                do="add", add={"id": "tech", "title": "Again", "minutes": 30, "seats": [{"pool": "seniors"}]}
            ),
            "changes[0].add.id",
            "already",
            "another id",
        ),
        (
            bad(do="add", add={"id": "x", "title": "X", "minutes": 30, "seats": [{"pool": "none"}]}),
            "changes[0].add.seats[0].pools[0]",
            "no pool 'none'",
            "engineers",
        ),
        (bad(do="dance", interview="tech"), "changes[0]", "nobody can do 'dance'", "move, seat"),
        (bad(do="move", interview="tech"), "changes[0].to", "missing", ""),
        (bad(do="move", interview="tech", to="2026-03-11T10:00", extra=1), "changes[0].extra", "", ""),
        ({"changes": []}, "changes", "is an empty list", ""),
        (
            {"proposal": "pr_x", **bad(do="remove", interview="tech")},
            "proposal",
            "the loop is booked",
            "leave it out",
        ),
    ],
)
def test_what_cannot_be_meant_is_one_line_with_field_and_fix(
    api: Client, loop: Any, body: Any, field: str, fault: str, fix: str
) -> None:
    said = api.refused(422, f"/loops/{loop['id']}/try", "POST", json=body)
    (error,) = said["errors"]
    assert error["field"] == field
    assert fault in error["fault"] and fix in error["fix"]
    assert "\n" not in said["detail"]


@pytest.mark.parametrize(
    ("do", "fields"),
    [
        ("move", {"interview", "to"}),
        ("seat", {"interview", "person"}),
        ("free", {"interview", "person"}),
        ("swap", {"interview", "person", "other_interview", "other_person"}),
        ("room", {"interview", "room"}),
        ("add", {"add"}),
        ("remove", {"interview"}),
        ("add_seat", {"interview", "seat"}),
        ("remove_seat", {"interview", "seat"}),
        ("windows", {"windows"}),
        ("horizon", {"start", "end"}),
        ("lock", {"interview"}),
        ("unlock", {"interview"}),
    ],
)
def test_what_is_missing_is_named(api: Client, do: str, fields: set[str]) -> None:
    found = api.refused(422, "/loops/lp_x/try", "POST", json=bad(do=do))["errors"]
    assert {(e["field"], e["fault"]) for e in found} == {(f"changes[0].{name}", "missing") for name in fields}
    (wrong,) = api.refused(422, "/loops/lp_x/try", "POST", json=bad(do="remove", interveiw="a"))["errors"][1:]
    assert (wrong["field"], wrong["fix"]) == ("changes[0].interveiw", "did you mean 'interview'?")


def test_two_locks_that_cannot_both_hold(api: Client, loop: Any) -> None:
    body = {
        "changes": [
            {"do": "lock", "interview": "tech", "time": True},
            {"do": "move", "interview": "manager", "to": interview(loop, "tech")["start"]},
            {"do": "lock", "interview": "manager", "time": True},
        ]
    }
    (error,) = api.refused(422, f"/loops/{loop['id']}/try", "POST", json=body)["errors"]
    assert (error["field"], error["fix"]) == ("changes[2].time", "move or unlock one of them first")
    assert "Manager and Technical cannot both keep their times" in error["fault"]


def test_somebody_who_has_left_is_not_seated(api: Client, loop: Any, kit: Kit) -> None:
    from dataclasses import replace

    people = tuple(replace(p, active=False) if p.id == "dirk" else p for p in kit.company.people)
    with kit.app.db.write() as tx:
        tx.people.put_all(people)
    body = bad(do="seat", interview="tech", person="dirk")
    (error,) = api.refused(422, f"/loops/{loop['id']}/try", "POST", json=body)["errors"]
    assert (error["field"], error["fix"]) == ("changes[0].person", "seat somebody else")
    assert "Dirk Dahl is no longer with the company" in error["fault"]


@pytest.mark.parametrize("version", ["", "abc", "%%%", "A" * 19_000, "eJwDAAAAAAE"])
def test_what_is_no_version_is_refused(api: Client, loop: Any, version: str) -> None:
    body = {**move(loop), "version": version}
    (error,) = api.refused(422, f"/loops/{loop['id']}/apply", "POST", json=body)["errors"]
    assert error["field"] == "version" and error["fix"]


def test_a_version_is_of_its_changes(api: Client, loop: Any) -> None:
    version = api.ask(f"/loops/{loop['id']}/try", "POST", move(loop))["version"]
    body = {**move(loop, 45), "version": version}
    (error,) = api.refused(422, f"/loops/{loop['id']}/apply", "POST", json=body)["errors"]
    assert (error["field"], error["fault"]) == ("version", "is of other changes")


def test_an_unknown_loop_is_not_found(api: Client) -> None:
    api.refused(404, "/loops/nothing/try", "POST", json=bad(do="remove", interview="tech"))
    api.refused(
        409, f"/loops/{api.loop(windows=[])['id']}/try", "POST", json=bad(do="remove", interview="tech")
    )


# -- what would help --------------------------------------------------------------------------------


def refused_with_fixes(api: Client, loop: Any, kit: Kit) -> tuple[dict[str, Any], dict[str, Any]]:
    """A refused change, and its easiest fix."""
    occupy(kit, "hana@testwerk.example", later(loop, "manager", 60), later(loop, "manager", 180))
    body = move(loop, 60)
    found = api.ask(f"/loops/{loop['id']}/try", "POST", body)
    assert (found["verdict"], found["fixes_cut"]) == ("refused", False)
    assert [f["effort"] for f in found["fixes"]] == sorted(f["effort"] for f in found["fixes"])
    person = next(f for f in found["fixes"] if f["how"] == "ask_people")
    assert person["people"] == ["hana"] and {i["interview"] for i in person["plan"]} >= {"tech", "manager"}
    return body, found["fixes"][0]


def test_a_refused_try_has_fixes_that_are_carried_out_once(api: Client, loop: Any, kit: Kit) -> None:
    body, fix = refused_with_fixes(api, loop, kit)
    path = f"/loops/{loop['id']}/fixes/{fix['id']}"
    asked = {**body, "version": fix["version"]}
    api.refused(412, path, "POST", json=asked, headers={"If-Match": '"another"'})
    key = {"Idempotency-Key": "fix-once"}
    done = api.ask(path, "POST", asked, 202, headers=key)
    assert (done["applied"], done["mails"]) == (True, 0)
    assert api.ask(path, "POST", asked, 202, headers=key) == done
    now = api.ask(f"/loops/{loop['id']}")
    assert (now["state"], now["generation"]) == ("confirmed", loop["generation"] + 1)
    manager = next(i for i in fix["plan"] if i["interview"] == "manager")
    assert interview(now, "manager")["start"] == manager["start"]
    late = api.refused(409, path, "POST", json=asked)
    assert late["type"] == "overtaken" and all(e["fix"] for e in late["errors"])


@pytest.mark.parametrize(
    ("leave_out", "field"), [("version", "version"), ("changes", "changes"), ("", "version")]
)
def test_a_fix_of_a_try_wants_its_changes_and_its_version(
    api: Client, loop: Any, kit: Kit, leave_out: str, field: str
) -> None:
    body, fix = refused_with_fixes(api, loop, kit)
    asked = {**body, "version": fix["version"] if leave_out else "gAAAA"}
    asked.pop(leave_out, None)
    said = api.refused(422, f"/loops/{loop['id']}/fixes/{fix['id']}", "POST", json=asked)
    assert said["errors"][0]["field"] == field and said["errors"][0]["fix"]
    assert api.ask(f"/loops/{loop['id']}")["generation"] == loop["generation"]


def test_without_a_version_a_booked_loop_has_no_fixes(api: Client, loop: Any, kit: Kit) -> None:
    _, fix = refused_with_fixes(api, loop, kit)
    assert api.ask(f"/loops/{loop['id']}/fixes") == []
    assert api.refused(404, f"/loops/{loop['id']}/fixes/{fix['id']}", "POST")["type"] == "not_found"


# -- undone -----------------------------------------------------------------------------------------


def test_the_last_change_is_undone_once(api: Client, loop: Any) -> None:
    path, body = f"/loops/{loop['id']}", move(loop)
    nothing = api.refused(409, f"{path}/undo", "POST")
    assert nothing["type"] == "wrong_state" and "nothing of it was changed by hand" in nothing["detail"]
    version = api.ask(f"{path}/try", "POST", body)["version"]
    api.ask(f"{path}/apply", "POST", {**body, "version": version})
    tag = api.get(f"{BASE}{path}").headers["etag"]
    api.ask(f"{path}/owner", "PUT", {"owner": "hana"})
    api.refused(412, f"{path}/undo", "POST", headers={"If-Match": tag})
    said = api.refused(422, f"{path}/undo", "POST", json={"reason": "never_heard"})
    assert said["errors"][0]["field"] == "reason"
    headers = {"Idempotency-Key": "undo", "If-Match": api.get(f"{BASE}{path}").headers["etag"]}
    done = api.ask(f"{path}/undo", "POST", {"reason": "conflict", "note": "a mistake"}, headers=headers)
    assert (
        api.ask(f"{path}/undo", "POST", {"reason": "conflict", "note": "a mistake"}, headers=headers) == done
    )
    now = api.ask(path)
    assert (now["state"], now["generation"]) == ("confirmed", loop["generation"] + 2)
    assert interview(now, "manager")["start"] == interview(loop, "manager")["start"]
    (fact,) = api.ask(f"/facts?loop={loop['id']}&what=loop_change_undone")
    assert fact["data"]["text"] == "a mistake"
    api.refused(404, "/loops/nothing/undo", "POST")
