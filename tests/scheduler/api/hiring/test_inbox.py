"""The inbox by API."""

from __future__ import annotations

import json

from tests.scheduler.api.client import Client
from tests.scheduler.services.hiring.kit import Hiring


def test_listed_shown_and_worked_on_again(api: Client, hiring: Hiring) -> None:
    applied = hiring.apply()
    for stage in ("Talks", "Decision", "Talks"):
        hiring.advance(applied, stage)
    every = api.ask("/inbox")
    assert [d["outcome"].partition(":")[0] for d in every] == ["loop", "no_loop", "loop"]
    assert [d["id"] for d in api.ask("/inbox?limit=2")] == [d["id"] for d in every[:2]]
    assert api.ask(f"/inbox?limit=2&after={every[1]['id']}") == every[2:]
    assert len(api.ask("/inbox?outcome=loop&connection=main")) == 2
    assert api.ask("/inbox?pending=true") == []
    shown = api.ask(f"/inbox/{every[0]['id']}")
    assert json.loads(shown["body"])["payload"]["application"]["id"] == int(applied.id)
    assert api.ask(f"/inbox/{every[0]['id']}/replay", "POST", status=202)["outcome"] == ""
    assert api.ask(f"/inbox/{every[0]['id']}")["outcome"] == "known: this visit was worked on (started)"
    assert len(api.ask("/loops")) == 2
    api.refused(404, "/inbox/none")
    api.refused(422, "/inbox?after=none")
