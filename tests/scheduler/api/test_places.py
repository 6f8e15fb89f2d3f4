"""Starts and substitutes over HTTP: what a console colours a week with, and whom it lists."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scheduler.api.client import Client


@pytest.fixture
def loop(api: Client) -> Any:
    return api.loop("short", mode="book")


def test_a_week_of_starts(api: Client, loop: Any) -> None:
    path = f"/loops/{loop['id']}/interviews"
    found = api.ask(f"{path}/panel/starts?from=2026-03-09&to=2026-03-13")
    assert (found["interview"], found["zone"], len(found["starts"])) == ("panel", "Europe/Berlin", 5 * 96)
    verdicts = {s["verdict"] for s in found["starts"]}
    assert {"fits", "no"} <= verdicts <= {"fits", "price", "no"}
    panel = next(i for i in loop["interviews"] if i["interview"] == "panel")
    (now,) = [s for s in found["starts"] if s["start"] == panel["start"]]
    assert (now["verdict"], now["cost"]) == ("fits", 0)
    for start in found["starts"]:
        assert bool(start["rule"]) is (start["verdict"] == "no")
        assert start["text"] or start["verdict"] == "fits"
    assert api.ask(f"{path}/debrief/starts?from=2026-03-11T08:00&to=2026-03-11T10:00&zone=Europe/Lisbon")[
        "starts"
    ]


def test_substitutes_and_why_somebody_was_picked(api: Client, loop: Any) -> None:
    found = api.ask(f"/loops/{loop['id']}/interviews/talk/substitutes?seat=0")
    talk = next(i for i in loop["interviews"] if i["interview"] == "talk")
    assert found["holders"] == [s["person"] for s in talk["seats"]]
    able = [s for s in found["substitutes"] if s["verdict"] in ("fits", "price")]
    assert [(p["person"], p["cost"]) for p in found["picked"]] == [(s["person"], s["cost"]) for s in able[:2]]
    for one in found["substitutes"]:
        assert one["load"]["most"] == 8 and one["load"]["week"] == "2026-W11"
        assert one["text"] or one["verdict"] == "fits"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("talk/starts", "from"),
        ("talk/starts?from=2026-03-09", "to"),
        ("talk/starts?from=2026-03-09&to=2026-04-09", "to"),
        ("talk/starts?from=2026-03-29T02:30&to=2026-03-30", "from"),
        ("nothing/starts?from=2026-03-09&to=2026-03-13", "interview"),
        ("talk/starts?from=2026-03-09&to=2026-03-13&color=red", "color"),
        ("talk/substitutes?seat=7", "seat"),
        ("talk/substitutes?seat=x", "seat"),
        ("talk/substitutes?seat=0&instead_of=nobody", "instead_of"),
    ],
)
def test_what_cannot_be_asked_names_its_field(api: Client, loop: Any, path: str, field: str) -> None:
    said = api.refused(422, f"/loops/{loop['id']}/interviews/{path}")
    (error,) = said["errors"]
    assert error["field"] == field and error["fix"]


def test_an_unknown_loop_is_not_found(api: Client) -> None:
    api.refused(404, "/loops/nothing/interviews/talk/starts?from=2026-03-09&to=2026-03-13")
    api.refused(404, "/loops/nothing/interviews/talk/substitutes")
