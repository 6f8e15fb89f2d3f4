"""Greenhouse, Lever and Ashby: what all promise, and what each has of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.ashby.client import Ashby
from connectors.calls import Calls, Limiter, Retry
from connectors.errors import Conflict, Invalid, Unreadable
from connectors.greenhouse.client import Greenhouse
from connectors.hiring.types import Reply
from connectors.lever.client import Lever
from tests.connectors.hiring.conformance import START, AtsConformance, interview
from tests.connectors.servers.hiring.ashby import AshbyServer
from tests.connectors.servers.hiring.base import Server, Told
from tests.connectors.servers.hiring.greenhouse import GreenhouseServer
from tests.connectors.servers.hiring.lever import LeverServer


class TestThree(AtsConformance):
    """The suite, against each stand-in."""


@pytest.fixture
def greenhouse() -> Iterator[GreenhouseServer]:
    with GreenhouseServer().running() as server:
        assert isinstance(server, GreenhouseServer)
        yield server
    assert server.problems == []


@pytest.fixture
def lever() -> Iterator[LeverServer]:
    with LeverServer().running() as server:
        assert isinstance(server, LeverServer)
        yield server
    assert server.problems == []


@pytest.fixture
def ashby() -> Iterator[AshbyServer]:
    with AshbyServer().running() as server:
        assert isinstance(server, AshbyServer)
        yield server
    assert server.problems == []


def test_greenhouse_is_signed_into_again_when_a_token_ends(greenhouse: GreenhouseServer) -> None:
    ats, applied = greenhouse.connect(), greenhouse.world.apply()
    ats.application(applied.id)
    greenhouse.expire()
    assert ats.application(applied.id).id == applied.id
    assert sum(a.path == "/token" for a in greenhouse.asked) == 2


def test_greenhouse_waits_as_long_as_it_was_told(greenhouse: GreenhouseServer) -> None:
    ats = greenhouse.connect()
    ats.users()
    greenhouse.refuse = [Told(429, None, {"retry-after": "0.2"})]
    assert len(ats.users()) == 4


def test_greenhouses_link_to_another_place_is_followed_by_its_cursor_alone(
    greenhouse: GreenhouseServer,
) -> None:
    ats = greenhouse.connect()
    ats.users()
    elsewhere = {"link": '<https://elsewhere.invalid/v3/users?page=2>; rel="next"'}
    greenhouse.refuse = [Told(200, [], elsewhere)]
    with pytest.raises(Unreadable):
        ats.users()


def test_greenhouse_shows_who_accepted(greenhouse: GreenhouseServer) -> None:
    ats, applied = greenhouse.connect(), greenhouse.world.apply()
    ats.write(interview(greenhouse, applied))
    (found,) = ats.interviews(applied.id)
    assert {p.email: p.reply for p in found.people}["ben@example.com"] is Reply.ACCEPTED
    assert found.key == "loopwright/lp_1/talk/0"


def test_lever_is_asked_no_faster_than_it_allows(lever: LeverServer) -> None:
    """Forty requests of one connector: none is refused."""
    ats = lever.connect()
    for _ in range(20):
        ats.users()
    assert len(lever.asked) == 40


def test_lever_is_waited_for_where_others_used_up_its_allowance(lever: LeverServer) -> None:
    lever.bucket.left = 0
    retry = Retry(attempts=6, patience=5, wait_initial=0.1, wait_max=0.5, wait_jitter=0)
    credentials = {"api_key": "lever-key", "perform_as": lever.world.recruiter}
    impatient = Lever(credentials, calls=Calls(Limiter(), retry=retry), base=lever.url)
    lever.clients.append(impatient)
    assert len(impatient.users()) == 4


def test_lever_keeps_our_key_and_the_answers_in_the_note(lever: LeverServer) -> None:
    ats, applied = lever.connect(), lever.world.apply()
    ats.write(interview(lever, applied))
    (panel,) = lever.world.interviews.values()
    assert panel["note"].splitlines() == [
        "ada@example.com: needs action, ben@example.com: accepted",
        "loopwright:loopwright/lp_1/talk/0",
    ]
    lever.world.interviews["other"] = {**panel, "id": "other", "note": "a recruiter's own"}
    assert [i.key for i in ats.interviews(applied.id)] == ["loopwright/lp_1/talk/0"]


def test_ashby_keeps_an_interview_that_has_feedback(ashby: AshbyServer) -> None:
    ats, applied = ashby.connect(), ashby.world.apply()
    wanted = interview(ashby, applied)
    ats.write(wanted)
    next(iter(ashby.world.interviews.values()))["feedback"] = True
    with pytest.raises(Conflict):
        ats.cancel(wanted)
    assert len(ashby.shown()) == 1


def test_ashby_takes_interviews_of_its_plan_only(ashby: AshbyServer) -> None:
    ats, applied = ashby.connect(), ashby.world.apply()
    with pytest.raises(Invalid, match="interview plan"):
        ats.write(interview(ashby, applied, step=""))
    assert [s.name for s in ats.plan(ashby.world.job[0])] == ["Technical interview"]


def test_ashbys_interview_by_a_recruiter_is_not_ours(ashby: AshbyServer) -> None:
    """At another time it is another one, though the step is the same."""
    ats, applied = ashby.connect(), ashby.world.apply()
    theirs = ats.write(interview(ashby, applied, start=START - timedelta(days=1)))
    assert ats.write(interview(ashby, applied)) != theirs


@pytest.mark.parametrize("system", [Greenhouse, Lever, Ashby])
def test_credentials_that_are_missing_are_named(system: type) -> None:
    with pytest.raises(Invalid, match=r"needs (client_id|api_key)"):
        system({})


def test_no_error_holds_a_credential(server: Server) -> None:
    ats, applied = server.connect(), server.world.apply()
    server.refuse = [Told(403, {"message": "lever-key ashby-key secret mara@example.org"})] * 3
    with pytest.raises(Exception) as refused:
        ats.application(applied.id)
    for secret in ("lever-key", "ashby-key", "secret", "mara"):
        assert secret not in str(refused.value)
