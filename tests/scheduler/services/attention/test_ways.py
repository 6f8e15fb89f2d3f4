"""Of whatever needs a person it is said what they can do, and to what."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scheduler.domain.attention.matters import Do, Kind, Matter
from scheduler.services.attention.ways import ways
from scheduler.storage.repositories.attention.found import About

AT = datetime(2026, 3, 9, tzinfo=UTC)
OF_LOOPS = (Do.LOOK, Do.REPAIR, Do.ACCEPT_MOVE, Do.REPLAN, Do.CHANGE, Do.CANCEL, Do.REMIND, Do.SEND_AGAIN)
MACHINES = {
    Kind.ADVANCE: "connection:hc_1",
    Kind.SHOWN: "connection:hc_1",
    Kind.HANGING: "worker:w",
    Kind.FAILED: "job:push",
}


def _matter(kind: Kind, thing: str, **more: object) -> Matter:
    return Matter(f"{kind}:{thing}", kind, MACHINES.get(kind, "x:y"), AT, "text", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", Kind)
def test_nothing_is_told_without_a_way(kind: Kind) -> None:
    calendar = kind in (Kind.REVOKED, Kind.UNREADABLE)
    found = ways(_matter(kind, "person:hana" if calendar else "t_1", people=("hana",)), None)
    assert found and all(way.text for way in found)
    assert all(way.target for way in found if way.do not in (Do.READY, *OF_LOOPS))


@pytest.mark.parametrize(
    ("kind", "thing", "people", "wanted"),
    [
        (Kind.ADVANCE, "ad_1", (), [(Do.MATCHES, "hc_1"), (Do.RETRY, "ad_1")]),
        (Kind.CONNECTION, "hc_1", (), [(Do.READ_AGAIN, "hc_1")]),
        (Kind.SHOWN, "lp_1", (), [(Do.READ_AGAIN, "hc_1")]),
        (Kind.LATE, "dl_1", (), [(Do.WORK_AGAIN, "dl_1")]),
        (Kind.REVOKED, "person:hana", ("hana",), [(Do.PERSON, "hana")]),
        (Kind.UNREADABLE, "room:blue", (), [(Do.ROOM, "blue")]),
        (Kind.HANGING, "0f0f", (), [(Do.READY, "")]),
    ],
)
def test_a_machines_matter_leads_to_what_it_is_about(
    kind: Kind, thing: str, people: tuple[str, ...], wanted: list[tuple[Do, str]]
) -> None:
    assert [(w.do, w.target) for w in ways(_matter(kind, thing, people=people), None)] == wanted


def test_a_calendar_that_endangers_a_loop_leads_to_the_loop_first() -> None:
    found = ways(_matter(Kind.REVOKED, "person:hana", people=("hana",), loop="lp_1"), None)
    assert [(w.do, w.target) for w in found] == [(Do.LOOK, "lp_1"), (Do.PERSON, "hana")]


def test_what_would_help_a_failed_repair_comes_first() -> None:
    about = About("Mara Lind", "Engineer", (), (("fx_1", "It would fit if …"),))
    first = ways(_matter(Kind.LOOP, "lp_1", loop="lp_1", interview="lp_1:talk"), about)[0]
    assert (first.do, first.target, first.part) == (Do.FIX, "lp_1", "fx_1")
