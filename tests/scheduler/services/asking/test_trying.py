"""Would it fit: the plan that a loop would get, with nothing kept; and what interviews keep from the first plan on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scheduler.domain.errors import BadInputs
from scheduler.domain.loops import BookMode, InterviewLock, LoopState
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.asking.trying import would_fit
from scheduler.storage.tables import metadata
from tests.scheduler.kit import Kit, make
from tests.stories.kit import DAYS, MARA, ask, look

NARROW = (("2026-03-11T09:00", "2026-03-11T09:30"),)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def request(windows: tuple[tuple[str, str], ...] = DAYS, **more: object) -> LoopRequest:
    return LoopRequest(MARA, "onsite", windows, "Europe/Berlin", BookMode.PROPOSE, **more)  # type: ignore[arg-type]


def rows(kit: Kit) -> Mapping[str, int]:
    with kit.app.db.read() as tx:
        return {
            name: tx.connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
            for name in metadata.tables
        }


def test_the_plan_is_the_one_that_the_loop_would_get_and_nothing_is_kept(kit: Kit) -> None:
    before = rows(kit)
    found = would_fit(kit.app, request())
    assert found.fits and not found.any_time
    assert rows(kit) == before and not kit.jobs.waiting
    loop = ask(kit, mode=BookMode.PROPOSE)
    with kit.app.db.read() as tx:
        best = min(tx.proposals.of_loop(loop.id), key=lambda p: p.rank)
    assert [t.planned for t in found.plan] == list(best.interviews)
    assert [t.planned.span for t in would_fit(kit.app, request()).plan] != [
        t.planned.span for t in found.plan
    ]


def test_without_windows_the_candidate_is_taken_to_be_free(kit: Kit) -> None:
    found = would_fit(kit.app, request(()))
    assert found.fits and found.any_time


def test_that_nothing_fits_is_proven_and_has_reasons(kit: Kit) -> None:
    found = would_fit(kit.app, request(NARROW))
    assert not found.fits and found.proven and found.reasons


def test_a_pin_is_kept_by_the_plan_and_later_ones(kit: Kit) -> None:
    (first, *_) = [t for t in would_fit(kit.app, request()).plan if t.planned.people]
    spec, number = first.planned.interview, len(first.planned.people[0])
    start = first.planned.span.start + timedelta(minutes=30)
    pin = InterviewLock(spec, start, ((0, first.planned.people[0]),))
    assert number
    again = {t.planned.interview: t.planned for t in would_fit(kit.app, request(pins=[pin])).plan}
    assert (again[spec].span.start, again[spec].people[0]) == (start, first.planned.people[0])
    loop = ask(kit, mode=BookMode.PROPOSE, pins=[pin])
    assert look(kit, loop.id).state is LoopState.PROPOSED and look(kit, loop.id).locks == (pin,)


@pytest.mark.parametrize(
    ("pin", "field"),
    [
        (InterviewLock("none"), "pins.none"),
        (InterviewLock("{spec}", datetime.fromisoformat("2026-03-01T09:00:00+00:00")), "pins.{spec}.start"),
        (InterviewLock("{spec}", None, ((0, ("nobody",)),)), "pins.{spec}.people"),
        (InterviewLock("{spec}", None, ((0, ("ben", "ana", "hana", "rolf")),)), "pins.{spec}.people"),
        (InterviewLock("{spec}", None, ((40, ("ben",)),)), "pins.{spec}.people"),
    ],
)
def test_a_pin_that_nothing_could_keep_is_refused(kit: Kit, pin: InterviewLock, field: str) -> None:
    with kit.app.db.read() as tx:
        template = tx.templates.get("onsite")
        assert template is not None
        spec = template.interviews[0].id
    pinned = InterviewLock(pin.interview.format(spec=spec), pin.start, pin.people)
    with pytest.raises(BadInputs) as error:
        would_fit(kit.app, request(pins=[pinned]))
    assert field.format(spec=spec) in [f.field for f in error.value.faults if hasattr(f, "field")]
