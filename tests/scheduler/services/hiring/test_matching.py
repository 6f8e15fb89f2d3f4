"""Whom of theirs is who of ours: by address, corrected by a person, named where nobody is."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.domain.errors import BadInput
from scheduler.domain.hiring.connections import AdvanceState, MatchHow, MatchKind
from scheduler.services.company.load import load
from scheduler.services.company.read import read_company
from scheduler.services.hiring import matching, sweeping, waiting
from tests.connectors.servers.hiring.greenhouse import GreenhouseServer
from tests.scheduler.services.attention.kit import only, shown
from tests.scheduler.services.hiring.kit import Hiring, company_text, connected


def unknown(hiring: Hiring) -> str:
    """The system's hiring manager has an address that nobody of ours has; their id."""
    world = hiring.server.world
    world.users[world.manager] = ("Gast Geber", "gast@elsewhere.example")
    return world.manager


def test_who_cannot_be_matched_is_named_and_the_advance_waits(each: Hiring) -> None:
    theirs = unknown(each)
    ended = each.advance(each.apply(), "Talks")
    assert (
        "the hiring manager Gast Geber <gast@elsewhere.example> is nobody of the company" in ended[0].outcome
    )
    (advance,) = each.advances()
    assert (advance.state, advance.missing) == (AdvanceState.WAITING, (theirs,))
    with each.kit.app.db.read() as tx:
        (waits,) = waiting.advances(tx, each.kit.clock())
    assert (waits.what, waits.id) == ("advance_waits", advance.id)
    assert only(shown(each.kit)).kept.matter.id == f"advance_waits:{advance.id}"
    assert each.loops() == []


def test_once_a_person_says_who_it_is_the_loop_begins(each: Hiring) -> None:
    theirs = unknown(each)
    each.advance(each.apply(), "Talks")
    with each.kit.app.db.write() as tx:
        matching.correct(tx, "main", MatchKind.PERSON, theirs, "nora")
        sweeping.retry_in(each.kit.app, tx, "match")
    each.kit.run()
    (loop,) = each.loops()
    with each.kit.app.db.read() as tx:
        application = tx.applications.get(loop.application)
        assert waiting.advances(tx, each.kit.clock()) == []
    assert application is not None and application.hiring_manager == "nora"
    (advance,) = each.advances()
    assert (advance.state, advance.loop) == (AdvanceState.STARTED, loop.id)


def test_what_a_person_said_is_kept_when_an_address_says_something_else(hiring: Hiring) -> None:
    manager = hiring.server.world.manager
    with hiring.kit.app.db.write() as tx:
        matching.correct(tx, "main", MatchKind.PERSON, manager, "nora")
    hiring.advance(hiring.apply(), "Talks")
    with hiring.kit.app.db.read() as tx:
        found = {m.theirs: m for m in matching.matches(tx, "main")}
    assert (found[manager].ours, found[manager].how) == ("nora", MatchHow.HAND)
    assert found[hiring.server.world.recruiter].ours == "rolf"


def test_jobs_and_stages_of_theirs_are_called_as_ours(hiring: Hiring) -> None:
    world = hiring.server.world
    with hiring.kit.app.db.write() as tx:
        matching.correct(tx, "main", MatchKind.STAGE, world.stage_of("Decision"), "Talks")
        matching.correct(tx, "main", MatchKind.JOB, world.job[0], "Engineer")
    hiring.advance(hiring.apply(), "Decision")
    (advance,) = hiring.advances()
    assert (advance.stage, advance.job, advance.state) == ("Talks", "Engineer", AdvanceState.STARTED)


def test_nobody_who_is_not_of_the_company_can_be_named(hiring: Hiring) -> None:
    with hiring.kit.app.db.write() as tx, pytest.raises(BadInput, match="no person 'x'"):
        matching.correct(tx, "main", MatchKind.PERSON, "1", "x")


def test_everybody_is_read_and_shown_with_who_it_is(each: Hiring) -> None:
    ats = each.server.connect()
    count = matching.read_all(each.kit.app, each.connection, ats)
    with each.kit.app.db.read() as tx:
        found = matching.matches(tx, "main")
    assert count == len(found)
    assert {m.label: m.ours for m in found if m.kind is MatchKind.STAGE}["Talks"] == "Talks"
    assert {m.label: m.ours for m in found}["Ada Adler <ada@example.com>"] == ""


def test_the_company_file_says_who_it_is(tmp_path: Path) -> None:
    matches = "[{kind: person, theirs: gast@elsewhere.example, ours: nora}, {kind: stage, theirs: '90013', ours: Talks}]"
    with connected(tmp_path, GreenhouseServer, company_text(matches=matches)) as hiring:
        unknown(hiring)
        hiring.advance(hiring.apply(), "Decision")
        (loop,) = hiring.loops()
        with hiring.kit.app.db.read() as tx:
            application = tx.applications.get(loop.application)
        assert application is not None and application.hiring_manager == "nora"


def test_whoever_joins_the_company_is_found_at_the_next_sweep(hiring: Hiring) -> None:
    unknown(hiring)
    hiring.advance(hiring.apply(), "Talks")
    text = company_text().replace(
        "\npools:", "\n  - {id: gast, name: Gast Geber, email: gast@elsewhere.example}\n\npools:"
    )
    with hiring.kit.app.db.write() as tx:
        load(hiring.kit.app, tx, read_company(text, "yaml", "company.yaml"))
    sweeping.sweep(hiring.kit.app)
    hiring.kit.run()
    assert len(hiring.loops()) == 1


def test_a_candidate_without_an_address_waits(hiring: Hiring) -> None:
    ended = hiring.advance(hiring.apply(email=""), "Talks")
    assert ended[0].outcome.startswith("waits: the candidate")
