"""The demo's company, its first Monday, and what the hiring system and the recruiter send."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.demo.company import OUT, UNREADABLE, applications, demo_company, demo_requests, first_monday
from scheduler.domain.loops import BookMode
from scheduler.domain.people import Standing
from scheduler.domain.time import instant
from scheduler.services.asking import intake
from scheduler.services.planning.worktime import closed

MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)


def test_it_has_fourteen_people_in_four_zones_and_five_rooms_at_two_sites() -> None:
    company = demo_company()
    assert len(company.people) == 14
    assert len({p.zone for p in company.people}) == 4
    assert {p.site for p in company.people} == {s.id for s in company.sites} == {"berlin", "new-york"}
    assert len(company.rooms) == 5
    assert {f for r in company.rooms for f in r.features} == {"accessible", "video", "whiteboard"}
    assert {p.account.provider for p in company.people} == {"local"}


def test_it_has_the_pools_of_a_real_one_and_a_trainee() -> None:
    pools = {p.id: p for p in demo_company().pools}
    assert {"backend", "senior-backend", "data", "managers", "recruiters", "bar-raisers"} <= set(pools)
    assert pools["backend"].of(Standing.TRAINEE) == ["emil"]
    assert UNREADABLE in pools["backend"].members


def test_every_built_in_template_is_there_and_on_site_is_booked() -> None:
    company = demo_company()
    assert {t.id for t in company.templates} == {
        "backend-gate",
        "backend-round-1",
        "backend-round-2",
        "data-engineer",
        "onsite-loop",
        "quick-45",
    }
    rule = company.policy.rule_for("Backend Engineer", "On-site")
    assert rule is not None
    assert (rule.template, rule.mode) == ("onsite-loop", BookMode.BOOK)


@settings(max_examples=60, deadline=None)
@given(st.dates(date(2025, 1, 1), date(2035, 12, 31)))
def test_the_first_monday_is_soon_and_clear_of_holidays(today: date) -> None:
    company = demo_company()
    monday = first_monday(today)
    assert monday.weekday() == 0
    assert 2 <= (monday - today).days <= 60
    berlin = company.sites[0]
    assert not any(closed(berlin, monday + timedelta(days=n)) for n in (0, 1, 2, 3, 4, 7, 8, 9))


def test_no_christmas_interviews() -> None:
    assert first_monday(date(2026, 12, 16)) == date(2027, 1, 4)
    assert first_monday(date(2026, 11, 18)) == MONDAY
    assert first_monday(date(2026, 11, 21)) == MONDAY
    assert first_monday(date(2026, 11, 22)) == date(2026, 11, 30)


def test_its_windows_lie_inside_every_horizon() -> None:
    """Also after the longest wait for a clear fortnight."""
    company = demo_company()
    for today in (date(2026, 1, 1) + timedelta(days=n) for n in range(0, 3650, 3)):
        last = first_monday(today) + timedelta(days=11)
        assert (last - today).days < min(t.horizon_days for t in company.templates)


def test_the_webhook_is_one_that_intake_reads() -> None:
    body = json.dumps(demo_requests(MONDAY, NOW).webhook).encode()
    event = intake.parse(body)
    first, _ = applications()
    assert (event.id, event.type) == ("delivery-5f2c1d", "application.stage_changed")
    assert event.data.stage == "On-site"
    assert event.data.zone == "Europe/Berlin"
    told = event.data.application
    assert (told.id, told.job, told.hiring_manager, told.recruiter) == (
        first.id,
        first.job,
        first.hiring_manager,
        first.recruiter,
    )
    assert (told.candidate.name, told.candidate.email) == (first.candidate.name, first.candidate.email)
    assert [w.start for w in event.data.windows] == [f"2026-11-{d}T09:00" for d in (24, 25, 26, 27)]
    assert {w.end[11:] for w in event.data.windows} == {"17:30"}


def test_the_second_candidate_offers_the_one_day_the_manager_is_out() -> None:
    request = demo_requests(MONDAY, NOW).loop_request
    _, second = applications()
    assert request["application"]["hiring_manager"] == second.hiring_manager == OUT[0]
    (window,) = request["windows"]
    assert instant(window["start"], request["zone"], "start").date() == date(2026, 12, 2)
    assert request["template"] in {t.id for t in demo_company().templates}
    assert json.loads(json.dumps(request)) == request


@pytest.mark.parametrize("application", applications())
def test_the_candidates_are_nobody_of_the_company(application: object) -> None:
    emails = {p.email for p in demo_company().people}
    assert application.candidate.email not in emails  # type: ignore[attr-defined]
    people = {p.id for p in demo_company().people}
    assert {application.hiring_manager, application.recruiter} <= people  # type: ignore[attr-defined]
