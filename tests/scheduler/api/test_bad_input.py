"""Bad input gets one line per fault that names the field and the fix, and stores nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scheduler.api.client import APPLICATION, DAYS, Client, stored, wanted
from tests.scheduler.kit import make


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """One for all: nothing here may change anything."""
    return Client(make(tmp_path_factory.mktemp("api")))


@pytest.fixture(autouse=True)
def nothing_stored(api: Client) -> Iterator[None]:
    before = stored(api.kit), len(api.kit.jobs.waiting)
    yield
    assert (stored(api.kit), len(api.kit.jobs.waiting)) == before


def window(start: str, end: str, zone: str = "Europe/Berlin") -> dict[str, Any]:
    return wanted(windows=[{"start": start, "end": end}], zone=zone)


def person(**changes: Any) -> dict[str, Any]:
    application = copy.deepcopy(APPLICATION)
    application["candidate"] |= changes
    return wanted(application=application)


def application(**changes: Any) -> dict[str, Any]:
    return wanted(application={**APPLICATION, **changes})


CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("no template", {k: v for k, v in wanted().items() if k != "template"}, "template", ""),
    ("unknown template", wanted("onsight"), "template", "use one of onsite, round-2, short"),
    ("unknown manager", application(hiring_manager="hanna"), "application.hiring_manager", "id of a person"),
    ("unknown recruiter", application(recruiter="x"), "application.recruiter", "id of a person"),
    (
        "unknown companion",
        application(accommodation={"also": ["x"]}),
        "application.accommodation.also[0]",
        "",
    ),
    ("no candidate", {**wanted(), "application": {"id": "a"}}, "application.candidate", ""),
    ("id with spaces", application(id="a b"), "application.id", "match"),
    ("no e-mail", person(email="mara"), "application.candidate.email", "anna@example.com"),
    ("two e-mails", person(email="a@x.de, b@x.de"), "application.candidate.email", "anna@example.com"),
    ("e-mail with a line", person(email="a@x.de\nBcc: b@x.de"), "application.candidate.email", ""),
    ("name with a line", person(name="Mara\r\nBcc: x@y.de"), "application.candidate.name", ""),
    ("empty name", person(name="  "), "application.candidate.name", "at least 1"),
    ("endless name", person(name="x" * 201), "application.candidate.name", "at most 200"),
    ("unknown zone of the candidate", person(zone="Europe/Berln"), "application.candidate.zone", "IANA"),
    ("unknown zone", wanted(zone="MEZ+1"), "zone", "IANA"),
    ("zone as a path", wanted(zone="../../etc/passwd"), "zone", "IANA"),
    ("backwards", window("2026-03-12T17:00", "2026-03-12T09:00"), "windows[0].end", "swap start and end"),
    ("empty window", window("2026-03-12T09:00", "2026-03-12T09:00"), "windows[0].end", ""),
    (
        "skipped by the clocks",
        window("2026-03-29T02:30", "2026-03-29T09:00"),
        "windows[0].start",
        "another time",
    ),
    (
        "skipped in New York",
        window("2026-04-01T08:00", "2027-03-14T02:30", "America/New_York"),
        "windows[0].end",
        "another time",
    ),
    (
        "twice by the clocks",
        window("2026-10-25T02:30", "2026-10-25T09:00"),
        "windows[0].start",
        "write 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00",
    ),
    ("no time", window("tomorrow", "2026-03-12T09:00"), "windows[0].start", "write it as"),
    (
        "another age",
        window("0001-01-01T00:00+14:00", "9999-12-31T23:00-14:00"),
        "windows[0].start",
        "century",
    ),
    ("in the past", window("2025-03-12T09:00", "2025-03-12T12:00"), "windows", "ask the candidate"),
    ("a year long", window("2026-03-12T09:00", "2027-03-12T09:00"), "windows[0].end", "shorten"),
    ("too many windows", wanted(windows=DAYS * 51), "windows", "at most 100"),
    (
        "horizon far away",
        wanted(horizon={"start": "2026-03-12T09:00", "end": "2026-12-12T09:00"}),
        "horizon.end",
        "",
    ),
    (
        "horizon over",
        wanted(horizon={"start": "2025-03-12T09:00", "end": "2025-03-13T09:00"}),
        "horizon.end",
        "",
    ),
    ("unknown mode", wanted(mode="bok"), "mode", "did you mean 'book'?"),
    ("unknown site", wanted("onsite", site="paris"), "site", "use one of berlin, new-york"),
    ("unknown step", wanted(leave_out=["tal"]), "leave_out", "known: panel, talk"),
    ("nothing left", wanted(leave_out=["talk", "panel"]), "leave_out", "keep at least one"),
    ("unknown branch", wanted(branch={"a": "b"}), "branch.a", "no branches"),
    ("unknown step adjusted", wanted(adjust={"x": {"minutes": 30}}), "adjust.x", "known: talk, panel"),
    ("minutes as text", wanted(adjust={"talk": {"minutes": "soon"}}), "adjust.talk.minutes", "digits"),
    ("too few minutes", wanted(adjust={"talk": {"minutes": 4}}), "adjust.talk.minutes", "give 5 or more"),
    (
        "clock with an offset",
        wanted(adjust={"talk": {"windows": ["09:00+01:00-10:00"]}}),
        "adjust.talk.windows[0]",
        "write it as 11:30-14:00",
    ),
    (
        "clock backwards",
        wanted(adjust={"talk": {"windows": "11:00-10:00"}}),
        "adjust.talk.windows[0]",
        "write the earlier time first",
    ),
    (
        "clock as a pair",
        wanted(adjust={"talk": {"windows": [["10:00", "11:00"]]}}),
        "adjust.talk.windows[0]",
        "write it as 11:30-14:00",
    ),
    (
        "unknown person adjusted",
        wanted(adjust={"talk": {"people": ["anna", "hanna"]}}),
        "adjust.talk.people[1]",
        "use the id of a person of the company",
    ),
    ("a misspelt field", wanted(windwos=[]), "windwos", "did you mean 'windows'?"),
    (
        "a misspelt field inside",
        person(emial="x@y.de"),
        "application.candidate.emial",
        "did you mean 'email'?",
    ),
    ("a field from elsewhere", wanted(tenant="other"), "tenant", "known:"),
    ("a list for a text", wanted(template=["short"]), "template", ""),
    ("null for a list", wanted(windows=None), "windows", ""),
]


@pytest.mark.parametrize(("body", "field", "fix"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_field_and_the_fix_are_named(api: Client, body: dict[str, Any], field: str, fix: str) -> None:
    refused = api.refused(422, "/loops", "POST", json=body)
    assert refused["type"] == "bad_input"
    found = {f["field"]: f["fix"] for f in refused["errors"]}
    assert field in found, refused
    assert found[field] and fix in found[field], refused
    assert len(refused["detail"]) < 2000
    assert f"{field}: " in refused["detail"]


def test_all_faults_are_named_at_once(api: Client) -> None:
    body = {**wanted(mode="x", template=""), "surprise": 1}
    refused = api.refused(422, "/loops", "POST", json=body)
    assert {f["field"] for f in refused["errors"]} == {"mode", "template", "surprise"}
    assert refused["detail"].count("\n") == 2


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/loops?state=happy", "state"),
        ("/loops?after=" + "x" * 101, "after"),
        ("/bookings", "loop"),
        ("/bookings?person=hana&from=2026-03-11T00:00", "to"),
        ("/bookings?person=nobody&from=2026-03-11T00:00&to=2026-03-12T00:00", "person"),
        ("/bookings?person=hana&from=1&to=2", "from"),
        ("/bookings?person=hana&from=0001-01-01T00:00%2B14:00&to=2026-03-12T00:00", "from"),
        ("/bookings?person=hana&from=2026-03-12T00:00&to=2026-03-11T00:00", "to"),
        ("/bookings?person=hana&from=2026-03-12T00:00&to=2027-03-11T00:00", "to"),
        ("/bookings?person=hana&from=2026-03-29T02:30&to=2026-04-11T00:00", "from"),
        ("/people?after=%00", "query"),
        ("/people/%00", "path"),
        ("/people/%ff", "path"),
        ("/people/" + "x" * 101, "id"),
    ],
)
def test_parameters_too(api: Client, path: str, field: str) -> None:
    refused = api.refused(422, path)
    assert field in {f["field"] for f in refused["errors"]}
    assert all(f["fix"] for f in refused["errors"])


@pytest.mark.parametrize(
    "path",
    ["/loops/x", "/loops/x/facts", "/loops/x/agenda?for=candidate", "/proposals/x", "/applications/x"]
    + [f"/{p}/x" for p in ("people", "pools", "rooms", "templates")],
)
def test_what_does_not_exist_is_404(api: Client, path: str) -> None:
    assert api.refused(404, path)["type"] == "not_found"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/loops/x/cancel", 404),
        ("/loops/x/change", 404),
        ("/proposals/x/choose", 404),
        ("/loops/x/replan", 404),
        ("/loops/x/repair", 404),
    ],
)
def test_nothing_is_done_to_what_does_not_exist(api: Client, path: str, status: int) -> None:
    api.refused(status, path, "POST", json={})


def test_an_application_is_put_checked_and_read(tmp_path: Path, api: Client) -> None:
    other = Client(make(tmp_path))
    needs = {"extra_time": 25, "break_every": 60, "features": ["accessible"], "also": ["emma"]}
    put = other.ask("/applications/app-1", "PUT", {**APPLICATION, "accommodation": needs})
    assert put["accommodation"] == {**needs, "max_day": None}
    assert other.ask("/applications/app-1") == put
    wrong = api.refused(422, "/applications/app-2", "PUT", json=APPLICATION)
    assert [f["field"] for f in wrong["errors"]] == ["id"]
    unknown = api.refused(422, "/applications/app-1", "PUT", json={**APPLICATION, "recruiter": "nobody"})
    assert [f["field"] for f in unknown["errors"]] == ["recruiter"]


def test_who_reads_an_agenda_must_be_somebody(tmp_path: Path) -> None:
    other = Client(make(tmp_path))
    loop = other.loop(windows=[])
    refused = other.refused(422, f"/loops/{loop['id']}/agenda?for=nobody")
    assert [f["field"] for f in refused["errors"]] == ["for"]
    assert other.refused(422, f"/loops/{loop['id']}/agenda")["errors"][0]["field"] == "for"
