"""What every hiring system must do, whoever made it.

A system's test file subclasses `AtsConformance` with a fixture ``server`` (see
`tests/connectors/servers/hiring/base.py`), which plays the system and its recruiters behind the connector's back.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import AuthRevoked, ConnectorError, NotFound, RateLimited, Transient
from connectors.hiring.protocol import Ats
from connectors.hiring.types import Application, Interview, Interviewer, Reply, Role, Standing
from tests.connectors.servers.hiring.base import Applied, Server, Told

START = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)


def interview(server: Server, applied: Applied, **changes: object) -> Interview:
    found = Interview(
        key="loopwright/lp_1/talk/0",
        application=applied.id,
        title="Technical interview",
        start=START,
        end=START + timedelta(minutes=45),
        zone="Europe/Berlin",
        people=(Interviewer("ada@example.com"), Interviewer("ben@example.com", Reply.ACCEPTED)),
        step=server.world.step[0],
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def visit(found: Application) -> tuple[str, str]:
    assert found.visit is not None
    return found.visit.id, found.visit.stage.name


class AtsConformance:
    """Each test is a promise of `connectors.hiring.protocol.Ats`."""

    @pytest.fixture
    def ats(self, server: Server) -> Ats:
        made: Ats = server.connect()
        return made

    def test_an_application_is_read_with_all_that_planning_needs(self, ats: Ats, server: Server) -> None:
        applied = server.world.apply()
        found = ats.application(applied.id)
        assert (found.id, found.job.title, found.standing) == (
            applied.id,
            "Backend Engineer",
            Standing.ACTIVE,
        )
        assert (found.candidate.name, found.candidate.email) == ("Mara Lind", "mara@example.org")
        roles = {m.role: m.user.email for m in found.team}
        assert roles[Role.HIRING_MANAGER] == "hana@example.com"
        assert roles[Role.RECRUITER] == "rolf@example.com"
        assert visit(found)[1] == "Applied"

    def test_every_stay_in_a_stage_is_another_visit(self, ats: Ats, server: Server) -> None:
        applied = server.world.apply()
        seen = [visit(ats.application(applied.id))]
        for stage in ("Talks", "Applied", "Talks"):
            server.world.move(applied, stage)
            seen.append(visit(ats.application(applied.id)))
            assert visit(ats.application(applied.id)) == seen[-1]
        assert [name for _, name in seen] == ["Applied", "Talks", "Applied", "Talks"]
        assert len({id for id, _ in seen}) == 4

    @pytest.mark.parametrize("standing", ["rejected", "withdrawn", "hired"])
    def test_who_is_rejected_or_hired_or_gone_is_not_active(
        self, ats: Ats, server: Server, standing: str
    ) -> None:
        applied = server.world.apply()
        server.world.close(applied, standing)
        assert ats.application(applied.id).standing is not Standing.ACTIVE

    def test_who_is_deleted_is_not_found(self, ats: Ats, server: Server) -> None:
        applied = server.world.apply()
        applied.deleted = True
        with pytest.raises(NotFound):
            ats.application(applied.id)
        with pytest.raises(NotFound):
            ats.application(server.ident(9999))

    def test_lists_are_read_to_their_end(self, ats: Ats, server: Server) -> None:
        assert sorted(u.email for u in ats.users()) == [
            "ada@example.com",
            "ben@example.com",
            "hana@example.com",
            "rolf@example.com",
        ]
        job = ats.jobs()[0].id
        assert [s.name for s in ats.stages(job)] == ["Applied", "Talks", "Decision"]

    def test_what_changed_is_found_without_a_webhook(self, ats: Ats, server: Server) -> None:
        world = server.world
        every = [world.apply(email=f"c{n}@example.org") for n in range(5)]
        world.now += timedelta(hours=1)
        since = world.now
        world.move(every[3], "Talks")
        world.move(every[1], "Talks")
        assert {every[1].id, every[3].id} <= set(ats.advances(since))
        assert set(ats.advances(since - timedelta(days=1))) == {a.id for a in every}

    def test_an_interview_is_shown_moved_answered_and_taken_back(self, ats: Ats, server: Server) -> None:
        applied = server.world.apply()
        wanted = interview(server, applied)
        id = ats.write(wanted)
        assert [i["people"] for i in server.shown()] == [["ada@example.com", "ben@example.com"]]
        moved = replace(
            wanted,
            id=id,
            start=START + timedelta(days=1),
            end=START + timedelta(days=1, minutes=45),
            people=(Interviewer("ada@example.com", Reply.DECLINED),),
        )
        assert ats.write(moved) == id
        found = ats.interviews(applied.id)
        assert [(i.start, i.end, i.id) for i in found] == [(moved.start, moved.end, id)]
        assert [i["people"] for i in server.shown()] == [["ada@example.com"]]
        ats.cancel(moved)
        ats.cancel(moved)
        assert server.shown() == []

    def test_the_same_twice_is_there_once(self, ats: Ats, server: Server) -> None:
        wanted = interview(server, server.world.apply())
        assert ats.write(wanted) == ats.write(wanted)
        assert len(server.shown()) == 1

    def test_an_answer_that_was_lost_is_looked_for(self, ats: Ats, server: Server) -> None:
        wanted = interview(server, server.world.apply())
        server.lose = 1
        id = ats.write(wanted)
        assert len(server.shown()) == 1
        assert ats.write(wanted) == id

    def test_two_interviews_are_two(self, ats: Ats, server: Server) -> None:
        applied = server.world.apply()
        later = START + timedelta(hours=2)
        ats.write(interview(server, applied))
        ats.write(
            interview(
                server, applied, key="loopwright/lp_1/talk/1", start=later, end=later + timedelta(hours=1)
            )
        )
        assert len(server.shown()) == 2

    def test_one_that_was_never_there_is_taken_back(self, ats: Ats, server: Server) -> None:
        ats.cancel(interview(server, server.world.apply()))
        assert server.shown() == []

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_refusal_that_passes_is_waited_for(self, ats: Ats, server: Server, status: int) -> None:
        applied = server.world.apply()
        server.refuse = [Told(status), Told(status)]
        assert ats.application(applied.id).id == applied.id

    def test_one_that_lasts_says_that_it_may_pass(self, ats: Ats, server: Server) -> None:
        applied = server.world.apply()
        server.down = True
        with pytest.raises((Transient, RateLimited)):
            ats.application(applied.id)

    def test_a_sign_in_that_is_refused_is_no_bad_day(self, ats: Ats, server: Server) -> None:
        applied = server.world.apply()
        server.refuse = [Told(401)] * 9
        with pytest.raises(ConnectorError) as refused:
            ats.application(applied.id)
        assert not isinstance(refused.value, Transient | RateLimited)
        assert type(refused.value).__name__ in (AuthRevoked.__name__, "AuthExpired")

    @pytest.mark.parametrize("body", [None, [], {}, [[]], {"data": 7}, {"success": True, "results": 7}, "x"])
    def test_what_is_not_described_is_unreadable_or_missing(
        self, ats: Ats, server: Server, body: object
    ) -> None:
        applied = server.world.apply()
        ats.users()
        server.refuse = [Told(200, body)] * 20
        with pytest.raises(ConnectorError):
            ats.application(applied.id)
