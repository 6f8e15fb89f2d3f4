"""Interviewers keep their own pauses and wishes, as far as the policy leaves them that, and see what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.errors import BadInputs, Missing, NotAllowed, WrongState
from scheduler.domain.guests.links import Link
from scheduler.services.company import edit
from scheduler.services.links import hours
from scheduler.services.links.hours import Own
from tests.scheduler.kit import COMPANY, Kit, make
from tests.scheduler.services.between import before_the_next_write
from tests.stories.kit import ask, booked
from tests.stories.test_interviewer_answers import link_of

ONE_DAY = (("2026-03-11T09:00", "2026-03-11T17:00"),)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def own(kit: Kit, link: Link) -> Own:
    with kit.app.db.read() as tx:
        return hours.own(kit.app, tx, link)


def keep(kit: Kit, link: Link, **changes: Any) -> Mapping[str, Any]:
    hours.keep(kit.app, link, changes, own(kit, link).entry)
    return own(kit, link).entry


def test_a_pause_counts_from_the_next_plan_on(kit: Kit) -> None:
    anna = link_of(kit, "anna")
    keep(kit, anna, pauses=["2026-03-11"], avoid=["mon-fri 09:00-10:00"], rather_not=["lunch"])
    with kit.app.db.read() as tx:
        person = tx.people.get("anna")
        (fact,) = [f for f in tx.facts.of("person:anna") if f.what == hours.CHANGED]
    assert person is not None and person.pauses == {"2026-03-11"} and person.rather_not == {"lunch"}
    assert (fact.actor, fact.data["fields"]) == ("person:anna", ["avoid", "pauses", "rather_not"])
    loop = ask(kit, "short", windows=ONE_DAY)
    assert "anna" not in {s.person for i in booked(kit, loop.id).values() for s in i.seats}
    before = own(kit, anna).entry
    assert keep(kit, anna, pauses=[]) == {**before, "pauses": []}, "everything else stays as it is"


def test_only_what_the_policy_leaves_to_them(kit: Kit, tmp_path: Path) -> None:
    anna = link_of(kit, "anna")
    for name, value in (
        ("max_day", 1),
        ("hours", ["mon 10:00-11:00"]),
        ("level", "principal"),
        ("email", "x@y.example"),
    ):
        with pytest.raises(NotAllowed):
            keep(kit, anna, **{name: value})
    assert own(kit, anna).may == {"avoid", "pauses", "rather_not"}
    more = COMPANY.read_text(encoding="utf-8") + "  own_fields: [hours, max_day]\n"
    other = make(tmp_path / "other", more)
    link = link_of(other, "anna")
    assert keep(other, link, max_day=2, hours=["mon-thu 10:00-16:00"])["max_day"] == 2
    with pytest.raises(NotAllowed):
        keep(other, link, pauses=["2026-03-11"])


def test_what_cannot_be_is_told_by_its_field_and_changes_nothing(kit: Kit) -> None:
    anna = link_of(kit, "anna")
    before = own(kit, anna).entry
    with pytest.raises(BadInputs) as caught:
        keep(kit, anna, pauses=["2026-03-32"], avoid=["fri 14:00-18:00"])
    assert [f.field for f in caught.value.faults] == ["pauses[0]"]
    assert own(kit, anna).entry == before


def test_what_somebody_else_has_changed_is_not_written_over(kit: Kit) -> None:
    anna = link_of(kit, "anna")
    seen = own(kit, anna).entry

    def by_the_recruiter(**values: Any) -> None:
        with kit.app.db.read() as tx:
            now = next(e for e in edit.company_file(tx)["people"] if e["id"] == "anna")
        edit.put_entry(kit.app, "people", "anna", {**now, **values})

    by_the_recruiter(pauses=["2026-05-01"])
    with pytest.raises(WrongState):
        hours.keep(kit.app, anna, {"pauses": ["2026-04-01"]}, seen)
    # another field, between the look and the write
    app = before_the_next_write(kit.app, lambda: by_the_recruiter(level="staff"))
    hours.keep(app, anna, {"avoid": ["fri 14:00-18:00"]}, seen)
    now = own(kit, anna).entry
    assert (now["pauses"], now["level"], now["avoid"]) == (["2026-05-01"], "staff", ["fri 14:00-18:00"])


def test_how_much_is_asked_of_them_beside_their_pools(kit: Kit) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    lead = next(s.person for s in booked(kit, loop.id)["talk"].seats)
    mine = own(kit, link_of(kit, lead))
    week = next(w for w in mine.weeks if w.week == "2026-W11")
    assert len(mine.weeks) == 6 and week.interviews >= 1 and week.cap_week == 8
    engineers = next(s for s in mine.shares if s.pool == "Engineers")
    assert engineers.mine == week.interviews and engineers.people == 4
    assert engineers.usual == pytest.approx(2 / 4), "the talk and the panel have one of them each"


def test_who_has_left_has_no_hours(kit: Kit) -> None:
    link = link_of(kit, "anna")
    with kit.app.db.write() as tx:
        tx.connection.exec_driver_sql("UPDATE lw_people SET active = 0 WHERE id = 'anna'")
    with pytest.raises(Missing):
        own(kit, link)
    with pytest.raises(Missing):
        hours.keep(kit.app, link, {"pauses": ["2026-04-01"]}, {})
