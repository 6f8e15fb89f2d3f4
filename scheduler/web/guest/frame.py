"""Pages for guests: no script, no cookie, no referrer, kept nowhere; and one answer for every address that opens none.

Told by `tests/scheduler/web/guests/test_doors.py`.
"""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from scheduler.domain.errors import BadInput
from scheduler.domain.time import place
from scheduler.web.frame import templates
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.viewer import viewer_of
from scheduler.web.guest.zones import Zones

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "vary": "Accept-Language, Cookie",
}


def page(request: Request, template: str, zone: str, status: int = 200, **values: Any) -> Response:
    """The page of a template on the clock of ``zone``."""
    viewer = viewer_of(request)
    words = viewer.words
    context = {
        "viewer": viewer,
        "when": Clock(words.locale, zone, request.app.state.app.clock()),
        "zones": Zones(words.locale),
        "zone": zone,
        "company": "",
        "contact": None,
        "home": "",
        **values,
    }
    return HTMLResponse(templates.plain(viewer, template, context), status, headers=HEADERS)


def gone(request: Request) -> Response:
    """What every address is answered with that opens nothing, whatever the reason."""
    return page(request, "guest/gone.html", "UTC", 404)


def see(address: str, zone: str, own: str, **more: str) -> RedirectResponse:
    """Look there, on the same clock as before."""
    asked = {**({"zone": zone} if zone != own else {}), **more}
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return RedirectResponse(f"{address}?{query}" if query else address, 303, headers=HEADERS)


def zone_of(request: Request, own: str) -> str:
    """The zone that the address names, else the reader's own."""
    asked = request.query_params.get("zone", "")
    try:
        place(asked)
    except BadInput:
        return own
    return asked
