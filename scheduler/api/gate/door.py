"""Decides who may ask before a byte of the body is read.

Told by `tests/scheduler/api/gate/test_door.py`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Callable, Iterable, Set

from cryptography.fernet import Fernet
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from scheduler.api.access import NOBODY, Actor
from scheduler.api.gate import visits
from scheduler.api.gate.limits import Limits
from scheduler.api.gate.origin import foreign, named
from scheduler.api.gate.refused import Refused
from scheduler.api.gate.tries import Tries
from scheduler.config import Settings
from scheduler.domain.access.sessions import Session
from scheduler.services.access import sessions, signing_in
from scheduler.services.access.accounts import PREFIX, asking
from scheduler.services.app import App
from scheduler.storage.database import Tx

Opened = tuple[Set[str], re.Pattern[str]]
"""Methods and path of routes that are open to everybody."""
TOKEN = Actor("api:token", trusted=True)
BROWSER = Actor("api:browser", trusted=True)
_COOKIES = 4
"""Cookies of one name that are looked at: a browser sends one, or one for each path."""


class Entered:
    """A cookie to be set: ``secret`` is its value."""

    def __init__(self, name: str, secret: str, seconds: int, *, https: bool) -> None:
        self.name, self.secret, self.seconds, self.https = name, secret, seconds, https


class Door:
    """Knows the secret, and has others' tokens looked up; without a secret nobody is let in by it."""

    def __init__(self, settings: Settings, secret: str, opened: Iterable[Opened], app: App) -> None:
        self._settings = settings
        self._secret = secret.encode()
        self._opened = tuple(opened)
        self._app = app
        self._tries, self._limits = Tries(), Limits(settings)
        self.keeping = visits.keeping(settings, secret)
        derived = hmac.new(self._secret or os.urandom(32), b"loopwright.signing-in", hashlib.sha256).digest()
        self.flows = Fernet(base64.urlsafe_b64encode(derived))
        """Seals what a browser keeps while it is at a provider of sign-ins."""
        self._names = {https: visits.name(secret or "nobody", https) for https in (True, False)}

    async def admitted(self, scope: Scope) -> None:
        """`admit`, in a thread where the database is asked."""
        headers = Headers(scope=scope)
        given = headers.get("authorization", "").partition(" ")[2].strip()
        if given.startswith(PREFIX) or self._names[False] in headers.get("cookie", ""):
            await run_in_threadpool(self.admit, scope)
        else:
            self.admit(scope)

    def admit(self, scope: Scope) -> None:
        """Note in the scope who asks. Raises `Refused` for a stranger before a closed door, and for who asks
        too often."""
        state = scope.setdefault("state", {})
        state["actor"] = NOBODY
        if self._is_open(scope):
            self._limits.check_open(scope)
        else:
            state["actor"] = self._who(scope)
            self._limits.check_actor(state["actor"])

    def enter(self, scope: Scope, ticket: str) -> Entered | None:
        """The cookie that a ticket is exchanged for, or ``None`` for who is in already. Raises `Refused`."""
        before = self._session(scope)
        if self._good(ticket):
            with self._app.db.write() as tx:
                whose = self._redeemed(tx, ticket)
                if whose is not None:
                    if before is not None:  # nobody else is left in it
                        tx.sessions.remove(before[1].id)
                    return self._begun(tx, scope, *whose)
        if before is not None:
            return None
        text = (
            "token: this address was used, or is older than an hour; run `loopwright login` or "
            "`loopwright address` for a new one"
        )
        raise self._wrong(scope, text)

    def let_in(self, scope: Scope, whose: Callable[[Tx], tuple[str, Actor] | None]) -> Entered | None:
        """The cookie for whoever was signed in elsewhere; ``None`` where no account is theirs."""
        before = self._session(scope)
        with self._app.db.write() as tx:
            found = whose(tx) if self._secret else None
            if found is None:
                return None
            if before is not None:
                tx.sessions.remove(before[1].id)
            return self._begun(tx, scope, *found)

    def _good(self, ticket: str) -> bool:
        """Whether a ticket is worth a writer's turn."""
        if not self._secret:
            return False
        if ticket.startswith(signing_in.PREFIX):
            return signing_in.known(self._app, ticket)
        return visits.known(self._settings, ticket)

    def _redeemed(self, tx: Tx, ticket: str) -> tuple[str, Actor] | None:
        """Whom a ticket lets in: an account, or the deployment itself under an empty id."""
        if ticket.startswith(signing_in.PREFIX):
            return signing_in.redeem(self._app, tx, ticket)
        # only now that its session is written: a database that does not serve spends no address
        return ("", BROWSER) if visits.redeem(self._settings, ticket) else None

    def _begun(self, tx: Tx, scope: Scope, user: str, actor: Actor) -> Entered:
        browser, https = Headers(scope=scope).get("user-agent", ""), self.secure(scope)
        secret = sessions.begin(self._app, tx, self.keeping, user, browser, actor.name)
        return Entered(self._names[https], secret, self._settings.session_hours * 3600, https=https)

    def names(self) -> tuple[str, ...]:
        """What the cookie may be called, to be taken away."""
        return tuple(self._names.values())

    def secure(self, scope: Scope) -> bool:
        """Whether the browser came by the deployment's own address, which is https."""
        return Headers(scope=scope).get("host", "").lower() == named(self._settings.base_url) != ""

    def _is_open(self, scope: Scope) -> bool:
        return any(scope["method"] in methods and path.match(scope["path"]) for methods, path in self._opened)

    def _who(self, scope: Scope) -> Actor:
        headers = Headers(scope=scope)
        given = headers.getlist("authorization")
        bearers = [value for value in given if value.partition(" ")[0].lower() == "bearer"]
        if len(bearers) == 1:
            # header values are read as Latin-1; these are the bytes as they came
            token = bearers[0].partition(" ")[2].strip().encode("latin-1")
            if self._secret and hmac.compare_digest(token, self._secret):
                return TOKEN
            ours = token.startswith(PREFIX.encode())
            found = asking(self._app, token.decode("latin-1")) if ours else None
            if found is not None:
                return found
            raise self._wrong(scope, f"authorization: the token is wrong; {self._where()}")
        inside = self._session(scope)
        if inside is None:
            raise _unauthorized(f"authorization: holds no bearer token; {self._where()}")
        text = foreign(scope, self._settings.base_url)
        if text is not None:
            raise Refused(403, "forbidden", text)
        scope["state"]["session_secret"], session = inside
        scope["state"]["session"] = session.id
        actor = signing_in.asking(self._app, session) if session.user else BROWSER
        if actor is None:
            raise _unauthorized("authorization: this account is not active; ask an administrator")
        return actor

    def _session(self, scope: Scope) -> tuple[str, Session] | None:
        """The cookie's secret and its session, where there is one."""
        if not self._secret:
            return None
        names = [self._names[True]]
        if not self.secure(
            scope
        ):  # another host of the same domain could have set the one without the prefix
            names.append(self._names[False])
        given = [cookie_parser(value) for value in Headers(scope=scope).getlist("cookie")]
        secrets = [c[name] for c in given for name in names if name in c]
        found = ((secret, sessions.found(self._app, self.keeping, secret)) for secret in secrets[:_COOKIES])
        return next(((secret, session) for secret, session in found if session is not None), None)

    def _where(self) -> str:
        kept = "LOOPWRIGHT_API_TOKEN" if self._settings.api_token else "the file api-token of the data folder"
        return f"send `Authorization: Bearer …` with the token from {kept}"

    def _wrong(self, scope: Scope, text: str) -> Refused:
        client = scope.get("client")
        seconds = self._tries.wrong(client[0] if client else "")
        if not seconds:
            return _unauthorized(text)
        text = f"authorization: too many wrong tokens came from this address; wait {seconds} seconds"
        return Refused(429, "too_many", text, {"retry-after": str(seconds)})


def _unauthorized(text: str) -> Refused:
    return Refused(401, "unauthorized", text, {"www-authenticate": "Bearer"})
