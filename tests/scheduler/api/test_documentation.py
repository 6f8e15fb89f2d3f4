"""The documentation is served as it is written, with an index for programs, and its changelog has dates."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from tests.scheduler.api.client import BASE, Client

DOCS = Path(__file__).parents[3] / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.glob("**/*.md"))


def test_every_page_is_served_as_it_is_written(api: Client) -> None:
    assert len(PAGES) > 60
    for page in PAGES:
        answer = api.get(f"{BASE}/docs/{page}")
        assert answer.status_code == 200, page
        assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
        assert answer.text == (DOCS / page).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page",
    [
        "house.svg",
        "house_map.py",
        "nothing.md",
        "../README.md",
        "..%2Fpyproject.toml",
        "%2Fetc%2Fpasswd",
        "decisions",
    ],
)
def test_nothing_but_pages_is_served(api: Client, page: str) -> None:
    assert api.get(f"{BASE}/docs/{page}").status_code == 404


def test_the_index_leads_to_every_page(api: Client) -> None:
    answer = api.get("/llms.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    assert lines[0] == "# Loopwright"
    assert [line for line in lines if line.startswith("> ")]
    sections = [line for line in lines if line.startswith("#")]
    assert [s[:3] for s in sections[1:]] == ["## "] * (len(sections) - 1)
    assert sections[-1] == "## Optional"
    listed = [line for line in lines if line.startswith("- ")]
    found = [re.fullmatch(r"- \[[^\]]+\]\((\S+)\)(: .+)?", line) for line in listed]
    targets = {match[1] for match in found if match}
    assert len(targets) == len(listed)
    assert {f"{BASE}/docs/{page}" for page in PAGES if page != "README.md"} == targets
    assert {api.get(target).status_code for target in targets} == {200}


def test_the_changes_of_the_api_have_dates_the_newest_first() -> None:
    text = (DOCS / "api-changes.md").read_text(encoding="utf-8")
    dates = [date.fromisoformat(found) for found in re.findall(r"^## (\S+)$", text, re.MULTILINE)]
    assert dates == sorted(set(dates), reverse=True)
    assert dates
