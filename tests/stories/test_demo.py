"""The demo as a newcomer runs it, and an independent look into the calendar files it leaves.

The look uses the icalendar library and the company file alone: no table and no service of ours.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from itertools import combinations
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest

from scheduler.demo.company import demo_company
from scheduler.domain.people import Standing
from tests.stories import copies

ROOT = Path(__file__).parents[2]
ORGANIZER = "interviews@talwerk.example"
_DEMO = ("demo", "--once", "--port", "0", "--data")
POOLS = {
    "panel": "backend",
    "coding": "backend",
    "system-design": "senior-backend",
    "bar-raiser": "bar-raisers",
}


def demo(data: Path) -> subprocess.CompletedProcess[str]:
    """`loopwright demo --once` in its own process."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("LOOPWRIGHT_")} | {"COLUMNS": "120"}
    command = [sys.executable, "-m", "scheduler.cli.main", *_DEMO, str(data)]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=250)


def again(data: Path, failpoint: str = "") -> subprocess.CompletedProcess[str]:
    """The same in a copy, killed at a failpoint if one is named."""
    return copies.run("tests.stories.process_demo", data, failpoint=failpoint)


class Event:
    """One of our events as a calendar file has it."""

    def __init__(self, event: icalendar.Event) -> None:
        self.uid = str(event["UID"])
        self.key = str(event["X-LOOPWRIGHT-KEY"])
        self.step = self.key.split("/")[2]
        self.start: datetime = event["DTSTART"].dt.astimezone(UTC)
        self.end: datetime = event["DTEND"].dt.astimezone(UTC)
        found = event.get("ATTENDEE", [])
        self.attendees = {
            str(a).removeprefix("mailto:").lower(): str(a.params.get("PARTSTAT", ""))
            for a in (found if isinstance(found, list) else [found])
        }
        self.text = event.to_ical().decode()


def ours(data: Path, address: str) -> list[Event]:
    """Our live events in one file; none in a file that is no calendar."""
    try:
        calendar = icalendar.Calendar.from_ical((data / "calendars" / f"{address}.ics").read_bytes())
    except ValueError:
        return []
    events = [e for e in calendar.walk("VEVENT") if "X-LOOPWRIGHT-KEY" in e]
    return [Event(e) for e in events if e.get("STATUS") != "CANCELLED"]


def look(data: Path) -> None:
    """The loop that stands in the calendars is a good one."""
    company = demo_company()
    people = {p.account.address.lower(): p for p in company.people}
    events = {e.step: e for e in ours(data, ORGANIZER)}
    assert len(ours(data, ORGANIZER)) == len(events), "an interview has two events"
    assert set(events) == {"panel", "coding", "system-design", "lunch", "bar-raiser", "manager", "debrief"}
    _no_overlap(data, [*people, *(r.account.address for r in company.rooms)])
    pools = {p.id: p for p in company.pools}
    for step, pool in POOLS.items():
        panel = [people[a].id for a in events[step].attendees if a in people]
        qualified = [p for p in panel if pools[pool].members.get(p) is Standing.QUALIFIED]
        assert len(qualified) >= (2 if step == "panel" else 1), (step, panel)
    berlin = ZoneInfo("Europe/Berlin")
    lunch = events["lunch"]
    assert time(11, 30) <= lunch.start.astimezone(berlin).time()
    assert lunch.end.astimezone(berlin).time() <= time(14)
    _debrief_follows(events, {p.id: p.account.address.lower() for p in company.people})
    for event in events.values():
        assert "mara" not in " ".join(event.attendees)
        assert not [a for a, reply in event.attendees.items() if reply == "DECLINED"]


def _no_overlap(data: Path, addresses: list[str]) -> None:
    for address in addresses:
        for one, other in combinations(ours(data, address), 2):
            assert one.end <= other.start or other.end <= one.start, (address, one.key, other.key)


def _debrief_follows(events: dict[str, Event], address: dict[str, str]) -> None:
    debrief = events["debrief"]
    interviews = [e for step, e in events.items() if step not in ("debrief", "lunch")]
    assert debrief.start >= max(e.end for e in events.values() if e is not debrief)
    assert debrief.end - debrief.start == timedelta(minutes=30)
    rooms = {"room-oak", "room-birch", "room-linden"}
    needed = {a for e in interviews for a in e.attendees if a.split("@")[0] not in rooms}
    assert needed | {address["jonas"], address["aisha"]} <= set(debrief.attendees)


def mails(data: Path) -> list[str]:
    return [f.read_text(encoding="utf-8") for f in sorted((data / "outbox").glob("*.eml"))]


def test_the_demo_holds_by_an_independent_look(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    done = demo(data)
    assert done.returncode == 0, done.stdout + done.stderr
    look(data)
    assert not [m for m in mails(data) if "debrief" in m.lower()]
    assert "as the candidate sees it" in done.stdout
    assert "infeasible" in done.stdout and "Katja Lorenz" in done.stdout
    assert "/api/v1/docs" in done.stdout
    assert "The price is in minutes, less is better" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    before = {e.uid: (e.start, e.key) for e in ours(data, ORGANIZER)}
    second = demo(data)
    assert second.returncode == 0, second.stdout + second.stderr
    assert {e.uid: (e.start, e.key) for e in ours(data, ORGANIZER)} == before


@pytest.mark.parametrize("failpoint", ["K2", "K7:3", "K7:8", "K11:2"])
def test_a_killed_demo_goes_on(tmp_path: Path, failpoint: str) -> None:
    """Killed while planning, booking, repairing or mailing; the same command finishes the job."""
    data = tmp_path / "demo"
    killed = again(data, failpoint)
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    done = again(data)
    assert done.returncode == 0, done.stdout + done.stderr
    look(data)


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("four years of work")
    refused = again(tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.strip().count("\n") == 0 and "use another folder" in refused.stderr
    assert [f.name for f in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_demo_of_an_earlier_week_says_so(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    data.mkdir()
    mark = {
        "first_monday": "2024-01-01",
        "seed": 1,
        "secret": "whsec_" + "a" * 40,
        "begun": "2023-12-29T09:00:00+00:00",
    }
    (data / "demo.json").write_text(json.dumps(mark))
    refused = again(data)
    assert refused.returncode == 2 and "--fresh" in refused.stderr


def test_two_demos_in_one_folder_at_once_are_one_too_many(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    data.mkdir()
    mark = {
        "first_monday": "2024-01-01",
        "seed": 1,
        "secret": "whsec_" + "a" * 40,
        "begun": "2023-12-29T09:00:00+00:00",
    }
    (data / "demo.json").write_text(json.dumps(mark))
    with (data / "demo.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        refused = again(data)
        assert refused.returncode == 2
        assert refused.stderr == f"--data: another demo runs in {data}; end it, or choose another folder\n"
    assert "another demo runs" not in again(data).stderr, "a demo that has ended is in nobody's way"
