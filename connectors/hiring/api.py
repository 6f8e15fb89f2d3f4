"""Requests to a hiring system: signed in, within its limits, refusals as errors named by what to do next.

Told by `tests/connectors/hiring/test_systems.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.calls import Calls
from connectors.errors import (
    AuthExpired,
    Conflict,
    ConnectorError,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    RateLimited,
    Transient,
    Unreadable,
)
from connectors.http import Http, Response

_REFUSED: Mapping[int, type[ConnectorError]] = {
    401: AuthExpired,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
}


@dataclass(frozen=True)
class Api:
    """One account at one system. ``headers`` gives those that sign a request in; ``renew`` gets others after the
    first were refused, ``None`` where they never end. ``account`` is what the breaker watches."""

    system: str
    base: str
    account: str
    http: Http
    calls: Calls
    headers: Callable[[], Mapping[str, str]]
    renew: Callable[[], None] | None = None

    def call(
        self,
        method: str,
        path: str,
        what: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        write: bool = False,
    ) -> Response:
        """One request. ``what`` names it in errors; with ``write`` it is not repeated once it may have been
        carried out."""

        def once() -> Response:
            answer = self.http.request(
                method, self.base + path, params=params, headers=self.headers(), json=body
            )
            if 200 <= answer.status < 300:
                return answer
            raise refusal(answer, f"{self.system}: {what}")

        return self.calls.run(self.account, once, write=write, refresh=self.renew)

    def json(self, method: str, path: str, what: str, **more: Any) -> Any:
        return self.call(method, path, what, **more).json()


def refusal(answer: Response, what: str) -> ConnectorError:
    """What an answer that is no success means. The body is never quoted: it may hold names."""
    text = f"{what}: answered {answer.status}"
    if answer.status == 429 or (answer.status == 503 and answer.retry_after() is not None):
        return RateLimited(text, answer.retry_after())
    if answer.status >= 500 or answer.status == 408:
        return Transient(text)
    if 300 <= answer.status < 400:
        return Unreadable(f"{text}, which leads elsewhere")
    return _REFUSED.get(answer.status, Invalid)(text)


def objects(value: Any, what: str) -> list[dict[str, Any]]:
    """A list of objects. Raises `Unreadable`."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Unreadable(f"{what}: the answer holds no list")
    return value


def only(items: list[dict[str, Any]], what: str) -> dict[str, Any]:
    """The one that was asked for. Raises `NotFound`."""
    if not items:
        raise NotFound(f"{what}: there is none of this id")
    return items[0]
