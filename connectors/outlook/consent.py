"""How one person lets the app use their calendar: the authorization code flow of msal.

`begin` gives the address to send the browser to; `finish` takes what comes back to the redirect address
and puts the person's token cache beside the app registration in the token source.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

from connectors.errors import AuthRevoked, Invalid
from connectors.http import Http
from connectors.outlook.auth import (
    AUTHORITY,
    ROOMS,
    MsalHttp,
    application,
    read_cache,
    read_grant,
    scopes_for,
)
from connectors.outlook.failures import refused_sign_in
from connectors.tokens import TokenSource


def begin(
    tokens: TokenSource,
    account: str,
    http: Http,
    redirect: str,
    *,
    mode: str = "typed",
    rooms: bool = False,
    pasted: bool = False,
    authority: str = AUTHORITY,
) -> tuple[str, dict[str, Any]]:
    """The sign-in page's address, and what the app must keep for that browser session until `finish`.

    It holds the state, the nonce and the PKCE verifier: keep it on the server, never in a link. The answer
    comes as a posted form; with ``pasted`` it stands in the address, for a person to copy.
    """
    grant = read_grant(account, tokens.get(account))
    app = application(grant, MsalHttp(http), read_cache(account, grant), authority, account)
    scopes = [*scopes_for(mode), *((ROOMS,) if rooms else ())]
    response_mode = "query" if pasted else "form_post"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="response_mode")  # a person cannot copy a posted form
        flow = app.initiate_auth_code_flow(
            scopes, redirect_uri=redirect, login_hint=_address(account), response_mode=response_mode
        )
    if "auth_uri" not in flow:
        raise refused_sign_in(flow, account)
    return str(flow["auth_uri"]), dict(flow)


def finish(
    tokens: TokenSource,
    account: str,
    http: Http,
    flow: Mapping[str, Any],
    answer: Mapping[str, str],
    *,
    authority: str = AUTHORITY,
) -> str:
    """Trade the code for tokens and keep them: whose they are. ``answer`` holds the fields of the form that
    the browser posts to the redirect address (a code in a server's address would end in logs, RFC 9700 4.3.1).

    Raises `AuthRevoked` where the person or an administrator refused, `Invalid` where the answer does
    not belong to that flow (another browser, a second use).
    """
    grant = read_grant(account, tokens.get(account))
    fresh = read_cache(account, read_grant(account, json.dumps({**grant.info, "cache": ""}).encode()))
    app = application(grant, MsalHttp(http), fresh, authority, account)
    try:
        result = app.acquire_token_by_auth_code_flow(dict(flow), dict(answer))
    except ValueError:  # state or nonce do not match
        raise Invalid(
            f"Microsoft account {account!r}: this consent was not begun here; begin again"
        ) from None
    if not isinstance(result, dict) or "access_token" not in result:
        raise refused_sign_in(result if isinstance(result, dict) else {}, account)
    people = app.get_accounts()
    if not people:
        raise AuthRevoked(f"Microsoft account {account!r}: Microsoft named nobody; consent again")
    tokens.put(account, json.dumps({**grant.info, "cache": fresh.serialize()}).encode())
    return str(people[0].get("username") or "")


def _address(account: str) -> str | None:
    return account if "@" in account else None
