"""Sign-in by a provider of identities: there, and back again.

Told by `tests/scheduler/api/gate/test_signing.py`.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from typing import Annotated
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from connectors.errors import ConnectorError, Forbidden
from connectors.identity.oidc import Begun, Provider
from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import Services
from scheduler.api.gate.refused import Refused
from scheduler.config import Settings
from scheduler.services.access import identities

log = logging.getLogger("loopwright.signing")
router = APIRouter(include_in_schema=False)
Anybody = Annotated[Actor, needs(Action.DELIVER)]
BEGIN, BACK = "/sign-in", "/sign-in/back"
_COOKIE = "loopwright-signing-in"
_SECONDS = 600
"""How long somebody may take at the provider."""


def provider_of(settings: Settings) -> Provider | None:
    """The provider that is set up, if one is."""
    if not settings.oidc_issuer:
        return None
    return Provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)


@router.get(BEGIN)
def begin(request: Request, _: Anybody) -> RedirectResponse:
    """Send the browser to the provider, with what belongs to this try in a sealed cookie."""
    provider, secure = _provider(request), request.app.state.door.secure(request.scope)
    try:
        address, begun = provider.begin(_redirect(request))
    except ConnectorError as error:
        raise _away(error) from None
    answer = RedirectResponse(address, 303)
    sealed = _seal(request).encrypt(json.dumps(asdict(begun)).encode()).decode()
    options = {"max_age": _SECONDS, "path": "/", "secure": secure, "httponly": True}
    answer.set_cookie(_name(secure), sealed, samesite="lax", **options)
    return answer


@router.get(BACK)
def back(request: Request, app: Services, _: Anybody) -> RedirectResponse:
    """Let in whoever the provider has signed in, if an account is theirs."""
    provider, door = _provider(request), request.app.state.door
    secure = door.secure(request.scope)
    begun = _begun(request, secure)
    try:
        known = provider.finish(begun, _redirect(request), dict(request.query_params))
    except Forbidden as error:
        raise _refused(f"sign-in: {error}") from None
    except ConnectorError as error:
        raise _away(error) from None
    entered = door.let_in(request.scope, lambda tx: identities.account_of(app, tx, known))
    if entered is None:
        who = known.email or "you, without a verified address"
        text = f"sign-in: {urlsplit(known.issuer).hostname} knows {who}, and no active account here does"
        raise Refused(403, "forbidden", f"{text}; ask an administrator for one with that address")
    answer = RedirectResponse(request.app.state.home, 303)
    answer.delete_cookie(_name(secure), path="/", secure=secure, httponly=True, samesite="lax")
    answer.set_cookie(
        entered.name,
        entered.secret,
        max_age=entered.seconds,
        path="/",
        secure=entered.https,
        httponly=True,
        samesite="lax",
    )
    return answer


def _provider(request: Request) -> Provider:
    found: Provider | None = request.app.state.provider
    if found is None:
        raise Refused(
            404, "not_found", "sign-in: no provider is set up; ask for an address by `loopwright login`"
        )
    return found


def _redirect(request: Request) -> str:
    """Where the provider sends the browser back to: the deployment's own address, on this machine the one it was asked at."""
    settings: Settings = request.app.state.settings
    return (settings.base_url or f"http://{request.headers.get('host', '')}") + BACK


def _begun(request: Request, secure: bool) -> Begun:
    try:
        opened = _seal(request).decrypt(request.cookies.get(_name(secure), "").encode(), ttl=_SECONDS)
        return Begun(**json.loads(opened))
    except (InvalidToken, TypeError, ValueError):
        raise _refused("sign-in: this browser did not begin here, or took too long; begin again") from None


def _seal(request: Request) -> Fernet:
    found: Fernet = request.app.state.door.flows
    return found


def _name(secure: bool) -> str:
    return f"__Host-{_COOKIE}" if secure else _COOKIE


def _away(error: ConnectorError) -> Refused:
    log.warning("sign-in: %s", error)
    text = (
        "sign-in: the provider does not answer as it should; try again in a moment, or ask an administrator"
    )
    return Refused(503, "unavailable", text)


def _refused(text: str) -> Refused:
    return Refused(401, "unauthorized", text)
