"""A large company as a file: departments, each with a pool of interviewers, managers, recruiters and a loop of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

POOL = 30
"""Interviewers of a department; whoever else there is never interviews."""


@dataclass(frozen=True)
class Size:
    """``loops`` are asked for on one day; each has three interviews and a debrief."""

    people: int
    departments: int
    loops: int
    rooms: int


WHOLE = Size(people=10_000, departments=30, loops=300, rooms=40)
SMALL = Size(people=100, departments=2, loops=6, rooms=4)


def text(size: Size, left: frozenset[str] = frozenset()) -> str:
    """Its file; ``left`` are those who are no longer with it. JSON, which is YAML as well."""
    file: dict[str, Any] = {
        "company": {"name": "Grosswerk", "organizer": "interviews@grosswerk.example"},
        "defaults": {"site": "berlin", "hours": "mon-fri 09:00-17:00", "max_day": 3, "max_week": 8},
        "sites": [{"id": "berlin", "name": "Berlin", "zone": "Europe/Berlin", "hours": "mon-fri 08:00-19:00"}],
        "people": [_person(n, left) for n in range(size.people)],
        "pools": [
            {"id": f"pool-{d}", "name": f"Pool {d}", "qualified": [f"p{n}" for n in members(d)]}
            for d in range(size.departments)
        ],
        "rooms": [
            {"id": f"r{n}", "name": f"Room {n}", "site": "berlin", "capacity": 6, "calendar": f"r{n}@grosswerk.example"}
            for n in range(size.rooms)
        ],
        "templates": [_template(d) for d in range(size.departments)],
        "policy": {
            "undo_minutes": 0,
            "alternatives": 1,
            "solve_seconds": 5,
            "stages": [
                {"stage": f"Stage {d}", "template": f"loop-{d}", "mode": "book"} for d in range(size.departments)
            ],
        },
    }  # fmt: skip
    return json.dumps(file)


def members(department: int) -> range:
    """Numbers of its interviewers; the two after them are its manager and its recruiter."""
    return range(department * (POOL + 2), department * (POOL + 2) + POOL)


def manager(department: int) -> str:
    return f"p{members(department).stop}"


def recruiter(department: int) -> str:
    return f"p{members(department).stop + 1}"


def _person(n: int, left: frozenset[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"id": f"p{n}", "name": f"Person {n}", "email": f"p{n}@grosswerk.example"}
    if n % (POOL + 2) >= POOL:  # they are in every debrief of their department
        found |= {"max_day": 12, "max_week": 60}
    return found | ({"active": False} if f"p{n}" in left else {})


def _template(department: int) -> dict[str, Any]:
    seats = [{"pool": f"pool-{department}"}]
    minutes = {"talk": 45, "deep": 60, "pair": 45}
    return {
        "id": f"loop-{department}",
        "title": f"Loop {department}",
        "notice_hours": 1,
        "interviews": [
            {"id": id, "title": id.title(), "minutes": m, "seats": seats} for id, m in minutes.items()
        ],
        "debrief": {"minutes": 30, "within_hours": 24},
    }


def advance(number: int, department: int, days: list[datetime]) -> bytes:
    """What the hiring system tells of one candidate who reaches the stage."""
    windows = [{"start": f"{d:%Y-%m-%d}T09:00", "end": f"{d:%Y-%m-%d}T17:00"} for d in days]
    return json.dumps(
        {
            "id": f"event-{number}",
            "type": "application.stage_changed",
            "data": {
                "application": {
                    "id": f"app-{number}",
                    "job": "Engineer",
                    "candidate": {"name": f"C {number}", "email": f"c{number}@example.org", "zone": "Europe/Lisbon"},
                    "hiring_manager": manager(department),
                    "recruiter": recruiter(department),
                },
                "stage": f"Stage {department}",
                "stage_visit": f"visit-{number}",
                "windows": windows,
                "zone": "Europe/Berlin",
            },
        }
    ).encode()  # fmt: skip


def next_week(now: datetime) -> list[datetime]:
    """Monday to Friday of the week after."""
    monday = now + timedelta(days=7 - now.weekday())
    return [monday + timedelta(days=n) for n in range(5)]
