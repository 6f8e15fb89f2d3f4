"""What a request changes in one step of its loop: people who can be asked, windows as the file has them."""

from __future__ import annotations

from tests.scheduler.api.client import Client, wanted

MAIL = {"email": "dirk@testwerk.example", "site": "berlin"}


def test_a_step_is_given_to_nobody_who_left(api: Client) -> None:
    """Neither in a request nor in a change of a loop that waits."""
    loop = api.loop()
    api.ask("/people/dirk", "PUT", {"name": "Dirk Dahl", **MAIL, "active": False})
    adjust = {"adjust": {"talk": {"people": ["dirk"]}}}
    for path, body in (("/loops", wanted(**adjust)), (f"/loops/{loop['id']}/change", adjust)):
        (fault,) = api.refused(422, path, "POST", json=body)["errors"]
        assert (fault["field"], fault["fault"]) == (
            "adjust.talk.people[0]",
            "Dirk Dahl is not active any more",
        )
    assert api.ask(f"/loops/{loop['id']}")["state"] == "proposed"


def test_windows_of_a_step_are_taken_as_the_file_has_them(api: Client) -> None:
    for windows in ("10:00-12:00", ["10:00-12:00", "15:00-16:30"]):
        loop = api.loop(adjust={"talk": {"windows": windows}})
        talks = [i for p in loop["proposals"] for i in p["interviews"] if i["interview"] == "talk"]
        assert talks and all(i["start"][11:16] >= "09:00" for i in talks), "10:00 in Berlin is 09:00 UTC"
