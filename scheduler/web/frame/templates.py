"""Pages from templates: the whole, or the one block of it that a script asks for by name.

Told by `tests/scheduler/web/test_pages.py`.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block

from scheduler.web.frame import assets, proof, terms
from scheduler.web.frame.acts import May
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.said import said
from scheduler.web.frame.saying import Sayer
from scheduler.web.frame.screens import screens_of
from scheduler.web.frame.viewer import Viewer, viewer_of
from scheduler.web.frame.words import Words

FOLDER = Path(__file__).parents[1]
FRAGMENT = "fragment"
"""The header in which a script names the block that it wants."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)
HEADERS = {
    "content-security-policy": POLICY,
    # a form is told from another page's by its Origin, which browsers leave out for no-referrer
    "referrer-policy": "same-origin",
    "vary": f"{FRAGMENT}, Accept-Encoding, Accept-Language, Cookie",
}


@lru_cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    words = Words.of(language)
    environment.install_gettext_translations(words.catalogue, newstyle=True)  # type: ignore[attr-defined]
    environment.globals |= {
        "asset": assets.address,
        "terms": terms.Terms(words),
        "words": words,
    }
    return environment


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """The page of a template, a path below this package. ``values`` are what it shows."""
    viewer, allowed = values.setdefault("viewer", viewer_of(request)), May(request)
    when = Clock(viewer.words.locale, viewer.zone, request.app.state.app.clock())
    context = {
        "allowed": allowed,
        "screens": screens_of(allowed),
        "when": when,
        "say": Sayer(viewer.words, when),
        "here": request.url.path,
        "address": f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path,
        "said": said(request, viewer.words),
        "proof": proof.made(request),
        **values,
    }
    answer = _packed(request, _rendered(request, viewer, template, context), status)
    if context["said"]:
        answer.delete_cookie("console-said", path="/")
    return answer


def _packed(request: Request, text: str, status: int) -> Response:
    """The page, compressed where the browser takes that. What a page holds of a secret is another text each time (`proof`)."""
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return HTMLResponse(text, status, headers=HEADERS)
    data = gzip.compress(text.encode(), compresslevel=4, mtime=0)
    return HTMLResponse(data, status, headers={**HEADERS, "content-encoding": "gzip"})


def _rendered(request: Request, viewer: Viewer, template: str, context: Mapping[str, Any]) -> str:
    environment = _environment(viewer.language)
    wanted = request.headers.get(FRAGMENT, "")
    if wanted and wanted in environment.get_template(template).blocks:
        found: str = render_block(environment, template, wanted, context)
        return found
    return environment.get_template(template).render(context)


def plain(viewer: Viewer, template: str, context: Mapping[str, Any]) -> str:
    """A template for which no request has come this far."""
    return _environment(viewer.language).get_template(template).render(context)


def see(address: str) -> RedirectResponse:
    """What a form is answered with when it was done: look there."""
    return RedirectResponse(address, 303, headers={**HEADERS})
