"""A browser comes in by a provider of sign-ins, and is the account that is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from connectors.identity.oidc import Provider
from scheduler.domain.access.accounts import User
from scheduler.domain.access.policy import Grant, Role
from scheduler.services.access import accounts
from tests.oidc_provider import CLIENT, SECRET, OidcProvider, running
from tests.scheduler.api.client import BASE, Client, problem
from tests.scheduler.kit import NOW, Kit

HOST = "127.0.0.1:8080"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    people = {"rolf-1": "Rolf@Example.com", "other-1": "rolf@example.com", "new-1": "new@example.com"}
    with running(tmp_path_factory.mktemp("idp"), people) as provider:
        yield provider


def browser(kit: Kit, there: OidcProvider, **more: str) -> Client:
    return Client(
        kit,
        api_token="a-token-of-the-deployment-1",
        oidc_issuer=there.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        **more,
    )


def account(kit: Kit, **changes: Any) -> User:
    user = User("rolf", "Rolf", "rolf@example.com", "rolf", (Grant(Role.RECRUITER),), (), True, NOW)
    with kit.app.db.write() as tx:
        return accounts.put_user(kit.app, tx, replace(user, **changes), "test")


def signed_in(api: Client, there: OidcProvider, subject: str, **more: str) -> Any:
    sent = api.get("/sign-in")
    assert sent.status_code == 303, sent.text
    answer = there.signs_in(subject, sent.headers["location"])
    return api.get("/sign-in/back?" + urlencode(answer | more))


def me(api: Client) -> Any:
    return api.get(f"{BASE}/me")


def test_an_account_is_found_by_its_verified_address_and_then_by_its_subject(
    kit: Kit, there: OidcProvider
) -> None:
    account(kit)
    api = browser(kit, there)
    assert me(api).status_code == 401
    answer = signed_in(api, there, "rolf-1", session_state="x", hd="example.com")
    assert answer.status_code == 303 and answer.headers["location"].startswith("/")
    cookies = answer.headers.get_list("set-cookie")
    assert any(
        "httponly" in c.lower() and "samesite=lax" in c.lower() and "loopwright-" in c for c in cookies
    )
    assert me(api).json()["actor"] == "person:rolf"
    account(kit, email="moved@example.com")
    again = browser(kit, there)
    assert signed_in(again, there, "rolf-1").status_code == 303 and me(again).json()["actor"] == "person:rolf"
    account(kit, active=False)
    assert me(again).status_code == 401
    assert problem(signed_in(browser(kit, there), there, "rolf-1"))["status"] == 403


def test_who_has_no_account_is_told_so(
    kit: Kit, there: OidcProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(kit)
    api = browser(kit, there)
    refused = problem(signed_in(api, there, "new-1"))
    assert refused["status"] == 403 and "new@example.com" in refused["detail"]
    assert "administrator" in refused["detail"]
    finish = Provider.finish
    monkeypatch.setattr(Provider, "finish", lambda *given: replace(finish(*given), email=""))
    refused = problem(signed_in(api, there, "rolf-1"))
    assert refused["status"] == 403 and "without a verified address" in refused["detail"]
    assert me(api).status_code == 401


def test_an_address_that_is_somebody_elses_there_by_now_opens_nothing(kit: Kit, there: OidcProvider) -> None:
    account(kit)
    assert signed_in(browser(kit, there), there, "rolf-1").status_code == 303
    assert problem(signed_in(browser(kit, there), there, "other-1"))["status"] == 403


def test_an_account_without_a_role_or_two_of_one_address_open_nothing(kit: Kit, there: OidcProvider) -> None:
    account(kit, grants=())
    assert problem(signed_in(browser(kit, there), there, "rolf-1"))["status"] == 403
    account(kit, id="rolf2")
    account(kit)
    assert problem(signed_in(browser(kit, there), there, "other-1"))["status"] == 403


def test_only_the_browser_that_began_comes_back_and_only_once(kit: Kit, there: OidcProvider) -> None:
    account(kit)
    api = browser(kit, there)
    sent = api.get("/sign-in")
    answer = "/sign-in/back?" + urlencode(there.signs_in("rolf-1", sent.headers["location"]))
    for other in (browser(kit, there), browser(kit, there)):
        other.get("/sign-in")
        refused = problem(other.get(answer))
        assert refused["status"] == 401 and "another try" in refused["detail"]
    assert "did not begin here" in problem(browser(kit, there).get(answer))["detail"]
    assert api.get(answer).status_code == 303
    assert problem(api.get(answer))["status"] == 401
    forged = browser(kit, there)
    forged.cookies.set("loopwright-signing-in", "gAAAAA" * 9)
    assert problem(forged.get(answer))["status"] == 401


def test_over_https_both_cookies_are_this_hosts_alone(kit: Kit, there: OidcProvider) -> None:
    account(kit)
    public = "https://hire.example.com"
    api = browser(kit, there, base_url=public, host="hire.example.com")
    api.base_url = public
    sent = api.get("/sign-in")
    assert sent.headers["set-cookie"].startswith("__Host-") and "Secure" in sent.headers["set-cookie"]
    assert "redirect_uri=https%3A%2F%2Fhire.example.com%2Fsign-in%2Fback" in sent.headers["location"]
    answer = there.signs_in("rolf-1", sent.headers["location"])
    came = api.get("/sign-in/back?" + urlencode(answer))
    assert any(c.startswith("__Host-loopwright") for c in came.headers.get_list("set-cookie"))


def test_without_a_provider_or_with_one_that_is_away_it_is_said(kit: Kit, there: OidcProvider) -> None:
    for path in ("/sign-in", "/sign-in/back?code=1&state=2"):
        assert problem(Client(kit).get(path))["status"] == 404
    away = Client(kit, oidc_issuer="http://127.0.0.1:9", oidc_client_id="x")
    assert problem(away.get("/sign-in"))["status"] == 503
