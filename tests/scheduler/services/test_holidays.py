"""Holidays, half days and what countries leave out: read, refused, noted, and kept when planning."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scheduler.cli.doctor import _holidays
from scheduler.cli.main import app
from scheduler.domain.bookings import Interview
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.domain.people import Site
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import Span, zone
from scheduler.services.company.edit import company_file
from scheduler.services.company.notes import holiday_notes
from scheduler.services.company.read import checked_company
from scheduler.services.planning import worktime
from tests.house.tree import ROOT
from tests.scheduler.kit import COMPANY, Kit, make
from tests.scheduler.services.company.company_kit import faults, small
from tests.stories.kit import ask, booked

TODAY = date(2026, 11, 27)
HOUR = timedelta(hours=1)


def site(country: str | None, holidays: Any = (), zone: str = "Europe/Berlin") -> Site:
    holidays = list(holidays) if isinstance(holidays, tuple) else holidays
    data = small(sites__0__country=country, sites__0__holidays=holidays, sites__0__zone=zone)
    return checked_company(data).sites[0]


def notes(country: str | None, **holidays: Any) -> list[str]:
    return [str(note) for note in holiday_notes([site(country, holidays)], TODAY)]


class TestDays:
    @pytest.mark.parametrize(
        ("country", "holidays", "day", "ends"),
        [
            ("DE-HH", (), "2026-10-31", time.min),
            ("DE-BE", (), "2026-10-31", None),
            ("DE-BE", {"subdivisions": ["HH"]}, "2026-10-31", time.min),
            ("DE", {"subdivisions": "HH"}, "2026-10-31", time.min),
            ("DE-HH", {"leave_out": ["2026-10-31"]}, "2026-10-31", None),
            ("DE-HH", {"leave_out": ["2026-10-31"]}, "2027-10-31", time.min),
            ("DE-HH", {"leave_out": ["10-31"]}, "2027-10-31", None),
            ("DE-HH", {"leave_out": ["Reformation Day"]}, "2027-10-31", None),
            ("US", {"leave_out": ["Columbus Day"]}, "2026-10-12", None),
            ("US", {"leave_out": "independence day"}, "2026-07-03", None),  # observed on a Friday
            ("US", {"leave_out": ["Independence Day"]}, "2026-11-26", time.min),
            ("DE", ("2026-12-24",), "2026-12-24", time.min),
            ("DE", ("2026-12-24",), "2027-12-24", None),
            ("DE", ("12-24",), "2031-12-24", time.min),
            ("DE", ("02-29",), "2028-02-29", time.min),
            ("DE", {"half_days": "12-24"}, "2026-12-24", time(12)),
            ("DE", {"half_days": ["2026-12-24"], "half_days_until": "14:00"}, "2026-12-24", time(14)),
            ("DE", {"half_days": ["12-25"]}, "2026-12-25", time(12)),  # the company's word counts
            ("SE", (), "2026-12-24", None),
            ("SE", {"categories": ["public", "de_facto"]}, "2026-12-24", time.min),
            ("SE", {"categories": ["de_facto"]}, "2026-12-25", None),
            ("SE", {"categories": ["bank"]}, "2026-12-23", time(14)),  # "from 2pm"
            ("IS", {"categories": ["public", "half_day"]}, "2026-12-24", time(13)),
            (
                "GR",
                {"categories": ["public", "half_day"], "half_days_until": "11:30"},
                "2026-12-24",
                time(11, 30),
            ),
            (None, ("2026-12-24",), "2026-12-24", time.min),
            (None, {"half_days": ["12-24"]}, "2026-12-24", time(12)),
        ],
    )
    def test_when_the_site_closes(
        self, country: str | None, holidays: Any, day: str, ends: time | None
    ) -> None:
        there = site(country, holidays)
        assert worktime.closes(there, date.fromisoformat(day)) == ends
        assert worktime.closed(there, date.fromisoformat(day)) is (ends == time.min)

    def test_hours_end_early_on_half_days_and_not_at_all_on_closed_ones(self) -> None:
        there = site("DE", {"add": ["2026-12-22"], "half_days": ["2026-12-23"], "half_days_until": "13:00"})
        tz = zone("Europe/Berlin")
        week = Span(datetime(2026, 12, 21, tzinfo=tz), datetime(2026, 12, 26, tzinfo=tz))
        told = [(s.start.astimezone(tz), s.end.astimezone(tz)) for s in worktime.open_hours(there, week)]
        assert [(f"{s:%d %H:%M}", f"{e:%H:%M}") for s, e in told] == [
            ("21 09:00", "17:30"), ("23 09:00", "13:00"), ("24 09:00", "17:30"),
        ]  # fmt: skip
        days = worktime.open_days(there, week)
        ends = [s.end.astimezone(tz) for s in days]
        assert [f"{e:%d %H:%M}" for e in ends] == ["22 00:00", "23 13:00", "25 00:00"]

    def test_a_stretch_that_begins_after_the_end_of_a_half_day_is_gone(self) -> None:
        data = small(
            sites__0__holidays={"half_days": ["2026-12-23"]},
            people__0__hours=["wed 08:00-11:00", "wed 13:00-18:00"],
        )
        company = checked_company(data)
        day = Span(datetime(2026, 12, 23, tzinfo=UTC), datetime(2026, 12, 24, tzinfo=UTC))
        (only,) = worktime.working(company.people[0], company.sites[0], day)
        assert only.minutes == 180

    @pytest.mark.parametrize(
        ("holidays", "hours"),
        [
            ([], [(0, 6), (22, 30)]),
            ({"half_days": ["2026-12-23"]}, [(0, 6), (24, 30)]),
            ({"add": ["2026-12-23"]}, [(24, 30)]),
            ({"add": ["2026-12-24"]}, [(0, 6), (22, 24)]),
        ],
    )
    def test_of_a_night_each_day_closes_its_own_part(
        self, holidays: Any, hours: list[tuple[int, int]]
    ) -> None:
        data = small(
            sites__0__holidays=holidays, people__0__hours="tue-wed 22:00-06:00", people__0__zone="UTC"
        )
        company = checked_company(data)
        midnight = datetime(2026, 12, 23, tzinfo=UTC)
        days = Span(midnight, midnight + timedelta(hours=36))
        found = worktime.working(company.people[0], company.sites[0], days)
        assert [((s.start - midnight) / HOUR, (s.end - midnight) / HOUR) for s in found] == hours


class TestTheFile:
    @pytest.mark.parametrize(
        ("country", "holidays", "line"),
        [
            ("GB", {"subdivisions": ["England"]}, "sites[0].holidays.subdivisions[0]: GB has no subdivision 'England'; did you mean 'ENG'?"),
            ("GB", {"categories": ["bank"]}, "sites[0].holidays.categories[0]: GB has no category 'bank'; known: public"),
            ("SE", {"categories": "defacto"}, "sites[0].holidays.categories: SE has no category 'defacto'; did you mean 'de_facto'?"),
            (None, {"categories": ["public"]}, "sites[0].holidays.categories[0]: is of no country; give the site's `country`"),
            ("DEU", {"subdivisions": ["BE"]}, "sites[0].country: 'DEU' is not a country code; use an ISO 3166 code such as DE or DE-BE"),
            ("US", {"leave_out": ["Colombus Day"]}, "sites[0].holidays.leave_out[0]: 'Colombus Day' is no holiday of US here; did you mean 'Columbus Day'?"),
            ("DE", {"add": ["12-24"], "half_days": ["12-24"]}, "sites[0].holidays.half_days[0]: 12-24 is already in `add`; keep one of the two"),
            ("DE", {"add": ["24.12."]}, "sites[0].holidays.add[0]: '24.12.' is not a date; write it as 2026-12-24, or as 12-24 for every year"),
            ("DE", ["02-30"], "sites[0].holidays[0]: '02-30' is not a date; write it as 2026-12-24, or as 12-24 for every year"),
            ("DE", {"half_days_until": "noon"}, "sites[0].holidays.half_days_until: 'noon' is not a time of day; write it as 12:30"),
            ("DE", {"closed": ["12-24"]}, "sites[0].holidays.closed: unknown key; known: add, categories, half_days, half_days_until, leave_out, subdivisions"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_one_line(self, country: str | None, holidays: Any, line: str) -> None:
        assert faults(small(sites__0__country=country, sites__0__holidays=holidays)) == [line]

    def test_what_is_loaded_comes_back_as_a_file_that_says_the_same(self, tmp_path: Path) -> None:
        written = {
            "subdivisions": ["HH"], "categories": ["public", "catholic"], "add": ["2026-05-15", "12-24"],
            "leave_out": ["10-31"], "half_days": ["12-31"], "half_days_until": "13:00",
        }  # fmt: skip
        kit = make(tmp_path, text(f"    country: DE-BE\n    holidays: {written}\n"))
        with kit.app.db.read() as tx:
            back = company_file(tx)
            (berlin,) = [s for s in tx.sites.list() if s.id == "berlin"]
        assert berlin.closing.until == time(13)
        assert checked_company(back).sites[0] == berlin == kit.company.sites[0]


class TestNotes:
    """What a country leaves out is asked of the library: a release with better data says less."""

    @pytest.mark.parametrize("country", ["GB", "CA", "CH", "AU", "DE", "ES"])
    def test_a_country_whose_parts_all_close_more(self, country: str | None) -> None:
        (line,) = notes(country)
        assert line.startswith(f"sites[0].country: {country} alone closes ")
        assert f"name the part: {country}-" in line
        part = line.rpartition(f"{country}-")[2].split(",")[0]
        assert not [n for n in notes(f"{country}-{part}") if "name the part" in n]
        assert not [n for n in notes(country, subdivisions=[part]) if "name the part" in n]

    @pytest.mark.parametrize(
        ("country", "kind", "day"),
        [("SE", "de_facto", "Midsummer Eve"), ("DK", "optional", "Constitution Day"), ("IS", "half_day", "from 1pm")],
    )  # fmt: skip
    def test_a_country_whose_offices_close_on_more_than_the_law_says(
        self, country: str | None, kind: str, day: str
    ) -> None:
        (line,) = notes(country)
        assert f"without the category {kind} leaves out" in line
        assert day in line
        assert line.endswith(f"say `holidays: {{categories: [public, {kind}]}}`")
        assert notes(country, categories=["public", kind]) == notes(country, categories=["public"]) == []

    @pytest.mark.parametrize("country", ["UA", "LK", "HM"])
    def test_a_country_whose_days_nobody_knows(self, country: str | None) -> None:
        (note,) = holiday_notes([site(country)], TODAY)
        assert note.open
        assert f"holidays of {country} are known for" in note.text
        assert "write the closed days out: `holidays: {add: [" in note.fix
        assert notes(country, add=["01-01"]) == []

    def test_data_that_end_are_told_with_the_years(self) -> None:
        (line,) = notes("LK")
        assert "are known for 2026, not for 2027, 2028" in line
        assert notes("LK", add=["2027-01-14", "2028-01-15"]) == []
        assert len(notes("LK", add=["2027-01-14"])) == 1

    @pytest.mark.parametrize(
        "country", ["US", "FR", "PL", "JP", "DE-HH", "GB-SCT", "CA-ON", "AU-NSW", "MX", None]
    )
    def test_a_country_that_says_enough(self, country: str | None) -> None:
        assert notes(country) == []


class TestTheCommand:
    @pytest.mark.parametrize("words", [("--check",), ()])
    def test_load_tells_what_to_write_instead(self, tmp_path: Path, words: tuple[str, ...]) -> None:
        path = tmp_path / "company.yaml"
        path.write_text(text("    country: GB\n"))
        command = [
            sys.executable,
            "-m",
            "scheduler.cli.main",
            "load",
            path,
            "--data",
            tmp_path / "data",
            *words,
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        first, *_, note = done.stdout.splitlines()
        assert first.startswith("Testwerk: ")
        assert note.startswith("note: sites[0].country: GB alone closes ")
        assert note.endswith("name the part: GB-ENG, GB-NIR, GB-SCT, GB-WLS")

    def test_the_example_is_worth_following(self) -> None:
        done = CliRunner().invoke(app, ["load", "--check", str(ROOT / "examples" / "company.yaml")])
        assert done.stdout.splitlines()[1:] == []

    def test_the_doctor_calls_unknown_days_a_fault(self, tmp_path: Path) -> None:
        unknown = _holidays(make(tmp_path / "a", text("    country: UA\n")).app, TODAY)
        assert (unknown.name, unknown.ok) == ("holidays", False)
        assert "no public holidays of UA are known for 2026 to 2028" in unknown.text
        assert _holidays(make(tmp_path / "b", text("    country: GB\n")).app, TODAY).ok, "few, but known"


def text(sites: str) -> str:
    """The company of the tests with more about its Berlin site."""
    at = "    zone: Europe/Berlin\n"
    return COMPANY.read_text(encoding="utf-8").replace(at, at + sites, 1)


DAY = (("2026-03-11T09:00", "2026-03-11T17:00"),)


class TestPlanning:
    def planned(self, tmp_path: Path, sites: str) -> tuple[Loop, dict[str, Interview]]:
        kit = make(tmp_path, text(sites))
        loop = ask(kit, "short", BookMode.BOOK, windows=DAY)
        return loop, booked(kit, loop.id)

    def test_a_half_day_ends_at_its_hour(self, tmp_path: Path) -> None:
        half = "    holidays: {half_days: [2026-03-11], half_days_until: 11:00}\n"
        loop, interviews = self.planned(tmp_path, half)
        assert loop.state is LoopState.CONFIRMED
        tz = zone("Europe/Berlin")
        for interview in interviews.values():
            last = interview.span.end.astimezone(tz)
            assert last.time() <= time(11) or last.date() > date(2026, 3, 11), interview.spec
        assert {i.span.start.astimezone(tz).date() for i in interviews.values() if i.kind is InterviewKind.INTERVIEW} == {
            date(2026, 3, 11)
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("sites", "words"),
        [
            ("    holidays: [2026-03-11]\n", "Berlin is closed on Wednesday 11 March 2026"),
            (
                "    holidays: {half_days: [2026-03-11], half_days_until: 10:00}\n",
                "Berlin is closed on Wednesday 11 March 2026 from 10:00",
            ),
        ],
    )
    def test_a_no_names_the_closed_days(self, tmp_path: Path, sites: str, words: str) -> None:
        loop, _ = self.planned(tmp_path, sites)
        assert loop.state is LoopState.INFEASIBLE
        assert words in [reason.text for reason in loop.reasons if reason.kind == "closed"]

    def test_a_public_holiday_is_named(self, tmp_path: Path) -> None:
        kit: Kit = make(tmp_path, text("    country: DE-BE\n"))
        kit.clock.now += timedelta(days=14)
        loop = ask(kit, "short", BookMode.BOOK, windows=(("2026-04-03T09:00", "2026-04-03T17:00"),))
        assert loop.state is LoopState.INFEASIBLE
        assert "Berlin is closed on Friday 03 April 2026 (Good Friday)" in [r.text for r in loop.reasons]
