"""Texts from the hiring system, the API and the company's editors pass one border, character by character.

What is a control character or the end of a line is asked of Unicode's own table, as Python has it.
"""

from __future__ import annotations

import copy
import json
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from scheduler.services.asking.intake import StageEvent
from tests.scheduler.api.client import APPLICATION, BASE, Client, event, stored, wanted

HOSTILE = [
    chr(n) for n in range(sys.maxunicode + 1) if unicodedata.category(chr(n)) in ("Cc", "Zl", "Zp", "Cs")
]
SOME = [
    "\x00",
    "\x07",
    "\n",
    "\r",
    "\x1b",
    "\x1c",
    "\x7f",
    "\x85",
    "\x9b",
    "\u2028",
    "\u2029",
    "\ud800",
    "\udfff",
]
FULL = event(
    stage="Talks",
    stage_visit="app-1:v1",
    application={**APPLICATION, "coordinator": "rolf"},
)
FULL["occurred_at"] = "2026-03-09T07:00:00Z"


def texts(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the texts of a body are."""
    if isinstance(node, str):
        yield at
    for key, part in (
        node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else [])
    ):
        yield from texts(part, (*at, key))


def spoilt(body: Any, at: tuple[Any, ...], sign: str) -> bytes:
    """The body with a character in the middle of one text, escaped as JSON allows."""
    made = copy.deepcopy(body)
    node = made
    for part in at[:-1]:
        node = node[part]
    value = node[at[-1]]
    node[at[-1]] = value[:1] + sign + value[1:]
    return json.dumps(made).encode()


def test_every_text_of_the_event_is_tried() -> None:
    def named(schema: Any, shapes: Any) -> Iterator[str]:
        for name, part in schema.get("properties", {}).items():
            ref = json.dumps(part).partition("#/$defs/")[2].partition('"')[0]
            yield from named(shapes[ref], shapes) if ref else [name]

    schema = StageEvent.model_json_schema()
    assert {at[-1] for at in texts(FULL)} == set(named(schema, schema["$defs"]))


@pytest.mark.parametrize("sign", SOME, ids=ascii)
def test_no_text_of_a_webhook_holds_it(api: Client, sign: str) -> None:
    for n, at in enumerate(texts(FULL)):
        answer = api.deliver(spoilt(FULL, at, sign), id=f"m-{n}")
        assert answer.status_code == 422, (at, answer.text)
        fields = [fault["field"] for fault in answer.json()["errors"]]
        shown = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in at).lstrip(".")
        assert fields in ([shown], ["body"]), "NUL and half characters are no text anywhere"
    assert stored(api.kit) == (0, 0) and api.kit.jobs.waiting == []


@pytest.mark.parametrize("sign", SOME, ids=ascii)
def test_no_text_of_a_request_holds_it(api: Client, sign: str) -> None:
    headers = {"content-type": "application/json"}
    for at in texts(wanted()):
        answer = api.post(f"{BASE}/loops", content=spoilt(wanted(), at, sign), headers=headers)
        assert answer.status_code == 422, (at, answer.text)
    person = {"name": "Olga Orlow", "email": "olga@testwerk.example", "site": "berlin", "title": "Engineer"}
    for at in texts(person):
        answer = api.put(f"{BASE}/people/olga", content=spoilt(person, at, sign), headers=headers)
        assert answer.status_code == 422, (at, answer.text)


def test_every_such_character_is_refused_in_a_name(api: Client) -> None:
    assert len(HOSTILE) == 65 + 2 + 2048
    at = ("data", "application", "candidate", "name")
    for sign in [sign for sign in HOSTILE if not "\ud810" < sign < "\udff0"]:
        assert api.deliver(spoilt(FULL, at, sign)).status_code == 422, ascii(sign)


@pytest.mark.parametrize(
    "name", ["Zoë Ångström", "Lütfi İnönü", "田中 太郎", "Ó Súilleabháin", "عائشة", "N'Diaye-Smith"]
)
def test_names_of_people_pass(api: Client, name: str) -> None:
    made = copy.deepcopy(FULL)
    made["data"]["application"]["candidate"]["name"] = f"  {name} "
    assert api.deliver(made, id=f"m-{name!a}").status_code == 202
    api.kit.run()
    assert api.ask("/applications/app-1")["candidate"]["name"] == name


def test_a_blank_name_is_none(api: Client) -> None:
    made = copy.deepcopy(FULL)
    made["data"]["application"]["candidate"]["name"] = " \u00a0 "
    assert api.deliver(made).status_code == 422
