"""The API describes itself: a valid OpenAPI document, one shape of refusal, a page without script."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from fastapi.routing import APIRoute
from openapi_spec_validator import validate

from scheduler.api.problems import TITLES
from tests.scheduler.api.client import BASE, PROBLEM, Client
from tests.scheduler.api.test_access import routes


@pytest.fixture
def document(api: Client) -> Any:
    return api.ask("/openapi.json")


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [(m, p, o) for p, methods in document["paths"].items() for m, o in methods.items()]


def test_the_document_is_valid(document: Any) -> None:
    validate(document)


def test_every_reference_leads_to_a_shape(document: Any) -> None:
    found = set(re.findall(r"'\$ref': '([^']+)'", str(document)))
    assert {"#/components/schemas/Problem", "#/components/schemas/StageEvent"} <= found
    shapes = document["components"]["schemas"]
    assert {name for name in found if name.removeprefix("#/components/schemas/") not in shapes} == set()
    assert "HTTPValidationError" not in shapes


def test_every_refusal_is_a_problem(document: Any) -> None:
    for method, path, operation in operations(document):
        refusals = {s: a for s, a in operation["responses"].items() if int(s) >= 400}
        assert {"422", "500", "503"} <= set(refusals), (method, path)
        for status, answer in refusals.items():
            assert answer["content"] == {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
            assert int(status) in TITLES
        if method in ("put", "post") and "requestBody" in operation:
            assert "413" in refusals, (method, path)


def test_every_route_says_what_it_does(document: Any) -> None:
    for method, path, operation in operations(document):
        assert operation.get("description"), (method, path)
        assert operation["summary"][:1].isupper()
        assert len(operation["tags"]) == 1


def test_nothing_leaves_that_is_not_listed(api: Client) -> None:
    """Every answer has a model; those that are documents of their own are named here."""
    documents = {"/company", "/company/schema", "/metrics", "/openapi.json", "/docs", "/"}
    streams = {"/facts/export", "/batches/{batch_id}/events", "/loops/{loop_id}/events"}
    pages = {"/llms.txt", "/docs/{page:path}", "/sign-in", "/sign-in/back"}
    documents |= streams | pages
    nothing = {"remove_a_hook", "remove_a_connection", "remove_an_automation", "revoke_a_token"}  # 204
    nothing |= {"end_a_session", "end_an_own_session"}
    for route in routes(api):
        path = route.path.removeprefix(BASE)
        if not isinstance(route, APIRoute) or path in documents or path.startswith("/push/"):
            continue
        if route.name in nothing:
            continue
        assert route.response_field is not None, path


def test_a_request_takes_no_field_that_is_not_listed(document: Any) -> None:
    for name, schema in document["components"]["schemas"].items():
        if name.endswith(("In", "Change", "File", "Template")) or name in ("Window", "ApplicationModel"):
            if name in ("CandidateIn", "ApplicationIn", "WindowIn"):
                continue  # of webhooks: a hiring system may add fields
            assert schema.get("additionalProperties") is False, name


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_shows_every_route_and_shape_and_needs_no_script(api: Client, document: Any) -> None:
    answer = api.get(f"{BASE}/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src" not in answer.headers["content-security-policy"]
    page = Page(answer.text)
    assert not [t for t, a in page.tags if t in ("script", "iframe", "img", "link", "form")]
    assert not [a for _, a in page.tags if any(name.startswith("on") or name == "src" for name in a)]
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(set(ids)) == len(ids)
    links = [str(a["href"]) for t, a in page.tags if t == "a"]
    assert {link for link in links if link.startswith("#") and link[1:] not in ids} == set()
    assert all(link.startswith("#") or link == "openapi.json" for link in links)
    assert set(document["components"]["schemas"]) <= set(ids)
    for _, path, _ in operations(document):
        assert path in answer.text


def test_the_address_alone_leads_to_the_description(api: Client) -> None:
    answer = api.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, f"{BASE}/docs")
    assert api.get(answer.headers["location"]).status_code == 200
    assert api.get("//evil.example/..").headers["location"] == f"{BASE}/docs", "never what a client calls us"
    assert api.post("/").status_code == 405
