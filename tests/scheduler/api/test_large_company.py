"""A company of any size that is told can be sent back as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scheduler.api.border import LARGEST, LARGEST_COMPANY
from tests.scheduler.api.client import BASE, Client

JSON = {"content-type": "application/json"}


def grown(company: Any, people: int) -> Any:
    """With that many people more, each in a pool."""
    model = next(p for p in company["people"] if p["id"] == "anna")
    for n in range(people):
        mail = f"p{n}@testwerk.example"
        calendar = {**model["calendar"], "address": mail}
        company["people"].append(
            {**model, "id": f"p{n}", "name": f"P {n}", "email": mail, "calendar": calendar}
        )
    company["pools"].append({"id": "all", "name": "All", "qualified": [f"p{n}" for n in range(people)]})
    return company


def test_what_is_told_is_taken_and_tells_the_same(api: Client) -> None:
    company = grown(api.ask("/company"), 120)
    assert api.ask("/company", "PUT", company)["people"] == 128
    told = api.ask("/company")
    api.ask("/company", "PUT", told)
    assert api.ask("/company") == told


def test_a_company_may_be_larger_than_other_bodies(api: Client) -> None:
    """As that of 15,000 people is; here it is made of blanks, which a reader has to pass all the same."""
    body = json.dumps(api.ask("/company")).encode()
    assert api.put(f"{BASE}/company", content=body.ljust(LARGEST + 1), headers=JSON).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [("PUT", "/company", LARGEST_COMPANY), ("PUT", "/people/anna", LARGEST), ("POST", "/loops", LARGEST)],
)
def test_every_body_has_a_limit_that_is_told(api: Client, method: str, path: str, limit: int) -> None:
    refused = api.refused(413, path, method, content=b"{}".ljust(limit + 1), headers=JSON)
    assert f"larger than {limit // 1_000_000} MB" in refused["detail"]


def test_a_fault_deep_in_a_large_company_is_named(api: Client) -> None:
    company = api.ask("/company")
    company["people"][3]["email"] = "nobody"
    body = json.dumps(company).encode().ljust(LARGEST + 1)
    refused = api.refused(422, "/company", "PUT", content=body, headers=JSON)
    assert [f["field"] for f in refused["errors"]] == ["people[3].email"]
    twice = body.replace(b'"company":', b'"company": 1, "company":', 1)
    assert "stands twice" in api.refused(422, "/company", "PUT", content=twice, headers=JSON)["detail"]
