"""Wrong tokens: counted by address, forgotten after a minute, in a table with a size."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from scheduler.api.gate.tries import FREE, MOST, WINDOW, Tries


@dataclass
class Seconds:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_ten_are_free_then_the_minute_has_to_pass() -> None:
    clock = Seconds()
    tries = Tries(clock)
    assert [tries.wrong("203.0.113.7") for _ in range(FREE)] == [0] * FREE
    clock.now = 20.5
    assert tries.wrong("203.0.113.7") == 40
    assert tries.wrong("203.0.113.8") == 0
    clock.now = WINDOW
    assert [tries.wrong("203.0.113.7") for _ in range(FREE)] == [0] * FREE
    assert tries.wrong("203.0.113.7") == 60


def test_who_has_many_addresses_fills_no_memory() -> None:
    tries = Tries(Seconds())
    for n in range(3 * MOST):
        tries.wrong(str(ipaddress.IPv4Address(n)))
    assert len(tries._seen) == MOST


def test_what_one_household_has_counts_as_one() -> None:
    tries = Tries(Seconds())
    for n in range(FREE):
        assert tries.wrong(f"2001:db8:0:1::{n:x}") == 0
    assert tries.wrong("2001:db8:0:1:ffff::1") == 60
    assert tries.wrong("2001:db8:0:2::1") == 0
    for n in range(FREE):
        assert tries.wrong("203.0.113.9" if n % 2 else "::ffff:203.0.113.9") == 0
    assert tries.wrong("203.0.113.9") == 60
    assert tries.wrong("fe80::1%eth0") == tries.wrong("") == tries.wrong("testclient") == 0
