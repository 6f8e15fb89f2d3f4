"""Who works at the demo company, who applies there, and what the hiring system and a recruiter send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any

from scheduler.domain.company import Company
from scheduler.domain.loops import Application, Candidate
from scheduler.services.company.read import read_company
from scheduler.services.planning.worktime import closed

MARK = "demo.json"
"""The file that makes a data folder the demo's."""

SEED = 1
"""Of the weeks that `./dev demo` shows."""

UNREADABLE = "ines"
"""Whose calendar file cannot be read."""

OUT = ("katja", 1, 2)
"""Who is out of office in which week (from the first Monday) on which weekday (0 = Monday)."""

_AHEAD = 2
"""Days between today and the first Monday at least, so that the least notice is kept."""
_MOST_WEEKS = 12


@lru_cache(maxsize=1)
def demo_company() -> Company:
    """The company in ``company.yaml`` beside this module."""
    return read_company((files(__package__) / "company.yaml").read_text("utf-8"), "yaml", "company.yaml")


def first_monday(today: date) -> date:
    """The Monday that the demo's weeks begin with: soon, and with no public holiday in Berlin on a
    day that the demo needs (Monday to Friday, then Monday to Wednesday)."""
    berlin = next(s for s in demo_company().sites if s.id == "berlin")
    monday = today + timedelta(days=_AHEAD)
    monday += timedelta(days=-monday.weekday() % 7)
    needed = (0, 1, 2, 3, 4, 7, 8, 9)
    for _ in range(_MOST_WEEKS):
        if not any(closed(berlin, monday + timedelta(days=n)) for n in needed):
            return monday
        monday += timedelta(days=7)
    raise RuntimeError(f"no fortnight without a public holiday within {_MOST_WEEKS} weeks of {today}")


def applications() -> tuple[Application, Application]:
    """The candidate whose loop is booked, and the one who cannot be met."""
    return (
        Application(
            id="app-1001",
            candidate=Candidate("Mara Lindqvist", "mara.lindqvist@mail.example", "Europe/Stockholm"),
            job="Backend Engineer",
            hiring_manager="jonas",
            recruiter="aisha",
        ),
        Application(
            id="app-1002",
            candidate=Candidate("Tobias Okonkwo", "tobias.okonkwo@mail.example", "Europe/Berlin"),
            job="Data Engineer",
            hiring_manager="katja",
            recruiter="aisha",
        ),
    )


@dataclass(frozen=True, slots=True)
class DemoRequests:
    """Plain JSON-able values. ``webhook`` is the body of a stage advance; ``loop_request`` what a
    recruiter asks for: application, template, zone, windows, mode."""

    webhook: Mapping[str, Any]
    loop_request: Mapping[str, Any]


def demo_requests(monday: date, begun: datetime) -> DemoRequests:
    """The first candidate reaches *On-site* and offers four days; the second offers one day only,
    on which the hiring manager is out of office. ``monday`` is the demo's first one, ``begun`` when it
    was made."""
    first, second = applications()
    four_days = [_window(monday + timedelta(days=n), time(9), time(17, 30)) for n in (1, 2, 3, 4)]
    _, week, weekday = OUT
    only_day = _window(monday + timedelta(days=7 * week + weekday), time(9), time(17))
    webhook = {
        "id": "delivery-5f2c1d",
        "type": "application.stage_changed",
        "occurred_at": begun.astimezone(UTC).isoformat(),
        "data": {
            "application": _payload(first),
            "stage": "On-site",
            "stage_visit": f"{first.id}:on-site:1",
            "windows": four_days,
            "zone": "Europe/Berlin",
        },
    }
    request = {
        "application": _payload(second),
        "template": "quick-45",
        "mode": "propose",
        "windows": [only_day],
        "zone": "Europe/Berlin",
    }
    return DemoRequests(webhook, request)


def _window(day: date, start: time, end: time) -> dict[str, str]:
    """Wall-clock texts, as a candidate gives them."""
    return {
        "start": datetime.combine(day, start).isoformat(timespec="minutes"),
        "end": datetime.combine(day, end).isoformat(timespec="minutes"),
    }


def _payload(application: Application) -> dict[str, Any]:
    candidate = application.candidate
    return {
        "id": application.id,
        "job": application.job,
        "candidate": {"name": candidate.name, "email": candidate.email, "zone": candidate.zone},
        "hiring_manager": application.hiring_manager,
        "recruiter": application.recruiter,
    }
