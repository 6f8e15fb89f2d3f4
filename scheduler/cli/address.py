"""`loopwright address` and `loopwright login`: how browsers come in, and how programs do.

Told by `tests/scheduler/cli/test_behind_a_proxy.py` and `tests/scheduler/cli/test_login.py`.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from scheduler import config
from scheduler.api.gate import secret, visits
from scheduler.cli.faults import out
from scheduler.cli.hiring.inbox import ACTOR, opened
from scheduler.config import Settings
from scheduler.services.access import signing_in


def run(data: Path | None, host: str | None, port: int | None) -> None:
    """Print both, for the `serve` that runs on this data folder."""
    settings = config.load(data=data, host=host, port=port)
    secret.of(settings)
    show(settings)


def login(data: Path | None, user: str, host: str | None, port: int | None) -> None:
    """Print a link that signs one account in, once. Raises `Missing` and `BadInput`."""
    settings = config.load(data=data, host=host, port=port)
    with opened(data) as app, app.db.write() as tx:
        ticket = signing_in.invite(app, tx, user, ACTOR)
    base = settings.base_url or where(settings)
    out.print(f"Signs {user} in, once, within the hour:", markup=False)
    out.print(f"{base}/?token={ticket}", markup=False, highlight=False, soft_wrap=True)


def show(settings: Settings) -> None:
    """Print an address for one browser, and a line for programs. The secret itself is never printed."""
    address = where(settings)
    out.print(f"In a browser, once: {visits.invite(settings, address)}", soft_wrap=True)
    out.print(f"In programs: {curl(settings, address)}", soft_wrap=True)


def where(settings: Settings) -> str:
    """Where the API is, as people of this machine reach it."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def curl(settings: Settings, address: str) -> str:
    """A line for a shell that shows the loops."""
    kept = shlex.quote(str((settings.data / secret.FILE).absolute()))
    written = "$LOOPWRIGHT_API_TOKEN" if settings.api_token else f"$(cat {kept})"
    return f'curl -H "Authorization: Bearer {written}" {address}/api/v1/loops'
