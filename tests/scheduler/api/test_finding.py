"""Loops by what people remember of them, how many there are, whose they are, and interviews by date."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scheduler.api.client import APPLICATION, BASE, Client, event


def _ids(found: Any) -> list[str]:
    return [row["id"] for row in found]


def _others(api: Client) -> tuple[Any, Any]:
    """One that is proposed, Mara's; one that waits for windows, Tom's."""
    mara = api.loop()
    tom = {**APPLICATION, "id": "app-2", "job": "Designer", "recruiter": "hana"}
    tom["candidate"] = {"name": "Tom Öst", "email": "tom@example.org", "zone": "Europe/Berlin"}
    return mara, api.loop(application=tom, windows=[], stage_visit="v")


def test_loops_are_found_by_what_people_remember(api: Client) -> None:
    mara, tom = _others(api)
    for query, wanted in {
        "state=proposed": [mara],
        "state=proposed,awaiting_candidate": [mara, tom],
        "state=confirmed": [],
        "owner=rolf": [mara],
        "owner=hana&state=awaiting_candidate": [tom],
        "job=Designer": [tom],
        "template=short&text=mara": [mara],
        "text=ost tom": [tom],
        "text=app 2": [tom],
        f"text={mara['id']}": [mara],
        "application=app-1": [mara],
        "older_than=1": [],
        "newer_than=1": [mara, tom],
        "person=hana": [],
        "from=2026-03-11&to=2026-03-12&zone=Europe/Berlin": [],
    }.items():
        assert sorted(_ids(api.ask(f"/loops?{query}"))) == sorted(_ids(wanted)), query
    api.kit.clock.forward(days=3)
    assert sorted(_ids(api.ask("/loops?older_than=3"))) == sorted(_ids([mara, tom]))
    assert api.ask("/loops?newer_than=3") == []


def test_the_stage_is_the_one_that_asked(api: Client) -> None:
    api.deliver(event())
    api.kit.run()
    (found,) = api.ask("/loops?stage=Talks")
    assert found["labels"]["stage"] == "Talks"
    assert api.ask("/loops?stage=Offer") == []


def test_counts_are_told_per_state(api: Client) -> None:
    _others(api)
    told = api.ask("/loops/counts")
    assert {s: n for s, n in told["counts"].items() if n} == {"proposed": 1, "awaiting_candidate": 1}
    assert told["more"] == []
    assert api.ask("/loops/counts?state=proposed,held&text=tom")["counts"] == {"proposed": 0, "held": 0}


def test_a_booked_loop_is_found_by_its_people_and_days(api: Client) -> None:
    mara, _ = _others(api)
    api.ask(f"/proposals/{mara['proposals'][0]['id']}/choose", "POST")
    every = api.ask(f"/bookings?loop={mara['id']}")
    talk = every[0]
    who, day = talk["seats"][0]["person"], talk["start"][:10]
    assert _ids(api.ask(f"/loops?person={who}&from={day}&to={day}&zone=UTC")) == [mara["id"]]
    assert _ids(api.ask(f"/bookings?from={day}&to={day}&zone=Europe/Berlin")) == _ids(every)
    first = api.ask(f"/bookings?from={day}&to={day}&zone=UTC&owner=rolf&limit=1")
    assert _ids(first) == [every[0]["id"]]
    assert _ids(api.ask(f"/bookings?from={day}&to={day}&zone=UTC&after={first[0]['id']}")) == _ids(every[1:])
    assert api.ask(f"/bookings?from={day}&to={day}&zone=UTC&owner=hana") == []
    assert _ids(api.ask(f"/bookings?from={day}T00:00Z&to={day}T23:00Z&person={who}"))


def test_a_loop_is_given_away_and_back(api: Client) -> None:
    loop = api.loop()
    assert loop["owner"] == "rolf"
    assert api.ask(f"/loops/{loop['id']}/owner", "PUT", {"owner": "hana"})["owner"] == "hana"
    assert _ids(api.ask("/loops?owner=hana")) == [loop["id"]]
    assert api.ask(f"/loops/{loop['id']}")["owner"] == "hana"
    fact = api.ask(f"/loops/{loop['id']}/facts")[-1]
    assert (fact["what"], fact["before"], fact["after"]) == ("loop_assigned", "rolf", "hana")
    assert api.ask(f"/loops/{loop['id']}/owner", "PUT", {})["owner"] == "rolf"
    (fault,) = api.refused(422, f"/loops/{loop['id']}/owner", "PUT", json={"owner": "nobody"})["errors"]
    assert (fault["field"], fault["fault"]) == ("owner", "no person 'nobody'")
    assert api.refused(404, "/loops/x/owner", "PUT", json={"owner": "hana"})["type"] == "not_found"
    assert api.loop(owner="hana", stage_visit="other")["owner"] == "hana"


@pytest.mark.parametrize(
    ("address", "field", "words"),
    [
        ("/loops?state=proposed,confirmd", "state", "did you mean 'confirmed'?"),
        ("/loops?state=", "state", "is no state of a loop"),
        ("/loops?text=%2D", "text", "holds no letter and no digit"),
        ("/loops?from=2026-03-11&zone=UTC", "to", "give both"),
        ("/loops?from=2026-03-11&to=2026-03-12", "from", "give zone, or write an offset"),
        ("/loops?from=2026-03-11&to=2026-09-12&zone=UTC", "to", "more than 92 days"),
        ("/loops?from=2026-03-12&to=2026-03-11&zone=UTC", "to", "give a later end"),
        ("/loops?from=2026-02-30&to=2026-03-11&zone=UTC", "from", "is no day"),
        ("/loops?from=2026-03-29T02:30&to=2026-03-30&zone=Europe/Berlin", "from", "does not exist"),
        ("/loops?older_than=-1", "older_than", "give 0 or more"),
        ("/loops?after=lp_gone", "after", "no loop 'lp_gone'"),
        ("/bookings?from=2026-03-11&to=2026-03-12", "from", "give zone, or write an offset"),
        ("/bookings?from=2026-03-11&to=2026-03-12&zone=Mars/One", "zone", "unknown time zone"),
        ("/bookings?zone=UTC", "loop", "give a loop, or from and to"),
        ("/loops/counts?limit=3", "limit", "is no parameter"),
    ],
)
def test_what_cannot_be_looked_for_is_refused(api: Client, address: str, field: str, words: str) -> None:
    problem = api.refused(422, address)
    assert problem["errors"][0]["field"] == field
    assert words in problem["detail"]
    assert api.get(f"{BASE}/loops").status_code == 200
