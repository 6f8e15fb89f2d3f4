"""The documentation as it is written, for programs that read: an index (`llms.txt`) and every page in Markdown.

Told by `tests/scheduler/api/test_documentation.py`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE
from scheduler.domain.errors import Missing

router = APIRouter(prefix=BASE, include_in_schema=False)
front = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).parents[3] / "docs"
"""Beside the packages: in a checkout and in the image."""
Observer = Annotated[Actor, needs(Action.OBSERVE)]
_LINK = re.compile(r"\]\(((?:decisions/)?[\w.-]+\.md)")


@lru_cache(maxsize=1)
def _pages() -> frozenset[str]:
    """The names of all pages, as their addresses end: nothing else in the folder is served."""
    return frozenset(path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("**/*.md"))


@router.get("/docs/{page:path}", response_class=PlainTextResponse)
def get_page(page: str, _: Observer) -> PlainTextResponse:
    return _markdown(page)


@front.get("/llms.txt", response_class=PlainTextResponse)
def get_index(request: Request, _: Observer) -> PlainTextResponse:
    return PlainTextResponse(index(request.app.title), media_type="text/plain; charset=utf-8")


def _markdown(page: str) -> PlainTextResponse:
    if page not in _pages():
        raise Missing("page", page)
    text = (FOLDER / page).read_text(encoding="utf-8")
    return PlainTextResponse(text, media_type="text/markdown; charset=utf-8")


def index(title: str) -> str:
    """The pages by sections, in the form of llmstxt.org: a heading, a summary, lists of links with what each is
    about. The decisions are its optional section."""
    text = _read_me()
    text = _LINK.sub(lambda found: f"]({BASE}/docs/{found[1]}", text)
    lines = [
        f"# {title}",
        "",
        "> Plans and books interview loops: proven plans, reasons for every no, never a double booking.",
        "",
        f"The API is described at {BASE}/openapi.json. Every page below is Markdown.",
    ]
    for line in text.splitlines():
        decision = re.match(r"\| \d+ \| (\[.+\]\(\S+\)) \|$", line)
        if line.startswith("## "):
            lines += ["", "## Optional" if line == "## Decisions" else line, ""]
        elif line.startswith("- "):
            lines.append(line)
        elif decision:
            lines.append(f"- {decision[1]}")
    return "\n".join(lines) + "\n"


def _read_me() -> str:
    page = FOLDER / "README.md"
    return page.read_text(encoding="utf-8") if page.exists() else ""
