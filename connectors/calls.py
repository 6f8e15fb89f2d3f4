"""How a call to somebody else's system is made: within its limits, repeated as told, stopped in time.

Three small things, used together by `Calls`:

- `Limiter` bounds what is under way: a number of requests at once (one per application) and a
  token bucket per user. One limiter is shared by every connector that signs in as the same
  application; it counts inside one process.
- `Breaker` remembers, per account, what a service asked for: a pause (Retry-After), a cool-down
  after repeated failures, and that a sign-in was revoked. While one of them holds, no request
  of that account leaves; other accounts are not affected.
- the retry: ``Retry-After`` to the letter, otherwise exponential back-off with jitter.

Nothing here knows a provider. The callable handed to `Calls.run` makes exactly one request and
raises an error of `connectors.errors`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TypeVar

import stamina

from connectors.errors import AuthExpired, AuthRevoked, ConnectorError, RateLimited, Transient

T = TypeVar("T")

_log = logging.getLogger(__name__)


def _noted(details: stamina.instrumentation.RetryDetails) -> None:
    """A repetition is no news for whoever asked: only its outcome is. The library's own hook warns of each."""
    _log.info("again in %.1f s: %s", details.wait_for, details.caused_by)


stamina.instrumentation.set_on_retry_hooks((_noted,))

_MOST_ACCOUNTS = 10_000
"""Remembered accounts before idle ones are dropped, so that memory stays flat."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: ``per_second`` requests on average, at most ``burst`` at once."""

    per_second: float
    burst: int

    def __post_init__(self) -> None:
        if not self.per_second > 0 or self.burst < 1:
            raise ValueError("a rate needs per_second > 0 and burst >= 1")


@dataclass(frozen=True, slots=True)
class Retry:
    """When to try again. Seconds throughout.

    ``patience`` bounds the waiting of one call: a longer Retry-After is not slept through but
    handed to the caller, who has a queue for that.
    """

    attempts: int = 5
    patience: float = 60.0
    wait_initial: float = 0.5
    wait_max: float = 20.0
    wait_jitter: float = 1.0


@dataclass(frozen=True, slots=True)
class Cooling:
    """When an account is left alone. Seconds throughout.

    ``failures`` in a row open the breaker for ``first`` seconds, doubling up to ``longest`` as
    long as the single trial call after each cool-down fails. A revoked sign-in is not tried again
    for ``revoked`` seconds (twice an hour at most) unless somebody reconnects it.
    """

    failures: int = 8
    first: float = 15.0
    longest: float = 600.0
    revoked: float = 1800.0


class Limiter:
    """At most ``in_flight`` requests at once, and per user at most ``per_user``."""

    def __init__(
        self,
        in_flight: int | None = None,
        per_user: Rate | None = None,
        *,
        patience: float = 60.0,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if in_flight is not None and in_flight < 1:
            raise ValueError("in_flight must be at least 1")
        self.places = in_flight
        """How many requests at once; ``None`` where that is not bounded."""
        self._gate = threading.BoundedSemaphore(in_flight) if in_flight else None
        self._gathering = threading.Lock()
        self._rate = per_user
        self._patience = patience
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}  # user -> tokens, at

    @contextmanager
    def slot(self, user: str = "", *, whole: bool = False) -> Iterator[None]:
        """Wait for the user's turn and a free place, hold it for the body.

        ``whole`` takes every place: for one request that the service counts as many, whose turns are
        taken one by one. Raises `RateLimited` when the user's turn is further away than ``patience``.
        """
        if not whole:
            self.take_turn(user)
        with self._all_places() if whole else self._gate or nullcontext():
            yield

    @contextmanager
    def _all_places(self) -> Iterator[None]:
        if self._gate is None:
            yield
            return
        taken = 0
        try:
            with self._gathering:  # two that gather at once would wait for each other's places
                while taken < (self.places or 0):
                    self._gate.acquire()
                    taken += 1
            yield
        finally:
            for _ in range(taken):
                self._gate.release()

    def take_turn(self, user: str) -> None:
        """Pay one token, in advance where there is none: whoever comes next waits behind us."""
        if self._rate is None:
            return
        with self._lock:
            now = self._now()
            tokens, at = self._buckets.get(user, (float(self._rate.burst), now))
            tokens = min(self._rate.burst, tokens + (now - at) * self._rate.per_second) - 1
            wait = max(0.0, -tokens / self._rate.per_second)
            if wait > self._patience:
                raise RateLimited("too many requests of ours are waiting for one user", wait)
            self._buckets[user] = (tokens, now)
            self._forget_idle(now)
        if wait:
            self._sleep(wait)

    def _forget_idle(self, now: float) -> None:
        if self._rate is None or len(self._buckets) <= _MOST_ACCOUNTS:
            return
        refill = self._rate.burst / self._rate.per_second
        self._buckets = {u: b for u, b in self._buckets.items() if now - b[1] < refill}


@dataclass(slots=True)
class _Account:
    """What the breaker knows of one account; times are readings of the monotonic clock."""

    failures: int = 0
    paused_until: float = 0.0  # the service named a Retry-After
    open_until: float = 0.0  # too many failures in a row
    cool: float = 0.0  # length of the last cool-down; 0 while closed
    trial: bool = False  # the one call that may test an open breaker is under way
    revoked_until: float = 0.0
    reason: str = ""


class Breaker:
    """Per account: may a request leave now? Safe to use from several threads."""

    def __init__(self, cooling: Cooling | None = None, *, now: Callable[[], float] = time.monotonic) -> None:
        self._cooling = cooling or Cooling()
        self._now = now
        self._lock = threading.Lock()
        self._accounts: dict[str, _Account] = {}

    def admit(self, account: str) -> None:
        """Raise `AuthRevoked` or `RateLimited` instead of a request that should not be made."""
        with self._lock:
            state = self._accounts.get(account)
            if state is None:
                return
            now = self._now()
            if now < state.revoked_until:
                raise AuthRevoked(state.reason)
            if now < max(state.paused_until, state.open_until):
                why = f"left alone after repeated failures: {state.reason}"
                if state.open_until <= state.paused_until:
                    why = "the service asked us to wait"
                raise RateLimited(why, max(state.paused_until, state.open_until) - now)
            if not state.cool:
                return
            if state.trial:
                raise RateLimited(f"being tried again after failures: {state.reason}", 1.0)
            state.trial = True

    def is_open(self, account: str) -> bool:
        with self._lock:
            state = self._accounts.get(account)
            return state is not None and self._now() < max(state.open_until, state.revoked_until)

    def succeeded(self, account: str) -> None:
        """The service answered: whatever was held against the account is forgotten."""
        with self._lock:
            state = self._accounts.get(account)
            if state is None:
                return
            if self._now() < state.paused_until:  # an earlier request of another thread
                state.failures, state.cool, state.open_until, state.trial = 0, 0.0, 0.0, False
            else:
                del self._accounts[account]

    def failed(self, account: str, error: ConnectorError) -> None:
        """Note an answer that speaks against calling again; others count as the service working."""
        if not isinstance(error, RateLimited | Transient | AuthRevoked):
            self.succeeded(account)
            return
        with self._lock:
            now = self._now()
            self._forget_idle(now)
            state = self._accounts.setdefault(account, _Account())
            state.reason = str(error)
            state.trial = False
            if isinstance(error, AuthRevoked):
                state.revoked_until = now + self._cooling.revoked
                return
            if isinstance(error, RateLimited) and error.retry_after is not None:
                known = now < state.paused_until  # one storm hits many requests: it counts once
                state.paused_until = max(state.paused_until, now + error.retry_after)
                if known:
                    return
            state.failures += 1
            if state.failures >= self._cooling.failures or state.cool:
                state.cool = min(self._cooling.longest, state.cool * 2 or self._cooling.first)
                state.open_until = now + state.cool

    def abandoned(self, account: str) -> None:
        """Neither answer nor failure (a bug, Ctrl-C): the place of the trial call is free again."""
        with self._lock:
            if account in self._accounts:
                self._accounts[account].trial = False

    def reset(self, account: str) -> None:
        """Somebody reconnected the account: forget what was held against it."""
        with self._lock:
            self._accounts.pop(account, None)

    def _forget_idle(self, now: float) -> None:
        if len(self._accounts) <= _MOST_ACCOUNTS:
            return
        idle = self._cooling.longest * 2
        self._accounts = {
            name: s
            for name, s in self._accounts.items()
            if max(s.paused_until, s.open_until, s.revoked_until) > now - idle
        }


@dataclass(frozen=True, slots=True)
class Calls:
    """Makes calls within a limiter, a breaker and a retry policy. One instance per application."""

    limiter: Limiter = field(default_factory=Limiter)
    breaker: Breaker = field(default_factory=Breaker)
    retry: Retry = field(default_factory=Retry)

    def run(
        self,
        account: str,
        call: Callable[[], T],
        *,
        user: str | None = None,
        write: bool = False,
        whole: bool = False,
        refresh: Callable[[], None] | None = None,
    ) -> T:
        """Make the request until it is answered or giving up is right; the last error is raised.

        ``account`` is what the breaker watches (a mailbox, a sign-in), ``user`` whom the service
        counts the request for (the account where not given). With ``write``
        only `RateLimited` (the request was refused, nothing happened) is repeated; after
        `Transient` the caller must look what became of it. ``whole`` as in `Limiter.slot`. On `AuthExpired` ``refresh`` is called
        once and the request made again; a second one means the account itself is refused and is
        raised as `AuthRevoked`.
        """
        started = time.monotonic()

        def again(error: Exception) -> bool | float:
            if not isinstance(error, RateLimited | Transient) or self.breaker.is_open(account):
                return False
            if isinstance(error, Transient):
                return not write
            left = self.retry.patience - (time.monotonic() - started)
            if error.retry_after is None:
                return True
            return error.retry_after if error.retry_after <= left else False

        renewal = _Renewal(refresh)
        for attempt in stamina.retry_context(
            on=again,
            attempts=self.retry.attempts,
            timeout=self.retry.patience,
            wait_initial=self.retry.wait_initial,
            wait_max=self.retry.wait_max,
            wait_jitter=self.retry.wait_jitter,
        ):
            with attempt:
                return renewal.guard(
                    lambda: self._once(account, account if user is None else user, call, whole),
                    account,
                    self.breaker,
                )
        raise AssertionError("stamina always returns or raises")

    def _once(self, account: str, user: str, call: Callable[[], T], whole: bool) -> T:
        with self.limiter.slot(user, whole=whole):
            self.breaker.admit(account)  # after the wait: the account may have been paused meanwhile
            try:
                answer = call()
            except ConnectorError as error:
                self.breaker.failed(account, error)
                raise
            except BaseException:
                self.breaker.abandoned(account)
                raise
            self.breaker.succeeded(account)
            return answer


@dataclass(slots=True)
class _Renewal:
    """Refreshes an expired token once per call, however often the call is repeated."""

    refresh: Callable[[], None] | None
    used: bool = False

    def guard(self, once: Callable[[], T], account: str, breaker: Breaker) -> T:
        try:
            return once()
        except AuthExpired as error:
            if self.refresh is None:
                raise
            if not self.used:
                self.used = True
                self.refresh()
                return self.guard(once, account, breaker)
            revoked = AuthRevoked(f"{error} even with a fresh token")
            breaker.failed(account, revoked)
            raise revoked from None
