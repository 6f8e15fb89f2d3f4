"""The load of people by week: counted from what is booked and from what happened, and how evenly it is shared."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.types import Reply
from tests.scheduler.api.client import Client
from tests.stories.kit import ask, booked, replied

WEEK = "from=2026-03-09&to=2026-03-15"


def _week(api: Client, person: str, days: str = WEEK) -> Any:
    (row,) = api.ask(f"/load?{days}&person={person}")["weeks"]
    return row


def test_a_week_without_interviews_is_open(api: Client) -> None:
    person = next(p for p in api.kit.company.people if p.id == "hana")
    row = _week(api, "hana")
    counted = {
        name: row[name]
        for name in row
        if name not in ("person", "week", "cap_week", "cap_day", "open_minutes")
    }
    assert set(counted.values()) == {0}
    assert (row["week"], row["cap_week"], row["cap_day"]) == ("2026-W11", person.max_week, person.max_day)
    hours = sum((h.end.hour - h.start.hour) * 60 + h.end.minute - h.start.minute for h in person.hours)
    lunch = (
        5
        * (
            (person.lunch[1].hour - person.lunch[0].hour) * 60
            + person.lunch[1].minute
            - person.lunch[0].minute
        )
        if person.lunch
        else 0
    )
    assert row["open_minutes"] == hours - lunch


def test_what_is_booked_is_counted(api: Client) -> None:
    loop = ask(api.kit, "short")
    interviews = booked(api.kit, loop.id)
    everybody = {s.person for i in interviews.values() for s in i.seats}
    for person in everybody:
        mine = [i for i in interviews.values() if any(s.person == person for s in i.seats)]
        before = _week(api, person, "from=2026-03-16&to=2026-03-16")["open_minutes"]
        row = _week(api, person)
        assert row["minutes"] == sum(i.span.minutes for i in mine)
        caps = [i for i in mine if i.kind.value == "interview"]
        assert row["interviews"] == row["confirmed"] + row["held"] == len(caps)
        assert row["fullest_day"] == len(caps)
        assert row["open_minutes"] <= before - sum(i.span.minutes for i in caps)
    assert _week(api, next(iter(everybody)), "from=2026-03-16&to=2026-03-22")["minutes"] == 0


def test_declines_and_swaps_are_counted_where_they_happened(api: Client) -> None:
    loop = ask(api.kit, "short")
    talk = booked(api.kit, loop.id)["talk"]
    who = talk.seats[0].person
    replied(api.kit, talk, who, Reply.DECLINED)
    row = _week(api, who)
    assert (row["declines"], row["swapped_by_machine"], row["swapped_by_hand"]) == (1, 1, 0)
    assert booked(api.kit, loop.id)["talk"].seats[0].person != who


def test_a_pool_and_a_site_are_told_in_pages_with_one_spread(api: Client) -> None:
    ask(api.kit, "short")
    pool = next(p for p in api.kit.company.pools if len(p.members) > 2)
    every = api.ask(f"/load?{WEEK}&pool={pool.id}")
    first = api.ask(f"/load?{WEEK}&pool={pool.id}&limit=1")
    rest = api.ask(f"/load?{WEEK}&pool={pool.id}&after={first['weeks'][0]['person']}")
    assert first["weeks"] + rest["weeks"] == every["weeks"]
    assert first["spread"] == rest["spread"] == every["spread"]
    assert every["spread"]["people"] == len(every["weeks"])
    assert 0 <= every["spread"]["interviews"] < 1
    site = api.kit.company.sites[0].id
    there = {p.id for p in api.kit.company.people if p.site == site}
    weeks = api.ask(f"/load?from=2026-03-09&to=2026-03-22&site={site}&limit=100")["weeks"]
    assert [w["week"] for w in weeks if w["person"] == "hana"] == ["2026-W11", "2026-W12"]
    assert {w["person"] for w in weeks} == there


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        (WEEK, "person", "give one of them"),
        (f"{WEEK}&person=hana&pool=x", "person", "give one of them"),
        (f"{WEEK}&person=nobody", "person", "no person 'nobody'"),
        (f"{WEEK}&pool=nobody", "pool", "no pool 'nobody'"),
        (f"{WEEK}&site=moon", "site", "no site 'moon'"),
        ("from=2026-03-09&to=2026-03-08&person=hana", "to", "is before from"),
        ("from=2026-03-09&to=2027-03-08&person=hana", "to", "more than 26 weeks"),
        ("from=2026-3-9&to=2026-03-15&person=hana", "from", "is no day"),
        ("to=2026-03-15&person=hana", "from", "missing"),
    ],
)
def test_what_cannot_be_asked_is_refused(api: Client, query: str, field: str, words: str) -> None:
    problem = api.refused(422, f"/load?{query}")
    assert problem["errors"][0]["field"] == field
    assert words in problem["detail"]
