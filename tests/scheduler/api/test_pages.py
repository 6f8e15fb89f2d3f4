"""The pages docs/api.md and docs/webhooks.md do what they say: their requests are run, their code is used."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from scheduler.services.asking.intake import parse
from tests.scheduler.api.client import BASE, SECRET, TOKEN, Client

DOCS = Path(__file__).parents[3] / "docs"
HOST = "http://127.0.0.1:8080"


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(api: Client, command: str, names: dict[str, str]) -> Any:
    """Do what a `curl` line says, and what follows from it."""
    for name, value in names.items():
        command = command.replace(f"${name}", value)
    words = shlex.split(command)
    assert words[:2] == ["curl", "-s"], command
    method, url, body = "", "", None
    headers: dict[str, str] = {}
    rest = iter(words[2:])
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(rest).encode()
        else:
            url = word
    assert url.startswith(HOST + BASE), url
    answer = api.request(method or ("POST" if body else "GET"), url, content=body, headers=headers)
    assert answer.status_code in (200, 202), (command, answer.text)
    api.kit.run()
    return answer.json()


def commands(page: str) -> list[str]:
    lines = "".join(blocks(page, "sh")).replace("\\\n", " ")
    return [f"curl{part}".strip() for part in re.split(r"^curl", lines, flags=re.MULTILINE) if part.strip()]


def test_the_walk_through_the_api(api: Client) -> None:
    names = {"AUTH": f"Authorization: Bearer {TOKEN}"}
    states = []
    for command in commands("api.md"):
        answer = run(api, command, names)
        if command.endswith("/loops/$LOOP"):
            names["PROPOSAL"] = answer["proposals"][0]["id"]
        if isinstance(answer, dict) and "state" in answer:
            names.setdefault("LOOP", answer["id"])
            states.append(answer["state"])
        if "agenda?for=candidate" in command:
            assert [line["title"] for line in answer] == ["Talk", "Panel"]
        assert answer
    assert states == ["planning", "proposed", "held", "confirmed", "cancelling"]
    assert api.ask("/people/olga")["hours"][0] == "mon 09:00-15:00"


def test_the_changes_on_the_page_are_tried_and_done(api: Client) -> None:
    loop = api.loop("onsite", mode="book")
    names = {"AUTH": f"Authorization: Bearer {TOKEN}", "LOOP": loop["id"]}
    for command in commands("changes.md"):
        answer = run(api, command, names)
        if "/try" in command:
            assert answer["verdict"] == "allowed", answer["refused"]
            names["VERSION"] = answer["version"]
    now = api.ask(f"/loops/{loop['id']}")
    manager = next(i for i in now["interviews"] if i["interview"] == "manager")
    assert (now["state"], manager["start"]) == ("confirmed", "2026-03-11T14:00:00Z")


def test_the_refusal_on_the_page_is_the_one_that_comes(api: Client) -> None:
    (shown,) = (json.loads(block) for block in blocks("api.md", "json"))
    start = commands("api.md")[0]
    body = json.loads(shlex.split(start)[-1])
    body["windows"] = [{"start": "2026-03-11T17:00", "end": "2026-03-11T09:00"}]
    assert api.refused(422, "/loops", "POST", json=body) == shown


def test_the_webhook_on_the_page_is_signed_as_the_page_says(api: Client) -> None:
    (text,) = blocks("webhooks.md", "json")
    assert parse(text.encode()).data.stage_visit
    names: dict[str, Any] = {}
    exec(blocks("webhooks.md", "python")[0], names)
    for n, secret in enumerate((SECRET, "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")):
        body, headers = names["signed"](secret, f"msg-{n}", json.loads(text))
        answer = Client(api.kit, webhook_secret=secret).post(
            f"{BASE}/webhooks/stage", content=body, headers=headers
        )
        assert answer.status_code == 202, answer.text
        api.kit.run()
        found = api.ask(f"/webhooks/deliveries/{answer.json()['delivery']}")
        assert found["outcome"] == "loop"
    assert api.ask(f"/loops/{found['loop']}")["state"] == "proposed"


def test_the_fields_that_the_pages_name_exist(api: Client) -> None:
    document = json.dumps(api.ask("/openapi.json"))
    for page in ("api.md", "webhooks.md"):
        text = (DOCS / page).read_text(encoding="utf-8")
        for path in re.findall(r"/api/v1/[a-z/]+(?=`)", text):
            assert api.get(path).status_code != 404 or path.rstrip("/") in document, path
    for field in (
        "windows",
        "mode",
        "leave_out",
        "branch",
        "adjust",
        "unknown",
        "fixes",
        "reasons",
        "price",
        "bound",
    ):
        assert f'"{field}"' in document
